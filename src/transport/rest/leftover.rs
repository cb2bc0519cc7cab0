//! Jobs of ours that Orthanc took up again after a crash.
//!
//! Orthanc saves its unfinished jobs and resumes them after the start (`SaveJobs`) under their old identifiers, from
//! their first instance. The items of such a job are sent again by the queue; without this they would be sent twice.
//!
//! Invariant: only a job whose identifier was kept with a claim is touched. One that was submitted in the moment before
//! its identifier could be written is left alone, since a job of somebody else can look the same: its instances may
//! then be sent twice.

use orthanc_sdk::Client;
use serde_json::{Value, json};

/// Cancels those of these jobs, which sent for us when the process ended, that are open. To be called before their
/// items are released. Best effort: what fails here costs a repetition, never a loss.
pub fn cancel_jobs(client: Client, jobs: &[String]) {
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

    /// Four jobs with the same instances: ours, one of a person, and two of ours that sent to their ends or are
    /// forgotten.
    #[test]
    fn only_a_job_whose_identifier_was_kept_is_cancelled() {
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
        let kept = ["ours", "ended", "forgotten"].map(str::to_owned);
        cancel_jobs(fake.host().client(), &kept);
        assert_eq!(*asked.lock().unwrap(), ["/jobs/ours/cancel"]);
    }
}
