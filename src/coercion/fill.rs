//! Templates, filled.

use sendqueue_dicom::{Elements, Tag};

use super::place::value;
use super::{About, Memory, NotChanged, Number, once};
use crate::config::coercion::{From, Part, Template};

/// Where values come from that are not in the data set. What is of the study's sender is decided once for it.
pub trait Values {
    fn about(&self) -> &About<'_>;
    fn memory(&self) -> &dyn Memory;
    /// `{lookup}`.
    fn lookup(&self, column: Option<&str>) -> Result<String, NotChanged>;
    /// 32 bytes that stand for this value of this issuer.
    fn hash(&self, value: &str, issuer: &str) -> [u8; 32];

    fn source(&self) -> Result<String, NotChanged> {
        once(self.memory(), "source", || self.about().source())
    }

    fn remote_aet(&self) -> Result<String, NotChanged> {
        once(self.memory(), "remote", || self.about().remote_aet())
    }

    fn called_aet(&self) -> Result<String, NotChanged> {
        once(self.memory(), "called", || self.about().called_aet())
    }
}

/// The text that comes of a template for this data set.
pub fn fill(
    template: &Template,
    root: &Elements<'_>,
    values: &dyn Values,
) -> Result<String, NotChanged> {
    let mut text = String::new();
    for part in &template.parts {
        match part {
            Part::Text(plain) => text.push_str(plain),
            Part::Value(from, filters) => {
                let found = one(from, root, values)?;
                let filtered = filters
                    .iter()
                    .fold(found, |found, filter| filter.apply(&found));
                text.push_str(&filtered);
            }
        }
    }
    Ok(text)
}

fn one(from: &From, root: &Elements<'_>, values: &dyn Values) -> Result<String, NotChanged> {
    match from {
        From::Tag(path, _) => Ok(value(path, root)?.unwrap_or_default()),
        From::Hash(path, _, length) => match value(path, root)? {
            Some(found) if !found.is_empty() => {
                let hash = values.hash(&found, &issuer(root, values)?);
                let digits = hash.iter().map(|byte| format!("{byte:02X}"));
                Ok(digits.collect::<String>().chars().take(*length).collect())
            }
            _ => Ok(String::new()),
        },
        From::Serial(serial, width) => {
            let Number { prefix, digits } = values.memory().serial(serial)?;
            let missing = width.saturating_sub(digits.len());
            // In a preview it is no number.
            let zeros = if digits.starts_with('(') { 0 } else { missing };
            Ok(format!("{prefix}{}{digits}", "0".repeat(zeros)))
        }
        From::Source => values.source(),
        From::RemoteAet => values.remote_aet(),
        From::CalledAet => values.called_aet(),
        From::Lookup(column) => values.lookup(column.as_deref()),
    }
}

/// Whose numbers the patient's are: as the data set says, else the source; else nobody's in particular. The same number
/// of two hospitals is of two people. Of a study the first instance says it: a report that names the issuer, among
/// images that do not, is of the same person.
pub(super) fn issuer(root: &Elements<'_>, values: &dyn Values) -> Result<String, NotChanged> {
    once(values.memory(), "issuer", || of_instance(root, values))
}

fn of_instance(root: &Elements<'_>, values: &dyn Values) -> Result<String, NotChanged> {
    let has_issuer = root.get(Tag::ISSUER_OF_PATIENT_ID);
    if has_issuer.is_some_and(|element| !element.is_empty()) {
        let path = sendqueue_dicom::path::Path::parse("IssuerOfPatientID", &|_| None);
        if let Some(issuer) = path
            .ok()
            .map(|path| value(&path, root))
            .transpose()?
            .flatten()
        {
            return Ok(issuer);
        }
    }
    match values.about().sources.is_empty() {
        false => values.source(),
        true => Ok(String::new()),
    }
}
