//! A receiver of webhooks: a real HTTP server on a TCP port, which answers, refuses, fails or hangs on request.
//!
//! Invariants:
//! - A request counts once it was read whole, whatever is answered.
//! - In [`Reply::Hang`] the connection is held open until the receiver is dropped, whether or not the client is still
//!   there.
//! - No thread outlives [`Webhook::stop`] or drop.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::certificates::Identity;
use crate::proc::Proc;

/// What is done with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// This HTTP status, without a body.
    Status(u16),
    /// Nothing, and the connection stays open.
    Hang,
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Hook {
    /// `POST /path HTTP/1.1`.
    pub request_line: String,
    /// Header fields in their order.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub body: Vec<u8>,
    /// What was done with it.
    pub reply: Reply,
}

impl Hook {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is not JSON.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {:?}", String::from_utf8_lossy(&self.body)))
    }

    /// The first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.headers.iter();
        fields
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether `X-Sendqueue-Signature` is the body's HMAC-SHA256 under this key, as the program `openssl` computes it.
    ///
    /// # Panics
    /// When there is no `openssl`.
    #[must_use]
    pub fn is_signed_with(&self, key: &str) -> bool {
        let expected = format!("sha256={}", openssl_hmac(key, &self.body));
        self.header("X-Sendqueue-Signature") == Some(&expected)
    }
}

/// `openssl dgst -sha256 -hmac KEY`.
fn openssl_hmac(key: &str, body: &[u8]) -> String {
    let mut openssl = Command::new("openssl")
        .args(["dgst", "-sha256", "-hmac", key, "-r"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("openssl (Debian's package openssl)");
    let mut input = openssl.stdin.take().expect("a pipe");
    input.write_all(body).expect("openssl reads its input");
    drop(input);
    let output = openssl.wait_with_output().expect("openssl ends");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split([' ', '*']).next().unwrap_or_default().to_owned()
}

#[derive(Default)]
struct State {
    reply: Option<Reply>,
    hooks: Vec<Hook>,
    /// Connections that hang.
    held: usize,
    open: Vec<TcpStream>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("the state of the webhook")
    }
}

/// See the [module](self).
pub struct Webhook {
    port: u16,
    shared: Arc<Shared>,
    running: Option<(Arc<AtomicBool>, JoinHandle<()>)>,
}

impl Webhook {
    /// One that answers 200.
    ///
    /// # Panics
    /// When its port cannot be bound.
    #[must_use]
    pub fn start() -> Webhook {
        let mut webhook = Webhook {
            port: crate::free_port(),
            shared: Arc::default(),
            running: None,
        };
        webhook.restart();
        webhook
    }

    /// Listens again after [`stop`](Self::stop), with what came before.
    ///
    /// # Panics
    /// When the port cannot be bound.
    pub fn restart(&mut self) {
        self.stop();
        let listener = TcpListener::bind(("127.0.0.1", self.port)).expect("the webhook's port");
        let stopping = Arc::new(AtomicBool::new(false));
        let (shared, stop) = (self.shared.clone(), stopping.clone());
        let thread = thread::spawn(move || serve(&listener, &shared, &stop));
        self.running = Some((stopping, thread));
    }

    /// Connections are refused from here on; those that are open end.
    pub fn stop(&mut self) {
        let Some((stopping, thread)) = self.running.take() else {
            return;
        };
        {
            let mut state = self.shared.lock();
            stopping.store(true, Ordering::SeqCst);
            for stream in state.open.drain(..) {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
        self.shared.changed.notify_all();
        // Wakes the accepting thread.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        let _ = thread.join();
    }

    /// Its TCP port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `http://127.0.0.1:PORT/hook`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    /// What is done from the next request on.
    pub fn set(&self, reply: Reply) {
        self.shared.lock().reply = Some(reply);
    }

    /// All that came, in its order.
    #[must_use]
    pub fn hooks(&self) -> Vec<Hook> {
        self.shared.lock().hooks.clone()
    }

    /// The bodies of this `Kind` that were answered with a status 2xx.
    #[must_use]
    pub fn accepted(&self, kind: &str) -> Vec<Value> {
        let accepted = |hook: &&Hook| matches!(hook.reply, Reply::Status(200..=299));
        let hooks = self.hooks();
        let bodies = hooks.iter().filter(accepted).map(Hook::json);
        bodies.filter(|body| body["Kind"] == kind).collect()
    }

    /// How many connections it holds without having answered.
    #[must_use]
    pub fn held(&self) -> usize {
        self.shared.lock().held
    }

    /// Waits for a condition, which is looked at whenever something came. `false`: not before the deadline.
    #[must_use]
    pub fn wait_for(&self, condition: impl Fn(&Webhook) -> bool, deadline: Duration) -> bool {
        let end = Instant::now() + deadline;
        loop {
            if condition(self) {
                return true;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            // Between the look and the wait something may have come: the wait is short.
            let state = self.shared.lock();
            let step = left.min(Duration::from_millis(50));
            let _ = self.shared.changed.wait_timeout(state, step);
        }
    }
}

/// A port that speaks TLS, and hands what comes to a [`Webhook`].
pub struct TlsFront {
    port: u16,
    _proc: Proc,
}

impl TlsFront {
    /// With this certificate; needs `python3`. What it prints goes into `log`.
    ///
    /// # Panics
    /// When it does not listen within a minute.
    #[must_use]
    pub fn start(webhook: &Webhook, identity: &Identity, log: &Path) -> TlsFront {
        let port = crate::free_port();
        let mut command = Command::new("python3");
        command
            .args(["-c", include_str!("webhook_tls.py"), &port.to_string()])
            .args([&identity.certificate, &identity.key])
            .arg(webhook.port().to_string());
        let proc = Proc::spawn(&mut command, log).expect("python3");
        let listens = || crate::net::is_listening(port);
        crate::wait_until(listens, Duration::from_secs(60), "the webhook's TLS");
        TlsFront { port, _proc: proc }
    }

    /// `https://127.0.0.1:PORT/hook`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}/hook", self.port)
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        self.stop();
    }
}

fn serve(listener: &TcpListener, shared: &Arc<Shared>, stopping: &Arc<AtomicBool>) {
    let mut threads = Vec::new();
    while let Ok((stream, _)) = listener.accept() {
        {
            let mut state = shared.lock();
            if stopping.load(Ordering::SeqCst) {
                break;
            }
            state
                .open
                .push(stream.try_clone().expect("a second handle"));
        }
        let (shared, stopping) = (shared.clone(), stopping.clone());
        threads.push(thread::spawn(move || answer(stream, &shared, &stopping)));
    }
    for thread in threads {
        let _ = thread.join();
    }
}

/// One request: no connection is used twice.
fn answer(stream: TcpStream, shared: &Shared, stopping: &AtomicBool) {
    let Some(mut hook) = read(&stream) else {
        return;
    };
    let mut state = shared.lock();
    hook.reply = state.reply.unwrap_or(hook.reply);
    let reply = hook.reply;
    state.hooks.push(hook);
    match reply {
        Reply::Status(status) => {
            drop(state);
            let head = format!(
                "HTTP/1.1 {status} Status\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            let _ = (&stream).write_all(head.as_bytes());
        }
        Reply::Hang => {
            state.held += 1;
            shared.changed.notify_all();
            while !stopping.load(Ordering::SeqCst) {
                state = shared
                    .changed
                    .wait(state)
                    .expect("the state of the webhook");
            }
            state.held -= 1;
        }
    }
    shared.changed.notify_all();
}

fn read(stream: &TcpStream) -> Option<Hook> {
    let mut reader = BufReader::new(stream);
    let mut line = || {
        let mut text = String::new();
        reader.read_line(&mut text).ok()?;
        text.ends_with('\n').then(|| text.trim_end().to_owned())
    };
    let request_line = line()?;
    let mut headers = Vec::new();
    loop {
        let text = line()?;
        if text.is_empty() {
            break;
        }
        let (name, value) = text.split_once(':')?;
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut hook = Hook {
        request_line,
        headers,
        body: Vec::new(),
        reply: Reply::Status(200),
    };
    let length = hook.header("Content-Length")?.parse().ok()?;
    hook.body.resize(length, 0);
    reader.read_exact(&mut hook.body).ok()?;
    Some(hook)
}
