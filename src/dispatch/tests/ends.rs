//! Destinations of a new kind, that come and go, and several names of one target.

use super::*;
use crate::config::settings::AssociationPer;

/// Lanes with their threads.
pub(super) struct Started {
    folder: tempfile::TempDir,
    pub(super) clock: Arc<TestClock>,
    pub(super) script: Arc<Script>,
    pub(super) store: Arc<SqliteStore>,
    pub(super) kinds: [Arc<Played<Script>>; 2],
    pub(super) services: Arc<Services>,
    pub(super) lanes: Arc<Lanes>,
    pub(super) promoter: Promoter,
}

/// Two kinds: one without a prefix, and a new one.
pub(super) fn lanes(
    entries: &[&str],
    of_new_kind: &[&str],
    destinations: BTreeMap<String, DestinationSettings>,
) -> Started {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(&folder.path().join("queue.db")).unwrap());
    let clock = Arc::new(TestClock::default());
    let script = script();
    script.native.store(true, Ordering::SeqCst);
    let settings = Current::new(Settings {
        destinations,
        ..settings(DestinationSettings::default())
    });
    let kinds = [
        Played::new("", entries, script.clone()),
        Played::new("played:", of_new_kind, script.clone()),
    ];
    let [first, second] = kinds.clone();
    let services = Services::new(clock.clone(), Box::new(|_| ()));
    let tools = Arc::new(Tools {
        store: store.clone(),
        directory: Arc::new(Directory::new(vec![first, second])),
        services: services.clone(),
        clock: clock.clone(),
        zone: jiff::tz::TimeZone::UTC,
        budget: Arc::default(),
        alone: Default::default(),
        reports: 100,
        jitter: || 1.0,
    });
    let lanes = Arc::new(Lanes::new(settings, tools));
    Started {
        folder,
        clock: clock.clone(),
        script,
        promoter: Promoter::new(store.clone(), clock, lanes.clone()),
        store,
        kinds,
        services,
        lanes,
    }
}

impl Started {
    pub(super) fn enqueue(&self, destination: &str, items: Vec<NewItem>) {
        let items: Vec<NewItem> = items
            .into_iter()
            .map(|one| NewItem {
                destination: destination.to_owned(),
                ..one
            })
            .collect();
        let now = self.clock.now();
        self.store.enqueue(&Intake::arrival(&items), now).unwrap();
        self.lanes.poke(destination);
    }

    pub(super) fn count(&self, destination: &str, state: State) -> u64 {
        let record = self.store.destination(destination).unwrap();
        record.map_or(0, |record| record.counts.get(state))
    }

    pub(super) fn until(&self, what: &str, met: impl Fn() -> bool) {
        for _ in 0..60_000 {
            if met() {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("never: {what}");
    }

    pub(super) fn threads(&self) -> usize {
        self.services.alive(worker::NAME)
    }

    pub(super) fn end(self) {
        self.lanes.stop();
        self.services.stop();
        self.services.join();
        drop(self.folder);
    }
}

#[test]
fn a_new_kind_is_one_folder_and_one_line() {
    let started = lanes(&["pacs"], &["box"], BTreeMap::new());
    started.lanes.start();
    started.enqueue("played:box", items("s", 3));
    started.enqueue("pacs", items("t", 2));
    started.until("all sent", || {
        started.count("played:box", State::Success) == 3
            && started.count("pacs", State::Success) == 2
    });
    let asked = started.script.asked.lock().unwrap().len();
    assert!(
        asked >= 2,
        "both went by the endpoints that their kind made"
    );
    for unknown in ["box", "played:pacs", "played:", "other:box"] {
        let found = started.lanes.lane(unknown);
        assert!(matches!(found, Err(NoLane::NotConfigured)), "{unknown}");
    }
    started.end();
}

#[test]
fn destinations_that_are_removed_leave_no_thread_and_lose_nothing() {
    let names: Vec<String> = (0..40).map(|at| format!("to{at}")).collect();
    let entries: Vec<&str> = names.iter().map(String::as_str).collect();
    let started = lanes(&entries, &[], BTreeMap::new());
    started.lanes.start();
    for name in &names {
        started.enqueue(name, items("s", 3));
    }
    started.until("all sent", || {
        names
            .iter()
            .all(|name| started.count(name, State::Success) == 3)
    });
    // 39 of 40 are removed; one of them has items that wait.
    started.until("nobody is left", || started.threads() == 0);
    started.lanes.lane("to39").unwrap().set_paused(true);
    let now = started.clock.now();
    started.store.set_paused("to39", true, now).unwrap();
    started.enqueue(
        "to39",
        vec![NewItem {
            expires: Some(started.clock.now().plus_seconds(60.0)),
            ..item("late", "late-0")
        }],
    );
    *started.kinds[0].entries.lock() = ["to0".to_owned()].into();
    started.promoter.review();
    started.promoter.round().unwrap();
    for name in &names[1..] {
        assert!(started.lanes.get(name).is_none(), "{name}");
    }
    started.until("no thread but of the one that is left", || {
        started.threads() <= 2
    });
    // It does not expire, cannot be sent, and is there again with its pause.
    started
        .clock
        .0
        .fetch_add(3600 * 1_000_000, Ordering::SeqCst);
    started.promoter.round().unwrap();
    started.lanes.poke("to39");
    assert!(started.lanes.get("to39").is_none());
    assert_eq!(started.count("to39", State::Pending), 1);
    started.kinds[0].entries.lock().insert("to39".to_owned());
    started.promoter.review();
    started.promoter.round().unwrap();
    assert!(started.lanes.get("to39").unwrap().status().paused);
    started.lanes.get("to39").unwrap().set_paused(false);
    started.until("the late one is sent", || {
        started.count("to39", State::Success) == 4
    });
    started.end();
}

#[test]
fn what_nobody_told_of_is_found() {
    let started = lanes(&["pacs"], &[], BTreeMap::new());
    started.lanes.start();
    started.lanes.lane("pacs").unwrap();
    started.until("nobody is left", || started.threads() == 0);
    let now = started.clock.now();
    let sent = || started.count("pacs", State::Success) == 1;
    // As another process would.
    let intake = items("s", 1);
    started
        .store
        .enqueue(&Intake::arrival(&intake), now)
        .unwrap();
    started.promoter.round().unwrap();
    started.until("sent", sent);
    started.end();
}

/// Threads come and go at the moments at which something comes: none is missed, and none stays.
#[test]
fn threads_come_and_go_and_nothing_waits_for_one() {
    let two = second_name(|own| own.reserved_associations = 1);
    let started = lanes(&["pacs"], &[], two);
    started.lanes.start();
    let mut random = fastrand::Rng::with_seed(7);
    for round in 0..150 {
        let mut sent = items(&format!("s{round}"), 1 + random.usize(..3));
        for one in &mut sent {
            one.priority = [Priority::Low, Priority::Stat][random.usize(..2)];
        }
        let name = ["pacs", "research"][random.usize(..2)];
        let before = started.count(name, State::Success);
        let count = sent.len() as u64;
        started.enqueue(name, sent);
        started.until("sent", || {
            started.count(name, State::Success) == before + count
        });
        // About as long as a thread is kept.
        std::thread::sleep(Duration::from_micros(random.u64(..9000)));
    }
    started.until("nobody is left", || started.threads() == 0);
    started.end();
}

pub(super) fn second_name(
    change: impl FnOnce(&mut DestinationSettings),
) -> BTreeMap<String, DestinationSettings> {
    let mut pacs = DestinationSettings::default();
    change(&mut pacs);
    let research = DestinationSettings {
        target: Some("pacs".to_owned()),
        ..pacs.clone()
    };
    [("pacs".to_owned(), pacs), ("research".to_owned(), research)].into()
}

#[test]
fn an_outage_holds_for_all_names_of_a_target() {
    let bench = lanes(&["pacs"], &[], second_name(|_| ()));
    let (pacs, research) = (
        bench.lanes.lane("pacs").unwrap(),
        bench.lanes.lane("research").unwrap(),
    );
    bench.enqueue("pacs", items("s", 2));
    bench.enqueue("research", items("s", 2));
    *bench.script.deliver.lock().unwrap() = Some(Box::new(|batch| {
        up_to(batch, |_| Some(Outcome::new(Class::Unreachable, "gone")))
    }));
    assert_eq!(worker::step(&pacs, 0), Step::Worked);
    assert!(research.status().unreachable_since.is_some());
    assert_eq!(pacs.status().outages, 1);
    assert!(matches!(worker::step(&research, 0), Step::Idle(_)));
    assert_eq!(
        bench.count("research", State::Pending),
        2,
        "nothing was tried"
    );
    // A probe of the one is a probe of all, and a restart remembers.
    let record = bench.store.destination("pacs").unwrap().unwrap();
    assert!(record.outage.is_some());
    let again = Lanes::new(bench.lanes.settings.clone(), bench.lanes.tools.clone());
    let restored = again.lane("research").unwrap();
    assert!(restored.status().unreachable_since.is_some());
    *bench.script.deliver.lock().unwrap() = None;
    bench.clock.0.fetch_add(2_000_000, Ordering::SeqCst);
    assert_eq!(worker::step(&research, 0), Step::Worked, "the probe");
    assert!(pacs.status().unreachable_since.is_none());
    assert_eq!(worker::step(&pacs, 0), Step::Worked);
    assert_eq!(bench.count("pacs", State::Success), 2);
    bench.end();
}

#[test]
fn all_names_of_a_target_have_its_associations_together() {
    let bench = lanes(&["pacs"], &[], second_name(|own| own.associations = 2));
    let names = ["pacs", "research"];
    for name in names {
        bench.enqueue(name, items("s", 3));
    }
    let lanes = names.map(|name| bench.lanes.lane(name).unwrap());
    let inside = lanes.clone();
    let found = Arc::new(Mutex::new(Vec::new()));
    let told = found.clone();
    let mut depth = 0;
    // Within the delivery of the first worker a second one finds a place, and within that a third none.
    let script = bench.script.clone();
    *bench.script.deliver.lock().unwrap() = Some(Box::new(move |batch| {
        depth += 1;
        assert_eq!(depth, 1);
        let (inside, told) = (inside.clone(), told.clone());
        *script.deliver.lock().unwrap() = Some(Box::new(move |batch| {
            for lane in &inside {
                let idle = matches!(worker::step(lane, 1), Step::Idle(_));
                told.lock().unwrap().push(idle);
            }
            up_to(batch, |_| None)
        }));
        assert_eq!(worker::step(&lanes[1], 0), Step::Worked);
        up_to(batch, |_| None)
    }));
    let pacs = bench.lanes.lane("pacs").unwrap();
    assert_eq!(worker::step(&pacs, 0), Step::Worked);
    assert_eq!(*found.lock().unwrap(), [true, true]);
    assert_eq!(bench.count("pacs", State::Success), 3);
    assert_eq!(bench.count("research", State::Success), 3);
    // Their places are free again, and one is kept for who found none before.
    bench.enqueue("research", items("t", 1));
    let research = bench.lanes.lane("research").unwrap();
    let Step::Idle(idle) = worker::step(&research, 1) else {
        panic!("the other name was not let in");
    };
    assert_eq!(idle.until, Some(bench.clock.now().plus_seconds(0.1)));
    bench.clock.0.fetch_add(100_000, Ordering::SeqCst);
    assert_eq!(worker::step(&research, 1), Step::Worked);
    bench.end();
}

#[test]
fn all_names_of_a_target_have_its_throttle_together() {
    let bench = lanes(
        &["pacs"],
        &[],
        second_name(|own| {
            own.max_bytes_per_second = 10;
            own.association_per = AssociationPer::Any;
        }),
    );
    bench.enqueue("pacs", items("s", 1));
    bench.enqueue("research", items("s", 1));
    let pacs = bench.lanes.lane("pacs").unwrap();
    let research = bench.lanes.lane("research").unwrap();
    assert_eq!(worker::step(&pacs, 0), Step::Worked);
    let Step::Idle(idle) = worker::step(&research, 0) else {
        panic!("ten bytes a second are used up");
    };
    assert_eq!(idle.until, Some(bench.clock.now().plus_seconds(1.0)));
    bench.clock.0.fetch_add(1_000_000, Ordering::SeqCst);
    assert_eq!(worker::step(&research, 0), Step::Worked);
    assert_eq!(bench.count("research", State::Success), 1);
    bench.end();
}
