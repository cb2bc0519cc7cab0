//! `/sendqueue/events`: what other systems are told, in its order.

use std::time::Duration;

use orthanc_sdk::Request;
use serde_json::Value;

use super::error::ApiError;
use super::input::{Body, Query, moment, quoted};
use super::types::{
    Events, EventsQuery, EventsStatus, ReplayEvents, ReplayedEvents, Time, WebhookStatus,
};
use super::{Answer, Api, ok};
use crate::events::courier;
use crate::events::envelope::Origin;

const DEFAULT_LIMIT: u32 = 100;
const MOST_LIMIT: u32 = 1000;
const MOST_SECONDS: i64 = 60;
const OFF_WAIT: Duration = Duration::from_millis(250);

impl Api {
    pub fn events(&self, request: &Request) -> Answer {
        let query = Query::of::<EventsQuery>(request)?;
        let since = query.integer("since", 0..=i64::MAX)?.unwrap_or(0);
        let limit = query
            .integer("limit", 1..=MOST_LIMIT.into())?
            .map_or(DEFAULT_LIMIT, |limit| {
                limit.try_into().unwrap_or(MOST_LIMIT)
            });
        let wait = query.integer("wait", 0..=MOST_SECONDS)?.unwrap_or(0);
        // Known before it is looked for: what comes in between ends the waiting.
        let known = self.teller.feed.last();
        let mut found = self.store.announced(since, limit)?;
        if found.is_empty() && wait > 0 {
            // Without the section nothing comes, and yet nobody shall ask again at once.
            let most = match self.settings.events {
                Some(_) => Duration::from_secs(wait.unsigned_abs()),
                None => OFF_WAIT,
            };
            (self.teller.feed.wait(known, most)).map_err(|_| {
                let crowded = "as many requests as can wait for events do: ask again in a second";
                ApiError::busy(crowded)
            })?;
            found = self.store.announced(since, limit)?;
        }
        let outgoing = self.store.outgoing()?;
        if since > outgoing.last {
            return Err(ApiError::conflict(format!(
                "since: found {since}, and the newest event that there ever was is {}: the queue's database is a new \
                 one, or an older copy; begin with 0",
                outgoing.last
            )));
        }
        let last = match found.last() {
            Some(event) => event.position,
            // All behind it is forgotten.
            None if outgoing.forgotten(since) > 0 => outgoing.whole,
            None => since,
        };
        let forgotten = match found.first() {
            Some(first) => (first.position - since - 1).max(0).unsigned_abs(),
            None => outgoing.forgotten(since),
        };
        let origin = Origin {
            host: &self.settings.host,
            ahead: self.clock.ahead(),
            created: self.store.created()?,
        };
        ok(&Events {
            done: last >= outgoing.whole,
            last,
            forgotten,
            events: found.iter().map(|event| origin.event(event)).collect(),
        })
    }

    pub fn events_status(&self, request: &Request) -> Answer {
        Query::none(request)?;
        let outgoing = self.store.outgoing()?;
        let on = self.settings.events.as_ref();
        ok(&EventsStatus {
            on: on.map_or_else(Vec::new, |events| {
                events.on.iter().map(|kind| kind.as_str()).collect()
            }),
            first: outgoing.first,
            last: outgoing.whole,
            waiting: (outgoing.last - outgoing.whole).max(0).unsigned_abs(),
            oldest: Time::maybe(outgoing.oldest),
            incomplete: self.teller.incomplete(),
            webhook: self.webhook_status(outgoing.whole)?,
        })
    }

    fn webhook_status(&self, whole: i64) -> Result<Option<WebhookStatus>, ApiError> {
        let settings = self.settings.events.as_ref();
        if settings.is_none_or(|events| events.webhook.is_none()) {
            return Ok(None);
        }
        let figures = self.courier.figures();
        let seen = self.store.seen(courier::READER)?.unwrap_or(whole);
        let (since, error) = figures.failing.unzip();
        Ok(Some(WebhookStatus {
            last: seen,
            waiting: (whole - seen).max(0).unsigned_abs(),
            sent: figures.sent,
            dropped: figures.dropped,
            failing_since: Time::maybe(since),
            last_error: error,
        }))
    }

    pub fn replay_events(&self, request: &Request) -> Answer {
        let body = Body::of::<ReplayEvents>(request)?;
        let allowed =
            "a position (sequence), an integer of 1 or more; or a moment, as since of the journal";
        let outgoing = self.store.outgoing()?;
        let now = self.clock.now();
        let before = match body.value("From") {
            None => return Err(ApiError::field("From", "nothing", allowed)),
            Some(Value::Number(number)) => {
                let position = number.as_i64().filter(|position| *position >= 1);
                position.ok_or_else(|| ApiError::field("From", number, allowed))? - 1
            }
            Some(Value::String(text)) => {
                let moment = moment(text, now);
                let moment =
                    moment.ok_or_else(|| ApiError::field("From", quoted(text), allowed))?;
                self.store.position_before(moment)?
            }
            Some(other) => return Err(ApiError::field("From", other, allowed)),
        };
        let since = match outgoing.first {
            0 => outgoing.whole,
            first => before.max(first - 1).clamp(0, outgoing.whole),
        };
        let settings = self.settings.events.as_ref();
        let webhook = settings.is_some_and(|events| events.webhook.is_some());
        if webhook {
            // Never ahead: what waits is sent in any case.
            let seen = self.store.seen(courier::READER)?;
            if seen.is_none_or(|seen| since < seen) {
                self.store.see(courier::READER, since)?;
            }
            self.courier.again();
        }
        ok(&ReplayedEvents {
            since,
            events: (outgoing.whole - since).max(0).unsigned_abs(),
            webhook,
        })
    }
}
