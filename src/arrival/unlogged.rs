//! Instances that Orthanc's log does not name (any more).
//!
//! Invariants:
//! - An instance gets items if none were made since this reception of it: told by the stamp of the reception where
//!   it is known, else by the times of the instance's items.
//! - Items that a person asked for say nothing about an arrival, and neither do those of a look back
//!   ([`super::whole`]).

use std::collections::HashSet;

use super::facts::Fact;
use super::reconcile::{PassError, Reconciler, second_of};

/// An instance that was handed over is new if Orthanc received it at most this long before.
pub(super) const DUPLICATE_AGE_SECONDS: f64 = 60.0;
/// Instances described at once.
pub(super) const CHUNK: usize = 100;

impl Reconciler {
    /// What the callback handed over and no line will name.
    pub(super) fn leftovers(&mut self, left: Vec<String>) -> Result<(), PassError> {
        if left.is_empty() {
            return Ok(());
        }
        let ahead = self.parts.clock.ahead();
        // What Orthanc had before there was a queue is not ours, however often it is sent again. A time that is still
        // to come tells nothing: the machine's clock was wrong then.
        let (made, now) = (self.parts.store.created()?, self.parts.clock.now());
        let made = if made <= ahead.wall(now) {
            second_of(made)
        } else {
            String::new()
        };
        for chunk in left.chunks(CHUNK) {
            let ids: Vec<&str> = chunk.iter().map(String::as_str).collect();
            let described = self.describe(&ids)?;
            let found: HashSet<&str> = described
                .facts
                .iter()
                .map(|fact| fact.arrival.ids.instance.as_str())
                .collect();
            // Of those that were queued before the callback came, none is missed.
            let queued = ids
                .iter()
                .filter(|id| !found.contains(**id) && self.recent.take_callback(id))
                .count();
            let mut gone = described.gone.saturating_sub(queued);
            let (mut unlogged, mut repeated) = (Vec::new(), Vec::new());
            for mut fact in described.facts {
                let Some(told) = self.waiting.get(&fact.arrival.ids.instance).copied() else {
                    continue;
                };
                let newest = second_of(ahead.wall(told.plus_seconds(-DUPLICATE_AGE_SECONDS)));
                if self.is_repeated(&fact, told)? {
                    fact.repeated = Some(told);
                    repeated.push(fact);
                } else if fact.received >= newest.max(made.clone()) {
                    unlogged.push(fact);
                }
            }
            // These were there before.
            let mut left_again = 0;
            let enlisted = self.enlist(&repeated, &mut left_again)?;
            self.enter(enlisted, None)?;
            gone += self.take_unlogged(unlogged)?;
            for id in chunk {
                self.waiting.remove(id);
            }
            self.count_gone(gone);
        }
        Ok(())
    }

    /// Makes the items of those that have none since they were received. Answers how many were deleted meanwhile.
    pub(super) fn take_unlogged(&mut self, facts: Vec<Fact>) -> Result<usize, PassError> {
        self.look_at_settings();
        let mut new = Vec::new();
        for fact in facts {
            let known = match self.recent.has(&fact) {
                Some(same) => same,
                None => self.has_item(&fact)?,
            };
            if !known {
                new.push(fact);
            }
        }
        self.digest(&mut new)?;
        let mut gone = 0;
        let enlisted = self.enlist(&new, &mut gone)?;
        if !enlisted.items.is_empty() {
            log::warn!(
                "{} instances are queued that Orthanc's changes do not name (any more)",
                new.len() - gone - enlisted.own.len()
            );
        }
        self.enter(enlisted, None)?;
        // The callback of one that a search found may still come.
        let waiting = &self.waiting;
        self.recent
            .extend(&new, |instance| waiting.contains_key(instance));
        Ok(gone)
    }

    /// Counts instances that were deleted from Orthanc before they could be queued.
    pub(super) fn count_gone(&self, gone: usize) {
        if gone > 0 && !self.settings.rules.is_empty() {
            self.parts.progress.gone(gone);
        }
    }

    /// Whether items were made of this instance because it was received.
    pub(super) fn has_item(&self, fact: &Fact) -> Result<bool, PassError> {
        let ids = &fact.arrival.ids;
        let made = self.parts.store.arrived(&ids.study, &ids.instance)?;
        // Orthanc dates by the machine's clock.
        let ahead = self.parts.clock.ahead();
        Ok(made.is_some_and(|made| second_of(ahead.wall(made)) >= fact.received))
    }
}
