//! How far reconciliation is, for `/sendqueue` and `health`.

use std::collections::BTreeMap;

use super::rule_figures::{RuleFigures, Tally};
use crate::config::settings::Rule;
use crate::item::Timestamp;
use crate::store::MOST_SOURCES;
use parking_lot::{Mutex, MutexGuard};

/// How long after one such line the next one says how many more there are.
const NEWS_SECONDS: u64 = 60;
/// Senders by whom own outputs are counted; an AET is whatever a sender says.
const MOST_SENDERS: usize = 100;
/// Those who are more.
const OTHERS: &str = "others";

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
    told_gone: Told,
    /// Instances that the queue had sent, changed on their way, and that came back: by who sent them.
    pub own_outputs: BTreeMap<String, u64>,
    told_own: Told,
    /// Instances given up because Orthanc cannot describe them.
    pub given_up: u64,
    /// Sources that are not remembered because there are too many.
    pub forgotten_sources: u64,
    /// Decisions that need to be seen, by destination.
    pub fates: BTreeMap<(String, Fate), u64>,
    /// What became of instances at the rules.
    pub rules: RuleFigures,
}

/// How many of something were told of, and when last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Told(Option<(u64, Timestamp)>);

impl Told {
    /// How many more there are now; `None`: it is no time to tell, or there is nothing to say.
    fn news(&mut self, count: u64, now: Option<Timestamp>) -> Option<u64> {
        let told = self.0.map_or(0, |(count, _)| count);
        if let (Some((_, last)), Some(now)) = (self.0, now) {
            if now >= last && now.since(last).as_secs() < NEWS_SECONDS {
                return None;
            }
        }
        if count <= told {
            return None;
        }
        let last = self.0.map(|(_, last)| last);
        self.0 = now.or(last).map(|now| (count, now));
        Some(count - told)
    }
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

    /// An instance that the queue had sent came back.
    pub fn own_output(&self, sender: &str) {
        let mut figures = self.lock();
        let counts = &mut figures.own_outputs;
        let sender = match counts.contains_key(sender) || counts.len() < MOST_SENDERS {
            true => sender,
            false => OTHERS,
        };
        *counts.entry(sender.to_owned()).or_default() += 1;
    }

    /// Says what is only counted, of each kind at most once in [`NEWS_SECONDS`].
    pub fn tell(&self, now: Timestamp) {
        self.tell_news(Some(now));
    }

    /// Says what was not said yet.
    pub fn tell_rest(&self) {
        self.tell_news(None);
    }

    fn tell_news(&self, now: Option<Timestamp>) {
        let mut figures = self.lock();
        let gone = figures.gone;
        let news_gone = figures.told_gone.news(gone, now);
        let own = figures.own_outputs.values().sum();
        let news_own = figures.told_own.news(own, now);
        let senders: Vec<String> = figures.own_outputs.keys().cloned().collect();
        drop(figures);
        if let Some(news) = news_gone {
            log::warn!(
                "{news} instances were deleted from Orthanc before they could be queued, {gone} since the start"
            );
        }
        if let Some(news) = news_own {
            log::warn!(
                "{news} instances came back that this queue had sent, and are not sent again; {own} since the start, from {}",
                senders.join(", ")
            );
        }
    }

    pub fn given_up(&self, count: usize) {
        self.lock().given_up += count as u64;
    }

    fn lock(&self) -> MutexGuard<'_, Figures> {
        self.0.lock()
    }
}
