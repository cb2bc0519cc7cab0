//! Builds the parts, starts them in order, stops them in reverse.
//!
//! Invariants:
//! - No thread is started before the last step that can fail: Orthanc unloads a library whose initialisation
//!   failed without asking it to stop anything.
//! - Threads start with `OrthancStarted` (earlier, REST calls fail) and are joined in `finalize`, which works though
//!   neither `OrthancStarted` nor `OrthancStopped` ever came.
//! - `OrthancStopped` ends all waiting, and waits itself for [`SHORT_GRACE`] at most: on Orthanc 1.10.1 the end of a job
//!   cannot be told while it does, and a stop should take no longer than without us. REST calls made late in a
//!   shutdown touch freed memory; the servers that Orthanc stops first take a second or more, and the
//!   workers make none later than `transport::rest` allows (0.9 s). Without these servers it waits for [`LONG_GRACE`].

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use orthanc_sdk::{Change, ChangeType, Host, Plugin, Request, StoredInstance};
use parking_lot::Mutex;
use serde_json::Value;

use crate::alert::{self, Alerts};
use crate::api::cross_site::{self, CrossSite};
use crate::api::{self, Api};
use crate::arrival::notices::Notices;
use crate::arrival::progress::Progress;
use crate::arrival::reconcile::{Parts, Reconciler};
use crate::clock::QueueClock;
use crate::config;
use crate::config::settings::Settings;
use crate::dispatch::alone::Alone;
use crate::dispatch::budget::Budget;
use crate::dispatch::promoter::Promoter;
use crate::dispatch::{Lanes, Tools};
use crate::gauges::Gauges;
use crate::item::{Clock, SystemClock, Timestamp};
use crate::store::Store;
use crate::store::sqlite::SqliteStore;
use crate::transport::Transport;
use crate::transport::choice::Choice;
use crate::transport::modalities::Modalities;
use crate::transport::native::Native;
use crate::transport::rest::RestTransport;
use crate::transport::rest::leftover;
use crate::ui;

/// How long `OrthancStopped` may wait for what is under way, where Orthanc stops a server of its own next.
const SHORT_GRACE: Duration = Duration::from_millis(200);
/// The same, where it has none.
const LONG_GRACE: Duration = Duration::from_millis(1800);

/// The plugin, as Orthanc loads it.
pub struct SendQueue {
    running: Option<Arc<Running>>,
}

/// How long it may wait for a REST call that a silent peer holds up, where its connection could not be cut (no `/proc`):
/// to go on would be a crash.
const HELD_GRACE: Duration = Duration::from_secs(120);

/// How long the instance that is on its way may still be answered for, so that it is not sent again after the next start.
const LAST_ANSWER: Duration = Duration::from_millis(100);

/// The parts of an enabled plugin.
struct Running {
    host: Host,
    settings: Arc<Settings>,
    store: Arc<dyn Store>,
    rest: Arc<RestTransport>,
    native: Arc<Native>,
    transport: Arc<Choice>,
    modalities: Arc<Modalities>,
    lanes: Arc<Lanes>,
    promoter: Arc<Promoter>,
    gauges: Gauges,
    notices: Arc<Notices>,
    alerts: Option<Arc<Alerts>>,
    clock: Arc<dyn Clock>,
    /// Given to its thread at the start.
    reconciler: Mutex<Option<Reconciler>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    started: AtomicBool,
    /// When they were, in microseconds since 1970.
    started_at: AtomicI64,
    grace: Duration,
}

impl Plugin for SendQueue {
    const NAME: &'static str = "sendqueue";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const DESCRIPTION: &'static str = "Persistent send queue: stores what arrives for its destinations, and forwards until it is acknowledged";
    const MINIMUM_HOST: (u32, u32, u32) = (1, 10, 1);

    fn initialize(host: Host) -> Result<Self, String> {
        let configuration = host
            .configuration()
            .map_err(|error| format!("the configuration cannot be read: {error}"))?;
        let base = host
            .configuration_path()
            .ok()
            .and_then(|path| config::base_directory(&path, std::env::args_os()));
        let lookup = |name: &str| host.lookup_tag(name);
        let settings = config::load(&configuration, &lookup, base.as_deref())
            .map_err(|mistakes| mistakes.to_string())?;
        if !settings.enable {
            return disabled(host, &settings);
        }
        let mut settings = settings;
        if !host.at_least(1, 12, 4) {
            settings.host.tls = settings.host.tls.before_1_12_4();
        }
        enabled(host, settings, grace(&configuration))
    }

    fn finalize(self) {
        if let Some(running) = self.running {
            running.stop();
            running.join();
            // Without it the next start looks for what may have ended this one.
            if let Err(error) = running.store.stopped_well() {
                log::warn!("the clean stop could not be noted: {error}");
            }
            log::info!("the send queue has stopped");
        }
    }
}

fn disabled(host: Host, settings: &Settings) -> Result<SendQueue, String> {
    let database = settings.database.clone();
    host.register_rest("/sendqueue", move |_| api::overview::disabled(&database))
        .map_err(|error| error.to_string())?;
    log::warn!("the send queue is off (SendQueue.Enable is false)");
    Ok(SendQueue { running: None })
}

fn grace(configuration: &Value) -> Duration {
    let on = |key: &str| configuration.get(key).and_then(Value::as_bool) != Some(false);
    if on("HttpServerEnabled") || on("DicomServerEnabled") {
        SHORT_GRACE
    } else {
        LONG_GRACE
    }
}

fn enabled(host: Host, settings: Settings, grace: Duration) -> Result<SendQueue, String> {
    let settings = Arc::new(settings);
    // By the machine's clock, as the time at which the database was made.
    let started = SystemClock.now();
    make_index_directory(&settings);
    let store: Arc<dyn Store> =
        Arc::new(SqliteStore::open(&settings.database).map_err(|error| error.to_string())?);
    let last = store.reading().map_err(|error| error.to_string())?;
    let clock: Arc<dyn Clock> = Arc::new(QueueClock::begin(last));
    let modalities = Arc::new(Modalities::new(
        host.client(),
        settings.host.remarks.clone(),
    ));
    let budget = Arc::new(Budget::new(u64::from(settings.max_memory_mb) * 1024 * 1024));
    let native = Arc::new(Native::new(
        host,
        modalities.clone(),
        clock.clone(),
        budget.clone(),
        settings.host.clone(),
    ));
    let rest = Arc::new(RestTransport::new(
        host.client(),
        modalities.clone(),
        clock.clone(),
        &settings.host,
        Box::new(|peers| {
            orthanc_sdk::sockets::shutdown_connections(peers);
        }),
    ));
    let transport = Arc::new(Choice::new(
        settings.clone(),
        native.clone(),
        rest.clone(),
        clock.clone(),
    ));
    let tools = Arc::new(Tools {
        store: store.clone(),
        transport: transport.clone(),
        clock: clock.clone(),
        zone: jiff::tz::TimeZone::system(),
        budget,
        alone: Alone::default(),
        jitter: fastrand::f64,
    });
    let lanes = Arc::new(Lanes::new(
        settings.clone(),
        tools,
        Box::new(move |name| host.set_thread_name(name)),
    ));
    let promoter = Arc::new(Promoter::new(
        store.clone(),
        clock.clone(),
        lanes.clone(),
        settings.history_days,
    ));
    let notices = Arc::new(Notices::default());
    let progress = Arc::new(Progress::default());
    let reconciler = Reconciler::new(Parts {
        client: host.client(),
        store: store.clone(),
        settings: settings.clone(),
        modalities: modalities.clone(),
        lanes: lanes.clone(),
        promoter: promoter.clone(),
        clock: clock.clone(),
        notices: notices.clone(),
        progress: progress.clone(),
        started,
    });
    let alerts = alerts(host, &settings, &store, &lanes, &clock);
    let running = Arc::new(Running {
        host,
        settings: settings.clone(),
        store: store.clone(),
        rest,
        native,
        transport,
        modalities: modalities.clone(),
        lanes: lanes.clone(),
        promoter: promoter.clone(),
        gauges: Gauges::new(host, store.clone(), lanes.clone(), clock.clone()),
        notices: notices.clone(),
        alerts: alerts.clone(),
        clock: clock.clone(),
        reconciler: Mutex::new(Some(reconciler)),
        threads: Mutex::new(Vec::new()),
        started: AtomicBool::new(false),
        started_at: AtomicI64::new(i64::MIN),
        grace,
    });
    let (up, since) = (running.clone(), running.clone());
    let api = Api {
        settings: settings.clone(),
        store,
        lanes,
        promoter,
        modalities,
        notices,
        progress,
        alerts,
        begun: Box::new(move || {
            let micros = since.started_at.load(Ordering::Acquire);
            (micros != i64::MIN).then(|| Timestamp::from_micros(micros))
        }),
        clock,
        client: host.client(),
        cross_site: CrossSite::default(),
        is_started: Box::new(move || up.started.load(Ordering::Acquire)),
    };
    register(host, api, &running).map_err(|error| error.to_string())?;
    if settings.tcp_no_delay && orthanc_sdk::environment::set_if_unset("TCP_NODELAY", "1") {
        log::info!(
            "TCP_NODELAY=1 is set for this Orthanc's DICOM connections (SendQueue.TcpNoDelay)"
        );
    }
    for remark in &settings.host.remarks {
        log::warn!("{remark}");
    }
    log::warn!(
        "the send queue {} is on: {} rules, database {}",
        SendQueue::VERSION,
        settings.rules.len(),
        settings.database.display()
    );
    Ok(SendQueue {
        running: Some(running),
    })
}

/// Who is told by webhook, if anybody is.
fn alerts(
    host: Host,
    settings: &Settings,
    store: &Arc<dyn Store>,
    lanes: &Arc<Lanes>,
    clock: &Arc<dyn Clock>,
) -> Option<Arc<Alerts>> {
    let (store, lanes, time) = (store.clone(), lanes.clone(), clock.clone());
    let parts = alert::Parts {
        counters: Box::new(move || alert::looks(store.as_ref(), &lanes, time.as_ref())),
        clock: clock.clone(),
        http: Box::new(move |request| host.http(request)),
        disconnect: Box::new(|peers| {
            orthanc_sdk::sockets::shutdown_connections(peers);
        }),
    };
    let alerts = Alerts::new(settings.alerts.as_ref()?, &settings.host, parts);
    Some(Arc::new(alerts))
}

/// Makes Orthanc's own folder, as Orthanc is about to do, if the database belongs into it. Any other folder must be there:
/// one that is missing is a mistake or a disk that is not mounted.
fn make_index_directory(settings: &Settings) {
    if settings.database.parent() == Some(settings.index_directory.as_path()) {
        // A failure shows when the database is opened, with its reason.
        let _ = std::fs::create_dir_all(&settings.index_directory);
    }
}

fn register(host: Host, api: Api, running: &Arc<Running>) -> Result<(), orthanc_sdk::CallError> {
    let api = Arc::new(api);
    let root = api.clone();
    host.register_rest("/sendqueue", move |request: &Request| {
        api::router::answer(&root, request, "")
    })?;
    host.register_rest("/sendqueue/(.*)", move |request: &Request| {
        let rest = request.groups.first().map_or("", String::as_str);
        api::router::answer(&api, request, rest)
    })?;
    host.filter_http(cross_site::comes_whole)?;
    let arrivals = running.clone();
    host.on_stored_instance(move |instance: &StoredInstance<'_>| {
        let begun = Instant::now();
        arrivals.notices.put(instance.id(), arrivals.clock.now());
        arrivals.notices.timing().add(begun.elapsed());
    })?;
    let changes = running.clone();
    host.on_change(move |change: &Change| changes.on_change(change))?;
    host.set_root_uri("/sendqueue/ui/");
    host.extend_explorer(ui::EXPLORER);
    host.set_description(SendQueue::DESCRIPTION);
    Ok(())
}

impl Running {
    /// Never waits for another thread, but at `OrthancStopped`: Orthanc 1.10.1 calls it with the mutex of its jobs
    /// held.
    fn on_change(self: &Arc<Self>, change: &Change) {
        match change.kind {
            ChangeType::OrthancStarted => self.start(),
            ChangeType::OrthancStopped => self.stop(),
            ChangeType::UpdatedModalities => self.modalities.forget(),
            ChangeType::JobSuccess | ChangeType::JobFailure => {
                if let Some(id) = &change.resource {
                    self.rest.jobs().ended(id);
                }
            }
            _ => {}
        }
    }

    fn start(self: &Arc<Self>) {
        if self.started.swap(true, Ordering::AcqRel) {
            return;
        }
        let now = self.clock.now().micros();
        self.started_at.store(now, Ordering::Release);
        let lanes = self.clone();
        self.spawn("sq-start", move || lanes.recover());
        let promoter = self.promoter.clone();
        self.spawn("sq-promote", move || promoter.run());
        let gauges = self.clone();
        self.spawn("sq-metrics", move || gauges.gauges.run());
        if let Some(alerts) = self.alerts.clone() {
            self.spawn("sq-alert", move || alerts.run());
        }
        let native = self.native.clone();
        self.spawn("sq-release", move || native.tidy());
        let reconciler = self.reconciler.lock().take();
        if let Some(mut reconciler) = reconciler {
            self.spawn("sq-arrive", move || reconciler.run());
        }
    }

    /// Brings back what was under way when the process ended, then lets the lanes go.
    fn recover(&self) {
        let mut told = false;
        loop {
            match self.try_recover() {
                Ok(()) => break,
                Err(error) => {
                    if !std::mem::replace(&mut told, true) {
                        log::error!("the queue cannot be taken up, trying on: {error}");
                    }
                    self.notices.linger(Duration::from_secs(1));
                    if self.notices.is_stopped() {
                        return;
                    }
                }
            }
        }
        let start = self.clock.now();
        self.lanes.start();
        self.remember_last_hour(start);
    }

    /// The charts go on where they were. Nothing waits for it.
    fn remember_last_hour(&self, start: Timestamp) {
        match self.store.at_rest(start.plus_seconds(-3600.0), start) {
            Ok(minutes) => {
                for minute in minutes {
                    if let Some(lane) = self.lanes.get(&minute.destination) {
                        lane.remember(&minute);
                    }
                }
            }
            Err(error) => log::warn!("the charts of the last hour begin anew: {error}"),
        }
    }

    fn try_recover(&self) -> crate::store::Result<()> {
        leftover::cancel_jobs(self.host.client(), self.store.as_ref());
        let found = self.store.release_running(self.clock.now())?;
        if found.released > 0 {
            let released = found.released;
            log::warn!("{released} items were being sent when Orthanc ended; they are sent again");
        }
        for item in &found.set_aside {
            log::warn!(
                "{}: Orthanc ended again and again while instance {} ({}) was being prepared or sent; it goes after all others, with nothing beside it",
                item.destination,
                item.instance,
                item.sop_instance_uid
            );
        }
        for item in &found.failed {
            log::error!(
                "{}: instance {} ({}): {}; it waits in the error queue",
                item.destination,
                item.instance,
                item.sop_instance_uid,
                item.details.as_deref().unwrap_or_default()
            );
        }
        self.tell_unknown_destinations();
        for record in self.store.destinations()? {
            self.lanes.restore(&record);
        }
        Ok(())
    }

    /// With `DicomModalitiesInDatabase` the names in the rules could not be checked before the start.
    fn tell_unknown_destinations(&self) {
        let Ok(known) = self.modalities.all() else {
            return;
        };
        let named = self.settings.rules.iter().flat_map(|rule| &rule.to);
        let unknown: BTreeSet<&String> = named.filter(|name| !known.contains_key(*name)).collect();
        for name in unknown {
            log::error!(
                "a rule names the destination {name}, which Orthanc's DicomModalities do not have: its items wait until it is added"
            );
        }
    }

    fn stop(&self) {
        self.started.store(false, Ordering::Release);
        self.notices.stop();
        self.promoter.stop();
        self.gauges.stop();
        if let Some(alerts) = &self.alerts {
            alerts.stop();
        }
        self.lanes.stop();
        self.transport.interrupt();
        let begun = Instant::now();
        while (self.lanes.is_busy() && begun.elapsed() < self.grace)
            || (self.rest.is_held() && begun.elapsed() < HELD_GRACE)
        {
            if begun.elapsed() > LAST_ANSWER {
                self.native.cut();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.native.cut();
    }

    fn join(&self) {
        self.lanes.join();
        self.rest.join();
        if let Some(alerts) = &self.alerts {
            alerts.join();
        }
        let threads = std::mem::take(&mut *self.threads.lock());
        for thread in threads {
            let _ = thread.join();
        }
    }

    fn spawn(&self, name: &'static str, work: impl FnOnce() + Send + 'static) {
        let host = self.host;
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                host.set_thread_name(name);
                // A panic was logged by the guard; the health check shows the missing thread's effects.
                let _ = orthanc_sdk::guard::catch(name, work);
            });
        match thread {
            Ok(thread) => self.threads.lock().push(thread),
            Err(error) => log::error!("the thread {name} could not be started: {error}"),
        }
    }
}
