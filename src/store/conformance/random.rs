//! Random verbs on a store and on the model of it: after each, both must hold the same.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;

use super::chronicle::left_of;
use super::kept::Kept;
use super::model::Model;
use super::*;
use crate::item::state::Move;
use crate::item::{Again, Announcement, Confirmation, SentSeries};
use crate::store::{
    Asker, ClaimTerms, Cursor, Entry, Followed, Groups, Moved, Period, Released, StatusFilter,
    StoreError, ToConfirm,
};

const DESTINATIONS: [&str; 3] = ["pacs", "archive", "research"];
/// More than this and the oldest are removed, so that a step stays cheap.
const MAX_ITEMS: usize = 60;

struct Play {
    stores: [Box<dyn Store>; 2],
    model: Model,
    kept: Kept,
    random: Rng,
    now: i64,
    last_id: i64,
    /// Claims that were given, the finished ones too: their tokens must do no harm.
    claims: Vec<(i64, Vec<i64>)>,
}

/// `steps` random steps. The seed is printed, so that a failure can be played again.
pub fn run(make: Make<'_>, seed: u64, steps: u32) {
    println!("random steps with seed {seed}");
    let mut play = Play {
        stores: make(),
        model: Model::default(),
        kept: Kept::default(),
        random: Rng::with_seed(seed),
        now: 0,
        last_id: 0,
        claims: Vec::new(),
    };
    play.store().announce(&Announcement::ALL, 0, at(0)).unwrap();
    for step in 0..steps {
        play.now += play.random.i64(1..20);
        let what = play.step();
        play.compare(&format!("seed {seed}, step {step}: {what}"));
        if step % 50 == 0 {
            play.compare_queries();
        }
    }
}

impl Play {
    fn now(&self) -> Timestamp {
        at(self.now)
    }

    fn soon(&mut self) -> Timestamp {
        at(self.now + self.random.i64(-5..120))
    }

    fn maybe_soon(&mut self) -> Option<Timestamp> {
        let some = self.random.bool();
        let soon = self.soon();
        some.then_some(soon)
    }

    fn destination(&mut self) -> &'static str {
        DESTINATIONS[self.random.usize(..DESTINATIONS.len())]
    }

    /// An id that there is, mostly.
    fn id(&mut self) -> i64 {
        let ids: Vec<i64> = self.model.entries.keys().copied().collect();
        match ids.len() {
            0 => 1,
            _ if self.random.u8(..20) == 0 => self.last_id + 1,
            count => ids[self.random.usize(..count)],
        }
    }

    fn class(&mut self) -> Class {
        Class::ALL[self.random.usize(2..Class::ALL.len())]
    }

    /// That of the owner who acts now.
    fn store(&self) -> &dyn Store {
        &*self.stores[self.model.by]
    }

    fn step(&mut self) -> &'static str {
        self.model.by = self.random.usize(..2);
        let now = self.now();
        if self.model.entries.len() > MAX_ITEMS {
            let oldest: Vec<i64> = self.model.entries.keys().take(20).copied().collect();
            for id in oldest {
                self.operate(id, Move::Remove);
            }
            return "make room";
        }
        match self.random.u8(..100) {
            0..25 => {
                self.enqueue();
                "enqueue"
            }
            25..45 => {
                self.claim();
                "claim"
            }
            45..64 => {
                self.finish();
                "finish"
            }
            64 => {
                self.follow();
                "follow"
            }
            65 => {
                let name = self.destination();
                let woken = self.store().wake(name, now).unwrap();
                assert_eq!(woken, self.model.wake(name, now));
                "wake"
            }
            66..72 => {
                let names = self.store().promote(now, 1000).unwrap();
                let mut sorted = names.clone();
                sorted.sort();
                assert_eq!(sorted, self.model.promote(now));
                "promote"
            }
            72 => {
                self.follow();
                "follow"
            }
            73..75 => {
                let expired = self.store().expire(now, 1000).unwrap();
                let ids = self.model.expire(now);
                assert_eq!(expired, ids.len() as u64);
                for id in ids {
                    // How it is worded is the backend's own.
                    let details = read(self.store(), id).details;
                    assert!(details.is_some());
                    self.model.entries.get_mut(&id).unwrap().item.details = details;
                }
                "expire"
            }
            75..77 => {
                let before = at(self.now - 100);
                let pruned = self.store().prune(before, 1000).unwrap();
                assert_eq!(pruned, self.model.prune(before));
                self.forget();
                self.close_some();
                "prune"
            }
            77 => {
                self.start();
                "start"
            }
            99 => {
                self.lease_over();
                "lease over"
            }
            78..80 => {
                let (name, paused) = (self.destination(), self.random.bool());
                let now = self.now();
                self.store().set_paused(name, paused, now).unwrap();
                let mine = self.model.destinations.entry(name.into()).or_default();
                mine.paused_since = paused.then(|| mine.paused_since.unwrap_or(now));
                "pause"
            }
            80..83 => {
                self.operate_all();
                "operate all"
            }
            83..86 => {
                let store = &*self.stores[self.model.by];
                self.kept.act(store, &mut self.random, now);
                "keep"
            }
            _ => {
                let verbs = [
                    Move::Cancel,
                    Move::SendNow,
                    Move::Replay,
                    Move::Replay,
                    Move::Redirect,
                    Move::Remove,
                ];
                let verb = verbs[self.random.usize(..verbs.len())];
                let id = self.id();
                self.operate(id, verb);
                "operate"
            }
        }
    }

    fn enqueue(&mut self) {
        let new: Vec<NewItem> = (0..self.random.usize(..6))
            .map(|_| self.new_item())
            .collect();
        let cursor = self.random.bool().then(|| Cursor {
            seq: self.now,
            date: format!("date {}", self.now),
        });
        let reached = cursor.clone().map(Into::into);
        let intake = match self.random.u8(..4) {
            0 => Intake::request(&new).raising(self.random.bool()),
            1 => Intake::earlier(&new),
            _ => Intake::arrival(&new),
        };
        let intake = intake.up_to(reached.as_ref());
        let now = self.now();
        let foretold = self.store().count_new(&intake).unwrap();
        let answer = self.store().enqueue(&intake, now);
        // Which ids a backend gives is its own matter, as long as they grow in the order given.
        let since = self.last_id;
        let page = Page::after(since, 1000);
        let made = self.store().items(&Filter::default(), page).unwrap();
        assert_eq!(foretold, *answer.as_ref().unwrap(), "count_new");
        let first = made.first().map_or(since + 1, |item| item.id);
        let expected = self.model.enqueue(&intake, now, first);
        assert_eq!(answer.unwrap(), expected);
        self.last_id = made.last().map_or(since, |item| item.id);
        if cursor.is_some() {
            self.model.cursor = cursor;
        }
    }

    fn new_item(&mut self) -> NewItem {
        let study = format!("s{}", self.random.u8(..4));
        let instance = format!("{study}-i{}", self.random.u8(..6));
        let destination = self.destination();
        let mut new = new_item(&study, &instance, destination);
        new.priority = Priority::ALL[self.random.usize(..4)];
        new.size_bytes = self.random.u64(..1000);
        new.group = match self.random.u8(..4) {
            0 => instance,
            1 => new.ids.series.clone(),
            _ => study,
        };
        new.place = self.random.i64(-1..3);
        new.rule = (self.random.u8(..5) > 0).then(|| "rule".into());
        new.expires = self.maybe_soon();
        if self.random.u8(..3) == 0 {
            new.not_before = Some(self.soon());
            new.latest = self.maybe_soon();
        }
        if self.random.u8(..4) > 0 {
            new.reception = self.reception();
        }
        if self.random.u8(..12) == 0 {
            new.failed = Some(Outcome::new(self.class(), "failed on arrival"));
        }
        new
    }

    /// One of few, so that they come again.
    fn reception(&mut self) -> Reception {
        let few = ["a", "b", "c"];
        let mut one = |among: u8| {
            let known = self.random.u8(..4) > 0;
            known.then(|| few[usize::from(self.random.u8(..among))].to_owned())
        };
        Reception {
            file: one(3),
            digest: one(2),
            repeated: (self.random.u8(..4) == 0).then(|| self.soon()),
            unseen_since: None,
            again: [Again::Never, Again::IfChanged, Again::Always][self.random.usize(..3)],
        }
    }

    fn claim(&mut self) {
        let (name, limit) = (self.destination(), self.random.u32(1..6));
        let pick = match self.random.u8(..9) {
            0 => Pick::Oldest,
            1 => Pick::AtLeast(Priority::High),
            2 => Pick::Hurried,
            3 => Pick::Aside,
            _ => Pick::MostUrgent,
        };
        let mut some: Vec<String> = Vec::new();
        for _ in 0..self.random.usize(..3) {
            let all: Vec<&String> = self.model.entries.values().map(|one| &one.group).collect();
            some.extend(self.random.choice(all).cloned());
        }
        let groups = match (self.random.u8(..4), some.first()) {
            (0, _) => Groups::Except(&some),
            (1, Some(group)) => Groups::Only(group),
            _ => Groups::All,
        };
        let expected = self.model.claimable(name, groups, pick, limit as usize);
        assert_eq!(
            self.store().is_ready(name, groups, pick).unwrap(),
            !expected.is_empty()
        );
        let terms = ClaimTerms {
            groups,
            pick,
            limit,
            alters: false,
        };
        let claim = self.store().claim_of(name, &terms);
        if self.model.owners[self.model.by].over && !expected.is_empty() {
            assert!(matches!(claim, Err(StoreError::LeaseOver)), "{claim:?}");
            return;
        }
        let Some(claim) = claim.unwrap() else {
            assert!(expected.is_empty(), "nothing was claimed");
            return;
        };
        assert_eq!(ids(&claim), expected);
        let first = &self.model.entries[&expected[0]];
        let by_itself = first.is_alone() || pick == Pick::Aside;
        let group = (!by_itself).then_some(&first.group);
        assert_eq!(claim.group.as_ref(), group);
        assert!(!claim.hurried || first.hurried);
        assert!(self.claims.iter().all(|(token, _)| *token != claim.token));
        self.model.claim(&expected, claim.token);
        for item in &claim.items {
            assert_eq!(*item, self.model.entries[&item.id].item);
        }
        if self.random.u8(..4) == 0 {
            // All of it goes as one job.
            let hand = Hand {
                first: expected[0],
                last: expected[expected.len() - 1],
                job: None,
            };
            self.store().set_hand(claim.token, &hand).unwrap();
            self.model.hands.insert(
                claim.token,
                (self.model.order(hand.first), self.model.order(hand.last)),
            );
        }
        self.claims.push((claim.token, expected));
    }

    /// A process ended, suddenly for the most part, and another one takes up the queue.
    fn start(&mut self) {
        let now = self.now();
        self.maybe_ends_well();
        let found = self.store().begin(now).unwrap();
        let expected = self.model.begin(now);
        same_release(&found, expected);
    }

    /// A process that the other one no longer hears of.
    fn lease_over(&mut self) {
        let (now, owner) = (self.now(), self.model.by);
        self.maybe_ends_well();
        let renewed = self.store().renew(now);
        if self.model.owners[owner].over {
            assert!(matches!(renewed, Err(StoreError::LeaseOver)));
            return;
        }
        renewed.unwrap();
        self.model.by = 1 - owner;
        let early = self.store().release_expired(at(self.now - 1)).unwrap();
        assert_eq!(early, Released::default());
        let found = self.store().release_expired(now).unwrap();
        let expected = self.model.lease_over(owner, now);
        same_release(&found, expected);
    }

    fn maybe_ends_well(&mut self) {
        if self.random.u8(..8) == 0 {
            self.store().stopped_well(self.now()).unwrap();
            let by = self.model.by;
            self.model.owners[by].ended_well = !self.model.owners[by].over;
        }
    }

    fn finish(&mut self) {
        if self.claims.is_empty() {
            return;
        }
        // Mostly the newest claims; old ones are stale.
        let newest = self.claims.len() - 1;
        let back = self.random.usize(..4).min(newest);
        let (token, held) = self.claims[newest - back].clone();
        let mut results = Vec::new();
        for id in held {
            let confirm = self.maybe_soon().map(|due| ToConfirm {
                due,
                series: self.sent_series(),
            });
            let attempt = |class, status, counted| AttemptMade {
                started: at(self.now),
                duration_us: 5,
                outcome: Outcome {
                    class,
                    dimse_status: status,
                    details: format!("{class} at {}", self.now),
                    may_be_congestion: false,
                    waits: false,
                },
                counted,
                sent_as: counted.then(|| format!("2.25.{}", self.now)),
                altered: Some(false),
                confirm: (confirm.clone())
                    .filter(|_| matches!(class, Class::Success | Class::Warning)),
            };
            let (class, counted) = (self.random.usize(2..10), self.random.bool());
            let status = counted.then_some(0xA700 + class as u16);
            let failure = attempt(Class::ALL[class], status, counted);
            let verb = match self.random.u8(..10) {
                0 => Ending::Release,
                1 => Ending::Retry {
                    at: at(self.now + self.random.i64(0..200)),
                    attempt: failure,
                },
                2 | 3 => Ending::Fail(failure),
                4 => continue,
                6 => Ending::Hold {
                    at: at(self.now + self.random.i64(0..200)),
                    outcome: Outcome::waiting(format!("held at {}", self.now)),
                },
                5 => Ending::Complete(attempt(Class::Warning, Some(0xB000), true)),
                _ => {
                    let status = self.random.bool().then_some(0);
                    Ending::Complete(attempt(Class::Success, status, true))
                }
            };
            results.push(Finish { id, ending: verb });
        }
        let now = self.now();
        let changed = self.store().finish(token, &results, now).unwrap();
        assert_eq!(changed, self.model.finish(token, &results, now));
    }

    /// Of two series, one of which may have gone to two addresses; or nothing is known.
    fn sent_series(&mut self) -> Option<Box<SentSeries>> {
        let series = self.random.u8(..2);
        let target = self.random.u8(..=series);
        self.random.bool().then(|| {
            Box::new(SentSeries {
                target: format!("host:{target}"),
                study: "1.2".to_owned(),
                series: format!("1.2.{series}"),
                sop_class: String::new(),
            })
        })
    }

    /// Some of what is due is asked for, whatever comes of it; or a person wants it asked for.
    fn follow(&mut self) {
        let (name, now) = (self.destination(), self.now());
        if self.random.u8(..4) == 0 {
            let study = format!("s{}", self.random.u8(..4));
            let confirmed = self.store().confirm(name, &study, now, now).unwrap();
            assert_eq!(confirmed, self.model.confirm(name, &study, now));
        }
        let due = self.model.due(name, now);
        let claim = self.store().claim_follow_ups(name, now, 2, 1);
        if self.model.owners[self.model.by].over && !due.is_empty() {
            assert!(matches!(claim, Err(StoreError::LeaseOver)), "{claim:?}");
            return;
        }
        let Some(claim) = claim.unwrap() else {
            assert_eq!(due, BTreeMap::new());
            return;
        };
        assert!((1..=2).contains(&claim.all.len()));
        let study = &claim.all[0].ids.study;
        assert!(claim.all.iter().all(|one| one.ids.study == *study));
        let first = claim.all.iter().map(|one| due[&one.item]).min();
        assert_eq!(first, due.values().min().copied());
        let mut results = Vec::new();
        for one in &claim.all {
            let known = &self.model.follow_ups[&one.item].series;
            assert_eq!(one.series.as_ref(), known.as_deref());
            let details = format!("followed at {}", self.now);
            let followed = match self.random.u8(..5) {
                0 => Followed::Confirmed,
                1 => Followed::Dropped,
                2 => Followed::TimedOut { details },
                3 => Followed::Refused {
                    status: 0x0122,
                    details,
                    resend: false,
                    expires: None,
                },
                _ => Followed::Later {
                    due: self.soon(),
                    asked: true,
                    delivered: one.delivered,
                    said: Some(details),
                    transaction: None,
                },
            };
            self.model.followed(one.item, &followed);
            results.push((one.item, followed));
        }
        let followed = self.store().followed(claim.token, &results, now).unwrap();
        assert_eq!(followed, (0, 0));
    }

    fn operate(&mut self, id: i64, verb: Move) {
        let (now, to, expires) = (self.now(), self.destination(), self.maybe_soon());
        let before = self.model.entries.get(&id).map(|entry| entry.item.clone());
        let answer = match verb {
            Move::Cancel => self.store().cancel(id, now),
            Move::SendNow => self.store().send_now(id),
            Move::Replay => self.store().replay(id, expires),
            Move::Redirect => self.store().redirect(id, to, expires),
            _ => self.store().remove(id),
        };
        let to = (verb == Move::Redirect).then_some(to);
        let moved = self.model.operate(id, verb, to, expires, now);
        let after = self.model.entries.get(&id).map(|entry| entry.item.clone());
        let expected = match (before, moved) {
            (None, _) => Moved::Unknown,
            (Some(before), false) => Moved::Refused(before.state),
            (Some(before), true) => Moved::Done(after.unwrap_or(before)),
        };
        assert_eq!(answer.unwrap(), expected, "{verb:?} of {id}");
    }

    fn operate_all(&mut self) {
        let (now, to) = (self.now(), self.destination());
        let among = self
            .random
            .choice([Among::Failures, Among::Waiting, Among::Waiting]);
        let among = among.unwrap_or(Among::Waiting);
        let mut filter = match among {
            Among::Failures => Filter {
                class: self.random.bool().then_some(self.class()),
                ..Filter::default()
            },
            Among::Waiting => self.waiting(),
        };
        filter.destination = self.random.bool().then(|| self.destination().into());
        let priority = Priority::ALL[self.random.usize(..4)];
        let operations = [
            Operation::Replay,
            Operation::Cancel,
            Operation::SendNow,
            Operation::Promote,
            Operation::Prioritize(priority),
            Operation::Redirect { to: to.into() },
            Operation::Remove,
        ];
        let operation = &operations[self.random.usize(..operations.len())];
        let expires = |name: &str| Some(at(now.micros() % 7 + name.len() as i64));
        for dry_run in [true, false] {
            let sweep = Sweep {
                operation,
                among,
                filter: &filter,
                now,
                expires: &expires,
                dry_run,
                at_most: None,
                goes_on: &|| true,
            };
            let last = self.told_after(0).last().map_or(0, |entry| entry.id);
            let asker = Asker::new(None, now);
            let operated = asker.during(|| self.store().operate(&sweep).unwrap());
            let expected = self.model.operate_all(&sweep);
            assert_eq!(operated, expected, "{operation:?} {filter:?}");
            // One entry with all of it, and of nothing else; where one item was named it may be in another's.
            let told = self.told_after(last);
            let counts: Vec<Option<u64>> = told.iter().map(|entry| entry.count).collect();
            match (&filter.ids, operated.done) {
                (Some(ids), _) if ids.len() == 1 => assert!(told.len() <= 1),
                (_, done) if dry_run || done == 0 => assert_eq!(told, []),
                (_, done) => assert_eq!(counts, [Some(done)]),
            }
        }
    }

    fn forget(&self) {
        let before = at(self.now - 500);
        let most = 5 + self.now.unsigned_abs() as u32 % 40;
        let expected = left_of(&self.told_after(0), before, most as usize);
        self.store().forget_before(before, most, 100_000).unwrap();
        assert_eq!(self.told_after(0), expected);
    }

    /// Orthanc has some of the studies no more.
    fn close_some(&mut self) {
        let entries = self.model.entries.values();
        let with_items: BTreeSet<String> =
            entries.map(|entry| entry.item.ids.study.clone()).collect();
        for study in deliveries::bygone(self.store()) {
            assert!(!with_items.contains(&study.study), "{study:?}");
            if self.random.bool() {
                self.store().close(&study, at(self.now)).unwrap();
                *self.model.closed.entry(study.study).or_default() += 1;
            }
        }
    }

    fn told_after(&self, id: i64) -> Vec<Entry> {
        let always = Period {
            from: Timestamp::from_micros(i64::MIN),
            until: Timestamp::from_micros(i64::MAX),
            destination: None,
            event: None,
        };
        self.store().entries(&always, id, 100_000).unwrap()
    }

    /// What a person asks for of what waits, but for its destination.
    fn waiting(&mut self) -> Filter {
        let study = format!("s{}", self.random.u8(..4));
        let some_ids = (0..5).map(|_| self.id()).collect();
        let waiting = [State::Scheduled, State::Pending, State::Retry];
        let states = waiting.into_iter().filter(|_| self.random.bool()).collect();
        Filter {
            ids: (self.random.u8(..3) == 0).then_some(some_ids),
            states: self.random.bool().then_some(states),
            study: (self.random.u8(..3) == 0).then_some(study),
            rule: (self.random.u8(..3) == 0).then(|| "rule".into()),
            created_before: (self.random.u8(..3) == 0).then_some(at(self.now - 100)),
            ..Filter::default()
        }
    }

    fn filter(&mut self) -> Filter {
        let classes = [self.class(), Class::Success, Class::Warning];
        let states = [
            State::Failure,
            State::Failure,
            State::Success,
            State::Retry,
            State::Cancelled,
            State::Pending,
        ];
        let status = match self.random.u8(..6) {
            0 => Some(StatusFilter::None),
            1 => Some(StatusFilter::Is(0)),
            2 => Some(StatusFilter::Is(0xB000)),
            3 => Some(StatusFilter::Is(0xA700 + self.random.u16(2..10))),
            _ => None,
        };
        let name = self.destination();
        let class = classes[self.random.usize(..classes.len())];
        let mut chosen = crate::store::States::default();
        for _ in 0..self.random.usize(1..4) {
            chosen = chosen.with(states[self.random.usize(..states.len())]);
        }
        let ago = |play: &mut Play| {
            let some = play.random.u8(..4) == 0;
            let time = at(play.now - play.random.i64(-5..400));
            some.then_some(time)
        };
        Filter {
            states: self.random.bool().then_some(chosen),
            destination: self.random.bool().then(|| name.into()),
            class: self.random.bool().then_some(class),
            status,
            created_before: ago(self),
            created_after: ago(self),
            confirmation: (self.random.u8(..4) == 0)
                .then(|| Confirmation::ALL[self.random.usize(..Confirmation::ALL.len())]),
            rule: (self.random.u8(..4) == 0).then(|| "rule".into()),
            except_destination: (self.random.u8(..4) == 0).then(|| self.destination().into()),
            except_priority: (self.random.u8(..4) == 0).then_some(Priority::Medium),
            ..Filter::default()
        }
    }

    fn compare_totals(&self) {
        let mut totals: BTreeMap<(String, Class), u64> = BTreeMap::new();
        for kind in self.store().failure_totals().unwrap() {
            *totals.entry((kind.destination, kind.class)).or_default() += kind.total;
        }
        assert_eq!(totals, self.model.failed);
    }

    fn compare(&mut self, what: &str) {
        let items = all(self.store());
        self.kept.look(&items);
        let mine: Vec<&Item> = self
            .model
            .entries
            .values()
            .map(|entry| &entry.item)
            .collect();
        for (theirs, mine) in items.iter().zip(&mine) {
            assert_eq!(&theirs, mine, "{what}");
        }
        assert_eq!(items.len(), mine.len(), "{what}");
        assert_eq!(
            self.store().next_due().unwrap(),
            self.model.next_due(),
            "{what}"
        );
        assert_eq!(
            self.store().next_expiry().unwrap(),
            self.model.next_expiry(),
            "{what}"
        );
        assert_eq!(self.store().cursor().unwrap(), self.model.cursor, "{what}");
        for name in DESTINATIONS {
            let found = self.store().held_back(name).unwrap();
            assert_eq!(found, self.model.held_back(name), "{what}");
        }
        check_counts(self.store());
        for record in self.store().destinations().unwrap() {
            let mine = &self.model.destinations[&record.name];
            assert_eq!(record.paused_since, mine.paused_since, "{what}");
            assert_eq!(record.last_success, mine.last_success, "{what}");
            assert_eq!(record.last_error, mine.last_error, "{what}");
        }
    }

    fn compare_queries(&mut self) {
        self.kept.compare(self.store(), "at rest");
        let sent = deliveries::lines_of(&self.model.sent);
        assert_eq!(deliveries::lines(self.store()), sent);
        outbox::check_delivered(self.store(), &self.model.sent);
        let items = all(self.store());
        for entry in self.model.entries.values() {
            assert_eq!(attempts(self.store(), entry.item.id), entry.attempts);
        }
        for class in Class::ALL {
            let filter = Filter {
                class: Some(class),
                ..Filter::default()
            };
            query::check_filter(self.store(), &filter, &items);
        }
        let filter = Filter {
            completed_before: Some(at(self.now - 50)),
            destination: Some(self.destination().into()),
            ..Filter::default()
        };
        query::check_filter(self.store(), &filter, &items);
        for _ in 0..20 {
            let filter = self.filter();
            query::check_filter(self.store(), &filter, &items);
        }
        self.compare_totals();
        let kinds = self
            .store()
            .error_summary(&FailureKinds::default())
            .unwrap();
        let failures = items.iter().filter(|item| item.state == State::Failure);
        let counted: u64 = kinds.iter().map(|kind| kind.count).sum();
        assert_eq!(counted, failures.count() as u64);
    }
}

fn same_release(found: &Released, (released, failed): (u64, Vec<i64>)) {
    assert_eq!(found.released, released);
    let found: Vec<i64> = found.failed.iter().map(|item| item.id).collect();
    assert_eq!(found, failed);
}
