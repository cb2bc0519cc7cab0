//! What a pass found: which studies go, why each other one stays.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::study::Judged;
use crate::item::Timestamp;
use crate::item::safe::Reason;

/// Why a study stays, with the number of its instances for which each is so.
pub type Reasons = Arc<[(Reason, u64)]>;

/// One study. Small: there may be a million.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// [`crate::store::KeptStudy::number`].
    pub number: i64,
    pub instances: u32,
    pub bytes: u64,
    /// Empty: it goes.
    pub reasons: Reasons,
    /// The newest of its last deliveries to those that must have it, by which it is known whether anything was since.
    pub delivered: Timestamp,
    /// When Orthanc was asked for it; `None`: it was not.
    pub asked: Option<Timestamp>,
    /// Orthanc had nothing of it.
    pub is_gone: bool,
}

/// Studies and what they take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum {
    pub studies: u64,
    pub instances: u64,
    pub bytes: u64,
}

impl Sum {
    pub fn add(&mut self, instances: u64, bytes: u64) {
        self.studies += 1;
        self.instances += instances;
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// A pass over the studies.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    pub begun: Timestamp,
    pub ended: Timestamp,
    pub dry_run: bool,
    /// The disk was too full to wait for the days to be over.
    pub is_emergency: bool,
    pub free_percent: Option<f64>,
    /// By number. What Orthanc does not have is among them, marked.
    pub findings: Vec<Finding>,
    /// What goes, or would; of a pass that deletes: what was left to go when it ended.
    pub goes: Sum,
    /// What was deleted, whole studies.
    pub deleted: Sum,
    /// Studies of which a part was deleted, and what was.
    pub partial: Sum,
    /// Why studies stay: how many, and how many of their instances.
    pub reasons: BTreeMap<Reason, (u64, u64)>,
}

impl Report {
    pub fn new(begun: Timestamp, dry_run: bool) -> Report {
        Report {
            begun,
            ended: begun,
            dry_run,
            is_emergency: false,
            free_percent: None,
            findings: Vec::new(),
            goes: Sum::default(),
            deleted: Sum::default(),
            partial: Sum::default(),
            reasons: BTreeMap::new(),
        }
    }

    pub fn of(&self, number: i64) -> Option<&Finding> {
        let at = self
            .findings
            .binary_search_by_key(&number, |finding| finding.number);
        at.ok().and_then(|at| self.findings.get(at))
    }

    /// Adds one, of a higher number than all before.
    pub fn add(&mut self, finding: Finding) {
        if !finding.is_gone {
            if finding.reasons.is_empty() {
                self.goes.add(finding.instances.into(), finding.bytes);
            }
            for (reason, count) in finding.reasons.iter() {
                let sum = self.reasons.entry(reason.clone()).or_default();
                sum.0 += 1;
                sum.1 += count;
            }
        }
        self.findings.push(finding);
    }
}

/// Keeps one of each list of reasons: most studies stay for the same ones.
#[derive(Default)]
pub struct Interned(HashSet<Reasons>);

impl Interned {
    pub fn of(&mut self, judged: &Judged) -> Reasons {
        let reasons: Vec<(Reason, u64)> = judged.reasons.clone().into_iter().collect();
        if let Some(known) = self.0.get(reasons.as_slice()) {
            return known.clone();
        }
        let reasons: Reasons = reasons.into();
        self.0.insert(reasons.clone());
        reasons
    }
}
