//! Orthanc's `DicomModalities`, which it reads at its start only.
//!
//! Invariants:
//! - An entry that Orthanc has is never changed or removed: others may have set it (`PUT /modalities/{name}`). One that
//!   was deleted from it is not entered again, for the same reason.
//! - What is new in the files is entered into Orthanc after all of the configuration was found valid. If Orthanc
//!   refuses one, those before it are taken out again.
//! - Where Orthanc keeps its modalities in its database, the files' are not looked at, as by Orthanc.

use orthanc_sdk::{CallError, Client};
use serde_json::{Map, Value};

use super::Refused;
use crate::config::{Mistake, Mistakes, member};
use crate::destinations::modality::is_symbolic_name;

const ALL: &str = "/modalities?expand";

/// What the files say, beside what Orthanc has.
pub struct Plan {
    /// All by name, when this is done.
    pub all: Map<String, Value>,
    /// Those that Orthanc has not.
    pub new: Vec<(String, Value)>,
    /// Those that the files have changed or removed, or have and Orthanc no longer.
    pub needs_restart: Vec<String>,
}

/// What Orthanc has now.
///
/// # Errors
/// When it cannot be asked.
pub fn now(client: Client) -> Result<Map<String, Value>, Refused> {
    match client.get_json(ALL) {
        Ok(Value::Object(all)) => Ok(all),
        Ok(_) => Err(Refused::Orthanc(format!("GET {ALL} answered no object"))),
        Err(CallError::HostGone) => Err(Refused::Stopping),
        Err(error) => Err(Refused::Orthanc(format!("GET {ALL} failed: {error}"))),
    }
}

/// `before`: the entries that Orthanc was started with, and those that were entered since.
pub fn plan(
    now: Map<String, Value>,
    files: &Map<String, Value>,
    before: &Map<String, Value>,
) -> Plan {
    let (deleted, new): (Vec<_>, Vec<_>) = (files.iter())
        .filter(|(name, _)| !now.contains_key(*name))
        .partition(|(name, _)| before.contains_key(*name));
    let new: Vec<(String, Value)> = (new.into_iter())
        .map(|(name, entry)| (name.clone(), entry.clone()))
        .collect();
    let is_changed = |name: &str, entry: &Value| {
        (now.get(name)).is_some_and(|held| before.get(name) != Some(entry) && !says(held, entry))
    };
    let changed = files
        .iter()
        .filter(|(name, entry)| is_changed(name, entry))
        .map(|(name, _)| name.clone());
    let removed = before
        .keys()
        .filter(|name| now.contains_key(*name) && !files.contains_key(*name))
        .cloned();
    let deleted = deleted.into_iter().map(|(name, _)| name.clone());
    let mut needs_restart: Vec<String> = changed.chain(removed).chain(deleted).collect();
    needs_restart.sort_unstable();
    let mut all = now;
    all.extend(new.iter().cloned());
    Plan {
        all,
        new,
        needs_restart,
    }
}

impl Plan {
    /// Nothing is said of them.
    pub fn nothing(now: Map<String, Value>) -> Plan {
        Plan {
            all: now,
            new: Vec::new(),
            needs_restart: Vec::new(),
        }
    }

    /// What Orthanc would not take as a name.
    pub fn mistakes(&self) -> Vec<Mistake> {
        let wrong = self.new.iter().filter(|(name, _)| !is_symbolic_name(name));
        wrong
            .map(|(name, _)| Mistake {
                path: member("DicomModalities", name),
                found: Value::from(name.as_str()).to_string(),
                allowed: "a name of letters, digits, - and _".to_owned(),
            })
            .collect()
    }

    /// Enters into Orthanc what is new.
    ///
    /// # Errors
    /// When Orthanc refuses one: then none is entered.
    pub fn enter(&self, client: Client) -> Result<(), Refused> {
        for (at, (name, entry)) in self.new.iter().enumerate() {
            let body = entry.to_string();
            let Err(error) = client.put(&format!("/modalities/{name}"), body.as_bytes()) else {
                continue;
            };
            self.take_back(client, at);
            return Err(match error {
                CallError::HostGone => Refused::Stopping,
                error => Refused::Mistakes(Mistakes(vec![Mistake {
                    path: member("DicomModalities", name),
                    found: "an entry that Orthanc does not take".to_owned(),
                    allowed: format!(
                        "what is a modality for Orthanc, whose log may say more ({error})"
                    ),
                }])),
            });
        }
        Ok(())
    }

    fn take_back(&self, client: Client, count: usize) {
        for (name, _) in &self.new[..count] {
            if let Err(error) = client.delete(&format!("/modalities/{name}")) {
                log::error!(
                    "the modality {name} was entered into Orthanc and cannot be taken out again: {error}"
                );
            }
        }
    }
}

/// Whether an entry as Orthanc shows it is what is written: `[AET, host, port, …]`, or an object, of which keys that
/// are not written do not count. Orthanc takes numbers as text too.
fn says(held: &Value, written: &Value) -> bool {
    let same = |key: &str, value: &Value| match (held.get(key), value) {
        (Some(held), value) => text(held) == text(value),
        (None, _) => true,
    };
    match written {
        Value::Array(list) => ["AET", "Host", "Port", "Manufacturer"]
            .iter()
            .zip(list)
            .all(|(key, value)| same(key, value)),
        Value::Object(entries) => entries.iter().all(|(key, value)| match key.as_str() {
            // One word for both.
            "AllowStorageCommitment" => {
                same("AllowNAction", value) && same("AllowEventReport", value)
            }
            key => same(key, value),
        }),
        _ => false,
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn what_orthanc_has_is_left_as_it_is() {
        let held = |aet: &str| {
            json!({ "AET": aet, "Host": "h", "Port": 104, "Manufacturer": "Generic", "AllowEcho": true,
                "AllowNAction": false, "AllowEventReport": false, "Timeout": 0 })
        };
        let now = json!({ "same": held("A"), "text": held("A"), "other": held("A"), "gone": held("A"),
            "put": held("B"), "later": held("A") });
        let before = json!({ "same": ["A", "h", 104], "text": ["A", "h", 104], "other": ["A", "h", 104],
            "gone": ["A", "h", 104], "put": ["A", "h", 104], "deleted": ["A", "h", 104] });
        let files = json!({
            "same": ["A", "h", 104],
            "text": { "AET": "A", "Host": "h", "Port": "104", "AllowStorageCommitment": false },
            "other": ["A", "h", 105],
            // Changed by a person since: not by the files.
            "put": ["A", "h", 104],
            // Entered by a person before, with other values.
            "later": { "AET": "A", "Host": "h", "Port": 104, "Timeout": 5 },
            "new": ["N", "h", 104],
            // Deleted from Orthanc by a person.
            "deleted": ["A", "h", 104],
        });
        let plan = plan(map(now), &map(files), &map(before));
        assert_eq!(plan.new, [("new".to_owned(), json!(["N", "h", 104]))]);
        assert_eq!(plan.needs_restart, ["deleted", "gone", "later", "other"]);
        assert_eq!(plan.all.len(), 7);
    }
}
