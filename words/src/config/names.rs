//! Which names can be destinations.
//!
//! Invariant: a name that cannot be one is told at the start, where the entries of its kind can be known then.

use super::host::Host;
use super::mistake::name_of;

/// A kind of destination, as rules name its entries.
struct Kind {
    /// What its names begin with.
    prefix: &'static str,
    /// What an entry is, and the section that has all of them.
    entry: &'static str,
    section: &'static str,
    /// Its entries; `None`: they cannot be known yet.
    entries: fn(&Host) -> Option<&[String]>,
}

/// Where kinds are listed, for the configuration.
const KINDS: &[Kind] = &[Kind {
    prefix: "",
    entry: "the name of a modality",
    section: "DicomModalities",
    entries: |host| host.names.as_deref(),
}];

/// Whether `name` can be a destination, `second` being those with a `Target`; `Err` says what is allowed.
pub(super) fn check_destination(name: &str, host: &Host, second: &[&str]) -> Result<(), String> {
    if second.contains(&name) {
        return Ok(());
    }
    // The longest prefix: each name begins with the empty one.
    let kinds = KINDS.iter().filter(|kind| name.starts_with(kind.prefix));
    let Some(kind) = kinds.max_by_key(|kind| kind.prefix.len()) else {
        return Err("the name of a destination".to_owned());
    };
    let entry = &name[kind.prefix.len()..];
    match (kind.entries)(host) {
        _ if entry.is_empty() => Err(kind.entry.to_owned()),
        Some(entries) if !entries.iter().any(|one| one == entry) => {
            let entries = entries.iter().map(String::as_str);
            Err(name_of(kind.section, entries, Some(entry)))
        }
        _ => Ok(()),
    }
}

/// Whether `name` can be a second name of a target; `Err` says what is allowed.
pub(super) fn check_second_name(name: &str, host: &Host) -> Result<(), String> {
    let is_modality = (host.names.iter().flatten()).any(|one| one == name);
    let is_plain = !name.is_empty()
        && (name.bytes()).all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if is_plain && !is_modality {
        return Ok(());
    }
    Err(
        "with a Target, a name that is not one of DicomModalities, of letters, digits, - and _"
            .to_owned(),
    )
}
