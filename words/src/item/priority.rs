//! How urgent an item is.

use serde::Serialize;
use utoipa::ToSchema;

/// `Low`, `Medium`, `High`, `Stat`; higher goes first within a destination.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, ToSchema,
)]
pub enum Priority {
    Low,
    #[default]
    Medium,
    High,
    Stat,
}

impl Priority {
    pub const ALL: [Priority; 4] = [
        Priority::Low,
        Priority::Medium,
        Priority::High,
        Priority::Stat,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Priority::Low => "Low",
            Priority::Medium => "Medium",
            Priority::High => "High",
            Priority::Stat => "Stat",
        }
    }

    pub fn parse(text: &str) -> Option<Priority> {
        Priority::ALL.into_iter().find(|p| p.as_str() == text)
    }

    /// The next higher one.
    pub fn next(self) -> Option<Priority> {
        Priority::from_rank(self.rank() + 1)
    }

    /// 0 (`Low`) to 3 (`Stat`): how the database orders it.
    pub fn rank(self) -> i64 {
        self as i64
    }

    pub fn from_rank(rank: i64) -> Option<Priority> {
        Priority::ALL.into_iter().find(|p| p.rank() == rank)
    }
}

impl std::fmt::Display for Priority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
