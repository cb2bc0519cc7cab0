//! What the SCP has seen and answered.
//!
//! Invariant: `answered` of a store is set after its response was written, never before.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use super::FaultScp;

/// One C-STORE request whose data set was received completely.
#[derive(Debug, Clone)]
pub struct StoreRecord {
    /// Affected SOP Instance UID.
    pub sop_instance_uid: String,
    /// Affected SOP Class UID.
    pub sop_class_uid: String,
    /// Transfer syntax of its presentation context.
    pub transfer_syntax: String,
    /// Calling AE title, trimmed.
    pub calling_aet: String,
    /// Number of the connection, from 1.
    pub association: u64,
    /// Move Originator AE title (0000,1030), when present.
    pub move_originator: Option<String>,
    /// Length of the data set in bytes.
    pub size: usize,
    /// When its last fragment had arrived.
    pub received: Instant,
    /// Status and time of the response; `None` until it was written.
    pub answered: Option<(u16, Instant)>,
    /// The data set, in `transfer_syntax`, when asked for with [`FaultScp::keep_bytes`].
    pub bytes: Option<Vec<u8>>,
}

impl StoreRecord {
    /// The status of the response that was written.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.answered.map(|(status, _)| status)
    }

    /// Whether success or a warning was answered (0000, 0001, 0107, 0111, 0116, Bxxx; PS3.7 annex C).
    #[must_use]
    pub fn acknowledged(&self) -> bool {
        self.status().is_some_and(|status| {
            matches!(
                status,
                0x0000 | 0x0001 | 0x0107 | 0x0111 | 0x0116 | 0xB000..=0xBFFF
            )
        })
    }
}

/// Something that happened, for those who watch.
#[derive(Debug, Clone)]
pub enum Event {
    /// A connection was taken and an A-ASSOCIATE-RQ read.
    Requested {
        /// Number of the connection.
        association: u64,
        /// Calling AE title.
        calling_aet: String,
        /// What was decided.
        decision: super::Association,
    },
    /// A data set was received.
    Received(StoreRecord),
    /// A response was written.
    Answered(StoreRecord),
    /// A C-ECHO was received.
    Echo {
        /// Number of the connection.
        association: u64,
    },
    /// The connection has ended.
    Closed {
        /// Number of the connection.
        association: u64,
        /// By A-RELEASE of the peer; otherwise aborted or cut, by either side.
        released: bool,
    },
}

/// Counts since start or since [`FaultScp::clear`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// TCP connections taken, whatever came over them.
    pub connections: usize,
    /// Association requests read, whatever was answered.
    pub requested: usize,
    /// Associations accepted.
    pub associations: usize,
    /// Accepted associations that are open now.
    pub open: usize,
    /// Most that were open at once.
    pub max_open: usize,
    /// Associations that ended by A-RELEASE.
    pub released: usize,
    /// C-ECHO requests.
    pub echoes: usize,
    /// C-STORE command sets read, whatever became of their data sets.
    pub commands: usize,
    /// C-STORE requests received completely.
    pub stores: usize,
    /// C-STORE requests answered, whatever the status.
    pub answered: usize,
}

#[derive(Default)]
pub(super) struct Records {
    pub stores: Vec<StoreRecord>,
    pub seen: HashMap<String, usize>,
    pub counters: Counters,
    /// Changes at each clear, so that a late answer does not hit a newer record.
    pub epoch: u64,
}

impl FaultScp {
    /// All stores received, in the order of their last fragments.
    #[must_use]
    pub fn stores(&self) -> Vec<StoreRecord> {
        self.shared.state().records.stores.clone()
    }

    /// The counts.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.shared.state().records.counters
    }

    /// SOP Instance UIDs received, each once, sorted.
    #[must_use]
    pub fn unique_uids(&self) -> BTreeSet<String> {
        self.shared.state().records.seen.keys().cloned().collect()
    }

    /// SOP Instance UIDs for which a success or warning was written, each once, sorted.
    #[must_use]
    pub fn acknowledged_uids(&self) -> BTreeSet<String> {
        let state = self.shared.state();
        let stores = state.records.stores.iter();
        stores
            .filter(|store| store.acknowledged())
            .map(|store| store.sop_instance_uid.clone())
            .collect()
    }

    /// How often this instance was received.
    #[must_use]
    pub fn count_of(&self, sop_instance_uid: &str) -> usize {
        let state = self.shared.state();
        state
            .records
            .seen
            .get(sop_instance_uid)
            .copied()
            .unwrap_or(0)
    }

    /// Waits until at least `n` stores were received; `false` after `deadline`.
    #[must_use]
    pub fn wait_for_stores(&self, n: usize, deadline: Duration) -> bool {
        self.wait_for(|counters| counters.stores >= n, deadline)
    }

    /// Waits until at least `n` stores were answered, whatever the status; `false` after `deadline`.
    #[must_use]
    pub fn wait_for_answers(&self, n: usize, deadline: Duration) -> bool {
        self.wait_for(|counters| counters.answered >= n, deadline)
    }

    /// Waits until at least `n` different instances were acknowledged with success or a warning.
    #[must_use]
    pub fn wait_for_acknowledged(&self, n: usize, deadline: Duration) -> bool {
        self.shared.wait(deadline, |records| {
            // Counting stores first keeps this cheap while far too few have come.
            records.counters.answered >= n
                && records
                    .stores
                    .iter()
                    .filter(|store| store.acknowledged())
                    .map(|store| &store.sop_instance_uid)
                    .collect::<BTreeSet<_>>()
                    .len()
                    >= n
        })
    }

    /// Waits until the counts fulfil `condition`; `false` after `deadline`.
    #[must_use]
    pub fn wait_for(&self, condition: impl Fn(&Counters) -> bool, deadline: Duration) -> bool {
        self.shared
            .wait(deadline, |records| condition(&records.counters))
    }

    /// Forgets stores and counts; open associations stay counted as open.
    pub fn clear(&self) {
        let mut state = self.shared.state();
        let open = state.records.counters.open;
        state.records = Records {
            counters: Counters {
                open,
                max_open: open,
                ..Counters::default()
            },
            epoch: state.records.epoch + 1,
            ..Records::default()
        };
    }
}
