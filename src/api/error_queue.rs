//! `/sendqueue/errors`: the error queue.

use orthanc_sdk::Request;

use super::error::ApiError;
use super::input::{self, Body, MOST_SECONDS, Query};
use super::types::{self, ErrorFilter, ErrorsQuery, Purged, RedirectFilter, Redirected, Replayed};
use super::{Answer, Api, ok};
use crate::item::{State, Timestamp};
use crate::store::{Among, Filter, Level, Operation, Sweep};

/// The fields that narrow an operation down.
const NARROW: [&str; 7] = [
    "IDs",
    "Destination",
    "Study",
    "Class",
    "Status",
    "OlderThanSeconds",
    "FailedBefore",
];

impl Api {
    pub fn errors(&self, request: &Request) -> Answer {
        let query = Query::of::<ErrorsQuery>(request)?;
        let filter = Filter {
            states: Some(State::Failure.into()),
            ..self.list_filter(&query)?
        };
        self.list(&filter, &query)
    }

    pub fn error_summary(&self, request: &Request) -> Answer {
        Query::none(request)?;
        let summary = self.store.error_summary()?;
        let list: Vec<types::ErrorSummary> =
            summary.iter().map(types::ErrorSummary::from).collect();
        ok(&list)
    }

    pub fn replay_errors(&self, request: &Request) -> Answer {
        let body = Body::of::<ErrorFilter>(request)?;
        self.operate_errors(&body, |_| Ok(Operation::Replay))
    }

    pub fn purge_errors(&self, request: &Request) -> Answer {
        let body = Body::of::<ErrorFilter>(request)?;
        self.operate_errors(&body, |_| Ok(Operation::Remove))
    }

    pub fn redirect_errors(&self, request: &Request) -> Answer {
        let body = Body::of::<RedirectFilter>(request)?;
        self.operate_errors(&body, |body| {
            let to = self.redirect_target(body)?;
            Ok(Operation::Redirect { to })
        })
    }

    /// Of all that fits a filter.
    fn operate_errors(
        &self,
        body: &Body,
        operation: impl FnOnce(&Body) -> Result<Operation, ApiError>,
    ) -> Answer {
        let filter = self.error_filter(body, self.clock.now())?;
        let dry_run = body.flag("DryRun")?;
        let operation = operation(body)?;
        let expires = |destination: &str| self.expiry(destination);
        let operated = self.store.operate(&Sweep {
            operation: &operation,
            among: Among::Failures,
            filter: &filter,
            now: self.clock.now(),
            expires: &expires,
            dry_run,
        })?;
        let count = operated.done;
        let (verb, answer) = match operation {
            Operation::Replay => ("replay", ok(&Replayed { replayed: count })),
            Operation::Redirect { .. } => ("redirect", ok(&Redirected { redirected: count })),
            _ => ("purge", ok(&Purged { purged: count })),
        };
        if !dry_run {
            log::warn!("error queue: {verb} of {count} items at a person's request");
            for name in self.known_destinations()? {
                self.notifier.ready(&name);
            }
        }
        answer
    }

    fn error_filter(&self, body: &Body, now: Timestamp) -> Result<Filter, ApiError> {
        let all = body.flag("All")?;
        let narrowed = !body.lacks(&NARROW);
        if all && narrowed {
            return Err(ApiError::field(
                "All",
                "true beside a filter",
                &format!(
                    "either \"All\": true alone, or one of {}",
                    NARROW.join(", ")
                ),
            ));
        }
        if !all && !narrowed {
            return Err(ApiError::bad(format!(
                "an empty filter is refused: give one of {}, or ask for everything with \"All\": true",
                NARROW.join(", ")
            )));
        }
        let class = body
            .text("Class")?
            .map(|text| input::class("Class", &text))
            .transpose()?;
        let study = body
            .text("Study")?
            .map(|text| self.identifier("Study", Level::Study, text))
            .transpose()?;
        let older = body.number("OlderThanSeconds", MOST_SECONDS)?;
        let older = older.map(|seconds| now.plus_seconds(-(seconds as f64)));
        let before = body.time("FailedBefore")?;
        let filter = Filter {
            ids: body.ids("IDs")?,
            destination: body.text("Destination")?,
            study,
            class,
            status: body.status("Status")?,
            completed_before: older.into_iter().chain(before).min(),
            ..Filter::default()
        };
        // `null` for every field would be an empty filter in disguise.
        if !all && filter == Filter::default() {
            return Err(ApiError::bad(
                "an empty filter is refused: every field of it is null",
            ));
        }
        Ok(filter)
    }
}
