//! `/sendqueue/serials`.

use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::values::Time;

/// How far a serial is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct SerialState {
    pub name: String,
    /// What stands before each number; empty: nothing, or it is no longer configured.
    pub prefix: String,
    /// The number that was given last; null: none was.
    #[schema(required = true, minimum = 1)]
    pub last: Option<u64>,
    /// The number that is given next: one more than `Last`, and at least `Start`.
    #[schema(minimum = 1)]
    pub next: u64,
}

/// Which study got a number.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct SerialGiven {
    #[schema(minimum = 1)]
    pub number: u64,
    /// As it is sent: with the prefix with which it was given, and the width that recipes say. Null: they say several
    /// widths, or none names the serial.
    #[schema(required = true)]
    pub sent_as: Option<String>,
    /// That of the study as Orthanc has it.
    pub study_instance_uid: String,
    /// When it got it.
    pub time: Time,
}

named! {
    /// The arguments of `GET /sendqueue/serials/{name}`. An empty one counts as absent.
    #[derive(Debug, Serialize, IntoParams)]
    #[into_params(parameter_in = Query)]
    pub struct SerialsQuery {
        /// The number of this study: Orthanc identifier or StudyInstanceUID.
        study as "study": Option<String>,
        /// At most so many.
        #[param(minimum = 1, maximum = 1000, default = 100)]
        limit as "limit": Option<u32>,
        /// Those above this one: the last number seen.
        #[param(minimum = 0)]
        since as "since": Option<i64>,
    }
}
