//! What Orthanc has, and its deletion there.
//!
//! Invariants:
//! - An error, or an answer that is none, never passes for "Orthanc does not have it".
//! - What is deleted is one instance by Orthanc's own identifier, and nothing else. Never
//!   `/storage-commitment/…/remove`: it takes each instance with that SOP Instance UID, also of other patients.

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
    fn delete(&self, id: &str) -> Result<(), CallError>;
}

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

fn held(described: &Value) -> Result<Held, CallError> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let Some(id) = text(described.get("ID")) else {
        let why = serde::de::Error::custom("an instance without ID");
        return Err(CallError::BadJson(why));
    };
    let received = (described.get("Metadata"))
        .and_then(|metadata| metadata.get("ReceptionDate")?.as_str())
        .and_then(Timestamp::parse_orthanc);
    Ok(Held {
        id,
        content: Content {
            file: text(described.get("FileUuid")).filter(|file| !file.is_empty()),
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
