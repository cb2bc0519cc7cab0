//! Sends events to an address (`Events.Webhook`): one after the other, each until it is accepted.
//!
//! Invariants:
//! - It has a place of its own in the order of events, which is written after the receiver has accepted one (2xx). A
//!   crash in between sends that one again, with the same `id`.
//! - What the receiver does not take is sent again, further and further apart, and holds up what is behind it. One that
//!   it refuses for what it is ([`REFUSED`]) is given up after [`GIVE_UP`] such answers: told in the log, and counted.
//! - It begins with what happens after it was configured for the first time. What was too old for it (`KeepDays`) is
//!   counted, and told in the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::envelope::{CONTENT_TYPE, Origin};
use crate::config::Current;
use crate::config::events::EventWebhook;
use crate::config::settings::{HostSettings, Webhook};
use crate::failpoint;
use crate::item::{Clock, Timestamp};
use crate::service::{Bell, Service, Woken};
use crate::store::{Announced, Outbox, Result};
use crate::webhook::{Poster, is_success, wait};

pub const NAME: &str = "sq-webhook";
/// Its place among the readers of the outbox.
pub const READER: &str = "webhook";

const STEP: u32 = 100;
/// How soon something new is seen.
const LOOK: Duration = Duration::from_millis(500);
/// The same while nobody is told, and after a fault of the store.
const REST: Duration = Duration::from_secs(2);
/// Bad Request, Content Too Large, Unsupported Media Type, Unprocessable Content: the receiver will hardly change its
/// mind about this one. Others (401, 404) are about all of them.
const REFUSED: [u16; 4] = [400, 413, 415, 422];
pub const GIVE_UP: u32 = 10;

pub struct Parts {
    pub store: Arc<dyn Outbox>,
    pub settings: Arc<Current>,
    pub clock: Arc<dyn Clock>,
    /// See [`Origin::created`].
    pub created: Timestamp,
    pub poster: Poster,
}

pub struct Courier {
    parts: Parts,
    bell: Bell,
    /// To which the poster leads.
    to: Mutex<Option<Webhook>>,
    /// Nobody is told, and that is written.
    is_off: AtomicBool,
    trouble: Mutex<Trouble>,
    /// From where to where it is to be moved for what was accepted, where that could not be written yet.
    accepted: Mutex<Option<(i64, i64)>>,
    sent: AtomicU64,
    dropped: AtomicU64,
}

/// What keeps an event from being sent.
#[derive(Debug, Clone, Default)]
struct Trouble {
    position: i64,
    tries: u32,
    /// Those of them that were about this event.
    refusals: u32,
    since: Option<Timestamp>,
    next: Timestamp,
    why: String,
}

/// How it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figures {
    /// Events that were accepted since the start.
    pub sent: u64,
    /// Events that were given up, or were too old, since the start.
    pub dropped: u64,
    /// Since when the receiver has accepted nothing, and why.
    pub failing: Option<(Timestamp, String)>,
}

/// What a step came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// There may be more.
    More,
    Idle,
    /// Not before then.
    Waits(Timestamp),
}

impl Courier {
    pub fn new(parts: Parts) -> Courier {
        Courier {
            parts,
            bell: Bell::default(),
            to: Mutex::default(),
            is_off: AtomicBool::default(),
            trouble: Mutex::default(),
            accepted: Mutex::default(),
            sent: AtomicU64::default(),
            dropped: AtomicU64::default(),
        }
    }

    pub fn figures(&self) -> Figures {
        let trouble = self.trouble.lock();
        Figures {
            sent: self.sent.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            failing: trouble.since.map(|since| (since, trouble.why.clone())),
        }
    }

    /// Other settings are in force, or it was put back: what waited is tried at once.
    pub fn again(&self) {
        self.trouble.lock().next = Timestamp::default();
        self.bell.ring();
    }

    /// Sends what there is, up to a limit, or the first that is not taken.
    pub fn step(&self) -> Result<Step> {
        let settings = self.parts.settings.get();
        let webhook = settings.events.as_ref();
        let Some(webhook) = webhook.and_then(|events| events.webhook.as_ref()) else {
            *self.trouble.lock() = Trouble::default();
            // Another one begins with what happens then.
            if !self.is_off.swap(true, Ordering::SeqCst) {
                let forgotten = self.parts.store.forget_reader(READER);
                forgotten.inspect_err(|_| self.is_off.store(false, Ordering::SeqCst))?;
            }
            return Ok(Step::Idle);
        };
        self.is_off.store(false, Ordering::SeqCst);
        let store = &self.parts.store;
        let Some(from) = store.seen(READER)? else {
            store.see(READER, store.outgoing()?.last)?;
            return Ok(Step::More);
        };
        if let Some((at, accepted)) = *self.accepted.lock() {
            if at == from && !store.advance(READER, at, accepted)? {
                return Ok(Step::More);
            }
        }
        let Some(from) = store.seen(READER)? else {
            return Ok(Step::More);
        };
        *self.accepted.lock() = None;
        let next = self.trouble.lock().next;
        if self.parts.clock.now() < next {
            return Ok(Step::Waits(next));
        }
        self.lead_to(webhook);
        let events = store.announced(from, STEP)?;
        let Some((first, last)) = events.first().zip(events.last()) else {
            *self.trouble.lock() = Trouble::default();
            return Ok(Step::Idle);
        };
        let mut at = from.max(first.position - 1);
        if !self.pass_over(from, at)? {
            return Ok(Step::More);
        }
        for event in events.iter().filter(|one| webhook.on.contains(&one.kind)) {
            if self.bell.is_stopped() || !Arc::ptr_eq(&settings, &self.parts.settings.get()) {
                return Ok(Step::More);
            }
            if !self.post(event, &settings.host) {
                return Ok(Step::Waits(self.trouble.lock().next));
            }
            failpoint::pass("posted");
            *self.accepted.lock() = Some((at, event.position));
            if !store.advance(READER, at, event.position)? {
                // It was put back meanwhile.
                return Ok(Step::More);
            }
            at = event.position;
        }
        // Behind what nobody wants to know.
        store.advance(READER, at, last.position)?;
        Ok(Step::More)
    }

    /// So that other settings hold from the next event on.
    fn lead_to(&self, webhook: &EventWebhook) {
        let mut to = self.to.lock();
        if to.as_ref() != Some(&webhook.webhook) {
            self.parts.poster.set(&webhook.webhook);
            *to = Some(webhook.webhook.clone());
        }
    }

    /// What lies between these positions is not kept any more. `false`: it was put back meanwhile.
    fn pass_over(&self, from: i64, to: i64) -> Result<bool> {
        if to <= from {
            return Ok(true);
        }
        let passed = self.parts.store.advance(READER, from, to)?;
        if passed {
            let forgotten = (to - from).unsigned_abs();
            self.dropped.fetch_add(forgotten, Ordering::Relaxed);
            log::error!(
                "up to {forgotten} events were not sent: their receiver took none for longer than they are kept \
                 (Events.KeepDays, Events.MaxEvents)"
            );
        }
        Ok(passed)
    }

    /// Whether it is done with this one.
    fn post(&self, event: &Announced, host: &HostSettings) -> bool {
        let origin = Origin {
            host,
            ahead: self.parts.clock.ahead(),
            created: self.parts.created,
        };
        // Of this type it cannot fail: no map has keys that are no text.
        let body = serde_json::to_vec(&origin.event(event)).unwrap_or_default();
        let result = self.parts.poster.post(CONTENT_TYPE, &body);
        if self.bell.is_stopped() && result.is_err() {
            // Cut by ourselves.
            return false;
        }
        let mut trouble = self.trouble.lock();
        if result.as_ref().is_ok_and(|status| is_success(*status)) {
            if trouble.since.is_some() {
                log::warn!("the receiver of the events takes them again");
            }
            *trouble = Trouble::default();
            self.sent.fetch_add(1, Ordering::Relaxed);
            return true;
        }
        let why = match &result {
            Ok(status) => format!("it answered HTTP status {status}"),
            Err(why) => why.clone(),
        };
        if trouble.since.is_none() {
            log::warn!("events wait to be sent: {why}");
        }
        let now = self.parts.clock.now();
        if trouble.position != event.position {
            (trouble.tries, trouble.refusals) = (0, 0);
        }
        let is_refused = result.is_ok_and(|status| REFUSED.contains(&status));
        let refusals = trouble.refusals + u32::from(is_refused);
        if refusals >= GIVE_UP {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            log::error!("event {} was given up: {why}", event.position);
            *trouble = Trouble::default();
            return true;
        }
        *trouble = Trouble {
            position: event.position,
            next: now.plus(wait(trouble.tries)),
            tries: trouble.tries.saturating_add(1),
            refusals,
            since: trouble.since.or(Some(now)),
            why,
        };
        false
    }
}

impl Service for Courier {
    fn run(&self) {
        loop {
            failpoint::panic_in(NAME);
            // A fault is told by the store itself.
            let pause = match self.step() {
                Ok(Step::More) => Duration::ZERO,
                Ok(Step::Idle) => LOOK,
                Ok(Step::Waits(until)) => until.since(self.parts.clock.now()).clamp(LOOK, REST),
                Err(_) => REST,
            };
            if self.bell.wait(pause) == Woken::Stopped {
                return;
            }
        }
    }

    fn stop(&self) {
        self.bell.stop();
        self.parts.poster.cut();
    }
}
