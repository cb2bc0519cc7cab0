//! Which items a list or an operation is for, and which part of them a page.

use crate::item::{Class, Confirmation, Item, Priority, State, StatusFilter, Timestamp};

/// A set of states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct States(u8);

impl FromIterator<State> for States {
    fn from_iter<I: IntoIterator<Item = State>>(states: I) -> States {
        states.into_iter().fold(States::default(), States::with)
    }
}

impl States {
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn contains(self, state: State) -> bool {
        self.0 & States::from(state).0 != 0
    }

    pub fn with(self, state: State) -> States {
        States(self.0 | States::from(state).0)
    }

    /// Whether all of these are among `states`.
    pub fn are_all_of(self, states: &[State]) -> bool {
        let others = State::ALL.into_iter().filter(|one| !states.contains(one));
        others.into_iter().all(|other| !self.contains(other))
    }

    pub fn iter(self) -> impl Iterator<Item = State> {
        State::ALL
            .into_iter()
            .filter(move |one| self.contains(*one))
    }
}

impl From<State> for States {
    fn from(state: State) -> States {
        States(1 << state as u8)
    }
}

/// Which items an operation is for. All that is `Some` must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub ids: Option<Vec<i64>>,
    pub states: Option<States>,
    pub destination: Option<String>,
    pub study: Option<String>,
    pub instance: Option<String>,
    pub rule: Option<String>,
    pub class: Option<Class>,
    pub status: Option<StatusFilter>,
    pub confirmation: Option<Confirmation>,
    /// Made before, and not before. Identifiers grow with the queue's own time, and lists are cut by them first. One
    /// that does not fit is never listed.
    pub created_before: Option<Timestamp>,
    pub created_after: Option<Timestamp>,
    /// At rest since before this (for the error queue).
    pub completed_before: Option<Timestamp>,
    /// Not for this destination, and not of this priority: what an operation would leave as it is.
    pub except_destination: Option<String>,
    pub except_priority: Option<Priority>,
}

impl Filter {
    /// Whether an item fits as it is now: what a list says of one that may have changed since.
    pub fn fits(&self, item: &Item) -> bool {
        fn same<T: PartialEq>(wanted: &Option<T>, found: &T) -> bool {
            wanted.as_ref().is_none_or(|wanted| wanted == found)
        }
        fn other<T: PartialEq>(left_out: &Option<T>, found: &T) -> bool {
            left_out.as_ref() != Some(found)
        }
        let status = match self.status {
            None => true,
            Some(StatusFilter::None) => item.dimse_status.is_none(),
            Some(StatusFilter::Is(status)) => item.dimse_status == Some(status),
        };
        status
            && self.ids.as_ref().is_none_or(|ids| ids.contains(&item.id))
            && self.may_be(item.state)
            && same(&self.destination, &item.destination)
            && other(&self.except_destination, &item.destination)
            && same(&self.study, &item.ids.study)
            && same(&self.instance, &item.ids.instance)
            && (self.rule.is_none() || self.rule == item.rule)
            && (self.class.is_none() || self.class == item.class)
            && same(&self.confirmation, &item.confirmation)
            && other(&self.except_priority, &item.priority)
            && self.created_before.is_none_or(|time| item.created < time)
            && self.created_after.is_none_or(|time| item.created >= time)
            && self
                .completed_before
                .is_none_or(|before| item.completed.is_some_and(|time| time < before))
    }

    /// Whether an item in this state may fit.
    pub fn may_be(&self, state: State) -> bool {
        self.states.is_none_or(|states| states.contains(state))
    }

    /// Whether only items in one of these states fit.
    pub fn is_all_of(&self, states: &[State]) -> bool {
        self.states.is_some_and(|set| set.are_all_of(states))
    }
}

/// So much the queue's own time may go back without any effect on lists by time of creation: after a crash it goes on
/// from the last reading that was stored, where the machine's clock says less.
pub const CLOCK_SLACK_SECONDS: f64 = 60.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// By `ID`, the oldest first.
    #[default]
    Ascending,
    /// The newest first.
    Descending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The last `ID` seen in this order; 0 for the first page.
    pub since: i64,
    pub limit: u32,
    pub order: Order,
}

impl Page {
    /// Of the oldest first.
    pub fn after(since: i64, limit: u32) -> Page {
        Page {
            since,
            limit,
            order: Order::Ascending,
        }
    }
}
