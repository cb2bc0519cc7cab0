//! What the end of one of Orthanc's store jobs says about each of its instances.
//!
//! Invariants:
//! - Pure: JSON in, truth out.
//! - What cannot be proven to have been acknowledged is not acknowledged.
//!
//! Why a failed job tells how far it came: Orthanc's `SetOfCommandsJob` (1.10.1 to 1.13.0) works through its
//! instances in the order in which they were given, moves its position only after a step succeeded, and
//! stops at the first failure (`Permissive` is never sent). `/jobs/{id}` shows `Progress` =
//! round(100 × position / count). With at most 100 instances each position has a percentage of its
//! own, so the position can be read back exactly: the instances before it were acknowledged, the one
//! at it failed with the job's error, those after it were not tried.

use serde_json::Value;

use crate::item::{Class, Outcome};

/// Most instances of one job: with more, `Progress` would be ambiguous.
pub const MAX_INSTANCES: usize = 100;

/// Orthanc's `ErrorCode_NetworkProtocol`.
const NETWORK_PROTOCOL: i64 = 9;
/// Orthanc's `ErrorCode_CanceledJob`.
const CANCELED_JOB: i64 = 37;
/// Orthanc's `ErrorCode_NoPresentationContext`.
const NO_PRESENTATION_CONTEXT: i64 = 2015;

/// State of a store job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobState {
    /// Not at its end yet.
    Open,
    Ended(JobEnd),
}

/// How a store job ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobEnd {
    /// Every instance was acknowledged.
    All,
    /// The first `acknowledged` instances were; the next one failed so; the others were not tried.
    Stopped {
        acknowledged: usize,
        outcome: Outcome,
    },
    /// The instance after the first `acknowledged` could not be read from Orthanc: the only failure that
    /// `FailedInstancesCount` counts (1.10.1 to 1.13.0; error -1 without details).
    Unreadable { acknowledged: usize },
    /// Orthanc's answer does not tell: nothing is taken for acknowledged.
    Unknown(String),
}

/// Reads `/jobs/{id}` of a store job that was given `count` instances (at most [`MAX_INSTANCES`]).
pub fn read(job: &Value, count: usize) -> JobState {
    match job.get("State").and_then(Value::as_str) {
        Some("Success") => JobState::Ended(read_success(job, count)),
        Some("Failure") => JobState::Ended(read_failure(job, count)),
        Some("Pending" | "Running" | "Paused" | "Retry") => JobState::Open,
        other => JobState::Ended(JobEnd::Unknown(format!(
            "Orthanc's job has no known state ({other:?})"
        ))),
    }
}

fn number(job: &Value, key: &str) -> Option<u64> {
    job.get("Content")?.get(key)?.as_u64()
}

fn read_success(job: &Value, count: usize) -> JobEnd {
    let sent = number(job, "InstancesCount");
    let failed = number(job, "FailedInstancesCount");
    if sent == u64::try_from(count).ok() && failed == Some(0) {
        JobEnd::All
    } else {
        JobEnd::Unknown(format!(
            "Orthanc's job succeeded with {sent:?} instances instead of {count}, {failed:?} failed"
        ))
    }
}

fn read_failure(job: &Value, count: usize) -> JobEnd {
    let Some(acknowledged) = position(job, count) else {
        return JobEnd::Unknown(format!(
            "Orthanc's job failed and does not say how far it came (Progress {:?} of {count})",
            job.get("Progress")
        ));
    };
    let code = job.get("ErrorCode").and_then(Value::as_i64).unwrap_or(-1);
    let text = |key: &str| job.get(key).and_then(Value::as_str).unwrap_or("");
    let mut details = text("ErrorDetails");
    if details.is_empty() {
        details = text("ErrorDescription");
    }
    if number(job, "FailedInstancesCount").is_some_and(|failed| failed > 0) {
        return JobEnd::Unreadable { acknowledged };
    }
    let payload_status = job
        .pointer("/ErrorPayload/Content/DimseErrorStatus")
        .and_then(Value::as_u64)
        .and_then(|status| u16::try_from(status).ok());
    JobEnd::Stopped {
        acknowledged,
        outcome: classify(code, details, payload_status),
    }
}

/// How many instances were done when the job stopped.
fn position(job: &Value, count: usize) -> Option<usize> {
    let progress = job.get("Progress").and_then(Value::as_u64)?;
    if count == 0 || count > MAX_INSTANCES {
        return None;
    }
    // The same single-precision arithmetic as Orthanc's, so that both round alike.
    (0..count).find(|done| (*done as f32 / count as f32 * 100.0).round() as u64 == progress)
}

/// Class of a failed C-STORE from Orthanc's error code and text.
pub fn classify(code: i64, details: &str, payload_status: Option<u16>) -> Outcome {
    if let Some(status) = payload_status.or_else(|| status_in(details)) {
        return Outcome::of_status(status, details);
    }
    let class = match code {
        // What Orthanc says when the receiver took the association, but no context for this SOP class
        // or transfer syntax: with code 2 (1.10.1) or -1 (later).
        _ if details.starts_with("Cannot transcode") => Class::NotNegotiated,
        NO_PRESENTATION_CONTEXT => Class::NotNegotiated,
        NETWORK_PROTOCOL if details.contains("connecting to AET") => Class::Unreachable,
        NETWORK_PROTOCOL | CANCELED_JOB => Class::Interrupted,
        _ => Class::Internal,
    };
    if class == Class::NotNegotiated {
        // Orthanc's words alone ("Cannot transcode from … to one of [ ]") tell an administrator little.
        return Outcome::new(
            class,
            format!("the destination takes no such SOP class and transfer syntax: {details}"),
        );
    }
    Outcome {
        may_be_congestion: class == Class::Unreachable && details.ends_with("Association Rejected"),
        waits: false,
        ..Outcome::new(class, details)
    }
}

/// The number in `… has failed with DIMSE status 0xC000`.
fn status_in(details: &str) -> Option<u16> {
    let (_, tail) = details.rsplit_once("DIMSE status 0x")?;
    let digits: String = tail.chars().take_while(char::is_ascii_hexdigit).collect();
    u16::from_str_radix(&digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn failure(code: i64, details: &str, progress: u64, count: u64) -> Value {
        json!({
            "State": "Failure", "ErrorCode": code, "ErrorDetails": details, "Progress": progress,
            "Content": { "InstancesCount": count, "FailedInstancesCount": 0 },
        })
    }

    #[test]
    fn every_position_of_every_count_can_be_read_back() {
        for count in 1..=MAX_INSTANCES {
            for done in 0..count {
                let percent = (done as f32 / count as f32 * 100.0).round() as u64;
                let job = json!({ "Progress": percent });
                assert_eq!(position(&job, count), Some(done), "{done} of {count}");
            }
        }
        assert_eq!(position(&json!({ "Progress": 50 }), 101), None);
        assert_eq!(position(&json!({ "Progress": 51 }), 2), None);
        assert_eq!(position(&json!({}), 2), None);
    }

    #[test]
    fn success_must_be_of_all_instances() {
        let job = |sent: u64, failed: u64| json!({ "State": "Success", "Content": { "InstancesCount": sent, "FailedInstancesCount": failed } });
        assert_eq!(read(&job(3, 0), 3), JobState::Ended(JobEnd::All));
        for (sent, failed) in [(0, 0), (2, 0), (3, 1)] {
            let end = read(&job(sent, failed), 3);
            assert!(
                matches!(end, JobState::Ended(JobEnd::Unknown(_))),
                "{sent} {failed}"
            );
        }
        let end = read(&json!({ "State": "Success" }), 3);
        assert!(matches!(end, JobState::Ended(JobEnd::Unknown(_))));
    }

    #[test]
    fn failures_have_the_contracts_classes() {
        let table = [
            (
                9,
                "C-STORE SCU to AET \"SINK\" has failed with DIMSE status 0xC000",
                Class::Rejected,
                Some(0xC000),
            ),
            (
                9,
                "C-STORE SCU to AET \"SINK\" has failed with DIMSE status 0xA700",
                Class::Busy,
                Some(0xA700),
            ),
            (
                9,
                "C-STORE SCU to AET \"SINK\" has failed with DIMSE status 0x0111",
                Class::Warning,
                Some(0x0111),
            ),
            (
                9,
                "DicomAssociation - C-STORE to AET \"SINK\": Peer aborted Association (or never connected)",
                Class::Interrupted,
                None,
            ),
            (
                9,
                "DicomAssociation - C-STORE to AET \"SINK\": DIMSE No data available (timeout in non-blocking mode)",
                Class::Interrupted,
                None,
            ),
            (
                9,
                "DicomAssociation - connecting to AET \"D\": TCP Initialization Error: Connection refused",
                Class::Unreachable,
                None,
            ),
            (
                2015,
                "Unable to negotiate a presentation context with AET \"SINK\"",
                Class::NotNegotiated,
                None,
            ),
            (
                2,
                "Cannot transcode from 1.2.840.10008.1.2.1 to one of [ ]",
                Class::NotNegotiated,
                None,
            ),
            (
                -1,
                "Cannot transcode instance of SOPClassUID 1.2.840.10008.5.1.4.1.1.2 from 1.2.840.10008.1.2.4.50 to one of [ 1.2.840.10008.1.2 ]",
                Class::NotNegotiated,
                None,
            ),
            (
                9,
                "DicomAssociation - connecting to AET \"SINK\": DUL Association Rejected",
                Class::Unreachable,
                None,
            ),
            (37, "", Class::Interrupted, None),
            (1, "Not enough memory", Class::Internal, None),
        ];
        for (code, details, class, status) in table {
            let JobState::Ended(JobEnd::Stopped {
                acknowledged,
                outcome,
            }) = read(&failure(code, details, 30, 10), 10)
            else {
                panic!("{details}");
            };
            assert_eq!(acknowledged, 3);
            assert_eq!(
                (outcome.class, outcome.dimse_status),
                (class, status),
                "{details}"
            );
        }
    }

    #[test]
    fn an_instance_that_could_not_be_read_is_told_apart() {
        let mut job = failure(1, "", 20, 5);
        job["Content"]["FailedInstancesCount"] = json!(1);
        assert_eq!(
            read(&job, 5),
            JobState::Ended(JobEnd::Unreadable { acknowledged: 1 })
        );
    }

    #[test]
    fn an_open_job_is_not_read() {
        for state in ["Pending", "Running", "Paused", "Retry"] {
            assert_eq!(
                read(&json!({ "State": state, "Progress": 10 }), 10),
                JobState::Open
            );
        }
    }
}
