//! Serves one connection: negotiation, then requests until release, abort or a fault that was asked for.
//!
//! Invariant: the thread only blocks in reads and writes of its own socket, in [`Shared::pause`], or in a hang that
//! watches `stopping`: all of them end when the SCP stops.

use std::net::TcpStream;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use dicom_ul::pdu::{
    AssociationAC, AssociationRQ, PDataValueType, Pdu, PresentationContextResult,
    PresentationContextResultReason, UserVariableItem,
};

use super::Shared;
use super::behaviour::{Association, AssociationRequest, Behaviour, Respond, StoreRequest};
use super::command::{self, Reply, Request};
use super::odd;
use super::record::{Event, StoreRecord};
use super::wire::{self, Ended, Step, hang, read, write};

const IMPLEMENTATION_CLASS_UID: &str = "2.25.187562840193322814705539214506771203461";
const UNKNOWN_TRANSFER_SYNTAX: &str = "2.25.187562840193322814705539214506771203463";
const IMPLICIT_VR_LE: &str = "1.2.840.10008.1.2";

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

fn negotiate<'a>(
    shared: &'a Shared,
    stopping: &'a AtomicBool,
    stream: &'a TcpStream,
    number: u64,
) -> Step<Peer<'a>> {
    let Pdu::AssociationRQ(asked) = read(stream)? else {
        wire::abort(stream, 0, 0);
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
        Association::Accept
        | Association::AcceptNoContext
        | Association::AcceptOddly
        | Association::AcceptUnknownContextId
        | Association::AcceptUnknownTransferSyntax => {}
        Association::Reject {
            result,
            source,
            reason,
        } => {
            wire::write_bytes(stream, &[3, 0, 0, 0, 0, 4, 0, result, source, reason])?;
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
            wire::abort(stream, 0, 0);
            return Err(Ended);
        }
        Association::AbortWith { source, reason } => {
            wire::abort(stream, source, reason);
            return Err(Ended);
        }
        Association::DataBeforeAccept => {
            let reply = Reply::new(&Request::of_store(), 0x0000);
            let command = reply.encode(&Request::of_store());
            let context = asked
                .presentation_contexts
                .first()
                .map_or(1, |first| first.id);
            wire::write_bytes(stream, &wire::p_data(context, wire::LAST_COMMAND, &command))?;
            hang(stream);
            return Err(Ended);
        }
        Association::Garbage => {
            wire::write_bytes(stream, &wire::garbage())?;
            hang(stream);
            return Err(Ended);
        }
        Association::EndlessAccept => {
            wire::endless(shared, stopping, stream, wire::ASSOCIATE_AC);
            return Err(Ended);
        }
    }
    let refuse_all = decision == Association::AcceptNoContext;
    let mut contexts = answers(&asked, &behaviour, refuse_all);
    spoil(decision, &asked, &mut contexts);
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
        accepted: contexts
            .iter()
            .zip(&asked.presentation_contexts)
            .filter(|(context, _)| context.reason == PresentationContextResultReason::Acceptance)
            .map(|(context, asked)| Accepted {
                id: context.id,
                abstract_syntax: uid_text(&asked.abstract_syntax),
                transfer_syntax: context.transfer_syntax.clone(),
            })
            .collect(),
        stores: 0,
        is_open: true,
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
    let _ = match (decision, &answer) {
        (Association::AcceptOddly, Pdu::AssociationAC(accept)) => {
            wire::write_bytes(stream, &odd::accept(accept))
        }
        _ => write(stream, &answer),
    };
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
            let liked = |uid: &String| behaviour.liked_best.as_ref() == Some(uid);
            let mut taken: Vec<String> = context
                .transfer_syntaxes
                .iter()
                .map(|uid| uid_text(uid))
                .filter(|uid| (behaviour.transfer_syntaxes)(uid))
                .collect();
            taken.sort_by_key(|uid| !liked(uid));
            let chosen = taken.into_iter().next();
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

/// Makes the answers wrong where that was asked for.
fn spoil(decision: Association, asked: &AssociationRQ, contexts: &mut [PresentationContextResult]) {
    if decision == Association::AcceptUnknownTransferSyntax {
        for context in contexts.iter_mut() {
            UNKNOWN_TRANSFER_SYNTAX.clone_into(&mut context.transfer_syntax);
        }
    }
    if decision == Association::AcceptUnknownContextId {
        let proposed = |id: u8| asked.presentation_contexts.iter().any(|one| one.id == id);
        let free = (1..=u8::MAX).rev().step_by(2).filter(|id| !proposed(*id));
        // With all of the 128 proposed, 0 is not: it is no valid ID either.
        for (context, id) in contexts.iter_mut().zip(free.chain(std::iter::repeat(0))) {
            context.id = id;
        }
    }
}

fn uid_text(uid: &str) -> String {
    uid.trim_matches(['\0', ' ']).to_owned()
}

/// A presentation context that was accepted.
struct Accepted {
    id: u8,
    abstract_syntax: String,
    transfer_syntax: String,
}

/// The requestor of an accepted association.
pub(super) struct Peer<'a> {
    pub(super) shared: &'a Shared,
    pub(super) stopping: &'a AtomicBool,
    pub(super) stream: &'a TcpStream,
    request: AssociationRequest,
    accepted: Vec<Accepted>,
    stores: usize,
    is_open: bool,
}

impl Drop for Peer<'_> {
    /// Also when a closure of the test panics.
    fn drop(&mut self) {
        self.is_over();
    }
}

impl Peer<'_> {
    /// Counted once.
    fn is_over(&mut self) {
        if std::mem::take(&mut self.is_open) {
            self.shared.state().records.counters.open -= 1;
        }
    }

    /// Serves requests; `Ok` at a release.
    fn requests(&mut self) -> Step<()> {
        let (mut command, mut data) = (Vec::new(), Vec::new());
        let mut pending: Option<Request> = None;
        // Of a data set whose store was already answered.
        let mut unwanted = false;
        loop {
            let values = match read(self.stream)? {
                Pdu::PData { data } => data,
                Pdu::ReleaseRQ => {
                    // The requestor may open the next one as soon as it has read the reply.
                    self.is_over();
                    return write(self.stream, &Pdu::ReleaseRP);
                }
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
                                pending = self.before_data(request, context)?;
                                unwanted = pending.is_none();
                            } else {
                                self.without_data(&request, context)?;
                            }
                        }
                    }
                    PDataValueType::Data => {
                        if unwanted {
                            unwanted = !value.is_last;
                            continue;
                        }
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

    /// Another one that was accepted for the same abstract syntax.
    pub(super) fn other_context(&self, context: u8) -> Option<u8> {
        let own = self.accepted.iter().find(|one| one.id == context)?;
        let mut others = self.accepted.iter();
        others
            .find(|one| one.id != context && one.abstract_syntax == own.abstract_syntax)
            .map(|one| one.id)
    }

    fn without_data(&mut self, request: &Request, context: u8) -> Step<()> {
        if request.field != command::C_ECHO_RQ {
            wire::abort(self.stream, 0, 0);
            return Err(Ended);
        }
        self.shared.state().records.counters.echoes += 1;
        self.shared.emit(&Event::Echo {
            association: self.request.association,
        });
        let what = self.shared.behaviour().echo;
        self.respond(request, context, what, |_| {})
    }

    /// The request itself, if its data set is wanted.
    fn before_data(&mut self, request: Request, context: u8) -> Step<Option<Request>> {
        let behaviour = self.shared.behaviour().clone();
        let (index_total, seen) = {
            let mut state = self.shared.state();
            let records = &mut state.records;
            records.counters.commands += 1;
            let seen = records.seen.get(&request.sop_instance_uid);
            (records.stores.len(), seen.copied().unwrap_or(0))
        };
        self.shared.changed.notify_all();
        let early = match behaviour.stop_reading {
            true => Some(Respond::StopReading),
            false => (behaviour.on_command)(&self.seen(&request, index_total, seen + 1)),
        };
        let Some(what) = early else {
            return Ok(Some(request));
        };
        self.stores += 1;
        self.respond(&request, context, what, |_| {})?;
        Ok(None)
    }

    /// The request as closures see it.
    fn seen(&self, request: &Request, index_total: usize, times: usize) -> StoreRequest {
        StoreRequest {
            sop_class_uid: request.sop_class_uid.clone(),
            sop_instance_uid: request.sop_instance_uid.clone(),
            calling_aet: self.request.calling_aet.clone(),
            called_aet: self.request.called_aet.clone(),
            association: self.request.association,
            index_in_association: self.stores,
            index_total,
            times_seen_this_uid: times,
        }
    }

    fn store(&mut self, request: &Request, context: u8, data: Vec<u8>) -> Step<()> {
        if request.field != command::C_STORE_RQ {
            wire::abort(self.stream, 0, 0);
            return Err(Ended);
        }
        let behaviour = self.shared.behaviour().clone();
        let accepted = self.accepted.iter().find(|one| one.id == context);
        let mut record = StoreRecord {
            sop_instance_uid: request.sop_instance_uid.clone(),
            sop_class_uid: request.sop_class_uid.clone(),
            transfer_syntax: accepted
                .map(|one| one.transfer_syntax.clone())
                .unwrap_or_default(),
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
        let what = (behaviour.on_store)(&self.seen(request, index_total, seen));
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
}
