//! What became of instances at each rule, since the start.
//!
//! Invariants:
//! - Counted where the items are written, by the thread that routes: once for each arrival, and not for what has to be
//!   tried again. A look back ([`super::whole`]) counts for the rules that it is for.
//! - A rule that is changed while Orthanc runs goes on counting under its key; one that is gone is forgotten.

use std::collections::{BTreeMap, HashMap};

use crate::config::settings::Rule;
use crate::item::Timestamp;
use crate::routing::{Mark, Marks};

/// By rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleFigures(HashMap<String, Figures>);

/// Of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    pub since: Timestamp,
    counts: [u64; Mark::ALL.len()],
    /// When an instance last matched.
    pub last_match: Option<Timestamp>,
}

impl Figures {
    pub fn begin(since: Timestamp) -> Figures {
        Figures {
            since,
            counts: [0; Mark::ALL.len()],
            last_match: None,
        }
    }

    pub fn get(&self, mark: Mark) -> u64 {
        self.counts[mark as usize]
    }
}

/// What became of some instances.
#[derive(Debug, Default)]
pub struct Tally {
    /// By the place of the rule.
    counts: BTreeMap<(usize, Mark), u64>,
    /// The first copy that each rule holds back.
    held: BTreeMap<(usize, Mark), String>,
}

impl Tally {
    pub fn add(&mut self, instance: &str, marks: &Marks) {
        for one in &marks.0 {
            *self.counts.entry(*one).or_default() += 1;
            if matches!(one.1, Mark::Anonymized | Mark::Modified) && !self.held.contains_key(one) {
                self.held.insert(*one, instance.to_owned());
            }
        }
    }
}

impl RuleFigures {
    pub fn of(&self, rule: &Rule) -> Option<&Figures> {
        self.0.get(&rule.key)
    }

    /// Keeps those of these rules, and begins those of others.
    pub(super) fn keep(&mut self, rules: &[Rule], now: Timestamp) {
        self.0
            .retain(|key, _| rules.iter().any(|rule| rule.key == *key));
        for rule in rules {
            let figures = self.0.entry(rule.key.clone());
            figures.or_insert_with(|| Figures::begin(now));
        }
    }

    /// Answers what is to be told: of the first copies that a rule holds back.
    pub(super) fn add(&mut self, rules: &[Rule], tally: &Tally, now: Timestamp) -> Vec<String> {
        let mut told = Vec::new();
        for (one, count) in &tally.counts {
            let (index, mark) = *one;
            let Some(rule) = rules.get(index) else {
                continue;
            };
            let Some(figures) = self.0.get_mut(&rule.key) else {
                continue;
            };
            if let (0, Some(instance)) = (figures.get(mark), tally.held.get(one)) {
                told.push(held(rule, mark, instance));
            }
            figures.counts[mark as usize] += count;
            if mark == Mark::Matched {
                figures.last_match = Some(now);
            }
        }
        told
    }
}

fn held(rule: &Rule, mark: Mark, instance: &str) -> String {
    let (made, key) = match mark {
        Mark::Anonymized => ("anonymised", "\"Anonymized\": true takes such copies"),
        _ => ("modified", "\"Modified\": false leaves such copies out"),
    };
    format!(
        "instance {instance} is a copy that Orthanc has {made}: rule {:?} does not send it ({key})",
        rule.name
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::config::load;

    fn rules(rules: Value) -> Vec<Rule> {
        let configuration = json!({
            "DicomModalities": { "pacs": ["PACS", "10.0.0.1", 104] },
            "SendQueue": { "Rules": rules },
        });
        load(&configuration, &|_| None, None).unwrap().rules
    }

    fn at(seconds: u8) -> Timestamp {
        Timestamp::from_micros(0).plus_seconds(f64::from(seconds))
    }

    #[test]
    fn counts_go_on_under_the_name_of_a_rule() {
        let before = rules(json!([
            { "Name": "a", "To": ["pacs"] }, { "Name": "b", "To": ["pacs"] }, { "To": ["pacs"] },
        ]));
        let mut figures = RuleFigures::default();
        figures.keep(&before, at(1));
        let mut tally = Tally::default();
        tally.add(
            "i1",
            &Marks(vec![
                (0, Mark::Matched),
                (0, Mark::Routed),
                (1, Mark::Unless),
            ]),
        );
        tally.add("i2", &Marks(vec![(0, Mark::Matched), (2, Mark::Stopped)]));
        assert_eq!(figures.add(&before, &tally, at(2)), Vec::<String>::new());

        let after = rules(
            json!([{ "Name": "b", "To": ["pacs"] }, { "Name": "c", "To": ["pacs"] },
            { "Name": "a", "To": ["pacs"], "Priority": "Low" }]),
        );
        figures.keep(&after, at(3));
        let found = |name: usize| figures.of(&after[name]).unwrap().clone();
        assert_eq!(found(2).get(Mark::Matched), 2);
        assert_eq!(found(2).get(Mark::Routed), 1);
        assert_eq!((found(2).since, found(2).last_match), (at(1), Some(at(2))));
        assert_eq!((found(0).get(Mark::Unless), found(0).last_match), (1, None));
        assert_eq!(found(1), Figures::begin(at(3)));
        assert_eq!(figures.of(&before[2]), None);
    }

    #[test]
    fn the_first_copy_that_a_rule_holds_back_is_told() {
        let rules =
            rules(json!([{ "Name": "a", "To": ["pacs"] }, { "Name": "b", "To": ["pacs"] }]));
        let mut figures = RuleFigures::default();
        figures.keep(&rules, at(1));
        let mut tally = Tally::default();
        tally.add(
            "i1",
            &Marks(vec![(0, Mark::Anonymized), (1, Mark::Modified)]),
        );
        tally.add("i2", &Marks(vec![(0, Mark::Anonymized)]));
        let told = figures.add(&rules, &tally, at(2));
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(
            told[0].contains("instance i1") && told[0].contains("rule \"a\""),
            "{told:?}"
        );
        assert!(told[1].contains("\"Modified\": false"), "{told:?}");
        assert_eq!(figures.add(&rules, &tally, at(3)), Vec::<String>::new());
        assert_eq!(figures.of(&rules[0]).unwrap().get(Mark::Anonymized), 4);
    }
}
