//! Jobs of ours that Orthanc took up again after a crash.
//!
//! Orthanc saves its unfinished jobs and resumes them after the start (`SaveJobs`) under their old identifiers, from their
//! first instance. The items of such a job are sent again by the queue; without this they would be sent twice.
//!
//! Invariant: only a job whose identifier was kept with a claim is touched. One that was submitted in the moment before its
//! identifier could be written is left alone, since a job of somebody else can look the same: its instances may then be
//! sent twice.

use orthanc_sdk::Client;
use serde_json::{Value, json};

use crate::store::Claims;

/// Cancels the open jobs that sent for us when the process ended. To be called before their items are released. Best
/// effort: what fails here costs a repetition, never a loss.
pub fn cancel_jobs(client: Client, store: &(impl Claims + ?Sized)) {
    let jobs = match store.jobs_in_hand() {
        Ok(jobs) => jobs,
        Err(error) => {
            log::warn!("resumed jobs are not looked for: {error}");
            return;
        }
    };
    for id in jobs {
        // One that Orthanc no longer knows sends nothing.
        let Ok(job) = client.get_json(&format!("/jobs/{id}")) else {
            continue;
        };
        if !is_open(&job) {
            continue;
        }
        match client.post_json(&format!("/jobs/{id}/cancel"), &json!({})) {
            Ok(_) => log::warn!(
                "job {id} of the send queue, resumed by Orthanc after its sudden end, is cancelled: the queue sends its instances"
            ),
            Err(error) => log::warn!(
                "job {id} of the send queue, resumed by Orthanc after its sudden end, cannot be cancelled and may send its instances a second time: {error}"
            ),
        }
    }
}

fn is_open(job: &Value) -> bool {
    let state = job.get("State").and_then(Value::as_str);
    job.get("Type").and_then(Value::as_str) == Some("DicomModalityStore")
        && matches!(state, Some("Pending" | "Running" | "Retry" | "Paused"))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use orthanc_sdk::Method;
    use orthanc_sdk::fake_host::FakeHost;

    use super::*;
    use crate::item::{Priority, Timestamp};
    use crate::store::sqlite::SqliteStore;
    use crate::store::{Claims, Hand, Intake, Journal, NewItem, Pick};

    /// Four jobs with the same instances: ours, one of a person, and two of ours that sent to their ends or are forgotten.
    #[test]
    fn only_a_job_whose_identifier_was_kept_is_cancelled() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("queue.db")).unwrap();
        for (number, job) in ["ours", "ended", "forgotten"].into_iter().enumerate() {
            let destination = format!("pacs{number}");
            let now = Timestamp::from_micros(1);
            let item = item(&destination);
            store.enqueue(&Intake::arrival(&[item]), now).unwrap();
            let claim = store.claim(&destination, Pick::MostUrgent, 1);
            let claim = claim.unwrap().unwrap();
            let hand = Hand {
                first: claim.items[0].id,
                last: claim.items[0].id,
                job: Some(job.to_owned()),
            };
            store.set_hand(claim.token, &hand).unwrap();
        }
        let fake = FakeHost::new("1.12.7");
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let record = asked.clone();
        let job = |id: &str, state: &str| json!({ "ID": id, "Type": "DicomModalityStore", "State": state, "Content": { "ParentResources": ["a"] } });
        fake.on_rest(move |method, uri, _| {
            let answer = match uri {
                "/jobs?expand" => json!([job("ours", "Running"), job("a person's", "Running")]),
                "/jobs/ours" => job("ours", "Running"),
                "/jobs/a person's" => job("a person's", "Running"),
                "/jobs/ended" => job("ended", "Success"),
                "/jobs/forgotten" => return Err(crate::transport::missing::UNKNOWN_RESOURCE),
                _ => json!({}),
            };
            if method == Method::Post {
                record.lock().unwrap().push(uri.to_owned());
            }
            Ok((200, answer.to_string().into_bytes()))
        });
        cancel_jobs(fake.host().client(), &store);
        assert_eq!(*asked.lock().unwrap(), ["/jobs/ours/cancel"]);
    }

    fn item(destination: &str) -> NewItem {
        NewItem {
            instance: "a".into(),
            sop_instance_uid: "1.2".into(),
            series: "series".into(),
            study: "study".into(),
            patient: "patient".into(),
            destination: destination.into(),
            rule: None,
            remote_aet: None,
            priority: Priority::Medium,
            group: "study".into(),
            not_before: None,
            expires: None,
            size_bytes: 1,
            failed: None,
            reception: crate::store::Reception::default(),
        }
    }
}
