//! Operations by filter.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::chronicle::{Noted, note_items};
use super::operate::{Terms, change};
use super::pool::Pool;
use super::{list, row};
use crate::item::{Item, State};
use crate::store::{Among, Filter, Operated, Operation, Page, Result, States, Sweep};

/// Items that one transaction moves at most: some 20 ms of the writer's time,
const STEP: u32 = 1000;
/// and where they take longer, so long.
const LONGEST: Duration = Duration::from_millis(50);

/// How far an operation has come: where it goes on when a step that failed is tried once more.
#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    since: i64,
    pub operated: Operated,
}

/// Does the next step; `false`: there is none. What it did is in the journal with it.
///
/// # Errors
/// The step has changed nothing, and can be tried once more.
pub fn advance(
    pool: &Pool,
    sweep: &Sweep<'_>,
    progress: &Cell<Progress>,
    noted: Noted,
) -> Result<bool> {
    let changed = sweep.states();
    let left = match sweep.among {
        Among::Waiting => State::Running.into(),
        Among::Failures => States::default(),
    };
    if sweep.dry_run {
        let operated = Operated {
            done: count(pool, &narrowed(sweep, changed))?,
            running: count(pool, &narrowed(sweep, left))?,
        };
        progress.set(Progress { since: 0, operated });
        return Ok(false);
    }
    let states: States = changed.iter().chain(left.iter()).collect();
    if states.is_empty() {
        return Ok(false);
    }
    let filter = narrowed(sweep, states);
    // Of what was listed all but this may have changed since.
    let still = Filter {
        ids: None,
        ..filter.clone()
    };
    let before = progress.get();
    let ids = list::ids(pool, &filter, Page::after(before.since, STEP))?;
    if ids.is_empty() {
        return Ok(false);
    }
    progress.set(step(pool, sweep, &still, &ids, before, noted)?);
    Ok(true)
}

/// In these states, without those that the operation would leave as they are.
fn narrowed(sweep: &Sweep<'_>, states: States) -> Filter {
    let mut filter = Filter {
        states: Some(states),
        ..sweep.filter.clone()
    };
    match sweep.operation {
        Operation::Redirect { to } => filter.except_destination = Some(to.clone()),
        Operation::Prioritize(priority) => filter.except_priority = Some(*priority),
        _ => {}
    }
    filter
}

fn count(pool: &Pool, filter: &Filter) -> Result<u64> {
    if filter.states.is_some_and(States::is_empty) {
        return Ok(0);
    }
    let (mut count, mut since) = (0, 0);
    loop {
        let ids = list::ids(pool, filter, Page::after(since, STEP))?;
        let Some(last) = ids.last() else {
            return Ok(count);
        };
        since = *last;
        count += ids.len() as u64;
    }
}

/// What of these fits no longer since it was listed is left alone and not counted.
fn step(
    pool: &Pool,
    sweep: &Sweep<'_>,
    still: &Filter,
    ids: &[i64],
    before: Progress,
    noted: Noted,
) -> Result<Progress> {
    let terms = Terms {
        now: sweep.now,
        expires: sweep.expires,
    };
    let mut writer = pool.writer()?;
    let tx = writer.begin()?;
    let (begun, mut after) = (Instant::now(), before);
    for id in ids {
        let item = row::read_item(&tx, *id)?;
        match item.filter(|item| still.fits(item)) {
            None => {}
            Some(Item {
                state: State::Running,
                ..
            }) => after.operated.running += 1,
            Some(item) => {
                change(&tx, &item, sweep.operation, &terms)?;
                after.operated.done += 1;
            }
        }
        after.since = *id;
        if begun.elapsed() > LONGEST {
            break;
        }
    }
    let (destination, to) = (sweep.filter.destination.as_deref(), sweep.operation.to());
    let done = after.operated.done - before.operated.done;
    note_items(&tx, noted, sweep.event(), destination, to, done)?;
    tx.commit()?;
    Ok(after)
}
