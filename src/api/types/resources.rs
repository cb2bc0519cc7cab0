//! `/sendqueue/studies`; `/sendqueue/studies/{id}`, also series, patients and instances.

use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::values::{Counts, Time, status_argument};
use crate::item::{Class, State};
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
    /// Items. An instance has several where it was redirected to here, or asked for again.
    pub counts: Counts,
    /// Different instances of these items.
    pub instances: u64,
    /// Of these, instances with an item in `Success`: "n of m delivered" is `Delivered` of `Instances`.
    pub delivered: u64,
    pub first_creation_time: Time,
    pub last_creation_time: Time,
    /// When the first of them came to rest.
    #[schema(required = true)]
    pub first_completion_time: Option<Time>,
    #[schema(required = true)]
    pub last_completion_time: Option<Time>,
    /// The state that needs a person most, of those that `Counts` has any in: `Failure`, `Retry`, `Scheduled`,
    /// `Pending`, `Running`, `Cancelled`, `Success`, in this order.
    pub worst: State,
}

impl From<&store::ResourceProgress> for ResourceProgress {
    fn from(progress: &store::ResourceProgress) -> ResourceProgress {
        ResourceProgress {
            destination: progress.destination.clone(),
            counts: (&progress.counts).into(),
            instances: progress.instances,
            delivered: progress.delivered,
            first_creation_time: Time(progress.first_created),
            last_creation_time: Time(progress.last_created),
            first_completion_time: Time::maybe(progress.first_completed),
            last_completion_time: Time::maybe(progress.last_completed),
            worst: progress.counts.worst(),
        }
    }
}

/// A study in a list of them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct StudyProgress {
    /// Orthanc identifier.
    pub study: String,
    /// `ID` of the newest of its items that fit: what the next page is asked for with.
    #[schema(minimum = 1)]
    pub cursor: i64,
    /// All its items, also those that do not fit; where a destination was asked for, those for it.
    pub destinations: Vec<ResourceProgress>,
}

impl From<&store::StudyProgress> for StudyProgress {
    fn from(progress: &store::StudyProgress) -> StudyProgress {
        let destinations = progress.destinations.iter();
        StudyProgress {
            study: progress.study.clone(),
            cursor: progress.newest,
            destinations: destinations.map(ResourceProgress::from).collect(),
        }
    }
}

named! {
    /// The arguments of `GET /sendqueue/studies`: which items make a study be listed. An empty one counts as absent.
    #[derive(Debug, Serialize, IntoParams)]
    #[into_params(parameter_in = Query)]
    pub struct StudiesQuery {
        /// With an item in this state, or in one of these with commas between them.
        #[param(inline, style = Form, explode = false)]
        state as "state": Option<Vec<State>>,
        /// With an item for this destination.
        destination as "destination": Option<String>,
        /// This study: Orthanc identifier or StudyInstanceUID.
        study as "study": Option<String>,
        /// With an item of this instance: Orthanc identifier or SOPInstanceUID.
        instance as "instance": Option<String>,
        /// With an item whose last attempt ended so.
        #[param(inline)]
        class as "class": Option<Class>,
        #[param(schema_with = status_argument)]
        status as "status": Option<String>,
        /// Seconds: with an item made longer ago.
        #[param(maximum = 1_000_000_000)]
        older_than as "older-than": Option<u64>,
        /// Seconds: with an item made since.
        #[param(maximum = 1_000_000_000)]
        newer_than as "newer-than": Option<u64>,
        /// The most studies to answer.
        #[param(minimum = 1, maximum = 1000, default = 100)]
        limit as "limit": Option<u32>,
        /// `Cursor` of the last study seen; 0 or absent: from the newest on.
        #[param(minimum = 0)]
        since as "since": Option<i64>,
    }
}
