//! Groups that have associations to themselves.

use super::limits::{at_hour, to_hour, window};
use super::*;
use crate::config::settings::AssociationPer;
use crate::dispatch::lane::Turn;

fn per_group(change: impl FnOnce(&mut DestinationSettings)) -> Bench {
    let bench = bench(|settings| {
        settings.association_per = AssociationPer::Group;
        settings.associations = 1;
        change(settings);
    });
    bench.script.native.store(true, Ordering::SeqCst);
    bench
}

impl Bench {
    /// What went over the line since the last call.
    fn line(&self) -> Vec<String> {
        std::mem::take(&mut *self.script.line.lock().unwrap())
    }

    fn step(&self, worker: u32) -> Step {
        worker::step(&self.lane, worker)
    }

    /// What one instance of a delivery after the other leads to, while `at` happens before the one of this name.
    fn each(&self, name: &'static str, at: impl FnOnce(&dyn Store, &Lane) + Send + 'static) {
        let (store, lane) = (self.store.clone(), self.lane.clone());
        let mut at = Some(at);
        self.on_deliver(move |batch| {
            let mut over = false;
            let tried = batch.items.iter().enumerate().map(|(index, item)| {
                if item.ids.instance == name {
                    if let Some(at) = at.take() {
                        at(store.as_ref(), &lane);
                    }
                }
                if over {
                    return Tried::NotYet;
                }
                over = !(batch.told)(index, &success());
                success()
            });
            Delivery(tried.collect())
        });
    }
}

fn more(study: &str, instance: &str, priority: Priority) -> NewItem {
    NewItem {
        priority,
        ..item(study, instance)
    }
}

fn arrives(new: NewItem) -> impl FnOnce(&dyn Store, &Lane) + Send {
    move |store, lane| {
        let now = lane.tools.clock.now();
        store.enqueue(&Intake::arrival(&[new]), now).unwrap();
        lane.poke();
    }
}

#[test]
fn a_group_goes_whole_and_is_released_at_its_end() {
    let bench = per_group(|settings| settings.batch_size = 2);
    let mut mixed = Vec::new();
    for at in 0..3 {
        for study in ["a", "b"] {
            mixed.push(item(study, &format!("{study}{at}")));
        }
    }
    bench.enqueue(&mixed);
    bench.work();
    assert_eq!(bench.line(), ["a: a0 a1", "a: a2"], "more of it may come");
    bench.advance(1.9);
    bench.enqueue(&[item("a", "a3")]);
    bench.work();
    assert_eq!(bench.line(), ["a: a3"], "late, and over the same one");
    bench.advance(1.9);
    bench.work();
    assert!(bench.line().is_empty());
    bench.advance(0.1);
    bench.work();
    // The other one waits for a worker, and nothing of it has come for long enough: its end is known.
    assert_eq!(bench.line(), ["a ends", "b: b0 b1", "b: b2"]);
    bench.next();
    assert_eq!(bench.line(), ["b ends"]);
    assert_eq!(bench.work(), None);
}

#[test]
fn a_backlog_waits_for_nothing() {
    let bench = per_group(|_| ());
    bench.enqueue(&items("a", 2));
    bench.enqueue(&items("b", 1));
    bench.enqueue(&items("c", 1));
    bench.advance(2.0);
    let until = bench.work();
    assert_eq!(
        bench.line(),
        ["a: a-0 a-1", "a ends", "b: b-0", "b ends", "c: c-0"]
    );
    assert_eq!(until, Some(bench.clock.now().plus_seconds(2.0)));
}

#[test]
fn no_other_worker_takes_of_a_group_in_hand() {
    let bench = per_group(|settings| {
        settings.associations = 3;
        settings.batch_size = 1;
    });
    bench.enqueue(&items("a", 3));
    bench.enqueue(&items("b", 2));
    for _ in 0..3 {
        for worker in 0..3 {
            bench.step(worker);
        }
    }
    assert_eq!(
        bench.line(),
        ["a: a-0", "b: b-0", "a: a-1", "b: b-1", "a: a-2"]
    );
    // The third is free: nobody has to hurry for what comes now.
    bench.enqueue(&items("c", 1));
    for _ in 0..2 {
        for worker in 0..3 {
            bench.step(worker);
        }
    }
    assert_eq!(bench.line(), ["c: c-0"]);
}

#[test]
fn stat_goes_beside_it_or_after_the_instance_in_hand() {
    for associations in [1, 2] {
        let bench = per_group(|settings| settings.associations = associations);
        bench.enqueue(&items("a", 4));
        bench.each("a-1", arrives(more("s", "stat", Priority::Stat)));
        bench.step(0);
        assert_eq!(bench.line(), ["a: a-0 a-1 a-2 a-3"]);
        if associations == 1 {
            assert_eq!(bench.state("a-2"), State::Pending);
            bench.work();
            let line = ["a ends", "s: stat"];
            assert_eq!(bench.line(), line, "it may be two, too");
            bench.advance(2.0);
            bench.work();
            assert_eq!(bench.line(), ["s ends", "a: a-2 a-3"]);
        } else {
            assert_eq!(bench.state("a-3"), State::Success);
            bench.step(1);
            assert_eq!(bench.line(), ["s: stat"]);
        }
    }
}

/// Of its own group it is no reason to end it.
#[test]
fn stat_of_the_same_group_goes_next_over_its_association() {
    let bench = per_group(|settings| settings.batch_size = 2);
    bench.enqueue(&items("a", 5));
    bench.each("a-1", arrives(more("a", "stat", Priority::Stat)));
    bench.work();
    let line = ["a: a-0 a-1", "a: stat", "a: a-2 a-3", "a: a-4"];
    assert_eq!(bench.line(), line);
}

#[test]
fn only_one_of_many_gives_way_and_first_one_that_waits() {
    let bench = per_group(|settings| {
        settings.associations = 3;
        settings.batch_size = 1;
    });
    bench.enqueue(&items("a", 4));
    bench.enqueue(&items("b", 1));
    bench.enqueue(&items("c", 4));
    let round = || {
        for worker in 0..3 {
            bench.step(worker);
        }
    };
    round();
    round();
    assert_eq!(
        bench.line(),
        ["a: a-0", "b: b-0", "c: c-0", "a: a-1", "c: c-1"]
    );
    bench.each("a-2", arrives(more("s", "stat", Priority::Stat)));
    round();
    round();
    assert_eq!(
        bench.line(),
        ["a: a-2", "c: c-2", "a: a-3", "b ends", "c: c-3"]
    );
    bench.step(1);
    assert_eq!(bench.line(), ["s: stat"]);
}

#[test]
fn what_is_sent_now_is_not_torn_to_pieces() {
    let bench = per_group(|_| ());
    bench.enqueue(&items("old", 2));
    bench.enqueue(&items("a", 3));
    bench.enqueue(&items("b", 2));
    bench.advance(2.0);
    for instance in ["a-0", "a-1", "b-0", "b-1"] {
        bench.send_now(instance);
    }
    bench.work();
    assert_eq!(
        bench.line(),
        [
            "a: a-0",
            "a: a-1",
            "a: a-2",
            "a ends",
            "b: b-0",
            "b: b-1",
            "b ends",
            "old: old-0 old-1"
        ]
    );
}

#[test]
fn what_comes_late_and_waits_for_its_quiet_period_is_waited_for() {
    let bench = per_group(|settings| settings.quiet_seconds = 30);
    let later = |instance: &str| NewItem {
        not_before: Some(bench.clock.now().plus_seconds(30.0)),
        ..item("a", instance)
    };
    bench.enqueue(&[later("1")]);
    bench.next();
    assert_eq!(bench.line(), ["a: 1"]);
    bench.advance(20.0);
    bench.enqueue(&[later("2")]);
    bench.work();
    bench.next();
    assert_eq!((bench.line(), bench.time()), (vec!["a: 2".to_owned()], 80));
    bench.next();
    assert_eq!(
        (bench.line(), bench.time()),
        (vec!["a ends".to_owned()], 110)
    );
}

#[test]
fn a_retry_is_not_waited_for() {
    let bench = per_group(|_| ());
    bench.enqueue(&items("a", 2));
    bench.on_deliver(|batch| {
        up_to(batch, |item| {
            (item.ids.instance == "a-0").then(|| Outcome::of_status(0xA700, "busy"))
        })
    });
    bench.work();
    assert_eq!(bench.line(), ["a: a-0 a-1", "a: a-1"]);
    bench.next();
    assert_eq!((bench.line(), bench.time()), (vec!["a ends".to_owned()], 2));
}

#[test]
fn a_pause_an_outage_and_a_closed_window_end_it() {
    let bench = per_group(|settings| settings.windows = window(7, 9));
    bench.enqueue(&items("a", 1));
    bench.work();
    bench.lane.set_paused(true);
    bench.work();
    assert_eq!(bench.line(), ["a: a-0", "a ends"]);
    bench.lane.set_paused(false);

    bench.enqueue(&items("b", 1));
    bench.always(Outcome::new(Class::Unreachable, "gone"));
    bench.work();
    assert_eq!(bench.line(), ["b: b-0", "b ends"]);
    bench.on_deliver(|batch| up_to(batch, |_| None));
    bench.next();
    assert_eq!(bench.line(), ["b: b-0"]);

    to_hour(&bench, 9.0);
    assert_eq!(bench.work(), Some(at_hour(24.0 + 7.0)));
    assert_eq!(bench.line(), ["b ends"]);
}

#[test]
fn a_group_without_an_end_makes_room_for_those_that_wait() {
    let bench = per_group(|settings| settings.batch_size = 1);
    bench.enqueue(&items("a", 1));
    bench.work();
    bench.enqueue(&items("b", 1));
    let mut last = 0;
    for at in 1..5000 {
        bench.enqueue(&[item("a", &format!("late-{at}"))]);
        bench.work();
        last = at;
        if bench.state("b-0") == State::Success {
            break;
        }
        bench.advance(1.0);
    }
    assert!((3600..3610).contains(&last), "{last}");
}

#[test]
fn what_is_a_group_of_its_own_has_an_association_of_its_own() {
    let bench = per_group(|_| ());
    bench.enqueue(&["1", "2"].map(|one| NewItem {
        group: one.into(),
        ..item("a", one)
    }));
    bench.work();
    assert_eq!(bench.line(), ["1: 1", "1 ends", "2: 2", "2 ends"]);
}

#[test]
fn over_rest_there_is_nothing_to_keep() {
    let bench = per_group(|settings| settings.batch_size = 2);
    bench.script.native.store(false, Ordering::SeqCst);
    bench.enqueue(&items("a", 3));
    bench.enqueue(&items("b", 1));
    assert_eq!(bench.work(), None);
    assert_eq!(
        bench.line(),
        ["a: a-0 a-1", "a: a-2", "a ends", "b: b-0", "b ends"]
    );
}

#[test]
fn a_refused_association_lets_others_have_the_group() {
    let bench = per_group(|settings| settings.associations = 2);
    bench.enqueue(&items("a", 1));
    bench.step(0);
    bench.enqueue(&items("b", 1));
    bench.always(Outcome {
        may_be_congestion: true,
        ..Outcome::new(Class::Unreachable, "one at a time")
    });
    bench.step(1);
    bench.step(1);
    assert_eq!(bench.line(), ["a: a-0", "b: b-0", "b ends"]);
    assert_eq!(bench.record().outages, 0, "one is open");
    bench.on_deliver(|batch| up_to(batch, |_| None));
    bench.advance(2.0);
    assert!(matches!(bench.step(1), Step::Idle(_)), "one is enough now");
    bench.work();
    assert_eq!(bench.line(), ["a ends", "b: b-0"]);
}

/// `"Split": false`: any association, and one at a time.
fn kept(associations: u32) -> Bench {
    let bench = bench(|settings| {
        settings.split = false;
        settings.associations = associations;
        settings.batch_size = 2;
    });
    bench.script.native.store(true, Ordering::SeqCst);
    bench
}

#[test]
fn a_group_that_is_not_split_is_in_one_hand_at_a_time() {
    let bench = kept(2);
    bench.enqueue(&items("a", 5));
    let looks = |store: &dyn Store, lane: &Lane| {
        let taken = lane.in_other_hands(1);
        assert_eq!(taken, ["a"]);
        let ready = |pick| {
            store
                .is_ready("pacs", Groups::Except(&taken), pick)
                .unwrap()
        };
        assert!(!ready(Pick::MostUrgent), "the other worker finds nothing");
    };
    bench.each("a-1", looks);
    bench.step(0);
    // Nobody has it in hand any more, and nobody waits for what may come.
    assert!(bench.lane.in_hand().is_empty());
    bench.step(1);
    bench.each("a-4", looks);
    bench.step(0);
    assert_eq!(
        bench.sent(),
        [vec!["a-0", "a-1"], vec!["a-2", "a-3"], vec!["a-4"]]
    );
    assert!(bench.line().is_empty(), "no association of its own");
}

/// One that found nothing but what another one had in hand looks again when that is over.
#[test]
fn what_was_in_another_hand_is_looked_for_again() {
    let bench = kept(2);
    bench.enqueue(&items("a", 3));
    bench.each("a-0", |store, lane| {
        let look = lane.turn(1);
        let Turn::Send { seen, .. } = look else {
            panic!("there may be something");
        };
        lane.recorded();
        lane.sent(1);
        let taken = lane.in_other_hands(1);
        let ready = store.is_ready("pacs", Groups::Except(&taken), Pick::MostUrgent);
        assert!(!ready.unwrap());
        lane.empty(seen);
        assert!(matches!(lane.turn(1), Turn::Wait(_)));
    });
    bench.step(0);
    assert_eq!(bench.step(1), Step::Worked);
    assert_eq!(bench.state("a-2"), State::Success);
}

/// Other groups go beside it, and something urgent of another group does not wait for its end.
#[test]
fn others_go_beside_a_group_that_is_not_split() {
    let bench = kept(2);
    bench.enqueue(&items("a", 3));
    bench.enqueue(&items("b", 1));
    bench.each("a-1", |store, lane| {
        let taken = lane.in_other_hands(1);
        let ready = store.is_ready("pacs", Groups::Except(&taken), Pick::MostUrgent);
        assert!(ready.unwrap());
        arrives(more("s", "stat", Priority::Stat))(store, lane);
    });
    bench.step(0);
    bench.step(0);
    bench.work();
    let order = bench.sent().concat();
    assert_eq!(order, ["a-0", "a-1", "stat", "a-2", "b-0"]);
}
