//! What an outcome means, and what a person can do about it.
//!
//! Invariants:
//! - Pure, and total: every class with every status, or without one, has words.
//! - The one table of status words: [`STATUSES`]. Which class a status has is decided elsewhere
//!   ([`Class::of_status`]); words never contradict it.
//! - Nothing here comes from a receiver: the words may go into logs, alerts and pages as they are.
//! - Written for whoever is on call: what happened first, then the next thing to do, with the place to do it.

use super::outcome::Class;

/// A status, or a range of them, of a C-STORE-RSP.
struct Status {
    first: u16,
    last: u16,
    /// After the number and a colon.
    meaning: &'static str,
    advice: &'static str,
}

const fn one(status: u16, meaning: &'static str, advice: &'static str) -> Status {
    range(status, status, meaning, advice)
}

const fn range(first: u16, last: u16, meaning: &'static str, advice: &'static str) -> Status {
    Status {
        first,
        last,
        meaning,
        advice,
    }
}

const NOTHING: &str = "Nothing to do.";
const LOOK_AT_REMARK: &str = "Nothing to do, the receiver has it. If it happens to many instances, ask the receiver's support \
     whether what it changed or dropped matters.";
const INVALID_OBJECT: &str = "Sending it again unchanged will most likely fail again. Look at the item's details for the element that the receiver \
     names, have the instance corrected where it was made, then replay it; the receiver's log may say more.";
const NOT_FOR_STORAGE: &str = "The standard has no such answer to a C-STORE: the receiver, or a gateway before it, is at fault. Try one replay; \
     if it fails again, give the receiver's support the number and the time.";
/// By PS3.7 C.4 the operation "has completed", and PS3.4 says what that means for a service: for storage it says it of
/// B000, B006 and B007 only. So it is no success, and what is most likely must be said.
const MAY_BE_STORED: &str = "The instance may be stored all the same. Look whether it is at the receiver: if it is, purge the item; if not, replay it. \
     What the number means there stands in the receiver's DICOM conformance statement.";
const UNNAMED: &str = "Look the number up in the receiver's DICOM conformance statement, or ask its support with the number and the time; \
     replay the item once the cause is gone.";
const NO_ROOM: &str = "It is tried again by itself; after the last attempt it is in the error queue. Look at the receiver's disk space and load; \
     once there is room, replay what is in the error queue.";
const WRONG_CLASS: &str = "The receiver does not take this kind of object. Enable its SOP class there, or leave it out by a rule's When; \
     then replay or purge the items.";

/// From PS3.4 B.2.3 (Storage, table B.2-1) and PS3.7 Annex C. The first entry that contains a status is the one.
static STATUSES: [Status; 37] = [
    one(0x0000, "success, the receiver has stored it", NOTHING),
    one(
        0x0001,
        "a warning, requested optional attributes are not supported; it is not known whether the receiver has kept the instance",
        MAY_BE_STORED,
    ),
    one(
        0x0105,
        "no such attribute, the receiver does not know an element of the instance",
        INVALID_OBJECT,
    ),
    one(
        0x0106,
        "invalid attribute value, the receiver does not accept the value of an element",
        INVALID_OBJECT,
    ),
    one(
        0x0107,
        "a warning, attribute list error: the receiver does not know some elements; it is not known whether it has kept the instance",
        MAY_BE_STORED,
    ),
    one(
        0x0110,
        "processing failure, something went wrong inside the receiver",
        "It is tried again by itself; after the last attempt it is in the error queue. Look at the receiver's own log at the time of the attempt: \
         its database or disk may be in trouble. Once it is well, replay what is in the error queue.",
    ),
    one(
        0x0111,
        "duplicate SOP instance, the receiver has it already",
        NOTHING,
    ),
    one(
        0x0112,
        "no such SOP instance, the receiver looked for an object that it does not have",
        NOT_FOR_STORAGE,
    ),
    one(0x0113, "no such event type", NOT_FOR_STORAGE),
    one(0x0114, "no such argument", NOT_FOR_STORAGE),
    one(
        0x0115,
        "invalid argument value, the receiver does not accept a value of the request",
        INVALID_OBJECT,
    ),
    one(
        0x0116,
        "a warning, attribute value out of range: the receiver does not like the value of an element; it is not known whether it has kept the instance",
        MAY_BE_STORED,
    ),
    one(
        0x0117,
        "invalid SOP instance, its UID breaks the rules for UIDs or is not one that the receiver takes",
        INVALID_OBJECT,
    ),
    one(
        0x0118,
        "no such SOP class, the receiver does not know this kind of object",
        WRONG_CLASS,
    ),
    one(
        0x0119,
        "class-instance conflict, the receiver has an object of another SOP class with the same SOP Instance UID",
        "Two different objects share a UID. Compare both by their UID here and at the receiver, have the wrong one removed or given \
         a new UID, then replay or purge the item.",
    ),
    one(
        0x0120,
        "missing attribute, an element that the receiver requires is not there",
        INVALID_OBJECT,
    ),
    one(
        0x0121,
        "missing attribute value, an element that the receiver requires is empty",
        INVALID_OBJECT,
    ),
    one(
        0x0122,
        "refused, the SOP class is not supported",
        WRONG_CLASS,
    ),
    one(0x0123, "no such action type", NOT_FOR_STORAGE),
    one(
        0x0124,
        "refused, not authorized: the receiver does not let this Orthanc store",
        "Have this Orthanc's AET (and its address) allowed to store at the receiver, or set LocalAet to one that is; then replay the items.",
    ),
    one(
        0x0210,
        "duplicate invocation, the receiver has seen the number of this request before",
        NOT_FOR_STORAGE,
    ),
    one(
        0x0211,
        "unrecognized operation, the receiver does not know C-STORE",
        "The other end is no storage SCP for this association. Check host, port and AET of the modality; then replay the items.",
    ),
    one(
        0x0212,
        "mistyped argument, the receiver could not read the request",
        NOT_FOR_STORAGE,
    ),
    one(
        0x0213,
        "resource limitation, the receiver ran out of something it needs",
        "Look at the receiver's disk space, load and licences, then replay the items.",
    ),
    range(
        0x0100,
        0x02FF,
        "a failure that PS3.7 does not name",
        UNNAMED,
    ),
    range(
        0xA700,
        0xA7FF,
        "out of resources, the receiver has no room or is overloaded",
        NO_ROOM,
    ),
    range(
        0xA800,
        0xA8FF,
        "refused, the SOP class is not supported",
        WRONG_CLASS,
    ),
    range(
        0xA900,
        0xA9FF,
        "the data set does not match its SOP class, the receiver finds it incomplete or contradictory",
        INVALID_OBJECT,
    ),
    range(
        0xA000,
        0xAFFF,
        "refused for a reason that PS3.4 does not name",
        UNNAMED,
    ),
    one(
        0xB000,
        "stored, but the receiver has changed some elements (coercion)",
        LOOK_AT_REMARK,
    ),
    one(
        0xB006,
        "stored, but the receiver has discarded some elements",
        LOOK_AT_REMARK,
    ),
    one(
        0xB007,
        "stored, though the receiver finds that the data set does not match its SOP class",
        LOOK_AT_REMARK,
    ),
    range(
        0xB000,
        0xBFFF,
        "a warning that PS3.4 does not name for storage, it is not known whether the receiver has kept the instance",
        MAY_BE_STORED,
    ),
    range(
        0xC000,
        0xCFFF,
        "cannot understand, the receiver could not read or did not want the instance",
        "The receiver's log at the time of the attempt says why: a broken object, an unknown patient or order, a rule of its own. \
         Remove the cause there or correct the instance, then replay the item.",
    ),
    one(0xFE00, "cancelled, nobody asked for that", NOT_FOR_STORAGE),
    range(
        0xFF00,
        0xFF01,
        "pending, which is no answer to a C-STORE",
        NOT_FOR_STORAGE,
    ),
    range(
        0x0000,
        0xFFFF,
        "a status that neither PS3.4 nor PS3.7 names",
        UNNAMED,
    ),
];

fn status_words(status: u16) -> &'static Status {
    let found = STATUSES
        .iter()
        .find(|entry| (entry.first..=entry.last).contains(&status));
    // The last entry contains every status.
    found.unwrap_or(&STATUSES[STATUSES.len() - 1])
}

/// Whether it is the receiver's answer that gave an attempt this class.
fn comes_from_a_status(class: Class) -> bool {
    match class {
        Class::Success | Class::Warning | Class::Busy | Class::Rejected => true,
        Class::Unreachable
        | Class::Interrupted
        | Class::NotNegotiated
        | Class::Missing
        | Class::Expired
        | Class::Internal
        | Class::Coercion => false,
    }
}

fn class_words(class: Class) -> &'static str {
    match class {
        Class::Success => "stored, the receiver has acknowledged it",
        Class::Warning => "stored, the receiver has acknowledged it with a remark",
        Class::Unreachable => "unreachable, no association could be opened",
        Class::Interrupted => {
            "interrupted, the association was lost, aborted or silent after it was open"
        }
        Class::Busy => "busy, the receiver cannot take it at the moment",
        Class::Rejected => "rejected, the receiver does not want this instance",
        Class::NotNegotiated => {
            "not negotiated, the receiver accepted no presentation context for this SOP class and transfer syntax"
        }
        Class::Missing => "missing, the instance is no longer in Orthanc",
        Class::Expired => "expired, it could not be delivered within ExpireAfter",
        Class::Internal => "internal error, this Orthanc could not carry the attempt out",
        Class::Coercion => {
            "coercion, the instance cannot be changed as the destination asks, and it was not sent"
        }
    }
}

/// What happened, in plain words; a status with its number: `A700: out of resources, …`.
pub fn meaning(class: Class, dimse_status: Option<u16>) -> String {
    let Some(status) = dimse_status else {
        return class_words(class).to_owned();
    };
    let words = format!("{status:04X}: {}", status_words(status).meaning);
    if comes_from_a_status(class) {
        words
    } else {
        format!("{}; the last status was {words}", class_words(class))
    }
}

/// The status where it says why: what came of an attempt with a class of our own has another cause.
pub fn telling_status(class: Class, dimse_status: Option<u16>) -> Option<u16> {
    dimse_status.filter(|_| comes_from_a_status(class))
}

/// What a failure is called beside others: `C000 (Rejected)`, `Expired`.
pub fn cause(class: Class, dimse_status: Option<u16>) -> String {
    match dimse_status {
        Some(status) if comes_from_a_status(class) => format!("{status:04X} ({class})"),
        _ => class.to_string(),
    }
}

/// The same where nothing else is told, with its meaning: `C000 (cannot understand, …)`, `Expired`.
pub fn cause_explained(class: Class, dimse_status: Option<u16>) -> String {
    match dimse_status {
        Some(status) if comes_from_a_status(class) => {
            format!("{status:04X} ({})", status_words(status).meaning)
        }
        _ => class.to_string(),
    }
}

/// What ails a destination at which instances end so; follows its name.
pub fn ails(class: Class) -> &'static str {
    match class {
        Class::Success | Class::Warning => "has it",
        Class::Unreachable => "cannot be reached",
        Class::Interrupted => "lost the association each time",
        Class::Busy => "was busy each time",
        Class::Rejected => "refuses",
        Class::NotNegotiated => "does not take this kind of object",
        Class::Missing => "cannot get what is no longer in Orthanc",
        Class::Expired => "took nothing in time",
        Class::Internal => "was not served, a fault of this Orthanc",
        Class::Coercion => "does not get what cannot be changed as asked",
    }
}

/// What a person can do about it, in one to three sentences.
pub fn advice(class: Class, dimse_status: Option<u16>) -> &'static str {
    match (class, dimse_status) {
        (class, Some(status)) if comes_from_a_status(class) => status_words(status).advice,
        (Class::Success, _) => NOTHING,
        (Class::Warning, _) => LOOK_AT_REMARK,
        (Class::Unreachable, _) => {
            "Sending goes on by itself when the destination is back, and nothing is lost. Check that the receiver runs, that host, port and AETs \
             of the modality are right on both sides, and the network and TLS between; then press echo."
        }
        (Class::Interrupted, _) => {
            "It is tried again by itself; after the last attempt it is in the error queue; it may be stored all the same. Look at the receiver's log at the time of the \
             attempt and at firewalls that cut connections, and raise Timeout where the receiver needs longer to answer; then replay what is in the error queue."
        }
        (Class::Busy, _) => NO_ROOM,
        (Class::Rejected, _) => {
            "The items in the error queue show which status the receiver answered, and its words: they say why. Remove the cause at the receiver or \
             correct the instances, then replay the items."
        }
        (Class::NotNegotiated, _) => {
            "Enable the SOP class and transfer syntax at the receiver, or let Orthanc convert (TransferSyntax of the destination, AllowTranscoding \
             of the modality; JPEG 2000 needs Orthanc's GDCM plugin); then replay the items, or leave such objects out by a rule's When."
        }
        (Class::Missing, _) => {
            "It was deleted or recycled before it was sent. Send it again from where it came from, or purge the item; if Orthanc recycles by itself, \
             give it more room (MaximumStorageSize)."
        }
        (Class::Expired, _) => {
            "Find out why the destination took nothing for so long, then replay the items; raise ExpireAfter if such outages are to be expected."
        }
        (Class::Internal, _) => {
            "It is tried again by itself; after the last attempt it is in the error queue. Look at Orthanc's log at the time of the attempt, at its disk \
             space and its storage; once that is well, replay what is in the error queue. If Orthanc ended while it was sent, look first at what is special about \
             this instance: a codec, its size against the memory."
        }
        (Class::Coercion, _) => {
            "It is never sent unchanged. The item's details name the element and the reason. Correct the instance or what the destination asks for \
             (Coerce, Deidentify, Compress), look at the result with sendqueuectl preview, then replay the item; or purge it."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words that the text must have, for what the standards name.
    const NAMED: &[(u16, &str)] = &[
        (0x0000, "success"),
        (0x0001, "optional attributes"),
        (0x0001, "not known whether"),
        (0x0107, "not known whether"),
        (0x0116, "not known whether"),
        (0x0105, "no such attribute"),
        (0x0106, "invalid attribute value"),
        (0x0107, "attribute list error"),
        (0x0110, "processing failure"),
        (0x0111, "duplicate SOP instance"),
        (0x0112, "no such SOP instance"),
        (0x0113, "no such event type"),
        (0x0114, "no such argument"),
        (0x0115, "invalid argument value"),
        (0x0116, "out of range"),
        (0x0117, "invalid SOP instance"),
        (0x0118, "no such SOP class"),
        (0x0119, "class-instance conflict"),
        (0x0120, "missing attribute,"),
        (0x0121, "missing attribute value"),
        (0x0122, "SOP class is not supported"),
        (0x0123, "no such action type"),
        (0x0124, "not authorized"),
        (0x0210, "duplicate invocation"),
        (0x0211, "unrecognized operation"),
        (0x0212, "mistyped argument"),
        (0x0213, "resource limitation"),
        (0xA700, "out of resources"),
        (0xA7FF, "out of resources"),
        (0xA800, "SOP class is not supported"),
        (0xA900, "does not match its SOP class"),
        (0xA9FF, "does not match its SOP class"),
        (0xB000, "coercion"),
        (0xB006, "discarded"),
        (0xB007, "does not match its SOP class"),
        (0xC000, "cannot understand"),
        (0xCFFF, "cannot understand"),
        (0xFE00, "cancel"),
        (0xFF00, "pending"),
        (0xFF01, "pending"),
        // By their range.
        (0x0002, "neither PS3.4 nor PS3.7"),
        (0x0125, "PS3.7 does not name"),
        (0x0214, "PS3.7 does not name"),
        (0xA600, "refused"),
        (0xB001, "not known whether"),
        (0xD000, "neither PS3.4 nor PS3.7"),
    ];

    #[test]
    fn what_the_standards_name_has_their_words() {
        for (status, words) in NAMED {
            let class = Class::of_status(*status);
            let text = meaning(class, Some(*status));
            assert!(text.starts_with(&format!("{status:04X}: ")), "{text}");
            assert!(text.contains(words), "{text}: {words}");
        }
    }

    #[test]
    fn every_class_with_every_status_has_words() {
        // Without their numbers there are few different texts.
        let mut texts = std::collections::BTreeSet::new();
        for class in Class::ALL {
            texts.insert(meaning(class, None));
            texts.insert(advice(class, None).to_owned());
            for status in 0..=u16::MAX {
                let text = meaning(class, Some(status));
                let number = format!("{status:04X}: ");
                assert!(text.contains(&number), "{text}");
                texts.insert(text.replacen(&number, "", 1));
                texts.insert(advice(class, Some(status)).to_owned());
            }
        }
        for text in &texts {
            assert!(text.len() > 10 && !text.contains("  "), "{text:?}");
            assert!(!text.chars().any(char::is_control), "{text:?}");
        }
        assert!(texts.len() > 60, "{}", texts.len());
    }

    #[test]
    fn words_do_not_contradict_the_class() {
        for status in 0..=u16::MAX {
            let class = Class::of_status(status);
            let text = meaning(class, Some(status));
            let is_there = text.contains(": stored")
                || text.contains("receiver has stored")
                || text.contains("has it already");
            let arrived = matches!(class, Class::Success | Class::Warning);
            assert_eq!(is_there, arrived, "{text}");
            let advice = advice(class, Some(status));
            assert_eq!(advice.starts_with("Nothing to do"), arrived, "{text}");
            let again = advice.starts_with("It is tried again by itself");
            assert_eq!(again, class == Class::Busy, "{text}: {advice}");
        }
    }

    #[test]
    fn a_warning_that_storage_does_not_have_may_be_stored() {
        // PS3.7 Annex C: class Warning; PS3.4 table B.2-1 has three of them.
        for status in (0xB000..=0xBFFF).chain([0x0001, 0x0107, 0x0116]) {
            if matches!(status, 0xB000 | 0xB006 | 0xB007) {
                continue;
            }
            let class = Class::of_status(status);
            assert_eq!(class, Class::Rejected, "{status:04X}");
            assert!(meaning(class, Some(status)).contains(": a warning"));
            let advice = advice(class, Some(status));
            assert!(
                advice.contains("may be stored") && advice.contains("purge"),
                "{advice}"
            );
        }
        assert!(advice(Class::Interrupted, None).contains("may be stored"));
        assert!(advice(Class::Interrupted, None).contains("Timeout"));
        assert!(advice(Class::NotNegotiated, None).contains("GDCM"));
    }

    #[test]
    fn each_entry_is_used() {
        for (index, entry) in STATUSES.iter().enumerate() {
            let used = (entry.first..=entry.last)
                .any(|status| std::ptr::eq(status_words(status), &STATUSES[index]));
            assert!(used, "{:04X} is hidden by another entry", entry.first);
        }
    }

    #[test]
    fn a_class_of_our_own_comes_before_an_older_status() {
        assert_eq!(
            meaning(Class::Expired, Some(0xA700)),
            "expired, it could not be delivered within ExpireAfter; the last status was \
             A700: out of resources, the receiver has no room or is overloaded"
        );
        assert_eq!(
            advice(Class::Expired, Some(0xA700)),
            advice(Class::Expired, None)
        );
        assert!(advice(Class::Rejected, Some(0x0124)).contains("AET"));
        assert!(advice(Class::Unreachable, None).contains("nothing is lost"));
    }
}
