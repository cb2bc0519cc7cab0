//! From events to messages: how many, and what they say.

use super::super::collect::{Collector, MOST};
use super::super::watch::Event;
use super::*;

#[test]
fn an_outage_and_its_end_are_two_messages() {
    let scene = Scene::new(vec![ready()]);
    assert_eq!(scene.pass(3), Vec::<Value>::new());
    scene.set(Look {
        open: 12,
        oldest: Some(at(3)),
        ..unreachable(4, 1)
    });
    let told = scene.pass(1);
    assert_eq!(told.len(), 1, "{told:#?}");
    let message = &told[0];
    assert_eq!(message["Kind"], "DestinationUnreachable");
    assert_eq!(message["Destination"], "pacs");
    assert_eq!(message["Orthanc"]["Name"], "Hospital");
    assert_eq!(message["Orthanc"]["DicomAet"], "ORTHANC");
    assert_eq!(message["Time"], at(4).to_orthanc());
    assert_eq!(message["Since"], at(4).to_orthanc());
    assert_eq!(
        (&message["Count"], &message["Class"]),
        (&1.into(), &"Unreachable".into())
    );
    assert_eq!(
        (&message["Waiting"], &message["OldestPendingSeconds"]),
        (&12.into(), &1.into())
    );
    assert!(
        message["Message"]
            .as_str()
            .unwrap()
            .ends_with("12 instances to be sent, the oldest waits since 00:00 (1 s)")
    );
    assert!(
        message["Advice"]
            .as_str()
            .unwrap()
            .contains("nothing is lost")
    );
    assert!(
        message["Message"]
            .as_str()
            .unwrap()
            .starts_with("pacs cannot be reached since 00:00 (0 s); ")
    );
    assert!(message.get("State").is_none());
    assert_eq!(scene.pass(20), Vec::<Value>::new());
    scene.set(Look {
        outages: 1,
        ..ready()
    });
    let told = scene.pass(1);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["Kind"], "DestinationBack");
    assert!(
        told[0]["Message"].as_str().unwrap().contains("after 21 s"),
        "{}",
        told[0]
    );
    assert_eq!(scene.alerts.figures().sent, 2);
}

#[test]
fn at_most_one_a_minute_and_the_rest_in_the_next() {
    let scene = Scene::new(vec![ready()]);
    let mut told = Vec::new();
    // It comes and goes each second.
    for second in 1..=300 {
        let outages = (second as u64).div_ceil(2);
        scene.set(if second % 2 == 1 {
            unreachable(second, outages)
        } else {
            Look { outages, ..ready() }
        });
        told.extend(scene.pass(1));
    }
    told.extend(scene.pass(60));
    for kind in ["DestinationUnreachable", "DestinationBack"] {
        let of_kind: Vec<&Value> = told.iter().filter(|m| m["Kind"] == kind).collect();
        let counts: u64 = of_kind.iter().map(|m| m["Count"].as_u64().unwrap()).sum();
        assert_eq!(counts, 150, "{kind}");
        assert_eq!(of_kind.len(), 6, "{kind}");
        let times: Vec<Timestamp> = of_kind
            .iter()
            .map(|m| Timestamp::parse_orthanc(m["Time"].as_str().unwrap()).unwrap())
            .collect();
        assert!(
            times
                .windows(2)
                .all(|two| two[1].since(two[0]).as_secs() >= 60)
        );
    }
}

#[test]
fn failures_of_one_study_are_one_message() {
    let scene = Scene::new(vec![failed(&[(Class::Rejected, 100)])]);
    assert_eq!(scene.pass(10), Vec::<Value>::new());
    for more in 1..=4 {
        scene.set(failed(&[
            (Class::Rejected, 100 + more),
            (Class::NotNegotiated, 10 * more),
        ]));
        assert_eq!(scene.pass(1), Vec::<Value>::new());
    }
    let told = scene.pass(5);
    assert_eq!(told.len(), 1, "{told:#?}");
    let message = &told[0];
    assert_eq!(
        (&message["Kind"], &message["Count"]),
        (&"Failure".into(), &44.into())
    );
    assert_eq!(message["Class"], "NotNegotiated");
    assert_eq!(
        message["Message"],
        "44 instances for pacs went into the error queue: 40 × NotNegotiated, 4 × Rejected"
    );
    let classes = message["Classes"].as_array().unwrap();
    assert_eq!(classes.len(), 2);
    assert_eq!(
        (&classes[1]["Class"], &classes[1]["Count"]),
        (&"Rejected".into(), &4.into())
    );
    assert!(
        classes[1]["Advice"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    );
    assert_eq!(message["Since"], at(11).to_orthanc());
    assert_eq!(scene.pass(120), Vec::<Value>::new());
}

#[test]
fn failures_are_told_with_their_status() {
    let with = |refused: u64, expired: u64| Look {
        failures: [
            ((Class::Rejected, Some(0xC000)), refused),
            ((Class::Rejected, Some(0xA900)), 1),
            ((Class::Expired, None), expired),
        ]
        .into(),
        ..ready()
    };
    let scene = Scene::new(vec![with(5, 0)]);
    scene.set(with(21, 2));
    let told = scene.pass(6);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!(
        told[0]["Message"],
        "18 instances for pacs went into the error queue: 16 × C000 (Rejected), 2 × Expired"
    );
    let first = &told[0]["Classes"][0];
    assert_eq!(
        (&first["Status"], &first["Count"]),
        (&0xC000.into(), &16.into())
    );
    assert!(
        first["Meaning"]
            .as_str()
            .unwrap()
            .starts_with("C000: cannot understand")
    );
    assert!(told[0]["Classes"][1]["Status"].is_null());
    assert!(
        told[0]["Advice"]
            .as_str()
            .unwrap()
            .contains("receiver's log")
    );
}

#[test]
fn a_backlog_is_told_with_its_state() {
    let scene = Scene::new(vec![ready()]);
    scene.set(Look {
        open: 100,
        paused: true,
        ..ready()
    });
    let told = scene.pass(90);
    assert_eq!(told.len(), 1);
    assert_eq!(
        (&told[0]["Kind"], &told[0]["State"]),
        (&"Backlog".into(), &"Begun".into())
    );
    assert!(
        told[0]["Message"]
            .as_str()
            .unwrap()
            .ends_with("the destination is paused")
    );
    scene.set(ready());
    let told = scene.pass(90);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["State"], "Over");
    assert_eq!(told[0]["Since"], at(1).to_orthanc());
    assert!(
        told[0]["Message"]
            .as_str()
            .unwrap()
            .contains("nothing waits")
    );
}

#[test]
fn only_what_was_asked_for() {
    let mut only = settings();
    only.on = vec![AlertKind::Failure];
    let scene = Scene::with(only, vec![ready()]);
    scene.set(Look {
        open: 1000,
        ..unreachable(1, 5)
    });
    assert_eq!(scene.pass(200), Vec::<Value>::new());
    scene.set(failed(&[(Class::Busy, 1)]));
    assert_eq!(scene.pass(10).len(), 1);
}

#[test]
fn destinations_do_not_wait_for_each_other() {
    let scene = Scene::new(Vec::new());
    let named = |name: &str| Look {
        destination: name.to_owned(),
        ..unreachable(1, 1)
    };
    *scene.looks.lock().unwrap() = (0..50).map(|n| named(&format!("pacs{n}"))).collect();
    let told = scene.pass(1);
    assert_eq!(told.len(), 50);
    let ids: std::collections::BTreeSet<&str> =
        told.iter().map(|m| m["ID"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 50);
}

#[test]
fn memory_is_bounded_and_what_is_left_out_is_counted() {
    let mut collector = Collector::new(&AlertKind::ALL);
    let event = Event::Failure {
        cause: (Class::Missing, None),
        count: 3,
    };
    for n in 0..MOST + 10 {
        for _ in 0..2 {
            collector.add(&format!("pacs{n}"), &event, at(0));
        }
    }
    assert_eq!(collector.len(), MOST as u64);
    assert_eq!(collector.take_left_out(), 10 * 2 * 3);
    assert_eq!(collector.take_left_out(), 0);
    let due = collector.take_due(at(10));
    assert_eq!(due.len(), MOST);
    assert!(due.iter().all(|gathered| gathered.count == 6));
    // Room again, once they are delivered and a minute has passed.
    for gathered in &due {
        collector.settled(&gathered.destination, gathered.kind);
    }
    assert!(collector.take_due(at(71)).is_empty());
    collector.add("another", &event, at(71));
    assert_eq!((collector.len(), collector.take_left_out()), (1, 0));
}

/// What a person holds back does not go on by itself, nor does what went away again.
#[test]
fn no_advice_that_is_untrue_while_it_is_paused() {
    let scene = Scene::new(vec![unreachable(1, 1)]);
    let mut advice = Vec::new();
    for look in [
        unreachable(1, 1),
        Look {
            outages: 1,
            paused: true,
            ..ready()
        },
        Look {
            paused: true,
            ..unreachable(90, 2)
        },
        Look {
            outages: 2,
            ..ready()
        },
    ] {
        scene.set(look);
        let told = scene.pass(1).into_iter().chain(scene.pass(70));
        advice.extend(told.map(|one| (one["Kind"].clone(), one["Advice"].clone())));
    }
    let expected = [
        (
            "DestinationUnreachable",
            "Sending goes on by itself when the destination is back",
        ),
        (
            "DestinationBack",
            "The destination is paused: nothing is sent to it until it is resumed.",
        ),
        (
            "DestinationUnreachable",
            "The destination is paused: nothing is sent",
        ),
        (
            "DestinationBack",
            "Nothing to do: sending goes on by itself.",
        ),
    ];
    assert_eq!(advice.len(), expected.len(), "{advice:#?}");
    for ((kind, words), (of_kind, begin)) in advice.iter().zip(expected) {
        assert_eq!(kind, of_kind);
        assert!(
            words.as_str().unwrap().starts_with(begin),
            "{kind}: {words}"
        );
    }
}
