//! G1 at the level of arrival: a small Orthanc in memory, the real store, and everything that can go wrong between.

mod again;
mod begin;
mod cut;
mod faults;
mod faulty;
mod late;
mod order;
mod orthanc;
mod own;
mod panics;
mod poison;
mod random;
mod undecided;
mod whole;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use orthanc_sdk::fake_host::FakeHost;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tempfile::TempDir;

use self::faulty::Faulty;
use self::orthanc::{Index, Orthanc, name};
use super::notices::Notices;
use super::progress::{Fate, Progress};
use super::reconcile::{Parts, PassError, Reconciler};
use crate::config;
use crate::destinations::modality::Modalities;
use crate::item::{Class, Clock, Item, Outcome, State, Timestamp};
use crate::store::sqlite::SqliteStore;
use crate::store::{
    AttemptMade, Book, Claims, Ending, Filter, Finish, Journal, Notifier, Page, Pick, Store, Upkeep,
};

/// 2026-11-20 12:00:00.4 UTC.
const START: i64 = 1_795_176_000_400_000;
const SECOND: i64 = 1_000_000;

struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::Relaxed))
    }
}

/// Orthanc, the queue, and the thread between them, which is asked step by step.
struct World {
    orthanc: Orthanc,
    store: Arc<Faulty>,
    clock: Arc<TestClock>,
    notices: Arc<Notices>,
    progress: Arc<Progress>,
    reconciler: Reconciler,
    /// Over Orthanc's configuration.
    configuration: Value,
    host: FakeHost,
    _folder: TempDir,
}

impl World {
    /// A queue whose database is made now; `archive` instances were there before.
    fn new(archive: usize) -> World {
        World::with(archive, json!([{ "To": ["pacs"] }]))
    }

    fn with(archive: usize, rules: Value) -> World {
        World::configured(archive, json!({ "SendQueue": { "Rules": rules } }))
    }

    /// Orthanc overwrites what it receives again.
    fn overwriting(rules: Value) -> World {
        let section = json!({ "Rules": rules });
        World::configured(
            0,
            json!({ "OverwriteInstances": true, "SendQueue": section }),
        )
    }

    fn configured(archive: usize, configuration: Value) -> World {
        let folder = tempfile::tempdir().unwrap();
        let sqlite = SqliteStore::open(&folder.path().join("queue.db")).unwrap();
        let store = Arc::new(Faulty::new(sqlite, Timestamp::from_micros(START)));
        let host = FakeHost::new("1.10.1");
        let orthanc = Orthanc::default();
        orthanc.lock().now = START - 3600 * SECOND;
        orthanc.lock().store_range(0..archive);
        orthanc.lock().callbacks.clear();
        orthanc.lock().now = START;
        orthanc.answer_for(&host);
        let clock = Arc::new(TestClock(AtomicI64::new(START)));
        let notices = Arc::new(Notices::default());
        let progress = Arc::new(Progress::default());
        let parts = parts(&host, &store, &clock, &notices, &progress, &configuration);
        World {
            reconciler: Reconciler::new(parts),
            orthanc,
            store,
            clock,
            notices,
            progress,
            configuration,
            host,
            _folder: folder,
        }
    }

    /// The process ends at once, and starts again a second later: what was handed over is forgotten.
    fn crash(&mut self) {
        self.orthanc.lock().callbacks.clear();
        self.wait(1.0);
        self.notices = Arc::new(Notices::default());
        self.progress = Arc::new(Progress::default());
        self.reconciler = Reconciler::new(parts(
            &self.host,
            &self.store,
            &self.clock,
            &self.notices,
            &self.progress,
            &self.configuration,
        ));
    }

    fn wait(&mut self, seconds: f64) {
        let now = self.clock.now().plus_seconds(seconds).micros();
        self.clock.0.store(now, Ordering::Relaxed);
        self.orthanc.lock().now = now;
    }

    fn index<T>(&self, act: impl FnOnce(&mut Index) -> T) -> T {
        act(&mut self.orthanc.lock())
    }

    /// The callbacks that are under way come.
    fn call_back(&self) {
        for (id, time) in std::mem::take(&mut self.orthanc.lock().callbacks) {
            self.notices.put(&id, time);
        }
    }

    /// One pass, after the callbacks.
    fn pass(&mut self) -> Result<(), PassError> {
        self.call_back();
        self.pass_alone()
    }

    /// One pass; after a panic it is begun anew, as the service does.
    fn pass_alone(&mut self) -> Result<(), PassError> {
        let pass = AssertUnwindSafe(|| self.reconciler.pass());
        std::panic::catch_unwind(pass).unwrap_or_else(|_| {
            self.reconciler.begin_anew();
            Err(PassError::Modalities("it panicked".to_owned()))
        })
    }

    /// Passes until all is at rest; faults are told to the progress, as the thread does.
    fn settle(&mut self) {
        let mut calm = 0;
        for _ in 0..60 {
            match self.pass() {
                Ok(()) => calm += 1,
                Err(error) => {
                    self.progress.failed(self.clock.now(), error.to_string());
                    calm = 0;
                }
            }
            if calm == 12 {
                self.progress.passed(self.clock.now());
                return;
            }
        }
        panic!("never at rest: {:?}", self.progress.figures());
    }

    fn items(&self) -> Vec<Item> {
        let mut all: Vec<Item> = Vec::new();
        loop {
            let since = all.last().map_or(0, |item| item.id);
            let page = Page::after(since, 1000);
            let items = self.store.items(&Filter::default(), page).unwrap();
            if items.is_empty() {
                return all;
            }
            all.extend(items);
        }
    }

    /// How many items each instance has.
    fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for item in self.items() {
            *counts.entry(item.ids.instance).or_insert(0) += 1;
        }
        counts
    }

    #[track_caller]
    fn assert_each_once(&self, range: std::ops::Range<usize>) {
        self.assert_counts(range.map(|number| (name(number), 1)).collect());
    }

    #[track_caller]
    fn assert_counts(&self, expected: BTreeMap<String, usize>) {
        let counts = self.counts();
        let of =
            |counts: &BTreeMap<String, usize>, id: &String| counts.get(id).copied().unwrap_or(0);
        let ids: BTreeSet<&String> = counts.keys().chain(expected.keys()).collect();
        let wrong: Vec<_> = ids
            .into_iter()
            .map(|id| (id, of(&counts, id), of(&expected, id)))
            .filter(|(_, found, expected)| found != expected)
            .take(10)
            .collect();
        assert!(
            wrong.is_empty(),
            "(instance, items, expected), the first ones: {wrong:?}"
        );
    }

    /// Each of these has so many items.
    #[track_caller]
    fn assert_has(
        &self,
        numbers: impl IntoIterator<Item = usize>,
        allowed: std::ops::RangeInclusive<usize>,
    ) {
        let counts = self.counts();
        for id in numbers.into_iter().map(name) {
            let count = counts.get(&id).copied().unwrap_or(0);
            assert!(allowed.contains(&count), "{id} has {count} items");
        }
    }

    /// Delivers all that waits; answers the instances.
    fn deliver(&self) -> Vec<String> {
        let mut delivered = Vec::new();
        let now = self.clock.now();
        for destination in ["pacs", "archive", "research"] {
            while let Some(claim) = self
                .store
                .claim(destination, Pick::MostUrgent, 100)
                .unwrap()
            {
                let results: Vec<Finish> = claim
                    .items
                    .iter()
                    .map(|item| Finish {
                        id: item.id,
                        ending: Ending::Complete(AttemptMade {
                            started: now,
                            duration_us: 1,
                            outcome: Outcome::new(Class::Success, String::new()),
                            counted: true,
                            sent_as: None,
                            altered: Some(false),
                            confirm: None,
                        }),
                    })
                    .collect();
                self.store.finish(claim.token, &results, now).unwrap();
                delivered.extend(claim.items.into_iter().map(|item| item.ids.instance));
            }
        }
        delivered
    }

    /// How often this was decided for a destination.
    fn decided(&self, destination: &str, fate: Fate) -> u64 {
        self.progress.figures().decided(destination, fate)
    }

    fn logged(&self, text: &str) -> usize {
        let logs = self.host.logs();
        logs.iter().filter(|(_, line)| line.contains(text)).count()
    }

    fn in_state(&self, state: State) -> BTreeSet<String> {
        let items = self.items().into_iter();
        items
            .filter(|item| item.state == state)
            .map(|item| item.ids.instance)
            .collect()
    }
}

fn parts(
    host: &FakeHost,
    store: &Arc<Faulty>,
    clock: &Arc<TestClock>,
    notices: &Arc<Notices>,
    progress: &Arc<Progress>,
    configuration: &Value,
) -> Parts {
    let mut configuration = configuration.clone();
    configuration["DicomModalities"] = json!({
        "pacs": ["PACS", "127.0.0.1", 104],
        "archive": ["ARCHIVE", "127.0.0.1", 105],
        "research": ["RESEARCH", "127.0.0.1", 106],
    });
    let lookup = |name: &str| (name == "Modality").then_some((0x0008, 0x0060));
    let settings = config::Current::new(config::load(&configuration, &lookup, None).unwrap());
    let store: Arc<dyn Store> = store.clone();
    let clock: Arc<dyn Clock> = clock.clone();
    let client = host.host().client();
    Parts {
        client,
        modalities: Arc::new(Modalities::new(client, None)),
        notifier: Arc::new(Told::default()),
        settings,
        started: clock.now(),
        store,
        clock,
        notices: notices.clone(),
        progress: progress.clone(),
    }
}

#[test]
fn the_destinations_of_new_items_are_told_and_who_watches_the_time() {
    let rules = json!([
        { "To": ["pacs"] },
        { "To": ["archive"], "When": { "CallingAet": "CT" }, "QuietSeconds": 60 },
    ]);
    let mut world = World::with(0, rules);
    let told = Arc::new(Told::default());
    world.reconciler.parts.notifier = told.clone();
    world.index(|index| index.store_range(0..3));
    world.settle();
    let mut told = told.0.lock().clone();
    told.sort();
    assert_eq!(told, ["archive", "pacs", "the time"]);
}

/// What was told.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Notifier for Told {
    fn ready(&self, destination: &str) {
        self.0.lock().push(destination.to_owned());
    }

    fn timed(&self) {
        self.0.lock().push("the time".to_owned());
    }
}
