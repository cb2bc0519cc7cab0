//! Which of a lane's workers have a thread.
//!
//! Invariants:
//! - A thread is begun when there may be work that no waiting worker can take, one for everything and one for what is
//!   urgent at a time: each that finds some brings the next.
//! - One that found nothing for [`KEEP`] ends; if there is a time at which to look again, then only while another one
//!   that may take anything waits for it.
//! - While there is an outage or the window is closed, one that may take anything is there: it probes, or waits for the
//!   window.
//! - Whether to end is decided under the lane's lock, so that no poke is lost between.
//! - A worker has at most one thread. One that panicked keeps its place until it is run anew.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::turn::Idle;
use super::{Lane, LaneState};
use crate::dispatch::worker::{NAME, Worker};

/// For so long a thread without work is kept; hardly at all in tests, so that threads come and go in them.
const KEEP: Duration = Duration::from_millis(if cfg!(test) { 5 } else { 30_000 });

#[derive(Default)]
pub(super) struct Staff {
    /// Sending has begun.
    open: bool,
    /// Workers with a thread.
    alive: BTreeSet<u32>,
    /// Those of them that wait for work, whatever it is.
    free: BTreeSet<u32>,
}

impl Lane {
    /// Sending begins.
    pub(in crate::dispatch) fn open(&self) {
        self.change(|state| state.staff.open = true);
    }

    /// The workers for which threads are to be begun now.
    pub(super) fn hire(&self, state: &mut LaneState) -> Vec<u32> {
        if !state.staff.open || state.paused || state.is_over() {
            return Vec::new();
        }
        let is_watched = state.staff.alive.iter().any(|one| !self.is_reserved(*one));
        let watch =
            !is_watched && (!state.window_open || self.wire.lock().breaker.outage().is_some());
        let asks = state.asking.is_time(self.tools.clock.now());
        let mut hired = Vec::new();
        for reserved in [false, true] {
            let mut all = (0..self.associations()).filter(|one| self.is_reserved(*one) == reserved);
            let nothing_new = state.empty_at[usize::from(reserved)] == Some(state.pokes);
            let is_free = |one: &u32| self.is_reserved(*one) == reserved;
            let needed = !nothing_new || ((watch || asks) && !reserved);
            if !needed || state.staff.free.iter().any(is_free) {
                continue;
            }
            hired.extend(all.find(|one| !state.staff.alive.contains(one)));
        }
        state.staff.alive.extend(&hired);
        hired
    }

    pub(super) fn begin(&self, workers: Vec<u32>) {
        for worker in workers {
            let Some(lane) = self.me.upgrade() else {
                return;
            };
            let service = Arc::new(Worker::new(lane, worker));
            if !self.tools.services.start(NAME, service) {
                // Asked for again when something is poked.
                self.leave(worker);
            }
        }
    }

    /// The worker has no thread any more.
    pub(in crate::dispatch) fn leave(&self, worker: u32) {
        self.lock().staff.alive.remove(&worker);
    }

    /// Waits until the idle time is over or something changed. `since`: when the worker last found something. `false`:
    /// its thread is to end; its place is free from then on.
    pub(in crate::dispatch) fn wait(&self, worker: u32, idle: Idle, since: Instant) -> bool {
        let now = self.tools.clock.now();
        let mut state = self.lock();
        let is_free = !state.holds.contains_key(&worker);
        if is_free {
            state.staff.free.insert(worker);
        }
        let unchanged = |state: &mut LaneState| state.changes == idle.changes && !state.is_over();
        let watches = |one: &u32| *one != worker && !self.is_reserved(*one);
        let goes = |state: &LaneState| {
            is_free && (idle.until.is_none() || state.staff.free.iter().any(watches))
        };
        let kept = KEEP.saturating_sub(since.elapsed());
        let until = idle.until.map(|until| until.since(now));
        let patience = match until {
            Some(until) if goes(&state) => Some(until.min(kept)),
            None if is_free => Some(kept),
            until => until,
        };
        match patience {
            Some(patience) => {
                self.wake.wait_while_for(&mut state, unchanged, patience);
            }
            None => self.wake.wait_while(&mut state, unchanged),
        }
        state.staff.free.remove(&worker);
        let ends = unchanged(&mut state) && since.elapsed() >= KEEP && goes(&state);
        if ends {
            state.staff.alive.remove(&worker);
        }
        !ends
    }
}

impl LaneState {
    /// Whether nothing more is claimed, for good.
    pub(super) fn is_over(&self) -> bool {
        self.stopped || self.closed
    }
}
