//! Ending what Orthanc waits for when it stops.
//!
//! Invariants:
//! - A stopping Orthanc waits for its own SCU, which waits for a silent receiver: up to twice the time-out, so a minute
//!   and more. Nothing in the SDK ends that wait; the connection's end does.
//! - A receiver that answers within [`PATIENCE`] is not cut: what it acknowledges is then known, and is not sent again.
//! - The thread that cuts lives for [`LONGEST`] at most, and ends as soon as nothing is left to cut.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::service::{Service, Services};

/// Ends TCP connections of this process to a peer (`orthanc_sdk::sockets`).
pub type Disconnect = dyn Fn(&[SocketAddr]) + Send + Sync;

const PATIENCE: Duration = Duration::from_millis(400);
pub const LONGEST: Duration = Duration::from_secs(2);
/// A connection may be opened between two looks.
const AGAIN: Duration = Duration::from_millis(20);

/// The peers that calls of ours hold Orthanc in.
pub struct Cutter {
    shared: Arc<Shared>,
    services: Arc<Services>,
}

struct Shared {
    state: Mutex<Calls>,
    changed: Condvar,
    disconnect: Box<Disconnect>,
}

#[derive(Default)]
struct Calls {
    cutting: bool,
    next: u64,
    open: Vec<Open>,
}

struct Open {
    number: u64,
    peers: Vec<SocketAddr>,
    patient: bool,
}

/// A call that a peer can hold up; over on drop.
pub struct Call<'a> {
    shared: &'a Shared,
    number: u64,
}

impl Cutter {
    pub fn new(services: Arc<Services>, disconnect: Box<Disconnect>) -> Cutter {
        Cutter {
            shared: Arc::new(Shared {
                state: Mutex::default(),
                changed: Condvar::new(),
                disconnect,
            }),
            services,
        }
    }

    /// To be held while Orthanc talks to these peers. `patient`: in a job, and worth waiting for an answer.
    pub fn call(&self, peers: Vec<SocketAddr>, patient: bool) -> Call<'_> {
        let mut state = self.shared.lock();
        let number = state.next;
        state.next += 1;
        state.open.push(Open {
            number,
            peers,
            patient,
        });
        Call {
            shared: &self.shared,
            number,
        }
    }

    /// Orthanc is stopping: ends the calls under way, and those that begin soon. Does not wait for it.
    pub fn cut(&self) {
        if std::mem::replace(&mut self.shared.lock().cutting, true) {
            return;
        }
        self.services.start("sq-cut", self.shared.clone());
    }

    /// Whether a call is under way that is a REST call of its own for as long as the peer is silent.
    pub fn is_held(&self) -> bool {
        self.shared.lock().open.iter().any(|open| !open.patient)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Calls> {
        self.state.lock()
    }
}

impl Service for Shared {
    fn run(&self) {
        let begun = Instant::now();
        let mut state = self.lock();
        while !state.open.is_empty() && begun.elapsed() < LONGEST {
            let patience = begun.elapsed() < PATIENCE;
            let peers: Vec<SocketAddr> = state
                .open
                .iter()
                .filter(|open| !(open.patient && patience))
                .flat_map(|open| open.peers.iter().copied())
                .collect();
            drop(state);
            (self.disconnect)(&peers);
            state = self.lock();
            self.changed.wait_for(&mut state, AGAIN);
        }
    }

    /// It is there for the stop, and ends by itself.
    fn stop(&self) {}

    fn may_end(&self) -> bool {
        true
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.shared
            .lock()
            .open
            .retain(|open| open.number != self.number);
        self.shared.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_cut_until_they_end_the_patient_ones_later() {
        let cuts: Arc<Mutex<Vec<SocketAddr>>> = Arc::default();
        let record = cuts.clone();
        let services = Services::for_tests();
        let cutter = Cutter::new(
            services.clone(),
            Box::new(move |peers| record.lock().extend_from_slice(peers)),
        );
        let peer = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        let echo = cutter.call(vec![peer(1)], false);
        let store = cutter.call(vec![peer(2)], true);
        cutter.cut();
        cutter.cut();
        while cuts.lock().len() < 3 {
            std::thread::yield_now();
        }
        drop(echo);
        while !cuts.lock().contains(&peer(2)) {
            std::thread::yield_now();
        }
        let all = cuts.lock().clone();
        let first_store = all.iter().position(|one| *one == peer(2)).unwrap();
        assert!(all[..first_store].iter().all(|one| *one == peer(1)));
        drop(store);
        services.join();
    }
}
