//! Pages of items in the order of `id`, by whichever index the filter allows.

use rusqlite::{Connection, ToSql};

use super::claim::json;
use super::enqueue::find_destination;
use super::pool::Pool;
use super::{row, sql};
use crate::item::{Class, Item, Priority, State};
use crate::store::{Filter, Page, Result};

/// How the items of a filter are found; the rest of the filter is looked at item by item.
enum Route {
    One(&'static str),
    /// Each (destination, state, priority) has its items in the order of `id`: one page of each
    /// is read, and the pages are merged.
    Cells(Vec<(i64, State)>),
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
    match route(conn, filter, destination)? {
        Route::One(sql) => query(conn, sql, filter, page, destination, filter.state, None),
        Route::Cells(cells) => {
            let mut ids = Vec::new();
            for (destination, state) in cells {
                for priority in Priority::ALL {
                    ids.extend(query(
                        conn,
                        sql::LIST_CELL,
                        filter,
                        page,
                        Some(destination),
                        Some(state),
                        Some(priority),
                    )?);
                }
            }
            ids.sort_unstable();
            ids.truncate(page.limit as usize);
            Ok(ids)
        }
    }
}

fn route(conn: &Connection, filter: &Filter, destination: Option<i64>) -> Result<Route> {
    let stopped = matches!(filter.state, Some(State::Failure | State::Cancelled));
    Ok(match filter {
        Filter { ids: Some(_), .. } => Route::One(sql::LIST_IDS),
        Filter {
            study: Some(_),
            instance: Some(_),
            ..
        } => Route::One(sql::LIST_STUDY_INSTANCE),
        Filter { study: Some(_), .. } => Route::One(sql::LIST_STUDY),
        Filter {
            instance: Some(_), ..
        } if stopped => Route::One(sql::LIST_STOPPED_INSTANCE),
        // Nearly every item that was sent has this class: an index of it would be on the hot path.
        Filter {
            class: Some(class), ..
        } if *class != Class::Success => Route::One(sql::LIST_CLASS),
        Filter { state: None, .. } if destination.is_none() => Route::One(sql::LIST_ALL),
        Filter { state, .. } => {
            let mut cells = conn.prepare_cached(sql::LIST_CELLS)?;
            let cells = cells
                .query_map((destination, state), |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<rusqlite::Result<_>>()?;
            Route::Cells(cells)
        }
    })
}

fn query(
    conn: &Connection,
    sql: &str,
    filter: &Filter,
    page: Page,
    destination: Option<i64>,
    state: Option<State>,
    priority: Option<Priority>,
) -> Result<Vec<i64>> {
    let mut params: Vec<(&str, &dyn ToSql)> = vec![
        (":since", &page.since),
        (":limit", &page.limit),
        (":destination", &destination),
        (":state", &state),
        (":study", &filter.study),
        (":instance", &filter.instance),
        (":class", &filter.class),
        (":completed_before", &filter.completed_before),
    ];
    let ids = filter.ids.as_deref().map(json);
    if ids.is_some() {
        params.push((":ids", &ids));
    }
    if priority.is_some() {
        params.push((":priority", &priority));
    }
    let mut list = conn.prepare_cached(sql)?;
    let ids = list
        .query_map(params.as_slice(), |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(ids)
}
