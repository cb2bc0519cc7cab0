//! `/sendqueue/destinations`.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use orthanc_sdk::Request;
use serde_json::Value;

use super::error::ApiError;
use super::input::{Body, Query, quoted};
use super::types::{
    ConfirmStudy, Destination, DestinationState, Echo, LastError, Time, ToConfirm, age,
};
use super::{Answer, Api, Configured, ok};
use crate::config;
use crate::config::settings::Transport;
use crate::destinations::{Description, TransportName};
use crate::dispatch::{Lane, LaneStatus, NoLane, windows};
use crate::item::{Class, Event, Outcome, Timestamp};
use crate::store::{Among, Counts, DestinationRecord, Entry, Filter, Level, Operation, Sweep};

impl Api {
    pub fn destinations(&self, request: &Request) -> Answer {
        Query::none(request)?;
        let now = self.clock.now();
        let configured = self.configured();
        let list: Vec<Destination> = self
            .records()?
            .iter()
            .map(|record| self.describe(record, &configured, now))
            .collect();
        ok(&list)
    }

    /// All known destinations, by name, also those without an item.
    pub(super) fn records(&self) -> Result<Vec<DestinationRecord>, ApiError> {
        let records = self.store.destinations()?;
        let names = self.known_among(&records);
        let mut records: BTreeMap<String, DestinationRecord> = (records.into_iter())
            .map(|record| (record.name.clone(), record))
            .collect();
        Ok((names.into_iter())
            .map(|name| records.remove(&name).unwrap_or_else(|| unused(&name)))
            .collect())
    }

    pub fn destination(&self, request: &Request, name: &str) -> Answer {
        Query::none(request)?;
        self.check_destination(name)?;
        self.described(name)
    }

    fn described(&self, name: &str) -> Answer {
        let record = self.record(name)?;
        ok(&self.describe(&record, &self.configured(), self.clock.now()))
    }

    fn record(&self, name: &str) -> Result<DestinationRecord, ApiError> {
        let record = self.store.destination(name)?;
        Ok(record.unwrap_or_else(|| unused(name)))
    }

    pub fn pause(&self, name: &str) -> Answer {
        self.set_paused(name, true)
    }

    pub fn resume(&self, name: &str) -> Answer {
        self.set_paused(name, false)
    }

    fn set_paused(&self, name: &str, paused: bool) -> Answer {
        self.check_destination(name)?;
        self.store.set_paused(name, paused, self.clock.now())?;
        if let Some(lane) = self.lane(name)? {
            lane.set_paused(paused);
        }
        let done = if paused { "paused" } else { "resumed" };
        log::warn!("{name}: {done} at a person's request");
        self.described(name)
    }

    pub fn send_all_now(&self, name: &str) -> Answer {
        self.check_destination(name)?;
        let lane = self.lane(name)?;
        let filter = Filter {
            destination: Some(name.to_owned()),
            ..Filter::default()
        };
        let promoted = self.run(&Sweep {
            operation: &Operation::Promote,
            among: Among::Waiting,
            filter: &filter,
            now: self.clock.now(),
            expires: &|_| None,
            dry_run: false,
            at_most: None,
            goes_on: &|| !self.services.is_stopping(),
        })?;
        // What waits for a window alone is let through, and was no step of it.
        if promoted.done == 0 {
            self.note(
                |entry| Entry {
                    destination: Some(name.to_owned()),
                    count: Some(0),
                    ..entry
                },
                Event::SentNow,
            );
        }
        let record = self.store.destination(name)?;
        // Where nothing waits, a closed window is not opened for what comes later.
        if let Some(lane) = lane {
            lane.send_now(record.is_some_and(|record| record.counts.open() > 0));
        }
        log::warn!(
            "{name}: all is sent now at a person's request; {} items were waiting for their time",
            promoted.done
        );
        self.described(name)
    }

    /// What was delivered there of a study is asked for now.
    pub fn confirm(&self, request: &Request, name: &str) -> Answer {
        self.check_destination(name)?;
        let body = Body::of::<ConfirmStudy>(request)?;
        let Some(study) = body.text("Study")? else {
            let allowed = "the Orthanc identifier of a study, or its StudyInstanceUID";
            return Err(ApiError::field("Study", Value::Null, allowed));
        };
        let study = self.identifier("Study", Level::Study, study)?;
        if self.settings.destination(name).confirm.is_none() {
            return Err(ApiError::conflict(format!(
                "{}: its settings have no Confirm, which says how it is asked",
                quoted(name)
            )));
        }
        let Some(lane) = self.lane(name)? else {
            return Err(ApiError::conflict(format!(
                "{}: it is not configured in Orthanc, and cannot be asked",
                quoted(name)
            )));
        };
        let now = self.clock.now();
        let deliveries = self.store.confirm(name, &study, now, now)?;
        lane.ask_soon();
        log::warn!("{name}: asked for {deliveries} deliveries of a study at a person's request");
        ok(&ToConfirm { deliveries })
    }

    /// The lane of a destination; `None`: it is not configured, or not known to be.
    fn lane(&self, name: &str) -> Result<Option<Arc<Lane>>, ApiError> {
        match self.lanes.lane(name) {
            Ok(lane) => Ok(Some(lane)),
            Err(NoLane::NotConfigured | NoLane::Orthanc(_)) => Ok(None),
            Err(NoLane::Store(error)) => Err(error.into()),
        }
    }

    pub fn echo(&self, name: &str) -> Answer {
        self.check_destination(name)?;
        let result = match self.lanes.lane(name) {
            Ok(lane) => lane.echo(),
            Err(error) => Err(Outcome::new(Class::Unreachable, error.to_string())),
        };
        ok(&match result {
            Ok(took) => Echo {
                success: true,
                milliseconds: Some(took.as_secs_f64() * 1e3),
                error: None,
            },
            Err(outcome) => Echo {
                success: false,
                milliseconds: None,
                error: Some(outcome.details),
            },
        })
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

    fn describe(
        &self,
        record: &DestinationRecord,
        configured: &Configured,
        now: Timestamp,
    ) -> Destination {
        let status = self.status(record, now);
        let way = self.way(&record.name);
        Destination {
            name: record.name.clone(),
            state: state(&status, configured.has(&record.name)),
            counts: (&record.counts).into(),
            confirming: record.confirming.into(),
            bytes_pending: record.bytes_pending,
            oldest_pending_seconds: age(record.oldest_pending, now),
            last_success: Time::maybe(record.last_success),
            last_error: record.last_error.as_ref().map(LastError::from),
            paused_since: Time::maybe(record.paused_since.filter(|_| status.paused)),
            unreachable_since: Time::maybe(status.unreachable_since),
            next_probe: Time::maybe(status.next_probe),
            outages: status.outages,
            next_window: Time::maybe(status.opens),
            instances_per_second: status.instances_per_second,
            bytes_per_second: status.bytes_per_second,
            transport_in_use: way.transport.into(),
            transport_reason: way.reason,
            settings: config::in_force(self.settings.destination(&record.name)),
        }
    }

    /// How instances get there, and why.
    fn way(&self, name: &str) -> Description {
        let lane = self.lanes.get(name).map(|lane| lane.describe());
        let found = || {
            Some(
                self.directory
                    .find(&self.settings, name)
                    .ok()??
                    .endpoint
                    .describe(),
            )
        };
        lane.or_else(found).unwrap_or_else(|| Description {
            transport: match self.settings.destination(name).transport {
                Transport::Rest => TransportName::Rest,
                Transport::Auto | Transport::Native => TransportName::Native,
            },
            reason: "Orthanc has no such modality (any more): add it to DicomModalities, or redirect the items".to_owned(),
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
        let ahead = self.clock.ahead();
        let wall = ahead.wall(now);
        let outside_window = !windows::is_open(windows, wall, &zone);
        // Outages are the target's. A store that cannot be asked has failed the whole answer already.
        let target = self.settings.target(&record.name);
        let of_target = (target != record.name).then(|| self.store.destination(target));
        let of_target = of_target.and_then(|found| found.ok().flatten());
        let wire = of_target.as_ref().unwrap_or(record);
        LaneStatus {
            paused: record.paused_since.is_some(),
            unreachable_since: wire.outage.as_ref().map(|outage| outage.since),
            next_probe: None,
            outages: wire.outages,
            opens: if outside_window {
                windows::next_opening(windows, wall, &zone).map(|opens| ahead.own(opens))
            } else {
                None
            },
            outside_window,
            instances_per_second: 0.0,
            bytes_per_second: 0.0,
            not_confirmed: 0,
        }
    }
}

pub(super) fn state(status: &LaneStatus, is_configured: bool) -> DestinationState {
    if !is_configured {
        DestinationState::NotConfigured
    } else if status.paused {
        DestinationState::Paused
    } else if status.unreachable_since.is_some() {
        DestinationState::Unreachable
    } else if status.outside_window {
        DestinationState::OutsideWindow
    } else {
        DestinationState::Ready
    }
}

fn unused(name: &str) -> DestinationRecord {
    DestinationRecord {
        name: name.to_owned(),
        paused_since: None,
        counts: Counts::default(),
        bytes_pending: 0,
        oldest_pending: None,
        last_success: None,
        last_error: None,
        outage: None,
        outages: 0,
        confirming: Default::default(),
    }
}
