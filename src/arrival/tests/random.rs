//! Random steps in random order, also between two calls of one pass: at the end nothing is missing.

use std::collections::HashSet;
use std::sync::Mutex;

use fastrand::Rng;

use super::*;
use crate::arrival::tests::faulty::Fault;
use crate::arrival::tests::orthanc::study;

/// Instances stored and overwritten.
const NAMES: usize = 120;

fn seed() -> u64 {
    let given = std::env::var("SENDQUEUE_SEED").ok();
    given.map_or_else(|| fastrand::u64(..), |text| text.parse().unwrap())
}

/// Stores one instance. `apart`: not in a second in which it may have been queued before.
fn store(index: &mut Index, random: &mut Rng, clock: &TestClock, apart: bool) -> String {
    let number = random.usize(..NAMES);
    if apart && index.instances.contains_key(&name(number)) {
        index.now = clock.0.fetch_add(SECOND, Ordering::Relaxed) + SECOND;
    }
    index.store(&name(number), &study(number));
    name(number)
}

/// Begins, or commits, storing an instance that is not there yet, in whatever order.
fn store_late(index: &mut Index, random: &mut Rng) -> Option<String> {
    let flying = index.in_flight();
    if flying.len() < 4 && random.bool() {
        let number = random.usize(..NAMES);
        let is_free = |id: &String| flying.iter().all(|(_, other)| other != id);
        let id = Some(name(number)).filter(|id| is_free(id) && !index.instances.contains_key(id));
        index.begin(&id?, &study(number));
        return None;
    }
    let (number, id) = flying.get(random.usize(..flying.len().max(1)))?.clone();
    // Somebody else stored it meanwhile: this one would have waited for that, and found it.
    if index.instances.contains_key(&id) {
        index.drop_one(number);
        return None;
    }
    index.commit(number);
    Some(id)
}

/// What was delivered, with the file that it was.
fn deliver(world: &World, delivered: &mut HashSet<(String, u64)>) {
    let ids = world.deliver();
    world.index(|index| {
        for id in ids {
            if let Some(instance) = index.instances.get(&id) {
                delivered.insert((id, instance.uuid));
            }
        }
    });
}

#[test]
fn whatever_happens_the_newest_content_is_delivered() {
    let seed = seed();
    println!("SENDQUEUE_SEED={seed}");
    let mut random = Rng::with_seed(seed);
    for _ in 0..12 {
        let mut world = World::new(30);
        let archive: HashSet<(String, u64)> = world.index(|index| {
            let all = index.instances.iter();
            all.map(|(id, instance)| (id.clone(), instance.uuid))
                .collect()
        });
        world.wait(2.0);
        let mut delivered = HashSet::new();
        let meanwhile = Arc::new(Mutex::new(random.fork()));
        let clock = world.clock.clone();
        world.index(|index| {
            index.meanwhile = Some(Box::new(move |index| {
                let mut random = meanwhile.lock().unwrap();
                match random.u32(..400) {
                    0..30 => {
                        store(index, &mut random, &clock, true);
                    }
                    30..34 => index.remove(&name(random.usize(..NAMES))),
                    34..36 => index.log.clear(),
                    40..52 => drop(store_late(index, &mut random)),
                    36..40 => {
                        let study = study(random.usize(..NAMES));
                        index.change("StableStudy", &study);
                    }
                    _ => {}
                }
            }));
        });
        for _ in 0..400 {
            match random.u32(..100) {
                0..40 => {
                    let clock = world.clock.clone();
                    world.index(|index| store(index, &mut random, &clock, true));
                }
                40..44 => world.index(|index| index.remove(&name(random.usize(..NAMES)))),
                44..47 => world.index(|index| index.log.clear()),
                47..51 => {
                    if random.bool() {
                        world.index(Index::roll_back);
                    }
                    world.crash();
                }
                85..93 => drop(world.index(|index| store_late(index, &mut random))),
                51..54 => {
                    let faults = [
                        Fault::Full,
                        Fault::Locked,
                        Fault::ToldWrong,
                        Fault::Panics,
                        Fault::PanicsWritten,
                    ];
                    world.store.set(Some(faults[random.usize(..5)]));
                }
                54..60 => world.store.set(None),
                60..66 => deliver(&world, &mut delivered),
                66..72 => world.wait(random.f64() * 3.0),
                72..75 => world.call_back(),
                // Without the callbacks that are under way: they come late, or never.
                75..85 => drop(world.pass_alone()),
                _ => drop(world.pass()),
            }
        }
        world.index(|index| index.meanwhile = None);
        world.store.set(None);
        world.settle();
        deliver(&world, &mut delivered);
        let missing: Vec<String> = world.index(|index| {
            let all = index.instances.iter();
            all.filter(|(id, instance)| {
                let this = ((*id).clone(), instance.uuid);
                !archive.contains(&this) && !delivered.contains(&this)
            })
            .map(|(id, _)| id.clone())
            .collect()
        });
        assert_eq!(missing, Vec::<String>::new(), "SENDQUEUE_SEED={seed}");
        let cursor = world.store.cursor().unwrap().unwrap();
        assert!(cursor.seq <= world.index(|index| index.last));
        drop(world);
    }
}

/// Without crashes, faults and deleted logs each arrival is queued exactly once; one that was overwritten before it
/// was read, or while its item waits, counts once.
#[test]
fn in_peace_each_arrival_is_queued_exactly_once() {
    let seed = seed();
    println!("SENDQUEUE_SEED={seed}");
    let mut random = Rng::with_seed(seed);
    let mut world = World::new(30);
    let mut expected: BTreeMap<String, usize> = BTreeMap::new();
    let mut unread: HashSet<String> = HashSet::new();
    let mut has_late = false;
    world.wait(2.0);
    for step in 0..3000 {
        match random.u32(..12) {
            10 => {
                let late = world.index(|index| store_late(index, &mut random));
                has_late |= late.is_some();
                unread.extend(late);
            }
            0..5 => {
                let clock = world.clock.clone();
                let id = world.index(|index| store(index, &mut random, &clock, false));
                unread.insert(id);
            }
            5 => {
                let id = name(random.usize(..NAMES));
                world.index(|index| index.remove(&id));
                unread.remove(&id);
            }
            6 => drop(world.deliver()),
            7 => world.wait(random.f64() * 3.0),
            _ => {
                let waiting = world.in_state(State::Pending);
                for id in unread.drain().filter(|id| !waiting.contains(id)) {
                    *expected.entry(id).or_insert(0) += 1;
                }
                // What appeared late is looked for at once where the callback came.
                if std::mem::take(&mut has_late) || random.bool() {
                    world.pass().unwrap();
                } else {
                    // The callbacks come after the lines were read.
                    world.reconciler.pass().unwrap();
                }
                if step % 20 == 0 {
                    world.assert_counts(expected.clone());
                }
            }
        }
    }
    world.settle();
}
