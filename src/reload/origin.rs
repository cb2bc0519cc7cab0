//! Where the configuration comes from: Orthanc's own files, found by its command line.
//!
//! Orthanc gives plugins the configuration of its start for as long as it runs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Refused;
use crate::config::files;

/// The section of Orthanc's configuration that is ours.
pub const SECTION: &str = "SendQueue";
/// That of the modalities.
pub const MODALITIES: &str = "DicomModalities";

pub struct Origin {
    /// What Orthanc gave at the start.
    given: Value,
    /// The file or folder; `None`: Orthanc was started without one.
    path: Option<PathBuf>,
    /// Orthanc gave something else than what stood there.
    differs: bool,
}

impl Origin {
    /// At the start: `given` is what Orthanc has read, `arguments` is its command line.
    pub fn new(given: Value, arguments: impl IntoIterator<Item = OsString>) -> Origin {
        let path = files::of_command_line(arguments);
        // The working directory may be another one later.
        let path = path.and_then(|path| std::path::absolute(path).ok());
        let found = path.as_deref().map(files::read);
        let differs = match &found {
            Some(Ok(found)) => [SECTION, MODALITIES]
                .iter()
                .any(|key| found.get(key) != given.get(key)),
            // Where there is none, nothing is read later.
            Some(Err(_)) => true,
            None => false,
        };
        Origin {
            given,
            path,
            differs,
        }
    }

    pub fn given(&self) -> &Value {
        &self.given
    }

    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// What stands in the files now.
    ///
    /// # Errors
    /// When there are none, or Orthanc would not start with them.
    pub fn read(&self) -> Result<Value, Refused> {
        let instead = "give the section SendQueue as the body of the request instead";
        let Some(path) = &self.path else {
            return Err(Refused::NoFiles(format!(
                "Orthanc was started without a configuration file: {instead}"
            )));
        };
        files::read(path).map_err(|problem| {
            Refused::NoFiles(format!(
                "Orthanc's configuration cannot be read: {problem}; mend it, or {instead}"
            ))
        })
    }

    /// What is to be known of the files.
    pub fn warning(&self) -> Option<String> {
        let path = self.path.as_ref().filter(|_| self.differs)?;
        Some(format!(
            "when Orthanc started, it had another configuration than what stood in {}: what changes the files before Orthanc reads them has not done so now",
            path.display()
        ))
    }
}
