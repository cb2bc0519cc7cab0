//! `/sendqueue/serials`: numbers that were given to studies, and who got which.
//!
//! Invariant: to look gives no number.

use std::collections::BTreeMap;

use orthanc_sdk::Request;

use super::error::ApiError;
use super::input::{Query, quoted};
use super::lookup::is_orthanc_id;
use super::types::{SerialGiven, SerialState, SerialsQuery, Time};
use super::{Answer, Api, ok};
use crate::coercion::prefix_of;
use crate::config::coercion::From;

impl Api {
    /// `GET /sendqueue/serials`.
    pub fn serials(&self, request: &Request) -> Answer {
        Query::none(request)?;
        ok(&self.serial_states()?)
    }

    /// Those that are configured, and those of which a number was given.
    fn serial_states(&self) -> Result<Vec<SerialState>, ApiError> {
        let configured = &self.settings.serials;
        let mut last: BTreeMap<String, Option<u64>> =
            configured.keys().map(|name| (name.clone(), None)).collect();
        for one in self.store.serial_names()? {
            last.insert(one.name, Some(one.last));
        }
        let state = |(name, last): (String, Option<u64>)| {
            let serial = configured.get(&name);
            let start = serial.map_or(1, |serial| serial.start);
            SerialState {
                prefix: serial.map_or_else(String::new, |serial| serial.prefix.clone()),
                next: last.map_or(start, |last| last.saturating_add(1).max(start)),
                name,
                last,
            }
        };
        Ok(last.into_iter().map(state).collect())
    }

    /// `GET /sendqueue/serials/{name}`.
    pub fn serial(&self, request: &Request, name: &str) -> Answer {
        let query = Query::of::<SerialsQuery>(request)?;
        let page = query.page()?;
        let configured = &self.settings.serials;
        let study = query
            .text("study")
            .map(|text| self.study_uid(text))
            .transpose()?;
        let given = self.store.serials(
            name,
            study.as_deref(),
            page.since.unsigned_abs(),
            page.limit,
        )?;
        let is_known = |states: Vec<SerialState>| states.iter().any(|one| one.name == name);
        if given.is_empty() && !is_known(self.serial_states()?) {
            return Err(ApiError::not_found(format!(
                "there is no serial {}: neither is it configured, nor was a number of it given",
                quoted(name)
            )));
        }
        let width = self.width(name);
        let list = given.into_iter().map(|one| {
            let sent_as = match width {
                Some(width) => {
                    let prefix = prefix_of(self.store.as_ref(), name, &one.study_uid)?;
                    let prefix = prefix.or_else(|| Some(configured.get(name)?.prefix.clone()));
                    prefix.map(|prefix| format!("{prefix}{:0width$}", one.number))
                }
                None => None,
            };
            Ok(SerialGiven {
                number: one.number,
                sent_as,
                study_instance_uid: one.study_uid,
                time: Time(one.given),
            })
        });
        ok(&list.collect::<Result<Vec<SerialGiven>, ApiError>>()?)
    }

    /// How many digits recipes give a serial; `None`: they do not agree, or none names it.
    fn width(&self, name: &str) -> Option<usize> {
        let recipes = self.settings.coercions.values();
        let deidentifications = self.settings.deidentifications.values();
        let all = (recipes.flat_map(|one| one.values()))
            .chain(deidentifications.flat_map(|one| one.values()));
        let mut widths = all.filter_map(|from| match from {
            From::Serial(serial, width) if serial.name == name => Some(*width),
            _ => None,
        });
        let first = widths.next()?;
        widths.all(|other| other == first).then_some(first)
    }

    /// The Study Instance UID that `text` stands for: it is one, or Orthanc's identifier of a study. One that Orthanc
    /// does not know is given back as it is: nothing will be found with it.
    fn study_uid(&self, text: String) -> Result<String, ApiError> {
        if !is_orthanc_id(&text) {
            return Ok(text);
        }
        match self.client.get_json(&format!("/studies/{text}")) {
            Ok(study) => {
                let uid = study.pointer("/MainDicomTags/StudyInstanceUID");
                let uid = uid.and_then(|uid| uid.as_str());
                Ok(uid.map_or(text, str::to_owned))
            }
            Err(error) if error.is_unknown_resource() => Ok(text),
            Err(error) => Err(error.into()),
        }
    }
}
