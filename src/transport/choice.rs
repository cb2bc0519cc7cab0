//! Which transport a destination is sent by.
//!
//! Invariants:
//! - `Auto` is native, but for what only Orthanc can do: that goes over REST, and the reason is logged once.
//! - Over REST the rules of [`super::rest`] hold, its job slots included; natively nothing is shared.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::native::{self, Look, Native, Sent};
use super::rest::RestTransport;
use super::{Batch, Delivery, InUse, Permit, Probe, Standing, Transport, Tried};
use crate::config::settings::{LocalAet, Settings, Transport as Setting};
use crate::item::{Class, Clock, Item, Outcome, Timestamp};
use parking_lot::Mutex;

/// After so long a destination that needed Orthanc is tried natively again: certificates and settings change.
const TRY_AGAIN: Duration = Duration::from_secs(600);

pub struct Choice {
    settings: Arc<Settings>,
    native: Arc<Native>,
    rest: Arc<RestTransport>,
    clock: Arc<dyn Clock>,
    /// Destinations that need Orthanc, since when and why.
    needs: Mutex<HashMap<String, (Timestamp, String)>>,
    /// Reasons that were logged, by destination.
    told: Mutex<HashMap<String, Vec<String>>>,
}

impl Choice {
    pub fn new(
        settings: Arc<Settings>,
        native: Arc<Native>,
        rest: Arc<RestTransport>,
        clock: Arc<dyn Clock>,
    ) -> Choice {
        Choice {
            settings,
            native,
            rest,
            clock,
            needs: Mutex::default(),
            told: Mutex::default(),
        }
    }

    fn setting(&self, destination: &str) -> Setting {
        self.settings.destination(destination).transport
    }

    /// Why this destination needs Orthanc now.
    fn need(&self, destination: &str) -> Option<String> {
        let mut needs = self.needs.lock();
        let (since, reason) = needs.get(destination)?;
        let now = self.clock.now();
        if now.since(*since) < TRY_AGAIN && now >= *since {
            return Some(reason.clone());
        }
        needs.remove(destination);
        None
    }

    /// From now on this destination goes through Orthanc.
    fn remember(&self, destination: &str, reason: &str) {
        self.tell(destination, "is sent to", reason);
        self.needs.lock().insert(
            destination.to_owned(),
            (self.clock.now(), reason.to_owned()),
        );
    }

    /// Says a reason once.
    fn tell(&self, destination: &str, what: &str, reason: &str) {
        /// Reasons may contain what differs from instance to instance.
        const MOST: usize = 20;
        let mut told = self.told.lock();
        let reasons = told.entry(destination.to_owned()).or_default();
        if reasons.len() < MOST && !reasons.iter().any(|one| one == reason) {
            reasons.push(reason.to_owned());
            log::warn!("{destination}: {what} through Orthanc's own SCU: {reason}");
        }
    }

    /// Natively; what only Orthanc can send over REST, after the rest.
    fn automatic(&self, batch: &Batch<'_>) -> Delivery {
        if self.need(batch.destination).is_some() {
            return self.by_rest(batch);
        }
        let result = self.native.deliver(batch);
        if let Some(reason) = &result.only_orthanc {
            self.remember(batch.destination, reason);
        }
        let mut tried = Vec::with_capacity(batch.items.len());
        let mut left: Vec<usize> = Vec::new();
        for (index, sent) in result.sent.into_iter().enumerate() {
            tried.push(match sent {
                Sent::Tried(tried) => tried,
                Sent::OnlyOrthanc(reason) => {
                    if result.only_orthanc.is_none() {
                        self.tell(batch.destination, "some instances go", &reason);
                    }
                    left.push(index);
                    Tried::NotYet
                }
            });
        }
        // A destination that does not answer, or shall not be sent to now, gets nothing by the other way either.
        if left.is_empty() || result.ended {
            return Delivery(tried);
        }
        let items: Vec<Item> = left
            .iter()
            .map(|index| batch.items[*index].clone())
            .collect();
        let by_rest = self.by_rest(&Batch {
            items: &items,
            // All between two of these have their results.
            in_hand: &|part, job| {
                let last = left.get(part.end.saturating_sub(1));
                match (left.get(part.start), last) {
                    (Some(first), Some(last)) => (batch.in_hand)(*first..last + 1, job),
                    _ => true,
                }
            },
            told: &|_, _| true,
            ..*batch
        });
        for (index, one) in left.iter().copied().zip(by_rest.0) {
            tried[index] = one;
        }
        Delivery(tried)
    }

    /// With a slot of its own. Whoever waits for one holds nothing that others wait for.
    fn by_rest(&self, batch: &Batch<'_>) -> Delivery {
        match self.rest.admit(batch.destination, Standing::Fresh) {
            Some(_permit) => self.rest.deliver(batch),
            None => Delivery(vec![Tried::NotYet; batch.items.len()]),
        }
    }
}

impl Transport for Choice {
    fn admit(&self, destination: &str, standing: Standing) -> Option<Permit<'_>> {
        match self.setting(destination) {
            Setting::Rest => self.rest.admit(destination, standing),
            Setting::Auto | Setting::Native => Some(Permit::free()),
        }
    }

    fn set_destinations(&self, count: usize) {
        self.rest.set_destinations(count);
    }

    fn shares(&self, destination: &str) -> bool {
        match self.setting(destination) {
            Setting::Rest => true,
            Setting::Native => false,
            Setting::Auto => self.need(destination).is_some(),
        }
    }

    fn takes_memory(&self, destination: &str) -> bool {
        self.setting(destination) != Setting::Rest
    }

    fn in_use(&self, destination: &str) -> InUse {
        let by_setting = |name| InUse {
            name,
            reason: format!("Transport is \"{name}\""),
        };
        match self.setting(destination) {
            Setting::Rest => by_setting("Rest"),
            Setting::Native => by_setting("Native"),
            Setting::Auto => match self.need(destination) {
                Some(reason) => InUse {
                    name: "Rest",
                    reason,
                },
                None => InUse {
                    name: "Native",
                    reason: "Transport is \"Auto\", and nothing is known that only Orthanc can do"
                        .to_owned(),
                },
            },
        }
    }

    fn deliver(&self, batch: &Batch<'_>) -> Delivery {
        match self.setting(batch.destination) {
            Setting::Rest => self.rest.deliver(batch),
            Setting::Native => {
                native::without_orthanc(self.native.deliver(batch), self.clock.as_ref())
            }
            Setting::Auto => self.automatic(batch),
        }
    }

    fn end_group(&self, destination: &str, group: &str) {
        self.native.end_group(destination, group);
    }

    fn probe(&self, destination: &str, timeout: Option<u32>) -> Probe {
        // One by our own SCU tells the reason in words, and leaves no error in Orthanc's log for each probe of an outage: also
        // where instances go over REST, but for receivers that only Orthanc can talk to.
        if self.setting(destination) == Setting::Auto && self.need(destination).is_some() {
            return self.rest.probe(destination, timeout);
        }
        let local_aet = match &self.settings.destination(destination).local_aet {
            LocalAet::Fixed(aet) => Some(aet.as_str()),
            // Whose instance comes next is not known: Orthanc's own AET must do.
            LocalAet::Orthanc | LocalAet::Remote => None,
        };
        match self.native.probe(destination, local_aet, timeout) {
            Look::Seen(probe) => probe,
            Look::OnlyOrthanc(reason) => match self.setting(destination) {
                Setting::Auto => {
                    self.remember(destination, &reason);
                    self.rest.probe(destination, timeout)
                }
                Setting::Rest => self.rest.probe(destination, timeout),
                Setting::Native => {
                    Probe::Silent(Outcome::new(Class::Unreachable, native::to_auto(&reason)))
                }
            },
        }
    }

    fn recall(&self) {
        self.native.recall();
        self.rest.recall();
    }

    fn interrupt(&self) {
        self.native.stop();
        self.rest.interrupt();
    }
}
