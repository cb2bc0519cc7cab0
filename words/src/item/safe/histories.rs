//! Random histories of an instance, against destinations of which it is known what they hold: what is judged safe is
//! there, those very bytes.
//!
//! Bytes are a number. Two instances have the same SOP Instance UID (a patient's identifier was corrected), and the
//! first one is judged. What the queue does here is what the store does: `store/sqlite/enqueue.rs`, the triggers of its
//! migrations, `dispatch/worker/`.

mod deeds;
mod known;

use std::collections::BTreeMap;

use fastrand::Rng;

use self::known::{left, past};
use super::super::{Class, Confirmation, State, Timestamp};
use super::{Content, Required, Safety, Sending, judge};

const NAMES: [&str; 3] = ["archive", "research", "ward"];
const UID: &str = "1.2.3";
const HISTORIES: u32 = 10_000;
const STEPS: u32 = 80;

/// How a destination takes what comes under a UID that it has.
#[derive(Clone, Copy)]
enum Correction {
    Replaces,
    /// And answers 0000.
    KeepsSilently,
    /// And answers 0111.
    KeepsAndSays,
}

struct Destination {
    correction: Correction,
    /// It answers for what it has, when asked later. Only such a one loses what it acknowledged, before it is asked.
    confirms: bool,
    /// What goes there goes over REST: its status is not told.
    untold: bool,
    /// What goes there has another UID than what is stored, for now.
    renames: bool,
    /// What goes there is changed, for now.
    alters: bool,
    /// It takes no other encoding than its own, for now.
    converts: bool,
    holds: BTreeMap<String, u64>,
}

#[derive(Debug)]
struct Stored {
    file: u64,
    bytes: u64,
}

struct Item {
    instance: usize,
    to: usize,
    sending: Sending,
    /// Read by the claim that sends it.
    read: Option<u64>,
    /// As its claim changes it.
    alters: bool,
    /// The UID of its last attempt there that has a result.
    told_as: Option<String>,
    /// Something may have been sent of it under a UID of which nobody knows.
    has_untold: bool,
}

struct World {
    random: Rng,
    /// Little happens but what should.
    is_calm: bool,
    /// Settings change all the time, Orthanc crashes, and images are corrected meanwhile.
    is_restless: bool,
    /// A changed copy is enough.
    allows_changed: bool,
    now: i64,
    last: u64,
    destinations: Vec<Destination>,
    stored: [Option<Stored>; 2],
    /// Lines of Orthanc's log that were not read: the files stored.
    unread: [Option<u64>; 2],
    items: Vec<Item>,
    /// What is gone, with its instance.
    past: Vec<(usize, Sending)>,
}

impl World {
    fn new(mut random: Rng) -> World {
        let destinations = NAMES.map(|_| Destination {
            correction: match random.u8(..4) {
                0 => Correction::KeepsSilently,
                1 => Correction::KeepsAndSays,
                _ => Correction::Replaces,
            },
            confirms: random.bool(),
            untold: random.u8(..8) == 0,
            renames: random.u8(..6) == 0,
            alters: false,
            converts: false,
            holds: BTreeMap::new(),
        });
        World {
            is_calm: random.u8(..3) > 0,
            is_restless: random.u8(..3) == 0,
            allows_changed: random.u8(..3) == 0,
            random,
            now: 0,
            last: 0,
            destinations: destinations.into(),
            stored: [None, None],
            unread: [None, None],
            items: Vec::new(),
            past: Vec::new(),
        }
    }

    fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// One of two, the first mostly.
    fn instance(&mut self) -> usize {
        let others = if self.is_calm { 100 } else { 12 };
        usize::from(self.random.u8(..others) == 0)
    }

    fn any(&mut self, fits: impl Fn(&Item) -> bool) -> Option<usize> {
        let all: Vec<usize> = (0..self.items.len())
            .filter(|at| fits(&self.items[*at]))
            .collect();
        (!all.is_empty()).then(|| all[self.random.usize(..all.len())])
    }

    fn content(&self, instance: usize) -> Content {
        self.stored[instance]
            .as_ref()
            .map_or_else(Content::default, |stored| Content {
                file: Some(stored.file.to_string()),
                digest: Some(stored.bytes.to_string()),
            })
    }

    fn step(&mut self) {
        self.now += 1;
        if self.is_restless && self.random.u8(..4) == 0 {
            return match self.random.u8(..4) {
                0 => self.reload(),
                1 => self.crash(),
                2 => self.store(),
                _ => self.arrive(),
            };
        }
        match self.random.u8(..100) {
            0..7 | 74..83 if self.is_calm && self.random.u8(..12) > 0 => {}
            0 | 74 if self.random.u8(..4) == 0 => self.reload(),
            0..6 => self.store(),
            6 => {
                let instance = self.instance();
                self.stored[instance] = None;
                self.unread[instance] = None;
            }
            7..25 => self.arrive(),
            25..45 => self.claim(),
            45..68 => self.finish(),
            68..74 => self.due(),
            74 => self.crash(),
            75..78 => self.person(),
            78..80 => self.request(),
            80..83 => self.prune(),
            _ => self.confirm(),
        }
    }

    /// Orthanc receives it, the same bytes or others.
    fn store(&mut self) {
        let instance = self.instance();
        let before = self.stored[instance].as_ref().map(|stored| stored.bytes);
        let bytes = match (before, self.random.u8(..4)) {
            (Some(bytes), 0 | 1) => bytes,
            _ => u64::from(self.random.u8(..3)) + 10 * instance as u64,
        };
        let file = self.number();
        self.stored[instance] = Some(Stored { file, bytes });
        self.unread[instance] = Some(file);
    }

    /// Other settings are taken over.
    fn reload(&mut self) {
        let to = &mut self.destinations[self.random.usize(..NAMES.len())];
        match self.random.u8(..3) {
            0 => to.alters = !to.alters,
            1 => to.converts = !to.converts,
            _ => to.renames = !to.renames,
        }
    }

    /// The line of the log is read, and items are made: for some destinations, as rules are.
    fn arrive(&mut self) {
        let instance = self.instance();
        if self.unread[instance].take().is_none() {
            return;
        }
        let again = self.random.u8(..4) > 0;
        for to in 0..NAMES.len() {
            if self.random.u8(..20) == 0 {
                continue;
            }
            let content = self.content(instance);
            let mut waits = false;
            for at in 0..self.items.len() {
                let item = &mut self.items[at];
                if (item.instance, item.to) != (instance, to) || !item.sending.state.is_waiting() {
                    continue;
                }
                waits = true;
                if item.sending.content.file != content.file && item.sending.reached {
                    self.past.extend(left(item));
                }
                self.items[at].sending.content = content.clone();
            }
            let is_known = self
                .items
                .iter()
                .any(|item| (item.instance, item.to) == (instance, to));
            if !waits && (again || !is_known) {
                self.make(instance, to);
            }
        }
    }

    fn make(&mut self, instance: usize, to: usize) {
        let item = self.number() as i64;
        let state = match self.random.u8(..4) {
            0 => State::Scheduled,
            _ => State::Pending,
        };
        let sending = Sending {
            item,
            destination: NAMES[to].to_owned(),
            is_of_another: instance == 1,
            is_past: false,
            reached: false,
            state,
            class: None,
            dimse_status: None,
            completed: None,
            confirmation: Confirmation::None,
            is_altered: false,
            sent_as: UID.to_owned(),
            content: self.content(instance),
        };
        self.items.push(Item {
            instance,
            to,
            sending,
            read: None,
            alters: false,
            told_as: None,
            has_untold: false,
        });
    }

    /// A worker has an item, and reads what Orthanc has by now: at once, or when it sends.
    fn claim(&mut self) {
        let Some(at) = self.any(|item| item.sending.state == State::Pending) else {
            return;
        };
        let reads = self.random.bool();
        let read = self.stored[self.items[at].instance]
            .as_ref()
            .map(|stored| stored.bytes);
        let item = &mut self.items[at];
        item.sending.state = State::Running;
        item.sending.reached = true;
        item.alters = self.destinations[item.to].alters;
        item.sending.is_altered |= item.alters;
        item.read = read.filter(|_| reads);
    }

    /// It goes over the line; `None`: nothing is there to be sent. Answers the status. `told`: what was sent becomes
    /// known to the queue; `warns`: and the status, since what a destination drops of it, it says, and would each time.
    fn transmit(&mut self, at: usize, told: bool, warns: bool) -> Option<u16> {
        let item = &self.items[at];
        let stored = self.stored[item.instance].as_ref();
        let bytes = item.read.or(stored.map(|stored| stored.bytes))?;
        let to = &mut self.destinations[item.to];
        let uid = match to.renames {
            true => format!("{UID}.{}", item.instance),
            false => UID.to_owned(),
        };
        let had = to.holds.contains_key(&uid);
        let bytes = if item.alters { bytes + 5000 } else { bytes };
        let bytes = if to.converts { bytes + 9000 } else { bytes };
        let converts = to.converts;
        let item = &mut self.items[at];
        item.sending.is_altered |= converts;
        if told {
            if item.told_as.as_ref().is_some_and(|before| *before != uid) {
                self.past.push((item.instance, past(&item.sending)));
            }
            item.sending.sent_as.clone_from(&uid);
            item.told_as = Some(uid.clone());
        } else {
            item.has_untold |= uid != UID;
        }
        Some(match (had, to.correction) {
            (true, Correction::KeepsSilently) => 0,
            (true, Correction::KeepsAndSays) => 0x0111,
            (false, _) if to.confirms && self.random.u8(..6) == 0 => 0,
            _ if warns && self.random.u8(..10) == 0 => {
                // Elements were changed or dropped.
                to.holds.insert(uid, bytes + 1000);
                0xB000
            }
            _ => {
                to.holds.insert(uid, bytes);
                0
            }
        })
    }

    fn finish(&mut self) {
        let Some(at) = self.any(|item| item.sending.state == State::Running) else {
            return;
        };
        let fate = self.random.u8(..if self.is_calm { 60 } else { 20 });
        // Refused, or interrupted before it was there; interrupted after; released without a result.
        let status = match fate {
            0 | 1 => None,
            _ => self.transmit(at, fate != 3, fate > 3),
        };
        let untold = self.destinations[self.items[at].to].untold;
        let now = Timestamp::from_micros(self.now);
        let failed = match self.random.bool() {
            true => State::Failure,
            false => State::Retry,
        };
        let sending = &mut self.items[at].sending;
        match status {
            // Orthanc stops, or the worker panics.
            _ if fate == 3 => sending.state = State::Pending,
            _ if fate == 2 => {
                sending.state = State::Retry;
                sending.class = Some(Class::Interrupted);
            }
            None => {
                sending.state = failed;
                sending.class = Some(Class::Rejected);
                sending.completed = (failed == State::Failure).then_some(now);
            }
            Some(status) => {
                sending.state = State::Success;
                sending.class = Some(match untold {
                    true => Class::Success,
                    false => Class::of_status(status),
                });
                sending.dimse_status = (!untold).then_some(status);
                sending.completed = Some(now);
            }
        }
    }
}

/// Answers in how many histories the instance was safe at one time, and in how many it was there to be judged.
fn play(seed: u64) -> (u32, u32) {
    println!("SENDQUEUE_SEED={seed}");
    let mut random = Rng::with_seed(seed);
    let (mut safe, mut judged) = (0, 0);
    for _ in 0..HISTORIES {
        let mut required = vec![random.usize(..NAMES.len())];
        if random.bool() {
            required.push((required[0] + 1) % NAMES.len());
        }
        let mut world = World::new(random.fork());
        world.store();
        let (mut was_safe, mut was_judged) = (false, false);
        for _ in 0..STEPS {
            world.step();
            let safety = world.look(&required);
            was_judged |= safety.is_some();
            was_safe |= safety == Some(Safety::Safe);
        }
        safe += u32::from(was_safe);
        judged += u32::from(was_judged);
    }
    (safe, judged)
}

fn not_vacuous((safe, judged): (u32, u32)) {
    println!("safe at one time in {safe} of {judged} histories");
    assert!(judged > HISTORIES * 9 / 10, "{judged}");
    assert!(safe > judged / 5, "{safe} of {judged}");
    assert!(safe < judged * 9 / 10, "{safe} of {judged}");
}

#[test]
fn what_is_judged_safe_is_there_in_histories_that_are_always_the_same() {
    not_vacuous(play(20_261_120));
}

#[test]
fn what_is_judged_safe_is_there_in_new_histories() {
    let seed = std::env::var("SENDQUEUE_SEED");
    not_vacuous(play(
        seed.map_or_else(|_| fastrand::u64(..), |text| text.parse().unwrap()),
    ));
}
