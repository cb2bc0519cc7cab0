//! An association as its requestor (PS3.8 7.1 to 7.3): open, one request at a time, release, abort.
//!
//! Invariants:
//! - One request is under way at a time, and its answer is read before the next one is sent: what was not answered is
//!   at most one instance (G3).
//! - After anything unexpected the association is ended and never used again: released if the peer asked for that,
//!   silently if it is over already (an A-ABORT is not answered, PS3.8 9.2.3 AA-3), else aborted.
//! - Every wait has an end: the peer's time-out, for what is read as a whole and for each write.

use std::io::{self, IoSlice, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::{ClientConnection, StreamOwned};

use super::answer::{self, NoResponse, Refused};
use super::command::{Request, Response};
use super::contexts::{Contexts, Proposal};
use super::pdu::write::{
    ABORT, AssociateRequest, RELEASE_RP, RELEASE_RQ, fragment_size, write, write_message,
};
use super::pdu::{self, Accept, OUR_MAX_PDU, ReadError, Reader, Received};
use super::tls::Tls;
use super::upper_layer;
use super::wire::{self, Cut, GiveUp, Socket};
use crate::item::system;

/// Ours (PS3.7 D.3.3.2), made of a random UUID (PS3.5 B.2).
pub(super) const IMPLEMENTATION_CLASS_UID: &str = "2.25.204146917053118466925413107428871534062";
pub(super) const IMPLEMENTATION_VERSION: &str = concat!("SENDQUEUE_", env!("CARGO_PKG_VERSION"));
/// How long a release may take: the work is done.
const RELEASE_PATIENCE: Duration = Duration::from_secs(2);
/// How long the reason of a lost connection is waited for: it is there, or it never comes.
const REASON_PATIENCE: Duration = Duration::from_millis(200);
/// How long all matches of a C-FIND together may take, where each comes in time, in time-outs.
const MATCHES_PATIENCE: u32 = 10;

/// Who is called, and as whom.
#[derive(Clone)]
pub struct Peer {
    pub host: String,
    pub port: u16,
    pub called_aet: String,
    pub calling_aet: String,
    /// For connecting, for negotiation, for each write to move and for each response.
    pub timeout: Duration,
    pub tls: Option<Arc<Tls>>,
}

/// There is no association.
#[derive(Debug)]
pub struct NotOpened {
    pub why: Why,
    /// In words.
    pub details: String,
}

/// Why there is no association.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Nobody is there, or nobody that can be talked to.
    Unreachable,
    /// It took the connection and said nothing in time: receivers that serve one association at a time let the others
    /// wait.
    Silent,
    /// It took the connection and closed it, for whatever reason.
    Closed,
    /// It said no, or aborted, and not for a reason that would be true of any association: there may be too many, or it
    /// may be what was proposed.
    Declined,
    /// It said no, for a reason that is true of any association.
    Refused,
    /// Orthanc's own SCU may do what this one cannot.
    OnlyOrthanc,
    /// Another association became free meanwhile.
    GivenUp,
}

impl Why {
    /// Of what this SCU cannot do.
    pub fn unable(only_orthanc: bool) -> Why {
        if only_orthanc {
            Why::OnlyOrthanc
        } else {
            Why::Unreachable
        }
    }

    /// The peer is there; it may have too many associations.
    pub fn may_be_congestion(self) -> bool {
        matches!(self, Why::Silent | Why::Closed | Why::Declined)
    }

    /// It may be because of what was proposed.
    pub fn may_be_proposal(self) -> bool {
        matches!(self, Why::Closed | Why::Declined)
    }
}

/// The association is lost, with the request that was under way.
#[derive(Debug)]
pub struct Lost {
    /// In words.
    pub details: String,
    /// The peer has not stored what was being sent: it asked for the release instead, or closed before anything of it
    /// came.
    pub not_stored: bool,
    /// The peer closed it, or asked for its release.
    pub left: bool,
}

/// The two kinds of connection.
enum Wire {
    Plain(Socket),
    Tls(Box<StreamOwned<ClientConnection, Socket>>),
}

impl Wire {
    fn socket(&mut self) -> &mut Socket {
        match self {
            Wire::Plain(socket) => socket,
            Wire::Tls(stream) => &mut stream.sock,
        }
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Wire::Plain(socket) => socket.read(buffer),
            Wire::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Wire::Plain(socket) => socket.write(buffer),
            Wire::Tls(stream) => stream.write(buffer),
        }
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Wire::Plain(socket) => socket.write_vectored(buffers),
            Wire::Tls(stream) => stream.write_vectored(buffers),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Wire::Plain(socket) => socket.flush(),
            Wire::Tls(stream) => stream.flush(),
        }
    }
}

/// An open association.
pub struct Association {
    wire: Wire,
    reader: Reader,
    pub contexts: Contexts,
    fragment: usize,
    last_message_id: u16,
    /// Requests that were answered.
    answered: u32,
    /// The peer ended it: there is nobody to tell anything.
    is_over: bool,
}

impl Association {
    /// Connects, and negotiates what is proposed.
    pub fn open(
        peer: &Peer,
        addresses: &[SocketAddr],
        proposal: &Proposal,
        cut: &Arc<Cut>,
        give_up: Option<GiveUp>,
    ) -> Result<Association, NotOpened> {
        let mut socket = Socket::connect(addresses, peer.timeout, cut).map_err(|error| {
            let why = system::words(&error);
            NotOpened::new(
                Why::Unreachable,
                format!("cannot connect to {}:{}: {why}", peer.host, peer.port),
            )
        })?;
        socket.set_give_up(give_up);
        socket.expect_within(peer.timeout);
        let mut wire = match &peer.tls {
            None => Wire::Plain(socket),
            Some(tls) => match tls.connect(socket, &peer.host) {
                Ok(stream) => Wire::Tls(Box::new(stream)),
                Err(error) => return Err(NotOpened::new(error.why, error.details)),
            },
        };
        let mut reader = Reader::default();
        let accept = negotiate(&mut wire, &mut reader, peer, proposal)?;
        wire.socket().set_give_up(None);
        // PS3.7 D.3.3.1: it must be there; without it 16 KB is what every receiver takes.
        let peer_max = accept.max_length.unwrap_or(OUR_MAX_PDU);
        let association = Association {
            contexts: proposal.agree(&accept.contexts),
            fragment: fragment_size(peer_max).unwrap_or(0),
            wire,
            reader,
            last_message_id: 0,
            answered: 0,
            is_over: false,
        };
        if association.fragment == 0 {
            association.abort();
            return Err(NotOpened::new(
                Why::Unreachable,
                format!(
                    "the receiver takes PDUs of {peer_max} bytes only, in which no data has room"
                ),
            ));
        }
        Ok(association)
    }

    /// Whether it can be used again, as far as can be seen without asking: nothing came that was not asked for, its end
    /// included.
    pub fn is_alive(&self) -> bool {
        let socket = match &self.wire {
            Wire::Plain(socket) => socket,
            Wire::Tls(stream) => &stream.sock,
        };
        self.reader.is_empty() && socket.is_quiet()
    }

    /// The same, after waiting for so long that it shows.
    pub fn is_alive_after(&mut self, time: Duration) -> bool {
        self.reader.is_empty() && self.wire.socket().is_quiet_for(time)
    }

    /// How many requests were answered over it.
    pub fn answered(&self) -> u32 {
        self.answered
    }

    /// Sends an instance, whose data set lies in these pieces. The response's status may be a failure: the association
    /// is fine then.
    pub fn store(
        &mut self,
        context: u8,
        sop_class_uid: &str,
        sop_instance_uid: &str,
        data_set: &[&[u8]],
        meanwhile: impl FnOnce(),
    ) -> Result<Response, Lost> {
        let request = Request::Store {
            sop_class_uid,
            sop_instance_uid,
        };
        self.ask(context, request, Some(data_set), meanwhile, &mut |_| ())
    }

    /// C-ECHO; `None`: Verification was not accepted.
    pub fn echo(&mut self) -> Option<Result<Response, Lost>> {
        let (context, _) = self.contexts.of(super::command::VERIFICATION).next()?;
        Some(self.ask(context, Request::Echo, None, || {}, &mut |_| ()))
    }

    /// C-FIND: `matched` gets each match's identifier. `None`: it was not accepted.
    pub fn find(
        &mut self,
        identifier: &[&[u8]],
        matched: &mut dyn FnMut(&[u8]),
    ) -> Option<Result<Response, Lost>> {
        let (context, _) = self.contexts.of(super::command::STUDY_ROOT_FIND).next()?;
        Some(self.ask(context, Request::Find, Some(identifier), || {}, matched))
    }

    /// N-ACTION of storage commitment. `None`: it was not accepted.
    pub fn commit(&mut self, data_set: &[&[u8]]) -> Option<Result<Response, Lost>> {
        let (context, _) = self
            .contexts
            .of(super::command::STORAGE_COMMITMENT)
            .next()?;
        Some(self.ask(context, Request::Commit, Some(data_set), || {}, &mut |_| ()))
    }

    /// `meanwhile` runs when all was sent, before the answer is waited for.
    fn ask(
        &mut self,
        context: u8,
        request: Request<'_>,
        data_set: Option<&[&[u8]]>,
        meanwhile: impl FnOnce(),
        matched: &mut dyn FnMut(&[u8]),
    ) -> Result<Response, Lost> {
        self.last_message_id = self.last_message_id.wrapping_add(1).max(1);
        let id = self.last_message_id;
        let command = request.encode(id);
        let contexts = self.contexts.of_the_class_of(context);
        let arrived_before = self.wire.socket().acknowledged();
        let written = write_message(&mut self.wire, context, &command, data_set, self.fragment);
        let timeout = self.wire.socket().timeout();
        if written.is_ok() {
            // From here on the answer may take its time, whatever is done meanwhile.
            self.wire.socket().expect_within(timeout);
            meanwhile();
        } else {
            // It may have said why before it stopped reading.
            self.wire.socket().expect_within(REASON_PATIENCE);
        }
        let end = Instant::now() + timeout * MATCHES_PATIENCE;
        let mut matched = |wire: &mut Wire, identifier: &[u8]| {
            matched(identifier);
            let left = end.saturating_duration_since(Instant::now());
            wire.socket().expect_within(timeout.min(left));
        };
        let (reader, wire) = (&mut self.reader, &mut self.wire);
        let read = answer::response(reader, wire, &contexts, &request, id, &mut matched);
        let (none, details) = match (written, read) {
            (Ok(()), Ok(response)) => {
                self.answered = self.answered.saturating_add(1);
                return Ok(response);
            }
            // An answer to something that did not arrive whole is none; a refusal is worth telling.
            (Err(error), Ok(response)) => {
                let mut details = upper_layer::io(&error, "all was sent");
                if response.status != 0 {
                    let said = response.details("");
                    details = format!("{details}; the receiver had answered {said}");
                }
                (None, details)
            }
            (Err(error), Err(none @ NoResponse::Unreadable(ReadError::Io(_)))) => {
                (Some(none), upper_layer::io(&error, "all was sent"))
            }
            (_, Err(none)) => {
                let details = none.describe();
                (Some(none), details)
            }
        };
        let not_stored = none
            .as_ref()
            .is_some_and(|none| self.ended_by(none, arrived_before));
        let aborted = matches!(none, Some(NoResponse::Aborted(_)));
        Err(Lost {
            details,
            not_stored,
            left: self.is_over && !aborted,
        })
    }

    /// The peer ended it instead of answering, perhaps. Answers whether the request was certainly not carried out.
    /// `arrived_before`: what of all bytes had come to it before the request.
    fn ended_by(&mut self, none: &NoResponse, arrived_before: Option<u64>) -> bool {
        match none {
            NoResponse::Released => {
                // It waits for it, or closes; a message that was not sent to its end cannot be followed by anything.
                let _ = write(&mut self.wire, &RELEASE_RP);
                self.is_over = true;
                true
            }
            NoResponse::Aborted(_) => {
                self.is_over = true;
                false
            }
            NoResponse::Unreadable(ReadError::Io(error)) if upper_layer::is_end(error) => {
                self.is_over = true;
                // An orderly end acknowledges all that had come before it (RFC 9293 3.6); a reset acknowledges nothing.
                error.kind() == io::ErrorKind::UnexpectedEof
                    && arrived_before.is_some()
                    && arrived_before == self.wire.socket().acknowledged()
            }
            NoResponse::Unreadable(_) => false,
        }
    }

    /// A-RELEASE (PS3.8 7.2); closed in any case. Waits for the reply, at most for `patience`.
    pub fn release_within(mut self, patience: Duration) {
        if !self.is_alive() {
            return self.leave();
        }
        if write(&mut self.wire, &RELEASE_RQ).is_err() {
            return;
        }
        self.wire.socket().expect_within(patience);
        // Whatever comes but a collision (PS3.8 9.2.3, AR-8) ends it.
        while let Ok(Received::ReleaseRequest) = self.reader.next(&mut self.wire) {
            if write(&mut self.wire, &RELEASE_RP).is_err() {
                return;
            }
        }
    }

    pub fn release(self) {
        self.release_within(RELEASE_PATIENCE);
    }

    /// Ends one that is no longer alive as the peer wants it: it has closed or aborted it, or asks for its release.
    pub fn leave(mut self) {
        if self.is_over {
            return;
        }
        self.wire.socket().expect_within(REASON_PATIENCE);
        match self.reader.next(&mut self.wire) {
            Ok(Received::ReleaseRequest) => {
                let _ = write(&mut self.wire, &RELEASE_RP);
            }
            Ok(Received::Abort { .. }) => {}
            Err(ReadError::Io(error)) if upper_layer::is_end(&error) => {}
            _ => self.abort(),
        }
    }

    /// A-ABORT (PS3.8 7.3), as far as it can still be said.
    pub fn abort(mut self) {
        if !self.is_over {
            let _ = write(&mut self.wire, &ABORT);
        }
    }
}

impl NotOpened {
    pub fn new(why: Why, details: impl Into<String>) -> NotOpened {
        let details = details.into();
        NotOpened { why, details }
    }
}

fn negotiate(
    wire: &mut Wire,
    reader: &mut Reader,
    peer: &Peer,
    proposal: &Proposal,
) -> Result<Accept, NotOpened> {
    let request = AssociateRequest {
        called_aet: &peer.called_aet,
        calling_aet: &peer.calling_aet,
        contexts: &proposal.encode(),
        max_length: OUR_MAX_PDU,
        implementation_class_uid: IMPLEMENTATION_CLASS_UID,
        implementation_version: IMPLEMENTATION_VERSION,
    }
    .encode();
    let answer = match write(wire, &request) {
        Ok(()) => answer::association(reader, wire),
        Err(error) => Err(Refused::Unreadable(ReadError::Io(error))),
    };
    answer.map_err(|refused| match refused {
        Refused::Said {
            details,
            may_be_congestion,
        } => NotOpened::new(
            if may_be_congestion {
                Why::Declined
            } else {
                Why::Refused
            },
            details,
        ),
        Refused::Unreadable(error) => {
            let what = format!(
                "the answer of {}:{} to the association request",
                peer.host, peer.port
            );
            let why = match &error {
                ReadError::Io(io) if wire::is_given_up(io) => Why::GivenUp,
                ReadError::Io(io) if upper_layer::is_tls(io) => Why::Unreachable,
                ReadError::Io(io) if upper_layer::is_end(io) => Why::Closed,
                ReadError::Io(_) => Why::Silent,
                _ => Why::Unreachable,
            };
            NotOpened::new(why, pdu::describe(&error, &what))
        }
    })
}
