//! What each command's end means for scripts: the one table of exit codes.
//!
//! | code | |
//! |---|---|
//! | 0 | done; where something was looked at: all is well |
//! | 1 | something needs a person: what was looked at is not well, or what was asked for cannot be done now |
//! | 2 | wrong use: a mistake in the command, a file that cannot be read |
//! | 3 | the queue cannot be asked: no answer, no or a wrong login, not allowed, not the send queue; or the output cannot
//!       be written |
//! | 4 | there is no such thing: an item, destination, study |
//!
//! Where several things are asked for, it is the greatest of theirs.

use std::process::ExitCode;

use crate::client::ClientError;
use crate::commands::Failed;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    NeedsAPerson = 1,
    WrongUse = 2,
    CannotBeAsked = 3,
    NotFound = 4,
}

impl From<End> for ExitCode {
    fn from(end: End) -> ExitCode {
        ExitCode::from(end as u8)
    }
}

impl Failed {
    pub fn end(&self) -> End {
        match self {
            Failed::Use(_) => End::WrongUse,
            Failed::Output(_) => End::CannotBeAsked,
            Failed::Client(error) => error.end(),
        }
    }
}

impl ClientError {
    pub fn end(&self) -> End {
        match self {
            ClientError::Unreachable { .. }
            | ClientError::Proxy { .. }
            | ClientError::NoLogin
            | ClientError::WrongLogin { .. }
            | ClientError::Forbidden(_)
            | ClientError::NotLoaded(_)
            | ClientError::Strange(_) => End::CannotBeAsked,
            ClientError::LoginInUrl | ClientError::File { .. } | ClientError::BadInput(_) => {
                End::WrongUse
            }
            ClientError::NotFound(_) => End::NotFound,
            ClientError::Refused(_) => End::NeedsAPerson,
        }
    }
}
