//! What people ask of a lane, and are shown of it.

use std::time::Duration;

use super::Lane;
use crate::destinations::Description;
use crate::item::{Outcome, Timestamp};
use crate::transport::Probe;

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
    /// Deliveries that it did not confirm, since the start.
    pub not_confirmed: u64,
}

impl Lane {
    pub fn set_paused(&self, paused: bool) {
        self.change(|state| {
            state.paused = paused;
            // The way to take back a mistaken `send_now`.
            state.let_through &= !paused;
        });
        if !paused {
            // Whoever resumes wants to see it work: no waiting for the next probe.
            self.wire.hurry(self.tools.clock.now());
            self.wire.forgive();
        }
    }

    /// A person wants what waits sent now: an outage is probed at once, and if something waits, a closed window is let
    /// through until nothing is pending, or the destination is paused. What fails meanwhile and waits for its retry
    /// waits for the window again. A pause stays.
    pub fn send_now(&self, something_waits: bool) {
        self.change(|state| {
            state.let_through |= something_waits;
            state.pokes = state.pokes.wrapping_add(1);
        });
        self.wire.hurry(self.tools.clock.now());
    }

    /// How instances get there, and why.
    pub fn describe(&self) -> Description {
        self.terms().endpoint.describe()
    }

    pub fn status(&self) -> LaneStatus {
        let now = self.tools.clock.now();
        let closed = !self.is_window_open(now);
        let mut state = self.lock();
        let wire = self.wire.lock();
        let outside_window = closed && !state.let_through;
        LaneStatus {
            paused: state.paused,
            outages: wire.outages,
            opens: if outside_window {
                self.next_opening(now)
            } else {
                None
            },
            outside_window,
            unreachable_since: wire.breaker.outage().map(|outage| outage.since),
            next_probe: wire.breaker.outage().map(|outage| outage.next_probe),
            instances_per_second: state.rate.per_second(now),
            bytes_per_second: state.byte_rate.per_second(now),
            not_confirmed: state.figures.followed.refused + state.figures.followed.timed_out,
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
        self.terms().endpoint.recall();
    }
}
