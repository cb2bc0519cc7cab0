//! What happens amid a deletion.

use super::*;
use crate::store::StudyName;

fn world() -> World {
    let world = World::new(json!({ "Safe": ["archive"], "DryRun": false }));
    world.arrive("s", &["a", "b", "c"], &["archive"], at(0));
    world.deliver("archive", Some(0), at(10));
    world
}

fn kept(world: &World) -> (u64, Option<String>) {
    let all = world.store.deletions(None, None, FIRST).unwrap();
    let last = all.last().unwrap();
    (last.gone, last.kept.clone())
}

#[test]
fn what_arrives_meanwhile_stays() {
    let world = world();
    *world.orthanc.then.lock() = Some(Box::new(|has| {
        has.get_mut("s").unwrap().push(held("late", "late-1"));
    }));
    let report = world.pass();
    assert_eq!(world.deleted(), ["a", "b", "c"]);
    assert_eq!(kept(&world), (3, Some("1 arrived meanwhile".into())));
    assert_eq!(report.deleted.studies, 0);
    world.pass();
    let never = "1 of 1 were never queued for archive";
    assert_eq!(world.why(), words(&[("s", never)]));
    assert_eq!(world.orthanc.has.lock()["s"].len(), 1);
}

#[test]
fn what_is_overwritten_meanwhile_stays() {
    let world = world();
    *world.orthanc.then.lock() = Some(Box::new(|has| {
        let of_study = has.get_mut("s").unwrap();
        of_study
            .iter_mut()
            .find(|one| one.id == "b")
            .unwrap()
            .content
            .file = Some("b-2".into());
    }));
    world.pass();
    assert_eq!(world.deleted(), ["a"]);
    let again = "1 of 1 arrived again after they were sent to archive";
    assert_eq!(kept(&world), (1, Some(again.into())));
}

#[test]
fn what_is_queued_meanwhile_stays() {
    let world = world();
    let store = world.store.clone();
    *world.orthanc.then.lock() = Some(Box::new(move |_| {
        let item = NewItem {
            reception: Reception::default(),
            ..world::new_item("s", "b", "research")
        };
        store.enqueue(&Intake::request(&[item]), at(50)).unwrap();
    }));
    world.pass();
    assert_eq!(world.deleted(), ["a"]);
    let waits = "1 of 1 are still to be sent to research";
    assert_eq!(kept(&world), (1, Some(waits.into())));
}

/// Of a large study what others have of its UIDs is not read again for each instance.
#[test]
fn what_is_queued_meanwhile_of_another_study_under_the_same_uid_stays() {
    for (size, gone) in [(3, 1), (40, 3)] {
        let world = World::new(json!({ "Safe": ["archive"], "DryRun": false }));
        let names: Vec<String> = (0..size).map(|number| format!("{number:02}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        world.arrive("s", &names, &["archive"], at(0));
        world.deliver("archive", Some(0), at(10));
        let store = world.store.clone();
        let last = names[gone];
        let mut item = world::new_item("t", "twin", "archive");
        item.ids.sop_instance_uid = format!("1.2.{last}");
        *world.orthanc.then.lock() = Some(Box::new(move |_| {
            let named = [StudyName {
                study: "t".into(),
                uid: "1.3.s".into(),
                accession: String::new(),
            }];
            let items = [item.clone()];
            let intake = Intake {
                named: &named,
                ..Intake::request(&items)
            };
            store.enqueue(&intake, at(50)).unwrap();
        }));
        world.pass();
        assert_eq!(world.deleted(), names[..gone], "{size}");
        let (counted, why) = kept(&world);
        assert_eq!(counted as usize, gone);
        assert_eq!(
            why.as_deref(),
            Some("archive may hold an old version of 1 of 1")
        );
    }
}

#[test]
fn what_was_broken_off_is_written_down_at_a_start_without_retention() {
    let world = world();
    let deletion = crate::store::NewDeletion {
        name: StudyName {
            study: "s".into(),
            ..Default::default()
        },
        begun: at(100),
        instances: 3,
        bytes: 30,
        is_emergency: false,
        safe: Vec::new(),
    };
    world.store.begin_deletion(&deletion).unwrap();
    world.orthanc.delete("a").unwrap();
    world.orthanc.deleted.lock().clear();
    let mut settings = settings(json!({ "Safe": ["archive"] }));
    settings.retention = None;
    world.current.replace(settings);
    // Orthanc answers only after a while.
    *world.orthanc.fails.lock() = true;
    assert!(!world.deleter.close_open().unwrap());
    assert_eq!(world.store.open_deletions().unwrap().len(), 1);
    *world.orthanc.fails.lock() = false;
    std::thread::scope(|scope| {
        let service = scope.spawn(|| world.deleter.run());
        while !world.store.open_deletions().unwrap().is_empty() {
            assert!(!service.is_finished());
            std::thread::sleep(Duration::from_millis(5));
        }
        world.deleter.stop();
    });
    assert_eq!(kept(&world), (1, Some("Orthanc ended amid it".into())));
    assert_eq!(world.deleted(), [""; 0]);
}

#[test]
fn other_settings_end_it() {
    let world = world();
    let current = world.current.clone();
    *world.orthanc.then.lock() = Some(Box::new(move |_| {
        current.replace(settings(json!({ "Safe": ["archive"] })));
    }));
    assert!(!world.deleter.pass(None).unwrap());
    assert_eq!(world.deleted(), ["a"]);
    let (gone, why) = kept(&world);
    assert_eq!(gone, 1);
    assert!(why.unwrap().contains("settings changed"));
    // Under those nothing is deleted.
    world.pass();
    assert_eq!(world.deleted(), ["a"]);
    assert_eq!(world.why(), words(&[("s", "")]));
}

#[test]
fn a_stop_ends_it() {
    let world = Arc::new(world());
    let bell = world.clone();
    *world.orthanc.then.lock() = Some(Box::new(move |_| bell.deleter.stop()));
    assert!(!world.deleter.pass(None).unwrap());
    assert_eq!(world.deleted(), ["a"]);
    *world.orthanc.then.lock() = None;
}

#[test]
fn what_was_broken_off_by_a_sudden_end_goes_on() {
    let world = world();
    let found = world
        .store
        .kept_study(&["archive".into()], "s")
        .unwrap()
        .unwrap();
    let deletion = crate::store::NewDeletion {
        name: found.name,
        begun: at(100),
        instances: 3,
        bytes: 30,
        is_emergency: false,
        safe: Vec::new(),
    };
    world.store.begin_deletion(&deletion).unwrap();
    world.orthanc.delete("a").unwrap();
    world.pass();
    assert_eq!(world.deleted(), ["a", "b", "c"]);
    let all = world.store.deletions(None, None, FIRST).unwrap();
    let told: Vec<(u64, Option<&str>)> = all
        .iter()
        .map(|one| (one.gone, one.kept.as_deref()))
        .collect();
    assert_eq!(told, [(1, Some("Orthanc ended amid it")), (2, None)]);
    assert_eq!(world.store.open_deletions().unwrap(), []);
}

#[test]
fn a_person_who_only_wants_to_look_is_not_surprised() {
    let world = world();
    assert!(world.deleter.pass(Some(true)).unwrap());
    assert_eq!(world.deleted(), [""; 0]);
    assert_eq!(world.deleter.last().unwrap().goes.studies, 1);
    world.deleter.want(false);
    world.deleter.want(true);
    assert_eq!(*world.deleter.wanted.lock(), Some(true));
}

#[test]
fn what_was_sent_again_after_a_sudden_end_had_gone() {
    let world = world();
    let deletion = crate::store::NewDeletion {
        name: StudyName {
            study: "s".into(),
            ..Default::default()
        },
        begun: at(100),
        instances: 3,
        bytes: 30,
        is_emergency: false,
        safe: Vec::new(),
    };
    let number = world.store.begin_deletion(&deletion).unwrap();
    world.store.count_deleted(number, 1).unwrap();
    assert!(world.deleter.close_open().unwrap());
    assert_eq!(kept(&world), (1, Some("Orthanc ended amid it".into())));
}

#[test]
fn what_somebody_else_deletes_meanwhile_is_not_counted() {
    let world = world();
    *world.orthanc.then.lock() = Some(Box::new(|has| {
        has.get_mut("s").unwrap().retain(|one| one.id != "b");
    }));
    world.pass();
    assert_eq!(world.deleted(), ["a", "c"]);
    assert_eq!(kept(&world), (2, None));
}

#[test]
fn what_went_is_told_though_a_part_stays() {
    let world = world();
    *world.orthanc.then.lock() = Some(Box::new(|has| {
        let of_study = has.get_mut("s").unwrap();
        of_study[0].content.file = Some("b-2".into());
    }));
    world.pass();
    let period = crate::store::Period {
        from: at(0),
        until: at(100 * 86_400),
        destination: None,
        event: Some(crate::item::Event::Deleted),
    };
    let told = world.store.entries(&period, 0, 10).unwrap();
    assert_eq!(
        told[0].details.as_deref(),
        Some("0 studies and 1 instance deleted from Orthanc; of 1 more a part stays")
    );
}

#[test]
fn orthanc_is_not_asked_each_hour_for_what_it_keeps() {
    let world = world();
    world
        .orthanc
        .has
        .lock()
        .get_mut("s")
        .unwrap()
        .push(held("report", "r-1"));
    world.pass();
    let never = "1 of 4 were never queued for archive";
    assert_eq!(world.why(), words(&[("s", never)]));
    let asked = *world.orthanc.asked.lock();
    world.pass();
    assert_eq!(*world.orthanc.asked.lock(), asked);
    assert_eq!(world.why(), words(&[("s", never)]));
    // Other settings, or something new of it.
    world.deleter.settings_changed();
    world.pass();
    assert_eq!(*world.orthanc.asked.lock(), asked + 1);
    world.arrive("s", &["report"], &["archive"], at(20));
    world.deliver("archive", Some(0), at(30));
    world
        .orthanc
        .has
        .lock()
        .get_mut("s")
        .unwrap()
        .retain(|one| one.content.file != Some("r-1".into()));
    world.pass();
    assert_eq!(world.deleted(), ["a", "b", "c", "report"]);
}
