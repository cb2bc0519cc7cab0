//! Whatever Orthanc has stored: reading a file, and its data set in Implicit VR Little Endian.

#![no_main]

use OrthancSendQueue::transport::native::implicit::explicit_to_implicit;
use OrthancSendQueue::transport::native::part10::Part10;
use OrthancSendQueue::transport::pieces::{Piece, length, slices};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(file) = Part10::parse(bytes) {
        assert!(bytes.ends_with(file.data_set));
    }
    let whole = explicit_to_implicit(bytes, &[Piece::Kept(0..bytes.len())]);
    if let Ok(converted) = &whole {
        assert!(length(converted) <= 3 * bytes.len());
    }
    // Cut anywhere, the same.
    let at = bytes.len() / 3;
    let cut = [Piece::Made(bytes[..at].to_vec()), Piece::Kept(at..bytes.len())];
    let cut = explicit_to_implicit(bytes, &cut);
    let joined = |converted: &Vec<Piece>| slices(bytes, converted).concat();
    assert_eq!(whole.as_ref().map(joined).ok(), cut.as_ref().map(joined).ok());
});
