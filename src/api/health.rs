//! `GET /sendqueue/health`: 200 when all is well, 503 with what is wrong.

use std::time::Duration;

use orthanc_sdk::{Request, Response};
use serde_json::json;

use super::input::Query;
use super::{Answer, Api};

/// Reconciliation is behind if its last full pass is older.
const BEHIND: Duration = Duration::from_secs(60);

impl Api {
    pub fn health(&self, request: &Request) -> Answer {
        Query::new(request, &[])?;
        let now = self.clock.now();
        let mut problems = Vec::new();
        if let Err(error) = self.store.check_writable() {
            problems.push(json!({ "Part": "Database", "Details": error.to_string() }));
        }
        let figures = self.progress.figures();
        if let Some((since, error)) = figures.fault {
            problems.push(json!({
                "Part": "Reconciliation",
                "Details": format!("arrivals cannot be queued: {error}"),
                "Since": since.to_orthanc(),
            }));
        } else if let Some(last) = figures.last_pass {
            if now.since(last) > BEHIND {
                problems.push(json!({
                    "Part": "Reconciliation",
                    "Details": format!("the last pass over Orthanc's changes ended at {}", last.to_orthanc()),
                }));
            }
        }
        if (self.is_started)() {
            let (alive, all) = self.lanes.threads();
            if alive < all {
                problems.push(json!({
                    "Part": "Threads",
                    "Details": format!("{} of {all} workers ended", all - alive),
                }));
            }
        } else {
            problems
                .push(json!({ "Part": "Threads", "Details": "Orthanc is starting or stopping" }));
        }
        let (status, word) = if problems.is_empty() {
            (200, "ok")
        } else {
            (503, "failing")
        };
        Ok(Response::json(
            status,
            &json!({ "Status": word, "Problems": problems }),
        ))
    }
}
