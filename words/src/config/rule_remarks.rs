//! Rules that are valid and probably not meant: one that can never match, one that another one stops, a source that
//! nobody names.
//!
//! Invariant: told only where it is certain, from what is written alone. Much else is not found.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::altering::Altering;
use super::mistake::quoted_text;
use super::settings::{Conditions, Match, Rule, Source};

pub(super) fn rule_remarks(
    rules: &[Rule],
    sources: &BTreeMap<String, Arc<Source>>,
    altering: &Altering,
) -> Vec<String> {
    let never = rules.iter().filter(|rule| never_matches(rule)).map(|rule| {
        format!(
            "rule {} can never match: its Unless holds back all that its When asks for",
            quoted_text(&rule.name)
        )
    });
    let dead = rules.iter().enumerate().filter_map(|(index, rule)| {
        let stop = rules[..index].iter().find(|stop| stops_all(stop, rule))?;
        Some(format!(
            "rule {} can never match: rule {} before it takes all that it asks for, and has \"Stop\": true",
            quoted_text(&rule.name),
            quoted_text(&stop.name)
        ))
    });
    let is_named = |source: &Arc<Source>| {
        let named =
            (rules.iter()).flat_map(|rule| rule.when.sources.iter().chain(&rule.unless.sources));
        named.into_iter().any(|one| one.name == source.name) || altering.names_source(&source.name)
    };
    let unnamed = sources.values().filter(|source| !is_named(source));
    let unnamed = unnamed.map(|source| {
        format!(
            "no rule and no recipe names the source {} (Sources)",
            quoted_text(&source.name)
        )
    });
    never.chain(dead).chain(unnamed).collect()
}

/// A condition of `Unless` holds whenever one of `When` does.
fn never_matches(rule: &Rule) -> bool {
    each(&rule.unless).any(|unless| each(&rule.when).any(|when| when.implies(&unless)))
}

/// Whatever `rule` would match, `stop` has matched.
fn stops_all(stop: &Rule, rule: &Rule) -> bool {
    let asks_no_more =
        each(&stop.when).all(|asked| each(&rule.when).any(|one| one.implies(&asked)));
    let holds_no_more =
        each(&stop.unless).all(|held| each(&rule.unless).any(|one| held.implies(&one)));
    stop.stop
        && asks_no_more
        && holds_no_more
        && (stop.anonymized || !rule.anonymized)
        && (stop.modified || !rule.modified)
}

enum One<'a> {
    /// What is compared, by a name.
    Value(&'static str, &'a Match),
    Tag(String, &'a Match),
    Source(&'a [Arc<Source>]),
}

fn each(conditions: &Conditions) -> impl Iterator<Item = One<'_>> {
    let values = [
        ("CallingAet", &conditions.calling_aet),
        ("CalledAet", &conditions.called_aet),
        ("RemoteIp", &conditions.remote_ip),
        ("Origin", &conditions.origin),
    ];
    let values = values.into_iter();
    let values = values.filter_map(|(name, one)| Some(One::Value(name, one.as_ref()?)));
    let sources = (!conditions.sources.is_empty()).then_some(One::Source(&conditions.sources));
    let tags = conditions.tags.iter();
    values
        .chain(sources)
        .chain(tags.map(|(tag, one)| One::Tag(tag.key(), one)))
}

impl One<'_> {
    /// Where this holds, `other` does.
    fn implies(&self, other: &One<'_>) -> bool {
        match (self, other) {
            (One::Value(a, one), One::Value(b, other)) => a == b && implies(one, other),
            (One::Tag(a, one), One::Tag(b, other)) => a == b && implies(one, other),
            (One::Source(some), One::Source(others)) => some
                .iter()
                .all(|one| others.iter().any(|other| other.name == one.name)),
            _ => false,
        }
    }
}

fn implies(one: &Match, other: &Match) -> bool {
    let has_text = |value: &String| !value.trim().is_empty();
    match (one, other) {
        (Match::AnyOf(some), Match::AnyOf(others)) => some.iter().all(|v| others.contains(v)),
        (Match::AnyCase(some), Match::AnyCase(others)) => some
            .iter()
            .all(|v| others.iter().any(|other| v.eq_ignore_ascii_case(other))),
        (Match::Regex(one), Match::Regex(other)) => one.as_str() == other.as_str(),
        (Match::AnyOf(some), Match::Present) => some.iter().all(has_text),
        (Match::Present, Match::Present) | (Match::Absent, Match::Absent) => true,
        _ => false,
    }
}
