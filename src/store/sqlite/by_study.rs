//! Pages of studies: each by the newest of its items that fit, the newest first.
//!
//! Invariants:
//! - Nothing is kept for these lists: sending pays nothing for them.
//! - A page goes down the identifiers of what fits ([`list`]), from where the page before it ended. A study that it meets
//!   is left out if it has an item that fits at or above that place: it was on a page before. So a page costs the same
//!   wherever it is, needs no memory of the ones before, and a study is on one of them only.
//! - All identifiers of a study that was met are learnt at once from the index by study. The rest of its items is passed
//!   over by them: no row of these is read, however many there are and whatever lies between them.
//! - What is answered is of one moment. As long as nothing was found, a long way down goes on in another snapshot: no
//!   transaction holds back the write-ahead log for long.

use std::collections::HashSet;

use rusqlite::{Connection, params};

use super::destination::find_destination;
use super::pool::Pool;
use super::{list, query, sql};
use crate::store::{Filter, Order, Page, Result, StudyProgress};

/// Identifiers that are asked for at once.
const STEP: u32 = 1000;

/// After so many items a page that has a study ends, and one that has none goes on in another snapshot.
const MOST_WORK: usize = 200_000;

pub fn studies(pool: &Pool, filter: &Filter, since: i64, limit: u32) -> Result<Vec<StudyProgress>> {
    within(pool, filter, since, limit, MOST_WORK)
}

/// With this much work instead of [`MOST_WORK`].
pub fn within(
    pool: &Pool,
    filter: &Filter,
    since: i64,
    limit: u32,
    most_work: usize,
) -> Result<Vec<StudyProgress>> {
    let mut reader = pool.reader()?;
    let mut below = since;
    loop {
        let tx = reader.snapshot()?;
        let destination = match &filter.destination {
            Some(name) => find_destination(&tx, name)?,
            None => None,
        };
        let mut way = Way {
            conn: &tx,
            filter,
            destination,
            since,
            passed: HashSet::new(),
            work: 0,
            found: Vec::new(),
        };
        match way.down(below, limit as usize, most_work)? {
            Some(reached) => below = reached,
            None => return Ok(way.found),
        }
    }
}

/// The way down the items that fit.
struct Way<'a> {
    conn: &'a Connection,
    filter: &'a Filter,
    destination: Option<i64>,
    since: i64,
    /// All items of the studies that were met.
    passed: HashSet<i64>,
    /// Items that were looked at.
    work: usize,
    found: Vec<StudyProgress>,
}

impl Way<'_> {
    /// Until the page is done; if there is nothing on it after much work, answers how far it came.
    fn down(&mut self, mut below: i64, limit: usize, most_work: usize) -> Result<Option<i64>> {
        loop {
            let step = Page {
                since: below,
                limit: STEP,
                order: Order::Descending,
            };
            let ids = list::ids_in(self.conn, self.filter, step)?;
            let Some(last) = ids.last() else {
                return Ok(None);
            };
            for id in &ids {
                self.work += 1;
                if !self.passed.contains(id) {
                    self.meet(*id)?;
                }
                let much = self.work >= most_work && !self.found.is_empty();
                if much || self.found.len() >= limit {
                    return Ok(None);
                }
            }
            below = *last;
            if self.work >= most_work {
                return Ok(Some(below));
            }
        }
    }

    /// The study of an item, of which no other was met yet.
    fn meet(&mut self, id: i64) -> Result<()> {
        let study: String = self
            .conn
            .prepare_cached(sql::STUDY_OF_ITEM)?
            .query_row([id], |row| row.get(0))?;
        let before = self.passed.len();
        let mut items = self.conn.prepare_cached(sql::STUDY_ITEMS)?;
        let mut rows = items.query(params![study, self.destination])?;
        while let Some(row) = rows.next()? {
            self.passed.insert(row.get(0)?);
        }
        self.work += self.passed.len() - before;
        if !self.was_on_a_page_before(&study)? {
            self.found.push(StudyProgress {
                newest: id,
                destinations: query::progress_of_study(self.conn, &study, self.destination)?,
                study,
            });
        }
        Ok(())
    }

    fn was_on_a_page_before(&self, study: &str) -> Result<bool> {
        if self.since == 0 {
            return Ok(false);
        }
        let own = Filter {
            study: Some(study.to_owned()),
            ..self.filter.clone()
        };
        let newer = list::ids_in(self.conn, &own, Page::after(self.since - 1, 1))?;
        Ok(!newer.is_empty())
    }
}
