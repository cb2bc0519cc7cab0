//! The size of the database over a month of steady load, and how long the steps that keep it bounded hold the writer.
//!
//! `cargo bench --bench month -- [--instances-a-day 400000] [--days 30] [--history-days 7] [--dir FOLDER]`
//!
//! Every instance goes to three destinations. A day is: enqueue, claim and finish all of it, prune what is older than
//! the history.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use OrthancSendQueue::item::{Class, Ids, Outcome, Priority, Timestamp};
use OrthancSendQueue::store::sqlite::SqliteStore;
use OrthancSendQueue::store::{
    AttemptMade, Book, Claims, Ending, Finish, Intake, Journal, NewItem, Pick, StoreError, Upkeep,
};

const DESTINATIONS: [&str; 3] = ["pacs", "archive", "research"];
const BEGIN: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);
const DAY: Duration = Duration::from_secs(86_400);
const PER_STUDY: u64 = 250;
const PRUNE_STEP: u32 = 1000;

fn main() -> Result<(), StoreError> {
    let option = |name: &str, default: u64| {
        let mut args = std::env::args().skip_while(|arg| arg != name).skip(1);
        args.next()
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    };
    let per_day = option("--instances-a-day", 20_000);
    let days = option("--days", 30);
    let history = option("--history-days", 7);
    let dir = std::env::args()
        .skip_while(|arg| arg != "--dir")
        .nth(1)
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = tempfile::tempdir_in(dir).expect("a folder");
    let store = SqliteStore::open(&folder.path().join("queue.db"))?;
    println!("{per_day} instances a day to 3 destinations, history of {history} days");
    println!("| day | items kept | MiB | longest prune step (ms) |");
    println!("|---:|---:|---:|---:|");
    for day in 0..days {
        let now = BEGIN.plus(DAY * u32::try_from(day).unwrap_or(u32::MAX));
        one_day(&store, day, per_day, now)?;
        let before = now.plus_seconds(-(history as f64) * DAY.as_secs_f64());
        let longest = prune(&store, before)?;
        let kept: u64 = store
            .destinations()?
            .iter()
            .map(|record| record.counts.get(OrthancSendQueue::item::State::Success))
            .sum();
        println!(
            "| {} | {kept} | {} | {:.1} |",
            day + 1,
            store.size_bytes()? >> 20,
            longest.as_secs_f64() * 1e3
        );
    }
    Ok(())
}

fn one_day(store: &SqliteStore, day: u64, per_day: u64, now: Timestamp) -> Result<(), StoreError> {
    let mut number = day * per_day;
    let end = number + per_day;
    while number < end {
        let upto = (number + 100).min(end);
        let items: Vec<NewItem> = (number..upto)
            .flat_map(|one| DESTINATIONS.map(|name| item(one, name)))
            .collect();
        store.enqueue(&Intake::arrival(&items), now)?;
        number = upto;
    }
    for name in DESTINATIONS {
        while let Some(claim) = store.claim(name, Pick::MostUrgent, 100)? {
            let results: Vec<Finish> = claim
                .items
                .iter()
                .map(|item| Finish {
                    id: item.id,
                    ending: Ending::Complete(AttemptMade {
                        started: now,
                        duration_us: 5000,
                        outcome: Outcome::new(Class::Success, ""),
                        counted: true,
                        sent_as: None,
                        altered: Some(false),
                        confirm: None,
                    }),
                })
                .collect();
            store.finish(claim.token, &results, now)?;
        }
    }
    Ok(())
}

/// Answers the longest step.
fn prune(store: &SqliteStore, before: Timestamp) -> Result<Duration, StoreError> {
    let mut longest = Duration::ZERO;
    loop {
        let begun = Instant::now();
        let removed = store.prune(before, PRUNE_STEP)?;
        longest = longest.max(begun.elapsed());
        if removed < u64::from(PRUNE_STEP) {
            return Ok(longest);
        }
    }
}

fn item(number: u64, destination: &str) -> NewItem {
    // As random as Orthanc's identifiers, which are hashes.
    let id = |kind: u64, number: u64| {
        let mixed = (number ^ (kind << 56)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        format!("{mixed:016x}-{kind:08x}-{number:018x}")
    };
    let study = id(2, number / PER_STUDY);
    NewItem {
        ids: Ids {
            instance: id(1, number),
            sop_instance_uid: format!("2.25.{number}"),
            series: id(3, number / PER_STUDY),
            study: study.clone(),
            patient: id(4, number / PER_STUDY),
        },
        destination: destination.to_owned(),
        rule: Some("all".to_owned()),
        remote_aet: Some("CT1".to_owned()),
        priority: Priority::Medium,
        group: study,
        place: 0,
        not_before: None,
        latest: None,
        expires: Some(BEGIN.plus(DAY * 1000)),
        size_bytes: 524_288,
        failed: None,
        reception: OrthancSendQueue::store::Reception::default(),
    }
}
