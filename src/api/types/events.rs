//! `/sendqueue/events`.

use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::values::Time;
use crate::events::envelope::CloudEvent;

/// Events in their order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Events {
    pub events: Vec<CloudEvent>,
    /// The position to ask from the next time (`since`).
    pub last: i64,
    /// There are no more now.
    pub done: bool,
    /// How many events behind `since` are not kept any more (`KeepDays`, `MaxEvents`): whoever reads on has
    /// missed them.
    /// With `since` 0 all that there were before the oldest that is kept.
    pub forgotten: u64,
}

/// How far events are told.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct EventsStatus {
    /// What is told of; empty: no section `Events`.
    pub on: Vec<&'static str>,
    /// Position of the oldest event that is kept; 0: none is.
    pub first: i64,
    /// Position of the newest that can be read.
    pub last: i64,
    /// Events that cannot be read yet: Orthanc is being asked for what they tell.
    pub waiting: u64,
    /// When the oldest that is kept happened.
    #[schema(required = true)]
    pub oldest: Option<Time>,
    /// Events since the start that were told without what Orthanc could not say; each has `Incomplete` in its data.
    pub incomplete: u64,
    /// Null: no `Events.Webhook`.
    #[schema(required = true)]
    pub webhook: Option<WebhookStatus>,
}

/// How far events are sent to `Events.Webhook`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct WebhookStatus {
    /// Position of the last event that is done with.
    pub last: i64,
    /// Events behind it, of all kinds.
    pub waiting: u64,
    /// Events that the receiver has accepted since the start.
    pub sent: u64,
    /// Events since the start that it refused for good, or that were too old when it took some again (`KeepDays`).
    pub dropped: u64,
    /// Since when it has accepted nothing; null: it does.
    #[schema(required = true)]
    pub failing_since: Option<Time>,
    #[schema(required = true)]
    pub last_error: Option<String>,
}

/// What is sent again.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ReplayedEvents {
    /// Where it begins: to be given as `since` to `GET /sendqueue/events`.
    pub since: i64,
    /// Events behind that.
    pub events: u64,
    /// Whether they are sent to `Events.Webhook` again; `false`: there is none.
    pub webhook: bool,
}

named! {
    /// From where on events are told again.
    #[derive(Debug, Serialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    pub struct ReplayEvents {
        /// The first of them: its position (`sequence`), or a moment as text.
        #[schema(value_type = Value)]
        from as "From": Value,
    }
}

named! {
    /// The arguments of `GET /sendqueue/events`. An empty one counts as absent.
    #[derive(Debug, Serialize, IntoParams)]
    #[into_params(parameter_in = Query)]
    pub struct EventsQuery {
        /// The position (`sequence`) of the last event seen; 0: from the oldest that is kept.
        #[param(minimum = 0, default = 0)]
        since as "since": Option<i64>,
        /// The most events to answer.
        #[param(minimum = 1, maximum = 1000, default = 100)]
        limit as "limit": Option<u32>,
        /// Where there is nothing new, waits so many seconds for it. At most 8 requests wait at once.
        #[param(minimum = 0, maximum = 60, default = 0)]
        wait as "wait": Option<u32>,
    }
}
