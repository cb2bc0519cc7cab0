//! How items reach a destination: the trait that dispatch works against.
//!
//! Invariants:
//! - A delivery answers for every item of its batch, in the batch's order.
//! - An item is [`Tried::Made`] with a success only if the destination acknowledged that very instance (G2).
//! - Whatever the peer does is data (an [`Outcome`]); a transport never panics on it.

use std::ops::Range;
use std::time::Duration;

use crate::item::{Item, Outcome, Timestamp};

pub mod choice;
mod connect;
mod missing;
pub mod modalities;
pub mod native;
pub mod rest;

/// Items of one group for one destination, with the same calling AET.
pub struct Batch<'a> {
    pub destination: &'a str,
    /// `Some`: the group has an association to itself, which is kept for it until [`Transport::end_group`].
    pub group: Option<&'a str>,
    /// Calling AET; `None`: whatever Orthanc would use.
    pub local_aet: Option<&'a str>,
    /// Seconds for connecting and for each response; `None`: the modality's, else Orthanc's.
    pub timeout: Option<u32>,
    /// The transfer syntax that images are wanted in; `None`: the stored one where it is taken.
    pub transfer_syntax: Option<&'a str>,
    pub items: &'a [Item],
    /// Which of the items a person has cancelled since; asked after [`Transport::recall`], honoured between instances.
    pub recalled: &'a (dyn Fn() -> Vec<i64> + Sync),
    /// Writes down which items, by their indexes, are in hand from now on, and the job of Orthanc that sends them once it is
    /// known; to be called before they are touched, where they are not the first ones without a result. `false`: it could not be
    /// written, and they are not to be sent.
    pub in_hand: &'a (dyn Fn(Range<usize>, Option<&str>) -> bool + Sync),
    /// Takes a result, by the item's index, before the next item is sent; `false`: no other one shall be sent. A transport
    /// that learns its results only at the end does not call it.
    pub told: &'a (dyn Fn(usize, &Tried) -> bool + Sync),
}

/// What happened to one item of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    Made {
        outcome: Outcome,
        started: Timestamp,
        duration: Duration,
    },
    /// Its turn did not come, for the reason that another item of the batch tells.
    NotYet,
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

/// Which transport a destination has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InUse {
    /// `Native` or `Rest`, the configuration's words.
    pub name: &'static str,
    pub reason: String,
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

/// A way to send.
pub trait Transport: Send + Sync {
    /// Waits until the destination may use what all destinations share; asked before items are
    /// claimed, so that what waits here stays `Pending`. `None`: stopping.
    fn admit(&self, _destination: &str, _standing: Standing) -> Option<Permit<'_>> {
        Some(Permit::free())
    }

    /// How many destinations there are to share with.
    fn set_destinations(&self, _count: usize) {}

    /// Whether a destination that does not answer could hold up others: it is then asked by C-ECHO before it
    /// is trusted with a batch.
    fn shares(&self, _destination: &str) -> bool {
        true
    }

    /// Whether it takes its part of the memory budget itself, instance by instance. Else its caller does, for the largest
    /// instance of the batch.
    fn takes_memory(&self, _destination: &str) -> bool {
        false
    }

    /// Which transport is used for a destination, and why, in words.
    fn in_use(&self, _destination: &str) -> InUse {
        InUse {
            name: "Rest",
            reason: String::new(),
        }
    }

    /// Sends the batch over one association where it can. Blocks until all is known.
    fn deliver(&self, batch: &Batch<'_>) -> Delivery;

    /// Releases the association that was kept for a group (PS3.8 7.2), if there is one.
    fn end_group(&self, _destination: &str, _group: &str) {}

    /// One C-ECHO (PS3.7 9.1.5). Uses nothing that destinations share.
    fn probe(&self, destination: &str, timeout: Option<u32>) -> Probe;

    /// A person has cancelled items that are being sent: batches under way ask [`Batch::recalled`].
    fn recall(&self) {}

    /// Called once Orthanc is stopping: ends what is under way as soon as possible, with the truth
    /// about what was acknowledged until then. Does not wait for it.
    fn interrupt(&self);
}

fn all_after(mut results: Vec<Tried>, count: usize, first: Tried) -> Delivery {
    if results.len() < count {
        results.push(first);
    }
    results.resize(count, Tried::NotYet);
    Delivery(results)
}
