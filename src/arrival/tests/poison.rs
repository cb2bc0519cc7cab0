//! Answers of Orthanc that are missing or make no sense.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

#[test]
fn an_instance_that_cannot_be_described_holds_up_the_others_for_a_while_only() {
    let mut world = World::new(0);
    world.index(|index| {
        index.store_range(0..20);
        index.poison.insert("i7".to_owned());
    });
    assert!(world.pass().is_err());
    assert!(world.items().is_empty());
    world.settle();
    let expected: BTreeSet<String> = (0..20).filter(|n| *n != 7).map(name).collect();
    assert_eq!(world.in_state(State::Pending), expected);
    assert_eq!(world.progress.figures().given_up, 1);
    assert_eq!(world.progress.figures().gone, 0);
    assert_eq!(world.logged("i7 is not queued"), 1);
}

/// Each has its own patience.
#[test]
fn a_short_failure_beside_a_lasting_one_gives_up_nothing() {
    let mut world = World::new(0);
    world.index(|index| {
        index.store_range(0..20);
        index.poison.insert("i7".to_owned());
    });
    for _ in 0..4 {
        assert!(world.pass().is_err());
    }
    world.index(|index| index.poison.insert("i9".to_owned()));
    let _ = world.pass();
    world.index(|index| index.poison.remove("i9"));
    world.settle();
    assert!(world.counts().contains_key("i9"));
    assert_eq!(world.progress.figures().given_up, 1);
}

#[test]
fn an_orthanc_that_describes_nothing_is_waited_for() {
    let mut world = World::new(0);
    world.index(|index| {
        index.store_range(0..20);
        index.broken.insert("/tools/bulk-content".to_owned());
    });
    for _ in 0..30 {
        assert!(world.pass().is_err());
    }
    world.index(|index| index.broken.clear());
    world.settle();
    world.assert_each_once(0..20);
}

/// Deleted while Orthanc describes it: the rest is asked for again at once, and no pass fails.
#[test]
fn one_that_is_deleted_during_the_call_is_no_fault() {
    let mut world = World::new(0);
    world.settle();
    world.index(|index| index.store_range(0..5));
    let orthanc = world.orthanc.clone();
    let failed = AtomicBool::new(false);
    world.host.on_rest(move |method, uri, body| {
        let is_first = uri == "/tools/bulk-content" && !failed.swap(true, Ordering::Relaxed);
        if is_first {
            return Err(17);
        }
        orthanc.lock().answer(method, uri, body)
    });
    world.pass().unwrap();
    world.orthanc.answer_for(&world.host);
    world.settle();
    world.assert_each_once(0..5);
}

#[test]
fn an_answer_that_is_no_list_is_no_answer() {
    let mut world = World::new(0);
    world.settle();
    world.index(|index| index.store_range(0..5));
    let orthanc = world.orthanc.clone();
    world.host.on_rest(move |method, uri, body| match uri {
        "/tools/bulk-content" => Ok((200, b"{}".to_vec())),
        _ => orthanc.lock().answer(method, uri, body),
    });
    assert!(world.pass().is_err());
    world.orthanc.answer_for(&world.host);
    world.settle();
    world.assert_each_once(0..5);
}

/// What is kept of parents is bounded; that must not make instances pass for deleted.
#[test]
fn more_studies_than_are_kept_in_memory() {
    let mut world = World::new(0);
    for round in 0..24 {
        world.index(|index| {
            for number in 0..480 {
                let number = round * 480 + number;
                index.store(&name(number), &format!("t{number}"));
            }
        });
        world.pass().unwrap();
    }
    world.settle();
    assert_eq!(world.progress.figures().gone, 0);
    world.assert_each_once(0..24 * 480);
}

#[test]
fn a_study_that_fails_for_a_while_is_searched_all_the_same() {
    let mut world = World::new(0);
    world.index(|index| index.store_range(0..5));
    world.settle();
    world.wait(5.0);
    world.index(|index| {
        index.store_range(100..200);
        index.log.clear();
        index.broken.insert("/studies/t20/".to_owned());
    });
    world.crash();
    for _ in 0..3 {
        let _ = world.pass();
    }
    world.index(|index| index.broken.clear());
    world.settle();
    world.assert_has(100..200, 1..=1);
}

/// It fails for ever, alone or beside others: the search ends, and all the rest is found.
#[test]
fn a_study_that_fails_for_ever_is_given_up() {
    for last in [147, 200] {
        let mut world = World::new(0);
        world.index(|index| index.store_range(0..5));
        world.settle();
        world.wait(60.0);
        world.index(|index| {
            index.store_range(140..last);
            index.log.clear();
            index.broken.insert("/studies/t20/".to_owned());
        });
        world.crash();
        world.settle();
        world.assert_has(147..last, 1..=1);
        assert_eq!(world.progress.figures().given_up, 1);
        world.index(|index| index.store("i900", "t300"));
        world.settle();
        assert_eq!(world.progress.figures().given_up, 1);
        world.crash();
        world.settle();
        assert_eq!(world.progress.figures().given_up, 0, "the search was over");
        drop(world);
    }
}

/// Stopped in the middle of a pass: what is not read yet is read after the start.
#[test]
fn a_stop_is_no_end_of_the_world() {
    let mut world = World::new(0);
    world.index(|index| index.store_range(0..1800));
    world.call_back();
    world.notices.bell().stop();
    world.reconciler.pass().unwrap();
    world.crash();
    world.settle();
    world.assert_each_once(0..1800);
}
