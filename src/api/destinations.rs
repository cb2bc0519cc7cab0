//! `/sendqueue/destinations`.

use std::collections::BTreeMap;

use orthanc_sdk::{Request, Response};
use serde_json::{Value, json};

use super::error::ApiError;
use super::input::{Query, quoted};
use super::json::{age, counts, last_error, time};
use super::{Answer, Api};
use crate::config;
use crate::dispatch::LaneStatus;
use crate::item::Timestamp;
use crate::store::{Counts, DestinationRecord};

impl Api {
    pub fn destinations(&self, request: &Request) -> Answer {
        Query::new(request, &[])?;
        let now = self.clock.now();
        let mut records: BTreeMap<String, DestinationRecord> = self
            .store
            .destinations()?
            .into_iter()
            .map(|record| (record.name.clone(), record))
            .collect();
        let list: Value = self
            .known_destinations()?
            .into_iter()
            .map(|name| {
                let record = records.remove(&name).unwrap_or_else(|| unused(&name));
                self.describe(&record, now)
            })
            .collect();
        Ok(Response::json(200, &list))
    }

    pub fn destination(&self, request: &Request, name: &str) -> Answer {
        Query::new(request, &[])?;
        self.check_destination(name)?;
        let record = self
            .store
            .destination(name)?
            .unwrap_or_else(|| unused(name));
        Ok(Response::json(
            200,
            &self.describe(&record, self.clock.now()),
        ))
    }

    /// `pause`, `resume`, `echo`.
    pub fn steer(&self, name: &str, verb: &str) -> Answer {
        self.check_destination(name)?;
        if verb == "echo" {
            return self.echo(name);
        }
        let pause = verb == "pause";
        self.store.set_paused(name, pause)?;
        self.lanes.ensure(name, pause).set_paused(pause);
        log::warn!(
            "{name}: {} at a person's request",
            if pause { "paused" } else { "resumed" }
        );
        let record = self
            .store
            .destination(name)?
            .unwrap_or_else(|| unused(name));
        Ok(Response::json(
            200,
            &self.describe(&record, self.clock.now()),
        ))
    }

    fn echo(&self, name: &str) -> Answer {
        let result = self.lanes.ensure(name, false).echo();
        let body = match result {
            Ok(took) => json!({
                "Success": true,
                "Milliseconds": took.as_secs_f64() * 1e3,
                "Error": null,
            }),
            Err(outcome) => json!({
                "Success": false,
                "Milliseconds": null,
                "Error": outcome.details,
            }),
        };
        Ok(Response::json(200, &body))
    }

    fn check_destination(&self, name: &str) -> Result<(), ApiError> {
        if self.is_destination(name)? {
            Ok(())
        } else {
            Err(ApiError::not_found(format!(
                "no destination {}: neither a rule, an item nor Orthanc's DicomModalities name it",
                quoted(name)
            )))
        }
    }

    fn describe(&self, record: &DestinationRecord, now: Timestamp) -> Value {
        let status = self
            .lanes
            .get(&record.name)
            .map_or(idle(record.paused), |lane| lane.status());
        json!({
            "Name": record.name,
            "State": state(&status),
            "Counts": counts(&record.counts),
            "BytesPending": record.bytes_pending,
            "OldestPendingSeconds": age(record.oldest_pending, now),
            "LastSuccess": time(record.last_success),
            "LastError": last_error(record.last_error.as_ref()),
            "UnreachableSince": time(status.unreachable_since),
            "NextProbe": time(status.next_probe),
            "Outages": status.outages,
            "NextWindow": time(status.opens),
            "InstancesPerSecond": status.instances_per_second,
            "TransportInUse": "Rest",
            "Settings": config::in_force(self.settings.destination(&record.name)),
        })
    }
}

fn state(status: &LaneStatus) -> &'static str {
    if status.paused {
        "Paused"
    } else if status.unreachable_since.is_some() {
        "Unreachable"
    } else if status.outside_window {
        "OutsideWindow"
    } else {
        "Ready"
    }
}

fn idle(paused: bool) -> LaneStatus {
    LaneStatus {
        paused,
        unreachable_since: None,
        next_probe: None,
        outages: 0,
        opens: None,
        outside_window: false,
        instances_per_second: 0.0,
    }
}

fn unused(name: &str) -> DestinationRecord {
    DestinationRecord {
        name: name.to_owned(),
        paused: false,
        counts: Counts::default(),
        bytes_pending: 0,
        oldest_pending: None,
        last_success: None,
        last_error: None,
        outage: None,
        outages: 0,
    }
}
