//! Jobs of Orthanc that are under way, and the waiting for their end.
//!
//! Invariants:
//! - A job's end is learnt from `/jobs/{id}`, never from an event: events only shorten the wait, they
//!   may be lost.
//! - [`Jobs::ended`] takes no lock for longer than a flag's change and never waits: Orthanc 1.10.1 calls it with
//!   the mutex of its jobs registry held.

use std::collections::BTreeMap;
use std::time::Duration;

use parking_lot::{Condvar, Mutex, MutexGuard};

/// The jobs that somebody waits for: whether an event told that they ended.
#[derive(Default)]
pub struct Jobs {
    state: Mutex<Watched>,
    changed: Condvar,
}

#[derive(Default)]
struct Watched {
    interrupted: bool,
    /// Counts the recalls.
    recalls: u64,
    open: BTreeMap<String, bool>,
}

/// Why [`OpenJob::wait`] came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// An event, or the time is over: look at the job.
    Look,
    /// Orthanc is stopping.
    Interrupted,
}

/// A job that is waited for; forgotten on drop.
pub struct OpenJob<'a> {
    jobs: &'a Jobs,
    id: String,
}

impl Jobs {
    /// An event of Orthanc: the job with this identifier came to its end.
    pub fn ended(&self, id: &str) {
        if let Some(flag) = self.lock().open.get_mut(id) {
            *flag = true;
            self.changed.notify_all();
        }
    }

    /// Orthanc is stopping: every wait ends with [`Wake::Interrupted`].
    pub fn interrupt(&self) {
        self.lock().interrupted = true;
        self.changed.notify_all();
    }

    /// Items that are being sent were cancelled: every wait ends with [`Wake::Look`].
    pub fn recall(&self) {
        let mut state = self.lock();
        state.recalls += 1;
        state.open.values_mut().for_each(|flag| *flag = true);
        drop(state);
        self.changed.notify_all();
    }

    /// How often items were recalled.
    pub fn recalls(&self) -> u64 {
        self.lock().recalls
    }

    pub fn is_interrupted(&self) -> bool {
        self.lock().interrupted
    }

    pub fn open(&self, id: &str) -> OpenJob<'_> {
        self.lock().open.insert(id.to_owned(), false);
        OpenJob {
            jobs: self,
            id: id.to_owned(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.state.lock()
    }
}

impl OpenJob<'_> {
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Waits for the job's event, at most `timeout`.
    pub fn wait(&self, timeout: Duration) -> Wake {
        let mut state = self.jobs.lock();
        let nothing = |state: &mut Watched| {
            !state.interrupted && !state.open.get(&self.id).copied().unwrap_or(true)
        };
        self.jobs
            .changed
            .wait_while_for(&mut state, nothing, timeout);
        if let Some(flag) = state.open.get_mut(&self.id) {
            *flag = false;
        }
        if state.interrupted {
            Wake::Interrupted
        } else {
            Wake::Look
        }
    }
}

impl Drop for OpenJob<'_> {
    fn drop(&mut self) {
        self.jobs.lock().open.remove(&self.id);
    }
}
