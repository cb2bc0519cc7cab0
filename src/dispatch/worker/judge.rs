//! What a delivery says: of the destination, and of each instance.
//!
//! Invariant: each attempt is judged once, by its outcome's class alone; what follows is `item::outcome::follow`.

use std::time::Duration;

use super::batch::{Held, release};
use crate::dispatch::figures::Settled;
use crate::dispatch::lane::Lane;
use crate::item::outcome::follow;
use crate::item::{Class, Consequence, Item, Outcome, Timestamp};
use crate::store::{AttemptMade, Ending, Finish, ToConfirm};
use crate::transport::{Delivery, Tried};

/// What a delivery that panicked says: it was the first instance without a result, which so gets its attempts and then
/// waits for a person, as if it were refused. Else it would be tried for ever, and hold up what comes after it.
pub(super) fn panicked(
    held: &Held<'_>,
    part: &[Item],
    started: Timestamp,
    duration: Duration,
) -> Delivery {
    let untold = held.ids().clone();
    let first = part.iter().position(|item| untold.contains(&item.id));
    let details = "the send queue itself failed (it panicked); Orthanc's log says where";
    let tried = (0..part.len()).map(|at| match first {
        Some(first) if at == first => Tried::Made {
            outcome: Outcome::new(Class::Internal, details),
            sent_as: None,
            altered: None,
            series: None,
            started,
            duration,
        },
        _ => Tried::NotYet,
    });
    Delivery(tried.collect())
}

/// Whether the destination answered for the instance, so that it is there and well.
pub(super) fn is_answer(class: Class) -> bool {
    matches!(
        class,
        Class::Success | Class::Warning | Class::Rejected | Class::NotNegotiated
    )
}

/// What a delivery says about the destination. `true`: nothing more goes to it in this claim.
pub(super) fn judge(
    lane: &Lane,
    held: &Held<'_>,
    items: &[Item],
    delivery: &Delivery,
    took: Duration,
) -> bool {
    let outcomes = || {
        items
            .iter()
            .zip(&delivery.0)
            .filter_map(|(item, tried)| match tried {
                Tried::Made { outcome, .. } => Some((item, outcome)),
                Tried::NotYet | Tried::NotNow(_) | Tried::Unknown => None,
            })
    };
    let untold = held.ids().clone();
    let answered = || {
        outcomes().filter(|(item, outcome)| is_answer(outcome.class) && untold.contains(&item.id))
    };
    if answered().next().is_some() {
        let bytes = answered().map(|(item, _)| item.size_bytes).sum();
        lane.answered(answered().count(), bytes, took);
    }
    if lane.is_stopped() {
        return true;
    }
    let bad = outcomes().map(|(_, outcome)| outcome).find(|outcome| {
        matches!(
            outcome.class,
            Class::Unreachable | Class::Interrupted | Class::Busy | Class::Internal
        )
    });
    match bad {
        Some(outcome) if outcome.class == Class::Unreachable => {
            if outcome.may_be_congestion && lane.congested(outcome) {
                // There is none for this group now.
                lane.end_group(held.worker);
            } else {
                lane.unreachable(outcome);
            }
            true
        }
        Some(outcome) => {
            if outcome.class != Class::Internal {
                // The association was open.
                lane.reached();
            }
            lane.misbehaved(outcome);
            true
        }
        None => false,
    }
}

/// Whether something of ours could not be used: then nothing more is claimed for a moment.
pub(super) fn is_not_now(lane: &Lane, delivery: &Delivery) -> bool {
    delivery.0.iter().any(|tried| match tried {
        Tried::NotNow(reason) => {
            // Who has the trouble tells of it, once for all workers.
            log::debug!("{}: nothing can be sent now: {reason}", lane.name);
            true
        }
        _ => false,
    })
}

/// Whether it may have gone over the line.
pub(super) fn was_sent(tried: &Tried) -> bool {
    match tried {
        Tried::Made { outcome, .. } => outcome.class.reached_destination(),
        Tried::NotYet | Tried::NotNow(_) => false,
        Tried::Unknown => true,
    }
}

/// What one instance took, of a batch that told nothing before its end: each of its results has the time of all that
/// went before it too (over REST, that of the whole job).
pub(super) fn share<'a>(tried: impl Iterator<Item = &'a Tried>) -> Option<Duration> {
    let times: Vec<Duration> = tried
        .filter_map(|tried| match tried {
            Tried::Made { duration, .. } if was_sent(tried) => Some(*duration),
            _ => None,
        })
        .collect();
    let count = u32::try_from(times.len()).ok().filter(|count| *count > 0)?;
    Some(*times.iter().max()? / count)
}

/// What becomes of an item; `None`: it stays `Running`. `each`: what it took, where the attempt's own time says more.
pub(super) fn settle(
    held: &Held<'_>,
    item: &Item,
    tried: &Tried,
    each: Option<Duration>,
) -> Option<Finish> {
    let lane = held.lane;
    let (outcome, sent_as, altered, series, started, duration) = match tried {
        Tried::Made {
            outcome,
            sent_as,
            altered,
            series,
            started,
            duration,
        } => (outcome, sent_as, *altered, series, started, duration),
        Tried::NotYet | Tried::NotNow(_) => return Some(release(item.id)),
        Tried::Unknown => return None,
    };
    // Cut by our own stop: not the destination's fault, no attempt is counted.
    if lane.is_stopped() && matches!(outcome.class, Class::Interrupted | Class::Internal) {
        let ending = match (altered, sent_as) {
            (Some(false), None) => Ending::Release,
            (altered, None) => Ending::Cut { altered },
            // Under which UID it went is not recorded.
            (_, Some(_)) => Ending::Cut { altered: None },
        };
        return Some(Finish {
            id: item.id,
            ending,
        });
    }
    let counted = outcome.class.reached_destination();
    let now = lane.tools.clock.now();
    let next = follow(
        outcome,
        item.attempt_count + u32::from(counted),
        &held.terms.settings.retry,
        now,
        (lane.tools.jitter)(),
    );
    let confirm = held.terms.settings.confirm.as_ref();
    let attempt = AttemptMade {
        started: *started,
        duration_us: u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
        outcome: outcome.clone(),
        counted,
        sent_as: sent_as.clone(),
        altered,
        confirm: confirm
            .filter(|_| next == Consequence::Complete)
            .map(|confirm| ToConfirm {
                due: confirm.due(now),
                series: series.clone(),
            }),
    };
    lane.settled(&Settled {
        class: outcome.class,
        next,
        bytes: item.size_bytes,
        took: each.unwrap_or(*duration),
    });
    report(lane, item, outcome, next);
    Some(Finish {
        id: item.id,
        ending: match next {
            Consequence::Complete => Ending::Complete(attempt),
            Consequence::Retry { at } => Ending::Retry { at, attempt },
            Consequence::Fail => Ending::Fail(attempt),
            Consequence::Release => Ending::Release,
            Consequence::Hold { at } => Ending::Hold {
                at,
                outcome: attempt.outcome,
            },
        },
    })
}

/// Says once what needs a person, or is our own fault.
fn report(lane: &Lane, item: &Item, outcome: &Outcome, next: Consequence) {
    let said = format!(
        "{}: instance {} ({}): {} {}",
        lane.name,
        item.ids.instance,
        item.ids.sop_instance_uid,
        outcome.class,
        outcome.for_log()
    );
    match (outcome.class, next) {
        (Class::Internal, _) => log::error!("{said}"),
        (_, Consequence::Fail) => log::warn!("{said}; it waits in the error queue"),
        (_, Consequence::Hold { .. }) => log::debug!("{said}; it waits"),
        (_, Consequence::Retry { .. }) => log::info!("{said}; it will be tried again"),
        _ => {}
    }
}
