//! What time, people and sudden ends do to items, and what destinations say of them later.

use super::*;

impl World {
    /// What waits for a time is ready.
    pub(super) fn due(&mut self) {
        let waits = |item: &Item| matches!(item.sending.state, State::Retry | State::Scheduled);
        if let Some(at) = self.any(waits) {
            self.items[at].sending.state = State::Pending;
        }
    }

    /// The process ends, with or after what was being sent.
    pub(super) fn crash(&mut self) {
        for at in 0..self.items.len() {
            if self.items[at].sending.state != State::Running {
                continue;
            }
            if self.random.bool() {
                self.transmit(at, false, false);
            }
            let item = &mut self.items[at];
            item.has_untold = true;
            item.sending.is_altered = true;
            item.sending.state = State::Pending;
        }
    }

    pub(super) fn person(&mut self) {
        let Some(at) = self.any(|_| true) else {
            return;
        };
        let to = self.random.usize(..NAMES.len());
        let what = self.random.u8(..4);
        if self.items[at].sending.state == State::Running {
            // The receiver's word for it finds no claim.
            if what == 1 {
                self.transmit(at, false, false);
                self.items[at].sending.state = State::Cancelled;
            }
            return;
        }
        let item = &mut self.items[at];
        let state = item.sending.state;
        match (what, state) {
            (0, State::Failure | State::Cancelled) => item.sending.state = State::Pending,
            (1, _) if state.is_waiting() => item.sending.state = State::Cancelled,
            (2, _) if state.is_waiting() || state == State::Failure => {
                if item.to != to {
                    if item.sending.reached {
                        self.past.extend(left(item));
                    }
                    let item = &mut self.items[at];
                    item.to = to;
                    item.told_as = None;
                    item.has_untold = false;
                    item.sending = Sending {
                        destination: NAMES[to].to_owned(),
                        class: None,
                        reached: false,
                        is_altered: false,
                        sent_as: UID.to_owned(),
                        ..item.sending.clone()
                    };
                }
                self.items[at].sending.state = State::Pending;
            }
            (3, _) => self.remove(at),
            _ => return,
        }
        if let Some(item) = self.items.get_mut(at) {
            if item.sending.state == State::Pending {
                item.sending.completed = None;
                item.sending.dimse_status = None;
            }
        }
    }

    pub(super) fn remove(&mut self, at: usize) {
        let item = self.items.swap_remove(at);
        if item.sending.reached {
            self.past.extend(left(&item));
        }
    }

    /// A person queues what Orthanc has.
    pub(super) fn request(&mut self) {
        let (instance, to) = (self.instance(), self.random.usize(..NAMES.len()));
        let is_queued = self.items.iter().any(|item| {
            (item.instance, item.to) == (instance, to)
                && (item.sending.state.is_waiting() || item.sending.state == State::Running)
        });
        if self.stored[instance].is_some() && !is_queued {
            self.make(instance, to);
        }
    }

    pub(super) fn prune(&mut self) {
        let at_rest = |item: &Item| matches!(item.sending.state, State::Success | State::Cancelled);
        if let Some(at) = self.any(at_rest) {
            self.remove(at);
        }
    }

    /// A destination is asked whether it has something under that UID, which is all that it can tell.
    pub(super) fn confirm(&mut self) {
        let open = |item: &Item| {
            item.sending.state == State::Success
                && item.sending.confirmation != Confirmation::Confirmed
        };
        let Some(at) = self.any(open) else {
            return;
        };
        let late = self.random.u8(..10) == 0;
        let again = self.random.bool();
        let item = &mut self.items[at];
        let to = &self.destinations[item.to];
        if !to.confirms {
            return;
        }
        let sending = &mut item.sending;
        if late {
            sending.confirmation = Confirmation::TimedOut;
        } else if to.holds.contains_key(&sending.sent_as) {
            sending.confirmation = Confirmation::Confirmed;
        } else {
            sending.confirmation = Confirmation::Refused;
            if again {
                sending.state = State::Pending;
                sending.completed = None;
                sending.dimse_status = None;
                sending.confirmation = Confirmation::None;
            }
        }
    }
}
