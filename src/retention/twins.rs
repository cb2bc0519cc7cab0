//! What went under the UIDs of a study's instances, but of other studies: known while a deletion goes on, without
//! reading all of those studies for each instance.
//!
//! Invariant: all is read again once a twentieth as many instances were looked at as rows were read. So of small
//! studies all is read for each instance, and of large ones no more than twenty rows for each.

use std::collections::HashMap;

use crate::store::{History, Known};

const ROWS_PER_INSTANCE: usize = 20;

pub struct Twins {
    by_uid: HashMap<String, Vec<Known>>,
    sent_before: Vec<String>,
    rows: usize,
    used: usize,
}

impl Twins {
    /// Those in the history of a whole study.
    pub fn of(history: &History) -> Twins {
        let mut by_uid: HashMap<String, Vec<Known>> = HashMap::new();
        for one in history.known.iter().filter(|one| one.is_of_another_study) {
            let of_uid = by_uid.entry(one.sending.sent_as.clone()).or_default();
            of_uid.push(one.clone());
        }
        Twins {
            by_uid,
            sent_before: history.sent_before.clone(),
            rows: history.known.len(),
            used: 0,
        }
    }

    /// Whether all is to be read again before the next instance is deleted.
    pub fn is_old(&mut self) -> bool {
        self.used += 1;
        self.used * ROWS_PER_INSTANCE > self.rows
    }

    /// The history of one instance, with what others left under its UIDs.
    pub fn with(&self, mut own: History) -> History {
        let mut others = Vec::new();
        for one in &own.known {
            let of_uid = self.by_uid.get(&one.sending.sent_as);
            others.extend(of_uid.into_iter().flatten().cloned());
        }
        own.known.extend(others);
        own.sent_before.clone_from(&self.sent_before);
        own
    }
}
