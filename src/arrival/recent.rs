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
    queued: HashMap<String, Queued>,
}

struct Queued {
    stamp: String,
    /// The callback of this reception has not come yet.
    awaits_callback: bool,
}

impl Recent {
    /// Whether this very reception was queued; `None`: nothing is known of the instance.
    pub fn has(&self, fact: &Fact) -> Option<bool> {
        let queued = self.queued.get(&fact.arrival.ids.instance)?;
        Some(queued.stamp == fact.stamp)
    }

    /// Whether a callback that came now is that of the reception that was queued: the first one after it is.
    pub fn take_callback(&mut self, instance: &str) -> bool {
        let queued = self.queued.get_mut(instance);
        queued.is_some_and(|queued| std::mem::take(&mut queued.awaits_callback))
    }

    /// These were queued; `called_back` tells of which the callback came already.
    pub fn extend<'a>(
        &mut self,
        facts: impl IntoIterator<Item = &'a Fact>,
        called_back: impl Fn(&str) -> bool,
    ) {
        for fact in facts {
            let called_back = called_back(&fact.arrival.ids.instance);
            self.insert(&fact.arrival.ids.instance, fact.stamp.clone(), called_back);
        }
    }

    /// The instance was deleted before it could be queued, and that was counted.
    pub fn is_gone(&mut self, instance: &str, called_back: bool) {
        // No reception has this stamp, so the next one is new.
        self.insert(instance, String::new(), called_back);
    }

    fn insert(&mut self, instance: &str, stamp: String, called_back: bool) {
        let queued = Queued {
            stamp,
            awaits_callback: !called_back,
        };
        if self.queued.insert(instance.to_owned(), queued).is_none() {
            self.order.push_back(instance.to_owned());
        }
        if self.order.len() > MOST {
            if let Some(oldest) = self.order.pop_front() {
                self.queued.remove(&oldest);
            }
        }
    }
}
