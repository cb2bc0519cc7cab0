//! Where reading begins: first starts, absences, numbers beyond 32 bits, numbers given out anew.

use super::*;
use crate::arrival::tests::faulty::Fault;
use crate::store::Cursor;

#[test]
fn the_archive_is_not_forwarded_at_the_very_first_start() {
    let mut world = World::new(2345);
    world.settle();
    assert!(world.items().is_empty());
    assert_eq!(world.store.cursor().unwrap().unwrap().seq, 2345);
    world.index(|index| index.store_range(5000..5010));
    world.settle();
    world.assert_each_once(5000..5010);
}

#[test]
fn what_came_since_the_database_was_made_is_queued_at_the_first_start() {
    let mut world = World::new(777);
    world.wait(2.0);
    world.index(|index| index.store_range(1000..2700));
    world.index(|index| index.callbacks.clear());
    world.settle();
    world.assert_each_once(1000..2700);
}

/// More numbers than a page may have vanished in between.
#[test]
fn a_gap_in_the_log_does_not_end_the_search_for_the_beginning() {
    let mut world = World::new(10);
    world.wait(2.0);
    world.index(|index| {
        index.store_range(100..110);
        index.last += 2000;
        index.store_range(200..210);
        index.callbacks.clear();
    });
    world.settle();
    let expected: BTreeSet<String> = (100..110).chain(200..210).map(name).collect();
    assert_eq!(world.in_state(State::Pending), expected);
    assert_eq!(world.items().len(), 20);
}

/// The log's dates have whole seconds: all of that second is ours.
#[test]
fn what_comes_in_the_second_of_the_first_start_is_queued() {
    let mut world = World::new(20);
    world.index(|index| index.store_range(100..105));
    world.reconciler.pass().unwrap();
    world.index(|index| index.store_range(105..110));
    world.settle();
    world.assert_each_once(100..110);
}

/// An earlier process made the database and took what it was handed with it.
#[test]
fn after_a_crash_in_the_second_of_the_first_start_all_of_it_is_queued() {
    let mut world = World::new(20);
    world.index(|index| index.store_range(100..110));
    world.store.set(Some(Fault::Full));
    world.pass().unwrap_err();
    world.crash();
    world.store.set(None);
    world.settle();
    world.assert_each_once(100..110);
}

#[test]
fn the_log_is_deleted_before_the_first_cursor_could_be_written() {
    for later in [false, true] {
        let mut world = World::new(20);
        world.store.set(Some(Fault::Full));
        world.pass().unwrap_err();
        world.wait(3.0);
        world.index(|index| index.store_range(100..110));
        world.pass().unwrap_err();
        world.index(|index| index.log.clear());
        world.crash();
        if later {
            world.index(|index| index.store_range(200..201));
        }
        world.store.set(None);
        world.settle();
        let expected: BTreeSet<String> = (100..110)
            .chain(200..200 + usize::from(later))
            .map(name)
            .collect();
        assert_eq!(world.in_state(State::Pending), expected);
        drop(world);
    }
}

#[test]
fn an_absence_is_caught_up() {
    let mut world = World::new(5);
    world.settle();
    world.crash();
    world.wait(86_400.0);
    world.index(|index| index.store_range(100..1900));
    world.crash();
    world.settle();
    world.assert_each_once(100..1900);
    assert_eq!(world.logged("first start"), 1);
}

#[test]
fn numbers_run_over_31_and_32_bits() {
    for border in [1_i64 << 31, 1 << 32] {
        let mut world = World::new(0);
        world.index(|index| index.last = border - 20);
        world.index(|index| index.store_range(0..5));
        world.settle();
        world.deliver();
        world.index(|index| index.store_range(5..30));
        world.settle();
        world.assert_each_once(0..30);
        world.deliver();
        world.crash();
        world.index(|index| index.store_range(30..40));
        world.settle();
        world.assert_each_once(0..40);
        assert_eq!(world.store.cursor().unwrap().unwrap().seq, border + 20);
        drop(world);
    }
}

#[test]
fn numbers_jump_over_32_bits_while_the_plugin_is_absent() {
    for (seen, deleted) in [(0, false), (5, false), (5, true)] {
        let mut world = World::new(0);
        world.index(|index| index.store_range(0..seen));
        world.settle();
        world.deliver();
        world.index(|index| {
            index.last = 5_000_000_000;
            if deleted {
                index.log.clear();
            }
        });
        world.wait(5.0);
        world.crash();
        world.index(|index| index.store_range(100..150));
        for _ in 0..3 {
            world.settle();
            world.deliver();
        }
        world.crash();
        world.settle();
        let expected: BTreeMap<String, usize> =
            (0..seen).chain(100..150).map(|n| (name(n), 1)).collect();
        world.assert_counts(expected);
        assert_eq!(world.store.cursor().unwrap().unwrap().seq, 5_000_000_050);
        drop(world);
    }
}

/// A power cut takes Orthanc's last commits; the queue's cursor is beyond the log's end.
#[test]
fn numbers_given_out_anew_are_read() {
    for (lost, anew) in [
        (10, 0),
        (10, 4),
        (10, 10),
        (10, 30),
        (2000, 1900),
        (2000, 5000),
    ] {
        let mut world = World::new(10);
        world.settle();
        world.wait(5.0);
        world.index(|index| index.store_range(1000..3500));
        world.settle();
        world.deliver();
        world.index(|index| {
            index.last -= lost;
            let last = index.last;
            for line in index.log.split_off(&(last + 1)).into_values() {
                index.instances.remove(&line.id);
            }
        });
        world.wait(60.0);
        let many = usize::try_from(anew).unwrap();
        // The plugin is absent, or too slow, for these.
        world.index(|index| index.store_range(10_000..10_000 + many));
        world.crash();
        world.settle();
        world.index(|index| index.store_range(50_000..50_005));
        world.settle();
        let expected: BTreeSet<String> = (10_000..10_000 + many)
            .chain(50_000..50_005)
            .map(name)
            .collect();
        assert_eq!(world.in_state(State::Pending), expected, "{lost} {anew}");
        assert!(
            world.counts().values().all(|count| *count == 1),
            "{lost} {anew}"
        );
        drop(world);
    }
}

/// The queue is kept while Orthanc begins with an index of its own.
#[test]
fn a_new_index_beside_an_old_queue() {
    for settled in [false, true] {
        let mut world = World::new(10);
        world.settle();
        world.index(|index| index.store_range(100..200));
        world.settle();
        world.deliver();
        world.index(|index| {
            index.log.clear();
            index.instances.clear();
            index.updated.clear();
            index.last = 0;
        });
        world.wait(60.0);
        world.crash();
        if settled {
            world.settle();
        }
        world.index(|index| index.store_range(300..320));
        world.settle();
        let expected: BTreeSet<String> = (300..320).map(name).collect();
        assert_eq!(world.in_state(State::Pending), expected);
        drop(world);
    }
}

/// A modality's clock does not matter, Orthanc's own may have been wrong once.
#[test]
fn dates_in_disorder_forward_no_archive() {
    let mut world = World::new(3000);
    world.index(|index| {
        for line in index.log.values_mut().skip(1000).take(100) {
            line.date = "20991231T000000".to_owned();
        }
    });
    world.settle();
    world.crash();
    world.index(|index| index.store_range(5000..5010));
    world.settle();
    world.assert_each_once(5000..5010);
}

#[test]
fn a_start_without_news_asks_little() {
    let mut world = World::new(5000);
    world.settle();
    world.crash();
    world.index(|index| index.asked.clear());
    world.pass().unwrap();
    let asked = world.index(|index| index.asked.clone());
    assert!(asked.len() < 12, "{asked:?}");
    assert_eq!(
        world.store.cursor().unwrap(),
        Some(Cursor {
            seq: 5000,
            date: "20261120T120000".to_owned()
        })
    );
}
