//! `GET /sendqueue/metrics`: the queue in Prometheus' text format.
//!
//! Invariants:
//! - Base units (seconds, bytes); what only grows ends with `_total` and begins at 0 with each start of Orthanc, but
//!   for the totals that the database keeps (said in their help).
//! - The series of a destination that rules, settings or items name are there from the first scrape on, with 0, so that
//!   the first increase is seen.
//! - The cost does not depend on how many items there are.

use orthanc_sdk::{Request, Response};
use serde_json::Value;

use super::destinations::state;
use super::error::ApiError;
use super::exposition::{CONTENT_TYPE, Exposition, Kind};
use super::input::Query;
use super::types::DestinationState;
use super::{Answer, Api};
use crate::arrival::progress::{self, Fate};
use crate::arrival::timing;
use crate::dispatch::LaneStatus;
use crate::dispatch::figures::{DELIVERY_SECONDS, Figures};
use crate::events::courier;
use crate::item::{Ahead, Class, Confirmation, State, Timestamp};
use crate::routing::Mark;
use crate::store::{DestinationRecord, FailureTotal};
use crate::verdict::{Finding, Severity};

/// A destination at the moment of the scrape.
struct Destination {
    record: DestinationRecord,
    status: LaneStatus,
    is_configured: bool,
    figures: Figures,
}

impl Api {
    pub fn metrics(&self, request: &Request) -> Answer {
        Query::none(request)?;
        let now = self.clock.now();
        let records = self.records()?;
        let findings = self.findings(Ok(records.clone()));
        let destinations = self.measured(records, now);
        let mut page = Exposition::default();
        about(&mut page);
        queued(&mut page, &destinations, now, self.clock.ahead());
        let mut limits = page.family(
            "sendqueue_expire_after_seconds",
            Kind::Gauge,
            "ExpireAfter of the destination; 0: its items never expire.",
        );
        for one in &destinations {
            let name = one.record.name.as_str();
            let seconds = self.settings.destination(name).expire_after;
            limits.sample(&[("destination", name)], seconds);
        }
        let mut expiry = page.family(
            "sendqueue_next_expiry_timestamp_seconds",
            Kind::Gauge,
            "When the next of the items that wait goes to the error queue unsent (ExpireAfter); absent: none does.",
        );
        if let Some(time) = self.store.next_expiry()? {
            expiry.sample(&[], self.clock.ahead().wall(time).micros() as f64 / 1e6);
        }
        sent(&mut page, &destinations);
        failures(&mut page, &destinations, &self.store.failure_totals()?);
        reachable(&mut page, &destinations);
        self.arrivals(&mut page, &destinations, now)?;
        self.machinery(&mut page)?;
        judged(&mut page, &findings);
        self.heard(&mut page)?;
        self.told(&mut page);
        self.announced(&mut page)?;
        Ok(Response::new(200, CONTENT_TYPE, page.into_text()))
    }

    fn measured(&self, records: Vec<DestinationRecord>, now: Timestamp) -> Vec<Destination> {
        let configured = self.configured();
        let measured = records.into_iter().map(|record| Destination {
            is_configured: configured.has(&record.name),
            status: self.status(&record, now),
            figures: self
                .lanes
                .get(&record.name)
                .map(|lane| lane.figures())
                .unwrap_or_default(),
            record,
        });
        measured.collect()
    }

    fn arrivals(
        &self,
        page: &mut Exposition,
        destinations: &[Destination],
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let progress = self.progress.figures();
        let mut age = page.family(
            "sendqueue_reconciliation_age_seconds",
            Kind::Gauge,
            "Time since Orthanc's changes were last read to their end, or since the start; some 10 s while nothing arrives.",
        );
        if let Some(last) = progress.last_pass.or(self.services.begun()) {
            age.sample(&[], now.since(last).as_secs_f64());
        }
        let mut behind = page.family(
            "sendqueue_unreconciled_changes",
            Kind::Gauge,
            "Lines of Orthanc's log of changes that were not read yet.",
        );
        if let Some(count) = self.unreconciled(&progress)? {
            behind.sample(&[], count);
        }
        let mut gone = page.family(
            "sendqueue_gone_before_queued_total",
            Kind::Counter,
            "Instances that were deleted from Orthanc before they could be queued.",
        );
        gone.sample(&[], progress.gone);
        let mut given_up = page.family(
            "sendqueue_given_up_total",
            Kind::Counter,
            "Instances that are not forwarded because Orthanc cannot describe them.",
        );
        given_up.sample(&[], progress.given_up);
        decided(page, destinations, &progress);
        self.at_rules(page, &progress);
        let timing = self.notices.timing();
        let mut callback = page.family(
            "sendqueue_callback_duration_seconds",
            Kind::Histogram,
            "Time that receiving an instance waited for the queue.",
        );
        callback.histogram(
            &[],
            &timing::BOUNDS.map(|micros| micros as f64 / 1e6),
            &timing.buckets(),
            timing.sum().as_secs_f64(),
        );
        Ok(())
    }

    fn at_rules(&self, page: &mut Exposition, progress: &progress::Figures) {
        let mut rules = page.family(
            "sendqueue_rule_instances_total",
            Kind::Counter,
            "Instances by rule and by what it made of them (Routed and Loop: instances times destinations).",
        );
        for rule in &self.settings.rules {
            let figures = progress.rules.of(rule);
            for mark in Mark::ALL {
                let count = figures.map_or(0, |figures| figures.get(mark));
                let labels = [("rule", rule.name.as_str()), ("result", mark.as_str())];
                rules.sample(&labels, count);
            }
        }
    }

    /// Orthanc shows only the lower 32 bits of its numbers. `None`: nothing can be said.
    fn unreconciled(&self, progress: &progress::Figures) -> Result<Option<u32>, ApiError> {
        let cursor = match progress.cursor {
            Some(seq) => seq,
            None => match self.store.cursor()? {
                Some(cursor) => cursor.seq,
                // Nothing was ever received.
                None => return Ok(progress.last_pass.map(|_| 0)),
            },
        };
        // An Orthanc that is starting cannot be asked, which must not cost the other figures.
        let Ok(answer) = self.client.get_json("/changes?last") else {
            return Ok(None);
        };
        let newest = &answer["Changes"][0]["Seq"];
        let Some(newest) = newest.as_i64().or_else(|| none_left(&answer)) else {
            return Ok(None);
        };
        // Truncation is the point. A cursor that is ahead has nothing before it.
        let ahead = (newest as u32).wrapping_sub(cursor as u32);
        Ok(Some(u32::try_from(ahead as i32).unwrap_or(0)))
    }

    fn machinery(&self, page: &mut Exposition) -> Result<(), ApiError> {
        let mut size = page.family(
            "sendqueue_database_size_bytes",
            Kind::Gauge,
            "Size of the queue's database with its log.",
        );
        size.sample(&[], self.store.size_bytes()?);
        let services = self.services.records();
        let down = services.iter().any(|service| service.is_down);
        let problems = [
            ("Database", self.store.check_writable().is_err()),
            ("Reconciliation", self.progress.figures().fault.is_some()),
            ("Threads", !self.services.is_up() || down),
        ];
        let mut family = page.family(
            "sendqueue_problem",
            Kind::Gauge,
            "1 while this part of the queue does not work; GET /sendqueue/health says why.",
        );
        for (part, is_failing) in problems {
            family.sample(&[("part", part)], u8::from(is_failing));
        }
        let mut restarts = page.family(
            "sendqueue_service_restarts_total",
            Kind::Counter,
            "How often a thread of the plugin was started again after a panic.",
        );
        for service in &services {
            restarts.sample(&[("service", service.name)], service.panics);
        }
        let mut refused = page.family(
            "sendqueue_cross_site_refused_total",
            Kind::Counter,
            "POSTs from pages of other sites, which were refused.",
        );
        refused.sample(&[], self.cross_site.refused());
        let timekeeper = self.promoter.timekeeper();
        let mut jumps = page.family(
            "sendqueue_clock_jumps_total",
            Kind::Counter,
            "How often the machine's clock was set, by 10 s or more, while the queue ran.",
        );
        jumps.sample(&[], timekeeper.jumps());
        let mut pardoned = page.family(
            "sendqueue_clock_pardoned_total",
            Kind::Counter,
            "Items that had expired only because the machine's clock was wrong at the start, and wait again.",
        );
        pardoned.sample(&[], timekeeper.pardoned());
        Ok(())
    }

    fn heard(&self, page: &mut Exposition) -> Result<(), ApiError> {
        let ahead = self.clock.ahead();
        let sources = self.sources.look()?;
        let mut last = page.family(
            "sendqueue_last_arrival_timestamp_seconds",
            Kind::Gauge,
            "When something came last from this calling AET.",
        );
        for source in &sources {
            if let Some(time) = source.last {
                last.sample(
                    &[("aet", &source.aet)],
                    ahead.wall(time).micros() as f64 / 1e6,
                );
            }
        }
        let mut silent = page.family(
            "sendqueue_source_silent",
            Kind::Gauge,
            "1: this calling AET (Alerts.SilentSources) has not sent for too long.",
        );
        for source in sources.iter().filter(|source| source.watched.is_some()) {
            let is_silent = u8::from(source.silent_since.is_some());
            silent.sample(&[("aet", &source.aet)], is_silent);
        }
        let mut forgotten = page.family(
            "sendqueue_forgotten_sources_total",
            Kind::Counter,
            "Calling AETs that are not remembered because there are too many.",
        );
        let progress = self.progress.figures();
        forgotten.sample(&[], progress.forgotten_sources);
        let mut own = page.family(
            "sendqueue_own_outputs_total",
            Kind::Counter,
            "Instances that came back as the queue had sent them, changed on their way, and are not sent again.",
        );
        own.sample(&[], progress.own_outputs.values().sum::<u64>());
        Ok(())
    }

    /// Nothing without `Events`.
    fn announced(&self, page: &mut Exposition) -> Result<(), ApiError> {
        let Some(events) = &self.settings.events else {
            return Ok(());
        };
        let outgoing = self.store.outgoing()?;
        page.family(
            "sendqueue_events_waiting",
            Kind::Gauge,
            "Events that cannot be read yet: Orthanc is being asked for what they tell.",
        )
        .sample(&[], (outgoing.last - outgoing.whole).max(0));
        page.family(
            "sendqueue_events_total",
            Kind::Counter,
            "Events since the database was made.",
        )
        .sample(&[], outgoing.last);
        page.family(
            "sendqueue_events_dropped_total",
            Kind::Counter,
            "Events that went before their days were over, since there were too many (Events.MaxEvents).",
        )
        .sample(&[], self.teller.dropped());
        if events.webhook.is_none() {
            return Ok(());
        }
        let figures = self.courier.figures();
        let seen = self.store.seen(courier::READER)?.unwrap_or(outgoing.whole);
        page.family(
            "sendqueue_webhook_events_waiting",
            Kind::Gauge,
            "Events that are to be sent to Events.Webhook, of all kinds.",
        )
        .sample(&[], (outgoing.whole - seen).max(0));
        page.family(
            "sendqueue_webhook_events_sent_total",
            Kind::Counter,
            "Events that the receiver of Events.Webhook accepted.",
        )
        .sample(&[], figures.sent);
        page.family(
            "sendqueue_webhook_events_dropped_total",
            Kind::Counter,
            "Events that it refused for good, or that were too old for it.",
        )
        .sample(&[], figures.dropped);
        Ok(())
    }

    /// Nothing where no alerts are configured.
    fn told(&self, page: &mut Exposition) {
        let Some(alerts) = self.alerts.get() else {
            return;
        };
        let figures = alerts.figures();
        for (name, help, count) in [
            (
                "sendqueue_alerts_sent_total",
                "Alerts that the webhook's receiver acknowledged.",
                figures.sent,
            ),
            (
                "sendqueue_alerts_failed_total",
                "Tries to send an alert that failed.",
                figures.failed,
            ),
            (
                "sendqueue_alerts_dropped_total",
                "Alerts that were given up or left out.",
                figures.dropped,
            ),
        ] {
            page.family(name, Kind::Counter, help).sample(&[], count);
        }
        page.family(
            "sendqueue_alerts_waiting",
            Kind::Gauge,
            "Alerts that are to be sent.",
        )
        .sample(&[], figures.waiting);
    }
}

/// An empty log has no newest line, and nothing that waits.
fn none_left(answer: &Value) -> Option<i64> {
    let lines = answer["Changes"].as_array()?;
    lines.is_empty().then(|| answer["Last"].as_i64())?
}

fn about(page: &mut Exposition) {
    let mut build = page.family(
        "sendqueue_build_info",
        Kind::Gauge,
        "Always 1; which plugin this is.",
    );
    let labels = [
        ("version", env!("CARGO_PKG_VERSION")),
        ("build", env!("SENDQUEUE_BUILD")),
    ];
    build.sample(&labels, 1);
}

fn queued(page: &mut Exposition, destinations: &[Destination], now: Timestamp, ahead: Ahead) {
    let mut items = page.family(
        "sendqueue_items",
        Kind::Gauge,
        "Items by state; those in state Failure are the error queue.",
    );
    for one in destinations {
        for state in State::ALL {
            let labels = [
                ("destination", one.record.name.as_str()),
                ("state", state.as_str()),
            ];
            items.sample(&labels, one.record.counts.get(state));
        }
    }
    gauge(
        page,
        destinations,
        "sendqueue_waiting_bytes",
        "Bytes of the instances that are still to be sent.",
        |one| one.record.bytes_pending as f64,
    );
    gauge(
        page,
        destinations,
        "sendqueue_oldest_waiting_seconds",
        "Age of the oldest item that is still to be sent, from its making on; 0: there is none.",
        |one| {
            let oldest = one.record.oldest_pending;
            oldest.map_or(0.0, |since| now.since(since).as_secs_f64())
        },
    );
    let mut last = page.family(
        "sendqueue_last_success_timestamp_seconds",
        Kind::Gauge,
        "When the destination last acknowledged an instance; kept by the database.",
    );
    for one in destinations {
        if let Some(time) = one.record.last_success {
            let labels = [("destination", one.record.name.as_str())];
            last.sample(&labels, ahead.wall(time).micros() as f64 / 1e6);
        }
    }
}

fn sent(page: &mut Exposition, destinations: &[Destination]) {
    counter(
        page,
        destinations,
        "sendqueue_sent_total",
        "Instances that the destination acknowledged.",
        |one| one.figures.sent,
    );
    counter(
        page,
        destinations,
        "sendqueue_sent_bytes_total",
        "Bytes of the instances that the destination acknowledged.",
        |one| one.figures.sent_bytes,
    );
    let mut attempts = page.family(
        "sendqueue_attempts_total",
        Kind::Counter,
        "Attempts by what came of them; Unreachable: times that the destination could not be reached, probes included.",
    );
    for one in destinations {
        // `Expired` comes without one.
        for class in Class::ALL
            .into_iter()
            .filter(|class| *class != Class::Expired)
        {
            let labels = [
                ("destination", one.record.name.as_str()),
                ("class", class.as_str()),
            ];
            attempts.sample(&labels, one.figures.attempts(class));
        }
    }
    counter(
        page,
        destinations,
        "sendqueue_retries_total",
        "Attempts after which another one became due.",
        |one| one.figures.retries,
    );
    let mut confirmations = page.family(
        "sendqueue_confirmations_total",
        Kind::Counter,
        "Deliveries that the destination was asked for, by what came of it.",
    );
    for one in destinations {
        let followed = one.figures.followed;
        for (result, count) in [
            (Confirmation::Confirmed, followed.confirmed),
            (Confirmation::Refused, followed.refused),
            (Confirmation::TimedOut, followed.timed_out),
        ] {
            let labels = [
                ("destination", one.record.name.as_str()),
                ("result", result.as_str()),
            ];
            confirmations.sample(&labels, count);
        }
    }
    gauge(
        page,
        destinations,
        "sendqueue_confirmations_waiting",
        "Deliveries that the destination has not confirmed yet.",
        |one| one.record.confirming.waiting as f64,
    );
    let mut delivery = page.family(
        "sendqueue_delivery_duration_seconds",
        Kind::Histogram,
        "Time for each acknowledged instance; through Orthanc (Rest), its part of the job's time.",
    );
    for one in destinations {
        let times = &one.figures.delivery;
        delivery.histogram(
            &[("destination", &one.record.name)],
            &DELIVERY_SECONDS,
            times.buckets(),
            times.sum().as_secs_f64(),
        );
    }
}

fn failures(page: &mut Exposition, destinations: &[Destination], totals: &[FailureTotal]) {
    let mut failed = page.family(
        "sendqueue_failed_total",
        Kind::Counter,
        "Items that ever entered the error queue, by class; kept by the database.",
    );
    for one in destinations {
        let of_class = |class: Class| -> u64 {
            let mine = totals
                .iter()
                .filter(|total| total.destination == one.record.name && total.class == class);
            mine.map(|total| total.total).sum()
        };
        for class in Class::ALL {
            let count = of_class(class);
            if count > 0 || class.may_fail() {
                let labels = [
                    ("destination", one.record.name.as_str()),
                    ("class", class.as_str()),
                ];
                failed.sample(&labels, count);
            }
        }
    }
}

fn reachable(page: &mut Exposition, destinations: &[Destination]) {
    gauge(
        page,
        destinations,
        "sendqueue_destination_up",
        "0 while the destination cannot be reached, else 1.",
        |one| f64::from(u8::from(one.status.unreachable_since.is_none())),
    );
    let mut states = page.family(
        "sendqueue_destination_state",
        Kind::Gauge,
        "1 for the state that the destination is in, 0 for the others.",
    );
    for one in destinations {
        let is = state(&one.status, one.is_configured);
        for state in DestinationState::ALL {
            let labels = [
                ("destination", one.record.name.as_str()),
                ("state", state.as_str()),
            ];
            states.sample(&labels, u8::from(state == is));
        }
    }
    counter(
        page,
        destinations,
        "sendqueue_outages_total",
        "Times that the destination became unreachable; kept by the database.",
        |one| one.status.outages,
    );
}

fn judged(page: &mut Exposition, findings: &[Finding]) {
    let mut family = page.family(
        "sendqueue_verdict",
        Kind::Gauge,
        "How much needs a person now; GET /sendqueue/verdict says what.",
    );
    for severity in Severity::ALL {
        let of_it = findings.iter().filter(|one| one.severity == severity);
        family.sample(&[("severity", severity.as_str())], of_it.count() as u64);
    }
}

/// What was decided of arrivals, other than that they are simply sent.
fn decided(page: &mut Exposition, destinations: &[Destination], progress: &progress::Figures) {
    let of = |one: &Destination, fate| progress.decided(&one.record.name, fate);
    let mut held_back = page.family(
        "sendqueue_held_back_total",
        Kind::Counter,
        "Instances that a rule names and that are not sent: Loop, they came from there; Unchanged and Never, they were received again.",
    );
    for one in destinations {
        for (reason, fate) in [
            ("Loop", Fate::Loop),
            ("Unchanged", Fate::Unchanged),
            ("Never", Fate::Never),
        ] {
            let labels = [
                ("destination", one.record.name.as_str()),
                ("reason", reason),
            ];
            held_back.sample(&labels, of(one, fate));
        }
    }
    for (name, help, fate) in [
        (
            "sendqueue_again_total",
            "Instances that were received again and are sent again.",
            Fate::Again,
        ),
        (
            "sendqueue_undecided_total",
            "Instances in the error queue because a rule hangs on what cannot be read.",
            Fate::Undecided,
        ),
    ] {
        counter(page, destinations, name, help, |one| of(one, fate));
    }
}

fn gauge(
    page: &mut Exposition,
    destinations: &[Destination],
    name: &'static str,
    help: &str,
    value: impl Fn(&Destination) -> f64,
) {
    let mut family = page.family(name, Kind::Gauge, help);
    for one in destinations {
        family.sample(&[("destination", &one.record.name)], value(one));
    }
}

fn counter(
    page: &mut Exposition,
    destinations: &[Destination],
    name: &'static str,
    help: &str,
    value: impl Fn(&Destination) -> u64,
) {
    let mut family = page.family(name, Kind::Counter, help);
    for one in destinations {
        family.sample(&[("destination", &one.record.name)], value(one));
    }
}
