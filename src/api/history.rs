//! `GET /sendqueue/history`: each minute of the last hour, or each hour of the last days, for charts.

use std::collections::BTreeMap;

use orthanc_sdk::Request;

use super::error::ApiError;
use super::input::Query;
use super::types::{self, HistoryQuery, Outage, Time};
use super::{Answer, Api, ok};
use crate::dispatch::history::{History, MINUTES, Minute, STEP_SECONDS};
use crate::dispatch::hours::hour_of;
use crate::item::{Event, Timestamp};
use crate::store::{LONGEST_OUTAGES_SECONDS, Period};

/// A week.
const MOST_HOURS: i64 = 168;
/// Outages that are answered at most, of all destinations.
const MOST_OUTAGES: u32 = 10_000;
const HOUR_SECONDS: u32 = 3600;

impl Api {
    pub fn history(&self, request: &Request) -> Answer {
        let query = Query::of::<HistoryQuery>(request)?;
        let now = self.clock.now();
        match query.integer("hours", 1..=MOST_HOURS)? {
            None => self.last_hour(now),
            Some(hours) => self.last_hours(hours, now),
        }
    }

    fn last_hour(&self, now: Timestamp) -> Answer {
        let begin = now.plus_seconds(-f64::from(STEP_SECONDS) * MINUTES as f64);
        let list: Vec<types::History> = self
            .outages_since(begin, now)?
            .into_iter()
            .map(|(name, outages)| {
                let history = self
                    .lanes
                    .get(&name)
                    .map_or_else(|| History::empty(now), |lane| lane.history(now));
                types::History {
                    outages,
                    ..types::History::new(name, history.until, STEP_SECONDS, &history.minutes)
                }
            })
            .collect();
        ok(&list)
    }

    fn last_hours(&self, count: i64, now: Timestamp) -> Answer {
        let newest = hour_of(now);
        let oldest = newest + 1 - count;
        let begin = begin_of(oldest);
        let mut by_name: BTreeMap<String, Vec<Minute>> = BTreeMap::new();
        let length = usize::try_from(count).unwrap_or_default();
        let hour_book = self.promoter.hour_book();
        for one in hour_book.hours(self.store.as_ref(), &self.lanes, begin, now)? {
            let hours = by_name
                .entry(one.destination)
                .or_insert_with(|| vec![Minute::default(); length]);
            let at = usize::try_from(one.hour - oldest).ok();
            if let Some(hour) = at.and_then(|at| hours.get_mut(at)) {
                hour.instances += one.sent;
                hour.bytes += one.bytes;
                hour.failed += one.failed;
            }
        }
        let until = begin_of(newest + 1);
        let none = vec![Minute::default(); length];
        let list: Vec<types::History> = self
            .outages_since(begin, now)?
            .into_iter()
            .map(|(name, outages)| {
                let hours = by_name.get(&name).unwrap_or(&none);
                types::History {
                    outages,
                    ..types::History::new(name, until, HOUR_SECONDS, hours)
                }
            })
            .collect();
        ok(&list)
    }

    /// By destination, of all that are known, in order: those that ended since then, and the one that lasts. Outages
    /// are the target's, and so of each of its names.
    fn outages_since(
        &self,
        begin: Timestamp,
        now: Timestamp,
    ) -> Result<BTreeMap<String, Vec<Outage>>, ApiError> {
        let period = Period {
            from: begin,
            until: now.plus_seconds(1.0),
            destination: None,
            event: Some(Event::OutageEnded),
        };
        let mut of_target: BTreeMap<String, Vec<Outage>> = BTreeMap::new();
        for entry in self.store.entries(&period, 0, MOST_OUTAGES)? {
            let seconds = entry.seconds.unwrap_or_default();
            let outage = Outage {
                since: Time(entry.time.plus_seconds(-(seconds as f64))),
                until: Some(Time(entry.time)),
            };
            let target = entry.destination.unwrap_or_default();
            of_target.entry(target).or_default().push(outage);
        }
        let mut by_name = BTreeMap::new();
        for record in self.records()? {
            let target = self.settings.target(&record.name);
            let mut outages = of_target.get(target).cloned().unwrap_or_default();
            if let Some(since) = self.status(&record, now).unreachable_since {
                outages.push(Outage {
                    since: Time(self.first_of(target, since)?),
                    until: None,
                });
            }
            by_name.insert(record.name, outages);
        }
        Ok(by_name)
    }

    /// When the first began of the outages that are one with that which lasts since then.
    fn first_of(&self, target: &str, since: Timestamp) -> Result<Timestamp, ApiError> {
        let period = Period {
            from: since.plus_seconds(-LONGEST_OUTAGES_SECONDS),
            until: since.plus_seconds(1.0),
            destination: Some(target.to_owned()),
            event: Some(Event::OutageBegan),
        };
        let mut began = self.store.entries(&period, 0, MOST_OUTAGES)?;
        let last = began.pop().filter(|entry| entry.count.is_some());
        Ok(last.map_or(since, |entry| entry.time.min(since)))
    }
}

fn begin_of(hour: i64) -> Timestamp {
    Timestamp::from_micros(hour.saturating_mul(i64::from(HOUR_SECONDS) * 1_000_000))
}
