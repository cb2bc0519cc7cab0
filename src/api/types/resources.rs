//! `/sendqueue/studies/{id}`, also series, patients and instances.

use serde::Serialize;
use utoipa::ToSchema;

use super::values::{Counts, Time};
use crate::store;

/// What of a resource went where.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Resource {
    /// Orthanc identifier, also if a DICOM UID was asked for.
    #[serde(rename = "ID")]
    pub id: String,
    /// Whether Orthanc has it still.
    pub in_orthanc: bool,
    pub destinations: Vec<ResourceProgress>,
}

/// The items of a resource for one destination.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ResourceProgress {
    pub destination: String,
    pub counts: Counts,
    pub first_creation_time: Time,
    pub last_creation_time: Time,
    /// When the first of them came to rest.
    #[schema(required = true)]
    pub first_completion_time: Option<Time>,
    #[schema(required = true)]
    pub last_completion_time: Option<Time>,
}

impl From<&store::ResourceProgress> for ResourceProgress {
    fn from(progress: &store::ResourceProgress) -> ResourceProgress {
        ResourceProgress {
            destination: progress.destination.clone(),
            counts: (&progress.counts).into(),
            first_creation_time: Time(progress.first_created),
            last_creation_time: Time(progress.last_created),
            first_completion_time: Time::maybe(progress.first_completed),
            last_completion_time: Time::maybe(progress.last_completed),
        }
    }
}
