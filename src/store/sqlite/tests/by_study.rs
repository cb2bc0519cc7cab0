//! Lists of studies: what one page may cost, and by which indexes it goes.

use super::*;
use crate::store::sqlite::{by_study, open};
use crate::store::{Filter, Order, Page, StudyProgress};

fn fill(store: &SqliteStore, study: &str, count: usize) {
    let items: Vec<NewItem> = (0..count)
        .map(|number| new_item(study, &format!("{study}-{number}")))
        .collect();
    store.enqueue(&Intake::arrival(&items), at(0)).unwrap();
}

/// However little one page may do, the pages are complete: each has a study at least, or is the end.
#[test]
fn a_page_that_ends_early_is_gone_on_from() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    // The large one is met on each page, since it has an item everywhere; it is the whole bottom.
    for round in 0..12 {
        fill(&store, &format!("small {round}"), 3);
        let late = new_item("large", &format!("late {round}"));
        store.enqueue(&Intake::arrival(&[late]), at(0)).unwrap();
        if round % 4 == 0 {
            fill(&store, &format!("middle {round}"), 1200);
        }
    }
    let whole = store.studies(&Filter::default(), 0, 1000).unwrap();
    assert_eq!(whole.len(), 12 + 3 + 1);
    let failed = Filter {
        states: Some(crate::item::State::Failure.into()),
        ..Filter::default()
    };
    for most_work in [1, 5, 100, 1201, 50_000] {
        let mut found: Vec<StudyProgress> = Vec::new();
        let mut pages = 0;
        loop {
            let since = found.last().map_or(0, |study| study.newest);
            let filter = Filter::default();
            let page = by_study::within(&store.pool, &filter, since, 1000, most_work).unwrap();
            if page.is_empty() {
                break;
            }
            pages += 1;
            found.extend(page);
        }
        assert_eq!(found, whole, "{most_work}");
        assert_eq!(pages > 1, most_work < 50_000, "{most_work}: {pages} pages");
        let none = by_study::within(&store.pool, &failed, 0, 1000, most_work).unwrap();
        assert_eq!(none, []);
    }
}

/// Of many that arrive in turn each page meets those that were on a page before: they stay passed over, whatever one
/// snapshot may do.
#[test]
fn studies_in_turn_are_gone_through_with_little_work() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    let items: Vec<NewItem> = (0..3000)
        .map(|number| new_item(&format!("study {}", number % 30), &format!("i{number}")))
        .collect();
    store.enqueue(&Intake::arrival(&items), at(0)).unwrap();
    let all = Filter::default();
    let whole = store.studies(&all, 0, 1000).unwrap();
    assert_eq!(whole.len(), 30);
    for most_work in [1, 7, 100, 1000] {
        let mut found = Vec::new();
        while found.len() < 30 {
            let since = found.last().map_or(0, |study: &StudyProgress| study.newest);
            let page = by_study::within(&store.pool, &all, since, 4, most_work).unwrap();
            assert!(!page.is_empty());
            found.extend(page);
        }
        assert_eq!(found, whole, "{most_work}");
        let end = by_study::within(&store.pool, &all, whole[29].newest, 4, most_work).unwrap();
        assert_eq!(end, [], "{most_work}");
    }
}

/// A study's items beside each other are leapt over: each is looked at once, where its study is met.
#[test]
fn neighbours_are_leapt_over() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    for study in 0..10 {
        fill(&store, &format!("study {study}"), 300);
    }
    let all = Filter::default();
    let page = by_study::within(&store.pool, &all, 0, 1000, 10 * 300 + 10 + 1).unwrap();
    assert_eq!(page.len(), 10);
}

/// Several parts are merged up to a horizon, one after the other, in both directions.
#[test]
fn what_lies_far_apart_is_found() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    for (round, last) in [0, 5_000, 9_000, 70_000, 3_000_000].into_iter().enumerate() {
        let writer = store.pool.writer().unwrap();
        let sql = "UPDATE sqlite_sequence SET seq = max(seq, ?1) WHERE name = 'item'";
        writer.execute(sql, [last]).unwrap();
        drop(writer);
        for number in 0..40 {
            let mut new = new_item(
                &format!("study {round} {}", number % 3),
                &format!("i{round} {number}"),
            );
            new.destination = format!("destination {}", number % (round + 2));
            new.priority = Priority::ALL[number / 2 % 4];
            store.enqueue(&Intake::arrival(&[new]), at(0)).unwrap();
        }
    }
    // Of this there is one part, which has no horizon.
    let all = store
        .items(&Filter::default(), Page::after(0, 1000))
        .unwrap();
    let mut made: Vec<i64> = all.into_iter().map(|item| item.id).collect();
    assert_eq!(made.len(), 5 * 40);
    let filter = Filter {
        states: Some(crate::item::State::Pending.into()),
        ..Filter::default()
    };
    for limit in [1, 7, 1000] {
        for order in [Order::Ascending, Order::Descending] {
            let mut page = Page {
                since: 0,
                limit,
                order,
            };
            let mut found = Vec::new();
            loop {
                let items = store.items(&filter, page).unwrap();
                let Some(last) = items.last() else {
                    break;
                };
                page.since = last.id;
                found.extend(items.into_iter().map(|item| item.id));
            }
            assert_eq!(found, made, "{limit} {order:?}");
            made.reverse();
        }
    }
    let studies = store.studies(&filter, 0, 1000).unwrap();
    let newest: Vec<i64> = studies.iter().map(|study| study.newest).collect();
    let expected = made
        .chunks(40)
        .rev()
        .flat_map(|round| round[37..].iter().rev());
    assert_eq!(newest, expected.copied().collect::<Vec<_>>());
}

/// What is passed over is known from an index: no item of it is read.
#[test]
fn a_study_s_items_are_learnt_from_an_index() {
    let folder = folder();
    drop(SqliteStore::open(&path(&folder)).unwrap());
    let conn = open::reader(&path(&folder)).unwrap();
    let plan = plans::plan(&conn, sql::STUDY_ITEMS);
    assert_eq!(
        plan,
        ["SEARCH item USING COVERING INDEX item_study (study=?)"]
    );
}
