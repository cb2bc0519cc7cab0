//! `GET /sendqueue`.

use orthanc_sdk::{Request, Response};
use serde_json::json;

use super::input::Query;
use super::json::{age, counts};
use super::{Answer, Api};

/// Version of the API, not of the plugin.
pub const API_VERSION: u32 = 1;

impl Api {
    pub fn overview(&self, request: &Request) -> Answer {
        Query::new(request, &[])?;
        let now = self.clock.now();
        let records = self.store.destinations()?;
        let oldest = records
            .iter()
            .filter_map(|record| record.oldest_pending)
            .min();
        let figures = self.progress.figures();
        let timing = self.notices.timing();
        let cursor = match figures.cursor {
            Some(seq) => Some(seq),
            None => self.store.cursor()?.map(|cursor| cursor.seq),
        };
        Ok(Response::json(
            200,
            &json!({
                "Version": env!("CARGO_PKG_VERSION"),
                "Build": env!("SENDQUEUE_BUILD"),
                "ApiVersion": API_VERSION,
                "Enabled": true,
                "Database": self.store.location().to_string_lossy(),
                "DatabaseBytes": self.store.size_bytes()?,
                "Counts": counts(&self.store.counts()?),
                "Destinations": self.known_destinations()?,
                "OldestPendingSeconds": age(oldest, now),
                "Cursor": cursor,
                "Callbacks": {
                    "Count": timing.count(),
                    "MedianMicroseconds": timing.quantile(0.5),
                    "Percentile99Microseconds": timing.quantile(0.99),
                    "LongestMicroseconds": timing.longest(),
                },
                "GoneBeforeQueued": figures.gone,
                "GivenUp": figures.given_up,
            }),
        ))
    }
}

/// `GET /sendqueue` when `Enable` is false: that it is off, and nothing else.
pub fn disabled(database: &std::path::Path) -> Response {
    Response::json(
        200,
        &json!({
            "Version": env!("CARGO_PKG_VERSION"),
            "ApiVersion": API_VERSION,
            "Enabled": false,
            "Database": database.to_string_lossy(),
        }),
    )
}
