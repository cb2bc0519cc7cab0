//! Pages of items in the order of `id`, and windows of ids.
//!
//! Constraints:
//! - A page costs the same wherever it is in a list, and however many items there are: each route has its items in the
//!   order of `id`, up or down, and a range of times of creation becomes a range of ids first.
//! - Whoever goes through all that fits does so by windows of ids ([`window`]), and passes over each item once. By
//!   pages those of one destination would be passed over again for each page of another.

use rusqlite::{Connection, OptionalExtension, ToSql};

use super::claim::json;
use super::destination::find_destination;
use super::pool::Pool;
use super::route::{Part, except_destination, parts, status_of, words};
use super::{row, sql};
use crate::item::{Item, Timestamp};
use crate::store::{CLOCK_SLACK_SECONDS, Filter, Order, Page, Result};

/// A page of a filter, ready to be asked for.
struct Request<'a> {
    filter: &'a Filter,
    destination: Option<i64>,
    except_destination: Option<i64>,
    page: Page,
    /// Exclusive bounds of `id`.
    above: i64,
    below: i64,
}

pub fn items(pool: &Pool, filter: &Filter, page: Page) -> Result<Vec<Item>> {
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    let ids = ids_in(&tx, filter, page)?;
    let mut items = Vec::with_capacity(ids.len());
    for id in ids {
        items.extend(row::read_item(&tx, id)?);
    }
    Ok(items)
}

pub fn ids(pool: &Pool, filter: &Filter, page: Page) -> Result<Vec<i64>> {
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    ids_in(&tx, filter, page)
}

/// Ids of a window: so many items are passed over while a snapshot is held, at most.
const WINDOW: i64 = 100_000;

/// A range of ids, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub first: i64,
    pub last: i64,
}

/// The first window behind `after` in which there are items; `None`: up to `until` there is none.
pub fn next_window(pool: &Pool, filter: &Filter, after: i64, until: i64) -> Result<Option<Window>> {
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    let first = match item_from(&tx, after.saturating_add(1))? {
        Some((first, _)) if first <= until => first,
        _ => return Ok(None),
    };
    let last = match filter {
        // These are found and sorted as a whole, whatever the range.
        Filter { ids: Some(_), .. } | Filter { study: Some(_), .. } => until,
        _ => until.min(first.saturating_add(WINDOW - 1)),
    };
    Ok(Some(Window { first, last }))
}

/// All that fits in it, in the order of `id`.
pub fn window(pool: &Pool, filter: &Filter, window: Window) -> Result<Vec<i64>> {
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    let Some(destination) = wanted(&tx, filter)? else {
        return Ok(Vec::new());
    };
    let page = Page::after(window.first - 1, u32::MAX);
    let mut request = request(&tx, filter, page, destination)?;
    request.below = request.below.min(window.last.saturating_add(1));
    let mut ids = Vec::new();
    for part in parts(&tx, filter, destination)? {
        ids.extend(request.ids(&tx, &part)?);
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// The newest item's; 0: there is none.
pub fn newest(pool: &Pool) -> Result<i64> {
    let mut reader = pool.reader()?;
    last(&*reader.snapshot()?)
}

pub(super) fn last(conn: &Connection) -> Result<i64> {
    let last: Option<i64> = conn
        .prepare_cached(sql::LIST_LAST)?
        .query_row([], |row| row.get(0))?;
    Ok(last.unwrap_or(0))
}

/// The item at or behind an id, and when it was made.
fn item_from(conn: &Connection, id: i64) -> Result<Option<(i64, Timestamp)>> {
    Ok(conn
        .prepare_cached(sql::LIST_MADE)?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// The destination that the filter asks for, if it asks for one; `None`: there is no item for it.
pub(super) fn wanted(conn: &Connection, filter: &Filter) -> Result<Option<Option<i64>>> {
    match &filter.destination {
        Some(name) => Ok(find_destination(conn, name)?.map(Some)),
        None => Ok(Some(None)),
    }
}

pub(super) fn ids_in(conn: &Connection, filter: &Filter, page: Page) -> Result<Vec<i64>> {
    let Some(destination) = wanted(conn, filter)? else {
        return Ok(Vec::new());
    };
    let mut request = request(conn, filter, page, destination)?;
    let parts = parts(conn, filter, destination)?;
    if let [part] = parts.as_slice() {
        return request.ids(conn, part);
    }
    let limit = page.limit as usize;
    let mut ids = Vec::new();
    for part in &parts {
        ids.extend(request.ids(conn, part)?);
        match page.order {
            Order::Ascending => ids.sort_unstable(),
            Order::Descending => ids.sort_unstable_by(|one, other| other.cmp(one)),
        }
        // Parts may overlap.
        ids.dedup();
        ids.truncate(limit);
        // Behind a whole page nothing more is looked for.
        if let (Some(last), true) = (ids.last(), ids.len() == limit) {
            match page.order {
                Order::Ascending => request.below = *last,
                Order::Descending => request.above = *last,
            }
        }
    }
    Ok(ids)
}

fn request<'a>(
    conn: &Connection,
    filter: &'a Filter,
    page: Page,
    destination: Option<i64>,
) -> Result<Request<'a>> {
    let mut above = 0;
    let mut below = i64::MAX;
    if let Some(after) = filter.created_after {
        // What is before the one that is found was made at most the slack later than it.
        above = first_made(conn, after.plus_seconds(-CLOCK_SLACK_SECONDS))?.saturating_sub(1);
    }
    if let Some(before) = filter.created_before {
        below = first_made(conn, before.plus_seconds(CLOCK_SLACK_SECONDS))?;
    }
    match page.order {
        Order::Ascending => above = above.max(page.since),
        Order::Descending if page.since > 0 => below = below.min(page.since),
        Order::Descending => {}
    }
    Ok(Request {
        filter,
        destination,
        except_destination: except_destination(conn, filter)?,
        page,
        above,
        below,
    })
}

/// The first id that was made at or after a time; one past the last if there is none. Found by halving: ids grow with
/// the time of creation. Where a clock that was set back has broken that order, it is one of several such places; what
/// is certain then is that the item just before it was made before that time.
fn first_made(conn: &Connection, time: Timestamp) -> Result<i64> {
    let (mut low, mut high) = (1, last(conn)? + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        match item_from(conn, middle)? {
            Some((id, created)) if created < time => low = id + 1,
            // All from `middle` to the one that was found are none.
            _ => high = middle,
        }
    }
    Ok(low)
}

/// The statements that a filter is answered by.
#[cfg(test)]
pub fn statements(conn: &Connection, filter: &Filter) -> Result<Vec<&'static str>> {
    let destination = wanted(conn, filter)?.flatten();
    let parts = parts(conn, filter, destination)?;
    Ok(parts.iter().flat_map(|part| part.both).collect())
}

impl Request<'_> {
    fn ids(&self, conn: &Connection, part: &Part) -> Result<Vec<i64>> {
        let filter = self.filter;
        let (any_status, status) = status_of(filter);
        let states = filter.states.map(words);
        let mut params: Vec<(&str, &dyn ToSql)> = vec![
            (":above", &self.above),
            (":below", &self.below),
            (":limit", &self.page.limit),
            (":destination", &self.destination),
            (":states", &states),
            (":study", &filter.study),
            (":instance", &filter.instance),
            (":rule", &filter.rule),
            (":class", &filter.class),
            (":any_status", &any_status),
            (":status", &status),
            (":created_before", &filter.created_before),
            (":created_after", &filter.created_after),
            (":completed_before", &filter.completed_before),
            (":except_destination", &self.except_destination),
            (":except_priority", &filter.except_priority),
        ];
        let ids = filter.ids.as_deref().map(json);
        if ids.is_some() {
            params.push((":ids", &ids));
        }
        params.extend(part.params.iter().map(|(name, value)| (*name, &**value)));
        let sql = match self.page.order {
            Order::Ascending => part.both[0],
            Order::Descending => part.both[1],
        };
        let mut list = conn.prepare_cached(sql)?;
        let ids = list
            .query_map(params.as_slice(), |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(ids)
    }
}
