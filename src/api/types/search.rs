//! `GET /sendqueue/search`.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

named! {
    #[derive(Debug, Deserialize, IntoParams)]
    #[into_params(parameter_in = Query)]
    pub struct SearchQuery {
        /// Item number, Orthanc identifier or DICOM UID of any level, accession number, patient ID or its beginning,
        /// part of a patient's name. 1 to 200 characters with a letter or a digit among them. `*` and `?` are
        /// wildcards. No backslash, no control characters.
        #[param(required = true, min_length = 1, max_length = 200)]
        q as "q": String,
    }
}

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct SearchResult {
    pub level: SearchLevel,
    /// Orthanc identifier; of an item its number.
    #[serde(rename = "ID")]
    pub id: String,
    /// What of it is like the text.
    pub matched: SearchMatch,
    /// It is the text itself but for capitals, and not a part of it.
    pub exact: bool,
    /// Orthanc identifier of its study; null: a patient.
    #[schema(required = true)]
    pub study: Option<String>,
    /// Whether Orthanc has it still.
    pub in_orthanc: bool,
    pub tags: SearchTags,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub enum SearchLevel {
    Patient,
    Study,
    Series,
    Instance,
    Item,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub enum SearchMatch {
    Item,
    #[serde(rename = "OrthancID")]
    OrthancId,
    Uid,
    AccessionNumber,
    #[serde(rename = "PatientID")]
    PatientId,
    PatientName,
}

/// Of the study and its patient, as far as Orthanc tells it. Text from outside: data, never markup.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct SearchTags {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient_name: Option<String>,
    #[serde(rename = "PatientID", skip_serializing_if = "Option::is_none")]
    pub patient_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub study_description: Option<String>,
    /// `20261120`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub study_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accession_number: Option<String>,
    /// Those of its series, with a backslash between them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modalities_in_study: Option<String>,
}
