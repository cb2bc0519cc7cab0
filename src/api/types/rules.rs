//! `/sendqueue/rules`.

use serde::Serialize;
use utoipa::ToSchema;

use super::values::Time;
use crate::arrival::rule_figures::Figures;
use crate::config::RuleInForce;
use crate::routing::Mark;

/// A rule, and what became of instances at it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rule {
    #[serde(flatten)]
    pub settings: RuleInForce,
    #[serde(rename = "Counts")]
    pub counts: RuleCounts,
    /// What the counts are counted since: the start of Orthanc, or of the rule.
    #[serde(rename = "Since")]
    pub since: Time,
    /// When an instance last matched; null: none since then.
    #[serde(rename = "LastMatch")]
    #[schema(required = true)]
    pub last_match: Option<Time>,
}

/// Arrivals by what a rule made of them. One that `When` leaves out is not counted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct RuleCounts {
    pub matched: u64,
    /// Instances times destinations that this rule is the first to name.
    pub routed: u64,
    /// Held back by `Unless`.
    pub unless: u64,
    /// Instances times destinations that they came from.
    #[serde(rename = "Loop")]
    pub loops: u64,
    /// Copies that Orthanc has anonymised, held back.
    pub anonymized: u64,
    /// Copies that Orthanc has modified, held back (`"Modified": false`).
    pub modified: u64,
    /// The rule hangs on a tag that cannot be read.
    pub undecided: u64,
    /// Not looked at: a rule before, with `Stop`, took them.
    pub stopped: u64,
}

impl From<&Figures> for RuleCounts {
    fn from(figures: &Figures) -> RuleCounts {
        RuleCounts {
            matched: figures.get(Mark::Matched),
            routed: figures.get(Mark::Routed),
            unless: figures.get(Mark::Unless),
            loops: figures.get(Mark::Loop),
            anonymized: figures.get(Mark::Anonymized),
            modified: figures.get(Mark::Modified),
            undecided: figures.get(Mark::Undecided),
            stopped: figures.get(Mark::Stopped),
        }
    }
}
