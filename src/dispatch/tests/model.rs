//! The whole engine under random events, against a model of the contract: arrivals, time, workers, outcomes, people,
//! crashes.
//!
//! One thread: a second worker runs within the delivery of the first. What the transport is asked for and what it
//! answers is written down in order, and played on the model (the store's, in memory) after each step; then both must
//! hold the same.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;

use super::*;
use crate::config::settings::{AssociationPer, Window};
use crate::item::state::Move;
use crate::item::{RetryPolicy, outcome};
use crate::store::conformance::model::{Entry, Model};

const DESTINATIONS: [&str; 4] = ["pacs", "night", "slow", "whole"];
const MAX_ATTEMPTS: u32 = 3;
const MAX_ITEMS: usize = 80;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mood {
    Good,
    /// Anything can happen.
    Moody,
    /// Nobody is there.
    Away,
    /// As away, but something answers no to a C-ECHO.
    Closed,
    /// Takes one association at a time.
    Narrow,
}

#[derive(Debug, Clone)]
enum Event {
    Claimed {
        token: i64,
        destination: String,
        ids: Vec<i64>,
        /// Within another worker's delivery.
        nested: bool,
    },
    Cancelled(i64),
    Stopped,
    Told {
        token: i64,
        tried: Vec<(i64, Tried)>,
    },
}

/// The other side.
struct World {
    random: Mutex<Rng>,
    moods: Mutex<BTreeMap<String, Mood>>,
    events: Mutex<Vec<Event>>,
    claims: AtomicI64,
    /// Deliveries under way.
    depth: AtomicU32,
    /// Orthanc stops in the middle of the next delivery.
    stops: Mutex<bool>,
    /// Given back at a crash.
    inside: Mutex<Option<(Arc<SqliteStore>, Arc<Lanes>)>>,
    clock: Arc<TestClock>,
    /// Groups whose association is open, by whether something goes over it now.
    open: Mutex<BTreeMap<String, bool>>,
    /// Of each item, unless it is a group of its own.
    groups: Mutex<BTreeMap<i64, Option<String>>>,
    /// Groups that are being sent, of those that are not split.
    kept: Mutex<BTreeSet<String>>,
    /// The worker that is stepped within the next delivery.
    nested: Mutex<Option<u32>>,
}

impl World {
    fn mood(&self, destination: &str) -> Mood {
        self.moods.lock().unwrap()[destination]
    }

    fn chance(&self, one_in: u8) -> bool {
        self.random.lock().unwrap().u8(..one_in) == 0
    }

    fn outcome(&self, mood: Mood, first: bool) -> Outcome {
        let gone = Outcome::new(Class::Unreachable, "gone");
        match mood {
            Mood::Away | Mood::Closed => gone,
            Mood::Narrow if first && self.depth.load(Ordering::SeqCst) > 1 => Outcome {
                may_be_congestion: true,
                ..gone
            },
            Mood::Good | Mood::Narrow => Outcome::of_status(0, ""),
            Mood::Moody => match self.random.lock().unwrap().u8(..20) {
                0 => Outcome::of_status(0xB000, "coerced"),
                1 => Outcome::of_status(0xC000, "refused"),
                2 => Outcome::of_status(0xA700, "no room"),
                3 => Outcome::new(Class::NotNegotiated, "none"),
                4 => Outcome::new(Class::Missing, "gone from here"),
                5 => Outcome::new(Class::Interrupted, "aborted"),
                6 => Outcome::new(Class::Internal, "ours"),
                7 => gone,
                8 => Outcome {
                    may_be_congestion: true,
                    ..gone
                },
                9 => Outcome::new(Class::Coercion, "too long"),
                _ => Outcome::of_status(0, ""),
            },
        }
    }

    fn tell(&self, event: Event) {
        self.events.lock().unwrap().push(event);
    }
}

impl Player for World {
    fn deliver(&self, destination: &str, batch: &Batch<'_>) -> Delivery {
        let token = self.claims.fetch_add(1, Ordering::SeqCst);
        let depth = self.depth.fetch_add(1, Ordering::SeqCst);
        let ids: Vec<i64> = batch.items.iter().map(|item| item.id).collect();
        self.tell(Event::Claimed {
            token,
            destination: destination.to_owned(),
            ids: ids.clone(),
            nested: depth > 0,
        });
        assert_eq!(batch.group.is_some(), destination == "whole");
        let kept = (destination == "night")
            .then(|| self.groups.lock().unwrap()[&ids[0]].clone())
            .flatten();
        if let Some(group) = &kept {
            let begun = self.kept.lock().unwrap().insert(group.clone());
            assert!(begun, "{group} is split");
        }
        if let Some(group) = batch.group {
            let mut open = self.open.lock().unwrap();
            let before = open.insert(group.to_owned(), true);
            assert_ne!(before, Some(true), "{group} is in two hands");
            assert!(open.len() <= 2, "each worker has one: {open:?}");
        }
        let (store, lanes) = self.inside.lock().unwrap().clone().unwrap();
        let lane = lanes.get(destination).unwrap();
        let other = if depth == 0 {
            self.nested.lock().unwrap().take()
        } else {
            None
        };
        if let Some(worker) = other {
            worker::step(&lane, worker);
        }
        if self.chance(8) {
            let id = ids[self.random.lock().unwrap().usize(..ids.len())];
            if let Moved::Done(_) = store.cancel(id, self.clock.now()).unwrap() {
                self.tell(Event::Cancelled(id));
                lane.recall();
            }
        }
        let mood = self.mood(destination);
        let stops = std::mem::take(&mut *self.stops.lock().unwrap());
        let known = if stops {
            lanes.stop();
            self.tell(Event::Stopped);
            self.random.lock().unwrap().usize(..=ids.len())
        } else {
            ids.len()
        };
        // A transport leaves out what was recalled.
        let recalled = if self.chance(2) {
            (batch.recalled)()
        } else {
            Vec::new()
        };
        let mut over = false;
        let tried: Vec<Tried> = ids
            .iter()
            .enumerate()
            .map(|(at, id)| {
                if over || recalled.contains(id) {
                    return Tried::NotYet;
                }
                if at >= known {
                    return Tried::Unknown;
                }
                let outcome = self.outcome(mood, at == 0);
                over = matches!(
                    outcome.class,
                    Class::Unreachable | Class::Interrupted | Class::Busy | Class::Internal
                );
                made(outcome)
            })
            .collect();
        self.tell(Event::Told {
            token,
            tried: ids.into_iter().zip(tried.clone()).collect(),
        });
        self.depth.fetch_sub(1, Ordering::SeqCst);
        if let Some(group) = kept {
            self.kept.lock().unwrap().remove(&group);
        }
        if let Some(group) = batch.group {
            self.open.lock().unwrap().insert(group.to_owned(), false);
        }
        Delivery(tried)
    }

    fn probe(&self, destination: &str) -> Probe {
        match self.mood(destination) {
            Mood::Away => silent(),
            Mood::Closed => Probe::Refused(Outcome::new(Class::Unreachable, "no")),
            Mood::Moody if self.chance(4) => silent(),
            _ => Probe::Answered(Duration::from_millis(1)),
        }
    }

    fn shares(&self, destination: &str) -> bool {
        destination != "whole"
    }

    fn end_group(&self, destination: &str, group: &str) {
        assert_eq!(destination, "whole");
        let ended = self.open.lock().unwrap().remove(group);
        assert_eq!(ended, Some(false), "{group}");
    }
}

fn settings() -> Settings {
    let defaults = DestinationSettings {
        batch_size: 4,
        retry: RetryPolicy {
            max_attempts: MAX_ATTEMPTS,
            ..RetryPolicy::default()
        },
        ..DestinationSettings::default()
    };
    // Open in the first half of every hour.
    let windows = (0..24)
        .map(|hour| Window {
            days: Vec::new(),
            from: hour * 60,
            to: hour * 60 + 30,
        })
        .collect();
    let night = DestinationSettings {
        windows,
        associations: 3,
        reserved_associations: 1,
        split: false,
        ..defaults.clone()
    };
    let slow = DestinationSettings {
        max_bytes_per_second: 100,
        retry: RetryPolicy {
            on_rejected: true,
            ..defaults.retry.clone()
        },
        ..defaults.clone()
    };
    let whole = DestinationSettings {
        association_per: AssociationPer::Group,
        ..defaults.clone()
    };
    Settings {
        history_days: 1,
        ledger_years: 3,
        destinations: [("night", night), ("slow", slow), ("whole", whole)]
            .map(|(name, settings)| (name.to_owned(), settings))
            .into(),
        ..super::settings(defaults)
    }
}

/// What lives until a crash.
struct Process {
    store: Arc<SqliteStore>,
    lanes: Arc<Lanes>,
    promoter: Promoter,
}

struct Play {
    folder: tempfile::TempDir,
    settings: Arc<Current>,
    world: Arc<World>,
    clock: Arc<TestClock>,
    random: Rng,
    process: Option<Process>,
    model: Model,
    /// Those of which the destination said that it has them, since they were last replayed.
    acknowledged: BTreeSet<i64>,
    /// Attempts that reached the destination since the last replay, and were not void by a cancel.
    reached: BTreeMap<i64, u32>,
    deliveries: BTreeMap<&'static str, u32>,
}

fn run(seed: u64, steps: u32) -> BTreeMap<&'static str, u32> {
    println!("the engine with seed {seed}");
    let clock = Arc::new(TestClock::default());
    let mut play = Play {
        folder: tempfile::tempdir().unwrap(),
        settings: Current::new(settings()),
        world: Arc::new(World {
            random: Mutex::new(Rng::with_seed(seed + 1000)),
            moods: Mutex::new(
                DESTINATIONS
                    .map(|name| (name.to_owned(), Mood::Good))
                    .into(),
            ),
            events: Mutex::default(),
            claims: AtomicI64::new(1),
            depth: AtomicU32::new(0),
            stops: Mutex::default(),
            inside: Mutex::default(),
            clock: clock.clone(),
            open: Mutex::default(),
            groups: Mutex::default(),
            kept: Mutex::default(),
            nested: Mutex::default(),
        }),
        clock,
        random: Rng::with_seed(seed),
        process: None,
        model: Model::default(),
        acknowledged: BTreeSet::new(),
        reached: BTreeMap::new(),
        deliveries: BTreeMap::new(),
    };
    play.start();
    for step in 0..steps {
        let what = play.step();
        play.compare(&format!("seed {seed}, step {step}: {what}"));
    }
    play.all_arrives(seed);
    play.deliveries
}

impl Play {
    fn inside(&self) -> &Process {
        self.process.as_ref().unwrap()
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn start(&mut self) {
        let path = self.folder.path().join("queue.db");
        let store = Arc::new(SqliteStore::open(&path).unwrap());
        let released = store.begin(self.now()).unwrap();
        assert_eq!(released.released, self.model.begin(self.now()).0);
        let tools = Arc::new(Tools {
            store: store.clone(),
            directory: directory(&DESTINATIONS, &self.world),
            services: Services::new(self.clock.clone(), Box::new(|_| ())),
            clock: self.clock.clone(),
            zone: jiff::tz::TimeZone::UTC,
            budget: Arc::default(),
            alone: Default::default(),
            reports: 100,
            jitter: || 1.0,
        });
        let lanes = Arc::new(Lanes::new(self.settings.clone(), tools));
        for name in DESTINATIONS {
            lanes.lane(name).unwrap();
        }
        *self.world.inside.lock().unwrap() = Some((store.clone(), lanes.clone()));
        self.process = Some(Process {
            promoter: Promoter::new(store.clone(), self.clock.clone(), lanes.clone()),
            store,
            lanes,
        });
    }

    fn crash(&mut self) {
        // What ran is lost without a word, but for what a stop in the middle of a delivery leaves.
        if self.random.bool() {
            *self.world.stops.lock().unwrap() = true;
            self.work();
            *self.world.stops.lock().unwrap() = false;
        }
        // One thread cannot both be alone and step another worker: who is to blame is the business of other tests.
        let now = self.now();
        self.inside().store.stopped_well(now).unwrap();
        self.model.owners[0].ended_well = true;
        *self.world.inside.lock().unwrap() = None;
        self.world.open.lock().unwrap().clear();
        self.process = None;
        self.start();
    }

    fn destination(&mut self) -> &'static str {
        DESTINATIONS[self.random.usize(..DESTINATIONS.len())]
    }

    fn step(&mut self) -> String {
        if self.model.entries.len() > MAX_ITEMS {
            let ids: Vec<i64> = self.model.entries.keys().take(20).copied().collect();
            for id in ids {
                self.operate(id, Move::Remove);
            }
            return "make room".into();
        }
        match self.random.u8(..100) {
            0..15 => self.enqueue(),
            15..30 => self.pass_time(),
            30..70 => self.work(),
            70..80 => self.round(),
            80..84 => {
                let (name, paused) = (self.destination(), self.random.u8(..5) == 0);
                let now = self.world.clock.now();
                self.inside().store.set_paused(name, paused, now).unwrap();
                self.inside().lanes.lane(name).unwrap().set_paused(paused);
                let mine = self.model.destinations.entry(name.into()).or_default();
                mine.paused_since = paused.then(|| mine.paused_since.unwrap_or(now));
                format!("pause {name}: {paused}")
            }
            84..89 => {
                let moods = [
                    Mood::Good,
                    Mood::Moody,
                    Mood::Moody,
                    Mood::Away,
                    Mood::Closed,
                    Mood::Narrow,
                ];
                let mood = moods[self.random.usize(..moods.len())];
                let name = self.destination();
                self.world.moods.lock().unwrap().insert(name.into(), mood);
                format!("{name} is {mood:?}")
            }
            89 => {
                let name = self.destination();
                let answer = self.inside().lanes.get(name).unwrap().echo();
                format!("echo {name}: {answer:?}")
            }
            90..92 => {
                self.crash();
                "crash".into()
            }
            _ => {
                let verbs = [
                    Move::Cancel,
                    Move::SendNow,
                    Move::SendNow,
                    Move::SendNow,
                    Move::SendNow,
                    Move::Replay,
                    Move::Replay,
                    Move::Redirect,
                    Move::Remove,
                ];
                let verb = verbs[self.random.usize(..verbs.len())];
                let ids: Vec<i64> = self.model.entries.keys().copied().collect();
                if ids.is_empty() {
                    return "nothing".into();
                }
                let id = ids[self.random.usize(..ids.len())];
                self.operate(id, verb);
                format!("{verb:?} {id}")
            }
        }
    }

    fn pass_time(&mut self) -> String {
        let seconds = match self.random.u8(..20) {
            0 => 3600 * self.random.i64(1..40),
            1..3 => {
                let days = self.random.i64(-20..20);
                self.clock
                    .set_by(days * 86_400 + self.random.i64(-3600..3600));
                self.inside().lanes.clock_was_set();
                return format!("the machine's clock is set by {days} days");
            }
            3..6 => self.random.i64(60..1800),
            _ => self.random.i64(0..60),
        };
        self.clock
            .0
            .fetch_add(seconds * 1_000_000, Ordering::SeqCst);
        format!("{seconds} seconds")
    }

    fn enqueue(&mut self) -> String {
        let new: Vec<NewItem> = (0..self.random.usize(1..7))
            .map(|_| self.new_item())
            .collect();
        let intake = if self.random.bool() {
            Intake::arrival(&new)
        } else {
            Intake::request(&new)
        };
        let now = self.now();
        let since = self.last_id();
        let store = &self.inside().store;
        let foretold = store.count_new(&intake).unwrap();
        let answer = store.enqueue(&intake, now).unwrap();
        assert_eq!(foretold, answer, "count_new");
        let page = Page::after(since, 100);
        let first = store.items(&Filter::default(), page).unwrap();
        let first = first.first().map_or(since + 1, |item| item.id);
        for name in new.iter().map(|item| item.destination.as_str()) {
            self.inside().lanes.poke(name);
        }
        let expected = self.model.enqueue(&intake, now, first);
        assert_eq!(answer, expected);
        let made = self.model.entries.range(first..);
        let group = |entry: &Entry| (!entry.is_alone()).then(|| entry.group.clone());
        let groups = made.map(|(id, entry)| (*id, group(entry)));
        self.world.groups.lock().unwrap().extend(groups);
        format!("enqueue {answer:?}")
    }

    fn last_id(&self) -> i64 {
        self.model.entries.keys().next_back().copied().unwrap_or(0)
    }

    fn new_item(&mut self) -> NewItem {
        let study = format!("s{}", self.random.u8(..5));
        let instance = format!("{study}-{}", self.random.u8(..12));
        let now = self.now();
        NewItem {
            destination: self.destination().into(),
            priority: Priority::ALL[self.random.usize(..4)],
            size_bytes: self.random.u64(..3000),
            group: if self.random.u8(..4) == 0 {
                instance.clone()
            } else {
                study.clone()
            },
            not_before: (self.random.u8(..3) == 0)
                .then(|| now.plus_seconds(f64::from(self.random.u8(1..60)))),
            expires: (self.random.u8(..4) == 0)
                .then(|| now.plus_seconds(f64::from(self.random.u16(1..20_000)))),
            ..item(&study, &instance)
        }
    }

    fn work(&mut self) -> String {
        let name = self.destination();
        let lane = self.inside().lanes.get(name).unwrap();
        let workers = lane.associations();
        let worker = self.random.u32(..workers);
        let other = (worker + 1) % workers;
        let nested = self.random.bool().then_some(other);
        *self.world.nested.lock().unwrap() = nested;
        let status = lane.status();
        let step = worker::step(&lane, worker);
        *self.world.nested.lock().unwrap() = None;
        let hurried: BTreeSet<i64> = self
            .model
            .entries
            .values()
            .filter(|entry| entry.hurried)
            .map(|entry| entry.item.id)
            .collect();
        let events = std::mem::take(&mut *self.world.events.lock().unwrap());
        for event in &events {
            if let Event::Claimed {
                destination,
                ids,
                nested,
                ..
            } = event
            {
                assert_eq!(
                    destination, name,
                    "a lane sends to its own destination only"
                );
                assert!(!status.paused, "nothing is claimed in a pause");
                assert!(ids.len() <= 4);
                if status.outside_window {
                    assert!(
                        ids.len() == 1 && hurried.contains(&ids[0]),
                        "{ids:?} through a closed window"
                    );
                }
                let by = if *nested { other } else { worker };
                if name == "night" && by == 2 && status.unreachable_since.is_none() {
                    let least = ids.iter().map(|id| self.model.entries[id].item.priority);
                    assert!(least.min() >= Some(Priority::High), "by a reserved worker");
                }
                if status.unreachable_since.is_some() && !nested {
                    assert_eq!(ids.len(), 1, "in an outage one instance is tried");
                    assert!(status.next_probe <= Some(self.now()), "before it is due");
                }
                let kind = match (status.outside_window, status.unreachable_since, nested) {
                    (true, _, _) => "through a closed window",
                    (_, Some(_), _) => "as a probe",
                    (_, _, true) => "nested",
                    _ => "plain",
                };
                *self.deliveries.entry(kind).or_default() += 1;
            }
        }
        self.play(&events, name);
        format!("worker {worker} of {name} ({nested:?} within): {step:?}, {events:?}")
    }

    /// What the transport saw, on the model.
    fn play(&mut self, events: &[Event], name: &str) {
        let now = self.now();
        let retry = self.settings.get().destination(name).retry.clone();
        let mut stopped = false;
        for event in events {
            match event {
                Event::Claimed { token, ids, .. } => {
                    for id in ids {
                        let entry = &self.model.entries[id];
                        assert_eq!(entry.item.state, State::Pending, "claimed");
                        assert_eq!(entry.item.destination, name);
                        let first = &self.model.entries[&ids[0]];
                        assert_eq!(entry.group, first.group);
                    }
                    self.model.claim(ids, *token);
                }
                Event::Stopped => stopped = true,
                Event::Cancelled(id) => {
                    assert!(self.model.operate(*id, Move::Cancel, None, None, now));
                }
                Event::Told { token, tried } => {
                    let mut results = Vec::new();
                    for (id, one) in tried {
                        let held = self.model.entries[id].claim == Some(*token);
                        let verb = match one {
                            Tried::Unknown => continue,
                            Tried::NotYet | Tried::NotNow(_) => Ending::Release,
                            Tried::Made {
                                outcome,
                                sent_as: _,
                                altered: _,
                                series: _,
                                started,
                                duration,
                            } => {
                                let count = self.reached.get(id).copied().unwrap_or(0);
                                let attempt = AttemptMade {
                                    started: *started,
                                    duration_us: duration.as_micros() as u64,
                                    outcome: outcome.clone(),
                                    counted: outcome.class.reached_destination(),
                                    sent_as: None,
                                    altered: Some(false),
                                    confirm: None,
                                };
                                let counted = attempt.counted;
                                let verb = follows(attempt, count + 1, &retry, now, stopped);
                                if held && counted && verb != Ending::Release {
                                    self.reached.insert(*id, count + 1);
                                }
                                if matches!(outcome.class, Class::Success | Class::Warning) {
                                    self.acknowledged.insert(*id);
                                }
                                verb
                            }
                        };
                        results.push(Finish {
                            id: *id,
                            ending: verb,
                        });
                    }
                    self.model.finish(*token, &results, now);
                }
            }
        }
    }

    fn round(&mut self) -> String {
        let now = self.now();
        let due = self.inside().promoter.round().unwrap();
        self.model.promote(now);
        for id in self.model.expire(now) {
            let details = self.inside().store.item(id).unwrap().unwrap().0.details;
            self.model.entries.get_mut(&id).unwrap().item.details = details;
        }
        self.model.prune(now.plus_seconds(-86_400.0));
        assert_eq!(due, self.model.next_due());
        "round".into()
    }

    fn operate(&mut self, id: i64, verb: Move) {
        let (now, to) = (self.now(), self.destination());
        let store = self.inside().store.clone();
        let answer = match verb {
            Move::Cancel => store.cancel(id, now),
            Move::SendNow => store.send_now(id),
            Move::Replay => store.replay(id, None),
            Move::Redirect => store.redirect(id, to, None),
            _ => store.remove(id),
        }
        .unwrap();
        let before = self.model.entries[&id].item.state;
        let target = (verb == Move::Redirect).then_some(to);
        let moved = self.model.operate(id, verb, target, None, now);
        assert_eq!(moved, before.after(verb).is_some());
        match &answer {
            Moved::Done(item) => {
                assert!(moved, "{verb:?} of {before:?}");
                self.inside().lanes.poke(&item.destination);
                if matches!(verb, Move::Replay | Move::Redirect) {
                    self.reached.remove(&id);
                    self.acknowledged.remove(&id);
                }
            }
            Moved::Refused(_) => assert!(!moved, "{verb:?} of {before:?}"),
            Moved::Unknown => panic!("item {id} is lost"),
        }
    }

    fn compare(&self, what: &str) {
        let store = &self.inside().store;
        let page = Page::after(0, 1000);
        let theirs = store.items(&Filter::default(), page).unwrap();
        let mut counts: BTreeMap<&str, Counts> = BTreeMap::new();
        for (theirs, mine) in theirs.iter().zip(self.model.entries.values()) {
            assert_eq!(*theirs, mine.item, "{what}");
            let reached = self.reached.get(&theirs.id).copied().unwrap_or(0);
            assert_eq!(theirs.attempt_count, reached, "AttemptCount, {what}");
            assert!(
                theirs.state != State::Success || self.acknowledged.contains(&theirs.id),
                "a success without an acknowledgement: {theirs:?}, {what}"
            );
            let counts = counts.entry(&theirs.destination).or_default();
            counts.add(theirs.state, 1);
        }
        assert_eq!(theirs.len(), self.model.entries.len(), "{what}");
        for record in store.destinations().unwrap() {
            let mine = counts.get(record.name.as_str()).copied();
            assert_eq!(record.counts, mine.unwrap_or_default(), "{what}");
            let status = self.inside().lanes.get(&record.name).unwrap().status();
            assert_eq!(record.paused_since.is_some(), status.paused, "{what}");
            assert_eq!(record.outages, status.outages, "{what}");
            assert_eq!(
                record.outage.map(|outage| outage.since),
                status.unreachable_since,
                "{what}"
            );
        }
    }

    /// All destinations are well: whatever is open arrives, by the engine's own timing alone.
    fn all_arrives(&mut self, seed: u64) {
        for name in DESTINATIONS {
            self.world
                .moods
                .lock()
                .unwrap()
                .insert(name.into(), Mood::Good);
            let now = self.world.clock.now();
            self.inside().store.set_paused(name, false, now).unwrap();
            self.inside().lanes.lane(name).unwrap().set_paused(false);
            self.model
                .destinations
                .entry(name.into())
                .or_default()
                .paused_since = None;
        }
        let mut left = 20_000;
        loop {
            self.round();
            let mut next = self.model.next_due();
            let mut worked = false;
            for name in DESTINATIONS {
                let lane = self.inside().lanes.get(name).unwrap();
                for number in 0..lane.associations() {
                    match worker::step(&lane, number) {
                        Step::Idle(idle) => {
                            next = [next, idle.until].into_iter().flatten().min();
                        }
                        Step::Worked => worked = true,
                        other => panic!("{other:?}"),
                    }
                    let events = std::mem::take(&mut *self.world.events.lock().unwrap());
                    self.play(&events, name);
                }
            }
            self.compare(&format!("seed {seed}, at the end"));
            if self.inside().store.counts().unwrap().open() == 0 {
                return;
            }
            if !worked {
                let next = next.unwrap_or_else(|| panic!("seed {seed}: stuck"));
                let wait = next.since(self.now()).as_micros() as i64;
                self.clock.0.fetch_add(wait, Ordering::SeqCst);
            }
            left -= 1;
            assert!(left > 0, "seed {seed}: it comes to no end");
        }
    }
}

/// The contract's table of outcome classes.
fn follows(
    attempt: AttemptMade,
    count: u32,
    retry: &RetryPolicy,
    now: Timestamp,
    stopped: bool,
) -> Ending {
    let class = attempt.outcome.class;
    match class {
        Class::Success | Class::Warning => Ending::Complete(attempt),
        Class::Unreachable => Ending::Release,
        // Cut by our own stop.
        Class::Interrupted | Class::Internal if stopped => Ending::Release,
        Class::Interrupted | Class::Busy | Class::Internal => again(attempt, count, retry, now),
        Class::Rejected if retry.on_rejected => again(attempt, count, retry, now),
        _ => Ending::Fail(attempt),
    }
}

fn again(attempt: AttemptMade, count: u32, retry: &RetryPolicy, now: Timestamp) -> Ending {
    if count >= MAX_ATTEMPTS {
        return Ending::Fail(attempt);
    }
    let wait = [30.0, 60.0][count as usize - 1];
    let at = now.plus_seconds(wait);
    // The same table, said twice.
    assert_eq!(
        outcome::follow(&attempt.outcome, count, retry, now, 1.0),
        crate::item::Consequence::Retry { at }
    );
    Ending::Retry { at, attempt }
}

#[test]
fn random_events_against_the_contract() {
    let mut kinds: BTreeMap<&'static str, u32> = BTreeMap::new();
    for seed in 1..=4 {
        for (kind, count) in run(seed, 1200) {
            *kinds.entry(kind).or_default() += count;
        }
    }
    println!("deliveries: {kinds:?}");
    for kind in ["through a closed window", "as a probe", "nested", "plain"] {
        assert!(kinds.get(kind) > Some(&5), "{kind}: {kinds:?}");
    }
}
