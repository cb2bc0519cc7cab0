//! Journal: how far Orthanc's changes were read, and what is taken in with that.

use std::collections::BTreeSet;

use super::{Heard, Result, Stored, StudyName, TakenStudy};
use crate::item::{Again, Ids, Outcome, Priority, Timestamp};

/// Up to where Orthanc's `/changes` have been turned into items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Sequence number of the last change that was handled (64 bits: Orthanc shows only the lower 32).
    pub seq: i64,
    /// Orthanc's own date of that change (`20261120T235959`), empty if it is not known. It tells after
    /// a power cut whether a sequence number was given out twice.
    pub date: String,
}

/// Numbers of changes below the cursor, without a hole, of which no line was seen: their lines may still appear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    pub first: i64,
    /// At least `first`.
    pub last: i64,
    pub first_seen: Timestamp,
}

/// How far the changes were read: the cursor, and what that makes of the gaps below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    pub cursor: Cursor,
    /// Gaps that are no more, by their first number; removed before `opened` are written.
    pub closed: Vec<i64>,
    pub opened: Vec<Gap>,
}

impl From<Cursor> for Reached {
    /// The gaps stay as they are.
    fn from(cursor: Cursor) -> Reached {
        Reached {
            cursor,
            closed: Vec::new(),
            opened: Vec::new(),
        }
    }
}

/// An item to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewItem {
    pub ids: Ids,
    pub destination: String,
    pub rule: Option<String>,
    pub remote_aet: Option<String>,
    pub priority: Priority,
    /// What is kept together: the Orthanc ID of the instance, series, study or patient.
    pub group: String,
    /// Within its group, and its priority, smaller ones go first; of equal ones those that came first.
    pub place: i64,
    /// `Some`: waits in `Scheduled` until then (quiet period); `None`: `Pending` at once.
    pub not_before: Option<Timestamp>,
    /// When the quiet period that it begins is over at the latest, however many arrivals lengthen it; `None`: nothing
    /// ends it.
    pub latest: Option<Timestamp>,
    /// When it goes to the error queue unsent; `None`: never.
    pub expires: Option<Timestamp>,
    pub size_bytes: u64,
    /// `Some`: goes into the error queue at once, with this outcome.
    pub failed: Option<Outcome>,
    pub reception: Reception,
}

/// Which reception of its instance an item is of. Several items of one (instance, destination) pair differ in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reception {
    /// Identifier of the file that Orthanc stored; `None`: not known.
    pub file: Option<String>,
    /// Digest of what was stored; `None`: not known.
    pub digest: Option<String>,
    /// When Orthanc told that it received the instance again and left the file as it was.
    pub repeated: Option<Timestamp>,
    /// Since when other contents may have been stored before it and were not seen; `None`: none were. Not kept.
    pub unseen_since: Option<Timestamp>,
    /// What becomes of it if the pair has items already.
    pub again: Again,
}

impl Reception {
    /// Whether both are one and the same.
    pub fn is(&self, other: &Reception) -> bool {
        self.file.is_some() && self.file == other.file && self.repeated == other.repeated
    }

    /// Whether both are known to have brought the same content.
    pub fn is_same_content(&self, other: &Reception) -> bool {
        (self.file.is_some() && self.file == other.file)
            || (self.digest.is_some() && self.digest == other.digest)
    }
}

/// How `enqueue` treats an (instance, destination) pair that has an item already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicates {
    /// An arrival: one that still waits (`Scheduled`, `Pending`, `Retry`) will send the newest
    /// content anyway, and is of the newest reception from now on; one that is `Running` may have read the old content,
    /// so a new item is made. Where the newest content is undecided (`NewItem::failed`), one that waits by a rule goes
    /// into the error queue with it. None is made for a reception that has one by a rule, whatever became of it.
    /// Otherwise [`Reception::again`] decides: `Never`: no rule has made an item of the pair; `IfChanged`: the newest
    /// item of the pair was not delivered and is not being delivered, or had another content, or may have delivered one
    /// that was not seen; if Orthanc stored nothing, there must be an item at all.
    Arrival,
    /// An instance that arrived before, and is taken because of another one of its study: as an arrival. The items say
    /// nothing of its own arrival, which may still be to be handled.
    Earlier,
    /// A person's request: one that waits or runs is enough.
    Request,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Enqueued {
    pub enqueued: u64,
    pub already_queued: u64,
    /// Of these, pairs of which an item waited with a lower priority ([`Intake::raises`]).
    pub raised: u64,
    /// Of a request: items of the pairs that were in the error queue before, and stay there.
    pub failed: BTreeSet<i64>,
    /// Which of the items (places in what was given) were made though the pair had some that did not wait any more.
    pub again: Vec<usize>,
    /// Which were not made because of [`Reception::again`].
    pub held_back: Vec<usize>,
    /// Sources that were forgotten because there are too many.
    pub forgotten_sources: u64,
}

/// What one transaction takes in. Made by [`Intake::arrival`], [`Intake::earlier`] or [`Intake::request`].
#[derive(Debug, Clone, Copy)]
pub struct Intake<'a> {
    pub items: &'a [NewItem],
    pub duplicates: Duplicates,
    /// Of a request: what waits with a lower priority gets that of the item.
    pub raises: bool,
    /// Of a request: it named one instance, and is told together with others that do.
    pub is_one_instance: bool,
    /// Studies that are taken whole from now on, with a look back owed to each; what is known of one stays.
    pub taken: &'a [TakenStudy],
    /// The AETs from which something came, each once.
    pub heard: &'a [Heard],
    /// What Orthanc has stored, where others are told of it.
    pub stored: &'a [Stored],
    /// What people call the studies of the items, as far as Orthanc told.
    pub named: &'a [StudyName],
    /// Where reading goes on after a crash; `None`: as before.
    pub reached: Option<&'a Reached>,
}

impl<'a> Intake<'a> {
    /// What Orthanc received.
    pub fn arrival(items: &'a [NewItem]) -> Intake<'a> {
        Intake::of(items, Duplicates::Arrival)
    }

    /// What Orthanc had received before, of a study that is taken whole.
    pub fn earlier(items: &'a [NewItem]) -> Intake<'a> {
        Intake::of(items, Duplicates::Earlier)
    }

    /// What a person asked for.
    pub fn request(items: &'a [NewItem]) -> Intake<'a> {
        Intake::of(items, Duplicates::Request)
    }

    fn of(items: &'a [NewItem], duplicates: Duplicates) -> Intake<'a> {
        Intake {
            items,
            duplicates,
            raises: false,
            is_one_instance: false,
            taken: &[],
            heard: &[],
            stored: &[],
            named: &[],
            reached: None,
        }
    }

    /// The same, and what waits with a lower priority is raised to that of the items.
    pub fn raising(self, raises: bool) -> Intake<'a> {
        Intake { raises, ..self }
    }

    /// The same, as all of a request that named one instance.
    pub fn of_one_instance(self, is_one_instance: bool) -> Intake<'a> {
        Intake {
            is_one_instance,
            ..self
        }
    }

    /// The same, and these studies are taken.
    pub fn taking(self, taken: &'a [TakenStudy]) -> Intake<'a> {
        Intake { taken, ..self }
    }

    /// The same, and it came from these.
    pub fn hearing(self, heard: &'a [Heard]) -> Intake<'a> {
        Intake { heard, ..self }
    }

    /// The same, and others are told of it.
    pub fn telling(self, stored: &'a [Stored]) -> Intake<'a> {
        Intake { stored, ..self }
    }

    /// The same, of studies that people call so.
    pub fn naming(self, named: &'a [StudyName]) -> Intake<'a> {
        Intake { named, ..self }
    }

    /// The same, read up to there.
    pub fn up_to(self, reached: Option<&'a Reached>) -> Intake<'a> {
        Intake { reached, ..self }
    }
}

/// Who is told that there may be something to send: by whoever writes into the store, in this process, or in another
/// one by way of the backend. To be told once too often costs a look; what nobody tells of is found by `Upkeep`'s user
/// within seconds.
pub trait Notifier: Send + Sync {
    /// Something may be ready for this destination.
    fn ready(&self, destination: &str);
    /// Something may become due earlier than known.
    fn timed(&self);
}

/// For arrival, and for requests to send.
pub trait Journal: Send + Sync {
    /// `None`: nothing has ever been reconciled (the very first start).
    fn cursor(&self) -> Result<Option<Cursor>>;
    /// The numbers below the cursor whose lines may still appear, in their order.
    fn gaps(&self) -> Result<Vec<Gap>>;
    /// When this database was made: before the first instance that is ours to forward.
    fn created(&self) -> Result<Timestamp>;
    /// Makes the items, notes the studies that are taken, moves the cursor and changes the gaps below it, in one
    /// transaction.
    fn enqueue(&self, intake: &Intake<'_>, now: Timestamp) -> Result<Enqueued>;
    /// What `enqueue` would answer; nothing is changed.
    fn count_new(&self, intake: &Intake<'_>) -> Result<Enqueued>;
}
