//! Posts to an address of an administrator's choice, signed, with Orthanc's own HTTP client.
//!
//! Invariants:
//! - `Url` and `Secret` stand in nothing that is returned or logged.
//! - A stop waits for no receiver: the connection is cut, and without that a call ends after [`TIMEOUT`].

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use orthanc_sdk::{CallError, HttpReply, HttpRequest, Method};
use parking_lot::{Mutex, RwLock};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

use crate::config::settings::{HostSettings, Peer, Secret, Webhook};
use crate::cut::Cutter;

/// Orthanc's HTTP client.
pub type Http = dyn Fn(&HttpRequest<'_>) -> Result<HttpReply, CallError> + Send + Sync;

/// For one try.
pub const TIMEOUT: Duration = Duration::from_secs(3);
/// Before the second try; then twice as long each time.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(300);
const STOPPING: &str = "Orthanc is stopping";
/// So long the addresses of a name are taken for what they were: each look-up may take its time.
const RESOLVED_FOR: Duration = Duration::from_secs(60);
const HEADER: &str = "X-Sendqueue-Signature";

pub fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// The receiver does not want this message, and will hardly change its mind.
pub fn is_refusal(result: &Result<u16, String>) -> bool {
    matches!(result, Ok(status) if (400..500).contains(status) && ![408, 425, 429].contains(status))
}

/// Whether the headers are, or begin with, those of a redirection. Who has accepted or made something (201, 202) may
/// say where, and who refuses has not redirected.
fn is_redirected(reply: &HttpReply) -> bool {
    let mut names = reply.headers.iter().map(|(name, _)| name);
    let may_be = matches!(reply.status, 200 | 204 | 300..=399);
    may_be && names.any(|name| name.eq_ignore_ascii_case("Location"))
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
    resolved: Mutex<Option<(Instant, Vec<SocketAddr>)>>,
}

impl Receiver {
    fn of(webhook: &Webhook) -> Receiver {
        let secret = webhook.secret.as_ref();
        Receiver {
            url: webhook.url.clone(),
            peer: webhook.peer.clone(),
            key: secret.map(|secret| hmac::Key::new(hmac::HMAC_SHA256, secret.reveal().as_bytes())),
            resolved: Mutex::default(),
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
    pub fn new(webhook: &Webhook, host: &HostSettings, http: Box<Http>, cutter: Cutter) -> Poster {
        Poster {
            receiver: RwLock::new(Arc::new(Receiver::of(webhook))),
            proxy: host.http_proxy.clone(),
            http,
            cutter,
            stopped: AtomicBool::new(false),
        }
    }

    /// What is posted from now on goes there.
    pub fn set(&self, webhook: &Webhook) {
        *self.receiver.write() = Arc::new(Receiver::of(webhook));
    }

    /// Answers the HTTP status, or why there is none.
    pub fn post(&self, content_type: &str, body: &[u8]) -> Result<u16, String> {
        let receiver = self.receiver.read().clone();
        let signature = receiver.key.as_ref().map(|key| signature(key, body));
        let mut headers = vec![("Content-Type", content_type)];
        if let Some(signature) = &signature {
            headers.push((HEADER, signature));
        }
        if self.stopped.load(Ordering::SeqCst) {
            return Err(STOPPING.to_owned());
        }
        let addresses = self.addresses(&receiver);
        // First known, then looked: either this call is cut, or it is not made.
        let _call = self.cutter.call(addresses, false);
        if self.stopped.load(Ordering::SeqCst) {
            return Err(STOPPING.to_owned());
        }
        let reply = (self.http)(&HttpRequest {
            method: Method::Post,
            url: receiver.url.reveal(),
            headers,
            body,
            timeout: u32::try_from(TIMEOUT.as_secs()).unwrap_or(1),
        });
        match reply {
            // Orthanc's client follows it (1.13.0), and a POST becomes a GET without its body.
            Ok(reply) if is_redirected(&reply) => Err(
                "it redirects: what was posted did not arrive; Url must be where it redirects to"
                    .to_owned(),
            ),
            Ok(reply) => Ok(reply.status),
            Err(CallError::Code { .. }) => Err(format!(
                "the receiver cannot be reached, or did not answer within {} s: Orthanc's log says why",
                TIMEOUT.as_secs()
            )),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Where the connection may lead, so that a stop can cut it.
    fn addresses(&self, receiver: &Receiver) -> Vec<SocketAddr> {
        let mut resolved = receiver.resolved.lock();
        if let Some((when, addresses)) = &*resolved {
            if when.elapsed() < RESOLVED_FOR {
                return addresses.clone();
            }
        }
        let addresses: Vec<SocketAddr> = [Some(&receiver.peer), self.proxy.as_ref()]
            .into_iter()
            .flatten()
            .filter_map(|peer| (peer.host.as_str(), peer.port).to_socket_addrs().ok())
            .flatten()
            .collect();
        *resolved = Some((Instant::now(), addresses.clone()));
        addresses
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

/// Before the next try, after so many before this one.
pub fn wait(tries: u32) -> Duration {
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
    fn a_redirection_is_told_by_its_header() {
        let reply = |status, name: &str| HttpReply {
            status,
            headers: vec![(name.to_owned(), "http://elsewhere/".to_owned())],
            body: Vec::new(),
        };
        assert!(is_redirected(&reply(200, "location")));
        assert!(is_redirected(&reply(302, "Location")));
        for status in [201, 202, 400, 503] {
            assert!(!is_redirected(&reply(status, "Location")), "{status}");
        }
        assert!(!is_redirected(&reply(200, "Content-Location")));
    }

    #[test]
    fn ids_differ() {
        let (one, other) = (new_id(), new_id());
        assert_ne!(one, other);
        assert!(one.len() == 32 && one.bytes().all(|b| b.is_ascii_hexdigit()));
    }
}
