//! Lanes stepped by hand: no threads, a clock that tests set, a transport that plays a script, the real store.

mod clock;
mod confirm;
mod congestion;
mod crash;
mod ends;
mod faults;
mod figures;
mod groups;
mod hours;
mod limits;
mod model;
mod outage;
mod outcomes;
mod played;
mod send_now;
mod staff;
mod swap;
mod turns;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use self::played::{Played, Player};
use super::promoter::Promoter;
use super::worker::{self, Step};
use super::{Lane, Lanes, NoLane, Tools};
use crate::config::Current;
use crate::config::settings::{DestinationSettings, HostSettings, Settings};
use crate::destinations::Directory;
use crate::item::{
    Ahead, Attempt, Class, Clock, Ids, Item, Outcome, Priority, Reading, State, Timestamp,
};
use crate::service::Services;
use crate::store::sqlite::SqliteStore;
use crate::store::*;
use crate::transport::confirm::{Answers, Question};
use crate::transport::{Batch, Delivery, Probe, Tried};

const BEGIN: i64 = 1_800_000_000_000_000;

/// A machine: microseconds that have elapsed, and by how many its clock was set since.
#[derive(Default)]
struct TestClock(AtomicI64, AtomicI64);

impl TestClock {
    fn set_by(&self, seconds: i64) {
        self.1.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

/// As the queue's clock should be: it knows by how much the machine's was set.
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(BEGIN + self.0.load(Ordering::SeqCst))
    }

    fn ahead(&self) -> Ahead {
        Ahead::from_micros(self.1.load(Ordering::SeqCst))
    }
}

type Deliver = Box<dyn FnMut(&Batch<'_>) -> Delivery + Send>;
type Confirm = Box<dyn FnMut(&Question<'_>) -> Answers + Send>;
type Look = Box<dyn FnMut() -> Probe + Send>;

/// What the transport was asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    aet: Option<String>,
    instances: Vec<String>,
}

struct Script {
    /// Taken out while it runs, so that a delivery can step other workers; without one all arrives.
    deliver: Mutex<Option<Deliver>>,
    /// Before a worker claims.
    admit: Mutex<Option<Box<dyn FnMut() + Send>>>,
    probe: Mutex<Look>,
    /// Without one nothing is certain.
    confirm: Mutex<Option<Confirm>>,
    asked: Mutex<Vec<Asked>>,
    /// What went over which group's association, in order.
    line: Mutex<Vec<String>>,
    /// As natively: nothing is shared.
    native: AtomicBool,
    probes: AtomicU32,
}

impl Player for Script {
    fn admit(&self) {
        let hook = self.admit.lock().unwrap().take();
        if let Some(mut hook) = hook {
            hook();
            self.admit.lock().unwrap().get_or_insert(hook);
        }
    }

    fn deliver(&self, _: &str, batch: &Batch<'_>) -> Delivery {
        self.asked.lock().unwrap().push(Asked {
            aet: batch.local_aet.map(str::to_owned),
            instances: batch.items.iter().map(|i| i.ids.instance.clone()).collect(),
        });
        if let Some(group) = batch.group {
            let all = batch.items.iter().map(|item| item.ids.instance.as_str());
            let all = all.collect::<Vec<_>>().join(" ");
            self.line.lock().unwrap().push(format!("{group}: {all}"));
        }
        let script = self.deliver.lock().unwrap().take();
        let Some(mut script) = script else {
            return up_to(batch, |_| None);
        };
        let delivery = catch_unwind(AssertUnwindSafe(|| script(batch)));
        self.deliver.lock().unwrap().get_or_insert(script);
        delivery.unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn probe(&self, _: &str) -> Probe {
        self.probes.fetch_add(1, Ordering::SeqCst);
        (self.probe.lock().unwrap())()
    }

    fn shares(&self, _: &str) -> bool {
        !self.native.load(Ordering::SeqCst)
    }

    fn end_group(&self, _: &str, group: &str) {
        self.line.lock().unwrap().push(format!("{group} ends"));
    }

    fn confirm(&self, _: &str, question: &Question<'_>) -> Answers {
        match &mut *self.confirm.lock().unwrap() {
            Some(confirm) => confirm(question),
            None => Answers::none(question.instances.len(), "not asked"),
        }
    }
}

/// One in which there is nothing but these.
fn directory<P: Player>(names: &[&str], player: &Arc<P>) -> Arc<Directory> {
    let kind = Played::new("", names, player.clone());
    Arc::new(Directory::new(vec![kind]))
}

fn made(outcome: Outcome) -> Tried {
    Tried::Made {
        outcome,
        sent_as: None,
        altered: Some(false),
        series: None,
        started: Timestamp::from_micros(BEGIN),
        duration: Duration::from_millis(5),
    }
}

fn success() -> Tried {
    made(Outcome::of_status(0, ""))
}

/// The batch is delivered up to the first instance that `outcome` says something about, as over REST.
fn up_to(batch: &Batch<'_>, outcome: impl Fn(&Item) -> Option<Outcome>) -> Delivery {
    let mut over = false;
    let tried = batch.items.iter().map(|item| match outcome(item) {
        _ if over => Tried::NotYet,
        None => success(),
        Some(bad) => {
            over = !matches!(
                bad.class,
                Class::Success
                    | Class::Warning
                    | Class::Rejected
                    | Class::NotNegotiated
                    | Class::Missing
                    | Class::Coercion
            );
            made(bad)
        }
    });
    Delivery(tried.collect())
}

/// A lane of the destination `pacs` and what it works with.
struct Bench {
    _folder: tempfile::TempDir,
    clock: Arc<TestClock>,
    script: Arc<Script>,
    store: Arc<faults::Faulty>,
    promoter: Promoter,
    settings: Arc<Current>,
    tools: Arc<Tools>,
    lane: Arc<Lane>,
}

/// A destination that takes everything, over what all share.
fn script() -> Arc<Script> {
    Arc::new(Script {
        deliver: Mutex::default(),
        admit: Mutex::default(),
        probe: Mutex::new(Box::new(|| Probe::Answered(Duration::from_millis(1)))),
        confirm: Mutex::default(),
        asked: Mutex::default(),
        line: Mutex::default(),
        native: AtomicBool::new(false),
        probes: AtomicU32::new(0),
    })
}

fn settings(defaults: DestinationSettings) -> Settings {
    Settings {
        off: None,
        database: PathBuf::new(),
        index_directory: PathBuf::new(),
        tcp_no_delay: true,
        history_days: 7,
        ledger_years: 3,
        gap_seconds: 600,
        max_memory_mb: 256,
        sources: BTreeMap::new(),
        serials: BTreeMap::new(),
        coercions: BTreeMap::new(),
        deidentifications: BTreeMap::new(),
        rules: Vec::new(),
        remarks: Vec::new(),
        defaults,
        destinations: BTreeMap::new(),
        alerts: None,
        retention: None,
        events: None,
        storage_directory: PathBuf::new(),
        host: HostSettings::default(),
    }
}

fn bench(change: impl FnOnce(&mut DestinationSettings)) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let inner = SqliteStore::open(&folder.path().join("queue.db")).unwrap();
    let store = Arc::new(faults::Faulty::new(inner));
    let clock = Arc::new(TestClock::default());
    let script = script();
    let mut defaults = DestinationSettings::default();
    change(&mut defaults);
    let settings = Current::new(settings(defaults));
    let tools = Arc::new(Tools {
        store: store.clone(),
        directory: directory(&["pacs"], &script),
        services: Services::new(clock.clone(), Box::new(|_| ())),
        clock: clock.clone(),
        zone: jiff::tz::TimeZone::UTC,
        budget: Arc::default(),
        alone: Default::default(),
        reports: 100,
        jitter: || 1.0,
    });
    let lanes = Arc::new(Lanes::new(settings.clone(), tools.clone()));
    let lane = lanes.lane("pacs").unwrap();
    Bench {
        _folder: folder,
        promoter: Promoter::new(store.clone(), clock.clone(), lanes),
        clock,
        script,
        store,
        settings,
        tools,
        lane,
    }
}

impl Bench {
    fn enqueue(&self, items: &[NewItem]) {
        let now = self.clock.now();
        self.store.enqueue(&Intake::arrival(items), now).unwrap();
        self.lane.poke();
    }

    fn on_deliver(&self, deliver: impl FnMut(&Batch<'_>) -> Delivery + Send + 'static) {
        *self.script.deliver.lock().unwrap() = Some(Box::new(deliver));
    }

    /// Every item of a delivery that is tried ends so.
    fn always(&self, outcome: Outcome) {
        self.on_deliver(move |batch| up_to(batch, |_| Some(outcome.clone())));
    }

    /// Before each claim, one that is made within it excepted.
    fn on_admit(&self, admit: impl FnMut() + Send + 'static) {
        *self.script.admit.lock().unwrap() = Some(Box::new(admit));
    }

    fn advance(&self, seconds: f64) {
        self.clock
            .0
            .fetch_add((seconds * 1e6) as i64, Ordering::SeqCst);
    }

    fn state(&self, instance: &str) -> State {
        self.item(instance).0.state
    }

    fn send_now(&self, instance: &str) {
        let id = self.item(instance).0.id;
        assert!(matches!(self.store.send_now(id).unwrap(), Moved::Done(_)));
        self.lane.poke();
    }

    /// Another process takes up the same queue.
    fn restart(&mut self) {
        let lanes = Lanes::new(self.settings.clone(), self.tools.clone());
        self.lane = lanes.lane("pacs").unwrap();
    }

    fn on_probe(&self, probe: impl FnMut() -> Probe + Send + 'static) {
        *self.script.probe.lock().unwrap() = Box::new(probe);
    }

    fn asked(&self) -> Vec<Asked> {
        self.script.asked.lock().unwrap().clone()
    }

    fn sent(&self) -> Vec<Vec<String>> {
        self.asked().into_iter().map(|one| one.instances).collect()
    }

    fn probes(&self) -> u32 {
        self.script.probes.load(Ordering::SeqCst)
    }

    /// Seconds since the beginning.
    fn time(&self) -> i64 {
        self.clock.0.load(Ordering::SeqCst) / 1_000_000
    }

    /// Steps until there is nothing to do now; answers until when.
    fn work(&self) -> Option<Timestamp> {
        for _ in 0..1000 {
            match worker::step(&self.lane, 0) {
                Step::Idle(idle) => return idle.until,
                Step::Worked => {}
                other => panic!("{other:?}"),
            }
        }
        panic!("the worker never comes to rest");
    }

    /// Goes on to the next time at which anything is due, a probe, a trial, a retry, and works.
    fn next(&self) {
        let idle = self.work();
        let due = self.promoter.round().unwrap();
        let now = self.clock.now();
        let until = [idle, due].into_iter().flatten().min().expect("a time");
        let wait = until.since(now).as_micros() as i64;
        self.clock.0.fetch_add(wait, Ordering::SeqCst);
        self.promoter.round().unwrap();
        self.work();
    }

    fn item(&self, instance: &str) -> (Item, Vec<Attempt>) {
        let filter = Filter {
            instance: Some(instance.to_owned()),
            ..Filter::default()
        };
        let page = Page::after(0, 10);
        let items = self.store.items(&filter, page).unwrap();
        assert_eq!(items.len(), 1, "{instance}: {items:?}");
        self.store.item(items[0].id).unwrap().unwrap()
    }

    fn classes(&self, instance: &str) -> Vec<Class> {
        self.item(instance).1.iter().map(|a| a.class).collect()
    }

    fn record(&self) -> DestinationRecord {
        self.store.destination("pacs").unwrap().unwrap()
    }
}

fn item(study: &str, instance: &str) -> NewItem {
    NewItem {
        ids: Ids {
            instance: instance.into(),
            sop_instance_uid: format!("1.2.{instance}"),
            series: format!("{study}-series"),
            study: study.into(),
            patient: format!("{study}-patient"),
        },
        destination: "pacs".into(),
        rule: None,
        remote_aet: None,
        priority: Priority::Medium,
        group: study.into(),
        place: 0,
        not_before: None,
        latest: None,
        expires: None,
        size_bytes: 10,
        failed: None,
        reception: crate::store::Reception::default(),
    }
}

fn items(study: &str, count: usize) -> Vec<NewItem> {
    (0..count)
        .map(|at| item(study, &format!("{study}-{at}")))
        .collect()
}

fn silent() -> Probe {
    Probe::Silent(Outcome::new(Class::Unreachable, "refused"))
}
