//! PDUs on the socket, sound ones and others (PS3.8 9.3).
//!
//! Invariant: nothing here blocks but reads and writes of the socket, and [`Shared::pause`]: all end when the SCP
//! stops.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dicom_ul::pdu::{MAXIMUM_PDU_SIZE, Pdu, read_pdu, write_pdu};

use super::Shared;

/// A PDU longer than this is taken for garbage.
const LONGEST_PDU: u32 = 1 << 28;
/// What an endless PDU announces.
const ENDLESS: u32 = 0xFFFF_FFF0;
/// Between two bytes of a PDU that comes slowly.
const TRICKLE: Duration = Duration::from_millis(5);

pub(super) const ASSOCIATE_AC: u8 = 2;
pub(super) const P_DATA_TF: u8 = 4;
pub(super) const RELEASE_RQ: [u8; 10] = [5, 0, 0, 0, 0, 4, 0, 0, 0, 0];

/// Message control headers (PS3.8 E.2).
pub(super) const COMMAND: u8 = 1;
pub(super) const LAST_COMMAND: u8 = 3;

/// Why serving ends before a release.
pub(super) struct Ended;

impl From<io::Error> for Ended {
    fn from(_: io::Error) -> Self {
        Self
    }
}

pub(super) type Step<T> = Result<T, Ended>;

pub(super) fn read(mut stream: &TcpStream) -> Step<Pdu> {
    let mut bytes = vec![0; 6];
    stream.read_exact(&mut bytes)?;
    let length = u32::from_be_bytes([bytes[2], bytes[3], bytes[4], bytes[5]]);
    if length > LONGEST_PDU {
        return Err(Ended);
    }
    bytes.resize(6 + length as usize, 0);
    stream.read_exact(&mut bytes[6..])?;
    let pdu = read_pdu(&bytes[..], MAXIMUM_PDU_SIZE, false);
    pdu.ok().flatten().ok_or(Ended)
}

pub(super) fn write(stream: &TcpStream, pdu: &Pdu) -> Step<()> {
    let mut bytes = Vec::new();
    write_pdu(&mut bytes, pdu).map_err(|_| Ended)?;
    write_bytes(stream, &bytes)
}

/// One write: a response in two parts would wait for an acknowledgement in between.
pub(super) fn write_bytes(mut stream: &TcpStream, bytes: &[u8]) -> Step<()> {
    Ok(stream.write_all(bytes)?)
}

/// A-ABORT (PS3.8 9.3.8).
pub(super) fn abort(stream: &TcpStream, source: u8, reason: u8) {
    let _ = write_bytes(stream, &[7, 0, 0, 0, 0, 4, 0, 0, source, reason]);
}

/// Reads and forgets until the peer closes or aborts, or the socket is shut down.
pub(super) fn hang(stream: &TcpStream) {
    while let Ok(pdu) = read(stream) {
        if matches!(pdu, Pdu::AbortRQ { .. }) {
            break;
        }
    }
}

/// Reads and forgets until the peer has answered our A-RELEASE-RQ, also by one of its own (PS3.8 9.2.3, AR-8).
pub(super) fn until_released(stream: &TcpStream) {
    while let Ok(pdu) = read(stream) {
        match pdu {
            Pdu::ReleaseRP | Pdu::AbortRQ { .. } => break,
            Pdu::ReleaseRQ => drop(write(stream, &Pdu::ReleaseRP)),
            _ => {}
        }
    }
}

/// A P-DATA-TF with one PDV.
pub(super) fn p_data(context: u8, control: u8, data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).expect("a short PDV") + 2;
    let mut out = vec![P_DATA_TF, 0];
    out.extend_from_slice(&(length + 4).to_be_bytes());
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&[context, control]);
    out.extend_from_slice(data);
    out
}

/// A P-DATA-TF whose only PDV item has no byte.
pub(super) const ZERO_LENGTH_PDV: [u8; 10] = [P_DATA_TF, 0, 0, 0, 0, 4, 0, 0, 0, 0];

/// What another protocol might answer; its first byte is no PDU type.
pub(super) fn garbage() -> Vec<u8> {
    b"HTTP/1.1 400 Bad Request\r\n\r\n\xFF\x00\xFE\x80".repeat(40)
}

/// The header of a PDU that never ends, and a byte of it now and then, until the peer is gone or the SCP stops.
pub(super) fn endless(shared: &Shared, stopping: &AtomicBool, stream: &TcpStream, pdu_type: u8) {
    let mut head = vec![pdu_type, 0];
    head.extend_from_slice(&ENDLESS.to_be_bytes());
    let rest = std::iter::repeat(0);
    let _ = trickle(shared, stopping, stream, head.into_iter().chain(rest));
}

/// One byte after the other.
pub(super) fn trickle(
    shared: &Shared,
    stopping: &AtomicBool,
    stream: &TcpStream,
    bytes: impl Iterator<Item = u8>,
) -> Step<()> {
    for byte in bytes {
        if stopping.load(Ordering::SeqCst) {
            return Err(Ended);
        }
        write_bytes(stream, &[byte])?;
        shared.pause(TRICKLE, stopping);
    }
    Ok(())
}
