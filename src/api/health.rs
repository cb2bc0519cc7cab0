//! `GET /sendqueue/health`: 200 when the plugin's own machinery is well, 503 with what is wrong with it. What needs a
//! person is the verdict's: it is only counted here.

use std::time::Duration;

use orthanc_sdk::Request;

use super::input::Query;
use super::types::{
    Health, HealthStatus, Part, Problem, ServiceHealth, ServiceState, Time, VerdictCounts,
};
use super::{Answer, Api, json};
use crate::item::Timestamp;
use crate::service::{Condition, Record};
use crate::store::HeldItems;
use crate::verdict::judge;

/// So that nobody takes `ok` for more than it says.
const ABOUT: &str = "the machinery of the plugin; what needs a person: GET /sendqueue/verdict";

/// Reconciliation is behind if its last full pass is older.
const BEHIND: Duration = Duration::from_secs(60);
/// How long the receiver of events takes none before it is told.
const UNTOLD: Duration = Duration::from_secs(60);
/// How long a panic is told of.
const TOLD: Duration = Duration::from_secs(24 * 3600);

/// How the plugin itself is: looked at once for a request, which load balancers make each second.
pub(super) struct Machinery {
    pub services: Vec<Record>,
    /// What does not work.
    pub problems: Vec<Problem>,
    /// What works, and a person should know of; without what is held.
    pub warnings: Vec<Problem>,
    /// Lists of subjects that a person has to mend.
    pub bad_lists: Vec<Problem>,
}

impl Api {
    pub fn health(&self, request: &Request) -> Answer {
        Query::none(request)?;
        let unwritable = self.store.check_writable().err();
        let machinery = self.look_at_machinery(unwritable.map(|error| error.to_string()));
        let known = self.known(&machinery, self.records());
        let Machinery {
            services,
            problems,
            warnings,
            bad_lists,
        } = machinery;
        let (code, status) = if problems.is_empty() {
            (200, HealthStatus::Ok)
        } else {
            (503, HealthStatus::Failing)
        };
        Ok(json(
            code,
            &Health {
                status,
                about: ABOUT,
                problems,
                warnings: (warnings.into_iter())
                    .chain(known.held.iter().map(held))
                    .chain(bad_lists)
                    .collect(),
                verdict: VerdictCounts::of(&judge(&known)),
                services: services.iter().map(shown).collect(),
            },
        ))
    }

    /// `unwritable`: why the database cannot be written, if that was tried.
    pub(super) fn look_at_machinery(&self, unwritable: Option<String>) -> Machinery {
        let now = self.clock.now();
        let services = self.services.records();
        let clock = self.clock.warning().map(|warning| Problem {
            part: Part::Clock,
            details: warning.details,
            since: Some(Time(warning.since)),
        });
        Machinery {
            problems: [self.database(unwritable), self.reconciliation(now)]
                .into_iter()
                .flatten()
                .chain(self.threads(&services))
                .collect(),
            warnings: clock
                .into_iter()
                .chain(self.crowded())
                .chain(self.untold(now))
                .chain(restarted(&services, now))
                .collect(),
            bad_lists: self.bad_lists().collect(),
            services,
        }
    }

    fn database(&self, unwritable: Option<String>) -> Option<Problem> {
        // A small write may succeed where results, which are larger, do not.
        let (details, since) = match self.store.fault() {
            Some(fault) => (fault.error, Some(Time(fault.since))),
            None => (unwritable?, None),
        };
        Some(Problem {
            part: Part::Database,
            details,
            since,
        })
    }

    fn crowded(&self) -> Option<Problem> {
        let count = self.protector.crowded()?;
        let patients = match count {
            1 => "1 patient is".to_owned(),
            many => format!("{many} patients are"),
        };
        Some(Problem {
            part: Part::Storage,
            details: format!(
                "Orthanc's storage is nearly full, and {patients} protected in it since something of them waits to be \
                 sent: once there is no other one, Orthanc refuses what arrives (A700)"
            ),
            since: None,
        })
    }

    fn untold(&self, now: Timestamp) -> Option<Problem> {
        let (since, why) = self.courier.figures().failing?;
        (now.since(since) >= UNTOLD).then(|| Problem {
            part: Part::Events,
            details: format!("the receiver of the events takes none: {why}"),
            since: Some(Time(since)),
        })
    }

    fn bad_lists(&self) -> impl Iterator<Item = Problem> + use<> {
        let all = self.coercion.bad_lists.all().into_iter();
        all.map(|list| Problem {
            part: Part::Held,
            details: list.details,
            since: Some(Time(list.since)),
        })
    }

    fn reconciliation(&self, now: Timestamp) -> Option<Problem> {
        let figures = self.progress.figures();
        let last = figures.last_pass.or(self.services.begun());
        let (details, since) = match (figures.fault, figures.last_pass) {
            (Some((since, error)), _) => (
                format!("arrivals cannot be queued: {error}"),
                Some(Time(since)),
            ),
            _ if last.is_none_or(|last| now.since(last) <= BEHIND) => return None,
            (None, Some(last)) => (
                format!(
                    "the last pass over Orthanc's changes ended at {}",
                    Time(last)
                ),
                None,
            ),
            (None, None) => (
                "no pass over Orthanc's changes has ended since the start".to_owned(),
                None,
            ),
        };
        Some(Problem {
            part: Part::Reconciliation,
            details,
            since,
        })
    }

    fn threads(&self, services: &[Record]) -> Vec<Problem> {
        let problem = |details, since| Problem {
            part: Part::Threads,
            details,
            since,
        };
        if !self.services.is_up() {
            let details = "Orthanc is starting or stopping".to_owned();
            return vec![problem(details, None)];
        }
        let down = services.iter().filter(|service| service.is_down);
        let down = down.map(|service| {
            let details = match &service.last {
                Some(_) if service.state == Condition::Restarting => {
                    format!("{}, and is started again", panicked(service))
                }
                _ => format!("{} could not be started", service.name),
            };
            problem(details, Some(Time(service.since)))
        });
        down.collect()
    }
}

/// What waits for something that only a person can give.
fn held(one: &HeldItems) -> Problem {
    Problem {
        part: Part::Held,
        details: format!(
            "{}: {} items wait: {}",
            one.destination, one.count, one.example
        ),
        since: Some(Time(one.oldest)),
    }
}

/// What was down and is not any more.
fn restarted(services: &[Record], now: Timestamp) -> Vec<Problem> {
    let recent = |service: &&Record| {
        let last = service.last.as_ref();
        !service.is_down && last.is_some_and(|last| now.since(last.time) < TOLD)
    };
    let tell = |service: &Record| Problem {
        part: Part::Threads,
        details: format!("{}, and was started again", panicked(service)),
        since: service.last.as_ref().map(|last| Time(last.time)),
    };
    services.iter().filter(recent).map(tell).collect()
}

/// Which service, where, and how often. Orthanc's log has the words.
fn panicked(service: &Record) -> String {
    let place = match &service.last {
        Some(last) if !last.place.is_empty() => format!(" at {}", last.place),
        _ => String::new(),
    };
    let times = match service.panics {
        1 => "once".to_owned(),
        many => format!("{many} times"),
    };
    format!(
        "{} panicked{place} ({times} since the start of Orthanc)",
        service.name
    )
}

fn shown(service: &Record) -> ServiceHealth {
    ServiceHealth {
        name: service.name,
        state: match service.state {
            Condition::Running => ServiceState::Running,
            Condition::Restarting => ServiceState::Restarting,
            Condition::Stopped => ServiceState::Stopped,
        },
        since: Time(service.since),
        restarts: service.panics,
    }
}
