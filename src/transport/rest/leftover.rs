//! Jobs of ours that Orthanc took up again after a crash.
//!
//! Orthanc saves its unfinished jobs and resumes them after the start (`SaveJobs`), from their first instance. The items of
//! such a job are sent again by the queue; without this they would be sent twice.

use std::collections::HashSet;

use orthanc_sdk::Client;
use serde_json::{Value, json};

use crate::item::State;
use crate::store::{Filter, Page, Store};

/// Cancels the store jobs all of whose instances were being sent by us when the process ended. To be called
/// before those items are released. Best effort: what fails here costs a repetition, never a loss.
pub fn cancel_jobs(client: Client, store: &dyn Store) {
    let running = match running(store) {
        Ok(running) if !running.is_empty() => running,
        Ok(_) => return,
        Err(error) => {
            log::warn!("resumed jobs are not looked for: {error}");
            return;
        }
    };
    let Ok(Value::Array(jobs)) = client.get_json("/jobs?expand") else {
        return;
    };
    for job in jobs.iter().filter(|job| is_ours(job, &running)) {
        let Some(id) = job.get("ID").and_then(Value::as_str) else {
            continue;
        };
        log::info!("job {id}, resumed by Orthanc, is cancelled: the queue sends its instances");
        let _ = client.post_json(&format!("/jobs/{id}/cancel"), &json!({}));
    }
}

fn is_ours(job: &Value, running: &HashSet<String>) -> bool {
    let text = |key: &str| job.get(key).and_then(Value::as_str);
    let open = matches!(text("State"), Some("Pending" | "Running" | "Retry"));
    let resources = job
        .pointer("/Content/ParentResources")
        .and_then(Value::as_array);
    open && text("Type") == Some("DicomModalityStore")
        && resources.is_some_and(|resources| {
            !resources.is_empty()
                && resources
                    .iter()
                    .all(|id| id.as_str().is_some_and(|id| running.contains(id)))
        })
}

fn running(store: &dyn Store) -> crate::store::Result<HashSet<String>> {
    let filter = Filter {
        states: Some(State::Running.into()),
        ..Filter::default()
    };
    let mut found = HashSet::new();
    let mut since = 0;
    loop {
        let page = Page::after(since, 1000);
        let items = store.items(&filter, page)?;
        let Some(last) = items.last() else {
            return Ok(found);
        };
        since = last.id;
        found.extend(items.into_iter().map(|item| item.instance));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_open_store_jobs_of_running_items_are_ours() {
        let running = HashSet::from(["a".to_owned(), "b".to_owned()]);
        let job = |state: &str, kind: &str, resources: &[&str]| json!({ "State": state, "Type": kind, "Content": { "ParentResources": resources } });
        assert!(is_ours(
            &job("Running", "DicomModalityStore", &["a", "b"]),
            &running
        ));
        assert!(!is_ours(
            &job("Running", "DicomModalityStore", &["a", "c"]),
            &running
        ));
        assert!(!is_ours(
            &job("Running", "DicomModalityStore", &[]),
            &running
        ));
        assert!(!is_ours(
            &job("Success", "DicomModalityStore", &["a"]),
            &running
        ));
        assert!(!is_ours(
            &job("Running", "ResourceModification", &["a"]),
            &running
        ));
    }
}
