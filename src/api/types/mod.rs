//! What requests and answers hold: the types that answers are written from, and that the description
//! (`/sendqueue/openapi.json`) is made of.
//!
//! Invariants:
//! - An answer is one of these types, so what is described is what is sent.
//! - Names and meanings are held on to by users' scripts: add, do not rename.
//! - What may be `null` is an `Option`; what is not marked otherwise is always there.

#[macro_use]
mod named;
pub mod alerts;
pub mod deliveries;
pub mod destination;
pub mod error;
pub mod error_queue;
pub mod events;
pub mod items;
pub mod journal;
pub mod overview;
pub mod preview;
pub mod reload;
pub mod resources;
pub mod retention;
pub mod route;
pub mod rules;
pub mod search;
pub mod serials;
pub mod sources;
pub mod study;
pub mod subjects;
pub mod values;
pub mod verdict;
pub mod waiting;

pub use self::alerts::AlertTest;
pub use self::deliveries::{
    DeliveredInstance, DeliveriesQuery, Delivery, DeliveryDetailed, Format,
};
pub use self::destination::{
    ConfirmStudy, Destination, DestinationState, Echo, History, HistoryQuery, LastError, Outage,
    ToConfirm, TransportName,
};
pub use self::error::{Error, Mistake};
pub use self::error_queue::{
    ErrorFilter, ErrorSummary, ErrorSummaryQuery, ErrorsQuery, Purged, RedirectFilter, Redirected,
    Replayed,
};
pub use self::events::{
    Events, EventsQuery, EventsStatus, ReplayEvents, ReplayedEvents, WebhookStatus,
};
pub use self::items::{
    Attempt, Enqueue, Enqueued, Item, ItemDetailed, ItemSentNow, ItemsQuery, Nothing, Order,
    RedirectTo, Removed,
};
pub use self::journal::{JournalEntry, JournalQuery};
pub use self::named::Named;
pub use self::overview::{
    Callbacks, Disabled, Health, HealthStatus, Overview, Part, Problem, ServiceHealth,
    ServiceState, VerdictCounts,
};
pub use self::preview::{Preview, PreviewChange, PreviewQuestion};
pub use self::reload::{
    DestinationChanges, ModalityChanges, NeedsRestart, Reloaded, Section, Source,
};
pub use self::resources::{Resource, ResourceProgress, StudiesQuery, StudyProgress};
pub use self::retention::{
    Deletion, DeletionsQuery, Retention, RetentionPass, RetentionQuery, RetentionRun,
    RetentionStarted, RetentionStudy,
};
pub use self::route::{
    RouteAnswer, RouteOfSome, RouteQuestion, RuleSaid, RuleTowards, RuleVerdict,
};
pub use self::rules::{Rule, RuleCounts};
pub use self::search::{SearchLevel, SearchMatch, SearchQuery, SearchResult, SearchTags};
pub use self::serials::{SerialGiven, SerialState, SerialsQuery};
pub use self::sources::Sender;
pub use self::study::StudyNames;
pub use self::subjects::{AddSubjects, SubjectsAdded};
pub use self::values::{Counts, Time, age};
pub use self::verdict::Finding;
pub use self::waiting::{
    CancelledItems, PrioritizedItems, PriorityFilter, RedirectedItems, RemovedItems, SentItems,
    WaitingFilter, WaitingRedirect,
};
