//! `/sendqueue/retention` and `/sendqueue/deletions`.

use serde::Serialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::items::Order;
use super::study::StudyNames;
use super::values::Time;
use crate::config::retention::RetentionSettings;
use crate::item::safe::{Reason, Why};
use crate::retention::report::{Report, Sum};
use crate::retention::study::told;
use crate::store;

/// Which studies may be deleted from Orthanc, and why each other one stays.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Retention {
    /// Absent: there is no section `Retention`, and nothing is ever deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub settings: Option<RetentionInForce>,
    /// A pass over the studies is under way, or begins.
    pub running: bool,
    /// How much of the disk of Orthanc's `StorageDirectory` is free. Absent: the system does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub free_percent: Option<f64>,
    /// Absent: there was none since Orthanc started.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub last_pass: Option<RetentionPass>,
    /// What that pass found, by `ID`, at most `limit`; with `study` how that one is judged now.
    pub studies: Vec<RetentionStudy>,
}

/// The section `Retention` as it is in force.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct RetentionInForce {
    pub safe: Vec<String>,
    pub delete_after_days: u32,
    pub emergency_below_free_percent: u32,
    pub dry_run: bool,
    pub protect_while_queued: bool,
    pub allow_changed: bool,
}

impl From<&RetentionSettings> for RetentionInForce {
    fn from(settings: &RetentionSettings) -> RetentionInForce {
        RetentionInForce {
            safe: settings.safe.clone(),
            delete_after_days: settings.delete_after_days,
            emergency_below_free_percent: settings.emergency_below_free_percent,
            dry_run: settings.dry_run,
            protect_while_queued: settings.protect_while_queued,
            allow_changed: settings.allow_changed,
        }
    }
}

/// A pass over all studies that the queue knows.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct RetentionPass {
    pub begun: Time,
    pub ended: Time,
    /// It only told what would be deleted.
    pub dry_run: bool,
    /// The disk was too full to wait for the days to be over (`EmergencyBelowFreePercent`).
    pub emergency: bool,
    /// Studies that it looked at, and that Orthanc has as far as it was asked.
    pub studies: u64,
    /// What would be deleted.
    pub goes: RetentionSum,
    /// What was deleted.
    pub deleted: RetentionSum,
    /// Why the others stay. A study may stay for several reasons.
    pub reasons: Vec<RetentionReason>,
}

impl From<&Report> for RetentionPass {
    fn from(report: &Report) -> RetentionPass {
        let there = report.findings.iter().filter(|finding| !finding.is_gone);
        let reasons = report.reasons.iter();
        RetentionPass {
            begun: Time(report.begun),
            ended: Time(report.ended),
            dry_run: report.dry_run,
            emergency: report.is_emergency,
            studies: there.count() as u64,
            goes: (&report.goes).into(),
            deleted: (&report.deleted).into(),
            reasons: reasons
                .map(|(reason, (studies, instances))| RetentionReason {
                    why: reason.why,
                    destination: destination(reason),
                    studies: *studies,
                    instances: *instances,
                })
                .collect(),
        }
    }
}

/// Studies and what they take.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct RetentionSum {
    pub studies: u64,
    pub instances: u64,
    pub bytes: u64,
}

impl From<&Sum> for RetentionSum {
    fn from(sum: &Sum) -> RetentionSum {
        RetentionSum {
            studies: sum.studies,
            instances: sum.instances,
            bytes: sum.bytes,
        }
    }
}

/// Why studies stay.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct RetentionReason {
    pub why: Why,
    /// Absent: it is of no destination.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub destination: Option<String>,
    /// Studies that stay for this reason, maybe beside others.
    pub studies: u64,
    /// Instances of which it is said; 0: it is said of the studies.
    pub instances: u64,
}

/// A study that the queue knows.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(example = study_example)]
pub struct RetentionStudy {
    /// Grows with the time at which it was queued first.
    #[serde(rename = "ID")]
    #[schema(minimum = 1)]
    pub id: i64,
    #[serde(flatten)]
    pub names: StudyNames,
    /// It would be deleted.
    pub goes: bool,
    /// As far as it was looked at: 0 where the study as a whole stays.
    pub instances: u64,
    pub bytes: u64,
    /// Empty: it goes.
    pub reasons: Vec<RetentionWhy>,
    /// Why it stays, in words; empty: it goes. Words may change: read `Reasons`.
    pub sentence: String,
}

fn study_example() -> serde_json::Value {
    json!({
        "ID": 12,
        "Study": "27f7126f-4f66fb14-03f4081b-f9341db2-53925988",
        "StudyInstanceUid": "1.2.826.0.1.3680043.2.1125.1",
        "AccessionNumber": "A-2026-0815",
        "Goes": false,
        "Instances": 20,
        "Bytes": 10_526_720,
        "Reasons": [{ "Why": "NotConfirmed", "Destination": "research", "Instances": 3 }],
        "Sentence": "research has not confirmed 3 of 20",
    })
}

/// Why a study stays.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct RetentionWhy {
    pub why: Why,
    /// Absent: it is of no destination.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub destination: Option<String>,
    /// Instances of which it is said; 0: it is said of the study.
    pub instances: u64,
}

fn destination(reason: &Reason) -> Option<String> {
    Some(reason.destination.clone()).filter(|name| !name.is_empty())
}

impl RetentionStudy {
    pub fn new<'a>(
        kept: &store::KeptStudy,
        (instances, bytes): (u64, u64),
        reasons: impl Iterator<Item = (&'a Reason, u64)> + Clone,
    ) -> RetentionStudy {
        let each: Vec<RetentionWhy> = (reasons.clone())
            .map(|(reason, instances)| RetentionWhy {
                why: reason.why,
                destination: destination(reason),
                instances: if reason.why.is_of_study() {
                    0
                } else {
                    instances
                },
            })
            .collect();
        RetentionStudy {
            id: kept.number,
            names: (&kept.name).into(),
            goes: each.is_empty(),
            instances,
            bytes,
            reasons: each,
            sentence: told(reasons, instances),
        }
    }
}

/// A study that was deleted from Orthanc.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Deletion {
    #[serde(rename = "ID")]
    #[schema(minimum = 1)]
    pub id: i64,
    #[serde(flatten)]
    pub names: StudyNames,
    pub begun: Time,
    /// Absent: it goes on, or Orthanc ended amid it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ended: Option<Time>,
    /// Instances that were to be deleted.
    pub instances: u64,
    /// Bytes of their files.
    pub bytes: u64,
    /// Instances that were deleted.
    pub deleted: u64,
    /// Why the rest stayed. Absent: nothing did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub kept: Option<String>,
    /// Before its days were over, since the disk was too full.
    pub emergency: bool,
    /// Where it is.
    pub safe: Vec<SafeAt>,
}

/// A destination that has a study.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct SafeAt {
    pub destination: String,
    /// The last delivery of the study there.
    pub since: Time,
}

impl From<&store::Deletion> for Deletion {
    fn from(one: &store::Deletion) -> Deletion {
        let new = &one.new;
        let safe = new.safe.iter();
        Deletion {
            id: one.id,
            names: (&new.name).into(),
            begun: Time(new.begun),
            ended: Time::maybe(one.ended),
            instances: new.instances,
            bytes: new.bytes,
            deleted: one.gone,
            kept: one.kept.clone(),
            emergency: new.is_emergency,
            safe: safe
                .map(|(destination, since)| SafeAt {
                    destination: destination.clone(),
                    since: Time(*since),
                })
                .collect(),
        }
    }
}

/// A pass begins.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct RetentionStarted {
    /// It only tells what would be deleted.
    pub dry_run: bool,
}

named! {
    /// How to look at the studies.
    #[derive(Debug, Serialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    #[schema(example = json!({ "DryRun": true }))]
    pub struct RetentionRun {
        /// Only tells what would be deleted; without it as `Retention.DryRun` says. `false` while that is `true` is
        /// refused (409).
        dry_run as "DryRun": Option<bool>,
    }
}

list_query! {
    /// The arguments of `GET /sendqueue/retention`. An empty one counts as absent.
    RetentionQuery {
        /// This study, as it is judged now: Orthanc identifier.
        study as "study": Option<String>,
        /// `true`: those that would be deleted; `false`: those that stay.
        goes as "goes": Option<bool>,
    }
    /// The most studies to answer.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit
}

list_query! {
    /// The arguments of `GET /sendqueue/deletions`. An empty one counts as absent.
    DeletionsQuery {
        /// Of this study: Orthanc identifier or StudyInstanceUID.
        study as "study": Option<String>,
        /// Of studies with this accession number, which is compared as it is, capitals too.
        accession as "accession": Option<String>,
        /// `asc`: in the order of `ID`; `desc`: the newest first.
        #[param(inline, default = "asc")]
        order as "order": Option<Order>,
    }
    /// The most deletions to answer.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit
}
