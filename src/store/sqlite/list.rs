//! Pages of items in the order of `id`, by whichever index the filter allows.
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
use super::{row, sql};
use crate::item::{Class, Item, Priority, State, Timestamp};
use crate::store::{CLOCK_SLACK_SECONDS, Filter, Order, Page, Result, States, StatusFilter};

/// A statement for each order.
type Both = [&'static str; 2];

/// Items that one statement finds in the order of `id`; the rest of the filter is looked at item by item. Where it
/// takes several, one page of each is read, and the pages are merged.
struct Part {
    both: Both,
    /// What the statement itself names, besides the filter.
    params: Vec<(&'static str, Box<dyn ToSql>)>,
}

macro_rules! part {
    ($up:ident, $down:ident $(, $name:literal = $value:expr)*) => {
        Part {
            both: [sql::$up, sql::$down],
            params: vec![$(($name, Box::new($value))),*],
        }
    };
}

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

fn last(conn: &Connection) -> Result<i64> {
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
fn wanted(conn: &Connection, filter: &Filter) -> Result<Option<Option<i64>>> {
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

fn except_destination(conn: &Connection, filter: &Filter) -> Result<Option<i64>> {
    match &filter.except_destination {
        Some(name) => find_destination(conn, name),
        None => Ok(None),
    }
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

/// By which indexes a filter is best answered.
fn parts(conn: &Connection, filter: &Filter, destination: Option<i64>) -> Result<Vec<Part>> {
    let stopped = filter.is_all_of(&[State::Failure, State::Cancelled]);
    Ok(match filter {
        Filter { ids: Some(_), .. } => vec![part!(LIST_IDS, LIST_IDS_DOWN)],
        Filter {
            study: Some(_),
            instance: Some(_),
            ..
        } => vec![part!(LIST_STUDY_INSTANCE, LIST_STUDY_INSTANCE_DOWN)],
        Filter { study: Some(_), .. } => vec![part!(LIST_STUDY, LIST_STUDY_DOWN)],
        Filter {
            instance: Some(_), ..
        } if stopped => vec![part!(LIST_STOPPED_INSTANCE, LIST_STOPPED_INSTANCE_DOWN)],
        Filter {
            status: Some(status),
            ..
        } => outcomes(conn, filter, *status, destination)?,
        // Nearly every item that was sent has this class: an index of it would be on the hot path.
        Filter {
            class: Some(Class::Success),
            ..
        } => queues(filter, &cells(conn, filter, destination)?, DELIVERED),
        Filter {
            class: Some(class), ..
        } => {
            let cells = cells(conn, filter, destination)?;
            cells.iter().map(|cell| of_class(*class, *cell)).collect()
        }
        Filter { states: None, .. } if destination.is_none() => {
            vec![part!(LIST_ALL, LIST_ALL_DOWN)]
        }
        _ => queues(filter, &cells(conn, filter, destination)?, &State::ALL),
    })
}

/// The statements that a filter is answered by.
#[cfg(test)]
pub fn statements(conn: &Connection, filter: &Filter) -> Result<Vec<&'static str>> {
    let destination = wanted(conn, filter)?.flatten();
    let parts = parts(conn, filter, destination)?;
    Ok(parts.iter().flat_map(|part| part.both).collect())
}

/// The only state of items of the classes `Success` and `Warning`.
const DELIVERED: &[State] = &[State::Success];

/// States in which items may be to which nothing happened yet, and that therefore have neither class nor status.
const UNTRIED: &[State] = &[
    State::Scheduled,
    State::Pending,
    State::Running,
    State::Cancelled,
];

/// Destinations and states that have items, of those that the filter allows.
fn cells(
    conn: &Connection,
    filter: &Filter,
    destination: Option<i64>,
) -> Result<Vec<(i64, State)>> {
    let except = except_destination(conn, filter)?;
    let mut cells = conn.prepare_cached(sql::LIST_CELLS)?;
    let cells = cells
        .query_map((destination, filter.states.map(words)), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .collect::<rusqlite::Result<Vec<(i64, State)>>>()?;
    let allowed = |cell: &(i64, State)| except != Some(cell.0);
    Ok(cells.into_iter().filter(allowed).collect())
}

/// One for each of the cells in these states, and priority that the filter allows.
fn queues(filter: &Filter, cells: &[(i64, State)], states: &[State]) -> Vec<Part> {
    let cells = cells.iter().filter(|(_, state)| states.contains(state));
    let allowed = |priority: &Priority| filter.except_priority != Some(*priority);
    cells
        .flat_map(|&(destination, state)| {
            let priorities = Priority::ALL.into_iter().filter(allowed);
            priorities.map(move |priority| {
                part!(
                    LIST_CELL,
                    LIST_CELL_DOWN,
                    ":part_destination" = destination,
                    ":part_state" = state,
                    ":part_priority" = priority
                )
            })
        })
        .collect()
}

fn of_class(class: Class, (destination, state): (i64, State)) -> Part {
    part!(
        LIST_CLASS,
        LIST_CLASS_DOWN,
        ":part_class" = class,
        ":part_destination" = destination,
        ":part_state" = state
    )
}

/// One for each kind of failure in the error queue.
fn kinds(conn: &Connection, filter: &Filter, destination: Option<i64>) -> Result<Vec<Part>> {
    let mut kinds = conn.prepare_cached(sql::LIST_KINDS)?;
    let (any_status, status) = status_of(filter);
    let params: [(&str, &dyn ToSql); 4] = [
        (":destination", &destination),
        (":class", &filter.class),
        (":any_status", &any_status),
        (":status", &status),
    ];
    let parts = kinds
        .query_map(params.as_slice(), |row| {
            Ok(part!(
                LIST_KIND,
                LIST_KIND_DOWN,
                ":part_destination" = row.get::<_, i64>(0)?,
                ":part_class" = row.get::<_, Class>(1)?,
                ":part_status" = row.get::<_, Option<u16>>(2)?
            ))
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(parts)
}

/// All with a status, by class: nearly all that were delivered have status 0000 or, where Orthanc sent them, none.
fn outcomes(
    conn: &Connection,
    filter: &Filter,
    status: StatusFilter,
    destination: Option<i64>,
) -> Result<Vec<Part>> {
    let cells = cells(conn, filter, destination)?;
    let value = match status {
        StatusFilter::Is(status) => Some(status),
        StatusFilter::None => None,
    };
    let may_be = |class| filter.class.is_none_or(|wanted| wanted == class);
    let outcome = |class: Class, (destination, state): (i64, State)| {
        part!(
            LIST_OUTCOME,
            LIST_OUTCOME_DOWN,
            ":part_class" = class,
            ":part_status" = value,
            ":part_destination" = destination,
            ":part_state" = state
        )
    };
    let mut parts = Vec::new();
    for cell in &cells {
        let classes = match cell.1 {
            // Their kinds are known.
            State::Failure => continue,
            State::Success => &[Class::Warning][..],
            _ => &Class::ALL[2..],
        };
        let classes = classes.iter().filter(|class| may_be(**class));
        parts.extend(classes.map(|class| outcome(*class, *cell)));
    }
    if filter.may_be(State::Failure) {
        parts.extend(kinds(conn, filter, destination)?);
    }
    if may_be(Class::Success) {
        match status {
            StatusFilter::Is(0) => parts.extend(queues(filter, &cells, DELIVERED)),
            StatusFilter::Is(_) => {}
            StatusFilter::None => {
                let delivered = cells.iter().filter(|cell| DELIVERED.contains(&cell.1));
                parts.extend(delivered.map(|&(destination, _)| {
                    part!(
                        LIST_UNTOLD,
                        LIST_UNTOLD_DOWN,
                        ":part_destination" = destination
                    )
                }));
            }
        }
    }
    if filter.class.is_none() && status == StatusFilter::None {
        parts.extend(queues(filter, &cells, UNTRIED));
    }
    Ok(parts)
}

/// The names of states in one text, in which SQL looks for a state: no name is part of another.
fn words(states: States) -> String {
    states.iter().map(State::as_str).collect()
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
