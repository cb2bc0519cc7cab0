//! Messages on their way: signed, tried again, given up, stopped.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use ring::hmac;

use super::super::post::{Outbox, Outgoing, Settled};
use super::*;
use crate::service::Service;

#[test]
fn a_message_is_tried_again_with_the_same_body_until_it_is_accepted() {
    let scene = Scene::new(vec![ready()]);
    scene.reply(Reply::Status(500));
    scene.set(unreachable(1, 1));
    // At once, then after 5, 10, 20, 40 s.
    let tried = scene.pass(1 + 5 + 10 + 20 + 40);
    assert_eq!(tried.len(), 5);
    assert!(tried.iter().all(|message| *message == tried[0]));
    let figures = scene.alerts.figures();
    assert_eq!((figures.sent, figures.failed, figures.waiting), (0, 5, 1));
    scene.reply(Reply::Status(204));
    let last = scene.pass(80);
    assert_eq!(last, [tried[0].clone()]);
    let figures = scene.alerts.figures();
    assert_eq!((figures.sent, figures.dropped, figures.waiting), (1, 0, 0));
    assert_eq!(scene.pass(400), Vec::<Value>::new());
}

#[test]
fn what_happens_while_one_is_on_its_way_is_in_the_next() {
    let scene = Scene::new(vec![ready()]);
    scene.reply(Reply::Nobody);
    for outages in 1..=10 {
        scene.set(unreachable(1, outages));
        let tried = scene.pass(100);
        assert!(
            tried
                .iter()
                .all(|m| m["Kind"] != "DestinationUnreachable" || m["Count"] == 1)
        );
    }
    // One, however long it takes; the rest is collected.
    assert_eq!(scene.alerts.figures().waiting, 1);
    scene.reply(Reply::Status(200));
    let told = scene.pass(400);
    let counts = |kind: &str| -> Vec<u64> {
        let of_kind = told.iter().filter(|m| m["Kind"] == kind);
        of_kind.map(|m| m["Count"].as_u64().unwrap()).collect()
    };
    assert_eq!(counts("DestinationUnreachable"), [1, 9]);
    assert_eq!(counts("DestinationBack"), [9]);
}

#[test]
fn a_message_is_given_up_after_a_day() {
    let scene = Scene::new(vec![ready()]);
    scene.reply(Reply::Status(404));
    scene.set(unreachable(1, 1));
    scene.pass(86_000);
    assert_eq!(scene.alerts.figures().dropped, 0);
    scene.pass(1000);
    let figures = scene.alerts.figures();
    assert_eq!((figures.sent, figures.dropped, figures.waiting), (0, 1, 0));
    // The next one goes its own way.
    scene.reply(Reply::Status(200));
    scene.set(unreachable(1, 2));
    let told = scene.pass(2);
    assert_eq!(told.len(), 2, "{told:#?}");
}

/// The receiver failed when the outage began, and is back with the destination.
#[test]
fn an_outage_and_its_end_arrive_in_their_order() {
    let scene = Scene::new(vec![ready()]);
    scene.reply(Reply::Nobody);
    scene.set(unreachable(1, 1));
    scene.pass(60);
    scene.reply(Reply::Status(200));
    scene.set(Look {
        outages: 1,
        ..ready()
    });
    let told = scene.pass(40);
    let kinds: Vec<&str> = told.iter().map(|m| m["Kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["DestinationUnreachable", "DestinationBack"]);
    let message = told[1]["Message"].as_str().unwrap();
    assert!(message.contains("after 1 min"), "{message}");
}

/// Where both are collected, the last word is what is so.
#[test]
fn what_was_collected_ends_with_what_is_so() {
    for away in [true, false] {
        let scene = Scene::new(vec![ready()]);
        scene.reply(Reply::Nobody);
        scene.set(unreachable(1, 1));
        scene.pass(10);
        scene.set(if away {
            unreachable(20, 3)
        } else {
            Look {
                outages: 3,
                ..ready()
            }
        });
        scene.pass(200);
        scene.reply(Reply::Status(200));
        let told = scene.pass(400);
        let last = told.last().unwrap();
        let (kind, words) = if away {
            ("DestinationUnreachable", "cannot be reached since")
        } else {
            ("DestinationBack", "can be reached again")
        };
        assert_eq!(last["Kind"], kind, "{told:#?}");
        assert!(last["Message"].as_str().unwrap().contains(words), "{last}");
    }
}

/// Messages whose next tries are minutes apart.
#[test]
fn once_the_receiver_is_back_nothing_waits_for_its_next_try() {
    let scene = Scene::new(Vec::new());
    scene.reply(Reply::Nobody);
    let named = |name: &str| Look {
        destination: name.to_owned(),
        ..unreachable(1, 1)
    };
    let mut looks = Vec::new();
    for name in ["one", "two", "three"] {
        looks.push(named(name));
        scene.looks.lock().unwrap().clone_from(&looks);
        scene.pass(77);
    }
    scene.pass(1000);
    scene.reply(Reply::Status(200));
    // Each waits for up to five minutes, but only the first of them.
    let mut told = Vec::new();
    while told.is_empty() {
        told = scene.pass(1);
    }
    assert_eq!(told.len(), 3, "{told:#?}");
}

/// A receiver that does not want to hear of an end hears of the next outage all the same, and not of that end
/// afterwards.
#[test]
fn what_is_refused_holds_no_later_news_back() {
    let scene = Scene::new(vec![ready()]);
    scene.set(unreachable(1, 1));
    assert_eq!(scene.pass(2).len(), 1);
    scene.reply(Reply::Status(422));
    scene.set(Look {
        outages: 1,
        ..ready()
    });
    scene.pass(3600);
    scene.set(unreachable(4000, 2));
    scene.reply(Reply::Status(200));
    let told = scene.pass(1);
    let kinds: Vec<&str> = told.iter().map(|m| m["Kind"].as_str().unwrap()).collect();
    // What is new goes first, and the end would come too late.
    assert_eq!(kinds, ["DestinationUnreachable"], "{told:#?}");
    assert_eq!(scene.pass(400), Vec::<Value>::new());
    let figures = scene.alerts.figures();
    assert_eq!((figures.dropped, figures.waiting), (1, 0));
}

fn outgoing(id: &str, now: Timestamp) -> Outgoing {
    let mut collector = super::super::collect::Collector::new(&AlertKind::ALL);
    collector.add("pacs", &super::super::watch::Event::BacklogBegun, now);
    let gathered = collector.take_due(now).remove(0);
    Outgoing::new(id.to_owned(), &gathered, Vec::new(), now)
}

#[test]
fn a_new_message_goes_before_those_that_failed() {
    let mut outbox = Outbox::default();
    for n in 0..100 {
        outbox.add(outgoing(&format!("old{n}"), at(0)));
    }
    for _ in 0..100 {
        let id = outbox.next(at(0)).unwrap().id;
        let (settled, _) = outbox.settle(&id, &Err("nobody".to_owned()), at(0));
        assert_eq!(settled, Settled::Again);
    }
    assert_eq!(outbox.next(at(4)), None);
    // All hundred are due, and each may take the time-out.
    outbox.add(outgoing("new", at(10)));
    assert_eq!(outbox.next(at(10)).unwrap().id, "new");
    assert_eq!(outbox.settle("new", &Ok(200), at(10)).0, Settled::Sent);
    assert!(outbox.next(at(10)).unwrap().id.starts_with("old"));
    let (settled, _) = outbox.settle("unknown", &Ok(500), at(10));
    assert_eq!(settled, Settled::GivenUp);
    assert_eq!(outbox.len(), 100);
}

#[test]
fn bodies_are_signed_where_there_is_a_secret() {
    let scene = Scene::new(vec![ready()]);
    scene.set(unreachable(1, 1));
    scene.clock.0.store(1_000_000, Ordering::SeqCst);
    assert!(scene.alerts.round());
    let (body, signature) = scene.inbox.lock().unwrap().remove(0);
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"key");
    let signature = signature.unwrap();
    let hex = signature.strip_prefix("sha256=").unwrap();
    let tag: Vec<u8> = (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect();
    hmac::verify(&key, body.to_string().as_bytes(), &tag).unwrap();

    let mut plain = settings();
    plain.webhook.secret = None;
    let scene = Scene::with(plain, vec![ready()]);
    assert_eq!(scene.alerts.test().unwrap().result, Ok(200));
    assert_eq!(scene.inbox.lock().unwrap()[0].1, None);
}

#[test]
fn a_test_is_answered_at_once_and_not_tried_again() {
    let scene = Scene::new(vec![ready()]);
    let tested = scene.alerts.test().unwrap();
    assert_eq!(tested.result, Ok(200));
    let told = scene.take();
    assert_eq!(
        (&told[0]["Kind"], &told[0]["ID"]),
        (&"Test".into(), &tested.id.into())
    );
    scene.reply(Reply::Status(403));
    assert_eq!(scene.alerts.test().unwrap().result, Ok(403));
    scene.reply(Reply::Nobody);
    let error = scene.alerts.test().unwrap().result.unwrap_err();
    assert!(
        error.contains("cannot be reached") && !error.contains("token"),
        "{error}"
    );
    scene.take();
    assert_eq!(scene.pass(1000), Vec::<Value>::new());
    let figures = scene.alerts.figures();
    assert_eq!((figures.sent, figures.failed, figures.dropped), (1, 2, 0));
}

#[test]
fn one_test_at_a_time() {
    let (begun, waits) = std::sync::mpsc::channel();
    let (go, goes) = std::sync::mpsc::channel::<()>();
    let goes = Mutex::new(goes);
    let alerts = Alerts::new(
        &settings(),
        &HostSettings::default(),
        Parts {
            own_outputs: Box::new(BTreeMap::new),
            counters: Box::new(|| Ok(Vec::new())),
            sources: Box::new(|| Ok(Vec::new())),
            clock: Arc::new(TestClock::default()),
            zone: TimeZone::UTC,
            http: Box::new(move |_| {
                begun.send(()).unwrap();
                let _ = goes.lock().unwrap().recv();
                Err(CallError::HostGone)
            }),
            cutter: Cutter::new(Services::for_tests(), Box::new(|_| ())),
        },
    );
    std::thread::scope(|scope| {
        let first = scope.spawn(|| alerts.test());
        waits.recv().unwrap();
        assert_eq!(alerts.test(), None);
        drop(go);
        assert!(first.join().unwrap().unwrap().result.is_err());
    });
    assert!(alerts.test().is_some());
}

#[test]
fn a_stop_ends_the_thread_and_counts_what_is_left() {
    let scene = Scene::new(vec![ready()]);
    scene.reply(Reply::Nobody);
    scene.set(unreachable(1, 1));
    scene.pass(2);
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| scene.alerts.run());
        scene.alerts.stop();
        scene.alerts.stop();
        thread.join().unwrap();
    });
    assert_eq!(scene.alerts.figures().dropped, 1);
    let before = scene.inbox.lock().unwrap().len();
    assert!(scene.alerts.test().unwrap().result.is_err());
    assert_eq!(scene.inbox.lock().unwrap().len(), before);
}

#[test]
fn a_store_that_fails_for_a_while_loses_nothing() {
    let broken = Arc::new(Mutex::new(true));
    let looks = Arc::new(Mutex::new(failed(&[(Class::Busy, 5)])));
    let (faulty, seen) = (broken.clone(), looks.clone());
    let clock = Arc::new(TestClock::default());
    let inbox: Arc<Mutex<Vec<Value>>> = Arc::default();
    let got = inbox.clone();
    let alerts = Alerts::new(
        &settings(),
        &HostSettings::default(),
        Parts {
            own_outputs: Box::new(BTreeMap::new),
            counters: Box::new(move || {
                if *faulty.lock().unwrap() {
                    return Err(crate::store::StoreError::Locked("test".into()));
                }
                Ok(vec![seen.lock().unwrap().clone()])
            }),
            sources: Box::new(|| Ok(Vec::new())),
            clock: clock.clone(),
            zone: TimeZone::UTC,
            http: Box::new(move |request| {
                let body = serde_json::from_slice(request.body).unwrap();
                got.lock().unwrap().push(body);
                Ok(HttpReply {
                    status: 200,
                    headers: Vec::new(),
                    body: Vec::new(),
                })
            }),
            cutter: Cutter::new(Services::for_tests(), Box::new(|_| ())),
        },
    );
    let pass = |seconds: u64| {
        for _ in 0..seconds {
            let second = Duration::from_secs(1).as_micros() as i64;
            clock.0.fetch_add(second, Ordering::SeqCst);
            while alerts.round() {}
        }
    };
    pass(3);
    *broken.lock().unwrap() = false;
    // What was before is not told, whenever it can be read first.
    pass(10);
    assert!(inbox.lock().unwrap().is_empty());
    *broken.lock().unwrap() = true;
    *looks.lock().unwrap() = failed(&[(Class::Busy, 9)]);
    pass(10);
    *broken.lock().unwrap() = false;
    pass(10);
    let told = inbox.lock().unwrap().clone();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["Count"], 4);
}

/// In the middle of reading the counters, and while a message is on its way.
#[test]
fn a_panic_loses_no_alert_and_repeats_only_a_message() {
    let looks = Arc::new(Mutex::new(ready()));
    let panics = Arc::new(Mutex::new(""));
    let inbox: Arc<Mutex<Vec<Value>>> = Arc::default();
    let clock = Arc::new(TestClock::default());
    let (seen, got) = (looks.clone(), inbox.clone());
    let (counting, posting) = (panics.clone(), panics.clone());
    let now = |what: &Mutex<&str>, point: &str| *what.lock().unwrap() == point;
    let alerts = Alerts::new(
        &settings(),
        &HostSettings::default(),
        Parts {
            own_outputs: Box::new(BTreeMap::new),
            counters: Box::new(move || {
                assert!(!now(&counting, "counting"), "counting");
                Ok(vec![seen.lock().unwrap().clone()])
            }),
            sources: Box::new(|| Ok(Vec::new())),
            clock: clock.clone(),
            zone: TimeZone::UTC,
            http: Box::new(move |request| {
                let body = serde_json::from_slice(request.body).unwrap();
                got.lock().unwrap().push(body);
                assert!(!now(&posting, "posting"), "posting");
                Ok(HttpReply {
                    status: 200,
                    headers: Vec::new(),
                    body: Vec::new(),
                })
            }),
            cutter: Cutter::new(Services::for_tests(), Box::new(|_| ())),
        },
    );
    let pass = |seconds: u64| {
        for _ in 0..seconds {
            clock.0.fetch_add(1_000_000, Ordering::SeqCst);
            while std::panic::catch_unwind(AssertUnwindSafe(|| alerts.round())).unwrap_or(false) {}
        }
        std::mem::take(&mut *inbox.lock().unwrap())
    };
    *panics.lock().unwrap() = "counting";
    *looks.lock().unwrap() = failed(&[(Class::Busy, 5)]);
    assert!(pass(5).is_empty());
    *panics.lock().unwrap() = "posting";
    let tried = pass(8);
    assert!(tried.len() > 1 && tried.iter().all(|one| *one == tried[0]));
    *panics.lock().unwrap() = "";
    let told = pass(400);
    assert_eq!(told, [tried[0].clone()]);
    assert_eq!(told[0]["Count"], 5);
    let figures = alerts.figures();
    assert_eq!((figures.sent, figures.dropped, figures.waiting), (1, 0, 0));
}
