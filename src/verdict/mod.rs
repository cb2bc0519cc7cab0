//! What needs a person, in one sentence each, worst first.
//!
//! Invariants:
//! - Pure: everything that is known is passed in, the time too. Nothing is asked, and nothing is written.
//! - Sentences are made here and nowhere else: the page, `sendqueuectl`, metrics and alerts show them, or count them.
//! - What mends itself and what was asked for is no finding: a closed window, a retry that is due, an idle destination
//!   that is paused.
//! - One thing is told once: an outage of a target that has several names, all failures of a destination.
//! - What a class of outcomes is called stands in `item::meaning`: nothing here knows one by its name.
//! - No patient data. What a peer said is data: on one line, and not longer than [`words::LONGEST`].

mod destination;
#[cfg(test)]
mod tests;
mod words;

use jiff::tz::TimeZone;
use serde::Serialize;
use utoipa::ToSchema;

use crate::dispatch::LaneStatus;
use crate::item::{Ahead, Timestamp};
use crate::store::{DestinationRecord, ErrorSummary, HeldItems};

/// How bad it is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub enum Severity {
    /// The queue itself does not work.
    Critical,
    /// Instances do not arrive.
    Error,
    /// A person should know.
    Warning,
}

impl Severity {
    pub const ALL: [Severity; 3] = [Severity::Critical, Severity::Error, Severity::Warning];

    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Critical => "Critical",
            Severity::Error => "Error",
            Severity::Warning => "Warning",
        }
    }
}

/// What it is about. Of the same severity the first is told first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub enum Kind {
    /// What `/sendqueue/health` tells.
    Machinery,
    /// A destination cannot be reached.
    Unreachable,
    /// Items wait for what Orthanc has no longer.
    NotConfigured,
    /// The error queue.
    Failures,
    /// Items wait for what only a person can give.
    Held,
    /// A person paused a destination, and items wait.
    Paused,
    /// More waits, or longer, than `Alerts.BacklogItems` and `Alerts.BacklogSeconds` say.
    Backlog,
    /// A destination did not confirm what it had acknowledged.
    NotConfirmed,
    /// `Retention` only tells what it would delete.
    DryRun,
    /// One of `Alerts.SilentSources` has not sent for too long.
    SourceSilent,
    /// The machine's clock was set, or may be wrong.
    Clock,
}

/// One thing that needs a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    pub kind: Kind,
    /// Of an outage of several names, that of their target where it is one of them.
    pub destination: Option<String>,
    /// The AET of a silent source.
    pub source: Option<String>,
    pub sentence: String,
    pub advice: Option<String>,
    pub since: Option<Timestamp>,
    /// Items that wait, failed or are held.
    pub count: Option<u64>,
}

impl Finding {
    fn new(severity: Severity, kind: Kind, sentence: String) -> Finding {
        Finding {
            severity,
            kind,
            destination: None,
            source: None,
            sentence,
            advice: None,
            since: None,
            count: None,
        }
    }

    fn of(mut self, destination: &str) -> Finding {
        self.destination = Some(destination.to_owned());
        self
    }

    fn advice(mut self, advice: impl Into<String>) -> Finding {
        self.advice = Some(advice.into());
        self
    }

    fn since(mut self, since: Option<Timestamp>) -> Finding {
        self.since = since;
        self
    }

    fn count(mut self, count: u64) -> Finding {
        self.count = Some(count);
        self
    }
}

/// A part of the machinery that `health` tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Database,
    Reconciliation,
    Threads,
    Clock,
    /// Orthanc's storage is nearly full of what waits.
    Storage,
    /// Events are not taken by their receiver.
    Events,
    /// A list of subjects (`Lookup`) that cannot be used.
    Subjects,
}

/// What `health` tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub part: Part,
    /// It does not work; else it is a warning.
    pub is_down: bool,
    pub details: String,
    pub since: Option<Timestamp>,
}

/// A destination as it is now.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Its oldest item counts since when it waits, which may be later than when it was made.
    pub record: DestinationRecord,
    pub status: LaneStatus,
    /// What it shares an outage with.
    pub target: String,
    pub is_configured: bool,
    /// What waits since then is late, since its windows have let it send for [`Limits::seconds`]; `None`: it has none.
    pub late: Option<Timestamp>,
}

/// A source that has not sent for too long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silent {
    pub aet: String,
    /// When something came from it last, if anything did.
    pub last: Option<Timestamp>,
}

/// What a backlog is; 0: no number, no age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub items: u64,
    pub seconds: u64,
}

impl Limits {
    /// By so many items, the oldest of which waits since then. `late`: as in [`Seen`].
    pub fn are_passed(
        self,
        items: u64,
        oldest: Option<Timestamp>,
        late: Option<Timestamp>,
        now: Timestamp,
    ) -> bool {
        let late = late.unwrap_or_else(|| now.plus_seconds(-(self.seconds as f64)));
        let is_late = oldest.is_some_and(|oldest| oldest <= late);
        (self.items > 0 && items >= self.items) || (self.seconds > 0 && is_late)
    }
}

/// All that is looked at.
#[derive(Debug, Clone)]
pub struct Known {
    pub now: Timestamp,
    pub ahead: Ahead,
    /// Times in sentences are of this zone.
    pub zone: TimeZone,
    pub machinery: Vec<Trouble>,
    pub destinations: Vec<Seen>,
    pub failures: Vec<ErrorSummary>,
    pub held: Vec<HeldItems>,
    pub silent: Vec<Silent>,
    /// Studies that `Retention` would delete if it were not for `DryRun`; `None`: it is not in force, or has not looked
    /// yet.
    pub would_go: Option<u64>,
    pub limits: Limits,
}

/// What needs a person, worst first; nothing when all is well.
pub fn judge(known: &Known) -> Vec<Finding> {
    let mut findings: Vec<Finding> = known.machinery.iter().map(machinery).collect();
    findings.extend(destination::outages(known));
    findings.extend(destination::failures(known));
    findings.extend(known.destinations.iter().filter_map(|seen| {
        destination::not_configured(known, seen)
            .or_else(|| destination::paused(known, seen))
            .or_else(|| destination::backlog(known, seen))
    }));
    let unconfirmed = known.destinations.iter();
    findings.extend(unconfirmed.filter_map(destination::not_confirmed));
    findings.extend(known.held.iter().map(|held| destination::held(known, held)));
    findings.extend(known.would_go.map(dry_run));
    findings.extend(known.silent.iter().map(|one| silent(known, one)));
    // The sort is stable: else as they were found, by name.
    findings.sort_by_key(|one| {
        let count = std::cmp::Reverse(one.count.unwrap_or(0));
        (one.severity, one.kind, count)
    });
    findings
}

fn machinery(trouble: &Trouble) -> Finding {
    let severity = match trouble.is_down {
        true => Severity::Critical,
        false => Severity::Warning,
    };
    let (kind, before, advice) = match trouble.part {
        Part::Database => (
            Kind::Machinery,
            "the queue's database cannot be used: ",
            "Look at the disk of the database and at Orthanc's log. What arrives is queued once it can be; nothing is lost.",
        ),
        Part::Reconciliation => (
            Kind::Machinery,
            "",
            "Look at Orthanc's log. What arrives is kept by Orthanc, and queued once this works again.",
        ),
        Part::Threads => (
            Kind::Machinery,
            "",
            "It is started again by itself. Look at Orthanc's log; if it lasts, restart Orthanc.",
        ),
        Part::Clock => (
            Kind::Clock,
            "",
            "Look at the machine's clock and at its synchronisation (NTP).",
        ),
        Part::Storage => (
            Kind::Machinery,
            "",
            "Look why it waits, and mend that first. Or give Orthanc more room (MaximumStorageSize, MaximumPatientCount).",
        ),
        Part::Events => (
            Kind::Machinery,
            "",
            "Look at the receiver, at Events.Webhook and at Orthanc's log. Receiving and sending go on; the events are kept for Events.KeepDays.",
        ),
        Part::Subjects => (
            Kind::Held,
            "",
            "Mend the list: its file, and the form of it. Until then whoever is not known otherwise is not sent.",
        ),
    };
    let details = words::data(&trouble.details);
    Finding::new(severity, kind, format!("{before}{details}"))
        .advice(advice)
        .since(trouble.since)
}

fn dry_run(studies: u64) -> Finding {
    let would = match studies {
        1 => "1 study would go".to_owned(),
        studies => format!("{studies} studies would go"),
    };
    let sentence = format!("retention deletes nothing yet (DryRun): {would}");
    Finding::new(Severity::Warning, Kind::DryRun, sentence)
        .advice("Look for some days at what would go and why the rest stays (GET /sendqueue/retention). Then set Retention.DryRun to false, or take Retention away.")
        .count(studies)
}

fn silent(known: &Known, one: &Silent) -> Finding {
    let aet = words::data(&one.aet);
    let sentence = match one.last {
        Some(last) => format!("{aet} is silent: it has sent nothing {}", known.since(last)),
        None => format!("{aet} is silent: it has sent nothing yet"),
    };
    let mut finding = Finding::new(Severity::Warning, Kind::SourceSilent, sentence)
        .advice("Look whether it is in use, whether it reaches this Orthanc (network, AET, port), and whether images wait in it.")
        .since(one.last);
    finding.source = Some(one.aet.clone());
    finding
}
