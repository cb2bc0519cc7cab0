//! What all names of one target share: whether it can be reached, how it behaves, how many associations it takes, its
//! throttle.
//!
//! Invariants:
//! - One wire for each target, whatever it is called: what a destination learns of it holds for all its names.
//! - Its lock is taken within a lane's, never the other way round, and never held across a call of the store or an
//!   endpoint.
//! - What may concern lanes that wait is told to all lanes of the wire after the lock is free.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard, RwLock};

use super::Lane;
use super::breaker::{self, Breaker};
use super::manners::Manners;
use super::throttle::Throttle;
use crate::config::settings::DestinationSettings;
use crate::item::Timestamp;
use crate::store::Outage;
use crate::transport::Standing;

/// Seconds for which fewer associations are used after the destination refused one while others were open.
const CONGESTION_SECONDS: f64 = 60.0;

/// For so long a free seat is kept for a lane that found none before.
const KEPT_SECONDS: f64 = 0.1;

pub struct Wire {
    /// The target's own name.
    pub(super) target: String,
    /// Its lock is taken within any other, for a look only.
    limits: RwLock<Limits>,
    state: Mutex<WireState>,
    lanes: Mutex<Vec<(usize, Weak<Lane>)>>,
}

/// What the target's own settings say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// At most so many associations, and so many of them for what is urgent only.
    pub associations: u32,
    pub reserved: u32,
    /// Bytes per second; 0: no limit.
    rate: u64,
}

impl Limits {
    fn of(settings: &DestinationSettings) -> Limits {
        Limits {
            associations: settings.associations,
            reserved: settings.reserved_associations,
            rate: settings.max_bytes_per_second,
        }
    }
}

#[derive(Default)]
pub(super) struct WireState {
    pub(super) breaker: Breaker,
    pub(super) manners: Manners,
    pub(super) throttle: Throttle,
    /// A worker tries out whether a suspect answers.
    pub(super) trial: bool,
    /// A worker is between its turn and the record of the bytes that it claimed.
    pub(super) claiming: bool,
    seats: BTreeMap<Place, Seat>,
    /// The lane that found no seat, and until when one is kept for it, once there is one: a lane with a long queue lets
    /// others in.
    wanting: Option<(usize, Option<Timestamp>)>,
    /// At most so many batches at once, until then: the destination refused one more.
    congestion: Option<(u32, Timestamp)>,
    /// Outages so far.
    pub(super) outages: u64,
}

/// A worker of a lane: its number, after the lane's own on the wire.
pub(super) type Place = (usize, u32);

/// A worker that may have an association.
struct Seat {
    reserved: bool,
    /// It has one in use, or keeps one for its group.
    open: bool,
}

impl Wire {
    /// `settings`: the target's own.
    pub fn new(target: &str, settings: &DestinationSettings) -> Wire {
        Wire {
            target: target.to_owned(),
            limits: RwLock::new(Limits::of(settings)),
            state: Mutex::default(),
            lanes: Mutex::default(),
        }
    }

    pub(super) fn limits(&self) -> Limits {
        *self.limits.read()
    }

    /// The target's settings are these now. What was learnt of it is kept; what another throttle made wait goes at
    /// once.
    pub(super) fn set_limits(&self, settings: &DestinationSettings) {
        let new = Limits::of(settings);
        let old = std::mem::replace(&mut *self.limits.write(), new);
        if old == new {
            return;
        }
        self.change(|state| {
            if old.rate != new.rate {
                state.throttle.forgive();
            }
        });
    }

    /// An outage that lasted when the process ended goes on with one probe, soon, so that a restart is no stampede.
    pub fn restore(&self, outage: Option<Outage>, outages: u64, now: Timestamp, jitter: f64) {
        let mut state = self.lock();
        state.outages = outages;
        if let Some(outage) = outage {
            state.breaker = Breaker::restored(outage.since, outage.failures, now, jitter);
        }
    }

    /// A lane that leads here; answers its number.
    pub(super) fn join(&self, lane: &Weak<Lane>) -> usize {
        let mut lanes = self.lanes.lock();
        lanes.retain(|(_, lane)| lane.strong_count() > 0);
        let number = lanes.last().map_or(0, |(number, _)| number + 1);
        lanes.push((number, lane.clone()));
        number
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, WireState> {
        self.state.lock()
    }

    /// Changes what lanes may wait for.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut WireState) -> R) -> R {
        let result = change(&mut self.lock());
        self.tell();
        result
    }

    /// Whoever waits looks again.
    fn tell(&self) {
        // Not under the list's lock: the last lane could end here.
        let lanes: Vec<Arc<Lane>> = (self.lanes.lock().iter())
            .filter_map(|(_, lane)| lane.upgrade())
            .collect();
        for lane in lanes {
            lane.look_again();
        }
    }

    /// Whether bytes are counted.
    pub(super) fn is_throttled(&self) -> bool {
        self.limits().rate > 0
    }

    /// The worker has an association in use from now on, for so many bytes.
    pub(super) fn take_up(&self, place: Place, reserved: bool, bytes: u64, now: Timestamp) {
        let mut state = self.lock();
        state.throttle.spend(bytes, self.limits().rate, now);
        let open = true;
        state.seats.insert(place, Seat { reserved, open });
    }

    /// The worker's association is no longer in use.
    pub(super) fn lay_down(&self, place: Place) {
        self.change(|state| state.seats.remove(&place));
    }

    /// The worker needs its seat no longer, unless it has an association.
    pub(super) fn leave(&self, place: Place) {
        let mut state = self.lock();
        let left = state.seats.get(&place).is_some_and(|seat| !seat.open);
        if left {
            state.seats.remove(&place);
        }
        let is_wanted = state.wanting.is_some();
        drop(state);
        // A lane alone has a seat for each of its workers, but while its number of seats changes.
        if left && (is_wanted || self.lanes.lock().len() > 1) {
            self.tell();
        }
    }

    /// These bytes did not go after all: they are not owed.
    pub(super) fn refund(&self, bytes: u64) {
        self.change(|state| state.throttle.refund(bytes, self.limits().rate));
    }

    /// A person wants it tried now.
    pub(super) fn hurry(&self, now: Timestamp) {
        self.change(|state| {
            state.breaker.hurry(now);
            state.manners.hurry();
        });
    }

    /// What was learnt of how much it takes is forgotten.
    pub(super) fn forgive(&self) {
        self.change(|state| {
            state.throttle.forgive();
            state.congestion = None;
        });
    }

    /// An association was refused. While others are open that means that the destination wants no more of them: fewer
    /// are used for a while. Answers how many; 0: no other one is open.
    pub(super) fn congested(&self, now: Timestamp) -> u32 {
        self.change(|state| {
            let others = state.in_use().saturating_sub(1);
            if others > 0 {
                state.congestion = Some((others, now.plus_seconds(CONGESTION_SECONDS)));
            }
            others
        })
    }

    /// It answered for so many instances. `false`: nothing was wrong before.
    pub(super) fn answered(&self, count: usize, took: Duration) -> bool {
        let mut state = self.lock();
        let was_well =
            state.manners.standing() == Standing::Good && state.breaker.outage().is_none();
        state.manners.answered(count, took);
        drop(state);
        if !was_well {
            // Others may have waited for this. For each instance of a long study nobody is to be woken.
            self.tell();
        }
        !was_well
    }

    pub(super) fn misbehaved(&self, now: Timestamp) {
        self.change(|state| state.manners.misbehaved(now));
    }

    /// It can be reached; answers the outage that this ended.
    pub(super) fn reached(&self) -> Option<breaker::Outage> {
        self.change(|state| state.breaker.answered())
    }

    /// It cannot. Answers the outage, and whether this began it.
    /// `counted`: it was not cut by ourselves.
    pub(super) fn unreachable(
        &self,
        counted: bool,
        now: Timestamp,
        jitter: f64,
    ) -> (Option<Outage>, bool) {
        self.change(|state| {
            let began = state.breaker.failed(now, jitter);
            state.outages += u64::from(began && counted);
            let outage = state.breaker.outage().map(|outage| Outage {
                since: outage.since,
                failures: outage.failures,
            });
            (outage, began)
        })
    }
}

impl WireState {
    /// Associations in use, and those that are kept open for their group.
    pub(super) fn in_use(&self) -> u32 {
        let open = self.seats.values().filter(|seat| seat.open).count();
        u32::try_from(open).unwrap_or(u32::MAX)
    }

    /// Whether the destination wants no more associations than are in use; until when.
    pub(super) fn congestion(&mut self, now: Timestamp) -> Option<Timestamp> {
        let (most, until) = self.congestion?;
        if now >= until {
            self.congestion = None;
            return None;
        }
        (self.in_use() >= most).then_some(until)
    }

    /// The same for who only asks, whatever the time.
    pub(super) fn is_congested(&self) -> bool {
        (self.congestion).is_some_and(|(most, _)| self.in_use() >= most)
    }

    /// Whoever sits there has an association in use.
    pub(super) fn take_seat(&mut self, place: Place) {
        if let Some(seat) = self.seats.get_mut(&place) {
            seat.open = true;
        }
    }

    /// The next seat that is free is kept for this lane for a moment, unless one is for another.
    pub(super) fn want(&mut self, place: Place) {
        self.wanting.get_or_insert((place.0, None));
    }

    /// A seat for a worker.
    ///
    /// # Errors
    /// When to look again, if none is free for it: then, or when woken.
    pub(super) fn sit_down(
        &mut self,
        wire: &Wire,
        place: Place,
        reserved: bool,
        now: Timestamp,
    ) -> Result<(), Option<Timestamp>> {
        if self.seats.contains_key(&place) {
            return Ok(());
        }
        let taken = |which: fn(&Seat) -> bool| {
            u32::try_from(self.seats.values().filter(|seat| which(seat)).count())
                .unwrap_or(u32::MAX)
        };
        let most = wire.limits();
        let free = taken(|_| true) < most.associations
            && (reserved || taken(|seat| !seat.reserved) < most.associations - most.reserved);
        if !free {
            self.want(place);
            return Err(None);
        }
        match &mut self.wanting {
            Some((lane, until)) if *lane != place.0 && !reserved => {
                let until = *until.get_or_insert(now.plus_seconds(KEPT_SECONDS));
                if now < until {
                    return Err(Some(until));
                }
                self.wanting = None;
            }
            Some((lane, _)) if *lane == place.0 => self.wanting = None,
            _ => {}
        }
        let open = false;
        self.seats.insert(place, Seat { reserved, open });
        Ok(())
    }
}
