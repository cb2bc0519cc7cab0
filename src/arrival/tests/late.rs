//! Lines that appear below the cursor: on PostgreSQL a number may be given out before another one, and its line appear
//! after.

use super::*;
use crate::arrival::gaps::MOST;
use crate::arrival::late::{LOOKS, NEWEST};
use crate::store::Gap;

/// A queue whose cursor is behind number 3, with number 2 in flight: instances 100, 102 and 101.
fn one_and_three() -> (World, i64) {
    let mut world = World::new(50);
    world.settle();
    world.wait(5.0);
    let number = world.index(|index| {
        index.store("i100", "t14");
        let number = index.begin("i101", "t14");
        index.store("i102", "t14");
        number
    });
    world.settle();
    world.assert_has([100, 102], 1..=1);
    (world, number)
}

#[test]
fn a_line_that_appears_before_a_kill_is_found_after_it() {
    for delivered in [false, true] {
        let (mut world, number) = one_and_three();
        if delivered {
            world.deliver();
            world.wait(2.0);
        }
        world.index(|index| index.commit(number));
        world.crash();
        world.settle();
        world.assert_each_once(100..103);
        assert_eq!(world.store.gaps().unwrap(), []);
        world.deliver();
        world.crash();
        world.settle();
        world.assert_each_once(100..103);
    }
}

/// Received by another Orthanc of the same index, for instance: nothing is handed over here.
#[test]
fn a_line_that_appears_without_a_callback_is_found() {
    let (mut world, number) = one_and_three();
    for _ in 0..3 {
        world.crash();
        world.settle();
    }
    world.index(|index| {
        index.commit(number);
        index.callbacks.clear();
    });
    world.wait(10.0);
    world.settle();
    world.assert_each_once(100..103);
}

/// The line is read as a line: the log is right, and nothing says otherwise.
#[test]
fn a_line_that_appears_late_is_no_unlogged_instance() {
    let (mut world, number) = one_and_three();
    world.deliver();
    world.index(|index| index.commit(number));
    world.settle();
    world.assert_each_once(100..103);
    assert_eq!(world.logged("do not name"), 0);
    assert_eq!(world.store.gaps().unwrap(), []);
}

#[test]
fn a_gap_is_forgotten_after_its_time_but_not_before_a_last_look() {
    let (mut world, number) = one_and_three();
    world.wait(599.0);
    world.settle();
    assert_eq!(world.store.gaps().unwrap().len(), 1);
    // Committed while the plugin was away for longer than gaps are kept.
    world.index(|index| index.commit(number));
    world.index(|index| index.callbacks.clear());
    world.crash();
    world.wait(3600.0);
    world.settle();
    world.assert_each_once(100..103);
}

#[test]
fn a_gap_is_not_looked_for_for_ever() {
    let (mut world, number) = one_and_three();
    world.wait(601.0);
    world.settle();
    assert_eq!(world.store.gaps().unwrap(), []);
    world.index(|index| {
        index.commit(number);
        index.callbacks.clear();
        index.asked.clear();
    });
    world.settle();
    world.assert_has([101], 0..=0);
    assert!(world.index(|index| {
        index
            .asked
            .iter()
            .all(|uri| !uri.contains(&number.to_string()))
    }));
}

/// What the archive lacked before there was a queue will never come.
#[test]
fn the_numbers_that_an_archive_lacks_are_no_gaps() {
    let mut world = World::new(500);
    world.index(|index| {
        for number in (0..500).step_by(3) {
            index.remove(&name(number));
        }
    });
    world.settle();
    assert_eq!(world.store.gaps().unwrap(), []);
}

#[test]
fn the_log_is_deleted_with_a_line_that_has_just_appeared() {
    for (killed, later) in [(false, 0), (false, 3), (true, 0), (true, 3)] {
        let (mut world, number) = one_and_three();
        world.deliver();
        world.index(|index| {
            index.commit(number);
            index.log.clear();
        });
        if killed {
            world.crash();
        }
        world.index(|index| index.store_range(200..200 + later));
        world.settle();
        world.assert_has((100..103).chain(200..200 + later), 1..=1);
        world.deliver();
        world.crash();
        world.settle();
        world.assert_has((100..103).chain(200..200 + later), 1..=1);
    }
}

/// A search through the studies finds what then has a line in a gap: once.
#[test]
fn a_line_that_appears_during_a_search() {
    for steps in 1..8 {
        let (mut world, number) = one_and_three();
        world.deliver();
        world.index(|index| {
            index.store_range(1000..1100);
            index.log.clear();
        });
        world.crash();
        world.index(|index| {
            index.store_range(2000..2010);
            index.begin("i2010", "t287");
            index.store("i2011", "t287");
        });
        for step in 0..8 {
            if step == steps {
                world.index(|index| {
                    index.commit(number);
                    let late = index.in_flight();
                    index.commit(late[0].0);
                    index.callbacks.clear();
                });
            }
            let _ = world.pass();
            world.deliver();
        }
        world.settle();
        world.deliver();
        world.crash();
        world.settle();
        world.assert_has(
            [100, 101, 102]
                .into_iter()
                .chain(1000..1100)
                .chain(2000..2012),
            1..=1,
        );
    }
}

/// The last number that the log tells goes back: no reason to search, nor to be blind to the next deletion.
#[test]
fn the_last_number_goes_back() {
    let (mut world, number) = one_and_three();
    world.index(|index| {
        index.commit(number);
        index.asked.clear();
    });
    world.settle();
    world.settle();
    let asked = world.index(|index| index.asked.clone());
    assert!(!asked.iter().any(|uri| uri.starts_with("/studies")));
    world.wait(5.0);
    world.index(|index| {
        index.store_range(200..230);
        index.callbacks.clear();
        index.log.clear();
        index.store_range(230..231);
    });
    world.settle();
    world.assert_has((100..103).chain(200..231), 1..=1);
}

/// Orthanc lost its last commits, and gives out anew the number that is missing and those around it.
#[test]
fn numbers_given_out_anew_around_a_gap() {
    for lost in [1, 2, 3] {
        let (mut world, number) = one_and_three();
        world.deliver();
        world.index(|index| {
            index.roll_back();
            index.last = number + 1 - lost;
            let last = index.last;
            for line in index.log.split_off(&(last + 1)).into_values() {
                index.instances.remove(&line.id);
            }
        });
        world.wait(60.0);
        world.index(|index| index.store_range(500..506));
        world.crash();
        for _ in 0..2 {
            world.settle();
            world.deliver();
            world.crash();
        }
        world.assert_has(500..506, 1..=1);
        world.assert_has([100, 102], 1..=1);
        drop(world);
    }
}

fn calls(world: &World) -> usize {
    world.index(|index| std::mem::take(&mut index.asked).len())
}

/// Many resources are deleted unread, all together, and every second one.
#[test]
fn a_huge_gap_costs_little() {
    let mut world = World::new(50);
    world.settle();
    world.wait(5.0);
    world.index(|index| {
        index.last += 10_000;
        index.store_range(200..201);
    });
    world.settle();
    assert_eq!(world.store.gaps().unwrap().len(), 1, "one range");
    calls(&world);
    world.wait(5.0);
    world.pass().unwrap();
    assert!(calls(&world) <= 2);

    // More single gaps than are kept, far apart from each other.
    let far = 40;
    let many = MOST + 500;
    world.index(|index| {
        for number in 0..many {
            index.store(&name(1000 + number), "t1");
            index.last += far;
        }
        index.store("i900", "t1");
        index.callbacks.clear();
    });
    world.settle();
    assert_eq!(world.store.gaps().unwrap().len(), MOST);
    assert_eq!(world.logged("are not waited for"), 1);
    calls(&world);
    let bound = usize::try_from(LOOKS + NEWEST).unwrap() + 1;
    for _ in 0..20 {
        world.wait(1.0);
        world.pass().unwrap();
        let calls = calls(&world);
        assert!(calls <= bound, "{calls} calls in one pass");
    }
    // What is in the newest of them is found all the same, at once.
    let last = world.index(|index| index.last);
    world.index(|index| {
        let instance = index.instances["i900"].clone();
        index.instances.insert("i901".to_owned(), instance);
        let line = index.log[&last].clone();
        index.log.insert(
            last - 1,
            orthanc::Line {
                id: "i901".to_owned(),
                ..line
            },
        );
    });
    world.pass().unwrap();
    world.assert_has([901], 1..=1);
    // In the end all are forgotten.
    world.wait(700.0);
    for _ in 0..=MOST / usize::try_from(LOOKS).unwrap() {
        world.pass().unwrap();
    }
    assert_eq!(world.store.gaps().unwrap(), Vec::<Gap>::new());
}
