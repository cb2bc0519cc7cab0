//! `GET /sendqueue/history`: each minute of the last hour, for charts.

use orthanc_sdk::{Request, Response};
use serde_json::{Value, json};

use super::input::Query;
use super::{Answer, Api};
use crate::dispatch::history::{History, Minute, STEP_SECONDS};

impl Api {
    pub fn history(&self, request: &Request) -> Answer {
        Query::new(request, &[])?;
        let now = self.clock.now();
        let list: Value = self
            .known_destinations()?
            .into_iter()
            .map(|name| {
                let history = self
                    .lanes
                    .get(&name)
                    .map_or_else(|| History::empty(now), |lane| lane.history(now));
                describe(&name, &history)
            })
            .collect();
        Ok(Response::json(200, &list))
    }
}

fn describe(name: &str, history: &History) -> Value {
    let each =
        |figure: fn(&Minute) -> u64| -> Vec<u64> { history.minutes.iter().map(figure).collect() };
    json!({
        "Destination": name,
        "Until": history.until.to_orthanc(),
        "StepSeconds": STEP_SECONDS,
        "Instances": each(|minute| minute.instances),
        "Bytes": each(|minute| minute.bytes),
        "Failed": each(|minute| minute.failed),
    })
}
