//! `GET /sendqueue/sources`: the calling AETs from which something came.

use orthanc_sdk::Request;

use super::input::Query;
use super::types::{Sender, Time};
use super::{Answer, Api, ok};

impl Api {
    pub fn sources(&self, request: &Request) -> Answer {
        Query::none(request)?;
        let list: Vec<Sender> = self
            .sources
            .look()?
            .into_iter()
            .map(|look| Sender {
                aet: look.aet,
                last_arrival: look.last.map(Time),
                hours: look.watched.map(|time| time.as_secs_f64() / 3600.0),
                silent_since: look.silent_since.map(Time),
            })
            .collect();
        ok(&list)
    }
}
