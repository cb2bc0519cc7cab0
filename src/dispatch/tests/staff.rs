//! Threads on demand: whoever is needed later stays or comes back, and a lane that ends leaves nothing behind.
//!
//! Nothing here is found by the promoter's review but what says so.

use super::ends::{Started, lanes, second_name};
use super::limits::window;
use super::*;
use crate::config::settings::AssociationPer;
use crate::dispatch::takeup::{self, TakeUp};
use crate::service::Service;

/// Moments before nine, when the window opens.
fn before_nine(change: impl FnOnce(&mut DestinationSettings)) -> Started {
    let mut pacs = DestinationSettings {
        windows: window(9, 10),
        ..DestinationSettings::default()
    };
    change(&mut pacs);
    let started = lanes(&["pacs"], &[], [("pacs".to_owned(), pacs)].into());
    started.clock.0.fetch_add(3_599_900_000, Ordering::SeqCst);
    started.lanes.start();
    started.enqueue("pacs", items("s", 1));
    started.until("one is left, for the window", || started.threads() == 1);
    started
}

fn opens(started: Started) {
    started.clock.0.fetch_add(1_000_000, Ordering::SeqCst);
    started.until("sent when the window opened", || {
        started.count("pacs", State::Success) == 1
    });
    started.end();
}

#[test]
fn the_one_that_waits_for_a_window_is_not_one_for_what_is_urgent_only() {
    let started = before_nine(|pacs| pacs.reserved_associations = 1);
    for _ in 0..5 {
        started.lanes.clock_was_set();
        started.until("one is left", || started.threads() == 1);
    }
    opens(started);
}

#[test]
fn somebody_waits_for_the_window_after_a_pause() {
    let started = before_nine(|_| ());
    let lane = started.lanes.lane("pacs").unwrap();
    lane.set_paused(true);
    started.until("nobody is left", || started.threads() == 0);
    lane.set_paused(false);
    opens(started);
}

#[test]
fn a_destination_that_ends_leaves_no_association_open() {
    let pacs = DestinationSettings {
        association_per: AssociationPer::Group,
        ..DestinationSettings::default()
    };
    let started = lanes(&["pacs"], &[], [("pacs".to_owned(), pacs)].into());
    started.lanes.start();
    started.enqueue("pacs", items("s", 1));
    started.until("sent", || started.count("pacs", State::Success) == 1);
    started.kinds[0].entries.lock().clear();
    started.promoter.review();
    started.promoter.round().unwrap();
    started.until("nobody is left", || started.threads() == 0);
    assert_eq!(*started.script.line.lock().unwrap(), ["s: s-0", "s ends"]);
    started.end();
}

/// While Orthanc cannot be asked, what was known of a destination before still holds.
#[test]
fn nothing_expires_because_orthanc_cannot_be_asked() {
    let started = lanes(&["pacs"], &[], BTreeMap::new());
    started.lanes.start();
    let expires = Some(started.clock.now().plus_seconds(60.0));
    started.enqueue(
        "gone",
        vec![NewItem {
            expires,
            ..item("s", "s-0")
        }],
    );
    // At first nothing is known at all, then the destination is known to be none.
    for asked in [false, true] {
        if asked {
            started.promoter.review();
            started.promoter.round().unwrap();
        }
        started.kinds[0].mute.store(true, Ordering::SeqCst);
        let day = 86_400_000_000;
        started.clock.0.fetch_add(3 * day, Ordering::SeqCst);
        started.promoter.round().unwrap();
        assert_eq!(started.count("gone", State::Pending), 1, "asked: {asked}");
        started.kinds[0].mute.store(false, Ordering::SeqCst);
    }
    started.end();
}

/// One association: whoever has a long queue does not take it again before the other name had its turn.
#[test]
fn a_name_with_a_backlog_lets_another_name_of_its_target_in() {
    let two = second_name(|own| {
        own.associations = 1;
        own.batch_size = 1;
    });
    let started = lanes(&["pacs"], &[], two);
    started.enqueue("pacs", items("s", 3));
    started.enqueue("research", items("t", 1));
    let [pacs, research] = ["pacs", "research"].map(|name| started.lanes.lane(name).unwrap());
    let other = research.clone();
    *started.script.deliver.lock().unwrap() = Some(Box::new(move |batch| {
        if batch.items[0].destination == "pacs" {
            assert!(matches!(worker::step(&other, 0), Step::Idle(_)));
        }
        up_to(batch, |_| None)
    }));
    assert_eq!(worker::step(&pacs, 0), Step::Worked);
    assert!(matches!(worker::step(&pacs, 0), Step::Idle(_)));
    assert_eq!(worker::step(&research, 0), Step::Worked);
    assert_eq!(started.count("research", State::Success), 1);
    assert_eq!(worker::step(&pacs, 0), Step::Worked);
    assert_eq!(started.count("pacs", State::Success), 2);
    started.end();
}

#[test]
fn one_that_is_gone_is_not_missed() {
    let started = lanes(&["pacs", "other"], &[], BTreeMap::new());
    started.lanes.start();
    started.enqueue("other", items("t", 2));
    started.enqueue("pacs", items("s", 1));
    started.until("sent", || {
        started.count("other", State::Success) == 2 && started.count("pacs", State::Success) == 1
    });
    let outage = Outage {
        since: started.clock.now(),
        failures: 3,
    };
    let now = started.clock.now();
    let store = &started.store;
    store.set_outage("other", Some(&outage), "", now).unwrap();
    started.kinds[0].entries.lock().remove("other");
    started.promoter.review();
    started.promoter.round().unwrap();
    let record = |name| started.store.destination(name).unwrap().unwrap();
    assert!(started.lanes.get("other").is_none());
    assert!(!started.lanes.is_unreachable(&record("other")));
    assert!(!started.lanes.is_unreachable(&record("pacs")));
    assert_eq!(started.lanes.sent(), 3, "what it took is not forgotten");
    // Nobody knows whether it is gone.
    started.kinds[0].mute.store(true, Ordering::SeqCst);
    assert!(started.lanes.is_unreachable(&record("other")));
    started.end();
}

/// A destination whose first instance comes while the queue is taken up.
#[test]
fn what_comes_while_the_queue_is_taken_up_is_sent() {
    let started = lanes(&["pacs", "new"], &[], BTreeMap::new());
    started.enqueue("pacs", items("s", 1));
    let (store, lanes, now) = (
        started.store.clone(),
        started.lanes.clone(),
        started.clock.now(),
    );
    *started.kinds[0].hook.lock() = Some(Box::new(move || {
        let new = NewItem {
            destination: "new".to_owned(),
            ..item("t", "t-0")
        };
        store.enqueue(&Intake::arrival(&[new]), now).unwrap();
        lanes.poke("new");
    }));
    TakeUp::new(takeup::Parts {
        store: started.store.clone(),
        settings: started.lanes.settings.clone(),
        directory: started.lanes.tools.directory.clone(),
        lanes: started.lanes.clone(),
        clock: started.clock.clone(),
    })
    .run();
    started.until("both are sent", || {
        ["pacs", "new"]
            .iter()
            .all(|name| started.count(name, State::Success) == 1)
    });
    started.end();
}
