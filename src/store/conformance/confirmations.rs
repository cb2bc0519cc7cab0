//! What was acknowledged is asked for later.

use super::*;
use crate::item::Confirmation;
use crate::item::SentSeries;
use crate::store::{FollowUps, Followed, ToConfirm};

pub fn run(make: Make<'_>) {
    a_delivery_waits_for_its_confirmation(&*one(make));
    what_is_due_first_is_asked_for_with_its_study(&*one(make));
    a_transaction_is_one_claim(&*one(make));
    what_is_claimed_is_nobody_elses(make());
    a_lost_claim_changes_nothing(make());
    a_start_forgets_transactions(make());
    what_is_waited_for_is_not_pruned(&*one(make));
    what_it_does_not_have_is_sent_again_once(&*one(make));
    what_it_does_not_answer_for_is_not_sent_again(&*one(make));
    a_removed_item_is_not_asked_for(&*one(make));
    a_person_has_a_study_confirmed_again(&*one(make));
    what_is_gone_keeps_its_confirmation(&*one(make));
    what_cannot_be_asked_for_is_ended(&*one(make));
    it_is_known_how_it_was_sent(&*one(make));
    no_more_transactions_are_open_than_reports_are_kept(&*one(make));
}

const PACS: &str = "pacs";
/// As many as Orthanc keeps.
const REPORTS: u32 = 100;

/// Delivers all that waits, to be confirmed from then on.
fn deliver(store: &dyn Store, due: i64) {
    let claim = claim(store, PACS);
    let ending = Ending::Complete(AttemptMade {
        confirm: Some(ToConfirm {
            due: at(due),
            series: None,
        }),
        ..made(Class::Success)
    });
    let all: Vec<Finish> = (claim.items.iter())
        .map(|item| Finish {
            id: item.id,
            ending: ending.clone(),
        })
        .collect();
    store.finish(claim.token, &all, at(due - 1)).unwrap();
}

fn delivered(store: &dyn Store, study: &str, instances: &[&str], due: i64) -> Vec<i64> {
    let items: Vec<NewItem> = (instances.iter())
        .map(|instance| new_item(study, instance, PACS))
        .collect();
    let ids = enqueue(store, &items);
    deliver(store, due);
    ids
}

fn due(store: &dyn Store, seconds: i64) -> Option<FollowUps> {
    store
        .claim_follow_ups(PACS, at(seconds), 100, REPORTS)
        .unwrap()
}

fn items(claim: &FollowUps) -> Vec<i64> {
    claim.all.iter().map(|one| one.item).collect()
}

fn follow(store: &dyn Store, claim: &FollowUps, followed: &Followed, seconds: i64) -> (u64, u64) {
    let all: Vec<(i64, Followed)> = (claim.all.iter())
        .map(|one| (one.item, followed.clone()))
        .collect();
    store.followed(claim.token, &all, at(seconds)).unwrap()
}

fn later(seconds: i64, transaction: Option<&str>) -> Followed {
    Followed::Later {
        due: at(seconds),
        asked: true,
        delivered: at(9),
        said: Some("not yet".into()),
        transaction: transaction.map(str::to_owned),
    }
}

fn refused(status: u16, resend: bool) -> Followed {
    Followed::Refused {
        status,
        details: "no such object instance".into(),
        resend,
        expires: Some(at(FAR)),
    }
}

fn confirmation(store: &dyn Store, id: i64) -> (State, Confirmation) {
    let (item, _) = store.item(id).unwrap().unwrap();
    (item.state, item.confirmation)
}

fn counts(store: &dyn Store) -> (u64, u64, u64) {
    let record = store.destination(PACS).unwrap().unwrap();
    let of = record.confirming;
    (of.waiting, of.refused, of.timed_out)
}

fn a_delivery_waits_for_its_confirmation(store: &dyn Store) {
    let ids = delivered(store, "s", &["a"], 10);
    let waits = (State::Success, Confirmation::Waiting);
    assert_eq!(confirmation(store, ids[0]), waits);
    assert_eq!(counts(store), (1, 0, 0));
    assert_eq!(due(store, 9), None);
    assert_eq!(store.next_follow_up(PACS, REPORTS).unwrap(), Some(at(10)));
    let claim = due(store, 10).unwrap();
    assert_eq!(items(&claim), ids);
    let one = &claim.all[0];
    assert_eq!((one.delivered, one.asked, one.begun), (at(9), 0, None));
    assert_eq!(one.ids.sop_instance_uid, "1.2.a");
    assert_eq!(store.next_follow_up(PACS, REPORTS).unwrap(), None);
    follow(store, &claim, &later(30, None), 11);
    assert_eq!(due(store, 29), None);
    let claim = due(store, 30).unwrap();
    let one = &claim.all[0];
    assert_eq!((one.asked, one.said.as_str()), (1, "not yet"));
    assert_eq!(confirmation(store, ids[0]), waits);
    follow(store, &claim, &Followed::Confirmed, 31);
    let confirmed = (State::Success, Confirmation::Confirmed);
    assert_eq!(confirmation(store, ids[0]), confirmed);
    assert_eq!((counts(store), due(store, FAR)), ((0, 0, 0), None));
    // One that is not to be confirmed has none.
    let ids = enqueue(store, &[new_item("s", "b", PACS)]);
    let claim = super::claim(store, PACS);
    let ending = Ending::Complete(made(Class::Success));
    let finish = [Finish { id: ids[0], ending }];
    store.finish(claim.token, &finish, at(40)).unwrap();
    let none = (State::Success, Confirmation::None);
    assert_eq!(confirmation(store, ids[0]), none);
}

fn what_is_due_first_is_asked_for_with_its_study(store: &dyn Store) {
    let first = delivered(store, "s", &["a", "b"], 10);
    let second = delivered(store, "t", &["c"], 11);
    let third = delivered(store, "s", &["d"], 12);
    assert_eq!(items(&due(store, 11).unwrap()), first);
    assert_eq!(items(&due(store, 12).unwrap()), second);
    assert_eq!(items(&due(store, 12).unwrap()), third);
    assert_eq!(due(store, FAR), None);
    // No more than asked for.
    let many = delivered(store, "u", &["e", "f", "g"], 13);
    let some = (store.claim_follow_ups(PACS, at(13), 2, REPORTS))
        .unwrap()
        .unwrap();
    assert_eq!(some.all.len(), 2);
    let rest = due(store, 13).unwrap();
    let mut all = [items(&some), items(&rest)].concat();
    all.sort_unstable();
    assert_eq!(all, many);
    let other = store.claim_follow_ups("other", at(FAR), 9, REPORTS);
    assert_eq!(other.unwrap(), None);
}

fn a_transaction_is_one_claim(store: &dyn Store) {
    let ids = delivered(store, "s", &["a", "b"], 10);
    let more = delivered(store, "s", &["c"], 20);
    let claim = due(store, 10).unwrap();
    follow(store, &claim, &later(30, Some("2.25.9")), 11);
    assert_eq!(items(&due(store, 25).unwrap()), more);
    let claim = due(store, 30).unwrap();
    assert_eq!(claim.transaction.as_deref(), Some("2.25.9"));
    assert_eq!(items(&claim), ids);
    assert!(claim.all.iter().all(|one| one.begun == Some(at(11))));
    // It is the same one as long as it is awaited; when it began stays.
    follow(store, &claim, &later(40, Some("2.25.9")), 31);
    let claim = due(store, 40).unwrap();
    assert!(claim.all.iter().all(|one| one.begun == Some(at(11))));
    follow(store, &claim, &later(50, None), 41);
    let claim = due(store, 50).unwrap();
    assert_eq!(
        (claim.transaction.as_deref(), claim.all[0].begun),
        (None, None)
    );
    assert_eq!(claim.all[0].asked, 3);
}

fn what_is_claimed_is_nobody_elses([store, other]: [Box<dyn Store>; 2]) {
    delivered(&*store, "s", &["a"], 10);
    let claim = due(&*store, 10).unwrap();
    assert_eq!(due(&*other, FAR), None);
    // Its process has ended: a start finds it.
    store.begin(at(11)).unwrap();
    let again = due(&*other, 11).unwrap();
    assert_eq!(items(&again), items(&claim));
}

fn a_lost_claim_changes_nothing([store, other]: [Box<dyn Store>; 2]) {
    let ids = delivered(&*store, "s", &["a"], 10);
    let lost = due(&*store, 10).unwrap();
    store.begin(at(11)).unwrap();
    let held = due(&*other, 11).unwrap();
    for followed in [
        Followed::Confirmed,
        refused(0x0112, true),
        later(99, None),
        Followed::Dropped,
    ] {
        assert_eq!(follow(&*store, &lost, &followed, 12), (0, 0));
        let waits = (State::Success, Confirmation::Waiting);
        assert_eq!(confirmation(&*store, ids[0]), waits);
    }
    follow(&*other, &held, &Followed::Confirmed, 13);
    let confirmed = (State::Success, Confirmation::Confirmed);
    assert_eq!(confirmation(&*store, ids[0]), confirmed);
}

fn a_start_forgets_transactions([store, _]: [Box<dyn Store>; 2]) {
    delivered(&*store, "s", &["a"], 10);
    let claim = due(&*store, 10).unwrap();
    follow(&*store, &claim, &later(20, Some("2.25.9")), 11);
    store.begin(at(12)).unwrap();
    let claim = due(&*store, 20).unwrap();
    assert_eq!((claim.transaction, claim.all[0].begun), (None, None));
}

fn what_is_waited_for_is_not_pruned(store: &dyn Store) {
    let ids = delivered(store, "s", &["a", "b"], 10);
    assert_eq!(store.prune(at(FAR), 1000).unwrap(), 0);
    let claim = due(store, 10).unwrap();
    let results = [(ids[0], Followed::Confirmed), (ids[1], later(20, None))];
    store.followed(claim.token, &results, at(11)).unwrap();
    assert_eq!(store.prune(at(FAR), 1000).unwrap(), 1);
    let claim = due(store, 20).unwrap();
    let over = Followed::TimedOut {
        details: "no report came".into(),
    };
    follow(store, &claim, &over, 21);
    assert_eq!(counts(store), (0, 0, 1));
    let timed_out = (State::Success, Confirmation::TimedOut);
    assert_eq!(confirmation(store, ids[1]), timed_out);
    let (item, _) = store.item(ids[1]).unwrap().unwrap();
    assert_eq!(item.details.as_deref(), Some("no report came"));
    assert_eq!(store.prune(at(FAR), 1000).unwrap(), 1);
    assert_eq!(counts(store), (0, 0, 0));
}

fn what_it_does_not_have_is_sent_again_once(store: &dyn Store) {
    let ids = delivered(store, "s", &["a"], 10);
    let claim = due(store, 10).unwrap();
    assert_eq!(follow(store, &claim, &refused(0x0112, true), 11), (1, 0));
    let again = (State::Pending, Confirmation::Refused);
    assert_eq!(confirmation(store, ids[0]), again);
    let (item, attempts) = store.item(ids[0]).unwrap().unwrap();
    assert_eq!(
        (item.class, item.completed, item.attempt_count),
        (None, None, 0)
    );
    let told = attempts.last().unwrap();
    assert_eq!(
        (told.class, told.dimse_status),
        (Class::Rejected, Some(0x0112))
    );
    // It is sent, and asked for; what it was sent as is that of the delivery.
    deliver(store, 20);
    let waits = (State::Success, Confirmation::Waiting);
    assert_eq!(confirmation(store, ids[0]), waits);
    let claim = due(store, 20).unwrap();
    assert_eq!(follow(store, &claim, &refused(0x0112, true), 21), (0, 1));
    let failed = (State::Failure, Confirmation::Refused);
    assert_eq!(confirmation(store, ids[0]), failed);
    let (item, attempts) = store.item(ids[0]).unwrap().unwrap();
    assert_eq!(
        (item.class, item.dimse_status),
        (Some(Class::Rejected), Some(0x0112))
    );
    assert_eq!((item.completed, attempts.len()), (Some(at(21)), 4));
    // Whoever sends it again all the same does so once too.
    store.replay(ids[0], None).unwrap();
    deliver(store, 30);
    let claim = due(store, 30).unwrap();
    assert_eq!(follow(store, &claim, &refused(0x0112, true), 31), (0, 1));
    // At another destination it is another matter.
    store.redirect(ids[0], "other", None).unwrap();
    let redirected = (State::Pending, Confirmation::None);
    assert_eq!(confirmation(store, ids[0]), redirected);
}

fn what_it_does_not_answer_for_is_not_sent_again(store: &dyn Store) {
    let ids = delivered(store, "s", &["a"], 10);
    let claim = due(store, 10).unwrap();
    assert_eq!(follow(store, &claim, &refused(0x0122, false), 11), (0, 0));
    let refused = (State::Success, Confirmation::Refused);
    assert_eq!(confirmation(store, ids[0]), refused);
    assert_eq!(counts(store), (0, 1, 0));
    assert_eq!(due(store, FAR), None);
}

fn a_removed_item_is_not_asked_for(store: &dyn Store) {
    let ids = delivered(store, "s", &["a", "b"], 10);
    store.remove(ids[0]).unwrap();
    let claim = due(store, 10).unwrap();
    assert_eq!(items(&claim), ids[1..]);
    store.remove(ids[1]).unwrap();
    assert_eq!(follow(store, &claim, &refused(0x0112, true), 11), (0, 0));
    assert_eq!(due(store, FAR), None);
}

fn a_person_has_a_study_confirmed_again(store: &dyn Store) {
    let ids = delivered(store, "s", &["a", "b"], 10);
    let claim = due(store, 10).unwrap();
    let over = Followed::TimedOut { details: "".into() };
    let results = [(ids[0], over), (ids[1], later(20, None))];
    store.followed(claim.token, &results, at(11)).unwrap();
    enqueue(store, &[new_item("s", "c", PACS)]);
    // What waits is asked for anyway, what was not delivered cannot be.
    assert_eq!(store.confirm(PACS, "s", at(15), at(14)).unwrap(), 1);
    assert_eq!(store.confirm("other", "s", at(15), at(14)).unwrap(), 0);
    let waits = (State::Success, Confirmation::Waiting);
    assert_eq!(confirmation(store, ids[0]), waits);
    let claim = due(store, 15).unwrap();
    assert_eq!(items(&claim), ids[..1]);
    assert_eq!(claim.all[0].delivered, at(14));
}

fn what_is_gone_keeps_its_confirmation(store: &dyn Store) {
    let ids = delivered(store, "s", &["a"], 10);
    let claim = due(store, 10).unwrap();
    follow(store, &claim, &Followed::Confirmed, 11);
    store.prune(at(FAR), 1000).unwrap();
    assert_eq!(store.item(ids[0]).unwrap(), None);
    let lines = store.deliveries(&Default::default(), 0, 10).unwrap();
    let (_, instances) = store.delivery(lines[0].id).unwrap().unwrap();
    assert_eq!(instances[0].confirmation, Confirmation::Confirmed);
}

fn what_cannot_be_asked_for_is_ended(store: &dyn Store) {
    let ids = delivered(store, "s", &["a", "b"], 10);
    let late = delivered(store, "s", &["c"], 20);
    let over = Followed::TimedOut {
        details: "not asked".into(),
    };
    let end = |destination: &str, before, followed: &Followed, limit| {
        let before = Some(before).filter(|before| *before < FAR).map(at);
        store
            .end_follow_ups(destination, before, followed, limit)
            .unwrap()
    };
    assert_eq!(end("other", FAR, &over, 9), 0);
    assert_eq!(end(PACS, 9, &over, 9), 0);
    assert_eq!(end(PACS, 10, &over, 1), 1);
    assert_eq!(end(PACS, 10, &over, 9), 1);
    for id in ids {
        let timed_out = (State::Success, Confirmation::TimedOut);
        assert_eq!(confirmation(store, id), timed_out);
    }
    // What is claimed is left.
    let claim = due(store, 20).unwrap();
    assert_eq!(end(PACS, FAR, &Followed::Dropped, 9), 0);
    follow(store, &claim, &later(30, None), 21);
    assert_eq!(end(PACS, FAR, &Followed::Dropped, 9), 1);
    let none = (State::Success, Confirmation::None);
    assert_eq!(confirmation(store, late[0]), none);
    assert_eq!(counts(store), (0, 0, 2));
}

fn it_is_known_how_it_was_sent(store: &dyn Store) {
    let sent = |target: &str, series: &str| SentSeries {
        target: target.into(),
        study: "1.2".into(),
        series: series.into(),
        sop_class: "1.2.840.10008.5.1.4.1.1.2".into(),
    };
    let all = [
        Some(sent("a:104", "1.2.1")),
        Some(sent("a:104", "1.2.1")),
        Some(sent("a:104", "1.2.2")),
        Some(sent("b:104", "1.2.1")),
        Some(SentSeries::default()),
        None,
    ];
    let deliver = |due| {
        let claim = claim(store, PACS);
        let results: Vec<Finish> = (claim.items.iter().zip(&all))
            .map(|(item, series)| Finish {
                id: item.id,
                ending: Ending::Complete(AttemptMade {
                    confirm: Some(ToConfirm {
                        due: at(due),
                        series: series.clone().map(Box::new),
                    }),
                    ..made(Class::Success)
                }),
            })
            .collect();
        store.finish(claim.token, &results, at(due - 1)).unwrap();
    };
    let known = |claim: &FollowUps| -> Vec<Option<SentSeries>> {
        claim.all.iter().map(|one| one.series.clone()).collect()
    };
    let items: Vec<NewItem> = (0..all.len())
        .map(|n| new_item("s", &format!("{n}"), PACS))
        .collect();
    let ids = enqueue(store, &items);
    deliver(10);
    let claim = due(store, 10).unwrap();
    assert_eq!(known(&claim), all);
    // It stays known as long as it is waited for, also when others of its series are confirmed.
    let mut results = vec![(ids[0], Followed::Confirmed)];
    results.extend(ids[1..].iter().map(|id| (*id, later(20, None))));
    store.followed(claim.token, &results, at(11)).unwrap();
    let claim = due(store, 20).unwrap();
    assert_eq!(known(&claim), all[1..]);
    follow(store, &claim, &Followed::Confirmed, 21);
    // Who asks again knows nothing of it.
    assert_eq!(store.confirm(PACS, "s", at(30), at(29)).unwrap(), 6);
    let claim = due(store, 30).unwrap();
    assert_eq!(known(&claim), vec![None; 6]);
}

fn no_more_transactions_are_open_than_reports_are_kept(store: &dyn Store) {
    for (study, due) in [("s", 10), ("t", 11), ("u", 12), ("v", 13)] {
        delivered(store, study, &[study], due);
    }
    let due = |reports| {
        let claim = store.claim_follow_ups(PACS, at(20), 9, reports).unwrap()?;
        Some(claim.all[0].ids.study.clone()).map(|study| (study, claim))
    };
    let next = |reports| store.next_follow_up(PACS, reports).unwrap();
    for (study, transaction) in [("s", "2.25.1"), ("t", "2.25.2")] {
        let (claimed, claim) = due(2).unwrap();
        assert_eq!(claimed, study);
        follow(store, &claim, &later(30, Some(transaction)), 14);
    }
    // Two are open.
    assert_eq!((due(2), next(2)), (None, Some(at(30))));
    assert_eq!((next(3), next(u32::MAX)), (Some(at(12)), Some(at(12))));
    // Their reports are looked for.
    let claim = store.claim_follow_ups(PACS, at(30), 9, 2).unwrap().unwrap();
    assert_eq!(claim.transaction.as_deref(), Some("2.25.1"));
    // What is claimed is open still.
    assert_eq!(store.next_follow_up(PACS, 2).unwrap(), Some(at(30)));
    follow(store, &claim, &Followed::Confirmed, 31);
    let (study, claim) = due(2).unwrap();
    assert_eq!(study, "u");
    follow(store, &claim, &later(40, Some("2.25.3")), 32);
    // Another destination that is waited for has its half, and this one more than its own.
    let ids = enqueue(store, &[new_item("s", "w", "other")]);
    let claim = super::claim(store, "other");
    let ending = Ending::Complete(AttemptMade {
        confirm: Some(ToConfirm {
            due: at(10),
            series: None,
        }),
        ..made(Class::Success)
    });
    let finish = [Finish { id: ids[0], ending }];
    store.finish(claim.token, &finish, at(9)).unwrap();
    let other = |reports| store.next_follow_up("other", reports).unwrap();
    assert_eq!((other(2), next(4)), (Some(at(10)), Some(at(30))));
    assert_eq!(next(6), Some(at(13)));
    // One of each at the least.
    assert_eq!(other(1), Some(at(10)));
}
