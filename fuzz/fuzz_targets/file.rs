//! Whatever Orthanc has stored: reading a file, and its data set in Implicit VR Little Endian.

#![no_main]

use OrthancSendQueue::transport::native::implicit::explicit_to_implicit;
use OrthancSendQueue::transport::native::part10::Part10;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(file) = Part10::parse(bytes) {
        assert!(bytes.ends_with(file.data_set));
    }
    if let Ok(converted) = explicit_to_implicit(bytes) {
        assert!(converted.len() <= 3 * bytes.len());
    }
});
