//! Retention: what is known of the studies that Orthanc has, for whoever judges which of them may be deleted there, and
//! what was deleted, for ever.
//!
//! Invariants:
//! - Of a study whose lines are open, what became of each item that may have reached a destination is known: of items
//!   that are there, that are gone, and of the files of which they were before.
//! - A deletion is on the disk once [`Retention::begin_deletion`] has returned, and is never removed.

use super::{Page, Result, StudyName};
use crate::item::Timestamp;
use crate::item::safe::Sending;

/// A study that Orthanc may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptStudy {
    /// Grows with the time at which it was known first.
    pub number: i64,
    pub name: StudyName,
    /// The last delivery to each of the destinations that were asked for, in their order; `None`: there was none.
    pub delivered: Vec<Option<Timestamp>>,
}

/// An item of a study, or of another one that goes under the same Study Instance UID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Orthanc's identifier.
    pub instance: String,
    pub is_of_another_study: bool,
    pub size_bytes: u64,
    pub sending: Sending,
}

/// All that is known of what was sent of a study.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    pub known: Vec<Known>,
    /// Of the destinations that were asked for, those to which something was delivered of which only the figures are
    /// left, under the same Study Instance UID or Orthanc's identifier.
    pub sent_before: Vec<String>,
    /// What destinations led to, the last one of each last.
    pub leads: Vec<Lead>,
    /// A rule that takes whole studies has yet to look at what Orthanc has of it.
    pub is_owed: bool,
}

/// What a destination led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lead {
    pub destination: String,
    /// Host and port; empty: not known.
    pub address: String,
    /// Items up to this one may have gone elsewhere.
    pub since: i64,
}

/// A study that is deleted from Orthanc.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDeletion {
    pub name: StudyName,
    pub begun: Timestamp,
    pub instances: u64,
    pub bytes: u64,
    pub is_emergency: bool,
    /// Where it is, with the last delivery to each.
    pub safe: Vec<(String, Timestamp)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// Grows.
    pub id: i64,
    pub new: NewDeletion,
    /// `None`: it goes on, or Orthanc ended amid it.
    pub ended: Option<Timestamp>,
    /// Instances that went.
    pub gone: u64,
    /// What kept the rest.
    pub kept: Option<String>,
}

/// For what deletes studies from Orthanc, and for whoever asks what was deleted.
pub trait Retention: Send + Sync {
    /// The next `limit` studies above the number `after` whose lines are open.
    fn kept_studies(&self, safe: &[String], after: i64, limit: u32) -> Result<Vec<KeptStudy>>;
    /// The one that Orthanc calls so, if its lines are open.
    fn kept_study(&self, safe: &[String], study: &str) -> Result<Option<KeptStudy>>;
    fn history(&self, study: &KeptStudy, safe: &[String]) -> Result<History>;
    /// Of one instance of it, and nothing of other studies.
    fn history_of(&self, study: &KeptStudy, instance: &str) -> Result<History>;
    /// Of several, one by one as they are read: `each` must not take long.
    fn histories(
        &self,
        studies: &[&KeptStudy],
        safe: &[String],
        each: &mut dyn FnMut(&KeptStudy, History),
    ) -> Result<()>;
    /// Tells what destinations lead to (host and port; empty: not known). Of one that led elsewhere, what was queued up
    /// to now may have gone there.
    fn note_leads(&self, leads: &[(String, String)]) -> Result<()>;
    fn begin_deletion(&self, deletion: &NewDeletion) -> Result<i64>;
    /// So many of its instances went so far.
    fn count_deleted(&self, id: i64, gone: u64) -> Result<()>;
    fn end_deletion(&self, id: i64, now: Timestamp, gone: u64, kept: Option<&str>) -> Result<()>;
    /// Those that have not ended.
    fn open_deletions(&self) -> Result<Vec<Deletion>>;
    /// All that is `Some` must fit; `study` is Orthanc's identifier or the Study Instance UID.
    fn deletions(
        &self,
        study: Option<&str>,
        accession: Option<&str>,
        page: Page,
    ) -> Result<Vec<Deletion>>;
}
