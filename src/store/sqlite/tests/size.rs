//! What the questions of the page cost with a million items. Measures, and asserts nothing.

use std::time::{Duration, Instant};

use fastrand::Rng;

use super::*;
use crate::item::{Class, Event, Outcome, State};
use crate::store::{
    AttemptMade, Chronicle, Ending, Entry, FailureKinds, Filter, Finish, Hour, Level, Order, Page,
    Period, Pick, Sources, StatusFilter,
};

const STUDIES: u64 = 20_000;
/// Of each at each of its two destinations.
const INSTANCES: u64 = 20;
const DESTINATIONS: u64 = 30;
/// One study more, with so many items.
const LARGE: u64 = 100_000;
/// And so many, of which an item each arrives in turn, as often as this.
const TURNS: [u64; 2] = [200, 500];
/// Items that arrive together, of a few studies.
const BATCH: u64 = 1000;
/// Of a hundred items.
const FAILED: u64 = 30;
const WAITING: u64 = 10;
const DAY: i64 = 86_400;

/// As random as Orthanc's identifiers are.
fn identifier(of: u64) -> String {
    let mut random = Rng::with_seed(of);
    let parts: Vec<String> = (0..5).map(|_| format!("{:08x}", random.u32(..))).collect();
    parts.join("-")
}

fn named(number: u64) -> String {
    format!("destination{:02}", number % DESTINATIONS)
}

/// What an instance is: its study, and the item's number of all.
fn made(study: u64, number: u64, destination: u64) -> NewItem {
    let mut new = new_item(&identifier(study), &identifier(1_000_000 + number));
    new.destination = named(destination);
    let statuses = [0xA900, 0xC000, 0x0122, 0xA901, 0xC001];
    let refused = statuses[(number % 5) as usize];
    // Neighbours have different fates.
    let fate = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    let text = format!("answered with {refused:04X}, reason {}", number % 17);
    new.failed = (fate % 100 < FAILED).then(|| Outcome::of_status(refused, text));
    new
}

fn fill(store: &SqliteStore, studies: u64, large: u64, turns: [u64; 2]) {
    let mut items = Vec::new();
    let mut number = 0;
    let mut enqueue = |items: &mut Vec<NewItem>, least: u64| {
        if items.len() as u64 >= least {
            number += 1;
            let now = at(number * DAY / 1000);
            store.enqueue(&Intake::arrival(items), now).unwrap();
            items.clear();
        }
    };
    // Four studies arrive at a time.
    for first in (0..studies).step_by(4) {
        for instance in 0..INSTANCES {
            for study in first..(first + 4).min(studies) {
                let number = study * INSTANCES + instance;
                items.push(made(study, number, study));
                items.push(made(study, number, study / 7 + 1));
            }
        }
        enqueue(&mut items, BATCH);
        if first == studies / 8 * 4 {
            for instance in 0..large {
                items.push(made(STUDIES, 10_000_000 + instance, 3));
                enqueue(&mut items, BATCH);
            }
        }
    }
    for turn in 0..turns[1] {
        for study in 0..turns[0] {
            let number = 20_000_000 + turn * turns[0] + study;
            items.push(made(STUDIES + 1 + study, number, 5));
        }
        enqueue(&mut items, BATCH);
    }
    enqueue(&mut items, 1);
    deliver(store);
}

/// All but a tenth of what waits.
fn deliver(store: &SqliteStore) {
    for name in (0..DESTINATIONS).map(named) {
        let record = store.destination(&name).unwrap().unwrap();
        let waiting = record.counts.get(State::Pending);
        let keep = waiting * WAITING / (100 - FAILED);
        let mut left = waiting - keep;
        while let Some(claim) = (left > 0)
            .then(|| store.claim(&name, Pick::MostUrgent, 500).unwrap())
            .flatten()
        {
            let attempt = AttemptMade {
                started: at(DAY),
                duration_us: 5,
                outcome: Outcome::of_status(0, ""),
                counted: true,
                sent_as: None,
                altered: Some(false),
                confirm: None,
            };
            let results: Vec<Finish> = claim
                .items
                .iter()
                .map(|item| Finish {
                    id: item.id,
                    ending: Ending::Complete(attempt.clone()),
                })
                .collect();
            store.finish(claim.token, &results, at(DAY)).unwrap();
            left = left.saturating_sub(results.len() as u64);
        }
    }
}

fn tell(store: &SqliteStore) {
    let hours: Vec<Hour> = (0..168)
        .flat_map(|hour| {
            (0..DESTINATIONS).map(move |destination| Hour {
                destination: named(destination),
                hour: at(DAY).micros() / 3_600_000_000 - hour,
                sent: 100,
                bytes: 1,
                failed: 1,
            })
        })
        .collect();
    store.count_hours(&hours, at(DAY)).unwrap();
    for number in 0..2000 {
        let event = [Event::OutageBegan, Event::OutageEnded][number % 2];
        store
            .note(&Entry {
                destination: Some(named(number as u64 / 2)),
                ..Entry::new(event, at(number as i64 * 43))
            })
            .unwrap();
    }
}

/// The median of several, and the longest.
fn measured<T>(what: &str, mut ask: impl FnMut() -> T) -> Duration {
    let mut times: Vec<Duration> = (0..21)
        .map(|_| {
            let start = Instant::now();
            drop(ask());
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    let (median, longest) = (times[times.len() / 2], times[times.len() - 1]);
    println!("  {what:<60} {median:>12.3?}, at most {longest:.3?}");
    median
}

/// All pages: the first, the middle one, the last, the longest.
fn all_pages(store: &SqliteStore, what: &str, filter: &Filter, limit: u32) {
    let mut times = Vec::new();
    let (mut since, mut count, mut short) = (0, 0, 0);
    loop {
        let start = Instant::now();
        let page = store.studies(filter, since, limit).unwrap();
        let took = start.elapsed();
        let Some(last) = page.last() else {
            println!("  {what:<60} after the last one: {took:.3?}");
            break;
        };
        since = last.newest;
        count += page.len();
        short += usize::from(page.len() < limit as usize);
        times.push(took);
    }
    let [first, .., last] = times.as_slice() else {
        println!("  {what}: {count} studies, {times:.3?}");
        return;
    };
    println!(
        "  {what:<60} first {first:.3?}, middle {:.3?}, last {last:.3?}, longest {:.3?}; {} pages ({short} short), {count} studies",
        times[times.len() / 2],
        times.iter().max().unwrap(),
        times.len(),
    );
}

/// `cargo test --release --lib how_long_the_page -- --ignored --nocapture`
#[test]
#[ignore = "measures, and asserts nothing: a million items"]
fn how_long_the_page_waits_for_answers() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    store.begin(at(0)).unwrap();
    let start = Instant::now();
    fill(&store, STUDIES, LARGE, TURNS);
    tell(&store);
    println!(
        "{:?} in {:?}, {} MB",
        store.counts().unwrap(),
        start.elapsed(),
        store.size_bytes().unwrap() / 1_000_000
    );
    let all = Filter::default();
    let of = |name: &str| Filter {
        destination: Some(name.into()),
        ..Filter::default()
    };
    let in_state = |state: State, filter: Filter| Filter {
        states: Some(state.into()),
        ..filter
    };
    let failed = in_state(State::Failure, all.clone());
    let here = in_state(State::Failure, of("destination03"));
    let kind = Filter {
        class: Some(Class::Rejected),
        status: Some(StatusFilter::Is(0xC000)),
        ..failed.clone()
    };
    println!("pages of 100 studies (in turn: 30):");
    all_pages(&store, "all", &all, 100);
    all_pages(&store, "Failure", &failed, 100);
    all_pages(&store, "destination", &of("destination07"), 100);
    all_pages(
        &store,
        "destination with the large study, Failure",
        &here,
        100,
    );
    let turns = in_state(State::Failure, of("destination05"));
    all_pages(
        &store,
        "destination with studies in turn, Failure",
        &turns,
        30,
    );
    let waiting = in_state(State::Pending, of("destination07"));
    all_pages(&store, "destination, Pending", &waiting, 100);
    all_pages(&store, "Failure, Rejected, C000", &kind, 100);
    println!("pages of 1000 studies:");
    all_pages(&store, "all", &all, 1000);
    all_pages(&store, "Failure", &failed, 1000);

    println!("a refresh of the page:");
    let day = Period {
        from: at(0),
        until: at(DAY),
        destination: None,
        event: Some(Event::OutageBegan),
    };
    // Overview, destinations, verdict, history: each asks for all destinations.
    let destinations = measured("destinations", || store.destinations().unwrap());
    let sum = destinations * 5
        + measured("counts", || store.counts().unwrap())
        + measured("size", || store.size_bytes().unwrap())
        + measured("failing", || store.failing().unwrap())
        + measured("held", || store.held().unwrap())
        + measured("sources", || store.sources().unwrap())
        + measured("hours of a day", || store.hours(at(0), at(DAY)).unwrap())
        + measured("outages of a day", || {
            store.entries(&day, 0, 10_000).unwrap()
        });
    println!("  in all: {sum:.3?}");
    println!("views:");
    measured("error summary", || {
        store.error_summary(&FailureKinds::default()).unwrap()
    });
    let newest = Page {
        since: 0,
        limit: 100,
        order: Order::Descending,
    };
    for (what, filter) in [
        ("100 items", &all),
        ("100 items, Failure", &failed),
        ("100 items, Failure at a destination", &here),
        ("100 items, Failure, Rejected, C000", &kind),
    ] {
        measured(what, || store.items(filter, newest).unwrap());
    }
    let large = identifier(STUDIES);
    measured("a study", || {
        store.progress(Level::Study, &identifier(5), None).unwrap()
    });
    measured("the large study", || {
        store.progress(Level::Study, &large, None).unwrap()
    });
    println!("search's own part:");
    measured("an item", || store.item(500_000).unwrap());
    for (what, study) in [("a study", identifier(5)), ("the large study", large)] {
        let own = Filter {
            study: Some(study),
            ..Filter::default()
        };
        measured(what, || store.items(&own, Page::after(0, 1)).unwrap());
    }
    let stopped = Filter {
        instance: Some(identifier(1_000_000)),
        states: Some([State::Failure, State::Cancelled].into_iter().collect()),
        ..Filter::default()
    };
    measured("an instance that is stopped", || {
        store.items(&stopped, Page::after(0, 1)).unwrap()
    });
}
