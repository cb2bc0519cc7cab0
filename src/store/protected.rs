//! Patients that are protected in Orthanc while something of them is still to be sent.
//!
//! Invariants:
//! - Whom the queue protects is on record before Orthanc is told: a crash leaves nobody protected for ever.
//! - Nothing of a patient is still to be sent when all its items have come to rest outside of the error queue, and
//!   nothing is still to be confirmed, or was not: that may have to be sent again.

use super::Result;

/// Something of this patient is still to be sent: Orthanc's identifiers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unsent {
    pub patient: String,
    pub study: String,
}

/// A patient whom the queue protects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protected {
    pub patient: String,
    pub is_needed: bool,
}

/// For what protects patients.
pub trait Protections: Send + Sync {
    /// Of whom something is still to be sent, of the next `limit` items above the ID `after`; and the last of these, 0
    /// if there is none.
    fn unsent(&self, after: i64, limit: u32) -> Result<(Vec<Unsent>, i64)>;
    /// Whether this patient is on record.
    fn is_protected(&self, patient: &str) -> Result<bool>;
    /// Puts these patients on record, or other studies of some who are: on the disk, once it has returned.
    fn protect(&self, unsent: &[Unsent]) -> Result<()>;
    /// The next `limit` that are on record, in the order of their identifiers, after this one.
    fn protected(&self, after: &str, limit: u32) -> Result<Vec<Protected>>;
    /// Is on record no more.
    fn unprotect(&self, patient: &str) -> Result<()>;
}
