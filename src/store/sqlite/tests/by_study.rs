//! Lists of studies: what one page may cost, and by which indexes it goes.

use super::*;
use crate::store::sqlite::{by_study, open};
use crate::store::{Filter, StudyProgress};

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
    // Which instances have several items, too.
    let plan = plans::plan(&conn, sql::REPEATS_STUDY);
    let covering = "SEARCH item USING COVERING INDEX item_study (study=?)";
    assert!(plan.iter().any(|one| one == covering), "{plan:#?}");
    assert!(
        !plan.iter().any(|one| one.contains("TEMP B-TREE")),
        "{plan:#?}"
    );
    let plan = plans::plan(&conn, sql::PROGRESS_STUDY);
    for step in [
        "USING COVERING INDEX item_study (study=?)",
        "SEARCH i USING INTEGER PRIMARY KEY (rowid=?)",
    ] {
        assert!(plan.iter().any(|one| one.contains(step)), "{plan:#?}");
    }
}
