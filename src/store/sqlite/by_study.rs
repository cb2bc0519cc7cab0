//! Pages of studies: each by the newest of its items that fit, the newest first.
//!
//! Invariants:
//! - Nothing is kept for these lists: sending pays nothing for them.
//! - A page goes down the identifiers of what fits ([`Walk`]), from where the page before it ended. A study that it
//!   meets is left out if it has an item that fits at or above that place: it was on a page before. So a page needs no
//!   memory of the ones before, and a study is on one of them only. It costs the same wherever it is, as far as the
//!   items of a study lie together; studies that reach below their page are passed over on later ones.
//! - All identifiers of a study that was met are learnt at once from the index by study. The rest of its items is
//!   passed over by them, neighbours in one leap: the walk reads none of these rows, however many there are and
//!   whatever lies between them.
//! - What is answered is of one moment. As long as nothing was found, a long way down goes on in another snapshot: no
//!   transaction holds back the write-ahead log for long. What it has passed over stays so, so that each item is looked
//!   at twice at most, however studies lie between each other.

use std::collections::HashMap;

use rusqlite::Connection;

use super::pool::Pool;
use super::study::Study;
use super::walk::Walk;
use super::{list, sql};
use crate::store::{Filter, Order, Page, Result, StudyProgress};

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
    let mut passed = Ids::default();
    let mut below = since;
    loop {
        let tx = reader.snapshot()?;
        let Some(destination) = list::wanted(&tx, filter)? else {
            return Ok(Vec::new());
        };
        let mut way = Way {
            conn: &tx,
            filter,
            destination,
            since,
            passed: &mut passed,
            work: 0,
            found: Vec::new(),
        };
        match way.down(below, limit as usize, most_work)? {
            Some(reached) => below = reached,
            None => return Ok(way.found),
        }
    }
}

/// A set of identifiers, most of which are neighbours: a bit for each.
#[derive(Default)]
struct Ids(HashMap<i64, u64>);

impl Ids {
    fn insert(&mut self, id: i64) {
        *self.0.entry(id >> 6).or_default() |= 1 << (id & 63);
    }

    fn contains(&self, id: i64) -> bool {
        let part = self.0.get(&(id >> 6));
        part.is_some_and(|part| part >> (id & 63) & 1 == 1)
    }

    /// The least of those that follow each other up to this one.
    fn beginning_of_run(&self, id: i64) -> i64 {
        let (mut part, mut bit) = (id >> 6, id & 63);
        loop {
            let bits = self.0.get(&part).copied().unwrap_or_default();
            let run = i64::from((bits << (63 - bit)).leading_ones());
            if run <= bit {
                return (part << 6) + bit - run + 1;
            }
            (part, bit) = (part - 1, 63);
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
    passed: &'a mut Ids,
    /// Items that were looked at in this snapshot.
    work: usize,
    found: Vec<StudyProgress>,
}

impl Way<'_> {
    /// Until the page is done; if there is nothing on it after much work, answers how far it came.
    fn down(&mut self, below: i64, limit: usize, most_work: usize) -> Result<Option<i64>> {
        // Of what is read at once only the first item is sure to be looked at.
        let page = Page {
            since: below,
            limit: 1,
            order: Order::Descending,
        };
        let request = list::request(self.conn, self.filter, page, self.destination)?;
        let mut walk = Walk::new(self.conn, &request)?;
        while let Some(id) = walk.next()? {
            self.work += 1;
            if !self.passed.contains(id) {
                self.meet(id)?;
                // There is no other.
                if self.filter.study.is_some() {
                    break;
                }
            }
            if self.found.len() >= limit {
                break;
            }
            if self.work >= most_work {
                return Ok(self.found.is_empty().then_some(id));
            }
            walk.pass(self.passed.beginning_of_run(id));
        }
        Ok(None)
    }

    /// The study of an item, of which no other was met yet.
    fn meet(&mut self, id: i64) -> Result<()> {
        let name: String = self
            .conn
            .prepare_cached(sql::STUDY_OF_ITEM)?
            .query_row([id], |row| row.get(0))?;
        let study = Study::read(self.conn, &name, self.destination)?;
        self.work += study.ids.len();
        for own in &study.ids {
            self.passed.insert(*own);
        }
        let newest = study.ids.last().map_or(id, |last| id.max(*last));
        if newest < self.since || self.since == 0 || !self.was_on_a_page_before(&name)? {
            self.found.push(StudyProgress {
                newest: id,
                destinations: study.progress(self.conn)?,
                study: name,
            });
        }
        Ok(())
    }

    fn was_on_a_page_before(&self, study: &str) -> Result<bool> {
        let own = Filter {
            study: Some(study.to_owned()),
            ..self.filter.clone()
        };
        let newer = list::ids_in(self.conn, &own, Page::after(self.since - 1, 1))?;
        Ok(!newer.is_empty())
    }
}
