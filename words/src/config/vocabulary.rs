//! The words of the configuration, and what they stand for.
//!
//! Invariant: every word stands in one table, which both reading and [`super::in_force()`] use.

use super::settings::{AlertFormat, AlertKind, AssociationPer, Scope, Transport};
use crate::item::Level;
use crate::item::{Again, Means, Priority};

/// Calling AET of the instance's own sender.
pub(super) const REMOTE_AET: &str = "$RemoteAet";
/// What a regular expression starts with.
pub(super) const REGEX: &str = "regex:";
/// A tag that has a value, whatever it is.
pub(super) const PRESENT: &str = "present";
/// A tag that has none.
pub(super) const ABSENT: &str = "absent";

pub(super) const TRANSPORTS: [(&str, Transport); 3] = [
    ("Auto", Transport::Auto),
    ("Rest", Transport::Rest),
    ("Native", Transport::Native),
];

/// Transfer syntaxes that an Orthanc can be asked to encode (PS3.6 A.4): the uncompressed ones, and the lossless ones
/// of its own transcoder and its plugins'. Lossy ones make an image another one (PS3.4 C.6.1.1.5), with another UID.
pub(super) const TRANSFER_SYNTAXES: [(&str, &str); 12] = [
    ("1.2.840.10008.1.2", "Implicit VR Little Endian"),
    ("1.2.840.10008.1.2.1", "Explicit VR Little Endian"),
    ("1.2.840.10008.1.2.1.99", "Deflated"),
    ("1.2.840.10008.1.2.2", "Explicit VR Big Endian"),
    ("1.2.840.10008.1.2.4.57", "JPEG Lossless"),
    ("1.2.840.10008.1.2.4.70", "JPEG Lossless, first order"),
    ("1.2.840.10008.1.2.4.80", "JPEG-LS Lossless"),
    ("1.2.840.10008.1.2.4.90", "JPEG 2000 Lossless"),
    ("1.2.840.10008.1.2.4.92", "JPEG 2000 Part 2 Lossless"),
    ("1.2.840.10008.1.2.4.201", "HTJ2K Lossless"),
    ("1.2.840.10008.1.2.4.202", "HTJ2K Lossless RPCL"),
    ("1.2.840.10008.1.2.5", "RLE Lossless"),
];

pub(super) const LEVELS: [(&str, Level); 4] = [
    ("Instance", Level::Instance),
    ("Series", Level::Series),
    ("Study", Level::Study),
    ("Patient", Level::Patient),
];

pub(super) const ASSOCIATION_PER: [(&str, AssociationPer); 2] = [
    ("Any", AssociationPer::Any),
    ("Group", AssociationPer::Group),
];

pub(super) const PRIORITIES: [(&str, Priority); 4] = [
    ("Low", Priority::Low),
    ("Medium", Priority::Medium),
    ("High", Priority::High),
    ("Stat", Priority::Stat),
];

pub(super) const AGAIN: [(&str, Again); 3] = [
    ("Never", Again::Never),
    ("IfChanged", Again::IfChanged),
    ("Always", Again::Always),
];

/// How a destination is asked whether it has what it acknowledged.
pub(super) const MEANS: [(&str, Means); 2] = [
    ("StorageCommitment", Means::StorageCommitment),
    ("Find", Means::Find),
];

pub(super) const SCOPES: [(&str, Scope); 2] =
    [("Instance", Scope::Instance), ("Study", Scope::Study)];

/// In whose form.
pub(super) const ALERT_FORMATS: [(&str, AlertFormat); 3] = [
    ("Json", AlertFormat::Json),
    ("Slack", AlertFormat::Slack),
    ("Teams", AlertFormat::Teams),
];

/// What is told by webhook.
pub(super) const ALERT_KINDS: [(&str, AlertKind); 8] = [
    ("DestinationUnreachable", AlertKind::DestinationUnreachable),
    ("DestinationBack", AlertKind::DestinationBack),
    ("Failure", AlertKind::Failure),
    ("Backlog", AlertKind::Backlog),
    ("SourceSilent", AlertKind::SourceSilent),
    ("SourceBack", AlertKind::SourceBack),
    ("OwnOutput", AlertKind::OwnOutput),
    ("NotConfirmed", AlertKind::NotConfirmed),
];

/// How an instance can have come to Orthanc.
pub const ORIGINS: [&str; 5] = ["DicomProtocol", "RestApi", "Plugins", "Lua", "WebDav"];

/// Days of a window, Monday first.
pub(super) const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// The word that stands for `value`.
pub(super) fn word_of<T: PartialEq>(table: &[(&'static str, T)], value: &T) -> &'static str {
    let entry = table.iter().find(|(_, other)| other == value);
    entry.map_or("", |(word, _)| word)
}

pub(super) const AET: &str =
    "an AET of 1 to 16 printable ASCII characters without backslash (PS3.5 6.2)";

/// An AET without its padding: spaces around it are not significant (PS3.5 6.2).
pub(super) fn aet(text: &str) -> Option<&str> {
    let aet = text.trim_matches(' ');
    let printable = |c: char| (' '..='~').contains(&c) && c != '\\';
    ((1..=16).contains(&aet.len()) && aet.chars().all(printable)).then_some(aet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aets_are_those_of_the_standard() {
        for (text, expected) in [
            ("PACS", Some("PACS")),
            (" PACS 1  ", Some("PACS 1")),
            ("1234567890123456", Some("1234567890123456")),
            ("12345678901234567", None),
            ("", None),
            ("   ", None),
            ("A\\B", None),
            ("A\tB", None),
            ("RÖ", None),
        ] {
            assert_eq!(aet(text), expected, "{text:?}");
        }
    }

    #[test]
    fn kinds_of_alerts_have_their_own_names() {
        assert_eq!(ALERT_KINDS.map(|(_, kind)| kind), AlertKind::ALL);
        for (word, kind) in ALERT_KINDS {
            assert_eq!(word, kind.as_str());
        }
    }

    #[test]
    fn priorities_have_the_names_of_items() {
        for (word, priority) in PRIORITIES {
            assert_eq!(word, priority.as_str());
        }
    }
}
