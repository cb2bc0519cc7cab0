//! What is received again, with and without `OverwriteInstances`; and what came from where it would go.

use std::collections::HashMap;

use fastrand::Rng;

use super::*;

fn rule(again: &str) -> Value {
    json!([{ "To": ["pacs"], "Again": again }])
}

/// Received and delivered, and received again a while later, as it was or changed.
fn again(world: &mut World, content: &str) -> Vec<String> {
    world.wait(90.0);
    world.index(|index| index.store_content("i1", "t1", "CT", content));
    world.settle();
    world.deliver()
}

#[test]
fn overwritten_it_is_sent_again_if_it_changed() {
    let mut world = World::overwriting(json!([{ "To": ["pacs"] }]));
    world.wait(2.0);
    assert_eq!(again(&mut world, "one"), ["i1"]);
    for _ in 0..5 {
        assert!(again(&mut world, "one").is_empty());
    }
    assert_eq!(world.decided("pacs", Fate::Unchanged), 5);
    assert_eq!(world.logged("it is unchanged"), 1, "told once");
    assert_eq!(again(&mut world, "two"), ["i1"]);
    assert_eq!(again(&mut world, "one"), ["i1"], "changed back");
    assert_eq!(world.decided("pacs", Fate::Again), 2);
    world.crash();
    assert!(again(&mut world, "one").is_empty(), "known after a crash");
}

#[test]
fn overwritten_before_it_was_sent_it_is_sent_once_and_as_it_is() {
    let mut world = World::overwriting(json!([{ "To": ["pacs"] }]));
    world.wait(2.0);
    for content in ["one", "two"] {
        world.index(|index| index.store_content("i1", "t1", "CT", content));
        world.settle();
    }
    assert_eq!(world.deliver(), ["i1"]);
    assert!(again(&mut world, "two").is_empty());
    assert_eq!(again(&mut world, "one"), ["i1"]);
}

/// Another content, whose line was never seen, was sent in the name of the first; then the first came again.
#[test]
fn changed_and_changed_back_unseen_it_is_sent_again() {
    let mut world = World::overwriting(json!([{ "To": ["pacs"] }]));
    world.wait(2.0);
    let store = |world: &World, content| {
        world.index(|index| index.store_content("i1", "t1", "CT", content));
    };
    store(&world, "one");
    world.settle();
    store(&world, "two");
    assert_eq!(world.deliver(), ["i1"]);
    store(&world, "one");
    world.settle();
    assert_eq!(world.deliver(), ["i1"]);
    // What is missing now came after it was delivered.
    world.wait(90.0);
    world.index(|index| index.store_content("i2", "t2", "CT", "other"));
    world.settle();
    world.deliver();
    world.wait(90.0);
    store(&world, "three");
    store(&world, "one");
    world.settle();
    assert!(world.deliver().is_empty());
    assert_eq!(world.decided("pacs", Fate::Unchanged), 1);
}

#[test]
fn never_is_never() {
    let mut world = World::overwriting(rule("Never"));
    world.wait(2.0);
    assert_eq!(again(&mut world, "one"), ["i1"]);
    assert!(again(&mut world, "two").is_empty());
    assert_eq!(world.decided("pacs", Fate::Never), 1);
    assert_eq!(world.logged("\"Again\": \"Never\""), 1);
}

#[test]
fn always_is_always() {
    let mut world = World::overwriting(rule("Always"));
    world.wait(2.0);
    for _ in 0..3 {
        assert_eq!(again(&mut world, "one"), ["i1"]);
    }
    assert_eq!(world.decided("pacs", Fate::Again), 2);
    let asked = world.index(|index| index.asked.clone());
    assert!(asked.iter().all(|uri| !uri.contains("md5")), "not needed");
}

/// 1.10.1 and 1.12.7 without `OverwriteInstances`: the callback is all there is.
#[test]
fn what_orthanc_did_not_store_is_sent_again_only_where_it_is_always() {
    for (setting, expected) in [("IfChanged", 0), ("Never", 0), ("Always", 2)] {
        let mut world = World::with(0, rule(setting));
        world.wait(2.0);
        world.index(|index| index.store_range(0..3));
        // The callbacks come after the lines were read: they are no second reception.
        world.reconciler.pass().unwrap();
        world.settle();
        assert_eq!(world.deliver().len(), 3);
        world.wait(2.0);
        for wait in [5.0, 600.0] {
            world.wait(wait);
            world.index(|index| index.receive_again("i1"));
            world.settle();
            let expected: &[&str] = if expected > 0 { &["i1"] } else { &[] };
            assert_eq!(world.deliver(), expected, "{setting}");
        }
        assert_eq!(world.decided("pacs", Fate::Again), expected, "{setting}");
        let held_back = [Fate::Never, Fate::Unchanged];
        let held_back = held_back.map(|fate| world.decided("pacs", fate));
        assert_eq!(held_back.iter().sum::<u64>(), 2 - expected, "{setting}");
        let asked = world.index(|index| index.asked.clone());
        assert!(asked.iter().all(|uri| !uri.contains("md5")), "not needed");
    }
}

#[test]
fn what_did_not_get_there_is_sent_again() {
    let mut world = World::with(0, json!([{ "To": ["pacs"] }]));
    world.wait(2.0);
    world.index(|index| index.store_range(0..1));
    world.settle();
    let now = world.clock.now();
    let claim = world
        .store
        .claim("pacs", Pick::MostUrgent, 1)
        .unwrap()
        .unwrap();
    let failed = Finish {
        id: claim.items[0].id,
        ending: Ending::Fail(AttemptMade {
            started: now,
            duration_us: 1,
            outcome: Outcome::new(Class::Rejected, "no"),
            counted: true,
            sent_as: None,
            altered: Some(false),
            confirm: None,
        }),
    };
    world.store.finish(claim.token, &[failed], now).unwrap();
    world.wait(90.0);
    world.index(|index| index.receive_again("i0"));
    world.settle();
    assert_eq!(world.deliver(), ["i0"]);
    assert_eq!(world.in_state(State::Failure).len(), 1, "kept");
}

/// Without the sums that Orthanc keeps nothing tells what is unchanged: it is sent.
#[test]
fn without_digests_what_is_overwritten_is_sent() {
    let mut world = World::overwriting(json!([{ "To": ["pacs"] }]));
    world.wait(2.0);
    assert_eq!(again(&mut world, "one"), ["i1"]);
    world.index(|index| index.broken.insert("/instances/i1/attachments".to_owned()));
    assert_eq!(again(&mut world, "one"), ["i1"]);
    assert_eq!(world.decided("pacs", Fate::Again), 1);
}

/// A to B to C to A, all of which overwrite: what A delivered comes back from C.
#[test]
fn a_ring_comes_to_rest() {
    let mut world = World::overwriting(json!([{ "To": ["pacs"] }]));
    world.wait(2.0);
    world.index(|index| index.store_range(0..5));
    let mut turns = Vec::new();
    loop {
        world.settle();
        let delivered = world.deliver();
        if delivered.is_empty() {
            break;
        }
        turns.push(delivered.len());
        assert!(turns.len() < 5, "it goes round and round");
        world.wait(1.0);
        world.index(|index| {
            for id in &delivered {
                let number: usize = id[1..].parse().unwrap();
                index.store_from(id, &orthanc::study(number), "C");
            }
        });
    }
    assert_eq!(turns, [5]);
    assert_eq!(world.decided("pacs", Fate::Unchanged), 5);
    assert_eq!(world.logged("is not sent to pacs again"), 1);
}

#[test]
fn what_came_from_there_is_counted_and_told_once() {
    let mut world = World::with(0, json!([{ "To": ["pacs", "archive"] }]));
    world.index(|index| {
        index.store_from("i1", "t1", "Pacs");
        index.store_from("i2", "t1", "PACS");
        index.store_from("i3", "t1", "CT");
    });
    world.settle();
    assert_eq!(world.items().len(), 4);
    assert_eq!(world.decided("pacs", Fate::Loop), 2);
    assert_eq!(world.logged("came from pacs"), 1);
}

/// Overwritten with this or that content, with crashes, faults and cut logs: what a destination got last is what
/// Orthanc has.
#[test]
fn whatever_happens_the_destination_has_what_orthanc_has() {
    let seed = std::env::var("SENDQUEUE_SEED");
    let seed = seed.map_or_else(|_| fastrand::u64(..), |text| text.parse().unwrap());
    println!("SENDQUEUE_SEED={seed}");
    let mut random = Rng::with_seed(seed);
    for _ in 0..6 {
        let mut world = World::overwriting(json!([{ "To": ["pacs"] }]));
        world.wait(2.0);
        let mut versions = [0; 12];
        let mut had: HashMap<String, String> = HashMap::new();
        let mut deliver = |world: &World| {
            for id in world.deliver() {
                let content =
                    world.index(|index| index.instances.get(&id).map(|i| i.content.clone()));
                had.extend(content.map(|content| (id, content)));
            }
        };
        for _ in 0..400 {
            match random.u32(..100) {
                0..40 => {
                    // Not in a second in which it may have been queued before.
                    world.wait(1.0);
                    let number = random.usize(..12);
                    // The same again, or another one.
                    versions[number] += random.usize(..2);
                    let content = format!("version {}", versions[number]);
                    world.index(|index| {
                        index.store_content(&name(number), &orthanc::study(number), "CT", &content);
                    });
                }
                40..43 => world.index(|index| index.log.clear()),
                43..47 => world.crash(),
                47..50 => {
                    let faults = [
                        faulty::Fault::Full,
                        faulty::Fault::Locked,
                        faulty::Fault::ToldWrong,
                    ];
                    world.store.set(Some(faults[random.usize(..3)]));
                }
                50..58 => world.store.set(None),
                58..75 => deliver(&world),
                75..85 => drop(world.reconciler.pass()),
                _ => drop(world.pass()),
            }
        }
        world.store.set(None);
        world.settle();
        deliver(&world);
        let wrong: Vec<String> = world.index(|index| {
            let all = index.instances.iter();
            all.filter(|(id, instance)| had.get(*id) != Some(&instance.content))
                .map(|(id, _)| id.clone())
                .collect()
        });
        assert_eq!(wrong, Vec::<String>::new(), "SENDQUEUE_SEED={seed}");
    }
}
