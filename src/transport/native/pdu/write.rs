//! PDUs that we send (PS3.8 9.3.2, 9.3.5 to 9.3.8).
//!
//! Invariant: the data set's bytes are written from where they lie: nothing is copied, whatever their size, and in
//! however many pieces they lie.

use std::io::{self, ErrorKind, IoSlice, Write};

/// A-RELEASE-RQ.
pub const RELEASE_RQ: [u8; 10] = [5, 0, 0, 0, 0, 4, 0, 0, 0, 0];
/// A-RELEASE-RP.
pub const RELEASE_RP: [u8; 10] = [6, 0, 0, 0, 0, 4, 0, 0, 0, 0];
/// A-ABORT of the service provider, no reason given (PS3.8 9.3.8).
pub const ABORT: [u8; 10] = [7, 0, 0, 0, 0, 4, 0, 0, 2, 0];

/// DICOM application context (PS3.7 A.2.1).
const APPLICATION_CONTEXT: &str = "1.2.840.10008.3.1.1.1";
/// Bytes of an AET on the line (PS3.8 table 9-11).
const AET: usize = 16;

/// What an A-ASSOCIATE-RQ says.
pub struct AssociateRequest<'a> {
    pub called_aet: &'a str,
    pub calling_aet: &'a str,
    pub contexts: &'a [ProposedContext],
    /// Largest P-DATA-TF that we take (PS3.8 D.1), in bytes.
    pub max_length: u32,
    pub implementation_class_uid: &'a str,
    pub implementation_version: &'a str,
}

/// A presentation context as it is proposed (PS3.8 9.3.2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedContext {
    pub id: u8,
    pub abstract_syntax: String,
    pub transfer_syntaxes: Vec<String>,
}

impl AssociateRequest<'_> {
    pub fn encode(&self) -> Vec<u8> {
        let mut body = vec![0, 1, 0, 0];
        put_aet(&mut body, self.called_aet);
        put_aet(&mut body, self.calling_aet);
        body.extend_from_slice(&[0; 32]);
        put_item(&mut body, 0x10, APPLICATION_CONTEXT.as_bytes());
        for context in self.contexts {
            let mut value = vec![context.id, 0, 0, 0];
            put_item(&mut value, 0x30, context.abstract_syntax.as_bytes());
            for syntax in &context.transfer_syntaxes {
                put_item(&mut value, 0x40, syntax.as_bytes());
            }
            put_item(&mut body, 0x20, &value);
        }
        let mut user = Vec::new();
        put_item(&mut user, 0x51, &self.max_length.to_be_bytes());
        put_item(&mut user, 0x52, self.implementation_class_uid.as_bytes());
        put_item(&mut user, 0x55, self.implementation_version.as_bytes());
        put_item(&mut body, 0x50, &user);
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
        [&[1, 0][..], &length.to_be_bytes(), &body].concat()
    }
}

/// Padded with blanks; what is longer is cut, as DCMTK does.
fn put_aet(target: &mut Vec<u8>, aet: &str) {
    let aet = aet.as_bytes();
    let aet = &aet[..aet.len().min(AET)];
    target.extend_from_slice(aet);
    target.resize(target.len() + AET - aet.len(), b' ');
}

/// UIDs have 64 bytes at most, a context with all its transfer syntaxes some hundreds: the cut is only there so that no
/// length can ever be wrong.
fn put_item(target: &mut Vec<u8>, kind: u8, value: &[u8]) {
    let value = &value[..value.len().min(usize::from(u16::MAX))];
    let [high, low] = (value.len() as u16).to_be_bytes();
    target.extend_from_slice(&[kind, 0, high, low]);
    target.extend_from_slice(value);
}

/// Writes a PDU without data.
pub fn write(stream: &mut impl Write, pdu: &[u8]) -> io::Result<()> {
    stream.write_all(pdu)?;
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

/// Parts of one write: the system takes 1024 pieces at once, and a part with a header is two.
const AT_ONCE: usize = 500;

/// Bytes that lie together; the first ones of a fragment with its header.
struct Part<'a> {
    header: Option<[u8; 12]>,
    bytes: &'a [u8],
}

/// Writes a message: the command and, in the same write, the beginning of its data set. `data_set`: the pieces that it
/// lies in.
pub fn write_message(
    stream: &mut impl Write,
    context: u8,
    command: &[u8],
    data_set: Option<&[&[u8]]>,
    fragment: usize,
) -> io::Result<()> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    cut(&mut parts, context, true, &[command], fragment);
    if let Some(data_set) = data_set {
        cut(&mut parts, context, false, data_set, fragment);
    }
    for some in parts.chunks(AT_ONCE) {
        let mut slices: Vec<IoSlice<'_>> = some
            .iter()
            .flat_map(|part| {
                let header = part.header.as_ref().map(|header| IoSlice::new(header));
                header.into_iter().chain([IoSlice::new(part.bytes)])
            })
            .collect();
        write_all(stream, &mut slices)?;
    }
    stream.flush()
}

/// In fragments, each of them full but the last one, wherever the pieces begin and end.
fn cut<'a>(
    parts: &mut Vec<Part<'a>>,
    context: u8,
    is_command: bool,
    pieces: &[&'a [u8]],
    fragment: usize,
) {
    // Of the message, and of the fragment under way.
    let mut left: usize = pieces.iter().map(|piece| piece.len()).sum();
    let mut room = 0;
    let begin = |left: usize| {
        let size = left.min(fragment);
        header(context, is_command, size == left, size)
    };
    if left == 0 {
        // An empty data set is one empty last fragment.
        let header = Some(begin(0));
        return parts.push(Part { header, bytes: &[] });
    }
    parts.reserve(left.div_ceil(fragment) + pieces.len());
    for piece in pieces {
        let mut piece = *piece;
        while !piece.is_empty() {
            let header = (room == 0).then(|| begin(left));
            if room == 0 {
                room = fragment;
            }
            let (bytes, rest) = piece.split_at(piece.len().min(room));
            parts.push(Part { header, bytes });
            (left, room) = (left - bytes.len(), room - bytes.len());
            piece = rest;
        }
    }
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
