//! What a pass finds and deletes, with a real store and an Orthanc that is played.

mod amid;
mod faults;
mod leads;
mod world;

use std::collections::BTreeMap;

use serde_json::json;

use self::world::{World, at, held, settings};
use super::study::Held;
use super::*;
use crate::item::{Class, Ids, Outcome, Priority};
use crate::store::{
    AttemptMade, Claims, Ending, Finish, Intake, Journal, NewItem, Order, Page, Pick, Reception,
};

/// The oldest deletions.
const FIRST: Page = Page {
    since: 0,
    limit: 10,
    order: Order::Ascending,
};

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
    assert_eq!(world.store.deletions(None, None, FIRST).unwrap(), []);
    // What may go is not asked for again and again where nothing would be deleted.
    let asked = *world.orthanc.asked.lock();
    world.pass();
    let again = *world.orthanc.asked.lock() - asked;
    assert_eq!(again, 1, "the one that is too young");
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
        let found = world.store.deletions(study, accession, FIRST).unwrap();
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
        assert_eq!(world.store.deletions(study, accession, FIRST).unwrap(), []);
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
        world.store.deletions(None, None, FIRST).unwrap()[0]
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
    let conn = rusqlite::Connection::open(world.folder.path().join("q.db")).unwrap();
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
    crate::store::Deliveries::close(&*world.store, &bygone[0], at(25)).unwrap();
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
    world.deliver("archive", Some(0), at(10));
    world.deliver_altered("second", Some(0), at(10), Some(true));
    world.pass();
    let old = "archive may hold an old version of 1 of 1";
    assert_eq!(world.why(), words(&[("s", old)]));
}

#[test]
fn what_went_there_under_another_name_counts_once_its_line_is_closed() {
    let world = World::new(json!({ "Safe": ["archive"], "DryRun": false }));
    world.arrive("s", &["a"], &["second"], at(0));
    world.deliver("second", Some(0), at(10));
    crate::store::Upkeep::prune(&*world.store, at(20), 1000).unwrap();
    let (bygone, _) = crate::store::Deliveries::bygone(&*world.store, 0, 10).unwrap();
    crate::store::Deliveries::close(&*world.store, &bygone[0], at(25)).unwrap();
    world.orthanc.has.lock().clear();
    world.arrive("s", &["a"], &["archive"], at(30));
    world.deliver("archive", Some(0), at(40));
    world.pass();
    let why = "second may hold an old version: what was sent of it before is not known any more";
    assert_eq!(world.why(), words(&[("s", why)]));
}

#[test]
fn what_was_changed_or_converted_is_no_proof() {
    for (allow_changed, gone) in [(false, &["c"][..]), (true, &["a", "b", "c"])] {
        let world = World::new(json!({
            "Safe": ["archive"], "DryRun": false, "AllowChanged": allow_changed,
        }));
        for (number, (study, altered)) in
            (0..).zip([("a", Some(true)), ("b", None), ("c", Some(false))])
        {
            world.arrive(study, &[study], &["archive"], at(20 * number));
            world.deliver_altered("archive", Some(0), at(20 * number + 10), altered);
        }
        world.pass();
        if !allow_changed {
            let why = "1 of 1 may have been changed on the way to archive";
            assert_eq!(world.why(), words(&[("a", why), ("b", why)]));
        }
        assert_eq!(world.deleted(), gone);
    }
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
        altered: Some(false),
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
        reception: Reception {
            file: Some("a-2".into()),
            ..Reception::default()
        },
        ..world::new_item("s", "a", "archive")
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

#[test]
fn what_somebody_attached_in_orthanc_keeps_the_study() {
    let world = World::new(json!({ "Safe": ["archive"], "DryRun": false }));
    world.arrive("s", &["a", "b"], &["archive"], at(0));
    world.deliver("archive", Some(0), at(10));
    world.orthanc.attached.lock().push("b".into());
    world.pass();
    let why = "a file is attached to it, to its patient or to a part of it, in Orthanc alone";
    assert_eq!(world.why(), words(&[("s", why)]));
    assert_eq!(world.deleted(), [""; 0]);
    let (_, judged) = world.deleter.look("s").unwrap().unwrap();
    assert_eq!(judged.told(), why);
}

#[test]
fn two_instances_with_one_uid_in_two_studies_stay() {
    let world = World::new(json!({ "Safe": ["archive"], "DryRun": false }));
    for (study, instance) in [("original", "a"), ("modified", "b"), ("other", "c")] {
        world.arrive(study, &[instance], &["archive"], at(0));
    }
    world.deliver("archive", Some(0), at(10));
    for study in ["original", "modified"] {
        let mut has = world.orthanc.has.lock();
        has.get_mut(study).unwrap()[0].sop_instance_uid = "1.2.same".into();
    }
    world.pass();
    let why = "Orthanc may have another instance with the SOP Instance UID of 1 of 1";
    assert_eq!(world.why(), words(&[("original", why), ("modified", why)]));
    assert_eq!(world.deleted(), ["c"]);
}
