//! The journal: what of it a full disk, a damaged table and a flood leave.

use super::*;
use crate::item::{Event, State};
use crate::store::{Asker, Chronicle, Entry, MOST_ENTRIES, Outage, Period};

fn entries(store: &SqliteStore) -> Vec<Entry> {
    let period = Period {
        from: at(-1),
        until: at(1_000_000),
        destination: None,
        event: None,
    };
    store.entries(&period, 0, 1_000_000).unwrap()
}

fn asker() -> Asker {
    Asker::new(Some("alice".into()), at(5))
}

#[test]
fn a_flood_is_bounded_and_the_newest_stay() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    let more = 250;
    {
        let writer = store.pool.writer().unwrap();
        let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
                    INSERT INTO event (time, kind) SELECT ?2, ?3 FROM n";
        writer
            .execute(fill, (MOST_ENTRIES + more, at(5), Event::Paused))
            .unwrap();
    }
    let forget = || store.forget_before(at(0), MOST_ENTRIES, 100).unwrap();
    let steps = [forget(), forget(), forget(), forget()];
    assert_eq!(steps.map(|one| one.over), [100, 100, 50, 0]);
    assert!(steps.iter().all(|one| one.old == 0));
    let left = entries(&store);
    assert_eq!(left.len(), MOST_ENTRIES as usize);
    assert_eq!(left[0].id, i64::from(more) + 1);
}

/// What went from between is none of those that are too many.
#[test]
fn gaps_between_entries_push_out_none() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    {
        let writer = store.pool.writer().unwrap();
        let fill = "INSERT INTO event (id, time, kind) VALUES (1, ?1, ?3), (?2 + 10, ?1, ?3)";
        writer
            .execute(fill, (at(5), MOST_ENTRIES, Event::Paused))
            .unwrap();
    }
    let forgotten = store.forget_before(at(0), MOST_ENTRIES, 100).unwrap();
    assert_eq!(forgotten.over, 0);
    assert_eq!(entries(&store).len(), 2);
}

/// What cannot be told is done all the same.
#[test]
fn a_damaged_journal_undoes_nothing() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    let items = [new_item("s", "a"), new_item("s", "b")];
    store.enqueue(&Intake::arrival(&items), at(0)).unwrap();
    let writer = store.pool.writer().unwrap();
    writer.execute_batch("DROP TABLE event").unwrap();
    drop(writer);
    let outage = Outage {
        since: at(1),
        failures: 1,
    };
    asker().during(|| {
        store.cancel(1, at(5)).unwrap();
        store.set_paused("pacs", true, at(5)).unwrap();
        store.set_outage("pacs", Some(&outage), "", at(5)).unwrap();
        store.begin(at(5)).unwrap();
        store.stopped_well(at(5)).unwrap();
    });
    let record = store.destination("pacs").unwrap().unwrap();
    assert_eq!(record.counts.get(State::Cancelled), 1);
    assert_eq!(record.paused_since, Some(at(5)));
    assert_eq!(record.outage, Some(outage));
}

/// What needs no room but for its entry is done without it.
#[test]
fn an_outage_is_kept_on_a_full_disk() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    store
        .enqueue(&Intake::arrival(&[new_item("s", "a")]), at(0))
        .unwrap();
    store.limit_growth(Some(0));
    let outage = Outage {
        since: at(1),
        failures: 1,
    };
    let why = "x".repeat(300);
    let mut kept = 0;
    for second in 0..300 {
        store
            .set_outage("pacs", Some(&outage), &why, at(second))
            .unwrap();
        store.set_outage("pacs", None, "", at(second)).unwrap();
        kept += 1;
    }
    assert!(entries(&store).len() < 2 * kept, "the disk is full");
    assert_eq!(store.destination("pacs").unwrap().unwrap().outages, 300);
}
