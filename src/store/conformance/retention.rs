//! What is known of the studies that Orthanc has, and what was deleted from it.

use super::*;
use crate::item::safe::Content;
use crate::store::{
    ClaimTerms, Groups, History, KeptStudy, Lead, NewDeletion, Order, Page, StudyName, Wanted,
};

/// The oldest ones.
const FIRST: Page = Page {
    since: 0,
    limit: 10,
    order: Order::Ascending,
};

pub fn run(make: Make<'_>) {
    studies_are_known_with_their_last_deliveries(&*one(make));
    all_that_may_have_reached_a_destination_is_known(&*one(make));
    what_waits_for_its_quiet_period_leaves_nothing(&*one(make));
    what_destinations_led_to_is_known(&*one(make));
    what_was_altered_once_is_known_of_its_item(&*one(make));
    what_a_claim_had_may_be_there(&*one(make));
    what_was_sent_without_a_result_may_be_altered_and_under_any_uid(&*one(make));
    what_was_sent_under_another_uid_may_be_there_too(&*one(make));
    what_was_redirected_there_and_back_leaves_both_its_files(&*one(make));
    what_may_be_there_is_known_once_its_line_is_closed(&*one(make));
    deletions_are_kept(&*one(make));
}

fn kept(store: &dyn Store, study: &str) -> KeptStudy {
    let safe = ["pacs".to_owned(), "other".to_owned()];
    store.kept_study(&safe, study).unwrap().unwrap()
}

fn history(store: &dyn Store, study: &str) -> History {
    let kept = kept(store, study);
    store.history(&kept, &["pacs".to_owned()]).unwrap()
}

fn prune(store: &dyn Store) {
    store.prune(at(100), 1000).unwrap();
    assert_eq!(all(store), []);
}

fn deliver(store: &dyn Store, seconds: i64) {
    let claim = claim(store, "pacs");
    for item in &claim.items {
        let ending = Ending::Complete(made(Class::Success));
        let finish = [Finish {
            id: item.id,
            ending,
        }];
        store.finish(claim.token, &finish, at(seconds)).unwrap();
    }
}

fn of_file(instance: &str, file: &str) -> NewItem {
    NewItem {
        reception: Reception {
            file: Some(file.into()),
            ..Reception::default()
        },
        ..new_item("s", instance, "pacs")
    }
}

fn studies_are_known_with_their_last_deliveries(store: &dyn Store) {
    for study in ["s", "t", "u"] {
        enqueue(store, &[new_item(study, "a", "pacs")]);
    }
    deliver(store, 5);
    enqueue(store, &[new_item("v", "a", "other")]);
    let safe = ["pacs".to_owned(), "other".to_owned()];
    let all = store.kept_studies(&safe, 0, 10).unwrap();
    let names: Vec<&str> = all.iter().map(|one| one.name.study.as_str()).collect();
    assert_eq!(names, ["s", "t", "u", "v"]);
    assert_eq!(all[0].delivered, [Some(at(5)), None]);
    assert_eq!(all[3].delivered, [None, None]);
    let next = store.kept_studies(&safe, all[1].number, 1).unwrap();
    assert_eq!(next, all[2..3]);
    assert_eq!(store.kept_study(&safe, "t").unwrap(), Some(all[1].clone()));
    assert_eq!(store.kept_study(&safe, "x").unwrap(), None);
}

fn all_that_may_have_reached_a_destination_is_known(store: &dyn Store) {
    enqueue(store, &[of_file("a", "1"), of_file("b", "1")]);
    deliver(store, 5);
    store.prune(at(6), 1).unwrap();
    // Another file, which is claimed and waits again; and yet another.
    enqueue(store, &[of_file("b", "2")]);
    let claim = claim(store, "pacs");
    finish(store, claim.token, claim.items[0].id, Ending::Release);
    enqueue(store, &[of_file("b", "3")]);
    let known = history(store, "s").known;
    let mut found: Vec<(&str, &str, bool, State, bool)> = (known.iter())
        .map(|one| {
            let sending = &one.sending;
            let Content { file, .. } = &sending.content;
            (
                one.instance.as_str(),
                file.as_deref().unwrap_or_default(),
                sending.is_past,
                sending.state,
                sending.reached,
            )
        })
        .collect();
    found.sort_by_key(|one| (one.0, one.1));
    let expected = [
        ("a", "1", true, State::Success, true),
        ("b", "1", false, State::Success, true),
        // Nobody knows whether it was sent before it was of another file.
        ("b", "2", true, State::Retry, true),
        ("b", "3", false, State::Pending, true),
    ];
    assert_eq!(found, expected);
    let of_one = store.history_of(&kept(store, "s"), "a").unwrap();
    assert_eq!(of_one.known.len(), 1);
    assert_eq!(of_one.known[0].sending.sent_as, "1.2.a");
}

fn what_waits_for_its_quiet_period_leaves_nothing(store: &dyn Store) {
    let quiet = |file: &str| NewItem {
        not_before: Some(at(100)),
        ..of_file("a", file)
    };
    enqueue(store, &[quiet("1")]);
    enqueue(store, &[quiet("2")]);
    // Nor what is ready, and was not claimed yet.
    enqueue(store, &[of_file("b", "1")]);
    enqueue(store, &[of_file("b", "2")]);
    let known = history(store, "s").known;
    let files = known.iter().map(|one| one.sending.content.file.as_deref());
    assert_eq!(files.collect::<Vec<_>>(), [Some("2"), Some("2")]);
}

fn what_was_altered_once_is_known_of_its_item(store: &dyn Store) {
    let ids = enqueue(
        store,
        &["a", "b", "c", "d"].map(|name| new_item("s", name, "pacs")),
    );
    let sent = |altered| AttemptMade {
        altered,
        ..made(Class::Success)
    };
    let change = |item, ending| {
        let terms = ClaimTerms {
            groups: Groups::All,
            pick: Pick::MostUrgent,
            limit: 1,
            alters: item == ids[0],
        };
        let claim = store.claim_of("pacs", &terms).unwrap().unwrap();
        assert_eq!(claim.items[0].id, item);
        finish(store, claim.token, item, ending);
    };
    // Claimed to be changed, and given back without a word; then sent as it is.
    change(ids[0], Ending::Release);
    let claim = claim(store, "pacs");
    let complete = |at: usize, altered| {
        let ending = Ending::Complete(sent(altered));
        finish(store, claim.token, ids[at], ending);
    };
    for (at, altered) in (0..).zip([Some(false), Some(false), None, Some(true)]) {
        complete(at, altered);
    }
    let is_altered = || -> Vec<bool> {
        let mut known = history(store, "s").known;
        known.retain(|one| !one.sending.sent_as.is_empty());
        known.sort_by_key(|one| one.sending.item);
        known.iter().map(|one| one.sending.is_altered).collect()
    };
    assert_eq!(is_altered(), [true, false, true, true]);
    prune(store);
    assert_eq!(is_altered(), [true, false, true, true], "of those gone");
    // An attempt that failed counts, but not at another destination.
    enqueue(store, &[new_item("t", "e", "pacs")]);
    let claim = self::claim(store, "pacs");
    let id = claim.items[0].id;
    finish(store, claim.token, id, Ending::Fail(sent(Some(true))));
    store.redirect(id, "pacs", None).unwrap();
    let of_item = || {
        let known = history(store, "t").known;
        let now = known.iter().find(|one| !one.sending.is_past).unwrap();
        (now.sending.is_altered, now.sending.reached)
    };
    assert_eq!(of_item(), (true, true), "it is where it was");
    store.redirect(id, "other", None).unwrap();
    assert_eq!(of_item(), (false, false));
}

fn what_a_claim_had_may_be_there(store: &dyn Store) {
    let ids = enqueue(store, &["a", "b"].map(|name| new_item("s", name, "pacs")));
    let reached = || {
        let known = history(store, "s").known;
        let reached = known.iter().filter(|one| one.sending.reached);
        let mut reached: Vec<(String, State)> = reached
            .map(|one| (one.instance.clone(), one.sending.state))
            .collect();
        reached.sort();
        reached
    };
    store.cancel(ids[1], at(1)).unwrap();
    let claim = claim(store, "pacs");
    // The receiver's word for it finds no claim.
    store.cancel(ids[0], at(2)).unwrap();
    let told = [Finish {
        id: ids[0],
        ending: Ending::Complete(made(Class::Success)),
    }];
    assert_eq!(store.finish(claim.token, &told, at(3)).unwrap(), 0);
    let expected = [("a".to_owned(), State::Cancelled)];
    assert_eq!(reached(), expected);
    prune(store);
    assert_eq!(reached(), expected, "the other one was never there");
}

/// What is known of a study's items: the instance, its file, under which UID it was sent, whether it may be altered.
fn sent(store: &dyn Store, study: &str) -> Vec<(String, String, String, bool)> {
    let known = history(store, study).known.into_iter();
    let mut sent: Vec<_> = known
        .map(|one| {
            let sending = one.sending;
            let file = sending.content.file.unwrap_or_default();
            (one.instance, file, sending.sent_as, sending.is_altered)
        })
        .collect();
    sent.sort();
    sent
}

fn said(all: &[(&str, &str, &str, bool)]) -> Vec<(String, String, String, bool)> {
    let all = all.iter();
    all.map(|(instance, file, uid, altered)| {
        let [instance, file, uid] = [instance, file, uid].map(|text| (*text).to_owned());
        (instance, file, uid, *altered)
    })
    .collect()
}

fn what_was_sent_without_a_result_may_be_altered_and_under_any_uid(store: &dyn Store) {
    let all = ["a", "b", "c", "d", "e"].map(|name| of_file(name, "1"));
    let ids = enqueue(store, &all);
    let token = claim(store, "pacs").token;
    // Cut by a stop: what went of it is known, or not.
    finish(
        store,
        token,
        ids[0],
        Ending::Cut {
            altered: Some(true),
        },
    );
    finish(store, token, ids[1], Ending::Cut { altered: None });
    // Cancelled meanwhile.
    store.cancel(ids[2], at(2)).unwrap();
    let renamed = AttemptMade {
        sent_as: Some("9".into()),
        altered: Some(true),
        ..made(Class::Success)
    };
    assert_eq!(finish(store, token, ids[2], Ending::Complete(renamed)), 0);
    finish(store, token, ids[3], Ending::Release);
    let expected = [
        ("a", "1", "1.2.a", true),
        ("b", "1", "", true),
        ("b", "1", "1.2.b", true),
        ("c", "1", "", true),
        ("c", "1", "1.2.c", true),
        ("d", "1", "1.2.d", false),
        ("e", "1", "1.2.e", false),
    ];
    assert_eq!(sent(store, "s"), said(&expected));
    // A sudden end: the last one was in hand.
    store.begin(at(3)).unwrap();
    // It is overwritten, and the item that waits is of the new file.
    enqueue(store, &[of_file("e", "2")]);
    let of_e: Vec<_> = (sent(store, "s").into_iter())
        .filter(|(instance, ..)| instance == "e")
        .collect();
    let expected = [
        ("e", "1", "", true),
        ("e", "2", "", true),
        ("e", "2", "1.2.e", true),
    ];
    assert_eq!(of_e, said(&expected));
}

fn what_was_sent_under_another_uid_may_be_there_too(store: &dyn Store) {
    let id = enqueue(store, &[of_file("a", "1")])[0];
    let attempt = |uid: Option<&str>, class| AttemptMade {
        sent_as: uid.map(str::to_owned),
        ..made(class)
    };
    let uids = [Some("7"), Some("7"), None, Some("8")];
    for (number, uid) in (1..).zip(uids) {
        let token = claim(store, "pacs").token;
        let again = Ending::Retry {
            at: at(10 * number),
            attempt: attempt(uid, Class::Interrupted),
        };
        finish(store, token, id, again);
        store.promote(at(10 * number), 10).unwrap();
    }
    let expected = [
        ("a", "1", "1.2.a", false),
        ("a", "1", "7", false),
        ("a", "1", "8", false),
    ];
    assert_eq!(sent(store, "s"), said(&expected));
    // At another destination it is another matter.
    store.redirect(id, "other", None).unwrap();
    let token = claim(store, "other").token;
    finish(
        store,
        token,
        id,
        Ending::Complete(attempt(Some("9"), Class::Success)),
    );
    prune(store);
    let mut expected = said(&expected);
    expected.push(("a".into(), "1".into(), "9".into(), false));
    assert_eq!(sent(store, "s"), expected);
}

fn what_was_redirected_there_and_back_leaves_both_its_files(store: &dyn Store) {
    enqueue(store, &[of_file("a", "1")]);
    let id = fail_all(store, "pacs", Class::Interrupted)[0];
    store.redirect(id, "other", None).unwrap();
    enqueue(
        store,
        &[NewItem {
            destination: "other".into(),
            ..of_file("a", "2")
        }],
    );
    store.redirect(id, "pacs", None).unwrap();
    deliver(store, 5);
    prune(store);
    let mut files: Vec<(String, Option<String>)> = (history(store, "s").known.into_iter())
        .filter(|one| one.sending.reached)
        .map(|one| (one.sending.destination, one.sending.content.file))
        .collect();
    files.sort();
    let at_pacs = |file: &str| ("pacs".to_owned(), Some(file.to_owned()));
    assert_eq!(files, [at_pacs("1"), at_pacs("2")]);
}

fn what_may_be_there_is_known_once_its_line_is_closed(store: &dyn Store) {
    enqueue(
        store,
        &[new_item("s", "a", "pacs"), new_item("t", "a", "pacs")],
    );
    for _ in 0..2 {
        fail_all(store, "pacs", Class::Interrupted);
    }
    enqueue(store, &[new_item("u", "a", "pacs")]);
    for item in all(store) {
        store.remove(item.id).unwrap();
    }
    let (bygone, _) = store.bygone(0, 10).unwrap();
    for study in &bygone {
        assert_eq!(store.close(study, at(9)).unwrap(), 0);
    }
    assert_eq!(store.deliveries(&Wanted::default(), 0, 10).unwrap(), []);
    enqueue(
        store,
        &["s", "t", "u"].map(|study| new_item(study, "a", "pacs")),
    );
    let before = ["s", "t", "u"].map(|study| history(store, study).sent_before.len());
    assert_eq!(before, [1, 1, 0]);
}

fn what_destinations_led_to_is_known(store: &dyn Store) {
    let note = |address: &str| {
        let lead = [("pacs".to_owned(), address.to_owned())];
        store.note_leads(&lead).unwrap();
    };
    let lead = |address: &str, since: i64| Lead {
        destination: "pacs".into(),
        address: address.into(),
        since,
    };
    note("a:104");
    let first = enqueue(store, &[new_item("s", "a", "pacs")])[0];
    // What is told again changes nothing.
    note("a:104");
    assert_eq!(history(store, "s").leads, [lead("a:104", 0)]);
    note("b:104");
    assert_eq!(
        history(store, "s").leads,
        [lead("a:104", 0), lead("b:104", first)]
    );
    let second = enqueue(store, &[new_item("s", "b", "pacs")])[0];
    note("a:104");
    assert_eq!(
        history(store, "s").leads,
        [lead("b:104", first), lead("a:104", second)]
    );
}

fn deletions_are_kept(store: &dyn Store) {
    let new = |study: &str| NewDeletion {
        name: StudyName {
            study: study.into(),
            uid: format!("1.2.{study}"),
            accession: String::new(),
        },
        begun: at(1),
        instances: 3,
        bytes: 30,
        is_emergency: false,
        safe: vec![("pacs".into(), at(0))],
    };
    let ids = ["s", "t"].map(|study| store.begin_deletion(&new(study)).unwrap());
    assert!(ids[0] < ids[1]);
    assert_eq!(store.open_deletions().unwrap().len(), 2);
    store.count_deleted(ids[0], 1).unwrap();
    assert_eq!(store.open_deletions().unwrap()[0].gone, 1);
    store.end_deletion(ids[0], at(2), 2, Some("why")).unwrap();
    store.count_deleted(ids[0], 3).unwrap();
    // It ended once.
    store.end_deletion(ids[0], at(9), 9, None).unwrap();
    let all = store.deletions(None, None, FIRST).unwrap();
    assert_eq!(all[0].new, new("s"));
    assert_eq!(
        (all[0].ended, all[0].gone, all[0].kept.as_deref()),
        (Some(at(2)), 2, Some("why"))
    );
    assert_eq!(store.open_deletions().unwrap(), all[1..]);
    let page = |since, order| Page {
        since,
        limit: 1,
        order,
    };
    let found = |study: Option<&str>, page| store.deletions(study, None, page).unwrap();
    assert_eq!(found(None, page(ids[0], Order::Ascending)), all[1..]);
    // The newest first, in pages, whatever they are of.
    for study in [None, Some("t")] {
        assert_eq!(found(study, page(0, Order::Descending)), all[1..]);
    }
    assert_eq!(found(None, page(ids[1], Order::Descending)), all[..1]);
    for study in [None, Some("s")] {
        assert_eq!(found(study, page(ids[0], Order::Descending)), []);
    }
    assert_eq!(
        store.deletions(Some("1.2.t"), None, FIRST).unwrap(),
        all[1..]
    );
    assert_eq!(store.deletions(None, Some(""), FIRST).unwrap(), []);
}
