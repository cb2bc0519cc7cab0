//! What other systems are told of.

use super::deliveries::Sent;
use super::*;
use crate::item::Announcement;
use crate::store::{Announced, Followed, Stored, ToConfirm};

pub fn run(make: Make<'_>) {
    nothing_is_written_unless_it_is_asked_for(&*one(make));
    what_is_stored_comes_with_the_cursor(make());
    deliveries_and_failures_are_told_by_whoever_makes_them(&*one(make));
    only_what_is_whole_is_read_and_in_its_order(make());
    a_study_is_told_when_it_is_quiet_and_again_when_it_was_not(&*one(make));
    a_study_is_delivered_when_each_instance_is(&*one(make));
    a_replayed_failure_makes_it_whole(&*one(make));
    what_is_owed_no_more_makes_a_study_delivered(&*one(make));
    what_is_not_answered_for_is_not_delivered(&*one(make));
    what_was_cancelled_is_not_delivered_when_it_is_pruned(&*one(make));
    time_without_a_look_is_no_quiet_time(&*one(make));
    what_is_old_goes_and_positions_are_never_given_twice(&*one(make));
    a_time_leads_to_a_position(&*one(make));
    readers_are_remembered(make());
}

const QUIET: i64 = 60_000_000;

fn announce(store: &dyn Store, kinds: &[Announcement]) {
    store.announce(kinds, QUIET, at(0)).unwrap();
}

fn stored(study: &str, instance: &str) -> Stored {
    Stored {
        name: format!("{instance}.file"),
        study: study.into(),
        instance: instance.into(),
        data: "{}".into(),
    }
}

fn arrive(store: &dyn Store, study: &str, instance: &str, seconds: i64) {
    let told = [stored(study, instance)];
    let items = [new_item(study, instance, "pacs")];
    let intake = Intake::arrival(&items).telling(&told);
    store.enqueue(&intake, at(seconds)).unwrap();
}

/// All there is, made whole.
pub fn told(store: &dyn Store) -> Vec<Announced> {
    loop {
        let parts = store.parts(7).unwrap();
        if parts.is_empty() {
            break;
        }
        let whole = parts.into_iter().map(|part| (part.position, part.data));
        store.complete(&whole.collect()).unwrap();
    }
    let mut all: Vec<Announced> = Vec::new();
    loop {
        let after = all.last().map_or(0, |one| one.position);
        let page = store.announced(after, 5).unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

/// That each delivery was told of, once and in its order.
pub fn check_delivered(store: &dyn Store, sent: &[Sent]) {
    let found: Vec<_> = (told(store).into_iter())
        .filter(|one| one.kind == Announcement::InstanceDelivered)
        .map(|one| (one.study, one.instance, one.destination, one.time))
        .collect();
    let expected: Vec<_> = (sent.iter())
        .map(|one| {
            let (study, instance) = (one.study.clone(), Some(one.instance.clone()));
            (study, instance, Some(one.destination.clone()), one.time)
        })
        .collect();
    assert_eq!(found, expected);
}

fn kinds(found: &[Announced]) -> Vec<(&'static str, &str, i64)> {
    let since = at(0).micros();
    (found.iter())
        .map(|one| {
            let seconds = (one.time.micros() - since) / 1_000_000;
            let what = one.instance.as_deref().unwrap_or(&one.study);
            (one.kind.as_str(), what, seconds)
        })
        .collect()
}

fn value(one: &Announced, key: &str) -> serde_json::Value {
    let data: serde_json::Value = serde_json::from_str(&one.data).unwrap();
    data[key].clone()
}

fn nothing_is_written_unless_it_is_asked_for(store: &dyn Store) {
    arrive(store, "s", "a", 0);
    finish_all(store, 1);
    announce(store, &Announcement::ALL);
    announce(store, &[]);
    arrive(store, "s", "b", 2);
    fail_all(store, "pacs", Class::Rejected);
    assert_eq!(store.conclude(at(FAR), 10).unwrap(), 0);
    assert_eq!(told(store), []);
    assert_eq!(store.outgoing().unwrap(), Default::default());
}

fn finish_all(store: &dyn Store, seconds: i64) {
    let claim = claim(store, "pacs");
    let results: Vec<Finish> = (claim.items.iter())
        .map(|item| Finish {
            id: item.id,
            ending: Ending::Complete(made(Class::Success)),
        })
        .collect();
    store.finish(claim.token, &results, at(seconds)).unwrap();
}

fn what_is_stored_comes_with_the_cursor([store, other]: [Box<dyn Store>; 2]) {
    announce(&*store, &[Announcement::InstanceStored]);
    arrive(&*store, "s", "a", 1);
    // What goes nowhere is told of as well.
    let alone = [stored("s", "b")];
    let intake = Intake::arrival(&[]).telling(&alone);
    other.enqueue(&intake, at(2)).unwrap();
    let found = told(&*store);
    assert_eq!(
        kinds(&found),
        [("instance.stored", "a", 1), ("instance.stored", "b", 2)]
    );
    assert_eq!(found[1].name, "b.file");
    // What arrives undecided has arrived before it has failed.
    announce(&*store, &Announcement::ALL);
    let (told_of, doubtful) = (
        [stored("s", "c")],
        [NewItem {
            failed: Some(Outcome::new(Class::Internal, "undecided")),
            ..new_item("s", "c", "pacs")
        }],
    );
    let intake = Intake::arrival(&doubtful).telling(&told_of);
    store.enqueue(&intake, at(3)).unwrap();
    let found = told(&*store);
    assert_eq!(
        kinds(&found[2..]),
        [("instance.stored", "c", 3), ("instance.failed", "c", 3)]
    );
    assert_eq!(found[1].data, "{}");
}

fn deliveries_and_failures_are_told_by_whoever_makes_them(store: &dyn Store) {
    let both = [
        Announcement::InstanceDelivered,
        Announcement::InstanceFailed,
    ];
    announce(store, &both);
    arrive(store, "s", "a", 0);
    let first = claim(store, "pacs");
    let id = first.items[0].id;
    let again = Ending::Retry {
        at: at(3),
        attempt: made(Class::Busy),
    };
    finish(store, first.token, id, again);
    assert_eq!(told(store), [], "nothing is decided");
    promote_all(store, "pacs");
    let second = claim(store, "pacs");
    let sent_as = AttemptMade {
        sent_as: Some("2.25.1".into()),
        ..made(Class::Success)
    };
    finish(store, second.token, id, Ending::Complete(sent_as.clone()));
    // A result that comes too late changes nothing, and is not told.
    finish(store, second.token, id, Ending::Complete(sent_as));
    // Expired, refused and undecided ones are failures as well.
    let doubtful = NewItem {
        failed: Some(Outcome::new(Class::Internal, "undecided")),
        ..new_item("s", "b", "pacs")
    };
    store.enqueue(&Intake::arrival(&[doubtful]), at(4)).unwrap();
    let expiring = NewItem {
        expires: Some(at(5)),
        ..new_item("s", "c", "pacs")
    };
    store.enqueue(&Intake::arrival(&[expiring]), at(4)).unwrap();
    store.expire(at(6), 10).unwrap();
    let found = told(store);
    assert_eq!(
        kinds(&found),
        [
            ("instance.delivered", "a", 2),
            ("instance.failed", "b", 4),
            ("instance.failed", "c", 6)
        ]
    );
    assert_eq!(found[0].destination.as_deref(), Some("pacs"));
    assert_eq!(value(&found[0], "sent_as"), "2.25.1");
    assert_eq!(value(&found[0], "uid"), "1.2.a");
    assert_eq!(value(&found[0], "attempts"), 2);
    assert_eq!(value(&found[1], "class"), "Internal");
    assert_eq!(value(&found[2], "class"), "Expired");
    // Each failure has a name of its own.
    let failed = found[2].clone();
    store
        .replay(value(&failed, "item").as_i64().unwrap(), Some(at(8)))
        .unwrap();
    store.expire(at(9), 10).unwrap();
    let found = told(store);
    assert_eq!(found.len(), 4);
    assert_ne!(found[3].name, failed.name);
}

fn only_what_is_whole_is_read_and_in_its_order([store, other]: [Box<dyn Store>; 2]) {
    announce(&*store, &[Announcement::InstanceStored]);
    for (seconds, instance) in (0..).zip(["a", "b", "c"]) {
        arrive(&*store, "s", instance, seconds);
    }
    assert_eq!(store.announced(0, 10).unwrap(), []);
    let parts = store.parts(2).unwrap();
    assert_eq!(parts.len(), 2);
    let whole = BTreeMap::from([(parts[0].position, "1".to_owned())]);
    other.complete(&whole).unwrap();
    let found = store.announced(0, 10).unwrap();
    assert_eq!(kinds(&found), [("instance.stored", "a", 0)]);
    assert_eq!(found[0].data, "1");
    assert_eq!(store.parts(1).unwrap()[0].position, parts[1].position);
    let state = store.outgoing().unwrap();
    assert_eq!(
        (state.first, state.whole, state.last),
        (found[0].position, found[0].position, parts[1].position + 1)
    );
    assert_eq!(state.oldest, Some(at(0)));
    store.complete(&BTreeMap::new()).unwrap();
    assert_eq!(store.announced(found[0].position, 10).unwrap(), []);
    assert_eq!(told(&*store).len(), 3);
}

fn a_study_is_told_when_it_is_quiet_and_again_when_it_was_not(store: &dyn Store) {
    announce(store, &[Announcement::StudyComplete]);
    assert_eq!(store.next_conclusion().unwrap(), None);
    arrive(store, "s", "a", 0);
    arrive(store, "s", "b", 30);
    assert_eq!(store.next_conclusion().unwrap(), Some(at(90)));
    assert_eq!(store.conclude(at(89), 10).unwrap(), 0);
    assert_eq!(store.conclude(at(90), 10).unwrap(), 1);
    assert_eq!(store.conclude(at(200), 10).unwrap(), 0);
    arrive(store, "s", "c", 300);
    store.conclude(at(400), 10).unwrap();
    let found = told(store);
    assert_eq!(
        kinds(&found),
        [("study.complete", "s", 90), ("study.complete", "s", 400)]
    );
    assert_eq!(
        [value(&found[0], "revision"), value(&found[1], "revision")],
        [1, 2]
    );
    assert_ne!(found[0].name, found[1].name);
    // Once it was forgotten it begins anew.
    assert_eq!(store.forget_revisions(at(300), 10).unwrap(), 0);
    assert_eq!(store.forget_revisions(at(301), 10).unwrap(), 1);
    arrive(store, "s", "d", 500);
    assert_eq!(
        store.forget_revisions(at(FAR), 10).unwrap(),
        0,
        "it is to be told"
    );
}

fn a_study_is_delivered_when_each_instance_is(store: &dyn Store) {
    announce(store, &[Announcement::StudyDelivered]);
    for instance in ["a", "b"] {
        arrive(store, "s", instance, 0);
    }
    let claimed = claim(store, "pacs");
    let complete = |at: usize| {
        let attempt = made(Class::Success);
        let item = &claimed.items[at];
        finish(store, claimed.token, item.id, Ending::Complete(attempt));
    };
    complete(0);
    assert_eq!(store.conclude(at(100), 10).unwrap(), 1);
    assert_eq!(told(store), [], "b is on its way");
    assert_eq!(store.conclude(at(FAR), 10).unwrap(), 0);
    complete(1);
    // One more is delivered again, and that has not failed which was delivered since.
    let again = [new_item("s", "a", "pacs")];
    store.enqueue(&Intake::request(&again), at(3)).unwrap();
    fail_all(store, "pacs", Class::Rejected);
    store.conclude(at(100), 10).unwrap();
    assert_eq!(told(store), [], "the newest of a failed");
    store.enqueue(&Intake::request(&again), at(4)).unwrap();
    finish_all(store, 200);
    store.conclude(at(300), 10).unwrap();
    let found = told(store);
    assert_eq!(kinds(&found), [("study.delivered", "s", 300)]);
    assert_eq!(found[0].destination.as_deref(), Some("pacs"));
    let of = |key| value(&found[0], key);
    assert_eq!([of("revision"), of("instances"), of("size")], [1, 2, 20]);
    assert_eq!(
        [of("first"), of("last")],
        [at(2).micros(), at(200).micros()]
    );
    assert_eq!([of("sample"), of("remote_aet")], ["a", "AET"]);
    // Elsewhere it is another matter.
    store
        .enqueue(&Intake::request(&[new_item("s", "a", "other")]), at(400))
        .unwrap();
    store.conclude(at(500), 10).unwrap();
    assert_eq!(told(store).len(), 1);
}

fn a_replayed_failure_makes_it_whole(store: &dyn Store) {
    announce(store, &[Announcement::StudyDelivered]);
    arrive(store, "s", "a", 0);
    arrive(store, "s", "b", 0);
    let claimed = claim(store, "pacs");
    let [a, b] = [claimed.items[0].id, claimed.items[1].id];
    let ending = Ending::Complete(made(Class::Success));
    finish(store, claimed.token, a, ending);
    let ending = Ending::Fail(made(Class::Rejected));
    finish(store, claimed.token, b, ending);
    store.conclude(at(100), 10).unwrap();
    assert_eq!(told(store), []);
    store.replay(b, None).unwrap();
    finish_all(store, 200);
    store.conclude(at(300), 10).unwrap();
    assert_eq!(kinds(&told(store)), [("study.delivered", "s", 300)]);
}

fn what_is_old_goes_and_positions_are_never_given_twice(store: &dyn Store) {
    announce(store, &[Announcement::InstanceStored]);
    for (seconds, instance) in (0..).zip(["a", "b", "c"]) {
        arrive(store, "s", instance, seconds);
    }
    assert_eq!(
        store.forget_announced(at(FAR), 10).unwrap(),
        0,
        "nothing is whole"
    );
    let last = told(store)[2].position;
    assert_eq!(store.forget_up_to(last - 3, 10).unwrap(), 0);
    assert_eq!(store.forget_announced(at(2), 1).unwrap(), 1);
    assert_eq!(store.forget_up_to(last - 1, 10).unwrap(), 1);
    assert_eq!(store.forget_announced(at(2), 10).unwrap(), 0);
    assert_eq!(kinds(&told(store)), [("instance.stored", "c", 2)]);
    assert_eq!(store.forget_announced(at(FAR), 10).unwrap(), 1);
    let state = store.outgoing().unwrap();
    assert_eq!((state.first, state.last, state.oldest), (0, last, None));
    arrive(store, "s", "d", 5);
    assert_eq!(told(store)[0].position, last + 1);
}

fn a_time_leads_to_a_position(store: &dyn Store) {
    announce(store, &[Announcement::InstanceStored]);
    assert_eq!(store.position_before(at(0)).unwrap(), 0);
    for seconds in [10, 20, 20, 30] {
        arrive(store, "s", &format!("{seconds}"), seconds);
    }
    let all: Vec<i64> = told(store).iter().map(|one| one.position).collect();
    let of = |seconds| store.position_before(at(seconds)).unwrap();
    assert_eq!(of(5), 0);
    assert_eq!([of(10), of(11), of(20)], [all[0] - 1, all[0], all[0]]);
    assert_eq!([of(21), of(30), of(31)], [all[2], all[2], all[3]]);
    store.forget_announced(at(20), 10).unwrap();
    assert_eq!(of(5), all[0], "behind what is forgotten");
}

fn what_is_owed_no_more_makes_a_study_delivered(store: &dyn Store) {
    announce(store, &[Announcement::StudyDelivered]);
    for (study, operation) in [("s", Some("other")), ("t", None)] {
        for instance in ["a", "b"] {
            arrive(store, study, &format!("{study}{instance}"), 0);
        }
        let claimed = claim(store, "pacs");
        let [a, b] = [claimed.items[0].id, claimed.items[1].id];
        finish(
            store,
            claimed.token,
            a,
            Ending::Complete(made(Class::Success)),
        );
        finish(store, claimed.token, b, Ending::Fail(made(Class::Rejected)));
        store.conclude(at(100), 10).unwrap();
        let before = told(store).len();
        match operation {
            Some(to) => store.redirect(b, to, None).unwrap(),
            None => store.remove(b).unwrap(),
        };
        store.conclude(at(200), 10).unwrap();
        let found = told(store);
        assert_eq!(kinds(&found[before..]), [("study.delivered", study, 200)]);
        // It is told once.
        let late = [new_item(study, &format!("{study}c"), "pacs")];
        let id = enqueue_at(store, &late, at(300))[0];
        store.remove(id).unwrap();
        assert_eq!(store.conclude(at(FAR), 10).unwrap(), 0);
    }
}

fn what_is_not_answered_for_is_not_delivered(store: &dyn Store) {
    announce(store, &[Announcement::StudyDelivered]);
    arrive(store, "s", "a", 0);
    let claimed = claim(store, "pacs");
    let confirmed = AttemptMade {
        confirm: Some(ToConfirm {
            due: at(10),
            series: None,
        }),
        ..made(Class::Success)
    };
    let id = claimed.items[0].id;
    finish(store, claimed.token, id, Ending::Complete(confirmed));
    let asked = store
        .claim_follow_ups("pacs", at(20), 10, 100)
        .unwrap()
        .unwrap();
    let timed_out = Followed::TimedOut {
        details: "no answer".into(),
    };
    store
        .followed(asked.token, &[(id, timed_out)], at(21))
        .unwrap();
    store.conclude(at(100), 10).unwrap();
    assert_eq!(told(store), []);
    // Nor when its item is gone; and it is once it answers.
    assert_eq!(store.confirm("pacs", "s", at(200), at(150)).unwrap(), 1);
    let asked = store
        .claim_follow_ups("pacs", at(300), 10, 100)
        .unwrap()
        .unwrap();
    store
        .followed(asked.token, &[(id, Followed::Confirmed)], at(301))
        .unwrap();
    store.conclude(at(400), 10).unwrap();
    assert_eq!(kinds(&told(store)), [("study.delivered", "s", 400)]);
}

fn what_was_cancelled_is_not_delivered_when_it_is_pruned(store: &dyn Store) {
    announce(store, &[Announcement::StudyDelivered]);
    arrive(store, "s", "a", 0);
    finish_all(store, 10);
    let late = [new_item("s", "b", "pacs")];
    let id = enqueue_at(store, &late, at(11))[0];
    store.cancel(id, at(12)).unwrap();
    store.conclude(at(100), 10).unwrap();
    store.prune(at(FAR), 10).unwrap();
    assert_eq!(store.conclude(at(FAR), 10).unwrap(), 0);
    assert_eq!(told(store), []);
}

/// A restart is no silence: nobody looked meanwhile.
fn time_without_a_look_is_no_quiet_time(store: &dyn Store) {
    announce(store, &[Announcement::StudyComplete]);
    arrive(store, "s", "a", 0);
    store
        .announce(&[Announcement::StudyComplete], QUIET, at(500))
        .unwrap();
    assert_eq!(store.next_conclusion().unwrap(), Some(at(530)));
    // Other quiet time counts for what waits, too.
    store
        .announce(&[Announcement::StudyComplete], 1000 * QUIET, at(1))
        .unwrap();
    assert_eq!(store.next_conclusion().unwrap(), Some(at(60_000)));
    store
        .announce(&[Announcement::StudyComplete], 1_000_000, at(1))
        .unwrap();
    assert_eq!(store.next_conclusion().unwrap(), Some(at(2)));
}

fn readers_are_remembered([store, other]: [Box<dyn Store>; 2]) {
    assert_eq!(store.seen("webhook").unwrap(), None);
    assert!(!store.advance("webhook", 0, 5).unwrap());
    store.see("webhook", 7).unwrap();
    assert_eq!(other.seen("webhook").unwrap(), Some(7));
    assert!(other.advance("webhook", 7, 9).unwrap());
    // Somebody has put it back meanwhile.
    store.see("webhook", 3).unwrap();
    assert!(!other.advance("webhook", 9, 10).unwrap());
    assert_eq!(other.seen("webhook").unwrap(), Some(3));
    other.forget_reader("webhook").unwrap();
    assert_eq!(store.seen("webhook").unwrap(), None);
    assert_eq!(store.seen("whole").unwrap(), Some(0));
}
