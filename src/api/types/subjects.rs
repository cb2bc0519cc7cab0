//! `/sendqueue/deidentifications/{name}/subjects`.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

named! {
    /// Rows for the list of a `Lookup`.
    #[derive(Debug, Serialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    #[schema(example = json!({ "Subjects": [ { "IssuerOfPatientID": "A", "PatientID": "12345", "Subject": "T-001" } ] }))]
    pub struct AddSubjects {
        /// Each by the names of the list's columns: all of the key, and of the others at least the first one.
        #[schema(min_items = 1)]
        subjects as "Subjects": Vec<BTreeMap<String, String>>,
    }
}

/// What became of them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(example = json!({ "Added": 1, "Replaced": 0, "Woken": 120 }))]
pub struct SubjectsAdded {
    /// New ones.
    pub added: u64,
    /// Those that had been added before, and are others now.
    pub replaced: u64,
    /// Items that waited for a subject, and are looked at again.
    pub woken: u64,
}
