//! Groups that are not split: which worker has which one in hand. Those that have an association to themselves
//! (`AssociationPer: "Group"`) for as long as that is open, others (`Split: false`) for the time of a claim.
//!
//! Invariants:
//! - A group that is kept for the time of a claim is in one hand at a time. What follows is said of the others.
//! - A group is in one hand at a time, from its claim until its association is released: nobody else claims of it, and
//!   its worker claims of nothing else.
//! - The association stays open while more of its group may come: until nothing was ready for [`Lane::linger`]. Once
//!   others wait and no worker is free, that time counts from the group's last arrival: one that came whole is not
//!   waited for.
//! - An outage, a pause, a closed window and other settings end it.
//! - One worker at a time gives way to what is urgent, and only if no other one can take it.

use std::sync::Arc;

use super::{Lane, LaneState, Seen, Terms};
use crate::item::{Priority, Timestamp};
use crate::store::Claim;

/// Receivers take the end of an association for the end of a study: so long is waited for what comes late.
const LEAST_LINGER_SECONDS: u32 = 2;
/// How late what is due may become ready.
const PROMOTION_SECONDS: f64 = 1.0;
/// A group to which something new still comes after so long, while others wait, is ended: one without an end would hold
/// them up for ever.
const ENDLESS_SECONDS: f64 = 3600.0;

/// A group in a worker's hand.
pub(super) struct Hold {
    group: String,
    /// Those that it began with.
    terms: Arc<Terms>,
    /// For the time of a claim.
    brief: bool,
    since: Timestamp,
    /// Arrival of the newest instance claimed so far.
    newest: Timestamp,
    /// What was claimed last is `Stat`, or a person wants it sent now: it gives way to nothing.
    urgent: bool,
    /// Nothing of it was ready since its last claim.
    empty: Option<Empty>,
    /// To be ended at once.
    over: bool,
}

/// The last look that found nothing of the group.
#[derive(Clone, Copy)]
struct Empty {
    /// The poke that it came after.
    pokes: u64,
    /// The first such look since the last claim.
    since: Timestamp,
    /// So long more of the group is waited for.
    until: Timestamp,
}

/// Which other workers count.
#[derive(Debug, Clone, Copy)]
pub(in crate::dispatch) struct Others {
    /// Reserved ones too.
    pub reserved: bool,
    /// Those too that only wait for more of their group.
    pub waiting: bool,
}

/// What a worker with a group in hand does next.
pub(super) enum Next {
    Claim,
    WaitUntil(Timestamp),
    LetGo,
}

impl Hold {
    /// To be ended at once.
    pub(super) fn end(&mut self) {
        self.over = true;
    }

    pub(super) fn next(&self, pokes: u64, now: Timestamp) -> Next {
        if self.over {
            return Next::LetGo;
        }
        match self.empty {
            Some(empty) if empty.pokes != pokes => Next::Claim,
            Some(empty) if now < empty.until => Next::WaitUntil(empty.until),
            Some(_) => Next::LetGo,
            None => Next::Claim,
        }
    }

    pub(super) fn is_empty_at(&self, pokes: u64) -> bool {
        self.empty.is_some_and(|empty| empty.pokes == pokes)
    }
}

impl LaneState {
    /// The worker has sent what it claimed: others may take of the group, unless it has its association to itself.
    pub(super) fn end_of_claim(&mut self, worker: u32) {
        if self.holds.get(&worker).is_some_and(|hold| hold.brief) {
            self.holds.remove(&worker);
            // They may have found nothing else.
            self.pokes = self.pokes.wrapping_add(1);
        }
    }
}

impl Lane {
    /// Seconds for which more of a group is waited for.
    pub(super) fn linger(&self) -> f64 {
        // Over REST the association ends with each job: there is nothing to keep.
        let terms = self.terms();
        if terms.endpoint.traits().shared {
            return 0.0;
        }
        f64::from(terms.settings.quiet_seconds.max(LEAST_LINGER_SECONDS))
    }

    /// The group that this worker has in hand.
    pub(in crate::dispatch) fn held(&self, worker: u32) -> Option<String> {
        self.lock()
            .holds
            .get(&worker)
            .map(|hold| hold.group.clone())
    }

    /// The groups that workers have in hand.
    pub(in crate::dispatch) fn in_hand(&self) -> Vec<String> {
        let state = self.lock();
        state
            .holds
            .values()
            .map(|hold| hold.group.clone())
            .collect()
    }

    /// The groups that other workers have in hand.
    pub(in crate::dispatch) fn in_other_hands(&self, worker: u32) -> Vec<String> {
        let state = self.lock();
        let others = state.holds.iter().filter(|(other, _)| **other != worker);
        others.map(|(_, hold)| hold.group.clone()).collect()
    }

    /// The worker has this claim's group in hand from now on. `true`: and did not before.
    pub(super) fn take_in_hand(
        &self,
        state: &mut LaneState,
        worker: u32,
        claim: &Claim,
        now: Timestamp,
        terms: &Arc<Terms>,
    ) -> bool {
        let arrived = claim.items.iter().map(|item| item.created).max();
        let begun = !state.holds.contains_key(&worker);
        let hold = state.holds.entry(worker).or_insert_with(|| Hold {
            group: group_of(claim).to_owned(),
            terms: terms.clone(),
            brief: !terms.is_per_group(),
            since: now,
            newest: Timestamp::default(),
            urgent: false,
            empty: None,
            // A group of its own is whole; one that began under other settings than now's goes no further.
            over: claim.group.is_none() || !self.is_under(terms),
        });
        hold.newest = hold.newest.max(arrived.unwrap_or(now)).min(now);
        hold.urgent = claim.hurried
            || claim
                .items
                .iter()
                .any(|item| item.priority == Priority::Stat);
        hold.empty = None;
        if begun {
            // One worker less is free for what others may have left to it.
            state.pokes = state.pokes.wrapping_add(1);
        }
        begun
    }

    /// Nothing of the group is ready. `due`: when something of it will be. `wanted`: others wait, and no worker is free
    /// for them.
    pub(in crate::dispatch) fn nothing_of_group(
        &self,
        worker: u32,
        seen: Seen,
        due: Option<Timestamp>,
        wanted: bool,
    ) {
        let now = self.tools.clock.now();
        let open = self.may_pass(now);
        let linger = self.linger();
        self.change(|state| {
            let Some(hold) = state.holds.get_mut(&worker) else {
                return;
            };
            let since = hold.empty.map_or(now, |empty| empty.since);
            let from = if wanted { hold.newest } else { since };
            // What came late is due once it was quiet for long enough: it is part of the group too, unless a rule holds
            // it back for longer than the destination does.
            let due = due.filter(|due| *due <= now.plus_seconds(linger));
            let due = due.map(|due| due.plus_seconds(PROMOTION_SECONDS));
            let until = from.plus_seconds(linger).max(due.unwrap_or_default());
            hold.empty = Some(Empty {
                pokes: seen.pokes,
                since,
                until,
            });
            hold.over |= !open || linger == 0.0;
        });
    }

    /// Whether the worker's group is one to which new instances come without an end.
    pub(in crate::dispatch) fn is_endless(&self, worker: u32) -> bool {
        let state = self.lock();
        let hold = state.holds.get(&worker);
        hold.is_some_and(|hold| hold.newest > hold.since.plus_seconds(ENDLESS_SECONDS))
    }

    /// Whether another worker may begin with another group, or will soon.
    pub(in crate::dispatch) fn is_other_free(&self, worker: u32, which: Others) -> bool {
        self.other_free(&self.lock(), worker, which)
    }

    fn other_free(&self, state: &LaneState, worker: u32, which: Others) -> bool {
        let ends = |hold: &Hold| hold.over || (which.waiting && hold.empty.is_some());
        if self.wire.lock().is_congested() && !state.holds.values().any(ends) {
            return false;
        }
        (0..self.associations())
            .filter(|other| *other != worker && (which.reserved || !self.is_reserved(*other)))
            .any(|other| state.holds.get(&other).is_none_or(ends))
    }

    /// Whether the worker's group may be cut short for something urgent.
    pub(in crate::dispatch) fn may_give_way(&self, worker: u32) -> bool {
        let state = self.lock();
        let hold = state.holds.get(&worker);
        hold.is_some_and(|hold| !hold.urgent || hold.empty.is_some())
    }

    /// The worker's group ends where it is, unless another worker is free after all. `true`: it does.
    pub(in crate::dispatch) fn give_way(&self, worker: u32, which: Others) -> bool {
        let ended = self.change(|state| {
            if self.other_free(state, worker, which) {
                return None;
            }
            let hold = state.holds.get_mut(&worker)?;
            hold.over = true;
            Some((hold.group.clone(), hold.empty.is_some()))
        });
        if let Some((group, false)) = &ended {
            log::warn!(
                "{}: the association of {group} ends before all of it was sent: something urgent waits, and no other \
                 association is free",
                self.name
            );
        }
        ended.is_some()
    }

    /// The worker's group ends where it is.
    pub(in crate::dispatch) fn end_group(&self, worker: u32) {
        self.change(|state| {
            if let Some(hold) = state.holds.get_mut(&worker) {
                hold.end();
            }
        });
    }

    /// Releases the association of the worker's group; then others may take what is left of it.
    pub(in crate::dispatch) fn let_go(&self, worker: u32) {
        let held = {
            let state = self.lock();
            let hold = state.holds.get(&worker);
            hold.map(|hold| (hold.group.clone(), hold.terms.clone()))
        };
        let Some((group, terms)) = held else {
            return;
        };
        terms.endpoint.end_group(&group);
        self.change(|state| {
            state.holds.remove(&worker);
            state.pokes = state.pokes.wrapping_add(1);
        });
        self.wire.lay_down(self.place(worker));
    }
}

/// What a claim's items are kept together with; an item without a group is one.
pub(in crate::dispatch) fn group_of(claim: &Claim) -> &str {
    let first = claim
        .items
        .first()
        .map_or("", |item| item.ids.instance.as_str());
    claim.group.as_deref().unwrap_or(first)
}
