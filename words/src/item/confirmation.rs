//! What a destination says later of an instance that it acknowledged.

use serde::Serialize;
use utoipa::ToSchema;

/// Whether a destination has confirmed that it has what it acknowledged. The state of its item stays `Success`, but
/// where it says that it does not have it: that is sent again, once.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, ToSchema,
)]
pub enum Confirmation {
    /// It is not asked.
    #[default]
    None,
    /// It will be, or its answer has not come.
    Waiting,
    Confirmed,
    /// It says that it does not have it, or that it refuses to answer for it.
    Refused,
    /// Nothing certain came in time.
    TimedOut,
}

impl Confirmation {
    pub const ALL: [Confirmation; 5] = [
        Confirmation::None,
        Confirmation::Waiting,
        Confirmation::Confirmed,
        Confirmation::Refused,
        Confirmation::TimedOut,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Confirmation::None => "None",
            Confirmation::Waiting => "Waiting",
            Confirmation::Confirmed => "Confirmed",
            Confirmation::Refused => "Refused",
            Confirmation::TimedOut => "TimedOut",
        }
    }

    pub fn parse(text: &str) -> Option<Confirmation> {
        Confirmation::ALL
            .into_iter()
            .find(|one| one.as_str() == text)
    }
}

/// How a destination is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Means {
    /// PS3.4 Annex J: it takes over the responsibility for each instance.
    StorageCommitment,
    /// C-FIND at IMAGE level (PS3.4 C.6.2): it has something of this SOP Instance UID.
    Find,
}

impl Means {
    pub fn as_str(self) -> &'static str {
        match self {
            Means::StorageCommitment => "StorageCommitment",
            Means::Find => "Find",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        for one in Confirmation::ALL {
            assert_eq!(Confirmation::parse(one.as_str()), Some(one));
        }
        assert_eq!(Confirmation::parse("waiting"), None);
    }
}
