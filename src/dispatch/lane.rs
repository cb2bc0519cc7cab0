//! One destination: what its workers share.
//!
//! Invariants:
//! - Nothing here is shared with another lane but the store and what the transport itself shares.
//! - The lane's lock is never held across a call of the store or the transport.
//! - Pausing, outages and bad manners belong to the lane: items stay `Pending` meanwhile.

mod hold;
mod record;
mod turn;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use parking_lot::{Condvar, Mutex, MutexGuard};

use self::hold::Hold;
use super::alone::Alone;
use super::breaker::Breaker;
use super::budget::Budget;
use super::figures::Figures;
use super::history::Recorder;
use super::manners::Manners;
use super::rate::Rate;
use super::throttle::Throttle;
use crate::config::settings::{AssociationPer, DestinationSettings};
use crate::item::{Class, Clock, Outcome, Timestamp};
use crate::store::{Claim, DestinationRecord, LastError, Outage, Pick, Store};
use crate::transport::{Probe, Standing, Transport};

pub(super) use self::hold::{Others, group_of};
pub use self::turn::Idle;
pub(super) use self::turn::{Seen, Turn};

/// What every lane works with.
pub struct Tools {
    pub store: Arc<dyn Store>,
    pub transport: Arc<dyn Transport>,
    pub clock: Arc<dyn Clock>,
    /// Local time, for the windows.
    pub zone: TimeZone,
    /// Memory for what is in flight, all destinations together.
    pub budget: Arc<Budget>,
    /// Everybody is inside while a batch goes.
    pub alone: Alone,
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
    /// Instances and bytes that were answered for.
    rate: Rate,
    byte_rate: Rate,
    figures: Figures,
    history: Recorder,
    /// Counts all changes, so that one between looking and waiting is not lost.
    changes: u64,
    /// Counts those that may have brought work.
    pokes: u64,
    /// The poke at which the queue was last seen empty: by workers for everything, by reserved ones.
    empty_at: [Option<u64>; 2],
    window_open: bool,
    /// A person wants all of it sent now: a closed window holds nothing until the queue was seen empty with no batch
    /// under way. Not kept over a restart.
    let_through: bool,
    throttle: Throttle,
    /// A worker is between its turn and the record of what it claimed: of bytes that the throttle counts, or of a group that no
    /// other one may claim of.
    claiming: bool,
    /// By worker: the group that has its association to itself.
    holds: BTreeMap<u32, Hold>,
    /// Claims of workers for everything since the last fair one; every tenth (`turn::FAIR`) is fair.
    unfair: u32,
    /// Batches under way.
    active: u32,
    /// Workers that were told to send and are not done with it: they may hold what no one else sees.
    sending: u32,
    /// At most so many batches at once, until then: the destination refused one more.
    congestion: Option<(u32, Timestamp)>,
    /// Outages so far.
    outages: u64,
}

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
    pub bytes_per_second: f64,
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

    /// The machine's clock was set: a window may have opened or closed.
    pub fn clock_was_set(&self) {
        self.change(|_| ());
    }

    pub fn stop(&self) {
        self.change(|state| state.stopped = true);
    }

    pub fn set_paused(&self, paused: bool) {
        let now = self.tools.clock.now();
        self.change(|state| {
            state.paused = paused;
            if paused {
                // The way to take back a mistaken `send_now`.
                state.let_through = false;
            } else {
                // Whoever resumes wants to see it work: no waiting for the next probe.
                state.breaker.hurry(now);
                state.manners.hurry();
                state.throttle.forgive();
                state.congestion = None;
            }
        });
    }

    /// A person wants what waits sent now: an outage is probed at once, and if something waits, a closed window is let through
    /// until nothing is pending, or the destination is paused. What fails meanwhile and waits for its retry waits for the
    /// window again. A pause stays.
    pub fn send_now(&self, something_waits: bool) {
        let now = self.tools.clock.now();
        self.change(|state| {
            state.let_through |= something_waits;
            state.pokes = state.pokes.wrapping_add(1);
            state.breaker.hurry(now);
            state.manners.hurry();
        });
    }

    /// Whether there are other lanes to share the transport with.
    pub fn set_shared(&self, shared: bool) {
        self.change(|state| state.shared = shared);
    }

    pub fn status(&self) -> LaneStatus {
        let now = self.tools.clock.now();
        let closed = !self.is_window_open(now);
        let mut state = self.lock();
        let outside_window = closed && !state.let_through;
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
            bytes_per_second: state.byte_rate.per_second(now),
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

    /// Counts what may have brought work.
    pub(super) fn pokes(&self) -> u64 {
        self.lock().pokes
    }

    pub(super) fn is_outside_window(&self) -> bool {
        !self.may_pass(self.tools.clock.now())
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

    /// Whether each group has an association to itself.
    pub(super) fn is_per_group(&self) -> bool {
        self.settings.association_per == AssociationPer::Group
    }

    /// This was claimed by the worker and goes now.
    pub(super) fn claimed(&self, worker: u32, claim: &Claim, pick: Pick) {
        let now = self.tools.clock.now();
        let rate = self.settings.max_bytes_per_second;
        let bytes = claim.items.iter().map(|item| item.size_bytes).sum();
        self.change(|state| {
            state.active += 1;
            state.throttle.spend(bytes, rate, now);
            if self.is_per_group() && !self.take_in_hand(state, worker, claim, now) {
                // More of what was chosen before.
                return;
            }
            match pick {
                Pick::Oldest => state.unfair = 0,
                Pick::MostUrgent => state.unfair = state.unfair.saturating_add(1),
                // Neither keeps another worker's `Low` waiting.
                Pick::AtLeast(_) | Pick::Hurried | Pick::Aside => {}
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
        if self.may_pass(self.tools.clock.now()) {
            Pick::MostUrgent
        } else {
            Pick::Hurried
        }
    }

    /// The batch is over.
    pub(super) fn done(&self) {
        self.change(|state| state.active = state.active.saturating_sub(1));
    }

    /// What was claimed is recorded, or there was nothing.
    pub(super) fn recorded(&self) {
        self.change(|state| state.claiming = false);
    }

    /// The destination refused an association. While others are open that means that it wants no more of them: fewer are
    /// used for a while. `false`: no other one is open.
    pub(super) fn congested(&self, outcome: &Outcome) -> bool {
        let now = self.tools.clock.now();
        let others = self.change(|state| {
            let others = state.in_use().saturating_sub(1);
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

    /// What a worker was told to send is sent, or there was nothing.
    pub(super) fn sent(&self) {
        let mut state = self.lock();
        state.sending = state.sending.saturating_sub(1);
    }

    pub(super) fn trial_over(&self) {
        self.change(|state| state.trial = false);
    }

    /// The destination answered for `count` instances of so many bytes.
    pub(super) fn answered(&self, count: usize, bytes: u64, took: Duration) {
        let now = self.tools.clock.now();
        let mut state = self.lock();
        let was_well =
            state.manners.standing() == Standing::Good && state.breaker.outage().is_none();
        state.manners.answered(count, took);
        state.rate.add(now, count as u64);
        state.byte_rate.add(now, bytes);
        drop(state);
        if !was_well {
            // Others may have waited for this. For each instance of a long study nobody is to be woken.
            self.change(|_| ());
            self.reached();
        }
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
            outcome.for_log()
        );
    }

    pub(super) fn unreachable(&self, outcome: &Outcome) {
        let now = self.tools.clock.now();
        let jitter = (self.tools.jitter)();
        let (began, stopped, outage) = self.change(|state| {
            let began = state.breaker.failed(now, jitter);
            state.outages += u64::from(began && !state.stopped);
            if !state.stopped {
                state.figures.unreachable();
            }
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
        self.state.lock()
    }
}
