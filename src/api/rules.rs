//! `/sendqueue/rules`: the rules in force, and what became of instances at each.

use orthanc_sdk::Request;

use super::input::Query;
use super::types::{self, Time};
use super::{Answer, Api, ok};
use crate::arrival::rule_figures::Figures;
use crate::config::rule_in_force;

impl Api {
    /// `GET /sendqueue/rules`.
    pub fn rules(&self, request: &Request) -> Answer {
        Query::none(request)?;
        let all = self.progress.figures().rules;
        let rules = self.settings.rules.iter().map(|rule| {
            // One that the arrival thread has not taken over yet.
            let figures = all.of(rule).cloned();
            let figures = figures.unwrap_or_else(|| Figures::begin(self.clock.now()));
            types::Rule {
                settings: rule_in_force(rule),
                counts: (&figures).into(),
                since: Time(figures.since),
                last_match: Time::maybe(figures.last_match),
            }
        });
        ok(&rules.collect::<Vec<types::Rule>>())
    }
}
