//! Random verbs on what is kept for ever, and the model of it.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;

use super::*;
use crate::store::Subject;

const NAMES: [&str; 2] = ["accessions", "other"];
const STUDIES: usize = 6;
/// To Orthanc: those of the items, and those that they are sent as.
const SENT: [&str; 6] = ["s0", "s1", "s2", "s3", "sent", "research"];

/// What is kept, as plainly as it can be said.
#[derive(Default)]
pub struct Kept {
    /// By recipe and study.
    decisions: BTreeMap<(String, String), BTreeMap<String, String>>,
    /// By name, the studies in the order in which they got their numbers.
    serials: BTreeMap<&'static str, Vec<(u64, String)>>,
    /// As sent, and of the original.
    outputs: BTreeSet<(String, String)>,
    /// The same with a UID.
    sent: BTreeSet<(String, String, String)>,
    subjects: BTreeMap<String, String>,
    /// Study and UID of each item that there was at the last look.
    items: BTreeSet<(String, String)>,
}

impl Kept {
    /// One random verb.
    pub fn act(&mut self, store: &dyn Store, random: &mut Rng, now: Timestamp) {
        match random.u8(..4) {
            0 => self.decide(store, random, now),
            1 => self.issue(store, random, now),
            2 => self.remember(store, random, now),
            _ => self.add(store, random),
        }
    }

    fn decide(&mut self, store: &dyn Store, random: &mut Rng, now: Timestamp) {
        let (recipe, study) = (NAMES[random.usize(..2)], format!("1.{}", random.u8(..4)));
        let found: BTreeMap<String, String> = (0..random.u8(..3))
            .map(|_| (format!("if {}", random.u8(..4)), random.u8(..9).to_string()))
            .collect();
        let place = (recipe.to_owned(), study.clone());
        let holds = self.decisions.entry(place).or_default();
        for (key, value) in &found {
            holds.entry(key.clone()).or_insert_with(|| value.clone());
        }
        assert_eq!(&store.decide(recipe, &study, &found, now).unwrap(), holds);
    }

    fn issue(&mut self, store: &dyn Store, random: &mut Rng, now: Timestamp) {
        let (name, study) = (
            NAMES[random.usize(..2)],
            random.usize(..STUDIES).to_string(),
        );
        let start = random.u64(..40);
        let given = self.serials.entry(name).or_default();
        let known = given.iter().find(|(_, one)| *one == study);
        let expected = known.map_or_else(
            || {
                let next = given.last().map_or(1, |(last, _)| last + 1);
                next.max(start)
            },
            |(number, _)| *number,
        );
        if known.is_none() {
            given.push((expected, study.clone()));
        }
        let number = store.issue_serial(name, &study, start, now).unwrap();
        assert_eq!(number, expected);
    }

    fn remember(&mut self, store: &dyn Store, random: &mut Rng, now: Timestamp) {
        let (sent, study) = (SENT[random.usize(..6)], SENT[random.usize(..4)]);
        let uid = random.bool().then(|| format!("2.25.{}", random.u8(..4)));
        store
            .remember_output(sent, study, uid.as_deref(), now)
            .unwrap();
        if sent != study || uid.is_some() {
            self.outputs.insert((sent.into(), study.into()));
        }
        self.sent
            .extend(uid.map(|uid| (sent.to_owned(), study.to_owned(), uid)));
    }

    fn add(&mut self, store: &dyn Store, random: &mut Rng) {
        let key = random.u8(..4).to_string();
        if random.u8(..3) == 0 {
            let was_there = self.subjects.remove(&key).is_some();
            assert_eq!(store.remove_subject("trial", &[key]).unwrap(), was_there);
            return;
        }
        let id = random.u8(..9).to_string();
        let subject = Subject {
            key: vec![key.clone()],
            values: vec![("PatientID".into(), id.clone())],
        };
        let new = self.subjects.insert(key, id).is_none();
        let added = store.add_subjects("trial", &[subject]).unwrap();
        assert_eq!(added, u64::from(new));
    }

    /// What is gone of the items since the last look is sent all the same.
    pub fn look(&mut self, items: &[Item]) {
        let now: BTreeSet<(String, String)> = items
            .iter()
            .map(|item| (item.ids.study.clone(), item.ids.sop_instance_uid.clone()))
            .collect();
        for (study, uid) in self.items.iter().chain(&now) {
            // Of several items of an instance each that goes leaves its trace.
            for (sent, of) in &self.outputs {
                if of == study && sent != study {
                    self.sent.insert((sent.clone(), of.clone(), uid.clone()));
                }
            }
        }
        self.items = now;
    }

    pub fn compare(&self, store: &dyn Store, what: &str) {
        for ((recipe, study), holds) in &self.decisions {
            assert_eq!(&store.decided(recipe, study).unwrap(), holds, "{what}");
        }
        for name in NAMES {
            let given = store.serials(name, None, 0, 1000).unwrap();
            let given: Vec<(u64, String)> = given
                .into_iter()
                .map(|one| (one.number, one.study_uid))
                .collect();
            let mine = self.serials.get(name).cloned().unwrap_or_default();
            assert_eq!(given, mine, "{what}");
        }
        let last: Vec<(String, u64)> = self
            .serials
            .iter()
            .filter_map(|(name, given)| Some(((*name).to_owned(), given.last()?.0)))
            .collect();
        let names = store.serial_names().unwrap().into_iter();
        let names: Vec<(String, u64)> = names.map(|one| (one.name, one.last)).collect();
        assert_eq!(names, last, "{what}");
        self.compare_outputs(store, what);
        let subjects = store.subjects("trial", 0, 1000).unwrap().into_iter();
        let subjects: BTreeMap<String, String> = subjects
            .map(|(_, one)| (one.key[0].clone(), one.values[0].1.clone()))
            .collect();
        assert_eq!(subjects, self.subjects, "{what}");
    }

    fn compare_outputs(&self, store: &dyn Store, what: &str) {
        let mut uids: Vec<String> = (0..4).map(|number| format!("2.25.{number}")).collect();
        uids.extend((0..4).flat_map(|s| (0..6).map(move |i| format!("1.2.s{s}-i{i}"))));
        let asked: Vec<(&str, &str)> = SENT
            .iter()
            .flat_map(|sent| uids.iter().map(move |uid| (*sent, uid.as_str())))
            .collect();
        let found = store.own_outputs(&asked).unwrap();
        for ((sent, uid), found) in asked.into_iter().zip(found) {
            let is_one =
                |(as_sent, _, one): &(String, String, String)| as_sent == sent && one == uid;
            let expected = self.sent.iter().any(is_one);
            assert_eq!(found, expected, "{what}: {sent} {uid}");
        }
    }
}
