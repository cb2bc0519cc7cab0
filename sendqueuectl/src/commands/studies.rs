//! Studies, the newest first: what of each is where. Whose they are, Orthanc is asked.

use std::collections::BTreeMap;
use std::process::ExitCode;

use serde_json::Value;

use super::{Done, Failed, Session, list, waiting};
use crate::cli::Filter;
use crate::filter;
use crate::show::{field, number, table};

/// Of the instances: one may have several items.
pub fn delivered(at: &Value) -> String {
    format!("{} of {}", number(at, "Delivered"), number(at, "Instances"))
}

impl Session<'_> {
    pub(super) fn studies(&self, filter: &Filter, state: &[String], limit: u32) -> Done {
        let found = self.pages_of_studies(filter, state, limit)?;
        // It may be of the past.
        if let (Some(name), true) = (&filter.destination, found.is_empty()) {
            self.must_be_known(name)?;
        }
        let is_full = u32::try_from(found.len()).is_ok_and(|count| count == limit);
        let found = Value::Array(found);
        if self.raw(&found) {
            return Ok(ExitCode::SUCCESS);
        }
        let owners = self.owners(list(&found));
        let rows: Vec<Vec<String>> = list(&found)
            .iter()
            .flat_map(|study| {
                list(&study["Destinations"])
                    .iter()
                    .map(move |one| (study, one))
            })
            .map(|(study, one)| {
                let counts = &one["Counts"];
                let is_open = waiting(counts) + number(counts, "Running") > 0;
                let id = field(study, "Study");
                let [patient, name, description] = owners.get(&id).cloned().unwrap_or_default();
                vec![
                    id,
                    field(one, "Destination"),
                    delivered(one),
                    field(one, "Worst"),
                    self.times.cell(one, "FirstCreationTime"),
                    match is_open {
                        true => String::new(),
                        false => self.times.cell(one, "LastCompletionTime"),
                    },
                    patient,
                    name,
                    description,
                ]
            })
            .collect();
        let heading = [
            "STUDY",
            "DESTINATION",
            "DELIVERED",
            "WORST",
            &self.times.heading("QUEUED"),
            &self.times.heading("FINISHED"),
            "PATIENT ID",
            "PATIENT NAME",
            "DESCRIPTION",
        ];
        table(&heading, &rows);
        if is_full {
            eprintln!("(the newest {limit} studies; there may be more: --limit)");
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Only an empty page is the end.
    fn pages_of_studies(
        &self,
        filter: &Filter,
        state: &[String],
        limit: u32,
    ) -> Result<Vec<Value>, Failed> {
        let mut found: Vec<Value> = Vec::new();
        loop {
            let left = (limit as usize).saturating_sub(found.len());
            if left == 0 {
                return Ok(found);
            }
            let mut arguments = filter::in_states(filter, state);
            arguments.push(("limit", left.to_string()));
            if let Some(last) = found.last() {
                arguments.push(("since", number(last, "Cursor").to_string()));
            }
            let page = self.client.get("/studies", &arguments)?;
            if list(&page).is_empty() {
                return Ok(found);
            }
            found.extend(list(&page).iter().cloned());
        }
    }

    /// Patient ID, patient's name and description, by study, as far as Orthanc has them and tells.
    fn owners(&self, studies: &[Value]) -> BTreeMap<String, [String; 3]> {
        let ids: Vec<String> = studies.iter().map(|study| field(study, "Study")).collect();
        if ids.is_empty() {
            return BTreeMap::new();
        }
        let told = self.client.described(&ids).unwrap_or_else(|error| {
            eprintln!("sendqueuectl: Orthanc does not tell whose they are: {error}");
            Value::Null
        });
        let owner = |study: &Value| {
            let patient = &study["PatientMainDicomTags"];
            let owner = [
                field(patient, "PatientID"),
                field(patient, "PatientName"),
                field(&study["MainDicomTags"], "StudyDescription"),
            ];
            (field(study, "ID"), owner)
        };
        list(&told).iter().map(owner).collect()
    }
}
