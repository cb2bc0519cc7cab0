//! The section `SendQueue.Retention`: which studies are deleted from Orthanc, and when.
//!
//! Invariants:
//! - Nothing is deleted unless `DryRun` is `false` in so many words.
//! - A destination that gets anything but what is stored is no proof of it, unless `AllowChanged` says so.

use super::host::Host;
use super::mistake::{Mistakes, quoted_text};
use super::names::check_destination;
use super::raw::Node;
use super::settings::{DestinationSettings, Transport};

/// `Retention`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionSettings {
    /// Destinations that must have each instance of a study; at least one, none twice.
    pub safe: Vec<String>,
    /// Days after its last arrival, and after its last delivery to each of them.
    pub delete_after_days: u32,
    /// Where less of the disk of Orthanc's files is free, what is safe goes before its days are over; 0: never.
    pub emergency_below_free_percent: u32,
    /// Nothing is deleted; only what would be is told.
    pub dry_run: bool,
    /// Patients of whom something waits to be sent are protected in Orthanc meanwhile.
    pub protect_while_queued: bool,
    /// What is changed on its way counts for what is stored.
    pub allow_changed: bool,
}

const KEYS: [&str; 6] = [
    "Safe",
    "DeleteAfterDays",
    "EmergencyBelowFreePercent",
    "ProtectWhileQueued",
    "DryRun",
    "AllowChanged",
];

const SAFE: &str = "a list of one or more destinations that must have a study before it is deleted";
const UNCHANGED: &str = "a destination that gets what is stored, without Coerce, Deidentify and Compress; \
                         or \"AllowChanged\": true";

/// What a destination may be.
pub(super) struct Known<'a> {
    pub host: &'a Host,
    /// Destinations with a `Target`.
    pub second: &'a [&'a str],
    pub destination: &'a dyn Fn(&str) -> &'a DestinationSettings,
}

pub(super) fn retention(
    node: &Node<'_>,
    known: &Known<'_>,
    mistakes: &mut Mistakes,
) -> Option<RetentionSettings> {
    let section = node.section(&KEYS, mistakes)?;
    let mut settings = RetentionSettings {
        safe: Vec::new(),
        delete_after_days: 30,
        emergency_below_free_percent: 0,
        dry_run: true,
        protect_while_queued: true,
        allow_changed: false,
    };
    section.read("DeleteAfterDays", &mut settings.delete_after_days, |n| {
        n.integer(0..=36_500, mistakes)
    });
    let percent = &mut settings.emergency_below_free_percent;
    section.read("EmergencyBelowFreePercent", percent, |n| {
        n.integer(0..=99, mistakes)
    });
    let protect = &mut settings.protect_while_queued;
    section.read("ProtectWhileQueued", protect, |n| n.boolean(mistakes));
    section.read("DryRun", &mut settings.dry_run, |n| n.boolean(mistakes));
    section.read("AllowChanged", &mut settings.allow_changed, |n| {
        n.boolean(mistakes)
    });
    match section.get("Safe") {
        Some(node) => settings.safe = safe(&node, settings.allow_changed, known, mistakes),
        None => mistakes.add(&section.path_of("Safe"), "nothing", SAFE),
    }
    Some(settings)
}

fn safe(
    node: &Node<'_>,
    allow_changed: bool,
    known: &Known<'_>,
    mistakes: &mut Mistakes,
) -> Vec<String> {
    let nodes = node.list(SAFE, mistakes).unwrap_or_default();
    if node.value.as_array().is_some_and(Vec::is_empty) {
        node.wrong(mistakes, SAFE);
    }
    let mut names: Vec<String> = Vec::new();
    for entry in &nodes {
        let Some(name) = entry.text("the name of a destination", mistakes) else {
            continue;
        };
        if names.iter().any(|other| other == name) {
            entry.wrong(mistakes, "each destination once");
            continue;
        }
        if let Err(allowed) = check_destination(name, known.host, known.second) {
            entry.wrong(mistakes, allowed);
        } else if !allow_changed && (known.destination)(name).alters() {
            entry.wrong(mistakes, UNCHANGED);
        }
        names.push(name.to_owned());
    }
    names
}

impl RetentionSettings {
    /// Words on what is allowed, and probably not meant.
    pub(super) fn remarks<'a>(
        &self,
        destination: impl Fn(&str) -> &'a DestinationSettings,
    ) -> Vec<String> {
        let mut remarks = Vec::new();
        for name in &self.safe {
            let (own, quoted) = (destination(name), quoted_text(name));
            if own.transport == Transport::Rest {
                remarks.push(format!(
                    "Retention.Safe: with \"Transport\": \"Rest\" nobody learns with which status {quoted} \
                     acknowledges an instance: no study is deleted"
                ));
            } else if own.confirm.is_none() {
                remarks.push(format!(
                    "Retention.Safe: {quoted} has no Confirm: that it acknowledged an instance with status 0000 is \
                     all that proves that it has it"
                ));
            }
        }
        remarks
    }
}
