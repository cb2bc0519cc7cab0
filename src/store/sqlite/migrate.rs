//! From any released version of the schema to the newest, one numbered step after the other.
//!
//! Invariants:
//! - A step is one transaction, and sets its number (`PRAGMA user_version`) first: a crash leaves the
//!   database at one version or the next, never between.
//! - A released file is never changed; a change of the schema is a new file.

use rusqlite::{Connection, TransactionBehavior, params};

use crate::item::{Clock, SystemClock};
use crate::store::Result;

/// `MIGRATIONS[n]` leads from version n to version n + 1.
pub const MIGRATIONS: &[&str] = &[include_str!("migrations/0001_queue.sql")];

/// The version that a migrated database has.
pub fn newest(migrations: &[&str]) -> i64 {
    migrations.len().try_into().unwrap_or(i64::MAX)
}

pub fn version(conn: &Connection) -> Result<i64> {
    Ok(conn.query_row("PRAGMA user_version", [], |row| row.get(0))?)
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
