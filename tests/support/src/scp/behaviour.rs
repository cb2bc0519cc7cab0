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
type Accepts = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// The behaviour in force.
#[derive(Clone)]
pub(super) struct Behaviour {
    pub on_association: OnAssociation,
    pub on_store: OnStore,
    pub sop_classes: Accepts,
    pub transfer_syntaxes: Accepts,
    pub echo: Respond,
    pub keep_bytes: bool,
    pub max_pdu: u32,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            on_association: Arc::new(|_| Association::Accept),
            on_store: Arc::new(|_| Respond::Status(0x0000)),
            sop_classes: Arc::new(|_| true),
            transfer_syntaxes: Arc::new(|_| true),
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

    /// Decides about each store.
    pub fn on_store(&self, decide: impl Fn(&StoreRequest) -> Respond + Send + Sync + 'static) {
        self.shared.behaviour().on_store = Arc::new(decide);
    }

    /// The same decision for every store.
    pub fn set_store(&self, what: Respond) {
        self.on_store(move |_| what);
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
