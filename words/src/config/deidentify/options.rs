//! The options of the Basic Application Level Confidentiality Profile (PS3.15 E.3): how they are spelt here, and their
//! codes (CID 7050).

/// An option that can be carried out without judging free text or pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProfileOption {
    RetainFullDates,
    RetainModifiedDates,
    RetainPatientCharacteristics,
    RetainDeviceIdentity,
    RetainUids,
    RetainInstitutionIdentity,
}

use ProfileOption::*;

/// Their words, in the order of their codes.
pub(super) const OPTIONS: [(&str, ProfileOption); 6] = [
    ("RetainLongitudinalFullDates", RetainFullDates),
    ("RetainLongitudinalModifiedDates", RetainModifiedDates),
    ("RetainPatientCharacteristics", RetainPatientCharacteristics),
    ("RetainDeviceIdentity", RetainDeviceIdentity),
    ("RetainUids", RetainUids),
    ("RetainInstitutionIdentity", RetainInstitutionIdentity),
];

const PIXELS: &str = "it would have to judge pixels, and nothing here does";
const TEXT: &str = "it would have to judge free text, and nothing here does";
const SAFE: &str = "it needs a list of private elements that are safe, and there is none here";

/// Those that are refused, and why.
pub(super) const REFUSED: [(&str, &str); 7] = [
    ("CleanPixelData", PIXELS),
    ("CleanRecognizableVisualFeatures", PIXELS),
    ("CleanGraphics", TEXT),
    ("CleanStructuredContent", TEXT),
    ("CleanDescriptors", TEXT),
    ("RetainSafePrivate", SAFE),
    ("RetainPrivate", SAFE),
];

/// A code of DCM: value and meaning.
pub type Code = (&'static str, &'static str);

/// The profile itself.
pub const BASIC: Code = ("113100", "Basic Application Confidentiality Profile");

impl ProfileOption {
    pub fn code(self) -> Code {
        match self {
            RetainFullDates => (
                "113106",
                "Retain Longitudinal Temporal Information Full Dates Option",
            ),
            RetainModifiedDates => (
                "113107",
                "Retain Longitudinal Temporal Information Modified Dates Option",
            ),
            RetainPatientCharacteristics => ("113108", "Retain Patient Characteristics Option"),
            RetainDeviceIdentity => ("113109", "Retain Device Identity Option"),
            RetainUids => ("113110", "Retain UIDs Option"),
            RetainInstitutionIdentity => ("113112", "Retain Institution Identity Option"),
        }
    }
}
