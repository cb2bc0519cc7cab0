//! Sources: the calling AETs from which something came, and when last.
//!
//! Invariants:
//! - That something came is written in the transaction that moves the cursor past it: what a crash undoes is read
//!   again.
//! - A time only grows.
//! - There are at most [`MOST_SOURCES`], and those that are watched: an AET is whatever a sender says. The ones
//!   heard of longest ago go, and never one that is watched.

use super::Result;
use crate::item::Timestamp;

/// Sources that are remembered without being watched.
pub const MOST_SOURCES: u32 = 1000;

/// Something came from a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// As `config::settings::source_key` says.
    pub aet: String,
    /// When it was received.
    pub at: Timestamp,
}

/// What is known of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub aet: String,
    /// When something came from it last; `None`: nothing since it is watched.
    pub last: Option<Timestamp>,
    /// Since when it is watched.
    pub watched: Option<Timestamp>,
}

/// For arrival, and for whoever looks.
pub trait Sources: Send + Sync {
    /// In the order of their AETs.
    fn sources(&self) -> Result<Vec<Source>>;
    /// These are watched, those that were not from now on; others no longer are.
    fn watch(&self, aets: &[&str], now: Timestamp) -> Result<()>;
}
