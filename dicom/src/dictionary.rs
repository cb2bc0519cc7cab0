//! The standard's data elements (PS3.6): tag, VR, multiplicity, keyword.
//!
//! `dictionary/table.txt` has a line for each, by tag; `xx` stands for any two digits (repeating groups). It was made
//! of DCMTK's `dicom.dic`; where an element may have several VRs, it names the standard's first. A test compares it
//! with that of dicom-rs (tests/dictionary.rs).

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::{Tag, Vr};

struct Entry {
    tag: Tag,
    vr: Vr,
    multiplicity: &'static str,
    keyword: &'static str,
}

struct Dictionary {
    /// By tag.
    single: Vec<Entry>,
    /// Of all groups, or elements, that begin with the same two digits: these, as a mask.
    repeating: Vec<(Tag, Entry)>,
    by_keyword: HashMap<&'static str, Tag>,
}

/// What the standard says of an element; a private creator is LO, a group length UL.
#[must_use]
pub fn vr(tag: Tag) -> Option<Vr> {
    if tag.is_private_creator() {
        return Some(Vr::LO);
    }
    if tag.is_group_length() {
        return Some(Vr::UL);
    }
    entry(tag).map(|entry| entry.vr)
}

#[must_use]
pub fn keyword(tag: Tag) -> Option<&'static str> {
    entry(tag).map(|entry| entry.keyword)
}

/// By its exact keyword; of a repeating group the first.
#[must_use]
pub fn tag(keyword: &str) -> Option<Tag> {
    all().by_keyword.get(keyword).copied()
}

/// How many values an element may have at most; `None`: any number.
#[must_use]
pub fn most_values(tag: Tag) -> Option<usize> {
    let multiplicity = entry(tag)?.multiplicity;
    multiplicity.rsplit('-').next()?.parse().ok()
}

/// The keyword that somebody may have meant.
#[must_use]
pub fn nearest(name: &str) -> Option<&'static str> {
    let wanted = name.to_ascii_lowercase();
    // A third of it wrong is no misspelling.
    let most = wanted.chars().count().div_ceil(3).min(4);
    let keywords = all().by_keyword.keys();
    keywords
        .filter(|keyword| keyword.len().abs_diff(wanted.len()) <= most)
        .map(|keyword| (distance(&wanted, &keyword.to_ascii_lowercase()), *keyword))
        .min()
        .filter(|(distance, _)| *distance <= most)
        .map(|(_, keyword)| keyword)
}

fn entry(tag: Tag) -> Option<&'static Entry> {
    let all = all();
    if let Ok(at) = all.single.binary_search_by_key(&tag, |entry| entry.tag) {
        return Some(&all.single[at]);
    }
    let covers = |(mask, entry): &&(Tag, Entry)| {
        (tag.0 & mask.0, tag.1 & mask.1) == (entry.tag.0, entry.tag.1)
    };
    // Private elements are in groups that such a mask would cover.
    let standard = (!tag.is_private()).then_some(&all.repeating)?;
    standard.iter().find(covers).map(|(_, entry)| entry)
}

fn all() -> &'static Dictionary {
    static ALL: OnceLock<Dictionary> = OnceLock::new();
    ALL.get_or_init(|| read(include_str!("dictionary/table.txt")))
}

fn read(table: &'static str) -> Dictionary {
    let mut read = Dictionary {
        single: Vec::with_capacity(5500),
        repeating: Vec::with_capacity(100),
        by_keyword: HashMap::with_capacity(5500),
    };
    for line in table.lines() {
        let mut words = line.split(' ');
        let mut word = || words.next().unwrap_or_default();
        let (digits, vr, multiplicity, keyword) = (word(), word(), word(), word());
        let half = |range: std::ops::Range<usize>| {
            let half = digits.get(range).unwrap_or_default();
            let mask = if half.ends_with("xx") { 0xFF00 } else { 0xFFFF };
            (u16::from_str_radix(&half.replace('x', "0"), 16), mask)
        };
        let ((Ok(group), group_mask), (Ok(element), element_mask)) = (half(0..4), half(4..8))
        else {
            continue;
        };
        let Ok(Some(vr)) = vr.as_bytes().try_into().map(Vr::from_bytes) else {
            continue;
        };
        let tag = Tag(group, element);
        let entry = Entry {
            tag,
            vr,
            multiplicity,
            keyword,
        };
        read.by_keyword.insert(keyword, tag);
        match Tag(group_mask, element_mask) {
            Tag(0xFFFF, 0xFFFF) => read.single.push(entry),
            mask => read.repeating.push((mask, entry)),
        }
    }
    read
}

/// How many letters are to be changed, put in or left out, or swapped with the next one.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    let mut previous = None;
    for (row, letter) in one.chars().enumerate() {
        let mut next = vec![row + 1];
        for (column, wanted) in other.iter().enumerate() {
            let change = last[column] + usize::from(letter != *wanted);
            let mut least = change.min(last[column + 1] + 1).min(next[column] + 1);
            let swapped = column > 0 && previous == Some(*wanted) && other[column - 1] == letter;
            if swapped && !before.is_empty() {
                least = least.min(before[column - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut last, next);
        previous = Some(letter);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read() {
        let table = include_str!("dictionary/table.txt");
        let all = all();
        let lines = table.lines().count();
        assert!(lines > 5000);
        assert_eq!(all.single.len() + all.repeating.len(), lines);
        assert_eq!(all.by_keyword.len(), lines, "a keyword stands twice");
        assert!(all.single.is_sorted_by(|one, other| one.tag < other.tag));
    }

    #[test]
    fn elements_of_the_standard() {
        assert_eq!(vr(Tag::PATIENT_ID), Some(Vr::LO));
        assert_eq!(keyword(Tag::PATIENT_ID), Some("PatientID"));
        assert_eq!(tag("PatientID"), Some(Tag::PATIENT_ID));
        assert_eq!(tag("patientid"), None);
        assert_eq!(vr(Tag(0x0028, 0x0106)), Some(Vr::US), "US or SS");
        assert_eq!(vr(Tag::PIXEL_DATA), Some(Vr::OW), "OB or OW");
        assert_eq!(vr(Tag(0x6002, 0x3000)), Some(Vr::OW));
        assert_eq!(keyword(Tag(0x60FE, 0x0010)), Some("OverlayRows"));
        assert_eq!(keyword(Tag(0x5004, 0x3000)), Some("CurveData"));
        assert_eq!(vr(Tag(0x6001, 0x3000)), None, "private");
        assert_eq!(vr(Tag(0x0009, 0x0010)), Some(Vr::LO));
        assert_eq!(vr(Tag(0x0009, 0x1010)), None);
        assert_eq!(vr(Tag(0x0010, 0x0000)), Some(Vr::UL));
        assert_eq!(most_values(Tag::ACCESSION_NUMBER), Some(1));
        assert_eq!(most_values(Tag(0x0008, 0x0008)), None);
        assert_eq!(most_values(Tag(0x0028, 0x0030)), Some(2));
    }

    #[test]
    fn what_somebody_may_have_meant() {
        for (name, meant) in [
            ("PatientsName", "PatientName"),
            ("patientid", "PatientID"),
            ("PateintID", "PatientID"),
            ("AccesionNumber", "AccessionNumber"),
            ("StudyDescripton", "StudyDescription"),
        ] {
            let found = nearest(name);
            assert_eq!(found, Some(meant), "{name}");
        }
        for name in ["", "Foo", "MyHospitalsOwnNumber", "äöüäöüäöü"] {
            assert_eq!(nearest(name), None, "{name}");
        }
    }
}
