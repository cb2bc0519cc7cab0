//! What the SCP is asked to do wrong.
//!
//! Invariant: closures are called without any lock of the SCP held, so they may ask it for its records.

use std::sync::Arc;
use std::time::Duration;

use super::FaultScp;
use super::record::Event;

/// What follows an A-ASSOCIATE-RQ (PS3.8 9.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Association {
    /// A-ASSOCIATE-AC.
    Accept,
    /// A-ASSOCIATE-RJ with these numbers (PS3.8 9.3.4): result 1 permanent, 2 transient; source 1 to 3.
    Reject {
        /// 1 permanent, 2 transient.
        result: u8,
        /// 1 service user, 2 provider (ACSE), 3 provider (presentation).
        source: u8,
        /// Its meaning depends on the source.
        reason: u8,
    },
    /// A-ASSOCIATE-AC in which every presentation context is refused (result 3, abstract syntax not supported).
    AcceptNoContext,
    /// No answer, until the peer closes or aborts, or until stop.
    HangBeforeAccept,
    /// TCP close instead of an answer.
    CloseAtOnce,
    /// A-ABORT (service user) instead of an answer.
    AbortAtOnce,
    /// A-ABORT with these numbers (PS3.8 9.3.8) instead of an answer.
    AbortWith {
        /// 0 service user, 2 service provider.
        source: u8,
        /// Meant only for source 2.
        reason: u8,
    },
    /// P-DATA-TF with a C-STORE-RSP of status 0000 instead of the A-ASSOCIATE-AC, which never comes.
    DataBeforeAccept,
    /// Bytes that are no PDU instead of an answer; the connection stays open.
    Garbage,
    /// The header of an A-ASSOCIATE-AC of 4 GiB, then a byte now and then, until the peer closes, or until stop.
    EndlessAccept,
    /// A-ASSOCIATE-AC that accepts, under presentation context IDs that were not proposed.
    AcceptUnknownContextId,
    /// A-ASSOCIATE-AC that accepts, with much in it that no library writes: rejected contexts without a transfer syntax
    /// and with a reserved reason, unknown items, a role and an identity that are cut short, other AETs, bytes behind
    /// the last item.
    AcceptOddly,
    /// A-ASSOCIATE-AC that accepts each context with a transfer syntax that was not proposed.
    AcceptUnknownTransferSyntax,
}

/// What follows a C-STORE-RQ with its data set, or a C-ECHO-RQ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Respond {
    /// Response with this status (PS3.4 B.2.3, PS3.7 annex C).
    Status(u16),
    /// The same, after this time (less when stopped: then the connection is cut instead).
    Delay(Duration, u16),
    /// A-ABORT (service user), no response.
    Abort,
    /// TCP close, no response.
    Close,
    /// No response, until the peer closes or aborts, or until stop.
    Hang,
    /// Reads nothing any more, does not even notice that the peer closes, until stop.
    HangForever,
    /// Response 0000, then A-ABORT.
    AckThenAbort,
    /// Response 0000, then TCP close.
    AckThenClose,
    /// Response 0000, then A-RELEASE-RQ; requests that come all the same are read and thrown away.
    AckThenRelease,
    /// Response 0000 on another presentation context that was accepted for the same abstract syntax, with an element of
    /// group 0008 at its end; on the request's own where there is no other.
    OtherContext,
    /// A-ABORT with these numbers (PS3.8 9.3.8), no response.
    AbortWith {
        /// 0 service user, 2 service provider.
        source: u8,
        /// Meant only for source 2.
        reason: u8,
    },
    /// Response with this status and what belongs to it (PS3.7 C); see [`Respond::status_with`].
    StatusWith {
        /// (0000,0900).
        status: u16,
        /// (0000,0902).
        error_comment: Option<&'static str>,
        /// (0000,0901); absent when empty.
        offending: &'static [(u16, u16)],
    },
    /// Response 0000 in several PDUs, each with a part of the command set: allowed (PS3.8 E.2).
    Fragmented,
    /// Response 0000, one byte after the other, a little pause after each: allowed.
    Trickle,
    /// Response 0000, twice.
    Twice,
    /// These bytes instead of a response; the connection stays open. See [`Respond::raw`].
    Raw(&'static [u8]),
    /// Response 0000 to a message ID that is not that of the request.
    WrongMessageId,
    /// Response 0000 that names another SOP instance.
    WrongInstance,
    /// Response 0000 on a presentation context that is not that of the request, and was not proposed.
    WrongContext,
    /// Response without (0000,0900).
    NoStatus,
    /// P-DATA-TF with a PDV item of length 0: not even its context and control header.
    ZeroLengthPdv,
    /// The header of a P-DATA-TF of 4 GiB, then a byte now and then, until the peer closes, or until stop.
    EndlessPdu,
    /// Bytes that are no PDU; the connection stays open.
    Garbage,
    /// A-RELEASE-RQ instead of a response, then goes on reading.
    Release,
    /// Does not read the data set (set by [`FaultScp::set_store`] or returned by the closure of
    /// [`FaultScp::on_command`]): the sender's writes block once some MB are on their way, until stop. Returned by
    /// the closure of [`FaultScp::on_store`] it comes too late, and is [`HangForever`](Self::HangForever).
    StopReading,
}

impl Respond {
    /// [`Respond::Raw`] with bytes made at run time; they are never freed, so that this type stays `Copy`.
    #[must_use]
    pub fn raw(bytes: Vec<u8>) -> Self {
        Self::Raw(bytes.leak())
    }

    /// [`Respond::StatusWith`] with values made at run time; they are never freed.
    #[must_use]
    pub fn status_with(status: u16, error_comment: Option<&str>, offending: &[(u16, u16)]) -> Self {
        Self::StatusWith {
            status,
            error_comment: error_comment.map(|text| &*text.to_owned().leak()),
            offending: offending.to_vec().leak(),
        }
    }
}

/// An association request, as the closure of [`FaultScp::on_association`] sees it.
#[derive(Debug, Clone)]
pub struct AssociationRequest {
    /// Calling AE title, trimmed.
    pub calling_aet: String,
    /// Called AE title, trimmed.
    pub called_aet: String,
    /// Number of the connection, from 1, never used again.
    pub association: u64,
    /// Proposed (abstract syntax, transfer syntaxes), in the order of the request.
    pub contexts: Vec<(String, Vec<String>)>,
}

/// A C-STORE request, as the closure of [`FaultScp::on_store`] sees it, after its whole data set was received.
#[derive(Debug, Clone)]
pub struct StoreRequest {
    /// Affected SOP Class UID (0000,0002).
    pub sop_class_uid: String,
    /// Affected SOP Instance UID (0000,1000).
    pub sop_instance_uid: String,
    /// Calling AE title, trimmed.
    pub calling_aet: String,
    /// Called AE title, trimmed.
    pub called_aet: String,
    /// Number of the connection, from 1, never used again.
    pub association: u64,
    /// 0 for the first store of this association.
    pub index_in_association: usize,
    /// 0 for the first store since start or since the records were cleared.
    pub index_total: usize,
    /// How often this instance was received, this time included: 1 at first.
    pub times_seen_this_uid: usize,
}

type OnAssociation = Arc<dyn Fn(&AssociationRequest) -> Association + Send + Sync>;
type OnStore = Arc<dyn Fn(&StoreRequest) -> Respond + Send + Sync>;
type OnCommand = Arc<dyn Fn(&StoreRequest) -> Option<Respond> + Send + Sync>;
type Accepts = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// The behaviour in force.
#[derive(Clone)]
pub(super) struct Behaviour {
    pub on_association: OnAssociation,
    pub on_command: OnCommand,
    pub on_store: OnStore,
    /// Whether data sets stay unread.
    pub stop_reading: bool,
    pub sop_classes: Accepts,
    pub transfer_syntaxes: Accepts,
    pub liked_best: Option<String>,
    pub echo: Respond,
    pub keep_bytes: bool,
    pub max_pdu: u32,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            on_association: Arc::new(|_| Association::Accept),
            on_command: Arc::new(|_| None),
            on_store: Arc::new(|_| Respond::Status(0x0000)),
            stop_reading: false,
            sop_classes: Arc::new(|_| true),
            transfer_syntaxes: Arc::new(|_| true),
            liked_best: None,
            echo: Respond::Status(0x0000),
            keep_bytes: false,
            max_pdu: 65_536,
        }
    }
}

impl FaultScp {
    /// Decides about each association.
    pub fn on_association(
        &self,
        decide: impl Fn(&AssociationRequest) -> Association + Send + Sync + 'static,
    ) {
        self.shared.behaviour().on_association = Arc::new(decide);
    }

    /// The same decision for every association.
    pub fn set_association(&self, what: Association) {
        self.on_association(move |_| what);
    }

    /// Decides about each store, after its data set.
    pub fn on_store(&self, decide: impl Fn(&StoreRequest) -> Respond + Send + Sync + 'static) {
        let mut behaviour = self.shared.behaviour();
        behaviour.on_store = Arc::new(decide);
        behaviour.stop_reading = false;
    }

    /// The same decision for every store.
    pub fn set_store(&self, what: Respond) {
        self.on_store(move |_| what);
        self.shared.behaviour().stop_reading = what == Respond::StopReading;
    }

    /// Decides about each store when its command set has come, before its data set: `Some` is done at once. When
    /// that is a response, the data set is then read and thrown away; such a store is not in the records, and
    /// [`on_store`](Self::on_store) is not asked. Default: `None`.
    pub fn on_command(
        &self,
        decide: impl Fn(&StoreRequest) -> Option<Respond> + Send + Sync + 'static,
    ) {
        self.shared.behaviour().on_command = Arc::new(decide);
    }

    /// Every store is answered with this status.
    pub fn set_status(&self, status: u16) {
        self.set_store(Respond::Status(status));
    }

    /// What follows a C-ECHO (default: status 0000).
    pub fn set_echo(&self, what: Respond) {
        self.shared.behaviour().echo = what;
    }

    /// Which abstract syntaxes (SOP class UIDs) are accepted; the others get result 3. Default: all.
    pub fn accept_sop_classes(&self, accepts: impl Fn(&str) -> bool + Send + Sync + 'static) {
        self.shared.behaviour().sop_classes = Arc::new(accepts);
    }

    /// Which transfer syntax UIDs are accepted; of a context's proposal the first accepted one is chosen, a context
    /// without any gets result 4. Default: all.
    pub fn accept_transfer_syntaxes(&self, accepts: impl Fn(&str) -> bool + Send + Sync + 'static) {
        self.shared.behaviour().transfer_syntaxes = Arc::new(accepts);
    }

    /// The transfer syntax that is chosen wherever it is proposed, if it is accepted at all. Default: none.
    pub fn like_best(&self, transfer_syntax: &str) {
        self.shared.behaviour().liked_best = Some(transfer_syntax.to_owned());
    }

    /// Whether the data sets received from now on are kept in the records (default: no).
    pub fn keep_bytes(&self, keep: bool) {
        self.shared.behaviour().keep_bytes = keep;
    }

    /// Maximum length of the P-DATA-TF PDUs it wants to receive, in bytes (PS3.8 D.1; default 65536, 0: no limit).
    pub fn set_max_pdu(&self, bytes: u32) {
        self.shared.behaviour().max_pdu = bytes;
    }

    /// Calls `listener` for each event, on the thread of its association.
    pub fn on_event(&self, listener: impl Fn(&Event) + Send + Sync + 'static) {
        self.shared.state().listener = Some(Arc::new(listener));
    }
}
