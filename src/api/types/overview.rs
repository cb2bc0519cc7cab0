//! `/sendqueue` and `/sendqueue/health`.

use std::collections::BTreeSet;

use serde::Serialize;
use utoipa::ToSchema;

use super::values::{Counts, Time};
use crate::verdict::{Finding, Severity};

/// The queue as a whole.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Overview {
    /// Of the plugin.
    pub version: &'static str,
    /// The source that the library was built from.
    pub build: &'static str,
    /// Of this API: rises when something here changes its meaning.
    pub api_version: u32,
    /// With `false` (`SendQueue.Enable`), there are `Version`, `ApiVersion`, `Enabled` and `Database` alone.
    pub enabled: bool,
    /// Path of the queue's database.
    pub database: String,
    /// Size of its files in bytes.
    pub database_bytes: u64,
    /// When this was answered, by the clock that all times here are of.
    pub time: Time,
    pub counts: Counts,
    /// Names of all destinations that rules or items name.
    #[schema(value_type = Vec<String>)]
    pub destinations: BTreeSet<String>,
    /// Age of the oldest item that is still to be sent, in whole seconds; 0: there is none.
    pub oldest_pending_seconds: u64,
    /// Number of the last of Orthanc's changes that was turned into items; null: none yet.
    #[schema(required = true)]
    pub cursor: Option<i64>,
    #[schema(inline)]
    pub callbacks: Callbacks,
    /// Instances that were deleted from Orthanc before they could be queued, since the start.
    pub gone_before_queued: u64,
    /// Instances that are not forwarded because Orthanc cannot describe them, since the start.
    pub given_up: u64,
}

/// How long receiving an instance waited for the queue.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Callbacks {
    /// Instances received since the start.
    pub count: u64,
    pub median_microseconds: u64,
    #[serde(rename = "Percentile99Microseconds")]
    pub percentile_99_microseconds: u64,
    pub longest_microseconds: u64,
}

/// `GET /sendqueue` while the queue is off.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Disabled {
    pub version: &'static str,
    pub api_version: u32,
    pub enabled: bool,
    /// Why it is off.
    pub reason: &'static str,
    pub database: String,
}

/// Whether the plugin's machinery is well: its database, its threads, and the way from Orthanc's changes into the
/// queue.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(example = json!({ "Status": "ok", "About": "the machinery of the plugin; what needs a person: GET /sendqueue/verdict", "Problems": [], "Warnings": [], "Verdict": { "Critical": 0, "Error": 1, "Warning": 0 }, "Services": [] }))]
pub struct Health {
    #[schema(inline)]
    pub status: HealthStatus,
    /// What `Status` is about, for people.
    pub about: &'static str,
    pub problems: Vec<Problem>,
    /// What does not keep the queue from working, and a person should know: for a day, that the machine's clock was
    /// set, or that a service was started again after a panic.
    pub warnings: Vec<Problem>,
    /// How much needs a person now: the entries of `GET /sendqueue/verdict`. `Status` may be `ok` beside them.
    pub verdict: VerdictCounts,
    /// The plugin's own threads, by name.
    pub services: Vec<ServiceHealth>,
}

/// How many entries of the verdict have each severity.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct VerdictCounts {
    pub critical: u64,
    pub error: u64,
    pub warning: u64,
}

impl VerdictCounts {
    pub fn of(findings: &[Finding]) -> VerdictCounts {
        let of = |severity| {
            let of_it = findings.iter().filter(|one| one.severity == severity);
            of_it.count() as u64
        };
        VerdictCounts {
            critical: of(Severity::Critical),
            error: of(Severity::Error),
            warning: of(Severity::Warning),
        }
    }
}

/// How a service is: threads of one name, the worst of them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(example = json!({ "Name": "sq-promote", "State": "Running", "Since": "20261120T235959.123456", "Restarts": 0 }))]
pub struct ServiceHealth {
    pub name: &'static str,
    #[schema(inline)]
    pub state: ServiceState,
    /// Since when it is in this state.
    pub since: Time,
    /// How often it was started again after a panic, since the start of Orthanc.
    pub restarts: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub enum ServiceState {
    Running,
    /// It panicked, and is started again after a pause.
    Restarting,
    /// It has done its work, or could not be started (then it is among `Problems`).
    Stopped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    Ok,
    Failing,
}

/// Something that is wrong.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(example = json!({ "Part": "Threads", "Details": "Orthanc is starting or stopping" }))]
pub struct Problem {
    #[schema(inline)]
    pub part: Part,
    pub details: String,
    /// Since when, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub since: Option<Time>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub enum Part {
    /// It cannot be written.
    Database,
    /// Arrivals are not turned into items.
    Reconciliation,
    /// A service does not run: nothing, or not everything, is done.
    Threads,
    /// The machine's clock was set, or may be wrong.
    Clock,
    /// Orthanc's storage is nearly full, and what waits to be sent is protected in it.
    Storage,
    /// Events are not taken by the receiver of `Events.Webhook`.
    Events,
    /// Items are held, or would be: something is missing that only a person can give.
    Held,
}
