//! A rule in the configuration's own words.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::settings::{Conditions, Rule};
use super::vocabulary::{AGAIN, LEVELS, SCOPES, word_of};
use crate::item::Priority;

/// A rule as it is in force, with the keys and values of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = RuleSettings)]
pub struct RuleInForce {
    /// `Rules[0]` for one without a name.
    pub name: String,
    pub to: Vec<String>,
    /// As written; absent: everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    pub when: Option<Value>,
    /// As written; absent: nothing is held back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    pub unless: Option<Value>,
    /// No later rule looks at what matches.
    pub stop: bool,
    /// `Instance` or `Study`.
    pub scope: &'static str,
    pub anonymized: bool,
    pub modified: bool,
    pub allow_loop: bool,
    /// `IfChanged`, `Always` or `Never`.
    pub again: &'static str,
    /// Absent: the destination's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub level: Option<&'static str>,
    /// Absent: the destination's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub quiet_seconds: Option<u32>,
    /// Absent: the destination's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub max_quiet_seconds: Option<u32>,
    /// Absent: the destination's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub priority: Option<Priority>,
}

pub fn rule_in_force(rule: &Rule) -> RuleInForce {
    let written = |conditions: &Conditions| {
        let is_there = !conditions.written.is_null();
        is_there.then(|| conditions.written.clone())
    };
    RuleInForce {
        name: rule.name.clone(),
        to: rule.to.clone(),
        when: written(&rule.when),
        unless: written(&rule.unless),
        stop: rule.stop,
        scope: word_of(&SCOPES, &rule.scope),
        anonymized: rule.anonymized,
        modified: rule.modified,
        allow_loop: rule.allow_loop,
        again: word_of(&AGAIN, &rule.again),
        level: rule.level.map(|level| word_of(&LEVELS, &level)),
        quiet_seconds: rule.quiet_seconds,
        max_quiet_seconds: rule.max_quiet_seconds,
        priority: rule.priority,
    }
}
