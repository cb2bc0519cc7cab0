//! What a worker of a lane does next.
//!
//! Invariants:
//! - One decision under the lane's lock and its wire's; nothing here calls the store or the endpoint.
//! - The order of the questions is the order of what wins: stop, pause, outage, window, empty queue, congestion,
//!   throttle, manners, a free association.

use std::sync::Arc;

use super::hold::Next;
use super::{Lane, LaneState, Terms};
use crate::dispatch::breaker::Gate;
use crate::dispatch::windows;
use crate::item::{Priority, Timestamp};
use crate::store::Pick;
use crate::transport::Standing;

/// Every so many claims the oldest item goes, whatever its priority: so that `Low` is never starved. With `Stat` items
/// without end, `Low` gets one batch in ten (and one more between for each other worker that decides at the same
/// moment).
const FAIR: u32 = 10;

/// Instances of one claim, where several associations share the work and none must be opened for it.
const PORTION: u32 = 10;

/// What a worker is to do next.
pub(in crate::dispatch) enum Turn {
    /// Claim at most so many; unless its standing is good, after a C-ECHO. `trial`: alone.
    Send {
        most: u32,
        pick: Pick,
        standing: Standing,
        trial: bool,
        /// No other worker claims until what was claimed is recorded.
        exclusive: Option<Exclusive>,
        seen: Seen,
        /// To be kept for all of it.
        terms: Arc<Terms>,
    },
    /// See whether the destination is back.
    Probe,
    /// Ask for what it acknowledged.
    Ask(Arc<Terms>),
    /// End the worker's group: release its association.
    LetGo,
    Wait(Idle),
    Stop,
}

/// What no other worker does meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dispatch) enum Exclusive {
    /// Claim in this lane.
    Claim,
    /// Claim of what the throttle lets go to the target.
    Paying,
}

/// For whom, and after how many pokes, a look into the queue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dispatch) struct Seen {
    pub(super) reserved: bool,
    pub(super) pokes: u64,
}

/// Until when there is nothing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idle {
    pub until: Option<Timestamp>,
    pub(super) changes: u64,
}

impl Lane {
    pub(super) fn is_window_open(&self, now: Timestamp) -> bool {
        let wall = self.tools.clock.ahead().wall(now);
        windows::is_open(&self.terms().settings.windows, wall, &self.tools.zone)
    }

    /// Whether the window is open, or a person lets what waits through.
    pub(super) fn may_pass(&self, now: Timestamp) -> bool {
        self.is_window_open(now) || self.lock().let_through
    }

    pub(super) fn next_opening(&self, now: Timestamp) -> Option<Timestamp> {
        let ahead = self.tools.clock.ahead();
        let terms = self.terms();
        let (windows, zone) = (&terms.settings.windows, &self.tools.zone);
        windows::next_opening(windows, ahead.wall(now), zone).map(|opens| ahead.own(opens))
    }

    /// Associations at most, as the target's own entry says.
    pub(in crate::dispatch) fn associations(&self) -> u32 {
        self.wire.limits().associations
    }

    /// Whether this worker serves only `High` and `Stat`.
    pub(in crate::dispatch) fn is_reserved(&self, worker: u32) -> bool {
        let limits = self.wire.limits();
        worker >= limits.associations.saturating_sub(limits.reserved)
    }

    /// What the worker with this number (from 0) is to do now.
    pub(in crate::dispatch) fn turn(&self, worker: u32) -> Turn {
        let now = self.tools.clock.now();
        let open = self.is_window_open(now);
        let reserved = self.is_reserved(worker);
        let mut state = self.lock();
        let terms = self.terms();
        let mut wire = self.wire.lock();
        let idle = |until, state: &LaneState| {
            Turn::Wait(Idle {
                until,
                changes: state.changes,
            })
        };
        let holds = state.holds.contains_key(&worker);
        // There are fewer associations than there were.
        let is_surplus = worker >= self.associations();
        if state.is_over() || is_surplus {
            // A stop ends all associations by itself.
            return if holds && !state.stopped {
                Turn::LetGo
            } else {
                Turn::Stop
            };
        }
        if holds && (state.paused || wire.breaker.outage().is_some()) {
            return Turn::LetGo;
        }
        if state.paused {
            return idle(None, &state);
        }
        match wire.breaker.gate(now) {
            Gate::Probe => return Turn::Probe,
            Gate::Wait(until) => return idle(until, &state),
            Gate::Open => {}
        }
        let at_rest = state.active == 0
            && state.sending == 0
            && (state.holds.values()).all(|hold| hold.is_empty_at(state.pokes));
        if state.let_through && at_rest && state.empty_at[0] == Some(state.pokes) {
            // All of it went, also what batches gave back.
            state.let_through = false;
            state.changes = state.changes.wrapping_add(1);
            self.wake.notify_all();
        }
        let open = open || state.let_through;
        if open != state.window_open {
            // What the window held may go now, though nothing is new in the queue: a worker that found nothing before
            // this must look again.
            state.window_open = open;
            state.pokes = state.pokes.wrapping_add(1);
        }
        let pokes = state.pokes;
        if let Some(hold) = state.holds.get(&worker) {
            match hold.next(pokes, now) {
                Next::LetGo => return Turn::LetGo,
                _ if reserved && !open => return Turn::LetGo,
                Next::WaitUntil(until) => return idle(Some(until), &state),
                Next::Claim => {}
            }
        } else {
            let empty = state.empty_at[usize::from(reserved)] == Some(pokes);
            let asks = open && !reserved && state.asking.is_time(now);
            if asks && (empty || state.asking.is_pressing()) {
                return match self.turn_to_ask(&mut state, &mut wire, worker, now) {
                    Ok(turn) => turn,
                    Err(until) => idle(until, &state),
                };
            }
            if empty {
                let until = match open {
                    true if reserved => None,
                    true => state.asking.until(),
                    false => self.next_opening(now),
                };
                return idle(until, &state);
            }
            if reserved && !open {
                return idle(self.next_opening(now), &state);
            }
            if let Some(until) = wire.congestion(now) {
                wire.want(self.place(worker));
                return idle(Some(until), &state);
            }
        }
        let paying = self.wire.is_throttled();
        let exclusive = paying || (terms.keeps_groups() && !holds);
        if (exclusive && state.claiming) || (paying && wire.claiming) {
            return idle(None, &state);
        }
        if paying {
            let until = wire.throttle.next();
            if now < until {
                return idle(Some(until), &state);
            }
        }
        let standing = wire.manners.standing();
        let trial = standing == Standing::Suspect;
        if trial {
            if wire.trial {
                return idle(None, &state);
            }
            let until = wire.manners.not_before();
            if now < until {
                return idle(Some(until), &state);
            }
        }
        if let Err(until) = wire.sit_down(&self.wire, self.place(worker), reserved, now) {
            return idle(until, &state);
        }
        wire.trial |= trial;
        state.sending += 1;
        state.asking.sends();
        state.claiming |= exclusive;
        wire.claiming |= paying;
        let batch_size = terms.settings.batch_size;
        let traits = terms.endpoint.traits();
        let most = if paying {
            1
        } else if traits.shared || self.associations() == 1 {
            wire.manners.batch(batch_size, traits.crowded)
        } else {
            // A claim costs little where the association is kept: in small portions no association is idle at the end.
            wire.manners.batch(batch_size, false).min(PORTION)
        };
        let pick = if !open {
            Pick::Hurried
        } else if reserved {
            Pick::AtLeast(Priority::High)
        } else if state.unfair >= FAIR - 1 {
            Pick::Oldest
        } else {
            Pick::MostUrgent
        };
        Turn::Send {
            most,
            pick,
            standing,
            trial,
            exclusive: exclusive.then_some(if paying {
                Exclusive::Paying
            } else {
                Exclusive::Claim
            }),
            seen: Seen {
                reserved,
                pokes: state.pokes,
            },
            terms,
        }
    }
}
