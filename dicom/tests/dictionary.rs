//! The dictionary, element by element beside that of dicom-rs, which is made of the standard's own tables.

use std::collections::BTreeSet;

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry, VirtualVr};
use dicom_core::{Tag as OtherTag, VR};
use dicom_dictionary_std::StandardDataDictionary;
use sendqueue_dicom::{Tag, dictionary};

/// The digits of the table's lines, of repeating groups the first.
fn table() -> impl Iterator<Item = Tag> {
    let lines = include_str!("../src/dictionary/table.txt").lines();
    lines.map(|line| {
        let half = |range: std::ops::Range<usize>| {
            u16::from_str_radix(&line[range].replace('x', "0"), 16).expect("digits")
        };
        Tag(half(0..4), half(4..8))
    })
}

/// What differs, of an element of the table.
fn difference(tag: Tag) -> Option<String> {
    let Some(ours) = dictionary::keyword(tag).zip(dictionary::vr(tag)) else {
        return Some(format!("{tag}: the line is not understood"));
    };
    let other = StandardDataDictionary.by_tag(OtherTag(tag.0, tag.1));
    let told = other.map(|one| (one.alias(), one.vr()));
    let same = other.is_some_and(|other| {
        let vrs = match other.vr() {
            VirtualVr::Exact(one) => vec![one],
            VirtualVr::Xs => vec![VR::US, VR::SS],
            VirtualVr::Ox | VirtualVr::Px => vec![VR::OB, VR::OW],
            VirtualVr::Lt => vec![VR::US, VR::OW, VR::SS],
            _ => Vec::new(),
        };
        ours.0 == other.alias() && vrs.iter().any(|one| one.to_string() == ours.1.to_string())
    });
    (!same).then(|| format!("{tag} {ours:?} {told:?}"))
}

#[test]
fn another_one_says_the_same() {
    let differences: Vec<String> = table().filter_map(difference).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn another_one_knows_no_more() {
    let groups: BTreeSet<u16> = table().map(|tag| tag.0).collect();
    for group in groups {
        let all = (1..=u16::MAX).map(|element| Tag(group, element));
        let known = |tag: &Tag| {
            StandardDataDictionary
                .by_tag(OtherTag(tag.0, tag.1))
                .is_some()
        };
        let missing: Vec<Tag> = all
            .filter(known)
            .filter(|tag| dictionary::vr(*tag).is_none())
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
