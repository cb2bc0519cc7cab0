//! What is done to what waits, by filter.

use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, SchemaType, Type};

use super::values::Time;
use crate::api::sweep::Swept;
use crate::item::Priority;

/// The states of what waits: one, or several.
fn waiting_states() -> OneOfBuilder {
    let state = || {
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .enum_values(Some(["Scheduled", "Pending", "Retry"]))
    };
    OneOfBuilder::new()
        .item(state())
        .item(ArrayBuilder::new().items(state()).min_items(Some(1)))
        .item(ObjectBuilder::new().schema_type(SchemaType::new(Type::Null)))
        .description(Some(
            "Items in this state, or in one of these. What is being sent, or was, is not of what waits.",
        ))
}

/// A filter of what waits, with the fields that an operation has besides.
macro_rules! filter {
    ($(#[$outer:meta])* $type:ident { $($more:tt)* }) => {
        sweep_filter! {
            $(#[$outer])*
            $type {
                #[schema(schema_with = waiting_states)]
                state as "State": Option<String>,
                /// Items that this rule made.
                rule as "Rule": Option<String>,
                /// Seconds: items made longer ago.
                #[schema(maximum = 1_000_000_000)]
                older_than_seconds as "OlderThanSeconds": Option<u64>,
                /// Items made before this time: with `Time` of `GET /sendqueue`, what was made since then is neither
                /// counted nor changed.
                made_before as "MadeBefore": Option<Time>,
            } {
                $($more)*
            }
        }
    };
}

filter! {
    /// Which items of those that wait; all that is given must fit.
    #[schema(example = json!({ "Destination": "pacs", "State": ["Scheduled", "Retry"], "DryRun": true }))]
    WaitingFilter {}
}

filter! {
    /// Which items of those that wait, and where to send them instead.
    #[schema(example = json!({ "Destination": "pacs", "To": "archive" }))]
    WaitingRedirect {
        /// Symbolic name in Orthanc's `DicomModalities`; not the `Destination` of the filter.
        to as "To": String,
    }
}

filter! {
    /// Which items of those that wait, and their new priority.
    #[schema(example = json!({ "Study": "27f7126f-4f66fb14-03f4081b-f9341db2-53925988", "Priority": "Stat" }))]
    PriorityFilter {
        /// What becomes `Stat` waits for no quiet period.
        priority as "Priority": Priority,
    }
}

/// What came of an operation by filter.
macro_rules! operated {
    ($($type:ident $done:ident $about:literal $doc:literal;)*) => {
        $(
            #[doc = $doc]
            #[derive(Debug, Serialize, ToSchema)]
            #[serde(rename_all = "PascalCase")]
            pub struct $type {
                #[doc = $about]
                pub $done: u64,
                /// Items that fit but for their state, and are being sent: they were left as they are.
                pub running: u64,
                /// `DryRun` was asked for: nothing was changed. Absent where it was not.
                #[serde(skip_serializing_if = "std::ops::Not::not")]
                #[schema(required = false)]
                pub dry_run: bool,
            }

            impl From<Swept> for $type {
                fn from(swept: Swept) -> $type {
                    $type {
                        $done: swept.done,
                        running: swept.running,
                        dry_run: swept.dry_run,
                    }
                }
            }
        )*
    };
}

operated! {
    CancelledItems cancelled "Items that are stopped." "How many were stopped, or would be.";
    RedirectedItems redirected "Items that go elsewhere now." "How many go elsewhere, or would.";
    PrioritizedItems changed "Items that had another priority." "How many have another priority now, or would.";
    RemovedItems removed "Items that are gone." "How many were removed, or would be.";
}

/// How many no longer wait for their time, or would not.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(example = json!({ "Sent": 20, "Running": 0, "Paused": ["pacs"] }))]
pub struct SentItems {
    /// Items that go before all others, and through a closed window.
    pub sent: u64,
    /// Items that fit but for their state, and are being sent: they were left as they are.
    pub running: u64,
    /// Destinations that are paused: what was asked for of theirs waits until they are resumed.
    pub paused: Vec<String>,
    /// `DryRun` was asked for: nothing was changed. Absent where it was not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub dry_run: bool,
}
