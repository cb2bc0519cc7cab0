//! PDUs on the line (PS3.8 9.3): reading one that a peer sent, and writing messages.
//!
//! Invariants:
//! - Nothing from the peer is believed: a PDU's type and length are checked before anything is allocated for it, and what a
//!   step does not allow is an error with words, never a panic and never an endless read.
//! - The data set's bytes are written from where they lie: nothing is copied, whatever their size.

use std::io::{self, ErrorKind, IoSlice, Read, Write};

use dicom_ul::pdu::{Pdu, read_pdu, write_pdu};

use super::words;

/// Largest P-DATA-TF that we say we take (PS3.8 D.1). Answers to C-STORE are small.
pub const OUR_MAX_PDU: u32 = 16_384;
/// An A-ASSOCIATE-AC for 128 contexts needs some 10 KB.
const LARGEST_ACCEPT: u32 = 131_072;
/// A-ASSOCIATE-RJ, A-RELEASE and A-ABORT have 4 bytes.
const LARGEST_SMALL: u32 = 64;
/// `dicom-ul` checks its own limit, which must not be lower than ours.
const PARSER_LIMIT: u32 = LARGEST_ACCEPT;

/// A PDU that a peer may send to us.
#[derive(Debug)]
pub enum Received {
    Accept(dicom_ul::pdu::AssociationAC),
    /// Result, source and reason (PS3.8 9.3.4), as numbers: some peers send reserved ones.
    Reject {
        result: u8,
        source: u8,
        reason: u8,
    },
    Data(Vec<dicom_ul::pdu::PDataValue>),
    ReleaseRequest,
    ReleaseReply,
    /// Source and reason (PS3.8 9.3.8).
    Abort {
        source: u8,
        reason: u8,
    },
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
        let received = parse(kind, &self.buffer[..whole]);
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

/// `pdu`: header and body, complete.
fn parse(kind: u8, pdu: &[u8]) -> Result<Received, ReadError> {
    // Reserved values in these two must not hide that the peer said no: `dicom-ul` refuses them.
    if let (0x03 | 0x07, [_, first, second, third, ..]) = (kind, &pdu[6..]) {
        return Ok(if kind == 0x03 {
            Received::Reject {
                result: *first,
                source: *second,
                reason: *third,
            }
        } else {
            Received::Abort {
                source: *second,
                reason: *third,
            }
        });
    }
    match read_pdu(pdu, PARSER_LIMIT, true) {
        Ok(Some(Pdu::AssociationAC(accept))) => Ok(Received::Accept(accept)),
        Ok(Some(Pdu::PData { data })) => Ok(Received::Data(data)),
        Ok(Some(Pdu::ReleaseRQ)) => Ok(Received::ReleaseRequest),
        Ok(Some(Pdu::ReleaseRP)) => Ok(Received::ReleaseReply),
        Ok(_) => Err(ReadError::Nonsense(format!(
            "the receiver sent a damaged PDU of type {kind:02X}"
        ))),
        Err(error) => Err(ReadError::Nonsense(format!(
            "the receiver sent a damaged PDU of type {kind:02X}: {error}"
        ))),
    }
}

/// Writes a PDU without data.
pub fn write(stream: &mut impl Write, pdu: &Pdu) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(512);
    write_pdu(&mut bytes, pdu).map_err(io::Error::other)?;
    stream.write_all(&bytes)?;
    stream.flush()
}

/// Command and data set fragments of at most this many bytes each, for a peer that takes P-DATA-TF of `peer_max` bytes
/// (PS3.8 D.1; 0: any). `None`: it could take no data at all.
pub fn fragment_size(peer_max: u32) -> Option<usize> {
    /// For a peer that takes any: large enough for speed, small enough for peers that allocate it at once.
    const UNLIMITED: u32 = 131_072;
    const LARGEST: u32 = 1 << 20;
    let pdu = if peer_max == 0 {
        UNLIMITED
    } else {
        peer_max.min(LARGEST)
    };
    // Length, context and header of the one presentation data value in it; fragments of even length (PS3.8 E.2).
    let size = (pdu.checked_sub(6)? & !1) as usize;
    (size > 0).then_some(size)
}

/// Headers of a P-DATA-TF with one presentation data value.
fn header(context: u8, is_command: bool, is_last: bool, size: usize) -> [u8; 12] {
    // Sizes come from `fragment_size`: far below 4 GiB.
    let value = (size as u32).saturating_add(2).to_be_bytes();
    let pdu = (size as u32).saturating_add(6).to_be_bytes();
    let flags = u8::from(is_command) | (u8::from(is_last) << 1);
    [
        4, 0, pdu[0], pdu[1], pdu[2], pdu[3], value[0], value[1], value[2], value[3], context,
        flags,
    ]
}

/// Fragments of one write: the system takes 1024 pieces at once, two for each fragment.
const AT_ONCE: usize = 500;

/// Writes a message: the command and, in the same write, the beginning of its data set.
pub fn write_message(
    stream: &mut impl Write,
    context: u8,
    command: &[u8],
    data_set: Option<&[u8]>,
    fragment: usize,
) -> io::Result<()> {
    let mut pieces: Vec<(bool, bool, &[u8])> = Vec::new();
    cut(&mut pieces, true, command, fragment);
    if let Some(data_set) = data_set {
        cut(&mut pieces, false, data_set, fragment);
    }
    let mut headers = Vec::with_capacity(AT_ONCE.min(pieces.len()));
    for part in pieces.chunks(AT_ONCE) {
        headers.clear();
        headers.extend(part.iter().map(|(is_command, is_last, bytes)| {
            header(context, *is_command, *is_last, bytes.len())
        }));
        let mut slices: Vec<IoSlice<'_>> = headers
            .iter()
            .zip(part)
            .flat_map(|(header, (_, _, bytes))| [IoSlice::new(header), IoSlice::new(bytes)])
            .collect();
        write_all(stream, &mut slices)?;
    }
    stream.flush()
}

fn cut<'a>(
    pieces: &mut Vec<(bool, bool, &'a [u8])>,
    is_command: bool,
    bytes: &'a [u8],
    fragment: usize,
) {
    if bytes.is_empty() {
        // An empty data set is one empty last fragment.
        pieces.push((is_command, true, bytes));
        return;
    }
    let count = bytes.len().div_ceil(fragment);
    pieces.extend(
        bytes
            .chunks(fragment)
            .enumerate()
            .map(|(index, piece)| (is_command, index + 1 == count, piece)),
    );
}

fn write_all(stream: &mut impl Write, mut slices: &mut [IoSlice<'_>]) -> io::Result<()> {
    // Empty pieces at the front would make a finished write look like one that wrote nothing.
    IoSlice::advance_slices(&mut slices, 0);
    while !slices.is_empty() {
        match stream.write_vectored(slices) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut slices, written),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// In words, for an administrator.
pub fn describe(error: &ReadError, what: &str) -> String {
    match error {
        ReadError::Nonsense(why) => why.clone(),
        ReadError::Io(error) => words::io(error, what),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(bytes: &[u8]) -> Result<Received, ReadError> {
        Reader::default().next(&mut &bytes[..])
    }

    #[test]
    fn fragments_fill_the_receivers_pdus() {
        assert_eq!(fragment_size(16_384), Some(16_378));
        assert_eq!(fragment_size(16_383), Some(16_376));
        assert_eq!(fragment_size(0), Some(131_066));
        assert_eq!(fragment_size(u32::MAX), Some((1 << 20) - 6));
        assert_eq!(fragment_size(8), Some(2));
        for useless in 1..8 {
            assert_eq!(fragment_size(useless), None, "{useless}");
        }
    }

    /// Takes a few bytes at a time, never the same number.
    struct Sluggish(Vec<u8>, usize);

    impl Write for Sluggish {
        fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
            self.1 = self.1 % 13 + 1;
            let taken = buffer.len().min(self.1);
            self.0.extend_from_slice(&buffer[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_message_is_put_together_again_whatever_a_write_takes() {
        for (size, fragment) in [
            (0, 100),
            (1, 100),
            (100, 100),
            (101, 100),
            (7001, 10),
            (20_000, 16_378),
        ] {
            let command = [7u8; 130];
            let data: Vec<u8> = (0..size).map(|n| n as u8).collect();
            let mut line = Sluggish(Vec::new(), 0);
            write_message(&mut line, 5, &command, Some(&data), fragment).unwrap();
            let mut found = [Vec::new(), Vec::new()];
            let mut ended = [false, false];
            let mut bytes = &line.0[..];
            while !bytes.is_empty() {
                let Some(Pdu::PData { data }) = read_pdu(&mut bytes, 1 << 20, true).unwrap() else {
                    panic!("not P-DATA");
                };
                for value in data {
                    let which =
                        usize::from(value.value_type == dicom_ul::pdu::PDataValueType::Data);
                    assert_eq!(value.presentation_context_id, 5);
                    assert!(!ended[which], "something after the last fragment");
                    assert!(value.data.len() <= fragment);
                    assert!(value.is_last || value.data.len() == fragment, "not filled");
                    ended[which] = value.is_last;
                    found[which].extend_from_slice(&value.data);
                }
            }
            assert_eq!(ended, [true, true]);
            assert_eq!((&found[0][..], &found[1]), (&command[..], &data));
        }
    }

    #[test]
    fn lengths_are_checked_before_anything_is_read() {
        for kind in [2u8, 3, 4, 5, 6, 7] {
            let endless = [kind, 0, 0xFF, 0xFF, 0xFF, 0xF0, 1, 2, 3];
            assert!(
                matches!(read_all(&endless), Err(ReadError::Nonsense(_))),
                "{kind}"
            );
        }
        for kind in [0u8, 1, 8, 0x48] {
            let strange = [kind, 0, 0, 0, 0, 4, 0, 0, 0, 0];
            assert!(
                matches!(read_all(&strange), Err(ReadError::Nonsense(_))),
                "{kind}"
            );
        }
        let cut_off = [4u8, 0, 0, 0, 0, 100, 1];
        assert!(matches!(read_all(&cut_off), Err(ReadError::Io(_))));
    }

    #[test]
    fn a_refusal_with_reserved_numbers_is_a_refusal() {
        let reject = [3u8, 0, 0, 0, 0, 4, 0, 9, 8, 7];
        assert!(matches!(
            read_all(&reject),
            Ok(Received::Reject {
                result: 9,
                source: 8,
                reason: 7
            })
        ));
        let abort = [7u8, 0, 0, 0, 0, 4, 0, 0, 1, 99];
        assert!(matches!(
            read_all(&abort),
            Ok(Received::Abort {
                source: 1,
                reason: 99
            })
        ));
        let short = [3u8, 0, 0, 0, 0, 2, 0, 1];
        assert!(matches!(read_all(&short), Err(ReadError::Nonsense(_))));
    }

    #[test]
    fn what_comes_together_is_read_one_after_the_other() {
        let mut bytes = Vec::new();
        for pdu in [Pdu::ReleaseRQ, Pdu::ReleaseRP] {
            write_pdu(&mut bytes, &pdu).unwrap();
        }
        let mut reader = Reader::default();
        let mut line = &bytes[..];
        assert!(matches!(
            reader.next(&mut line),
            Ok(Received::ReleaseRequest)
        ));
        assert!(!reader.is_empty());
        assert!(matches!(reader.next(&mut line), Ok(Received::ReleaseReply)));
        assert!(reader.is_empty());
    }
}
