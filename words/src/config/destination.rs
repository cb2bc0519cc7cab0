//! Settings of a destination: `Defaults` and `Destinations.<name>`.
//!
//! Invariants:
//! - A key that is absent keeps the value of what lies below: `Destinations` over `Defaults` over
//!   the built-in defaults; the keys of `Retry` one by one.
//! - A key that would have no effect is refused: nobody shall believe that something is in force which is not.
//! - Two keys that depend on each other are compared only where one of them is written and both are
//!   valid: one slip of the pen is one mistake.

use super::altering::{Altering, Named, misplaced};
use super::compress::compress;
use super::confirm;
use super::mistake::{Mistakes, quoted_text};
use super::raw::{Node, Object, Written};
use super::settings::{AssociationPer, DestinationSettings, LocalAet, Transport, Window};
use super::vocabulary::{
    AET, ASSOCIATION_PER, LEVELS, PRIORITIES, REMOTE_AET, TRANSFER_SYNTAXES, TRANSPORTS, aet,
};
use super::window;
use crate::item::{RetryPolicy, Statuses, statuses};

const KEYS: [&str; 23] = [
    "Target",
    "Transport",
    "TransferSyntax",
    "Compress",
    "Associations",
    "AssociationPer",
    "Split",
    "BatchSize",
    "Level",
    "QuietSeconds",
    "MaxQuietSeconds",
    "Priority",
    "ReservedAssociations",
    "LocalAet",
    "Timeout",
    "Retry",
    "ExpireAfter",
    "MaxBytesPerSecond",
    "Windows",
    "Coerce",
    "OriginalAttributes",
    "Deidentify",
    "Confirm",
];

/// What all names of a target share, see [`DestinationSettings::share`].
const OF_THE_TARGET: [&str; 3] = ["Associations", "ReservedAssociations", "MaxBytesPerSecond"];

/// What a `Target` can be.
pub(super) const TARGET: &str =
    "a name of DicomModalities, of which this destination is a second name";

const RETRY_KEYS: [&str; 6] = [
    "MaxAttempts",
    "Delay",
    "Multiplier",
    "MaxDelay",
    "OnRejected",
    "OnStatus",
];

/// Seconds, for a destination and for a rule.
pub(super) const QUIET_SECONDS: std::ops::RangeInclusive<u64> = 0..=86_400;
pub(super) const MAX_QUIET_SECONDS: std::ops::RangeInclusive<u64> = 1..=86_400;

/// Settings of a destination, and which of them can be relied on for further checks.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub settings: DestinationSettings,
    /// `Associations` and `ReservedAssociations` are valid.
    associations: bool,
    /// `Delay` and `MaxDelay` are valid.
    delays: bool,
    /// `Split` is written.
    split: bool,
    /// `QuietSeconds` and `MaxQuietSeconds` are valid.
    quiet: bool,
    named: Named,
}

impl Draft {
    pub fn built_in() -> Draft {
        Draft {
            settings: DestinationSettings::default(),
            associations: true,
            delays: true,
            quiet: true,
            split: false,
            named: Named::default(),
        }
    }

    /// What `node` says, over `self`.
    pub fn over(&self, node: &Node<'_>, altering: &Altering, mistakes: &mut Mistakes) -> Draft {
        let mut draft = self.clone();
        let Some(section) = node.section_but_for(&KEYS, &misplaced, mistakes) else {
            return draft;
        };
        let s = &mut draft.settings;

        section.read("Target", &mut s.target, |n| {
            n.text(TARGET, mistakes)
                .map(|target| Some(target.to_owned()))
        });
        if s.target.is_some() {
            for key in OF_THE_TARGET {
                if let Some(node) = section.get(key) {
                    node.wrong(mistakes, "nothing beside Target: all names of a target share what its own entry says");
                }
            }
        }
        section.read("Transport", &mut s.transport, |n| {
            n.choice(&TRANSPORTS, mistakes)
        });
        let written = section.read("TransferSyntax", &mut s.transfer_syntax, |n| {
            transfer_syntax(n, mistakes).map(Some)
        });
        read_compress(&section, written, s, mistakes);
        if s.transport == Transport::Rest && s.transfer_syntax.is_some() && s.compress.is_none() {
            // Orthanc's own SCU cannot be told a transfer syntax.
            if let Some(node) = section.get("TransferSyntax") {
                node.wrong(mistakes, "nothing while Transport is \"Rest\"");
            } else if let Some(node) = section.get("Transport") {
                node.wrong(
                    mistakes,
                    "\"Auto\" or \"Native\" while TransferSyntax is set",
                );
            }
        }
        section.read("BatchSize", &mut s.batch_size, |n| {
            n.integer(1..=10_000, mistakes)
        });
        section.read("Level", &mut s.level, |n| n.choice(&LEVELS, mistakes));
        section.read("Priority", &mut s.priority, |n| {
            n.choice(&PRIORITIES, mistakes)
        });
        section.read("LocalAet", &mut s.local_aet, |n| local_aet(n, mistakes));
        // 0 would mean no limit: a destination that falls silent would hold its worker for ever.
        section.read("Timeout", &mut s.timeout, |n| {
            n.integer(1..=3600, mistakes).map(Some)
        });
        section.read("ExpireAfter", &mut s.expire_after, |n| {
            n.integer(0..=315_360_000, mistakes)
        });
        section.read("MaxBytesPerSecond", &mut s.max_bytes_per_second, |n| {
            n.integer(0..=u64::MAX, mistakes)
        });
        section.read("Windows", &mut s.windows, |n| windows(n, mistakes));

        altering.read_keys(&section, s, &mut draft.named, mistakes);
        confirm::read_key(&section, s, mistakes);

        draft.read_split(&section, mistakes);
        draft.read_quiet(&section, mistakes);
        draft.read_associations(&section, mistakes);
        if let Some(retry) = section.get("Retry") {
            draft.read_retry(&retry, mistakes);
        }
        draft
    }

    fn read_split(&mut self, section: &Object<'_>, mistakes: &mut Mistakes) {
        let s = &mut self.settings;
        section.read("AssociationPer", &mut s.association_per, |n| {
            n.choice(&ASSOCIATION_PER, mistakes)
        });
        let split = section.read("Split", &mut s.split, |n| n.boolean(mistakes));
        self.split |= split == Written::Valid;
        if !(self.split && s.split && s.association_per == AssociationPer::Group) {
            return;
        }
        if let Some(node) = section.get("Split") {
            node.wrong(
                mistakes,
                "false, or no Split, while AssociationPer is \"Group\"",
            );
        } else if let Some(node) = section.get("AssociationPer") {
            node.wrong(mistakes, "\"Any\" while Split is true");
        }
    }

    fn read_quiet(&mut self, section: &Object<'_>, mistakes: &mut Mistakes) {
        let s = &mut self.settings;
        let quiet = section.read("QuietSeconds", &mut s.quiet_seconds, |n| {
            n.integer(QUIET_SECONDS, mistakes)
        });
        let most = section.read("MaxQuietSeconds", &mut s.max_quiet_seconds, |n| {
            n.integer(MAX_QUIET_SECONDS, mistakes).map(Some)
        });
        self.quiet &= quiet != Written::Wrong && most != Written::Wrong;
        let Some(most) = s.max_quiet_seconds.filter(|_| self.quiet) else {
            return;
        };
        if most >= s.quiet_seconds {
            return;
        }
        if let Some(node) = section.get("MaxQuietSeconds") {
            node.wrong(mistakes, at_least_quiet(s.quiet_seconds, None));
        } else if let Some(node) = section.get("QuietSeconds") {
            node.wrong(mistakes, at_most_quiet(most, None));
        }
    }

    fn read_associations(&mut self, section: &Object<'_>, mistakes: &mut Mistakes) {
        let s = &mut self.settings;
        let associations = section.read("Associations", &mut s.associations, |n| {
            n.integer(1..=64, mistakes)
        });
        let reserved = section.read("ReservedAssociations", &mut s.reserved_associations, |n| {
            n.integer(0..=63, mistakes)
        });
        self.associations &= associations != Written::Wrong && reserved != Written::Wrong;
        if !self.associations {
            return;
        }
        if let Some(node) = section.get("ReservedAssociations") {
            if s.reserved_associations >= s.associations {
                let allowed = format!("fewer than Associations ({})", s.associations);
                node.wrong(mistakes, allowed);
            }
        } else if let Some(node) = section.get("Associations") {
            if s.reserved_associations >= s.associations {
                let allowed = format!(
                    "more than ReservedAssociations ({})",
                    s.reserved_associations
                );
                node.wrong(mistakes, allowed);
            }
        }
    }

    fn read_retry(&mut self, node: &Node<'_>, mistakes: &mut Mistakes) {
        let Some(section) = node.section(&RETRY_KEYS, mistakes) else {
            return;
        };
        let retry: &mut RetryPolicy = &mut self.settings.retry;
        section.read("MaxAttempts", &mut retry.max_attempts, |n| {
            n.integer(1..=1000, mistakes)
        });
        section.read("Multiplier", &mut retry.multiplier, |n| {
            n.number(1.0..=10.0, mistakes)
        });
        section.read("OnRejected", &mut retry.on_rejected, |n| {
            n.boolean(mistakes)
        });
        section.read("OnStatus", &mut retry.on_status, |n| statuses(n, mistakes));
        let delay = section.read("Delay", &mut retry.delay, |n| {
            n.number(0.0..=86_400.0, mistakes)
        });
        let max_delay = section.read("MaxDelay", &mut retry.max_delay, |n| {
            n.number(0.0..=604_800.0, mistakes)
        });
        self.delays &= delay != Written::Wrong && max_delay != Written::Wrong;
        if !self.delays || retry.max_delay >= retry.delay {
            return;
        }
        if let Some(node) = section.get("MaxDelay") {
            node.wrong(
                mistakes,
                format!("a number from Delay ({}) to 604800", retry.delay),
            );
        } else if let Some(node) = section.get("Delay") {
            node.wrong(
                mistakes,
                format!("a number from 0 to MaxDelay ({})", retry.max_delay),
            );
        }
    }
}

/// `Compress` says a transfer syntax too, so that of the two the one that is written counts.
fn read_compress(
    section: &Object<'_>,
    transfer_syntax: Written,
    s: &mut DestinationSettings,
    mistakes: &mut Mistakes,
) {
    if let (Some(node), true) = (
        section.get("Compress").filter(|node| !node.value.is_null()),
        transfer_syntax != Written::Absent,
    ) {
        node.wrong(
            mistakes,
            "nothing beside TransferSyntax, which is the same for what is lossless",
        );
        return;
    }
    let before = s.compress;
    if transfer_syntax == Written::Valid {
        s.compress = None;
    }
    if section.read("Compress", &mut s.compress, |n| compress(n, mistakes)) == Written::Valid {
        match (s.compress, before) {
            // What is lossy is made before the receiver is asked: nothing is left to convert.
            (Some(new), _) => s.transfer_syntax = (!new.lossy).then_some(new.transfer_syntax),
            (None, Some(_)) if transfer_syntax == Written::Absent => s.transfer_syntax = None,
            (None, _) => {}
        }
    }
}

/// What a `MaxQuietSeconds` can be; `of`: the destination that says how long is quiet, if another one does.
pub(super) fn at_least_quiet(quiet: u32, of: Option<&str>) -> String {
    let of = of.map(|name| format!(" of {}", quoted_text(name)));
    let of = of.unwrap_or_default();
    format!(
        "an integer from QuietSeconds{of} ({quiet}) to {}",
        MAX_QUIET_SECONDS.end()
    )
}

/// What a `QuietSeconds` can be; `of`: the destination that has the ceiling, if another one does.
pub(super) fn at_most_quiet(most: u32, of: Option<&str>) -> String {
    let of = of.map(|name| format!(" of {}", quoted_text(name)));
    let of = of.unwrap_or_default();
    format!("an integer from 0 to MaxQuietSeconds{of} ({most})")
}

fn transfer_syntax(node: &Node<'_>, mistakes: &mut Mistakes) -> Option<&'static str> {
    let known = TRANSFER_SYNTAXES.map(|(uid, name)| format!("{uid} ({name})"));
    let allowed = format!(
        "the UID of a lossless transfer syntax: {}",
        known.join(", ")
    );
    let text = node.text(&allowed, mistakes)?;
    let found = TRANSFER_SYNTAXES.iter().find(|(uid, _)| *uid == text);
    if found.is_none() {
        node.wrong(mistakes, allowed);
    }
    found.map(|(uid, _)| *uid)
}

fn local_aet(node: &Node<'_>, mistakes: &mut Mistakes) -> Option<LocalAet> {
    let allowed = format!("\"{REMOTE_AET}\", or {AET}, not starting with $");
    let text = node.text(&allowed, mistakes)?;
    // A leading $ is kept for words such as this one: a misspelt one must not become an AET.
    let read = match text {
        REMOTE_AET => Some(LocalAet::Remote),
        _ => aet(text)
            .filter(|aet| !aet.starts_with('$'))
            .map(|aet| LocalAet::Fixed(aet.to_owned())),
    };
    if read.is_none() {
        node.wrong(mistakes, allowed);
    }
    read
}

fn statuses(node: &Node<'_>, mistakes: &mut Mistakes) -> Option<Vec<Statuses>> {
    let nodes = node.list(
        "a list of statuses, for instance [\"A9xx\", \"C000-C0FF\"]",
        mistakes,
    )?;
    let mut patterns: Vec<Statuses> = Vec::new();
    for entry in &nodes {
        let Some(text) = entry.text(statuses::ALLOWED, mistakes) else {
            continue;
        };
        match Statuses::parse(text) {
            Ok(pattern) if patterns.contains(&pattern) => entry.wrong(mistakes, "each status once"),
            Ok(pattern) => patterns.push(pattern),
            Err(allowed) => entry.wrong(mistakes, allowed),
        }
    }
    (patterns.len() == nodes.len()).then_some(patterns)
}

pub(super) fn windows(node: &Node<'_>, mistakes: &mut Mistakes) -> Option<Vec<Window>> {
    let nodes = node.list(
        "a list of windows, for instance [\"22:00-06:00\"]",
        mistakes,
    )?;
    let mut windows: Vec<Window> = Vec::new();
    for entry in &nodes {
        match entry.value.as_str().and_then(window::parse) {
            Some(window) if windows.contains(&window) => {
                entry.wrong(mistakes, "each window once");
            }
            Some(window) => windows.push(window),
            None => entry.wrong(mistakes, window::ALLOWED),
        }
    }
    if windows.len() < nodes.len() {
        return None;
    }
    Some(windows)
}
