//! `/sendqueue/reload`.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// The section `SendQueue`, as it stands in Orthanc's configuration.
#[derive(ToSchema)]
#[schema(value_type = Object)]
pub struct Section(pub Value);

/// What was taken over.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Reloaded {
    pub source: Source,
    /// What differs from the section that was in force, as paths in it.
    pub changed: Vec<String>,
    /// How many rules there are now.
    pub rules: usize,
    pub destinations: DestinationChanges,
    pub modalities: ModalityChanges,
    /// What is written and not in force before Orthanc is restarted.
    pub needs_restart: Vec<NeedsRestart>,
    /// What a person should know.
    pub warnings: Vec<String>,
}

/// Where the section came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    Files,
    Body,
}

/// Destinations that rules or `Destinations` name.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct DestinationChanges {
    pub added: Vec<String>,
    /// Whose settings are others now.
    pub changed: Vec<String>,
    /// What is queued for them stays queued, and is sent while Orthanc has the modality.
    pub removed: Vec<String>,
}

/// What differs in `DicomModalities`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ModalityChanges {
    /// New in the files, and entered into Orthanc.
    pub added: Vec<String>,
    /// Changed in the files, or removed from them: Orthanc goes on with those that it has.
    pub needs_restart: Vec<String>,
}

/// A key that is read when Orthanc starts.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct NeedsRestart {
    /// `SendQueue.Database`, `DicomAet`.
    pub key: String,
    /// What it was at the start.
    pub in_force: String,
    pub written: String,
}
