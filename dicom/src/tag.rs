//! Tags (PS3.5 7.1.1).

use std::fmt;
use std::str::FromStr;

/// Group and element; in the order in which elements stand in a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub u16, pub u16);

impl Tag {
    pub const SPECIFIC_CHARACTER_SET: Tag = Tag(0x0008, 0x0005);
    pub const SOP_CLASS_UID: Tag = Tag(0x0008, 0x0016);
    pub const SOP_INSTANCE_UID: Tag = Tag(0x0008, 0x0018);
    pub const ACCESSION_NUMBER: Tag = Tag(0x0008, 0x0050);
    pub const PATIENT_NAME: Tag = Tag(0x0010, 0x0010);
    pub const PATIENT_ID: Tag = Tag(0x0010, 0x0020);
    pub const ISSUER_OF_PATIENT_ID: Tag = Tag(0x0010, 0x0021);
    pub const STUDY_INSTANCE_UID: Tag = Tag(0x0020, 0x000D);
    pub const SERIES_INSTANCE_UID: Tag = Tag(0x0020, 0x000E);
    pub const ORIGINAL_ATTRIBUTES_SEQUENCE: Tag = Tag(0x0400, 0x0561);
    pub const FLOAT_PIXEL_DATA: Tag = Tag(0x7FE0, 0x0008);
    pub const DOUBLE_FLOAT_PIXEL_DATA: Tag = Tag(0x7FE0, 0x0009);
    pub const PIXEL_DATA: Tag = Tag(0x7FE0, 0x0010);
    pub const DIGITAL_SIGNATURES_SEQUENCE: Tag = Tag(0xFFFA, 0xFFFA);
    pub const ITEM: Tag = Tag(DELIMITERS, 0xE000);
    pub const ITEM_DELIMITATION: Tag = Tag(DELIMITERS, 0xE00D);
    pub const SEQUENCE_DELIMITATION: Tag = Tag(DELIMITERS, 0xE0DD);

    /// Of an odd group (PS3.5 7.8).
    #[must_use]
    pub const fn is_private(self) -> bool {
        self.0 % 2 == 1
    }

    /// (gggg,0000), retired (PS3.5 7.2).
    #[must_use]
    pub const fn is_group_length(self) -> bool {
        self.1 == 0
    }

    /// Who owns a block of private elements (PS3.5 7.8.1).
    #[must_use]
    pub const fn is_private_creator(self) -> bool {
        self.is_private() && self.1 >= 0x0010 && self.1 <= 0x00FF
    }

    /// Items and delimiters, which have no VR (PS3.5 7.5).
    #[must_use]
    pub const fn is_delimiter(self) -> bool {
        self.0 == DELIMITERS
    }

    /// What is as long as the image is: of whole numbers, of floating ones.
    #[must_use]
    pub fn is_pixel_data(self) -> bool {
        matches!(
            self,
            Tag::FLOAT_PIXEL_DATA | Tag::DOUBLE_FLOAT_PIXEL_DATA | Tag::PIXEL_DATA
        )
    }
}

const DELIMITERS: u16 = 0xFFFE;

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x},{:04x}", self.0, self.1)
    }
}

/// What is no `gggg,eeee` in hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoTag;

impl FromStr for Tag {
    type Err = NoTag;

    fn from_str(text: &str) -> Result<Tag, NoTag> {
        let half = |text: &str| {
            let is_hex = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_hex
                .then(|| u16::from_str_radix(text, 16).ok())
                .flatten()
                .ok_or(NoTag)
        };
        let (group, element) = text.split_once(',').ok_or(NoTag)?;
        Ok(Tag(half(group)?, half(element)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_written_as_it_is_read() {
        assert_eq!("0010,0020".parse(), Ok(Tag::PATIENT_ID));
        assert_eq!("7fe0,0010".parse(), Ok(Tag::PIXEL_DATA));
        assert_eq!("7FE0,0010".parse::<Tag>().unwrap().to_string(), "7fe0,0010");
        for wrong in [
            "",
            "0010",
            "00100020",
            "0010,002",
            "0010,00200",
            "+010,0020",
            "0010,xxxx",
        ] {
            assert_eq!(wrong.parse::<Tag>(), Err(NoTag), "{wrong}");
        }
    }

    #[test]
    fn private_is_what_has_an_odd_group() {
        assert!(Tag(0x0009, 0x0010).is_private_creator());
        assert!(Tag(0x0009, 0x1001).is_private() && !Tag(0x0009, 0x1001).is_private_creator());
        assert!(!Tag(0x0008, 0x0010).is_private_creator());
        assert!(Tag(0x0009, 0x0000).is_group_length() && !Tag(0x0009, 0x0000).is_private_creator());
    }
}
