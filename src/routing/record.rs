//! What is told of an evaluation while it goes on: to count, or to explain.
//!
//! Invariant: what is counted and what is explained is what was decided; nobody decides a second time.

use super::{Arrival, No, Tags, Verdict};
use crate::config::settings::Rule;

/// Who is told.
pub trait Record {
    /// The verdict of the rule at `index`.
    fn judged(
        &mut self,
        index: usize,
        rule: &Rule,
        verdict: &Verdict<'_>,
        arrival: &Arrival,
        tags: &mut Tags<'_>,
    );

    /// A rule that did not look at the instance: the rule `by` before it has taken it (`Stop`).
    fn stopped(&mut self, index: usize, rule: &Rule, by: &Rule);

    /// What a rule that matches, or may match, means for one of its destinations.
    fn destination(&mut self, index: usize, name: &str, fate: Fate<'_>);
}

/// What a rule means for a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate<'a> {
    /// It goes there by this rule.
    Goes,
    /// A rule before this one says so already.
    Known,
    /// It came from there.
    Loop,
    /// It may have to go there: a person decides. The name of the rule before, with `Stop`, that this hangs on; `None`:
    /// the rule itself.
    Undecided(Option<&'a str>),
}

/// What came of a rule for an instance; [`Mark::Routed`] and [`Mark::Loop`]: for an instance and a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    Matched,
    Routed,
    Unless,
    Loop,
    Anonymized,
    Modified,
    Undecided,
    Stopped,
}

impl Mark {
    /// For the metrics and the counts of a rule.
    pub fn as_str(self) -> &'static str {
        match self {
            Mark::Matched => "Matched",
            Mark::Routed => "Routed",
            Mark::Unless => "Unless",
            Mark::Loop => "Loop",
            Mark::Anonymized => "Anonymized",
            Mark::Modified => "Modified",
            Mark::Undecided => "Undecided",
            Mark::Stopped => "Stopped",
        }
    }

    pub const ALL: [Mark; 8] = [
        Mark::Matched,
        Mark::Routed,
        Mark::Unless,
        Mark::Loop,
        Mark::Anonymized,
        Mark::Modified,
        Mark::Undecided,
        Mark::Stopped,
    ];
}

/// The marks of one instance, with the places of their rules. Cleared for the next one, it costs no memory.
#[derive(Debug, Default)]
pub struct Marks(pub Vec<(usize, Mark)>);

impl Record for Marks {
    fn judged(
        &mut self,
        index: usize,
        _: &Rule,
        verdict: &Verdict<'_>,
        _: &Arrival,
        _: &mut Tags<'_>,
    ) {
        let mark = match verdict {
            Verdict::Yes | Verdict::Taken => Mark::Matched,
            Verdict::Undecided(..) => Mark::Undecided,
            Verdict::No(No::When(_)) => return,
            Verdict::No(No::Unless(_)) => Mark::Unless,
            Verdict::No(No::Anonymized) => Mark::Anonymized,
            Verdict::No(No::Modified) => Mark::Modified,
        };
        self.0.push((index, mark));
    }

    fn stopped(&mut self, index: usize, _: &Rule, _: &Rule) {
        self.0.push((index, Mark::Stopped));
    }

    fn destination(&mut self, index: usize, _: &str, fate: Fate<'_>) {
        match fate {
            Fate::Goes => self.0.push((index, Mark::Routed)),
            Fate::Loop => self.0.push((index, Mark::Loop)),
            Fate::Known | Fate::Undecided(_) => {}
        }
    }
}
