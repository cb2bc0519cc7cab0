//! What a person does to all that fits a filter: by which indexes, in which steps, and what breaks it off.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rusqlite::{Connection, StatementStatus};

use super::*;
use crate::item::{Event, State};
use crate::store::sqlite::{list, open, sql};
use crate::store::{Among, Asker, Chronicle, Filter, Operation, Period, Pick, StoreError, Sweep};

fn sweep<'a>(operation: &'a Operation, filter: &'a Filter) -> Sweep<'a> {
    Sweep {
        operation,
        among: Among::Waiting,
        filter,
        now: at(1),
        expires: &|_| None,
        dry_run: false,
        at_most: None,
        goes_on: &|| true,
    }
}

/// What the statement that reads most has done, in SQLite's steps, in the reader that the sweep has used.
fn steps_of_listing(store: &SqliteStore) -> i32 {
    let mut reader = store.pool.reader().unwrap();
    let tx = reader.snapshot().unwrap();
    let list = tx.prepare_cached(sql::LIST_CELL).unwrap();
    list.get_status(StatementStatus::VmStep)
}

/// What a sweep by rule reads, where half of the items are of another rule, and of other destinations.
fn steps_by_rule(count: usize, dry_run: bool) -> i32 {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    let items: Vec<NewItem> = (0..count)
        .map(|number| {
            let mut new = new_item(&format!("s{}", number % 7), &format!("instance {number}"));
            let wanted = number % 2 == 0;
            // Those that are listed first have none of the rule.
            new.destination = if wanted {
                "z"
            } else {
                ["a", "b", "c"][number % 3]
            }
            .into();
            new.rule = Some(if wanted { "wanted" } else { "other" }.into());
            new
        })
        .collect();
    store.enqueue(&Intake::arrival(&items), at(0)).unwrap();
    let filter = Filter {
        rule: Some("wanted".into()),
        ..Filter::default()
    };
    let sweep = Sweep {
        dry_run,
        at_most: None,
        ..sweep(&Operation::Cancel, &filter)
    };
    assert_eq!(store.operate(&sweep).unwrap().done, count as u64 / 2);
    steps_of_listing(&store)
}

#[test]
fn a_sweep_passes_over_each_item_once() {
    for dry_run in [false, true] {
        let (few, many) = (steps_by_rule(2000, dry_run), steps_by_rule(12_000, dry_run));
        assert!(few >= 2000, "{few}: nothing was counted");
        assert!(
            many < 7 * few,
            "{few} steps for 2,000 items, {many} for 12,000"
        );
    }
}

#[test]
fn what_the_filter_rules_out_is_not_read() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    fill(&store, 1000);
    let medium = Operation::Prioritize(Priority::Medium);
    let to = Operation::Redirect { to: "pacs".into() };
    for operation in [medium, to] {
        let filter = Filter::default();
        let sweep = sweep(&operation, &filter);
        assert_eq!(store.operate(&sweep).unwrap().done, 0);
        let steps = steps_of_listing(&store);
        assert!(steps < 1000, "{operation:?}: {steps}");
    }
}

#[test]
fn wide_gaps_between_ids_are_leapt_over() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    for (last, study) in [(0, "a"), (150_000, "b"), (i64::from(i32::MAX), "c")] {
        let writer = store.pool.writer().unwrap();
        let sql = "UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'item'";
        writer.execute(sql, [last]).unwrap();
        drop(writer);
        let items = ["1", "2", "3"].map(|number| new_item(study, &format!("{study}{number}")));
        store.enqueue(&Intake::arrival(&items), at(0)).unwrap();
    }
    let filter = Filter::default();
    let dry = Sweep {
        dry_run: true,
        at_most: None,
        ..sweep(&Operation::Cancel, &filter)
    };
    assert_eq!(store.operate(&dry).unwrap().done, 9);
    let asked = AtomicUsize::new(0);
    let goes_on = || asked.fetch_add(1, Ordering::Relaxed) < 20;
    let sweep = Sweep {
        goes_on: &goes_on,
        ..sweep(&Operation::Cancel, &filter)
    };
    assert_eq!(store.operate(&sweep).unwrap().done, 9);
    assert_eq!(store.counts().unwrap().get(State::Cancelled), 9);
}

fn fill(store: &SqliteStore, count: usize) {
    let items: Vec<NewItem> = (0..count)
        .map(|number| new_item(&format!("s{}", number % 7), &format!("instance {number}")))
        .collect();
    store.enqueue(&Intake::arrival(&items), at(0)).unwrap();
}

#[test]
fn each_filter_of_what_waits_goes_by_an_index() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    fill(&store, 10);
    let conn = open::reader(&path(&folder)).unwrap();
    let all = || Filter {
        states: Some([State::Pending, State::Running].into_iter().collect()),
        ..Filter::default()
    };
    let some = |text: &str| Some(text.to_owned());
    for (filter, index) in [
        (
            all(),
            "INDEX item_queue (destination=? AND state=? AND priority=?",
        ),
        (
            Filter {
                destination: some("pacs"),
                ..all()
            },
            "INDEX item_queue (destination=? AND state=? AND priority=?",
        ),
        (
            Filter {
                rule: some("rule"),
                ..all()
            },
            "INDEX item_queue (destination=? AND state=? AND priority=?",
        ),
        (
            Filter {
                created_before: Some(at(7)),
                except_destination: some("archive"),
                except_priority: Some(Priority::Stat),
                ..all()
            },
            "INDEX item_queue (destination=? AND state=? AND priority=? AND rowid>? AND rowid<?)",
        ),
        (
            Filter {
                study: some("s1"),
                ..all()
            },
            "INDEX item_study (study=?)",
        ),
        (
            Filter {
                ids: Some(vec![1]),
                destination: some("pacs"),
                ..all()
            },
            "INTEGER PRIMARY KEY (rowid=?)",
        ),
    ] {
        let statements = list::statements(&conn, &filter).unwrap();
        assert!(!statements.is_empty());
        for sql in statements {
            let plan = plans::plan(&conn, sql);
            let found = plan.iter().any(|step| step.contains(index));
            assert!(found, "{filter:?}: {plan:#?}");
        }
    }
}

/// `cargo test --release --lib sweep_by_rule_takes -- --ignored --nocapture`
#[test]
#[ignore = "measures, and asserts nothing"]
fn how_much_a_sweep_by_rule_takes_of_how_many() {
    for count in [25_000, 50_000, 100_000, 200_000] {
        let start = Instant::now();
        let steps = steps_by_rule(count, false);
        println!(
            "{count} items: {steps} steps, {:?} with filling",
            start.elapsed()
        );
    }
}

#[test]
fn a_panic_in_the_middle_undoes_its_step_alone() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    fill(&store, 2500);
    let asked = AtomicUsize::new(0);
    let expires = |_: &str| {
        assert!(
            asked.fetch_add(1, Ordering::Relaxed) != 1500,
            "in the middle"
        );
        None
    };
    let to = Operation::Redirect {
        to: "archive".into(),
    };
    let filter = Filter::default();
    let sweep = Sweep {
        expires: &expires,
        ..sweep(&to, &filter)
    };
    let broken = catch_unwind(AssertUnwindSafe(|| as_alice(|| store.operate(&sweep))));
    assert!(broken.is_err());
    let waiting = |name: &str| {
        let record = store.destination(name).unwrap();
        record.map_or(0, |record| record.counts.get(State::Pending))
    };
    let done = waiting("archive");
    assert!((1..=1500).contains(&done), "{done}");
    assert_eq!(waiting("pacs"), 2500 - done);
    assert_eq!(told(&store), done, "what was done is in the journal");
    assert_eq!(store.operate(&sweep).unwrap().done, 2500 - done);
    assert_eq!((waiting("archive"), waiting("pacs")), (2500, 0));
}

/// Items of which the journal says that a person redirected them.
fn told(store: &SqliteStore) -> u64 {
    let always = Period {
        from: at(-1),
        until: at(100),
        destination: None,
        event: Some(Event::Redirected),
    };
    let entries = store.entries(&always, 0, 10).unwrap();
    entries.iter().filter_map(|entry| entry.count).sum()
}

#[test]
fn a_stop_breaks_it_off_between_two_steps() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    fill(&store, 2500);
    let steps = AtomicUsize::new(0);
    let filter = Filter::default();
    let to = Operation::Redirect {
        to: "archive".into(),
    };
    // It lists, and does one step.
    let goes_on = || steps.fetch_add(1, Ordering::Relaxed) < 2;
    let sweep = Sweep {
        goes_on: &goes_on,
        ..sweep(&to, &filter)
    };
    let broken = as_alice(|| store.operate(&sweep));
    assert!(matches!(broken, Err(StoreError::Stopping)), "{broken:?}");
    let record = store.destination("archive").unwrap().unwrap();
    let done = record.counts.get(State::Pending);
    assert!((1..=1000).contains(&done), "{done}");
    assert_eq!(told(&store), done);
}

fn as_alice<T>(work: impl FnOnce() -> T) -> T {
    Asker::new(Some("alice".into()), at(1)).during(work)
}

#[test]
fn another_program_s_lock_changes_nothing_and_passes() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    fill(&store, 50);
    let writer = store.pool.writer().unwrap();
    writer.busy_timeout(Duration::ZERO).unwrap();
    drop(writer);
    let other = Connection::open(path(&folder)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let filter = Filter::default();
    let sweep = sweep(&Operation::Cancel, &filter);
    let locked = store.operate(&sweep);
    assert!(matches!(locked, Err(StoreError::Locked(_))), "{locked:?}");
    assert_eq!(store.counts().unwrap().get(State::Pending), 50);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(store.operate(&sweep).unwrap().done, 50);
}

/// Workers claim and finish while all that waits is cancelled: each item is done with once.
#[test]
fn workers_and_a_sweep_share_the_queue() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    store.begin(at(0)).unwrap();
    fill(&store, 3000);
    let claimed = store.claim("pacs", Pick::MostUrgent, 3).unwrap().unwrap();
    let sent = AtomicUsize::new(claimed.items.len());
    let over = AtomicBool::new(false);
    let operated = std::thread::scope(|scope| {
        let worker = || {
            while !over.load(Ordering::Relaxed) {
                if let Some(claim) = store.claim("pacs", Pick::MostUrgent, 5).unwrap() {
                    sent.fetch_add(claim.items.len(), Ordering::Relaxed);
                }
            }
        };
        let workers = [scope.spawn(worker), scope.spawn(worker)];
        let filter = Filter::default();
        let operated = store.operate(&sweep(&Operation::Cancel, &filter)).unwrap();
        over.store(true, Ordering::Relaxed);
        for worker in workers {
            worker.join().unwrap();
        }
        operated
    });
    let counts = store.counts().unwrap();
    let sent = sent.into_inner() as u64;
    assert_eq!(counts.get(State::Cancelled), operated.done);
    assert_eq!(counts.get(State::Running), sent);
    assert_eq!(
        operated.done + sent,
        3000,
        "nothing is lost, nothing done twice"
    );
    let ids: Vec<i64> = claimed.items.iter().map(|item| item.id).collect();
    assert_eq!(store.still_claimed(claimed.token, &ids).unwrap(), ids);
    assert!(operated.running >= 3);
}

/// `cargo test --release --lib how_long_a_sweep -- --ignored --nocapture`
#[test]
#[ignore = "measures, and asserts nothing: a million items"]
fn how_long_a_sweep_keeps_others_from_writing() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    store.begin(at(0)).unwrap();
    for batch in 0..1000 {
        let items: Vec<NewItem> = (0..1000)
            .map(|number| {
                let mut new = new_item(&format!("s{batch}"), &format!("i{batch}-{number}"));
                new.destination = ["pacs", "archive", "research"][batch % 3].into();
                new.destination = format!("{}-{}", new.destination, batch % 10);
                new.rule = (batch % 10 < 3).then(|| "rule".to_owned());
                new
            })
            .collect();
        store.enqueue(&Intake::arrival(&items), at(0)).unwrap();
    }
    println!("there are {} items", store.counts().unwrap().open());
    let rule = Filter {
        rule: Some("rule".into()),
        ..Filter::default()
    };
    for (operation, filter) in [
        (Operation::Prioritize(Priority::High), &rule),
        (Operation::Redirect { to: "other".into() }, &rule),
        (Operation::Cancel, &rule),
    ] {
        let over = AtomicBool::new(false);
        let (operated, took, waits) = std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut waits = Vec::new();
                while !over.load(Ordering::Relaxed) {
                    let start = Instant::now();
                    store.check_writable().unwrap();
                    waits.push(start.elapsed());
                }
                waits.sort_unstable();
                waits
            });
            let start = Instant::now();
            let operated = store.operate(&sweep(&operation, filter)).unwrap();
            let took = start.elapsed();
            over.store(true, Ordering::Relaxed);
            (operated, took, writer.join().unwrap())
        });
        let part = |of: f64| waits.get((waits.len() as f64 * of) as usize);
        println!(
            "{operation:?}: {} items in {took:?}; another writer waited {:?} (median), {:?} (99 %), {:?} at most",
            operated.done,
            part(0.5),
            part(0.99),
            waits.last()
        );
    }
}
