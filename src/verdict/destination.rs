//! What of destinations needs a person.

use std::collections::BTreeMap;

use super::words::{data, names, waiting};
use super::{Finding, Kind, Known, Seen, Severity};
use crate::item::meaning::{advice, ails, cause, cause_explained};
use crate::item::{Class, Timestamp};
use crate::store::{ErrorSummary, HeldItems};

/// Kinds of failures that a sentence names.
const NAMED: usize = 4;

impl Seen {
    fn name(&self) -> &str {
        &self.record.name
    }

    fn open(&self) -> u64 {
        self.record.counts.open()
    }

    /// Since when it cannot be reached, where that is its trouble: what is not configured or paused is not looked for.
    fn unreachable_since(&self) -> Option<Timestamp> {
        let looked_for = self.is_configured && !self.status.paused;
        self.status.unreachable_since.filter(|_| looked_for)
    }
}

/// One for each target, whatever names it has.
pub fn outages(known: &Known) -> Vec<Finding> {
    let mut targets: BTreeMap<&str, Vec<&Seen>> = BTreeMap::new();
    for seen in &known.destinations {
        if seen.unreachable_since().is_some() {
            targets.entry(&seen.target).or_default().push(seen);
        }
    }
    let of_target = targets.iter();
    of_target
        .filter_map(|(target, seen)| outage(known, target, seen))
        .collect()
}

fn outage(known: &Known, target: &str, seen: &[&Seen]) -> Option<Finding> {
    let since = seen
        .iter()
        .filter_map(|one| one.unreachable_since())
        .min()?;
    let open = seen.iter().map(|one| one.open()).sum();
    let errors = seen.iter().filter_map(|one| one.record.last_error.as_ref());
    // What was said of another matter is no cause of this.
    let error = errors
        .filter(|error| error.class.is_an_outage() && error.time >= since)
        .max_by_key(|error| error.time);
    let class = error.map_or(Class::Unreachable, |error| error.class);
    let why = error.map(|error| data(&error.details));
    let why = why.filter(|why| !why.is_empty());
    let why = why.map_or_else(String::new, |why| format!(" ({why})"));
    let all: Vec<&str> = seen.iter().map(|one| one.name()).collect();
    let one_target = if all.len() > 1 { " (one target)" } else { "" };
    let sentence = format!(
        "{}{one_target} {} for {}{why}; {}",
        names(&all),
        ails(class),
        known.age(since),
        waiting(open)
    );
    let severity = match open {
        0 => Severity::Warning,
        _ => Severity::Error,
    };
    let named = all.iter().find(|name| **name == target);
    let first = named.or(all.first())?;
    Some(
        Finding::new(severity, Kind::Unreachable, sentence)
            .of(first)
            .advice(advice(class, None))
            .since(Some(since))
            .count(open),
    )
}

/// One for each destination that has some.
pub fn failures(known: &Known) -> Vec<Finding> {
    let mut destinations: BTreeMap<&str, Vec<&ErrorSummary>> = BTreeMap::new();
    for one in known.failures.iter().filter(|one| one.count > 0) {
        destinations.entry(&one.destination).or_default().push(one);
    }
    let of_destination = destinations.into_iter();
    of_destination
        .filter_map(|(name, kinds)| failures_of(known, name, &kinds))
        .collect()
}

fn failures_of(known: &Known, name: &str, kinds: &[&ErrorSummary]) -> Option<Finding> {
    let total: u64 = kinds.iter().map(|one| one.count).sum();
    let oldest = kinds.iter().map(|one| one.oldest).min()?;
    // An older status that does not matter makes no kind of its own.
    let mut causes: BTreeMap<String, (u64, &ErrorSummary)> = BTreeMap::new();
    for one in kinds {
        let cause = cause(one.class, one.dimse_status);
        causes.entry(cause).or_insert((0, one)).0 += one.count;
    }
    let mut causes: Vec<(String, u64, &ErrorSummary)> = causes
        .into_iter()
        .map(|(cause, (count, example))| (cause, count, example))
        .collect();
    causes.sort_by_key(|(_, count, _)| std::cmp::Reverse(*count));
    let (_, _, most) = causes.first()?;
    let since = known.clock(oldest);
    let sentence = match causes.len() {
        1 => format!(
            "{name} {}: {total} × {}, since {since}",
            ails(most.class),
            cause_explained(most.class, most.dimse_status)
        ),
        kinds => {
            let shown = causes.iter().take(NAMED);
            let shown = shown.map(|(cause, count, _)| format!("{count} × {cause}"));
            let mut shown: Vec<String> = shown.collect();
            if kinds > NAMED {
                shown.push(format!("{} other kinds", kinds - NAMED));
            }
            format!(
                "{name} has {total} failures: {}, since {since}",
                shown.join(", ")
            )
        }
    };
    Some(
        Finding::new(Severity::Error, Kind::Failures, sentence)
            .of(name)
            .advice(advice(most.class, most.dimse_status))
            .since(Some(oldest))
            .count(total),
    )
}

pub fn not_configured(known: &Known, seen: &Seen) -> Option<Finding> {
    if seen.is_configured || seen.open() == 0 {
        return None;
    }
    let oldest = seen.record.oldest_pending;
    let since = oldest.map_or_else(String::new, |oldest| {
        format!(", the oldest {}", known.since(oldest))
    });
    let sentence = format!(
        "{} is not configured in Orthanc (any more); {}{since}",
        seen.name(),
        waiting(seen.open())
    );
    Some(
        Finding::new(Severity::Error, Kind::NotConfigured, sentence)
            .of(seen.name())
            .advice("Add it to DicomModalities again, or redirect or cancel what waits. Nothing of it expires meanwhile.")
            .since(oldest)
            .count(seen.open()),
    )
}

pub fn paused(known: &Known, seen: &Seen) -> Option<Finding> {
    if !seen.is_configured || !seen.status.paused || seen.open() == 0 {
        return None;
    }
    let since = seen.record.paused_since;
    let sentence = format!(
        "{} is paused by a person{}; {}",
        seen.name(),
        since.map_or_else(String::new, |since| format!(" {}", known.since(since))),
        waiting(seen.open())
    );
    Some(
        Finding::new(Severity::Warning, Kind::Paused, sentence)
            .of(seen.name())
            .advice("Resume it when it may get instances again.")
            .since(since)
            .count(seen.open()),
    )
}

/// Of a destination that nothing else keeps from sending but its windows.
pub fn backlog(known: &Known, seen: &Seen) -> Option<Finding> {
    if seen.status.paused || seen.status.unreachable_since.is_some() {
        return None;
    }
    let oldest = seen.record.oldest_pending?;
    let limits = known.limits;
    if !limits.are_passed(seen.open(), Some(oldest), seen.late, known.now) {
        return None;
    }
    let window = match (seen.status.outside_window, seen.status.opens) {
        (false, _) => String::new(),
        (true, None) => "; its window is closed".to_owned(),
        (true, Some(opens)) => format!("; its window opens {}", known.clock(opens)),
    };
    let sentence = format!(
        "{} has a backlog: {}, the oldest {}{window}",
        seen.name(),
        waiting(seen.open()),
        known.since(oldest)
    );
    Some(
        Finding::new(Severity::Warning, Kind::Backlog, sentence)
            .of(seen.name())
            .advice("If it only is slow, raise Associations, or send less to it. What waits for ExpireAfter ends in the error queue.")
            .since(Some(oldest))
            .count(seen.open()),
    )
}

pub fn not_confirmed(seen: &Seen) -> Option<Finding> {
    let confirming = seen.record.confirming;
    let (refused, late) = (confirming.refused, confirming.timed_out);
    let why = match (refused, late) {
        (0, 0) => return None,
        (0, late) => format!("{late} without an answer in time"),
        (refused, 0) => format!("{refused} that it does not answer for"),
        (refused, late) => {
            format!("{refused} that it does not answer for, {late} without an answer in time")
        }
    };
    let sentence = format!(
        "{} has not confirmed what it acknowledged: {why}",
        seen.name()
    );
    Some(
        Finding::new(Severity::Warning, Kind::NotConfirmed, sentence)
            .of(seen.name())
            .advice("Look whether it has them, and whether it can be asked as Confirm says. Then ask it again for the study, or send it again. Retention deletes nothing of it meanwhile; Orthanc's own limits may.")
            .count(refused + late),
    )
}

pub fn held(known: &Known, held: &HeldItems) -> Finding {
    let sentence = format!(
        "{} does not get {} {} yet, {}: {}",
        held.destination,
        held.count,
        if held.count == 1 { "item" } else { "items" },
        known.since(held.oldest),
        data(&held.example)
    );
    Finding::new(Severity::Error, Kind::Held, sentence)
        .of(&held.destination)
        .advice("Give what is missing: add the subject to the list of the de-identification. Sending goes on by itself then.")
        .since(Some(held.oldest))
        .count(held.count)
}
