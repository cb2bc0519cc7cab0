//! One batch: claim, deliver, finish.
//!
//! Invariants:
//! - What was claimed is finished or released on every path, a panic included.
//! - What a delivery told is written before anything else is claimed; if it cannot be written (full disk) the
//!   worker holds on to it and tries again, so that an acknowledged instance is not sent twice.

use std::time::{Duration, Instant};

use super::lane::{Idle, Lane, Turn};
use crate::config::settings::LocalAet;
use crate::item::outcome::follow;
use crate::item::{Class, Item, Next, Outcome};
use crate::store::{AttemptMade, Claim, Finish, FinishVerb, Pick};
use crate::transport::{Batch, Delivery, Tried};

/// Pause after a fault of the store.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// What came of one step.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    Worked,
    Idle(Idle),
    /// The store cannot be used now.
    Fault,
    Stopped,
}

/// Works until the lane is stopped.
pub fn run(lane: &Lane) {
    loop {
        let step = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| step(lane)));
        match step {
            Ok(Step::Worked) => {}
            Ok(Step::Idle(idle)) => lane.wait(idle),
            Ok(Step::Stopped) => return,
            Ok(Step::Fault) => pause(lane),
            Err(_) => {
                // The panic hook has told what happened; the claim was released while unwinding.
                log::error!("{}: a worker panicked and goes on", lane.name);
                pause(lane);
            }
        }
    }
}

/// A pause that a stop cuts short.
fn pause(lane: &Lane) {
    let end = Instant::now() + STORE_PAUSE;
    while Instant::now() < end && !lane.is_stopped() {
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// One step of a worker: at most one batch.
pub fn step(lane: &Lane) -> Step {
    match lane.turn() {
        Turn::Stop => Step::Stopped,
        Turn::Wait(idle) => Step::Idle(idle),
        Turn::Probe => {
            probe(lane);
            Step::Worked
        }
        Turn::Send {
            most,
            standing,
            trial,
            wakes,
        } => {
            let _trial = trial.then(|| TrialGuard(lane));
            let Some(_permit) = lane.tools.transport.admit(&lane.name, standing) else {
                return Step::Stopped;
            };
            if !lane.may_claim() {
                return Step::Worked;
            }
            let now = lane.tools.clock.now();
            match lane
                .tools
                .store
                .claim(&lane.name, Pick::MostUrgent, most, now)
            {
                Ok(Some(claim)) => {
                    send(lane, &claim, trial);
                    Step::Worked
                }
                Ok(None) => {
                    lane.empty(wakes);
                    Step::Worked
                }
                Err(error) => {
                    log::error!("{}: nothing can be claimed: {error}", lane.name);
                    Step::Fault
                }
            }
        }
    }
}

struct TrialGuard<'a>(&'a Lane);

impl Drop for TrialGuard<'_> {
    fn drop(&mut self) {
        self.0.trial_over();
    }
}

fn probe(lane: &Lane) -> bool {
    match lane
        .tools
        .transport
        .probe(&lane.name, lane.settings.timeout)
    {
        Ok(_) => {
            lane.reached();
            true
        }
        Err(outcome) => {
            lane.unreachable(&outcome);
            false
        }
    }
}

/// A claim that is released if it is dropped before it was finished.
struct Held<'a> {
    lane: &'a Lane,
    token: i64,
    ids: Vec<i64>,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if self.ids.is_empty() {
            return;
        }
        let all: Vec<Finish> = self.ids.iter().map(|id| release(*id)).collect();
        let tools = &self.lane.tools;
        if let Err(error) = tools.store.finish(self.token, &all, tools.clock.now()) {
            log::error!(
                "{}: {} claimed items could not be released and wait for the next start: {error}",
                self.lane.name,
                all.len()
            );
        }
    }
}

fn release(id: i64) -> Finish {
    Finish {
        id,
        verb: FinishVerb::Release,
    }
}

fn send(lane: &Lane, claim: &Claim, trial: bool) {
    let held = Held {
        lane,
        token: claim.token,
        ids: claim.items.iter().map(|item| item.id).collect(),
    };
    // Having misbehaved, the destination must answer before another attempt is spent on it.
    if trial && !probe(lane) {
        return;
    }
    let mut results = Vec::with_capacity(claim.items.len());
    let mut over = false;
    for part in runs(lane, &claim.items) {
        if over || lane.is_stopped() {
            results.extend(part.iter().map(|item| release(item.id)));
            continue;
        }
        let begun = Instant::now();
        let delivery = lane.tools.transport.deliver(&Batch {
            destination: &lane.name,
            local_aet: local_aet(lane, part),
            timeout: lane.settings.timeout,
            items: part,
        });
        over = judge(lane, &delivery, begun.elapsed());
        let tried = part.iter().zip(&delivery.0);
        results.extend(tried.map(|(item, tried)| settle(lane, item, tried)));
    }
    finish(lane, held, &results);
}

/// The items in runs that can share an association: with `"$RemoteAet"` each calling AET needs its own.
fn runs<'a>(lane: &Lane, items: &'a [Item]) -> Vec<&'a [Item]> {
    if lane.settings.local_aet == LocalAet::Remote {
        items
            .chunk_by(|a, b| a.remote_aet == b.remote_aet)
            .collect()
    } else {
        vec![items]
    }
}

fn local_aet<'a>(lane: &'a Lane, items: &'a [Item]) -> Option<&'a str> {
    match &lane.settings.local_aet {
        LocalAet::Orthanc => None,
        LocalAet::Fixed(aet) => Some(aet),
        LocalAet::Remote => items.first().and_then(|item| item.remote_aet.as_deref()),
    }
}

/// What a delivery says about the destination. `true`: nothing more goes to it in this claim.
fn judge(lane: &Lane, delivery: &Delivery, took: Duration) -> bool {
    let outcomes = || {
        delivery.0.iter().filter_map(|tried| match tried {
            Tried::Made { outcome, .. } => Some(outcome),
            Tried::NotYet => None,
        })
    };
    let answered = outcomes()
        .filter(|outcome| {
            matches!(
                outcome.class,
                Class::Success | Class::Warning | Class::Rejected | Class::NotNegotiated
            )
        })
        .count();
    if answered > 0 {
        lane.answered(answered, took);
    }
    if lane.is_stopped() {
        return true;
    }
    let bad = outcomes().find(|outcome| {
        matches!(
            outcome.class,
            Class::Unreachable | Class::Interrupted | Class::Busy | Class::Internal
        )
    });
    match bad {
        Some(outcome) if outcome.class == Class::Unreachable => {
            lane.unreachable(outcome);
            true
        }
        Some(outcome) => {
            lane.misbehaved(outcome);
            true
        }
        None => false,
    }
}

/// What becomes of an item.
fn settle(lane: &Lane, item: &Item, tried: &Tried) -> Finish {
    let Tried::Made {
        outcome,
        started,
        duration,
    } = tried
    else {
        return release(item.id);
    };
    // Cut by our own stop: not the destination's fault, no attempt is counted.
    if lane.is_stopped() && matches!(outcome.class, Class::Interrupted | Class::Internal) {
        return release(item.id);
    }
    let counted = outcome.class.reached_destination();
    let attempt = AttemptMade {
        started: *started,
        duration_us: u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
        outcome: outcome.clone(),
        counted,
    };
    let next = follow(
        outcome.class,
        item.attempt_count + u32::from(counted),
        &lane.settings.retry,
        lane.tools.clock.now(),
        (lane.tools.jitter)(),
    );
    report(lane, item, outcome, next);
    Finish {
        id: item.id,
        verb: match next {
            Next::Complete => FinishVerb::Complete(attempt),
            Next::Retry { at } => FinishVerb::Retry { at, attempt },
            Next::Fail => FinishVerb::Fail(attempt),
            Next::Release => FinishVerb::Release,
        },
    }
}

/// Says once what needs a person, or is our own fault.
fn report(lane: &Lane, item: &Item, outcome: &Outcome, next: Next) {
    let said = format!(
        "{}: instance {} ({}): {} {}",
        lane.name, item.instance, item.sop_instance_uid, outcome.class, outcome.details
    );
    match (outcome.class, next) {
        (Class::Internal, _) => log::error!("{said}"),
        (_, Next::Fail) => log::warn!("{said}; it waits in the error queue"),
        (_, Next::Retry { .. }) => log::info!("{said}; it will be tried again"),
        _ => {}
    }
}

/// Writes the results; until they are written nothing else is claimed by this worker.
fn finish(lane: &Lane, mut held: Held<'_>, results: &[Finish]) {
    let tools = &lane.tools;
    let mut told = false;
    loop {
        match tools.store.finish(held.token, results, tools.clock.now()) {
            Ok(_) => {
                held.ids.clear();
                return;
            }
            Err(error) => {
                if !told {
                    log::error!(
                        "{}: {} results cannot be written, trying on: {error}",
                        lane.name,
                        results.len()
                    );
                    told = true;
                }
                if lane.is_stopped() {
                    // They stay `Running` and are sent again after the next start.
                    held.ids.clear();
                    return;
                }
                pause(lane);
            }
        }
    }
}
