//! Templates: text with values of the instance and of its way here, `{PatientID}`, `{Source}`, `{serial:accessions,8}`.
//!
//! Invariants:
//! - What is not closed, not known or not complete is a mistake: no part of a template is ever taken as text by
//!   accident. `{{` and `}}` stand for braces.
//! - A value that is absent or empty stays empty, whatever the filters.

use std::sync::Arc;

use sendqueue_dicom::Vr;
use sendqueue_dicom::path::Path;

use super::recipe::Serial;

/// Text with values in it.
#[derive(Debug, Clone)]
pub struct Template {
    pub parts: Vec<Part>,
    pub written: String,
}

#[derive(Debug, Clone)]
pub enum Part {
    Text(String),
    /// A value, passed through filters in their order.
    Value(From, Vec<Filter>),
}

/// Where a value comes from.
#[derive(Debug, Clone)]
pub enum From {
    /// `{PatientID}`. The VR of the dictionary; `None`: it has none there.
    Tag(Path, Option<Vr>),
    /// `{hash:PatientID,12}`: so many hexadecimal digits of a hash of the value and of whose it is.
    Hash(Path, Option<Vr>, usize),
    /// `{serial:accessions,8}`: the study's number, with at least so many digits.
    Serial(Arc<Serial>, usize),
    /// `{Source}`: the name of the entry of `Sources` that the instance comes from.
    Source,
    /// `{RemoteAet}`: the AET that it came from.
    RemoteAet,
    /// `{CalledAet}`: the AET that its sender called.
    CalledAet,
    /// `{lookup}`, `{lookup:Column}`: from the list of a de-identification.
    Lookup(Option<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    Upper,
    Lower,
    /// From this character up to that one, which is not in it; negative ones count from the end.
    Slice(i32, Option<i32>),
    /// At least so long, with this character before it.
    Pad(usize, char),
}

impl Template {
    /// What is in it, but for text.
    pub fn values(&self) -> impl Iterator<Item = &From> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Value(from, _) => Some(from),
        })
    }

    /// The whole, where it is text and nothing else.
    pub fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }
}

impl Filter {
    pub fn apply(self, value: &str) -> String {
        match self {
            _ if value.is_empty() => String::new(),
            Filter::Upper => value.to_uppercase(),
            Filter::Lower => value.to_lowercase(),
            Filter::Slice(from, to) => {
                let length = value.chars().count();
                let at = |place: i32| match usize::try_from(place) {
                    Ok(place) => place.min(length),
                    Err(_) => length.saturating_sub(place.unsigned_abs() as usize),
                };
                let (from, to) = (at(from), to.map_or(length, at));
                value
                    .chars()
                    .skip(from)
                    .take(to.saturating_sub(from))
                    .collect()
            }
            Filter::Pad(length, with) => {
                let missing = length.saturating_sub(value.chars().count());
                let padding = std::iter::repeat_n(with, missing);
                padding.chain(value.chars()).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_work_on_characters_and_leave_what_is_empty() {
        for (filter, value, expected) in [
            (Filter::Upper, "äbc", "ÄBC"),
            (Filter::Lower, "ÄBC", "äbc"),
            (Filter::Slice(0, Some(3)), "日本語版", "日本語"),
            (Filter::Slice(2, None), "12345", "345"),
            (Filter::Slice(-4, None), "12345", "2345"),
            (Filter::Slice(0, Some(-1)), "12345", "1234"),
            (Filter::Slice(3, Some(1)), "12345", ""),
            (Filter::Slice(9, Some(12)), "12345", ""),
            (Filter::Slice(-9, Some(2)), "12345", "12"),
            (Filter::Pad(10, '0'), "12345", "0000012345"),
            (Filter::Pad(3, '0'), "12345", "12345"),
            (Filter::Pad(3, '0'), "", ""),
            (Filter::Slice(i32::MIN, Some(i32::MAX)), "1", "1"),
        ] {
            assert_eq!(filter.apply(value), expected, "{filter:?} {value:?}");
        }
    }
}
