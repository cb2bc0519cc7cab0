//! When what a destination acknowledged is asked for ([`crate::store::Confirmations`]).
//!
//! Invariants:
//! - One worker of a lane asks at a time, one that may take anything and has no group in hand; it sits on a seat of the
//!   wire meanwhile, and the same outage, pause and windows hold for it.
//! - Sending comes first; but each time that so many batches went, whatever is due is asked for before the next: a
//!   queue that is never empty does not let deliveries time out.
//! - A look that found nothing loses none: what comes to be asked for meanwhile is told behind it.

use super::{Lane, LaneState, Turn};
use crate::dispatch::wire::WireState;
use crate::item::Timestamp;
use crate::transport::Standing;

/// Batches that go before what is due is asked for.
const BATCHES: u32 = 10;

#[derive(Debug, Default)]
pub(super) struct Asking {
    /// When to look next; `None`: nothing is to be asked for, as far as is known.
    due: Option<Timestamp>,
    /// A worker is at it.
    busy: bool,
    /// Batches since then.
    batches: u32,
}

impl Asking {
    /// `true`: there is something to be asked for, nobody knows when.
    pub fn new(waits: bool) -> Asking {
        Asking {
            due: waits.then(Timestamp::default),
            ..Asking::default()
        }
    }

    /// When a worker that has nothing to send is to look again.
    pub fn until(&self) -> Option<Timestamp> {
        self.due.filter(|_| !self.busy)
    }

    pub fn is_time(&self, now: Timestamp) -> bool {
        self.until().is_some_and(|due| due <= now)
    }

    /// Whether it goes before the next batch.
    pub fn is_pressing(&self) -> bool {
        self.batches >= BATCHES
    }

    pub fn sends(&mut self) {
        self.batches = self.batches.saturating_add(1);
    }
}

impl Lane {
    /// The worker's turn is to ask, if it finds a seat.
    ///
    /// # Errors
    /// When to look again.
    pub(super) fn turn_to_ask(
        &self,
        state: &mut LaneState,
        wire: &mut WireState,
        worker: u32,
        now: Timestamp,
    ) -> Result<Turn, Option<Timestamp>> {
        if wire.manners.standing() == Standing::Suspect {
            let until = wire.manners.not_before();
            if now < until {
                return Err(Some(until));
            }
        }
        if let Some(until) = wire.congestion(now) {
            return Err(Some(until));
        }
        wire.sit_down(&self.wire, self.place(worker), false, now)?;
        wire.take_seat(self.place(worker));
        state.sending += 1;
        state.asking.busy = true;
        state.asking.batches = 0;
        // What is told of from now on is kept.
        state.asking.due = None;
        Ok(Turn::Ask(self.terms()))
    }

    /// Something is to be asked for then.
    pub(in crate::dispatch) fn will_ask(&self, due: Option<Timestamp>) {
        let Some(due) = due else {
            return;
        };
        // For each image of a study nobody is to be woken.
        if self.lock().asking.due.is_some_and(|known| known <= due) {
            return;
        }
        self.change(|state| {
            let known = state.asking.due.get_or_insert(due);
            *known = due.min(*known);
        });
    }

    /// The worker is done with asking.
    pub(in crate::dispatch) fn asked(&self, worker: u32) {
        self.wire.lay_down(self.place(worker));
        self.change(|state| state.asking.busy = false);
    }

    /// A person wants something asked for, or what is to be asked for may have been missed.
    pub fn ask_soon(&self) {
        self.will_ask(Some(self.tools.clock.now()));
    }
}
