//! DICOM UIDs in place of Orthanc's identifiers.
//!
//! Invariant: only what has the form of an identifier or of a UID ever becomes part of what Orthanc is asked.

use orthanc_sdk::CallError;
use serde_json::Value;

use super::Api;
use super::error::ApiError;
use super::input::quoted;
use crate::store::Level;

impl Api {
    /// The Orthanc identifier that `text` stands for: it is one, or a UID that Orthanc knows at this level. A UID that
    /// Orthanc does not know, and anything else, is given back as it is: nothing will be found with it.
    ///
    /// # Errors
    /// 400 (of `field`) for a UID that several resources have: Orthanc keeps them apart by patient (identifiers are
    /// hashes of the patient's identifier too).
    pub(super) fn identifier(
        &self,
        field: &str,
        level: Level,
        text: String,
    ) -> Result<String, ApiError> {
        if !is_uid(&text) {
            return Ok(text);
        }
        let mut found = self.look_up(&text, level)?;
        match found.len() {
            0 => Ok(text),
            1 => Ok(found.remove(0)),
            _ => Err(ApiError::field(
                field,
                quoted(&text),
                &format!(
                    "a UID that is unique; with this one Orthanc has {}",
                    found.join(", ")
                ),
            )),
        }
    }

    pub(super) fn look_up(&self, uid: &str, level: Level) -> Result<Vec<String>, CallError> {
        let word = match level {
            Level::Patient => "Patient",
            Level::Study => "Study",
            Level::Series => "Series",
            Level::Instance => "Instance",
        };
        self.look_up_if(uid, |of| of == word)
    }

    /// Whatever has this UID.
    pub(super) fn look_up_any(&self, uid: &str) -> Result<Vec<String>, CallError> {
        self.look_up_if(uid, |_| true)
    }

    fn look_up_if(
        &self,
        uid: &str,
        is_asked: impl Fn(&str) -> bool,
    ) -> Result<Vec<String>, CallError> {
        let found = self.client.post("/tools/lookup", uid.as_bytes())?.json()?;
        let level = |one: &Value| {
            one.get("Type")
                .and_then(Value::as_str)
                .is_some_and(&is_asked)
        };
        let mut ids: Vec<String> = found
            .as_array()
            .into_iter()
            .flatten()
            .filter(|one| level(one))
            .filter_map(|one| one.get("ID")?.as_str().map(str::to_owned))
            .filter(|id| is_orthanc_id(id))
            .collect();
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }
}

/// Whether `text` has the form of an Orthanc identifier, and so may become part of a path.
pub(super) fn is_orthanc_id(text: &str) -> bool {
    text.len() == 44
        && text.bytes().enumerate().all(|(at, byte)| {
            if at % 9 == 8 {
                byte == b'-'
            } else {
                byte.is_ascii_hexdigit()
            }
        })
}

/// Whether `text` has the form of a DICOM UID (PS3.5 9.1). Leading zeros of a component, which are not allowed, are met
/// in practice.
pub(super) fn is_uid(text: &str) -> bool {
    let part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.len() <= 64 && text.contains('.') && text.split('.').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        assert!(is_orthanc_id(
            "27f7126f-4f66fb14-03f4081b-f9341db2-53925988"
        ));
        assert!(!is_orthanc_id(
            "27f7126f-4f66fb14-03f4081b-f9341db2-5392598/"
        ));
        for uid in ["1.2", "1.2.840.10008.1.2", "1.02.3"] {
            assert!(is_uid(uid), "{uid}");
        }
        let long = format!("1.{}", "2".repeat(63));
        for other in [
            "", "1", ".", "1.", ".1", "1..2", "1.2 ", "1.2/3", "1.a", "../1.2", &long,
        ] {
            assert!(!is_uid(other), "{other}");
        }
    }
}
