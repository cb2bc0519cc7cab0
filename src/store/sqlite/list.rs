//! Pages of items in the order of `id`, and windows of ids.
//!
//! Constraints:
//! - A page costs the same wherever it is in a list, and however many items there are: each route has its items in the
//!   order of `id`, up or down, and a range of times of creation becomes a range of ids first.
//! - Whoever goes through all that fits does so by windows of ids ([`window`]), and passes over each item once. By
//!   pages those of one destination would be passed over again for each page of another.

use rusqlite::{Connection, OptionalExtension, Statement, ToSql};

use super::claim::json;
use super::destination::find_destination;
use super::pool::Pool;
use super::route::{except_destination, status_of, words};
use super::walk::Walk;
use super::{row, sql};
use crate::item::{Item, Timestamp};
use crate::store::{CLOCK_SLACK_SECONDS, Filter, Order, Page, Result};

/// A page of a filter, ready to be asked for.
pub(super) struct Request<'a> {
    pub filter: &'a Filter,
    pub destination: Option<i64>,
    except_destination: Option<i64>,
    pub page: Page,
    /// Exclusive bounds of `id`.
    pub above: i64,
    pub below: i64,
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
    Walk::new(&tx, &request)?.take(u32::MAX)
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
    let request = request(conn, filter, page, destination)?;
    Walk::new(conn, &request)?.take(page.limit)
}

pub(super) fn request<'a>(
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
    let parts = super::route::parts(conn, filter, destination)?;
    Ok(parts.iter().flat_map(|part| part.both).collect())
}

impl Request<'_> {
    /// Binds what the filter says; parts and bounds are the [`Walk`]'s.
    pub fn bind(&self, statement: &mut Statement<'_>) -> Result<()> {
        let filter = self.filter;
        let (any_status, status) = status_of(filter);
        let states = filter.states.map(words);
        let params: [(&str, &dyn ToSql); 15] = [
            (":destination", &self.destination),
            (":states", &states),
            (":study", &filter.study),
            (":instance", &filter.instance),
            (":rule", &filter.rule),
            (":class", &filter.class),
            (":any_status", &any_status),
            (":status", &status),
            (":any_confirmation", &filter.confirmation.is_none()),
            (":confirmation", &filter.confirmation),
            (":created_before", &filter.created_before),
            (":created_after", &filter.created_after),
            (":completed_before", &filter.completed_before),
            (":except_destination", &self.except_destination),
            (":except_priority", &filter.except_priority),
        ];
        for (name, value) in params {
            statement.raw_bind_parameter(name, value)?;
        }
        if let Some(ids) = filter.ids.as_deref() {
            statement.raw_bind_parameter(":ids", json(ids))?;
        }
        Ok(())
    }
}
