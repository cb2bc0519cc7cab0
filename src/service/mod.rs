//! Threads that are looked after: named, run anew after a panic, stopped, joined, and seen by `health`.
//!
//! Invariants:
//! - A panic ends no service: it is run anew after a pause that grows while it goes on panicking ([`backoff`]), and
//!   never given up. A stop ends the pause.
//! - Whatever was started is stopped and joined, also what is started while all is being stopped: after
//!   [`Services::join`] none of our threads is left, and the library can be unloaded.
//! - [`Services::stop`] does not wait; stopping or joining twice is fine.
//!
//! What a panic leaves half done is the service's own matter, since locks are not poisoned: [`Service::run`] builds
//! anew what it works with, or changes it so that each step leaves it whole.

mod backoff;
mod bell;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use orthanc_sdk::guard;
use parking_lot::Mutex;

use self::backoff::Backoff;
pub use self::bell::{Bell, Woken};
use crate::item::{Clock, Timestamp};

/// What a thread does until it is stopped.
pub trait Service: Send + Sync + 'static {
    /// Works until [`Service::stop`]. Called again after a panic.
    fn run(&self);

    /// Ends [`Service::run`] soon, also one that has not begun. Does not wait for it; called more than once.
    fn stop(&self);

    /// Whether it is over when it comes back without having been stopped. Else that is a fault, and it is run anew.
    fn may_end(&self) -> bool {
        false
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    Running,
    /// Between a panic and the next run.
    Restarting,
    /// It came to its end, or could not be started.
    Stopped,
}

/// How a service is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub name: &'static str,
    /// That of the one that is worst off, where several have this name; `since` is when it came into it.
    pub state: Condition,
    pub since: Timestamp,
    /// Whether it should run and does not.
    pub is_down: bool,
    /// Panics since the start of Orthanc, of all that ever had this name; after each it was run anew.
    pub panics: u64,
    pub last: Option<Fall>,
}

/// A panic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fall {
    pub time: Timestamp,
    /// File and line, where they are known. Its message may contain anything and is in the log alone.
    pub place: String,
}

/// All services of the plugin.
pub struct Services {
    clock: Arc<dyn Clock>,
    /// Names the calling thread in Orthanc's log.
    name_thread: Box<dyn Fn(&str) + Send + Sync>,
    list: Mutex<List>,
}

#[derive(Default)]
struct List {
    begun: Option<Timestamp>,
    stopped: bool,
    /// All threads were joined: nobody would join another one.
    closed: bool,
    /// In the order of their start.
    threads: Vec<Thread>,
    /// By name, also of those that are over.
    falls: BTreeMap<&'static str, Falls>,
}

struct Thread {
    entry: Arc<Entry>,
    /// `None`: it could not be started.
    handle: Option<JoinHandle<()>>,
}

struct Entry {
    name: &'static str,
    service: Arc<dyn Service>,
    /// For the pause after a panic.
    bell: Bell,
    state: Mutex<(Condition, Timestamp)>,
}

struct Falls {
    count: u64,
    last: Option<Fall>,
    /// When one of this name was started or ended last.
    since: Timestamp,
}

impl Services {
    pub fn new(
        clock: Arc<dyn Clock>,
        name_thread: Box<dyn Fn(&str) + Send + Sync>,
    ) -> Arc<Services> {
        Arc::new(Services {
            clock,
            name_thread,
            list: Mutex::default(),
        })
    }

    #[cfg(test)]
    pub fn for_tests() -> Arc<Services> {
        Services::new(Arc::new(crate::item::SystemClock), Box::new(|_| ()))
    }

    /// Orthanc is up. `false`: that was known, or it is stopping already.
    pub fn begin(&self) -> bool {
        let now = self.clock.now();
        let mut list = self.list.lock();
        let first = list.begun.is_none() && !list.stopped;
        if first {
            list.begun = Some(now);
        }
        first
    }

    /// When Orthanc was up.
    pub fn begun(&self) -> Option<Timestamp> {
        self.list.lock().begun
    }

    /// Whether Orthanc is up, and not stopping.
    pub fn is_up(&self) -> bool {
        let list = self.list.lock();
        list.begun.is_some() && !list.stopped
    }

    /// Whether Orthanc is to stop.
    pub fn is_stopping(&self) -> bool {
        self.list.lock().stopped
    }

    /// Starts a service on a thread of its own. `name`: at most 15 characters, as the system's names of threads;
    /// several may have the same one. `false`: there is no thread for it, which is logged; `health` tells of it unless
    /// it [may end](Service::may_end).
    pub fn start(self: &Arc<Self>, name: &'static str, service: Arc<dyn Service>) -> bool {
        debug_assert!(name.len() <= 15, "{name}");
        let now = self.clock.now();
        let entry = Arc::new(Entry {
            name,
            service,
            bell: Bell::default(),
            state: Mutex::new((Condition::Running, now)),
        });
        let mut list = self.list.lock();
        if list.closed {
            return false;
        }
        list.forget_ended();
        let falls = list.falls.entry(name).or_insert(Falls {
            count: 0,
            last: None,
            since: now,
        });
        falls.since = now;
        let (services, of_thread) = (self.clone(), entry.clone());
        let spawned = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || services.look_after(&of_thread));
        let handle = spawned
            .inspect_err(|error| log::error!("the thread {name} could not be started: {error}"))
            .ok();
        let started = handle.is_some();
        if !started {
            *entry.state.lock() = (Condition::Stopped, now);
        }
        let stopped = list.stopped;
        if started || !entry.service.may_end() {
            let entry = entry.clone();
            list.threads.push(Thread { entry, handle });
        }
        drop(list);
        if stopped {
            entry.stop();
        }
        started
    }

    /// Stops all, the last one first.
    pub fn stop(&self) {
        let mut list = self.list.lock();
        list.stopped = true;
        let entries: Vec<Arc<Entry>> = list.threads.iter().map(|one| one.entry.clone()).collect();
        drop(list);
        for entry in entries.iter().rev() {
            entry.stop();
        }
    }

    /// Waits for the end of all threads, after [`Services::stop`].
    pub fn join(&self) {
        loop {
            let mut list = self.list.lock();
            let Some(thread) = list.threads.pop() else {
                list.closed = true;
                return;
            };
            drop(list);
            if let Some(handle) = thread.handle {
                let _ = handle.join();
            }
        }
    }

    /// How many of this name have not come to their end.
    pub fn alive(&self, name: &str) -> usize {
        let list = self.list.lock();
        let of_name = list.threads.iter().filter(|one| one.entry.name == name);
        of_name
            .filter(|one| one.entry.state.lock().0 != Condition::Stopped)
            .count()
    }

    /// How each is, by name.
    pub fn records(&self) -> Vec<Record> {
        let list = self.list.lock();
        let record = |(name, falls): (&&'static str, &Falls)| {
            let of_name = list.threads.iter().filter(|one| one.entry.name == *name);
            let mut record = Record {
                name,
                state: Condition::Stopped,
                since: falls.since,
                is_down: false,
                panics: falls.count,
                last: falls.last.clone(),
            };
            let mut worst = None;
            for one in of_name {
                let (state, since) = *one.entry.state.lock();
                let is_down = match state {
                    Condition::Running => false,
                    Condition::Restarting => true,
                    Condition::Stopped => !list.stopped && !one.entry.service.may_end(),
                };
                // One that is over says nothing of the others.
                let rank = (is_down, state == Condition::Running);
                if worst.is_none_or(|worst| rank > worst) {
                    worst = Some(rank);
                    (record.state, record.since, record.is_down) = (state, since, is_down);
                }
            }
            record
        };
        list.falls.iter().map(record).collect()
    }

    /// A service's thread.
    fn look_after(&self, entry: &Entry) {
        (self.name_thread)(entry.name);
        let mut backoff = Backoff::default();
        loop {
            let begun = Instant::now();
            let place = match guard::catch(entry.name, || entry.service.run()) {
                Ok(()) if entry.bell.is_stopped() || entry.service.may_end() => break,
                Ok(()) => {
                    log::error!("{} came to an end and is started again", entry.name);
                    String::new()
                }
                Err(panic) => panic.place,
            };
            let time = self.clock.now();
            if let Some(falls) = self.list.lock().falls.get_mut(entry.name) {
                falls.count += 1;
                falls.last = Some(Fall { time, place });
            }
            *entry.state.lock() = (Condition::Restarting, time);
            if entry.bell.pause(backoff.after(begun.elapsed())) {
                break;
            }
            *entry.state.lock() = (Condition::Running, self.clock.now());
        }
        let now = self.clock.now();
        *entry.state.lock() = (Condition::Stopped, now);
        if let Some(falls) = self.list.lock().falls.get_mut(entry.name) {
            falls.since = now;
        }
    }
}

impl List {
    /// Joins those that have come to their end by themselves.
    fn forget_ended(&mut self) {
        let is_over = |thread: &Thread| {
            let handle = thread.handle.as_ref();
            handle.is_some_and(JoinHandle::is_finished)
        };
        let (over, going): (Vec<Thread>, _) = std::mem::take(&mut self.threads)
            .into_iter()
            .partition(is_over);
        self.threads = going;
        for thread in over {
            if let Some(handle) = thread.handle {
                let _ = handle.join();
            }
        }
    }
}

impl Entry {
    fn stop(&self) {
        self.bell.stop();
        // The others are to be stopped whatever one does.
        let _ = guard::catch(self.name, || self.service.stop());
    }
}
