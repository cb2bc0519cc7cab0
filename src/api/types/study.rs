//! Which study something is said of.

use serde::Serialize;
use utoipa::ToSchema;

use crate::store::StudyName;

/// A study, as far as it is known which one it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct StudyNames {
    /// Orthanc identifier of the study.
    pub study: String,
    /// Absent: not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub study_instance_uid: Option<String>,
    /// Absent: the study has none, or it is not known. Text from outside: data, never markup.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub accession_number: Option<String>,
}

impl From<&StudyName> for StudyNames {
    fn from(name: &StudyName) -> StudyNames {
        let known = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        StudyNames {
            study: name.study.clone(),
            study_instance_uid: known(&name.uid),
            accession_number: known(&name.accession),
        }
    }
}
