//! The conditions of a rule: `When`.
//!
//! Invariants:
//! - A condition that could never hold (no AET, an unknown origin, a tag that is not in a data set) is
//!   a mistake: a rule that silently matches nothing loses instances.
//! - Names of tags become numbers here, once.
//! - AETs are compared as Orthanc compares them: upper and lower case are the same, also in a regular expression,
//!   unless `StrictAetComparison` is set.

use super::mistake::{Mistakes, one_of, printable};
use super::raw::{Node, Object};
use super::settings::{Match, Tag, When};
use super::vocabulary::{AET, ORIGINS, REGEX, aet};

const KEYS: [&str; 5] = ["CallingAet", "CalledAet", "RemoteIp", "Origin", "Tags"];

/// Orthanc's dictionary: from the name of a tag to its group and element.
pub(super) type TagLookup<'a> = &'a dyn Fn(&str) -> Option<(u16, u16)>;

/// Reads a plain value of a condition; `Err` says what is allowed.
type Plain<'a> = &'a dyn Fn(&str) -> Result<String, String>;

/// `strict`: `StrictAetComparison`.
pub(super) fn when(
    node: &Node<'_>,
    lookup: TagLookup<'_>,
    strict: bool,
    mistakes: &mut Mistakes,
) -> When {
    let mut when = When::default();
    let Some(section) = node.section(&KEYS, mistakes) else {
        return when;
    };
    let plain_aet = |text: &str| {
        let aet = aet(text).ok_or_else(|| format!("{AET}, a list of them, or \"{REGEX}…\""))?;
        Ok(aet.to_owned())
    };
    let plain_ip = |text: &str| match text.trim() {
        "" => Err(format!("an address, a list of them, or \"{REGEX}…\"")),
        ip => Ok(ip.to_owned()),
    };
    let plain_origin = |text: &str| {
        if ORIGINS.contains(&text) {
            Ok(text.to_owned())
        } else {
            Err(one_of(ORIGINS, Some(text)))
        }
    };
    let aets = if strict { Case::Matters } else { Case::Ignored };
    let mut read = |key: &str, target: &mut Option<Match>, plain: Plain<'_>, case| {
        section.read(key, target, |n| {
            condition(n, plain, case, mistakes).map(Some)
        });
    };
    read("CallingAet", &mut when.calling_aet, &plain_aet, aets);
    read("CalledAet", &mut when.called_aet, &plain_aet, aets);
    read("RemoteIp", &mut when.remote_ip, &plain_ip, Case::Matters);
    read("Origin", &mut when.origin, &plain_origin, Case::Matters);

    let tags = section.get("Tags");
    let allowed = "an object from tags to values, for instance { \"Modality\": [\"CT\", \"MR\"] }";
    if let Some(tags) = tags.and_then(|n| n.object(allowed, mistakes)) {
        when.tags = read_tags(&tags, lookup, mistakes);
    }
    when
}

fn read_tags(
    section: &Object<'_>,
    lookup: TagLookup<'_>,
    mistakes: &mut Mistakes,
) -> Vec<(Tag, Match)> {
    let mut tags: Vec<(Tag, Match)> = Vec::new();
    let plain = |text: &str| Ok(text.trim_matches(' ').to_owned());
    for (written, node) in section.entries() {
        let condition = condition(&node, &plain, Case::Matters, mistakes);
        let Some((group, element)) = number(written).or_else(|| lookup(written)) else {
            let allowed =
                "a tag of Orthanc's dictionary (\"Modality\") or \"gggg,eeee\" in hexadecimal";
            mistakes.add(&node.path, "an unknown tag", allowed);
            continue;
        };
        let tag = Tag {
            group,
            element,
            written: written.to_owned(),
        };
        if group <= 0x0002 {
            // Commands and the meta header are not among the tags of an instance in Orthanc.
            let allowed = "a tag of the data set (group 0004 or more)";
            mistakes.add(&node.path, format!("the tag {}", tag.key()), allowed);
        } else if let Some((other, _)) = tags.iter().find(|(t, _)| t.key() == tag.key()) {
            let allowed = format!(
                "each tag once (\"{}\" is the same)",
                printable(&other.written)
            );
            mistakes.add(&node.path, format!("the tag {}", tag.key()), allowed);
        } else if let Some(condition) = condition {
            tags.push((tag, condition));
        }
    }
    tags
}

/// Orthanc's ways to write a tag in numbers: `0008,0060`, `0008-0060`, `00080060`.
fn number(text: &str) -> Option<(u16, u16)> {
    let (group, element) = match text.len() {
        8 => text.split_at_checked(4)?,
        9 => text.split_once([',', '-'])?,
        _ => return None,
    };
    let hex = |t: &str| {
        let digits = t.len() == 4 && t.bytes().all(|b| b.is_ascii_hexdigit());
        digits.then(|| u16::from_str_radix(t, 16).ok())?
    };
    Some((hex(group)?, hex(element)?))
}

/// Whether upper and lower case are different.
#[derive(Debug, Clone, Copy)]
enum Case {
    Matters,
    Ignored,
}

impl Case {
    fn any_of(self, values: Vec<String>) -> Match {
        match self {
            Case::Matters => Match::AnyOf(values),
            Case::Ignored => Match::AnyCase(values),
        }
    }
}

/// A value, a list of values, or a regular expression.
fn condition(
    node: &Node<'_>,
    plain: Plain<'_>,
    case: Case,
    mistakes: &mut Mistakes,
) -> Option<Match> {
    if let Some(pattern) = node
        .value
        .as_str()
        .and_then(|text| text.strip_prefix(REGEX))
    {
        return regex(node, pattern, case, mistakes);
    }
    if !node.value.is_array() {
        let value = value(node, plain, mistakes)?;
        return Some(case.any_of(vec![value]));
    }
    let nodes = node.list("", mistakes)?;
    if nodes.is_empty() {
        node.wrong(mistakes, "at least one value");
        return None;
    }
    let mut values: Vec<String> = Vec::new();
    let mut valid = true;
    for entry in &nodes {
        match value(entry, plain, mistakes) {
            Some(value) if values.contains(&value) => {
                entry.wrong(mistakes, "each value once");
                valid = false;
            }
            Some(value) => values.push(value),
            None => valid = false,
        }
    }
    valid.then(|| case.any_of(values))
}

fn value(node: &Node<'_>, plain: Plain<'_>, mistakes: &mut Mistakes) -> Option<String> {
    let text = node.text("a string, a list of strings, or \"regex:…\"", mistakes)?;
    if text.starts_with(REGEX) {
        // Only in a list: by itself it was taken as a regular expression.
        node.wrong(
            mistakes,
            "a plain value; a regular expression stands alone, \"regex:A|B\"",
        );
        return None;
    }
    match plain(text) {
        Ok(value) => Some(value),
        Err(allowed) => {
            node.wrong(mistakes, allowed);
            None
        }
    }
}

fn regex(node: &Node<'_>, pattern: &str, case: Case, mistakes: &mut Mistakes) -> Option<Match> {
    if pattern.is_empty() {
        node.wrong(mistakes, "a regular expression after \"regex:\"");
        return None;
    }
    let mut builder = regex::RegexBuilder::new(pattern);
    builder.case_insensitive(matches!(case, Case::Ignored));
    match builder.build() {
        Ok(regex) => Some(Match::Regex(regex)),
        Err(error) => {
            // The crate draws the pattern over several lines; the last one says what is wrong.
            let text = error.to_string();
            let reason = text.lines().rev().find(|line| !line.trim().is_empty());
            let reason = reason
                .unwrap_or_default()
                .trim()
                .trim_start_matches("error: ");
            node.wrong(
                mistakes,
                format!("a regular expression ({})", printable(reason)),
            );
            None
        }
    }
}
