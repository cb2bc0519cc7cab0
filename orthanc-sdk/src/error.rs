//! What can go wrong in a call to Orthanc.

/// A call to Orthanc that did not give what was asked. Each variant says what the reader can do about it.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Orthanc refused or failed the call. Nothing is known beyond the code; for a job, `/jobs/{id}` says more.
    #[error("Orthanc refused the call: {description} (error code {code})")]
    Code {
        /// Orthanc's error code (`OrthancPluginErrorCode`), for instance 9: network protocol, 17: unknown resource,
        /// 2015: no presentation context accepted.
        code: i32,
        /// Orthanc's own words for the code.
        description: String,
    },
    /// The REST API answered, but not with a 2xx status. Only from the calls that want JSON back.
    #[error("Orthanc's REST API answered HTTP status {status}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// The body of the answer, often empty.
        body: Vec<u8>,
    },
    /// The answer is not JSON. An empty answer is not JSON either: Orthanc gives one when it is stopped in the middle
    /// of a synchronous call.
    #[error("Orthanc's answer is not valid JSON: {0}")]
    BadJson(#[from] serde_json::Error),
    /// The plugin is not initialized, or was finalized since this `Host` was made. Stop what you are doing.
    #[error("the plugin is not loaded in Orthanc (any more)")]
    HostGone,
    /// The arguments cannot be handed to Orthanc: an interior NUL, more than 4 GiB, a lossy transfer syntax. Nothing
    /// was called.
    #[error("bad argument: {0}")]
    BadArgument(String),
    /// All [`MAX_ROUTES`](crate::MAX_ROUTES) routes are taken. Register fewer patterns, each for more URIs.
    #[error("too many REST routes: a plugin can register at most {limit}")]
    TooManyRoutes {
        /// How many routes a plugin can have.
        limit: usize,
    },
}

impl CallError {
    /// Orthanc's error code, if the host itself refused the call.
    pub fn code(&self) -> Option<i32> {
        match self {
            Self::Code { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Whether it says that Orthanc does not have the resource (any more).
    pub fn is_unknown_resource(&self) -> bool {
        matches!(self, Self::Status { status: 404, .. }) || self.code() == Some(17)
    }
}
