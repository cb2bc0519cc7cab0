//! From any released version of the schema to the newest, one numbered step after the other.
//!
//! Invariants:
//! - A step is one transaction, and sets its number (`PRAGMA user_version`) first: a crash leaves the
//!   database at one version or the next, never between.
//! - A released file is never changed; a change of the schema is a new file.

use std::collections::BTreeSet;

use rusqlite::{Connection, TransactionBehavior, params};

use crate::item::{Clock, SystemClock};
use crate::store::Result;

/// `MIGRATIONS[n]` leads from version n to version n + 1.
pub const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_queue.sql"),
    include_str!("migrations/0002_deliveries.sql"),
    include_str!("migrations/0003_after_delivery.sql"),
    include_str!("migrations/0004_events.sql"),
];

/// The version that a migrated database has.
pub fn newest(migrations: &[&str]) -> i64 {
    migrations.len().try_into().unwrap_or(i64::MAX)
}

pub fn version(conn: &Connection) -> Result<i64> {
    Ok(conn.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// What a database of this version has: tables, indexes, triggers and views, as they were made.
fn objects(conn: &Connection) -> Result<BTreeSet<(String, String)>> {
    let mut made = conn.prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")?;
    let made = made.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(made.collect::<rusqlite::Result<_>>()?)
}

/// Whether it has all that the steps up to its version make. As long as no version is released, a step changes under
/// its number.
pub fn is_whole(conn: &Connection, migrations: &[&str]) -> Result<bool> {
    let version = usize::try_from(version(conn)?).unwrap_or(0);
    let mut model = Connection::open_in_memory()?;
    migrate(&mut model, &migrations[..version.min(migrations.len())])?;
    Ok(objects(&model)?.is_subset(&objects(conn)?))
}

pub fn migrate(conn: &mut Connection, migrations: &[&str]) -> Result<()> {
    for (to, step) in (1_i64..).zip(migrations) {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Read inside the transaction: another process may have taken the step meanwhile.
        if version(&tx)? < to {
            tx.pragma_update(None, "user_version", to)?;
            tx.execute_batch(step)?;
            if to == 1 {
                tx.execute(
                    "INSERT INTO meta (key, value) VALUES ('created', ?1)",
                    params![SystemClock.now()],
                )?;
            }
            tx.commit()?;
        }
    }
    Ok(())
}
