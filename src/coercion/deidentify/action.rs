//! What becomes of an element: the rows of the table, the options that are in force, and what the IOD needs.
//!
//! Invariants:
//! - What no rule knows goes: private elements, and those of even groups that are not in the dictionary. A later
//!   edition of the standard may put a name into one of them.
//! - Where a conditional action leaves a choice, it removes as much as the IOD allows. Within sequences, and in SOP
//!   classes of which nothing is known, it is the choice that is valid for every type: a dummy rather than nothing.
//! - Where two options differ on an element, dates are shifted: one that was kept would tell by how much the others
//!   were.

use sendqueue_dicom::{Tag, Vr, dictionary};

use super::table::{CONDITIONAL, NEEDS, ROWS, Row};
use crate::config::deidentify::ProfileOption;

/// The basic profile's action (PS3.15 Table E.1-1a), as the table has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basic {
    D,
    Z,
    X,
    U,
    ZorD,
    XorZ,
    XorD,
    XorZorD,
    XorZorU,
}

/// The options' columns, as bits.
pub mod column {
    pub const UIDS: u16 = 1;
    pub const DEVICE: u16 = 1 << 2;
    pub const INSTITUTION: u16 = 1 << 3;
    pub const PATIENT: u16 = 1 << 4;
    pub const FULL_DATES: u16 = 1 << 5;
    pub const MODIFIED_DATES: u16 = 1 << 6;
    pub const DESCRIPTORS: u16 = 1 << 7;
    pub const STRUCTURED: u16 = 1 << 8;
    pub const GRAPHICS: u16 = 1 << 9;
}

/// What is done to one element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Left as it is; what is in a sequence has actions of its own.
    Keep,
    Remove,
    Empty,
    /// A value that says nothing.
    Dummy,
    /// Another UID, the same wherever the first one stands.
    Uid,
    /// The date is shifted; `Err`-like, what is no date has the other action.
    Shift(Otherwise),
}

/// What is done to what cannot be shifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Otherwise {
    Remove,
    Empty,
    Dummy,
}

impl Otherwise {
    pub fn action(self) -> Action {
        match self {
            Otherwise::Remove => Action::Remove,
            Otherwise::Empty => Action::Empty,
            Otherwise::Dummy => Action::Dummy,
        }
    }
}

/// What the IOD asks of an element with a conditional action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Nothing,
    /// Type 2.
    Element,
    /// Type 1.
    Value,
    Unknown,
}

/// The profile with its options, for instances of one SOP class.
pub struct Profile {
    /// Columns that are in force.
    options: u16,
    needs: Option<&'static [u8]>,
}

impl Profile {
    pub fn new(options: &[ProfileOption], sop_class: &str) -> Profile {
        let columns = options.iter().map(|option| match option {
            ProfileOption::RetainFullDates => column::FULL_DATES,
            ProfileOption::RetainModifiedDates => column::MODIFIED_DATES,
            ProfileOption::RetainPatientCharacteristics => column::PATIENT,
            ProfileOption::RetainDeviceIdentity => column::DEVICE,
            ProfileOption::RetainUids => column::UIDS,
            ProfileOption::RetainInstitutionIdentity => column::INSTITUTION,
        });
        let known = NEEDS.binary_search_by_key(&sop_class, |(uid, _)| uid);
        Profile {
            options: columns.fold(0, |all, one| all | one),
            needs: known.ok().map(|at| NEEDS[at].1.as_bytes()),
        }
    }

    /// `nested`: it is in an item of a sequence. `vr`: as it is written there.
    pub fn action(&self, tag: Tag, vr: Vr, nested: bool) -> Action {
        if tag.is_private() || is_repeating(tag) || tag.0 < 0x0008 || tag == TRAILING_PADDING {
            return Action::Remove;
        }
        let Some(row) = row(tag) else {
            // Unknown here is not harmless.
            return match dictionary::vr(tag) {
                Some(_) => Action::Keep,
                None => Action::Remove,
            };
        };
        let Row(_, basic, keep, clean) = row;
        let need = if nested {
            Need::Unknown
        } else {
            self.need(tag)
        };
        if clean & self.options & column::MODIFIED_DATES != 0 {
            let vr = dictionary::vr(tag).unwrap_or(vr);
            if matches!(vr, Vr::DA | Vr::DT | Vr::TM | Vr::SH) {
                return Action::Shift(otherwise(*basic, need));
            }
        } else if keep & self.options != 0 {
            return Action::Keep;
        }
        resolved(*basic, need)
    }

    fn need(&self, tag: Tag) -> Need {
        let Some(needs) = self.needs else {
            return Need::Unknown;
        };
        let at = CONDITIONAL.binary_search(&number(tag));
        match at.ok().and_then(|at| needs.get(at)) {
            Some(b'2') => Need::Value,
            Some(b'1') => Need::Element,
            _ => Need::Nothing,
        }
    }
}

/// Curves and overlays (50xx, 60xx) go whole: their comments, labels and descriptions are free text, and without their
/// data the rest of the group describes nothing.
pub fn is_repeating(tag: Tag) -> bool {
    matches!(tag.0 & 0xFF00, 0x5000 | 0x6000) && tag.0 & 1 == 0
}

/// (FFFC,FFFC), whatever is in it.
const TRAILING_PADDING: Tag = Tag(0xFFFC, 0xFFFC);

fn number(tag: Tag) -> u32 {
    u32::from(tag.0) << 16 | u32::from(tag.1)
}

pub fn row(tag: Tag) -> Option<&'static Row> {
    let found = ROWS.binary_search_by_key(&number(tag), |row| row.0);
    found.ok().map(|at| &ROWS[at])
}

fn resolved(basic: Basic, need: Need) -> Action {
    use Need::{Element, Nothing, Unknown, Value};
    match (basic, need) {
        (Basic::U, _) => Action::Uid,
        // Type 1, or unknown: the references in it become others, see `Action::Keep`.
        (Basic::XorZorU, Value | Unknown) => Action::Keep,
        (Basic::X, _) => Action::Remove,
        (Basic::Z, _) => Action::Empty,
        (Basic::D, _) => Action::Dummy,
        (Basic::ZorD, Value | Unknown) => Action::Dummy,
        (Basic::ZorD, _) => Action::Empty,
        (Basic::XorZ, Nothing) => Action::Remove,
        (Basic::XorZ, _) => Action::Empty,
        (Basic::XorD, Nothing) => Action::Remove,
        (Basic::XorD, _) => Action::Dummy,
        (Basic::XorZorD | Basic::XorZorU, Nothing) => Action::Remove,
        (Basic::XorZorD | Basic::XorZorU, Element) => Action::Empty,
        (Basic::XorZorD, _) => Action::Dummy,
    }
}

fn otherwise(basic: Basic, need: Need) -> Otherwise {
    match resolved(basic, need) {
        Action::Remove => Otherwise::Remove,
        Action::Empty => Otherwise::Empty,
        _ => Otherwise::Dummy,
    }
}

#[cfg(test)]
mod tests {
    use super::super::table;
    use super::*;

    const CT: &str = "1.2.840.10008.5.1.4.1.1.2";

    #[test]
    fn the_table_is_in_order_and_whole() {
        assert!(ROWS.is_sorted_by(|one, next| one.0 < next.0));
        assert!(CONDITIONAL.is_sorted_by(|one, next| one < next));
        assert!(NEEDS.is_sorted_by(|one, next| one.0 < next.0));
        assert_eq!((ROWS.len(), NEEDS.len()), (652, 180));
        assert_eq!(table::EDITION, "2024e");
        for (uid, needs) in NEEDS {
            assert_eq!(needs.len(), CONDITIONAL.len(), "{uid}");
        }
        for row in ROWS {
            let conditional = !matches!(row.1, Basic::D | Basic::Z | Basic::X | Basic::U);
            assert_eq!(CONDITIONAL.contains(&row.0), conditional, "{row:?}");
            assert_eq!(
                row.2 & row.3,
                0,
                "{row:?}: kept and cleaned by the same option"
            );
        }
    }

    #[test]
    fn conditions_are_decided_by_the_type_in_the_iod() {
        let ct = Profile::new(&[], CT);
        let other = Profile::new(&[], "1.2.3");
        let actions = |tag: Tag, vr: Vr| {
            let at = |profile: &Profile, nested| profile.action(tag, vr, nested);
            [at(&ct, false), at(&ct, true), at(&other, false)]
        };
        use Action::{Dummy, Empty, Keep, Remove, Uid};
        // X/Z/D, type 3 in General Equipment.
        assert_eq!(actions(Tag(0x0008, 0x0080), Vr::LO), [Remove, Dummy, Dummy]);
        // X/Z, type 2 in CT's Contrast/Bolus it is Z/D: (0018,0010).
        assert_eq!(actions(Tag(0x0018, 0x0010), Vr::LO), [Empty, Dummy, Dummy]);
        // X/D, type 3.
        assert_eq!(actions(Tag(0x0008, 0x0021), Vr::DA), [Remove, Dummy, Dummy]);
        // X/Z/U*, type 3 (General Reference).
        assert_eq!(actions(Tag(0x0008, 0x1140), Vr::SQ)[1..], [Keep, Keep]);
        // Z/D, type 2 in Patient.
        assert_eq!(actions(Tag::PATIENT_ID, Vr::LO), [Empty, Dummy, Dummy]);
        assert_eq!(actions(Tag::PATIENT_NAME, Vr::PN), [Empty; 3]);
        assert_eq!(actions(Tag::SOP_INSTANCE_UID, Vr::UI), [Uid; 3]);
        // Not in the table.
        assert_eq!(actions(Tag(0x0028, 0x0010), Vr::US), [Keep; 3]);
    }

    #[test]
    fn what_is_not_known_goes() {
        let profile = Profile::new(&[], CT);
        for tag in [
            Tag(0x0009, 0x0010),
            Tag(0x0029, 0x1010),
            Tag(0x5000, 0x3000),
            Tag(0x501e, 0x0010),
            Tag(0x6000, 0x3000),
            Tag(0x60fe, 0x0022),
            Tag(0xFFFA, 0xFFFA),
            Tag(0xFFFC, 0xFFFC),
            Tag(0x0400, 0x0561),
            Tag(0x0400, 0x0550),
            Tag(0x0010, 0xABCC),
            Tag(0x0002, 0x0100),
        ] {
            assert_eq!(profile.action(tag, Vr::UN, false), Action::Remove, "{tag}");
        }
    }

    #[test]
    fn options_keep_their_columns_and_shifting_goes_before() {
        use ProfileOption::*;
        let of = |options: &[ProfileOption], tag: Tag, vr: Vr| {
            Profile::new(options, CT).action(tag, vr, false)
        };
        let age = Tag(0x0010, 0x1010);
        assert_eq!(of(&[], age, Vr::AS), Action::Remove);
        assert_eq!(
            of(&[RetainPatientCharacteristics], age, Vr::AS),
            Action::Keep
        );
        assert_eq!(
            of(&[RetainUids], Tag::SOP_INSTANCE_UID, Vr::UI),
            Action::Keep
        );
        let study_date = Tag(0x0008, 0x0020);
        assert_eq!(of(&[RetainFullDates], study_date, Vr::DA), Action::Keep);
        let shifted = Action::Shift(Otherwise::Empty);
        assert_eq!(of(&[RetainModifiedDates], study_date, Vr::DA), shifted);
        assert_eq!(of(&[RetainModifiedDates], study_date, Vr::UN), shifted);
        // (0018,1200), which both options name.
        let calibration = Tag(0x0018, 0x1200);
        let both = [RetainDeviceIdentity, RetainModifiedDates];
        assert_eq!(
            of(&[RetainDeviceIdentity], calibration, Vr::DA),
            Action::Keep
        );
        assert_eq!(
            of(&both, calibration, Vr::DA),
            Action::Shift(Otherwise::Remove)
        );
        // Cleaned by an option, and no date: as without it.
        assert_eq!(of(&both, Tag(0x0034, 0x0007), Vr::OB), Action::Dummy);
        assert_eq!(of(&both, Tag(0x0008, 0x0055), Vr::AE), Action::Remove);
        // The birth date is kept by no option.
        for option in [
            RetainFullDates,
            RetainModifiedDates,
            RetainPatientCharacteristics,
        ] {
            assert_eq!(of(&[option], Tag(0x0010, 0x0030), Vr::DA), Action::Empty);
        }
    }
}
