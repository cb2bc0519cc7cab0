//! Whether a receiver has what it acknowledged: what it is asked, and what it says.
//!
//! Invariant: only what the receiver says of this very instance is an answer. Silence, a fault on the way, and an
//! answer that does not fit are [`Answer::NotYet`].

pub mod known;
pub mod report;

use crate::item::{Ids, Means, Outcome};

/// An instance that was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// As Orthanc has it.
    pub ids: Ids,
    /// The SOP Instance UID that was sent, where it is not its own.
    pub sent_as: Option<String>,
}

impl Asked {
    /// The SOP Instance UID that the receiver knows it by.
    pub fn sop_instance_uid(&self) -> &str {
        self.sent_as
            .as_deref()
            .unwrap_or(&self.ids.sop_instance_uid)
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

/// What it says of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It has it.
    Has,
    /// It has it not, or refuses for good to answer for it: a failure reason of storage commitment (PS3.3 C.14.1.1).
    Denied { status: u16, details: String },
    /// Nothing certain, in words: to be asked again later.
    NotYet(String),
    /// The report of the open transaction has not come.
    Awaited,
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
