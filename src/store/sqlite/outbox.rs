//! What other systems are told of. Deliveries and failures are written by triggers (`migrations/0004_events.sql`):
//! whoever brings them about need not know of it, and cannot forget it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::json;

use super::{SqliteStore, sql};
use crate::item::{Announcement, Timestamp};
use crate::store::{Announced, Outbox, Outgoing, Result, Stored};

/// So long it is waited at a start for what came meanwhile.
const GRACE_US: i64 = 30_000_000;
/// The reader that makes rows whole.
const WHOLE: &str = "whole";

/// In the transaction that moves the cursor.
pub fn store(tx: &Connection, stored: &[Stored], now: Timestamp) -> Result<()> {
    if stored.is_empty() {
        return Ok(());
    }
    if quiet(tx, Announcement::InstanceStored)?.is_some() {
        let mut add = tx.prepare_cached(sql::OUTBOX_ADD)?;
        for one in stored {
            add.execute(params![
                Announcement::InstanceStored,
                now,
                one.name,
                one.study,
                one.instance,
                None::<&str>,
                one.data
            ])?;
        }
    }
    if let Some(quiet) = quiet(tx, Announcement::StudyComplete)? {
        let studies: BTreeSet<&str> = stored.iter().map(|one| one.study.as_str()).collect();
        let mut note = tx.prepare_cached(sql::OUTBOX_STUDY_STORED)?;
        for study in studies {
            note.execute(params![study, now, quiet])?;
        }
    }
    Ok(())
}

/// The quiet time of what is told; `None`: it is not.
fn quiet(conn: &Connection, kind: Announcement) -> Result<Option<i64>> {
    Ok(conn
        .prepare_cached(sql::ANNOUNCED_QUIET)?
        .query_row([kind], |row| row.get(0))
        .optional()?)
}

/// A study whose time has come.
struct Due {
    study: String,
    /// 0: it is complete, wherever it goes.
    destination: i64,
    revision: i64,
    name: Option<String>,
    due: Timestamp,
}

fn due(conn: &Connection, now: Timestamp, limit: u32) -> Result<Vec<Due>> {
    let mut due = conn.prepare_cached(sql::OUTBOX_STUDY_DUE)?;
    let due = due.query_map(params![now, limit], |row| {
        Ok(Due {
            study: row.get(0)?,
            destination: row.get(1)?,
            revision: row.get(2)?,
            name: row.get(3)?,
            due: row.get(4)?,
        })
    })?;
    Ok(due.collect::<rusqlite::Result<_>>()?)
}

fn settle(
    tx: &Connection,
    one: &Due,
    told: Option<&(Announcement, serde_json::Value)>,
    now: Timestamp,
) -> Result<()> {
    let settled = tx
        .prepare_cached(sql::OUTBOX_STUDY_SETTLE)?
        .execute(params![
            one.study,
            one.destination,
            i64::from(told.is_some()),
            one.due
        ])?;
    let (1, Some((kind, data))) = (settled, told) else {
        return Ok(());
    };
    // A revision may come again: after years, and in a copy of the database.
    let name = format!("{}.{}.{:x}", one.study, one.destination, now.micros());
    tx.prepare_cached(sql::OUTBOX_ADD)?.execute(params![
        kind,
        now,
        name,
        one.study,
        None::<&str>,
        one.name,
        data.to_string()
    ])?;
    Ok(())
}

/// What is told of it now; `None`: nothing, since not all of it is delivered, or nobody wants to know.
fn told(tx: &Connection, one: &Due) -> Result<Option<(Announcement, serde_json::Value)>> {
    let kind = match one.destination {
        0 => Announcement::StudyComplete,
        _ => Announcement::StudyDelivered,
    };
    if quiet(tx, kind)?.is_none() {
        return Ok(None);
    }
    let revision = one.revision + 1;
    if kind == Announcement::StudyComplete {
        return Ok(Some((kind, json!({ "revision": revision }))));
    }
    let known: Option<i64> = tx
        .prepare_cached(sql::OUTBOX_STUDY_KNOWN)?
        .query_row([&one.study], |row| row.get(0))
        .optional()?;
    let undelivered = tx
        .prepare_cached(sql::OUTBOX_STUDY_UNDELIVERED)?
        .exists(params![one.study, one.destination, known])?;
    if undelivered {
        return Ok(None);
    }
    let bare = json!({ "revision": revision });
    let Some(known) = known else {
        return Ok(Some((kind, bare)));
    };
    let key = params![known, one.destination];
    let sample: Option<(String, Option<String>, i64)> = tx
        .prepare_cached(sql::OUTBOX_STUDY_SAMPLE)?
        .query_row(key, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    // Of a study that Orthanc has no more the figures may be gone.
    let Some((sample, remote_aet, sample_size)) = sample else {
        return Ok(Some((kind, bare)));
    };
    let figures = tx
        .prepare_cached(sql::OUTBOX_STUDY_FIGURES)?
        .query_row(key, |row| {
            Ok(json!({
                "revision": revision,
                "instances": row.get::<_, i64>(0)?,
                "warnings": row.get::<_, i64>(1)?,
                "size": row.get::<_, i64>(2)?,
                "first": row.get::<_, i64>(3)?,
                "last": row.get::<_, i64>(4)?,
                "sample": sample,
                "remote_aet": remote_aet,
                "sample_size": sample_size,
            }))
        })?;
    Ok(Some((kind, figures)))
}

/// The columns of `outbox_read.sql`, in its order.
fn announced(row: &Row<'_>) -> rusqlite::Result<Announced> {
    Ok(Announced {
        position: row.get(0)?,
        kind: row.get(1)?,
        time: row.get(2)?,
        name: row.get(3)?,
        study: row.get(4)?,
        instance: row.get(5)?,
        destination: row.get(6)?,
        data: row.get(7)?,
        study_uid: row.get::<_, Option<String>>(8)?.unwrap_or_default(),
    })
}

fn seen(conn: &Connection, reader: &str) -> Result<Option<i64>> {
    Ok(conn
        .prepare_cached(sql::OUTBOX_SEEN)?
        .query_row([reader], |row| row.get(0))
        .optional()?)
}

/// Up to where rows are whole.
pub fn whole(conn: &Connection) -> Result<i64> {
    Ok(seen(conn, WHOLE)?.unwrap_or(0))
}

fn outgoing(conn: &Connection) -> Result<Outgoing> {
    let (first, last) = conn
        .prepare_cached(sql::OUTBOX_ENDS)?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let oldest: Option<(i64, Timestamp)> = conn
        .prepare_cached(sql::OUTBOX_TIME)?
        .query_row([first], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(Outgoing {
        first,
        whole: whole(conn)?,
        last,
        oldest: oldest.map(|(_, time)| time),
    })
}

/// Times grow with positions, but for what a clock that was put right makes of them: halving finds one of the places
/// where they pass `time`.
fn position_before(conn: &Connection, time: Timestamp) -> Result<i64> {
    let ends = outgoing(conn)?;
    let (mut before, mut from) = (ends.first - 1, ends.last + 1);
    let mut next = conn.prepare_cached(sql::OUTBOX_TIME)?;
    while before + 1 < from {
        let middle = before + (from - before) / 2;
        let found: Option<(i64, Timestamp)> = next
            .query_row([middle], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        match found {
            Some((at, happened)) if happened < time => before = at,
            _ => from = middle,
        }
    }
    Ok(before.max(0))
}

impl SqliteStore {
    /// In a transaction of its own.
    fn outbox_write<T>(&self, work: impl Fn(&Connection) -> Result<T>) -> Result<T> {
        self.write(|| {
            let mut writer = self.pool.writer()?;
            let tx = writer.begin()?;
            let done = work(&tx)?;
            tx.commit()?;
            Ok(done)
        })
    }

    fn write_whole(&self, whole: &BTreeMap<i64, String>, last: i64) -> Result<()> {
        self.outbox_write(|tx| {
            let mut complete = tx.prepare_cached(sql::OUTBOX_COMPLETE)?;
            for (position, data) in whole {
                complete.execute(params![position, data])?;
            }
            tx.prepare_cached(sql::OUTBOX_SEE)?
                .execute(params![WHOLE, last])?;
            Ok(())
        })
    }

    fn outbox_read<T>(&self, read: impl Fn(&Connection) -> Result<T>) -> Result<T> {
        let mut reader = self.pool.reader()?;
        let tx = reader.snapshot()?;
        read(&tx)
    }
}

impl Outbox for SqliteStore {
    fn announce(&self, kinds: &[Announcement], quiet_us: i64, now: Timestamp) -> Result<()> {
        self.outbox_write(|tx| {
            tx.prepare_cached(sql::ANNOUNCED_CLEAR)?.execute([])?;
            for kind in kinds {
                tx.prepare_cached(sql::ANNOUNCED_ADD)?
                    .execute(params![kind, quiet_us])?;
            }
            let soon = now.micros().saturating_add(quiet_us.min(GRACE_US));
            tx.prepare_cached(sql::OUTBOX_STUDY_WAIT)?
                .execute([quiet_us, soon])?;
            Ok(())
        })
    }

    fn conclude(&self, now: Timestamp, limit: u32) -> Result<u64> {
        // Read beforehand: a large study takes a while, and nobody waits for that.
        let due = self.outbox_read(|tx| {
            let due = due(tx, now, limit)?;
            let told = due.into_iter().map(|one| Ok((told(tx, &one)?, one)));
            told.collect::<Result<Vec<_>>>()
        })?;
        for (told, one) in &due {
            self.outbox_write(|tx| settle(tx, one, told.as_ref(), now))?;
        }
        Ok(due.len() as u64)
    }

    fn next_conclusion(&self) -> Result<Option<Timestamp>> {
        self.outbox_read(|tx| {
            let next = tx
                .prepare_cached(sql::OUTBOX_STUDY_NEXT)?
                .query_row([], |row| row.get(0))?;
            Ok(next)
        })
    }

    fn parts(&self, limit: u32) -> Result<Vec<Announced>> {
        self.outbox_read(|tx| {
            let mut parts = tx.prepare_cached(sql::OUTBOX_PARTS)?;
            let parts = parts.query_map([limit], announced)?;
            Ok(parts.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn complete(&self, whole: &BTreeMap<i64, String>) -> Result<()> {
        if let Some(last) = whole.keys().next_back() {
            self.write_whole(whole, *last)?;
        }
        let written = self.outbox_read(super::outbox::whole)?;
        if written > self.pool.readable.load(Ordering::SeqCst) {
            // Whoever has read one knows its position: no other event may have that after a power cut.
            self.told(self.disk.sync())?;
            self.pool.readable.fetch_max(written, Ordering::SeqCst);
        }
        Ok(())
    }

    fn announced(&self, after: i64, limit: u32) -> Result<Vec<Announced>> {
        self.outbox_read(|tx| {
            let whole = self.pool.readable.load(Ordering::SeqCst);
            let mut rows = tx.prepare_cached(sql::OUTBOX_AFTER)?;
            let rows = rows.query_map(params![after, whole, limit], announced)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn outgoing(&self) -> Result<Outgoing> {
        self.outbox_read(|tx| {
            Ok(Outgoing {
                whole: self.pool.readable.load(Ordering::SeqCst),
                ..outgoing(tx)?
            })
        })
    }

    fn position_before(&self, time: Timestamp) -> Result<i64> {
        self.outbox_read(|tx| position_before(tx, time))
    }

    fn forget_announced(&self, before: Timestamp, limit: u32) -> Result<u64> {
        self.outbox_write(|tx| {
            let gone = tx
                .prepare_cached(sql::OUTBOX_FORGET)?
                .execute(params![before, limit])?;
            Ok(gone as u64)
        })
    }

    fn forget_up_to(&self, position: i64, limit: u32) -> Result<u64> {
        self.outbox_write(|tx| {
            let gone = tx
                .prepare_cached(sql::OUTBOX_FORGET_UP_TO)?
                .execute(params![position, limit])?;
            Ok(gone as u64)
        })
    }

    fn forget_revisions(&self, before: Timestamp, limit: u32) -> Result<u64> {
        self.outbox_write(|tx| {
            let gone = tx
                .prepare_cached(sql::OUTBOX_STUDY_FORGET)?
                .execute(params![before, limit])?;
            Ok(gone as u64)
        })
    }

    fn forget_reader(&self, reader: &str) -> Result<()> {
        self.outbox_write(|tx| {
            tx.prepare_cached(sql::OUTBOX_READER_FORGET)?
                .execute([reader])?;
            Ok(())
        })
    }

    fn seen(&self, reader: &str) -> Result<Option<i64>> {
        self.outbox_read(|tx| seen(tx, reader))
    }

    fn see(&self, reader: &str, position: i64) -> Result<()> {
        self.outbox_write(|tx| {
            tx.prepare_cached(sql::OUTBOX_SEE)?
                .execute(params![reader, position])?;
            Ok(())
        })
    }

    fn advance(&self, reader: &str, from: i64, to: i64) -> Result<bool> {
        self.outbox_write(|tx| {
            let moved = tx
                .prepare_cached(sql::OUTBOX_ADVANCE)?
                .execute(params![reader, from, to])?;
            Ok(moved == 1)
        })
    }
}
