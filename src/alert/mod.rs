//! Alerts by webhook: what an administrator is told without having to look (`SendQueue.Alerts`).
//!
//! ```text
//!   store, lanes ─ each second ─► watch ─ events ─► collect ─ one a minute ─► message ─► post ─► the receiver
//! ```
//!
//! Invariants:
//! - Sending is never held up: everything happens on one thread of its own (`sq-alert`), which reads counters and takes
//!   no lock that a lane holds for long. A stop waits for no receiver: its connection is cut, and without that the call
//!   ends after [`webhook::TIMEOUT`].
//! - At most one message a minute for each destination and kind; what happens meanwhile is in the next one, with its
//!   count. What begins and ends between two looks shows by its counters.
//! - A panic costs nothing: a round works on a copy, which is kept before a message is posted, and once that is
//!   settled. What a panic undoes is done again; a message that was posted then may be posted twice, with its `ID`.
//! - Nothing is left out silently: memory is bounded (at most one message on its way and one collected for each
//!   destination and kind, of at most [`collect::MOST`] such pairs), and what did not fit, was given up or was not
//!   delivered before a stop is counted and logged.
//! - No patient data, and no words of a receiver (G10): names of destinations, classes, numbers and our own sentences.
//!   `Url` and `Secret` appear in no log and no answer.
//! - Orthanc's own HTTP client is used, so `HttpProxy`, `HttpsVerifyPeers` and `HttpsCACertificates` hold. It follows
//!   redirections and logs an error of its own for each call that fails (1.13.0: with the URL).
//!
//! # What is told
//! - `DestinationUnreachable`, `DestinationBack`: an outage began, ended.
//! - `Failure`: items went into the error queue.
//! - `Backlog`: a destination has `BacklogItems` open items, or one that waits for `BacklogSeconds`; told when it
//!   begins, and when it is over, which is at half of both. Time before the destination's window opened does not count,
//!   nor what was before an item was replayed or redirected (but for what waits at the start).
//! - `SourceSilent`, `SourceBack`: one of `SilentSources` has not sent for too long ([`sources`]), sends again.
//! - `OwnOutput`: what the queue had sent, changed on its way, came back from a source, and is not sent again.
//! - The outages of a destination and their ends are told in their order.
//!
//! After a start, an outage and a backlog that last are told again: nobody knows whether they were heard of; but not of
//! a destination that is paused. Failures are told from the start on.
//!
//! # The message
//! A POST of `application/json`; `X-Sendqueue-Signature: sha256=<hex>` is the HMAC-SHA256 of the body's bytes under
//! `Secret` (absent without one). Any status 2xx is an acknowledgement; anything else is tried again with the same
//! body, after 5 s, then twice as long each time up to 5 min, for a day. So a receiver may see a message twice: `ID`
//! tells. `Time` is when the message was made. The fields: see [`message`]. `Format` says in whose form it is:
//! [`shape`].

pub mod collect;
pub mod message;
pub mod post;
mod shape;
pub mod sources;
mod switch;
pub mod watch;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::tz::TimeZone;
use parking_lot::{Mutex, RwLock};

use self::collect::{Collector, Gathered};
use self::post::{Outbox, Outgoing, Settled};
use self::sources::SourceLook;
pub use self::switch::{NAME, Switch};
use self::watch::{Look, Watch};
use crate::config::settings::{AlertKind, AlertSettings, HostSettings};
use crate::cut::Cutter;
use crate::dispatch::promoter::Promoter;
use crate::failpoint;
use crate::item::meaning::telling_status;
use crate::item::{Clock, Timestamp};
use crate::service::{Bell, Service};
use crate::store::{self, Book};
use crate::verdict::Limits;
use crate::webhook::{self, Http, Poster};

/// Time between two looks at the counters.
const LOOK: Duration = Duration::from_secs(1);

/// Answers what is to be seen of all destinations.
pub type Counters = dyn Fn() -> store::Result<Vec<Look>> + Send + Sync;

/// Answers what is to be heard of sources.
pub type Listening = dyn Fn() -> store::Result<Vec<SourceLook>> + Send + Sync;

/// Answers how many instances that the queue had sent came back, by who sent them, since the start.
pub type OwnOutputs = dyn Fn() -> BTreeMap<String, u64> + Send + Sync;

/// What the queue's counters are.
pub fn looks(
    store: &(impl Book + ?Sized),
    promoter: &Promoter,
    clock: &dyn Clock,
) -> store::Result<Vec<Look>> {
    let zone = TimeZone::system();
    let (now, ahead) = (clock.now(), clock.ahead());
    let totals = store.failure_totals()?;
    let mut records = store.destinations()?;
    for record in &mut records {
        record.oldest_pending = promoter.waiting_since(&record.name, record.oldest_pending);
    }
    let lanes = promoter.lanes();
    let settings = lanes.settings();
    let alerts = settings.alerts.as_ref();
    let backlog_seconds = alerts.map_or(0, |alerts| alerts.backlog_seconds);
    let mut looks: BTreeMap<&str, Look> = records
        .iter()
        .map(|record| {
            let lane = lanes.get(&record.name).map(|lane| lane.status());
            let windows = &settings.destination(&record.name).windows;
            let late = backlog_seconds;
            let look = Look::new(record, lane.as_ref(), windows, late, now, ahead, &zone);
            (record.name.as_str(), look)
        })
        .collect();
    for total in totals {
        if let Some(look) = looks.get_mut(total.destination.as_str()) {
            let status = telling_status(total.class, total.dimse_status);
            *look.failures.entry((total.class, status)).or_default() += total.total;
        }
    }
    Ok(looks.into_values().collect())
}

fn limits(settings: &AlertSettings) -> Limits {
    Limits {
        items: settings.backlog_items,
        seconds: settings.backlog_seconds,
    }
}

const JSON: &str = "application/json";

/// What the alerts work with.
pub struct Parts {
    /// [`looks`], or what a test says.
    pub counters: Box<Counters>,
    /// [`sources::Listener::look`], or what a test says.
    pub sources: Box<Listening>,
    pub own_outputs: Box<OwnOutputs>,
    pub clock: Arc<dyn Clock>,
    /// Times in messages are of this zone.
    pub zone: TimeZone,
    /// Orthanc's HTTP client.
    pub http: Box<Http>,
    pub cutter: Cutter,
}

/// The service.
pub struct Alerts {
    counters: Box<Counters>,
    sources: Box<Listening>,
    own_outputs: Box<OwnOutputs>,
    clock: Arc<dyn Clock>,
    poster: Poster,
    /// For the thread, which takes them over before it looks.
    settings: RwLock<Arc<AlertSettings>>,
    sender: message::Sender,
    /// The thread's own, as the last step left it.
    work: Mutex<Work>,
    /// Held during a test: one at a time, so that a silent receiver holds one of Orthanc's threads.
    testing: Mutex<()>,
    bell: Bell,
    sent: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
    waiting: AtomicU64,
}

#[derive(Clone)]
struct Work {
    watch: Watch,
    /// Whether the counters were read once, so that what came before is not told.
    primed: bool,
    looks: Vec<Look>,
    sources: Vec<SourceLook>,
    looked: Option<Timestamp>,
    collector: Collector,
    outbox: Outbox,
    /// The store could not be read, the receiver not be reached: told once.
    blind: bool,
    deaf: bool,
}

/// Counters since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// Messages that were acknowledged.
    pub sent: u64,
    /// Tries that failed.
    pub failed: u64,
    /// Messages that were given up, and events that did not fit.
    pub dropped: u64,
    /// Messages on their way.
    pub waiting: u64,
}

/// What came of a message that a person asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tested {
    pub id: String,
    /// The HTTP status, or why there is none.
    pub result: Result<u16, String>,
}

impl Alerts {
    /// Reads the counters, so that what happens from here on is told.
    pub fn new(settings: &AlertSettings, host: &HostSettings, parts: Parts) -> Alerts {
        let alerts = Alerts {
            settings: RwLock::new(Arc::new(settings.clone())),
            counters: parts.counters,
            sources: parts.sources,
            own_outputs: parts.own_outputs,
            clock: parts.clock,
            poster: Poster::new(&settings.webhook, host, parts.http, parts.cutter),
            sender: message::Sender {
                name: host.name.clone(),
                aet: host.dicom_aet.clone(),
                zone: parts.zone,
            },
            work: Mutex::new(Work {
                watch: Watch::new(limits(settings)),
                primed: false,
                looks: Vec::new(),
                sources: Vec::new(),
                looked: None,
                collector: Collector::new(&settings.on),
                outbox: Outbox::default(),
                blind: false,
                deaf: false,
            }),
            testing: Mutex::default(),
            bell: Bell::default(),
            sent: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
        };
        let looks = (alerts.counters)();
        let own_outputs = (alerts.own_outputs)();
        let mut work = alerts.work.lock();
        work.watch.came_back(own_outputs);
        if let Ok(looks) = looks {
            work.watch.prime(&looks, alerts.clock.now());
            work.primed = true;
        }
        drop(work);
        alerts
    }

    /// Other settings from now on. What was collected goes on.
    fn set(&self, settings: &AlertSettings) {
        *self.settings.write() = Arc::new(settings.clone());
        self.poster.set(&settings.webhook);
    }

    /// Nobody is to be told any more.
    fn end(&self) {
        self.stop();
    }

    /// Looks if it is time, then posts at most one message. `true`: there was one.
    pub fn round(&self) -> bool {
        let mut work = self.work.lock().clone();
        let next = self.prepare(&mut work);
        *self.work.lock() = work.clone();
        let Some(outgoing) = next else {
            return false;
        };
        let result = self.poster.post(JSON, &outgoing.body);
        if self.bell.is_stopped() && result.is_err() {
            // Cut by ourselves.
            return false;
        }
        self.settle(&mut work, &outgoing, &result);
        *self.work.lock() = work;
        true
    }

    /// Looks if it is time, and makes the messages that are due. Answers the one to post now.
    fn prepare(&self, work: &mut Work) -> Option<Outgoing> {
        let settings = self.settings.read().clone();
        work.watch.set_limits(limits(&settings));
        work.collector.set_kinds(&settings.on);
        self.look(work);
        let now = self.clock.now();
        // A source may have the name of a destination.
        let look = |one: &Gathered| {
            let of_it =
                |look: &&Look| look.destination == one.destination && !one.kind.is_of_a_source();
            work.looks.iter().find(of_it)
        };
        let is_silent = |one: &Gathered| {
            let mut silent = work
                .sources
                .iter()
                .filter(|source| source.silent_since.is_some());
            silent.any(|source| source.aet == one.destination)
        };
        let mut due = work.collector.take_due(now);
        failpoint::panic_in("sq-alert");
        // Of an outage and its end, or a silence, what is so now is the last word.
        due.sort_by_key(|one| {
            let away = look(one).is_some_and(|look| look.unreachable_since.is_some());
            match one.kind {
                AlertKind::DestinationUnreachable => away,
                AlertKind::DestinationBack => !away,
                AlertKind::SourceSilent => is_silent(one),
                AlertKind::SourceBack => !is_silent(one),
                _ => false,
            }
        });
        for gathered in due {
            let id = webhook::new_id();
            // Whoever reads it has the machine's clock.
            let ahead = self.clock.ahead();
            let look = look(&gathered).map(|look| look.by_the_wall(ahead));
            let shown = gathered.by_the_wall(ahead);
            let message = self
                .sender
                .message(&id, &shown, look.as_ref(), ahead.wall(now));
            let body = shape::body(message, &settings);
            work.outbox.add(Outgoing::new(id, &gathered, body, now));
        }
        self.waiting.store(work.outbox.len(), Ordering::Relaxed);
        let left_out = work.collector.take_left_out();
        if left_out > 0 {
            self.dropped.fetch_add(left_out, Ordering::Relaxed);
            log::error!("{left_out} alerts were left out: too many destinations have some");
        }
        work.outbox.next(now)
    }

    fn settle(&self, work: &mut Work, outgoing: &Outgoing, result: &Result<u16, String>) {
        let now = self.clock.now();
        let (settled, overtaken) = work.outbox.settle(&outgoing.id, result, now);
        for one in overtaken {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            log::warn!(
                "an alert that was refused is given up, since there is later news: {} of {}",
                one.kind.as_str(),
                one.destination
            );
            work.collector.settled(&one.destination, one.kind);
        }
        match settled {
            Settled::Sent => {
                self.sent.fetch_add(1, Ordering::Relaxed);
                if std::mem::take(&mut work.deaf) {
                    log::warn!("alerts are delivered again");
                }
            }
            Settled::Again | Settled::Refused | Settled::GivenUp => {
                self.failed.fetch_add(1, Ordering::Relaxed);
                if !std::mem::replace(&mut work.deaf, true) {
                    let why = result.as_ref().map_or_else(
                        |error| error.clone(),
                        |status| format!("it answered HTTP status {status}"),
                    );
                    log::warn!("an alert could not be delivered, trying on: {why}");
                }
            }
        }
        if settled == Settled::GivenUp {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            log::error!(
                "an alert was given up after a day: {} of {}",
                outgoing.kind.as_str(),
                outgoing.destination
            );
        }
        match settled {
            Settled::Again => {}
            Settled::Refused => work.collector.refused(&outgoing.destination, outgoing.kind),
            Settled::Sent | Settled::GivenUp => {
                work.collector.settled(&outgoing.destination, outgoing.kind);
            }
        }
        self.waiting.store(work.outbox.len(), Ordering::Relaxed);
    }

    fn look(&self, work: &mut Work) {
        let now = self.clock.now();
        let early = |last: Timestamp| now.since(last) < LOOK;
        if work.looked.is_some_and(early) {
            return;
        }
        work.looked = Some(now);
        let seen = (self.counters)().and_then(|looks| Ok((looks, (self.sources)()?)));
        let (looks, sources) = match seen {
            Ok(seen) => seen,
            Err(error) => {
                if !std::mem::replace(&mut work.blind, true) {
                    log::error!("alerts cannot read the queue, trying on: {error}");
                }
                return;
            }
        };
        work.blind = false;
        if !std::mem::replace(&mut work.primed, true) {
            work.watch.prime(&looks, now);
        }
        let mut events = work.watch.look(&looks, now);
        events.extend(work.watch.listen(&sources));
        events.extend(work.watch.came_back((self.own_outputs)()));
        for (name, event) in events {
            work.collector.add(&name, &event, now);
        }
        work.looks = looks;
        work.sources = sources;
    }

    /// Sends a message of kind `Test` at once, on the calling thread; it is not tried again. `None`: another one is
    /// under way.
    pub fn test(&self) -> Option<Tested> {
        let _testing = self.testing.try_lock()?;
        let id = webhook::new_id();
        let now = self.clock.ahead().wall(self.clock.now());
        let settings = self.settings.read().clone();
        let body = shape::body(self.sender.test(&id, now), &settings);
        let result = self.poster.post(JSON, &body);
        let accepted = result
            .as_ref()
            .is_ok_and(|status| webhook::is_success(*status));
        let counter = if accepted { &self.sent } else { &self.failed };
        counter.fetch_add(1, Ordering::Relaxed);
        Some(Tested { id, result })
    }

    pub fn figures(&self) -> Figures {
        Figures {
            sent: self.sent.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            waiting: self.waiting.load(Ordering::Relaxed),
        }
    }

    fn tell_what_is_left(&self) {
        let work = self.work.lock();
        let left = work.outbox.len() + work.collector.len();
        if left > 0 {
            self.dropped.fetch_add(left, Ordering::Relaxed);
            log::warn!("{left} alerts were not delivered before the stop");
        }
    }
}

impl Service for Alerts {
    fn run(&self) {
        loop {
            let posted = self.round();
            if self.bell.pause(if posted { Duration::ZERO } else { LOOK }) {
                break;
            }
        }
        self.tell_what_is_left();
    }

    /// Ends also a call under way.
    fn stop(&self) {
        self.bell.stop();
        self.poster.cut();
    }

    fn may_end(&self) -> bool {
        self.bell.is_stopped()
    }
}
