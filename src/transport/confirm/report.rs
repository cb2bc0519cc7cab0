//! The report of a storage commitment, as Orthanc's own SCP keeps it (`/storage-commitment/{transaction}`).
//!
//! Invariant: its `Status` is not looked at. Orthanc says `Success` of any report without failures: of one that names
//! one of three instances, of an empty one, of one that came from somebody else. Only what the report says of the very
//! pair of SOP class and instance that was asked for counts, and only if it came from whom we asked.

use serde_json::Value;

use super::Answer;

/// An instance that storage commitment was requested of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    pub sop_class: String,
    pub sop_instance: String,
}

/// What a report says of each of these pairs; `None`: there is no report yet. `aet`: whom we asked. `strict`: AETs that
/// differ in upper and lower case only are different (`StrictAetComparison`).
pub fn read(report: &Value, aet: &str, strict: bool, asked: &[&Pair]) -> Option<Vec<Answer>> {
    let (confirmed, denied) = (list(report, "Success"), list(report, "Failures"));
    if confirmed.is_none() && denied.is_none() {
        return None;
    }
    let from = text(report, "RemoteAET").trim_matches(' ');
    let same = if strict {
        from == aet
    } else {
        from.eq_ignore_ascii_case(aet)
    };
    if !same {
        let why =
            format!("the report of the storage commitment came from {from:?}, not from {aet:?}");
        return Some(vec![Answer::NotYet(why); asked.len()]);
    }
    let (confirmed, denied) = (confirmed.unwrap_or(&[]), denied.unwrap_or(&[]));
    Some(
        asked
            .iter()
            .map(|pair| of(pair, confirmed, denied))
            .collect(),
    )
}

fn of(pair: &Pair, confirmed: &[Value], denied: &[Value]) -> Answer {
    let not_yet = |why: &str| Answer::NotYet(format!("the report of the storage commitment {why}"));
    let is_named = |entry: &&Value| text(entry, "SOPInstanceUID") == pair.sop_instance;
    let mut confirmed = confirmed.iter().filter(is_named).peekable();
    let mut denied = denied.iter().filter(is_named).peekable();
    let first = denied.peek().copied();
    match (confirmed.peek().is_some(), first) {
        (false, None) => return not_yet("does not name the instance"),
        (true, Some(_)) => return not_yet("both confirms and denies the instance"),
        _ => {}
    }
    let is_other = |entry: &Value| text(entry, "SOPClassUID") != pair.sop_class;
    if confirmed.any(is_other) || denied.any(is_other) {
        return not_yet("names the instance with another SOP class");
    }
    let Some(first) = first else {
        return Answer::Has;
    };
    let reason = first.get("FailureReason").and_then(Value::as_u64);
    match reason.and_then(|reason| u16::try_from(reason).ok()) {
        None => not_yet("has no reason for its failure"),
        Some(status) => failed(status),
    }
}

/// PS3.3 C.14.1.1.
fn failed(status: u16) -> Answer {
    let why = match status {
        0x0110 => "processing failure",
        0x0112 => "no such object instance",
        0x0119 => "class / instance conflict",
        0x0122 => "referenced SOP class not supported",
        0x0131 => "duplicate transaction UID",
        0x0213 => "resource limitation",
        _ => "a reason of its own",
    };
    let details = format!("storage commitment failed: {why} (0x{status:04X})");
    match status {
        // These say nothing of the instance.
        0x0110 | 0x0131 | 0x0213 => Answer::NotYet(details),
        _ => Answer::Denied { status, details },
    }
}

fn list<'a>(report: &'a Value, key: &str) -> Option<&'a [Value]> {
    report.get(key)?.as_array().map(Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests;
