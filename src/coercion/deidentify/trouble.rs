//! What is told of lists that cannot be used, and of what is held: a line of the log when it begins, and one when it is
//! over.
//!
//! Invariants:
//! - A line for a list or a destination, never for an item.
//! - What is over for a moment, while it is looked at again, is not over.

use std::collections::BTreeMap;

use parking_lot::Mutex;

use crate::item::Timestamp;
use crate::store::HeldItems;

/// So many looks in a row must find nothing.
const OVER: u32 = 2;

/// What is held, as far as it was told.
#[derive(Default)]
pub struct Holds(BTreeMap<String, u32>);

impl Holds {
    /// The lines of the log, after a look at what is held.
    pub fn look(&mut self, held: &[HeldItems]) -> Vec<String> {
        let mut lines = Vec::new();
        for one in held {
            let before = self.0.insert(one.destination.clone(), 0);
            if before.is_none() {
                lines.push(format!(
                    "{}: items are held: {}",
                    one.destination, one.example
                ));
            }
        }
        self.0.retain(|destination, missed| {
            if held.iter().any(|one| one.destination == *destination) {
                return true;
            }
            *missed += 1;
            if *missed >= OVER {
                lines.push(format!("{destination}: nothing is held any more"));
            }
            *missed < OVER
        });
        lines
    }
}

/// A list that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadList {
    /// Which, and why.
    pub details: String,
    pub since: Timestamp,
}

/// The lists that cannot be used, by the name of the de-identification.
#[derive(Default)]
pub struct BadLists(Mutex<BTreeMap<String, BadList>>);

impl BadLists {
    pub fn all(&self) -> Vec<BadList> {
        self.0.lock().values().cloned().collect()
    }

    /// Whether the list of this de-identification can be used; answers the line of the log, where that is new.
    pub fn note(&self, name: &str, state: Result<(), String>, now: Timestamp) -> Option<String> {
        let mut all = self.0.lock();
        match (state, all.get_mut(name)) {
            (Ok(()), None) => None,
            (Ok(()), Some(_)) => {
                all.remove(name);
                Some(format!(
                    "the list of the de-identification {name:?} can be used again"
                ))
            }
            (Err(why), before) => {
                let details = format!("{why}; who is not known otherwise waits");
                match before {
                    Some(before) => {
                        before.details = details;
                        None
                    }
                    None => {
                        let since = now;
                        let line = details.clone();
                        all.insert(name.to_owned(), BadList { details, since });
                        Some(line)
                    }
                }
            }
        }
    }

    /// Forgets those that are configured no more.
    pub fn retain(&self, is_configured: impl Fn(&str) -> bool) {
        self.0.lock().retain(|name, _| is_configured(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(destination: &str) -> HeldItems {
        HeldItems {
            destination: destination.to_owned(),
            count: 3,
            oldest: Timestamp::from_micros(1),
            example: "nobody knows".to_owned(),
        }
    }

    #[test]
    fn a_hold_is_told_when_it_begins_and_when_it_is_over() {
        let mut holds = Holds::default();
        assert!(holds.look(&[]).is_empty());
        let begun = ["a: items are held: nobody knows"];
        assert_eq!(holds.look(&[held("a")]), begun);
        assert!(holds.look(&[held("a")]).is_empty());
        let other = ["b: items are held: nobody knows"];
        assert_eq!(holds.look(&[held("a"), held("b")]), other);
        // Looked at again, and held again.
        assert!(holds.look(&[held("b")]).is_empty());
        assert!(holds.look(&[held("a"), held("b")]).is_empty());
        assert!(holds.look(&[held("b")]).is_empty());
        assert_eq!(holds.look(&[held("b")]), ["a: nothing is held any more"]);
        assert_eq!(holds.look(&[held("a"), held("b")]), begun);
    }

    #[test]
    fn a_bad_list_is_told_when_it_begins_and_when_it_is_over() {
        let lists = BadLists::default();
        let at = Timestamp::from_micros;
        let bad = |why: &str| Err(format!("list.csv: {why}"));
        assert_eq!(lists.note("trial", Ok(()), at(1)), None);
        let line = lists.note("trial", bad("no file"), at(2)).unwrap();
        assert!(line.starts_with("list.csv: no file"), "{line}");
        assert_eq!(lists.note("trial", bad("line 3"), at(3)), None);
        let all = lists.all();
        assert!(all.len() == 1 && all[0].details.contains("line 3") && all[0].since == at(2));
        let line = lists.note("trial", Ok(()), at(4)).unwrap();
        assert!(line.contains("\"trial\" can be used again"), "{line}");
        assert!(lists.all().is_empty());
        lists.note("trial", bad("no file"), at(5)).unwrap();
        lists.retain(|name| name != "trial");
        assert!(lists.all().is_empty());
    }
}
