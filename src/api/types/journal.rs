//! `/sendqueue/journal`.

use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::values::{Time, moment};
use crate::item::Event;
use crate::store::Entry;

/// What happened. What does not belong to an event is not there.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct JournalEntry {
    /// Grows. `Failures` have none: they are each hour's sum.
    #[serde(rename = "ID", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    pub id: Option<i64>,
    /// When; of several within a minute that are one entry, the first. Of `Failures` the hour's begin.
    pub time: Time,
    pub event: Event,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub destination: Option<String>,
    /// The name of the HTTP Basic login, as Orthanc checked it (`AuthenticationEnabled`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub user: Option<String>,
    /// Items. Of an outage: how many there were, where several within a minute of each other are one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub count: Option<u64>,
    /// Where they were redirected to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub to: Option<String>,
    /// How long an outage or a pause was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub seconds: Option<u64>,
    /// May hold text from outside: data, never markup.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub details: Option<String>,
}

impl From<Entry> for JournalEntry {
    fn from(entry: Entry) -> JournalEntry {
        JournalEntry {
            id: Some(entry.id).filter(|id| *id > 0),
            time: Time(entry.time),
            event: entry.event,
            destination: entry.destination,
            user: entry.user,
            count: entry.count,
            to: entry.to,
            seconds: entry.seconds,
            details: entry.details,
        }
    }
}

list_query! {
    /// The arguments of `GET /sendqueue/journal`. An empty one counts as absent.
    JournalQuery {
        /// From then on; absent: of the last 24 hours. An hour with failures counts if a part of it does.
        #[param(schema_with = moment)]
        since as "since": Option<String>,
        /// Before then.
        #[param(schema_with = moment)]
        until as "until": Option<String>,
        /// Of this destination, redirected to it, or of none in particular.
        destination as "destination": Option<String>,
        /// Of this kind.
        #[param(inline)]
        event as "event": Option<Event>,
    }
    /// The most entries to answer; `Failures` beside others are not counted.
    #[param(minimum = 1, maximum = 10_000, default = 1000)]
    limit
}
