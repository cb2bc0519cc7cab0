//! Our own SCU: C-STORE, and the questions whether a receiver has what it acknowledged.
//!
//! Invariants:
//! - An item's result is told before the next one is sent: at a crash at most one instance of each association was sent
//!   without that being known (G3).
//! - A success is the receiver's own answer to this very request (G2), see [`command`].
//! - One instance's fault costs no association: the others follow over the same one (G5).
//! - Nothing is shared among destinations but memory's budget: none can hold up another (G4).
//! - A receiver can be silent, lie, or send garbage: it gets an outcome, and holds nobody for longer than the time-out.

pub mod answer;
mod association;
pub mod command;
mod confirm;
pub mod contexts;
mod deliver;
mod habits;
pub mod implicit;
mod kinds;
pub mod load;
pub mod part10;
pub mod pdu;
mod pool;
pub mod query;
mod tls;
mod upper_layer;
mod width;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use orthanc_sdk::Host;
use parking_lot::Mutex;

use self::association::{Association, NotOpened, Peer, Why};
use self::contexts::{Conversion, Proposal};
use self::deliver::Delivering;
use self::habits::{Habits, Second};
use self::kinds::Kinds;
use self::load::Loader;
pub use self::load::encode_lossily;
use self::pool::{Key, Place, Pool};
use self::tls::Tls;
use self::wire::Cut;
use super::budget::Budget;
use super::edited::Editor;
use super::{Batch, Called, Modality, Probe, Tried, addresses};
use crate::config::settings::HostSettings;
use crate::item::system::words;
use crate::item::{Class, Clock, Outcome};
use crate::service::Service;

pub struct Native {
    host: Host,
    clock: Arc<dyn Clock>,
    budget: Arc<Budget>,
    settings: HostSettings,
    cut: Arc<Cut>,
    pool: Arc<Pool>,
    kinds: Kinds,
    habits: Habits,
    tls: Mutex<Option<Arc<Tls>>>,
    /// Counts the calls of [`Native::recall`].
    recalls: AtomicU64,
}

/// What became of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    Tried(Tried),
    /// Orthanc's own SCU may do what this one cannot, for this reason.
    OnlyOrthanc(String),
}

/// What a probe found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    Seen(Probe),
    /// Only Orthanc's own SCU can probe it, for this reason.
    OnlyOrthanc(String),
}

/// What became of a batch, for each of its items.
pub struct SentBatch {
    pub sent: Vec<Sent>,
    /// The batch was not sent to its end.
    pub ended: bool,
    /// The destination as a whole needs Orthanc, for this reason.
    pub only_orthanc: Option<String>,
}

impl Native {
    pub fn new(
        host: Host,
        clock: Arc<dyn Clock>,
        budget: Arc<Budget>,
        settings: HostSettings,
    ) -> Native {
        Native {
            host,
            clock,
            budget,
            settings,
            cut: Arc::default(),
            pool: Arc::default(),
            kinds: Kinds::default(),
            habits: Habits::default(),
            tls: Mutex::default(),
            recalls: AtomicU64::new(0),
        }
    }

    /// Nothing new is begun; what lies unused is released.
    pub fn stop(&self) {
        self.pool.stop();
    }

    /// Releases what lies unused for this modality: somebody else opens an association to it.
    pub fn make_room(&self, modality: &str) {
        self.pool.make_room(modality, None);
    }

    /// Releases what is kept for this group.
    pub fn end_group(&self, modality: &str, group: &str) {
        self.pool.end_group(modality, group);
    }

    /// Ends all that is under way, at once.
    pub fn cut(&self) {
        self.cut.cut();
    }

    pub fn recall(&self) {
        self.recalls.fetch_add(1, Ordering::SeqCst);
    }

    /// One C-ECHO, over an association of its own; on a thread of its own, since the threads of Orthanc's HTTP server
    /// have some 100 KB of stack, and TLS needs more.
    pub fn probe(&self, to: &Called<'_>, local_aet: Option<&str>, timeout: Option<u32>) -> Look {
        let failed = |why: String| Look::Seen(Probe::Silent(Outcome::new(Class::Internal, why)));
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new()
                .name("sq-echo".to_owned())
                .spawn_scoped(scope, || self.echo(to, local_aet, timeout));
            match thread {
                Ok(thread) => thread
                    .join()
                    .unwrap_or_else(|_| failed("the probe panicked".to_owned())),
                Err(error) => failed(format!("no thread for a probe: {}", words(&error))),
            }
        })
    }

    fn echo(&self, to: &Called<'_>, local_aet: Option<&str>, timeout: Option<u32>) -> Look {
        let silent =
            |details: String| Look::Seen(Probe::Silent(Outcome::new(Class::Unreachable, details)));
        let refused =
            |details: String| Look::Seen(Probe::Refused(Outcome::new(Class::Unreachable, details)));
        let modality = match (to.look_up)() {
            Ok(modality) => modality,
            Err(outcome) => return Look::Seen(Probe::Silent(outcome)),
        };
        let conversion = Conversion::default();
        let key = self.key(to.name, &modality, local_aet, timeout, conversion);
        let begun = Instant::now();
        let opened = self.peer(&key).and_then(|(peer, peers)| {
            Association::open(&peer, &peers, &Proposal::echo(), &self.cut, None)
        });
        let mut association = match opened {
            Ok(association) => association,
            Err(not) if not.why == Why::OnlyOrthanc => return Look::OnlyOrthanc(not.details),
            // It is there, and may take other associations than one for a C-ECHO.
            Err(not) if matches!(not.why, Why::Refused | Why::Declined | Why::Closed) => {
                return refused(not.details);
            }
            Err(not) => return silent(not.details),
        };
        match association.echo() {
            Some(Ok(response)) if response.status == 0 => {
                let took = begun.elapsed();
                association.release();
                Look::Seen(Probe::Answered(took))
            }
            Some(Ok(response)) => {
                association.release();
                refused(format!(
                    "the receiver answered a C-ECHO with status {:04X}",
                    response.status
                ))
            }
            Some(Err(lost)) => {
                association.abort();
                silent(lost.details)
            }
            None => {
                association.release();
                refused("the receiver takes associations, but no C-ECHO".to_owned())
            }
        }
    }

    /// Sends the batch over one association where it can. Tells each result by [`Batch::told`] as it comes, but for
    /// [`Sent::OnlyOrthanc`].
    pub fn deliver(&self, to: &Called<'_>, batch: &Batch<'_>) -> SentBatch {
        self.deliver_with(to, batch, None)
    }

    /// The same, of what the editor makes of each instance, and of nothing else. Of no instance it is told that only
    /// Orthanc could send it.
    pub fn deliver_edited(
        &self,
        to: &Called<'_>,
        batch: &Batch<'_>,
        editor: &dyn Editor,
    ) -> SentBatch {
        self.deliver_with(to, batch, Some(editor))
    }

    fn deliver_with(
        &self,
        to: &Called<'_>,
        batch: &Batch<'_>,
        editor: Option<&dyn Editor>,
    ) -> SentBatch {
        let mut delivery = Delivering {
            native: self,
            loader: Loader {
                host: self.host,
                editor,
            },
            batch,
            sent: Vec::with_capacity(batch.items.len()),
            // Asked at the first item: something may have been cancelled since the claim.
            recalls: self.recalls.load(Ordering::SeqCst).wrapping_sub(1),
            recalled: Vec::new(),
            altered: false,
            series: None,
            ended: false,
        };
        let only_orthanc = match (to.look_up)() {
            Ok(modality) => {
                let conversion = Conversion {
                    allowed: modality.allow_transcoding && self.settings.transcode,
                    forced: batch.transfer_syntax.map(str::to_owned),
                    preferred: self.settings.preferred_transfer_syntax.clone(),
                };
                let key = self.key(
                    to.name,
                    &modality,
                    batch.local_aet,
                    batch.timeout,
                    conversion.clone(),
                );
                let mut line = None;
                let place = Place {
                    key,
                    group: batch.group.map(str::to_owned),
                };
                let result = delivery.run(&place, &conversion, &mut line);
                if let Some(line) = line {
                    match self.habits.second(&place.key) {
                        Second::No => line.association.release(),
                        Second::Yes | Second::Perhaps => self.pool.give(place, line.association),
                    }
                }
                result.err()
            }
            Err(outcome) => {
                let now = (self.clock.now(), Instant::now());
                delivery.tell(now, outcome, None);
                None
            }
        };
        let rest = || match &only_orthanc {
            Some(reason) => Sent::OnlyOrthanc(reason.clone()),
            None => Sent::Tried(Tried::NotYet),
        };
        let ended = delivery.ended;
        let mut sent = delivery.sent;
        sent.resize_with(batch.items.len(), rest);
        SentBatch {
            sent,
            ended,
            only_orthanc,
        }
    }

    fn key(
        &self,
        name: &str,
        modality: &Modality,
        local_aet: Option<&str>,
        timeout: Option<u32>,
        conversion: Conversion,
    ) -> Key {
        Key {
            modality: name.to_owned(),
            calling_aet: local_aet
                .or(modality.local_aet.as_deref())
                .unwrap_or(&self.settings.dicom_aet)
                .to_owned(),
            called_aet: modality.aet.clone(),
            host: modality.host.clone(),
            port: modality.port,
            tls: modality.tls,
            conversion,
            timeout: modality.timeout_in_force(timeout, self.settings.dicom_scu_timeout),
        }
    }

    /// With its addresses.
    fn peer(&self, key: &Key) -> Result<(Peer, Vec<std::net::SocketAddr>), NotOpened> {
        let tls = if key.tls { Some(self.tls()?) } else { None };
        let found = addresses(&key.host, key.port)
            .map_err(|details| NotOpened::new(Why::Unreachable, details))?;
        let peer = Peer {
            host: key.host.clone(),
            port: key.port,
            called_aet: key.called_aet.clone(),
            calling_aet: key.calling_aet.clone(),
            timeout: Duration::from_secs(u64::from(key.timeout)),
            tls,
        };
        Ok((peer, found))
    }

    /// Orthanc's certificates, read again when their files have changed.
    fn tls(&self) -> Result<Arc<Tls>, NotOpened> {
        let mut kept = self.tls.lock();
        if let Some(tls) = kept.as_ref().filter(|tls| tls.is_current()) {
            return Ok(tls.clone());
        }
        let tls = Tls::load(&self.settings.tls).map_err(|problem| {
            NotOpened::new(Why::unable(problem.only_orthanc), problem.details)
        })?;
        let tls = Arc::new(tls);
        *kept = Some(tls.clone());
        Ok(tls)
    }
}

/// Releases associations that lie unused.
impl Service for Native {
    fn run(&self) {
        self.pool.tidy();
    }

    fn stop(&self) {
        Native::stop(self);
    }
}

/// What to do about it.
pub fn to_auto(reason: &str) -> String {
    format!("{reason} (with \"Transport\": \"Auto\" it would go through Orthanc)")
}

/// As a delivery, where nobody else can send it. `words`: what is said of it.
pub fn without_orthanc(
    result: SentBatch,
    clock: &dyn Clock,
    words: impl Fn(&str) -> String,
) -> super::Delivery {
    let now = clock.now();
    let class = if result.only_orthanc.is_some() {
        Class::Unreachable
    } else {
        Class::NotNegotiated
    };
    let results = result
        .sent
        .into_iter()
        .map(|sent| match sent {
            Sent::Tried(tried) => tried,
            Sent::OnlyOrthanc(reason) => Tried::Made {
                outcome: Outcome::new(class, words(&reason)),
                sent_as: None,
                altered: Some(false),
                series: None,
                started: now,
                duration: Duration::ZERO,
            },
        })
        .collect();
    super::Delivery(results)
}
