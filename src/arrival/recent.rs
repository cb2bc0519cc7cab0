//! The instances that were queued last, each with the stamp of its reception ([`super::facts::Fact::stamp`]).
//!
//! The callback of one of them may come after its change was read; and an instance that is received again
//! is told from the one that was queued.

use std::collections::{HashMap, VecDeque};

use super::facts::Fact;

/// How many are kept; far more than callbacks can be under way.
const MOST: usize = 20_000;

#[derive(Default)]
pub struct Recent {
    order: VecDeque<String>,
    stamps: HashMap<String, String>,
}

impl Recent {
    /// Whether this very reception was queued; `None`: nothing is known of the instance.
    pub fn has(&self, fact: &Fact) -> Option<bool> {
        let stamp = self.stamps.get(&fact.arrival.instance)?;
        Some(*stamp == fact.stamp)
    }

    pub fn extend<'a>(&mut self, facts: impl IntoIterator<Item = &'a Fact>) {
        for fact in facts {
            let instance = &fact.arrival.instance;
            if self
                .stamps
                .insert(instance.clone(), fact.stamp.clone())
                .is_none()
            {
                self.order.push_back(instance.clone());
            }
            if self.order.len() > MOST {
                if let Some(oldest) = self.order.pop_front() {
                    self.stamps.remove(&oldest);
                }
            }
        }
    }
}
