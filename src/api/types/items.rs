//! `/sendqueue/items`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::{IntoParams, ToSchema};

use super::values::{Time, maybe_dimse_status, status_argument};
use crate::item::meaning::{advice, meaning};
use crate::item::{self, Class, Confirmation, Priority, State};

/// An (instance, destination) pair: the unit of truth.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(example = item_example)]
pub struct Item {
    /// Grows: a newer item has a larger one.
    #[serde(rename = "ID")]
    #[schema(minimum = 1)]
    pub id: i64,
    /// Orthanc identifier of the instance.
    pub instance: String,
    pub sop_instance_uid: String,
    /// Orthanc identifier of the series.
    pub series: String,
    /// Orthanc identifier of the study.
    pub study: String,
    /// Orthanc identifier of the patient.
    pub patient: String,
    /// Symbolic name in Orthanc's `DicomModalities`.
    pub destination: String,
    /// The rule that made the item; null: a person enqueued it.
    #[schema(required = true)]
    pub rule: Option<String>,
    pub state: State,
    pub priority: Priority,
    /// Attempts that reached the destination since the item was made, or was last replayed or redirected; the
    /// successful one too. `Attempts` of one item has all of them, also those that did not reach it.
    pub attempt_count: u32,
    pub creation_time: Time,
    /// When the next attempt is due (`Retry`, `Scheduled`).
    #[schema(required = true)]
    pub next_attempt: Option<Time>,
    /// When the item came to rest (`Success`, `Failure`, `Cancelled`).
    #[schema(required = true)]
    pub completion_time: Option<Time>,
    /// What came of the last attempt; null: there was none.
    #[schema(required = true)]
    pub class: Option<Class>,
    #[schema(required = true, schema_with = maybe_dimse_status)]
    pub dimse_status: Option<u16>,
    /// What the destination or Orthanc said at the last attempt. Text from outside: data, never markup.
    #[schema(required = true)]
    pub details: Option<String>,
    /// Size of the instance's file in bytes.
    pub size_bytes: u64,
    /// Whether the destination has confirmed that it has what was delivered last (`Confirm` of a destination).
    pub confirmation: Confirmation,
}

fn item_example() -> serde_json::Value {
    json!({
        "ID": 4711,
        "Instance": "6f1b3c5a-2d8e4f70-9a1b2c3d-4e5f6071-8293a4b5",
        "SopInstanceUid": "1.2.826.0.1.3680043.2.1125.1.4711",
        "Series": "0a1b2c3d-4e5f6071-8293a4b5-c6d7e8f9-0a1b2c3d",
        "Study": "27f7126f-4f66fb14-03f4081b-f9341db2-53925988",
        "Patient": "9a1b2c3d-4e5f6071-8293a4b5-c6d7e8f9-0a1b2c3e",
        "Destination": "pacs",
        "Rule": "everything",
        "State": "Failure",
        "Priority": "Medium",
        "AttemptCount": 1,
        "CreationTime": "20261120T235958.000000",
        "NextAttempt": null,
        "CompletionTime": "20261120T235959.123456",
        "Class": "Rejected",
        "DimseStatus": 49152,
        "Details": "C-STORE answered with status C000",
        "SizeBytes": 526_438,
        "Confirmation": "None",
    })
}

impl From<&item::Item> for Item {
    fn from(item: &item::Item) -> Item {
        Item {
            id: item.id,
            instance: item.ids.instance.clone(),
            sop_instance_uid: item.ids.sop_instance_uid.clone(),
            series: item.ids.series.clone(),
            study: item.ids.study.clone(),
            patient: item.ids.patient.clone(),
            destination: item.destination.clone(),
            rule: item.rule.clone(),
            state: item.state,
            priority: item.priority,
            attempt_count: item.attempt_count,
            creation_time: Time(item.created),
            next_attempt: Time::maybe(item.next_attempt),
            completion_time: Time::maybe(item.completed),
            class: item.class,
            dimse_status: item.dimse_status,
            details: item.details.clone(),
            size_bytes: item.size_bytes,
            confirmation: item.confirmation,
        }
    }
}

/// An item with its attempts.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ItemDetailed {
    #[serde(flatten)]
    pub item: Item,
    /// What happened, in plain words; null while nothing did.
    #[schema(required = true)]
    pub meaning: Option<String>,
    /// What a person can do about it; null while nothing happened.
    #[schema(required = true)]
    pub advice: Option<&'static str>,
    /// In the order in which they were made, from the first on: `AttemptCount` begins anew with a replay or a
    /// redirection, and this list does not.
    pub attempts: Vec<Attempt>,
}

impl ItemDetailed {
    pub fn new(item: &item::Item, attempts: &[item::Attempt]) -> ItemDetailed {
        let status = item.dimse_status;
        ItemDetailed {
            item: item.into(),
            meaning: item.class.map(|class| meaning(class, status)),
            advice: item.class.map(|class| advice(class, status)),
            attempts: attempts.iter().map(Attempt::from).collect(),
        }
    }
}

/// An item that a person wants sent now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ItemSentNow {
    #[serde(flatten)]
    pub item: ItemDetailed,
    /// Its destination is paused: it waits until that is resumed. Absent where it is not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub paused: bool,
}

/// One try at delivering an item.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Attempt {
    /// From 1.
    #[schema(minimum = 1)]
    pub number: u32,
    /// Where it went: an item keeps its history when it is redirected.
    pub destination: String,
    pub time: Time,
    pub duration_milliseconds: u64,
    pub class: Class,
    #[schema(required = true, schema_with = maybe_dimse_status)]
    pub dimse_status: Option<u16>,
    /// What the destination or Orthanc said. Text from outside: data, never markup.
    pub details: String,
    /// What happened, in plain words.
    pub meaning: String,
    /// The SOP Instance UID under which it was sent; null: the instance's own.
    #[schema(required = true)]
    pub sent_sop_instance_uid: Option<String>,
}

impl From<&item::Attempt> for Attempt {
    fn from(attempt: &item::Attempt) -> Attempt {
        Attempt {
            number: attempt.number,
            destination: attempt.destination.clone(),
            time: Time(attempt.started),
            duration_milliseconds: attempt.duration_us / 1000,
            class: attempt.class,
            dimse_status: attempt.dimse_status,
            details: attempt.details.clone(),
            meaning: meaning(attempt.class, attempt.dimse_status),
            sent_sop_instance_uid: attempt.sent_as.clone(),
        }
    }
}

/// In which order a list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// Oldest first.
    Asc,
    /// Newest first.
    Desc,
}

named! {
    /// The arguments of `GET /sendqueue/items`. An empty one counts as absent.
    #[derive(Debug, Serialize, IntoParams)]
    #[into_params(parameter_in = Query)]
    pub struct ItemsQuery {
        /// Items in this state, or in one of these with commas between them.
        #[param(inline, style = Form, explode = false)]
        state as "state": Option<Vec<State>>,
        /// Items for this destination.
        destination as "destination": Option<String>,
        /// Items of this study: Orthanc identifier or StudyInstanceUID.
        study as "study": Option<String>,
        /// Items of this instance: Orthanc identifier or SOPInstanceUID.
        instance as "instance": Option<String>,
        /// Items whose last attempt ended so.
        #[param(inline)]
        class as "class": Option<Class>,
        #[param(schema_with = status_argument)]
        status as "status": Option<String>,
        /// Items whose last delivery is so far confirmed.
        #[param(inline)]
        confirmation as "confirmation": Option<Confirmation>,
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

fn tags_to_find() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Object, Type::Null]))
        .additional_properties(Some(ObjectBuilder::new().schema_type(SchemaType::new(Type::String))))
        .description(Some(
            "Tags and what to look for, at least one, as Orthanc's `/tools/find` takes them at the level of studies.",
        ))
        .examples([json!({ "StudyDate": "20261101-", "ModalitiesInStudy": "CT" })])
}

named! {
    /// Which resources to send to which destinations. Either `Resources` or `Query`.
    #[derive(Debug, Serialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    #[schema(example = json!({ "Resources": ["27f7126f-4f66fb14-03f4081b-f9341db2-53925988"], "Destinations": ["pacs"], "Priority": "High" }))]
    pub struct Enqueue {
        /// Orthanc identifiers of patients, studies, series or instances.
        #[schema(min_items = 1)]
        resources as "Resources": Option<Vec<String>>,
        #[schema(schema_with = tags_to_find)]
        query as "Query": Option<BTreeMap<String, String>>,
        /// Symbolic names in Orthanc's `DicomModalities`.
        #[schema(min_items = 1)]
        destinations as "Destinations": Vec<String>,
        /// Over the destination's own. What waits already with a lower one is raised to it; nothing is lowered.
        priority as "Priority": Option<Priority>,
        /// Seconds without a new instance of the group before it is sent; over the destination's own. What is `Stat`
        /// waits for none.
        #[schema(maximum = 86_400)]
        quiet_seconds as "QuietSeconds": Option<u64>,
        /// Only counts; nothing is queued.
        dry_run as "DryRun": Option<bool>,
    }
}

/// What was queued.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(example = json!({ "Enqueued": 120, "AlreadyQueued": 20, "Raised": 20, "Failed": 0 }))]
pub struct Enqueued {
    /// New items.
    pub enqueued: u64,
    /// Pairs of an instance and a destination that wait or run already.
    pub already_queued: u64,
    /// Of these, pairs that waited with a lower priority than the `Priority` that was asked for, and have it now.
    pub raised: u64,
    /// Items of these instances that are in the error queue of these destinations, and stay there: a replay would have
    /// sent them.
    pub failed: u64,
    /// `DryRun` was asked for: nothing was changed. Absent where it was not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub dry_run: bool,
}

named! {
    /// Where to send an item instead.
    #[derive(Debug, Serialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    #[schema(example = json!({ "To": "archive" }))]
    pub struct RedirectTo {
        /// Symbolic name in Orthanc's `DicomModalities`.
        to as "To": String,
    }
}

named! {
    /// No fields; the body may also be empty.
    #[derive(Debug, Serialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    #[schema(example = json!({}))]
    pub struct Nothing {}
}

/// It is gone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({}))]
pub struct Removed {}
