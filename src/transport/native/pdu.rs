//! PDUs on the line (PS3.8 9.3): reading those that a peer sends; those that we send are in [`mod@write`].
//!
//! Invariants:
//! - Nothing from the peer is believed: a PDU's type and length are checked before anything is allocated for it, and
//!   what a step does not allow is an error with words, never a panic and never an endless read.
//! - What a PDU is for is read tolerantly (reserved numbers, unknown items, bytes too many); a message's bytes
//!   strictly.

mod accept;
pub mod write;

use std::io::{self, ErrorKind, Read};

pub use self::accept::{Accept, ContextResult};
use super::upper_layer;

/// Largest P-DATA-TF that we say we take (PS3.8 D.1). Answers to C-STORE are small.
pub const OUR_MAX_PDU: u32 = 16_384;
/// An A-ASSOCIATE-AC for 128 contexts needs some 10 KB.
const LARGEST_ACCEPT: u32 = 131_072;
/// A-ASSOCIATE-RJ, A-RELEASE and A-ABORT have 4 bytes.
const LARGEST_SMALL: u32 = 64;

/// A PDU that a peer may send to us.
#[derive(Debug)]
pub enum Received {
    Accept(Accept),
    /// Result, source and reason (PS3.8 9.3.4), as numbers: some peers send reserved ones.
    Reject {
        result: u8,
        source: u8,
        reason: u8,
    },
    Data(Vec<DataValue>),
    ReleaseRequest,
    ReleaseReply,
    /// Source and reason (PS3.8 9.3.8).
    Abort {
        source: u8,
        reason: u8,
    },
}

/// A presentation data value (PS3.8 9.3.5.1, E.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataValue {
    pub context: u8,
    /// Of a command; else of a data set.
    pub is_command: bool,
    /// Its last fragment.
    pub is_last: bool,
    pub bytes: Vec<u8>,
}

/// Why nothing more can be read.
#[derive(Debug)]
pub enum ReadError {
    /// The connection ended, or a deadline passed.
    Io(io::Error),
    /// What came cannot be a PDU, or none that we can expect.
    Nonsense(String),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        ReadError::Io(error)
    }
}

/// Reads PDUs; keeps what came after one.
#[derive(Default)]
pub struct Reader {
    buffer: Vec<u8>,
}

impl Reader {
    /// Whether something came that was not asked for.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// The next PDU.
    pub fn next(&mut self, stream: &mut impl Read) -> Result<Received, ReadError> {
        self.fill(stream, 6)?;
        let kind = self.buffer[0];
        let length = u32::from_be_bytes([
            self.buffer[2],
            self.buffer[3],
            self.buffer[4],
            self.buffer[5],
        ]);
        let largest = match kind {
            0x02 => LARGEST_ACCEPT,
            0x03 | 0x05..=0x07 => LARGEST_SMALL,
            0x04 => OUR_MAX_PDU,
            other => {
                return Err(ReadError::Nonsense(format!(
                    "the receiver sent something that is no DICOM answer (first byte {other:02X})"
                )));
            }
        };
        if length > largest {
            return Err(ReadError::Nonsense(format!(
                "the receiver announced a PDU of type {kind:02X} with {length} bytes, at most {largest} are possible"
            )));
        }
        let whole = 6 + length as usize;
        self.fill(stream, whole)?;
        let received = parse(kind, &self.buffer[6..whole]);
        self.buffer.drain(..whole);
        received
    }

    /// Until the buffer has so many bytes.
    fn fill(&mut self, stream: &mut impl Read, count: usize) -> Result<(), ReadError> {
        let mut part = [0u8; 4096];
        while self.buffer.len() < count {
            match stream.read(&mut part) {
                Ok(0) => return Err(io::Error::from(ErrorKind::UnexpectedEof).into()),
                Ok(read) => self.buffer.extend_from_slice(&part[..read]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// `body`: all that the PDU's length counts.
fn parse(kind: u8, body: &[u8]) -> Result<Received, ReadError> {
    let received = match (kind, body) {
        (0x02, body) => accept::parse(body).map(Received::Accept),
        (0x03, [_, result, source, reason, ..]) => Ok(Received::Reject {
            result: *result,
            source: *source,
            reason: *reason,
        }),
        (0x04, body) => values(body).map(Received::Data),
        (0x05, _) => Ok(Received::ReleaseRequest),
        (0x06, _) => Ok(Received::ReleaseReply),
        (0x07, [_, _, source, reason, ..]) => Ok(Received::Abort {
            source: *source,
            reason: *reason,
        }),
        _ => Err("it is too short"),
    };
    received.map_err(|why| {
        ReadError::Nonsense(format!(
            "the receiver sent a damaged PDU of type {kind:02X}: {why}"
        ))
    })
}

/// The presentation data values of a P-DATA-TF.
fn values(mut body: &[u8]) -> Result<Vec<DataValue>, &'static str> {
    let mut values = Vec::new();
    while !body.is_empty() {
        let (length, rest) = body.split_first_chunk().ok_or("a value is cut short")?;
        let length = u32::from_be_bytes(*length) as usize;
        if length > rest.len() {
            return Err("a value is longer than the PDU");
        }
        let (value, rest) = rest.split_at(length);
        let [context, control, bytes @ ..] = value else {
            return Err("a value is too short for its own header");
        };
        values.push(DataValue {
            context: *context,
            is_command: control & 1 != 0,
            is_last: control & 2 != 0,
            bytes: bytes.to_vec(),
        });
        body = rest;
    }
    Ok(values)
}

/// In words, for an administrator.
pub fn describe(error: &ReadError, what: &str) -> String {
    match error {
        ReadError::Nonsense(why) => why.clone(),
        ReadError::Io(error) => upper_layer::io(error, what),
    }
}

#[cfg(test)]
mod tests;
