//! From options to the filters of the REST API.

use sendqueue_words::item::{StatusFilter, status};
use serde_json::{Map, Value, json};

use crate::cli::{Filter, Operation, Waiting, Which};

/// A DIMSE status to look for, as the server reads one.
///
/// # Errors
/// What may stand there.
pub fn status(text: &str) -> Result<StatusFilter, String> {
    StatusFilter::parse(text).ok_or_else(|| status::ALLOWED.to_owned())
}

/// `90`, `90s`, `15m`, `12h`, `7d`.
pub fn seconds(text: &str) -> Result<u64, String> {
    let units = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)];
    let (number, factor) = units
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)))
        .unwrap_or((text, 1));
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(factor))
        .ok_or_else(|| "a number of seconds, or with a unit: 90s, 15m, 12h, 7d".to_owned())
}

/// As arguments of a GET.
pub fn arguments(filter: &Filter) -> Vec<(&'static str, String)> {
    let mut arguments = Vec::new();
    let texts = [
        ("destination", &filter.destination),
        ("class", &filter.class),
        ("study", &filter.study),
    ];
    for (name, value) in texts {
        if let Some(value) = value {
            arguments.push((name, value.clone()));
        }
    }
    if let Some(status) = filter.status {
        arguments.push(("status", status.to_string()));
    }
    if let Some(seconds) = filter.older_than {
        arguments.push(("older-than", seconds.to_string()));
    }
    arguments
}

/// The same, in any of these states.
pub fn in_states(filter: &Filter, states: &[String]) -> Vec<(&'static str, String)> {
    let mut arguments = arguments(filter);
    if !states.is_empty() {
        arguments.push(("state", states.join(",")));
    }
    arguments
}

/// Whether the body of an operation says of which items: the server refuses one that does not, in words of its own.
///
/// # Errors
/// What may be given.
pub fn narrow(body: &Map<String, Value>, options: &str) -> Result<(), String> {
    let besides = ["To", "Priority"];
    match body.keys().all(|key| besides.contains(&key.as_str())) {
        true => Err(format!(
            "an empty filter is refused: say which items ({options}), or --all for all of them"
        )),
        false => Ok(()),
    }
}

/// What may narrow an operation on the error queue.
pub const OF_FAILURES: &str =
    "their numbers, --destination, --study, --class, --status, --older-than";
/// What may narrow an operation on what waits.
pub const OF_WAITING: &str = "--id, --destination, --study, --state, --rule, --older-than";

/// As the body of an operation on the error queue.
pub fn body(operation: &Operation) -> Map<String, Value> {
    let filter = &operation.filter;
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| drop(body.insert(name.to_owned(), value));
    if operation.all {
        put("All", true.into());
    }
    let ids: Vec<u64> = [&operation.items[..], &operation.ids].concat();
    if !ids.is_empty() {
        put("IDs", json!(ids));
    }
    if let Some(name) = &filter.destination {
        put("Destination", json!(name));
    }
    if let Some(class) = &filter.class {
        put("Class", json!(class));
    }
    if let Some(study) = &filter.study {
        put("Study", json!(study));
    }
    match filter.status {
        Some(StatusFilter::Is(status)) => put("Status", status.into()),
        Some(StatusFilter::None) => put("Status", "None".into()),
        None => {}
    }
    if let Some(seconds) = filter.older_than {
        put("OlderThanSeconds", seconds.into());
    }
    body
}

/// As the body of an operation on what waits.
pub fn waiting(waiting: &Waiting) -> Map<String, Value> {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| drop(body.insert(name.to_owned(), value));
    if waiting.all {
        put("All", true.into());
    }
    if !waiting.ids.is_empty() {
        put("IDs", json!(waiting.ids));
    }
    if let Some(name) = &waiting.destination {
        put("Destination", json!(name));
    }
    if let Some(study) = &waiting.study {
        put("Study", json!(study));
    }
    if let Some(seconds) = waiting.older_than {
        put("OlderThanSeconds", seconds.into());
    }
    which(&waiting.which, &mut body);
    body
}

pub fn which(which: &Which, body: &mut Map<String, Value>) {
    if !which.state.is_empty() {
        body.insert("State".to_owned(), json!(which.state));
    }
    if let Some(rule) = &which.rule {
        body.insert("Rule".to_owned(), json!(rule));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_units() {
        for (text, expected) in [
            ("90", Some(90)),
            ("90s", Some(90)),
            ("15m", Some(900)),
            ("2h", Some(7200)),
            ("7d", Some(604_800)),
            ("1w", None),
            ("-1", None),
            ("99999999999999999999d", None),
        ] {
            assert_eq!(seconds(text).ok(), expected, "{text}");
        }
    }
}
