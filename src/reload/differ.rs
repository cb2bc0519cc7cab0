//! What differs between two sections, as people call it. Never a value: some are secrets.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::config::member;

const RULES: &str = "Rules";

/// Paths of what differs, without the name of the section.
pub fn changed(old: &Value, new: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let empty = Map::new();
    let (old, new) = (
        old.as_object().unwrap_or(&empty),
        new.as_object().unwrap_or(&empty),
    );
    for key in keys(old, new) {
        match (old.get(key), new.get(key)) {
            (one, other) if key == RULES => rules(list(one), list(other), &mut found),
            (one, other) => differ(key, one, other, &mut found),
        }
    }
    found
}

fn keys<'a>(old: &'a Map<String, Value>, new: &'a Map<String, Value>) -> BTreeSet<&'a str> {
    old.keys().chain(new.keys()).map(String::as_str).collect()
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Objects key by key; of anything else whether it is the same.
fn differ(path: &str, old: Option<&Value>, new: Option<&Value>, found: &mut Vec<String>) {
    match (old, new) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            for key in keys(old, new) {
                differ(&member(path, key), old.get(key), new.get(key), found);
            }
        }
        (old, new) if old != new => found.push(path.to_owned()),
        _ => {}
    }
}

/// A rule is the one of the same name; without a name the one that says the same, else the one in its place.
fn rules(old: &[Value], new: &[Value], found: &mut Vec<String>) {
    let name = |rule: &Value| rule.get("Name").and_then(Value::as_str).map(str::to_owned);
    let mut left: BTreeSet<usize> = (0..old.len()).collect();
    let mut pairs: Vec<Option<usize>> = vec![None; new.len()];
    // First what is certain.
    for (at, rule) in new.iter().enumerate() {
        let named = name(rule);
        let is_it = |was: &&usize| match &named {
            Some(_) => name(&old[**was]) == named,
            None => old[**was] == *rule,
        };
        pairs[at] = left.iter().find(is_it).copied();
        pairs[at].map(|was| left.remove(&was));
    }
    for (at, rule) in new.iter().enumerate() {
        let is_nameless = |at: usize| name(rule).is_none() && name(&old[at]).is_none();
        if pairs[at].is_none() && left.contains(&at) && is_nameless(at) {
            left.remove(&at);
            pairs[at] = Some(at);
        }
    }
    for (at, rule) in new.iter().enumerate() {
        match pairs[at] {
            Some(was) => differ(&format!("Rules[{at}]"), Some(&old[was]), Some(rule), found),
            None => found.push(format!("Rules[{at}] (new)")),
        }
    }
    found.extend(left.iter().map(|was| match name(&old[*was]) {
        Some(name) => format!("{} (removed)", member(RULES, &name)),
        None => format!("Rules[{was}] (removed)"),
    }));
    let order: Vec<usize> = pairs.into_iter().flatten().collect();
    if !order.is_sorted() {
        found.push("Rules (their order)".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_differs_is_named_where_a_person_looks_for_it() {
        let old = json!({
            "HistoryDays": 7,
            "Rules": [{ "Name": "a", "To": ["x"] }, { "To": ["y"] }, { "Name": "c", "To": ["z"] }],
            "Destinations": { "x": { "Retry": { "Delay": 5 } } },
            "Alerts": { "Url": "http://u:p@h/", "Secret": "s" },
        });
        let same = changed(&old, &old);
        assert!(same.is_empty(), "{same:?}");
        let new = json!({
            "Rules": [{ "To": ["new"] }, { "Name": "c", "To": ["w"] }, { "To": ["y"] }],
            "Destinations": { "x": { "Retry": { "Delay": 6 } }, "a/b": {} },
            "Alerts": { "Url": "http://other/", "Secret": "s" },
        });
        assert_eq!(
            changed(&old, &new),
            [
                "Alerts.Url",
                "Destinations[\"a/b\"]",
                "Destinations.x.Retry.Delay",
                "HistoryDays",
                "Rules[0] (new)",
                "Rules[1].To",
                "Rules.a (removed)",
                "Rules (their order)",
            ]
        );
        let text = changed(&old, &json!({})).join(" ");
        assert!(!text.contains("u:p") && text.contains("Alerts"), "{text}");
    }

    #[test]
    fn a_rule_without_a_name_that_is_put_before_others_changes_none_of_them() {
        let rule = |to: &str| json!({ "To": [to] });
        let old = json!({ "Rules": [rule("a"), rule("b")] });
        let new = json!({ "Rules": [rule("n"), rule("a"), rule("b")] });
        assert_eq!(changed(&old, &new), ["Rules[0] (new)"]);
        assert_eq!(changed(&new, &old), ["Rules[0] (removed)"]);
        let other = json!({ "Rules": [rule("a"), rule("c")] });
        assert_eq!(changed(&old, &other), ["Rules[1].To"]);
    }
}
