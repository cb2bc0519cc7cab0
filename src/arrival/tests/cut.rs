//! `DELETE /changes`, at the worst moments.

use super::*;
use crate::arrival::notices::MOST;
use crate::arrival::tests::faulty::Fault;

fn world() -> World {
    let mut world = World::new(50);
    world.settle();
    world.wait(5.0);
    world.index(|index| index.store_range(100..120));
    world.settle();
    world.deliver();
    world.wait(5.0);
    world
}

#[test]
fn deleted_after_the_callback() {
    let mut world = world();
    world.index(|index| index.store_range(120..150));
    world.call_back();
    world.index(|index| index.log.clear());
    world.settle();
    world.assert_each_once(100..150);
}

#[test]
fn deleted_before_a_crash() {
    for later in [0, 5] {
        let mut world = world();
        world.index(|index| {
            index.store_range(120..150);
            index.log.clear();
        });
        world.crash();
        world.index(|index| index.store_range(150..150 + later));
        for _ in 0..3 {
            world.settle();
            world.deliver();
            world.wait(1.0);
        }
        world.assert_each_once(100..150 + later);
        drop(world);
    }
}

#[test]
fn deleted_while_nothing_was_missed() {
    let mut world = world();
    world.index(|index| index.log.clear());
    world.settle();
    world.crash();
    world.settle();
    world.index(|index| index.asked.clear());
    world.index(|index| index.store_range(120..130));
    world.settle();
    world.assert_each_once(100..130);
    world.crash();
    world.index(|index| index.log.clear());
    world.settle();
    world.assert_each_once(100..130);
    let asked = world.index(|index| index.asked.clone());
    assert!(
        !asked.iter().any(|uri| uri.starts_with("/studies")),
        "nothing to search for"
    );
}

/// The queue began with an empty Orthanc, so its cursor is 0.
#[test]
fn deleted_before_the_first_line_was_read() {
    let mut world = World::new(0);
    world.settle();
    world.wait(2.0);
    world.index(|index| {
        index.store_range(0..10);
        index.log.clear();
    });
    world.crash();
    world.index(|index| index.store_range(10..20));
    world.settle();
    world.assert_each_once(0..20);
}

/// The plugin catches up page by page when the log is deleted, and new lines come at once.
#[test]
fn deleted_between_two_pages() {
    for after in 0..14 {
        let mut world = world();
        world.index(|index| index.store_range(1000..2800));
        world.crash();
        let mut left = after;
        world.index(|index| {
            index.meanwhile = Some(Box::new(move |index| {
                if left == 0 {
                    index.log.clear();
                    index.store_range(5000..5001);
                }
                left -= 1;
            }));
        });
        world.pass().unwrap();
        world.index(|index| index.meanwhile = None);
        world.settle();
        world.assert_has((1000..2800).chain(5000..5001), 1..=1);
        drop(world);
    }
}

/// Nothing arrives any more that would show the gap.
#[test]
fn deleted_between_two_pages_and_silence_after() {
    let mut world = world();
    world.index(|index| index.store_range(1000..2800));
    world.crash();
    let mut pages = 0;
    world.index(|index| {
        index.meanwhile = Some(Box::new(move |index| {
            pages += usize::from(
                index
                    .asked
                    .last()
                    .is_some_and(|uri| uri.contains("limit=500")),
            );
            if pages == 1 {
                index.log.clear();
            }
        }));
    });
    world.pass().unwrap();
    world.index(|index| index.meanwhile = None);
    world.settle();
    world.assert_has(1000..2800, 1..=1);
}

/// The search itself is interrupted, again and again.
#[test]
fn crashes_during_the_search() {
    let mut world = world();
    world.index(|index| {
        index.store_range(1000..3000);
        index.log.clear();
    });
    world.crash();
    world.index(|index| index.store_range(5000..5100));
    for passes in [1, 2, 3, 4, 2, 1, 3] {
        for _ in 0..passes {
            let _ = world.pass();
            world.deliver();
        }
        world.crash();
    }
    world.settle();
    world.assert_has((1000..3000).chain(5000..5100), 1..=1);
}

/// Its callback finds it deleted: nothing is missed.
#[test]
fn what_a_search_found_before_its_callback_came_is_not_gone() {
    let mut world = world();
    world.index(|index| {
        index.store_range(1000..1010);
        index.log.clear();
    });
    world.crash();
    world.index(|index| index.store_range(5000..5010));
    world.settle();
    world.assert_has(1000..1010, 1..=1);
    world.index(|index| index.remove(&name(1000)));
    world.notices.put(&name(1000), world.clock.now());
    world.settle();
    assert_eq!(world.progress.figures().gone, 0);
}

#[test]
fn a_store_that_fails_during_the_search() {
    let mut world = world();
    world.index(|index| {
        index.store_range(1000..2000);
        index.log.clear();
    });
    world.crash();
    world.index(|index| index.store_range(5000..5050));
    for round in 0..12 {
        world
            .store
            .set([None, Some(Fault::Full), Some(Fault::ToldWrong)][round % 3]);
        let _ = world.pass();
    }
    world.store.set(None);
    world.settle();
    world.assert_has((1000..2000).chain(5000..5050), 1..=1);
}

/// Studies vanish while the list of studies is read.
#[test]
fn studies_deleted_during_the_search() {
    let mut world = world();
    world.index(|index| {
        index.store_range(7000..9_800);
        index.log.clear();
    });
    world.crash();
    let mut next = 100;
    world.index(|index| {
        index.meanwhile = Some(Box::new(move |index| {
            let last = index.asked.last();
            if last.is_some_and(|uri| uri.starts_with("/studies")) {
                for _ in 0..7 {
                    index.remove(&name(next));
                    next += 1;
                }
            }
        }));
    });
    world.settle();
    let counts = world.counts();
    let missing: Vec<String> = world.index(|index| {
        (7000..9_800)
            .map(name)
            .filter(|id| index.instances.contains_key(id) && !counts.contains_key(id))
            .collect()
    });
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn an_overwritten_instance_whose_line_is_deleted() {
    let mut world = world();
    world.index(|index| index.store("i105", "t15"));
    world.call_back();
    world.index(|index| index.log.clear());
    world.settle();
    assert_eq!(world.counts()["i105"], 2);
    world.deliver();
    // In the very second in which it was queued.
    world.index(|index| index.store("i105", "t15"));
    world.call_back();
    world.index(|index| index.log.clear());
    world.settle();
    assert_eq!(world.counts()["i105"], 3);
    world.deliver();
    world.wait(2.0);
    // And with the callback lost.
    world.index(|index| {
        index.store("i105", "t15");
        index.log.clear();
    });
    world.crash();
    world.settle();
    assert_eq!(world.counts()["i105"], 4);
}

/// What a person asked for says nothing about the rules.
#[test]
fn an_item_that_a_person_made_does_not_hide_an_arrival() {
    let mut world = world();
    world.index(|index| index.store("i1000", "t142"));
    world.wait(1.0);
    let item = crate::store::NewItem {
        ids: crate::item::Ids {
            instance: "i1000".to_owned(),
            sop_instance_uid: String::new(),
            series: "s142".to_owned(),
            study: "t142".to_owned(),
            patient: "p142".to_owned(),
        },
        destination: "archive".to_owned(),
        rule: None,
        remote_aet: None,
        priority: crate::item::Priority::Medium,
        group: "t142".to_owned(),
        place: 0,
        not_before: None,
        latest: None,
        expires: None,
        size_bytes: 1,
        failed: None,
        reception: crate::store::Reception::default(),
    };
    let now = world.clock.now();
    let intake = crate::store::Intake::request(std::slice::from_ref(&item));
    world.store.enqueue(&intake, now).unwrap();
    world.index(|index| index.log.clear());
    world.crash();
    world.settle();
    let to: BTreeSet<String> = world
        .items()
        .into_iter()
        .filter(|item| item.ids.instance == "i1000")
        .map(|item| item.destination)
        .collect();
    assert!(to.contains("pacs"), "{to:?}");
}

/// And no line of theirs is found either, nor does the log look cut.
#[test]
fn too_many_callbacks_for_the_memory() {
    let mut world = world();
    world.index(|index| {
        let before = index.last;
        index.store_range(1000..1100);
        index.log.retain(|seq, _| *seq <= before);
    });
    let now = world.clock.now();
    for _ in 0..=MOST {
        world.notices.put("i0", now);
    }
    world.settle();
    world.assert_has(1000..1100, 1..=1);
}

/// Lines go with their resources: no reason to search.
#[test]
fn normal_gaps_are_no_cut() {
    let mut world = world();
    for round in 0..20 {
        let from = 1000 + round * 10;
        world.index(|index| {
            index.store_range(from..from + 10);
            index.remove(&name(from));
            index.remove(&name(from + 9));
        });
        world.settle();
        world.deliver();
    }
    let asked = world.index(|index| index.asked.clone());
    assert!(!asked.iter().any(|uri| uri.starts_with("/studies")));
}

/// The oldest line vanishes just while it is looked for.
#[test]
fn lines_that_vanish_while_the_log_is_looked_at() {
    for after in 0..16 {
        let mut world = world();
        world.index(|index| {
            index.store_range(1000..1010);
            index.log.clear();
        });
        world.crash();
        world.index(|index| index.store_range(2000..2010));
        let (mut calls, mut next) = (0, 2000);
        world.index(|index| {
            index.meanwhile = Some(Box::new(move |index| {
                calls += 1;
                if calls >= after && next < 2010 {
                    index.store(&name(next), &super::orthanc::study(next));
                    next += 1;
                }
            }));
        });
        world.settle();
        world.assert_has((1000..1010).chain(2000..2010), 1..=1);
        drop(world);
    }
}

/// On PostgreSQL a number may be given out before another one, and its line appear after.
#[test]
fn a_line_that_appears_below_the_cursor() {
    let mut world = world();
    world.index(|index| {
        index.store_range(200..201);
        let late = index.log.remove(&index.last).unwrap();
        index.store_range(201..205);
        let number = index.last - 4;
        index.meanwhile = Some(Box::new(move |index| {
            if index.asked.iter().any(|uri| uri.contains("bulk-content")) {
                index.log.insert(number, late.clone());
            }
        }));
        index.asked.clear();
    });
    world.reconciler.pass().unwrap();
    world.index(|index| index.meanwhile = None);
    world.settle();
    world.assert_has((100..120).chain(200..205), 1..=1);
}
