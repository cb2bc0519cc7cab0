//! Which SOP classes and transfer syntaxes a destination will be sent: so that one association serves all of a study.
//!
//! Invariants:
//! - Only a forecast: what it misses costs one more association, nothing else.
//! - Bounded: the most recent kinds of each destination.

use std::collections::{HashMap, HashSet};

use orthanc_sdk::Client;
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::contexts::Kind;
use super::part10::uid;
use crate::item::Item;

/// Kinds remembered for a destination: with fallbacks, which those of one SOP class share, some 128 contexts.
const MOST: usize = 40;
/// Series of a study that are looked at.
const MOST_SERIES: usize = 50;

/// What an association will be needed for.
pub struct Forecast {
    /// What is sent first, then what else the items' study has.
    pub group: Vec<Kind>,
    /// What else went to the destination lately.
    pub lately: Vec<Kind>,
}

impl Forecast {
    /// Nothing but this.
    pub fn of(first: &Kind) -> Forecast {
        Forecast {
            group: vec![first.clone()],
            lately: Vec::new(),
        }
    }
}

/// What was sent lately, by destination, the last one first.
#[derive(Default)]
pub struct Kinds {
    recent: Mutex<HashMap<String, Vec<Kind>>>,
}

impl Kinds {
    pub fn remember(&self, destination: &str, kind: &Kind) {
        let mut recent = self.recent.lock();
        if let Some(kinds) = recent.get_mut(destination) {
            if kinds.first() == Some(kind) {
                return;
            }
            kinds.retain(|one| one != kind);
            kinds.insert(0, kind.clone());
            kinds.truncate(MOST);
        } else {
            recent.insert(destination.to_owned(), vec![kind.clone()]);
        }
    }

    /// For an association that begins with `first`.
    pub fn foresee(
        &self,
        client: Client,
        destination: &str,
        first: &Kind,
        items: &[Item],
    ) -> Forecast {
        let mut forecast = Forecast::of(first);
        // Best effort: a deleted study or an Orthanc that cannot be asked only costs the forecast.
        for kind in of_items(client, items).unwrap_or_default() {
            if !forecast.group.contains(&kind) {
                forecast.group.push(kind);
            }
        }
        let recent = self.recent.lock();
        let lately = recent.get(destination).into_iter().flatten();
        forecast.lately = lately
            .filter(|kind| !forecast.group.contains(kind))
            .cloned()
            .collect();
        forecast
    }
}

/// One instance of each series of the items, and of the first item's study.
fn of_items(client: Client, items: &[Item]) -> Option<Vec<Kind>> {
    let first = items.first()?;
    let mut series = HashSet::new();
    let mut instances: Vec<String> = items
        .iter()
        .filter(|item| series.insert(item.ids.series.as_str()))
        .map(|item| item.ids.instance.clone())
        .collect();
    if first.ids.study.is_empty() || !is_identifier(&first.ids.study) {
        return None;
    }
    let answer = client
        .get_json(&format!("/studies/{}/series", first.ids.study))
        .ok()?;
    for one in answer.as_array()? {
        let id = one.get("ID").and_then(Value::as_str).unwrap_or_default();
        let instance = one.pointer("/Instances/0").and_then(Value::as_str);
        if let (false, Some(instance)) = (series.contains(id), instance) {
            instances.push(instance.to_owned());
        }
    }
    instances.truncate(MOST_SERIES);
    if instances.len() < 2 {
        // Nothing but the one that is known anyway.
        return None;
    }
    // Orthanc 1.9.4.
    let described = client
        .post_json(
            "/tools/bulk-content",
            &json!({ "Resources": instances, "Metadata": true }),
        )
        .ok()?;
    let kinds = described.as_array()?.iter().filter_map(|instance| {
        // One that is no UID would spoil the association request for all the others.
        let metadata = |key: &str| {
            let text = instance.get("Metadata")?.get(key)?.as_str()?;
            uid(text.as_bytes()).map(str::to_owned)
        };
        Some(Kind {
            sop_class: metadata("SopClassUid")?,
            transfer_syntax: metadata("TransferSyntax")?,
        })
    });
    Some(kinds.collect())
}

/// Orthanc's identifiers: what may become part of a path.
fn is_identifier(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}
