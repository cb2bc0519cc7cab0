//! Instances that Orthanc's log does not name (any more).
//!
//! Invariants:
//! - An instance gets items if none were made since this reception of it: told by the stamp of the reception where
//!   it is known, else by the times of the instance's items.
//! - Items that a person asked for say nothing about an arrival.

use super::facts::Fact;
use super::reconcile::{PassError, Reconciler, second_of};
use crate::store::{Filter, Page};

/// An instance that was handed over is new if Orthanc received it at most this long before.
const DUPLICATE_AGE_SECONDS: f64 = 60.0;
/// Instances described at once.
pub(super) const CHUNK: usize = 100;

impl Reconciler {
    /// What the callback handed over and no line named.
    pub(super) fn leftovers(&mut self) -> Result<(), PassError> {
        let left: Vec<String> = self.waiting.keys().cloned().collect();
        if left.is_empty() {
            return Ok(());
        }
        // What Orthanc had before there was a queue is not ours, however often it is sent again.
        let made = second_of(self.parts.store.created()?);
        for chunk in left.chunks(CHUNK) {
            let ids: Vec<&str> = chunk.iter().map(String::as_str).collect();
            let mut facts = self.describe(&ids)?.facts;
            facts.retain(|fact| {
                let told = self.waiting.get(&fact.arrival.instance);
                told.is_some_and(|time| {
                    let newest = second_of(time.plus_seconds(-DUPLICATE_AGE_SECONDS));
                    fact.received >= newest.max(made.clone())
                })
            });
            self.take_unlogged(facts)?;
            for id in chunk {
                self.waiting.remove(id);
            }
        }
        Ok(())
    }

    /// Makes the items of those that have none since they were received.
    pub(super) fn take_unlogged(&mut self, facts: Vec<Fact>) -> Result<(), PassError> {
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
        let mut gone = 0;
        let items = self.enlist(&new, &mut gone)?;
        if !items.is_empty() {
            log::warn!(
                "{} instances are queued that Orthanc's changes do not name (any more)",
                new.len() - gone
            );
            self.write(&items, None)?;
        }
        self.recent.extend(&new);
        Ok(())
    }

    /// Whether items were made of this instance since it was received.
    pub(super) fn has_item(&self, fact: &Fact) -> Result<bool, PassError> {
        let filter = Filter {
            instance: Some(fact.arrival.instance.clone()),
            study: Some(fact.arrival.study.clone()),
            ..Filter::default()
        };
        let mut page = Page::after(0, 1000);
        loop {
            let items = self.parts.store.items(&filter, page)?;
            let Some(last) = items.last() else {
                return Ok(false);
            };
            page.since = last.id;
            if items
                .iter()
                .any(|item| item.rule.is_some() && second_of(item.created) >= fact.received)
            {
                return Ok(true);
            }
        }
    }
}
