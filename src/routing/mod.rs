//! Routing: from an instance that arrived to the destinations that the rules name.
//!
//! Invariants:
//! - Pure: no I/O and no clock. The tags of an instance are asked for through a trait, only when a
//!   rule hangs on them alone, and once per instance.
//! - What cannot be decided is told, never dropped: see [`Resolution::undecided`].
//! - A destination appears once in a resolution.
//! - Each rule is evaluated in one place ([`rule`]), whoever asks: what becomes of an instance, the counts and the
//!   explanation come from the same verdicts ([`record`]).
//! - A rule with `"Scope": "Study"` matches every instance of a study that it matched before ([`Study`]): what the
//!   instance itself says of `When` is not asked then.

pub mod explain;
pub mod record;
pub mod resolve;
pub mod rule;
pub mod senders;
pub mod tags;

#[cfg(test)]
mod tests;

use crate::config::settings::{DestinationSettings, Rule, Scope, longest_quiet};
use crate::item::{Again, Ids, Level, Priority};

pub use record::{Mark, Marks, Record};
pub use resolve::resolve;
pub use rule::{Condition, Holds, No, Verdict, all_hold, asks_for_the_sender, is_from, matches};
pub use senders::{Machine, Senders};
pub use tags::{Element, TagSource, TagValues, Tags};

/// An instance that Orthanc has stored, and how it came there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Arrival {
    pub ids: Ids,
    pub size_bytes: u64,
    /// Calling AET of the association that brought it.
    pub remote_aet: Option<String>,
    /// AET that the sender called.
    pub called_aet: Option<String>,
    pub remote_ip: Option<String>,
    /// `DicomProtocol`, `RestApi`, `Plugins`, `Lua` or `WebDav`.
    pub origin: Option<String>,
    /// Orthanc made it by anonymising another one.
    pub anonymized: bool,
    /// Orthanc made it by modifying another one.
    pub modified: bool,
}

/// Where an instance goes, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub destination: String,
    /// Name of the rule that says so.
    pub rule: String,
    /// What is kept together.
    pub level: Level,
    /// Seconds without a new instance of the group before it is sent; 0: at once.
    pub quiet_seconds: u32,
    /// Most seconds that the group waits for that; at least `quiet_seconds`.
    pub max_quiet_seconds: u32,
    pub priority: Priority,
    /// What becomes of an instance that is received again.
    pub again: Again,
}

/// Where an instance may have to go: the rule hangs on what cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecided {
    pub route: Route,
    /// Name of the rule whose tags cannot be read: the route's own, or one before it that would keep the instance from
    /// it (`Stop`).
    pub hangs_on: String,
    /// For people.
    pub why: String,
}

/// What counts in place of the settings of a destination.
#[derive(Debug, Clone, Copy, Default)]
pub struct Over {
    pub level: Option<Level>,
    pub quiet_seconds: Option<u32>,
    pub max_quiet_seconds: Option<u32>,
    pub priority: Option<Priority>,
}

impl From<&Rule> for Over {
    fn from(rule: &Rule) -> Over {
        Over {
            level: rule.level,
            quiet_seconds: rule.quiet_seconds,
            max_quiet_seconds: rule.max_quiet_seconds,
            priority: rule.priority,
        }
    }
}

impl Route {
    /// The way to a destination by its own settings, and what counts in place of them. What is `Stat` waits for no
    /// quiet period, whoever asks for one.
    pub fn new(destination: &str, rule: &str, own: &DestinationSettings, over: Over) -> Route {
        let priority = over.priority.unwrap_or(own.priority);
        let quiet_seconds = match priority {
            Priority::Stat => 0,
            _ => over.quiet_seconds.unwrap_or(own.quiet_seconds),
        };
        let most = over.max_quiet_seconds.or(own.max_quiet_seconds);
        let most = most.unwrap_or_else(|| longest_quiet(quiet_seconds));
        Route {
            destination: destination.to_owned(),
            rule: rule.to_owned(),
            level: over.level.unwrap_or(own.level),
            quiet_seconds,
            max_quiet_seconds: most.max(quiet_seconds),
            priority,
            again: Again::default(),
        }
    }

    /// Orthanc identifier of what is kept together: the instance, or its series, study or patient.
    pub fn group(&self, arrival: &Arrival) -> String {
        arrival.ids.at(self.level).to_owned()
    }
}

/// What is known of the study of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Study<'a> {
    /// Keys of the rules that take the whole study, since an instance of it has matched.
    pub taken_by: &'a [String],
    /// Only what these rules (by key) say is asked for; `None`: what all say.
    pub only: Option<&'a [String]>,
}

impl Study<'_> {
    fn is_taken_by(&self, rule: &Rule) -> bool {
        rule.scope == Scope::Study && self.taken_by.contains(&rule.key)
    }

    fn asks(&self, rule: &Rule) -> bool {
        self.only.is_none_or(|keys| keys.contains(&rule.key))
    }
}

/// What the rules say about an instance.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resolution {
    /// In the order of the rules; the first rule that names a destination decides how it is sent.
    pub routes: Vec<Route>,
    /// Destinations of rules that hang on what cannot be read. They belong into the error queue: sent, the instance
    /// might reach somebody whom it is not meant for; left out, it would be lost.
    pub undecided: Vec<Undecided>,
    /// Destinations that get nothing because the instance came from there.
    pub loops: Vec<String>,
    /// Keys of the rules that take the whole study from now on: they match, and had not matched before.
    pub opens: Vec<String>,
}
