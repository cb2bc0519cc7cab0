//! What of the claims is in hand, and what is suspected of having ended the process.
//!
//! A start cannot ask why the process ended. It counts against an item only what can hardly be anything else: the
//! process ended without a clean stop, the item was in hand, and either nothing at all had come to a result since the
//! start or it was sent with nothing beside it. Kills at random moments under load therefore blame nobody, or one item
//! once.

use crate::item::Item;

/// What of a claim is in hand from now on, where it is not what comes first in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hand {
    /// Identifiers of the first and the last item, in the claim's order; of those between, the ones still `Running`
    /// under the claim.
    pub first: i64,
    pub last: i64,
    /// Orthanc's identifier of the job that sends them, once it is known.
    pub job: Option<String>,
}

/// What of a destination is `Pending` and not found by [`super::Pick::MostUrgent`], since it was in hand when the
/// process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldBack {
    Nothing,
    /// One that waits until another such item, of any destination, has its result.
    Single,
    /// One that goes when nothing else is there to be sent, and with nothing beside it.
    Aside,
}

/// After so many sudden ends in a row with an item in hand and nothing else come to a result, it goes behind all others
/// and alone; after [`BLAMED_MOST`] it goes to the error queue.
pub const BLAMED_ASIDE: u32 = 2;
pub const BLAMED_MOST: u32 = 3;
/// The same, where other items did come to a result meanwhile: that alone sends nothing to the error queue.
pub const SEEN_ASIDE: u32 = 3;

/// What was in flight when the process ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Released {
    /// Items that are `Pending` again.
    pub released: u64,
    /// Of these, the ones that from now on go behind all others and alone.
    pub set_aside: Vec<Item>,
    /// Those that went to the error queue.
    pub failed: Vec<Item>,
}
