//! The whole of it without Orthanc: counters and the receiver are closures, the clock is a number.

mod collecting;
mod delivering;
mod listening;
mod watching;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use jiff::tz::TimeZone;
use orthanc_sdk::{CallError, HttpReply};
use serde_json::Value;

use super::sources::SourceLook;
use super::watch::Look;
use super::{Alerts, Parts};
use crate::config::settings::{
    AlertFormat, AlertKind, AlertSettings, HostSettings, Peer, Secret, Webhook,
};
use crate::cut::Cutter;
use crate::item::{Class, Clock, Timestamp};
use crate::service::Services;

/// 2026-11-20T00:00:00Z.
const BEGIN: i64 = 1_795_132_800_000_000;

#[derive(Default)]
struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(BEGIN + self.0.load(Ordering::SeqCst))
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(BEGIN + seconds * 1_000_000)
}

/// What the receiver does.
#[derive(Clone, Copy)]
enum Reply {
    Status(u16),
    Nobody,
}

/// What the receiver got: the body and its signature.
type Inbox = Arc<Mutex<Vec<(Value, Option<String>)>>>;

struct Scene {
    clock: Arc<TestClock>,
    looks: Arc<Mutex<Vec<Look>>>,
    sources: Arc<Mutex<Vec<SourceLook>>>,
    own_outputs: Arc<Mutex<BTreeMap<String, u64>>>,
    reply: Arc<Mutex<Reply>>,
    inbox: Inbox,
    alerts: Alerts,
}

fn settings() -> AlertSettings {
    AlertSettings {
        webhook: Webhook {
            url: Secret::new("http://127.0.0.1:9/hook/token"),
            peer: Peer {
                host: "127.0.0.1".to_owned(),
                port: 9,
            },
            secret: Some(Secret::new("key")),
        },
        format: AlertFormat::Json,
        link: None,
        on: AlertKind::ALL.to_vec(),
        backlog_items: 100,
        backlog_seconds: 600,
        silent_sources: Vec::new(),
    }
}

impl Scene {
    /// With these counters at the start.
    fn new(looks: Vec<Look>) -> Scene {
        Scene::with(settings(), looks)
    }

    fn with(settings: AlertSettings, looks: Vec<Look>) -> Scene {
        let clock = Arc::new(TestClock::default());
        let looks = Arc::new(Mutex::new(looks));
        let reply = Arc::new(Mutex::new(Reply::Status(200)));
        let inbox: Inbox = Arc::default();
        let sources: Arc<Mutex<Vec<SourceLook>>> = Arc::default();
        let (counters, script, got) = (looks.clone(), reply.clone(), inbox.clone());
        let heard = sources.clone();
        let own_outputs: Arc<Mutex<BTreeMap<String, u64>>> = Arc::default();
        let came_back = own_outputs.clone();
        let host = HostSettings {
            name: "Hospital".to_owned(),
            ..HostSettings::default()
        };
        let parts = Parts {
            counters: Box::new(move || Ok(counters.lock().unwrap().clone())),
            sources: Box::new(move || Ok(heard.lock().unwrap().clone())),
            own_outputs: Box::new(move || came_back.lock().unwrap().clone()),
            clock: clock.clone(),
            zone: TimeZone::UTC,
            http: Box::new(move |request| {
                let signature = request
                    .headers
                    .iter()
                    .find(|(name, _)| *name == "X-Sendqueue-Signature")
                    .map(|(_, value)| (*value).to_owned());
                let body = serde_json::from_slice(request.body).unwrap();
                got.lock().unwrap().push((body, signature));
                match *script.lock().unwrap() {
                    Reply::Status(status) => Ok(HttpReply {
                        status,
                        headers: Vec::new(),
                        body: Vec::new(),
                    }),
                    Reply::Nobody => Err(CallError::Code {
                        code: 9,
                        description: "Error in the network protocol".to_owned(),
                    }),
                }
            }),
            cutter: Cutter::new(Services::for_tests(), Box::new(|_| ())),
        };
        Scene {
            alerts: Alerts::new(&settings, &host, parts),
            clock,
            looks,
            sources,
            own_outputs,
            reply,
            inbox,
        }
    }

    fn set(&self, look: Look) {
        *self.looks.lock().unwrap() = vec![look];
    }

    fn reply(&self, reply: Reply) {
        *self.reply.lock().unwrap() = reply;
    }

    /// Lets time pass, second by second, and answers what arrived meanwhile.
    fn pass(&self, seconds: i64) -> Vec<Value> {
        for _ in 0..seconds {
            self.clock.0.fetch_add(1_000_000, Ordering::SeqCst);
            while self.alerts.round() {}
        }
        self.take()
    }

    fn take(&self) -> Vec<Value> {
        let all = std::mem::take(&mut *self.inbox.lock().unwrap());
        all.into_iter().map(|(body, _)| body).collect()
    }
}

fn ready() -> Look {
    Look {
        destination: "pacs".to_owned(),
        ..Look::default()
    }
}

fn unreachable(since: i64, outages: u64) -> Look {
    Look {
        unreachable_since: Some(at(since)),
        outages,
        ..ready()
    }
}

fn failed(classes: &[(Class, u64)]) -> Look {
    Look {
        failures: classes
            .iter()
            .map(|(class, count)| ((*class, None), *count))
            .collect::<BTreeMap<_, _>>(),
        ..ready()
    }
}
