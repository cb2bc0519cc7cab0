//! Builds the parts, starts them in order, stops them in reverse.
//!
//! Invariants:
//! - No thread is started before the last step that can fail: Orthanc unloads a library whose initialisation
//!   failed without asking it to stop anything.
//! - Services start with `OrthancStarted` (earlier, REST calls fail) and are joined in `finalize`, which works though
//!   neither `OrthancStarted` nor `OrthancStopped` ever came.
//! - `OrthancStopped` ends all waiting, and waits itself for [`SHORT_GRACE`] at most: on Orthanc 1.10.1 the end of a
//!   job cannot be told while it does, and a stop should take no longer than without us. REST calls made late in a
//!   shutdown touch freed memory; the servers that Orthanc stops first take a second or more, and the workers make none
//!   later than `transport::rest` allows (0.9 s). Without these servers it waits for [`LONG_GRACE`].

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use orthanc_sdk::{Change, ChangeType, Host, Plugin, Request, StoredInstance};
use sendqueue_dicom::dictionary;
use serde_json::Value;

use crate::alert;
use crate::alert::sources::Listener;
use crate::api;
use crate::api::cross_site::{self, CrossSite};
use crate::arrival::arrivals::Arrivals;
use crate::arrival::notices::Notices;
use crate::arrival::progress::Progress;
use crate::arrival::reconcile;
use crate::clock::QueueClock;
use crate::coercion::Coercion;
use crate::coercion::deidentify::watch::Watch;
use crate::config::settings::{Off, Settings, Webhook};
use crate::config::{self, Current};
use crate::cut::Cutter;
use crate::deliveries::{self, Keeper};
use crate::destinations::Directory;
use crate::destinations::modality::{Modalities, ModalityKind};
use crate::dispatch::alone::Alone;
use crate::dispatch::promoter::Promoter;
use crate::dispatch::takeup::{self, TakeUp};
use crate::dispatch::{Lanes, Tools};
use crate::events::courier::Courier;
use crate::events::orthanc::OfOrthanc;
use crate::events::{self, Teller};
use crate::gauges::Gauges;
use crate::item::{Clock, SystemClock};
use crate::protection::{self, Protector};
use crate::reload::{self, Origin, Reloader};
use crate::retention::{self, Deleter, Leads};
use crate::service::{Service, Services};
use crate::store::sqlite::SqliteStore;
use crate::store::{Claims, Journal, Upkeep};
use crate::transport::budget::Budget;
use crate::transport::native::Native;
use crate::transport::rest::RestTransport;
use crate::ui;
use crate::webhook::Poster;

/// How long `OrthancStopped` may wait for what is under way, where Orthanc stops a server of its own next.
const SHORT_GRACE: Duration = Duration::from_millis(200);
/// The same, where it has none.
const LONG_GRACE: Duration = Duration::from_millis(1800);

/// The plugin, as Orthanc loads it.
pub struct SendQueue {
    running: Option<Arc<Running>>,
}

/// How long `OrthancStopped` may wait for a REST call that hangs on a silent peer, where its connection cannot be cut
/// (no `/proc`). If Orthanc went on stopping during such a call, it would crash.
const HELD_GRACE: Duration = Duration::from_secs(120);

/// How long the instance that is on its way may still be answered for, so that it is not sent again after the next
/// start.
const LAST_ANSWER: Duration = Duration::from_millis(100);

/// The parts of an enabled plugin.
struct Running {
    store: Arc<SqliteStore>,
    directory: Arc<Directory>,
    lanes: Arc<Lanes>,
    promoter: Arc<Promoter>,
    notices: Arc<Notices>,
    clock: Arc<dyn Clock>,
    services: Arc<Services>,
    /// With the names of their threads, in the order of their start.
    ours: Vec<(&'static str, Arc<dyn Service>)>,
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
        let lookup = |name: &str| known_tag(host, name);
        let settings = config::load(&configuration, &lookup, base.as_deref())
            .map_err(|mistakes| refused(&mistakes))?;
        if let Some(off) = settings.off {
            return disabled(host, &settings, off);
        }
        let mut settings = settings;
        if !host.at_least(1, 12, 4) {
            settings.host.tls = settings.host.tls.before_1_12_4();
        }
        let grace = grace(&configuration);
        let origin = Origin::new(configuration, std::env::args_os());
        enabled(host, settings, grace, Configuration { base, origin })
    }

    fn finalize(self) {
        if let Some(running) = self.running {
            running.stop();
            running.join();
            // Without it the next start looks for what may have ended this one.
            if let Err(error) = running.store.stopped_well(running.clock.now()) {
                log::warn!("the clean stop could not be noted: {error}");
            }
            log::info!("the send queue has stopped");
        }
    }
}

/// The tag of this name. Orthanc, which logs an error for a name that it does not know, is asked only for what the
/// standard does not have.
fn known_tag(host: Host, name: &str) -> Option<(u16, u16)> {
    let standard = dictionary::tag(name).map(|tag| (tag.0, tag.1));
    standard.or_else(|| host.lookup_tag(name))
}

/// Logs each mistake by itself, since a message is one line of Orthanc's log; answers the last line.
fn refused(mistakes: &config::Mistakes) -> String {
    for mistake in &mistakes.0 {
        log::error!("a mistake in the configuration of the send queue: {mistake}");
    }
    format!(
        "{} each has a line above; Orthanc is stopped",
        mistakes.headline()
    )
}

fn disabled(host: Host, settings: &Settings, off: Off) -> Result<SendQueue, String> {
    let database = settings.database.clone();
    let shown = move |_: &Request| api::overview::disabled(&database, off);
    host.register_rest("/sendqueue", shown)
        .map_err(|error| error.to_string())?;
    log::warn!("the send queue is off ({})", off.reason());
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

/// Where settings come from later.
struct Configuration {
    base: Option<PathBuf>,
    origin: Origin,
}

fn enabled(
    host: Host,
    settings: Settings,
    grace: Duration,
    configuration: Configuration,
) -> Result<SendQueue, String> {
    let current = Current::new(settings);
    let settings = current.get();
    // By the machine's clock, as the time at which the database was made.
    let started = SystemClock.now();
    make_index_directory(&settings);
    let store = SqliteStore::open(&settings.database).map_err(|error| error.to_string())?;
    let store = Arc::new(store);
    let last = store.reading().map_err(|error| error.to_string())?;
    let clock: Arc<dyn Clock> = Arc::new(QueueClock::begin(last));
    let services = Services::new(
        clock.clone(),
        Box::new(move |name| host.set_thread_name(name)),
    );
    let of_cutter = services.clone();
    let cutter = move || {
        Cutter::new(
            of_cutter.clone(),
            Box::new(|peers| {
                orthanc_sdk::sockets::shutdown_connections(peers);
            }),
        )
    };
    let leads = Arc::new(Leads::new(store.clone(), current.clone()));
    let noting = leads.clone();
    let modalities = Modalities::new(host.client(), settings.host.remarks.clone());
    let modalities = Arc::new(modalities.noted_by(Box::new(move |list| {
        let list = list.iter().map(|(name, one)| (name.clone(), one.address()));
        let noted = noting.listed(list.collect());
        noted.map_err(|error| format!("what destinations lead to could not be noted: {error}"))
    })));
    let budget = Arc::new(Budget::new(u64::from(settings.max_memory_mb) * 1024 * 1024));
    let native = Arc::new(Native::new(
        host,
        clock.clone(),
        budget.clone(),
        settings.host.clone(),
    ));
    let rest = Arc::new(RestTransport::new(
        host.client(),
        clock.clone(),
        &settings.host,
        cutter(),
    ));
    let coercion = Arc::new(Coercion::new(
        host,
        store.clone(),
        store.clone(),
        store.clone(),
        clock.clone(),
        &settings.host.dicom_aet,
    ));
    let directory = Arc::new(Directory::new(vec![Arc::new(ModalityKind {
        list: modalities.clone(),
        native: native.clone(),
        rest: rest.clone(),
        editors: coercion.clone(),
        clock: clock.clone(),
    })]));
    let tools = Arc::new(Tools {
        store: store.clone(),
        directory: directory.clone(),
        services: services.clone(),
        clock: clock.clone(),
        zone: jiff::tz::TimeZone::system(),
        budget: budget.clone(),
        alone: Alone::default(),
        reports: settings.host.most_reports(),
        jitter: fastrand::f64,
    });
    let lanes = Arc::new(Lanes::new(current.clone(), tools));
    let promoter = Arc::new(Promoter::new(store.clone(), clock.clone(), lanes.clone()));
    let notices = Arc::new(Notices::default());
    let progress = Arc::new(Progress::default());
    let arrivals = Arrivals::new(reconcile::Parts {
        client: host.client(),
        store: store.clone(),
        settings: current.clone(),
        modalities: modalities.clone(),
        notifier: promoter.clone(),
        clock: clock.clone(),
        notices: notices.clone(),
        progress: progress.clone(),
        started,
    });
    let takeup = TakeUp::new(takeup::Parts {
        store: store.clone(),
        settings: current.clone(),
        directory: directory.clone(),
        lanes: lanes.clone(),
        clock: clock.clone(),
    });
    let subjects = Watch::new(
        store.clone(),
        current.clone(),
        promoter.clone(),
        clock.clone(),
        coercion.bad_lists.clone(),
    );
    let keeper = Keeper::new(
        store.clone(),
        current.clone(),
        clock.clone(),
        deliveries::of_orthanc(host.client()),
    );
    let deleter = Arc::new(Deleter::new(retention::Parts {
        store: store.clone(),
        journal: store.clone(),
        settings: current.clone(),
        clock: clock.clone(),
        orthanc: Box::new(host.client()),
        free: Box::new(retention::orthanc::free_percent),
        look_up: {
            let modalities = modalities.clone();
            Box::new(move || {
                modalities.forget();
                modalities.all().map(drop)
            })
        },
    }));
    let teller = Arc::new(Teller::new(events::Parts {
        store: store.clone(),
        settings: current.clone(),
        clock: clock.clone(),
        orthanc: Box::new(OfOrthanc {
            client: host.client(),
            settings: current.clone(),
            coercion: coercion.clone(),
        }),
    }));
    teller.announce();
    let created = store.created().map_err(|error| error.to_string())?;
    let no_receiver = Webhook::default();
    let courier = Arc::new(Courier::new(events::courier::Parts {
        store: store.clone(),
        settings: current.clone(),
        clock: clock.clone(),
        created,
        poster: Poster::new(
            &no_receiver,
            &settings.host,
            Box::new(move |request| host.http(request)),
            cutter(),
        ),
    }));
    let protector = Arc::new(Protector::new(
        store.clone(),
        current.clone(),
        clock.clone(),
        Box::new(protection::OfOrthanc(host.client())),
    ));
    let gauges = Gauges::new(host, store.clone(), lanes.clone(), clock.clone());
    let sources = Arc::new(Listener::new(store.clone(), current.clone(), clock.clone()));
    let (of_alerts, told_of, time) = (store.clone(), promoter.clone(), clock.clone());
    let (listener, came_back) = (sources.clone(), progress.clone());
    let parts = move || {
        let (store, promoter, clock) = (of_alerts.clone(), told_of.clone(), time.clone());
        let listener = listener.clone();
        let came_back = came_back.clone();
        alert::Parts {
            counters: Box::new(move || {
                alert::looks(store.as_ref(), promoter.as_ref(), clock.as_ref())
            }),
            sources: Box::new(move || {
                listener.watch();
                listener.look()
            }),
            own_outputs: Box::new(move || came_back.figures().own_outputs),
            clock: time.clone(),
            zone: jiff::tz::TimeZone::system(),
            http: Box::new(move |request| host.http(request)),
            cutter: cutter(),
        }
    };
    let alerts = Arc::new(alert::Switch::new(services.clone(), parts, &settings));
    let mut ours: Vec<(&'static str, Arc<dyn Service>)> = vec![
        ("sq-release", native.clone()),
        ("sq-start", Arc::new(takeup)),
        ("sq-promote", promoter.clone()),
        ("sq-metrics", Arc::new(gauges)),
        ("sq-subjects", Arc::new(subjects)),
        (deliveries::NAME, Arc::new(keeper)),
        (retention::NAME, deleter.clone()),
        (protection::NAME, protector.clone()),
        (events::NAME, teller.clone()),
        (events::courier::NAME, courier.clone()),
    ];
    if let Some(alerts) = alerts.get() {
        ours.push((alert::NAME, alerts));
    }
    ours.push(("sq-arrive", Arc::new(arrivals)));
    let running = Arc::new(Running {
        store: store.clone(),
        directory: directory.clone(),
        promoter: promoter.clone(),
        lanes: lanes.clone(),
        notices: notices.clone(),
        clock: clock.clone(),
        services: services.clone(),
        ours,
        grace,
    });
    let reloader = Reloader::new(reload::Parts {
        client: host.client(),
        current: current.clone(),
        directory: directory.clone(),
        lanes: lanes.clone(),
        promoter: promoter.clone(),
        alerts: alerts.clone(),
        budget,
        services: services.clone(),
        store: store.clone(),
        deleter: deleter.clone(),
        teller: teller.clone(),
        courier: courier.clone(),
        leads,
        tags: Box::new(move |name| known_tag(host, name)),
        base: configuration.base,
        origin: configuration.origin,
    });
    let api = api::Parts {
        current,
        reloader,
        deleter,
        teller,
        courier,
        protector,
        store,
        lanes,
        notifier: promoter.clone(),
        promoter,
        directory,
        coercion,
        modalities,
        notices,
        progress,
        alerts,
        sources,
        services,
        clock,
        client: host.client(),
        host,
        cross_site: CrossSite::default(),
    };
    register(host, api, &running).map_err(|error| error.to_string())?;
    if settings.tcp_no_delay && orthanc_sdk::environment::set_if_unset("TCP_NODELAY", "1") {
        log::info!(
            "TCP_NODELAY=1 is set for this Orthanc's DICOM connections (SendQueue.TcpNoDelay)"
        );
    }
    for remark in settings.warnings() {
        log::warn!("{remark}");
    }
    log::warn!(
        "the send queue {} is on: {}, database {}",
        SendQueue::VERSION,
        config::counted(settings.rules.len(), "rule"),
        settings.database.display()
    );
    Ok(SendQueue {
        running: Some(running),
    })
}

/// Makes Orthanc's own folder, as Orthanc is about to do, if the database belongs into it. Any other folder must be
/// there: one that is missing is a mistake or a disk that is not mounted.
fn make_index_directory(settings: &Settings) {
    if settings.database.parent() == Some(settings.index_directory.as_path()) {
        // A failure shows when the database is opened, with its reason.
        let _ = std::fs::create_dir_all(&settings.index_directory);
    }
}

fn register(
    host: Host,
    api: api::Parts,
    running: &Arc<Running>,
) -> Result<(), orthanc_sdk::CallError> {
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
    fn on_change(&self, change: &Change) {
        self.directory.changed(change);
        match change.kind {
            ChangeType::OrthancStarted => self.start(),
            ChangeType::OrthancStopped => self.stop(),
            ChangeType::UpdatedModalities => self.promoter.review(),
            _ => {}
        }
    }

    fn start(&self) {
        if self.services.begin() {
            for (name, service) in &self.ours {
                self.services.start(name, service.clone());
            }
        }
    }

    fn stop(&self) {
        self.lanes.stop();
        self.services.stop();
        self.directory.interrupt();
        let begun = Instant::now();
        while (self.lanes.is_busy() && begun.elapsed() < self.grace)
            || (self.directory.is_held() && begun.elapsed() < HELD_GRACE)
        {
            if begun.elapsed() > LAST_ANSWER {
                self.directory.cut();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.directory.cut();
    }

    fn join(&self) {
        self.services.join();
    }
}
