//! The studies that a query of Orthanc's `/tools/find` names: all of them, or it is said that some may be missing.
//!
//! Invariants:
//! - With `LimitFindResults` Orthanc answers less than there is, and does not say so: 1.10.1 looks at one more than the
//!   limit and leaves out of them what does not fit, so even a short answer may be cut; 1.12.7 and 1.13.0 answer at
//!   most the limit, and more after `Since` (where the index has the extended find; else they are like 1.10.1).
//! - So an answer is believed where there is no limit, or where Orthanc has no more studies than the limit. Otherwise
//!   it is read in pages up to an empty one; where that cannot be, some may be missing.
//! - Of a text that is not ASCII no page is believed: the index keeps values without such characters, and 1.12.7 and
//!   1.13.0 count `Limit` and `Since` by what the index finds, before they look at the value itself. A limit of 1 for
//!   `*山田*` brings nothing where the study is not the first of all.

use orthanc_sdk::{CallError, Client};
use serde_json::{Map, Value, json};

use super::Api;
use super::enqueue::texts;
use super::error::ApiError;

/// Most studies asked for at once.
const PAGE: u32 = 1000;
/// How often reading begins anew because studies came or went meanwhile.
const MOST_ROUNDS: u32 = 5;

/// Asks Orthanc for studies.
pub(super) struct Finder {
    pub client: Client,
    /// Orthanc's `LimitFindResults`; 0: none.
    pub limit: u32,
}

/// Orthanc identifiers of studies.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub studies: Vec<String>,
    /// Why studies that fit may be missing; `None`: these are all.
    pub cut: Option<&'static str>,
}

impl Found {
    fn all(studies: Vec<String>) -> Found {
        Found { studies, cut: None }
    }
}

/// One query, asked page by page.
struct Question<'a> {
    query: &'a Map<String, Value>,
    /// No more than so many are wanted.
    most: Option<u32>,
    newest_first: bool,
}

impl Api {
    pub(super) fn finder(&self) -> Finder {
        Finder {
            client: self.client,
            limit: self.settings.host.limit_find_results,
        }
    }

    /// # Errors
    /// 400 (of `Query`) for what Orthanc does not take, and where Orthanc would leave out studies.
    pub(super) fn find_studies(&self, query: Map<String, Value>) -> Result<Vec<String>, ApiError> {
        let found = self.finder().all(&query);
        let refused = |allowed: &str| Err(ApiError::field("Query", Value::Object(query), allowed));
        match found {
            Ok(Found { studies, cut: None }) => Ok(studies),
            Ok(Found { cut: Some(why), .. }) => refused(&format!(
                "a query that Orthanc answers whole: its LimitFindResults is {}, and {why}. Set LimitFindResults to 0, or name the studies in Resources",
                self.settings.host.limit_find_results
            )),
            Err(error @ (CallError::Code { .. } | CallError::Status { .. })) => refused(&format!(
                "what Orthanc's /tools/find takes at the level of studies ({error})"
            )),
            Err(error) => Err(error.into()),
        }
    }
}

impl Finder {
    fn all(&self, query: &Map<String, Value>) -> Result<Found, CallError> {
        self.find(&Question {
            query,
            most: None,
            newest_first: false,
        })
    }

    /// At most so many, the newest where this Orthanc can tell (from 1.12.5 on, by the index). Capitals do not matter.
    pub(super) fn some(&self, query: &Map<String, Value>, most: u32) -> Result<Found, CallError> {
        let mut found = self.find(&Question {
            query,
            most: Some(most),
            newest_first: self.has_extended_find()?,
        })?;
        if found.studies.len() >= most as usize {
            found.studies.truncate(most as usize);
            found.cut = Some("more may fit");
        }
        Ok(found)
    }

    fn find(&self, question: &Question) -> Result<Found, CallError> {
        let is_ascii = |value: &Value| value.as_str().is_none_or(str::is_ascii);
        let can_page = question.query.values().all(is_ascii);
        if self.limit == 0 || self.count_studies()? <= u64::from(self.limit) {
            let page = question.most.filter(|_| can_page).map(|most| (0, most));
            return Ok(Found::all(self.ask(question, page)?));
        }
        let part = |why| {
            let studies = self.ask(question, None)?;
            Ok(Found {
                studies,
                cut: Some(why),
            })
        };
        if !can_page {
            return part("it finds text that is not ASCII in a whole answer alone");
        }
        if !self.has_extended_find()? {
            return part("this Orthanc cannot name the rest of them");
        }
        let limit = PAGE.min(self.limit).min(question.most.unwrap_or(PAGE));
        for _ in 0..MOST_ROUNDS {
            if let Some(found) = self.find_in_pages(question, limit)? {
                return Ok(found);
            }
        }
        part("studies that fit came or went while they were listed")
    }

    /// `None`: something changed meanwhile.
    fn find_in_pages(&self, question: &Question, limit: u32) -> Result<Option<Found>, CallError> {
        let mut found = self.ask(question, Some((0, limit)))?;
        let is_enough = |found: &[String]| {
            let most = question.most.unwrap_or(u32::MAX);
            found.len() >= most as usize
        };
        while !is_enough(&found) {
            // Each page begins with the last study of the one before: a study that went would make the others move up.
            let overlap = usize::from(limit > 1 && !found.is_empty());
            let since = (found.len() - overlap).max(1);
            let page = match self.ask(question, Some((since, limit))) {
                Ok(page) => page,
                // What the database cannot look up cannot be read in pages: Orthanc says so, here.
                Err(CallError::Code { .. } | CallError::Status { .. }) => {
                    return Ok(Some(Found {
                        studies: found,
                        cut: Some(
                            "Orthanc cannot name the rest of them for tags that its database does not have",
                        ),
                    }));
                }
                Err(error) => return Err(error),
            };
            let is_shifted = match overlap {
                1 => page.first() != found.last(),
                _ => found.is_empty() && !page.is_empty(),
            };
            if is_shifted {
                return Ok(None);
            }
            if page.len() <= overlap {
                break;
            }
            found.extend(page.into_iter().skip(overlap));
        }
        Ok(Some(Found::all(found)))
    }

    /// One answer of Orthanc. `page`: the number of the first study, and the most to answer.
    fn ask(
        &self,
        question: &Question,
        page: Option<(usize, u32)>,
    ) -> Result<Vec<String>, CallError> {
        let mut body = json!({ "Level": "Study", "Query": question.query, "Expand": false });
        if let Some((since, limit)) = page {
            body["Since"] = json!(since);
            body["Limit"] = json!(limit);
        }
        if question.newest_first {
            body["OrderBy"] =
                json!([{ "Type": "DicomTag", "Key": "StudyDate", "Direction": "DESC" }]);
        }
        if question.most.is_some() {
            body["CaseSensitive"] = json!(false);
        }
        let answer = self.client.post_json("/tools/find", &body)?;
        Ok(texts(Some(&answer)))
    }

    fn count_studies(&self) -> Result<u64, CallError> {
        let answer = self.client.get_json("/statistics")?;
        // Unknown: as if there were more than any limit.
        let count = answer.get("CountStudies").and_then(Value::as_u64);
        Ok(count.unwrap_or(u64::MAX))
    }

    /// Whether Orthanc can go on where an answer ended, and in an order (from 1.12.5 on, by the index).
    fn has_extended_find(&self) -> Result<bool, CallError> {
        let answer = self.client.get_json("/system")?;
        let can = answer.pointer("/Capabilities/HasExtendedFind");
        Ok(can.and_then(Value::as_bool) == Some(true))
    }
}

#[cfg(test)]
mod tests {
    use orthanc_sdk::fake_host::FakeHost;

    use super::*;

    /// An index as those of 1.10.1 and 1.12.7: `limit` cuts the studies that it takes for fitting, and `fits` tells
    /// which of them do.
    fn orthanc(studies: usize, limit: usize, extended: bool, fits: fn(usize) -> bool) -> FakeHost {
        let fake = FakeHost::new(if extended { "1.12.7" } else { "1.10.1" });
        fake.on_rest(move |_, uri, body| {
            let answer = match uri {
                "/statistics" => json!({ "CountStudies": studies }),
                "/system" if extended => json!({ "Capabilities": { "HasExtendedFind": true } }),
                "/system" => json!({}),
                _ => {
                    let body: Value = serde_json::from_slice(body).unwrap();
                    let number = |key: &str| body[key].as_u64().unwrap_or(0) as usize;
                    let cut = |most: usize| if most == 0 { usize::MAX } else { most };
                    let (since, most) = (number("Since"), number("Limit"));
                    let all = 0..studies;
                    let found: Vec<String> = if extended {
                        let all = all.skip(since).take(cut(most)).take(cut(limit));
                        all.filter(|one| fits(*one))
                            .map(|one| one.to_string())
                            .collect()
                    } else {
                        let all = all
                            .take(cut(limit).saturating_add(1))
                            .filter(|one| fits(*one));
                        all.skip(since)
                            .take(cut(most))
                            .map(|one| one.to_string())
                            .collect()
                    };
                    json!(found)
                }
            };
            Ok((200, answer.to_string().into_bytes()))
        });
        fake
    }

    fn some(fake: &FakeHost, limit: u32, text: &str, most: u32) -> (usize, bool) {
        let client = fake.host().client();
        let finder = Finder { client, limit };
        let query = Map::from_iter([("PatientName".to_owned(), json!(text))]);
        let found = finder.some(&query, most).unwrap();
        (found.studies.len(), found.cut.is_none())
    }

    #[test]
    fn what_may_be_missing_is_said() {
        let all = |_| true;
        let last = |one| one == 29;
        for (studies, limit, extended, fits, text, found) in [
            // No limit, or none that cuts: at most 20 are wanted.
            (10, 0, false, all as fn(usize) -> bool, "a", (10, true)),
            (10, 0, true, all, "a", (10, true)),
            (19, 0, true, all, "a", (19, true)),
            (20, 0, true, all, "a", (20, false)),
            (30, 0, false, all, "a", (20, false)),
            (10, 10, false, all, "a", (10, true)),
            // One that cuts.
            (11, 10, false, all, "a", (11, false)),
            (30, 10, false, last, "a", (0, false)),
            (11, 10, true, all, "a", (11, true)),
            (30, 10, true, all, "a", (20, false)),
            (30, 1, true, all, "a", (20, false)),
            // The index finds more than fits: a page is not believed.
            (30, 0, true, last, "*山*", (1, true)),
            (30, 10, true, last, "*山*", (0, false)),
            (30, 0, false, last, "*山*", (1, true)),
        ] {
            let fake = orthanc(studies, limit, extended, fits);
            let said = some(&fake, limit as u32, text, 20);
            assert_eq!(said, found, "{studies} {limit} {extended} {text}");
        }
    }

    #[test]
    fn all_or_an_error() {
        let all = |_| true;
        let query = Map::from_iter([("PatientName".to_owned(), json!("*山*"))]);
        for (limit, is_whole) in [(0, true), (30, true), (29, false)] {
            let fake = orthanc(30, limit as usize, true, all);
            let client = fake.host().client();
            let found = Finder { client, limit }.all(&query).unwrap();
            assert_eq!(found.cut.is_none(), is_whole, "{limit}");
        }
    }
}
