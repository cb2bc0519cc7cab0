//! Pages of items in the order of `id`, by whichever index the filter allows.
//!
//! Constraints:
//! - A page costs the same wherever it is in a list, and however many items there are: each route has its items in the order
//!   of `id`, up or down, and a range of times of creation becomes a range of ids first.

use rusqlite::{Connection, OptionalExtension, ToSql, params};

use super::claim::json;
use super::enqueue::find_destination;
use super::pool::Pool;
use super::{row, sql};
use crate::item::{Class, Item, Priority, State, Timestamp};
use crate::store::{Filter, Order, Page, Result, StatusFilter};

/// A statement for each order.
type Both = [&'static str; 2];

/// How the items of a filter are found; the rest of the filter is looked at item by item.
enum Route {
    One(Both),
    /// Each (destination, state, priority) has its items in the order of `id`: one page of each
    /// is read, and the pages are merged.
    Cells(Vec<(i64, State)>),
    /// The same for each kind of failure: (destination, class, status).
    Kinds(Vec<(i64, Class, Option<u16>)>),
}

/// The part of an item's place that a route has found already.
#[derive(Default)]
struct Part {
    destination: Option<i64>,
    state: Option<State>,
    priority: Option<Priority>,
    kind: Option<(i64, Class, Option<u16>)>,
}

/// A page of a filter, ready to be asked for.
struct Request<'a> {
    filter: &'a Filter,
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

fn ids_in(conn: &Connection, filter: &Filter, page: Page) -> Result<Vec<i64>> {
    let destination = match &filter.destination {
        Some(name) => match find_destination(conn, name)? {
            Some(id) => Some(id),
            None => return Ok(Vec::new()),
        },
        None => None,
    };
    let request = request(conn, filter, page)?;
    let parts: (Both, Vec<Part>) = match route(conn, filter, destination)? {
        Route::One(both) => {
            let part = Part {
                destination,
                state: filter.state,
                ..Part::default()
            };
            return request.ids(conn, both, &part);
        }
        Route::Cells(cells) => {
            let parts = cells.into_iter().flat_map(|(destination, state)| {
                Priority::ALL.map(|priority| Part {
                    destination: Some(destination),
                    state: Some(state),
                    priority: Some(priority),
                    kind: None,
                })
            });
            ([sql::LIST_CELL, sql::LIST_CELL_DOWN], parts.collect())
        }
        Route::Kinds(kinds) => {
            let parts = kinds.into_iter().map(|kind| Part {
                kind: Some(kind),
                ..Part::default()
            });
            ([sql::LIST_KIND, sql::LIST_KIND_DOWN], parts.collect())
        }
    };
    let (both, parts) = parts;
    let mut ids = Vec::new();
    for part in parts {
        ids.extend(request.ids(conn, both, &part)?);
    }
    match page.order {
        Order::Ascending => ids.sort_unstable(),
        Order::Descending => ids.sort_unstable_by(|one, other| other.cmp(one)),
    }
    ids.truncate(page.limit as usize);
    Ok(ids)
}

fn request<'a>(conn: &Connection, filter: &'a Filter, page: Page) -> Result<Request<'a>> {
    let mut above = 0;
    let mut below = i64::MAX;
    if let Some(after) = filter.created_after {
        above = first_made(conn, after)?.saturating_sub(1);
    }
    if let Some(before) = filter.created_before {
        below = first_made(conn, before)?;
    }
    match page.order {
        Order::Ascending => above = above.max(page.since),
        Order::Descending if page.since > 0 => below = below.min(page.since),
        Order::Descending => {}
    }
    Ok(Request {
        filter,
        page,
        above,
        below,
    })
}

/// The first id that was made at or after a time; behind the last one if there is none. Identifiers grow with the time of
/// creation, so it is found by halving.
fn first_made(conn: &Connection, time: Timestamp) -> Result<i64> {
    let last: Option<i64> = conn
        .prepare_cached(sql::LIST_LAST)?
        .query_row([], |row| row.get(0))?;
    let (mut low, mut high) = (1, last.unwrap_or(0) + 1);
    let mut probe = conn.prepare_cached(sql::LIST_MADE)?;
    while low < high {
        let middle = low + (high - low) / 2;
        let found: Option<(i64, Timestamp)> = probe
            .query_row(params![middle], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        match found {
            Some((id, created)) if created < time => low = id + 1,
            // All from `middle` to the one that was found are none.
            _ => high = middle,
        }
    }
    Ok(low)
}

fn route(conn: &Connection, filter: &Filter, destination: Option<i64>) -> Result<Route> {
    let stopped = matches!(filter.state, Some(State::Failure | State::Cancelled));
    Ok(match filter {
        Filter { ids: Some(_), .. } => Route::One([sql::LIST_IDS, sql::LIST_IDS_DOWN]),
        Filter {
            study: Some(_),
            instance: Some(_),
            ..
        } => Route::One([sql::LIST_STUDY_INSTANCE, sql::LIST_STUDY_INSTANCE_DOWN]),
        Filter { study: Some(_), .. } => Route::One([sql::LIST_STUDY, sql::LIST_STUDY_DOWN]),
        Filter {
            instance: Some(_), ..
        } if stopped => Route::One([sql::LIST_STOPPED_INSTANCE, sql::LIST_STOPPED_INSTANCE_DOWN]),
        Filter {
            state: Some(State::Failure),
            class,
            status,
            ..
        } if class.is_some() || status.is_some() => {
            let mut kinds = conn.prepare_cached(sql::LIST_KINDS)?;
            let (any_status, status) = status_of(filter);
            let params: [(&str, &dyn ToSql); 4] = [
                (":destination", &destination),
                (":class", class),
                (":any_status", &any_status),
                (":status", &status),
            ];
            let kinds = kinds
                .query_map(params.as_slice(), |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })?
                .collect::<rusqlite::Result<_>>()?;
            Route::Kinds(kinds)
        }
        // Nearly every item that was sent has this class: an index of it would be on the hot path.
        Filter {
            class: Some(class), ..
        } if *class != Class::Success => Route::One([sql::LIST_CLASS, sql::LIST_CLASS_DOWN]),
        Filter { state: None, .. } if destination.is_none() => {
            Route::One([sql::LIST_ALL, sql::LIST_ALL_DOWN])
        }
        Filter { state, .. } => {
            let mut cells = conn.prepare_cached(sql::LIST_CELLS)?;
            let cells = cells
                .query_map((destination, state), |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<rusqlite::Result<_>>()?;
            Route::Cells(cells)
        }
    })
}

/// Whether any status will do, and else which.
fn status_of(filter: &Filter) -> (bool, Option<u16>) {
    match filter.status {
        None => (true, None),
        Some(StatusFilter::None) => (false, None),
        Some(StatusFilter::Is(status)) => (false, Some(status)),
    }
}

impl Request<'_> {
    fn ids(&self, conn: &Connection, both: Both, part: &Part) -> Result<Vec<i64>> {
        let filter = self.filter;
        let (any_status, status) = status_of(filter);
        let mut params: Vec<(&str, &dyn ToSql)> = vec![
            (":above", &self.above),
            (":below", &self.below),
            (":limit", &self.page.limit),
            (":destination", &part.destination),
            (":state", &part.state),
            (":study", &filter.study),
            (":instance", &filter.instance),
            (":class", &filter.class),
            (":any_status", &any_status),
            (":status", &status),
            (":created_before", &filter.created_before),
            (":created_after", &filter.created_after),
            (":completed_before", &filter.completed_before),
        ];
        let ids = filter.ids.as_deref().map(json);
        if ids.is_some() {
            params.push((":ids", &ids));
        }
        if part.priority.is_some() {
            params.push((":priority", &part.priority));
        }
        if let Some((destination, class, status)) = &part.kind {
            params.push((":kind_destination", destination));
            params.push((":kind_class", class));
            params.push((":kind_status", status));
        }
        let sql = match self.page.order {
            Order::Ascending => both[0],
            Order::Descending => both[1],
        };
        let mut list = conn.prepare_cached(sql)?;
        let ids = list
            .query_map(params.as_slice(), |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(ids)
    }
}
