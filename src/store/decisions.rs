//! Decisions: what is decided once for a study, and what follows from it for ever.
//!
//! Invariants:
//! - A study is known by its Study Instance UID as Orthanc has it. Orthanc's own identifier changes with a corrected
//!   patient ID.
//! - What was answered once is answered always: the first one counts, and nothing is ever removed.
//! - What is answered is on the disk: a power cut cannot take back what a receiver may have by then. That costs one
//!   sync where something was written since the last one, which callers at the same time share, and nothing elsewhere.
//! - A serial number is given with the row that says to whom, in one transaction: each number once, in their order,
//!   none left out whatever ends the process.

use std::collections::BTreeMap;

use super::Result;
use crate::item::Timestamp;

/// Who got a serial number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serial {
    /// From 1.
    pub number: u64,
    pub study_uid: String,
    pub given: Timestamp,
}

/// How far a serial is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SerialLast {
    pub name: String,
    /// The number that was given last.
    pub last: u64,
}

/// For what changes instances on their way, and for whoever looks.
pub trait Decisions: Send + Sync {
    /// What a recipe decided of a study, by key.
    fn decided(&self, recipe: &str, study_uid: &str) -> Result<BTreeMap<String, String>>;
    /// Decides what is not decided yet. Answers all that holds: for a key that was decided before, what it was then.
    fn decide(
        &self,
        recipe: &str,
        study_uid: &str,
        found: &BTreeMap<String, String>,
        now: Timestamp,
    ) -> Result<BTreeMap<String, String>>;
    /// The number that a study has.
    fn serial(&self, name: &str, study_uid: &str) -> Result<Option<u64>>;
    /// The number that a study has, else the next one: behind the last of this name, and at least `start` (and 1).
    fn issue_serial(&self, name: &str, study_uid: &str, start: u64, now: Timestamp) -> Result<u64>;
    /// Numbers above `since` in their order, of one study or of all.
    fn serials(
        &self,
        name: &str,
        study_uid: Option<&str>,
        since: u64,
        limit: u32,
    ) -> Result<Vec<Serial>>;
    /// Serials of which a number was given, by name.
    fn serial_names(&self) -> Result<Vec<SerialLast>>;
}
