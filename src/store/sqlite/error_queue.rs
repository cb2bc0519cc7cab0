//! What needs a person, as a whole: the error queue by kind, and what is held.

use rusqlite::types::Null;
use rusqlite::{Row, ToSql};

use super::pool::Pool;
use super::sql;
use crate::item::StatusFilter;
use crate::store::{ErrorSummary, FailureKinds, FailureTotal, HeldItems, REASONS_OF, Result};

pub fn held(pool: &Pool) -> Result<Vec<HeldItems>> {
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    let held = tx
        .prepare_cached(sql::HELD)?
        .query_map([], |row| {
            Ok(HeldItems {
                destination: row.get(0)?,
                count: row.get::<_, i64>(1)?.unsigned_abs(),
                oldest: row.get(2)?,
                example: row.get(3)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(held)
}

pub fn error_summary(pool: &Pool, of: &FailureKinds) -> Result<Vec<ErrorSummary>> {
    // Where there is none, that stands as -1.
    let status = of.status.map(|status| match status {
        StatusFilter::Is(status) => i64::from(status),
        StatusFilter::None => -1,
    });
    let params: &[&dyn ToSql] = &[&of.destination, &of.class, &status, &REASONS_OF];
    kinds(pool, sql::ERROR_SUMMARY, params, |row| {
        Ok(row.get::<_, i64>(7)?.unsigned_abs())
    })
}

pub fn failing(pool: &Pool) -> Result<Vec<ErrorSummary>> {
    let all: &[&dyn ToSql] = &[&Null, &Null, &Null];
    kinds(pool, sql::FAILING, all, |_| Ok(0))
}

fn kinds(
    pool: &Pool,
    sql: &str,
    params: &[&dyn ToSql],
    reasons: fn(&Row<'_>) -> rusqlite::Result<u64>,
) -> Result<Vec<ErrorSummary>> {
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    let mut summary = tx.prepare_cached(sql)?;
    let summary = summary
        .query_map(params, |row| {
            Ok(ErrorSummary {
                destination: row.get(0)?,
                class: row.get(1)?,
                dimse_status: row.get(2)?,
                count: row.get::<_, i64>(3)?.unsigned_abs(),
                oldest: row.get(4)?,
                newest: row.get(5)?,
                example: row.get(6)?,
                reasons: reasons(row)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(summary)
}

pub fn failure_totals(pool: &Pool) -> Result<Vec<FailureTotal>> {
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    let mut totals = tx.prepare_cached(sql::FAILURE_TOTALS)?;
    let totals = totals
        .query_map([], |row| {
            Ok(FailureTotal {
                destination: row.get(0)?,
                class: row.get(1)?,
                dimse_status: row.get(2)?,
                total: row.get::<_, i64>(3)?.unsigned_abs(),
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(totals)
}
