//! `/sendqueue/sources`.

use serde::Serialize;
use utoipa::ToSchema;

use super::values::Time;

/// A calling AET from which Orthanc received something.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Sender {
    /// In capital letters, unless Orthanc's `StrictAetComparison` is set.
    pub aet: String,
    /// When something came from it last; null: nothing since it is watched.
    #[schema(required = true)]
    pub last_arrival: Option<Time>,
    /// How long it may be silent (`Alerts.SilentSources`), in hours; null: it is not watched.
    #[schema(required = true)]
    pub hours: Option<f64>,
    /// When it had been silent for so long; null: it has not.
    #[schema(required = true)]
    pub silent_since: Option<Time>,
}
