//! Migrations, and the dump of the schema that they lead to.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::*;
use crate::item::{Class, Confirmation, State};
use crate::store::sqlite::{migrate, open, sql};

/// Set this to write the dump anew after a migration was added.
const REWRITE: &str = "SENDQUEUE_WRITE_SCHEMA";

const DUMP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/sqlite/schema.sql");

fn dump(conn: &Connection) -> String {
    let mut dump =
        String::from("-- What the migrations lead to; written by a test, see tests/schema.rs.\n");
    let version = migrate::version(conn).unwrap();
    dump.push_str(&format!("PRAGMA user_version = {version};\n"));
    let mut statements = conn
        .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name")
        .unwrap();
    let mut rows = statements.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let sql: String = row.get(0).unwrap();
        dump.push_str(&format!("\n{sql};\n"));
    }
    dump
}

#[test]
fn the_dump_is_that_of_a_new_database() {
    let folder = folder();
    drop(SqliteStore::open(&path(&folder)).unwrap());
    let found = dump(&Connection::open(path(&folder)).unwrap());
    if std::env::var_os(REWRITE).is_some() {
        std::fs::write(DUMP, &found).unwrap();
    }
    let committed = std::fs::read_to_string(DUMP).unwrap();
    assert_eq!(
        found, committed,
        "the schema changed: run this test with {REWRITE}=1 and look at the difference"
    );
}

/// A released migration is never changed. Its sum is added here with the release.
#[test]
fn released_migrations_are_as_they_were() {
    const RELEASED: &[u64] = &[];
    for (number, (text, sum)) in migrate::MIGRATIONS.iter().zip(RELEASED).enumerate() {
        assert_eq!(fnv(text), *sum, "migration {} was changed", number + 1);
    }
}

/// FNV-1a: tells a change, and needs no library.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The schema does not say which words there are: what it and the statements write must be one of these.
#[test]
fn every_word_in_sql_is_known() {
    let ways = ["Any", "Single", "Aside"];
    let texts = migrate::MIGRATIONS.iter().copied();
    let mut seen = BTreeSet::new();
    for text in texts.chain(sql::ALL.iter().map(|(_, text)| *text)) {
        let code = text
            .lines()
            .map(|line| line.split("--").next().unwrap_or_default());
        let code: Vec<&str> = code.collect();
        for word in code.join(" ").split('\'').skip(1).step_by(2) {
            if word.starts_with(|first: char| first.is_ascii_uppercase()) {
                let known = State::parse(word).is_some()
                    || Class::parse(word).is_some()
                    || Confirmation::parse(word).is_some();
                assert!(known || ways.contains(&word), "'{word}'");
                seen.insert(word.to_owned());
            }
        }
    }
    for state in State::ALL {
        assert!(seen.contains(state.as_str()), "{state} is never written");
    }
}

const NEXT: &str = "ALTER TABLE item ADD COLUMN extra INTEGER NOT NULL DEFAULT 7;";

#[test]
fn an_older_database_is_brought_up_to_date_and_keeps_its_items() {
    let folder = folder();
    let path = path(&folder);
    for number in 1..=migrate::MIGRATIONS.len() {
        let older = folder.path().join(format!("{number}.db"));
        drop(open::writer(&older, &migrate::MIGRATIONS[..number]).unwrap());
        drop(SqliteStore::open(&older).unwrap());
    }
    let store = SqliteStore::open(&path).unwrap();
    let created = store.created().unwrap();
    store
        .enqueue(&Intake::arrival(&[new_item("s", "a")]), at(0))
        .unwrap();
    drop(store);
    let mut later = migrate::MIGRATIONS.to_vec();
    later.push(NEXT);
    let conn = open::writer(&path, &later).unwrap();
    assert_eq!(migrate::version(&conn).unwrap(), migrate::newest(&later));
    let kept: (String, i64) = conn
        .query_row("SELECT instance, extra FROM item", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(kept, ("a".into(), 7));
    let still: Timestamp = conn
        .query_row("SELECT value FROM meta WHERE key = 'created'", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(still, created);
}

#[test]
fn a_migration_that_fails_leaves_the_version_before_it() {
    let folder = folder();
    let path = path(&folder);
    drop(SqliteStore::open(&path).unwrap());
    let mut broken = migrate::MIGRATIONS.to_vec();
    let step = format!("{NEXT} CREATE TABLE item (id INTEGER);");
    broken.push(&step);
    assert!(open::writer(&path, &broken).is_err());
    let conn = Connection::open(&path).unwrap();
    assert_eq!(
        migrate::version(&conn).unwrap(),
        migrate::newest(migrate::MIGRATIONS)
    );
    assert!(conn.prepare("SELECT extra FROM item").is_err());
    drop(conn);
    SqliteStore::open(&path).unwrap();
}

/// What was delivered before lines were kept has one, and what goes then is known too.
#[test]
fn what_an_older_version_delivered_has_its_line() {
    let folder = folder();
    let path = path(&folder);
    let older = open::writer(&path, &migrate::MIGRATIONS[..1]).unwrap();
    older
        .execute_batch(
            "INSERT INTO destination (id, name) VALUES (1, 'pacs');
             INSERT INTO item (destination, state, priority, place, created, completed, class, dimse_status,
                 size_bytes, instance, study, series, patient, sop_instance_uid)
             VALUES (1, 'Success', 1, 0, 1, 7, 'Success', 0, 10, 'a', 's', 'series', 'patient', '1.2'),
                    (1, 'Success', 1, 0, 1, 5, 'Warning', 45056, 10, 'b', 's', 'series', 'patient', '1.3'),
                    (1, 'Pending', 1, 0, 1, NULL, NULL, NULL, 10, 'c', 's', 'series', 'patient', '1.4'),
                    (1, 'Pending', 1, 0, 1, NULL, NULL, NULL, 10, 'd', 't', 'series', 'patient', '1.5');",
        )
        .unwrap();
    drop(older);
    let store = SqliteStore::open(&path).unwrap();
    let lines = || store.deliveries(&Wanted::default(), 0, 10).unwrap();
    let found = lines();
    let [line] = found.as_slice() else {
        panic!("{found:?}")
    };
    let time = Timestamp::from_micros;
    assert_eq!((line.name.study.as_str(), line.instances), ("s", 2));
    assert_eq!((line.warnings, line.bytes), (1, 20));
    assert_eq!((line.first, line.last), (time(5), time(7)));
    assert_eq!(store.prune(at(0), 10).unwrap(), 2);
    assert_eq!(lines(), found);
}
