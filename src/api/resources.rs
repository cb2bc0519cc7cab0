//! `/sendqueue/studies/{orthanc id}`, also series, patients and instances: what went where, when.

use std::collections::BTreeMap;

use orthanc_sdk::{Request, Response};
use serde_json::{Value, json};

use super::error::ApiError;
use super::input::{Query, quoted};
use super::items::{is_orthanc_id, is_unknown};
use super::json;
use super::{Answer, Api};
use crate::item::State;
use crate::store::{Level, ResourceProgress};

impl Api {
    pub fn resource(&self, request: &Request, level: &str, id: &str) -> Answer {
        Query::new(request, &[])?;
        let unknown = || {
            ApiError::not_found(format!(
                "neither Orthanc nor the queue knows {level} {}",
                quoted(id)
            ))
        };
        let found = self.orthanc_id(level, id);
        let id = found.as_deref().unwrap_or(id);
        if !is_orthanc_id(id) {
            return Err(unknown());
        }
        let described = match self.client.get_json(&format!("/{level}/{id}")) {
            Ok(resource) => Some(resource),
            Err(error) if is_unknown(&error) => None,
            Err(error) => return Err(error.into()),
        };
        let found = match (level, &described) {
            ("patients", Some(patient)) => self.of_patient(id, patient)?,
            ("patients", None) => self.store.progress(Level::Patient, id, None)?,
            ("studies", _) => self.store.progress(Level::Study, id, Some(id))?,
            ("series", _) => {
                let study = described
                    .as_ref()
                    .and_then(|series| parent(series, "ParentStudy"));
                self.store.progress(Level::Series, id, study.as_deref())?
            }
            (_, _) => {
                let study = described
                    .as_ref()
                    .and_then(|_| self.client.get_json(&format!("/instances/{id}/study")).ok())
                    .and_then(|study| parent(&study, "ID"));
                self.store.progress(Level::Instance, id, study.as_deref())?
            }
        };
        if described.is_none() && found.is_empty() {
            return Err(unknown());
        }
        let list: Vec<Value> = found.iter().map(json::progress).collect();
        Ok(Response::json(
            200,
            &json!({ "ID": id, "InOrthanc": described.is_some(), "Destinations": list }),
        ))
    }

    /// The study that a filter names, by its Orthanc identifier or its Study Instance UID.
    pub(super) fn study(&self, text: Option<String>) -> Option<String> {
        text.map(|text| self.orthanc_id("studies", &text).unwrap_or(text))
    }

    /// The same for an instance.
    pub(super) fn instance(&self, text: Option<String>) -> Option<String> {
        text.map(|text| self.orthanc_id("instances", &text).unwrap_or(text))
    }

    /// The Orthanc identifier of a DICOM UID (PS3.5 9.1) at this level, if Orthanc knows one.
    fn orthanc_id(&self, level: &str, uid: &str) -> Option<String> {
        let kind = match level {
            "studies" => "Study",
            "series" => "Series",
            "instances" => "Instance",
            _ => return None,
        };
        let is_uid = (1..=64).contains(&uid.len())
            && uid
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.');
        if !is_uid {
            return None;
        }
        let found = self.client.post("/tools/lookup", uid.as_bytes()).ok()?;
        let found: Value = serde_json::from_slice(&found.body).ok()?;
        let same = |one: &&Value| one.get("Type").and_then(Value::as_str) == Some(kind);
        let one = found.as_array()?.iter().find(same)?;
        one.get("ID")?.as_str().map(str::to_owned)
    }

    /// A patient's studies, added up: the queue finds items by their study.
    fn of_patient(&self, id: &str, patient: &Value) -> Result<Vec<ResourceProgress>, ApiError> {
        let mut sums: BTreeMap<String, ResourceProgress> = BTreeMap::new();
        let studies = patient.get("Studies").and_then(Value::as_array);
        for study in studies.into_iter().flatten().filter_map(Value::as_str) {
            for part in self.store.progress(Level::Study, study, Some(study))? {
                match sums.get_mut(&part.destination) {
                    Some(sum) => add(sum, &part),
                    None => {
                        sums.insert(part.destination.clone(), part);
                    }
                }
            }
        }
        log::debug!("patient {id}: {} destinations", sums.len());
        Ok(sums.into_values().collect())
    }
}

fn parent(resource: &Value, key: &str) -> Option<String> {
    resource.get(key)?.as_str().map(str::to_owned)
}

fn add(sum: &mut ResourceProgress, part: &ResourceProgress) {
    for state in State::ALL {
        sum.counts.add(state, part.counts.get(state));
    }
    sum.first_created = sum.first_created.min(part.first_created);
    sum.last_created = sum.last_created.max(part.last_created);
    sum.first_completed = match (sum.first_completed, part.first_completed) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    sum.last_completed = sum.last_completed.max(part.last_completed);
}
