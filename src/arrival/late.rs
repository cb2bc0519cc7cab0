//! Lines that appear below the cursor: where Orthanc's index is on PostgreSQL, a change may be written before another
//! one and become visible after it.
//!
//! Invariants:
//! - A round looks at all the gaps, from the highest number down, in at most [`LOOKS`] calls a pass (some more for the
//!   newest while a round is under way, [`NEWEST`]). It is begun when the callback handed over what no line names, else
//!   after [`EVERY_SECONDS`].
//! - A gap is forgotten only after it was looked at when it was old enough, so nothing depends on how fast rounds are.
//! - What the callback handed over before a round began, and no line of that round named, no line will ever name:
//!   Orthanc calls back after its commit. Only then is it looked up as unlogged. So nothing is queued twice because of
//!   a line in a gap.
//! - A search through the studies ends after a round that was begun after its last look: what it queued is then no
//!   longer in a gap.

use std::ops::ControlFlow;

use super::changes::{self, Change, PAGE};
use super::gaps::Window;
use super::reconcile::{PassError, Reconciler};
use crate::item::Timestamp;
use crate::store::Intake;

/// Calls in one pass.
pub const LOOKS: u32 = 16;
/// Calls in one pass for the newest gaps, while a round is under way.
pub const NEWEST: u32 = 2;
/// How long after its beginning a round is followed by another one.
const EVERY_SECONDS: u64 = 1;

/// How far the looking is.
#[derive(Default)]
pub struct Rounds {
    /// Numbers of the last one begun, and of the last one that went through all gaps.
    pub begun: u64,
    pub done: u64,
    under_way: bool,
    /// When the last one was begun.
    time: Timestamp,
    /// What is below this number is still to be looked at.
    below: i64,
    /// Handed over before this round began.
    asked: Vec<String>,
}

impl Rounds {
    pub fn is_under_way(&self) -> bool {
        self.under_way
    }

    /// Gives up the round that is under way.
    pub fn stop(&mut self) {
        self.under_way = false;
    }
}

impl Reconciler {
    /// Looks for lines in the gaps. Answers what was handed over and no line will name.
    pub(super) fn look_for_late(&mut self) -> Result<Vec<String>, PassError> {
        if self.gaps.is_empty() {
            self.rounds.stop();
            return Ok(self.waiting.keys().cloned().collect());
        }
        let now = self.parts.clock.now();
        if self.rounds.is_under_way() {
            let _ = self.look_down(i64::MAX, NEWEST)?;
        } else if self.is_round_due(now) {
            self.rounds.begun += 1;
            self.rounds.under_way = true;
            self.rounds.time = now;
            self.rounds.below = i64::MAX;
            self.rounds.asked = self.waiting.keys().cloned().collect();
        } else {
            return Ok(Vec::new());
        }
        match self.look_down(self.rounds.below, LOOKS)? {
            ControlFlow::Continue(below) => {
                self.rounds.below = below;
                Ok(Vec::new())
            }
            ControlFlow::Break(()) => {
                self.rounds.done = self.rounds.begun;
                self.rounds.stop();
                self.write_gaps()?;
                let mut asked = std::mem::take(&mut self.rounds.asked);
                asked.retain(|id| self.waiting.contains_key(id));
                Ok(asked)
            }
        }
    }

    fn is_round_due(&self, now: Timestamp) -> bool {
        let last = self.rounds.time;
        let is_awaited = self.sweep.as_ref().is_some_and(|sweep| sweep.is_ending());
        !self.waiting.is_empty()
            || is_awaited
            || now < last
            || now.since(last).as_secs() >= EVERY_SECONDS
    }

    /// Looks at the gaps below this number. Answers the number below which more are left.
    fn look_down(
        &mut self,
        mut below: i64,
        mut calls: u32,
    ) -> Result<ControlFlow<(), i64>, PassError> {
        while let Some(window) = self.gaps.window_below(below) {
            if calls == 0 || self.parts.notices.bell().is_stopped() {
                return Ok(ControlFlow::Continue(below));
            }
            calls -= 1;
            self.look_at(window)?;
            below = window.first;
        }
        Ok(ControlFlow::Break(()))
    }

    /// One call, and one for each further page of lines that have appeared.
    fn look_at(&mut self, window: Window) -> Result<(), PassError> {
        let now = self.parts.clock.now();
        let width = window.last - window.first + 1;
        let limit = u32::try_from(width).unwrap_or(PAGE).min(PAGE);
        let mut since = window.first - 1;
        while since < window.last {
            let page = changes::after(&self.parts.client, since, limit)?;
            since = match page.changes.last() {
                Some(line) if !page.done => line.seq,
                _ => i64::MAX,
            };
            let late: Vec<Change> = page
                .changes
                .into_iter()
                .filter(|line| self.gaps.has(line.seq))
                .collect();
            self.take_late(&late)?;
        }
        let keep = f64::from(self.settings.gap_seconds);
        self.gaps.forget(window, now.plus_seconds(-keep));
        Ok(())
    }

    /// Gaps that were given up.
    fn write_gaps(&mut self) -> Result<(), PassError> {
        match self.cursor.clone() {
            Some(cursor) if self.gaps != self.stored => {
                let gaps = self.gaps.clone();
                self.write(Intake::arrival(&[]), Some((&cursor, &gaps)))?;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
