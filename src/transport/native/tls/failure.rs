//! What went wrong with TLS, in words for an administrator.
//!
//! Invariants:
//! - What only a different library could change is for Orthanc to try; what Orthanc would refuse as well is not.
//! - A word on a certificate names the key of the configuration that it came from.

use std::io;

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

use super::verify::Refusal;
use super::{CERTIFICATE, PRIVATE_KEY, TRUSTED};
use crate::item::system::words;

/// The stream failed during the handshake. `heard`: the receiver had said something in TLS.
pub fn stream(error: &io::Error, host: &str, heard: bool) -> String {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionReset, TimedOut, UnexpectedEof, WouldBlock,
    };
    let what = match error.kind() {
        UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe => {
            "the receiver closed the connection during the TLS handshake".to_owned()
        }
        TimedOut | WouldBlock => "the TLS handshake did not end in time".to_owned(),
        _ => return format!("the TLS handshake with {host} failed: {}", words(error)),
    };
    if heard {
        return what;
    }
    // Some end a handshake without a word when they find nothing in common.
    format!(
        "{what}: does it take DICOM TLS on this port? ({host} had answered nothing; it may also know no version or cipher \
        suite of TLS that is offered)"
    )
}

/// Words, and whether Orthanc may be able to. `agreed`: the receiver had chosen a version and a cipher suite.
/// `lacks_trusted`: there is a trusted certificate that only Orthanc can use.
pub fn error(error: &Error, agreed: bool, lacks_trusted: bool) -> (String, bool) {
    match error {
        Error::AlertReceived(description) => alert(*description, agreed),
        Error::InvalidCertificate(error) => certificate(error, lacks_trusted),
        Error::NoCertificatesPresented => ("the receiver showed no certificate".to_owned(), true),
        Error::InvalidMessage(InvalidMessage::InvalidContentType) if !agreed => (
            "the receiver does not speak TLS on this port".to_owned(),
            false,
        ),
        Error::PeerIncompatible(why) => {
            let words = "the receiver has too little of TLS in common with this plugin";
            (format!("{words} ({why:?})"), true)
        }
        other => (format!("the TLS connection failed: {other}"), true),
    }
}

/// A certificate of the receiver that we do not accept.
fn certificate(error: &CertificateError, lacks_trusted: bool) -> (String, bool) {
    let expired = "has expired";
    let early = "is not valid yet";
    let (why, only_orthanc) = match error {
        CertificateError::UnknownIssuer => {
            (format!("is not signed by one of {TRUSTED}"), lacks_trusted)
        }
        CertificateError::Expired => (expired.to_owned(), false),
        CertificateError::ExpiredContext { not_after, .. } => {
            let date = date(*not_after);
            (
                format!("{expired}, or one of those that signed it: on {date}"),
                false,
            )
        }
        CertificateError::NotValidYet => (early.to_owned(), false),
        CertificateError::NotValidYetContext { not_before, .. } => {
            let date = date(*not_before);
            (
                format!("{early}, or one of those that signed it: only from {date} on"),
                false,
            )
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => (
            "is not made for a TLS server (extended key usage)".to_owned(),
            false,
        ),
        CertificateError::Other(other) => match other.0.downcast_ref::<Refusal>() {
            Some(Refusal::OldVersion(version)) => (
                format!("is of X.509 version {version}, which only Orthanc itself can use"),
                true,
            ),
            Some(Refusal::TrustedOutOfDate) => (
                format!("is signed by one of {TRUSTED} that {expired} or {early}"),
                false,
            ),
            None => (format!("cannot be used by this plugin ({})", other.0), true),
        },
        // Keys and signatures that rustls does not know, or finds too weak, show as bad ones too.
        other => (format!("cannot be verified by this plugin ({other})"), true),
    };
    (format!("the receiver's certificate {why}"), only_orthanc)
}

fn date(time: UnixTime) -> String {
    let second = i64::try_from(time.as_secs()).ok();
    let time = second.and_then(|second| jiff::Timestamp::from_second(second).ok());
    time.map_or_else(|| "an unknown date".to_owned(), |time| time.to_string())
}

/// An alert of the receiver (RFC 8446 6, RFC 5246 7.2).
fn alert(description: AlertDescription, agreed: bool) -> (String, bool) {
    use AlertDescription as A;
    let ours = |why: &str| {
        let words = format!("does not accept our certificate ({CERTIFICATE})");
        (
            if why.is_empty() {
                words
            } else {
                format!("{words}: {why}")
            },
            false,
        )
    };
    let (why, only_orthanc) = match description {
        A::CertificateRequired | A::NoCertificate => (
            format!("demands a certificate of ours: {CERTIFICATE} and {PRIVATE_KEY}"),
            false,
        ),
        A::UnknownCA => ours("it does not know who signed it"),
        A::UnsupportedCertificate => ours("its kind or its purpose"),
        A::CertificateRevoked => ours("it was revoked"),
        A::CertificateExpired => ours("it has expired"),
        A::BadCertificate | A::CertificateUnknown | A::AccessDenied => ours(""),
        A::ProtocolVersion => (
            "speaks no version of TLS that this plugin does".to_owned(),
            true,
        ),
        A::InsufficientSecurity => ("finds what this plugin offers too weak".to_owned(), true),
        // The alert for nothing in common; and before TLS 1.3 for a missing certificate as well (RFC 5246 7.4.6).
        A::HandshakeFailure if !agreed => (
            "has no cipher suite in common with this plugin".to_owned(),
            true,
        ),
        A::HandshakeFailure => {
            let words = "ended the handshake: it may demand another certificate of ours";
            (format!("{words} ({CERTIFICATE})"), false)
        }
        _ => ("ended the TLS connection".to_owned(), true),
    };
    let number = u8::from(description);
    let words = format!("the receiver {why} (TLS alert {number} {description:?})");
    (words, only_orthanc)
}
