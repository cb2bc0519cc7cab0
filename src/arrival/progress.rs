//! How far reconciliation is, for `/sendqueue` and `health`.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::item::Timestamp;

/// Shared between the reconciler and the API.
#[derive(Default)]
pub struct Progress(Mutex<Figures>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Number of the last change that was handled.
    pub cursor: Option<i64>,
    pub last_pass: Option<Timestamp>,
    /// What is wrong, since when.
    pub fault: Option<(Timestamp, String)>,
    /// Instances deleted from Orthanc before they could be queued.
    pub gone: u64,
    /// Instances given up because Orthanc cannot describe them.
    pub given_up: u64,
}

impl Progress {
    pub fn figures(&self) -> Figures {
        self.lock().clone()
    }

    pub fn moved(&self, cursor: i64) {
        self.lock().cursor = Some(cursor);
    }

    pub fn passed(&self, now: Timestamp) {
        let mut figures = self.lock();
        figures.last_pass = Some(now);
        if let Some((since, _)) = figures.fault.take() {
            drop(figures);
            log::warn!(
                "arrivals are queued again, after {} s",
                now.since(since).as_secs()
            );
        }
    }

    /// Told once for each fault, however often it is met.
    pub fn failed(&self, now: Timestamp, error: String) {
        let mut figures = self.lock();
        let since = match &figures.fault {
            Some((since, known)) if *known == error => *since,
            Some((since, _)) => {
                log::error!("arrivals cannot be queued, trying on: {error}");
                *since
            }
            None => {
                log::error!(
                    "arrivals cannot be queued, trying on; Orthanc goes on receiving and nothing is lost: {error}"
                );
                now
            }
        };
        figures.fault = Some((since, error));
    }

    pub fn gone(&self, count: usize) {
        self.lock().gone += count as u64;
    }

    pub fn given_up(&self, count: usize) {
        self.lock().given_up += count as u64;
    }

    fn lock(&self) -> MutexGuard<'_, Figures> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
