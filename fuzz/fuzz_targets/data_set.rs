//! Whatever Orthanc has stored, changed: see `hostile.rs` for what must hold.

#![no_main]

#[path = "../../dicom/tests/support/hostile.rs"]
mod hostile;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for syntax in ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"] {
        hostile::change(bytes, syntax);
    }
    if bytes.len() < 1 << 16 {
        hostile::change(bytes, "1.2.840.10008.1.2.1.99");
    }
});
