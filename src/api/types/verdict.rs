//! `/sendqueue/verdict`.

use serde::Serialize;
use utoipa::ToSchema;

use super::values::Time;
use crate::verdict::{self, Kind, Severity};

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
    pub kind: Kind,
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

impl From<verdict::Finding> for Finding {
    fn from(finding: verdict::Finding) -> Finding {
        Finding {
            severity: finding.severity,
            kind: finding.kind,
            destination: finding.destination,
            source: finding.source,
            sentence: finding.sentence,
            advice: finding.advice,
            since: Time::maybe(finding.since),
            count: finding.count,
        }
    }
}
