//! One destination: what its workers share.
//!
//! Invariants:
//! - Nothing here is shared with another lane but the store and what the transport itself shares.
//! - The lane's lock is never held across a call of the store or the transport.
//! - Pausing, outages and bad manners belong to the lane: items stay `Pending` meanwhile.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::breaker::{Breaker, Gate};
use super::manners::Manners;
use super::rate::Rate;
use crate::config::settings::DestinationSettings;
use crate::item::{Class, Clock, Outcome, Timestamp};
use crate::store::{LastError, Store};
use crate::transport::{Probe, Standing, Transport};

/// What every lane works with.
pub struct Tools {
    pub store: Arc<dyn Store>,
    pub transport: Arc<dyn Transport>,
    pub clock: Arc<dyn Clock>,
    /// A number in 0..1.
    pub jitter: fn() -> f64,
}

pub struct Lane {
    pub(super) name: String,
    pub(super) settings: DestinationSettings,
    pub(super) tools: Arc<Tools>,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    stopped: bool,
    paused: bool,
    shared: bool,
    breaker: Breaker,
    manners: Manners,
    trial: bool,
    rate: Rate,
    /// Counts all changes, so that one between looking and waiting is not lost.
    changes: u64,
    /// Counts those that may have brought work.
    pokes: u64,
    /// The poke at which the queue was last seen empty.
    empty_at: Option<u64>,
}

/// State of a destination, as the API shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct LaneStatus {
    pub paused: bool,
    pub unreachable_since: Option<Timestamp>,
    pub next_probe: Option<Timestamp>,
    pub instances_per_second: f64,
}

/// What a worker is to do next.
pub(super) enum Turn {
    /// Claim at most so many; unless its standing is good, after a C-ECHO. `trial`: alone.
    Send {
        most: u32,
        standing: Standing,
        trial: bool,
        pokes: u64,
    },
    /// See whether the destination is back.
    Probe,
    Wait(Idle),
    Stop,
}

/// Until when there is nothing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idle {
    pub until: Option<Timestamp>,
    changes: u64,
}

impl Lane {
    pub fn new(
        name: String,
        settings: DestinationSettings,
        tools: Arc<Tools>,
        paused: bool,
    ) -> Lane {
        Lane {
            name,
            settings,
            tools,
            state: Mutex::new(State {
                paused,
                ..State::default()
            }),
            wake: Condvar::new(),
        }
    }

    pub fn settings(&self) -> &DestinationSettings {
        &self.settings
    }

    /// There may be something to send.
    pub fn poke(&self) {
        self.change(|state| state.pokes = state.pokes.wrapping_add(1));
    }

    pub fn stop(&self) {
        self.change(|state| state.stopped = true);
    }

    pub fn set_paused(&self, paused: bool) {
        let now = self.tools.clock.now();
        self.change(|state| {
            state.paused = paused;
            if !paused {
                // Whoever resumes wants to see it work: no waiting for the next probe.
                state.breaker.hurry(now);
                state.manners.hurry();
            }
        });
    }

    /// Whether there are other lanes to share the transport with.
    pub fn set_shared(&self, shared: bool) {
        self.change(|state| state.shared = shared);
    }

    pub fn status(&self) -> LaneStatus {
        let now = self.tools.clock.now();
        let mut state = self.lock();
        LaneStatus {
            paused: state.paused,
            unreachable_since: state.breaker.outage().map(|outage| outage.since),
            next_probe: state.breaker.outage().map(|outage| outage.next_probe),
            instances_per_second: state.rate.per_second(now),
        }
    }

    /// A C-ECHO asked for by a person; an answer ends an outage at once.
    pub fn echo(&self) -> Result<Duration, Outcome> {
        match self.probe() {
            Probe::Answered(took) => {
                self.reached();
                Ok(took)
            }
            Probe::Refused(outcome) | Probe::Silent(outcome) => Err(outcome),
        }
    }

    pub(super) fn probe(&self) -> Probe {
        self.tools
            .transport
            .probe(&self.name, self.settings.timeout)
    }

    pub(super) fn turn(&self) -> Turn {
        let now = self.tools.clock.now();
        let mut state = self.lock();
        let idle = |until, state: &State| {
            Turn::Wait(Idle {
                until,
                changes: state.changes,
            })
        };
        if state.stopped {
            return Turn::Stop;
        }
        if state.paused {
            return idle(None, &state);
        }
        match state.breaker.gate(now) {
            Gate::Probe => return Turn::Probe,
            Gate::Wait(until) => return idle(until, &state),
            Gate::Open => {}
        }
        if state.empty_at == Some(state.pokes) {
            return idle(None, &state);
        }
        let standing = state.manners.standing();
        let trial = standing == Standing::Suspect;
        if trial {
            if state.trial {
                return idle(None, &state);
            }
            let until = state.manners.not_before();
            if now < until {
                return idle(Some(until), &state);
            }
            state.trial = true;
        }
        Turn::Send {
            most: state.manners.batch(self.settings.batch_size, state.shared),
            standing,
            trial,
            pokes: state.pokes,
        }
    }

    /// Waits until the idle time is over or something changed.
    pub(super) fn wait(&self, idle: Idle) {
        let now = self.tools.clock.now();
        let state = self.lock();
        let unchanged = |state: &mut State| state.changes == idle.changes && !state.stopped;
        match idle.until {
            None => drop(
                self.wake
                    .wait_while(state, unchanged)
                    .unwrap_or_else(PoisonError::into_inner),
            ),
            Some(until) => drop(
                self.wake
                    .wait_timeout_while(state, until.since(now), unchanged)
                    .unwrap_or_else(PoisonError::into_inner),
            ),
        }
    }

    /// Whether sending was stopped or paused since the turn was given.
    pub(super) fn may_claim(&self) -> bool {
        let state = self.lock();
        !state.stopped && !state.paused
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    /// Nothing was pending after this many pokes.
    pub(super) fn empty(&self, pokes: u64) {
        self.lock().empty_at = Some(pokes);
    }

    pub(super) fn trial_over(&self) {
        self.change(|state| state.trial = false);
    }

    /// The destination answered for `count` instances.
    pub(super) fn answered(&self, count: usize, took: Duration) {
        let now = self.tools.clock.now();
        self.change(|state| {
            state.manners.answered(count, took);
            state.rate.add(now, count as u64);
        });
        self.reached();
    }

    /// Whether the probe that [`Turn::Probe`] asked for is still without a result.
    pub(super) fn is_probing(&self) -> bool {
        self.lock().breaker.is_probing()
    }

    /// It can be reached.
    pub(super) fn reached(&self) {
        let now = self.tools.clock.now();
        let mut ended = None;
        self.change(|state| ended = state.breaker.answered());
        if let Some(outage) = ended {
            log::warn!(
                "{}: reachable again after {} s",
                self.name,
                now.since(outage.since).as_secs()
            );
        }
    }

    pub(super) fn misbehaved(&self, outcome: &Outcome) {
        let now = self.tools.clock.now();
        self.change(|state| state.manners.misbehaved(now));
        log::warn!(
            "{}: {} ({}); sending one instance at a time until it answers",
            self.name,
            outcome.class,
            outcome.details
        );
    }

    pub(super) fn unreachable(&self, outcome: &Outcome) {
        let now = self.tools.clock.now();
        let jitter = (self.tools.jitter)();
        let mut began = false;
        let mut stopped = false;
        self.change(|state| {
            began = state.breaker.failed(now, jitter);
            stopped = state.stopped;
        });
        if stopped {
            // Cut by ourselves.
            return;
        }
        if began {
            log::warn!(
                "{}: unreachable, its items wait: {}",
                self.name,
                outcome.details
            );
        }
        let error = LastError {
            time: now,
            class: Class::Unreachable,
            dimse_status: None,
            details: outcome.details.clone(),
        };
        if let Err(error) = self.tools.store.set_last_error(&self.name, &error) {
            log::debug!("{}: the last error could not be kept: {error}", self.name);
        }
    }

    fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.lock();
        state.changes = state.changes.wrapping_add(1);
        let result = change(&mut state);
        drop(state);
        self.wake.notify_all();
        result
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
