//! `/sendqueue/errors`: the error queue.

use serde::Serialize;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{KnownFormat, SchemaFormat};
use utoipa::{IntoParams, ToSchema};

use super::items::Order;
use super::values::{Time, maybe_dimse_status, status_argument, status_to_find};
use crate::item::Class;
use crate::item::meaning::{advice, meaning};
use crate::store;

/// A kind of failure in the error queue.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ErrorSummary {
    pub destination: String,
    pub class: Class,
    #[schema(required = true, schema_with = maybe_dimse_status)]
    pub status: Option<u16>,
    /// Items of this kind.
    pub count: u64,
    /// When the first of them came to rest.
    pub oldest: Time,
    pub newest: Time,
    /// `Details` of the newest one. Text from outside: data, never markup.
    pub example: String,
    #[schema(schema_with = reasons)]
    pub reasons: u64,
    /// What happened, in plain words.
    #[schema(example = "A700: out of resources, the receiver has no room or is overloaded")]
    pub meaning: String,
    /// What a person can do about it.
    pub advice: &'static str,
}

fn reasons() -> ObjectBuilder {
    let most = store::REASONS_OF;
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(1))
        .maximum(Some(most))
        .description(Some(format!(
            "How many different `Details` the newest {most} have: with more than one, `Example` does not tell of all."
        )))
}

impl From<&store::ErrorSummary> for ErrorSummary {
    fn from(summary: &store::ErrorSummary) -> ErrorSummary {
        ErrorSummary {
            destination: summary.destination.clone(),
            class: summary.class,
            status: summary.dimse_status,
            count: summary.count,
            oldest: Time(summary.oldest),
            newest: Time(summary.newest),
            example: summary.example.clone(),
            reasons: summary.reasons,
            meaning: meaning(summary.class, summary.dimse_status),
            advice: advice(summary.class, summary.dimse_status),
        }
    }
}

named! {
    /// The arguments of `GET /sendqueue/errors`. An empty one counts as absent.
    #[derive(Debug, Serialize, IntoParams)]
    #[into_params(parameter_in = Query)]
    pub struct ErrorsQuery {
        /// Items for this destination.
        destination as "destination": Option<String>,
        /// Items of this study: Orthanc identifier or StudyInstanceUID.
        study as "study": Option<String>,
        /// Items whose last attempt ended so.
        #[param(inline)]
        class as "class": Option<Class>,
        #[param(schema_with = status_argument)]
        status as "status": Option<String>,
        /// Seconds: items made longer ago.
        #[param(maximum = 1_000_000_000)]
        older_than as "older-than": Option<u64>,
        /// Seconds: items made since.
        #[param(maximum = 1_000_000_000)]
        newer_than as "newer-than": Option<u64>,
        /// `asc`: in the order of `ID`; `desc`: the newest first.
        #[param(inline, default = "asc")]
        order as "order": Option<Order>,
        /// The most items to answer.
        #[param(minimum = 1, maximum = 1000, default = 100)]
        limit as "limit": Option<u32>,
        /// The last `ID` seen; 0 or absent: from the beginning, which is the newest item with `order=desc`.
        #[param(minimum = 0)]
        since as "since": Option<i64>,
    }
}

named! {
    /// The arguments of `GET /sendqueue/errors/summary`. An empty one counts as absent.
    #[derive(Debug, Serialize, IntoParams)]
    #[into_params(parameter_in = Query)]
    pub struct ErrorSummaryQuery {
        /// Failures at this destination.
        destination as "destination": Option<String>,
        /// Items whose last attempt ended so.
        #[param(inline)]
        class as "class": Option<Class>,
        #[param(schema_with = status_argument)]
        status as "status": Option<String>,
    }
}

/// A filter of the error queue, with the fields that an operation has besides.
macro_rules! filter {
    ($(#[$outer:meta])* $type:ident { $($more:tt)* }) => {
        sweep_filter! {
            $(#[$outer])*
            $type {
                /// Items whose last attempt ended so.
                class as "Class": Option<Class>,
                #[schema(schema_with = status_to_find)]
                status as "Status": Option<String>,
                /// Seconds: items in the error queue for longer.
                #[schema(maximum = 1_000_000_000)]
                older_than_seconds as "OlderThanSeconds": Option<u64>,
                /// Items in the error queue since before this time: with `Time` of `GET /sendqueue`, what failed since
                /// then is neither counted nor changed.
                failed_before as "FailedBefore": Option<Time>,
            } {
                $($more)*
            }
        }
    };
}

filter! {
    /// Which items of the error queue; all that is given must fit.
    #[schema(example = json!({ "Destination": "pacs", "Class": "Rejected", "Status": 49152, "DryRun": true }))]
    ErrorFilter {}
}

filter! {
    /// Which items of the error queue, and where to send them instead.
    #[schema(example = json!({ "Destination": "pacs", "To": "archive" }))]
    RedirectFilter {
        /// Symbolic name in Orthanc's `DicomModalities`.
        to as "To": String,
    }
}

/// How many items are sent anew, or would be.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(example = json!({ "Replayed": 12 }))]
pub struct Replayed {
    pub replayed: u64,
    /// `DryRun` was asked for: nothing was changed. Absent where it was not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub dry_run: bool,
}

/// How many items were removed, or would be.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(example = json!({ "Purged": 12 }))]
pub struct Purged {
    pub purged: u64,
    /// `DryRun` was asked for: nothing was changed. Absent where it was not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub dry_run: bool,
}

/// How many items go elsewhere, or would.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(example = json!({ "Redirected": 12 }))]
pub struct Redirected {
    pub redirected: u64,
    /// `DryRun` was asked for: nothing was changed. Absent where it was not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub dry_run: bool,
}
