//! A worker of a lane: one turn after the other.
//!
//! Invariant: the lane is told that a turn is over on every path, a panic included.

mod ask;
mod batch;
mod hold;
mod judge;

use std::sync::Arc;
use std::time::{Duration, Instant};

use self::batch::Held;
use self::hold::Reach;
use super::lane::{Exclusive, Idle, Lane, Terms, Turn};
use crate::failpoint;
use crate::item::{Class, Outcome};
use crate::service::Service;
use crate::store::{ClaimTerms, HeldBack, Pick, StoreError};
use crate::transport::{Probe, Standing};

/// Pause after a fault of the store.
pub(super) const STORE_PAUSE: Duration = Duration::from_secs(1);

/// Pause of one that waits for another worker's result.
const SHORT_PAUSE: Duration = Duration::from_millis(50);

/// What came of one step.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    Worked,
    Idle(Idle),
    /// The store cannot be used now.
    Fault,
    Stopped,
}

/// What a worker's thread is called.
pub const NAME: &str = "sq-send";

/// A worker with a thread.
pub struct Worker {
    lane: Arc<Lane>,
    number: u32,
}

impl Worker {
    pub(super) fn new(lane: Arc<Lane>, number: u32) -> Worker {
        Worker { lane, number }
    }
}

impl Service for Worker {
    /// Works until the lane is stopped, or there was nothing to do for a while.
    fn run(&self) {
        let (lane, worker) = (self.lane.as_ref(), self.number);
        // After a panic: the claim was released while unwinding, what is left of the group is for anybody.
        lane.end_group(worker);
        let mut since = Instant::now();
        loop {
            match step(lane, worker) {
                Step::Idle(idle) if lane.wait(worker, idle, since) => continue,
                // It has left, and another one may have its number already.
                Step::Idle(_) => return,
                Step::Stopped => {
                    lane.leave(worker);
                    // One whose place is gone may have been the only one at rest.
                    return lane.look_again();
                }
                Step::Worked => {}
                Step::Fault => pause(lane),
            }
            since = Instant::now();
        }
    }

    fn stop(&self) {
        self.lane.stop();
    }

    fn may_end(&self) -> bool {
        true
    }
}

/// A pause that a stop cuts short.
fn pause(lane: &Lane) {
    let end = Instant::now() + STORE_PAUSE;
    while Instant::now() < end && !lane.is_stopped() {
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// One step of the worker with this number: at most one batch.
pub fn step(lane: &Lane, worker: u32) -> Step {
    match lane.turn(worker) {
        Turn::Stop => Step::Stopped,
        Turn::Wait(idle) => Step::Idle(idle),
        Turn::LetGo => {
            lane.let_go(worker);
            Step::Worked
        }
        Turn::Probe => probe(lane, worker),
        Turn::Ask(terms) => {
            let _sending = Guard(lane, worker, Lane::sent);
            let _asking = Guard(lane, worker, Lane::asked);
            ask::step(lane, &terms)
        }
        Turn::Send {
            most,
            pick,
            standing,
            trial,
            exclusive,
            seen,
            terms,
        } => {
            let _sending = Guard(lane, worker, Lane::sent);
            let _trial = trial.then(|| Guard(lane, worker, |lane, _| lane.trial_over()));
            let exclusive = exclusive.map(|which| match which {
                Exclusive::Claim => Guard(lane, worker, |lane, _| lane.recorded()),
                Exclusive::Paying => Guard(lane, worker, |lane, _| lane.paid()),
            });
            if standing != Standing::Good && terms.endpoint.traits().shared {
                match is_ready(lane, worker, pick) {
                    Ok(true) => {}
                    Ok(false) => return hold::nothing(lane, worker, seen, pick),
                    Err(fault) => return fault,
                }
                // One that is not known to answer is asked before it may hold what all destinations share.
                if let Probe::Silent(outcome) = lane.probe() {
                    lane.unreachable(&outcome);
                    return Step::Worked;
                }
            }
            let look = Look {
                lane,
                worker,
                most,
                pick,
                standing,
                terms: &terms,
            };
            match look.claim_and_send(exclusive) {
                Ok(true) => Step::Worked,
                Ok(false) => hold::nothing(lane, worker, seen, pick),
                Err(step) => step,
            }
        }
    }
}

fn is_ready(lane: &Lane, worker: u32, pick: Pick) -> Result<bool, Step> {
    let reach = Reach::of(lane, worker);
    let ready = lane
        .tools
        .store
        .is_ready(&lane.name, reach.groups(), pick)
        .map_err(|error| fault(lane, &error))?;
    Ok(ready || held_back(lane, worker, pick)? != HeldBack::Nothing)
}

/// What a worker that may take anything finds where it found nothing.
fn held_back(lane: &Lane, worker: u32, pick: Pick) -> Result<HeldBack, Step> {
    match pick {
        // Whoever has a group in hand ends it first.
        Pick::MostUrgent | Pick::Oldest if lane.held(worker).is_none() => lane
            .tools
            .store
            .held_back(&lane.name)
            .map_err(|error| fault(lane, &error)),
        _ => Ok(HeldBack::Nothing),
    }
}

fn fault(lane: &Lane, error: &StoreError) -> Step {
    // The store tells of its faults itself, once for all workers.
    log::debug!("{}: nothing can be claimed: {error}", lane.name);
    Step::Fault
}

/// A worker's look into the queue, for at most so many items.
#[derive(Clone, Copy)]
struct Look<'a> {
    lane: &'a Lane,
    worker: u32,
    most: u32,
    pick: Pick,
    standing: Standing,
    terms: &'a Arc<Terms>,
}

impl Look<'_> {
    /// `Ok(false)`: nothing is pending.
    fn claim_and_send(self, exclusive: Option<Guard<'_>>) -> Result<bool, Step> {
        let lane = self.lane;
        let found = {
            let Some(_pass) = lane.tools.alone.enter() else {
                return Err(Step::Stopped);
            };
            self.claim_and_send_inside(exclusive)?
        };
        if found {
            return Ok(true);
        }
        match held_back(lane, self.worker, self.pick)? {
            HeldBack::Nothing => Ok(false),
            HeldBack::Single => {
                std::thread::sleep(SHORT_PAUSE);
                Err(Step::Worked)
            }
            HeldBack::Aside => {
                // Whoever finds others at work looks again at what else there is.
                let alone = lane.tools.alone.enter_alone(|| lane.may_claim());
                let Some(_alone) = alone else {
                    return Err(Step::Worked);
                };
                let aside = Look {
                    most: 1,
                    pick: Pick::Aside,
                    ..self
                };
                aside.claim_and_send_inside(None)
            }
        }
    }

    /// The same, for one that may send now. The pass is older than the permit for what destinations share: whoever
    /// waits for a permit holds nothing that one needs who sends alone.
    fn claim_and_send_inside(self, exclusive: Option<Guard<'_>>) -> Result<bool, Step> {
        let Look {
            lane,
            worker,
            most,
            pick,
            standing,
            terms,
        } = self;
        let Some(permit) = terms.endpoint.admit(standing) else {
            return Err(Step::Stopped);
        };
        // It may have waited for long.
        if !lane.may_claim() || !lane.is_under(terms) {
            return Err(Step::Worked);
        }
        let reach = Reach::of(lane, worker);
        let store = &lane.tools.store;
        let claim = ClaimTerms {
            groups: reach.groups(),
            pick,
            limit: most,
            alters: terms.settings.alters(),
        };
        match store.claim_of(&lane.name, &claim) {
            Ok(Some(claim)) => {
                let held = Held::new(lane, worker, &claim, terms);
                lane.claimed(worker, &claim, pick, terms);
                let _active = Guard(lane, worker, Lane::done);
                drop(exclusive);
                failpoint::pass("claimed");
                failpoint::panic_in(NAME);
                batch::send(held, &claim, pick, permit);
                Ok(true)
            }
            Ok(None) => Ok(false),
            Err(error) => Err(fault(lane, &error)),
        }
    }
}

/// Tells the lane that something of a worker is over, on every path.
struct Guard<'a>(&'a Lane, u32, fn(&Lane, u32));

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        (self.2)(self.0, self.1);
    }
}

/// Looks whether an outage is over.
fn probe(lane: &Lane, worker: u32) -> Step {
    let mut guard = ProbeGuard {
        lane,
        outcome: Outcome::new(Class::Unreachable, "the probe came to no end"),
    };
    let outcome = match lane.probe() {
        Probe::Answered(_) => {
            lane.reached();
            return Step::Worked;
        }
        Probe::Silent(outcome) => {
            lane.unreachable(&outcome);
            return Step::Worked;
        }
        Probe::Refused(outcome) => outcome,
    };
    guard.outcome = outcome;
    // It may take a C-STORE all the same. All others wait for the result, so that a reserved association too may
    // take whatever is there for this one instance.
    let look = Look {
        lane,
        worker,
        most: 1,
        pick: lane.pick_of_probe(),
        standing: Standing::Suspect,
        terms: &lane.terms(),
    };
    look.claim_and_send(None).err().unwrap_or(Step::Worked)
}

/// A probe that brought no result has failed, a panic included: else no other one would ever be made.
struct ProbeGuard<'a> {
    lane: &'a Lane,
    outcome: Outcome,
}

impl Drop for ProbeGuard<'_> {
    fn drop(&mut self) {
        if self.lane.is_probing() {
            self.lane.unreachable(&self.outcome);
        }
    }
}
