//! What Orthanc has, and its deletion there.
//!
//! Invariants:
//! - An error, or an answer that is none, never passes for "Orthanc does not have it".
//! - What is deleted is one instance by Orthanc's own identifier, and nothing else. Never
//!   `/storage-commitment/…/remove`: it takes each instance with that SOP Instance UID, also of other patients.

use std::collections::BTreeSet;

use orthanc_sdk::{CallError, Client};
use serde_json::{Value, json};

use super::study::Held;
use crate::item::Timestamp;
use crate::item::safe::Content;

/// For whoever asks and deletes; times of reception are the machine's.
pub trait Orthanc: Send + Sync {
    /// The instances of a study; none: Orthanc does not have it.
    fn instances(&self, study: &str) -> Result<Vec<Held>, CallError>;
    /// One instance with the digest that Orthanc keeps of its file; `None`: Orthanc does not have it.
    fn instance(&self, id: &str) -> Result<Option<Held>, CallError>;
    /// Whether somebody attached a file to a study, to its patient, or to a series or an instance of it.
    fn is_attached(&self, study: &str, held: &[Held]) -> Result<bool, CallError>;
    /// How many instances have this SOP Instance UID, wherever they are.
    fn of_uid(&self, uid: &str) -> Result<usize, CallError>;
    fn delete(&self, id: &str) -> Result<(), CallError>;
}

/// Attachments that nobody misses: of Orthanc itself, and what its DICOMweb plugin makes of a series for viewers.
const OWN: [&str; 4] = ["dicom", "dicom-as-json", "dicom-until-pixel-data", "4301"];

impl Orthanc for Client {
    /// `POST /tools/bulk-content` (Orthanc 1.9.4), which leaves out what it does not have.
    fn instances(&self, study: &str) -> Result<Vec<Held>, CallError> {
        let asked = json!({ "Resources": [study], "Level": "Instance", "Metadata": true });
        let answer = self.post_json("/tools/bulk-content", &asked)?;
        // Anything else must not pass for an answer without instances.
        let found: Vec<Value> = serde_json::from_value(answer)?;
        found.iter().map(held).collect()
    }

    fn instance(&self, id: &str) -> Result<Option<Held>, CallError> {
        let asked = json!({ "Resources": [id], "Metadata": true });
        let answer = self.post_json("/tools/bulk-content", &asked)?;
        let found: Vec<Value> = serde_json::from_value(answer)?;
        let Some(found) = found.first() else {
            return Ok(None);
        };
        let mut held = held(found)?;
        // Where Orthanc keeps none (`StoreMD5ForAttachments`), the file's identifier says enough.
        let digest = self.get(&format!("/instances/{id}/attachments/dicom/md5"));
        if let Ok(answer) = digest {
            let text = String::from_utf8_lossy(&answer.body);
            let text = text.trim_matches(['"', ' ', '\r', '\n']);
            held.content.digest =
                (answer.is_success() && !text.is_empty()).then(|| text.to_owned());
        }
        Ok(Some(held))
    }

    fn is_attached(&self, study: &str, held: &[Held]) -> Result<bool, CallError> {
        let patient = self.get_json(&format!("/studies/{study}"))?;
        let patient = text(patient.get("ParentPatient"))?;
        let mut uris = vec![format!("/patients/{patient}"), format!("/studies/{study}")];
        let series: BTreeSet<&str> = held.iter().map(|one| one.series.as_str()).collect();
        uris.extend(series.iter().map(|id| format!("/series/{id}")));
        uris.extend(held.iter().map(|one| format!("/instances/{}", one.id)));
        for uri in uris {
            let answer = self.get_json(&format!("{uri}/attachments"))?;
            let names: Vec<String> = serde_json::from_value(answer)?;
            if !names.iter().all(|name| OWN.contains(&name.as_str())) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn of_uid(&self, uid: &str) -> Result<usize, CallError> {
        let found = self.post("/tools/lookup", uid.as_bytes())?.json()?;
        let found: Vec<Value> = serde_json::from_value(found)?;
        let instances = found.iter().filter(|one| one["Type"] == "Instance");
        Ok(instances.count())
    }

    fn delete(&self, id: &str) -> Result<(), CallError> {
        let answer = Client::delete(self, &format!("/instances/{id}"))?;
        match answer.is_success() {
            true => Ok(()),
            false => Err(CallError::Status {
                status: answer.status,
                body: answer.body,
            }),
        }
    }
}

/// What must be there.
fn text(value: Option<&Value>) -> Result<String, CallError> {
    let found = value.and_then(Value::as_str).map(str::to_owned);
    found.ok_or_else(|| {
        let why = serde::de::Error::custom("a resource without what each one has");
        CallError::BadJson(why)
    })
}

fn held(described: &Value) -> Result<Held, CallError> {
    let tags = described.get("MainDicomTags");
    let received = (described.get("Metadata"))
        .and_then(|metadata| metadata.get("ReceptionDate")?.as_str())
        .and_then(Timestamp::parse_orthanc);
    Ok(Held {
        id: text(described.get("ID"))?,
        series: text(described.get("ParentSeries"))?,
        sop_instance_uid: text(tags.and_then(|tags| tags.get("SOPInstanceUID")))?,
        content: Content {
            file: text(described.get("FileUuid"))
                .ok()
                .filter(|file| !file.is_empty()),
            digest: None,
        },
        size_bytes: described
            .get("FileSize")
            .and_then(Value::as_u64)
            .unwrap_or(0),
        received,
    })
}

/// Of the disk of a folder, how much is free, in percent; `None`: the system does not tell.
#[cfg(unix)]
pub fn free_percent(folder: &std::path::Path) -> Option<f64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    // What only root may use is neither free nor used.
    let all = found.f_blocks.saturating_sub(found.f_bfree) + found.f_bavail;
    (all > 0).then(|| found.f_bavail as f64 * 100.0 / all as f64)
}

#[cfg(not(unix))]
pub fn free_percent(_folder: &std::path::Path) -> Option<f64> {
    None
}
