//! A claim on its way: to the transport, each result judged and written, the rest given back.
//!
//! Invariants:
//! - What was claimed is finished or released on every path, a panic included.
//! - What a delivery told is written before anything else is claimed; if it cannot be written (full disk) the
//!   worker holds on to it and tries again, so that an acknowledged instance is not sent twice.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use super::hold;
use super::judge::{is_answer, is_not_now, judge, panicked, settle, share, was_sent};
use crate::config::settings::LocalAet;
use crate::dispatch::lane::{Lane, Terms, group_of};
use crate::failpoint;
use crate::item::{Item, Priority, Timestamp};
use crate::store::{Claim, Ending, Finish, Groups, Hand, Pick};
use crate::transport::{Batch, Permit, Tried};
use parking_lot::{Mutex, MutexGuard};

/// A claim that is released if it is dropped before it was finished.
pub(super) struct Held<'a> {
    pub(super) lane: &'a Lane,
    pub(super) worker: u32,
    token: i64,
    /// Under which it is sent.
    pub(super) terms: &'a Arc<Terms>,
    /// Those without a result. Behind a lock only because a transport may tell results from any thread.
    ids: Mutex<Vec<i64>>,
}

impl<'a> Held<'a> {
    pub(super) fn new(
        lane: &'a Lane,
        worker: u32,
        claim: &Claim,
        terms: &'a Arc<Terms>,
    ) -> Held<'a> {
        Held {
            lane,
            worker,
            token: claim.token,
            terms,
            ids: Mutex::new(claim.items.iter().map(|item| item.id).collect()),
        }
    }

    pub(super) fn ids(&self) -> MutexGuard<'_, Vec<i64>> {
        self.ids.lock()
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let all: Vec<Finish> = self.ids().drain(..).map(release).collect();
        if all.is_empty() {
            return;
        }
        let tools = &self.lane.tools;
        match tools.store.finish(self.token, &all, tools.clock.now()) {
            Ok(_) => self.lane.poke(),
            Err(error) => log::error!(
                "{}: {} claimed items could not be released and wait for the next start: {error}",
                self.lane.name,
                all.len()
            ),
        }
    }
}

pub(super) fn release(id: i64) -> Finish {
    Finish {
        id,
        ending: Ending::Release,
    }
}

pub(super) fn send(held: Held<'_>, claim: &Claim, pick: Pick, permit: Permit<'_>) {
    let (lane, worker, terms) = (held.lane, held.worker, held.terms);
    let mut results = Vec::with_capacity(claim.items.len());
    // Paused or stopped while it was claimed.
    let mut over = !lane.may_claim();
    let mut rests = false;
    for part in runs(terms, &claim.items) {
        if over {
            results.extend(part.iter().map(|item| release(item.id)));
            continue;
        }
        // One instance of a batch is in memory at a time. Whoever takes his own part of the budget waits for none here.
        let mut _share = None;
        if !terms.endpoint.traits().memory {
            let largest = part.iter().map(|item| item.size_bytes).max().unwrap_or(0);
            _share = lane.tools.budget.take(largest);
            if _share.is_none() {
                results.extend(part.iter().map(|item| release(item.id)));
                continue;
            }
        }
        let begun = Instant::now();
        let yielding = Yielding::new(lane, worker, part, pick, terms);
        let ended = AtomicBool::new(false);
        let batch = Batch {
            group: terms.is_per_group().then(|| group_of(claim)),
            local_aet: local_aet(terms, part),
            timeout: terms.settings.timeout,
            transfer_syntax: terms.settings.transfer_syntax,
            items: part,
            recalled: &|| recalled(lane, held.token, part),
            to_confirm: terms.settings.confirm.is_some(),
            in_hand: &|part_of_it, job| in_hand(lane, held.token, &part[part_of_it], job),
            told: &|index, tried| {
                let goes_on = part
                    .get(index)
                    .is_none_or(|item| tell(lane, &held, item, tried) && !yielding.is_time());
                ended.fetch_or(!goes_on, Ordering::Relaxed);
                goes_on
            },
        };
        let started = lane.tools.clock.now();
        let delivery = catch_unwind(AssertUnwindSafe(|| terms.endpoint.deliver(&batch)))
            .unwrap_or_else(|_| panicked(&held, part, started, begun.elapsed()));
        // A claim may have several parts.
        rests = is_not_now(lane, &delivery);
        over = judge(lane, &held, part, &delivery, begun.elapsed())
            || rests
            || ended.into_inner()
            || !lane.may_claim();
        let untold = || {
            let ids = held.ids().clone();
            part.iter()
                .zip(&delivery.0)
                .filter(move |(item, _)| ids.contains(&item.id))
        };
        let unsent = untold().filter(|(_, tried)| !was_sent(tried));
        lane.not_sent(unsent.map(|(item, _)| item.size_bytes).sum());
        let each = share(untold().map(|(_, tried)| tried));
        results.extend(untold().filter_map(|(item, tried)| settle(&held, item, tried, each)));
    }
    // Another batch may go while the results are written.
    drop(permit);
    failpoint::pass("delivered");
    finish(lane, held, &results);
    if rests {
        super::pause(lane);
    }
}

/// Writes one result while its batch goes on. `false`: nothing more of it is to be sent.
fn tell(lane: &Lane, held: &Held<'_>, item: &Item, tried: &Tried) -> bool {
    if let Tried::Made {
        outcome, duration, ..
    } = tried
    {
        if is_answer(outcome.class) {
            lane.answered(1, item.size_bytes, *duration);
        }
        if !was_sent(tried) {
            lane.not_sent(item.size_bytes);
        }
    }
    if let Some(result) = settle(held, item, tried, None) {
        if !write(lane, held.token, &[result]) {
            // It stays `Running`, and is sent again after the next start.
            held.ids().clear();
            return false;
        }
        failpoint::pass("told");
    }
    held.ids().retain(|id| *id != item.id);
    lane.may_claim()
}

/// `false`: it could not be written.
fn in_hand(lane: &Lane, token: i64, items: &[Item], job: Option<&str>) -> bool {
    let (Some(first), Some(last)) = (items.first(), items.last()) else {
        return true;
    };
    let hand = Hand {
        first: first.id,
        last: last.id,
        job: job.map(str::to_owned),
    };
    let written = lane.tools.store.set_hand(token, &hand);
    if let Err(error) = &written {
        log::debug!(
            "{}: what is being sent cannot be written down: {error}",
            lane.name
        );
    }
    written.is_ok()
}

/// Whether a batch that goes instance by instance should be given back before its end.
struct Yielding<'a> {
    lane: &'a Lane,
    worker: u32,
    /// Something more urgent than this batch.
    above: Option<Priority>,
    pick: Pick,
    terms: &'a Arc<Terms>,
    pokes: AtomicU64,
}

impl<'a> Yielding<'a> {
    fn new(
        lane: &'a Lane,
        worker: u32,
        items: &[Item],
        pick: Pick,
        terms: &'a Arc<Terms>,
    ) -> Yielding<'a> {
        let highest = items.iter().map(|item| item.priority).max();
        // What came since the claim is looked for at once. But for the fair claims: they take the oldest though more
        // urgent ones wait, and only what comes from now on cuts them short.
        let looked = lane.pokes().wrapping_sub(u64::from(pick != Pick::Oldest));
        Yielding {
            lane,
            worker,
            above: highest.and_then(Priority::next),
            pick,
            terms,
            pokes: AtomicU64::new(looked),
        }
    }

    /// Something more urgent came, the window closed, or the settings are others now: what is sent from then on shall
    /// be changed as they ask.
    fn is_time(&self) -> bool {
        if !self.lane.is_under(self.terms) {
            return true;
        }
        if self.pick != Pick::Hurried && self.lane.is_outside_window() {
            return true;
        }
        if self.lane.tools.alone.is_pressing() {
            return true;
        }
        // The queue is looked into only when something came.
        let now = self.lane.pokes();
        if self.pokes.swap(now, Ordering::Relaxed) == now {
            return false;
        }
        if self.terms.is_per_group() {
            return hold::is_time_to_give_way(self.lane, self.worker, false)
                || hold::is_time_to_end(self.lane, self.worker);
        }
        let Some(above) = self.above else {
            return false;
        };
        let store = &self.lane.tools.store;
        // What is in another hand goes next there.
        let taken = self.lane.in_other_hands(self.worker);
        let urgent = store.is_ready(
            &self.lane.name,
            Groups::Except(&taken),
            Pick::AtLeast(above),
        );
        // A store that cannot be asked now will say so at the next claim.
        urgent.unwrap_or(false)
    }
}

/// The items in runs that can share an association: with `"$RemoteAet"` each calling AET needs its own.
fn runs<'a>(terms: &Terms, items: &'a [Item]) -> Vec<&'a [Item]> {
    if terms.settings.local_aet == LocalAet::Remote {
        items
            .chunk_by(|a, b| a.remote_aet == b.remote_aet)
            .collect()
    } else {
        vec![items]
    }
}

fn local_aet<'a>(terms: &'a Terms, items: &'a [Item]) -> Option<&'a str> {
    match &terms.settings.local_aet {
        LocalAet::Orthanc => None,
        LocalAet::Fixed(aet) => Some(aet),
        LocalAet::Remote => items.first().and_then(|item| item.remote_aet.as_deref()),
    }
}

/// The items of a batch under way that a person has cancelled since.
fn recalled(lane: &Lane, token: i64, items: &[Item]) -> Vec<i64> {
    let ids: Vec<i64> = items.iter().map(|item| item.id).collect();
    match lane.tools.store.still_claimed(token, &ids) {
        Ok(held) => ids.into_iter().filter(|id| !held.contains(id)).collect(),
        Err(_) => Vec::new(),
    }
}

/// Writes the results; until they are written nothing else is claimed by this worker.
fn finish(lane: &Lane, held: Held<'_>, results: &[Finish]) {
    let written = write(lane, held.token, results);
    // What could not be written before a stop stays `Running`, and is sent again after the next start.
    held.ids().clear();
    if written {
        failpoint::pass("finished");
        if results.iter().any(|one| one.ending == Ending::Release) {
            // Another worker may have found the queue empty meanwhile.
            lane.poke();
        }
    }
}

/// When a delivery is to be confirmed.
fn confirm(result: &Finish) -> Option<Timestamp> {
    match &result.ending {
        Ending::Complete(attempt) => attempt.confirm.as_ref().map(|confirm| confirm.due),
        _ => None,
    }
}

/// Tries until it is done; `false`: the lane was stopped before. The store tells of its faults itself, once for all
/// workers.
fn write(lane: &Lane, token: i64, results: &[Finish]) -> bool {
    let tools = &lane.tools;
    loop {
        match tools.store.finish(token, results, tools.clock.now()) {
            Ok(_) => {
                lane.will_ask(results.iter().filter_map(confirm).min());
                return true;
            }
            Err(error) => {
                log::debug!(
                    "{}: {} results cannot be written: {error}",
                    lane.name,
                    results.len()
                );
                if lane.is_stopped() {
                    return false;
                }
                super::pause(lane);
            }
        }
    }
}
