//! The section `SendQueue.Alerts`.
//!
//! Invariants:
//! - What of it is secret shows in no mistake ([`super::webhook`]).
//! - A section that would never send anything is refused.

use super::mistake::Mistakes;
use super::raw::Node;
use super::settings::{AlertFormat, AlertKind, AlertSettings, Webhook};
use super::silent::silent_sources;
use super::vocabulary::{ALERT_FORMATS, ALERT_KINDS};
use super::webhook::{peer_of_url, section_with_secrets, url_found, webhook};

const KEYS: [&str; 8] = [
    "Url",
    "Secret",
    "Format",
    "Link",
    "On",
    "BacklogItems",
    "BacklogSeconds",
    "SilentSources",
];

const LINK: &str = "an address that starts with http:// or https:// and has a host, without a login: everyone reads it";
const ON: &str = "a list of one or more of \"DestinationUnreachable\", \"DestinationBack\", \"Failure\", \"Backlog\", \"SourceSilent\", \"SourceBack\", \"OwnOutput\", \"NotConfirmed\", each once";

/// `strict`: `StrictAetComparison`.
pub(super) fn alerts(
    node: &Node<'_>,
    strict: bool,
    mistakes: &mut Mistakes,
) -> Option<AlertSettings> {
    let section = section_with_secrets(node, &KEYS, mistakes)?;
    let before = mistakes.0.len();
    let mut settings = AlertSettings {
        webhook: Webhook::default(),
        format: AlertFormat::Json,
        link: None,
        on: AlertKind::ALL.to_vec(),
        backlog_items: AlertSettings::BACKLOG_ITEMS,
        backlog_seconds: AlertSettings::BACKLOG_SECONDS,
        silent_sources: Vec::new(),
    };
    if let Some(webhook) = webhook(&section, mistakes) {
        settings.webhook = webhook;
    }
    section.read("Format", &mut settings.format, |n| {
        n.choice(&ALERT_FORMATS, mistakes)
    });
    if let Some(node) = section.get("Link") {
        let valid = |text: &&str| {
            let authority = text.split('/').nth(2).unwrap_or_default();
            peer_of_url(text).is_some() && !authority.contains('@')
        };
        match node.value.as_str().filter(valid) {
            Some(text) => settings.link = Some(text.to_owned()),
            None => mistakes.add(&node.path, url_found(node.value), LINK),
        }
    }
    section.read("On", &mut settings.on, |n| on(n, mistakes));
    section.read("BacklogItems", &mut settings.backlog_items, |n| {
        n.integer(0..=u64::MAX, mistakes)
    });
    section.read("BacklogSeconds", &mut settings.backlog_seconds, |n| {
        n.integer(0..=315_360_000, mistakes)
    });
    section.read("SilentSources", &mut settings.silent_sources, |n| {
        silent_sources(n, strict, mistakes)
    });
    (mistakes.0.len() == before).then_some(settings)
}

fn on(node: &Node<'_>, mistakes: &mut Mistakes) -> Option<Vec<AlertKind>> {
    let nodes = node.list(ON, mistakes)?;
    if nodes.is_empty() {
        node.wrong(mistakes, ON);
        return None;
    }
    let mut kinds = Vec::new();
    for entry in &nodes {
        if let Some(kind) = entry.choice(&ALERT_KINDS, mistakes) {
            if kinds.contains(&kind) {
                entry.wrong(mistakes, "each word once");
            } else {
                kinds.push(kind);
            }
        }
    }
    (kinds.len() == nodes.len()).then_some(kinds)
}
