//! How far Orthanc's log of changes is read, and the gaps below that.

use rusqlite::{Connection, OptionalExtension, params};

use super::pool::Pool;
use super::sql;
use crate::store::{Cursor, Gap, Reached, Result};

/// With the items that were read up to it.
pub fn write_reached(conn: &Connection, reached: &Reached) -> Result<()> {
    let cursor = &reached.cursor;
    conn.prepare_cached(sql::CURSOR_WRITE)?
        .execute(params![cursor.seq, cursor.date])?;
    for first in &reached.closed {
        conn.prepare_cached(sql::GAP_CLOSE)?.execute([first])?;
    }
    for gap in &reached.opened {
        conn.prepare_cached(sql::GAP_OPEN)?.execute(params![
            gap.first,
            gap.last,
            gap.first_seen
        ])?;
    }
    Ok(())
}

pub fn gaps(pool: &Pool) -> Result<Vec<Gap>> {
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    let mut read = tx.prepare_cached(sql::GAP_READ)?;
    let gaps = read.query_map([], |row| {
        Ok(Gap {
            first: row.get(0)?,
            last: row.get(1)?,
            first_seen: row.get(2)?,
        })
    })?;
    Ok(gaps.collect::<rusqlite::Result<_>>()?)
}

pub fn cursor(pool: &Pool) -> Result<Option<Cursor>> {
    let mut reader = pool.reader()?;
    let cursor = reader
        .snapshot()?
        .prepare_cached(sql::CURSOR_READ)?
        .query_row([], |row| {
            Ok(Cursor {
                seq: row.get(0)?,
                date: row.get(1)?,
            })
        })
        .optional()?;
    Ok(cursor)
}
