//! A worker asks for what was acknowledged, and what follows from the answers.
//!
//! Invariants:
//! - What was claimed is ended, or due again, on every path, a panic included.
//! - Only an answer of the destination itself for this very delivery confirms it.

use crate::config::confirm::Confirm;
use crate::config::settings::LocalAet;
use crate::dispatch::lane::{Lane, Terms};
use crate::failpoint;
use crate::item::follow_up::{self, Asking, follow};
use crate::item::{Class, Means, Outcome, Timestamp};
use crate::store::{FollowUp, FollowUps, Followed};
use crate::transport::confirm::{Answers, Asked, Question};

use super::{Step, fault};

/// Deliveries that are asked for together.
const MOST: u32 = 100;
/// Seconds after which what could not be asked for to its end is asked for again.
const BROKEN_OFF: f64 = 60.0;
/// Series that are asked for by C-FIND one after the other: each takes a question of its own, and the destination's
/// time.
const MOST_SERIES: usize = 4;

pub(super) fn step(lane: &Lane, terms: &Terms) -> Step {
    let store = &lane.tools.store;
    // Only storage commitment has reports.
    let confirm = terms.settings.confirm.as_ref();
    let commits = confirm.is_some_and(|confirm| confirm.by.contains(&Means::StorageCommitment));
    let reports = match commits {
        true => lane.tools.reports,
        false => u32::MAX,
    };
    let claimed = store.claim_follow_ups(&lane.name, lane.tools.clock.now(), MOST, reports);
    let step = match claimed {
        Ok(None) => Step::Worked,
        Ok(Some(claim)) => {
            Held { lane, claim }.ask(terms);
            Step::Worked
        }
        Err(error) => fault(lane, &error),
    };
    match store.next_follow_up(&lane.name, reports) {
        Ok(due) => lane.will_ask(due),
        Err(error) => {
            lane.ask_soon();
            return fault(lane, &error);
        }
    }
    step
}

/// What was claimed; due again, if it is dropped before anything came of it.
struct Held<'a> {
    lane: &'a Lane,
    claim: FollowUps,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let now = self.lane.tools.clock.now();
        let due = now.plus_seconds(BROKEN_OFF);
        let all = self.claim.all.iter();
        let results: Vec<(i64, Followed)> = all.map(|one| self.unasked(one, due)).collect();
        if results.is_empty() {
            return;
        }
        let store = &self.lane.tools.store;
        if let Err(error) = store.followed(self.claim.token, &results, now) {
            log::error!(
                "{}: {} deliveries that are to be confirmed wait for the next start: {error}",
                self.lane.name,
                results.len()
            );
        }
    }
}

impl Held<'_> {
    /// Nothing was asked.
    fn unasked(&self, one: &FollowUp, due: Timestamp) -> (i64, Followed) {
        (one.item, follow_up::unasked(&self.claim.before(one), due))
    }

    /// Its time is over.
    fn timed_out(&self, one: &FollowUp) -> (i64, Followed) {
        (one.item, follow_up::timed_out(&self.claim.before(one)))
    }

    fn ask(mut self, terms: &Terms) {
        failpoint::panic_in("sq-send.asked");
        let lane = self.lane;
        let now = lane.tools.clock.now();
        let results = match &terms.settings.confirm {
            Some(confirm) => self.results(terms, confirm, now),
            None => (self.claim.all.iter())
                .map(|one| (one.item, Followed::Dropped))
                .collect(),
        };
        failpoint::pass("asked");
        if self.write(&results) {
            lane.followed(&results);
        }
        self.claim.all.clear();
    }

    fn results(&self, terms: &Terms, confirm: &Confirm, now: Timestamp) -> Vec<(i64, Followed)> {
        let all = &self.claim.all;
        // The time of what could not be asked for when that was due begins now: an outage costs none of it.
        let delivered = |one: &FollowUp| match one.asked {
            0 => one.delivered.max(confirm.first_asked(now)),
            _ => one.delivered,
        };
        let turn = |one: &FollowUp| match confirm.turn(delivered(one), now) {
            // Its report may have come since it was looked for.
            None if self.claim.transaction.is_some() => Some((Means::StorageCommitment, now)),
            turn => turn,
        };
        let Some((by, _)) = all.iter().find_map(turn) else {
            return all.iter().map(|one| self.timed_out(one)).collect();
        };
        let mut results = Vec::new();
        let mut asked: Vec<(&FollowUp, Timestamp)> = Vec::new();
        let mut series: Vec<&str> = Vec::new();
        for one in all {
            match turn(one) {
                None => results.push(self.timed_out(one)),
                Some((means, until)) if means == by && self.lane.may_claim() => {
                    if by == Means::Find && !series.contains(&one.ids.series.as_str()) {
                        series.push(&one.ids.series);
                    }
                    match series.len() {
                        0..=MOST_SERIES => asked.push((one, until)),
                        _ => results.push(self.unasked(one, now)),
                    }
                }
                // In a claim of its own.
                Some(_) => results.push(self.unasked(one, now)),
            }
        }
        if asked.is_empty() {
            return results;
        }
        let answers = self.answers(terms, by, &asked);
        let trouble = answers.trouble.as_ref();
        // Of all of them the same, so that they are asked for together again.
        let jitter = (self.lane.tools.jitter)();
        for ((one, until), answer) in asked.iter().zip(&answers.each) {
            let asking = Asking {
                now,
                until: *until,
                delivered: delivered(one),
                timeout: confirm.timeout,
                retry: &terms.settings.retry,
                jitter,
                expires: terms.settings.expiry(&*self.lane.tools.clock),
                is_out: trouble.is_some_and(is_outage),
                transaction: answers.transaction.as_deref(),
            };
            results.push((one.item, follow(&self.claim.before(one), answer, &asking)));
        }
        results
    }

    /// Looks for the report of the open transaction, or asks.
    fn answers(&self, terms: &Terms, by: Means, asked: &[(&FollowUp, Timestamp)]) -> Answers {
        let lane = self.lane;
        let instances: Vec<Asked> = (asked.iter())
            .map(|(one, _)| Asked {
                ids: one.ids.clone(),
                sent_as: one.sent_as.clone(),
                series: one.series.clone(),
            })
            .collect();
        let open = self.claim.transaction.as_deref();
        let answers = terms.endpoint.confirm(&Question {
            by,
            transaction: open.filter(|_| by == Means::StorageCommitment),
            local_aet: match &terms.settings.local_aet {
                LocalAet::Fixed(aet) => Some(aet),
                LocalAet::Orthanc | LocalAet::Remote => None,
            },
            timeout: terms.settings.timeout,
            instances: &instances,
        });
        match &answers.trouble {
            Some(trouble) if is_outage(trouble) => lane.unreachable(trouble),
            // It may have too many associations; and what it makes of a question says nothing of how it takes
            // instances.
            Some(trouble) => {
                if trouble.may_be_congestion {
                    lane.congested(trouble);
                }
                log::info!(
                    "{}: it could not be asked for what it acknowledged: {}",
                    lane.name,
                    trouble.for_log()
                );
            }
            None => {}
        }
        answers
    }

    /// Tries until it is done; `false`: the lane was stopped before, and all is asked for again.
    fn write(&self, results: &[(i64, Followed)]) -> bool {
        let lane = self.lane;
        loop {
            let now = lane.tools.clock.now();
            match lane.tools.store.followed(self.claim.token, results, now) {
                Ok((again, _)) => {
                    if again > 0 {
                        lane.poke();
                    }
                    return true;
                }
                Err(error) => {
                    log::debug!("{}: answers cannot be written: {error}", lane.name);
                    if lane.is_stopped() {
                        return false;
                    }
                    super::pause(lane);
                }
            }
        }
    }
}

/// Whether nobody is there.
fn is_outage(trouble: &Outcome) -> bool {
    trouble.class == Class::Unreachable && !trouble.may_be_congestion
}
