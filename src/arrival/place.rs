//! The place of an instance in what is sent together.
//!
//! Invariants:
//! - What refers to other objects of a study comes behind what it may refer to, over all series: images, then what
//!   refers to images, then radiotherapy's plans, then what refers to a plan.
//! - Within that, the instances of a series are together, in the order of their numbers; those without one come last.
//! - It is one integer, so that the queue's index of a group is in this order: no claim sorts.

use crate::item::Ids;

/// SOP classes (PS3.4 B.5, UIDs of PS3.6 A) whose instances go behind others. One that ends with a dot stands for all
/// that begin so.
const BEHIND: [(&str, i64); 17] = [
    // Presentation States, all of them.
    ("1.2.840.10008.5.1.4.1.1.11.", REFERS),
    // Spatial Registration, Spatial Fiducials, Deformable Spatial Registration; segmentations (66.4 on) are images.
    ("1.2.840.10008.5.1.4.1.1.66.1", REFERS),
    ("1.2.840.10008.5.1.4.1.1.66.2", REFERS),
    ("1.2.840.10008.5.1.4.1.1.66.3", REFERS),
    // Real World Value Mapping
    ("1.2.840.10008.5.1.4.1.1.67", REFERS),
    // Structured Reports, all of them, and Key Object Selection (88.59).
    ("1.2.840.10008.5.1.4.1.1.88.", REFERS),
    // Content Assessment Results
    ("1.2.840.10008.5.1.4.1.1.90.1", REFERS),
    // Microscopy Bulk Simple Annotations
    ("1.2.840.10008.5.1.4.1.1.91.1", REFERS),
    // Basic Structured Display
    ("1.2.840.10008.5.1.4.1.1.131", REFERS),
    // RT Structure Set refers to images; a plan to it; dose and treatment records to a plan.
    ("1.2.840.10008.5.1.4.1.1.481.3", REFERS),
    ("1.2.840.10008.5.1.4.1.1.481.5", PLAN),
    ("1.2.840.10008.5.1.4.1.1.481.8", PLAN),
    ("1.2.840.10008.5.1.4.1.1.481.2", OF_PLAN),
    ("1.2.840.10008.5.1.4.1.1.481.4", OF_PLAN),
    ("1.2.840.10008.5.1.4.1.1.481.6", OF_PLAN),
    ("1.2.840.10008.5.1.4.1.1.481.7", OF_PLAN),
    ("1.2.840.10008.5.1.4.1.1.481.9", OF_PLAN),
];

const REFERS: i64 = 1;
const PLAN: i64 = 2;
const OF_PLAN: i64 = 3;

/// Bits of an instance number, of which there are 2^32 and one for none; and of what a series is told by.
const NUMBER_BITS: u32 = 33;
const SERIES_BITS: u32 = 28;

/// `number`: Instance Number (0020,0013), as it is written.
pub fn place(ids: &Ids, number: Option<&str>, sop_class: Option<&str>) -> i64 {
    let rank = sop_class.map_or(0, rank);
    (rank << SERIES_BITS | series(&ids.series)) << NUMBER_BITS | self::number(number)
}

fn rank(sop_class: &str) -> i64 {
    let is = |uid: &str| match uid.ends_with('.') {
        true => sop_class.starts_with(uid),
        false => sop_class == uid,
    };
    let found = BEHIND.iter().find(|(uid, _)| is(uid));
    found.map_or(0, |(_, rank)| *rank)
}

/// The beginning of its identifier in Orthanc, a hash: two series share it once in some hundred million, and then only
/// go mixed.
fn series(id: &str) -> i64 {
    let digits = id.get(..(SERIES_BITS / 4) as usize);
    let read = digits.and_then(|digits| i64::from_str_radix(digits, 16).ok());
    // A sign is no digit.
    read.filter(|hash| *hash >= 0).unwrap_or(0)
}

/// 0 for the least number that an IS has (PS3.5 6.2: from -2^31 to 2^31 - 1), 2^32 without one.
fn number(written: Option<&str>) -> i64 {
    let none = 1 << (NUMBER_BITS - 1);
    let Some(number) = written.and_then(|text| text.trim().parse::<i64>().ok()) else {
        return none;
    };
    number.clamp(i32::MIN.into(), i32::MAX.into()) - i64::from(i32::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "0a4c9d5e-11111111-22222222-33333333-44444444";
    const B: &str = "f0000000-11111111-22222222-33333333-44444444";
    const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
    const KEY_OBJECTS: &str = "1.2.840.10008.5.1.4.1.1.88.59";
    const PRESENTATION: &str = "1.2.840.10008.5.1.4.1.1.11.1";
    const SEGMENTATION: &str = "1.2.840.10008.5.1.4.1.1.66.4";

    fn at(series: &str, number: &str, sop_class: &str) -> i64 {
        let ids = Ids {
            series: series.to_owned(),
            ..Ids::default()
        };
        let place = place(&ids, (number != "none").then_some(number), Some(sop_class));
        assert!(place >= 0, "{series} {number} {sop_class}");
        place
    }

    #[test]
    fn series_then_numbers_and_what_refers_last() {
        let order = [
            at(A, "-99999999999", CT),
            at(A, "-5", CT),
            at(A, " 0 ", CT),
            at(A, "+1", CT),
            at(A, "2", CT),
            at(A, "10", SEGMENTATION),
            at(A, "2147483647", CT),
            at(A, "none", CT),
            at(B, "1", CT),
            at(B, "none", CT),
            at(A, "1", PRESENTATION),
            at(A, "2", KEY_OBJECTS),
            at(A, "none", "1.2.840.10008.5.1.4.1.1.481.3"),
            at(B, "1", KEY_OBJECTS),
            at(A, "1", "1.2.840.10008.5.1.4.1.1.481.5"),
            at(A, "1", "1.2.840.10008.5.1.4.1.1.481.2"),
            at(B, "none", "1.2.840.10008.5.1.4.1.1.481.9"),
        ];
        assert!(order.is_sorted_by(|a, b| a < b), "{order:?}");
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", " ", "1.5", "1\\2", "one", "99999999999999999999999"] {
            assert_eq!(at(A, text, CT), at(A, "none", CT), "{text:?}");
        }
        assert_eq!(at(A, "99999999999", CT), at(A, "2147483647", CT));
    }

    #[test]
    fn a_series_that_is_no_hash_is_as_good_as_any() {
        for series in ["", "x", "ü", "-123456", "+123456", "series"] {
            assert!(at(series, "1", CT) < at(series, "2", CT), "{series}");
        }
    }

    #[test]
    fn only_whole_uids_count() {
        assert_eq!(rank("1.2.840.10008.5.1.4.1.1.6"), 0);
        assert_eq!(rank("1.2.840.10008.5.1.4.1.1.67.9"), 0);
        assert_eq!(rank("1.2.840.10008.5.1.4.1.1.1.1"), 0);
        assert_eq!(rank(""), 0);
        assert_eq!(rank("1.2.840.10008.5.1.4.1.1.88.33"), REFERS);
    }
}
