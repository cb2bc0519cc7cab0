//! What a pass finds and deletes, with a real store and an Orthanc that is played.

mod amid;
mod bench;

use std::collections::BTreeMap;

use orthanc_sdk::CallError;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::study::Held;
use super::*;
use crate::item::safe::Content;
use crate::item::{Class, Ids, Outcome, Priority};
use crate::store::sqlite::SqliteStore;
use crate::store::{
    AttemptMade, Claims, Ending, Finish, Intake, Journal, NewItem, Pick, Reception, StudyName,
};

/// Seconds after the beginning of the tests.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000 + seconds * 1_000_000)
}

struct At(Timestamp);

impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// What happens after the deletion of an instance.
type Then = dyn Fn(&mut BTreeMap<String, Vec<Held>>) + Send + Sync;

#[derive(Default)]
pub struct Played {
    /// By study.
    has: Mutex<BTreeMap<String, Vec<Held>>>,
    then: Mutex<Option<Box<Then>>>,
    deleted: Mutex<Vec<String>>,
    asked: Mutex<u32>,
    fails: Mutex<bool>,
}

impl Played {
    fn failed(&self) -> std::result::Result<(), CallError> {
        match *self.fails.lock() {
            false => Ok(()),
            true => Err(CallError::Code {
                code: -1,
                description: "Orthanc says no".into(),
            }),
        }
    }
}

impl Orthanc for Arc<Played> {
    fn instances(&self, study: &str) -> std::result::Result<Vec<Held>, CallError> {
        *self.asked.lock() += 1;
        self.failed()?;
        Ok(self.has.lock().get(study).cloned().unwrap_or_default())
    }

    fn instance(&self, id: &str) -> std::result::Result<Option<Held>, CallError> {
        self.failed()?;
        let has = self.has.lock();
        let mut all = has.values().flatten();
        Ok(all.find(|held| held.id == id).cloned())
    }

    fn delete(&self, id: &str) -> std::result::Result<(), CallError> {
        self.failed()?;
        let mut has = self.has.lock();
        for held in has.values_mut() {
            held.retain(|held| held.id != id);
        }
        self.deleted.lock().push(id.to_owned());
        if let Some(then) = self.then.lock().take() {
            then(&mut has);
        }
        Ok(())
    }
}

fn held(id: &str, file: &str) -> Held {
    Held {
        id: id.to_owned(),
        content: Content {
            file: Some(file.to_owned()),
            digest: None,
        },
        size_bytes: 10,
        received: Some(at(0)),
    }
}

pub struct World {
    pub store: Arc<SqliteStore>,
    pub orthanc: Arc<Played>,
    pub deleter: Deleter,
    pub current: Arc<Current>,
    free: Arc<Mutex<f64>>,
    _folder: TempDir,
}

fn settings(retention: Value) -> crate::config::settings::Settings {
    let configuration = json!({
        "DicomModalities": { "archive": ["A", "a", 104], "research": ["R", "r", 104] },
        "SendQueue": {
            "Destinations": { "second": { "Target": "archive" } },
            "Retention": retention,
        },
    });
    crate::config::load(&configuration, &|_| None, None).unwrap()
}

impl World {
    /// It is day 40.
    pub fn new(retention: Value) -> World {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(&folder.path().join("q.db")).unwrap());
        store.begin(at(0)).unwrap();
        let current = Current::new(settings(retention));
        let orthanc = Arc::new(Played::default());
        let clock = Arc::new(At(at(40 * 86_400)));
        let free = Arc::new(Mutex::new(50.0));
        let now_free = free.clone();
        let deleter = Deleter::new(Parts {
            store: store.clone(),
            journal: store.clone(),
            settings: current.clone(),
            clock,
            orthanc: Box::new(orthanc.clone()),
            free: Box::new(move |_| Some(*now_free.lock())),
        });
        World {
            store,
            orthanc,
            deleter,
            current,
            free,
            _folder: folder,
        }
    }

    /// Orthanc receives these instances of a study, as file `<instance>-1`, and each is queued for these.
    pub fn arrive(&self, study: &str, instances: &[&str], to: &[&str], when: Timestamp) {
        let mut has = self.orthanc.has.lock();
        let of_study = has.entry(study.to_owned()).or_default();
        let file = |instance: &str| format!("{instance}-1");
        of_study.extend(instances.iter().map(|one| held(one, &file(one))));
        let items: Vec<NewItem> = (instances.iter())
            .flat_map(|instance| to.iter().map(move |to| (instance, to)))
            .map(|(instance, to)| NewItem {
                ids: Ids {
                    instance: (*instance).to_owned(),
                    sop_instance_uid: format!("1.2.{instance}"),
                    series: format!("{study}-series"),
                    study: study.to_owned(),
                    patient: format!("{study}-patient"),
                },
                destination: (*to).to_owned(),
                rule: Some("rule".into()),
                remote_aet: None,
                priority: Priority::Medium,
                group: study.to_owned(),
                place: 0,
                not_before: None,
                latest: None,
                expires: None,
                size_bytes: 10,
                failed: None,
                reception: Reception {
                    file: Some(file(instance)),
                    ..Reception::default()
                },
            })
            .collect();
        let named = [StudyName {
            study: study.to_owned(),
            uid: format!("1.3.{study}"),
            accession: format!("A-{study}"),
        }];
        let intake = Intake {
            named: &named,
            ..Intake::arrival(&items)
        };
        self.store.enqueue(&intake, when).unwrap();
    }

    /// What waits there is answered so.
    pub fn deliver(&self, to: &str, status: Option<u16>, when: Timestamp) {
        while let Some(claim) = self.store.claim(to, Pick::MostUrgent, 1000).unwrap() {
            let finishes: Vec<Finish> = (claim.items.iter())
                .map(|item| Finish {
                    id: item.id,
                    ending: Ending::Complete(AttemptMade {
                        started: when,
                        duration_us: 1,
                        outcome: match status {
                            Some(status) => Outcome::of_status(status, ""),
                            None => Outcome::new(Class::Success, ""),
                        },
                        counted: true,
                        sent_as: None,
                        confirm: None,
                    }),
                })
                .collect();
            self.store.finish(claim.token, &finishes, when).unwrap();
        }
    }

    pub fn pass(&self) -> Arc<Report> {
        assert!(self.deleter.pass(None).unwrap());
        self.deleter.last().unwrap()
    }

    /// Why each study stays by its name, as the last pass found; empty: it goes.
    fn why(&self) -> BTreeMap<String, String> {
        let report = self.deleter.last().unwrap();
        let known = self.store.kept_studies(&[], 0, 1000).unwrap();
        let found = report.findings.iter().filter(|finding| !finding.is_gone);
        found
            .map(|finding| {
                let name = known.iter().find(|one| one.number == finding.number);
                let reasons = finding
                    .reasons
                    .iter()
                    .map(|(reason, count)| (reason, *count));
                let why = study::told(reasons, finding.instances.into());
                (name.unwrap().name.study.clone(), why)
            })
            .collect()
    }

    fn deleted(&self) -> Vec<String> {
        self.orthanc.deleted.lock().clone()
    }
}

fn words(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let pairs = pairs.iter();
    pairs
        .map(|(study, why)| ((*study).to_owned(), (*why).to_owned()))
        .collect()
}

#[test]
fn each_study_is_told_why_it_stays_and_nothing_is_deleted() {
    let world = World::new(json!({ "Safe": ["archive"] }));
    world.arrive("safe", &["a", "b"], &["archive"], at(0));
    world.deliver("archive", Some(0), at(10));
    world.arrive("warned", &["c", "d"], &["archive"], at(0));
    world.deliver("archive", Some(0xB000), at(10));
    world.arrive("over rest", &["e"], &["archive"], at(0));
    world.deliver("archive", None, at(10));
    world.arrive(
        "waits elsewhere",
        &["f", "g", "h"],
        &["archive", "research"],
        at(0),
    );
    world.deliver("archive", Some(0), at(10));
    world.arrive("young", &["i"], &["archive"], at(0));
    world.deliver("archive", Some(0), at(20 * 86_400));
    world.arrive("elsewhere alone", &["j"], &["research"], at(0));
    world.arrive("one was never queued", &["k", "l"], &["archive"], at(0));
    world.arrive("arrived again", &["m"], &["archive"], at(0));
    world.arrive("arrived late", &["n"], &["archive"], at(0));
    world.arrive("Orthanc has it no more", &["o"], &["archive"], at(0));
    world.deliver("archive", Some(0), at(10));
    {
        let mut has = world.orthanc.has.lock();
        has.get_mut("one was never queued")
            .unwrap()
            .push(held("x", "x-1"));
        has.insert("arrived again".into(), vec![held("m", "m-2")]);
        let late = Held {
            received: Some(at(39 * 86_400)),
            ..held("n", "n-1")
        };
        has.insert("arrived late".into(), vec![late]);
        has.remove("Orthanc has it no more");
    }
    let report = world.pass();
    let expected = [
        ("safe", ""),
        ("warned", "archive acknowledged 2 of 2 with a warning"),
        (
            "over rest",
            "with which status archive acknowledged 1 of 1 is not known",
        ),
        ("waits elsewhere", "3 of 3 are still to be sent to research"),
        ("young", "it arrived or was delivered not long enough ago"),
        ("elsewhere alone", "nothing of it was delivered to archive"),
        (
            "one was never queued",
            "1 of 3 were never queued for archive",
        ),
        (
            "arrived again",
            "1 of 1 arrived again after they were sent to archive",
        ),
        (
            "arrived late",
            "it arrived or was delivered not long enough ago",
        ),
    ];
    assert_eq!(world.why(), words(&expected));
    assert_eq!(
        (
            report.goes.studies,
            report.goes.instances,
            report.goes.bytes
        ),
        (1, 2, 20)
    );
    assert!(report.dry_run);
    assert_eq!(world.deleted(), [""; 0]);
    assert_eq!(world.store.deletions(None, None, 0, 10).unwrap(), []);
    // What may go is not asked for again and again where nothing would be deleted.
    let asked = *world.orthanc.asked.lock();
    world.pass();
    let again = *world.orthanc.asked.lock() - asked;
    assert_eq!(again, 3, "those that stay for what Orthanc said");
    // Each is judged anew for whoever asks for it.
    let (_, judged) = world.deleter.look("waits elsewhere").unwrap().unwrap();
    assert_eq!(judged.told(), "3 of 3 are still to be sent to research");
    assert_eq!(world.deleter.look("unknown").unwrap(), None);
}

#[test]
fn what_is_safe_is_deleted_and_known_for_ever() {
    let world = World::new(json!({ "Safe": ["archive", "research"], "DryRun": false }));
    world.arrive("both", &["a", "b"], &["archive", "research"], at(0));
    world.deliver("archive", Some(0), at(10));
    world.deliver("research", Some(0), at(20));
    world.arrive("one", &["c"], &["archive"], at(0));
    world.deliver("archive", Some(0), at(10));
    let report = world.pass();
    assert_eq!(world.deleted(), ["a", "b"]);
    assert_eq!(report.deleted.studies, 1);
    assert_eq!(
        world.why(),
        words(&[("one", "nothing of it was delivered to research")])
    );
    for (study, accession) in [
        (None, None),
        (Some("both"), None),
        (Some("1.3.both"), None),
        (Some("both"), Some("A-both")),
        (None, Some("A-both")),
    ] {
        let found = world.store.deletions(study, accession, 0, 10).unwrap();
        assert_eq!(found.len(), 1, "{study:?} {accession:?}");
        assert_eq!(
            (found[0].new.instances, found[0].new.bytes, found[0].gone),
            (2, 20, 2)
        );
        assert_eq!(found[0].kept, None);
        assert!(found[0].ended.is_some() && !found[0].new.is_emergency);
        let safe = [
            ("archive".to_owned(), at(10)),
            ("research".to_owned(), at(20)),
        ];
        assert_eq!(found[0].new.safe, safe);
    }
    for (study, accession) in [(Some("one"), None), (Some("both"), Some("A-one"))] {
        assert_eq!(world.store.deletions(study, accession, 0, 10).unwrap(), []);
    }
    // It is told once.
    world.pass();
    let period = crate::store::Period {
        from: at(0),
        until: at(100 * 86_400),
        destination: None,
        event: Some(crate::item::Event::Deleted),
    };
    let told = world.store.entries(&period, 0, 10).unwrap();
    assert_eq!(told.len(), 1);
    let details = told[0].details.as_deref();
    assert_eq!(
        details,
        Some("1 study and 2 instances deleted from Orthanc")
    );
}

#[test]
fn history_days_0_leaves_the_proof() {
    let world = World::new(json!({ "Safe": ["archive"], "DryRun": false }));
    world.arrive("s", &["a", "b"], &["archive"], at(0));
    world.deliver("archive", Some(0), at(10));
    crate::store::Upkeep::prune(&*world.store, at(20), 1000).unwrap();
    world.pass();
    assert_eq!(world.deleted(), ["a", "b"]);
}

#[test]
fn an_orthanc_that_does_not_answer_keeps_everything() {
    let world = World::new(json!({ "Safe": ["archive"], "DryRun": false }));
    world.arrive("s", &["a"], &["archive"], at(0));
    world.deliver("archive", Some(0), at(10));
    *world.orthanc.fails.lock() = true;
    world.pass();
    assert_eq!(
        world.why(),
        words(&[("s", "Orthanc could not be asked for it")])
    );
    *world.orthanc.fails.lock() = false;
    world.pass();
    assert_eq!(world.deleted(), ["a"]);
}

#[test]
fn a_full_disk_does_not_wait_for_the_days_to_be_over() {
    let retention =
        json!({ "Safe": ["archive"], "DryRun": false, "EmergencyBelowFreePercent": 10 });
    let world = World::new(retention);
    for (study, day) in [("first", 35), ("second", 36), ("third", 37)] {
        world.arrive(study, &[study], &["archive"], at(day * 86_400));
        world.deliver("archive", Some(0), at(day * 86_400));
    }
    world.arrive("waits", &["w"], &["archive", "research"], at(38 * 86_400));
    world.deliver("archive", Some(0), at(38 * 86_400));
    assert_eq!(world.pass().deleted.studies, 0);
    *world.free.lock() = 5.0;
    let free = world.free.clone();
    *world.orthanc.then.lock() = Some(Box::new(move |_| *free.lock() = 11.0));
    let report = world.pass();
    assert!(report.is_emergency);
    assert_eq!(world.deleted(), ["first"]);
    assert!(
        world.store.deletions(None, None, 0, 10).unwrap()[0]
            .new
            .is_emergency
    );
    *world.free.lock() = 5.0;
    world.pass();
    assert_eq!(world.deleted(), ["first", "second", "third"]);
}

#[test]
fn two_studies_of_one_uid_may_hold_each_others_images() {
    let world = World::new(json!({ "Safe": ["archive"], "DryRun": false }));
    world.arrive("corrected", &["a"], &["archive"], at(0));
    world.deliver("archive", Some(0), at(10));
    world.arrive("other", &["b"], &["archive"], at(0));
    world.deliver("archive", Some(0), at(10));
    let conn = rusqlite::Connection::open(world._folder.path().join("q.db")).unwrap();
    conn.execute_batch(
        "UPDATE known_study SET uid = '1.3.same';
         UPDATE item SET sop_instance_uid = '1.2.same'",
    )
    .unwrap();
    drop(conn);
    world.pass();
    let old = "archive may hold an old version of 1 of 1";
    assert_eq!(world.why(), words(&[("corrected", old), ("other", old)]));
    assert_eq!(world.deleted(), [""; 0]);
}

#[test]
fn what_was_sent_before_its_line_was_closed_is_not_known_any_more() {
    let world = World::new(json!({ "Safe": ["archive"], "DryRun": false }));
    world.arrive("s", &["a"], &["archive"], at(0));
    world.deliver("archive", Some(0), at(10));
    crate::store::Upkeep::prune(&*world.store, at(20), 1000).unwrap();
    let (bygone, _) = crate::store::Deliveries::bygone(&*world.store, 0, 10).unwrap();
    crate::store::Deliveries::close(&*world.store, &bygone[0]).unwrap();
    world.orthanc.has.lock().clear();
    world.arrive("s", &["a"], &["archive"], at(30));
    world.deliver("archive", Some(0), at(40));
    world.pass();
    let why = "archive may hold an old version: what was sent of it before is not known any more";
    assert_eq!(world.why(), words(&[("s", why)]));
}

#[test]
fn what_went_there_under_another_name_counts() {
    let world = World::new(json!({ "Safe": ["archive"], "DryRun": false }));
    world.arrive("s", &["a"], &["archive", "second"], at(0));
    world.store.note_altering(&["second"]).unwrap();
    world.deliver("archive", Some(0), at(10));
    world.deliver("second", Some(0), at(10));
    world.pass();
    let old = "archive may hold an old version of 1 of 1";
    assert_eq!(world.why(), words(&[("s", old)]));
}

#[test]
fn what_was_queued_while_a_destination_altered_is_no_proof() {
    let world = World::new(json!({ "Safe": ["archive"], "DryRun": false }));
    world.store.note_altering(&["archive"]).unwrap();
    world.arrive("before", &["a"], &["archive"], at(0));
    world.deliver("archive", Some(0), at(10));
    world.store.note_altering(&[]).unwrap();
    world.arrive("after", &["b"], &["archive"], at(20));
    world.deliver("archive", Some(0), at(30));
    world.pass();
    let why = "1 of 1 may have been changed on the way to archive";
    assert_eq!(world.why(), words(&[("before", why)]));
    assert_eq!(world.deleted(), ["b"]);
}

#[test]
fn an_item_that_waited_and_is_of_another_file_now_may_have_been_sent() {
    let world = World::new(json!({ "Safe": ["archive"], "DryRun": false }));
    world.arrive("s", &["a"], &["archive"], at(0));
    let claim = world
        .store
        .claim("archive", Pick::MostUrgent, 1)
        .unwrap()
        .unwrap();
    let lost = AttemptMade {
        started: at(1),
        duration_us: 1,
        outcome: Outcome::new(Class::Interrupted, ""),
        counted: true,
        sent_as: None,
        confirm: None,
    };
    let again = Ending::Retry {
        at: at(2),
        attempt: lost,
    };
    let finish = [Finish {
        id: claim.items[0].id,
        ending: again,
    }];
    world.store.finish(claim.token, &finish, at(1)).unwrap();
    // Overwritten: the item that waits is of the new file.
    let item = NewItem {
        ids: claim.items[0].ids.clone(),
        destination: "archive".into(),
        rule: Some("rule".into()),
        remote_aet: None,
        priority: Priority::Medium,
        group: "s".into(),
        place: 0,
        not_before: None,
        latest: None,
        expires: None,
        size_bytes: 10,
        failed: None,
        reception: Reception {
            file: Some("a-2".into()),
            ..Reception::default()
        },
    };
    world
        .store
        .enqueue(&Intake::arrival(&[item]), at(3))
        .unwrap();
    world
        .orthanc
        .has
        .lock()
        .insert("s".into(), vec![held("a", "a-2")]);
    crate::store::Upkeep::promote(&*world.store, at(4), 10).unwrap();
    world.deliver("archive", Some(0), at(5));
    world.pass();
    let old = "archive may hold an old version of 1 of 1";
    assert_eq!(world.why(), words(&[("s", old)]));
}
