//! `Transport: "Auto"`: our own SCU, but for what only Orthanc can do.
//!
//! Invariants:
//! - What only Orthanc can do goes over REST, and the reason is logged once.
//! - Over REST the rules of [`crate::transport::rest`] hold, its job slots included; natively nothing is shared.

use std::time::Duration;

use parking_lot::Mutex;

use super::Way;
use super::native::TRAITS;
use crate::destinations::{Description, Endpoint, Traits, TransportName};
use crate::item::{Item, Timestamp};
use crate::transport::confirm::{Answers, Question};
use crate::transport::native::{Look, Native, Sent};
use crate::transport::rest::slots::Sharer;
use crate::transport::{Batch, Delivery, Permit, Probe, Standing, Tried};

/// After so long a destination that needed Orthanc is tried natively again: certificates and settings change.
const TRY_AGAIN: Duration = Duration::from_secs(600);

pub(super) struct Auto {
    way: Way,
    /// Since when it needs Orthanc, and why.
    need: Mutex<Option<(Timestamp, String)>>,
    /// Reasons that were logged.
    told: Mutex<Vec<String>>,
    _sharer: Sharer,
}

impl Auto {
    pub(super) fn new(way: Way) -> Auto {
        let _sharer = way.rest.slots().share();
        Auto {
            way,
            need: Mutex::default(),
            told: Mutex::default(),
            _sharer,
        }
    }

    /// Why it needs Orthanc now.
    fn need(&self) -> Option<String> {
        let mut need = self.need.lock();
        let (since, reason) = need.as_ref()?;
        let now = self.way.ours.clock.now();
        if now.since(*since) < TRY_AGAIN && now >= *since {
            return Some(reason.clone());
        }
        *need = None;
        None
    }

    /// From now on it goes through Orthanc.
    fn remember(&self, reason: &str) {
        self.tell("is sent to", reason);
        *self.need.lock() = Some((self.way.ours.clock.now(), reason.to_owned()));
    }

    /// Says a reason once.
    fn tell(&self, what: &str, reason: &str) {
        /// Reasons may contain what differs from instance to instance.
        const MOST: usize = 20;
        let mut told = self.told.lock();
        if told.len() < MOST && !told.iter().any(|one| one == reason) {
            told.push(reason.to_owned());
            let name = &self.way.ours.name;
            log::warn!("{name}: {what} through Orthanc's own SCU: {reason}");
        }
    }

    /// With a slot of its own. Whoever waits for one holds nothing that others wait for.
    fn by_rest(&self, batch: &Batch<'_>) -> Delivery {
        match self
            .way
            .rest
            .admit(&self.way.ours.modality, Standing::Fresh)
        {
            Some(_permit) => self.way.send_by_rest(batch),
            None => Delivery(vec![Tried::NotYet; batch.items.len()]),
        }
    }
}

impl Endpoint for Auto {
    fn admit(&self, _: Standing) -> Option<Permit<'_>> {
        Some(Permit::free())
    }

    /// Natively; what only Orthanc can send over REST, after the rest.
    fn deliver(&self, batch: &Batch<'_>) -> Delivery {
        if self.need().is_some() {
            return self.by_rest(batch);
        }
        let result = self.way.ours.send(batch, Native::deliver);
        if let Some(reason) = &result.only_orthanc {
            self.remember(reason);
        }
        let mut tried = Vec::with_capacity(batch.items.len());
        let mut left: Vec<usize> = Vec::new();
        for (index, sent) in result.sent.into_iter().enumerate() {
            tried.push(match sent {
                Sent::Tried(tried) => tried,
                Sent::OnlyOrthanc(reason) => {
                    if result.only_orthanc.is_none() {
                        self.tell("some instances go", &reason);
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

    fn probe(&self) -> Probe {
        if self.need().is_some() {
            return self.way.look_by_rest();
        }
        match self.way.ours.look() {
            Look::Seen(probe) => probe,
            Look::OnlyOrthanc(reason) => {
                self.remember(&reason);
                self.way.look_by_rest()
            }
        }
    }

    fn traits(&self) -> Traits {
        let shared = self.need().is_some();
        Traits {
            shared,
            crowded: shared && self.way.rest.slots().is_shared(),
            ..TRAITS
        }
    }

    fn describe(&self) -> Description {
        match self.need() {
            Some(reason) => Description {
                transport: TransportName::Rest,
                reason,
            },
            None => Description {
                transport: TransportName::Native,
                reason: "Transport is \"Auto\", and nothing is known that only Orthanc can do"
                    .to_owned(),
            },
        }
    }

    fn end_group(&self, group: &str) {
        self.way.ours.end_group(group);
    }

    fn recall(&self) {
        self.way.ours.native.recall();
        self.way.rest.recall();
    }

    fn confirm(&self, question: &Question<'_>) -> Answers {
        self.way.ours.confirm(question)
    }
}
