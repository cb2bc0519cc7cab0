//! How the queue's words look in JSON.

use serde_json::{Map, Value, json};

use crate::item::meaning::{advice, meaning};
use crate::item::{Attempt, Item, State, Timestamp};
use crate::store::{Counts, ErrorSummary, LastError, ResourceProgress};

pub fn time(time: Option<Timestamp>) -> Value {
    time.map_or(Value::Null, |time| Value::from(time.to_orthanc()))
}

/// Every state, also those with 0.
pub fn counts(counts: &Counts) -> Value {
    State::ALL
        .into_iter()
        .map(|state| (state.as_str().to_owned(), Value::from(counts.get(state))))
        .collect::<Map<String, Value>>()
        .into()
}

/// Whole seconds from `since` to `now`; 0 if there is none.
pub fn age(since: Option<Timestamp>, now: Timestamp) -> u64 {
    since.map_or(0, |since| now.since(since).as_secs())
}

pub fn item(item: &Item) -> Value {
    json!({
        "ID": item.id,
        "Instance": item.instance,
        "SopInstanceUid": item.sop_instance_uid,
        "Series": item.series,
        "Study": item.study,
        "Patient": item.patient,
        "Destination": item.destination,
        "Rule": item.rule,
        "State": item.state.as_str(),
        "Priority": item.priority.as_str(),
        "AttemptCount": item.attempt_count,
        "CreationTime": item.created.to_orthanc(),
        "NextAttempt": time(item.next_attempt),
        "CompletionTime": time(item.completed),
        "Class": item.class.map(|class| class.as_str()),
        "DimseStatus": item.dimse_status,
        "Details": item.details,
        "SizeBytes": item.size_bytes,
    })
}

pub fn item_with_attempts(one: &Item, attempts: &[Attempt]) -> Value {
    let mut value = item(one);
    let outcome = one.class.map(|class| (class, one.dimse_status));
    value["Meaning"] = outcome.map(|(class, status)| meaning(class, status)).into();
    value["Advice"] = outcome.map(|(class, status)| advice(class, status)).into();
    value["Attempts"] = attempts.iter().map(attempt).collect();
    value
}

fn attempt(attempt: &Attempt) -> Value {
    json!({
        "Number": attempt.number,
        "Destination": attempt.destination,
        "Time": attempt.started.to_orthanc(),
        "DurationMilliseconds": attempt.duration_us / 1000,
        "Class": attempt.class.as_str(),
        "DimseStatus": attempt.dimse_status,
        "Meaning": meaning(attempt.class, attempt.dimse_status),
        "Details": attempt.details,
    })
}

pub fn summary(summary: &ErrorSummary) -> Value {
    json!({
        "Destination": summary.destination,
        "Class": summary.class.as_str(),
        "Status": summary.dimse_status,
        "Count": summary.count,
        "Oldest": summary.oldest.to_orthanc(),
        "Newest": summary.newest.to_orthanc(),
        "Example": summary.example,
        "Meaning": meaning(summary.class, summary.dimse_status),
        "Advice": advice(summary.class, summary.dimse_status),
    })
}

pub fn last_error(error: Option<&LastError>) -> Value {
    error.map_or(Value::Null, |error| {
        json!({
            "Time": error.time.to_orthanc(),
            "Class": error.class.as_str(),
            "DimseStatus": error.dimse_status,
            "Details": error.details,
            "Meaning": meaning(error.class, error.dimse_status),
            "Advice": advice(error.class, error.dimse_status),
        })
    })
}

pub fn progress(progress: &ResourceProgress) -> Value {
    json!({
        "Destination": progress.destination,
        "Counts": counts(&progress.counts),
        "FirstCreationTime": progress.first_created.to_orthanc(),
        "LastCreationTime": progress.last_created.to_orthanc(),
        "FirstCompletionTime": time(progress.first_completed),
        "LastCompletionTime": time(progress.last_completed),
    })
}
