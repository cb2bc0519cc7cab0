//! The states of an item and the moves between them.
//!
//! ```text
//!                  promote             claim              complete
//!   Scheduled ───────────────► Pending ──────► Running ───────────────► Success
//!       ▲                      ▲  ▲  ▲           │ │ │                     │ prune
//!       │ enqueue              │  │  └─ release ─┘ │ │ retry               ▼
//!    arrival ── enqueue ───────┘  │                │ └──────► Retry ─ promote ─► Pending
//!                                 │ replay,        │ fail
//!                                 │ redirect       ▼
//!                                 └───────────── Failure ── purge ──► gone
//!
//!   hold: Running ─► Scheduled (something is missing that may come)
//!   cancel: Scheduled, Pending, Retry, Running ─► Cancelled ─ replay ─► Pending; purge, prune ─► gone
//!   expire: Scheduled, Pending, Retry ─► Failure
//!   send-now, redirect: Scheduled, Pending, Retry ─► Pending
//!   prioritize: Scheduled, Pending, Retry stay as they are (to Stat: a quiet period is over, as by promote)
//! ```
//!
//! Invariants:
//! - Nothing leaves `Failure` but by replay, redirect or purge.
//! - `Success` is reached only from `Running`, by the worker whose claim is still the item's.

use serde::Serialize;
use utoipa::ToSchema;

/// State of an item; the names are those of Orthanc's `/jobs` where it has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, ToSchema)]
pub enum State {
    Scheduled,
    Pending,
    Running,
    Retry,
    Success,
    Failure,
    Cancelled,
}

/// What moves an item from state to state: the verbs of the store, of the SQL files and of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Move {
    Promote,
    Claim,
    Complete,
    Retry,
    Fail,
    Release,
    Hold,
    Expire,
    Cancel,
    SendNow,
    Prioritize,
    Replay,
    Redirect,
    Remove,
}

impl Move {
    pub const ALL: [Move; 14] = [
        Move::Promote,
        Move::Claim,
        Move::Complete,
        Move::Retry,
        Move::Fail,
        Move::Release,
        Move::Hold,
        Move::Expire,
        Move::Cancel,
        Move::SendNow,
        Move::Prioritize,
        Move::Replay,
        Move::Redirect,
        Move::Remove,
    ];
}

impl State {
    pub const ALL: [State; 7] = [
        State::Scheduled,
        State::Pending,
        State::Running,
        State::Retry,
        State::Success,
        State::Failure,
        State::Cancelled,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            State::Scheduled => "Scheduled",
            State::Pending => "Pending",
            State::Running => "Running",
            State::Retry => "Retry",
            State::Success => "Success",
            State::Failure => "Failure",
            State::Cancelled => "Cancelled",
        }
    }

    pub fn parse(text: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Still to be sent: not at rest and not in the error queue.
    pub fn is_waiting(self) -> bool {
        matches!(self, State::Scheduled | State::Pending | State::Retry)
    }

    /// Where `verb` leads from here; `None` where the move is not legal.
    /// `Remove` leads nowhere and is answered with the state itself.
    pub fn after(self, verb: Move) -> Option<State> {
        use State::*;
        match (verb, self) {
            (Move::Promote, Scheduled | Retry) => Some(Pending),
            (Move::Claim, Pending) => Some(Running),
            (Move::Complete, Running) => Some(Success),
            (Move::Retry, Running) => Some(Retry),
            (Move::Fail, Running) => Some(Failure),
            (Move::Release, Running) => Some(Pending),
            (Move::Hold, Running) => Some(Scheduled),
            (Move::Expire, Scheduled | Pending | Retry) => Some(Failure),
            (Move::Cancel, Scheduled | Pending | Retry | Running) => Some(Cancelled),
            (Move::SendNow, Scheduled | Retry | Pending) => Some(Pending),
            (Move::Prioritize, Scheduled | Retry | Pending) => Some(self),
            (Move::Replay, Failure | Cancelled) => Some(Pending),
            (Move::Redirect, Scheduled | Pending | Retry | Failure) => Some(Pending),
            (Move::Remove, Running) => None,
            (Move::Remove, state) => Some(state),
            _ => None,
        }
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
        assert_eq!(State::parse("pending"), None);
    }

    #[test]
    fn the_error_queue_is_left_only_by_replay_redirect_or_removal() {
        for verb in Move::ALL {
            let expected = match verb {
                Move::Replay | Move::Redirect => Some(State::Pending),
                Move::Remove => Some(State::Failure),
                _ => None,
            };
            assert_eq!(State::Failure.after(verb), expected, "{verb:?}");
        }
    }

    #[test]
    fn success_is_reached_only_from_running() {
        for state in State::ALL {
            let expected = (state == State::Running).then_some(State::Success);
            assert_eq!(state.after(Move::Complete), expected);
        }
    }
}
