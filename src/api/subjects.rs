//! `POST /sendqueue/deidentifications/{name}/subjects`: who may be sent, and as whom.
//!
//! Invariant: errors name columns and places in the list, and never what stands there: it is about patients.

use std::collections::BTreeMap;
use std::fs;

use orthanc_sdk::Request;

use super::error::ApiError;
use super::input::{Body, quoted};
use super::types::{AddSubjects, SubjectsAdded};
use super::{Answer, Api, ok};
use crate::config::deidentify::{Lookup, Subjects};
use crate::store::Subject;

impl Api {
    pub fn add_subjects(&self, request: &Request, name: &str) -> Answer {
        let body = Body::of::<AddSubjects>(request)?;
        let entry = self.settings.deidentifications.get(name).ok_or_else(|| {
            ApiError::not_found(format!("there is no de-identification {}", quoted(name)))
        })?;
        let lookup = entry.lookup.as_ref().ok_or_else(|| {
            ApiError::conflict(format!(
                "{} has no Lookup: nobody is looked up",
                quoted(name)
            ))
        })?;
        let rows = body.rows("Subjects")?;
        let file = fs::read(&lookup.file).map_err(|error| error.to_string());
        let list = file.and_then(|file| Subjects::parse(&file, &lookup.columns()));
        let list = list.map_err(|why| {
            ApiError::conflict(format!(
                "the list of {} cannot be used: {why}",
                quoted(name)
            ))
        })?;
        let subjects = rows.iter().enumerate();
        let subjects = subjects.map(|(at, row)| subject(at, row, lookup, &list));
        let subjects: Vec<Subject> = subjects.collect::<Result<_, _>>()?;
        let added = self.store.add_subjects(name, &subjects)?;
        let mut woken = 0;
        for held in self.store.held()? {
            let own = self.settings.destination(&held.destination);
            if own.deidentify.as_ref().is_some_and(|one| one.name == name) {
                woken += self.store.wake(&held.destination, self.clock.now())?;
            }
        }
        if woken > 0 {
            self.notifier.timed();
        }
        let count = subjects.len() as u64;
        log::warn!("{count} subjects of the de-identification {name} at a person's request");
        ok(&SubjectsAdded {
            added,
            replaced: count.saturating_sub(added),
            woken,
        })
    }
}

fn subject(
    at: usize,
    row: &BTreeMap<String, String>,
    lookup: &Lookup,
    list: &Subjects,
) -> Result<Subject, ApiError> {
    let place = format!("Subjects[{at}]");
    let of_key = lookup.columns();
    let known = || of_key.iter().chain(&list.columns);
    if let Some(other) = row.keys().find(|column| !known().any(|one| one == *column)) {
        let known: Vec<&str> = known().map(String::as_str).collect();
        let allowed = known.join(", ");
        return Err(ApiError::field(
            &format!("{place}.{other}"),
            "an unknown column",
            &allowed,
        ));
    }
    let value = |column: &String| {
        let value = row.get(column).map(|value| value.trim().to_owned());
        (column.clone(), value.unwrap_or_default())
    };
    if let Some(missing) = of_key.iter().find(|column| !row.contains_key(*column)) {
        let allowed = "a text, empty where the instances have none";
        return Err(ApiError::field(
            &format!("{place}.{missing}"),
            "nothing",
            allowed,
        ));
    }
    let key: Vec<String> = of_key.iter().map(|column| value(column).1).collect();
    let values: Vec<(String, String)> = list.columns.iter().map(value).collect();
    if let Some((column, _)) = values.first().filter(|(_, value)| value.is_empty()) {
        let allowed = "a text that is not empty";
        return Err(ApiError::field(
            &format!("{place}.{column}"),
            "nothing",
            allowed,
        ));
    }
    if list.find(&key).is_some() {
        return Err(ApiError::conflict(format!(
            "{place}: the list in the file has this subject, and what it says counts"
        )));
    }
    Ok(Subject { key, values })
}
