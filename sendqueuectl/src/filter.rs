//! From options to the filters of the REST API.

use serde_json::{Map, Value, json};

use crate::cli::{Filter, Operation, Waiting, Which};

/// A DIMSE status to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Is(u16),
    None,
}

/// `A700`, `0xA700` or `none`: statuses are hexadecimal everywhere in DICOM.
pub fn status(text: &str) -> Result<Status, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(Status::None);
    }
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    u16::from_str_radix(digits.unwrap_or(text), 16)
        .map(Status::Is)
        .map_err(|_| "a hexadecimal number of 1 to 4 digits, such as A700, or none".to_owned())
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
    match filter.status {
        Some(Status::Is(status)) => arguments.push(("status", status.to_string())),
        Some(Status::None) => arguments.push(("status", "none".to_owned())),
        None => {}
    }
    if let Some(seconds) = filter.older_than {
        arguments.push(("older-than", seconds.to_string()));
    }
    arguments
}

/// As the body of an operation on the error queue. An empty one is left to the server, which refuses it with the right
/// words.
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
        Some(Status::Is(status)) => put("Status", status.into()),
        Some(Status::None) => put("Status", "None".into()),
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
    fn statuses_are_hexadecimal() {
        for (text, expected) in [
            ("A700", Some(Status::Is(0xA700))),
            ("0xa700", Some(Status::Is(0xA700))),
            ("110", Some(Status::Is(0x0110))),
            ("none", Some(Status::None)),
            ("A7000", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(status(text).ok(), expected, "{text}");
        }
    }

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
