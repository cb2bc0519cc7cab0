//! What the queue had sent comes back: it is asked of no rule, and nothing else is kept.

use super::*;
use crate::arrival::tests::faulty::Fault;
use crate::store::Outputs;

const AGAIN: &str = "came back that this queue had sent";

/// What is there of `t1` was sent to be of `t2` to Orthanc.
fn sent(world: &World) {
    let now = world.clock.now();
    world.store.remember_output("t2", "t1", None, now).unwrap();
}

fn own(world: &World) -> BTreeMap<String, u64> {
    world.progress.figures().own_outputs
}

/// Two instances that arrived, were sent, and come back from there; and one that was made there.
fn comes_back(world: &mut World) {
    world.wait(2.0);
    world.index(|index| {
        index.store("i1", "t1");
        index.store("i2", "t1");
    });
    world.settle();
    sent(world);
    assert_eq!(world.deliver().len(), 2);
    back(world);
}

fn back(world: &mut World) {
    world.index(|index| {
        index.store_from("i1@back", "t2", "PACS");
        index.store_from("i2@back", "t2", "PACS");
        index.store_from("i3@back", "t2", "PACS");
    });
}

fn assert_routed(world: &World, instances: &[&str]) {
    let expected = instances.iter().map(|id| ((*id).to_owned(), 1)).collect();
    assert_eq!(world.counts(), expected);
}

/// Destinations: one that it does not come from, so that nothing else keeps it from going.
fn world() -> World {
    World::with(0, json!([{ "To": ["archive"] }]))
}

#[test]
fn what_comes_back_is_counted_and_told_and_not_routed() {
    let mut world = world();
    comes_back(&mut world);
    world.settle();
    assert_routed(&world, &["i1", "i2", "i3@back"]);
    assert_eq!(own(&world), BTreeMap::from([("PACS".to_owned(), 2)]));
    assert_eq!(world.logged(AGAIN), 0, "by the service");
    for seconds in [0.0, 59.0] {
        world.wait(seconds);
        world.progress.tell(world.clock.now());
        world.progress.own_output("MR");
    }
    assert_eq!(world.logged(AGAIN), 1);
    assert_eq!(world.logged("2 instances came back"), 1);
    world.wait(1.0);
    world.progress.tell(world.clock.now());
    assert_eq!(world.logged("4 since the start, from MR, PACS"), 1);
    // At the rules it did not arrive.
    let rules = world.progress.figures().rules;
    let of_rule = rules.of(&world.reconciler.settings.rules[0]).unwrap();
    assert_eq!(of_rule.get(crate::routing::Mark::Matched), 3);
}

#[test]
fn after_a_crash_and_after_its_items_are_pruned_it_is_known() {
    let mut world = world();
    comes_back(&mut world);
    world.crash();
    world.settle();
    assert_routed(&world, &["i1", "i2", "i3@back"]);
    assert_eq!(own(&world)["PACS"], 2);
    world.deliver();
    world.wait(5.0);
    assert_eq!(world.store.prune(world.clock.now(), 100).unwrap(), 3);
    world.index(|index| {
        for id in ["i1@back", "i2@back", "i3@back"] {
            index.remove(id);
        }
    });
    world.crash();
    back(&mut world);
    world.settle();
    // Made there, it is new each time.
    assert_routed(&world, &["i3@back"]);
    assert_eq!(own(&world)["PACS"], 2);
}

/// Whatever way it is found: by its line, by the callback alone, or by a search.
#[test]
fn no_way_leads_around_it() {
    let mut world = world();
    comes_back(&mut world);
    world.index(|index| index.log.retain(|_, line| !line.id.contains("@back")));
    world.settle();
    assert_routed(&world, &["i1", "i2", "i3@back"]);
    // And received once more.
    world.index(|index| index.receive_again("i1@back"));
    world.settle();
    assert_routed(&world, &["i1", "i2", "i3@back"]);
    let before = own(&world)["PACS"];
    // All lines gone while we were away.
    world.crash();
    world.index(|index| {
        index.remove("i2@back");
        index.store_from("i2@back", "t2", "PACS");
        index.log.clear();
    });
    world.settle();
    assert_routed(&world, &["i1", "i2", "i3@back"]);
    assert!(
        own(&world).get("PACS").copied().unwrap_or(0) >= 1,
        "{before}"
    );
}

#[test]
fn neither_does_a_whole_study() {
    let mut world = World::with(
        0,
        json!([{ "To": ["archive"], "Scope": "Study", "When": { "CallingAet": "KO" } }]),
    );
    world.wait(2.0);
    world.index(|index| index.store_from("i1", "t1", "KO"));
    world.settle();
    sent(&world);
    world.deliver();
    world.index(|index| {
        index.store_from("i1@back", "t2", "PACS");
        index.store_from("i8@back", "t2", "KO");
    });
    world.settle();
    assert_routed(&world, &["i1", "i8@back"]);
    assert_eq!(own(&world)["PACS"], 1, "once, the look back apart");
}

#[test]
fn what_is_tried_again_is_counted_once() {
    let mut world = world();
    comes_back(&mut world);
    world.store.set(Some(Fault::Full));
    for _ in 0..3 {
        assert!(world.pass().is_err());
    }
    assert!(own(&world).is_empty());
    world.store.set(None);
    world.settle();
    assert_eq!(own(&world)["PACS"], 2);
    assert_routed(&world, &["i1", "i2", "i3@back"]);
}

#[test]
fn senders_are_bounded() {
    let progress = Progress::default();
    for number in 0..1000 {
        progress.own_output(&format!("AET{number}"));
        progress.own_output("AET7");
    }
    let counts = progress.figures().own_outputs;
    assert_eq!(counts.len(), 101);
    assert_eq!(counts.values().sum::<u64>(), 2000);
    assert!(counts["others"] >= 900);
}
