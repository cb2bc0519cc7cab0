//! What an outcome means, in words for the person who has to put it right.
//!
//! Invariants:
//! - Every class and every status has words; a status that the standard does not define is named by its range.
//! - The words are ours alone: nothing of what a receiver or a file says is in them, so that they may stand in a log
//!   or a message (a receiver's own words are in an attempt's `Details`).

use super::outcome::Class;

/// What happened, such as `A700: out of resources, the receiver has no room or is overloaded`.
///
/// Statuses of a C-STORE-RSP: PS3.4 table B.2-1; those of any service: PS3.7 Annex C.
pub fn meaning(class: Class, dimse_status: Option<u16>) -> String {
    match dimse_status {
        Some(status) => format!("{status:04X}: {}", status_words(status)),
        None => class_words(class).to_owned(),
    }
}

/// What can be done about it. Never empty.
pub fn advice(class: Class, dimse_status: Option<u16>) -> &'static str {
    match dimse_status {
        Some(status) => status_advice(class, status),
        None => class_advice(class),
    }
}

fn status_words(status: u16) -> &'static str {
    match status {
        0x0000 => "success, the receiver has it",
        0x0001 => "stored, but optional attributes are not supported",
        0x0105 => "no such attribute",
        0x0106 => "an attribute has a value that the receiver does not allow",
        0x0107 => "some attributes were not taken",
        0x0110 => "processing failure, the receiver could not store it just now",
        0x0111 => "duplicate, the receiver has this SOP instance already",
        0x0112 => "no such SOP instance",
        0x0113 => "no such event type",
        0x0114 => "no such argument",
        0x0115 => "an argument has a value that is not allowed",
        0x0116 => "a value is out of range",
        0x0117 => "the SOP instance UID is not valid",
        0x0118 => "the receiver does not know this SOP class",
        0x0119 => "the SOP instance belongs to another SOP class at the receiver",
        0x0120 => "a required attribute is missing",
        0x0121 => "a required attribute has no value",
        0x0122 => "the receiver does not support this SOP class",
        0x0123 => "no such action type",
        0x0124 => "not authorized, the receiver does not allow it to this Orthanc",
        0x0210 => "the receiver sees a message ID twice",
        0x0211 => "the receiver does not know C-STORE",
        0x0212 => "a part of the request has the wrong type for the receiver",
        0x0213 => "resource limitation at the receiver",
        0xA700..=0xA7FF => "out of resources, the receiver has no room or is overloaded",
        0xA800..=0xA8FF => "the receiver does not support this SOP class",
        0xA900..=0xA9FF => "the data set does not match its SOP class, says the receiver",
        0xB000 => "stored, but the receiver changed some values (coercion)",
        0xB006 => "stored, but the receiver discarded some elements",
        0xB007 => "stored, but the data set does not match its SOP class, says the receiver",
        0xC000..=0xCFFF => "the receiver cannot understand the instance",
        0xFE00 => "cancelled by the receiver",
        0xFF00 | 0xFF01 => "pending, which is no answer to C-STORE",
        0xA000..=0xA6FF | 0xAA00..=0xAFFF => "refused, for a reason of the receiver's own",
        0xB001..=0xB005 | 0xB008..=0xBFFF => "a warning of the receiver's own",
        _ => "a status that the standard does not define for C-STORE",
    }
}

fn class_words(class: Class) -> &'static str {
    match class {
        Class::Success => "delivered, the receiver has it",
        Class::Warning => "delivered, with a remark of the receiver",
        Class::Unreachable => "the destination cannot be reached, or refuses the association",
        Class::Interrupted => {
            "the association was lost, aborted or silent before the receiver had answered"
        }
        Class::Busy => "the receiver cannot take it just now",
        Class::Rejected => "the receiver does not want this instance",
        Class::NotNegotiated => {
            "the receiver accepts neither this kind of object nor any form that it could be sent in"
        }
        Class::Missing => "the instance is no longer in Orthanc",
        Class::Expired => "it waited for longer than ExpireAfter allows",
        Class::Internal => "a fault of the send queue or of Orthanc itself",
    }
}

const FULL: &str = "Free space or lower the load at the receiver, then replay; or redirect. If it happens at busy times only, fewer Associations help.";
const UNSUPPORTED: &str = "The receiver must be set up or licensed for this kind of object. Else redirect to another destination, purge, or leave such objects out by a rule's When.";
const CONTENT: &str = "The receiver objects to the content. Look at the instance and at the receiver's log; correct it in Orthanc and replay, redirect, or purge.";
const RIGHTS: &str =
    "Let the receiver's administrator allow this Orthanc's AET to store, then replay.";

fn status_advice(class: Class, status: u16) -> &'static str {
    match status {
        0x0124 => RIGHTS,
        0x0118 | 0x0122 | 0xA800..=0xA8FF => UNSUPPORTED,
        0x0105..=0x0107 | 0x0112..=0x0117 | 0x0119..=0x0121 => CONTENT,
        0xA900..=0xA9FF | 0xC000..=0xCFFF => CONTENT,
        0x0213 => FULL,
        0x0210..=0x0212 => {
            "The receiver does not keep to DICOM here. Ask its vendor, with the time and the receiver's log; \"Transport\": \"Rest\" sends through Orthanc's own SCU instead."
        }
        _ if class == Class::Busy => FULL,
        _ => class_advice(class),
    }
}

fn class_advice(class: Class) -> &'static str {
    match class {
        Class::Success => "Nothing needs to be done.",
        Class::Warning => {
            "Nothing needs to be sent again; if the remark matters, look at the instance at the receiver."
        }
        Class::Unreachable => {
            "Check that the receiver runs, its address, port and AET in DicomModalities, the network and firewall, and that it knows this Orthanc's AET. What waits is kept and sent by itself once it answers: nothing is lost. Echo tries at once."
        }
        Class::Interrupted => {
            "It is tried again by itself. If it goes on, look at the receiver's log at this time, at its limits for size and time, and at Timeout; then replay."
        }
        Class::Busy => {
            "It is tried again by itself. If it goes on, look at the receiver's space and load, then replay."
        }
        Class::Rejected => CONTENT,
        Class::NotNegotiated => UNSUPPORTED,
        Class::Missing => {
            "It was deleted from Orthanc before it was sent, and nothing can be sent any more. Send it to Orthanc again if it is still wanted, else purge."
        }
        Class::Expired => {
            "Replay if it is still wanted, else purge. A longer ExpireAfter, or 0, lets items wait longer."
        }
        Class::Internal => {
            "It is tried again by itself. If it goes on, look into Orthanc's log at this time, and report it with the log."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_and_every_status_has_words_and_advice() {
        for class in Class::ALL {
            assert!(!meaning(class, None).is_empty() && !advice(class, None).is_empty());
        }
        for status in 0..=u16::MAX {
            let class = Class::of_status(status);
            let words = meaning(class, Some(status));
            assert!(words.starts_with(&format!("{status:04X}: ")), "{words}");
            assert!(words.len() > 10 && !advice(class, Some(status)).is_empty());
        }
    }

    #[test]
    fn advice_fits_what_follows_from_the_class() {
        for status in 0..=u16::MAX {
            let class = Class::of_status(status);
            let advice = advice(class, Some(status));
            assert_eq!(
                advice == class_advice(Class::Success),
                class == Class::Success,
                "{status:04X}"
            );
            // What is in the error queue at once needs a person: it is not "tried again by itself".
            if class == Class::Rejected {
                assert!(!advice.contains("by itself"), "{status:04X}: {advice}");
            }
        }
    }

    #[test]
    fn known_statuses_have_their_own_words() {
        let table = [
            (0xA700, "out of resources", "space"),
            (0xA7FF, "out of resources", "space"),
            (0xA900, "does not match", "content"),
            (0xC123, "cannot understand", "content"),
            (0x0122, "does not support", "licensed"),
            (0x0124, "not authorized", "AET"),
            (0x0110, "processing failure", "receiver"),
            (0xB000, "coercion", "Nothing needs"),
            (0x0111, "duplicate", "Nothing needs"),
            (0x1234, "does not define", "content"),
        ];
        for (status, words, what) in table {
            let class = Class::of_status(status);
            assert!(meaning(class, Some(status)).contains(words), "{status:04X}");
            assert!(advice(class, Some(status)).contains(what), "{status:04X}");
        }
    }
}
