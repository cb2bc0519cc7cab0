//! Whether a receiver has what it acknowledged: what it is asked, and what it says.
//!
//! Invariant: only what the receiver says of this very instance is an answer. Silence, a fault on the way, and an
//! answer that does not fit are [`Answer::NotYet`].
//!
//! Who is asked is told from another one by host and port, as for what may be deleted (`retention::leads`). Not by the
//! AET: that is corrected where it was wrong, and the archive is the same.

pub mod known;
pub mod report;

pub use crate::item::Answer;
use crate::item::{Ids, Means, Outcome, SentSeries};

/// An instance that was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// As Orthanc has it.
    pub ids: Ids,
    /// The SOP Instance UID that was sent, where it is not its own.
    pub sent_as: Option<String>,
    /// What was told of its series when it was sent.
    pub series: Option<SentSeries>,
}

impl Asked {
    /// The SOP Instance UID that the receiver knows it by.
    pub fn sop_instance_uid(&self) -> &str {
        self.sent_as
            .as_deref()
            .unwrap_or(&self.ids.sop_instance_uid)
    }

    /// Why the receiver at this address (host and port; empty: not known) is not asked for it: it went to another one.
    pub fn elsewhere(&self, address: &str) -> Option<String> {
        let target = self.series.as_ref().map(|series| series.target.as_str());
        let target = target.filter(|target| !target.is_empty() && !address.is_empty())?;
        (target != address).then(|| {
            format!("it was delivered to {target}, and the destination leads to {address} now")
        })
    }
}

/// What a receiver is asked.
pub struct Question<'a> {
    pub by: Means,
    /// Of storage commitment: the transaction that was begun for exactly these instances, whose report is looked for.
    /// `None`: one is begun.
    pub transaction: Option<&'a str>,
    /// As of a batch: see [`crate::transport::Batch`].
    pub local_aet: Option<&'a str>,
    /// The same.
    pub timeout: Option<u32>,
    /// Of one study, at most 100.
    pub instances: &'a [Asked],
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    /// The transaction that is open now. `None`: there is none (any more), and the next question begins one.
    pub transaction: Option<String>,
    /// One for each instance, in the question's order.
    pub each: Vec<Answer>,
    /// What this tells of the destination as a whole: it cannot be reached, or the association was lost.
    pub trouble: Option<Outcome>,
}

impl Answers {
    /// Nothing certain of any of so many instances, for this reason.
    pub fn none(count: usize, why: &str) -> Answers {
        Answers {
            transaction: None,
            each: vec![Answer::NotYet(why.to_owned()); count],
            trouble: None,
        }
    }
}
