//! What is read from a row.

use rusqlite::{Connection, OptionalExtension, Row};

use super::sql;
use crate::item::{Attempt, Ids, Item};
use crate::store::Result;

/// The longest text of a peer or of Orthanc that is kept, in characters.
pub const MAX_DETAILS: usize = 4000;

/// Larger sizes are kept as this (1 TiB), so that no sum of them can overflow.
const MAX_SIZE: u64 = 1 << 40;

/// The columns of the view `item_full`, in its order.
pub fn item(row: &Row<'_>) -> rusqlite::Result<Item> {
    Ok(Item {
        id: row.get(0)?,
        ids: Ids {
            instance: row.get(1)?,
            sop_instance_uid: row.get(2)?,
            series: row.get(3)?,
            study: row.get(4)?,
            patient: row.get(5)?,
        },
        destination: row.get(6)?,
        rule: row.get(7)?,
        remote_aet: row.get(8)?,
        state: row.get(9)?,
        priority: row.get(10)?,
        attempt_count: row.get(11)?,
        created: row.get(12)?,
        next_attempt: row.get(13)?,
        completed: row.get(14)?,
        class: row.get(15)?,
        dimse_status: row.get(16)?,
        details: row.get(17)?,
        size_bytes: row.get::<_, i64>(18)?.unsigned_abs(),
        confirmation: row.get(19)?,
    })
}

pub fn attempt(row: &Row<'_>) -> rusqlite::Result<Attempt> {
    Ok(Attempt {
        number: row.get(0)?,
        destination: row.get(1)?,
        started: row.get(2)?,
        duration_us: row.get::<_, i64>(3)?.unsigned_abs(),
        class: row.get(4)?,
        dimse_status: row.get(5)?,
        details: row.get(6)?,
        sent_as: row.get(7)?,
    })
}

pub fn read_item(conn: &Connection, id: i64) -> Result<Option<Item>> {
    Ok(conn
        .prepare_cached(sql::ITEM_READ)?
        .query_row([id], item)
        .optional()?)
}

pub fn size(bytes: u64) -> i64 {
    i64::try_from(bytes.min(MAX_SIZE)).unwrap_or(i64::MAX)
}

pub fn duration(micros: u64) -> i64 {
    i64::try_from(micros).unwrap_or(i64::MAX)
}

/// At most [`MAX_DETAILS`] characters; cut between characters, never inside one.
pub fn details(text: &str) -> &str {
    match text.char_indices().nth(MAX_DETAILS) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_cut_between_characters() {
        assert_eq!(details("short"), "short");
        let long = "é".repeat(MAX_DETAILS + 1);
        assert_eq!(details(&long).chars().count(), MAX_DETAILS);
    }
}
