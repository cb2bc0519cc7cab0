//! `GET /sendqueue/health`: 200 when all is well, 503 with what is wrong.

use std::time::Duration;

use orthanc_sdk::Request;

use super::input::Query;
use super::types::{Health, HealthStatus, Part, Problem, Time};
use super::{Answer, Api, json};

/// Reconciliation is behind if its last full pass is older.
const BEHIND: Duration = Duration::from_secs(60);

impl Api {
    pub fn health(&self, request: &Request) -> Answer {
        Query::none(request)?;
        let now = self.clock.now();
        let mut problems = Vec::new();
        let mut problem = |part, details: String, since| {
            problems.push(Problem {
                part,
                details,
                since,
            });
        };
        let unwritable = self.store.check_writable().err();
        if let Some(fault) = self.store.fault() {
            // A small write may succeed where results, which are larger, do not.
            problem(Part::Database, fault.error, Some(Time(fault.since)));
        } else if let Some(error) = unwritable {
            problem(Part::Database, error.to_string(), None);
        }
        let figures = self.progress.figures();
        if let Some((since, error)) = figures.fault {
            let details = format!("arrivals cannot be queued: {error}");
            problem(Part::Reconciliation, details, Some(Time(since)));
        } else if figures
            .last_pass
            .or(self.services.begun())
            .is_some_and(|last| now.since(last) > BEHIND)
        {
            let details = match figures.last_pass {
                Some(last) => format!(
                    "the last pass over Orthanc's changes ended at {}",
                    Time(last)
                ),
                None => "no pass over Orthanc's changes has ended since the start".to_owned(),
            };
            problem(Part::Reconciliation, details, None);
        }
        if self.services.is_up() {
            let (alive, all) = self.lanes.threads();
            if alive < all {
                let details = format!("{} of {all} workers ended", all - alive);
                problem(Part::Threads, details, None);
            }
        } else {
            let details = "Orthanc is starting or stopping".to_owned();
            problem(Part::Threads, details, None);
        }
        let warning = self.clock.warning();
        let warnings: Vec<Problem> = warning
            .map(|warning| Problem {
                part: Part::Clock,
                details: warning.details,
                since: Some(Time(warning.since)),
            })
            .into_iter()
            .collect();
        let (code, status) = if problems.is_empty() {
            (200, HealthStatus::Ok)
        } else {
            (503, HealthStatus::Failing)
        };
        Ok(json(
            code,
            &Health {
                status,
                problems,
                warnings,
            },
        ))
    }
}
