//! Subjects: what `Lookup` finds for a patient, as far as people gave it over REST.
//!
//! Invariants:
//! - What a person was told is done is on the disk.

use super::Result;

/// A row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The values of the key's tags, in their order.
    pub key: Vec<String>,
    /// What is found, by column.
    pub values: Vec<(String, String)>,
}

/// For de-identification, and for what people ask for.
pub trait Subjects: Send + Sync {
    fn subject(&self, list: &str, key: &[String]) -> Result<Option<Vec<(String, String)>>>;
    /// All of them or none; one whose key is there already is replaced. Answers how many are new.
    fn add_subjects(&self, list: &str, subjects: &[Subject]) -> Result<u64>;
    /// Whether it was there.
    fn remove_subject(&self, list: &str, key: &[String]) -> Result<bool>;
    /// In the order in which they were given first, from the one behind `since` on; each with its number.
    fn subjects(&self, list: &str, since: u64, limit: u32) -> Result<Vec<(u64, Subject)>>;
}
