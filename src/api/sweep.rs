//! What a person does to all that fits a filter: what the error queue and what waits have in common.

use super::Api;
use super::error::ApiError;
use super::input::{Body, MOST_SECONDS, quoted};
use crate::item::Timestamp;
use crate::store::{Among, Filter, Operated, Operation, Sweep};

/// `AtMost` at most.
const MOST_ITEMS: u64 = 1_000_000_000;

/// What came of it.
pub(super) struct Swept {
    pub done: u64,
    /// Left, since they were being sent.
    pub running: u64,
    /// Nothing was done but counting.
    pub dry_run: bool,
}

impl Api {
    /// Or, with `DryRun`, only counts. With `AtMost` nothing is done where more fit, as when items came to fit since
    /// they were counted: what was made long ago may have begun to wait again. If that happens later, as many are left.
    pub(super) fn sweep(
        &self,
        among: Among,
        operation: &Operation,
        filter: &Filter,
        body: &Body,
    ) -> Result<Swept, ApiError> {
        if let (Some(to), Some(from)) = (operation.to(), &filter.destination) {
            is_elsewhere(to, from)?;
        }
        let (dry_run, at_most) = (body.flag("DryRun")?, body.number("AtMost", MOST_ITEMS)?);
        let mut sweep = Sweep {
            operation,
            among,
            filter,
            now: self.clock.now(),
            expires: &|destination| self.expiry(destination),
            dry_run: true,
            at_most,
            goes_on: &|| !self.services.is_stopping(),
        };
        if let (false, Some(most)) = (dry_run, at_most) {
            let fit = self.store.operate(&sweep)?.done;
            if fit > most {
                return Err(ApiError::conflict(format!(
                    "AtMost: {fit} items fit now, more than {most}; nothing was changed"
                )));
            }
        }
        sweep.dry_run = dry_run;
        let operated = self.run(&sweep)?;
        if !dry_run {
            let what = match among {
                Among::Waiting => "what waits",
                Among::Failures => "error queue",
            };
            log::warn!(
                "{what}: {} {} items at a person's request",
                sweep.event(),
                operated.done
            );
            if operated.left > 0 {
                log::warn!(
                    "{what}: {} more began to match after they were counted, and so many were left as they are",
                    operated.left
                );
            }
        }
        Ok(Swept {
            done: operated.done,
            running: operated.running,
            dry_run,
        })
    }

    /// And whoever has work from it is told.
    pub(super) fn run(&self, sweep: &Sweep<'_>) -> Result<Operated, ApiError> {
        let operated = self.store.operate(sweep);
        if !sweep.dry_run {
            // Also what was done before it broke off.
            for name in self.known_destinations()? {
                self.notifier.ready(&name);
            }
            if operated.is_err() {
                self.store.make_durable()?;
            }
        }
        Ok(operated?)
    }
}

/// A redirection leads to another destination.
pub(super) fn is_elsewhere(to: &str, from: &str) -> Result<(), ApiError> {
    match to == from {
        true => Err(ApiError::field(
            "To",
            quoted(to),
            "another destination than the one that it goes to already",
        )),
        false => Ok(()),
    }
}

/// The filter, if it is one: `narrow` are the fields that narrow it down.
pub(super) fn narrowed(filter: Filter, body: &Body, narrow: &[&str]) -> Result<Filter, ApiError> {
    let fields = narrow.join(", ");
    match (body.flag("All")?, body.lacks(narrow)) {
        (true, false) => Err(ApiError::field(
            "All",
            "true beside a filter",
            &format!("either \"All\": true alone, or one of {fields}"),
        )),
        (false, true) => Err(ApiError::bad(format!(
            "an empty filter is refused: give one of {fields}, or ask for everything with \"All\": true"
        ))),
        // `null` for every field would be an empty filter in disguise.
        (false, false) if filter == Filter::default() => Err(ApiError::bad(
            "an empty filter is refused: every field of it is null",
        )),
        _ => Ok(filter),
    }
}

/// The earlier of `OlderThanSeconds` ago and the time in `field`.
pub(super) fn before(
    body: &Body,
    field: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>, ApiError> {
    let older = body.number("OlderThanSeconds", MOST_SECONDS)?;
    let older = older.map(|seconds| now.plus_seconds(-(seconds as f64)));
    Ok(older.into_iter().chain(body.time(field)?).min())
}
