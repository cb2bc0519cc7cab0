//! `GET /sendqueue`.

use orthanc_sdk::{Request, Response};

use super::input::Query;
use super::types::{Callbacks, Disabled, Overview, Time, age};
use super::{Answer, Api, json, ok};
use crate::config::settings::Off;

/// Version of the API, not of the plugin.
pub const API_VERSION: u32 = 1;

impl Api {
    pub fn overview(&self, request: &Request) -> Answer {
        Query::none(request)?;
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
        ok(&Overview {
            version: env!("CARGO_PKG_VERSION"),
            build: env!("SENDQUEUE_BUILD"),
            api_version: API_VERSION,
            enabled: true,
            database: self.store.location().to_string_lossy().into_owned(),
            database_bytes: self.store.size_bytes()?,
            time: Time(now),
            counts: (&self.store.counts()?).into(),
            destinations: self.known_among(&records),
            oldest_pending_seconds: age(oldest, now),
            cursor,
            callbacks: Callbacks {
                count: timing.count(),
                median_microseconds: timing.quantile(0.5),
                percentile_99_microseconds: timing.quantile(0.99),
                longest_microseconds: timing.longest(),
            },
            gone_before_queued: figures.gone,
            given_up: figures.given_up,
        })
    }
}

/// `GET /sendqueue` while the queue is off: that it is, and why.
pub fn disabled(database: &std::path::Path, off: Off) -> Response {
    json(
        200,
        &Disabled {
            version: env!("CARGO_PKG_VERSION"),
            api_version: API_VERSION,
            enabled: false,
            reason: off.reason(),
            database: database.to_string_lossy().into_owned(),
        },
    )
}
