//! Rules that take the whole study: what comes later, what came earlier, and what ends the process in between.

use std::collections::HashMap;

use fastrand::Rng;

use super::*;
use crate::arrival::tests::faulty::Fault;
use crate::arrival::unlogged::CHUNK;
use crate::arrival::whole::STEPS;
use crate::store::{Studies, TakenStudy};

/// A rule for instances from CT; others come from elsewhere.
fn whole(to: &str) -> Value {
    json!({ "Name": format!("whole {to}"), "To": [to], "When": { "CallingAet": "CT" }, "Scope": "Study" })
}

fn world() -> World {
    let mut world = World::with(0, json!([whole("pacs")]));
    world.wait(2.0);
    world
}

/// What is owed to the rules of the configuration, which have names.
fn owed(world: &World) -> crate::store::Result<Vec<TakenStudy>> {
    let rules = world.configuration["SendQueue"]["Rules"]
        .as_array()
        .unwrap();
    let names: Vec<&str> = rules
        .iter()
        .filter_map(|rule| rule["Name"].as_str())
        .collect();
    world.store.owed(&names, 10)
}

/// Instances of `t1`, from a sender.
fn store(world: &World, aet: &str, numbers: impl IntoIterator<Item = usize>) {
    world.index(|index| {
        for number in numbers {
            index.store_from(&name(number), "t1", aet);
        }
    });
}

/// How many items these have together at a destination.
fn at(world: &World, destination: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for item in world.items() {
        if item.destination == destination {
            *counts.entry(item.ids.instance).or_insert(0) += 1;
        }
    }
    counts
}

#[track_caller]
fn assert_at(world: &World, destination: &str, numbers: impl IntoIterator<Item = usize>) {
    let expected: BTreeMap<String, usize> = numbers
        .into_iter()
        .map(|number| (name(number), 1))
        .collect();
    assert_eq!(at(world, destination), expected, "{destination}");
}

#[test]
fn what_comes_later_goes_too_also_weeks_later() {
    let mut world = world();
    store(&world, "CT", [1]);
    world.settle();
    store(&world, "KO", [2]);
    world.settle();
    world.crash();
    store(&world, "PR", [3]);
    world.index(|index| index.store_from("i9", "t2", "KO"));
    world.settle();
    world.assert_each_once(1..4);
    assert_eq!(world.deliver().len(), 3);
    world.wait(30.0 * 86_400.0);
    world.store.prune(world.clock.now(), 100).unwrap();
    assert!(world.items().is_empty());
    world.crash();
    store(&world, "SR", [4]);
    world.settle();
    world.assert_each_once(4..5);
}

#[test]
fn what_came_earlier_goes_too() {
    let mut world = world();
    store(&world, "KO", [1, 2]);
    world.index(|index| index.store_from("i9", "t2", "KO"));
    world.settle();
    assert!(world.items().is_empty());
    world.crash();
    world.wait(86_400.0);
    store(&world, "CT", [3]);
    world.settle();
    world.assert_each_once(1..4);
    let rules: BTreeSet<_> = world.items().into_iter().map(|item| item.rule).collect();
    assert_eq!(rules, [Some("whole pacs".to_owned())].into());
    world.crash();
    world.settle();
    world.assert_each_once(1..4);
}

/// What was there before the queue, too.
#[test]
fn the_order_in_a_page_is_no_matter_and_a_large_study_is_looked_through_in_parts() {
    let mut world = World::with(0, json!([whole("pacs")]));
    world.index(|index| {
        index.now -= 3600 * SECOND;
        index.store_from("i0", "t1", "KO");
        index.callbacks.clear();
        index.now += 3600 * SECOND;
    });
    world.wait(2.0);
    store(&world, "MR", 1..1200);
    store(&world, "CT", [1200]);
    store(&world, "MR", 1201..1300);
    world.pass().unwrap();
    assert!(world.reconciler.goes_on(), "not all of it in one pass");
    let steps = usize::try_from(STEPS).unwrap();
    assert_eq!(world.items().len(), 100 + (steps - 1) * CHUNK);
    // New ones do not wait for the end.
    store(&world, "MR", [1300]);
    world.pass().unwrap();
    assert!(!world.reconciler.goes_on());
    world.assert_each_once(0..1301);
    assert_eq!(world.store.calls.lock()["looked_back"], 1);
}

#[test]
fn without_such_a_rule_nothing_is_asked_of_the_store() {
    let mut rule = whole("pacs");
    rule["Scope"] = json!("Instance");
    let mut world = World::with(0, json!([rule]));
    store(&world, "CT", 0..20);
    store(&world, "KO", 20..30);
    world.settle();
    world.assert_each_once(0..20);
    let calls = world.store.calls.lock().clone();
    for call in ["taken", "owed", "looked_back", "forget", "arrived"] {
        assert!(!calls.contains_key(call), "{calls:?}");
    }
}

#[test]
fn rules_do_not_meddle_with_each_other() {
    let mut other = whole("archive");
    other["When"]["CallingAet"] = json!("MR");
    let mut world = World::with(
        0,
        json!([{ "To": ["archive"], "When": { "CallingAet": "US" } }, whole("pacs"), other]),
    );
    store(&world, "KO", [1]);
    store(&world, "US", [2]);
    store(&world, "CT", [3]);
    world.settle();
    assert_at(&world, "pacs", 1..4);
    assert_at(&world, "archive", [2]);
    world.deliver();
    world.wait(90.0);
    store(&world, "MR", [4]);
    world.settle();
    assert_at(&world, "pacs", 1..5);
    // The one that a rule without the whole study has sent is not sent again.
    assert_at(&world, "archive", 1..5);
    assert_eq!(world.decided("archive", Fate::Again), 0);
}

#[test]
fn what_a_rule_excepts_stays_and_takes_no_study() {
    let mut rule = whole("pacs");
    rule["When"]["CallingAet"] = json!(["CT", "SECRET"]);
    rule["Unless"] = json!({ "CallingAet": ["SECRET", "PRIVATE"] });
    let mut world = World::with(0, json!([rule]));
    store(&world, "KO", [1]);
    store(&world, "SECRET", [2]);
    store(&world, "PRIVATE", [3]);
    world.settle();
    assert!(world.items().is_empty());
    store(&world, "CT", [4]);
    world.settle();
    store(&world, "KO", [5]);
    store(&world, "SECRET", [6]);
    store(&world, "PRIVATE", [7]);
    world.settle();
    assert_at(&world, "pacs", [1, 4, 5]);
}

/// An earlier one goes where it went, and to the rule that took its study.
#[test]
fn a_rule_that_stops_others_stops_what_comes_later() {
    let mut rule = whole("pacs");
    rule["Stop"] = json!(true);
    let mut world = World::with(0, json!([rule, { "To": ["archive"] }]));
    store(&world, "KO", [1]);
    store(&world, "CT", [2]);
    store(&world, "KO", [3]);
    world.settle();
    assert_at(&world, "pacs", 1..4);
    assert_at(&world, "archive", [1]);
}

/// Also where it stops them because it takes the whole study.
#[test]
fn what_another_rule_keeps_for_itself_is_not_looked_back_at() {
    let us = json!({ "To": ["research"], "When": { "CallingAet": "US" }, "Stop": true });
    let mut first = whole("pacs");
    first["Unless"] = json!({ "CallingAet": "MR" });
    first["Stop"] = json!(true);
    let mut second = whole("archive");
    second["When"]["CallingAet"] = json!("MR");
    let mut world = World::with(0, json!([us, first, second]));
    store(&world, "KO", [1]);
    store(&world, "US", [2]);
    store(&world, "CT", [3]);
    world.settle();
    assert_at(&world, "pacs", [1, 3]);
    store(&world, "MR", [4]);
    world.settle();
    assert_at(&world, "pacs", [1, 3]);
    assert_at(&world, "archive", [4]);
    assert_at(&world, "research", [2]);
}

/// Another rule takes a study that is being looked at: what was passed is looked at for it as well.
#[test]
fn another_rule_comes_while_a_study_is_looked_at() {
    let mut other = whole("archive");
    other["When"]["CallingAet"] = json!("MR");
    let mut world = World::with(0, json!([whole("pacs"), other]));
    store(&world, "KO", 0..1050);
    store(&world, "CT", [1050]);
    world.pass().unwrap();
    assert!(world.reconciler.goes_on());
    store(&world, "MR", [1051]);
    world.settle();
    assert_at(&world, "pacs", 0..1052);
    assert_at(&world, "archive", 0..1052);
}

/// A rule that is gone while a look back is owed, and comes back.
#[test]
fn a_rule_comes_back() {
    for scope in ["Instance", "Study"] {
        let mut world = world();
        store(&world, "KO", 0..3);
        world.settle();
        store(&world, "CT", [3]);
        world.store.set_after(1, Some(Fault::Locked));
        assert!(world.pass().is_err());
        world.store.set(None);
        assert_eq!(owed(&world).unwrap().len(), 1);
        let before = world.configuration["SendQueue"]["Rules"].clone();
        // Another rule that takes whole studies, or none.
        let mut other = whole("archive");
        other["Scope"] = json!(scope);
        world.configuration["SendQueue"]["Rules"] = json!([other]);
        world.crash();
        world.settle();
        world.configuration["SendQueue"]["Rules"] = before;
        world.crash();
        // Nothing has to match anew.
        store(&world, "KO", [4]);
        world.settle();
        assert_at(&world, "pacs", 0..5);
    }
}

/// Many studies at once: new lines are read between them.
#[test]
fn many_studies_are_looked_at_a_few_at_a_time() {
    let mut world = world();
    world.index(|index| {
        for number in 0..40 {
            index.store_from(&name(number), &format!("t{number}"), "KO");
        }
    });
    world.settle();
    world.index(|index| {
        for number in 100..140 {
            index.store_from(&name(number), &format!("t{}", number - 100), "CT");
        }
    });
    world.pass().unwrap();
    assert_eq!(world.items().len(), 45, "two steps for each");
    store(&world, "CT", [1000]);
    world.pass().unwrap();
    assert_eq!(world.items().len(), 51);
    world.settle();
    world.assert_has((0..40).chain(100..140).chain([1000]), 1..=1);
}

#[test]
fn the_group_waits_for_what_is_looked_back_at() {
    let mut rule = whole("pacs");
    rule["QuietSeconds"] = json!(60);
    let mut world = World::with(0, json!([rule]));
    store(&world, "KO", [1]);
    store(&world, "CT", [2]);
    world.settle();
    let due = world.clock.now().plus_seconds(60.0);
    assert_eq!(world.in_state(State::Scheduled).len(), 2);
    assert_eq!(world.store.next_due().unwrap(), Some(due));
    world.wait(60.0);
    world.store.promote(due, 10).unwrap();
    assert_eq!(world.deliver().len(), 2);
}

/// What came from the destination does not go back; it opens its study all the same.
#[test]
fn nothing_goes_back_to_where_it_came_from() {
    let mut world = World::with(
        0,
        json!([{ "To": ["pacs", "archive"], "When": { "CallingAet": "PACS" }, "Scope": "Study" }]),
    );
    store(&world, "ARCHIVE", [1]);
    store(&world, "KO", [2]);
    store(&world, "PACS", [3]);
    world.settle();
    assert_at(&world, "pacs", [1, 2]);
    assert_at(&world, "archive", [2, 3]);
    assert_eq!(world.decided("pacs", Fate::Loop), 1);
    assert_eq!(
        world.decided("archive", Fate::Loop),
        1,
        "once it is asked for"
    );
}

#[test]
fn what_is_undecided_opens_nothing_and_goes_with_its_study() {
    let when = json!({ "Tags": { "0009,1001": "wanted" } });
    let mut world = World::with(
        0,
        json!([{ "To": ["pacs"], "When": when, "Scope": "Study" }]),
    );
    world.index(|index| {
        index.tags.insert("0009,1001".to_owned(), Value::Null);
        index.elements.insert("0009-1001".to_owned(), vec![0, 1]);
    });
    store(&world, "CT", [1]);
    world.settle();
    assert_eq!(world.in_state(State::Failure).len(), 1);
    world.index(|index| drop(index.tags.remove("0009,1001")));
    store(&world, "CT", [2]);
    world.settle();
    assert_eq!(world.items().len(), 1, "the study is not open");
    world.index(|index| drop(index.tags.insert("0009,1001".to_owned(), json!("wanted"))));
    store(&world, "CT", [3]);
    world.settle();
    world.index(|index| drop(index.tags.insert("0009,1001".to_owned(), Value::Null)));
    store(&world, "CT", [4]);
    world.settle();
    world.assert_each_once(1..5);
    assert_eq!(world.in_state(State::Failure).len(), 1, "as it was");
    assert_eq!(world.in_state(State::Pending).len(), 3);
}

/// Also where the rule has no name and its place has changed.
#[test]
fn a_rule_is_known_by_what_it_says() {
    let unnamed = json!({ "To": ["pacs"], "When": { "CallingAet": "CT" }, "Scope": "Study" });
    let mut world = World::with(0, json!([unnamed]));
    store(&world, "CT", [1]);
    world.settle();
    let other = json!({ "To": ["archive"], "When": { "CallingAet": "MR" }, "Scope": "Study" });
    world.configuration["SendQueue"]["Rules"] = json!([other, unnamed]);
    world.crash();
    store(&world, "KO", [2]);
    world.settle();
    assert_at(&world, "pacs", [1, 2]);
    assert_at(&world, "archive", []);
}

/// Writes fail, or the process ends, at each of them: nothing is lost, nothing is queued twice.
#[test]
fn an_end_at_each_write() {
    let faults = [
        Fault::Full,
        Fault::ToldWrong,
        Fault::Panics,
        Fault::PanicsWritten,
    ];
    for (fault, kill) in faults
        .into_iter()
        .flat_map(|fault| [(fault, false), (fault, true)])
    {
        for writes in 0.. {
            let mut world = World::with(
                0,
                json!([{ "To": ["archive"], "When": { "CallingAet": "KO" } }, whole("pacs")]),
            );
            world.settle();
            world.wait(2.0);
            store(&world, "KO", 0..110);
            world.settle();
            store(&world, "MR", 110..120);
            store(&world, "CT", [120]);
            store(&world, "KO", 121..125);
            world.store.set_after(writes, Some(fault));
            for _ in 0..3 {
                let _ = world.pass();
            }
            let is_met = world.store.is_met();
            if kill {
                world.crash();
            }
            world.store.set(None);
            world.deliver();
            world.settle();
            assert_at(&world, "pacs", 0..125);
            assert_at(&world, "archive", (0..110).chain(121..125));
            assert!(owed(&world).unwrap().is_empty());
            if !is_met {
                assert!(writes >= 5, "{writes}");
                break;
            }
        }
    }
}

/// What a look back queues says nothing of the instance's own arrival: other rules take it when that is found.
#[test]
fn a_look_back_is_no_arrival() {
    let mut world = World::with(1, json!([{ "To": ["archive"] }, whole("pacs")]));
    world.settle();
    world.wait(2.0);
    store(&world, "CT", [1]);
    // All but the look back is written.
    world.store.set_after(1, Some(Fault::Full));
    assert!(world.pass().is_err());
    assert_eq!(owed(&world).unwrap().len(), 1);
    world.wait(2.0);
    store(&world, "KO", [2]);
    world.index(|index| index.log.clear());
    world.crash();
    world.store.set(None);
    world.pass().unwrap();
    assert_at(&world, "pacs", 1..3);
    assert_at(&world, "archive", 1..2);
    world.settle();
    assert_at(&world, "pacs", 1..3);
    assert_at(&world, "archive", 1..3);
}

#[test]
fn a_study_that_changes_while_it_is_looked_at() {
    for step in 0..12 {
        let mut world = world();
        store(&world, "KO", 0..250);
        world.settle();
        store(&world, "CT", [250]);
        let mut left = step;
        world.index(|index| {
            index.meanwhile = Some(Box::new(move |index| {
                if left == 0 {
                    for number in 0..20 {
                        index.store_from(&name(300 + number), "t1", "KO");
                        index.remove(&name(number));
                    }
                    // Another file, which is not sent for itself.
                    index.store_from("i30", "t1", "KO");
                }
                left -= 1;
            }));
        });
        world.pass().unwrap();
        world.index(|index| index.meanwhile = None);
        world.settle();
        let counts = world.counts();
        let there = world.index(|index| index.instances.keys().cloned().collect::<Vec<_>>());
        assert_eq!(there.len(), 251);
        for id in there {
            assert_eq!(counts.get(&id), Some(&1), "{id} at step {step}");
        }
        drop(world);
    }
}

#[test]
fn a_stop_while_it_is_looked_at() {
    let mut world = world();
    store(&world, "KO", 0..250);
    world.settle();
    store(&world, "CT", [250]);
    let notices = world.notices.clone();
    let mut left = 6;
    world.index(|index| {
        index.meanwhile = Some(Box::new(move |_| {
            left -= 1;
            if left == 0 {
                notices.bell().stop();
            }
        }));
    });
    world.pass().unwrap();
    world.index(|index| index.meanwhile = None);
    assert_eq!(owed(&world).unwrap().len(), 1);
    assert!(world.items().len() < 251);
    world.crash();
    world.settle();
    world.assert_each_once(0..251);
}

#[test]
fn what_cannot_be_described_stops_nobody() {
    // One; and a whole chunk, the first ones in the order of the list.
    let chunk: Vec<String> = world_names(150).into_iter().skip(49).collect();
    for poison in [vec![name(7)], chunk] {
        let mut world = world();
        store(&world, "KO", 0..149);
        world.settle();
        world.index(|index| index.poison.extend(poison.iter().cloned()));
        let ct = world_names(150)
            .into_iter()
            .find(|id| !poison.contains(id))
            .unwrap();
        world.index(|index| {
            index.store_from(&ct, "t1", "CT");
            index.store_from("i900", "t2", "CT");
        });
        world.settle();
        let expected = 149 + 1 - poison.len() + usize::from(!(0..149).any(|n| name(n) == ct));
        assert_eq!(world.counts().len(), expected);
        assert!(world.counts().values().all(|count| *count == 1));
        assert_eq!(world.progress.figures().given_up, 1);
        assert!(owed(&world).unwrap().is_empty());
        drop(world);
    }
}

/// Names in the order in which Orthanc lists them.
fn world_names(count: usize) -> Vec<String> {
    let mut names: Vec<String> = (0..count - 1).map(name).collect();
    names.sort();
    names
}

/// As long as nothing of a study can be listed, others go on.
#[test]
fn a_study_that_cannot_be_listed_is_tried_on() {
    let mut world = world();
    store(&world, "KO", 0..5);
    world.settle();
    store(&world, "CT", [5]);
    world.index(|index| {
        index.store_from("i900", "t2", "CT");
        index.poison.insert("s1".to_owned());
    });
    for _ in 0..8 {
        world.pass().unwrap_err();
    }
    world.index(|index| {
        index.store_from("i800", "t3", "KO");
        index.store_from("i801", "t3", "CT");
    });
    for _ in 0..3 {
        world.pass().unwrap_err();
    }
    let found: Vec<String> = world.counts().into_keys().collect();
    assert_eq!(found, ["i5", "i800", "i801", "i900"]);
    world.index(|index| index.poison.clear());
    world.settle();
    assert_eq!(world.counts().len(), 9);
    assert_eq!(world.progress.figures().given_up, 0);
}

#[test]
fn what_is_received_again_is_as_any() {
    let mut world = World::overwriting(json!([whole("pacs")]));
    world.wait(2.0);
    store(&world, "KO", [1]);
    world.settle();
    store(&world, "CT", [2]);
    world.settle();
    assert_eq!(world.deliver().len(), 2);
    world.wait(90.0);
    store(&world, "KO", [1]);
    world.settle();
    assert!(world.deliver().is_empty());
    assert_eq!(world.decided("pacs", Fate::Unchanged), 1);
    world.wait(90.0);
    world.index(|index| index.store_content("i1", "t1", "KO", "other"));
    world.settle();
    assert_eq!(world.deliver(), ["i1"]);
}

/// Received again and not stored: nothing new, unless the rule sends that too.
#[test]
fn what_orthanc_did_not_store_opens_a_study_only_where_it_is_sent() {
    for (again, expected) in [("IfChanged", 0), ("Never", 0), ("Always", 2)] {
        let mut world = World::with(
            0,
            json!([{ "To": ["archive"], "When": { "CallingAet": "X" } }]),
        );
        store(&world, "KO", [1]);
        store(&world, "CT", [2]);
        world.settle();
        let mut rule = whole("pacs");
        rule["Again"] = json!(again);
        world.configuration["SendQueue"]["Rules"] = json!([rule]);
        world.crash();
        world.wait(90.0);
        world.index(|index| index.receive_again("i2"));
        world.settle();
        assert_eq!(world.items().len(), expected, "{again}");
    }
}

/// A router that deletes what it has sent: a report that comes weeks later goes where the images went.
#[test]
fn a_study_that_is_sent_and_deleted_is_remembered() {
    let mut world = world();
    store(&world, "CT", [1, 2]);
    world.settle();
    assert_eq!(world.deliver().len(), 2);
    world.index(|index| {
        index.remove("i1");
        index.remove("i2");
    });
    for _ in 0..8 {
        world.wait(10.0 * 86_400.0);
        world.settle();
    }
    store(&world, "SR", [3]);
    world.settle();
    assert_eq!(world.deliver(), ["i3"]);
    // The rule is gone for a while.
    let rules = world.configuration["SendQueue"]["Rules"].clone();
    world.configuration["SendQueue"]["Rules"] = json!([]);
    world.crash();
    for _ in 0..3 {
        world.wait(600.0);
        world.settle();
    }
    world.configuration["SendQueue"]["Rules"] = rules;
    world.crash();
    store(&world, "SR", [4]);
    world.settle();
    assert_eq!(world.deliver(), ["i4"]);
}

#[test]
fn what_is_gone_is_forgotten() {
    let mut world = world();
    let taken = |world: &World| {
        let all = world.store.taken_after(&Default::default(), 1000).unwrap();
        all.len()
    };
    world.index(|index| {
        for number in 0..250 {
            index.store(&name(number), &format!("t{number}"));
        }
    });
    world.settle();
    assert_eq!(taken(&world), 250);
    world.wait(91.0 * 86_400.0);
    let review = |world: &mut World| {
        for _ in 0..4 {
            world.wait(600.0);
            world.settle();
        }
    };
    review(&mut world);
    assert_eq!(taken(&world), 250);
    world.index(|index| {
        for number in 10..250 {
            index.remove(&name(number));
        }
        // These cannot be asked for: they stay.
        index.poison.insert("t1".to_owned());
    });
    review(&mut world);
    assert_eq!(taken(&world), 108, "the first page");
    world.index(|index| index.poison.clear());
    review(&mut world);
    assert_eq!(taken(&world), 10);
    // A study that comes back is a new one.
    world.index(|index| index.store_from("i500", "t20", "KO"));
    world.settle();
    assert!(!world.counts().contains_key("i500"));
    world.index(|index| index.store_from("i501", "t20", "CT"));
    world.settle();
    assert_eq!(world.counts()["i500"], 1);
    // The rule is no more, or takes no whole studies any more.
    let mut rule = whole("pacs");
    rule["Scope"] = json!("Instance");
    world.configuration["SendQueue"]["Rules"] = json!([rule]);
    world.crash();
    world.settle();
    review(&mut world);
    assert_eq!(taken(&world), 1, "of today");
    world.wait(91.0 * 86_400.0);
    review(&mut world);
    assert_eq!(taken(&world), 0);
}

/// Arrivals in random order, with late lines, deleted logs, faults and crashes: in the end what belongs to a study that
/// matched has one item for the rule's destination, and nothing else has; and each instance has one by the plain rule.
#[test]
fn whatever_happens_exactly_the_studies_that_matched_go() {
    let seed = std::env::var("SENDQUEUE_SEED");
    let seed = seed.map_or_else(|_| fastrand::u64(..), |text| text.parse().unwrap());
    println!("SENDQUEUE_SEED={seed}");
    let mut random = Rng::with_seed(seed);
    let mut mr = whole("research");
    mr["When"]["CallingAet"] = json!("MR");
    for round in 0..4 {
        let rules = json!([{ "To": ["archive"] }, whole("pacs"), mr]);
        let mut world = World::with(0, rules);
        world.settle();
        world.wait(2.0);
        let mut flying: HashMap<i64, String> = HashMap::new();
        let mut next = 0;
        for _ in 0..300 {
            match random.u32(..100) {
                0..45 => {
                    let study = format!("t{}", random.usize(..40));
                    for _ in 0..random.usize(1..40) {
                        next += 1;
                        let aet = match random.u8(..100) {
                            0 => "CT",
                            1 => "MR",
                            _ => "KO",
                        };
                        world.index(|index| index.store_from(&name(next), &study, aet));
                    }
                }
                45..50 => {
                    // From CT, and visible late.
                    next += 1;
                    let study = format!("t{}", random.usize(..40));
                    let number = world.index(|index| index.begin(&name(next), &study));
                    flying.insert(number, name(next));
                }
                50..56 => {
                    if let Some(number) = flying.keys().next().copied() {
                        flying.remove(&number);
                        world.index(|index| index.commit(number));
                    }
                }
                56..59 => world.index(|index| index.log.clear()),
                59..64 => {
                    world.index(Index::roll_back);
                    flying.clear();
                    world.crash();
                }
                64..70 => {
                    let faults = [
                        Fault::Full,
                        Fault::ToldWrong,
                        Fault::Panics,
                        Fault::PanicsWritten,
                    ];
                    let fault = faults[random.usize(..4)];
                    world.store.set_after(random.u32(..4), Some(fault));
                }
                70..78 => world.store.set(None),
                78..82 => drop(world.deliver()),
                82..85 => world.wait(random.f64() * 3.0),
                85..90 => drop(world.pass_alone()),
                _ => drop(world.pass()),
            }
        }
        world.store.set(None);
        for _ in 0..3 {
            world.settle();
            world.wait(1.0);
        }
        let text = format!("SENDQUEUE_SEED={seed}, round {round}");
        let all = world.index(|index| index.instances.clone());
        let once = |aet: &str| -> BTreeMap<String, usize> {
            let matching = all.values().filter(|one| aet.is_empty() || one.aet == aet);
            let studies: BTreeSet<&String> = matching.map(|one| &one.study).collect();
            let taken = all.iter().filter(|(_, one)| studies.contains(&one.study));
            taken.map(|(id, _)| (id.clone(), 1)).collect()
        };
        for (destination, aet) in [("pacs", "CT"), ("research", "MR"), ("archive", "")] {
            assert_eq!(at(&world, destination), once(aet), "{text}, {destination}");
        }
        assert!(owed(&world).unwrap().is_empty(), "{text}");
    }
}
