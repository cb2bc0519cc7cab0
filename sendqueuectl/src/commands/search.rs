//! From what is known of a study to Orthanc's identifier, by the server's own search.

use std::process::ExitCode;

use serde_json::Value;

use super::{Done, Failed, Session, list};
use crate::client::ClientError;
use crate::exit::End;
use crate::show::{field, plain, say, table};

impl Session<'_> {
    pub(super) fn search(&self, text: &str) -> Done {
        let (found, is_all) = self.found(text)?;
        if !self.raw(&found) {
            if list(&found).is_empty() {
                let why = match is_all {
                    true => "",
                    false => {
                        ", but Orthanc did not look at everything (LimitFindResults): a longer text, or an ID, may find it"
                    }
                };
                say!("nothing is found{why}");
            } else {
                let rows: Vec<Vec<String>> = list(&found).iter().map(row).collect();
                table(
                    &[
                        "LEVEL",
                        "ID",
                        "DATE",
                        "MODALITY",
                        "PATIENT ID",
                        "PATIENT NAME",
                        "ACCESSION",
                        "DESCRIPTION",
                        "",
                    ],
                    &rows,
                );
            }
        }
        if !is_all && !list(&found).is_empty() {
            eprintln!("sendqueuectl: there may be more of them: give a longer text");
        }
        Ok(match list(&found) {
            [] => End::NotFound.into(),
            _ => ExitCode::SUCCESS,
        })
    }

    /// What a UID or an accession number names, by Orthanc's identifier. A UID that names nothing is given back as it
    /// is: the queue may know what Orthanc has no more.
    ///
    /// # Errors
    /// Where it names several, or where it may, or nothing.
    pub(super) fn resource(&self, text: &str) -> Result<String, Failed> {
        self.named(text, "ID")
    }

    /// The same, of the study that this is, or is of.
    pub(super) fn study_of(&self, text: &str) -> Result<String, Failed> {
        self.named(text, "Study")
    }

    fn named(&self, text: &str, key: &str) -> Result<String, Failed> {
        if is_orthanc_id(text) {
            return Ok(text.to_owned());
        }
        let (found, is_all) = self.found(text)?;
        let is_named = |one: &&Value| {
            let matched = one["Matched"].as_str().unwrap_or_default();
            one["Exact"] == true && matches!(matched, "OrthancID" | "Uid" | "AccessionNumber")
        };
        let named: Vec<&Value> = list(&found).iter().filter(is_named).collect();
        let mut ids: Vec<String> = named.iter().map(|one| field(one, key)).collect();
        ids.retain(|id| !id.is_empty());
        ids.sort_unstable();
        ids.dedup();
        // What is not in the answer may have the same number. Of an ID or UID there is one.
        let by_number = |one: &&Value| one["Matched"] == "AccessionNumber";
        let is_sure = match named.is_empty() {
            true => is_uid(text),
            false => !named.iter().any(by_number),
        };
        if !is_all && !is_sure {
            let known = match ids.as_slice() {
                [] => "nothing is found".to_owned(),
                ids => format!("found: {}", ids.join(", ")),
            };
            return Err(Failed::Use(format!(
                "{}: {known}; but Orthanc did not look at everything (LimitFindResults), so there may be others: give the ID or the DICOM UID of the one that is meant",
                plain(text)
            )));
        }
        match ids.as_slice() {
            [] if is_uid(text) => Ok(text.to_owned()),
            [] => Err(ClientError::NotFound(format!(
                "nothing is known as {text:?}: it is no ID of Orthanc, DICOM UID or accession number of what Orthanc has"
            ))
            .into()),
            [id] => Ok(id.clone()),
            _ => {
                let lines = named
                    .iter()
                    .map(|one| format!("\n  {}", row(one).join("  ")));
                Err(Failed::Use(format!(
                    "{} names {} of them; give the ID of the one that is meant:{}",
                    plain(text),
                    ids.len(),
                    lines.collect::<String>()
                )))
            }
        }
    }

    fn found(&self, text: &str) -> Result<(Value, bool), Failed> {
        Ok(self.client.get_some("/search", &[("q", text.to_owned())])?)
    }
}

fn row(one: &Value) -> Vec<String> {
    let tags = &one["Tags"];
    let date = field(tags, "StudyDate");
    let date = match (date.get(0..4), date.get(4..6), date.get(6..8)) {
        (Some(year), Some(month), Some(day)) => format!("{year}-{month}-{day}"),
        _ => date,
    };
    let gone = match one["InOrthanc"] == false {
        true => "no longer in Orthanc",
        false => "",
    };
    vec![
        field(one, "Level"),
        field(one, "ID"),
        date,
        field(tags, "ModalitiesInStudy").replace('\\', ","),
        field(tags, "PatientID"),
        field(tags, "PatientName"),
        field(tags, "AccessionNumber"),
        field(tags, "StudyDescription"),
        gone.to_owned(),
    ]
}

/// As a DICOM UID is (PS3.5 9.1): one that only the queue knows is not in the answer.
pub(super) fn is_uid(text: &str) -> bool {
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.contains('.') && text.split('.').all(is_digits)
}

/// Eight digits five times, hexadecimal: the server need not be asked.
pub(super) fn is_orthanc_id(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_part =
        |part: &&str| part.len() == 8 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    parts.len() == 5 && parts.iter().all(is_part)
}
