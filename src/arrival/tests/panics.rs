//! A panic in the middle of a pass: what is half done is done, and nothing twice.

use super::faulty::Fault;
use super::*;

const PANICS: [Fault; 2] = [Fault::Panics, Fault::PanicsWritten];

#[test]
fn each_line_is_queued_once_whenever_it_panics() {
    let mut world = World::new(3);
    for round in 0..20 {
        let first = round * 500;
        world.index(|index| index.store_range(1000 + first..1000 + first + 500));
        world.store.set(Some(PANICS[round % 2]));
        assert!(world.pass().is_err());
        world.store.set(None);
        if round % 3 == 0 {
            world.pass().unwrap();
        }
    }
    world.settle();
    world.assert_each_once(1000..11_000);
}

/// What only the callback told of is not forgotten.
#[test]
fn an_instance_without_a_line_is_queued_all_the_same() {
    for fault in PANICS {
        let mut world = World::new(5);
        world.settle();
        world.index(|index| {
            index.store("i7", "t1");
            let last = index.last;
            index.log.remove(&last);
        });
        world.store.set(Some(fault));
        assert!(world.pass().is_err());
        world.store.set(None);
        world.settle();
        world.assert_each_once(7..8);
    }
}

#[test]
fn a_search_under_way_is_begun_again() {
    let mut world = World::new(0);
    world.index(|index| index.store_range(0..1000));
    world.settle();
    world.wait(100.0);
    world.index(|index| {
        index.store_range(1000..3000);
        index.log.clear();
    });
    world.crash();
    world.index(|index| index.store_range(5000..5050));
    for round in 0..12 {
        world
            .store
            .set([None, Some(PANICS[0]), Some(PANICS[1])][round % 3]);
        let _ = world.pass();
    }
    world.store.set(None);
    world.settle();
    world.assert_has((0..3000).chain(5000..5050), 1..=1);
}
