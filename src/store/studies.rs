//! Studies: those that rules take whole (`"Scope": "Study"`), since an instance of them has matched.
//!
//! Invariants:
//! - That a study is taken is written with the items of the instance that matched, and with it that a look back at what
//!   Orthanc has of the study is owed. What is owed is owed until it is paid, whatever ends the process.
//! - Only arrival writes here, from one thread.

use super::Result;
use crate::item::Timestamp;

/// A study, and a rule that takes all of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct TakenStudy {
    /// Orthanc identifier.
    pub study: String,
    /// Key of the rule.
    pub rule: String,
}

/// For arrival.
pub trait Studies: Send + Sync {
    /// Which of these studies are taken, and by which rules.
    fn taken(&self, studies: &[&str]) -> Result<Vec<TakenStudy>>;
    /// Those at which a look back is owed to one of these rules, the one taken first first.
    fn owed(&self, rules: &[&str], limit: u32) -> Result<Vec<TakenStudy>>;
    /// The look back at these is paid.
    fn looked_back(&self, studies: &[TakenStudy]) -> Result<()>;
    /// All that are taken, in their order, from the one after this on; since when each is.
    fn taken_after(&self, last: &TakenStudy, limit: u32) -> Result<Vec<(TakenStudy, Timestamp)>>;
    /// These are taken no more.
    fn forget(&self, studies: &[TakenStudy]) -> Result<()>;
    /// When an item was made last because this instance had arrived: not because a person asked for it, nor because
    /// of another instance of its study. `None`: never, or it is pruned.
    fn arrived(&self, study: &str, instance: &str) -> Result<Option<Timestamp>>;
}
