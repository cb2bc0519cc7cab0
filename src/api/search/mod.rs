//! `GET /sendqueue/search`: from what a caller knows of a study to its identifier.
//!
//! Invariants:
//! - Only what has the form of an identifier becomes one; a path is made of none. All else goes into a query of
//!   Orthanc's `/tools/find` as a value.
//! - What may be missing is said ([`COMPLETE`]): there is more than an answer holds, or Orthanc may have left out some.
//! - The queue's own part costs the same however much is queued: what no index finds is not looked for there.
//! - What is asked and answered tells of patients: it is in no log.

mod text;

use std::collections::BTreeMap;

use orthanc_sdk::Request;
use serde_json::{Map, Value};

use self::text::Text;
use super::error::ApiError;
use super::input::Query;
use super::lookup::is_uid;
use super::types::{SearchLevel, SearchMatch, SearchQuery, SearchResult, SearchTags};
use super::{Answer, Api, ok};
use crate::arrival::facts::Facts;
use crate::item::{Item, State};
use crate::store::{Filter, Page, States};

/// The header that says whether all that fits is in the answer: `true` or `false`.
pub const COMPLETE: &str = "Sendqueue-Complete";
/// Most results.
const MOST: usize = 50;
/// Most studies of each query that are looked at, of which the newest are answered.
const MOST_LOOKED_AT: u32 = 250;

impl Api {
    pub fn search(&self, request: &Request) -> Answer {
        let query = Query::of::<SearchQuery>(request)?;
        let text = Text::read(&query.text("q").unwrap_or_default())?;
        let look = Look {
            api: self,
            facts: Facts::new(self.client),
        };
        let (mut results, mut is_all) = look.all(&text)?;
        // What there is with a `+` in it comes first.
        if let (true, Some(text)) = (results.is_empty(), text.with_blanks()) {
            (results, is_all) = look.all(&text)?;
            // Whoever acts on what is exact may have meant the `+`.
            results.iter_mut().for_each(|result| result.exact = false);
        }
        is_all &= results.len() <= MOST;
        sort(&mut results);
        results.truncate(MOST);
        look.add_modalities(&mut results)?;
        let answer = ok(&results)?;
        Ok(answer.with_header(COMPLETE, if is_all { "true" } else { "false" }))
    }
}

/// Exact ones first, then by the date of their studies, the newest first.
fn sort(results: &mut [SearchResult]) {
    results.sort_by(|one, other| {
        let date = |result: &SearchResult| result.tags.study_date.clone().unwrap_or_default();
        let exact = other.exact.cmp(&one.exact);
        exact.then_with(|| date(other).cmp(&date(one)))
    });
}

/// What Orthanc has.
struct Described {
    level: SearchLevel,
    study: Option<String>,
    tags: SearchTags,
}

struct Look<'a> {
    api: &'a Api,
    facts: Facts,
}

impl Look<'_> {
    /// What is found, and whether this is all.
    fn all(&self, text: &Text) -> Result<(Vec<SearchResult>, bool), ApiError> {
        let mut results = self.item(text)?;
        let known = self.identified(text)?;
        if !known.is_empty() {
            results.extend(known);
            return Ok((results, true));
        }
        let (studies, is_all) = self.described(text)?;
        results.extend(studies);
        Ok((results, is_all))
    }

    fn item(&self, text: &Text) -> Result<Vec<SearchResult>, ApiError> {
        let Some(id) = text.item() else {
            return Ok(Vec::new());
        };
        let Some((item, _)) = self.api.store.item(id)? else {
            return Ok(Vec::new());
        };
        let instance = item.ids.instance.clone();
        let described = self.describe(&[instance])?.into_values().next();
        Ok(vec![SearchResult {
            level: SearchLevel::Item,
            id: id.to_string(),
            in_orthanc: described.is_some(),
            tags: described.map(|one| one.tags).unwrap_or_default(),
            ..of_queue(&item, SearchMatch::Item)
        }])
    }

    /// Whatever has this identifier or UID.
    fn identified(&self, text: &Text) -> Result<Vec<SearchResult>, ApiError> {
        if let Some(id) = text.orthanc_id() {
            let known = self.describe(std::slice::from_ref(&id))?;
            if known.is_empty() {
                return Ok(self.queued(&id)?.into_iter().collect());
            }
            return Ok(results(known, text, |_| SearchMatch::OrthancId));
        }
        if !is_uid(text.as_str()) {
            return Ok(Vec::new());
        }
        let ids = self.api.look_up_any(text.as_str())?;
        Ok(results(self.describe(&ids)?, text, |one| match one.level {
            SearchLevel::Patient => SearchMatch::PatientId,
            _ => SearchMatch::Uid,
        }))
    }

    /// A study, or an instance that is not sent, that Orthanc has no more.
    fn queued(&self, id: &str) -> Result<Option<SearchResult>, ApiError> {
        let of_study = Filter {
            study: Some(id.to_owned()),
            ..Filter::default()
        };
        let of_instance = Filter {
            instance: Some(id.to_owned()),
            states: Some(States::from(State::Failure).with(State::Cancelled)),
            ..Filter::default()
        };
        for (level, filter) in [
            (SearchLevel::Study, of_study),
            (SearchLevel::Instance, of_instance),
        ] {
            if let Some(item) = self.api.store.items(&filter, Page::after(0, 1))?.first() {
                return Ok(Some(SearchResult {
                    level,
                    id: id.to_owned(),
                    ..of_queue(item, SearchMatch::OrthancId)
                }));
            }
        }
        Ok(None)
    }

    /// Studies by accession number and patient, and whether these are all.
    fn described(&self, text: &Text) -> Result<(Vec<SearchResult>, bool), ApiError> {
        let finder = self.api.finder();
        let mut found: BTreeMap<String, SearchMatch> = BTreeMap::new();
        let mut is_all = true;
        for (matched, tag, value) in text.queries() {
            let query = Map::from_iter([(tag.to_owned(), Value::from(value))]);
            let studies = finder.some(&query, MOST_LOOKED_AT)?;
            is_all &= studies.cut.is_none();
            for id in studies.studies {
                found.entry(id).or_insert(matched);
            }
        }
        let ids: Vec<String> = found.keys().cloned().collect();
        let mut list = Vec::with_capacity(ids.len());
        for (id, one) in self.describe(&ids)? {
            if let Some(matched) = found.get(&id) {
                list.push(result(id, one, text, *matched));
            }
        }
        Ok((list, is_all))
    }

    /// Those of the resources that Orthanc has.
    fn describe(&self, ids: &[String]) -> Result<BTreeMap<String, Described>, ApiError> {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut all = BTreeMap::new();
        for (id, mut resource) in self.facts.resources(&ids)? {
            let level = match resource.get("Type").and_then(Value::as_str) {
                Some("Patient") => SearchLevel::Patient,
                Some("Study") => SearchLevel::Study,
                Some("Series") => SearchLevel::Series,
                _ => SearchLevel::Instance,
            };
            // Up to the study.
            while let Some(parent) = parent(&resource) {
                match self.facts.resources(&[&parent])?.remove(&parent) {
                    Some(described) => resource = described,
                    // Deleted meanwhile.
                    None => break,
                }
            }
            let is_study = resource.get("Type") == Some(&Value::from("Study"));
            let study = is_study.then(|| text_of(&resource, "/ID")).flatten();
            let tags = tags_of(&resource);
            all.insert(id, Described { level, study, tags });
        }
        Ok(all)
    }

    /// Orthanc keeps none at its studies.
    fn add_modalities(&self, results: &mut [SearchResult]) -> Result<(), ApiError> {
        let mut studies: Vec<&str> = results
            .iter()
            .filter(|one| one.in_orthanc)
            .filter_map(|one| one.study.as_deref())
            .collect();
        studies.sort_unstable();
        studies.dedup();
        if studies.is_empty() {
            return Ok(());
        }
        let mut modalities: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for series in self.facts.series_of(&studies)?.values() {
            let study = text_of(series, "/ParentStudy").unwrap_or_default();
            let known = modalities.entry(study).or_default();
            if let Some(modality) = text_of(series, "/MainDicomTags/Modality") {
                if !known.contains(&modality) {
                    known.push(modality);
                }
            }
        }
        for one in results {
            let of_study = one.study.as_ref().and_then(|study| modalities.get(study));
            let of_study = of_study.filter(|list| !list.is_empty());
            one.tags.modalities_in_study = of_study.map(|list| {
                let mut list = list.clone();
                list.sort_unstable();
                list.join("\\")
            });
        }
        Ok(())
    }
}

fn results(
    known: BTreeMap<String, Described>,
    text: &Text,
    matched: impl Fn(&Described) -> SearchMatch,
) -> Vec<SearchResult> {
    let known = known.into_iter();
    known
        .map(|(id, one)| {
            let matched = matched(&one);
            result(id, one, text, matched)
        })
        .collect()
}

fn result(id: String, one: Described, text: &Text, matched: SearchMatch) -> SearchResult {
    SearchResult {
        level: one.level,
        id,
        matched,
        exact: text.is(matched, &one.tags),
        study: one.study,
        in_orthanc: true,
        tags: one.tags,
    }
}

/// What only the queue tells of an item.
fn of_queue(item: &Item, matched: SearchMatch) -> SearchResult {
    SearchResult {
        level: SearchLevel::Item,
        id: String::new(),
        matched,
        exact: true,
        study: Some(item.ids.study.clone()),
        in_orthanc: false,
        tags: SearchTags::default(),
    }
}

/// Of an instance or a series.
fn parent(resource: &Value) -> Option<String> {
    text_of(resource, "/ParentSeries").or_else(|| text_of(resource, "/ParentStudy"))
}

fn text_of(resource: &Value, pointer: &str) -> Option<String> {
    let text = resource.pointer(pointer)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// Of a study, or a patient.
fn tags_of(resource: &Value) -> SearchTags {
    let own = |tag: &str| text_of(resource, &format!("/MainDicomTags/{tag}"));
    let of_patient =
        |tag: &str| text_of(resource, &format!("/PatientMainDicomTags/{tag}")).or_else(|| own(tag));
    SearchTags {
        patient_name: of_patient("PatientName"),
        patient_id: of_patient("PatientID"),
        study_description: own("StudyDescription"),
        study_date: own("StudyDate"),
        accession_number: own("AccessionNumber"),
        modalities_in_study: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_ones_come_first_then_the_newest_study() {
        let result = |id: &str, exact: bool, date: Option<&str>| SearchResult {
            level: SearchLevel::Study,
            id: id.to_owned(),
            matched: SearchMatch::PatientId,
            exact,
            study: None,
            in_orthanc: true,
            tags: SearchTags {
                study_date: date.map(str::to_owned),
                ..SearchTags::default()
            },
        };
        let mut results = vec![
            result("undated", false, None),
            result("old", false, Some("20200101")),
            result("new", false, Some("20261101")),
            result("exact and old", true, Some("20190101")),
            result("exact and new", true, Some("20250101")),
        ];
        sort(&mut results);
        let order: Vec<&str> = results.iter().map(|one| one.id.as_str()).collect();
        let expected = ["exact and new", "exact and old", "new", "old", "undated"];
        assert_eq!(order, expected);
    }
}
