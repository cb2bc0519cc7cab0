//! What a lane did: its figures since the start, its last hour.

use super::Lane;
use crate::dispatch::figures::{Figures, Settled};
use crate::dispatch::history::History;
use crate::item::Timestamp;

impl Lane {
    /// What it has done since the start.
    pub fn figures(&self) -> Figures {
        self.lock().figures.clone()
    }

    /// What it did in each minute of the last hour.
    pub fn history(&self, now: Timestamp) -> History {
        self.lock().history.history(now)
    }

    /// It is known how an attempt ended.
    pub(in crate::dispatch) fn settled(&self, one: &Settled) {
        let now = self.tools.clock.now();
        let mut state = self.lock();
        state.figures.settled(one);
        let minute = state.history.at(now);
        if one.is_sent() {
            minute.instances += 1;
            minute.bytes += one.bytes;
        }
        minute.failed += u64::from(one.is_failed());
    }
}
