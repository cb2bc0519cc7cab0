//! A receiver that sends whatever bytes a test wants.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use dicom_ul::pdu::{
    AssociationAC, AssociationRQ, PDataValue, PDataValueType, Pdu, PresentationContextResult,
    PresentationContextResultReason, UserVariableItem, read_pdu, write_pdu,
};

use crate::transport::native::association::{Association, NotOpened, Peer};
use crate::transport::native::contexts::{
    Conversion, EXPLICIT_VR_LE, IMPLICIT_VR_LE, Kind, Proposal,
};
use crate::transport::native::wire::Cut;

pub const CT: &str = "1.2.840.10008.5.1.4.1.1.2";

/// What a test's receiver works with.
pub struct Line {
    pub stream: TcpStream,
    buffer: Vec<u8>,
}

impl Line {
    pub fn of(stream: TcpStream) -> Line {
        Line {
            stream,
            buffer: Vec::new(),
        }
    }

    /// The next PDU; `None` at the end of the connection.
    pub fn next(&mut self) -> Option<Pdu> {
        let mut part = [0u8; 65_536];
        loop {
            if self.buffer.len() >= 6 {
                let length = u32::from_be_bytes(self.buffer[2..6].try_into().unwrap()) as usize;
                if self.buffer.len() >= 6 + length {
                    let rest = self.buffer.split_off(6 + length);
                    let whole = std::mem::replace(&mut self.buffer, rest);
                    return read_pdu(&whole[..], 1 << 20, false).unwrap();
                }
            }
            match self.stream.read(&mut part) {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.buffer.extend_from_slice(&part[..count]),
            }
        }
    }

    pub fn send(&mut self, pdu: &Pdu) {
        let mut bytes = Vec::new();
        write_pdu(&mut bytes, pdu).unwrap();
        self.raw(&bytes);
    }

    /// A connection that is gone is the tested side's right.
    pub fn raw(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    pub fn request(&mut self) -> AssociationRQ {
        match self.next() {
            Some(Pdu::AssociationRQ(request)) => request,
            other => panic!("{other:?}"),
        }
    }

    /// Takes everything that is proposed, in its first transfer syntax.
    pub fn accept(&mut self) {
        let request = self.request();
        let accept = accept_of(&request, 16_384);
        self.send(&Pdu::AssociationAC(accept));
    }

    /// A whole message: its context, command and number of data bytes; `None` at the end or at anything else.
    pub fn message(&mut self) -> Option<(u8, Vec<u8>, usize)> {
        let (context, command, data) = self.whole_message()?;
        Some((context, command, data.len()))
    }

    /// The same, with its data set.
    pub fn whole_message(&mut self) -> Option<(u8, Vec<u8>, Vec<u8>)> {
        let (mut command, mut data_set) = (Vec::new(), Vec::new());
        loop {
            let Some(Pdu::PData { data }) = self.next() else {
                return None;
            };
            for value in data {
                if value.value_type == PDataValueType::Command {
                    command.extend_from_slice(&value.data);
                } else {
                    data_set.extend_from_slice(&value.data);
                    if value.is_last {
                        return Some((value.presentation_context_id, command, data_set));
                    }
                }
            }
        }
    }
}

pub fn accept_of(request: &AssociationRQ, max: u32) -> AssociationAC {
    AssociationAC {
        protocol_version: 1,
        calling_ae_title: request.calling_ae_title.clone(),
        called_ae_title: request.called_ae_title.clone(),
        application_context_name: request.application_context_name.clone(),
        presentation_contexts: request
            .presentation_contexts
            .iter()
            .map(|proposed| PresentationContextResult {
                id: proposed.id,
                reason: PresentationContextResultReason::Acceptance,
                transfer_syntax: proposed.transfer_syntaxes[0].clone(),
            })
            .collect(),
        user_variables: vec![UserVariableItem::MaxLength(max)],
    }
}

/// An element of a command set.
pub fn element(number: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0];
    bytes.extend_from_slice(&number.to_le_bytes());
    bytes.extend_from_slice(&u32::try_from(value.len()).unwrap().to_le_bytes());
    bytes.extend_from_slice(value);
    bytes
}

/// A C-STORE-RSP's command set.
pub fn response(message_id: u16, status: u16) -> Vec<u8> {
    [
        element(0x0100, &0x8001u16.to_le_bytes()),
        element(0x0120, &message_id.to_le_bytes()),
        element(0x0800, &0x0101u16.to_le_bytes()),
        element(0x0900, &status.to_le_bytes()),
    ]
    .concat()
}

pub fn command(context: u8, is_last: bool, data: Vec<u8>) -> PDataValue {
    PDataValue {
        presentation_context_id: context,
        value_type: PDataValueType::Command,
        is_last,
        data,
    }
}

pub fn data(values: Vec<PDataValue>) -> Pdu {
    Pdu::PData { data: values }
}

/// An A-ASSOCIATE-AC as no library would write it: rejected contexts without a transfer syntax, a reserved reason,
/// items that nobody knows, a role and an identity that are cut short, AETs of its own, bytes behind the last item.
/// Contexts 1 and 3 of [`proposal`] are accepted or not, as `accepted` says.
pub fn odd_accept(accepted: [bool; 2]) -> Vec<u8> {
    let item = |kind: u8, value: &[u8]| {
        let length = u16::try_from(value.len()).unwrap().to_be_bytes();
        [&[kind, 0xAB][..], &length, value].concat()
    };
    let context = |id: u8, accepted: bool, syntax: &str| {
        if accepted {
            let padded = format!("{syntax}\0");
            let name = item(0x40, padded.as_bytes());
            item(
                0x21,
                &[&[id, 1, 0, 1][..], &item(0x99, b"?"), &name].concat(),
            )
        } else {
            item(0x21, &[id, 0, 77, 0])
        }
    };
    let user = [
        item(0x77, b"what"),
        item(0x54, &[0, 9, b'1']),
        item(0x59, &[0, 200]),
        item(0x51, &8192u32.to_be_bytes()),
        vec![0x55, 0, 0xFF, 0xFF, b'V'],
    ]
    .concat();
    let body = [
        vec![0, 3, 0xFF, 0xFF],
        vec![b'x'; 32],
        vec![0xEE; 32],
        item(0x66, &[]),
        context(1, accepted[0], EXPLICIT_VR_LE),
        context(3, accepted[1], IMPLICIT_VR_LE),
        context(5, false, ""),
        item(0x50, &user),
        vec![0; 3],
    ]
    .concat();
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[2, 0][..], &length, &body].concat()
}

/// A receiver for one connection.
pub struct Receiver {
    pub address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    pub fn start(script: impl FnOnce(&mut Line) + Send + 'static) -> Receiver {
        Receiver::start_on("127.0.0.1:0", script)
    }

    pub fn start_on(at: &str, script: impl FnOnce(&mut Line) + Send + 'static) -> Receiver {
        let listener = TcpListener::bind(at).unwrap();
        let address = listener.local_addr().unwrap();
        let thread = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            script(&mut Line::of(stream));
        });
        Receiver {
            address,
            thread: Some(thread),
        }
    }

    /// The script ran to its end.
    pub fn join(mut self) {
        self.thread.take().unwrap().join().unwrap();
    }
}

pub fn proposal() -> Proposal {
    let kind = Kind {
        sop_class: CT.to_owned(),
        transfer_syntax: EXPLICIT_VR_LE.to_owned(),
    };
    let proposal = Proposal::new(
        &[kind],
        &Conversion {
            allowed: true,
            ..Conversion::default()
        },
    );
    assert_eq!(proposal.encode()[1].transfer_syntaxes, [IMPLICIT_VR_LE]);
    proposal
}

pub fn open(
    address: SocketAddr,
    timeout: Duration,
    cut: &Arc<Cut>,
) -> Result<Association, NotOpened> {
    let peer = Peer {
        host: "127.0.0.1".to_owned(),
        port: address.port(),
        called_aet: "PACS".to_owned(),
        calling_aet: "US".to_owned(),
        timeout,
        tls: None,
    };
    Association::open(&peer, &[address], &proposal(), cut, None)
}
