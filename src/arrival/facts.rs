//! What the rules and the queue need to know of an instance, asked from Orthanc in bulk.
//!
//! Invariants:
//! - An instance that Orthanc no longer has is left out of the answer, never guessed.
//! - Parents never change (Orthanc identifiers are hashes of the DICOM identifiers), so they may be kept.

use std::collections::{BTreeMap, HashMap};

use orthanc_sdk::{CallError, Client};
use serde_json::{Value, json};

use crate::routing::{Arrival, TagValues};

/// Most parents kept; past that all are asked anew.
const MOST_PARENTS: usize = 20_000;

/// An instance, and when Orthanc received it (`20261120T235959`, UTC).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    pub arrival: Arrival,
    pub received: String,
}

/// Reads facts; keeps the parents of series and studies.
pub struct Facts {
    client: Client,
    parents: HashMap<String, String>,
}

impl Facts {
    pub fn new(client: Client) -> Facts {
        Facts {
            client,
            parents: HashMap::new(),
        }
    }

    /// Facts of those of the `instances` that are still in Orthanc, in the same order.
    pub fn of(&mut self, instances: &[&str]) -> Result<Vec<Fact>, CallError> {
        if instances.is_empty() {
            return Ok(Vec::new());
        }
        let described = self.bulk(&json!({ "Resources": instances, "Metadata": true }))?;
        self.complete(&described)?;
        Ok(instances
            .iter()
            .filter_map(|id| self.fact(id, described.get(*id)?))
            .collect())
    }

    /// Facts of all instances of a series or study, or of one instance.
    pub fn below(&mut self, resource: &str) -> Result<Vec<Fact>, CallError> {
        let described =
            self.bulk(&json!({ "Resources": [resource], "Level": "Instance", "Metadata": true }))?;
        self.complete(&described)?;
        Ok(described
            .iter()
            .filter_map(|(id, described)| self.fact(id, described))
            .collect())
    }

    /// The levels of those of the resources that Orthanc has, by identifier, each with its own description.
    pub fn resources(&self, ids: &[&str]) -> Result<BTreeMap<String, Value>, CallError> {
        self.bulk(&json!({ "Resources": ids, "Metadata": false }))
    }

    /// Learns the parents of these instances.
    fn complete(&mut self, described: &BTreeMap<String, Value>) -> Result<(), CallError> {
        let series = texts(described.values(), "ParentSeries");
        self.learn(&series, "ParentStudy")?;
        let studies: Vec<String> = series
            .iter()
            .filter_map(|series| self.parents.get(series).cloned())
            .collect();
        self.learn(&studies, "ParentPatient")
    }

    /// The tags of an instance, for rules that need them; the error is for people.
    pub fn tags(&self, instance: &str) -> Result<TagValues, String> {
        let uri = format!("/instances/{instance}/tags?short");
        let tags = self
            .client
            .get_json(&uri)
            .map_err(|error| error.to_string())?;
        TagValues::from_json(&tags).ok_or_else(|| "Orthanc's tags are not an object".to_owned())
    }

    fn fact(&self, id: &str, described: &Value) -> Option<Fact> {
        let series = described.get("ParentSeries")?.as_str()?;
        let study = self.parents.get(series)?;
        let patient = self.parents.get(study)?;
        let metadata = |key: &str| {
            let text = described.get("Metadata")?.get(key)?.as_str()?;
            (!text.is_empty()).then(|| text.to_owned())
        };
        let uid = described
            .pointer("/MainDicomTags/SOPInstanceUID")
            .and_then(Value::as_str);
        Some(Fact {
            arrival: Arrival {
                instance: id.to_owned(),
                sop_instance_uid: uid.unwrap_or_default().to_owned(),
                series: series.to_owned(),
                study: study.clone(),
                patient: patient.clone(),
                size_bytes: described
                    .get("FileSize")
                    .and_then(Value::as_u64)
                    .unwrap_or(0),
                remote_aet: metadata("RemoteAET"),
                called_aet: metadata("CalledAET"),
                remote_ip: metadata("RemoteIP"),
                origin: metadata("Origin"),
            },
            received: metadata("ReceptionDate").unwrap_or_default(),
        })
    }

    /// Learns the parents of those that are not known yet.
    fn learn(&mut self, children: &[String], key: &str) -> Result<(), CallError> {
        let unknown: Vec<&str> = children
            .iter()
            .filter(|child| !self.parents.contains_key(*child))
            .map(String::as_str)
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        if self.parents.len() + unknown.len() > MOST_PARENTS {
            let wanted: Vec<(String, String)> = children
                .iter()
                .filter_map(|child| self.parents.remove_entry(child))
                .collect();
            self.parents.clear();
            self.parents.extend(wanted);
        }
        for (child, described) in self.resources(&unknown)? {
            if let Some(parent) = described.get(key).and_then(Value::as_str) {
                self.parents.insert(child, parent.to_owned());
            }
        }
        Ok(())
    }

    /// `POST /tools/bulk-content` (Orthanc 1.9.4): by identifier, without those that Orthanc does not have.
    fn bulk(&self, body: &Value) -> Result<BTreeMap<String, Value>, CallError> {
        let answer = self.client.post_json("/tools/bulk-content", body)?;
        let Value::Array(resources) = answer else {
            return Ok(BTreeMap::new());
        };
        Ok(resources
            .into_iter()
            .filter_map(|resource| Some((resource.get("ID")?.as_str()?.to_owned(), resource)))
            .collect())
    }
}

/// The distinct values of `key`.
fn texts<'a>(resources: impl Iterator<Item = &'a Value>, key: &str) -> Vec<String> {
    let mut found: Vec<String> = resources
        .filter_map(|resource| resource.get(key)?.as_str().map(str::to_owned))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}
