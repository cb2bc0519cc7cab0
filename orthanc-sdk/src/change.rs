//! What `on_change` reports.

use crate::raw;

/// A kind of change (`OrthancPluginChangeType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeType {
    /// A series is complete.
    CompletedSeries,
    /// A resource was deleted.
    Deleted,
    /// A resource has a new child instance.
    NewChildInstance,
    /// An instance was stored for the first time.
    NewInstance,
    /// The first instance of a patient was stored.
    NewPatient,
    /// The first instance of a series was stored.
    NewSeries,
    /// The first instance of a study was stored.
    NewStudy,
    /// No instance came for this patient for `StableAge` seconds.
    StablePatient,
    /// No instance came for this series for `StableAge` seconds.
    StableSeries,
    /// No instance came for this study for `StableAge` seconds. Never repeated after a crash.
    StableStudy,
    /// REST, DICOM and HTTP are up.
    OrthancStarted,
    /// Orthanc is about to stop: make no new REST call. Callbacks can still arrive.
    OrthancStopped,
    /// A custom attachment has changed.
    UpdatedAttachment,
    /// Custom metadata has changed.
    UpdatedMetadata,
    /// The list of Orthanc peers has changed.
    UpdatedPeers,
    /// The list of DICOM modalities has changed.
    UpdatedModalities,
    /// A job was submitted; the resource is the job's id.
    JobSubmitted,
    /// A job has succeeded; the resource is the job's id.
    JobSuccess,
    /// A job has failed; the resource is the job's id.
    JobFailure,
    /// A kind that a newer Orthanc knows, by its number.
    Other(u32),
}

impl ChangeType {
    pub(crate) fn from_raw(raw: u32) -> Self {
        match raw as raw::OrthancPluginChangeType {
            raw::OrthancPluginChangeType_CompletedSeries => Self::CompletedSeries,
            raw::OrthancPluginChangeType_Deleted => Self::Deleted,
            raw::OrthancPluginChangeType_NewChildInstance => Self::NewChildInstance,
            raw::OrthancPluginChangeType_NewInstance => Self::NewInstance,
            raw::OrthancPluginChangeType_NewPatient => Self::NewPatient,
            raw::OrthancPluginChangeType_NewSeries => Self::NewSeries,
            raw::OrthancPluginChangeType_NewStudy => Self::NewStudy,
            raw::OrthancPluginChangeType_StablePatient => Self::StablePatient,
            raw::OrthancPluginChangeType_StableSeries => Self::StableSeries,
            raw::OrthancPluginChangeType_StableStudy => Self::StableStudy,
            raw::OrthancPluginChangeType_OrthancStarted => Self::OrthancStarted,
            raw::OrthancPluginChangeType_OrthancStopped => Self::OrthancStopped,
            raw::OrthancPluginChangeType_UpdatedAttachment => Self::UpdatedAttachment,
            raw::OrthancPluginChangeType_UpdatedMetadata => Self::UpdatedMetadata,
            raw::OrthancPluginChangeType_UpdatedPeers => Self::UpdatedPeers,
            raw::OrthancPluginChangeType_UpdatedModalities => Self::UpdatedModalities,
            raw::OrthancPluginChangeType_JobSubmitted => Self::JobSubmitted,
            raw::OrthancPluginChangeType_JobSuccess => Self::JobSuccess,
            raw::OrthancPluginChangeType_JobFailure => Self::JobFailure,
            _ => Self::Other(raw),
        }
    }

    /// The number in `OrthancPluginChangeType`.
    pub fn number(self) -> u32 {
        let number = match self {
            Self::CompletedSeries => raw::OrthancPluginChangeType_CompletedSeries,
            Self::Deleted => raw::OrthancPluginChangeType_Deleted,
            Self::NewChildInstance => raw::OrthancPluginChangeType_NewChildInstance,
            Self::NewInstance => raw::OrthancPluginChangeType_NewInstance,
            Self::NewPatient => raw::OrthancPluginChangeType_NewPatient,
            Self::NewSeries => raw::OrthancPluginChangeType_NewSeries,
            Self::NewStudy => raw::OrthancPluginChangeType_NewStudy,
            Self::StablePatient => raw::OrthancPluginChangeType_StablePatient,
            Self::StableSeries => raw::OrthancPluginChangeType_StableSeries,
            Self::StableStudy => raw::OrthancPluginChangeType_StableStudy,
            Self::OrthancStarted => raw::OrthancPluginChangeType_OrthancStarted,
            Self::OrthancStopped => raw::OrthancPluginChangeType_OrthancStopped,
            Self::UpdatedAttachment => raw::OrthancPluginChangeType_UpdatedAttachment,
            Self::UpdatedMetadata => raw::OrthancPluginChangeType_UpdatedMetadata,
            Self::UpdatedPeers => raw::OrthancPluginChangeType_UpdatedPeers,
            Self::UpdatedModalities => raw::OrthancPluginChangeType_UpdatedModalities,
            Self::JobSubmitted => raw::OrthancPluginChangeType_JobSubmitted,
            Self::JobSuccess => raw::OrthancPluginChangeType_JobSuccess,
            Self::JobFailure => raw::OrthancPluginChangeType_JobFailure,
            Self::Other(number) => number as raw::OrthancPluginChangeType,
        };
        number as u32
    }
}

/// The level of a resource (`OrthancPluginResourceType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResourceType {
    /// A patient.
    Patient,
    /// A study.
    Study,
    /// A series.
    Series,
    /// An instance.
    Instance,
    /// The change is not about a DICOM resource (jobs, start and stop).
    None,
    /// A level that a newer Orthanc knows, by its number.
    Other(u32),
}

impl ResourceType {
    pub(crate) fn from_raw(raw: u32) -> Self {
        match raw as raw::OrthancPluginResourceType {
            raw::OrthancPluginResourceType_Patient => Self::Patient,
            raw::OrthancPluginResourceType_Study => Self::Study,
            raw::OrthancPluginResourceType_Series => Self::Series,
            raw::OrthancPluginResourceType_Instance => Self::Instance,
            raw::OrthancPluginResourceType_None => Self::None,
            _ => Self::Other(raw),
        }
    }

    /// The number in `OrthancPluginResourceType`.
    pub fn number(self) -> u32 {
        let number = match self {
            Self::Patient => raw::OrthancPluginResourceType_Patient,
            Self::Study => raw::OrthancPluginResourceType_Study,
            Self::Series => raw::OrthancPluginResourceType_Series,
            Self::Instance => raw::OrthancPluginResourceType_Instance,
            Self::None => raw::OrthancPluginResourceType_None,
            Self::Other(number) => number as raw::OrthancPluginResourceType,
        };
        number as u32
    }
}

/// One event of `on_change`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What happened.
    pub kind: ChangeType,
    /// The level of the resource.
    pub resource_type: ResourceType,
    /// The Orthanc identifier of the resource; for job events the job's id; `None` where there is none.
    pub resource: Option<String>,
}
