//! The studies that a query of Orthanc's `/tools/find` names: all of them, or an error.
//!
//! Invariants:
//! - With `LimitFindResults` Orthanc answers less than there is, and does not say so: 1.10.1 looks at one more than the
//!   limit and leaves out of them what does not fit, so even a short answer may be cut; 1.12.7 and 1.13.0 answer at
//!   most the limit, and more after `Since` (where the index has the extended find; else they are like 1.10.1).
//! - So an answer is believed where there is no limit, or where Orthanc has no more studies than the limit. Otherwise
//!   it is read in pages up to an empty one; where that cannot be, nothing is queued.

use orthanc_sdk::CallError;
use serde_json::{Map, Value, json};

use super::Api;
use super::enqueue::texts;
use super::error::ApiError;

/// Most studies asked for at once.
const PAGE: u32 = 1000;
/// How often reading begins anew because studies came or went meanwhile.
const MOST_ROUNDS: u32 = 5;

impl Api {
    /// # Errors
    /// 400 (of `Query`) for what Orthanc does not take, and where Orthanc would leave out studies.
    pub(super) fn find_studies(&self, query: Map<String, Value>) -> Result<Vec<String>, ApiError> {
        let limit = self.settings.host.limit_find_results;
        let query = Value::Object(query);
        if limit == 0 || self.count_studies()? <= u64::from(limit) {
            return self.find(&query, None);
        }
        if !self.can_page()? {
            return Err(self.is_cut(query, "this Orthanc cannot name the rest of them"));
        }
        for _ in 0..MOST_ROUNDS {
            if let Some(found) = self.find_in_pages(&query, PAGE.min(limit))? {
                return Ok(found);
            }
        }
        Err(self.is_cut(
            query,
            "studies that fit came or went while they were listed",
        ))
    }

    /// `None`: something changed meanwhile.
    fn find_in_pages(&self, query: &Value, limit: u32) -> Result<Option<Vec<String>>, ApiError> {
        let mut found = self.find(query, Some((0, limit)))?;
        if found.is_empty() {
            // What the database cannot look up cannot be read in pages: Orthanc says so, here or now.
            self.find(query, Some((1, limit)))?;
            return Ok(Some(found));
        }
        loop {
            // Each page begins with the last study of the one before: a study that went would make the others move up.
            let overlap = usize::from(limit > 1);
            let page = self.find(query, Some((found.len() - overlap, limit)))?;
            if overlap == 1 && page.first() != found.last() {
                return Ok(None);
            }
            if page.len() <= overlap {
                return Ok(Some(found));
            }
            found.extend(page.into_iter().skip(overlap));
        }
    }

    /// One answer of Orthanc. `page`: the number of the first study, and the most to answer.
    fn find(&self, query: &Value, page: Option<(usize, u32)>) -> Result<Vec<String>, ApiError> {
        let mut body = json!({ "Level": "Study", "Query": query, "Expand": false });
        if let Some((since, limit)) = page {
            body["Since"] = json!(since);
            body["Limit"] = json!(limit);
        }
        let is_later_page = page.is_some_and(|(since, _)| since > 0);
        match self.client.post_json("/tools/find", &body) {
            Ok(answer) => Ok(texts(Some(&answer))),
            Err(CallError::Code { .. } | CallError::Status { .. }) if is_later_page => Err(self
                .is_cut(
                    query.clone(),
                    "Orthanc cannot name the rest of them for tags that its database does not have",
                )),
            Err(error @ (CallError::Code { .. } | CallError::Status { .. })) => {
                Err(ApiError::field(
                    "Query",
                    query.clone(),
                    &format!("what Orthanc's /tools/find takes at the level of studies ({error})"),
                ))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn is_cut(&self, query: Value, why: &str) -> ApiError {
        let limit = self.settings.host.limit_find_results;
        ApiError::field(
            "Query",
            query,
            &format!(
                "a query that Orthanc answers whole: its LimitFindResults is {limit}, and {why}. Set LimitFindResults to 0, or name the studies in Resources"
            ),
        )
    }

    fn count_studies(&self) -> Result<u64, ApiError> {
        let answer = self.client.get_json("/statistics")?;
        // Unknown: as if there were more than any limit.
        let count = answer.get("CountStudies").and_then(Value::as_u64);
        Ok(count.unwrap_or(u64::MAX))
    }

    /// Whether Orthanc can go on where an answer ended (from 1.12.5 on, by the index).
    fn can_page(&self) -> Result<bool, ApiError> {
        let answer = self.client.get_json("/system")?;
        let can = answer.pointer("/Capabilities/HasExtendedFind");
        Ok(can.and_then(Value::as_bool) == Some(true))
    }
}
