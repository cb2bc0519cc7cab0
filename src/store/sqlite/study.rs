//! What the queue has of one study: which items, and what became of them.
//!
//! An index has all but the latter, in the order of instances, so that those with several items at a destination are
//! found on the way. The items themselves are read in the order of `id`, run by run: those of a study mostly arrived
//! together, and lie side by side.

use std::collections::{BTreeMap, HashMap, HashSet};

use rusqlite::{Connection, params};

use super::sql;
use crate::item::{State, Timestamp};
use crate::store::{Counts, ResourceProgress, Result};

/// Items of others that are passed over within a run: to seek the next run takes as long.
const GAP: i64 = 4;

/// The items of a study, at one destination or at all.
pub struct Study {
    /// In their order.
    pub ids: Vec<i64>,
    /// Of items that share instance and destination with another one: the first of these.
    again: HashMap<i64, i64>,
}

impl Study {
    pub fn read(conn: &Connection, study: &str, destination: Option<i64>) -> Result<Study> {
        let mut ids = Vec::new();
        let mut again = HashMap::new();
        let mut statement = conn.prepare_cached(sql::STUDY_ITEMS)?;
        let mut rows = statement.query(params![study, destination])?;
        let mut first = (0, 0, String::new());
        while let Some(row) = rows.next()? {
            let (id, destination) = (row.get(0)?, row.get(1)?);
            let instance = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
            if first.1 == destination && first.2 == instance {
                again.insert(id, first.0);
                again.insert(first.0, first.0);
            } else {
                first.0 = id;
                first.1 = destination;
                first.2.clear();
                first.2.push_str(instance);
            }
            ids.push(id);
        }
        ids.sort_unstable();
        Ok(Study { ids, again })
    }

    /// By destination, in the order of their names.
    pub fn progress(&self, conn: &Connection) -> Result<Vec<ResourceProgress>> {
        let mut found: BTreeMap<i64, ResourceProgress> = BTreeMap::new();
        let mut delivered = HashSet::new();
        let mut own = self.ids.iter().copied().peekable();
        let mut statement = conn.prepare_cached(sql::STUDY_RUN)?;
        for run in self.ids.chunk_by(|one, next| next - one <= GAP) {
            let mut rows = statement.query([run.first(), run.last()])?;
            while let Some(row) = rows.next()? {
                let id = row.get(0)?;
                if own.next_if_eq(&id).is_none() {
                    continue;
                }
                let state = row.get(2)?;
                let (created, completed) = (row.get(3)?, row.get(4)?);
                let one = found.entry(row.get(1)?).or_insert_with(|| nothing(created));
                let shared = self.again.get(&id).copied();
                one.counts.add(state, 1);
                one.instances += u64::from(shared.is_none_or(|first| first == id));
                if state == State::Success {
                    one.delivered += u64::from(shared.is_none_or(|first| delivered.insert(first)));
                }
                one.first_created = one.first_created.min(created);
                one.last_created = one.last_created.max(created);
                let first: Option<Timestamp> = one.first_completed;
                one.first_completed = first.into_iter().chain(completed).min();
                one.last_completed = one.last_completed.max(completed);
            }
        }
        let mut name = conn.prepare_cached(sql::DESTINATION_NAME)?;
        let mut list = Vec::with_capacity(found.len());
        for (id, progress) in found {
            let destination = name.query_row([id], |row| row.get(0))?;
            list.push(ResourceProgress {
                destination,
                ..progress
            });
        }
        list.sort_unstable_by(|one, other| one.destination.cmp(&other.destination));
        Ok(list)
    }
}

fn nothing(created: Timestamp) -> ResourceProgress {
    ResourceProgress {
        destination: String::new(),
        counts: Counts::default(),
        instances: 0,
        delivered: 0,
        first_created: created,
        last_created: created,
        first_completed: None,
        last_completed: None,
    }
}
