//! Two owners of claims on one queue, each with a lease.

use super::*;
use crate::store::StoreError;

pub fn run(make: Make<'_>) {
    for check in [
        neither_claims_what_the_other_has,
        a_lease_that_is_over_gives_all_back,
        a_lease_that_is_renewed_keeps_all,
        who_lost_the_lease_begins_anew,
        a_start_takes_nothing_from_one_that_lives,
        a_sudden_end_blames_what_that_owner_had,
        a_clean_end_blames_nothing,
    ] {
        let [one, two] = make();
        one.begin(at(0)).unwrap();
        two.begin(at(0)).unwrap();
        check(&*one, &*two);
        check_counts(&*one);
    }
}

fn is_lease_over<T: std::fmt::Debug>(result: crate::store::Result<T>) -> bool {
    matches!(result, Err(StoreError::LeaseOver))
}

/// Two items of a study each, for one destination.
fn two_studies(store: &dyn Store) -> [Vec<i64>; 2] {
    ["first", "second"].map(|study| {
        let item = |name: &str| new_item(study, &format!("{study}-{name}"), "pacs");
        enqueue(store, &[item("a"), item("b")])
    })
}

fn success() -> Ending {
    Ending::Complete(made(Class::Success))
}

fn neither_claims_what_the_other_has(one: &dyn Store, two: &dyn Store) {
    let [first, second] = two_studies(one);
    let (ours, theirs) = (claim(one, "pacs"), claim(two, "pacs"));
    assert_eq!((ids(&ours), ids(&theirs)), (first.clone(), second.clone()));
    assert_ne!(ours.token, theirs.token);
    for store in [one, two] {
        assert!(store.claim("pacs", Pick::MostUrgent, 9).unwrap().is_none());
    }
    assert_eq!(finish(two, theirs.token, first[0], success()), 0);
    assert_eq!(finish(one, ours.token, first[0], success()), 1);
    assert_eq!(finish(two, theirs.token, second[0], success()), 1);
}

fn a_lease_that_is_over_gives_all_back(one: &dyn Store, two: &dyn Store) {
    let [first, second] = two_studies(one);
    let (late, theirs) = (claim(one, "pacs"), claim(two, "pacs"));
    finish(one, late.token, first[0], success());
    one.renew(at(30)).unwrap();
    assert_eq!(two.release_expired(at(29)).unwrap().released, 0);
    assert_eq!(state(two, first[1]), State::Running);
    assert_eq!(two.release_expired(at(30)).unwrap().released, 1);
    let item = read(two, first[1]);
    assert_eq!((item.state, item.attempt_count), (State::Pending, 0));
    assert_eq!(state(two, second[0]), State::Running, "the other's own");
    // What the late one still says changes nothing, also when another has it.
    assert_eq!(finish(one, late.token, first[1], success()), 0);
    assert_eq!(ids(&claim(two, "pacs")), [first[1]]);
    assert_eq!(finish(one, late.token, first[1], success()), 0);
    assert!(one.still_claimed(late.token, &first).unwrap().is_empty());
    assert_eq!(state(two, first[1]), State::Running);
    assert_eq!(two.still_claimed(theirs.token, &second).unwrap(), second);
}

fn a_lease_that_is_renewed_keeps_all(one: &dyn Store, two: &dyn Store) {
    let [first, _] = two_studies(one);
    let ours = claim(one, "pacs");
    for until in [10, 20, 30] {
        one.renew(at(until)).unwrap();
        assert_eq!(two.release_expired(at(until - 1)).unwrap().released, 0);
    }
    assert_eq!(finish(one, ours.token, first[0], success()), 1);
    // Nobody took what it had: it is not too late.
    one.renew(at(100)).unwrap();
    assert_eq!(two.release_expired(at(99)).unwrap().released, 0);
    assert_eq!(finish(one, ours.token, first[1], success()), 1);
}

fn who_lost_the_lease_begins_anew(one: &dyn Store, two: &dyn Store) {
    let [first, second] = two_studies(one);
    let late = claim(one, "pacs");
    one.renew(at(10)).unwrap();
    two.release_expired(at(10)).unwrap();
    assert!(is_lease_over(one.claim("pacs", Pick::MostUrgent, 9)));
    assert!(is_lease_over(one.renew(at(99))));
    assert_eq!(state(two, first[0]), State::Pending, "nothing was claimed");
    assert_eq!(one.begin(at(11)).unwrap().released, 0);
    let again = claim(one, "pacs");
    assert_eq!(ids(&again), first[..1], "as after a sudden end");
    assert_ne!(again.token, late.token);
    assert_eq!(finish(one, late.token, first[0], success()), 0);
    assert_eq!(finish(one, again.token, first[0], success()), 1);
    assert_eq!(two.release_expired(at(999)).unwrap().released, 0);
    assert_eq!(ids(&claim(two, "pacs")), first[1..]);
    assert_eq!(ids(&claim(two, "pacs")), second);
}

fn a_start_takes_nothing_from_one_that_lives(one: &dyn Store, two: &dyn Store) {
    let [first, second] = two_studies(one);
    let (ours, theirs) = (claim(one, "pacs"), claim(two, "pacs"));
    for (store, claim, job) in [(one, &ours, "ours"), (two, &theirs, "theirs")] {
        let hand = Hand {
            first: claim.items[0].id,
            last: claim.items[1].id,
            job: Some(job.to_owned()),
        };
        store.set_hand(claim.token, &hand).unwrap();
    }
    assert_eq!(two.jobs_in_hand().unwrap(), ["theirs"]);
    assert_eq!(two.begin(at(5)).unwrap().released, 2);
    assert!(two.jobs_in_hand().unwrap().is_empty());
    assert_eq!(one.jobs_in_hand().unwrap(), ["ours"]);
    assert_eq!(state(one, first[0]), State::Running);
    assert_eq!(state(one, second[0]), State::Pending);
    assert_eq!(finish(one, ours.token, first[0], success()), 1);
}

fn a_sudden_end_blames_what_that_owner_had(one: &dyn Store, two: &dyn Store) {
    let [first, second] = two_studies(one);
    let (ours, theirs) = (claim(one, "pacs"), claim(two, "pacs"));
    finish(one, ours.token, first[0], success());
    for end in 1..3 {
        let begun = two.begin(at(end)).unwrap();
        assert_eq!((begun.released, begun.failed.len()), (2 / end as u64, 0));
        assert_eq!(begun.set_aside.len(), usize::from(end == 2));
        let pick = [Pick::MostUrgent, Pick::Aside][usize::from(end == 2)];
        let alone = two.claim("pacs", pick, 9).unwrap().unwrap();
        assert_eq!(ids(&alone), [second[0]], "by itself");
    }
    // The other one, which had come to a result, is not to blame for that.
    assert_eq!(finish(one, ours.token, first[1], success()), 1);
    let third = two.begin(at(3)).unwrap();
    assert_eq!(third.failed.len(), 1);
    assert_eq!(state(one, second[0]), State::Failure);
    assert_eq!(finish(two, theirs.token, second[0], success()), 0);
}

fn a_clean_end_blames_nothing(one: &dyn Store, two: &dyn Store) {
    let [first, _] = two_studies(one);
    claim(one, "pacs");
    one.stopped_well(at(9)).unwrap();
    one.renew(at(10)).unwrap();
    assert_eq!(two.release_expired(at(10)).unwrap().released, 2);
    for _ in 0..2 {
        assert_eq!(ids(&claim(two, "pacs")), first, "together");
        two.stopped_well(at(9)).unwrap();
        two.begin(at(11)).unwrap();
    }
}
