//! `/sendqueue/destinations` and `/sendqueue/history`.

use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::values::{Counts, Time, maybe_dimse_status};
use crate::config::InForce;
use crate::destinations;
use crate::dispatch::history::Minute;
use crate::item::meaning::{advice, meaning};
use crate::item::{Class, Timestamp};
use crate::store;

/// Whether a destination is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub enum DestinationState {
    Ready,
    /// An outage: it is probed with back-off, its items wait and lose no attempt.
    Unreachable,
    /// A person holds it.
    Paused,
    /// No time window is open.
    OutsideWindow,
    /// Orthanc has no such modality any more: its items are kept, do not expire, and can be redirected.
    NotConfigured,
}

impl DestinationState {
    pub const ALL: [DestinationState; 5] = [
        DestinationState::Ready,
        DestinationState::Unreachable,
        DestinationState::Paused,
        DestinationState::OutsideWindow,
        DestinationState::NotConfigured,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            DestinationState::Ready => "Ready",
            DestinationState::Unreachable => "Unreachable",
            DestinationState::Paused => "Paused",
            DestinationState::OutsideWindow => "OutsideWindow",
            DestinationState::NotConfigured => "NotConfigured",
        }
    }
}

/// Where instances go.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Destination {
    /// Symbolic name in Orthanc's `DicomModalities`.
    pub name: String,
    pub state: DestinationState,
    pub counts: Counts,
    #[schema(inline)]
    pub confirming: Confirming,
    /// Bytes of the items that are still to be sent.
    pub bytes_pending: u64,
    /// Age of the oldest item that is still to be sent, in whole seconds; 0: there is none.
    pub oldest_pending_seconds: u64,
    #[schema(required = true)]
    pub last_success: Option<Time>,
    #[schema(required = true)]
    pub last_error: Option<LastError>,
    /// Since when a person holds it.
    #[schema(required = true)]
    pub paused_since: Option<Time>,
    /// Since when it cannot be reached.
    #[schema(required = true)]
    pub unreachable_since: Option<Time>,
    /// When it is looked for again.
    #[schema(required = true)]
    pub next_probe: Option<Time>,
    /// Outages so far.
    pub outages: u64,
    /// When the next time window opens, if all are closed.
    #[schema(required = true)]
    pub next_window: Option<Time>,
    /// Over the last minute.
    #[schema(minimum = 0)]
    pub instances_per_second: f64,
    /// Over the last minute.
    #[schema(minimum = 0)]
    pub bytes_per_second: f64,
    #[schema(inline)]
    pub transport_in_use: TransportName,
    /// Why this transport.
    pub transport_reason: String,
    pub settings: InForce,
}

/// How many of its deliveries, of items that are kept, are to be confirmed (`Confirm`), and were not.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Confirming {
    pub waiting: u64,
    /// It says that it does not have them, or will not answer for them. Those that are sent again are not counted.
    pub refused: u64,
    pub timed_out: u64,
}

impl From<store::Confirming> for Confirming {
    fn from(confirming: store::Confirming) -> Confirming {
        Confirming {
            waiting: confirming.waiting,
            refused: confirming.refused,
            timed_out: confirming.timed_out,
        }
    }
}

named! {
    /// What is to be confirmed.
    #[derive(Debug, Serialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    #[schema(example = json!({ "Study": "27f7126f-4f66fb14-03f4081b-f9341db2-53925988" }))]
    pub struct ConfirmStudy {
        /// Orthanc identifier or StudyInstanceUID.
        study as "Study": String,
    }
}

/// What will be asked for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ToConfirm {
    /// Deliveries of the study that the destination is asked for now. Those whose items are gone cannot be asked for,
    /// and those that wait for their confirmation already are left.
    pub deliveries: u64,
}

/// By what instances get there: the plugin's own C-STORE SCU, or Orthanc's jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub enum TransportName {
    Native,
    Rest,
}

impl From<destinations::TransportName> for TransportName {
    fn from(name: destinations::TransportName) -> TransportName {
        match name {
            destinations::TransportName::Native => TransportName::Native,
            destinations::TransportName::Rest => TransportName::Rest,
        }
    }
}

/// What went wrong last.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct LastError {
    pub time: Time,
    pub class: Class,
    #[schema(required = true, schema_with = maybe_dimse_status)]
    pub dimse_status: Option<u16>,
    /// What the destination or Orthanc said. Text from outside: data, never markup.
    pub details: String,
    /// What happened, in plain words.
    pub meaning: String,
    /// What a person can do about it.
    pub advice: &'static str,
}

impl From<&store::LastError> for LastError {
    fn from(error: &store::LastError) -> LastError {
        LastError {
            time: Time(error.time),
            class: error.class,
            dimse_status: error.dimse_status,
            details: error.details.clone(),
            meaning: meaning(error.class, error.dimse_status),
            advice: advice(error.class, error.dimse_status),
        }
    }
}

/// What came of a C-ECHO.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(example = json!({ "Success": true, "Milliseconds": 1.5, "Error": null }))]
pub struct Echo {
    pub success: bool,
    /// How long the answer took; null: there was none.
    #[schema(required = true, minimum = 0)]
    pub milliseconds: Option<f64>,
    /// Why there was no answer. Text from outside: data, never markup.
    #[schema(required = true)]
    pub error: Option<String>,
}

/// Each minute of the last hour, or each hour of the last ones.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct History {
    pub destination: String,
    /// End of the newest entry, which may still run.
    pub until: Time,
    /// Seconds that each entry stands for: 60, or 3600.
    #[schema(minimum = 60, maximum = 3600)]
    pub step_seconds: u32,
    /// Acknowledged by the destination, the oldest first.
    #[schema(min_items = 1, max_items = 168)]
    pub instances: Vec<u64>,
    /// Bytes of their files.
    #[schema(min_items = 1, max_items = 168)]
    pub bytes: Vec<u64>,
    /// Items that went into the error queue; of minutes those that an attempt brought there.
    #[schema(min_items = 1, max_items = 168)]
    pub failed: Vec<u64>,
    /// Those that ended in this time, and the one that lasts, in order.
    pub outages: Vec<Outage>,
}

/// A time during which a destination could not be reached.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Outage {
    /// May be before the time that was asked for.
    pub since: Time,
    /// Not there: it lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub until: Option<Time>,
}

named! {
    /// The arguments of `GET /sendqueue/history`. An empty one counts as absent.
    #[derive(Debug, Serialize, IntoParams)]
    #[into_params(parameter_in = Query)]
    pub struct HistoryQuery {
        /// Each of so many hours, the one that runs included; absent: each minute of the last hour.
        #[param(minimum = 1, maximum = 168)]
        hours as "hours": Option<u32>,
    }
}

impl History {
    pub fn new(
        destination: String,
        until: Timestamp,
        step_seconds: u32,
        steps: &[Minute],
    ) -> History {
        let each = |figure: fn(&Minute) -> u64| steps.iter().map(figure).collect();
        History {
            destination,
            until: Time(until),
            step_seconds,
            instances: each(|step| step.instances),
            bytes: each(|step| step.bytes),
            failed: each(|step| step.failed),
            outages: Vec::new(),
        }
    }
}
