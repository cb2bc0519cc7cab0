//! What was delivered, for longer than the items are kept.

use super::*;
use crate::store::{Bygone, Delivered, StudyName, Wanted};

pub fn run(make: Make<'_>) {
    a_line_begins_with_the_first_delivery(make());
    what_failed_is_no_delivery(&*one(make));
    lines_outlive_their_items(&*one(make));
    a_redirected_item_was_not_delivered_at_the_first(&*one(make));
    lines_are_found_by_what_people_know(&*one(make));
    a_line_is_closed_once_its_study_is_gone(make());
    what_is_delivered_later_is_another_line(&*one(make));
    a_closed_line_keeps_its_names(&*one(make));
    closed_lines_are_forgotten_after_their_time(&*one(make));
    a_study_of_which_nothing_was_sent_is_forgotten_at_once(&*one(make));
}

/// A delivery, as plainly as it can be said.
#[derive(Debug, Clone)]
pub struct Sent {
    pub study: String,
    pub destination: String,
    pub instance: String,
    pub size_bytes: u64,
    pub class: Class,
    pub time: Timestamp,
    /// How often its study was closed before.
    pub closed: u64,
}

/// A line without what a backend chooses: study, destination, first and last time, instances, warnings, bytes.
pub type Line = (String, String, Timestamp, Timestamp, u64, u64, u64);

fn line(found: &Delivered) -> Line {
    (
        found.name.study.clone(),
        found.destination.clone(),
        found.first,
        found.last,
        found.instances,
        found.warnings,
        found.bytes,
    )
}

/// The lines that there must be, in the order of the first deliveries.
pub fn lines_of(sent: &[Sent]) -> Vec<Line> {
    let mut order: Vec<(&str, &str, u64)> = Vec::new();
    for one in sent {
        let key = (one.study.as_str(), one.destination.as_str(), one.closed);
        if !order.contains(&key) {
            order.push(key);
        }
    }
    let of = |(study, destination, closed): (&str, &str, u64)| {
        let own = sent.iter().filter(move |one| {
            (one.study.as_str(), one.destination.as_str(), one.closed)
                == (study, destination, closed)
        });
        let times = || own.clone().map(|one| one.time);
        let mut instances: BTreeMap<&str, (bool, u64)> = BTreeMap::new();
        for one in own.clone() {
            let known = instances.entry(&one.instance).or_default();
            known.0 |= one.class == Class::Warning;
            known.1 = known.1.max(one.size_bytes);
        }
        let warnings = instances.values().filter(|(warned, _)| *warned).count();
        (
            study.to_owned(),
            destination.to_owned(),
            times().next().unwrap_or_default(),
            times().max().unwrap_or_default(),
            instances.len() as u64,
            warnings as u64,
            instances.values().map(|(_, bytes)| bytes).sum(),
        )
    };
    order.into_iter().map(of).collect()
}

/// By pages, so that these are tried too.
pub fn lines(store: &dyn Store) -> Vec<Line> {
    let found = pages(store, &Wanted::default(), 7);
    found.iter().map(line).collect()
}

fn pages(store: &dyn Store, wanted: &Wanted, limit: u32) -> Vec<Delivered> {
    let mut all: Vec<Delivered> = Vec::new();
    loop {
        let after = all.last().map_or(0, |line| line.id);
        let page = store.deliveries(wanted, after, limit).unwrap();
        assert!(page.len() <= limit as usize);
        if page.is_empty() {
            return all;
        }
        assert!(page.iter().all(|line| line.id > after));
        all.extend(page);
    }
}

/// All studies without an item.
pub fn bygone(store: &dyn Store) -> Vec<Bygone> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let (found, last) = store.bygone(after, 2).unwrap();
        all.extend(found);
        if last == 0 {
            return all;
        }
        after = last;
    }
}

fn deliver(store: &dyn Store, destination: &str, class: Class, seconds: i64) {
    let claim = claim(store, destination);
    for item in &claim.items {
        let ending = Ending::Complete(made(class));
        let finish = [Finish {
            id: item.id,
            ending,
        }];
        store.finish(claim.token, &finish, at(seconds)).unwrap();
    }
}

fn prune(store: &dyn Store) {
    store.prune(at(FAR), 1000).unwrap();
    assert_eq!(all(store), []);
}

fn a_line_begins_with_the_first_delivery([store, other]: [Box<dyn Store>; 2]) {
    enqueue(
        &*store,
        &["a", "b"].map(|instance| new_item("s", instance, "pacs")),
    );
    enqueue(&*store, &[new_item("s", "a", "other")]);
    assert_eq!(lines(&*store), []);
    deliver(&*store, "pacs", Class::Success, 5);
    let expected = |last, instances, warnings| {
        let line = ("s".into(), "pacs".into(), at(5), at(last));
        (
            line.0,
            line.1,
            line.2,
            line.3,
            instances,
            warnings,
            10 * instances,
        )
    };
    assert_eq!(lines(&*store), [expected(5, 2, 0)]);
    assert_eq!(lines(&*other), [expected(5, 2, 0)], "at each node");
    // Again, and another one: an instance counts once.
    enqueue(&*store, &[new_item("s", "c", "pacs")]);
    let again = [new_item("s", "a", "pacs")];
    store.enqueue(&Intake::request(&again), at(6)).unwrap();
    deliver(&*store, "pacs", Class::Warning, 9);
    assert_eq!(lines(&*store), [expected(9, 3, 2)]);
    let id = store.deliveries(&Wanted::default(), 0, 10).unwrap()[0].id;
    let (found, instances) = store.delivery(id).unwrap().expect("the line");
    assert_eq!(line(&found), expected(9, 3, 2));
    let told: Vec<(&str, Class, Timestamp)> = (instances.iter())
        .map(|one| (one.instance.as_str(), one.class, one.time))
        .collect();
    let both = [("a", Class::Success, at(5)), ("a", Class::Warning, at(9))];
    let rest = [("b", Class::Success, at(5)), ("c", Class::Warning, at(9))];
    assert_eq!(told, [both, rest].concat());
    assert_eq!(instances[0].sop_instance_uid, "1.2.a");
    assert_eq!(store.delivery(id + 1).unwrap(), None);
}

fn what_failed_is_no_delivery(store: &dyn Store) {
    enqueue(store, &[new_item("s", "a", "pacs")]);
    fail_all(store, "pacs", Class::Interrupted);
    assert_eq!(lines(store), []);
    store.remove(all(store)[0].id).unwrap();
    assert_eq!(lines(store), []);
}

fn lines_outlive_their_items(store: &dyn Store) {
    let items = ["a", "b", "c"].map(|instance| new_item("s", instance, "pacs"));
    enqueue(store, &items);
    let claim = claim(store, "pacs");
    let sent_as = AttemptMade {
        sent_as: Some("2.25.1".into()),
        confirm: None,
        ..made(Class::Success)
    };
    finish(
        store,
        claim.token,
        claim.items[0].id,
        Ending::Complete(sent_as),
    );
    finish(
        store,
        claim.token,
        claim.items[1].id,
        Ending::Complete(made(Class::Warning)),
    );
    finish(
        store,
        claim.token,
        claim.items[2].id,
        Ending::Fail(made(Class::Rejected)),
    );
    let before = pages(store, &Wanted::default(), 10);
    let detailed = store.delivery(before[0].id).unwrap();
    assert_eq!(
        detailed.as_ref().unwrap().1[0].sent_as.as_deref(),
        Some("2.25.1")
    );
    store.remove(claim.items[2].id).unwrap();
    store.remove(claim.items[0].id).unwrap();
    prune(store);
    assert_eq!(pages(store, &Wanted::default(), 10), before);
    assert_eq!(store.delivery(before[0].id).unwrap(), detailed);
}

fn a_redirected_item_was_not_delivered_at_the_first(store: &dyn Store) {
    enqueue(store, &[new_item("s", "a", "pacs")]);
    let id = fail_all(store, "pacs", Class::Interrupted)[0];
    for to in ["other", "pacs", "other"] {
        store.redirect(id, to, None).unwrap();
    }
    deliver(store, "other", Class::Success, 5);
    prune(store);
    let found = lines(store);
    assert_eq!(
        found,
        [("s".into(), "other".into(), at(5), at(5), 1, 0, 10)]
    );
}

fn named(study: &str, uid: &str, accession: &str) -> StudyName {
    StudyName {
        study: study.into(),
        uid: uid.into(),
        accession: accession.into(),
    }
}

fn lines_are_found_by_what_people_know(store: &dyn Store) {
    let studies = ["s1", "s2", "s3"];
    let names = [named("s1", "1.1", "A1"), named("s2", "1.2", "A1")];
    for (number, study) in (0..).zip(studies) {
        let items = ["pacs", "other"].map(|name| new_item(study, study, name));
        let intake = Intake::arrival(&items).naming(&names);
        store.enqueue(&intake, at(0)).unwrap();
        for name in ["pacs", "other"] {
            deliver(store, name, Class::Success, 10 * number);
        }
    }
    let count = |wanted: Wanted| {
        let found = pages(store, &wanted, 2);
        assert_eq!(found, pages(store, &wanted, 100));
        found.len()
    };
    let text = |text: &str| Some(text.to_owned());
    let all = Wanted::default;
    let study = |study| Wanted {
        study: text(study),
        ..all()
    };
    let accession = |accession| Wanted {
        accession: text(accession),
        ..all()
    };
    assert_eq!(count(all()), 6);
    assert_eq!([count(study("s1")), count(study("1.1"))], [2, 2]);
    assert_eq!(
        [count(study("")), count(study("1")), count(study("A1"))],
        [0, 0, 0]
    );
    assert_eq!(
        [
            count(accession("A1")),
            count(accession("")),
            count(accession("A"))
        ],
        [4, 0, 0]
    );
    let both = Wanted {
        study: text("1.2"),
        destination: text("other"),
        ..accession("A1")
    };
    assert_eq!(count(both.clone()), 1);
    assert_eq!(pages(store, &both, 5)[0].name, names[1]);
    let nowhere = Wanted {
        destination: text("nowhere"),
        ..all()
    };
    assert_eq!(count(nowhere), 0);
    let within = |from: Option<i64>, until: Option<i64>| Wanted {
        from: from.map(at),
        until: until.map(at),
        ..all()
    };
    assert_eq!(count(within(Some(10), None)), 4);
    assert_eq!(count(within(None, Some(10))), 2);
    assert_eq!(count(within(Some(5), Some(15))), 2);
    assert_eq!(count(within(Some(30), None)), 0);
    // What Orthanc tells later counts; who is not described keeps what was told.
    let items = [new_item("s1", "x", "pacs"), new_item("s2", "x", "pacs")];
    let renamed = [named("s1", "1.1", "A9")];
    store
        .enqueue(&Intake::arrival(&items).naming(&renamed), at(50))
        .unwrap();
    assert_eq!([count(accession("A9")), count(accession("A1"))], [2, 2]);
}

fn a_line_is_closed_once_its_study_is_gone([store, other]: [Box<dyn Store>; 2]) {
    enqueue(
        &*store,
        &["a", "b"].map(|instance| new_item("s", instance, "pacs")),
    );
    enqueue(&*store, &[new_item("s", "a", "other")]);
    deliver(&*store, "pacs", Class::Success, 5);
    assert_eq!(bygone(&*store), [], "it has items");
    store.remove(all(&*store)[2].id).unwrap();
    prune(&*store);
    let gone = bygone(&*store);
    assert_eq!(gone.len(), 1);
    assert_eq!(gone[0].study, "s");
    let open = pages(&*store, &Wanted::default(), 10);
    assert!(!open[0].closed);
    assert_eq!(other.close(&gone[0], at(50)).unwrap(), 1);
    assert_eq!(store.close(&gone[0], at(50)).unwrap(), 0, "it is");
    let mut expected = open;
    expected[0].closed = true;
    assert_eq!(pages(&*store, &Wanted::default(), 10), expected);
    let found = store.delivery(expected[0].id).unwrap().expect("the line");
    assert_eq!(found, (expected[0].clone(), Vec::new()));
    assert_eq!(bygone(&*store), [], "nothing is left to be closed");
}

fn what_is_delivered_later_is_another_line(store: &dyn Store) {
    enqueue(store, &[new_item("s", "a", "pacs")]);
    deliver(store, "pacs", Class::Success, 5);
    prune(store);
    let gone = bygone(store);
    // Meanwhile it arrived again.
    enqueue(store, &[new_item("s", "b", "pacs")]);
    assert_eq!(store.close(&gone[0], at(50)).unwrap(), 0);
    deliver(store, "pacs", Class::Success, 8);
    prune(store);
    assert_eq!(store.close(&gone[0], at(50)).unwrap(), 1);
    enqueue(store, &[new_item("s", "b", "pacs")]);
    deliver(store, "pacs", Class::Success, 20);
    let line = |first, last, instances| {
        let name = ("s".to_owned(), "pacs".to_owned());
        (
            name.0,
            name.1,
            at(first),
            at(last),
            instances,
            0,
            10 * instances,
        )
    };
    assert_eq!(lines(store), [line(5, 8, 2), line(20, 20, 1)]);
}

fn a_closed_line_keeps_its_names(store: &dyn Store) {
    for (accession, seconds) in [("A1", 5), ("A2", 10)] {
        let names = [named("s", "1.1", accession)];
        let items = [new_item("s", "a", "pacs")];
        let intake = Intake::arrival(&items).naming(&names);
        store.enqueue(&intake, at(seconds)).unwrap();
        deliver(store, "pacs", Class::Success, seconds);
        prune(store);
        for study in bygone(store) {
            assert_eq!(store.close(&study, at(50)).unwrap(), 1);
        }
    }
    for (accession, seconds) in [("A1", 5), ("A2", 10)] {
        let wanted = Wanted {
            accession: Some(accession.into()),
            ..Wanted::default()
        };
        let found = store.deliveries(&wanted, 0, 10).unwrap();
        let times: Vec<Timestamp> = found.iter().map(|line| line.first).collect();
        assert_eq!(times, [at(seconds)], "{accession}");
    }
    let study = Wanted {
        study: Some("s".into()),
        ..Wanted::default()
    };
    assert_eq!(store.deliveries(&study, 0, 10).unwrap().len(), 2);
}

fn closed_lines_are_forgotten_after_their_time(store: &dyn Store) {
    for (study, seconds) in [("s1", 5), ("s2", 10), ("s3", 15)] {
        enqueue(store, &[new_item(study, study, "pacs")]);
        deliver(store, "pacs", Class::Success, seconds);
    }
    prune(store);
    for study in bygone(store).iter().filter(|study| study.study != "s2") {
        assert_eq!(store.close(study, at(50)).unwrap(), 1);
    }
    assert_eq!(store.forget_deliveries(at(5), 10).unwrap(), 0);
    // One that is not closed stays.
    assert_eq!(store.forget_deliveries(at(12), 10).unwrap(), 1);
    let left = |store: &dyn Store| -> Vec<String> {
        lines(store).into_iter().map(|line| line.0).collect()
    };
    assert_eq!(left(store), ["s2", "s3"]);
    assert_eq!(
        store.forget_deliveries(at(FAR), 10).unwrap(),
        0,
        "no number is given twice"
    );
    enqueue(store, &[new_item("s4", "s4", "pacs")]);
    deliver(store, "pacs", Class::Success, 20);
    assert_eq!(store.forget_deliveries(at(FAR), 10).unwrap(), 1);
    assert_eq!(left(store), ["s2", "s4"]);
    // Its number may be another study's: that is not closed for it.
    let gone = Bygone {
        number: 1,
        study: "s1".into(),
    };
    assert_eq!(store.close(&gone, at(50)).unwrap(), 0);
}

fn a_study_of_which_nothing_was_sent_is_forgotten_at_once(store: &dyn Store) {
    enqueue(store, &[new_item("s", "a", "pacs")]);
    store.remove(all(store)[0].id).unwrap();
    let gone = bygone(store);
    assert_eq!(gone.len(), 1);
    assert_eq!(store.close(&gone[0], at(50)).unwrap(), 0);
    assert_eq!(bygone(store), []);
}
