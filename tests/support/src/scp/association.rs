//! Serves one connection: negotiation, then requests until release, abort or a fault that was asked for.
//!
//! Invariant: the thread only blocks in reads and writes of its own socket, in [`Shared::pause`], or in a hang that
//! watches `stopping`: all of them end when the SCP stops.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use dicom_ul::pdu::{
    AssociationAC, AssociationRQ, MAXIMUM_PDU_SIZE, PDataValue, PDataValueType, Pdu,
    PresentationContextResult, PresentationContextResultReason, UserVariableItem, read_pdu,
    write_pdu,
};

use super::Shared;
use super::behaviour::{Association, AssociationRequest, Behaviour, Respond, StoreRequest};
use super::command::{self, Request};
use super::record::{Event, StoreRecord};

/// A PDU longer than this is taken for garbage.
const LONGEST_PDU: u32 = 1 << 28;
const IMPLEMENTATION_CLASS_UID: &str = "2.25.187562840193322814705539214506771203461";
const IMPLICIT_VR_LE: &str = "1.2.840.10008.1.2";

/// Why serving ends before a release.
struct Ended;

impl From<io::Error> for Ended {
    fn from(_: io::Error) -> Self {
        Self
    }
}

type Step<T> = Result<T, Ended>;

/// Serves the connection until its end.
pub(super) fn serve(shared: &Shared, stopping: &AtomicBool, stream: &TcpStream, number: u64) {
    let _ = stream.set_nodelay(true);
    let served = negotiate(shared, stopping, stream, number).and_then(|mut peer| peer.requests());
    let released = served.is_ok();
    shared.state().records.counters.released += usize::from(released);
    // Before the listeners hear of it, the peer does.
    let _ = stream.shutdown(std::net::Shutdown::Both);
    shared.emit(&Event::Closed {
        association: number,
        released,
    });
}

fn read(mut stream: &TcpStream) -> Step<Pdu> {
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

fn write(mut stream: &TcpStream, pdu: &Pdu) -> Step<()> {
    let mut bytes = Vec::new();
    write_pdu(&mut bytes, pdu).map_err(|_| Ended)?;
    // One write: a response in two parts would wait for an acknowledgement in between.
    stream.write_all(&bytes)?;
    Ok(())
}

/// A-ABORT by the service user (PS3.8 9.3.8).
fn abort(mut stream: &TcpStream) {
    let _ = stream.write_all(&[7, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
}

/// Reads and forgets until the peer closes or aborts, or the socket is shut down.
fn hang(stream: &TcpStream) {
    while let Ok(pdu) = read(stream) {
        if matches!(pdu, Pdu::AbortRQ { .. }) {
            break;
        }
    }
}

fn negotiate<'a>(
    shared: &'a Shared,
    stopping: &'a AtomicBool,
    stream: &'a TcpStream,
    number: u64,
) -> Step<Peer<'a>> {
    let Pdu::AssociationRQ(asked) = read(stream)? else {
        abort(stream);
        return Err(Ended);
    };
    let request = AssociationRequest {
        calling_aet: asked.calling_ae_title.trim().to_owned(),
        called_aet: asked.called_ae_title.trim().to_owned(),
        association: number,
        contexts: asked
            .presentation_contexts
            .iter()
            .map(|context| {
                let transfer = context.transfer_syntaxes.iter().map(|uid| uid_text(uid));
                (uid_text(&context.abstract_syntax), transfer.collect())
            })
            .collect(),
    };
    let behaviour = shared.behaviour().clone();
    let decision = (behaviour.on_association)(&request);
    shared.state().records.counters.requested += 1;
    shared.emit(&Event::Requested {
        association: number,
        calling_aet: request.calling_aet.clone(),
        decision,
    });
    match decision {
        Association::Accept | Association::AcceptNoContext => {}
        Association::Reject {
            result,
            source,
            reason,
        } => {
            (&*stream).write_all(&[3, 0, 0, 0, 0, 4, 0, result, source, reason])?;
            // The requestor closes (PS3.8 9.2.3, AA-4 and ARTIM); waiting for it loses no byte to a reset.
            hang(stream);
            return Err(Ended);
        }
        Association::HangBeforeAccept => {
            hang(stream);
            return Err(Ended);
        }
        Association::CloseAtOnce => return Err(Ended),
        Association::AbortAtOnce => {
            abort(stream);
            return Err(Ended);
        }
    }
    let refuse_all = decision == Association::AcceptNoContext;
    let contexts = answers(&asked, &behaviour, refuse_all);
    {
        let mut state = shared.state();
        let counters = &mut state.records.counters;
        counters.associations += 1;
        counters.open += 1;
        counters.max_open = counters.max_open.max(counters.open);
    }
    let peer = Peer {
        shared,
        stopping,
        stream,
        request,
        transfer_syntaxes: contexts
            .iter()
            .filter(|context| context.reason == PresentationContextResultReason::Acceptance)
            .map(|context| (context.id, context.transfer_syntax.clone()))
            .collect(),
        stores: 0,
    };
    let answer = Pdu::AssociationAC(AssociationAC {
        protocol_version: 1,
        calling_ae_title: asked.calling_ae_title,
        called_ae_title: asked.called_ae_title,
        application_context_name: asked.application_context_name,
        presentation_contexts: contexts,
        user_variables: vec![
            UserVariableItem::MaxLength(behaviour.max_pdu),
            UserVariableItem::ImplementationClassUID(IMPLEMENTATION_CLASS_UID.to_owned()),
            UserVariableItem::ImplementationVersionName("FAULT_SCP".to_owned()),
        ],
    });
    // A peer that is already gone shows at the first read: the association then counts as opened and ended.
    let _ = write(stream, &answer);
    Ok(peer)
}

/// The result for each proposed context (PS3.8 9.3.3.2).
fn answers(
    asked: &AssociationRQ,
    behaviour: &Behaviour,
    refuse_all: bool,
) -> Vec<PresentationContextResult> {
    let contexts = asked.presentation_contexts.iter();
    contexts
        .map(|context| {
            let known = !refuse_all && (behaviour.sop_classes)(&uid_text(&context.abstract_syntax));
            let chosen = context
                .transfer_syntaxes
                .iter()
                .map(|uid| uid_text(uid))
                .find(|uid| (behaviour.transfer_syntaxes)(uid));
            let reason = match (known, &chosen) {
                (false, _) => PresentationContextResultReason::AbstractSyntaxNotSupported,
                (true, None) => PresentationContextResultReason::TransferSyntaxesNotSupported,
                (true, Some(_)) => PresentationContextResultReason::Acceptance,
            };
            PresentationContextResult {
                id: context.id,
                reason,
                // Not significant where refused, but must be there.
                transfer_syntax: chosen.unwrap_or_else(|| IMPLICIT_VR_LE.to_owned()),
            }
        })
        .collect()
}

fn uid_text(uid: &str) -> String {
    uid.trim_matches(['\0', ' ']).to_owned()
}

/// The requestor of an accepted association.
struct Peer<'a> {
    shared: &'a Shared,
    stopping: &'a AtomicBool,
    stream: &'a TcpStream,
    request: AssociationRequest,
    /// By presentation context ID; the accepted ones only.
    transfer_syntaxes: Vec<(u8, String)>,
    stores: usize,
}

impl Drop for Peer<'_> {
    /// Also when a closure of the test panics.
    fn drop(&mut self) {
        self.shared.state().records.counters.open -= 1;
    }
}

impl Peer<'_> {
    /// Serves requests; `Ok` at a release.
    fn requests(&mut self) -> Step<()> {
        let (mut command, mut data) = (Vec::new(), Vec::new());
        let mut pending: Option<Request> = None;
        loop {
            let values = match read(self.stream)? {
                Pdu::PData { data } => data,
                Pdu::ReleaseRQ => return write(self.stream, &Pdu::ReleaseRP),
                _ => return Err(Ended),
            };
            for value in values {
                let context = value.presentation_context_id;
                match value.value_type {
                    PDataValueType::Command => {
                        command.extend_from_slice(&value.data);
                        if value.is_last {
                            let request = command::decode(&command).ok_or(Ended)?;
                            command.clear();
                            if request.has_data_set {
                                pending = Some(request);
                            } else {
                                self.without_data(&request, context)?;
                            }
                        }
                    }
                    PDataValueType::Data => {
                        data.extend_from_slice(&value.data);
                        if value.is_last {
                            let request = pending.take().ok_or(Ended)?;
                            self.store(&request, context, std::mem::take(&mut data))?;
                        }
                    }
                }
            }
        }
    }

    fn without_data(&mut self, request: &Request, context: u8) -> Step<()> {
        if request.field != command::C_ECHO_RQ {
            abort(self.stream);
            return Err(Ended);
        }
        self.shared.state().records.counters.echoes += 1;
        self.shared.emit(&Event::Echo {
            association: self.request.association,
        });
        let what = self.shared.behaviour().echo;
        self.respond(request, context, what, |_| {})
    }

    fn store(&mut self, request: &Request, context: u8, data: Vec<u8>) -> Step<()> {
        if request.field != command::C_STORE_RQ {
            abort(self.stream);
            return Err(Ended);
        }
        let behaviour = self.shared.behaviour().clone();
        let transfer = self.transfer_syntaxes.iter().find(|(id, _)| *id == context);
        let mut record = StoreRecord {
            sop_instance_uid: request.sop_instance_uid.clone(),
            sop_class_uid: request.sop_class_uid.clone(),
            transfer_syntax: transfer.map(|(_, uid)| uid.clone()).unwrap_or_default(),
            calling_aet: self.request.calling_aet.clone(),
            association: self.request.association,
            move_originator: request.move_originator.clone(),
            size: data.len(),
            received: Instant::now(),
            answered: None,
            bytes: behaviour.keep_bytes.then_some(data),
        };
        let (seen, index_total, epoch) = {
            let mut state = self.shared.state();
            let records = &mut state.records;
            let seen = records
                .seen
                .entry(record.sop_instance_uid.clone())
                .or_default();
            *seen += 1;
            let seen = *seen;
            records.counters.stores += 1;
            records.stores.push(record.clone());
            (seen, records.stores.len() - 1, records.epoch)
        };
        let what = (behaviour.on_store)(&StoreRequest {
            sop_class_uid: request.sop_class_uid.clone(),
            sop_instance_uid: request.sop_instance_uid.clone(),
            calling_aet: self.request.calling_aet.clone(),
            called_aet: self.request.called_aet.clone(),
            association: self.request.association,
            index_in_association: self.stores,
            index_total,
            times_seen_this_uid: seen,
        });
        self.stores += 1;
        record.bytes = None;
        self.shared.emit(&Event::Received(record.clone()));
        let shared = self.shared;
        self.respond(request, context, what, |status| {
            let answered = Some((status, Instant::now()));
            record.answered = answered;
            {
                let mut state = shared.state();
                if state.records.epoch == epoch {
                    state.records.counters.answered += 1;
                    state.records.stores[index_total].answered = answered;
                }
            }
            shared.emit(&Event::Answered(record));
        })
    }

    /// Does what was asked for; `written` is called once the response is on its way.
    fn respond(
        &self,
        request: &Request,
        context: u8,
        what: Respond,
        written: impl FnOnce(u16),
    ) -> Step<()> {
        let (delay, status) = match what {
            Respond::Status(status) => (Duration::ZERO, status),
            Respond::Delay(time, status) => (time, status),
            Respond::AckThenAbort => (Duration::ZERO, 0x0000),
            Respond::Abort => {
                abort(self.stream);
                return Err(Ended);
            }
            Respond::Close => return Err(Ended),
            Respond::Hang => {
                hang(self.stream);
                return Err(Ended);
            }
            Respond::HangForever => {
                while !self.stopping.load(Ordering::SeqCst) {
                    self.shared.pause(Duration::from_secs(3600), self.stopping);
                }
                return Err(Ended);
            }
        };
        if !delay.is_zero() {
            self.shared.pause(delay, self.stopping);
            if self.stopping.load(Ordering::SeqCst) {
                return Err(Ended);
            }
        }
        let response = Pdu::PData {
            data: vec![PDataValue {
                presentation_context_id: context,
                value_type: PDataValueType::Command,
                is_last: true,
                data: command::encode_response(request, status),
            }],
        };
        write(self.stream, &response)?;
        written(status);
        if what == Respond::AckThenAbort {
            abort(self.stream);
            return Err(Ended);
        }
        Ok(())
    }
}
