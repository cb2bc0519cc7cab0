//! Why a data set cannot be read or written, in words.

use std::borrow::Cow;
use std::fmt;

use crate::Tag;

/// The place, and the reason. Nothing of what the data set says of a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    place: Place,
    why: Cow<'static, str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Byte(usize),
    Element(Tag),
    Whole,
}

impl Malformed {
    pub(crate) fn at(byte: usize, why: &'static str) -> Malformed {
        Malformed {
            place: Place::Byte(byte),
            why: Cow::Borrowed(why),
        }
    }

    pub(crate) fn of(tag: Tag, why: impl Into<Cow<'static, str>>) -> Malformed {
        Malformed {
            place: Place::Element(tag),
            why: why.into(),
        }
    }

    pub(crate) fn whole(why: impl Into<Cow<'static, str>>) -> Malformed {
        Malformed {
            place: Place::Whole,
            why: why.into(),
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::Byte(byte) => write!(f, "at byte {byte} of the data set is {}", self.why),
            Place::Element(tag) => write!(f, "({tag}): {}", self.why),
            Place::Whole => f.write_str(&self.why),
        }
    }
}

impl std::error::Error for Malformed {}
