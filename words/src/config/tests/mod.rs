//! What the configuration accepts, and what it says about the rest.

mod accepted;
mod alerts;
mod coercions;
mod compress;
mod confirm;
mod deidentify;
mod events;
mod mistakes;
mod mistakes_destination;
mod mistakes_rule;
mod retention;
mod rules;

use serde_json::{Value, json};

use super::settings::Settings;
use super::{Mistakes, in_force, load};

/// A part of Orthanc's dictionary.
fn dictionary(name: &str) -> Option<(u16, u16)> {
    match name {
        "Modality" => Some((0x0008, 0x0060)),
        "StudyDescription" => Some((0x0008, 0x1030)),
        "TransferSyntaxUID" => Some((0x0002, 0x0010)),
        "AccessionNumber" => Some((0x0008, 0x0050)),
        "StudyID" => Some((0x0020, 0x0010)),
        _ => None,
    }
}

fn read(configuration: &Value) -> Result<Settings, Mistakes> {
    load(configuration, &dictionary, None)
}

/// Orthanc's configuration with two modalities and this section `SendQueue`.
fn with(section: Value) -> Value {
    json!({
        "DicomModalities": { "pacs": ["PACS", "10.0.0.1", 104], "archive": ["ARC", "10.0.0.2", 104] },
        "SendQueue": section,
    })
}

/// Path and message of each mistake.
fn mistakes(configuration: &Value) -> Vec<(String, String)> {
    let mistakes = match read(configuration) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.0,
    };
    let message = |found: String, allowed: String| format!("found {found}; allowed: {allowed}");
    mistakes
        .into_iter()
        .map(|m| (m.path, message(m.found, m.allowed)))
        .collect()
}

/// Asserts that the section has this one mistake: its path under `SendQueue`, and words of its message.
fn one(section: Value, path: &str, words: &[&str]) {
    let found = mistakes(&with(section.clone()));
    assert_eq!(found.len(), 1, "{section}: {found:#?}");
    let full = match path {
        _ if path.is_empty() || path.starts_with('[') => format!("SendQueue{path}"),
        path => format!("SendQueue.{path}"),
    };
    assert_eq!(found[0].0, full, "{section}: {}", found[0].1);
    for word in words {
        assert!(
            found[0].1.contains(word),
            "{section}: {word:?} is not in: {}",
            found[0].1
        );
    }
}
