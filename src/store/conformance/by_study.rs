//! Lists of studies: complete, each study once, whatever lies between its items and whatever happens meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;

use super::*;
use crate::store::{ResourceProgress, StudyProgress};

pub fn run(make: Make<'_>) {
    studies_lie_between_each_other(&*one(make));
    one_new_item_brings_a_study_to_the_front_alone(&*one(make));
    what_needs_a_person_most_is_the_worst();
    for seed in 1..=3 {
        pages_go_on_while_items_come_and_go(&*one(make), seed);
    }
}

/// The list, as plainly as it can be said.
fn naive(filter: &Filter, everything: &[Item]) -> Vec<StudyProgress> {
    let mut newest: BTreeMap<&str, i64> = BTreeMap::new();
    for item in everything.iter().filter(|item| filter.fits(item)) {
        newest.insert(&item.ids.study, item.id);
    }
    let is_shown = |name: &str| filter.destination.as_ref().is_none_or(|one| one == name);
    let mut list: Vec<StudyProgress> = newest
        .into_iter()
        .map(|(study, newest)| {
            let own = everything
                .iter()
                .filter(|item| item.ids.study == study && is_shown(&item.destination));
            let mut parts: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
            for item in own {
                parts.entry(&item.destination).or_default().push(item);
            }
            StudyProgress {
                study: study.to_owned(),
                newest,
                destinations: parts.into_iter().map(progress).collect(),
            }
        })
        .collect();
    list.sort_by_key(|study| -study.newest);
    list
}

fn progress((destination, items): (&str, Vec<&Item>)) -> ResourceProgress {
    let mut counts = Counts::default();
    for item in &items {
        counts.add(item.state, 1);
    }
    let different = |fits: &dyn Fn(&Item) -> bool| {
        let fitting = items.iter().filter(|item| fits(item));
        let instances: BTreeSet<&str> = fitting.map(|item| item.ids.instance.as_str()).collect();
        instances.len() as u64
    };
    let created = items.iter().map(|item| item.created);
    let completed = items.iter().filter_map(|item| item.completed);
    ResourceProgress {
        destination: destination.to_owned(),
        counts,
        instances: different(&|_| true),
        delivered: different(&|item| item.state == State::Success),
        first_created: created.clone().min().unwrap(),
        last_created: created.max().unwrap(),
        first_completed: completed.clone().min(),
        last_completed: completed.max(),
    }
}

fn pages(store: &dyn Store, filter: &Filter, limit: u32) -> Vec<StudyProgress> {
    let mut found: Vec<StudyProgress> = Vec::new();
    loop {
        let since = found.last().map_or(0, |study| study.newest);
        let page = store.studies(filter, since, limit).unwrap();
        assert!(page.len() <= limit as usize);
        if page.is_empty() {
            return found;
        }
        found.extend(page);
    }
}

/// Pages of the studies must be those of the items that fit.
pub fn check_filter(store: &dyn Store, filter: &Filter, everything: &[Item]) {
    let expected = naive(filter, everything);
    assert_eq!(pages(store, filter, 3), expected, "{filter:?}");
}

fn studies_lie_between_each_other(store: &dyn Store) {
    // One that is everywhere, one that is at the beginning alone, and many small ones.
    let names = |number: usize| match number {
        0..40 => "first".to_owned(),
        _ if number % 3 == 0 => "everywhere".to_owned(),
        _ => format!("small {}", number / 9),
    };
    let items: Vec<NewItem> = (0..300)
        .map(|number| {
            let destination = ["pacs", "archive", "other"][number % 7 % 3];
            new_item(&names(number), &format!("i{number}"), destination)
        })
        .collect();
    let ids = enqueue(store, &items);
    for id in ids.iter().step_by(11) {
        store.cancel(*id, at(1)).unwrap();
    }
    for destination in ["pacs", "archive"] {
        fail_all(store, destination, Class::Rejected);
    }
    let everything = all(store);
    let states = [State::Failure, State::Cancelled, State::Pending];
    for state in [None].into_iter().chain(states.map(Some)) {
        for destination in [None, Some("pacs"), Some("other"), Some("unknown")] {
            for study in [None, Some("everywhere"), Some("none")] {
                let filter = Filter {
                    states: state.map(Into::into),
                    destination: destination.map(str::to_owned),
                    study: study.map(str::to_owned),
                    ..Filter::default()
                };
                check_filter(store, &filter, &everything);
            }
        }
    }
    let whole = store.studies(&Filter::default(), 0, 1000).unwrap();
    assert_eq!(whole, naive(&Filter::default(), &everything));
}

fn one_new_item_brings_a_study_to_the_front_alone(store: &dyn Store) {
    let shown = |since, limit| -> Vec<String> {
        let page = store.studies(&Filter::default(), since, limit).unwrap();
        page.into_iter().map(|study| study.study).collect()
    };
    let mut ids = Vec::new();
    for study in ["a", "b", "c", "d"] {
        for number in 0..20 {
            let new = new_item(study, &format!("{study}{number}"), "pacs");
            ids.extend(enqueue(store, &[new]));
        }
    }
    assert_eq!(shown(0, 2), ["d", "c"]);
    let since = ids[59];
    enqueue(store, &[new_item("a", "late", "pacs")]);
    assert_eq!(
        shown(since, 2),
        ["b"],
        "it is newer than the page before now"
    );
    assert_eq!(shown(0, 2), ["a", "d"]);
}

fn what_needs_a_person_most_is_the_worst() {
    let mut counts = Counts::default();
    assert_eq!(counts.worst(), State::Success);
    for state in [
        State::Success,
        State::Cancelled,
        State::Running,
        State::Pending,
        State::Scheduled,
        State::Retry,
        State::Failure,
    ] {
        counts.add(state, 1);
        assert_eq!(counts.worst(), state);
    }
}

/// Between two pages items are made, removed, cancelled and replayed. A study that nothing happened to is there once;
/// none is there twice on a page.
fn pages_go_on_while_items_come_and_go(store: &dyn Store, seed: u64) {
    println!("items come and go with seed {seed}");
    let mut random = Rng::with_seed(seed);
    let mut number = 0;
    let mut more = |store: &dyn Store, random: &mut Rng, prefix: &str| {
        number += 1;
        let study = format!("{prefix}{}", random.u8(..12));
        let destination = ["pacs", "archive"][random.usize(..2)];
        let new = new_item(&study, &format!("i{number}"), destination);
        enqueue(store, &[new]);
    };
    for _ in 0..150 {
        let prefix = random.choice(["still ", "touched "]).unwrap_or("still ");
        more(store, &mut random, prefix);
    }
    for (filter, limit) in [
        (Filter::default(), 3),
        (
            Filter {
                destination: Some("pacs".into()),
                states: Some(State::Pending.into()),
                ..Filter::default()
            },
            2,
        ),
    ] {
        let before = all(store);
        let fit = before.iter().filter(|item| filter.fits(item));
        let untouched: BTreeSet<String> = fit
            .map(|item| item.ids.study.clone())
            .filter(|study| study.starts_with("still"))
            .collect();
        let mut seen: Vec<String> = Vec::new();
        let mut since = 0;
        loop {
            let page = store.studies(&filter, since, limit).unwrap();
            let names: Vec<String> = page.iter().map(|study| study.study.clone()).collect();
            let different: BTreeSet<&String> = names.iter().collect();
            assert_eq!(different.len(), names.len(), "{names:?}");
            let Some(last) = page.last() else {
                break;
            };
            for study in &page {
                assert!(since == 0 || study.newest < since, "{page:?}");
            }
            assert!(page.is_sorted_by_key(|study| -study.newest), "{page:?}");
            since = last.newest;
            seen.extend(names);
            for _ in 0..4 {
                let items = all(store);
                let touched = items.iter().filter(|one| one.ids.study.starts_with('t'));
                let touched: Vec<i64> = touched.map(|item| item.id).collect();
                let Some(id) = random.choice(touched) else {
                    break;
                };
                match random.u8(..4) {
                    0 => more(store, &mut random, "touched "),
                    1 => drop(store.remove(id).unwrap()),
                    2 => drop(store.cancel(id, at(5)).unwrap()),
                    _ => drop(store.replay(id, None).unwrap()),
                }
            }
        }
        seen.retain(|study| study.starts_with("still"));
        let once: BTreeSet<String> = seen.iter().cloned().collect();
        assert_eq!(seen.len(), once.len(), "{seen:?}");
        assert_eq!(once, untouched);
    }
}
