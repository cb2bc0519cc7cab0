//! Operations by filter.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::chronicle::{Noted, Scope, done, note_items};
use super::operate::{Terms, change};
use super::pool::Pool;
use super::{list, row};
use crate::item::{Item, State};
use crate::store::{Among, Filter, Operated, Operation, Result, States, Sweep};

/// Items that one transaction moves at most: some 20 ms of the writer's time,
const STEP: usize = 1000;
/// and where they take longer, so long.
const LONGEST: Duration = Duration::from_millis(50);

/// How far an operation has come: where it goes on when a step that failed is tried once more.
#[derive(Debug, Default)]
pub struct Progress {
    /// The newest item when it was asked for; what is made later is none of its own, or it might never end.
    newest: Option<i64>,
    /// Up to this id all is listed,
    upto: i64,
    /// and of what fits this is not done yet.
    left: VecDeque<i64>,
    pub operated: Operated,
}

/// Does the next step; `false`: there is none. What it did is in the journal with it.
///
/// # Errors
/// The step has changed nothing, and can be tried once more.
pub fn advance(
    pool: &Pool,
    sweep: &Sweep<'_>,
    progress: &RefCell<Progress>,
    noted: Noted,
) -> Result<bool> {
    let mut progress = progress.borrow_mut();
    if progress.left.is_empty() {
        return list(pool, sweep, &mut progress);
    }
    step(pool, sweep, &mut progress, noted)?;
    Ok(true)
}

/// The states of what is left as it is, and counted.
fn untouched(sweep: &Sweep<'_>) -> States {
    match sweep.among {
        Among::Waiting => State::Running.into(),
        Among::Failures => States::default(),
    }
}

/// All that it looks at: what fits now, or may when its turn has come.
fn looked_at(sweep: &Sweep<'_>) -> Filter {
    let states = sweep.states().iter().chain(untouched(sweep).iter());
    narrowed(sweep, states.collect())
}

/// Lists the next window, or counts what is in it; `false`: there is none.
fn list(pool: &Pool, sweep: &Sweep<'_>, progress: &mut Progress) -> Result<bool> {
    let newest = match progress.newest {
        Some(newest) => newest,
        None => *progress.newest.insert(list::newest(pool)?),
    };
    let filter = looked_at(sweep);
    let Some(window) = list::next_window(pool, &filter, progress.upto, newest)? else {
        return Ok(false);
    };
    if sweep.dry_run {
        let count = |states| -> Result<u64> {
            Ok(list::window(pool, &narrowed(sweep, states), window)?.len() as u64)
        };
        let (done, running) = (count(sweep.states())?, count(untouched(sweep))?);
        progress.operated.done += done;
        progress.operated.running += running;
    } else {
        progress.left = list::window(pool, &filter, window)?.into();
    }
    progress.upto = window.last;
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

/// What fits no longer since it was listed is left alone and not counted.
fn step(pool: &Pool, sweep: &Sweep<'_>, progress: &mut Progress, noted: Noted) -> Result<()> {
    let terms = Terms {
        now: sweep.now,
        expires: sweep.expires,
    };
    // Of what was listed all but this may have changed since.
    let still = Filter {
        ids: None,
        ..looked_at(sweep)
    };
    let most = sweep.at_most.unwrap_or(u64::MAX);
    let mut writer = pool.writer()?;
    let tx = writer.begin()?;
    let (begun, mut did, mut past) = (Instant::now(), Operated::default(), 0);
    for id in progress.left.iter().take(STEP) {
        let item = row::read_item(&tx, *id)?;
        match item.filter(|item| still.fits(item)) {
            None => {}
            Some(Item {
                state: State::Running,
                ..
            }) => did.running += 1,
            Some(_) if progress.operated.done + did.done >= most => did.left += 1,
            Some(item) => {
                change(&tx, &item, sweep.operation, &terms)?;
                did.done += 1;
            }
        }
        past += 1;
        if begun.elapsed() > LONGEST {
            break;
        }
    }
    let destination = sweep.filter.destination.as_deref();
    let done = done(sweep.operation, sweep.event(), destination, did.done);
    let scope = match sweep.filter.ids.as_deref() {
        Some([_]) => Scope::OneItem,
        _ => Scope::Any,
    };
    note_items(&tx, noted, scope, done)?;
    tx.commit()?;
    progress.left.drain(..past);
    progress.operated.done += did.done;
    progress.operated.running += did.running;
    progress.operated.left += did.left;
    Ok(())
}
