//! How SQLite runs the statements: none but the documented ones looks at every item.

use super::*;
use crate::store::sqlite::{open, sql};
use rusqlite::Connection;

/// Statements for which Orthanc's knowledge is missing, and the page over everything, which goes
/// along the primary key up to its limit.
const MAY_SCAN: &[&str] = &[
    // Lines of deliveries, not items, up to a limit; and the studies that are known.
    "DELIVERED_LIST",
    // The journal, counted where there may be too many entries, and dropped from its beginning.
    "EVENT_DROP",
    // The journal, from the period's first entry on.
    "EVENT_LIST",
    "KNOWN_STUDY_AFTER",
    "KEPT_STUDIES",
    // What was deleted, up to a limit.
    "DELETION_LIST",
    // Those that have not ended: one, or none.
    "DELETION_OPEN",
    // At a start: those whose report was awaited.
    "FOLLOW_UP_RELEASE",
    "LIST_ALL",
    "LIST_ALL_DOWN",
    // One row.
    "LIST_MADE",
    // Events in their order, up to a limit.
    "OUTBOX_AFTER",
    "OUTBOX_FORGET",
    "OUTBOX_FORGET_UP_TO",
    "OUTBOX_PARTS",
    // The next one.
    "OUTBOX_TIME",
    "OUTPUT_ANY",
    "PROGRESS_INSTANCE_SCAN",
    "PROGRESS_PATIENT_SCAN",
    "PROGRESS_SERIES_SCAN",
    // A run of items, which are those of one study but for a few.
    "STUDY_RUN",
    // Items from some ID on, up to a limit.
    "UNSENT",
    "UNSENT_LAST",
];

/// Statements that sort what they found: bounded by a study, a list of ids or a page.
const MAY_SORT: &[&str] = &[
    // What was delivered of one study.
    "CONFIRM_STUDY",
    "COUNTS",
    // What was delivered of one study.
    "DELIVERED_FIGURES",
    "DELIVERED_INSTANCES",
    "DELIVERED_OF_STUDIES",
    // Entries of one kind in a period.
    "EVENT_LIST_KIND",
    // Kinds of failure, not items.
    "ERROR_SUMMARY",
    "FAILING",
    "FAILURE_TOTALS",
    "LIST_IDS",
    "LIST_IDS_DOWN",
    "LIST_STUDY",
    "LIST_STUDY_DOWN",
    "LIST_STUDY_INSTANCE",
    "LIST_STUDY_INSTANCE_DOWN",
    // What was delivered of one study.
    "OUTBOX_STUDY_FIGURES",
    "OUTBOX_STUDY_SAMPLE",
    "PROGRESS_INSTANCE",
    "PROGRESS_INSTANCE_SCAN",
    "PROGRESS_PATIENT_SCAN",
    // An hour of them.
    "RECENT_FAILED",
    "RECENT_SENT",
    "PROGRESS_SERIES",
    "PROGRESS_SERIES_SCAN",
    // A thousand rows.
    "SOURCE_DROP",
    // The patients of some thousand items.
    "UNSENT",
];

pub fn plan(conn: &Connection, sql: &str) -> Vec<String> {
    let mut explain = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    explain
        .raw_query()
        .mapped(|row| row.get(3))
        .collect::<rusqlite::Result<_>>()
        .unwrap()
}

#[test]
fn no_statement_looks_at_every_item() {
    let folder = folder();
    drop(SqliteStore::open(&path(&folder)).unwrap());
    let conn = open::reader(&path(&folder)).unwrap();
    for (name, sql) in sql::ALL {
        let plan = plan(&conn, sql);
        for step in &plan {
            let item = step.starts_with("SCAN item") || step.starts_with("SCAN i ");
            // Along the primary key from some id on: as good as all of them.
            let item = item || step.contains("USING INTEGER PRIMARY KEY (rowid>");
            // What is kept for ever.
            let kept = [
                "attempt",
                "decision",
                "serial",
                "own_",
                "subject",
                "event",
                "hour",
                "delivered",
                "known_study",
                "past_item",
                "past_file",
                "deletion",
                "follow_up",
                "outbox",
            ];
            let kept = kept
                .iter()
                .any(|name| step.starts_with(&format!("SCAN {name}")));
            let scans = item || kept || step == "SCAN i";
            assert!(!scans || MAY_SCAN.contains(name), "{name}: {plan:#?}");
            assert!(
                !step.contains("TEMP B-TREE") || MAY_SORT.contains(name),
                "{name} sorts: {plan:#?}"
            );
            assert!(!step.contains("AUTOMATIC"), "{name}: {plan:#?}");
        }
    }
}

/// What Orthanc has no more is found by one walk over all items, which is the slowest that there is.
#[test]
fn what_orthanc_has_no_more_is_one_walk() {
    let folder = folder();
    drop(SqliteStore::open(&path(&folder)).unwrap());
    let conn = open::reader(&path(&folder)).unwrap();
    for sql in [
        sql::PROGRESS_INSTANCE_SCAN,
        sql::PROGRESS_PATIENT_SCAN,
        sql::PROGRESS_SERIES_SCAN,
    ] {
        let plan = plan(&conn, sql);
        let scans = plan.iter().filter(|step| step.contains("SCAN"));
        assert_eq!(scans.collect::<Vec<_>>(), ["SCAN i"], "{plan:#?}");
        let sorts = plan.iter().filter(|step| step.contains("TEMP B-TREE"));
        assert_eq!(sorts.count(), 1, "{plan:#?}");
    }
}

/// The whole key is sought: what is read of an index is what is listed, however many items are beside it.
#[test]
fn pages_and_kinds_seek_the_whole_key() {
    let folder = folder();
    drop(SqliteStore::open(&path(&folder)).unwrap());
    let conn = open::reader(&path(&folder)).unwrap();
    let queue =
        "INDEX item_queue (destination=? AND state=? AND priority=? AND rowid>? AND rowid<?)";
    let kind = "INDEX item_failure_kind \
                (destination=? AND class=? AND dimse_status=? AND rowid>? AND rowid<?)";
    let outcome = "INDEX item_outcome \
                   (class=? AND dimse_status=? AND destination=? AND state=? AND rowid>? AND rowid<?)";
    let next_state =
        "INDEX item_outcome (class=? AND dimse_status=? AND destination=? AND state>?)";
    let next_destination = "INDEX item_outcome (class=? AND dimse_status=? AND destination>?)";
    let class = "INDEX item_class (class=? AND destination=? AND state=? AND rowid>? AND rowid<?)";
    let untold = "INDEX item_success_untold (destination=? AND rowid>? AND rowid<?)";
    let summary = "INDEX item_failure (destination=? AND class=? AND dimse_status=?)";
    let failed_since = "INDEX item_failure \
                        (destination=? AND class=? AND dimse_status=? AND completed>? AND completed<?)";
    let sent_since = "INDEX item_prunable (<expr>=? AND completed>? AND completed<?)";
    let number = "INDEX serial_number (name=?)";
    let numbers = "INDEX serial_number (name=? AND number>?)";
    let output = "INDEX sqlite_autoindex_own_output_1 (sent_study=?)";
    let sent = "own_sent USING PRIMARY KEY (output=? AND uid=?)";
    let sent_items = "INDEX item_study (study=?)";
    let cases = [
        (sql::SERIAL_ISSUE, number, 1),
        (sql::SERIAL_LIST, numbers, 1),
        (sql::SERIAL_NAMES, number, 1),
        (sql::OUTPUT_IS, output, 1),
        (sql::OUTPUT_IS, sent, 1),
        (sql::OUTPUT_IS, sent_items, 1),
        (sql::LIST_CELL, queue, 1),
        (sql::LIST_CELL_DOWN, queue, 1),
        (sql::LIST_KIND, kind, 1),
        (sql::LIST_KIND_DOWN, kind, 1),
        (sql::LIST_CLASS, class, 1),
        (sql::LIST_CLASS_DOWN, class, 1),
        (sql::LIST_OUTCOME, outcome, 1),
        (sql::LIST_OUTCOME_DOWN, outcome, 1),
        (sql::LIST_OUTCOME_CELLS, next_state, 1),
        (sql::LIST_OUTCOME_CELLS, next_destination, 1),
        (sql::LIST_UNTOLD, untold, 1),
        (sql::LIST_UNTOLD_DOWN, untold, 1),
        (sql::ERROR_SUMMARY, summary, 4),
        (sql::FAILING, summary, 3),
        (sql::RECENT_FAILED, failed_since, 1),
        (sql::RECENT_SENT, sent_since, 1),
    ];
    for (sql, key, times) in cases {
        let plan = plan(&conn, sql);
        let found = plan.iter().filter(|step| step.contains(key)).count();
        assert_eq!(found, times, "{plan:#?}");
    }
}

#[test]
fn the_check_itself_sees_a_scan() {
    let folder = folder();
    drop(SqliteStore::open(&path(&folder)).unwrap());
    let conn = open::reader(&path(&folder)).unwrap();
    let scan = plan(&conn, "SELECT id FROM item WHERE rule = 'x'");
    assert!(scan[0].starts_with("SCAN item"), "{scan:?}");
    let sort = plan(
        &conn,
        "SELECT id FROM item WHERE study = 'x' ORDER BY created",
    );
    assert!(
        sort.iter().any(|step| step.contains("TEMP B-TREE")),
        "{sort:?}"
    );
}
