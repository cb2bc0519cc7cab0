//! What people gave for `Lookup`.

use rusqlite::{OptionalExtension, Row, params, types::Type};

use super::{SqliteStore, sql};
use crate::store::{Result, StoreError, Subject, Subjects};

/// Keys and values are kept as JSON, which tells ["a", "b"] from ["a,b"].
fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Other(error.into()))
}

fn read<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into())
    })
}

impl Subjects for SqliteStore {
    fn subject(&self, list: &str, key: &[String]) -> Result<Option<Vec<(String, String)>>> {
        let key = json(&key)?;
        let mut reader = self.pool.reader()?;
        let tx = reader.snapshot()?;
        let mut find = tx.prepare_cached(sql::SUBJECT_OF)?;
        let found = find.query_row([list, &key], |row| read(row, 0));
        Ok(found.optional()?)
    }

    fn add_subjects(&self, list: &str, subjects: &[Subject]) -> Result<u64> {
        self.settled(|tx| {
            let mut new = 0;
            for subject in subjects {
                let (key, values) = (json(&subject.key)?, json(&subject.values)?);
                let mut change = tx.prepare_cached(sql::SUBJECT_CHANGE)?;
                if change.execute([list, &key, &values])? == 0 {
                    tx.prepare_cached(sql::SUBJECT_ADD)?
                        .execute([list, &key, &values])?;
                    new += 1;
                }
            }
            Ok(new)
        })
    }

    fn remove_subject(&self, list: &str, key: &[String]) -> Result<bool> {
        let key = json(&key)?;
        self.settled(|tx| {
            let mut remove = tx.prepare_cached(sql::SUBJECT_REMOVE)?;
            Ok(remove.execute([list, &key])? > 0)
        })
    }

    fn subjects(&self, list: &str, since: u64, limit: u32) -> Result<Vec<(u64, Subject)>> {
        let since = i64::try_from(since).unwrap_or(i64::MAX);
        let mut reader = self.pool.reader()?;
        let tx = reader.snapshot()?;
        let mut list_all = tx.prepare_cached(sql::SUBJECT_LIST)?;
        let rows = list_all.query_map(params![list, since, limit], |row| {
            let subject = Subject {
                key: read(row, 1)?,
                values: read(row, 2)?,
            };
            Ok((row.get::<_, i64>(0)?.unsigned_abs(), subject))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
