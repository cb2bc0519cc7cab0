//! The instances that were queued last: the callback of one of them may come after its change was read.

use std::collections::{HashSet, VecDeque};

/// How many are kept; far more than callbacks can be under way.
const MOST: usize = 20_000;

#[derive(Default)]
pub struct Recent {
    order: VecDeque<String>,
    known: HashSet<String>,
}

impl Recent {
    pub fn contains(&self, instance: &str) -> bool {
        self.known.contains(instance)
    }

    pub fn extend(&mut self, instances: impl IntoIterator<Item = String>) {
        for instance in instances {
            if self.known.insert(instance.clone()) {
                self.order.push_back(instance);
            }
            if self.order.len() > MOST {
                if let Some(oldest) = self.order.pop_front() {
                    self.known.remove(&oldest);
                }
            }
        }
    }
}
