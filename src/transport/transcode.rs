//! Another transfer syntax for an instance, by Orthanc's codecs and those of its plugins.
//!
//! Invariant: nothing is asked for that is known to end the process.
//!
//! Of Debian's `orthanc-gdcm` (1.5 and 1.8, with Orthanc 1.10.1, 1.12.7 and 1.13.0) that is JPEG-LS: GDCM and DCMTK
//! each bring a library CharLS of their own, whose functions have the same names, and GDCM calls DCMTK's. A stack of
//! some 100 KB, as threads of Orthanc's HTTP server have it, is too small for most of GDCM's codecs: whoever calls this
//! has a thread of their own.
//!
//! And of DCMTK's own JPEG-LS it is an image with signed pixels that do not use all bits that are allocated to them:
//! the bits of their signs beyond Bits Stored fail an assertion (DCMTK 3.6.7, Orthanc 1.10.1).

use once_cell::sync::OnceCell;
use orthanc_sdk::{Host, TranscodedFile};
use sendqueue_dicom::{DataSet, Tag};

use super::native::part10::Part10;

/// JPEG-LS, lossless and near-lossless (PS3.5 A.4.3).
const JPEG_LS: [&str; 2] = ["1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"];

/// The DICOM file in this transfer syntax, the same instance.
///
/// # Errors
/// In words: it cannot be encoded so.
pub fn transcode(host: Host, file: &[u8], transfer_syntax: &str) -> Result<TranscodedFile, String> {
    survives(file, transfer_syntax)?;
    host.transcode(file, transfer_syntax)
        .map_err(|error| error.to_string())
}

/// The same for lossy transfer syntaxes: another instance, whose SOP Instance UID Orthanc makes up.
///
/// # Errors
/// In words: it cannot be encoded so.
pub fn transcode_lossily(
    host: Host,
    file: &[u8],
    transfer_syntax: &str,
) -> Result<TranscodedFile, String> {
    survives(file, transfer_syntax)?;
    host.transcode_lossily(file, transfer_syntax)
        .map_err(|error| error.to_string())
}

fn survives(file: &[u8], transfer_syntax: &str) -> Result<(), String> {
    static CLASH: OnceCell<bool> = OnceCell::new();
    if !JPEG_LS.contains(&transfer_syntax) {
        return Ok(());
    }
    // Plugins are loaded once, before anything is sent.
    let clash = CLASH.get_or_init(|| {
        let libraries = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
        two_charls(&libraries)
    });
    if *clash {
        return Err(
            "with this GDCM plugin of Orthanc, JPEG-LS would end Orthanc (it uses DCMTK's CharLS for its own)"
                .to_owned(),
        );
    }
    match has_bits_of_signs(file) {
        true => Err(
            "with signed pixels in more bits than they use, JPEG-LS would end Orthanc".to_owned(),
        ),
        false => Ok(()),
    }
}

/// Whether pixels are signed (PS3.3 C.7.6.3.1.5), in more bits than are said to be stored. A file that cannot be read
/// Orthanc cannot read either.
fn has_bits_of_signs(file: &[u8]) -> bool {
    let Ok(part10) = Part10::parse(file) else {
        return false;
    };
    let Ok(data) = DataSet::parse(part10.data_set, part10.transfer_syntax) else {
        return false;
    };
    let [allocated, stored, signed] = [0x0100, 0x0101, 0x0103].map(|element| {
        let element = data.root().get(Tag(0x0028, element));
        let bytes = element.and_then(|element| element.little_endian());
        bytes.as_deref().and_then(<[u8]>::first_chunk::<2>).copied()
    });
    signed == Some([1, 0]) && allocated != stored
}

/// Whether GDCM is there beside a CharLS of DCMTK that others can call.
fn two_charls(maps: &str) -> bool {
    maps.contains("/libgdcmMSFF") && maps.contains("/libdcmtkcharls")
}

#[cfg(test)]
mod tests {
    use sendqueue_dicom::{DataSet, Piece, Tag, Vr};

    use super::{has_bits_of_signs, two_charls};
    use crate::transport::native::contexts::Kind;
    use crate::transport::native::part10;

    fn file(allocated: u8, stored: u8, signed: u8) -> Vec<u8> {
        let kind = Kind {
            sop_class: "1.2.840.10008.5.1.4.1.1.2".to_owned(),
            transfer_syntax: "1.2.840.10008.1.2.1".to_owned(),
        };
        let mut data = DataSet::parse(&[], &kind.transfer_syntax).unwrap();
        for (element, number) in [(0x0100, allocated), (0x0101, stored), (0x0103, signed)] {
            let tag = Tag(0x0028, element);
            data.root_mut().set(tag, Vr::US, vec![number, 0]);
        }
        let made = |piece| match piece {
            Piece::Made(bytes) => bytes,
            Piece::Kept(_) => Vec::new(),
        };
        let pieces = data.encode().unwrap();
        let bytes: Vec<u8> = pieces.into_iter().flat_map(made).collect();
        part10::file(&kind, "1.2.3", &[&bytes])
    }

    #[test]
    fn signed_pixels_must_use_all_of_their_bits() {
        assert!(has_bits_of_signs(&file(16, 12, 1)));
        assert!(!has_bits_of_signs(&file(16, 16, 1)));
        assert!(!has_bits_of_signs(&file(16, 12, 0)));
        assert!(!has_bits_of_signs(b"no file"));
    }

    #[test]
    fn both_libraries_must_be_there() {
        let line = |library| format!("7f00-7f10 r-xp 00000000 fe:01 12 /usr/lib/{library}\n");
        let (dcmtk, gdcm) = (line("libdcmtkcharls.so.17"), line("libgdcmMSFF.so.3.0"));
        assert!(two_charls(&format!("{dcmtk}{gdcm}")));
        assert!(!two_charls(&dcmtk) && !two_charls(&gdcm));
    }
}
