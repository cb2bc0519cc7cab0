//! Messages on their way to the receiver: tried again, given up.
//!
//! Invariants:
//! - A message keeps its body, and with it `ID` and signature, through all tries.
//! - A message that was never tried goes before those that failed: one that cannot be delivered delays another by one
//!   [`crate::webhook::TIMEOUT`] at most.
//! - The outages of a destination and their ends go in the order in which they were made: the last word is the true
//!   one. One that the receiver refuses (4xx) holds none back, and is given up once a later one was accepted.
//! - Once a message was accepted that had failed before, the others are due: the receiver is back.

use std::time::Duration;

use super::collect::Gathered;
use crate::config::settings::AlertKind;
use crate::item::Timestamp;
use crate::webhook::{is_refusal, is_success, wait};

/// Then a message is given up.
const LIFE: Duration = Duration::from_secs(86_400);

/// A message that was made and is not delivered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    pub id: String,
    pub destination: String,
    pub kind: AlertKind,
    pub body: Vec<u8>,
    made: Timestamp,
    refused: bool,
    tries: u32,
    due: Timestamp,
}

impl Outgoing {
    pub fn new(id: String, gathered: &Gathered, body: Vec<u8>, now: Timestamp) -> Outgoing {
        Outgoing {
            id,
            destination: gathered.destination.clone(),
            kind: gathered.kind,
            body,
            made: now,
            refused: false,
            tries: 0,
            due: now,
        }
    }
}

impl Outgoing {
    /// Whether this one, which is older, is to arrive before another one: both tell whether the same destination can be
    /// reached.
    fn is_before(&self, other: &Outgoing) -> bool {
        let reach = [
            AlertKind::DestinationUnreachable,
            AlertKind::DestinationBack,
        ];
        reach.contains(&self.kind)
            && reach.contains(&other.kind)
            && self.destination == other.destination
    }
}

/// What became of a message by a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    Sent,
    Again,
    /// Again, and nothing has to wait for it.
    Refused,
    GivenUp,
}

#[derive(Debug, Clone, Default)]
pub struct Outbox(Vec<Outgoing>);

impl Outbox {
    pub fn add(&mut self, outgoing: Outgoing) {
        self.0.push(outgoing);
    }

    pub fn len(&self) -> u64 {
        self.0.len() as u64
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one to try now.
    pub fn next(&self, now: Timestamp) -> Option<Outgoing> {
        let mut due: Vec<usize> = (0..self.0.len())
            .filter(|at| self.0[*at].due <= now)
            .collect();
        due.sort_by_key(|at| (self.0[*at].tries > 0, self.0[*at].due));
        due.into_iter()
            .find(|at| !self.follows_another(*at))
            .map(|at| self.0[at].clone())
    }

    /// Whether an older message must go before this one: of the same destination, about whether it can be reached.
    fn follows_another(&self, at: usize) -> bool {
        let one = &self.0[at];
        let older = |other: &Outgoing| !other.refused && other.is_before(one);
        self.0[..at].iter().any(older)
    }

    /// Takes out what came too late: of an outage or its end, of which later news was accepted.
    fn overtaken_by(&mut self, one: &Outgoing, at: usize) -> Vec<Outgoing> {
        let mut overtaken = Vec::new();
        for index in (0..at).rev() {
            if self.0[index].is_before(one) {
                overtaken.push(self.0.remove(index));
            }
        }
        overtaken
    }

    /// After a try; also what is given up for it, since it would come too late.
    pub fn settle(
        &mut self,
        id: &str,
        result: &Result<u16, String>,
        now: Timestamp,
    ) -> (Settled, Vec<Outgoing>) {
        let Some(at) = self.0.iter().position(|outgoing| outgoing.id == id) else {
            return (Settled::GivenUp, Vec::new());
        };
        if result.as_ref().is_ok_and(|status| is_success(*status)) {
            let sent = self.0.remove(at);
            let overtaken = self.overtaken_by(&sent, at);
            if sent.tries > 0 {
                for other in &mut self.0 {
                    other.due = other.due.min(now);
                }
            }
            return (Settled::Sent, overtaken);
        }
        let outgoing = &mut self.0[at];
        if now.since(outgoing.made) >= LIFE {
            self.0.remove(at);
            return (Settled::GivenUp, Vec::new());
        }
        outgoing.due = now.plus(wait(outgoing.tries));
        outgoing.tries = outgoing.tries.saturating_add(1);
        outgoing.refused = is_refusal(result);
        let settled = if outgoing.refused {
            Settled::Refused
        } else {
            Settled::Again
        };
        (settled, Vec::new())
    }
}
