//! Crashes, a store that fails, duplicates, overwriting and deleting.

use super::*;
use crate::arrival::tests::faulty::Fault;

#[test]
fn each_arrival_makes_one_item_for_each_destination() {
    let mut world = World::with(0, json!([{ "To": ["pacs", "archive"] }]));
    world.index(|index| index.store_range(0..1234));
    world.settle();
    assert_eq!(world.items().len(), 2468);
    assert!(world.counts().values().all(|count| *count == 2));
}

#[test]
fn a_crash_between_orthancs_commit_and_ours() {
    let mut world = World::new(3);
    world.settle();
    world.index(|index| index.store_range(10..20));
    world.store.set(Some(Fault::Locked));
    assert!(world.pass().is_err());
    world.crash();
    world.store.set(None);
    world.settle();
    world.assert_each_once(10..20);
    world.deliver();
    world.crash();
    world.settle();
    world.assert_each_once(10..20);
}

/// The cursor moves with the items, never before them.
#[test]
fn a_crash_between_the_cursor_and_the_items() {
    let mut world = World::new(3);
    world.settle();
    world.index(|index| index.store_range(10..20));
    world.store.set(Some(Fault::FullForItems));
    assert!(world.pass().is_err());
    assert_eq!(world.store.cursor().unwrap().unwrap().seq, 3);
    world.crash();
    world.store.set(None);
    world.settle();
    world.assert_each_once(10..20);
}

#[test]
fn a_full_or_locked_store_is_waited_for() {
    for fault in [Fault::Full, Fault::Locked] {
        let mut world = World::new(3);
        world.settle();
        let before = world.store.cursor().unwrap();
        world.store.set(Some(fault));
        for round in 0..10 {
            world.index(|index| index.store_range(10 + round * 10..20 + round * 10));
            let error = world.pass().unwrap_err();
            world.progress.failed(world.clock.now(), error.to_string());
            assert_eq!(world.store.cursor().unwrap(), before);
            world.wait(1.0);
        }
        assert!(world.progress.figures().fault.is_some());
        world.store.set(None);
        world.settle();
        world.assert_each_once(10..110);
        assert_eq!(world.logged("arrivals cannot be queued"), 1);
        assert_eq!(world.logged("arrivals are queued again"), 1);
        assert!(world.progress.figures().fault.is_none());
        drop(world);
    }
}

#[test]
fn a_commit_that_is_told_as_failed_is_not_done_twice() {
    let mut world = World::new(3);
    world.settle();
    world.index(|index| index.store_range(10..20));
    world.store.set(Some(Fault::ToldWrong));
    assert!(world.pass().is_err());
    world.deliver();
    world.store.set(None);
    world.settle();
    world.assert_each_once(10..20);
}

#[test]
fn an_overwritten_instance_is_sent_again_unless_it_still_waits() {
    let mut world = World::new(0);
    world.index(|index| index.store("i1", "t1"));
    world.settle();
    world.index(|index| index.store("i1", "t1"));
    world.settle();
    assert_eq!(
        world.counts()["i1"],
        1,
        "it waits, and will send the new content"
    );
    world.deliver();
    world.index(|index| index.store("i1", "t1"));
    world.settle();
    assert_eq!(world.counts()["i1"], 2);
}

#[test]
fn what_is_deleted_before_it_is_read_is_counted() {
    let mut world = World::new(0);
    world.index(|index| {
        index.store_range(0..10);
        // Its line was read, then it is gone.
        index.instances.remove("i4");
    });
    world.store.set(Some(Fault::Full));
    for _ in 0..3 {
        world.pass().unwrap_err();
    }
    world.store.set(None);
    world.settle();
    assert_eq!(world.counts().len(), 9);
    assert_eq!(
        world.progress.figures().gone,
        1,
        "once, however often it was tried"
    );
    world.index(|index| {
        index.store("i20", "t9");
        index.remove("i20");
    });
    world.settle();
    assert_eq!(world.counts().len(), 9);
}

/// The line goes with the instance: only the callback tells that there was one.
#[test]
fn what_is_deleted_with_its_line_is_counted() {
    let mut world = World::new(0);
    world.index(|index| {
        index.store_range(0..20);
        for number in 3..20 {
            index.remove(&name(number));
        }
    });
    world.settle();
    assert_eq!(world.counts().len(), 3);
    assert_eq!(world.progress.figures().gone, 17);
    // Read, deleted, then called back: once.
    world.index(|index| {
        index.store("i40", "t9");
        index.instances.remove("i40");
    });
    world.reconciler.pass().unwrap();
    world.settle();
    assert_eq!(world.progress.figures().gone, 18);
    // Queued, then deleted, then called back: nothing is missed.
    world.index(|index| index.store("i30", "t9"));
    world.reconciler.pass().unwrap();
    world.index(|index| index.remove("i30"));
    world.settle();
    assert_eq!(world.progress.figures().gone, 18);
    for seconds in [0.0, 1.0, 58.0] {
        world.wait(seconds);
        world.progress.tell(world.clock.now());
        world.progress.gone(1);
    }
    assert_eq!(world.logged("before they could be queued"), 1);
    world.wait(1.0);
    world.progress.tell(world.clock.now());
    world.progress.tell(world.clock.now());
    assert_eq!(world.logged("3 instances were deleted"), 1);
}

#[test]
fn pruned_items_are_not_made_again() {
    let mut world = World::new(0);
    world.index(|index| index.store_range(0..10));
    world.settle();
    world.deliver();
    world.wait(5.0);
    assert_eq!(world.store.prune(world.clock.now(), 100).unwrap(), 10);
    world.crash();
    world.settle();
    world.index(|index| index.change("StableStudy", "t0"));
    world.settle();
    assert!(world.items().is_empty());
}

/// 1.10.1 and 1.12.7 run the callback for a duplicate that they do not store.
#[test]
fn a_duplicate_of_an_old_instance_is_not_sent() {
    let mut world = World::new(5);
    world.settle();
    let now = world.clock.now();
    world.notices.put("i3", now);
    world.settle();
    assert!(world.items().is_empty());
    world.index(|index| index.store("i7", "t1"));
    world.settle();
    world.deliver();
    for _ in 0..3 {
        world.wait(1.0);
        world.notices.put("i7", world.clock.now());
        world.settle();
    }
    assert_eq!(world.counts()["i7"], 1);
    world.crash();
    world.notices.put("i7", world.clock.now());
    world.settle();
    assert_eq!(world.counts()["i7"], 1);
}

#[test]
fn a_callback_after_its_change_was_read_sends_nothing_twice() {
    let mut world = World::new(0);
    for number in 0..20 {
        world.index(|index| index.store_range(number..number + 1));
        let late = world.index(|index| std::mem::take(&mut index.callbacks));
        world.settle();
        world.deliver();
        world.wait(0.3);
        for (id, time) in late {
            world.notices.put(&id, time);
        }
        world.settle();
    }
    world.assert_each_once(0..20);
    assert_eq!(world.logged("do not name"), 0);
}

#[test]
fn tags_that_cannot_be_read_lead_to_the_error_queue() {
    let rules = json!([{ "To": ["pacs"], "When": { "Tags": { "Modality": "CT" } } }]);
    let mut world = World::with(0, rules);
    world.index(|index| {
        index.store_range(0..3);
        index.broken.insert("/instances/i1/tags".to_owned());
    });
    world.settle();
    world.assert_each_once(0..3);
    let failed: Vec<Item> = world
        .items()
        .into_iter()
        .filter(|item| item.state == State::Failure)
        .collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(
        (failed[0].ids.instance.as_str(), failed[0].class),
        ("i1", Some(Class::Internal))
    );
}

#[test]
fn an_instance_deleted_before_its_tags_are_read_is_no_error() {
    let rules = json!([{ "To": ["pacs"], "When": { "Tags": { "Modality": "CT" } } }]);
    let mut world = World::with(0, rules);
    world.index(|index| {
        index.store_range(0..3);
        index.meanwhile = Some(Box::new(|index| {
            if index
                .asked
                .iter()
                .any(|uri| uri.starts_with("/instances/i0"))
            {
                index.remove("i1");
            }
        }));
    });
    world.settle();
    assert_eq!(world.in_state(State::Failure).len(), 0);
    assert_eq!(world.counts().len(), 2);
    assert_eq!(world.progress.figures().gone, 1);
}

#[test]
fn nothing_goes_back_to_where_it_came_from() {
    let mut world = World::with(0, json!([{ "To": ["pacs", "archive"] }]));
    world.index(|index| index.store_from("i1", "t1", "PACS"));
    world.settle();
    let to: Vec<String> = world
        .items()
        .into_iter()
        .map(|item| item.destination)
        .collect();
    assert_eq!(to, ["archive"]);
}

/// A dead battery: the clock was a year ahead when the database was made, and is right now.
#[test]
fn a_queue_that_was_made_in_the_future_takes_what_no_line_names() {
    let mut world = World::new(3);
    world.wait(-365.0 * 86_400.0);
    world.index(|index| {
        index.store_range(3..5);
        index.log.clear();
    });
    world.settle();
    world.assert_each_once(3..5);
}
