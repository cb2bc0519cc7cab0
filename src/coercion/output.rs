//! What is sent as another patient's or study's, remembered before it is: should it come back, it is known.

use std::collections::HashSet;

use parking_lot::Mutex;
use sendqueue_dicom::{Elements, Tag};

use super::NotChanged;
use super::place::read;
use crate::item::{Item, Timestamp};
use crate::store::Outputs;

/// Most outputs that are kept in memory.
const MOST: usize = 5000;

/// Those that were remembered lately, so that not each instance of a study is a write: as sent, as stored.
#[derive(Default)]
pub struct Told(Mutex<HashSet<(String, String)>>);

impl Told {
    /// To be called before an instance is sent with this data set. `renamed`: its SOP Instance UID as sent, if that is
    /// not its own.
    ///
    /// # Errors
    /// It could not be written down.
    pub fn tell(
        &self,
        store: &dyn Outputs,
        item: &Item,
        sent: &Elements<'_>,
        renamed: Option<&str>,
        now: Timestamp,
    ) -> Result<(), NotChanged> {
        let study = study_id(sent)?;
        if study == item.ids.study && renamed.is_none() {
            return Ok(());
        }
        let pair = (study, item.ids.study.clone());
        if renamed.is_none() && self.0.lock().contains(&pair) {
            return Ok(());
        }
        store
            .remember_output(&pair.0, &pair.1, renamed, now)
            .map_err(|error| NotChanged::NotNow(error.to_string()))?;
        let mut told = self.0.lock();
        if told.len() >= MOST {
            told.clear();
        }
        told.insert(pair);
        Ok(())
    }
}

/// The identifier that Orthanc (1.10.1 to 1.13.0) gives to the study of a data set: SHA-1 of Patient ID and Study
/// Instance UID in UTF-8, without blanks around them, with `|` between. A Patient ID that is missing is an empty one.
///
/// # Errors
/// One of them cannot be read.
pub fn study_id(root: &Elements<'_>) -> Result<String, NotChanged> {
    let text = |tag: Tag| -> Result<String, NotChanged> {
        let Some(element) = root.get(tag) else {
            return Ok(String::new());
        };
        let charset = super::place::charset(root, None)?;
        let text = read(element, &charset).map_err(|why| super::place::impossible("", tag, why))?;
        // As far as its first NUL, and what C calls blank.
        let text = text.split('\0').next().unwrap_or_default();
        let blank = |c: char| matches!(c, ' ' | '\t'..='\r');
        Ok(text.trim_matches(blank).to_owned())
    };
    let whole = format!(
        "{}|{}",
        text(Tag::PATIENT_ID)?,
        text(Tag::STUDY_INSTANCE_UID)?
    );
    let hash = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, whole.as_bytes());
    let parts = hash.as_ref().chunks(4).map(|part| {
        let digits = part.iter().map(|byte| format!("{byte:02x}"));
        digits.collect::<String>()
    });
    Ok(parts.collect::<Vec<String>>().join("-"))
}
