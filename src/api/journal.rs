//! `GET /sendqueue/journal`: what people, destinations and Orthanc did, in order.

use orthanc_sdk::Request;

use super::input::{Query, quoted};
use super::types::{JournalEntry, JournalQuery};
use super::{Answer, Api, ok};
use crate::api::error::ApiError;
use crate::item::{Event, Timestamp};
use crate::store::{Asker, Entry, Hour, Period};

const DEFAULT_LIMIT: u32 = 1000;
const MOST_LIMIT: u32 = 10_000;
const DAY_SECONDS: f64 = 86_400.0;
const HOUR_MICROS: i64 = 3_600_000_000;

impl Api {
    pub fn journal(&self, request: &Request) -> Answer {
        let query = Query::of::<JournalQuery>(request)?;
        let now = self.clock.now();
        let period = Period {
            from: query
                .moment("since", now)?
                .unwrap_or_else(|| now.plus_seconds(-DAY_SECONDS)),
            until: query
                .moment("until", now)?
                .unwrap_or(Timestamp::from_micros(i64::MAX)),
            destination: query.text("destination"),
            event: event(&query)?,
        };
        let page = query.page_after(DEFAULT_LIMIT, MOST_LIMIT)?;
        let (after, limit) = (page.since, page.limit);
        let mut entries = if period.event == Some(Event::Failures) {
            Vec::new()
        } else {
            self.store.entries(&period, after, limit)?
        };
        if period.event.is_none_or(|event| event == Event::Failures) {
            let is_full = entries.len() >= limit as usize;
            let reaches = entries.last().filter(|_| is_full).map(|last| last.time);
            let failures = self.failures(&period, self.time_of(after)?, reaches)?;
            entries = merged(entries, failures);
        }
        if period.event == Some(Event::Failures) {
            entries.truncate(limit as usize);
        }
        let list: Vec<JournalEntry> = entries.into_iter().map(JournalEntry::from).collect();
        ok(&list)
    }

    /// When the last entry of the page before was; `None`: this is the first one.
    fn time_of(&self, after: i64) -> Result<Option<Timestamp>, ApiError> {
        let always = Period {
            from: Timestamp::from_micros(i64::MIN),
            until: Timestamp::from_micros(i64::MAX),
            destination: None,
            event: None,
        };
        let found = match after {
            0 => None,
            _ => self.store.entries(&always, after - 1, 1)?.pop(),
        };
        Ok(found
            .filter(|entry| entry.id == after)
            .map(|entry| entry.time))
    }

    /// Those of hours that begin after the page before, and not after what this one reaches.
    fn failures(
        &self,
        period: &Period,
        before: Option<Timestamp>,
        reaches: Option<Timestamp>,
    ) -> Result<Vec<Entry>, ApiError> {
        let until = period.until.min(self.clock.now().plus_seconds(DAY_SECONDS));
        let hours = self.store.hours(period.from, until)?;
        let mut entries: Vec<Entry> = hours
            .into_iter()
            .filter(|hour| hour.failed > 0)
            .filter(|hour| {
                (period.destination.as_ref()).is_none_or(|name| *name == hour.destination)
            })
            .map(failures_of)
            .filter(|entry| before.is_none_or(|before| entry.time > before))
            .filter(|entry| reaches.is_none_or(|last| entry.time <= last))
            .collect();
        entries.sort_by_key(|entry| entry.time);
        Ok(entries)
    }

    /// Tells of what a person did, where the store does not. What is done is done, whether or not it can be told.
    pub(super) fn note(&self, entry: impl FnOnce(Entry) -> Entry, event: Event) {
        let asker = Asker::current().unwrap_or_else(|| Asker::new(None, self.clock.now()));
        if let Err(error) = self.store.note(&entry(asker.did(event))) {
            log::error!("{event}: missing in the journal: {error}");
        }
    }
}

fn event(query: &Query) -> Result<Option<Event>, ApiError> {
    query
        .text("event")
        .map(|text| {
            Event::parse(&text).ok_or_else(|| {
                let all = Event::ALL.map(Event::as_str).join(", ");
                ApiError::field("event", quoted(&text), &all)
            })
        })
        .transpose()
}

fn failures_of(hour: Hour) -> Entry {
    let begin = Timestamp::from_micros(hour.hour.saturating_mul(HOUR_MICROS));
    Entry {
        destination: Some(hour.destination),
        count: Some(hour.failed),
        ..Entry::new(Event::Failures, begin)
    }
}

/// Both in their order, an hour before what was in it.
fn merged(entries: Vec<Entry>, failures: Vec<Entry>) -> Vec<Entry> {
    let mut all = Vec::with_capacity(entries.len() + failures.len());
    let mut failures = failures.into_iter().peekable();
    for entry in entries {
        while let Some(hour) = failures.next_if(|hour| hour.time <= entry.time) {
            all.push(hour);
        }
        all.push(entry);
    }
    all.extend(failures);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_stand_before_what_was_in_them() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let entry = |seconds| Entry::new(Event::Paused, at(seconds));
        let hour = |seconds| Entry::new(Event::Failures, at(seconds));
        let all = merged(
            vec![entry(10), entry(20), entry(20), entry(30)],
            vec![hour(5), hour(5), hour(20), hour(40)],
        );
        let times: Vec<(Event, i64)> = all
            .iter()
            .map(|entry| (entry.event, entry.time.micros() / 1_000_000))
            .collect();
        let (p, f) = (Event::Paused, Event::Failures);
        let expected = [
            (f, 5),
            (f, 5),
            (p, 10),
            (f, 20),
            (p, 20),
            (p, 20),
            (p, 30),
            (f, 40),
        ];
        assert_eq!(times, expected);
    }
}
