//! Conditions: `When` and `Unless` of a rule, and `Sources`, which are names for some of them.
//!
//! Invariants:
//! - A condition that could never hold (no AET, an unknown origin, a tag that is not in a data set) is
//!   a mistake: a rule that silently matches nothing loses instances.
//! - Names of tags become numbers here, once.
//! - AETs are compared as Orthanc compares them: upper and lower case are the same, also in a regular expression,
//!   unless `StrictAetComparison` is set.
//! - A source says where an instance comes from: it asks for no tags, which are not known then, and for no other
//!   source.

use std::collections::BTreeMap;
use std::sync::Arc;

use sendqueue_dicom::dictionary;
use serde_json::{Map, Value};

use super::mistake::{Mistakes, name_of, nearest, one_of, printable, quoted_text};
use super::raw::{Node, Object};
use super::settings::{Conditions, Match, Source, Tag};
use super::vocabulary::{ABSENT, AET, ORIGINS, PRESENT, REGEX, aet};

/// Where an instance comes from.
const SOURCE_KEYS: [&str; 4] = ["CallingAet", "CalledAet", "RemoteIp", "Origin"];
const KEYS: [&str; 6] = [
    "CallingAet",
    "CalledAet",
    "RemoteIp",
    "Origin",
    "Source",
    "Tags",
];

/// Orthanc's dictionary: from the name of a tag to its group and element.
pub(super) type TagLookup<'a> = &'a dyn Fn(&str) -> Option<(u16, u16)>;

/// Reads a plain value of a condition; `Err` says what is allowed.
type Plain<'a> = &'a dyn Fn(&str) -> Result<String, String>;

/// Entries of `Sources`; `None` is one with a mistake, so that its name is known all the same.
type Known = BTreeMap<String, Option<Arc<Source>>>;

/// What conditions are read with.
pub(super) struct Reader<'a> {
    pub lookup: TagLookup<'a>,
    /// `StrictAetComparison`.
    pub strict: bool,
    sources: Known,
}

impl<'a> Reader<'a> {
    pub fn new(lookup: TagLookup<'a>, strict: bool) -> Reader<'a> {
        Reader {
            lookup,
            strict,
            sources: Known::new(),
        }
    }

    /// Reads `Sources`, which conditions that are read later may name.
    pub fn learn_sources(&mut self, node: &Node<'_>, mistakes: &mut Mistakes) {
        let allowed = "an object from names to conditions, for instance { \"A\": { \"CallingAet\": [\"CT1\"] } }";
        let Some(section) = node.object(allowed, mistakes) else {
            return;
        };
        for (name, node) in section.entries() {
            if name.trim() != name || name.is_empty() || name.chars().any(char::is_control) {
                let allowed = "a name without blanks around it and without control characters";
                mistakes.add(&node.path, "an unusual name", allowed);
            }
            let before = mistakes.0.len();
            let conditions = self.read(&node, &SOURCE_KEYS, mistakes);
            self.at_least_one(&node, &SOURCE_KEYS, mistakes);
            let source = Source {
                name: name.to_owned(),
                conditions,
            };
            let valid = mistakes.0.len() == before;
            self.sources
                .insert(name.to_owned(), valid.then(|| Arc::new(source)));
        }
    }

    /// Those that have no mistake.
    pub fn sources(&self) -> BTreeMap<String, Arc<Source>> {
        let all = self.sources.iter();
        all.filter_map(|(name, source)| Some((name.clone(), source.clone()?)))
            .collect()
    }

    /// Conditions that all must hold: none is fine.
    pub fn all(&self, node: &Node<'_>, mistakes: &mut Mistakes) -> Conditions {
        self.read(node, &KEYS, mistakes)
    }

    /// Conditions of which any is enough: none would say nothing.
    pub fn any(&self, node: &Node<'_>, mistakes: &mut Mistakes) -> Conditions {
        let conditions = self.read(node, &KEYS, mistakes);
        self.at_least_one(node, &KEYS, mistakes);
        conditions
    }

    /// `If` of a step: conditions that all must hold, and beside them tags directly.
    pub fn of_a_step(&self, node: &Node<'_>, mistakes: &mut Mistakes) -> Conditions {
        let allowed = "an object of conditions, for instance { \"AccessionNumber\": \"absent\" }";
        let Some(section) = node.object(allowed, mistakes) else {
            return Conditions::default();
        };
        if node
            .value
            .as_object()
            .is_some_and(|entries| entries.is_empty())
        {
            node.wrong(mistakes, allowed);
        }
        let (known, beside): (Map<String, Value>, Map<String, Value>) = section
            .entries()
            .map(|(key, node)| (key.to_owned(), node.value.clone()))
            .partition(|(key, _)| KEYS.contains(&key.as_str()));
        let known = Value::from(known);
        let mut read = self.read(&Node::new(&node.path, &known), &KEYS, mistakes);
        read.written = node.value.clone();
        let beside = Value::from(beside);
        let beside = Node::new(&node.path, &beside);
        let Some(section) = beside.object(allowed, mistakes) else {
            return read;
        };
        for (tag, asked) in read_tags(&section, self.lookup, &KEYS, mistakes) {
            match read.tags.iter().any(|(other, _)| other.key() == tag.key()) {
                true => mistakes.add(
                    &section.path_of(&tag.written),
                    format!("the tag {}", tag.key()),
                    "each tag once (it stands in Tags too)",
                ),
                false => read.tags.push((tag, asked)),
            }
        }
        read
    }

    pub fn has_sources(&self) -> bool {
        !self.sources.is_empty()
    }

    fn at_least_one(&self, node: &Node<'_>, keys: &[&str], mistakes: &mut Mistakes) {
        let no_tags = |value: &serde_json::Value| value.as_object().is_some_and(|o| o.is_empty());
        let is_empty = (node.value.as_object()).is_some_and(|entries| {
            entries
                .iter()
                .all(|(key, value)| key == "Tags" && no_tags(value))
        });
        if is_empty {
            let keys = one_of(keys.iter().copied(), None);
            node.wrong(mistakes, format!("at least one condition, {keys}"));
        }
    }

    fn read(&self, node: &Node<'_>, keys: &[&str], mistakes: &mut Mistakes) -> Conditions {
        let mut read = Conditions::default();
        let Some(section) = node.section(keys, mistakes) else {
            return read;
        };
        read.written = node.value.clone();
        self.read_sender(&section, &mut read, mistakes);
        // A key that is not allowed here was told of.
        if keys.contains(&"Source") {
            section.read("Source", &mut read.sources, |n| {
                self.named_sources(n, mistakes)
            });
        }
        let tags = section.get("Tags").filter(|_| keys.contains(&"Tags"));
        let allowed =
            "an object from tags to values, for instance { \"Modality\": [\"CT\", \"MR\"] }";
        if let Some(tags) = tags.and_then(|n| n.object(allowed, mistakes)) {
            read.tags = read_tags(&tags, self.lookup, &[], mistakes);
        }
        read
    }

    fn read_sender(&self, section: &Object<'_>, into: &mut Conditions, mistakes: &mut Mistakes) {
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
        let aets = if self.strict {
            Case::Matters
        } else {
            Case::Ignored
        };
        let mut read = |key: &str, target: &mut Option<Match>, plain: Plain<'_>, case| {
            section.read(key, target, |n| {
                condition(n, plain, case, mistakes).map(Some)
            });
        };
        read("CallingAet", &mut into.calling_aet, &plain_aet, aets);
        read("CalledAet", &mut into.called_aet, &plain_aet, aets);
        read("RemoteIp", &mut into.remote_ip, &plain_ip, Case::Matters);
        read("Origin", &mut into.origin, &plain_origin, Case::Matters);
    }

    fn named_sources(&self, node: &Node<'_>, mistakes: &mut Mistakes) -> Option<Vec<Arc<Source>>> {
        let nodes = match node.value.is_array() {
            true => node.list("", mistakes)?,
            false => vec![node.clone()],
        };
        if nodes.is_empty() {
            node.wrong(mistakes, "at least one name");
        }
        let mut found: Vec<Arc<Source>> = Vec::new();
        for entry in &nodes {
            let Some(name) = entry.text("a name of Sources, or a list of them", mistakes) else {
                continue;
            };
            match self.sources.get(name) {
                Some(Some(known)) if found.iter().any(|one| one.name == known.name) => {
                    entry.wrong(mistakes, "each source once");
                }
                Some(Some(known)) => found.push(known.clone()),
                // It has a mistake of its own.
                Some(None) => {}
                None => {
                    let names = self.sources.keys().map(String::as_str);
                    entry.wrong(mistakes, name_of("Sources", names, Some(name)));
                }
            }
        }
        Some(found)
    }
}

/// `beside`: what else may stand there.
fn read_tags(
    section: &Object<'_>,
    lookup: TagLookup<'_>,
    beside: &[&str],
    mistakes: &mut Mistakes,
) -> Vec<(Tag, Match)> {
    let mut tags: Vec<(Tag, Match)> = Vec::new();
    let plain = |text: &str| match text.trim_matches(' ') {
        // Only in a list: by itself it was taken as what it says.
        PRESENT | ABSENT => Err(format!(
            "a plain value; \"{text}\" stands alone (for the value itself: \"{REGEX}^{text}$\")"
        )),
        value => Ok(value.to_owned()),
    };
    for (written, node) in section.entries() {
        let condition = match node.value.as_str() {
            Some(PRESENT) => Some(Match::Present),
            Some(ABSENT) => Some(Match::Absent),
            _ => condition(&node, &plain, Case::Matters, mistakes),
        };
        let Some((group, element)) = number(written).or_else(|| lookup(written)) else {
            let (found, allowed) = unknown_tag(written, beside);
            mistakes.add(&node.path, found, allowed);
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

/// What was found in place of a tag, and what is allowed.
pub(super) fn unknown_tag(written: &str, beside: &[&str]) -> (&'static str, String) {
    let tag = "a tag of Orthanc's dictionary (\"Modality\") or \"gggg,eeee\" in hexadecimal";
    let near = nearest(written, beside).or_else(|| dictionary::nearest(written));
    let near = near.map(|near| format!(" (did you mean {}?)", quoted_text(near)));
    let near = near.unwrap_or_default();
    match beside {
        [] => ("an unknown tag", format!("{tag}{near}")),
        _ => {
            let conditions = one_of(beside.iter().copied(), None);
            (
                "an unknown condition",
                format!("{tag}, or {conditions}{near}"),
            )
        }
    }
}

/// Orthanc's ways to write a tag in numbers: `0008,0060`, `0008-0060`, `00080060`.
pub(super) fn number(text: &str) -> Option<(u16, u16)> {
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
