//! Recipes that cannot be invalid.

use std::sync::Arc;

use sendqueue_dicom::Vr;
use sendqueue_dicom::path::Path;
use serde_json::Value;

use super::template::{From, Template};
use crate::config::settings::{Conditions, Scope, Source};

/// An entry of `Coercions`.
#[derive(Debug, Clone)]
pub struct Recipe {
    pub name: String,
    /// In their order.
    pub steps: Vec<Step>,
    /// All of `Sources`: `{Source}` is the one of them that an instance comes from.
    pub sources: Vec<Arc<Source>>,
    /// As it stands in the configuration, with all that it may refer to.
    pub written: Value,
}

impl PartialEq for Recipe {
    fn eq(&self, other: &Recipe) -> bool {
        self.name == other.name && self.written == other.written
    }
}

/// One step: what is changed, under a condition or always. What it reads of the instance is what was there before the
/// step.
#[derive(Debug, Clone, Default)]
pub struct Step {
    /// `If`; `None`: always.
    pub condition: Option<If>,
    /// In the order in which they are done, whatever the order in the configuration, of which Orthanc sorts the keys:
    /// `Replace`, `Set`, `Prefix`, `Suffix`, `Remove`.
    pub edits: Vec<Edit>,
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

/// An element that is changed.
#[derive(Debug, Clone)]
pub struct Target {
    pub path: Path,
    pub vr: Vr,
}

/// One change.
#[derive(Debug, Clone)]
pub enum Edit {
    /// Each value, where there is one.
    Replace {
        at: Target,
        pattern: regex::Regex,
        /// As `regex::Regex::replace_all` takes it: `$1`, `${name}`.
        with: String,
    },
    Set {
        at: Target,
        value: Template,
    },
    /// Before each value that does not begin with it.
    Prefix {
        at: Target,
        value: Template,
    },
    /// Behind each value that does not end with it.
    Suffix {
        at: Target,
        value: Template,
    },
    Remove(Removal),
}

/// What is removed.
#[derive(Debug, Clone)]
pub enum Removal {
    Element(Path),
    /// Private elements (PS3.5 7.8), at every level.
    Private,
    /// All elements of this group, at the top.
    Group(u16),
}

impl Edit {
    /// What is written to it; `None`: it writes nothing.
    pub fn template(&self) -> Option<&Template> {
        match self {
            Edit::Set { value, .. } | Edit::Prefix { value, .. } | Edit::Suffix { value, .. } => {
                Some(value)
            }
            Edit::Replace { .. } | Edit::Remove(_) => None,
        }
    }

    /// The element that gets another value.
    pub fn target(&self) -> Option<&Target> {
        match self {
            Edit::Replace { at, .. }
            | Edit::Set { at, .. }
            | Edit::Prefix { at, .. }
            | Edit::Suffix { at, .. } => Some(at),
            Edit::Remove(_) => None,
        }
    }
}

impl Recipe {
    /// All steps, those of `Else` behind the step that has them.
    pub fn all_steps(&self) -> impl Iterator<Item = &Step> {
        self.steps
            .iter()
            .flat_map(|step| std::iter::once(step).chain(&step.otherwise))
    }

    /// What is read of the instance and of its way here to fill templates.
    pub fn values(&self) -> impl Iterator<Item = &From> {
        let edits = self.all_steps().flat_map(|step| &step.edits);
        edits.filter_map(Edit::template).flat_map(Template::values)
    }

    pub fn conditions(&self) -> impl Iterator<Item = &Conditions> {
        let all = self.all_steps();
        all.filter_map(|step| Some(&step.condition.as_ref()?.conditions))
    }

    pub fn serials(&self) -> impl Iterator<Item = &Arc<Serial>> {
        self.values().filter_map(|from| match from {
            From::Serial(serial, _) => Some(serial),
            _ => None,
        })
    }
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
