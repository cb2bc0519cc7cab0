//! `Compress` of a destination.

/// The transfer syntax that images are encoded in for a destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compression {
    /// Its UID.
    pub transfer_syntax: &'static str,
    /// `Lossy`: what comes out may be another instance.
    pub lossy: bool,
    pub quality: Option<u8>,
}
