//! The two ways to a modality, and the words for what is sent and what came of it.
//!
//! Invariants:
//! - A delivery answers for every item of its batch, in the batch's order.
//! - An item is [`Tried::Made`] with a success only if the destination acknowledged that very instance (G2).
//! - Whatever the peer does is data (an [`Outcome`]); nothing here panics on it.

use std::ops::Range;
use std::time::Duration;

use crate::item::{Item, Outcome, SentSeries, Timestamp};

pub mod budget;
pub mod confirm;
mod connect;
pub mod edited;
pub mod missing;
mod modality;
pub mod native;
pub mod pieces;
pub mod rest;
pub mod transcode;

pub use self::modality::{Called, Modality, addresses};

/// Items of one group for one destination, with the same calling AET.
pub struct Batch<'a> {
    /// `Some`: the group has an association to itself, which is kept for it until its end is told.
    pub group: Option<&'a str>,
    /// Calling AET; `None`: whatever Orthanc would use.
    pub local_aet: Option<&'a str>,
    /// Seconds for connecting and for each response; `None`: the modality's, else Orthanc's.
    pub timeout: Option<u32>,
    /// The transfer syntax that images are wanted in; `None`: the stored one where it is taken.
    pub transfer_syntax: Option<&'a str>,
    pub items: &'a [Item],
    /// Which of the items a person has cancelled since; asked after a recall, honoured between instances.
    pub recalled: &'a (dyn Fn() -> Vec<i64> + Sync),
    /// Questions will be asked about what was sent ([`confirm`]): what they need is told with each success.
    pub to_confirm: bool,
    /// Writes down which items, by their indexes, are in hand from now on, and the job of Orthanc that sends them once
    /// it is known; to be called before they are touched, where they are not the first ones without a result. `false`:
    /// it could not be written, and they are not to be sent.
    pub in_hand: &'a (dyn Fn(Range<usize>, Option<&str>) -> bool + Sync),
    /// Takes a result, by the item's index, before the next item is sent; `false`: no other one shall be sent. A
    /// transport that learns its results only at the end does not call it.
    pub told: &'a (dyn Fn(usize, &Tried) -> bool + Sync),
}

/// What happened to one item of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    Made {
        outcome: Outcome,
        /// The SOP Instance UID that was sent, where it is not the item's own.
        sent_as: Option<String>,
        /// Whether what was sent is not the data set that is stored: changed, or converted; `None`: not known.
        altered: Option<bool>,
        /// Of a success, where it was asked for ([`Batch::to_confirm`]): what is known of its series as it was sent.
        series: Option<Box<SentSeries>>,
        started: Timestamp,
        duration: Duration,
    },
    /// Its turn did not come, for the reason that another item of the batch tells.
    NotYet,
    /// Something of ours cannot be used now, for this reason, without which it cannot be changed as it must be: its
    /// turn did not come, and whoever sends waits a moment before he claims anything again.
    NotNow(String),
    /// Orthanc stopped before it told whether it arrived: it stays `Running` until the next start, which ends a job
    /// that Orthanc took up again, and then sends it anew.
    Unknown,
}

/// What came of a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    /// A C-ECHO was answered after this time.
    Answered(Duration),
    /// Something takes connections and says no to a C-ECHO at once: whether it takes a C-STORE only a C-STORE can tell.
    Refused(Outcome),
    /// Nothing is there, or it is silent.
    Silent(Outcome),
}

/// One [`Tried`] for each item of the batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery(pub Vec<Tried>);

/// What is known of a destination's manners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The last delivery was answered.
    Good,
    /// Not heard of since the start.
    Fresh,
    /// The last delivery was interrupted, or not answered in time.
    Suspect,
}

/// The right to send one batch; given back on drop.
pub struct Permit<'a>(#[allow(dead_code)] Option<Box<dyn Held + 'a>>);

trait Held {}
impl<T> Held for T {}

impl<'a> Permit<'a> {
    /// Keeps `held` until the batch is over.
    pub fn new(held: impl Sized + 'a) -> Permit<'a> {
        Permit(Some(Box::new(held)))
    }

    /// For a transport that shares nothing among destinations.
    pub fn free() -> Permit<'a> {
        Permit(None)
    }
}

fn all_after(mut results: Vec<Tried>, count: usize, first: Tried) -> Delivery {
    if results.len() < count {
        results.push(first);
    }
    results.resize(count, Tried::NotYet);
    Delivery(results)
}
