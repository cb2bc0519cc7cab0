//! `GET /sendqueue/history`: each minute of the last hour, for charts.

use orthanc_sdk::Request;

use super::input::Query;
use super::{Answer, Api, ok, types};
use crate::dispatch::history::History;

impl Api {
    pub fn history(&self, request: &Request) -> Answer {
        Query::none(request)?;
        let now = self.clock.now();
        let list: Vec<types::History> = self
            .known_destinations()?
            .into_iter()
            .map(|name| {
                let history = self
                    .lanes
                    .get(&name)
                    .map_or_else(|| History::empty(now), |lane| lane.history(now));
                types::History::new(name, &history)
            })
            .collect();
        ok(&list)
    }
}
