//! `SendQueue.Alerts.SilentSources`: which AETs should send, and how long they may be silent.

use super::destination::windows;
use super::mistake::Mistakes;
use super::raw::{Node, Object};
use super::settings::{SilentSource, Window, source_key};
use super::vocabulary::{AET, aet};
use super::window;

const KEYS: [&str; 3] = ["Aet", "Hours", "When"];

/// A month: what is silent for longer is looked for elsewhere.
const HOURS: std::ops::RangeInclusive<f64> = 0.0001..=744.0;

pub(super) fn silent_sources(
    node: &Node<'_>,
    strict: bool,
    mistakes: &mut Mistakes,
) -> Option<Vec<SilentSource>> {
    let allowed = "a list, for instance [ { \"Aet\": \"CT1\", \"Hours\": 4, \"When\": \"Mon-Fri 08:00-18:00\" } ]";
    let nodes = node.list(allowed, mistakes)?;
    let mut sources: Vec<SilentSource> = Vec::new();
    for entry in &nodes {
        let Some(section) = entry.section(&KEYS, mistakes) else {
            continue;
        };
        let (aet, seconds, windows) = read(&section, strict, mistakes);
        if let (Some(aet), Some(node)) = (&aet, section.get("Aet")) {
            if sources.iter().any(|other| other.aet == *aet) {
                node.wrong(mistakes, "each AET once");
            }
        }
        sources.push(SilentSource {
            aet: aet.unwrap_or_default(),
            seconds,
            windows,
        });
    }
    Some(sources)
}

fn read(
    section: &Object<'_>,
    strict: bool,
    mistakes: &mut Mistakes,
) -> (Option<String>, f64, Vec<Window>) {
    let mut read_aet = None;
    match section.get("Aet") {
        None => mistakes.add(&section.path_of("Aet"), "nothing", AET),
        Some(node) => {
            let text = node.text(AET, mistakes);
            read_aet = text.and_then(aet).and_then(|aet| source_key(aet, strict));
            if text.is_some() && read_aet.is_none() {
                node.wrong(mistakes, AET);
            }
        }
    }
    let mut hours = 0.0;
    match section.get("Hours") {
        None => mistakes.add(
            &section.path_of("Hours"),
            "nothing",
            format!("a number from {} to {}", HOURS.start(), HOURS.end()),
        ),
        Some(node) => hours = node.number(HOURS, mistakes).unwrap_or_default(),
    }
    let mut when = Vec::new();
    section.read("When", &mut when, |n| {
        // One window may stand alone.
        let Some(text) = n.value.as_str() else {
            return windows(n, mistakes);
        };
        let read = window::parse(text);
        if read.is_none() {
            n.wrong(mistakes, window::ALLOWED);
        }
        read.map(|window| vec![window])
    });
    (read_aet, hours * 3600.0, when)
}
