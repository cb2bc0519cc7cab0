//! `/sendqueue/errors`: the error queue.

use orthanc_sdk::Request;

use super::error::ApiError;
use super::input::{self, Body, Query};
use super::sweep::{Swept, before, narrowed};
use super::types::{
    self, ErrorFilter, ErrorSummaryQuery, ErrorsQuery, Purged, RedirectFilter, Redirected, Replayed,
};
use super::{Answer, Api, ok};
use crate::item::{State, Timestamp};
use crate::store::{Among, FailureKinds, Filter, Level, Operation};

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
        let query = Query::of::<ErrorSummaryQuery>(request)?;
        let kinds = FailureKinds {
            destination: query.text("destination"),
            class: query.class()?,
            status: query.status()?,
        };
        let summary = self.store.error_summary(&kinds)?;
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
        let operation = operation(body)?;
        let Swept { done, dry_run, .. } = self.sweep(Among::Failures, &operation, &filter, body)?;
        match operation {
            Operation::Replay => ok(&Replayed {
                replayed: done,
                dry_run,
            }),
            Operation::Redirect { .. } => ok(&Redirected {
                redirected: done,
                dry_run,
            }),
            _ => ok(&Purged {
                purged: done,
                dry_run,
            }),
        }
    }

    fn error_filter(&self, body: &Body, now: Timestamp) -> Result<Filter, ApiError> {
        let class = body
            .text("Class")?
            .map(|text| input::class("Class", &text))
            .transpose()?;
        let study = body
            .text("Study")?
            .map(|text| self.identifier("Study", Level::Study, text))
            .transpose()?;
        let filter = Filter {
            ids: body.ids("IDs")?,
            destination: body.text("Destination")?,
            study,
            class,
            status: body.status("Status")?,
            completed_before: before(body, "FailedBefore", now)?,
            ..Filter::default()
        };
        narrowed(filter, body, &NARROW)
    }
}
