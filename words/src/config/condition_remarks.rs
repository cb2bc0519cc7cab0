//! Conditions that are valid and probably not meant: a word that is nearly `present` or `absent`, an empty text, two
//! sources that hold for the same instance.
//!
//! Invariant: of two sources it is told only where it is certain, from what is written alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::coercion::{Recipe, Step};
use super::mistake::{member, nearest, quoted_text};
use super::settings::{Conditions, Match, Rule, Source, Tag};
use super::vocabulary::{ABSENT, PRESENT};

/// What people write for them elsewhere.
const FOR_ABSENT: [&str; 7] = [
    "blank",
    "empty",
    "missing",
    "none",
    "null",
    "not present",
    "unset",
];
const FOR_PRESENT: [&str; 5] = ["exists", "filled", "not absent", "not empty", "nonempty"];

/// Of rules and of recipes.
pub(super) fn word_remarks<'a>(
    rules: &[Rule],
    recipes: impl Iterator<Item = &'a Arc<Recipe>>,
) -> Vec<String> {
    let mut remarks = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        for (key, conditions) in [("When", &rule.when), ("Unless", &rule.unless)] {
            of_conditions(
                &format!("SendQueue.Rules[{index}].{key}"),
                conditions,
                &mut remarks,
            );
        }
    }
    for recipe in recipes {
        let path = member("SendQueue.Coercions", &recipe.name);
        of_steps(&path, &recipe.steps, &mut remarks);
    }
    remarks
}

fn of_steps(path: &str, steps: &[Step], remarks: &mut Vec<String>) {
    for (index, step) in steps.iter().enumerate() {
        let path = format!("{path}[{index}]");
        if let Some(condition) = &step.condition {
            of_conditions(&format!("{path}.If"), &condition.conditions, remarks);
        }
        of_steps(&format!("{path}.Else"), &step.otherwise, remarks);
    }
}

fn of_conditions(path: &str, conditions: &Conditions, remarks: &mut Vec<String>) {
    for (tag, asked) in &conditions.tags {
        let Match::AnyOf(values) = asked else {
            continue;
        };
        for value in values {
            if let Some(told) = word(value) {
                remarks.push(format!("{}: {told}", place(path, conditions, tag)));
            }
        }
    }
}

/// A tag stands in `Tags`, or directly among the conditions of a step.
fn place(path: &str, conditions: &Conditions, tag: &Tag) -> String {
    match conditions.written.get(&tag.written) {
        Some(_) => member(path, &tag.written),
        None => member(&format!("{path}.Tags"), &tag.written),
    }
}

/// What is to be said of a value that is compared.
fn word(value: &str) -> Option<String> {
    let lower = value.trim().to_lowercase();
    if lower.is_empty() {
        return Some(format!(
            "\"\" does not hold where the tag is missing: did you mean \"{ABSENT}\", which holds where it is missing or has no value?"
        ));
    }
    // NONE and its like are codes of the standard (CS).
    let is_code = value.chars().all(|c| !c.is_lowercase());
    let meant = match lower.as_str() {
        word if FOR_ABSENT.contains(&word) && !is_code => ABSENT,
        word if FOR_PRESENT.contains(&word) && !is_code => PRESENT,
        word => nearest(word, &[PRESENT, ABSENT])?,
    };
    Some(format!(
        "{} is a text like any other: did you mean \"{meant}\"?",
        quoted_text(value)
    ))
}

/// Sources of which `{Source}` cannot say one.
pub(super) fn overlaps(sources: &BTreeMap<String, Arc<Source>>) -> Vec<String> {
    let all: Vec<&Arc<Source>> = sources.values().collect();
    let mut remarks = Vec::new();
    for (index, one) in all.iter().enumerate() {
        for other in &all[index + 1..] {
            if let Some((key, value)) = both_hold(&one.conditions, &other.conditions) {
                remarks.push(format!(
                    "the sources {} and {} (Sources) both hold for {key} {}: where a recipe asks for {{Source}}, such an instance goes to the error queue",
                    quoted_text(&one.name),
                    quoted_text(&other.name),
                    quoted_text(&value)
                ));
            }
        }
    }
    remarks
}

/// A condition of both that one value fulfils, where no other condition keeps the two apart.
fn both_hold(one: &Conditions, other: &Conditions) -> Option<(&'static str, String)> {
    let mut found = None;
    for (key, a, b) in [
        ("CallingAet", &one.calling_aet, &other.calling_aet),
        ("RemoteIp", &one.remote_ip, &other.remote_ip),
        ("CalledAet", &one.called_aet, &other.called_aet),
        ("Origin", &one.origin, &other.origin),
    ] {
        if let (Some(a), Some(b)) = (a, b) {
            let value = shared(a, b)?;
            found = found.or(Some((key, value)));
        }
    }
    found
}

/// A value for which both hold; `None`: there is none, or it is not known.
fn shared(one: &Match, other: &Match) -> Option<String> {
    match (one, other) {
        (Match::AnyOf(some) | Match::AnyCase(some), other) => {
            some.iter().find(|value| holds(other, value)).cloned()
        }
        (one, Match::AnyOf(some) | Match::AnyCase(some)) => {
            some.iter().find(|value| holds(one, value)).cloned()
        }
        (Match::Regex(one), Match::Regex(other)) => {
            (one.as_str() == other.as_str()).then(|| one.as_str().to_owned())
        }
        _ => None,
    }
}

fn holds(asked: &Match, value: &str) -> bool {
    match asked {
        Match::AnyOf(values) => values.iter().any(|one| one == value),
        Match::AnyCase(values) => values.iter().any(|one| one.eq_ignore_ascii_case(value)),
        Match::Regex(regex) => regex.is_match(value),
        Match::Present | Match::Absent => false,
    }
}
