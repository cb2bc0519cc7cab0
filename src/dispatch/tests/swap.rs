//! Settings that are replaced while lanes work under them.

use super::ends::{Started, lanes, second_name};
use super::*;
use crate::config::settings::AssociationPer;
use crate::dispatch::tests::limits::window;

impl Started {
    /// Other settings from now on.
    fn swap(&self, destinations: BTreeMap<String, DestinationSettings>) {
        self.lanes.settings.replace(Settings {
            destinations,
            ..settings(DestinationSettings::default())
        });
        self.lanes.settings_changed();
    }
}

fn pacs(change: impl FnOnce(&mut DestinationSettings)) -> BTreeMap<String, DestinationSettings> {
    let mut own = DestinationSettings::default();
    change(&mut own);
    [("pacs".to_owned(), own)].into()
}

#[test]
fn a_claim_ends_as_it_began_and_the_next_one_is_under_the_new_settings() {
    let bench = lanes(&["pacs"], &[], pacs(|own| own.timeout = Some(1)));
    let bench = Arc::new(bench);
    bench.enqueue("pacs", items("s", 1));
    let (inside, timeouts) = (bench.clone(), Arc::new(Mutex::new(Vec::new())));
    let told = timeouts.clone();
    *bench.script.deliver.lock().unwrap() = Some(Box::new(move |batch| {
        inside.swap(pacs(|own| {
            own.timeout = Some(2);
            own.retry.max_attempts = 1;
        }));
        told.lock().unwrap().push(batch.timeout);
        let busy = Outcome::of_status(0xA700, "busy");
        up_to(batch, |_| Some(busy.clone()))
    }));
    let lane = bench.lanes.lane("pacs").unwrap();
    assert_eq!(worker::step(&lane, 0), Step::Worked);
    // By the number of attempts that it began with.
    assert_eq!(bench.count("pacs", State::Retry), 1);
    bench.clock.0.fetch_add(3600 * 1_000_000, Ordering::SeqCst);
    bench.promoter.round().unwrap();
    assert_eq!(worker::step(&lane, 0), Step::Worked);
    assert_eq!(bench.count("pacs", State::Failure), 1);
    assert_eq!(*timeouts.lock().unwrap(), [Some(1), Some(2)]);
    *bench.script.deliver.lock().unwrap() = None;
}

/// Where each result is told before the next instance is sent, no other one goes under the old settings.
#[test]
fn the_next_instance_of_a_claim_goes_under_the_new_settings() {
    let bench = lanes(&["pacs"], &[], pacs(|own| own.timeout = Some(1)));
    let bench = Arc::new(bench);
    bench.enqueue("pacs", items("s", 5));
    let (inside, timeouts) = (bench.clone(), Arc::new(Mutex::new(Vec::new())));
    let seen = timeouts.clone();
    *bench.script.deliver.lock().unwrap() = Some(Box::new(move |batch| {
        let mut goes_on = true;
        let tried = (0..batch.items.len()).map(|index| {
            if !goes_on {
                return Tried::NotYet;
            }
            seen.lock().unwrap().push(batch.timeout);
            if seen.lock().unwrap().len() == 2 {
                inside.swap(pacs(|own| own.timeout = Some(2)));
            }
            goes_on = (batch.told)(index, &success());
            success()
        });
        Delivery(tried.collect())
    }));
    let lane = bench.lanes.lane("pacs").unwrap();
    assert_eq!(worker::step(&lane, 0), Step::Worked);
    assert_eq!(bench.count("pacs", State::Success), 2);
    assert_eq!(worker::step(&lane, 0), Step::Worked);
    assert_eq!(bench.count("pacs", State::Success), 5);
    let (old, new) = (Some(1), Some(2));
    assert_eq!(*timeouts.lock().unwrap(), [old, old, new, new, new]);
    *bench.script.deliver.lock().unwrap() = None;
}

#[test]
fn what_is_known_of_a_destination_outlives_its_settings() {
    let bench = lanes(&["pacs"], &[], BTreeMap::new());
    let lane = bench.lanes.lane("pacs").unwrap();
    bench.enqueue("pacs", items("s", 2));
    lane.set_paused(true);
    let gone = Outcome::new(Class::Unreachable, "gone");
    lane.unreachable(&gone);
    bench.swap(pacs(|own| {
        own.windows = window(22, 6);
        own.associations = 5;
    }));
    let same = bench.lanes.lane("pacs").unwrap();
    assert!(Arc::ptr_eq(&lane, &same));
    let status = lane.status();
    assert!(status.paused && status.outside_window);
    assert!(status.unreachable_since.is_some());
    assert_eq!((status.outages, lane.associations()), (1, 5));
    // A pause is ended, the outage probed, and the window holds.
    lane.set_paused(false);
    assert_eq!(worker::step(&lane, 0), Step::Worked, "the probe");
    let work = || while worker::step(&lane, 0) == Step::Worked {};
    work();
    assert_eq!(bench.count("pacs", State::Pending), 2);
    bench.swap(BTreeMap::new());
    work();
    assert_eq!(bench.count("pacs", State::Success), 2);
    bench.end();
}

#[test]
fn a_throttle_that_is_lifted_holds_nothing_any_more() {
    let bench = lanes(&["pacs"], &[], pacs(|own| own.max_bytes_per_second = 1));
    let lane = bench.lanes.lane("pacs").unwrap();
    bench.enqueue("pacs", items("s", 3));
    assert_eq!(worker::step(&lane, 0), Step::Worked);
    assert!(matches!(worker::step(&lane, 0), Step::Idle(_)));
    bench.swap(pacs(|own| own.max_bytes_per_second = 1_000_000));
    assert_eq!(worker::step(&lane, 0), Step::Worked);
    bench.swap(BTreeMap::new());
    assert_eq!(worker::step(&lane, 0), Step::Worked);
    assert_eq!(bench.count("pacs", State::Success), 3);
    bench.end();
}

#[test]
fn a_group_ends_with_the_settings_that_it_began_with() {
    let whole = |own: &mut DestinationSettings| {
        own.association_per = AssociationPer::Group;
        own.associations = 1;
    };
    let bench = lanes(&["pacs"], &[], pacs(whole));
    let lane = bench.lanes.lane("pacs").unwrap();
    bench.enqueue("pacs", items("s", 1));
    assert_eq!(worker::step(&lane, 0), Step::Worked);
    assert!(lane.held(0).is_some());
    bench.swap(BTreeMap::new());
    bench.enqueue("pacs", items("t", 1));
    assert_eq!(worker::step(&lane, 0), Step::Worked);
    assert!(lane.held(0).is_none());
    let line = bench.script.line.lock().unwrap().clone();
    assert_eq!(line, ["s: s-0", "s ends"]);
    assert_eq!(worker::step(&lane, 0), Step::Worked);
    assert_eq!(bench.count("pacs", State::Success), 2);
    bench.end();
}

/// It is looked after until it is over, though nothing waits for it.
#[test]
fn an_outage_of_a_target_that_no_name_leads_to_any_more_ends_too() {
    let bench = lanes(&["pacs", "other"], &[], second_name(|_| ()));
    let lane = bench.lanes.lane("research").unwrap();
    lane.unreachable(&Outcome::new(Class::Unreachable, "gone"));
    let outage = || {
        let records = bench.store.destinations().unwrap();
        let lasts = records.iter().any(|record| record.outage.is_some());
        bench.lanes.review(&records);
        lasts
    };
    let mut elsewhere = second_name(|_| ());
    elsewhere.get_mut("research").unwrap().target = Some("other".to_owned());
    bench.swap(elsewhere);
    assert!(outage());
    bench.lanes.start();
    bench.until("the outage is over", || {
        bench.clock.0.fetch_add(1_000_000, Ordering::SeqCst);
        !outage()
    });
    bench.end();
}

#[test]
fn a_second_name_may_lead_elsewhere() {
    let bench = lanes(&["pacs", "other"], &[], second_name(|_| ()));
    bench.lanes.start();
    let before = bench.lanes.lane("research").unwrap();
    bench.enqueue("research", items("s", 1));
    bench.until("sent", || bench.count("research", State::Success) == 1);
    let mut elsewhere = second_name(|_| ());
    elsewhere.get_mut("research").unwrap().target = Some("other".to_owned());
    bench.swap(elsewhere);
    let after = bench.lanes.lane("research").unwrap();
    assert!(!Arc::ptr_eq(&before, &after));
    assert_eq!(after.wire.target, "other");
    bench.enqueue("research", items("t", 1));
    bench.until("sent", || bench.count("research", State::Success) == 2);
    assert_eq!(bench.lanes.sent(), 2);
    // Without its entry it is no destination.
    bench.swap(BTreeMap::new());
    bench.promoter.review();
    bench.promoter.round().unwrap();
    assert!(bench.lanes.get("research").is_none());
    bench.until("nobody is left", || bench.threads() == 0);
    bench.end();
}

/// Workers with threads, while all that can change does: each instance goes once, and no thread is left over.
#[test]
fn nothing_is_lost_or_sent_twice_whatever_changes_under_load() {
    let bench = lanes(&["pacs", "other"], &[], second_name(|_| ()));
    bench.lanes.start();
    let mut random = fastrand::Rng::with_seed(11);
    let mut count = 0;
    for round in 0..200 {
        for name in ["pacs", "research"] {
            let mut new = items(&format!("s{round}"), 1 + random.usize(..4));
            for one in &mut new {
                one.priority = [Priority::Low, Priority::High, Priority::Stat][random.usize(..3)];
            }
            count += new.len() as u64;
            bench.enqueue(name, new);
        }
        let mut next = second_name(|own| {
            own.associations = random.u32(1..6);
            own.reserved_associations = random.u32(..own.associations);
            own.batch_size = random.u32(1..9);
            own.max_bytes_per_second = [0, 50_000_000][random.usize(..2)];
            own.association_per = [AssociationPer::Any, AssociationPer::Group][random.usize(..2)];
        });
        if random.u8(..4) == 0 {
            next.get_mut("research").unwrap().target = Some("other".to_owned());
        }
        bench.swap(next);
        if random.bool() {
            std::thread::sleep(Duration::from_micros(random.u64(..3000)));
        }
    }
    bench.swap(second_name(|_| ()));
    let sent = || bench.count("pacs", State::Success) + bench.count("research", State::Success);
    bench.until("all sent", || {
        // Groups linger, and throttles wait.
        bench.clock.0.fetch_add(100_000, Ordering::SeqCst);
        let records = bench.store.destinations().unwrap();
        bench.lanes.review(&records);
        bench.lanes.poke_all();
        sent() == count
    });
    let asked = bench.script.asked.lock().unwrap();
    let went: usize = asked.iter().map(|one| one.instances.len()).sum();
    assert_eq!(went as u64, count);
    drop(asked);
    bench.until("nobody is left", || bench.threads() == 0);
    bench.end();
}
