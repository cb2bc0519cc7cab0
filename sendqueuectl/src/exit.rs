//! What each command's end means for scripts: the one table of exit codes ([`MEANINGS`]).
//!
//! Where several things are asked for, it is the greatest of theirs.

use std::process::ExitCode;

use crate::client::ClientError;
use crate::commands::Failed;

/// Each code and what it means: so it is in docs/operate.md and in the manual.
pub const MEANINGS: [(u8, &str); 5] = [
    (0, "done; all that was checked is well"),
    (
        End::NeedsAPerson as u8,
        "something needs a person: what was checked is not well, or the request cannot be done now",
    ),
    (
        End::WrongUse as u8,
        "wrong use: a mistake in the command, a file that cannot be read or written, or a configuration without the \
         section",
    ),
    (
        End::CannotBeAsked as u8,
        "the queue cannot be asked: Orthanc does not answer, the login is missing or wrong, the plugin is not loaded \
         or the queue is off, a proxy answers; or the output cannot be written",
    ),
    (
        End::NotFound as u8,
        "there is no such item, destination or study; nothing is found",
    ),
];

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
            | ClientError::Off(_)
            | ClientError::Strange(_) => End::CannotBeAsked,
            ClientError::LoginInUrl | ClientError::File { .. } | ClientError::BadInput(_) => {
                End::WrongUse
            }
            ClientError::NotFound(_) => End::NotFound,
            ClientError::Refused(_) => End::NeedsAPerson,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::MEANINGS;

    #[test]
    fn the_documentation_has_this_table() {
        let page = include_str!("../../docs/operate.md");
        for (code, meaning) in MEANINGS {
            let line = format!("| {code} | {meaning} |");
            assert!(page.lines().any(|one| one == line), "{line}");
        }
    }
}
