//! What the store remembers of a study.

use std::sync::Barrier;

use super::*;
use crate::store::Decisions;
use crate::store::sqlite::SqliteStore;

struct Kept {
    store: SqliteStore,
    known: Known,
    _folder: tempfile::TempDir,
}

fn kept() -> Kept {
    let folder = tempfile::tempdir().unwrap();
    Kept {
        store: SqliteStore::open(&folder.path().join("queue.db")).unwrap(),
        known: Known::default(),
        _folder: folder,
    }
}

impl Kept {
    fn memory<'a>(&'a self, study: &'a str) -> Remembered<'a> {
        Remembered {
            store: &self.store,
            known: &self.known,
            recipe: "r",
            study_uid: study,
            now: Timestamp::from_micros(1),
            looks_only: false,
            found: RefCell::default(),
        }
    }

    /// The accession number that an instance gets, as its editor does it.
    fn accession(&self, recipe: &Recipe, study: &str, stored: &[u8]) -> Option<String> {
        let from = From::aet("CT_A");
        loop {
            let memory = self.memory(study);
            let done = changed_by(recipe, stored, &from, &memory);
            match done.and_then(|found| memory.finish().map(|()| found)) {
                Err(NotChanged::Again) => {}
                found => {
                    let mut found = found.unwrap().into_iter();
                    let accession = found.find(|one| one.path == "AccessionNumber");
                    return accession?.after;
                }
            }
        }
    }
}

#[test]
fn a_number_for_each_study_and_the_same_for_all_of_it() {
    let kept = kept();
    let recipe = recipe(branches::sites());
    let blank = instance(&[("PatientID", "1")]);
    let with = instance(&[("PatientID", "1"), ("AccessionNumber", "77")]);
    assert_eq!(
        kept.accession(&recipe, "1.1", &blank).as_deref(),
        Some("RT00000001")
    );
    assert_eq!(
        kept.accession(&recipe, "1.2", &blank).as_deref(),
        Some("RT00000002")
    );
    assert_eq!(
        kept.accession(&recipe, "1.1", &with).as_deref(),
        Some("RT00000001")
    );
    assert_eq!(
        kept.accession(&recipe, "1.3", &with).as_deref(),
        Some("77A")
    );
    // Nothing but the store remembers, in the next process.
    let next = Kept {
        known: Known::default(),
        ..kept
    };
    assert_eq!(
        next.accession(&recipe, "1.1", &with).as_deref(),
        Some("RT00000001")
    );
    assert_eq!(next.accession(&recipe, "1.3", &blank), None);
    assert_eq!(
        next.accession(&recipe, "1.4", &blank).as_deref(),
        Some("RT00000003")
    );
}

/// What a PACS has is not called otherwise by an instance that comes late.
#[test]
fn a_number_keeps_the_prefix_with_which_it_was_given() {
    let kept = kept();
    let with = |prefix: &str| {
        let configuration = json!({ "SendQueue": {
            "Serials": { "accessions": { "Prefix": prefix } },
            "Coercions": { "r": [{ "Set": { "AccessionNumber": "{serial:accessions,8}" } }] },
            "Defaults": { "Coerce": "r" },
        } });
        let settings = load(&configuration, &dictionary, None).unwrap();
        settings.defaults.coerce.unwrap()
    };
    let blank = instance(&[("PatientID", "1")]);
    let [old, new] = ["RT", "RX"].map(with);
    let accession = |kept: &Kept, recipe, study| kept.accession(recipe, study, &blank).unwrap();
    assert_eq!(accession(&kept, &old, "1.1"), "RT00000001");
    assert_eq!(accession(&kept, &new, "1.1"), "RT00000001");
    let next = Kept {
        known: Known::default(),
        ..kept
    };
    assert_eq!(accession(&next, &new, "1.1"), "RT00000001");
    assert_eq!(accession(&next, &new, "1.2"), "RX00000002");
}

#[test]
fn what_is_decided_at_the_same_moment_is_decided_once() {
    let recipe = recipe(branches::sites());
    let blank = instance(&[("PatientID", "1")]);
    let with = instance(&[("PatientID", "1"), ("AccessionNumber", "77")]);
    let kept = kept();
    for round in 0..20 {
        let study = format!("1.{round}");
        // Two destinations in two threads, each with a memory of its own, as two nodes have it.
        let start = Barrier::new(2);
        let run = |stored: &[u8]| {
            start.wait();
            let known = Known::default();
            let from = From::aet("CT_A");
            loop {
                let memory = Remembered {
                    known: &known,
                    ..kept.memory(&study)
                };
                let done = changed_by(&recipe, stored, &from, &memory);
                match done.and_then(|_| memory.finish()) {
                    Err(NotChanged::Again) => {}
                    done => return done.unwrap(),
                }
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(|| run(&blank));
            scope.spawn(|| run(&with));
        });
        let holds = kept.store.decided("r", &study).unwrap();
        let number = kept.store.serial("accessions", &study).unwrap();
        let is_blank = holds
            .iter()
            .any(|(key, value)| key.starts_with("if:") && value == "1");
        assert_eq!(number.is_some(), is_blank, "round {round}: {holds:?}");
        assert_eq!(kept.accession(&recipe, &study, &blank).is_some(), is_blank);
    }
}

#[test]
fn a_look_decides_nothing_and_gives_no_number() {
    let kept = kept();
    let recipe = recipe(branches::sites());
    let blank = instance(&[("PatientID", "1")]);
    let look = || {
        let memory = Remembered {
            looks_only: true,
            ..kept.memory("1.1")
        };
        let found = changed_by(&recipe, &blank, &From::aet("CT_A"), &memory).unwrap();
        memory.finish().unwrap();
        found[0].after.clone().unwrap()
    };
    assert_eq!(look(), "RT(next)");
    assert!(kept.store.decided("r", "1.1").unwrap().is_empty());
    assert_eq!(kept.store.serial("accessions", "1.1").unwrap(), None);
    kept.accession(&recipe, "1.1", &blank);
    assert_eq!(look(), "RT00000001");
}

#[test]
fn without_a_study_nothing_is_decided() {
    let kept = kept();
    let recipe = recipe(branches::sites());
    let memory = kept.memory("");
    let found = changed_by(&recipe, &instance(&[]), &From::aet("CT_A"), &memory);
    assert!(
        matches!(&found, Err(NotChanged::Impossible(why)) if why.contains("StudyInstanceUID")),
        "{found:?}"
    );
}
