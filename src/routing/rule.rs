//! Does a rule match?
//!
//! Invariants:
//! - All conditions of `When` must hold; a rule without any matches everything.
//! - Tags come last: they are read only if all the other conditions hold.
//! - A value that is missing matches nothing, not even `regex:.*`. A value that is there and cannot be read is neither
//!   a match nor none: unless another condition fails, the rule is undecided.
//! - Spaces around a value are padding (PS3.5 6.2) and never count.

use super::{Arrival, Tags};
use crate::config::settings::{Match, Rule};

/// Whether a rule applies to an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Yes,
    No,
    /// It hangs on a tag that cannot be read, for this reason.
    Undecided(String),
}

/// Whether `rule` applies to `arrival`.
pub fn matches(rule: &Rule, arrival: &Arrival, tags: &mut Tags<'_>) -> Verdict {
    let when = &rule.when;
    let conditions = [
        (&when.calling_aet, &arrival.remote_aet),
        (&when.called_aet, &arrival.called_aet),
        (&when.remote_ip, &arrival.remote_ip),
        (&when.origin, &arrival.origin),
    ];
    for (condition, value) in conditions {
        if let Some(condition) = condition {
            if !value
                .as_deref()
                .is_some_and(|value| holds(condition, value))
            {
                return Verdict::No;
            }
        }
    }
    let mut verdict = Verdict::Yes;
    for (tag, condition) in &when.tags {
        match tags.get(tag) {
            Ok(Some(value)) if holds_for_any(condition, value) => {}
            // Whatever the unreadable ones say.
            Ok(_) => return Verdict::No,
            Err(why) => verdict = Verdict::Undecided(why),
        }
    }
    verdict
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
