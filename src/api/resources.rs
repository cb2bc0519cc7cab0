//! `/sendqueue/studies`, a list of them; `/sendqueue/studies/{id}`, also series, patients and instances: what went
//! where, when.

use std::collections::BTreeMap;

use orthanc_sdk::Request;
use serde_json::Value;

use super::error::ApiError;
use super::input::{Query, quoted};
use super::lookup::is_orthanc_id;
use super::types::{self, StudiesQuery};
use super::{Answer, Api, ok};
use crate::store::{Level, ResourceProgress};

impl Api {
    pub fn studies(&self, request: &Request) -> Answer {
        let query = Query::of::<StudiesQuery>(request)?;
        let page = query.page()?;
        let filter = self.items_filter(&query)?;
        let studies = self.store.studies(&filter, page.since, page.limit)?;
        let list: Vec<types::StudyProgress> =
            studies.iter().map(types::StudyProgress::from).collect();
        ok(&list)
    }

    pub fn resource(&self, request: &Request, level: &str, id: &str) -> Answer {
        Query::none(request)?;
        let unknown = || {
            let what = match level {
                "studies" => "study",
                "series" => "series",
                "patients" => "patient",
                _ => "instance",
            };
            ApiError::not_found(format!(
                "neither Orthanc nor the queue knows the {what} {}",
                quoted(id)
            ))
        };
        let id = match level {
            "studies" => {
                let study = self.identifier("id", Level::Study, id.to_owned())?;
                match is_orthanc_id(&study) {
                    true => study,
                    // Orthanc has it no more.
                    false => self.delivered(&study)?.unwrap_or(study),
                }
            }
            "series" => self.identifier("id", Level::Series, id.to_owned())?,
            "instances" => self.identifier("id", Level::Instance, id.to_owned())?,
            _ => id.to_owned(),
        };
        let id = id.as_str();
        if !is_orthanc_id(id) {
            return Err(unknown());
        }
        let described = match self.client.get_json(&format!("/{level}/{id}")) {
            Ok(resource) => Some(resource),
            Err(error) if error.is_unknown_resource() => None,
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
        let is_known = described.is_some() || !found.is_empty();
        if !is_known && (level != "studies" || self.delivered(id)?.is_none()) {
            return Err(unknown());
        }
        ok(&types::Resource {
            id: id.to_owned(),
            in_orthanc: described.is_some(),
            destinations: found.iter().map(types::ResourceProgress::from).collect(),
        })
    }

    /// A patient's studies, added up: the queue finds items by their study.
    fn of_patient(&self, id: &str, patient: &Value) -> Result<Vec<ResourceProgress>, ApiError> {
        let mut sums: BTreeMap<String, ResourceProgress> = BTreeMap::new();
        let studies = patient.get("Studies").and_then(Value::as_array);
        for study in studies.into_iter().flatten().filter_map(Value::as_str) {
            for part in self.store.progress(Level::Study, study, Some(study))? {
                match sums.get_mut(&part.destination) {
                    Some(sum) => sum.add(&part),
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
