//! Reads templates.
//!
//! Errors say what is allowed, as everywhere in the configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use sendqueue_dicom::path::{Path, Which};
use sendqueue_dicom::{Vr, dictionary};

use super::recipe::Serial;
use super::template::{Filter, From, Part, Template};
use crate::config::conditions::TagLookup;
use crate::config::mistake::{name_of, one_of, quoted_text};

/// What templates may refer to.
#[derive(Clone, Copy)]
pub(in crate::config) struct Words<'a> {
    /// Orthanc's dictionary.
    pub tags: TagLookup<'a>,
    /// `Serials`; `None` is one with a mistake of its own.
    pub serials: &'a BTreeMap<String, Option<Arc<Serial>>>,
    /// Whether there are `Sources`.
    pub has_sources: bool,
    /// Whether `{lookup}` has a meaning here.
    pub has_lookup: bool,
}

const BRACES: &str =
    "a template whose braces are closed, \"{PatientID}\" ({{ and }} stand for braces)";
const FILTERS: [&str; 4] = ["lower", "pad", "slice", "upper"];
const FILTER_FORMS: &str = "\"upper\", \"lower\", \"slice(from,to)\" and \"pad(length,character)\"";
const SLICE: &str = "\"slice(from,to)\" or \"slice(from)\": places of characters, the first is 0, negative ones count from the end, and from stands before to; \"slice(0,8)\" are the first eight, \"slice(-4)\" the last four";
const PAD: &str = "\"pad(length,character)\": a length from 1 to 1024 and one character that goes before the value; \"pad(10,0)\" makes 12345 to 0000012345";
const WORDS: &str =
    "{Tag}, {hash:Tag,length}, {serial:NAME,WIDTH}, {Source}, {RemoteAet} or {CalledAet}";
/// Hexadecimal digits of a hash of SHA-256.
const HASH: std::ops::RangeInclusive<usize> = 8..=64;
const HASH_DEFAULT: usize = 16;
const WIDTH: std::ops::RangeInclusive<usize> = 1..=18;
const LONGEST: usize = 1024;

/// A template, or what is allowed.
pub(super) fn template(text: &str, words: &Words<'_>) -> Result<Template, String> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        plain.push_str(&rest[..at]);
        let (brace, after) = rest[at..].split_at(1);
        if let Some(after) = after.strip_prefix(brace) {
            plain.push_str(brace);
            rest = after;
            continue;
        }
        let end = after
            .find(['{', '}'])
            .filter(|end| after[*end..].starts_with('}'));
        let (Some(end), "{") = (end, brace) else {
            return Err(BRACES.to_owned());
        };
        if !plain.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut plain)));
        }
        parts.push(value(&after[..end], words)?);
        rest = &after[end + 1..];
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    Ok(Template {
        parts,
        written: text.to_owned(),
    })
}

/// What stands between braces.
fn value(text: &str, words: &Words<'_>) -> Result<Part, String> {
    let pieces: Vec<&str> = text.split(':').collect();
    let first = pieces[0];
    let second = pieces.get(1).copied().unwrap_or_default();
    let (from, used) = match first {
        "Source" if words.has_sources => (From::Source, 1),
        "Source" => return Err("{Source} only where there are Sources".to_owned()),
        "RemoteAet" => (From::RemoteAet, 1),
        "CalledAet" => (From::CalledAet, 1),
        "serial" if pieces.len() > 2 => return Err("a serial without filters".to_owned()),
        "serial" => (serial(second, words)?, 2),
        "hash" => (hash(second, words)?, 2),
        "lookup" if !words.has_lookup => {
            return Err("{lookup} only in Deidentifications with a Lookup".to_owned());
        }
        "lookup" if pieces.len() > 1 && filter(second).is_err() => {
            (From::Lookup(Some(second.to_owned())), 2)
        }
        "lookup" => (From::Lookup(None), 1),
        tag => {
            let (path, vr) = source(tag, words)?;
            (From::Tag(path, vr), 1)
        }
    };
    let filters = pieces.iter().skip(used).map(|piece| filter(piece));
    Ok(Part::Value(from, filters.collect::<Result<_, _>>()?))
}

/// A tag whose value is text.
fn source(text: &str, words: &Words<'_>) -> Result<(Path, Option<Vr>), String> {
    let is_word = |known: &&&str| known.eq_ignore_ascii_case(text);
    let known = ["hash", "serial", "Source", "RemoteAet", "CalledAet"];
    if let Some(word) = known.iter().find(is_word) {
        return Err(format!("{WORDS} (did you mean {}?)", quoted_text(word)));
    }
    let path = Path::parse(text, words.tags).map_err(|allowed| format!("{WORDS}: {allowed}"))?;
    if path.steps().iter().any(|step| step.item == Which::All) {
        return Err(format!("one item in {}: [0], not [*]", quoted_text(text)));
    }
    if path.leaf().0 <= 0x0002 {
        // Not in the data set, which is all that is read: it would always be empty.
        return Err(format!(
            "{WORDS}: {} is not in the data set (tags from group 0004 on are)",
            quoted_text(text)
        ));
    }
    let vr = dictionary::vr(path.leaf());
    match vr {
        Some(vr) if !reads_as_text(vr) => Err(format!(
            "a tag that has text or numbers: {} is {vr}",
            quoted_text(text)
        )),
        _ => Ok((path, vr)),
    }
}

/// Whether a value of this VR can be put into text.
fn reads_as_text(vr: Vr) -> bool {
    vr.is_string()
        || matches!(
            vr,
            Vr::US | Vr::SS | Vr::UL | Vr::SL | Vr::UV | Vr::SV | Vr::FL | Vr::FD | Vr::AT
        )
}

/// `PatientID,12`, `0010,0020,12`, `PatientID`, `0010,0020`.
fn hash(text: &str, words: &Words<'_>) -> Result<From, String> {
    let allowed = || {
        format!(
            "\"hash:Tag,length\" with {} to {} characters",
            HASH.start(),
            HASH.end()
        )
    };
    let whole = source(text, words);
    if let Ok((path, vr)) = whole {
        return Ok(From::Hash(path, vr, HASH_DEFAULT));
    }
    let Some((tag, length)) = text.rsplit_once(',') else {
        return Err(whole.err().unwrap_or_default());
    };
    let length = number(length).filter(|length| HASH.contains(length));
    let (path, vr) = source(tag, words)?;
    Ok(From::Hash(path, vr, length.ok_or_else(allowed)?))
}

/// `accessions,8`.
fn serial(text: &str, words: &Words<'_>) -> Result<From, String> {
    let allowed = || {
        format!(
            "\"serial:NAME,WIDTH\" with a name of Serials and {} to {} digits",
            WIDTH.start(),
            WIDTH.end()
        )
    };
    let (name, width) = text.rsplit_once(',').ok_or_else(allowed)?;
    let width = number(width).filter(|width| WIDTH.contains(width));
    let width = width.ok_or_else(allowed)?;
    match words.serials.get(name) {
        Some(Some(serial)) => Ok(From::Serial(serial.clone(), width)),
        // It has a mistake of its own.
        Some(None) => Ok(From::Serial(
            Arc::new(Serial {
                name: name.to_owned(),
                prefix: String::new(),
                start: 1,
            }),
            width,
        )),
        None => {
            let names = words.serials.keys().map(String::as_str);
            Err(name_of("Serials", names, Some(name)))
        }
    }
}

fn filter(text: &str) -> Result<Filter, String> {
    let (name, arguments) = match text.split_once('(') {
        Some((name, rest)) => (name, rest.strip_suffix(')')),
        None => (text, None),
    };
    let wrong = || {
        let near = match FILTERS.contains(&name) {
            true => None,
            false => Some(name),
        };
        let names = one_of(FILTERS, near);
        format!("a filter, {names}, as {FILTER_FORMS}")
    };
    match (name, arguments) {
        ("upper", None) if !text.contains('(') => Ok(Filter::Upper),
        ("lower", None) if !text.contains('(') => Ok(Filter::Lower),
        ("slice", None) => Err(SLICE.to_owned()),
        ("pad", None) => Err(PAD.to_owned()),
        ("slice", Some(arguments)) => slice(arguments).ok_or_else(|| SLICE.to_owned()),
        ("pad", Some(arguments)) => pad(arguments).ok_or_else(|| PAD.to_owned()),
        _ => Err(wrong()),
    }
}

fn slice(arguments: &str) -> Option<Filter> {
    let place = |text: &str| text.trim().parse::<i32>().ok();
    match arguments.split_once(',') {
        Some((from, to)) => {
            let (from, to) = (place(from)?, place(to)?);
            // Nothing could ever be between them.
            let is_empty = (from < 0) == (to < 0) && from >= to;
            (!is_empty).then_some(Filter::Slice(from, Some(to)))
        }
        None => Some(Filter::Slice(place(arguments)?, None)),
    }
}

fn pad(arguments: &str) -> Option<Filter> {
    let (length, with) = arguments.split_once(',')?;
    let length = number(length).filter(|length| (1..=LONGEST).contains(length))?;
    let mut characters = with.chars();
    let with = characters.next().filter(|c| !c.is_control())?;
    characters
        .next()
        .is_none()
        .then_some(Filter::Pad(length, with))
}

/// Digits and nothing else.
fn number(text: &str) -> Option<usize> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}
