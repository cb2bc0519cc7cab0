//! A Storage SCP that misbehaves on request, on threads of this process.
//!
//! Invariants:
//! - Its port stays bound from start to drop, also while it is stopped: connections are then refused, and only a
//!   program that asks for this very port with `SO_REUSEADDR` could take it.
//! - A store counts as acknowledged only when its whole response was written to the socket.
//! - No thread outlives [`FaultScp::stop`] or drop: every wait ends when the sockets are shut down.
//! - Behaviour may be changed while it runs; it holds from the next association, store or echo on.
//!
//! Upper layer: PS3.8 9.3; C-STORE and C-ECHO: PS3.7 9.1.1 and 9.1.5; storage statuses: PS3.4 B.2.3.

mod association;
mod behaviour;
mod command;
mod odd;
mod record;
mod respond;
mod wire;

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

pub use behaviour::{Association, AssociationRequest, Respond, StoreRequest};
pub use record::{Counters, Event, StoreRecord};

use behaviour::Behaviour;
use record::Records;

/// Called for each event, on the thread of the association.
type Listener = Arc<dyn Fn(&Event) + Send + Sync>;

/// What the threads share.
struct Shared {
    aet: String,
    behaviour: Mutex<Behaviour>,
    state: Mutex<State>,
    /// Notified at each change of `state` and at stop.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    records: Records,
    /// Open connections by their number, to be shut down at stop.
    connections: HashMap<u64, TcpStream>,
    next_connection: u64,
    listener: Option<Listener>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("the state of the SCP")
    }

    fn behaviour(&self) -> MutexGuard<'_, Behaviour> {
        self.behaviour.lock().expect("the behaviour of the SCP")
    }

    /// Tells whoever listens, outside of every lock.
    fn emit(&self, event: &Event) {
        let listener = self.state().listener.clone();
        self.changed.notify_all();
        if let Some(listener) = listener {
            listener(event);
        }
    }

    /// Waits for `time`, or less when stopped.
    fn pause(&self, time: Duration, stopping: &AtomicBool) {
        let end = Instant::now() + time;
        let mut state = self.state();
        while !stopping.load(Ordering::SeqCst) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self
                .changed
                .wait_timeout(state, left)
                .expect("the state of the SCP")
                .0;
        }
    }

    fn wait(&self, deadline: Duration, mut condition: impl FnMut(&Records) -> bool) -> bool {
        let end = Instant::now() + deadline;
        let mut state = self.state();
        loop {
            if condition(&state.records) {
                return true;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self
                .changed
                .wait_timeout(state, left)
                .expect("the state of the SCP")
                .0;
        }
    }
}

/// One run between start and stop.
struct Running {
    stopping: Arc<AtomicBool>,
    acceptor: JoinHandle<()>,
}

/// The receiver. See the module for what holds of it.
pub struct FaultScp {
    shared: Arc<Shared>,
    socket: Arc<TcpListener>,
    port: u16,
    running: Mutex<Option<Running>>,
}

impl FaultScp {
    /// Starts on a free port of 127.0.0.1; accepts everything with status 0000. The called AET is not checked.
    ///
    /// # Panics
    /// When no port can be bound.
    #[must_use]
    pub fn start(aet: &str) -> Self {
        // A process that another thread begins may hold the socket for a moment by which a port was found to be free.
        let mut tries = 0;
        loop {
            match Self::start_on(aet, crate::net::free_port()) {
                Ok(scp) => return scp,
                Err(error) if error.kind() == ErrorKind::AddrInUse && tries < 100 => tries += 1,
                Err(error) => panic!("no leased port can be bound: {error}"),
            }
        }
    }

    /// Starts on 127.0.0.1:`port`.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start_on(aet: &str, port: u16) -> std::io::Result<Self> {
        let socket = TcpListener::bind(("127.0.0.1", port))?;
        let scp = Self {
            port: socket.local_addr()?.port(),
            shared: Arc::new(Shared {
                aet: aet.to_owned(),
                behaviour: Mutex::default(),
                state: Mutex::default(),
                changed: Condvar::new(),
            }),
            socket: Arc::new(socket),
            running: Mutex::new(None),
        };
        scp.spawn();
        Ok(scp)
    }

    /// The port, the same for the whole life.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The AE title it was started with.
    #[must_use]
    pub fn aet(&self) -> &str {
        &self.shared.aet
    }

    /// Refuses connections and cuts the open ones, without answer; returns when its threads have ended. Stopping
    /// twice is fine. Records are kept.
    pub fn stop(&self) {
        let Some(running) = self.running.lock().expect("the run of the SCP").take() else {
            return;
        };
        running.stopping.store(true, Ordering::SeqCst);
        // On Linux a listening socket that is shut down wakes its accept(), refuses connections, and stays bound.
        let _ = rustix::net::shutdown(&*self.socket, rustix::net::Shutdown::Both);
        self.close_connections();
        let _ = running.acceptor.join();
    }

    /// Listens again after [`stop`](Self::stop), on the same port; nothing when it runs.
    ///
    /// # Panics
    /// When the port cannot be listened on.
    pub fn restart(&self) {
        if self.running.lock().expect("the run of the SCP").is_none() {
            rustix::net::listen(&*self.socket, 128).expect("a bound port can be listened on again");
            self.spawn();
        }
    }

    /// Cuts all open connections (TCP close, no abort) while new ones stay welcome.
    pub fn close_connections(&self) {
        let state = self.shared.state();
        for connection in state.connections.values() {
            let _ = connection.shutdown(Shutdown::Both);
        }
        self.shared.changed.notify_all();
    }

    fn spawn(&self) {
        let stopping = Arc::new(AtomicBool::new(false));
        let (shared, socket, flag) = (
            Arc::clone(&self.shared),
            Arc::clone(&self.socket),
            Arc::clone(&stopping),
        );
        let acceptor = thread::spawn(move || accept_all(&shared, &socket, &flag));
        *self.running.lock().expect("the run of the SCP") = Some(Running { stopping, acceptor });
    }
}

impl Drop for FaultScp {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Takes connections until stopped, then waits for the threads that serve them.
fn accept_all(shared: &Arc<Shared>, socket: &TcpListener, stopping: &Arc<AtomicBool>) {
    let mut workers: Vec<JoinHandle<()>> = Vec::new();
    while let Ok((stream, _)) = socket.accept() {
        let Ok(handle) = stream.try_clone() else {
            continue;
        };
        let number = {
            let mut state = shared.state();
            // Looked at under the lock under which stop() shuts connections down: none is forgotten.
            if stopping.load(Ordering::SeqCst) {
                break;
            }
            state.next_connection += 1;
            state.records.counters.connections += 1;
            let number = state.next_connection;
            state.connections.insert(number, handle);
            number
        };
        workers.retain(|worker| !worker.is_finished());
        let (shared, stopping) = (Arc::clone(shared), Arc::clone(stopping));
        workers.push(thread::spawn(move || {
            // A closure of the test may panic (its message is printed): the peer is then cut off, not left waiting.
            let _ = catch_unwind(AssertUnwindSafe(|| {
                association::serve(&shared, &stopping, &stream, number);
            }));
            let _ = stream.shutdown(Shutdown::Both);
            shared.state().connections.remove(&number);
            shared.changed.notify_all();
        }));
    }
    for worker in workers {
        let _ = worker.join();
    }
}
