//! A batch on its way: which association each instance goes over, reading ahead, telling each result.
//!
//! Invariants:
//! - A result is told before the next instance is sent.
//! - An instance that was read ahead and is not sent is dropped, with its part of the budget.
//! - An instance is sent again at once only where it was certainly not stored, and then only if another one was
//!   answered over the same association, or once: there is an end to it, whatever a receiver does.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::association::{Association, NotOpened, Why};
use super::contexts::{Conversion, Kind, Proposal};
use super::habits::Second;
use super::kinds::Forecast;
use super::load::{Loaded, Loader, NotLoaded, Prepared, prepare};
use super::pool::{Key, Place};
use super::wire::GiveUp;
use super::{Native, Sent};
use crate::failpoint;
use crate::item::{Class, Item, Outcome, SentSeries};
use crate::transport::budget::Share;
use crate::transport::modality::address;
use crate::transport::{Batch, Tried};

/// How long a receiver that is not known yet may take to end an association after its first answer.
const DOUBT: Duration = Duration::from_millis(20);

/// The association that a batch uses now.
pub(super) struct Line {
    pub(super) association: Association,
    /// Taken from the pool: what it was opened for is not what goes now.
    kept: bool,
}

/// An instance that was read ahead, with its part of the budget.
struct Ahead<'a> {
    index: usize,
    loaded: Result<Loaded, NotLoaded>,
    share: Share<'a>,
}

impl Native {
    /// An association that can take this kind, new or kept.
    fn line(
        &self,
        place: &Place,
        first: &Kind,
        conversion: &Conversion,
        items: &[Item],
        fresh: bool,
    ) -> Result<Line, NotOpened> {
        let kept = |association| Line {
            association,
            kept: true,
        };
        if !fresh {
            if let Some(association) = self.pool.take(place) {
                return Ok(kept(association));
            }
        }
        self.pool.make_room(&place.key.modality, Some(place));
        let forecast = match self.habits.second(&place.key) {
            Second::No => Forecast::of(first),
            Second::Yes | Second::Perhaps => {
                let client = self.host.client();
                self.kinds
                    .foresee(client, &place.key.modality, first, items)
            }
        };
        let (peer, peers) = self.peer(&place.key)?;
        let mut width = self.habits.width(&place.key);
        let mut proposal = width.proposal(&forecast, conversion);
        // What the receiver said to all that was foreseen, which is what people shall read.
        let mut refused: Option<NotOpened> = None;
        loop {
            let waiter = Arc::new(self.pool.wait_for(place));
            let asked = waiter.clone();
            let give_up: GiveUp = Arc::new(move |waited| asked.should_take_over(waited));
            let not = match Association::open(&peer, &peers, &proposal, &self.cut, Some(give_up)) {
                Ok(association) => {
                    self.habits.accepted(&place.key, &proposal, width);
                    return Ok(Line {
                        association,
                        kept: false,
                    });
                }
                Err(not) => not,
            };
            if not.why == Why::GivenUp {
                if let Some(association) = self.pool.take_over(place) {
                    return Ok(kept(association));
                }
                continue;
            }
            let too_wide =
                not.why.may_be_proposal() && self.habits.may_be_too_wide(&place.key, &proposal);
            let narrower = too_wide
                .then(|| width.narrower_than(&proposal, &forecast, conversion))
                .flatten();
            let first = refused.unwrap_or(not);
            let Some(narrower) = narrower else {
                return Err(first);
            };
            refused = Some(first);
            (width, proposal) = narrower;
        }
    }

    /// A new association in which the receiver has no choice: for this kind as it is stored, or as it is wanted.
    fn line_without_choice(
        &self,
        key: &Key,
        kind: &Kind,
        conversion: &Conversion,
    ) -> Result<Line, NotOpened> {
        let only = Conversion {
            allowed: false,
            ..conversion.clone()
        };
        let proposal = Proposal::new(std::slice::from_ref(kind), &only).without_verification();
        let (peer, peers) = self.peer(key)?;
        let association = Association::open(&peer, &peers, &proposal, &self.cut, None)?;
        Ok(Line {
            association,
            kept: false,
        })
    }
}

impl Line {
    /// For the next instance, if it has all that one may need.
    fn keep(self, line: &mut Option<Line>, has_all: bool) {
        if has_all {
            *line = Some(self);
        } else {
            self.association.release();
        }
    }

    /// Whether the next instance can go over it, as far as can be seen.
    fn can_go_on(&mut self, second: Second) -> bool {
        let alive = &mut self.association;
        match second {
            _ if alive.answered() == 0 => alive.is_alive(),
            Second::Yes => alive.is_alive(),
            Second::Perhaps if alive.answered() > 1 => alive.is_alive(),
            Second::Perhaps => alive.is_alive_after(DOUBT),
            Second::No => false,
        }
    }
}

/// Into memory, which is counted.
fn load(loader: &Loader<'_>, item: &Item, share: &mut Share<'_>) -> Result<Loaded, NotLoaded> {
    let loaded = loader.load(item)?;
    share.hold(loaded.memory());
    Ok(loaded)
}

/// A batch on its way.
pub(super) struct Delivering<'a> {
    pub(super) native: &'a Native,
    pub(super) loader: Loader<'a>,
    pub(super) batch: &'a Batch<'a>,
    pub(super) sent: Vec<Sent>,
    pub(super) recalls: u64,
    /// Identifiers of items that a person has cancelled.
    pub(super) recalled: Vec<i64>,
    /// Of the instance whose turn it is, something else went over the line than what is stored.
    pub(super) altered: bool,
    /// What is known of its series, once it was answered for.
    pub(super) series: Option<Box<SentSeries>>,
    /// Nothing more is to be sent.
    pub(super) ended: bool,
}

type Begun = (crate::item::Timestamp, Instant);

/// Why an instance was not sent.
enum NotSent {
    NotOpened(NotOpened),
    /// It was lost from memory, and could not be brought there again.
    NotLoaded(NotLoaded),
}

impl From<NotOpened> for NotSent {
    fn from(not: NotOpened) -> NotSent {
        NotSent::NotOpened(not)
    }
}

impl From<NotLoaded> for NotSent {
    fn from(not: NotLoaded) -> NotSent {
        NotSent::NotLoaded(not)
    }
}

impl<'a> Delivering<'a> {
    /// `Err`: why only Orthanc can send the rest.
    pub(super) fn run(
        &mut self,
        place: &Place,
        conversion: &Conversion,
        line: &mut Option<Line>,
    ) -> Result<(), String> {
        let mut ahead: Option<Ahead<'a>> = None;
        while self.sent.len() < self.batch.items.len() {
            let index = self.sent.len();
            let item = &self.batch.items[index];
            if self.native.cut.is_cut() {
                return Ok(());
            }
            if self.is_recalled(item.id) {
                self.sent.push(Sent::Tried(Tried::NotYet));
                continue;
            }
            if !self.is_plain_what_is_in_hand(index) {
                self.ended = true;
                return Ok(());
            }
            let begun = (self.native.clock.now(), Instant::now());
            failpoint::touch(&item.ids.sop_instance_uid);
            // What was read ahead for another one is dropped.
            let (loaded, mut share) = match ahead.take().filter(|ahead| ahead.index == index) {
                Some(ahead) => (ahead.loaded, ahead.share),
                None => {
                    let Some(mut share) = self.native.budget.take(self.loader.memory(item)) else {
                        // Stopping.
                        return Ok(());
                    };
                    (load(&self.loader, item, &mut share), share)
                }
            };
            if self.native.cut.is_cut() {
                return Ok(());
            }
            let mut sent_as = None;
            self.altered = false;
            let sent = loaded.map_err(NotSent::from).and_then(|loaded| {
                sent_as = loaded.is_another.then(|| loaded.sop_instance_uid.clone());
                self.send(loaded, place, conversion, line, &mut ahead, &mut share)
            });
            let outcome = match sent {
                Ok(outcome) => outcome,
                Err(NotSent::NotOpened(not)) if not.why == Why::OnlyOrthanc => {
                    return Err(not.details);
                }
                Err(NotSent::NotOpened(not)) => Outcome {
                    may_be_congestion: not.why.may_be_congestion(),
                    waits: false,
                    ..Outcome::new(Class::Unreachable, not.details)
                },
                Err(NotSent::NotLoaded(NotLoaded::Outcome(outcome))) => outcome,
                Err(NotSent::NotLoaded(NotLoaded::OnlyOrthanc(reason))) => {
                    self.sent.push(Sent::OnlyOrthanc(reason));
                    continue;
                }
                Err(NotSent::NotLoaded(NotLoaded::NotNow(reason))) => {
                    self.sent.push(Sent::Tried(Tried::NotNow(reason)));
                    self.ended = true;
                    return Ok(());
                }
            };
            drop(share);
            failpoint::pass("answered");
            let goes_on = !matches!(
                outcome.class,
                Class::Unreachable | Class::Interrupted | Class::Busy
            );
            // Nothing of it went over the line otherwise.
            let was_sent = outcome.dimse_status.is_some() || outcome.class == Class::Interrupted;
            if !self.tell(begun, outcome, sent_as.filter(|_| was_sent)) || !goes_on {
                self.ended = true;
                return Ok(());
            }
        }
        Ok(())
    }

    /// Sends one instance; over a new association if it needs one.
    fn send(
        &mut self,
        mut loaded: Loaded,
        place: &Place,
        conversion: &Conversion,
        line: &mut Option<Line>,
        ahead: &mut Option<Ahead<'a>>,
        share: &mut Share<'_>,
    ) -> Result<Outcome, NotSent> {
        let native = self.native;
        native.kinds.remember(&place.key.modality, &loaded.kind);
        let rest = &self.batch.items[self.sent.len()..];
        let item = &self.batch.items[self.sent.len()];
        let mut fresh = false;
        let mut repeated = false;
        // Why it cannot go where the receiver has the choice.
        let mut chosen: Option<String> = None;
        loop {
            // Orthanc is not to be asked for anything any more.
            if native.cut.is_cut() {
                return Ok(Outcome::new(Class::Interrupted, "Orthanc is stopping"));
            }
            let second = native.habits.second(&place.key);
            let mut open: Line = match line.take() {
                Some(mut open) => {
                    if !open.can_go_on(second) {
                        // Nothing is under way over it.
                        if second != Second::No {
                            native.habits.ended(&place.key, open.association.answered());
                        }
                        open.association.release();
                        fresh = true;
                        continue;
                    }
                    open
                }
                None if chosen.is_some() => {
                    native.line_without_choice(&place.key, &loaded.kind, conversion)?
                }
                None => native.line(place, &loaded.kind, conversion, rest, fresh)?,
            };
            let contexts = &open.association.contexts;
            let (context, ready) = match prepare(native.host, loaded, contexts, conversion, share) {
                Prepared::Ready(context, ready) => (context, ready),
                Prepared::NotProposed(given_back) if open.kept || !fresh => {
                    loaded = given_back;
                    fresh = true;
                    open.association.release();
                    continue;
                }
                Prepared::NotProposed(_) => {
                    // Proposed first, there is always room for it.
                    *line = Some(open);
                    return Ok(Outcome::new(
                        Class::Internal,
                        "the presentation context was lost in negotiation",
                    ));
                }
                Prepared::NotNegotiated(details, Some(given_back)) if chosen.is_none() => {
                    loaded = given_back;
                    chosen = Some(details);
                    open.association.release();
                    continue;
                }
                Prepared::NotNegotiated(details, _) => {
                    open.keep(line, chosen.is_none());
                    let details = chosen.unwrap_or(details);
                    return Ok(Outcome::new(Class::NotNegotiated, details));
                }
            };
            self.altered |= ready.altered;
            let answer = open.association.store(
                context,
                &ready.kind.sop_class,
                &ready.sop_instance_uid,
                &ready.slices(),
                || {
                    if ahead.is_none() {
                        *ahead = self.read_ahead();
                    }
                },
            );
            let answers = open.association.answered();
            match answer {
                Ok(response) => {
                    native.habits.answered(&place.key, answers);
                    let details = response.details(&ready.sop_instance_uid);
                    open.keep(line, chosen.is_none());
                    if self.batch.to_confirm {
                        self.series = Some(Box::new(
                            ready.series(address(&place.key.host, place.key.port)),
                        ));
                    }
                    return Ok(Outcome::of_status(response.status, details));
                }
                Err(lost) => {
                    if lost.left {
                        native.habits.ended(&place.key, answers);
                    }
                    open.association.abort();
                    let progress = answers > 0 || !std::mem::replace(&mut repeated, true);
                    if !(lost.not_stored && progress) || native.cut.is_cut() {
                        return Ok(Outcome::new(Class::Interrupted, lost.details));
                    }
                    drop(ready);
                    loaded = match load(&self.loader, item, share) {
                        Err(NotLoaded::OnlyOrthanc(reason)) => {
                            return Ok(Outcome::new(Class::Internal, reason));
                        }
                        loaded => loaded?,
                    };
                    fresh = true;
                }
            }
        }
    }

    /// Reads the next instance while the receiver works on this one, if memory allows.
    fn read_ahead(&self) -> Option<Ahead<'a>> {
        let index = self.sent.len() + 1;
        let native: &'a Native = self.native;
        let item = self.batch.items.get(index)?;
        if native.cut.is_cut() {
            return None;
        }
        let mut share = native.budget.try_take(self.loader.memory(item))?;
        Some(Ahead {
            index,
            loaded: load(&self.loader, item, &mut share),
            share,
        })
    }

    /// What is left to Orthanc has no result yet, and stands before what is in hand now: then this must be said.
    /// `false`: it could not be.
    fn is_plain_what_is_in_hand(&self, index: usize) -> bool {
        let left = |sent: &Sent| matches!(sent, Sent::OnlyOrthanc(_));
        // This one, and the next, which is read ahead.
        let part = index..self.batch.items.len().min(index + 2);
        !self.sent.iter().any(left) || (self.batch.in_hand)(part, None)
    }

    fn is_recalled(&mut self, id: i64) -> bool {
        let now = self.native.recalls.load(Ordering::SeqCst);
        if std::mem::replace(&mut self.recalls, now) != now {
            self.recalled = (self.batch.recalled)();
        }
        self.recalled.contains(&id)
    }

    /// Writes a result down. `false`: nothing more is to be sent.
    pub(super) fn tell(&mut self, begun: Begun, outcome: Outcome, sent_as: Option<String>) -> bool {
        let is_there = matches!(outcome.class, Class::Success | Class::Warning);
        let tried = Tried::Made {
            outcome,
            sent_as,
            altered: Some(self.altered),
            series: self.series.take().filter(|_| is_there),
            started: begun.0,
            duration: begun.1.elapsed(),
        };
        let goes_on = (self.batch.told)(self.sent.len(), &tried);
        self.ended |= !goes_on;
        self.sent.push(Sent::Tried(tried));
        goes_on
    }
}
