//! How far reconciliation is, for `/sendqueue` and `health`.

use std::collections::BTreeMap;

use super::rule_figures::{RuleFigures, Tally};
use crate::config::settings::Rule;
use crate::item::Timestamp;
use crate::store::MOST_SOURCES;
use parking_lot::{Mutex, MutexGuard};

/// How long after one such line the next one says how many instances are gone.
const GONE_SECONDS: u64 = 60;

/// Shared between the reconciler and the API.
#[derive(Default)]
pub struct Progress(Mutex<Figures>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Number of the last change that was handled.
    pub cursor: Option<i64>,
    pub last_pass: Option<Timestamp>,
    /// What is wrong, since when.
    pub fault: Option<(Timestamp, String)>,
    /// Instances deleted from Orthanc before they could be queued.
    pub gone: u64,
    /// How many of them were told of, and when last.
    told: Option<(u64, Timestamp)>,
    /// Instances given up because Orthanc cannot describe them.
    pub given_up: u64,
    /// Sources that are not remembered because there are too many.
    pub forgotten_sources: u64,
    /// Decisions that need to be seen, by destination.
    pub fates: BTreeMap<(String, Fate), u64>,
    /// What became of instances at the rules.
    pub rules: RuleFigures,
}

/// What was decided of an instance and a destination, other than that it is simply sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Not sent: it came from there.
    Loop,
    /// Received again and not sent again: its content is the same.
    Unchanged,
    /// Received again and not sent again: the rule says `"Again": "Never"`.
    Never,
    /// Received again and sent again.
    Again,
    /// Into the error queue: a rule hangs on what cannot be read.
    Undecided,
}

impl Figures {
    pub fn decided(&self, destination: &str, fate: Fate) -> u64 {
        let key = (destination.to_owned(), fate);
        self.fates.get(&key).copied().unwrap_or(0)
    }
}

impl Progress {
    pub fn figures(&self) -> Figures {
        self.lock().clone()
    }

    pub fn moved(&self, cursor: i64) {
        self.lock().cursor = Some(cursor);
    }

    pub fn forgot(&self, sources: u64) {
        let mut figures = self.lock();
        let is_first = figures.forgotten_sources == 0;
        figures.forgotten_sources += sources;
        drop(figures);
        if sources > 0 && is_first {
            log::warn!(
                "of more than {MOST_SOURCES} calling AETs those heard of longest ago are forgotten; further ones are only counted"
            );
        }
    }

    pub fn passed(&self, now: Timestamp) {
        let mut figures = self.lock();
        figures.last_pass = Some(now);
        if let Some((since, _)) = figures.fault.take() {
            drop(figures);
            log::warn!(
                "arrivals are queued again, after {} s",
                now.since(since).as_secs()
            );
        }
    }

    /// Told once for each fault, however often it is met.
    pub fn failed(&self, now: Timestamp, error: String) {
        let mut figures = self.lock();
        let since = match &figures.fault {
            Some((since, known)) if *known == error => *since,
            Some((since, _)) => {
                log::error!("arrivals cannot be queued, trying on: {error}");
                *since
            }
            None => {
                log::error!(
                    "arrivals cannot be queued, trying on; Orthanc goes on receiving and nothing is lost: {error}"
                );
                now
            }
        };
        figures.fault = Some((since, error));
    }

    /// Counts, and tells the first of its kind for each destination.
    pub fn count(&self, destination: &str, fate: Fate, text: impl FnOnce() -> String) {
        let mut figures = self.lock();
        let count = figures
            .fates
            .entry((destination.to_owned(), fate))
            .or_default();
        *count += 1;
        let first = *count == 1;
        drop(figures);
        if first {
            log::warn!("{}", text());
        }
    }

    /// These rules are in force from now on.
    pub fn rules_are(&self, rules: &[Rule], now: Timestamp) {
        self.lock().rules.keep(rules, now);
    }

    /// Counts what became of instances at these rules, and tells of the first copy that each holds back.
    pub fn count_rules(&self, rules: &[Rule], tally: &Tally, now: Timestamp) {
        let told = self.lock().rules.add(rules, tally, now);
        for text in told {
            log::warn!("{text}; further ones are only counted");
        }
    }

    pub fn gone(&self, count: usize) {
        self.lock().gone += count as u64;
    }

    /// Says how many more are gone, at most once in [`GONE_SECONDS`].
    pub fn tell_gone(&self, now: Timestamp) {
        let told = self.lock().told;
        let is_due =
            told.is_none_or(|(_, last)| now < last || now.since(last).as_secs() >= GONE_SECONDS);
        if is_due && self.tell_rest() {
            let mut figures = self.lock();
            figures.told = Some((figures.gone, now));
        }
    }

    /// Whether there was something to say.
    pub fn tell_rest(&self) -> bool {
        let figures = self.lock();
        let (gone, told) = (figures.gone, figures.told.map_or(0, |(count, _)| count));
        drop(figures);
        if gone > told {
            log::warn!(
                "{} instances were deleted from Orthanc before they could be queued, {gone} since the start",
                gone - told
            );
        }
        gone > told
    }

    pub fn given_up(&self, count: usize) {
        self.lock().given_up += count as u64;
    }

    fn lock(&self) -> MutexGuard<'_, Figures> {
        self.0.lock()
    }
}
