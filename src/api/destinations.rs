//! `/sendqueue/destinations`.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use orthanc_sdk::{Request, Response};
use serde_json::{Value, json};

use super::error::ApiError;
use super::input::{Query, quoted};
use super::json::{age, counts, last_error, time};
use super::{Answer, Api};
use crate::config;
use crate::dispatch::{Lane, LaneStatus, windows};
use crate::item::Timestamp;
use crate::store::{Counts, DestinationRecord};

impl Api {
    pub fn destinations(&self, request: &Request) -> Answer {
        Query::new(request, &[])?;
        let now = self.clock.now();
        let list: Value = self
            .records()?
            .iter()
            .map(|record| self.describe(record, now))
            .collect();
        Ok(Response::json(200, &list))
    }

    /// All known destinations, by name, also those without an item.
    pub(super) fn records(&self) -> Result<Vec<DestinationRecord>, ApiError> {
        let mut records: BTreeMap<String, DestinationRecord> = self
            .store
            .destinations()?
            .into_iter()
            .map(|record| (record.name.clone(), record))
            .collect();
        let names = self.known_destinations()?.into_iter();
        Ok(names
            .map(|name| records.remove(&name).unwrap_or_else(|| unused(&name)))
            .collect())
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
        let done = match verb {
            "send-now" => {
                let promoted = self.store.promote_all(name)?;
                self.lane(name)?.send_now();
                format!("sending now ({promoted} items had to wait)")
            }
            _ => {
                let pause = verb == "pause";
                self.store.set_paused(name, pause)?;
                self.lane(name)?.set_paused(pause);
                if pause { "paused" } else { "resumed" }.to_owned()
            }
        };
        log::warn!("{name}: {done} at a person's request");
        let record = self
            .store
            .destination(name)?
            .unwrap_or_else(|| unused(name));
        Ok(Response::json(
            200,
            &self.describe(&record, self.clock.now()),
        ))
    }

    /// The lane of a destination; one that is made now knows what the database remembers, a pause or an outage.
    fn lane(&self, name: &str) -> Result<Arc<Lane>, ApiError> {
        if let Some(lane) = self.lanes.get(name) {
            return Ok(lane);
        }
        let record = self
            .store
            .destination(name)?
            .unwrap_or_else(|| unused(name));
        Ok(self.lanes.restore(&record))
    }

    fn echo(&self, name: &str) -> Answer {
        let result = self.lane(name)?.echo();
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
        let status = self.status(record, now);
        let transport = self.lanes.transport_in_use(&record.name);
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
            "BytesPerSecond": status.bytes_per_second,
            "TransportInUse": transport.name,
            "TransportReason": transport.reason,
            "Settings": config::in_force(self.settings.destination(&record.name)),
        })
    }

    pub(super) fn status(&self, record: &DestinationRecord, now: Timestamp) -> LaneStatus {
        self.lanes
            .get(&record.name)
            .map_or_else(|| self.remembered(record, now), |lane| lane.status())
    }

    /// As the database knows it: nothing was sent to it since the start, or Orthanc is still starting.
    fn remembered(&self, record: &DestinationRecord, now: Timestamp) -> LaneStatus {
        let windows = &self.settings.destination(&record.name).windows;
        let zone = TimeZone::system();
        let outside_window = !windows::is_open(windows, now, &zone);
        LaneStatus {
            paused: record.paused,
            unreachable_since: record.outage.as_ref().map(|outage| outage.since),
            next_probe: None,
            outages: record.outages,
            opens: if outside_window {
                windows::next_opening(windows, now, &zone)
            } else {
                None
            },
            outside_window,
            instances_per_second: 0.0,
            bytes_per_second: 0.0,
        }
    }
}

pub(super) fn state(status: &LaneStatus) -> &'static str {
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
