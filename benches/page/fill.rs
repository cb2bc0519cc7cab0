//! A million items as a busy week leaves them.

use std::path::Path;

use OrthancSendQueue::item::{Class, Clock, Ids, Outcome, Priority, SystemClock, Timestamp};
use OrthancSendQueue::store::sqlite::SqliteStore;
use OrthancSendQueue::store::{
    AttemptMade, Claims, Ending, Finish, Intake, Journal, NewItem, Pick, Reception,
};

const DESTINATIONS: u64 = 30;
const PER_STUDY: u64 = 50;
const STEP: u64 = 1000;
const TRIED: u64 = 800_000;
const WAITING: u64 = 200_000;
const DAYS: f64 = 6.0;
const SECONDS_PER_DAY: f64 = 86_400.0;

/// What there is to look at.
pub struct Filled {
    pub failed: i64,
    pub sent: i64,
    /// A study of which Orthanc knows nothing (any more).
    pub study: String,
}

pub fn destinations() -> Vec<String> {
    (0..DESTINATIONS).map(destination).collect()
}

fn destination(number: u64) -> String {
    match number {
        0 => "pacs".to_owned(),
        1 => "archive".to_owned(),
        _ => format!("hospital-{number}"),
    }
}

pub fn fill(database: &Path) -> Filled {
    let store = SqliteStore::open(database).expect("the store");
    let now = SystemClock.now();
    for first in (0..TRIED).step_by(STEP as usize) {
        let ago = DAYS * SECONDS_PER_DAY * (TRIED - first) as f64 / TRIED as f64;
        let time = now.plus_seconds(-ago);
        enqueue(&store, first, time, None);
        work(&store, time, |id| {
            if id % 8 < 3 {
                Ending::Fail(made(failure(id / 8), time))
            } else {
                Ending::Complete(made(Outcome::of_status(0, ""), time))
            }
        });
    }
    let tomorrow = now.plus_seconds(SECONDS_PER_DAY);
    let mut first = TRIED;
    // 4,000 wait for their retry, 4,000 for the end of their quiet period.
    for _ in 0..4 {
        enqueue(&store, first, now, None);
        work(&store, now, |_| Ending::Retry {
            at: tomorrow,
            attempt: made(Outcome::of_status(0xA700, "Refused: Out of Resources"), now),
        });
        first += STEP;
    }
    for _ in 0..4 {
        enqueue(&store, first, now, Some(tomorrow));
        first += STEP;
    }
    while first < TRIED + WAITING {
        enqueue(&store, first, now, None);
        first += STEP;
    }
    Filled {
        // What `work` does to them.
        failed: 400_000,
        sent: 400_004,
        study: study(400_000 / PER_STUDY),
    }
}

fn enqueue(store: &SqliteStore, first: u64, now: Timestamp, not_before: Option<Timestamp>) {
    let items: Vec<NewItem> = (first..first + STEP)
        .map(|number| item(number, not_before))
        .collect();
    store
        .enqueue(&Intake::arrival(&items), now)
        .expect("enqueued");
}

/// Claims and finishes all that is pending.
fn work(store: &SqliteStore, now: Timestamp, verb: impl Fn(i64) -> Ending) {
    for name in destinations() {
        while let Some(claim) = store
            .claim(&name, Pick::MostUrgent, PER_STUDY as u32)
            .expect("claimed")
        {
            let results: Vec<Finish> = claim
                .items
                .iter()
                .map(|item| Finish {
                    id: item.id,
                    ending: verb(item.id),
                })
                .collect();
            store.finish(claim.token, &results, now).expect("finished");
        }
    }
}

/// Four kinds at each destination.
fn failure(number: i64) -> Outcome {
    match number % 4 {
        0 => Outcome::of_status(0xA900, "Data Set does not match SOP Class"),
        1 => Outcome::of_status(0xC000, "Cannot understand"),
        2 => Outcome::of_status(0xA700, "Refused: Out of Resources"),
        _ => Outcome::new(
            Class::Missing,
            "Orthanc does not have the instance any more",
        ),
    }
}

fn made(outcome: Outcome, now: Timestamp) -> AttemptMade {
    AttemptMade {
        started: now,
        duration_us: 4200,
        counted: outcome.class.reached_destination(),
        sent_as: None,
        altered: Some(false),
        confirm: None,
        outcome,
    }
}

/// Of Orthanc's form (SHA-1), and as random as they are in life.
fn identifier(kind: u64, number: u64) -> String {
    let mut random = fastrand::Rng::with_seed(kind << 56 ^ number);
    let parts: Vec<String> = (0..5).map(|_| format!("{:08x}", random.u32(..))).collect();
    parts.join("-")
}

fn study(number: u64) -> String {
    identifier(1, number)
}

fn item(number: u64, not_before: Option<Timestamp>) -> NewItem {
    let of_study = number / PER_STUDY;
    NewItem {
        ids: Ids {
            instance: identifier(3, number),
            sop_instance_uid: format!("1.2.826.0.1.3680043.8.498.{of_study}.{number:020}"),
            series: identifier(2, number / 50),
            study: study(of_study),
            patient: identifier(0, of_study),
        },
        destination: destination(of_study % DESTINATIONS),
        rule: Some("all".to_owned()),
        remote_aet: Some("MODALITY".to_owned()),
        priority: Priority::ALL[of_study as usize % Priority::ALL.len()],
        group: study(of_study),
        place: 0,
        not_before,
        latest: None,
        expires: None,
        size_bytes: 524_288,
        failed: None,
        reception: Reception::default(),
    }
}
