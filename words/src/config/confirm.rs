//! `Confirm` of a destination: it is asked later whether it has what it acknowledged.
//!
//! Invariant: a means that cannot work at this destination is refused here, so that nobody waits for an answer that
//! never comes.

use super::mistake::Mistakes;
use super::raw::{Node, Object};
use super::settings::DestinationSettings;
use super::vocabulary::MEANS;
use crate::item::{Means, Timestamp};

/// How a destination is asked for what it acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirm {
    /// At least one, none twice: the next where the one before brought nothing in its share of the time.
    pub by: Vec<Means>,
    /// Seconds from the delivery to the first question.
    pub delay: u32,
    /// Seconds for which it is asked, from the first question on.
    pub timeout: u32,
}

const KEYS: [&str; 3] = ["By", "Delay", "Timeout"];
const DELAY: u32 = 60;
const TIMEOUT: u32 = 86_400;
/// Seconds. What trickles in makes no more than one question of a study in the least of it, whatever `Delay` is.
const GRID: (i64, i64) = (5, 30);
const BY: &str = "\"StorageCommitment\", \"Find\", or a list of both";

impl Confirm {
    /// When the first question is due for what was delivered then.
    fn begins(&self, delivered: Timestamp) -> Timestamp {
        delivered.plus_seconds(f64::from(self.delay))
    }

    /// The same, up to half a minute later: so that a study is asked for as a whole, and not image by image.
    pub fn due(&self, delivered: Timestamp) -> Timestamp {
        let (least, most) = GRID;
        let grid = (i64::from(self.delay) / 2).clamp(least, most) * 1_000_000;
        let begins = self.begins(delivered);
        let over = begins.micros() % grid;
        Timestamp::from_micros(match over {
            0 => begins.micros(),
            over => begins.micros() - over + grid,
        })
    }

    /// The delivery for which the first question would be due now.
    pub fn first_asked(&self, now: Timestamp) -> Timestamp {
        now.plus_seconds(-f64::from(self.delay))
    }

    /// The means whose turn it is, and until when; `None`: it is over.
    pub fn turn(&self, delivered: Timestamp, now: Timestamp) -> Option<(Means, Timestamp)> {
        let share = f64::from(self.timeout) / self.by.len() as f64;
        let until = |turn: usize| (self.begins(delivered)).plus_seconds(share * (turn + 1) as f64);
        let mut turns = self.by.iter().enumerate();
        turns
            .find(|(turn, _)| now < until(*turn))
            .map(|(turn, means)| (*means, until(turn)))
    }
}

/// Reads `Confirm` over what is set; `null` takes away what `Defaults` say.
pub(super) fn read_key(
    section: &Object<'_>,
    settings: &mut DestinationSettings,
    mistakes: &mut Mistakes,
) {
    section.read("Confirm", &mut settings.confirm, |node| {
        confirm(node, mistakes)
    });
    let finds = |by: &Confirm| by.by.contains(&Means::Find);
    // PS3.4 C.4.1.1.3.1: the UIDs of study and series belong to the question, and those that are sent are known to the
    // receiver alone.
    if settings.confirm.as_ref().is_some_and(finds) && settings.deidentify.is_some() {
        let allowed = "\"StorageCommitment\" alone beside Deidentify: Find asks by the UIDs of study and series, which \
                       are others there";
        let keys = ["Confirm", "Deidentify"];
        if let Some(node) = keys.iter().find_map(|key| section.get(key)) {
            node.wrong(mistakes, allowed);
        }
    }
}

fn confirm(node: &Node<'_>, mistakes: &mut Mistakes) -> Option<Option<Confirm>> {
    if node.value.is_null() {
        return Some(None);
    }
    let section = node.section(&KEYS, mistakes)?;
    let mut confirm = Confirm {
        by: Vec::new(),
        delay: DELAY,
        timeout: TIMEOUT,
    };
    let before = mistakes.0.len();
    match section.get("By") {
        None => node.wrong(mistakes, format!("with By, {BY}")),
        Some(written) => confirm.by = by(&written, mistakes).unwrap_or_default(),
    }
    section.read("Delay", &mut confirm.delay, |n| {
        n.integer(0..=604_800, mistakes)
    });
    section.read("Timeout", &mut confirm.timeout, |n| {
        n.integer(1..=2_592_000, mistakes)
    });
    (mistakes.0.len() == before).then_some(Some(confirm))
}

fn by(node: &Node<'_>, mistakes: &mut Mistakes) -> Option<Vec<Means>> {
    let one = |node: &Node<'_>, mistakes: &mut Mistakes| {
        if node.value.as_str() == Some("Qido") {
            let allowed = "one of \"StorageCommitment\", \"Find\": destinations by DICOMweb, which Qido asks, are not \
                           there yet";
            node.wrong(mistakes, allowed);
            return None;
        }
        node.choice(&MEANS, mistakes)
    };
    if !node.value.is_array() {
        return one(node, mistakes).map(|means| vec![means]);
    }
    let nodes = node.list(BY, mistakes)?;
    if nodes.is_empty() {
        node.wrong(mistakes, BY);
    }
    let mut all = Vec::new();
    for node in &nodes {
        match one(node, mistakes) {
            Some(means) if all.contains(&means) => node.wrong(mistakes, "each of them once"),
            means => all.extend(means),
        }
    }
    (!all.is_empty() && all.len() == nodes.len()).then_some(all)
}
