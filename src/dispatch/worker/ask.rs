//! A worker asks for what was acknowledged, and what follows from the answers.
//!
//! Invariants:
//! - What was claimed is ended, or due again, on every path, a panic included.
//! - Only an answer of the destination itself for this very delivery confirms it.

use crate::config::confirm::Confirm;
use crate::config::settings::LocalAet;
use crate::dispatch::lane::{Lane, Terms};
use crate::failpoint;
use crate::item::{Class, Means, Outcome, RetryPolicy, Timestamp};
use crate::store::{FollowUp, FollowUps, Followed};
use crate::transport::confirm::{Answer, Answers, Asked, Question};

use super::{Step, fault};

/// Deliveries that are asked for together.
const MOST: u32 = 100;
/// "No such object instance": it does not have it (PS3.3 C.14.1.1).
const NO_SUCH_INSTANCE: u16 = 0x0112;
/// "Class/instance conflict" and "referenced SOP class not supported" (the same): it will never answer for it.
const NEVER: [u16; 2] = [0x0119, 0x0122];
/// Seconds after which what could not be asked for to its end is asked for again.
const BROKEN_OFF: f64 = 60.0;
/// A report comes after seconds or after hours: it is looked for after half of the time that it was waited for so far,
/// within these bounds.
const LOOK_SECONDS: (f64, f64) = (1.0, 60.0);
/// Parts of `Timeout` after which a report that did not come is asked for anew; each time twice as long, so that one
/// that always takes hours comes in time for some transaction.
const PATIENCE: f64 = 16.0;
const LEAST_PATIENCE: f64 = 60.0;
/// Series that are asked for by C-FIND one after the other: each takes a question of its own, and the destination's
/// time.
const MOST_SERIES: usize = 4;
const NO_REPORT: &str = "its report on storage commitment has not come";

pub(super) fn step(lane: &Lane, terms: &Terms) -> Step {
    let store = &lane.tools.store;
    let claimed = store.claim_follow_ups(&lane.name, lane.tools.clock.now(), MOST);
    let step = match claimed {
        Ok(None) => Step::Worked,
        Ok(Some(claim)) => {
            Held { lane, claim }.ask(terms);
            Step::Worked
        }
        Err(error) => fault(lane, &error),
    };
    match store.next_follow_up(&lane.name) {
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
        let results: Vec<(i64, Followed)> = (self.claim.all.drain(..))
            .map(|one| {
                let due = now.plus_seconds(BROKEN_OFF);
                (one.item, again(&one, due))
            })
            .collect();
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

/// Nothing was asked.
fn again(one: &FollowUp, due: Timestamp) -> Followed {
    Followed::Later {
        due,
        asked: false,
        delivered: one.delivered,
        said: None,
        transaction: None,
    }
}

impl Held<'_> {
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
            return all.iter().map(|one| (one.item, timed_out(one))).collect();
        };
        let mut results = Vec::new();
        let mut asked: Vec<(&FollowUp, Timestamp)> = Vec::new();
        let mut series: Vec<&str> = Vec::new();
        for one in all {
            match turn(one) {
                None => results.push((one.item, timed_out(one))),
                Some((means, until)) if means == by && self.lane.may_claim() => {
                    if by == Means::Find && !series.contains(&one.ids.series.as_str()) {
                        series.push(&one.ids.series);
                    }
                    match series.len() {
                        0..=MOST_SERIES => asked.push((one, until)),
                        _ => results.push((one.item, again(one, now))),
                    }
                }
                // In a claim of its own.
                Some(_) => results.push((one.item, again(one, now))),
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
            let follow = Follow {
                one,
                now,
                until: *until,
                delivered: delivered(one),
                confirm,
                retry: &terms.settings.retry,
                jitter,
                expires: terms.settings.expiry(&*self.lane.tools.clock),
                is_out: trouble.is_some_and(is_outage),
                open: self.claim.transaction.as_deref(),
            };
            results.push((one.item, follow.up(answer, answers.transaction.as_deref())));
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

/// Seconds that a report is waited for before it is asked for anew.
fn patience(confirm: &Confirm, asked: u32) -> f64 {
    let times = 2.0_f64.powi(i32::try_from(asked.saturating_sub(1)).unwrap_or(i32::MAX));
    (f64::from(confirm.timeout) / PATIENCE * times).max(LEAST_PATIENCE)
}

fn timed_out(one: &FollowUp) -> Followed {
    let said = match one.said.as_str() {
        "" => "no answer came",
        said => said,
    };
    over(said)
}

fn over(said: &str) -> Followed {
    Followed::TimedOut {
        details: format!("it was acknowledged, and not confirmed in time: {said}"),
    }
}

/// What an answer is judged by.
struct Follow<'a> {
    one: &'a FollowUp,
    now: Timestamp,
    /// The turn of this means ends then; now: it was the last look.
    until: Timestamp,
    delivered: Timestamp,
    confirm: &'a Confirm,
    retry: &'a RetryPolicy,
    jitter: f64,
    /// For what is sent again.
    expires: Option<Timestamp>,
    /// Nobody is there: it is asked for once somebody is.
    is_out: bool,
    /// The transaction whose report was awaited.
    open: Option<&'a str>,
}

impl Follow<'_> {
    fn up(&self, answer: &Answer, transaction: Option<&str>) -> Followed {
        match answer {
            Answer::Has => Followed::Confirmed,
            Answer::Denied { status, details } if *status == NO_SUCH_INSTANCE => {
                Followed::Refused {
                    status: *status,
                    details: details.clone(),
                    resend: true,
                    expires: self.expires,
                }
            }
            Answer::Denied { status, details } if NEVER.contains(status) => Followed::Refused {
                status: *status,
                details: details.clone(),
                resend: false,
                expires: None,
            },
            Answer::Denied { details, .. } | Answer::NotYet(details) => {
                self.not_yet(details, transaction)
            }
            Answer::Awaited => self.awaited(transaction),
        }
    }

    fn not_yet(&self, details: &str, transaction: Option<&str>) -> Followed {
        if self.until <= self.now {
            return over(details);
        }
        // The report could not be looked for.
        let is_open = transaction.is_some() && transaction == self.open;
        let counts = !self.is_out && !is_open;
        let asked = self.one.asked + u32::from(counts);
        let due = match self.is_out {
            true => self.now,
            false => (self.retry)
                .due(asked.max(1), self.now, self.jitter)
                .min(self.until),
        };
        Followed::Later {
            due,
            asked: counts,
            delivered: match counts {
                true => self.delivered,
                false => self.one.delivered,
            },
            said: Some(details.to_owned()),
            transaction: transaction.filter(|_| is_open).map(str::to_owned),
        }
    }

    fn awaited(&self, transaction: Option<&str>) -> Followed {
        let begun = self.one.begun.filter(|_| transaction == self.open);
        let waited = begun.map_or(0.0, |begun| self.now.since(begun).as_secs_f64());
        if self.until <= self.now {
            return timed_out(self.one);
        }
        // With others of its study that are due then.
        if waited >= patience(self.confirm, self.one.asked) {
            return again(self.one, self.now);
        }
        let (least, most) = LOOK_SECONDS;
        let look = self.now.plus_seconds((waited / 2.0).clamp(least, most));
        Followed::Later {
            due: look.min(self.until),
            asked: begun.is_none(),
            delivered: self.delivered,
            // What was said of a report that was none is worth more.
            said: self.one.said.is_empty().then(|| NO_REPORT.to_owned()),
            transaction: transaction.map(str::to_owned),
        }
    }
}
