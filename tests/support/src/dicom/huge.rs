//! A file too big to hold in memory.
//!
//! Invariant: it is written in parts of 1 MiB; no more than one part is in memory.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::objects::MULTI_FRAME;
use super::syntaxes::{image, noise};
use super::{EXPLICIT_VR_LE, Part10, Study, file};

/// Rows and columns of a frame: 1 MiB of pixels of 8 bits.
const SIDE: u16 = 1024;
const FRAME: u64 = (SIDE as u64) * (SIDE as u64);

/// A multi-frame image on disk.
#[derive(Debug, Clone)]
pub struct HugeFile {
    /// Where it is.
    pub path: PathBuf,
    /// (0008,0016).
    pub sop_class_uid: String,
    /// (0008,0018).
    pub sop_instance_uid: String,
    /// (0002,0010).
    pub transfer_syntax: String,
    /// Where the data set begins.
    pub data_set_offset: u64,
    /// Length of the file.
    pub size: u64,
}

impl HugeFile {
    /// Whether another DICOM file has the same data set, byte for byte.
    ///
    /// # Errors
    /// When one cannot be read, or the other is no DICOM file.
    pub fn same_data_set(&self, other: &Path) -> io::Result<bool> {
        let begin = Part10::read_file(other)?.data_set_offset as u64;
        let open = |path: &Path, offset| -> io::Result<(File, u64)> {
            let mut file = File::open(path)?;
            let length = file.seek(SeekFrom::End(0))?;
            file.seek(SeekFrom::Start(offset))?;
            Ok((file, length - offset))
        };
        let (mut one, length) = open(&self.path, self.data_set_offset)?;
        let (mut two, other_length) = open(other, begin)?;
        if length != other_length {
            return Ok(false);
        }
        let (mut left, mut a, mut b) = (length, Vec::new(), Vec::new());
        while left > 0 {
            let part = usize::try_from(left.min(FRAME)).expect("a MiB");
            a.resize(part, 0);
            b.resize(part, 0);
            one.read_exact(&mut a)?;
            two.read_exact(&mut b)?;
            if a != b {
                return Ok(false);
            }
            left -= part as u64;
        }
        Ok(true)
    }
}

/// Writes an image of at least `bytes` bytes of pixels (rounded up to whole MiB), Explicit VR Little Endian.
///
/// # Errors
/// When it cannot be written.
///
/// # Panics
/// From 4 GiB on: Pixel Data has a length of 32 bits.
pub fn huge(path: &Path, bytes: u64) -> io::Result<HugeFile> {
    let study = Study::new(1, 1);
    let frames = bytes.div_ceil(FRAME).max(1);
    let length = u32::try_from(frames * FRAME).expect("less than 4 GiB of pixels");
    let sop_instance_uid = study.uid_of(1, 1);
    let mut head = Vec::new();
    file::write_meta(&mut head, MULTI_FRAME, &sop_instance_uid, EXPLICIT_VR_LE);
    let data_set_offset = head.len() as u64;
    let data_set = image(&study, 1)
        .text((0x0008, 0x0016), "UI", MULTI_FRAME)
        .text((0x0008, 0x0018), "UI", &sop_instance_uid)
        .text((0x0028, 0x0008), "IS", &frames.to_string())
        .bytes((0x0028, 0x0009), "AT", &[0x18, 0x00, 0x63, 0x10])
        .bytes((0x0028, 0x0010), "US", &SIDE.to_le_bytes())
        .bytes((0x0028, 0x0011), "US", &SIDE.to_le_bytes());
    head.extend_from_slice(&data_set.encode());
    head.extend_from_slice(b"\xE0\x7F\x10\x00OB\0\0");
    head.extend_from_slice(&length.to_le_bytes());
    let mut out = File::create(path)?;
    out.write_all(&head)?;
    let mut frame = noise(1, usize::from(SIDE) * usize::from(SIDE));
    for number in 0..frames {
        // Every frame is another one, so that a lost or repeated part shows.
        frame[..8].copy_from_slice(&number.to_le_bytes());
        out.write_all(&frame)?;
    }
    Ok(HugeFile {
        path: path.to_owned(),
        sop_class_uid: MULTI_FRAME.to_owned(),
        sop_instance_uid,
        transfer_syntax: EXPLICIT_VR_LE.to_owned(),
        data_set_offset,
        size: head.len() as u64 + u64::from(length),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_size_is_as_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let made = huge(&folder.path().join("huge.dcm"), 3_000_000).expect("a file");
        assert_eq!(made.path.metadata().expect("a file").len(), made.size);
        assert!((3_145_728..3_147_000).contains(&made.size));
        let meta = Part10::read_file(&made.path).expect("a DICOM file");
        assert_eq!(meta.sop_instance_uid, made.sop_instance_uid);
        assert_eq!(meta.data_set_offset as u64, made.data_set_offset);
        assert!(made.same_data_set(&made.path).expect("a file"));
        let other = folder.path().join("other.dcm");
        let mut bytes = std::fs::read(&made.path).expect("a file");
        *bytes.last_mut().expect("bytes") ^= 1;
        std::fs::write(&other, bytes).expect("a file");
        assert!(!made.same_data_set(&other).expect("a file"));
    }
}
