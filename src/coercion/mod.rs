//! What is sent differs from what is stored: recipes, evaluated for one instance at a time.
//!
//! Invariants:
//! - From the stored original, every time: the same item gives the same bytes, whenever and wherever it is sent.
//! - What cannot be changed as asked is not sent: it is told with the tag and the reason, and nothing is cut.
//! - A study is decided once, and what was decided is on disk before anything of it is sent ([`Memory`]).

use crate::item::Outcome;

/// Who remembers what is decided once for a study: the store; for a preview, nobody.
pub trait Memory {
    /// What holds for the study under this key; `None`: nothing yet.
    fn decided(&self, key: &str) -> Result<Option<String>, NotChanged>;
    /// Decides. Who came first counts: what holds is answered.
    fn decide(&self, key: &str, value: String) -> Result<String, NotChanged>;
    /// The study's number of this serial, in digits; in a preview `(next)`, where it has none yet.
    fn serial(&self, name: &str) -> Result<String, NotChanged>;
}

/// Why an instance is not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotChanged {
    /// It cannot be changed as asked: which tag, and why.
    Impossible(String),
    /// Nothing is known of it yet: a fault of our own, or of Orthanc. It may pass.
    Fault(String),
    /// The instance is no longer in Orthanc.
    Missing(Outcome),
}
