//! The calling AETs from which something came.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use super::{SqliteStore, sql};
use crate::item::Timestamp;
use crate::store::{Heard, MOST_SOURCES, Result, Source, Sources};

/// In the transaction that moves the cursor. Answers how many sources were forgotten for it.
pub fn hear(tx: &Connection, heard: &[Heard]) -> Result<u64> {
    for one in heard {
        tx.prepare_cached(sql::SOURCE_HEARD)?
            .execute(params![one.aet, one.at])?;
    }
    if heard.is_empty() {
        return Ok(0);
    }
    let count: u32 = tx
        .prepare_cached(sql::SOURCE_COUNT)?
        .query_row([], |row| row.get(0))?;
    let over = count.saturating_sub(MOST_SOURCES);
    if over > 0 {
        tx.prepare_cached(sql::SOURCE_DROP)?.execute([over])?;
    }
    Ok(u64::from(over))
}

fn list(conn: &Connection) -> Result<Vec<Source>> {
    let mut read = conn.prepare_cached(sql::SOURCE_LIST)?;
    let sources = read.query_map([], |row| {
        Ok(Source {
            aet: row.get(0)?,
            last: row.get(1)?,
            watched: row.get(2)?,
        })
    })?;
    Ok(sources.collect::<rusqlite::Result<_>>()?)
}

impl Sources for SqliteStore {
    fn sources(&self) -> Result<Vec<Source>> {
        let mut reader = self.pool.reader()?;
        let tx = reader.snapshot()?;
        list(&tx)
    }

    fn watch(&self, aets: &[&str], now: Timestamp) -> Result<()> {
        self.write(|| {
            let mut writer = self.pool.writer()?;
            let tx = writer.begin()?;
            let wanted: BTreeSet<&str> = aets.iter().copied().collect();
            let watched = list(&tx)?;
            for source in watched.iter().filter(|source| source.watched.is_some()) {
                if !wanted.contains(source.aet.as_str()) {
                    tx.prepare_cached(sql::SOURCE_FORGET)?
                        .execute([&source.aet])?;
                    tx.prepare_cached(sql::SOURCE_UNWATCH)?
                        .execute([&source.aet])?;
                }
            }
            for aet in wanted {
                tx.prepare_cached(sql::SOURCE_WATCH)?
                    .execute(params![aet, now])?;
            }
            Ok(tx.commit()?)
        })
    }
}
