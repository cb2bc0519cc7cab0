//! What a lane did: its figures since the start, its last hour.

use super::Lane;
use crate::dispatch::figures::{Figures, Settled};
use crate::dispatch::history::{History, Minute};
use crate::dispatch::hours::{Hours, Sent, hour_of};
use crate::item::Timestamp;
use crate::store::{Followed, MinuteAtRest};

impl Lane {
    /// What it has done since the start.
    pub fn figures(&self) -> Figures {
        self.lock().figures.clone()
    }

    /// What it did in each minute of the last hour.
    pub fn history(&self, now: Timestamp) -> History {
        self.lock().history.history(now)
    }

    /// What was sent by the hour since this was asked for last.
    pub(in crate::dispatch) fn take_hours(&self) -> Hours {
        std::mem::take(&mut self.lock().hours)
    }

    /// What the store remembers of a minute before the start.
    pub fn remember(&self, one: &MinuteAtRest) {
        let what = Minute {
            instances: one.sent,
            bytes: one.bytes,
            failed: one.failed,
        };
        let now = self.tools.clock.now();
        self.lock().history.remember(one.minute, now, what);
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
        if one.is_sent() {
            state.hours.entry(hour_of(now)).or_default().add(Sent {
                instances: 1,
                bytes: one.bytes,
            });
        }
    }

    /// It was asked for what it had acknowledged.
    pub(in crate::dispatch) fn followed(&self, results: &[(i64, Followed)]) {
        let count = |which: fn(&Followed) -> bool| {
            results
                .iter()
                .filter(|(_, followed)| which(followed))
                .count()
        };
        let confirmed = count(|one| matches!(one, Followed::Confirmed));
        let refused = count(|one| matches!(one, Followed::Refused { .. }));
        let timed_out = count(|one| matches!(one, Followed::TimedOut { .. }));
        let mut state = self.lock();
        let figures = &mut state.figures.followed;
        figures.confirmed += confirmed as u64;
        figures.refused += refused as u64;
        figures.timed_out += timed_out as u64;
        drop(state);
        if refused > 0 {
            log::warn!(
                "{}: it does not have, or does not answer for, {refused} instances that it had acknowledged",
                self.name
            );
        }
        if timed_out > 0 {
            log::warn!(
                "{}: {timed_out} instances that it had acknowledged were not confirmed in time",
                self.name
            );
        }
    }
}
