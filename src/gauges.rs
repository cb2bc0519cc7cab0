//! The main figures among Orthanc's own metrics (`/tools/metrics-prometheus`), over all destinations: Orthanc's metrics
//! have no labels. All else is in `/sendqueue/metrics`.
//!
//! Invariants:
//! - Set while Orthanc is up only: before `OrthancStarted` Orthanc refuses them.
//! - A stop ends the waiting at once.

use std::sync::Arc;
use std::time::Duration;

use orthanc_sdk::Host;

use crate::dispatch::Lanes;
use crate::failpoint;
use crate::item::{Clock, State};
use crate::service::{Bell, Service};
use crate::store::{Book, Result};

/// How often they are set.
const STEP: Duration = Duration::from_secs(10);

pub struct Gauges {
    host: Host,
    store: Arc<dyn Book>,
    lanes: Arc<Lanes>,
    clock: Arc<dyn Clock>,
    bell: Bell,
}

impl Gauges {
    pub fn new(
        host: Host,
        store: Arc<dyn Book>,
        lanes: Arc<Lanes>,
        clock: Arc<dyn Clock>,
    ) -> Gauges {
        Gauges {
            host,
            store,
            lanes,
            clock,
            bell: Bell::default(),
        }
    }

    fn figures(&self) -> Result<Vec<(&'static str, u64)>> {
        let now = self.clock.now();
        let (mut waiting, mut failed, mut oldest, mut unreachable) = (0, 0, 0, 0);
        for record in self.store.destinations()? {
            let age = record.oldest_pending.map(|since| now.since(since));
            waiting += record.counts.open();
            failed += record.counts.get(State::Failure);
            oldest = oldest.max(age.map_or(0, |age| age.as_secs()));
            unreachable += u64::from(self.lanes.is_unreachable(&record));
        }
        Ok(vec![
            ("orthanc_sendqueue_waiting", waiting),
            ("orthanc_sendqueue_failed", failed),
            ("orthanc_sendqueue_sent", self.lanes.sent()),
            ("orthanc_sendqueue_oldest_waiting_seconds", oldest),
            ("orthanc_sendqueue_unreachable_destinations", unreachable),
        ])
    }
}

impl Service for Gauges {
    fn run(&self) {
        loop {
            // `health` tells of a store that cannot be asked.
            let figures = self.figures().unwrap_or_default();
            failpoint::panic_in("sq-metrics");
            for (name, value) in figures {
                if self.bell.is_stopped() {
                    return;
                }
                self.host.set_metric(name, value as f64);
            }
            if self.bell.pause(STEP) {
                return;
            }
        }
    }

    fn stop(&self) {
        self.bell.stop();
    }
}
