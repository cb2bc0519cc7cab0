//! Does a rule match?
//!
//! Invariants:
//! - All conditions of `When` must hold, and none of `Unless`; a rule without any matches everything, but copies that
//!   Orthanc has anonymised.
//! - Tags come last: they are read only if they decide.
//! - A value that is missing matches nothing, not even `regex:.*`, but `absent`. A value that is there and cannot be
//!   read is neither a match nor none: unless another condition decides, the rule is undecided.
//! - Spaces around a value are padding (PS3.5 6.2) and never count.
//! - A verdict names the very condition that decided, and costs nothing for that.

use std::sync::Arc;

use super::{Arrival, Tags};
use crate::config::settings::{Conditions, Match, Rule, Source, Tag};

/// Whether a rule applies to an instance.
#[derive(Debug, Clone)]
pub enum Verdict<'r> {
    Yes,
    /// Its study has matched before: what `When` says is not asked.
    Taken,
    No(No<'r>),
    /// It hangs on this condition, whose tag cannot be read, for this reason.
    Undecided(Condition<'r>, String),
}

/// Why a rule does not apply.
#[derive(Debug, Clone, Copy)]
pub enum No<'r> {
    /// This condition of `When` does not hold.
    When(Condition<'r>),
    /// This condition of `Unless` holds.
    Unless(Condition<'r>),
    /// It is a copy that Orthanc has anonymised, and the rule does not say `"Anonymized": true`.
    Anonymized,
    /// It is a copy that Orthanc has modified, and the rule says `"Modified": false`.
    Modified,
}

/// One condition.
#[derive(Debug, Clone, Copy)]
pub enum Condition<'r> {
    CallingAet(&'r Match),
    CalledAet(&'r Match),
    RemoteIp(&'r Match),
    Origin(&'r Match),
    /// Any of these.
    Source(&'r [Arc<Source>]),
    Tag(&'r Tag, &'r Match),
}

/// Whether `rule` applies to `arrival`. `is_taken`: its study has matched, and what `When` says is not asked.
pub fn matches<'r>(
    rule: &'r Rule,
    arrival: &Arrival,
    is_taken: bool,
    tags: &mut Tags<'_>,
) -> Verdict<'r> {
    if !is_taken {
        if let Some(one) = known(&rule.when).find(|one| !one.is_known_to_hold(arrival)) {
            return Verdict::No(No::When(one));
        }
    }
    if let Some(one) = known(&rule.unless).find(|one| one.is_known_to_hold(arrival)) {
        return Verdict::No(No::Unless(one));
    }
    let mut hangs = None;
    if !is_taken {
        match tags_hold(&rule.when, tags) {
            Holds::Yes => {}
            Holds::No(one) => return Verdict::No(No::When(one)),
            Holds::Undecided(one, why) => hangs = Some((one, why)),
        }
    }
    if arrival.anonymized && !rule.anonymized {
        return Verdict::No(No::Anonymized);
    }
    if arrival.modified && !rule.modified {
        return Verdict::No(No::Modified);
    }
    for (tag, asked) in &rule.unless.tags {
        match tag_holds(tag, asked, tags) {
            Ok(false) => {}
            Ok(true) => return Verdict::No(No::Unless(Condition::Tag(tag, asked))),
            Err(why) => hangs = Some((Condition::Tag(tag, asked), why)),
        }
    }
    match hangs {
        Some((condition, why)) => Verdict::Undecided(condition, why),
        None if is_taken => Verdict::Taken,
        None => Verdict::Yes,
    }
}

/// Whether conditions that all must hold do.
#[derive(Debug, Clone)]
pub enum Holds<'r> {
    Yes,
    /// This one does not.
    No(Condition<'r>),
    /// It hangs on this one, whose tag cannot be read, for this reason.
    Undecided(Condition<'r>, String),
}

/// Whether all of these hold for `arrival`.
pub fn all_hold<'r>(
    conditions: &'r Conditions,
    arrival: &Arrival,
    tags: &mut Tags<'_>,
) -> Holds<'r> {
    match known(conditions).find(|one| !one.is_known_to_hold(arrival)) {
        Some(one) => Holds::No(one),
        None => tags_hold(conditions, tags),
    }
}

fn tags_hold<'r>(conditions: &'r Conditions, tags: &mut Tags<'_>) -> Holds<'r> {
    let mut holds = Holds::Yes;
    for (tag, asked) in &conditions.tags {
        let one = Condition::Tag(tag, asked);
        match tag_holds(tag, asked, tags) {
            Ok(true) => {}
            // Whatever the unreadable ones say.
            Ok(false) => return Holds::No(one),
            Err(why) => holds = Holds::Undecided(one, why),
        }
    }
    holds
}

/// Whether the way here is asked for, and not the tags alone.
pub fn asks_for_the_sender(conditions: &Conditions) -> bool {
    known(conditions).next().is_some()
}

/// The conditions that ask for no tags.
fn known(conditions: &Conditions) -> impl Iterator<Item = Condition<'_>> {
    let sources = &conditions.sources;
    [
        conditions.calling_aet.as_ref().map(Condition::CallingAet),
        conditions.called_aet.as_ref().map(Condition::CalledAet),
        conditions.remote_ip.as_ref().map(Condition::RemoteIp),
        conditions.origin.as_ref().map(Condition::Origin),
        (!sources.is_empty()).then_some(Condition::Source(sources)),
    ]
    .into_iter()
    .flatten()
}

impl<'r> Condition<'r> {
    /// What of `arrival` a condition looks at that asks for no tag.
    pub(super) fn value<'a>(&self, arrival: &'a Arrival) -> Option<&'a str> {
        match self {
            Condition::CallingAet(_) => arrival.remote_aet.as_deref(),
            Condition::CalledAet(_) => arrival.called_aet.as_deref(),
            Condition::RemoteIp(_) => arrival.remote_ip.as_deref(),
            Condition::Origin(_) => arrival.origin.as_deref(),
            Condition::Source(_) | Condition::Tag(..) => None,
        }
    }

    fn is_known_to_hold(&self, arrival: &Arrival) -> bool {
        match self {
            Condition::CallingAet(asked)
            | Condition::CalledAet(asked)
            | Condition::RemoteIp(asked)
            | Condition::Origin(asked) => {
                let value = self.value(arrival);
                value.is_some_and(|value| holds(asked, value))
            }
            Condition::Source(any) => any.iter().any(|source| is_from(source, arrival)),
            Condition::Tag(..) => false,
        }
    }
}

/// Whether `arrival` comes from `source`.
pub fn is_from(source: &Source, arrival: &Arrival) -> bool {
    known(&source.conditions).all(|one| one.is_known_to_hold(arrival))
}

fn tag_holds(tag: &Tag, asked: &Match, tags: &mut Tags<'_>) -> Result<bool, String> {
    match asked {
        Match::Present => tags.has_value(tag),
        Match::Absent => tags.has_value(tag).map(|has| !has),
        Match::AnyOf(_) | Match::AnyCase(_) | Match::Regex(_) => {
            let value = tags.get(tag)?;
            Ok(value.is_some_and(|value| holds_for_any(asked, value)))
        }
    }
}

/// Some senders pad with NUL instead of spaces.
pub(super) fn trim(value: &str) -> &str {
    value.trim_matches([' ', '\0'])
}

fn holds(condition: &Match, value: &str) -> bool {
    let value = trim(value);
    match condition {
        Match::AnyOf(values) => values.iter().any(|v| trim(v) == value),
        Match::AnyCase(values) => values.iter().any(|v| trim(v).eq_ignore_ascii_case(value)),
        Match::Regex(regex) => regex.is_match(value),
        Match::Present => !value.is_empty(),
        Match::Absent => value.is_empty(),
    }
}

/// For the value of a tag: the whole, or any of its components (`ORIGINAL\PRIMARY`, PS3.5 6.4). A regular
/// expression looks at the whole.
fn holds_for_any(condition: &Match, value: &str) -> bool {
    holds(condition, value)
        || matches!(condition, Match::AnyOf(_))
            && value.contains('\\')
            && value
                .split('\\')
                .any(|component| holds(condition, component))
}

#[cfg(test)]
pub(super) mod tests;
