//! `POST /sendqueue/destinations/{name}/preview`.

use serde::Serialize;
use utoipa::ToSchema;

use crate::coercion;

named! {
    #[derive(Debug, Serialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    #[schema(example = json!({ "Instance": "a9d50d4a-ac0a4c5c-ae4f7f10-a4a9d1f0-1fa8a0a1" }))]
    pub struct PreviewQuestion {
        /// Orthanc identifier or SOP Instance UID. Of a study, series or patient one instance is taken.
        instance as "Instance": String,
    }
}

/// What would be sent of an instance.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Preview {
    pub destination: String,
    /// Orthanc identifier of the instance that was taken.
    pub instance: String,
    /// As which it would be sent; not there if it would not be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sop_instance_uid: Option<String>,
    /// In which it would be offered to the receiver; not there if it would not be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub transfer_syntax: Option<String>,
    /// All that would differ from what is stored, in the order of the tags.
    pub changes: Vec<PreviewChange>,
    /// It would be sent as it is stored.
    pub unchanged: bool,
    /// Why it would not be sent but go into the error queue, or wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub problem: Option<String>,
}

/// An element that would differ.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(example = json!({ "Path": "PatientID", "Vr": "LO", "Before": "123", "After": "A-123" }))]
pub struct PreviewChange {
    /// Keywords, or numbers of tags where there are none; of items in sequences with their numbers.
    pub path: String,
    /// Value representation (PS3.5 6.2).
    pub vr: String,
    /// Null: it is not there. Text from DICOM: data, never markup.
    #[schema(required = true)]
    pub before: Option<String>,
    #[schema(required = true)]
    pub after: Option<String>,
}

impl From<coercion::Change> for PreviewChange {
    fn from(change: coercion::Change) -> PreviewChange {
        PreviewChange {
            path: change.path,
            vr: String::from_utf8_lossy(&change.vr.as_bytes()).into_owned(),
            before: change.before,
            after: change.after,
        }
    }
}
