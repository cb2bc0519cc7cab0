//! A worker asks for what was acknowledged, and what follows from the answers.
//!
//! Invariants:
//! - What was claimed is ended, or due again, on every path, a panic included.
//! - Only an answer of the destination itself for this very delivery confirms it.

use crate::config::confirm::Confirm;
use crate::config::settings::LocalAet;
use crate::dispatch::lane::{Lane, Terms};
use crate::failpoint;
use crate::item::{Class, Means, RetryPolicy, Timestamp};
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
            .map(|one| (one.item, again(now.plus_seconds(BROKEN_OFF))))
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
fn again(due: Timestamp) -> Followed {
    Followed::Later {
        due,
        asked: false,
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
        let turn = |one: &FollowUp| confirm.turn(one.delivered, now);
        let all = &self.claim.all;
        let Some((by, _)) = all.iter().find_map(turn) else {
            return all.iter().map(|one| (one.item, timed_out(one))).collect();
        };
        let mut results = Vec::new();
        let mut asked: Vec<(&FollowUp, Timestamp)> = Vec::new();
        for one in all {
            match turn(one) {
                None => results.push((one.item, timed_out(one))),
                Some((means, until)) if means == by => asked.push((one, until)),
                // In a claim of its own.
                Some(_) => results.push((one.item, again(now))),
            }
        }
        let answers = self.answers(terms, confirm, by, &asked, now);
        for ((one, until), answer) in asked.iter().zip(&answers.each) {
            let follow = Follow {
                one,
                now,
                until: *until,
                retry: &terms.settings.retry,
                jitter: (self.lane.tools.jitter)(),
                expires: terms.settings.expiry(&*self.lane.tools.clock),
                is_out: (answers.trouble.as_ref())
                    .is_some_and(|trouble| trouble.class == Class::Unreachable),
                open: self.claim.transaction.as_deref(),
            };
            results.push((one.item, follow.up(answer, answers.transaction.as_deref())));
        }
        results
    }

    /// Looks for the report, or asks; and again, if the report has not come for long.
    fn answers(
        &self,
        terms: &Terms,
        confirm: &Confirm,
        by: Means,
        asked: &[(&FollowUp, Timestamp)],
        now: Timestamp,
    ) -> Answers {
        let lane = self.lane;
        let instances: Vec<Asked> = (asked.iter())
            .map(|(one, _)| Asked {
                ids: one.ids.clone(),
                sent_as: one.sent_as.clone(),
            })
            .collect();
        let open = self.claim.transaction.as_deref();
        let open = open.filter(|_| by == Means::StorageCommitment);
        let ask = |transaction| {
            terms.endpoint.confirm(&Question {
                by,
                transaction,
                local_aet: match &terms.settings.local_aet {
                    LocalAet::Fixed(aet) => Some(aet),
                    LocalAet::Orthanc | LocalAet::Remote => None,
                },
                timeout: terms.settings.timeout,
                instances: &instances,
            })
        };
        if open.is_some() {
            let answers = ask(open);
            let is_late = |one: &FollowUp| {
                let begun = one.begun.unwrap_or(now);
                now >= begun.plus_seconds(patience(confirm, one.asked))
            };
            let is_awaited = answers.each.contains(&Answer::Awaited);
            if !is_awaited || !asked.iter().any(|(one, _)| is_late(one)) {
                return answers;
            }
        }
        let answers = ask(None);
        match &answers.trouble {
            Some(trouble) if trouble.class == Class::Unreachable => lane.unreachable(trouble),
            Some(trouble) => lane.misbehaved(trouble),
            None => lane.reached(),
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
    Followed::TimedOut {
        details: format!("it was acknowledged, and not confirmed in time: {said}"),
    }
}

/// What an answer is judged by.
struct Follow<'a> {
    one: &'a FollowUp,
    now: Timestamp,
    /// The turn of this means ends then.
    until: Timestamp,
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
            Answer::Denied { details, .. } | Answer::NotYet(details) => Followed::Later {
                due: match self.is_out {
                    true => self.now,
                    false => {
                        let due = (self.retry).due(self.one.asked + 1, self.now, self.jitter);
                        due.min(self.until)
                    }
                },
                asked: !self.is_out,
                said: Some(details.clone()),
                transaction: None,
            },
            Answer::Awaited => self.awaited(transaction),
        }
    }

    fn awaited(&self, transaction: Option<&str>) -> Followed {
        let begun = self.one.begun.filter(|_| transaction == self.open);
        let waited = begun.map_or(0.0, |begun| self.now.since(begun).as_secs_f64());
        let (least, most) = LOOK_SECONDS;
        let look = self.now.plus_seconds((waited / 2.0).clamp(least, most));
        Followed::Later {
            due: look.min(self.until),
            asked: begun.is_none(),
            said: Some("its report on storage commitment has not come".to_owned()),
            transaction: transaction.map(str::to_owned),
        }
    }
}
