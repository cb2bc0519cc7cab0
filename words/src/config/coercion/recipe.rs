//! Recipes that cannot be invalid.

use serde_json::Value;

use crate::config::settings::{Conditions, Scope};

/// An entry of `Coercions`.
#[derive(Debug, Clone)]
pub struct Recipe {
    pub name: String,
    /// In their order.
    pub steps: Vec<Step>,
    /// As it stands in the configuration, with what it refers to.
    pub written: Value,
}

impl PartialEq for Recipe {
    fn eq(&self, other: &Recipe) -> bool {
        self.name == other.name && self.written == other.written
    }
}

/// One step: what is changed, under a condition or always.
#[derive(Debug, Clone, Default)]
pub struct Step {
    /// `If`; `None`: always.
    pub condition: Option<If>,
    /// `Else`: what is done where the condition does not hold.
    pub otherwise: Vec<Step>,
}

/// `If` of a step: all of the conditions must hold.
#[derive(Debug, Clone)]
pub struct If {
    pub conditions: Conditions,
    /// What was decided is remembered under this: a sum of what is written, and which of those that say the same it
    /// is. Its place among the steps may be another one's tomorrow.
    pub key: String,
    /// `Study`: decided once for all of a study; `Instance`: anew for each.
    pub scope: Scope,
}

/// An entry of `Serials`: numbers in the order in which studies ask for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serial {
    pub name: String,
    /// Stands before each number; may be empty.
    pub prefix: String,
    /// The first number.
    pub start: u64,
}
