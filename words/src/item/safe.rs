//! Whether an instance is safely elsewhere, so that it may be deleted here (G12); and if not, why it stays.
//!
//! Invariants:
//! - [`judge`] answers [`Safety::Safe`] only if each required destination answered status 0000 for the very file that
//!   Orthanc has now, and can have nothing else under the UID that it was sent as.
//! - Nothing is guessed: what is not known is no proof.
//!
//! A file is named by the identifier that Orthanc gives to each one that it stores, and gives to no other. One that
//! was there when its item was queued, and is there now, is what was read in between: no other can have been sent. An
//! equal digest proves less, and is not asked for: between two files of one content there may have been another, which
//! Orthanc overwrote before anybody saw it, and which was sent. A digest that differs is believed.
//!
//! What was being sent when the process ended has no result: it may have been converted, since a receiver may have
//! taken no other encoding then, and it may have gone under another UID, which a recipe has given it. So it counts as
//! altered, and as sent under any UID. Only what was in hand does so, an instance or two of a worker: the store knows
//! which (`store/sqlite/release.rs`). What a stop cut, or a person cancelled meanwhile, is told by its worker.

#[cfg(test)]
mod histories;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

use super::{Class, Confirmation, State, Timestamp};

/// Which content an instance has, or had when it was queued.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Content {
    /// Identifier of the file that Orthanc stored; `None`: not known.
    pub file: Option<String>,
    /// Its MD5; `None`: not known.
    pub digest: Option<String>,
}

impl Content {
    /// Whether both are known to be the same.
    pub fn is(&self, other: &Content) -> bool {
        let differs = |(one, other): (&String, &String)| !one.eq_ignore_ascii_case(other);
        self.file.is_some()
            && self.file == other.file
            && !(self.digest.as_ref().zip(other.digest.as_ref())).is_some_and(differs)
    }
}

/// What is known of an item that is for a destination, or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    /// The same at several destinations: it was redirected.
    pub item: i64,
    pub destination: String,
    /// It is of another instance, which went there under the same SOP Instance UID or is to go.
    pub is_of_another: bool,
    /// The item is gone, is elsewhere now, or is of another file now. What follows is how it was then.
    pub is_past: bool,
    /// Something of it may have come to the destination.
    pub reached: bool,
    pub state: State,
    pub class: Option<Class>,
    pub dimse_status: Option<u16>,
    pub completed: Option<Timestamp>,
    pub confirmation: Confirmation,
    /// It may have been changed on its way, and does not count for what is stored.
    pub is_altered: bool,
    /// The SOP Instance UID under which it was sent; empty: not known, it may be any.
    pub sent_as: String,
    pub content: Content,
}

impl Sending {
    fn is_unfinished(&self) -> bool {
        !self.is_past && !matches!(self.state, State::Success | State::Cancelled)
    }

    fn may_be_under(&self, uid: &str) -> bool {
        self.sent_as.is_empty() || self.sent_as == uid
    }

    /// Whether it is the proof that the destination took `content`.
    fn proves(&self, content: &Content) -> bool {
        !self.is_of_another
            && !self.is_altered
            && self.state == State::Success
            && self.class == Some(Class::Success)
            && self.dimse_status == Some(0)
            && self.content.is(content)
    }

    /// Whether the destination said that it has something else of it than what was sent.
    fn is_told_to_differ(&self) -> bool {
        self.class == Some(Class::Warning) && self.dimse_status != Some(DUPLICATE)
    }

    /// Whether the destination said that it had it already (0111), though none of these had been acknowledged by then:
    /// what it has came from elsewhere.
    fn is_told_to_be_there_before(&self, proofs: &[&Sending]) -> bool {
        let is_before = |one: &&Sending| one.completed < self.completed;
        self.class == Some(Class::Warning)
            && self.dimse_status == Some(DUPLICATE)
            && !proofs.iter().any(is_before)
    }

    /// Whether the destination may have something else of it than `content`, or may get it.
    fn contradicts(&self, content: &Content) -> bool {
        (self.reached || self.is_unfinished())
            && (self.is_of_another || self.is_altered || !self.content.is(content))
    }
}

/// Duplicate SOP Instance (PS3.7 C.5.6).
const DUPLICATE: u16 = 0x0111;

/// A destination that must have an instance before it is deleted here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Required {
    pub name: String,
    /// Other destinations that lead to the same receiver (`Target`, or the same address), or once did: what goes there
    /// is there too.
    pub same_target: Vec<String>,
    /// Items up to this one may have gone to another address.
    pub moved: i64,
    /// It is asked later for what it acknowledged (`Confirm`), and that counts.
    pub confirms: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Safety {
    Safe,
    Stays(Reason),
}

/// Why an instance stays.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reason {
    pub why: Why,
    /// Of which destination that is said; empty: of none.
    pub destination: String,
}

/// In the order in which they are told of a study.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, ToSchema)]
pub enum Why {
    /// It waits, or is being sent.
    Waits,
    /// It is in the error queue.
    Failed,
    Cancelled,
    Redirected,
    /// Removed, or purged from the error queue.
    Removed,
    NeverQueued,
    /// It was delivered with a file that Orthanc has no more.
    ArrivedAgain,
    /// Something else was sent there under the same UID, before or after.
    OldVersion,
    /// The destination had another host or port when it was sent, or that is not known. If the receiver is the same one
    /// with a new address, the study must be sent again.
    Moved,
    /// It was changed on its way, or may have been.
    Changed,
    /// It was acknowledged with a warning.
    Warning,
    /// It was acknowledged without a status that was told: over REST.
    Untold,
    NotConfirmed,
    /// The destination said that it does not have it.
    Refused,
    ConfirmationTimedOut,
    /// Which file was sent is not known.
    SentUnknown,
    /// Which file Orthanc has is not known.
    FileUnknown,
    /// Orthanc has another instance with the same SOP Instance UID, or does not tell.
    NotUnique,
    /// Of the study: nothing of it was delivered there.
    NothingDelivered,
    /// Of the study: its days are not over.
    TooYoung,
    /// Of the study: it was delivered there before, and what was sent then is not known any more.
    SentBefore,
    /// Of the study: the queue does not know its Study Instance UID.
    NotNamed,
    /// Of the study: a rule that takes whole studies has yet to look at it.
    LookOwed,
    /// Of the study: somebody attached a file to it, to its patient, or to a series or an instance of it, in Orthanc
    /// alone.
    Attached,
    /// Of the study: Orthanc could not be asked for it.
    NotAsked,
}

impl Why {
    pub const ALL: [Why; 25] = [
        Why::Waits,
        Why::Failed,
        Why::Cancelled,
        Why::Redirected,
        Why::Removed,
        Why::NeverQueued,
        Why::ArrivedAgain,
        Why::OldVersion,
        Why::Moved,
        Why::Changed,
        Why::Warning,
        Why::Untold,
        Why::NotConfirmed,
        Why::Refused,
        Why::ConfirmationTimedOut,
        Why::SentUnknown,
        Why::FileUnknown,
        Why::NotUnique,
        Why::NothingDelivered,
        Why::TooYoung,
        Why::SentBefore,
        Why::NotNamed,
        Why::LookOwed,
        Why::Attached,
        Why::NotAsked,
    ];

    /// Said of the study as a whole, not of each instance.
    pub fn is_of_study(self) -> bool {
        self >= Why::NothingDelivered
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Why::Waits => "Waits",
            Why::Failed => "Failed",
            Why::Cancelled => "Cancelled",
            Why::Redirected => "Redirected",
            Why::Removed => "Removed",
            Why::NeverQueued => "NeverQueued",
            Why::ArrivedAgain => "ArrivedAgain",
            Why::OldVersion => "OldVersion",
            Why::Moved => "Moved",
            Why::Changed => "Changed",
            Why::Warning => "Warning",
            Why::Untold => "Untold",
            Why::NotConfirmed => "NotConfirmed",
            Why::Refused => "Refused",
            Why::ConfirmationTimedOut => "ConfirmationTimedOut",
            Why::SentUnknown => "SentUnknown",
            Why::FileUnknown => "FileUnknown",
            Why::NotUnique => "NotUnique",
            Why::NothingDelivered => "NothingDelivered",
            Why::TooYoung => "TooYoung",
            Why::SentBefore => "SentBefore",
            Why::NotNamed => "NotNamed",
            Why::LookOwed => "LookOwed",
            Why::Attached => "Attached",
            Why::NotAsked => "NotAsked",
        }
    }
}

impl Reason {
    fn at(why: Why, destination: &str) -> Safety {
        Safety::Stays(Reason {
            why,
            destination: destination.to_owned(),
        })
    }

    /// Of a study.
    pub fn of_study(why: Why, destination: &str) -> Reason {
        Reason {
            why,
            destination: destination.to_owned(),
        }
    }

    /// As people are told of a study: so many of its instances stay for this reason.
    pub fn told<'a>(&'a self, count: u64, of: u64) -> impl fmt::Display + 'a {
        struct Told<'a>(&'a Reason, u64, u64);
        impl fmt::Display for Told<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let Told(Reason { why, destination }, count, of) = self;
                let n = format!("{count} of {of}");
                match why {
                    Why::Waits => write!(f, "{n} are still to be sent to {destination}"),
                    Why::Failed => write!(f, "{n} are in the error queue of {destination}"),
                    Why::Cancelled => write!(f, "{n} were cancelled for {destination}"),
                    Why::Redirected => write!(f, "{n} were redirected from {destination}"),
                    Why::Removed => write!(f, "{n} were removed before {destination} had them"),
                    Why::NeverQueued => write!(f, "{n} were never queued for {destination}"),
                    Why::ArrivedAgain => {
                        write!(f, "{n} arrived again after they were sent to {destination}")
                    }
                    Why::OldVersion => write!(f, "{destination} may hold an old version of {n}"),
                    Why::Moved => write!(
                        f,
                        "{destination} may have led elsewhere when {n} were sent: send them again"
                    ),
                    Why::Changed => {
                        write!(f, "{n} may have been changed on the way to {destination}")
                    }
                    Why::Warning => write!(f, "{destination} acknowledged {n} with a warning"),
                    Why::Untold => {
                        write!(
                            f,
                            "with which status {destination} acknowledged {n} is not known"
                        )
                    }
                    Why::NotConfirmed => write!(f, "{destination} has not confirmed {n}"),
                    Why::Refused => write!(f, "{destination} says that it does not have {n}"),
                    Why::ConfirmationTimedOut => {
                        write!(f, "{destination} did not confirm {n} in time")
                    }
                    Why::SentUnknown => {
                        write!(
                            f,
                            "which file was sent to {destination} is not known of {n}"
                        )
                    }
                    Why::FileUnknown => write!(f, "Orthanc does not tell which file it has of {n}"),
                    Why::NotUnique => write!(
                        f,
                        "Orthanc may have another instance with the SOP Instance UID of {n}"
                    ),
                    Why::NothingDelivered => {
                        write!(f, "nothing of it was delivered to {destination}")
                    }
                    Why::TooYoung => write!(f, "it arrived or was delivered not long enough ago"),
                    Why::SentBefore => write!(
                        f,
                        "{destination} may hold an old version: what was sent of it before is not known any more"
                    ),
                    Why::NotNamed => write!(f, "the queue does not know its Study Instance UID"),
                    Why::LookOwed => {
                        write!(f, "a rule that takes whole studies has yet to look at it")
                    }
                    Why::Attached => write!(
                        f,
                        "a file is attached to it, to its patient or to a part of it, in Orthanc alone"
                    ),
                    Why::NotAsked => write!(f, "Orthanc could not be asked for it"),
                }
            }
        }
        Told(self, count, of)
    }
}

/// Whether an instance that Orthanc has with `content` may be deleted. `sendings` are all that is known of it, at any
/// destination, and of others that went under the same SOP Instance UID to a required one.
pub fn judge(sendings: &[Sending], content: &Content, required: &[Required]) -> Safety {
    let own = || sendings.iter().filter(|one| !one.is_of_another);
    // Somebody may want it sent, wherever that is.
    if let Some(one) = own().find(|one| one.is_unfinished()) {
        let why = match one.state {
            State::Failure => Why::Failed,
            _ => Why::Waits,
        };
        return Reason::at(why, &one.destination);
    }
    if content.file.is_none() {
        return Reason::at(Why::FileUnknown, "");
    }
    let each = required.iter().map(|one| at(sendings, content, one));
    let mut stays = each.filter(|safety| *safety != Safety::Safe);
    match stays.next() {
        Some(stays) => stays,
        // Without a destination that must have it nothing is safe.
        None if required.is_empty() => Reason::at(Why::NeverQueued, ""),
        None => Safety::Safe,
    }
}

fn at(sendings: &[Sending], content: &Content, required: &Required) -> Safety {
    let name = required.name.as_str();
    let there = || sendings.iter().filter(|one| one.destination == name);
    let proofs: Vec<&Sending> = there().filter(|one| one.proves(content)).collect();
    if proofs.is_empty() {
        return Reason::at(unproven(sendings, content, name), name);
    }
    let is_here = |proof: &&&Sending| proof.item > required.moved;
    let proofs: Vec<&Sending> = proofs.iter().filter(is_here).copied().collect();
    if proofs.is_empty() {
        return Reason::at(Why::Moved, name);
    }
    let is_there =
        |one: &&Sending| one.destination == name || required.same_target.contains(&one.destination);
    let there = || sendings.iter().filter(is_there);
    let is_alone = |proof: &&&Sending| {
        !there().any(|one| one.may_be_under(&proof.sent_as) && one.contradicts(content))
    };
    let proofs: Vec<&Sending> = proofs.iter().filter(is_alone).copied().collect();
    // The newest: what is confirmed of an older one may have been lost since.
    let Some(proof) = proofs.iter().max_by_key(|one| (one.completed, one.item)) else {
        return Reason::at(Why::OldVersion, name);
    };
    let mut same = there().filter(|one| one.sent_as == proof.sent_as);
    if same.clone().any(Sending::is_told_to_differ) {
        return Reason::at(Why::Warning, name);
    }
    let proofs: Vec<&Sending> = (proofs.iter())
        .filter(|one| one.sent_as == proof.sent_as)
        .copied()
        .collect();
    if same
        .clone()
        .any(|one| one.is_told_to_be_there_before(&proofs))
    {
        return Reason::at(Why::OldVersion, name);
    }
    let is_denied = |one: &Sending| {
        one.confirmation == Confirmation::Refused
            && (one.completed.is_none() || one.completed >= proof.completed)
    };
    if same.any(is_denied) {
        return Reason::at(Why::Refused, name);
    }
    if !required.confirms {
        return Safety::Safe;
    }
    match proof.confirmation {
        Confirmation::Confirmed => Safety::Safe,
        Confirmation::Refused => Reason::at(Why::Refused, name),
        Confirmation::TimedOut => Reason::at(Why::ConfirmationTimedOut, name),
        Confirmation::None | Confirmation::Waiting => Reason::at(Why::NotConfirmed, name),
    }
}

/// Why nothing proves that a destination took it: what came nearest to it.
fn unproven(sendings: &[Sending], content: &Content, name: &str) -> Why {
    let own = || sendings.iter().filter(|one| !one.is_of_another);
    let there = || own().filter(|one| one.destination == name);
    let delivered = || there().filter(|one| one.state == State::Success);
    let of_this = || delivered().filter(|one| one.content.is(content));
    let is_untold = |one: &Sending| one.class == Some(Class::Success) && one.dimse_status.is_none();
    // Whether Orthanc converted it is not told either.
    if of_this().any(is_untold) {
        return Why::Untold;
    }
    if of_this().any(|one| !one.is_altered) {
        return Why::Warning;
    }
    if of_this().next().is_some() {
        return Why::Changed;
    }
    if delivered().any(|one| one.content.file.is_none()) {
        return Why::SentUnknown;
    }
    if delivered().next().is_some() {
        return Why::ArrivedAgain;
    }
    if there().any(|one| one.state == State::Cancelled) {
        return Why::Cancelled;
    }
    match there().next() {
        None => Why::NeverQueued,
        Some(one) if own().any(|other| other.item == one.item && other.destination != name) => {
            Why::Redirected
        }
        Some(_) => Why::Removed,
    }
}
