//! Messages on their way to the receiver: signed, tried again, given up.
//!
//! Invariants:
//! - A message keeps its body, and with it `ID` and signature, through all tries.
//! - A message that was never tried goes before those that failed: one that cannot be delivered delays another by one
//!   [`TIMEOUT`] at most.
//! - The outages of a destination and their ends go in the order in which they were made: the last word is the true
//!   one. One that the receiver refuses (4xx) holds none back, and is given up once a later one was accepted.
//! - Once a message was accepted that had failed before, the others are due: the receiver is back.
//! - `Url` and `Secret` stand in nothing that is returned or logged.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use orthanc_sdk::{CallError, HttpReply, HttpRequest, Method};
use parking_lot::RwLock;
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

use super::collect::Gathered;
use crate::config::settings::{AlertKind, AlertSettings, HostSettings, Peer, Secret};
use crate::cut::Cutter;
use crate::item::Timestamp;

/// Orthanc's HTTP client.
pub type Http = dyn Fn(&HttpRequest<'_>) -> Result<HttpReply, CallError> + Send + Sync;

/// For one try.
pub const TIMEOUT: Duration = Duration::from_secs(3);
/// Before the second try; then twice as long each time.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// Then a message is given up.
const LIFE: Duration = Duration::from_secs(86_400);
const HEADER: &str = "X-Sendqueue-Signature";

pub fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// The receiver does not want this message, and will hardly change its mind.
fn is_refusal(result: &Result<u16, String>) -> bool {
    matches!(result, Ok(status) if (400..500).contains(status) && ![408, 425, 429].contains(status))
}

/// 128 random bits in hexadecimal digits.
pub fn new_id() -> String {
    let mut bytes = [0u8; 16];
    // It cannot fail once it has worked (getrandom(2)); an ID is no secret.
    if SystemRandom::new().fill(&mut bytes).is_err() {
        bytes = fastrand::u128(..).to_le_bytes();
    }
    hex(&bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Who is told.
struct Receiver {
    url: Secret,
    peer: Peer,
    key: Option<hmac::Key>,
}

impl Receiver {
    fn of(settings: &AlertSettings) -> Receiver {
        let secret = settings.secret.as_ref();
        Receiver {
            url: settings.url.clone(),
            peer: settings.peer.clone(),
            key: secret.map(|secret| hmac::Key::new(hmac::HMAC_SHA256, secret.reveal().as_bytes())),
        }
    }
}

/// Posts one message at a time.
pub struct Poster {
    receiver: RwLock<Arc<Receiver>>,
    proxy: Option<Peer>,
    http: Box<Http>,
    cutter: Cutter,
    stopped: AtomicBool,
}

impl Poster {
    pub fn new(
        settings: &AlertSettings,
        host: &HostSettings,
        http: Box<Http>,
        cutter: Cutter,
    ) -> Poster {
        Poster {
            receiver: RwLock::new(Arc::new(Receiver::of(settings))),
            proxy: host.http_proxy.clone(),
            http,
            cutter,
            stopped: AtomicBool::new(false),
        }
    }

    /// What is posted from now on goes there.
    pub fn set(&self, settings: &AlertSettings) {
        *self.receiver.write() = Arc::new(Receiver::of(settings));
    }

    /// Answers the HTTP status, or why there is none.
    pub fn post(&self, body: &[u8]) -> Result<u16, String> {
        let receiver = self.receiver.read().clone();
        let signature = receiver.key.as_ref().map(|key| signature(key, body));
        let mut headers = vec![("Content-Type", "application/json")];
        if let Some(signature) = &signature {
            headers.push((HEADER, signature));
        }
        // First known, then looked: either this call is cut, or it is not made.
        let _call = self.cutter.call(self.addresses(&receiver), false);
        if self.stopped.load(Ordering::SeqCst) {
            return Err("Orthanc is stopping".to_owned());
        }
        let reply = (self.http)(&HttpRequest {
            method: Method::Post,
            url: receiver.url.reveal(),
            headers,
            body,
            timeout: u32::try_from(TIMEOUT.as_secs()).unwrap_or(1),
        });
        match reply {
            Ok(reply) => Ok(reply.status),
            Err(CallError::Code { .. }) => Err(format!(
                "the receiver of the alerts cannot be reached, or did not answer within {} s: Orthanc's log says why",
                TIMEOUT.as_secs()
            )),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Where the connection may lead, so that a stop can cut it.
    fn addresses(&self, receiver: &Receiver) -> Vec<SocketAddr> {
        [Some(&receiver.peer), self.proxy.as_ref()]
            .into_iter()
            .flatten()
            .filter_map(|peer| (peer.host.as_str(), peer.port).to_socket_addrs().ok())
            .flatten()
            .collect()
    }

    /// Ends the calls under way; none is made any more.
    pub fn cut(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.cutter.cut();
    }
}

/// `sha256=` and the HMAC-SHA256 (RFC 2104) of the body's bytes.
fn signature(key: &hmac::Key, body: &[u8]) -> String {
    format!("sha256={}", hex(hmac::sign(key, body).as_ref()))
}

/// A message that was made and is not delivered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    pub id: String,
    pub destination: String,
    pub kind: AlertKind,
    pub body: Vec<u8>,
    made: Timestamp,
    refused: bool,
    tries: u32,
    due: Timestamp,
}

impl Outgoing {
    pub fn new(id: String, gathered: &Gathered, body: Vec<u8>, now: Timestamp) -> Outgoing {
        Outgoing {
            id,
            destination: gathered.destination.clone(),
            kind: gathered.kind,
            body,
            made: now,
            refused: false,
            tries: 0,
            due: now,
        }
    }
}

impl Outgoing {
    /// Whether this one, which is older, is to arrive before another one: both tell whether the same destination can be
    /// reached.
    fn is_before(&self, other: &Outgoing) -> bool {
        let reach = [
            AlertKind::DestinationUnreachable,
            AlertKind::DestinationBack,
        ];
        reach.contains(&self.kind)
            && reach.contains(&other.kind)
            && self.destination == other.destination
    }
}

/// What became of a message by a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    Sent,
    Again,
    /// Again, and nothing has to wait for it.
    Refused,
    GivenUp,
}

#[derive(Debug, Clone, Default)]
pub struct Outbox(Vec<Outgoing>);

impl Outbox {
    pub fn add(&mut self, outgoing: Outgoing) {
        self.0.push(outgoing);
    }

    pub fn len(&self) -> u64 {
        self.0.len() as u64
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one to try now.
    pub fn next(&self, now: Timestamp) -> Option<Outgoing> {
        let mut due: Vec<usize> = (0..self.0.len())
            .filter(|at| self.0[*at].due <= now)
            .collect();
        due.sort_by_key(|at| (self.0[*at].tries > 0, self.0[*at].due));
        due.into_iter()
            .find(|at| !self.follows_another(*at))
            .map(|at| self.0[at].clone())
    }

    /// Whether an older message must go before this one: of the same destination, about whether it can be reached.
    fn follows_another(&self, at: usize) -> bool {
        let one = &self.0[at];
        let older = |other: &Outgoing| !other.refused && other.is_before(one);
        self.0[..at].iter().any(older)
    }

    /// Takes out what came too late: of an outage or its end, of which later news was accepted.
    fn overtaken_by(&mut self, one: &Outgoing, at: usize) -> Vec<Outgoing> {
        let mut overtaken = Vec::new();
        for index in (0..at).rev() {
            if self.0[index].is_before(one) {
                overtaken.push(self.0.remove(index));
            }
        }
        overtaken
    }

    /// After a try; also what is given up for it, since it would come too late.
    pub fn settle(
        &mut self,
        id: &str,
        result: &Result<u16, String>,
        now: Timestamp,
    ) -> (Settled, Vec<Outgoing>) {
        let Some(at) = self.0.iter().position(|outgoing| outgoing.id == id) else {
            return (Settled::GivenUp, Vec::new());
        };
        if result.as_ref().is_ok_and(|status| is_success(*status)) {
            let sent = self.0.remove(at);
            let overtaken = self.overtaken_by(&sent, at);
            if sent.tries > 0 {
                for other in &mut self.0 {
                    other.due = other.due.min(now);
                }
            }
            return (Settled::Sent, overtaken);
        }
        let outgoing = &mut self.0[at];
        if now.since(outgoing.made) >= LIFE {
            self.0.remove(at);
            return (Settled::GivenUp, Vec::new());
        }
        outgoing.due = now.plus(wait(outgoing.tries));
        outgoing.tries = outgoing.tries.saturating_add(1);
        outgoing.refused = is_refusal(result);
        let settled = if outgoing.refused {
            Settled::Refused
        } else {
            Settled::Again
        };
        (settled, Vec::new())
    }
}

/// Before the next try, after so many before this one.
fn wait(tries: u32) -> Duration {
    FIRST_WAIT
        .saturating_mul(1 << tries.min(10))
        .min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2.
    #[test]
    fn the_signature_is_hmac_sha256() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"Jefe");
        assert_eq!(
            signature(&key, b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn waits_double_up_to_five_minutes() {
        let waits: Vec<u64> = (0..9).map(|tries| wait(tries).as_secs()).collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
        assert_eq!(wait(u32::MAX), LONGEST_WAIT);
    }

    #[test]
    fn ids_differ() {
        let (one, other) = (new_id(), new_id());
        assert_ne!(one, other);
        assert!(one.len() == 32 && one.bytes().all(|b| b.is_ascii_hexdigit()));
    }
}
