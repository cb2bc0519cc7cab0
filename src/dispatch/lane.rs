//! One destination: what its workers share.
//!
//! Invariants:
//! - Nothing here is shared with another lane but the store, and the wire with other names of the same target.
//! - The lane's lock is never held across a call of the store or the endpoint.
//! - Pausing, outages and bad manners belong to the lane: items stay `Pending` meanwhile.

mod asking;
mod hold;
mod record;
mod staff;
mod steer;
mod turn;

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use jiff::tz::TimeZone;
use parking_lot::{Condvar, Mutex, MutexGuard, RwLock};

use self::asking::Asking;
use self::hold::Hold;
use self::staff::Staff;
use super::alone::Alone;
use super::figures::Figures;
use super::history::Recorder;
use super::hours::Hours;
use super::rate::Rate;
use super::wire::{Place, Wire};
use crate::config::settings::{AssociationPer, DestinationSettings};
use crate::destinations::{Destination, Directory, Endpoint};
use crate::item::{Class, Clock, Outcome, Timestamp};
use crate::service::Services;
use crate::store::{Claim, LastError, Outage, Pick, Store};
use crate::transport::Probe;
use crate::transport::budget::Budget;

pub(super) use self::hold::{Others, group_of};
pub use self::steer::LaneStatus;
pub use self::turn::Idle;
pub(super) use self::turn::{Exclusive, Seen, Turn};

/// What every lane works with.
pub struct Tools {
    pub store: Arc<dyn Store>,
    /// Where instances can go.
    pub directory: Arc<Directory>,
    pub clock: Arc<dyn Clock>,
    /// Local time, for the windows.
    pub zone: TimeZone,
    /// Memory for what is in flight, all destinations together.
    pub budget: Arc<Budget>,
    /// Everybody is inside while a batch goes.
    pub alone: Alone,
    /// Where workers get their threads.
    pub services: Arc<Services>,
    /// Reports of storage commitments that are kept for all destinations together.
    pub reports: u32,
    /// A number in 0..1.
    pub jitter: fn() -> f64,
}

pub struct Lane {
    pub(super) name: String,
    /// Replaced under the lane's lock; its own is taken within any other, for a look only.
    terms: RwLock<Arc<Terms>>,
    pub(super) tools: Arc<Tools>,
    /// What it shares with other names of its target.
    pub(super) wire: Arc<Wire>,
    /// Its number among them.
    number: usize,
    me: Weak<Lane>,
    state: Mutex<LaneState>,
    wake: Condvar,
}

/// What the database remembers of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known {
    pub paused: bool,
    /// Something that it acknowledged is to be asked for.
    pub confirming: bool,
}

/// How it is sent: whoever does something takes them once for all of it.
pub(super) struct Terms {
    pub settings: DestinationSettings,
    pub endpoint: Arc<dyn Endpoint>,
}

impl Terms {
    /// Whether a group is in one worker's hand at a time.
    pub fn keeps_groups(&self) -> bool {
        !self.settings.splits()
    }

    /// Whether each group has an association to itself.
    pub fn is_per_group(&self) -> bool {
        self.settings.association_per == AssociationPer::Group
    }
}

#[derive(Default)]
struct LaneState {
    /// Orthanc stops.
    stopped: bool,
    /// The destination is no longer one: what is under way goes on, nothing more is claimed.
    closed: bool,
    paused: bool,
    /// Instances and bytes that were answered for.
    rate: Rate,
    byte_rate: Rate,
    figures: Figures,
    history: Recorder,
    /// What was sent, until the book of hours takes it.
    hours: Hours,
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
    /// A worker is between its turn and the record of the group that it claimed of, of which no other one may claim.
    claiming: bool,
    /// By worker: the group that has its association to itself.
    holds: BTreeMap<u32, Hold>,
    /// Claims of workers for everything since the last fair one; every tenth (`turn::FAIR`) is fair.
    unfair: u32,
    /// When what was acknowledged is asked for.
    asking: Asking,
    /// Batches under way.
    active: u32,
    /// Workers that were told to send and are not done with it: they may hold what no one else sees.
    sending: u32,
    staff: Staff,
}

impl Lane {
    pub fn new(
        destination: Destination,
        settings: DestinationSettings,
        wire: Arc<Wire>,
        tools: Arc<Tools>,
        known: &Known,
    ) -> Arc<Lane> {
        Arc::new_cyclic(|me| Lane {
            name: destination.name,
            terms: RwLock::new(Arc::new(Terms {
                settings,
                endpoint: destination.endpoint,
            })),
            tools,
            number: wire.join(me),
            wire,
            me: me.clone(),
            state: Mutex::new(LaneState {
                paused: known.paused,
                asking: Asking::new(known.confirming),
                window_open: true,
                ..LaneState::default()
            }),
            wake: Condvar::new(),
        })
    }

    /// The settings in force, and the way to the destination that was made of them.
    pub(super) fn terms(&self) -> Arc<Terms> {
        self.terms.read().clone()
    }

    /// Whether nothing has replaced these.
    pub(super) fn is_under(&self, terms: &Arc<Terms>) -> bool {
        Arc::ptr_eq(terms, &self.terms.read())
    }

    /// The settings are others now. The instance that is on its way goes on as it began, what is sent as one job too;
    /// their group is over with it.
    pub(super) fn take_over(&self, terms: Terms) {
        self.change(|state| {
            *self.terms.write() = Arc::new(terms);
            for hold in state.holds.values_mut() {
                hold.end();
            }
            // What was left where it is may go now.
            state.pokes = state.pokes.wrapping_add(1);
        });
    }

    /// There may be something to send.
    pub fn poke(&self) {
        self.change(|state| state.pokes = state.pokes.wrapping_add(1));
    }

    /// Whoever waits asks for its turn again.
    pub(super) fn look_again(&self) {
        self.change(|_| ());
    }

    pub fn stop(&self) {
        self.change(|state| state.stopped = true);
    }

    /// The destination is no longer configured.
    pub(super) fn close(&self) {
        self.change(|state| state.closed = true);
    }

    pub(super) fn probe(&self) -> Probe {
        self.terms().endpoint.probe()
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
        !state.is_over() && !state.paused
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    /// There was nothing for such a worker.
    pub(super) fn empty(&self, seen: Seen) {
        self.lock().empty_at[usize::from(seen.reserved)] = Some(seen.pokes);
    }

    /// This was claimed by the worker and goes now.
    pub(super) fn claimed(&self, worker: u32, claim: &Claim, pick: Pick, terms: &Arc<Terms>) {
        let now = self.tools.clock.now();
        let bytes = claim.items.iter().map(|item| item.size_bytes).sum();
        self.change(|state| {
            state.active += 1;
            let reserved = self.is_reserved(worker);
            self.wire.take_up(self.place(worker), reserved, bytes, now);
            if terms.keeps_groups() && !self.take_in_hand(state, worker, claim, now, terms) {
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
        if bytes > 0 && self.wire.is_throttled() {
            self.wire.refund(bytes);
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

    /// The worker's batch is over.
    pub(super) fn done(&self, worker: u32) {
        let kept = self.change(|state| {
            state.active = state.active.saturating_sub(1);
            state.end_of_claim(worker);
            state.holds.contains_key(&worker)
        });
        if !kept {
            self.wire.lay_down(self.place(worker));
        }
    }

    /// What was claimed is recorded, or there was nothing.
    pub(super) fn recorded(&self) {
        self.change(|state| state.claiming = false);
    }

    /// The same, and its bytes are.
    pub(super) fn paid(&self) {
        self.recorded();
        self.wire.change(|state| state.claiming = false);
    }

    /// The destination refused an association, of which it may have had too many. `false`: no other one is open.
    pub(super) fn congested(&self, outcome: &Outcome) -> bool {
        let others = self.wire.congested(self.tools.clock.now());
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
    pub(super) fn sent(&self, worker: u32) {
        let mut state = self.lock();
        state.sending = state.sending.saturating_sub(1);
        drop(state);
        self.wire.leave(self.place(worker));
    }

    pub(super) fn trial_over(&self) {
        self.wire.change(|state| state.trial = false);
    }

    /// The destination answered for `count` instances of so many bytes.
    pub(super) fn answered(&self, count: usize, bytes: u64, took: Duration) {
        let now = self.tools.clock.now();
        let mut state = self.lock();
        state.rate.add(now, count as u64);
        state.byte_rate.add(now, bytes);
        drop(state);
        if self.wire.answered(count, took) {
            self.reached();
        }
    }

    /// Whether the probe that [`Turn::Probe`] asked for is still without a result.
    pub(super) fn is_probing(&self) -> bool {
        self.wire.lock().breaker.is_probing()
    }

    /// It can be reached.
    pub(super) fn reached(&self) {
        let now = self.tools.clock.now();
        if let Some(outage) = self.wire.reached() {
            self.keep_outage(None, "", now);
            log::warn!(
                "{}: reachable again after {} s",
                self.name,
                now.since(outage.since).as_secs()
            );
        }
    }

    pub(super) fn misbehaved(&self, outcome: &Outcome) {
        self.wire.misbehaved(self.tools.clock.now());
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
        let stopped = self.change(|state| {
            if !state.stopped {
                state.figures.unreachable();
            }
            state.stopped
        });
        let (outage, began) = self.wire.unreachable(!stopped, now, jitter);
        if stopped {
            // Cut by ourselves.
            return;
        }
        self.keep_outage(outage.as_ref(), &outcome.details, now);
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
    fn keep_outage(&self, outage: Option<&Outage>, why: &str, now: Timestamp) {
        let store = &self.tools.store;
        if let Err(error) = store.set_outage(&self.wire.target, outage, why, now) {
            log::debug!("{}: the outage could not be kept: {error}", self.name);
        }
    }

    /// The place of one of its workers among all that use the wire.
    fn place(&self, worker: u32) -> Place {
        (self.number, worker)
    }

    fn change<R>(&self, change: impl FnOnce(&mut LaneState) -> R) -> R {
        let mut state = self.lock();
        state.changes = state.changes.wrapping_add(1);
        let result = change(&mut state);
        let missing = self.hire(&mut state);
        drop(state);
        self.wake.notify_all();
        self.begin(missing);
        result
    }

    fn lock(&self) -> MutexGuard<'_, LaneState> {
        self.state.lock()
    }
}
