//! By which indexes the items of a filter are found: each route has them in the order of `id`.

use rusqlite::{Connection, ToSql};

use super::destination::find_destination;
use super::sql;
use crate::item::{Class, Confirmation, Priority, State};
use crate::store::{Filter, Order, Result, States, StatusFilter};

/// A statement for each order.
pub type Both = [&'static str; 2];

/// Items that one statement finds in the order of `id`; the rest of the filter is looked at item by item. Where it
/// takes several, they are merged ([`super::walk`]).
pub struct Part {
    pub both: Both,
    /// What the statement itself names, besides the filter.
    pub params: Vec<(&'static str, Box<dyn ToSql>)>,
}

impl Part {
    pub fn sql(&self, order: Order) -> &'static str {
        match order {
            Order::Ascending => self.both[0],
            Order::Descending => self.both[1],
        }
    }
}

macro_rules! part {
    ($up:ident, $down:ident $(, $name:literal = $value:expr)*) => {
        Part {
            both: [sql::$up, sql::$down],
            params: vec![$(($name, Box::new($value))),*],
        }
    };
}

/// By which indexes a filter is best answered.
pub fn parts(conn: &Connection, filter: &Filter, destination: Option<i64>) -> Result<Vec<Part>> {
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
            confirmation: Some(confirmation),
            ..
        } if *confirmation != Confirmation::None => {
            let cells = cells(conn, filter, destination)?;
            let mut destinations: Vec<i64> = cells.into_iter().map(|(one, _)| one).collect();
            destinations.dedup();
            let part = |destination| {
                part!(
                    LIST_CONFIRMATION,
                    LIST_CONFIRMATION_DOWN,
                    ":part_confirmation" = *confirmation,
                    ":part_destination" = destination
                )
            };
            destinations.into_iter().map(part).collect()
        }
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

pub fn except_destination(conn: &Connection, filter: &Filter) -> Result<Option<i64>> {
    match &filter.except_destination {
        Some(name) => find_destination(conn, name),
        None => Ok(None),
    }
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
    // These are all gone through for those without a class, which nothing but their cell tells.
    let untried: &[State] = match (filter.class, status) {
        (None, StatusFilter::None) => UNTRIED,
        _ => &[],
    };
    let mut parts = Vec::new();
    for class in Class::ALL.into_iter().filter(|class| may_be(*class)) {
        for cell in outcome_cells(conn, class, value)? {
            // Kinds of failure are known.
            let (destination, state) = cell;
            if state != State::Failure && !untried.contains(&state) && cells.contains(&cell) {
                parts.push(part!(
                    LIST_OUTCOME,
                    LIST_OUTCOME_DOWN,
                    ":part_class" = class,
                    ":part_status" = value,
                    ":part_destination" = destination,
                    ":part_state" = state
                ));
            }
        }
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
    // Behind those whose index has the status: they need not be gone through beyond what these have.
    parts.extend(queues(filter, &cells, untried));
    Ok(parts)
}

/// Where there are items of a class and status; `Success` has no such index.
fn outcome_cells(
    conn: &Connection,
    class: Class,
    status: Option<u16>,
) -> Result<Vec<(i64, State)>> {
    let mut cells = conn.prepare_cached(sql::LIST_OUTCOME_CELLS)?;
    let cells = cells
        .query_map((class, status), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(cells)
}

/// The names of states in one text, in which SQL looks for a state: no name is part of another.
pub fn words(states: States) -> String {
    states.iter().map(State::as_str).collect()
}

/// Whether any status will do, and else which.
pub fn status_of(filter: &Filter) -> (bool, Option<u16>) {
    match filter.status {
        None => (true, None),
        Some(StatusFilter::None) => (false, None),
        Some(StatusFilter::Is(status)) => (false, Some(status)),
    }
}
