//! One destination: what its workers share.
//!
//! Invariants:
//! - Nothing here is shared with another lane but the store and what the transport itself shares.
//! - The lane's lock is never held across a call of the store or the transport.
//! - Pausing, outages and bad manners belong to the lane: items stay `Pending` meanwhile.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::tz::TimeZone;

use super::breaker::{Breaker, Gate};
use super::budget::Budget;
use super::manners::Manners;
use super::rate::Rate;
use super::throttle::Throttle;
use super::windows;
use crate::config::settings::DestinationSettings;
use crate::item::{Class, Clock, Outcome, Priority, Timestamp};
use crate::store::{DestinationRecord, LastError, Outage, Pick, Store};
use crate::transport::{Probe, Standing, Transport};

/// What every lane works with.
pub struct Tools {
    pub store: Arc<dyn Store>,
    pub transport: Arc<dyn Transport>,
    pub clock: Arc<dyn Clock>,
    /// Local time, for the windows.
    pub zone: TimeZone,
    /// Memory for what is in flight, all destinations together.
    pub budget: Arc<Budget>,
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
    /// The poke at which the queue was last seen empty: by workers for everything, by reserved ones.
    empty_at: [Option<u64>; 2],
    window_open: bool,
    throttle: Throttle,
    /// A worker is between being let through by the throttle and paying for what it claimed.
    paying: bool,
    /// Claims of workers for everything since the last fair one; every [`FAIR`]th is fair.
    unfair: u32,
    /// Batches under way.
    active: u32,
    /// At most so many batches at once, until then: the destination refused one more.
    congestion: Option<(u32, Timestamp)>,
    /// Outages so far.
    outages: u64,
}

/// Every so many claims the oldest item goes, whatever its priority: so that `Low` is never starved. With `Stat` items without
/// end, `Low` gets one batch in ten (and one more between for each other worker that decides at the same moment).
const FAIR: u32 = 10;
/// Seconds for which fewer associations are used after the destination refused one while others were open.
const CONGESTION_SECONDS: f64 = 60.0;

/// State of a destination, as the API shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct LaneStatus {
    pub paused: bool,
    pub unreachable_since: Option<Timestamp>,
    pub next_probe: Option<Timestamp>,
    pub outages: u64,
    /// When the next window opens, if all are closed now.
    pub opens: Option<Timestamp>,
    pub outside_window: bool,
    pub instances_per_second: f64,
}

/// What a worker is to do next.
pub(super) enum Turn {
    /// Claim at most so many; unless its standing is good, after a C-ECHO. `trial`: alone.
    Send {
        most: u32,
        pick: Pick,
        standing: Standing,
        trial: bool,
        /// Go one at a time until what was claimed is paid for.
        paying: bool,
        seen: Seen,
    },
    /// See whether the destination is back.
    Probe,
    Wait(Idle),
    Stop,
}

/// For whom, and after how many pokes, a look into the queue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    reserved: bool,
    pokes: u64,
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
                window_open: true,
                ..State::default()
            }),
            wake: Condvar::new(),
        }
    }

    /// As the database remembers it: paused, in an outage. The outage goes on with one probe, soon, so that a restart
    /// is no stampede.
    pub fn restored(
        record: &DestinationRecord,
        settings: DestinationSettings,
        tools: Arc<Tools>,
    ) -> Lane {
        let now = tools.clock.now();
        let jitter = (tools.jitter)();
        let lane = Lane::new(record.name.clone(), settings, tools, record.paused);
        {
            let mut state = lane.lock();
            state.outages = record.outages;
            if let Some(outage) = record.outage {
                state.breaker = Breaker::restored(outage.since, outage.failures, now, jitter);
            }
        }
        lane
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
                state.throttle.forgive();
                state.congestion = None;
            }
        });
    }

    /// Whether there are other lanes to share the transport with.
    pub fn set_shared(&self, shared: bool) {
        self.change(|state| state.shared = shared);
    }

    pub fn status(&self) -> LaneStatus {
        let now = self.tools.clock.now();
        let outside_window = !self.is_window_open(now);
        let mut state = self.lock();
        LaneStatus {
            paused: state.paused,
            outages: state.outages,
            opens: if outside_window {
                self.next_opening(now)
            } else {
                None
            },
            outside_window,
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

    /// Items that are being sent were cancelled: they are left out, from the next instance on.
    pub fn recall(&self) {
        self.tools.transport.recall();
    }

    pub(super) fn probe(&self) -> Probe {
        self.tools
            .transport
            .probe(&self.name, self.settings.timeout)
    }

    fn is_window_open(&self, now: Timestamp) -> bool {
        windows::is_open(&self.settings.windows, now, &self.tools.zone)
    }

    fn next_opening(&self, now: Timestamp) -> Option<Timestamp> {
        windows::next_opening(&self.settings.windows, now, &self.tools.zone)
    }

    /// Whether this worker serves only `High` and `Stat`.
    fn is_reserved(&self, worker: u32) -> bool {
        worker
            >= self
                .settings
                .associations
                .saturating_sub(self.settings.reserved_associations)
    }

    /// What the worker with this number (from 0) is to do now.
    pub(super) fn turn(&self, worker: u32) -> Turn {
        let now = self.tools.clock.now();
        let open = self.is_window_open(now);
        let reserved = self.is_reserved(worker);
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
        if open != state.window_open {
            // What a closed window held may go now. A look that began before says nothing of it.
            state.window_open = open;
            state.pokes = state.pokes.wrapping_add(1);
        }
        if state.empty_at[usize::from(reserved)] == Some(state.pokes) {
            let until = if open { None } else { self.next_opening(now) };
            return idle(until, &state);
        }
        if reserved && !open {
            return idle(self.next_opening(now), &state);
        }
        match state.congestion {
            // A clock that was set back lengthens nothing.
            Some((_, until)) if now >= until || until > now.plus_seconds(CONGESTION_SECONDS) => {
                state.congestion = None;
            }
            Some((most, until)) if state.active >= most => return idle(Some(until), &state),
            _ => {}
        }
        let paying = self.settings.max_bytes_per_second > 0;
        if paying {
            if state.paying {
                return idle(None, &state);
            }
            let until = state.throttle.next(now);
            if now < until {
                return idle(Some(until), &state);
            }
        }
        let standing = state.manners.standing();
        let trial = standing == Standing::Suspect;
        if trial {
            if state.trial {
                return idle(None, &state);
            }
            let until = state.manners.not_before(now);
            if now < until {
                return idle(Some(until), &state);
            }
            state.trial = true;
        }
        state.paying = paying;
        let most = if paying {
            1
        } else {
            state.manners.batch(self.settings.batch_size, state.shared)
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
            paying,
            seen: Seen {
                reserved,
                pokes: state.pokes,
            },
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

    /// There was nothing for such a worker.
    pub(super) fn empty(&self, seen: Seen) {
        self.lock().empty_at[usize::from(seen.reserved)] = Some(seen.pokes);
    }

    /// Something of these bytes was claimed and goes now.
    pub(super) fn claimed(&self, bytes: u64, pick: Pick) {
        let now = self.tools.clock.now();
        let rate = self.settings.max_bytes_per_second;
        self.change(|state| {
            state.active += 1;
            state.throttle.spend(bytes, rate, now);
            match pick {
                Pick::Oldest => state.unfair = 0,
                Pick::MostUrgent => state.unfair = state.unfair.saturating_add(1),
                // Neither keeps another worker's `Low` waiting.
                Pick::AtLeast(_) | Pick::Hurried => {}
            }
        });
    }

    /// These bytes of what was claimed did not go after all: they are not owed.
    pub(super) fn not_sent(&self, bytes: u64) {
        if bytes > 0 {
            let rate = self.settings.max_bytes_per_second;
            self.change(|state| state.throttle.refund(bytes, rate));
        }
    }

    /// What a probe by C-STORE may take: a closed window holds for it too.
    pub(super) fn pick_of_probe(&self) -> Pick {
        if self.is_window_open(self.tools.clock.now()) {
            Pick::MostUrgent
        } else {
            Pick::Hurried
        }
    }

    /// The batch is over.
    pub(super) fn done(&self) {
        self.change(|state| state.active = state.active.saturating_sub(1));
    }

    /// What was claimed is paid for.
    pub(super) fn paid(&self) {
        self.change(|state| state.paying = false);
    }

    /// The destination refused an association. While others are open that means that it wants no more of them: fewer are
    /// used for a while. `false`: no other one is open.
    pub(super) fn congested(&self, outcome: &Outcome) -> bool {
        let now = self.tools.clock.now();
        let others = self.change(|state| {
            let others = state.active.saturating_sub(1);
            if others > 0 {
                state.congestion = Some((others, now.plus_seconds(CONGESTION_SECONDS)));
            }
            others
        });
        if others > 0 {
            log::warn!(
                "{}: refused one more association, using {others} for a minute: {}",
                self.name,
                outcome.details
            );
        }
        others > 0
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
            self.keep_outage(None);
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
        let (began, stopped, outage) = self.change(|state| {
            let began = state.breaker.failed(now, jitter);
            state.outages += u64::from(began && !state.stopped);
            let outage = state.breaker.outage().map(|outage| Outage {
                since: outage.since,
                failures: outage.failures,
            });
            (began, state.stopped, outage)
        });
        if stopped {
            // Cut by ourselves.
            return;
        }
        self.keep_outage(outage.as_ref());
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

    /// For the next start. Best effort: without it the outage is found again by its first probe.
    fn keep_outage(&self, outage: Option<&Outage>) {
        if let Err(error) = self.tools.store.set_outage(&self.name, outage) {
            log::debug!("{}: the outage could not be kept: {error}", self.name);
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
