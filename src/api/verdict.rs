//! `GET /sendqueue/verdict`: what needs a person, worst first.

use jiff::tz::TimeZone;
use orthanc_sdk::Request;

use super::error::ApiError;
use super::health::Machinery;
use super::input::Query;
use super::types::{Finding, Part, Problem};
use super::{Answer, Api, ok};
use crate::config::settings::AlertSettings;
use crate::dispatch::windows;
use crate::store::DestinationRecord;
use crate::verdict::{self, Known, Limits, Seen, Silent, Trouble, judge};

impl Api {
    pub fn verdict(&self, request: &Request) -> Answer {
        Query::none(request)?;
        let findings = self.findings(self.records()).into_iter();
        let findings: Vec<Finding> = findings.map(Finding::from).collect();
        ok(&findings)
    }

    /// `records`: of all destinations.
    pub(super) fn findings(
        &self,
        records: Result<Vec<DestinationRecord>, ApiError>,
    ) -> Vec<verdict::Finding> {
        // Asked for every other second by each page that is open: what others met tells of the database, without a
        // write.
        judge(&self.known(&self.look_at_machinery(None), records))
    }

    /// What cannot be read is a finding, not a refusal.
    pub(super) fn known(
        &self,
        machinery: &Machinery,
        records: Result<Vec<DestinationRecord>, ApiError>,
    ) -> Known {
        let now = self.clock.now();
        let limits = Limits {
            items: AlertSettings::BACKLOG_ITEMS,
            seconds: AlertSettings::BACKLOG_SECONDS,
        };
        let told = self.settings.alerts.as_ref();
        let (problems, warnings) = (machinery.problems.iter(), machinery.warnings.iter());
        let lists = machinery.bad_lists.iter();
        let mut known = Known {
            now,
            ahead: self.clock.ahead(),
            zone: TimeZone::system(),
            machinery: problems
                .filter_map(|problem| trouble(problem, true))
                .chain(warnings.filter_map(|problem| trouble(problem, false)))
                .chain(lists.map(|list| Trouble {
                    part: verdict::Part::Subjects,
                    is_down: false,
                    details: list.details.clone(),
                    since: list.since.map(|since| since.0),
                }))
                .collect(),
            destinations: Vec::new(),
            failures: Vec::new(),
            held: Vec::new(),
            silent: Vec::new(),
            would_go: self.would_go(),
            limits: told.map_or(limits, |told| Limits {
                items: told.backlog_items,
                seconds: told.backlog_seconds,
            }),
        };
        let looked = records.and_then(|records| self.look_at_the_queue(&mut known, records));
        if let Err(error) = looked {
            let part = verdict::Part::Database;
            if known.machinery.iter().all(|one| one.part != part) {
                known.machinery.push(Trouble {
                    part,
                    is_down: true,
                    details: error.details,
                    since: None,
                });
            }
        }
        known
    }

    fn would_go(&self) -> Option<u64> {
        let retention = self.settings.retention.as_ref()?;
        let last = self.deleter.last().filter(|_| retention.dry_run)?;
        Some(last.goes.studies)
    }

    fn look_at_the_queue(
        &self,
        known: &mut Known,
        records: Vec<DestinationRecord>,
    ) -> Result<(), ApiError> {
        let configured = self.configured();
        let (now, ahead) = (known.now, known.ahead);
        let (seconds, zone) = (known.limits.seconds, &known.zone);
        let seen = records.into_iter().map(|record| Seen {
            status: self.status(&record, now),
            target: self.settings.target(&record.name).to_owned(),
            is_configured: configured.has(&record.name),
            late: record.oldest_pending.and_then(|_| {
                let windows = &self.settings.destination(&record.name).windows;
                windows::late(windows, now, seconds, ahead, zone)
            }),
            record: DestinationRecord {
                oldest_pending: self
                    .promoter
                    .waiting_since(&record.name, record.oldest_pending),
                ..record
            },
        });
        known.destinations = seen.collect();
        known.failures = self.store.failing()?;
        known.held = self.store.held()?;
        let sources = self.sources.look()?.into_iter();
        known.silent = sources
            .filter(|source| source.silent_since.is_some())
            .map(|source| Silent {
                aet: source.aet,
                last: source.last,
            })
            .collect();
        Ok(())
    }
}

/// `None`: the verdict looks at it by itself.
fn trouble(problem: &Problem, is_down: bool) -> Option<Trouble> {
    let part = match problem.part {
        Part::Database => verdict::Part::Database,
        Part::Reconciliation => verdict::Part::Reconciliation,
        Part::Threads => verdict::Part::Threads,
        Part::Clock => verdict::Part::Clock,
        Part::Storage => verdict::Part::Storage,
        Part::Events => verdict::Part::Events,
        Part::Held => return None,
    };
    Some(Trouble {
        part,
        is_down,
        details: problem.details.clone(),
        since: problem.since.map(|since| since.0),
    })
}
