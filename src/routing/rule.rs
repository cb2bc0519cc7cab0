//! Does a rule match?
//!
//! Invariants:
//! - All conditions of `When` must hold; a rule without any matches everything.
//! - Tags come last: they are read only if all the other conditions hold.
//! - A value that is missing matches nothing, not even `regex:.*`.
//! - Spaces around a value are padding (PS3.5 6.2) and never count.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Arrival;
use crate::config::settings::{Match, Rule, Tag};

/// Values of an instance's tags, by `gggg,eeee` in lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TagValues(BTreeMap<String, String>);

impl TagValues {
    /// From Orthanc's `/instances/{id}/tags?short` (`{ "0008,0060": "CT" }`) or, with the same keys,
    /// `OrthancPluginGetInstanceJson` and `/instances/{id}/tags` (`{ "0008,0060": { "Type", "Value", … } }`).
    ///
    /// Only strings are values: sequences, and what Orthanc leaves out because it is binary or longer
    /// than 256 characters (`null`), count as missing. `None`: this is no object.
    pub fn from_json(tags: &Value) -> Option<TagValues> {
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Object(full) if full.get("Type").and_then(Value::as_str) == Some("String") => {
                full.get("Value").and_then(Value::as_str).map(str::to_owned)
            }
            _ => None,
        };
        let entries = tags.as_object()?.iter();
        Some(
            entries
                .filter_map(|(tag, value)| Some((tag.clone(), text(value)?)))
                .collect(),
        )
    }

    pub fn get(&self, tag: &Tag) -> Option<&str> {
        self.0.get(&tag.key()).map(String::as_str)
    }
}

impl FromIterator<(String, String)> for TagValues {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(tags: I) -> TagValues {
        TagValues(tags.into_iter().collect())
    }
}

/// The tags of one instance, read when they are first needed and never again: also a failure is kept.
pub struct Tags<'a> {
    read: &'a mut dyn FnMut() -> Result<TagValues, String>,
    values: Option<Result<TagValues, String>>,
}

impl<'a> Tags<'a> {
    /// `read` fails with a text for people.
    pub fn new(read: &'a mut dyn FnMut() -> Result<TagValues, String>) -> Tags<'a> {
        Tags { read, values: None }
    }

    pub fn get(&mut self) -> Result<&TagValues, &str> {
        let values = self.values.get_or_insert_with(|| (self.read)());
        values.as_ref().map_err(String::as_str)
    }

    /// Why the tags could not be read, if that was tried.
    pub fn error(&self) -> Option<&str> {
        self.values.as_ref()?.as_ref().err().map(String::as_str)
    }
}

/// Whether a rule applies to an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Yes,
    No,
    /// It hangs on tags, which could not be read.
    Undecided,
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
    if when.tags.is_empty() {
        return Verdict::Yes;
    }
    let Ok(values) = tags.get() else {
        return Verdict::Undecided;
    };
    let all = when.tags.iter().all(|(tag, condition)| {
        values
            .get(tag)
            .is_some_and(|value| holds_for_any(condition, value))
    });
    if all { Verdict::Yes } else { Verdict::No }
}

/// Some senders pad with NUL instead of spaces.
pub(super) fn trim(value: &str) -> &str {
    value.trim_matches([' ', '\0'])
}

fn holds(condition: &Match, value: &str) -> bool {
    let value = trim(value);
    match condition {
        Match::AnyOf(values) => values.iter().any(|v| trim(v) == value),
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
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::settings::When;

    fn any(values: &[&str]) -> Match {
        Match::AnyOf(values.iter().map(|v| (*v).to_owned()).collect())
    }

    fn regex(pattern: &str) -> Match {
        Match::Regex(regex::Regex::new(pattern).unwrap())
    }

    fn rule(when: When) -> Rule {
        Rule {
            name: "r".to_owned(),
            to: vec!["pacs".to_owned()],
            when,
            allow_loop: false,
            level: None,
            quiet_seconds: None,
            priority: None,
        }
    }

    fn tagged(group: u16, element: u16, condition: Match) -> (Tag, Match) {
        let written = String::new();
        (
            Tag {
                group,
                element,
                written,
            },
            condition,
        )
    }

    fn arrival() -> Arrival {
        Arrival {
            remote_aet: Some("CT_1 ".to_owned()),
            called_aet: Some("ORTHANC".to_owned()),
            remote_ip: Some("10.0.0.7".to_owned()),
            origin: Some("DicomProtocol".to_owned()),
            ..Arrival::default()
        }
    }

    fn no_tags() -> Result<TagValues, String> {
        panic!("the tags were read without need")
    }

    #[test]
    fn what_a_sender_is_asked_for() {
        let table = [
            (When::default(), true),
            (
                When {
                    calling_aet: Some(any(&["CT_1"])),
                    ..When::default()
                },
                true,
            ),
            (
                When {
                    calling_aet: Some(any(&["X", "CT_1"])),
                    ..When::default()
                },
                true,
            ),
            (
                When {
                    calling_aet: Some(any(&["ct_1"])),
                    ..When::default()
                },
                false,
            ),
            (
                When {
                    calling_aet: Some(regex("^CT_[0-9]$")),
                    ..When::default()
                },
                true,
            ),
            (
                When {
                    calling_aet: Some(regex("^MR")),
                    ..When::default()
                },
                false,
            ),
            (
                When {
                    called_aet: Some(any(&["ORTHANC"])),
                    ..When::default()
                },
                true,
            ),
            (
                When {
                    called_aet: Some(any(&["OTHER"])),
                    ..When::default()
                },
                false,
            ),
            (
                When {
                    remote_ip: Some(any(&["10.0.0.7"])),
                    ..When::default()
                },
                true,
            ),
            (
                When {
                    remote_ip: Some(regex(r"^10\.0\.1\.")),
                    ..When::default()
                },
                false,
            ),
            (
                When {
                    origin: Some(any(&["RestApi", "DicomProtocol"])),
                    ..When::default()
                },
                true,
            ),
            (
                When {
                    origin: Some(any(&["RestApi"])),
                    ..When::default()
                },
                false,
            ),
            (
                When {
                    calling_aet: Some(any(&["CT_1"])),
                    origin: Some(any(&["Lua"])),
                    ..When::default()
                },
                false,
            ),
        ];
        for (when, expected) in table {
            let text = format!("{when:?}");
            let expected = if expected { Verdict::Yes } else { Verdict::No };
            let verdict = matches(&rule(when), &arrival(), &mut Tags::new(&mut no_tags));
            assert_eq!(verdict, expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_known_of_a_sender_matches_nothing() {
        let when = When {
            calling_aet: Some(regex(".*")),
            ..When::default()
        };
        let unknown = Arrival::default();
        let verdict = matches(&rule(when), &unknown, &mut Tags::new(&mut no_tags));
        assert_eq!(verdict, Verdict::No);
    }

    #[test]
    fn what_tags_are_asked_for() {
        let tags = json!({
            "0008,0060": "CT",
            "0008,0008": "ORIGINAL\\PRIMARY \\AXIAL",
            "0008,1030": " Thorax nativ ",
            "0010,4000": "",
            "0008,1140": [{ "0008,1155": "1.2.3" }],
            "7fe0,0010": null,
        });
        let table = [
            (0x0008, 0x0060, any(&["CT", "MR"]), true),
            (0x0008, 0x0060, any(&["ct"]), false),
            (0x0008, 0x0060, any(&["MR"]), false),
            (0x0008, 0x0060, regex("C"), true),
            (0x0008, 0x0008, any(&["PRIMARY"]), true),
            (0x0008, 0x0008, any(&["PRIM"]), false),
            (0x0008, 0x0008, any(&["ORIGINAL\\PRIMARY \\AXIAL"]), true),
            (0x0008, 0x0008, regex(r"^ORIGINAL\\"), true),
            (0x0008, 0x0008, regex(r"^PRIMARY"), false),
            (0x0008, 0x1030, any(&["Thorax nativ"]), true),
            (0x0008, 0x1030, regex("(?i)thorax"), true),
            (0x0008, 0x1030, regex("^Thorax nativ$"), true),
            (0x0010, 0x4000, any(&[""]), true),
            (0x0010, 0x0010, any(&[""]), false),
            (0x0010, 0x0010, regex(".*"), false),
            (0x0008, 0x1140, regex(".*"), false),
            (0x7fe0, 0x0010, regex(".*"), false),
        ];
        for (group, element, condition, expected) in table {
            let text = format!("{group:04x},{element:04x} {condition:?}");
            let tags_of_rule = vec![tagged(group, element, condition)];
            let rule = rule(When {
                tags: tags_of_rule,
                ..When::default()
            });
            let expected = if expected { Verdict::Yes } else { Verdict::No };
            let mut read = || Ok(TagValues::from_json(&tags).unwrap());
            let verdict = matches(&rule, &arrival(), &mut Tags::new(&mut read));
            assert_eq!(verdict, expected, "{text}");
        }
    }

    #[test]
    fn both_of_orthancs_forms_give_the_same_values() {
        let short = json!({ "0008,0060": "CT", "0008,1140": [], "7fe0,0010": null });
        let full = json!({
            "0008,0060": { "Name": "Modality", "Type": "String", "Value": "CT" },
            "0008,1140": { "Name": "ReferencedImageSequence", "Type": "Sequence", "Value": [] },
            "7fe0,0010": { "Name": "PixelData", "Type": "Null", "Value": null },
        });
        assert_eq!(TagValues::from_json(&short), TagValues::from_json(&full));
        assert_eq!(TagValues::from_json(&json!([])), None);
    }

    #[test]
    fn tags_are_read_last_and_a_failure_leaves_it_open() {
        let when = When {
            origin: Some(any(&["Lua"])),
            tags: vec![tagged(8, 0x60, any(&["CT"]))],
            ..When::default()
        };
        let mut rule = rule(when);
        let verdict = matches(&rule, &arrival(), &mut Tags::new(&mut no_tags));
        assert_eq!(verdict, Verdict::No);

        rule.when.origin = None;
        let mut calls = 0;
        let mut read = || {
            calls += 1;
            Err("gone".to_owned())
        };
        let mut tags = Tags::new(&mut read);
        assert_eq!(tags.error(), None);
        for _ in 0..3 {
            assert_eq!(matches(&rule, &arrival(), &mut tags), Verdict::Undecided);
        }
        assert_eq!(tags.error(), Some("gone"));
        assert_eq!(calls, 1);
    }
}
