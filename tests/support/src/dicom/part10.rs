//! Reads the beginning of a DICOM file: its meta information (PS3.10 7.1).
//!
//! Invariant: what is read is bounded by the bytes at hand; a broken or cut file gives `None`, never a panic. The data
//! set behind it is not looked at.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Longer meta information is taken for a broken file.
const LONGEST: u64 = 1 << 20;

/// The meta information of a DICOM file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Part10 {
    /// (0002,0002).
    pub sop_class_uid: String,
    /// (0002,0003).
    pub sop_instance_uid: String,
    /// (0002,0010).
    pub transfer_syntax: String,
    /// Where the data set begins in the file.
    pub data_set_offset: usize,
}

impl Part10 {
    /// Of the bytes of a file, or of its beginning.
    #[must_use]
    pub fn read(file: &[u8]) -> Option<Self> {
        let mut meta = Self::default();
        let mut at = 132;
        if file.get(128..at)? != b"DICM" {
            return None;
        }
        let mut end = None;
        while end.is_none_or(|end| at < end) {
            let head = file.get(at..at.checked_add(8)?)?;
            // Without a group length, the data set begins at the first element of another group.
            if head[0..2] != [2, 0] {
                break;
            }
            let number = u16::from_le_bytes([head[2], head[3]]);
            let long = matches!(&head[4..6], b"OB" | b"UN" | b"OW" | b"SQ" | b"UT");
            let (begin, length) = if long {
                let length = file.get(at + 8..at + 12)?;
                (at + 12, u32::from_le_bytes(length.try_into().ok()?))
            } else {
                (at + 8, u32::from(u16::from_le_bytes([head[6], head[7]])))
            };
            let next = begin.checked_add(usize::try_from(length).ok()?)?;
            let value = file.get(begin..next)?;
            match number {
                0x0000 => {
                    let length = u32::from_le_bytes(value.try_into().ok()?);
                    end = Some(next.checked_add(usize::try_from(length).ok()?)?);
                }
                0x0002 => meta.sop_class_uid = uid(value),
                0x0003 => meta.sop_instance_uid = uid(value),
                0x0010 => meta.transfer_syntax = uid(value),
                _ => {}
            }
            at = next;
        }
        meta.data_set_offset = at;
        (!meta.sop_instance_uid.is_empty() && !meta.transfer_syntax.is_empty()).then_some(meta)
    }

    /// Of a file of any size.
    ///
    /// # Errors
    /// When it cannot be read; `InvalidData` when it is not a DICOM file, or not yet one.
    pub fn read_file(path: &Path) -> io::Result<Self> {
        let mut head = Vec::new();
        File::open(path)?.take(LONGEST).read_to_end(&mut head)?;
        Self::read(&head).ok_or_else(|| {
            let what = format!("{}: no DICOM file", path.display());
            io::Error::new(io::ErrorKind::InvalidData, what)
        })
    }
}

fn uid(value: &[u8]) -> String {
    String::from_utf8_lossy(value)
        .trim_matches(['\0', ' '])
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Study;

    #[test]
    fn what_the_study_maker_wrote_is_read() {
        let instance = Study::new(1, 1).instance(1, 1);
        let meta = Part10::read(&instance.bytes).expect("a DICOM file");
        assert_eq!(meta.sop_class_uid, instance.sop_class_uid);
        assert_eq!(meta.sop_instance_uid, instance.sop_instance_uid);
        assert_eq!(meta.transfer_syntax, instance.transfer_syntax);
        assert_eq!(meta.data_set_offset, instance.data_set_offset);
        for length in 0..instance.data_set_offset {
            assert!(
                Part10::read(&instance.bytes[..length]).is_none(),
                "{length}"
            );
        }
    }
}
