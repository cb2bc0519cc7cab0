//! What a pass of retention costs over many studies, with a played Orthanc.
//!
//! `cargo bench --bench retention -- [--studies 100000] [--instances 5] [--past]`
//!
//! Every instance was delivered to two destinations that must have it. A thirty-third of the studies is older than 38
//! days, a tenth older than 30, and all are older than 0. `--past`: their items were pruned, as they are after
//! `HistoryDays`.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use OrthancSendQueue::config::{self, Current};
use OrthancSendQueue::item::safe::Content;
use OrthancSendQueue::item::{Clock, Ids, Outcome, Priority, Timestamp};
use OrthancSendQueue::retention::orthanc::Orthanc;
use OrthancSendQueue::retention::study::Held;
use OrthancSendQueue::retention::{Deleter, Leads, Parts};
use OrthancSendQueue::service::Service;
use OrthancSendQueue::store::sqlite::SqliteStore;
use OrthancSendQueue::store::{
    AttemptMade, Claims, Ending, Finish, Intake, Journal, NewItem, Pick, Reception, Retention,
    StudyName,
};
use orthanc_sdk::CallError;
use parking_lot::Mutex;
use serde_json::json;

const DAY: f64 = 86_400.0;
const BEGIN: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);
const DESTINATIONS: [&str; 2] = ["archive", "research"];

/// The first study and its only instance so many times (`:studies`), each with so many instances (`:instances`).
const MULTIPLY: &str = "
    CREATE TEMP TABLE n AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :studies) SELECT i FROM n;
    CREATE TEMP TABLE m AS WITH RECURSIVE m (j) AS (SELECT 1 UNION ALL SELECT j + 1 FROM m WHERE j < :instances) SELECT j FROM m;
    INSERT INTO known_study (study, uid, accession) SELECT 's' || i, '1.3.s' || i, 'A' || i FROM n;
    INSERT INTO delivered (study, destination, first, last)
    SELECT k.id, d.id, 0, iif(k.id % 33 = 0, :day1, iif(k.id % 10 = 0, :day6, :day39))
    FROM known_study k CROSS JOIN destination d WHERE k.study <> 's';
";

const ITEMS: &str = "
    INSERT INTO item (destination, state, priority, grp, place, attempt_count, created, completed, class, dimse_status,
        size_bytes, instance, study, series, patient, sop_instance_uid, rule, file, touched, altered)
    SELECT destination, state, priority, 's' || i, place, 1, created, completed, class, dimse_status,
        size_bytes, 'i' || i || '-' || j, 's' || i, series, patient, '1.2.i' || i || '-' || j, rule,
        'file-i' || i || '-' || j, touched, altered
    FROM n CROSS JOIN m CROSS JOIN item WHERE item.study = 's';
    INSERT INTO attempt (item, number, destination, started, duration_us, class, dimse_status, details)
    SELECT id, 1, destination, 0, 1, 'Success', 0, '' FROM item WHERE study <> 's';
";

const PAST: &str = "
    INSERT INTO past_item (study, destination, instance, item, state, class, dimse_status, completed, size_bytes,
        sop_instance_uid, file, altered)
    SELECT k.id, destination, 'i' || i || '-' || j, i * 10 + j, state, class, dimse_status, completed, size_bytes,
        '1.2.i' || i || '-' || j, 'file-i' || i || '-' || j, altered
    FROM n CROSS JOIN known_study k ON k.study = 's' || i CROSS JOIN m CROSS JOIN item WHERE item.study = 's';
";

/// From day 40 on.
struct At(Arc<Mutex<Timestamp>>);

impl Clock for At {
    fn now(&self) -> Timestamp {
        *self.0.lock()
    }
}

fn day(number: f64) -> Timestamp {
    BEGIN.plus_seconds(number * DAY)
}

/// An Orthanc that has all instances of each study, but what was deleted.
#[derive(Default)]
struct Many {
    instances: u32,
    asked: Mutex<u64>,
    gone: Mutex<HashSet<String>>,
}

impl Many {
    fn held(&self, id: &str) -> Option<Held> {
        let is_there = !self.gone.lock().contains(id);
        is_there.then(|| Held {
            id: id.to_owned(),
            series: "series".to_owned(),
            sop_instance_uid: format!("1.2.{id}"),
            content: Content {
                file: Some(format!("file-{id}")),
                digest: None,
            },
            size_bytes: 524_288,
            received: Some(BEGIN),
        })
    }
}

struct Played(Arc<Many>);

impl Orthanc for Played {
    fn instances(&self, study: &str) -> Result<Vec<Held>, CallError> {
        *self.0.asked.lock() += 1;
        let number = study.trim_start_matches('s');
        let all = (1..=self.0.instances).map(|one| format!("i{number}-{one}"));
        Ok(all.filter_map(|id| self.0.held(&id)).collect())
    }

    fn instance(&self, id: &str) -> Result<Option<Held>, CallError> {
        Ok(self.0.held(id))
    }

    fn is_attached(&self, _: &str, _: &[Held]) -> Result<bool, CallError> {
        Ok(false)
    }

    fn of_uid(&self, _: &str) -> Result<usize, CallError> {
        Ok(1)
    }

    fn delete(&self, id: &str) -> Result<(), CallError> {
        self.0.gone.lock().insert(id.to_owned());
        Ok(())
    }
}

fn settings(days: u32, dry_run: bool) -> config::settings::Settings {
    let configuration = json!({
        "DicomModalities": { "archive": ["A", "a", 104], "research": ["R", "r", 104] },
        "SendQueue": {
            "Retention": { "Safe": DESTINATIONS, "DeleteAfterDays": days, "DryRun": dry_run },
        },
    });
    config::load(&configuration, &|_| None, None).expect("settings")
}

/// The study `s`, delivered to both.
fn first(store: &SqliteStore) {
    let items = DESTINATIONS.map(|destination| NewItem {
        ids: Ids {
            instance: "a".into(),
            sop_instance_uid: "1.2.a".into(),
            series: "series".into(),
            study: "s".into(),
            patient: "patient".into(),
        },
        destination: destination.into(),
        rule: Some("rule".into()),
        remote_aet: None,
        priority: Priority::Medium,
        group: "s".into(),
        place: 0,
        not_before: None,
        latest: None,
        expires: None,
        size_bytes: 524_288,
        failed: None,
        reception: Reception {
            file: Some("file-a".into()),
            ..Reception::default()
        },
    });
    let named = [StudyName {
        study: "s".into(),
        uid: "1.3.s".into(),
        accession: String::new(),
    }];
    let intake = Intake {
        named: &named,
        ..Intake::arrival(&items)
    };
    store.enqueue(&intake, BEGIN).expect("queued");
    for destination in DESTINATIONS {
        let claim = store.claim(destination, Pick::MostUrgent, 1);
        let claim = claim.expect("claimed").expect("an item");
        let attempt = AttemptMade {
            started: BEGIN,
            duration_us: 1,
            outcome: Outcome::of_status(0, ""),
            counted: true,
            sent_as: None,
            altered: Some(false),
            confirm: None,
        };
        let finish = [Finish {
            id: claim.items[0].id,
            ending: Ending::Complete(attempt),
        }];
        (store.finish(claim.token, &finish, BEGIN)).expect("delivered");
    }
}

/// Runs `work` beside somebody who wants the writer all the time; answers how long that one waited at most, in ms.
fn beside_a_writer(store: &SqliteStore, work: impl FnOnce()) -> f64 {
    let ends = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut longest = 0.0_f64;
            while !ends.load(Ordering::Relaxed) {
                let began = Instant::now();
                // It is noted already: nothing but the wait costs anything.
                let noted = [("archive".to_owned(), "a:104".to_owned())];
                store.note_leads(&noted).expect("noted");
                longest = longest.max(began.elapsed().as_secs_f64() * 1e3);
                std::thread::sleep(Duration::from_micros(500));
            }
            longest
        });
        work();
        ends.store(true, Ordering::Relaxed);
        writer.join().unwrap_or(f64::NAN)
    })
}

/// Of a thread of this process.
fn cpu_seconds(thread: &str) -> f64 {
    std::fs::read_to_string(format!("/proc/self/task/{thread}/schedstat"))
        .ok()
        .and_then(|stat| stat.split(' ').next()?.parse::<f64>().ok())
        .map_or(f64::NAN, |nanos| nanos / 1e9)
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let option = |name: &str, default: u32| {
        let mut args = args.iter().skip_while(|arg| *arg != name).skip(1);
        args.next()
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    };
    let (studies, instances) = (option("--studies", 100_000), option("--instances", 5));
    let rows = match args.iter().any(|arg| arg == "--past") {
        true => PAST,
        false => ITEMS,
    };
    let began = Instant::now();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("queue.db");
    let store = Arc::new(SqliteStore::open(&path).expect("a store"));
    store.begin(BEGIN).expect("a start");
    let current = Current::new(settings(30, true));
    let addresses = [("archive", "a:104"), ("research", "r:104")];
    let addresses = addresses.map(|(name, address)| (name.to_owned(), address.to_owned()));
    Leads::new(store.clone(), current.clone())
        .listed(BTreeMap::from(addresses))
        .expect("noted");
    first(&store);
    let conn = rusqlite::Connection::open(&path).expect("a database");
    let mut sql = format!("BEGIN; {MULTIPLY} {rows} COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
    let numbers = [
        (":studies", i64::from(studies)),
        (":instances", i64::from(instances)),
        (":day39", day(39.0).micros()),
        (":day1", day(1.0).micros()),
        (":day6", day(6.0).micros()),
    ];
    for (name, number) in numbers {
        sql = sql.replace(name, &number.to_string());
    }
    conn.execute_batch(&sql).expect("rows");
    drop(conn);
    println!(
        "{studies} studies of {instances} instances at {} destinations, {:.0} s to set up",
        DESTINATIONS.len(),
        began.elapsed().as_secs_f64()
    );

    let many = Arc::new(Many {
        instances,
        ..Many::default()
    });
    let now = Arc::new(Mutex::new(day(40.0)));
    let deleter = Deleter::new(Parts {
        store: store.clone(),
        journal: store.clone(),
        settings: current.clone(),
        clock: Arc::new(At(now.clone())),
        orthanc: Box::new(Played(many.clone())),
        free: Box::new(|_| None),
        look_up: Box::new(|| Ok(())),
    });
    let thread = Mutex::new(None);
    let an_hour_later = || {
        let mut now = now.lock();
        *now = now.plus_seconds(3601.0);
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let own = std::fs::read_link("/proc/thread-self");
            let own = own
                .ok()
                .and_then(|link| Some(link.file_name()?.to_str()?.to_owned()));
            *thread.lock() = Some(own.unwrap_or_default());
            deleter.run();
        });
        let wait = |until: &dyn Fn() -> bool| {
            while !until() {
                std::thread::sleep(Duration::from_millis(2));
            }
        };
        wait(&|| thread.lock().is_some() && deleter.last().is_some() && !deleter.is_running());
        let thread = thread.lock().clone().unwrap_or_default();
        let pass = |what: &str, begin: &dyn Fn()| {
            let before = deleter.last();
            let (asked, cpu, began) = (*many.asked.lock(), cpu_seconds(&thread), Instant::now());
            let is_over = || {
                let last = deleter.last();
                let is_new = match (&last, &before) {
                    (Some(last), Some(before)) => !Arc::ptr_eq(last, before),
                    (last, _) => last.is_some(),
                };
                is_new && !deleter.is_running()
            };
            let waited = beside_a_writer(&store, || {
                begin();
                wait(&is_over);
            });
            let report = deleter.last().expect("a pass");
            println!(
                "{what}: {:.2} s of CPU, {:.1} s, a writer waited {waited:.1} ms at most, Orthanc was asked {} times; \
                 {} go, {} are gone, {} stay",
                cpu_seconds(&thread) - cpu,
                began.elapsed().as_secs_f64(),
                *many.asked.lock() - asked,
                report.goes.studies,
                report.deleted.studies,
                report
                    .reasons
                    .values()
                    .map(|(studies, _)| studies)
                    .sum::<u64>(),
            );
        };
        let other = |days: u32, dry_run: bool| {
            current.replace(settings(days, dry_run));
            deleter.settings_changed();
        };
        for (days, share) in [(30, "a tenth is"), (0, "all are")] {
            pass(&format!("{share} old enough, first"), &|| other(days, true));
            pass(&format!("{share} old enough, next"), &an_hour_later);
            pass(&format!("{share} old enough, asked for"), &|| {
                deleter.want(true)
            });
        }
        pass("a thirty-third goes", &|| other(38, false));
        println!("{} instances are gone", many.gone.lock().len());
        deleter.stop();
    });
}
