//! What was delivered, for longer than the items are kept.
//!
//! Lines are made, and what becomes of items that go is kept, by triggers (`migrations/0002_deliveries.sql`): whoever
//! finishes, prunes, removes or redirects need not know of it, and cannot forget it.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, Row, ToSql, named_params, params};

use super::claim::json;
use super::destination::find_destination;
use super::{SqliteStore, sql};
use crate::item::Timestamp;
use crate::store::{
    Bygone, Delivered, DeliveredInstance, Deliveries, NewItem, Result, StudyName, Wanted,
};

/// The studies of these items are known from now on. In the transaction that makes the items.
pub fn know(tx: &Connection, items: &[NewItem], named: &[StudyName]) -> Result<()> {
    let studies: BTreeSet<&str> = items.iter().map(|item| item.ids.study.as_str()).collect();
    let named: BTreeMap<&str, &StudyName> = (named.iter())
        .map(|name| (name.study.as_str(), name))
        .collect();
    let mut add = tx.prepare_cached(sql::KNOWN_STUDY_ADD)?;
    for study in studies {
        let name = named.get(study);
        let (uid, accession) = name.map_or(("", ""), |name| {
            (name.uid.as_str(), name.accession.as_str())
        });
        add.execute([study, uid, accession])?;
    }
    Ok(())
}

/// Where the rest of a line is.
struct Key {
    study: i64,
    destination: i64,
}

/// What a line counts.
struct Figures {
    instances: i64,
    warnings: i64,
    bytes: i64,
    last: Option<Timestamp>,
}

/// The columns of `delivered_read.sql`, in its order; figures only of a closed one.
fn line(row: &Row<'_>) -> rusqlite::Result<(Key, Delivered)> {
    let figure = |at| row.get::<_, Option<i64>>(at).map(Option::unwrap_or_default);
    let key = Key {
        study: row.get(1)?,
        destination: row.get(2)?,
    };
    let delivered = Delivered {
        id: row.get(0)?,
        name: StudyName {
            study: row.get(3)?,
            uid: row.get(4)?,
            accession: row.get(5)?,
        },
        destination: row.get(6)?,
        first: row.get(7)?,
        last: row.get(8)?,
        instances: figure(9)?.unsigned_abs(),
        warnings: figure(10)?.unsigned_abs(),
        bytes: figure(11)?.unsigned_abs(),
        closed: row.get::<_, Option<i64>>(9)?.is_some(),
    };
    Ok((key, delivered))
}

fn figures(conn: &Connection, key: &Key) -> Result<Figures> {
    let figures = conn.prepare_cached(sql::DELIVERED_FIGURES)?.query_row(
        [key.study, key.destination],
        |row| {
            Ok(Figures {
                instances: row.get(0)?,
                warnings: row.get(1)?,
                bytes: row.get(2)?,
                last: row.get(3)?,
            })
        },
    )?;
    Ok(figures)
}

/// With the figures of one that is open.
fn complete(conn: &Connection, (key, mut delivered): (Key, Delivered)) -> Result<Delivered> {
    if !delivered.closed {
        let figures = figures(conn, &key)?;
        delivered.instances = figures.instances.unsigned_abs();
        delivered.warnings = figures.warnings.unsigned_abs();
        delivered.bytes = figures.bytes.unsigned_abs();
        delivered.last = figures.last.unwrap_or(delivered.last);
    }
    Ok(delivered)
}

/// The numbers of the studies that are asked for; `None`: all.
fn studies(conn: &Connection, wanted: &Wanted) -> Result<Option<BTreeSet<i64>>> {
    let numbers = |sql, value: &str| -> Result<BTreeSet<i64>> {
        let mut find = conn.prepare_cached(sql)?;
        let found = find.query_map([value], |row| row.get(0))?;
        Ok(found.collect::<rusqlite::Result<_>>()?)
    };
    let by_study = (wanted.study.as_deref())
        .map(|study| numbers(sql::KNOWN_STUDY_FIND, study))
        .transpose()?;
    let by_accession = (wanted.accession.as_deref())
        .map(|accession| numbers(sql::KNOWN_STUDY_ACCESSION, accession))
        .transpose()?;
    Ok(match (by_study, by_accession) {
        (Some(one), Some(other)) => Some(&one & &other),
        (one, other) => one.or(other),
    })
}

fn list(conn: &Connection, wanted: &Wanted, after: i64, limit: u32) -> Result<Vec<Delivered>> {
    let destination = match &wanted.destination {
        None => None,
        Some(name) => match find_destination(conn, name)? {
            None => return Ok(Vec::new()),
            found => found,
        },
    };
    let studies =
        studies(conn, wanted)?.map(|studies| json(&studies.into_iter().collect::<Vec<_>>()));
    let mut params: Vec<(&str, &dyn ToSql)> = named_params! {
        ":after": after,
        ":destination": destination,
        ":from": wanted.from,
        ":until": wanted.until,
        ":limit": limit,
    }
    .to_vec();
    let mut lines = match &studies {
        None => conn.prepare_cached(sql::DELIVERED_LIST)?,
        Some(studies) => {
            params.push((":studies", studies));
            conn.prepare_cached(sql::DELIVERED_OF_STUDIES)?
        }
    };
    let lines = lines.query_map(params.as_slice(), line)?;
    let lines: Vec<(Key, Delivered)> = lines.collect::<rusqlite::Result<_>>()?;
    let lines = lines.into_iter().map(|line| complete(conn, line));
    lines.collect()
}

fn one(conn: &Connection, id: i64) -> Result<Option<(Delivered, Vec<DeliveredInstance>)>> {
    let found = conn
        .prepare_cached(sql::DELIVERED_ONE)?
        .query_row([id], line)
        .optional()?;
    let Some((key, delivered)) = found else {
        return Ok(None);
    };
    let mut instances = conn.prepare_cached(sql::DELIVERED_INSTANCES)?;
    let instances = match delivered.closed {
        true => Vec::new(),
        false => instances
            .query_map([key.study, key.destination], instance)?
            .collect::<rusqlite::Result<_>>()?,
    };
    Ok(Some((complete(conn, (key, delivered))?, instances)))
}

fn instance(row: &Row<'_>) -> rusqlite::Result<DeliveredInstance> {
    Ok(DeliveredInstance {
        item: row.get(0)?,
        instance: row.get(1)?,
        sop_instance_uid: row.get(2)?,
        sent_as: row.get(3)?,
        time: row.get(4)?,
        class: row.get(5)?,
        dimse_status: row.get(6)?,
        size_bytes: row.get::<_, i64>(7)?.unsigned_abs(),
        confirmation: row.get(8)?,
    })
}

fn close(tx: &Connection, study: &Bygone, now: Timestamp) -> Result<u64> {
    let bygone = tx
        .prepare_cached(sql::KNOWN_STUDY_BYGONE)?
        .exists(params![study.number, study.study])?;
    if !bygone {
        return Ok(0);
    }
    let mut open = tx.prepare_cached(sql::DELIVERED_STILL_OPEN)?;
    let open: Vec<(i64, i64, Timestamp)> = open
        .query_map([study.number], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    for (id, destination, last) in &open {
        let key = Key {
            study: study.number,
            destination: *destination,
        };
        let figures = figures(tx, &key)?;
        tx.prepare_cached(sql::DELIVERED_CLOSE)?.execute(params![
            id,
            figures.instances,
            figures.warnings,
            figures.bytes,
            figures.last.unwrap_or(*last)
        ])?;
    }
    tx.prepare_cached(sql::DELIVERED_BESIDE)?
        .execute(params![study.number, now])?;
    tx.prepare_cached(sql::PAST_ITEM_FORGET)?
        .execute([study.number])?;
    tx.prepare_cached(sql::PAST_FILE_FORGET)?
        .execute([study.number])?;
    tx.prepare_cached(sql::KNOWN_STUDY_CLOSE)?
        .execute([study.number])?;
    // If nothing was delivered.
    tx.prepare_cached(sql::KNOWN_STUDY_FORGET)?
        .execute([study.number])?;
    Ok(open.len() as u64)
}

fn forget(tx: &Connection, before: Timestamp, limit: u32) -> Result<u64> {
    let mut old = tx.prepare_cached(sql::DELIVERED_OLD)?;
    let old: Vec<(i64, i64)> = old
        .query_map(params![before, limit], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (id, study) in &old {
        tx.prepare_cached(sql::DELIVERED_FORGET)?.execute([id])?;
        tx.prepare_cached(sql::KNOWN_STUDY_FORGET)?
            .execute([study])?;
    }
    Ok(old.len() as u64)
}

impl Deliveries for SqliteStore {
    fn deliveries(&self, wanted: &Wanted, after: i64, limit: u32) -> Result<Vec<Delivered>> {
        let mut reader = self.pool.reader()?;
        let tx = reader.snapshot()?;
        list(&tx, wanted, after, limit)
    }

    fn delivery(&self, id: i64) -> Result<Option<(Delivered, Vec<DeliveredInstance>)>> {
        let mut reader = self.pool.reader()?;
        let tx = reader.snapshot()?;
        one(&tx, id)
    }

    fn bygone(&self, after: i64, limit: u32) -> Result<(Vec<Bygone>, i64)> {
        let mut reader = self.pool.reader()?;
        let tx = reader.snapshot()?;
        let mut studies = tx.prepare_cached(sql::KNOWN_STUDY_AFTER)?;
        let mut rows = studies.query(params![after, limit])?;
        let (mut bygone, mut last) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            last = row.get(0)?;
            if row.get(2)? {
                bygone.push(Bygone {
                    number: last,
                    study: row.get(1)?,
                });
            }
        }
        Ok((bygone, last))
    }

    fn close(&self, study: &Bygone, now: Timestamp) -> Result<u64> {
        self.write(|| {
            let mut writer = self.pool.writer()?;
            let tx = writer.begin()?;
            let closed = close(&tx, study, now)?;
            tx.commit()?;
            Ok(closed)
        })
    }

    fn forget_deliveries(&self, before: Timestamp, limit: u32) -> Result<u64> {
        self.write(|| {
            let mut writer = self.pool.writer()?;
            let tx = writer.begin()?;
            let forgotten = forget(&tx, before, limit)?;
            tx.commit()?;
            Ok(forgotten)
        })
    }
}
