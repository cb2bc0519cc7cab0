//! `Deidentifications`.

use serde_json::Value;

/// An entry of `Deidentifications`.
#[derive(Debug, Clone)]
pub struct Deidentification {
    pub name: String,
    /// As it stands in the configuration, with what it refers to.
    pub written: Value,
}

impl PartialEq for Deidentification {
    /// So a reload sees a change.
    fn eq(&self, other: &Deidentification) -> bool {
        self.name == other.name && self.written == other.written
    }
}
