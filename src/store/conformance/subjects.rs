//! What people gave for `Lookup`.

use super::*;
use crate::store::Subject;

pub fn run(make: Make<'_>) {
    a_subject_is_what_was_given_last(&*one(make));
    lists_are_told_page_by_page(&*one(make));
}

fn subject(key: &[&str], id: &str) -> Subject {
    let owned = |text: &&str| (*text).to_owned();
    Subject {
        key: key.iter().map(owned).collect(),
        values: vec![
            ("PatientID".into(), id.into()),
            ("PatientName".into(), "'; -- Ü".into()),
        ],
    }
}

fn a_subject_is_what_was_given_last(store: &dyn Store) {
    let [a, b] = [
        subject(&["SITE_A", "1"], "T-1"),
        subject(&["SITE_B", "1"], "T-2"),
    ];
    let of = |list: &str, one: &Subject| store.subject(list, &one.key).unwrap();
    assert_eq!(of("trial", &a), None);
    let given = [a.clone(), b.clone()];
    assert_eq!(store.add_subjects("trial", &given).unwrap(), 2);
    assert_eq!(of("trial", &a), Some(a.values.clone()));
    assert_eq!(of("other", &a), None);
    let changed = subject(&["SITE_A", "1"], "T-9");
    let more = [changed.clone(), subject(&["SITE_A,1"], "T-3")];
    assert_eq!(store.add_subjects("trial", &more).unwrap(), 1);
    assert_eq!(of("trial", &a), Some(changed.values));
    assert_eq!(of("trial", &more[1]), Some(more[1].values.clone()));
    assert_eq!(of("trial", &subject(&["SITE_A"], "")), None);
    assert!(store.remove_subject("trial", &b.key).unwrap());
    assert!(!store.remove_subject("trial", &b.key).unwrap());
    assert_eq!(of("trial", &b), None);
    assert_eq!(store.add_subjects("trial", &[]).unwrap(), 0);
}

fn lists_are_told_page_by_page(store: &dyn Store) {
    let all: Vec<Subject> = (0..5)
        .map(|number| subject(&[&number.to_string()], "T"))
        .collect();
    store.add_subjects("trial", &all).unwrap();
    store.add_subjects("other", &all[..1]).unwrap();
    store.remove_subject("trial", &all[1].key).unwrap();
    store.add_subjects("trial", &all[..1]).unwrap();
    let mut found = Vec::new();
    let mut since = 0;
    loop {
        let page = store.subjects("trial", since, 2).unwrap();
        let Some((last, _)) = page.last() else { break };
        since = *last;
        found.extend(page.into_iter().map(|(_, one)| one));
    }
    let expected = [&all[0], &all[2], &all[3], &all[4]].map(Clone::clone);
    assert_eq!(found, expected);
}
