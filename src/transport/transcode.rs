//! Another transfer syntax for an instance, by Orthanc's codecs and those of its plugins.
//!
//! Invariant: nothing is asked for that is known to end the process.
//!
//! Of Debian's `orthanc-gdcm` (1.5 and 1.8, with Orthanc 1.10.1, 1.12.7 and 1.13.0) that is JPEG-LS: GDCM and DCMTK
//! each bring a library CharLS of their own, whose functions have the same names, and GDCM calls DCMTK's. A stack of
//! some 100 KB, as threads of Orthanc's HTTP server have it, is too small for most of GDCM's codecs: whoever calls this
//! has a thread of their own.

use once_cell::sync::OnceCell;
use orthanc_sdk::{Host, TranscodedFile};

/// JPEG-LS, lossless and near-lossless (PS3.5 A.4.3).
const JPEG_LS: [&str; 2] = ["1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"];

/// The DICOM file in this transfer syntax, the same instance.
///
/// # Errors
/// In words: it cannot be encoded so.
pub fn transcode(host: Host, file: &[u8], transfer_syntax: &str) -> Result<TranscodedFile, String> {
    survives(transfer_syntax)?;
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
    survives(transfer_syntax)?;
    host.transcode_lossily(file, transfer_syntax)
        .map_err(|error| error.to_string())
}

fn survives(transfer_syntax: &str) -> Result<(), String> {
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
    Ok(())
}

/// Whether GDCM is there beside a CharLS of DCMTK that others can call.
fn two_charls(maps: &str) -> bool {
    maps.contains("/libgdcmMSFF") && maps.contains("/libdcmtkcharls")
}

#[cfg(test)]
mod tests {
    use super::two_charls;

    #[test]
    fn both_libraries_must_be_there() {
        let line = |library| format!("7f00-7f10 r-xp 00000000 fe:01 12 /usr/lib/{library}\n");
        let (dcmtk, gdcm) = (line("libdcmtkcharls.so.17"), line("libgdcmMSFF.so.3.0"));
        assert!(two_charls(&format!("{dcmtk}{gdcm}")));
        assert!(!two_charls(&dcmtk) && !two_charls(&gdcm));
    }
}
