//! What the upper layer's numbers mean, in words for an administrator.
//!
//! Invariants:
//! - Every number has words; a reserved one is named as such, with its value.

use std::io::{self, ErrorKind};

use crate::item::system::words;

/// A-ASSOCIATE-RJ (PS3.8 9.3.4).
pub fn rejection(result: u8, source: u8, reason: u8) -> String {
    let lasting = match result {
        1 => "permanently",
        2 => "for the moment",
        _ => "with an unknown result",
    };
    let why = match (source, reason) {
        (1, 1) | (2, 1) => "no reason given",
        (1, 2) => "the application context is not supported",
        (1, 3) => "our calling AET is not recognized: the receiver must know this Orthanc's AET",
        (1, 7) => "the called AET is not recognized: check the AET of the modality",
        (2, 2) => "the protocol version is not supported",
        (3, 1) => "temporary congestion",
        (3, 2) => "local limit exceeded: too many associations",
        _ => "a reserved reason",
    };
    format!(
        "the receiver refused the association {lasting}: {why} (result {result}, source {source}, reason {reason})"
    )
}

/// Whether a refusal may only mean that there are too many associations: nothing that would be true of a single one
/// too.
pub fn may_be_congestion(source: u8, reason: u8) -> bool {
    !matches!((source, reason), (1, 2 | 3 | 7) | (2, 2))
}

/// A-ABORT (PS3.8 9.3.8).
pub fn abort(source: u8, reason: u8) -> String {
    match (source, reason) {
        // The reason has no meaning there.
        (0, _) => "the receiver aborted the association (source 0: its application)".to_owned(),
        (2, reason) => {
            let why = match reason {
                0 => "no reason given",
                1 => "it did not recognize a PDU",
                2 => "it did not expect a PDU",
                4 => "it did not recognize a PDU's parameter",
                5 => "it did not expect a PDU's parameter",
                6 => "a PDU's parameter was invalid",
                _ => "a reserved reason",
            };
            format!(
                "the receiver aborted the association: {why} (source 2: its DICOM layer, reason {reason})"
            )
        }
        (source, reason) => {
            format!("the receiver aborted the association (source {source}, reason {reason})")
        }
    }
}

/// Result of a presentation context that was not accepted (PS3.8 9.3.3.2).
pub fn context(result: u8) -> String {
    match result {
        0 => "accepted".to_owned(),
        1 => "refused by its application".to_owned(),
        2 => "refused without a reason".to_owned(),
        3 => "it does not take this SOP class".to_owned(),
        4 => "it does not take this transfer syntax".to_owned(),
        reserved => format!("refused for a reserved reason ({reserved})"),
    }
}

/// TLS's own error, if it is one.
fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// Whether TLS failed, not the connection.
pub fn is_tls(error: &io::Error) -> bool {
    tls_error(error).is_some()
}

/// Whether the connection is over: closed by the peer, or lost. A time that has run out is no end.
pub fn is_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::UnexpectedEof
            | ErrorKind::ConnectionReset
            | ErrorKind::BrokenPipe
            | ErrorKind::ConnectionAborted
            | ErrorKind::NotConnected
    )
}

/// The end of a connection. `what`: what was waited for.
pub fn io(error: &io::Error, what: &str) -> String {
    if let Some(error) = tls_error(error) {
        return super::tls::describe(error);
    }
    match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => format!("{what} did not come in time"),
        ErrorKind::UnexpectedEof => format!("the receiver closed the connection before {what}"),
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted => {
            format!("the connection was lost before {what}")
        }
        _ => format!("the connection failed before {what}: {}", words(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_words() {
        let mut seen = std::collections::BTreeSet::new();
        for source in 0..=255u8 {
            for reason in [0u8, 1, 2, 3, 4, 5, 6, 7, 255] {
                for result in [0u8, 1, 2] {
                    assert!(rejection(result, source, reason).contains("reason"));
                }
                seen.insert(abort(source, reason));
            }
            seen.insert(context(source));
        }
        assert!(seen.len() > 8 + 255);
        assert!(rejection(2, 3, 2).contains("local limit exceeded"));
        assert!(rejection(1, 1, 7).contains("called AET"));
        assert!(abort(2, 5).contains("reason 5"));
    }

    #[test]
    fn a_wrong_aet_is_no_congestion() {
        assert!(may_be_congestion(3, 2) && may_be_congestion(3, 1) && may_be_congestion(1, 1));
        assert!(!may_be_congestion(1, 3) && !may_be_congestion(1, 7) && !may_be_congestion(1, 2));
    }
}
