//! What a worker may claim of where groups are not split, and when it ends its group for others.
//!
//! Invariant: where groups are split (`AssociationPer: "Any"`, `Split: true`) nobody has anything in hand, and
//! all of it comes to nothing.

use super::{Step, fault};
use crate::dispatch::lane::{Lane, Others, Seen};
use crate::item::Priority;
use crate::store::{Groups, Pick, StoreError};

/// Of which groups a worker may claim.
pub(super) struct Reach {
    own: Option<String>,
    taken: Vec<String>,
}

impl Reach {
    pub(super) fn of(lane: &Lane, worker: u32) -> Reach {
        Reach {
            own: lane.held(worker),
            taken: lane.in_hand(),
        }
    }

    pub(super) fn groups(&self) -> Groups<'_> {
        match &self.own {
            Some(group) => Groups::Only(group),
            None => Groups::Except(&self.taken),
        }
    }
}

/// The worker found nothing to claim.
pub(super) fn nothing(lane: &Lane, worker: u32, seen: Seen, pick: Pick) -> Step {
    let Some(group) = lane.held(worker) else {
        lane.empty(seen);
        return Step::Worked;
    };
    let looked = || -> Result<(), StoreError> {
        let due = lane.tools.store.group_due(&lane.name, &group)?;
        let wanted = is_wanted(lane, worker, pick)?;
        lane.nothing_of_group(worker, seen, due, wanted);
        Ok(())
    };
    if let Err(error) = looked() {
        return fault(lane, &error);
    }
    let _ = is_time_to_give_way(lane, worker, true) || is_time_to_end(lane, worker);
    Step::Worked
}

/// Whether other groups wait, and no worker is free for them.
fn is_wanted(lane: &Lane, worker: u32, pick: Pick) -> Result<bool, StoreError> {
    let others = Others {
        reserved: false,
        waiting: false,
    };
    let taken = lane.in_hand();
    Ok(!lane.is_other_free(worker, others)
        && lane
            .tools
            .store
            .is_ready(&lane.name, Groups::Except(&taken), pick)?)
}

/// Whether a group without an end is to make room for others that wait; if so, it ends.
pub(super) fn is_time_to_end(lane: &Lane, worker: u32) -> bool {
    let ends =
        lane.is_endless(worker) && is_wanted(lane, worker, Pick::MostUrgent).unwrap_or(false);
    if ends {
        log::warn!(
            "{}: a group to which new instances come without an end makes room for others",
            lane.name
        );
        lane.end_group(worker);
    }
    ends
}

/// Whether something urgent of another group waits that no other worker can take; if so, the worker's group ends.
/// `idle`: nothing of it is ready.
pub(super) fn is_time_to_give_way(lane: &Lane, worker: u32, idle: bool) -> bool {
    if !lane.may_give_way(worker) {
        return false;
    }
    let taken = lane.in_hand();
    let gives_way = |reserved, pick| {
        let others = Others {
            reserved,
            waiting: !idle,
        };
        let store = &lane.tools.store;
        !lane.is_other_free(worker, others)
            // A store that cannot be asked now will say so at the next claim.
            && (store.is_ready(&lane.name, Groups::Except(&taken), pick)).unwrap_or(false)
            && lane.give_way(worker, others)
    };
    gives_way(true, Pick::AtLeast(Priority::Stat))
        || (!lane.is_reserved(worker) && gives_way(false, Pick::Hurried))
}
