//! `/sendqueue/verdict`.

use serde::Serialize;
use utoipa::ToSchema;

use super::values::Time;
use crate::verdict;

/// One thing that needs a person.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(example = json!({
    "Severity": "Error", "Kind": "Unreachable", "Destination": "teleradiology",
    "Sentence": "teleradiology cannot be reached for 9 h (connect 10.0.0.5:104: refused); 325 wait",
    "Advice": "Check that the receiver runs.", "Since": "20261120T235959.123456", "Count": 325
}))]
pub struct Finding {
    #[schema(inline)]
    pub severity: Severity,
    #[schema(inline)]
    pub kind: FindingKind,
    /// Its name. Of an outage that several names of one target share, one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub destination: Option<String>,
    /// The calling AET of a silent source.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub source: Option<String>,
    /// For people. Times in it are local times of Orthanc's machine.
    pub sentence: String,
    /// What to do, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub advice: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub since: Option<Time>,
    /// Items that wait, failed or are held.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub count: Option<u64>,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub enum Severity {
    /// The queue itself does not work.
    Critical,
    /// Instances do not arrive.
    Error,
    /// A person should know.
    Warning,
}

/// What it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub enum FindingKind {
    /// What `/sendqueue/health` tells.
    Machinery,
    /// A destination cannot be reached.
    Unreachable,
    /// Items wait for what Orthanc has no longer.
    NotConfigured,
    /// The error queue.
    Failures,
    /// Items wait for what only a person can give.
    Held,
    /// A person paused a destination, and items wait.
    Paused,
    /// More waits, or longer, than `Alerts.BacklogItems` and `Alerts.BacklogSeconds` say.
    Backlog,
    /// One of `Alerts.SilentSources` has not sent for too long.
    SourceSilent,
    /// The machine's clock was set, or may be wrong.
    Clock,
}

impl From<verdict::Severity> for Severity {
    fn from(severity: verdict::Severity) -> Severity {
        match severity {
            verdict::Severity::Critical => Severity::Critical,
            verdict::Severity::Error => Severity::Error,
            verdict::Severity::Warning => Severity::Warning,
        }
    }
}

impl From<verdict::Kind> for FindingKind {
    fn from(kind: verdict::Kind) -> FindingKind {
        match kind {
            verdict::Kind::Machinery => FindingKind::Machinery,
            verdict::Kind::Unreachable => FindingKind::Unreachable,
            verdict::Kind::NotConfigured => FindingKind::NotConfigured,
            verdict::Kind::Failures => FindingKind::Failures,
            verdict::Kind::Held => FindingKind::Held,
            verdict::Kind::Paused => FindingKind::Paused,
            verdict::Kind::Backlog => FindingKind::Backlog,
            verdict::Kind::SourceSilent => FindingKind::SourceSilent,
            verdict::Kind::Clock => FindingKind::Clock,
        }
    }
}

impl From<verdict::Finding> for Finding {
    fn from(finding: verdict::Finding) -> Finding {
        Finding {
            severity: finding.severity.into(),
            kind: finding.kind.into(),
            destination: finding.destination,
            source: finding.source,
            sentence: finding.sentence,
            advice: finding.advice,
            since: Time::maybe(finding.since),
            count: finding.count,
        }
    }
}
