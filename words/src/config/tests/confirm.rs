//! `Confirm`.

use super::super::confirm::Confirm;
use super::*;
use crate::item::{Means, Timestamp};

fn of(defaults: Value, own: Value) -> Option<Confirm> {
    let section = json!({ "Defaults": defaults, "Destinations": { "pacs": own } });
    let settings = read(&with(section)).unwrap();
    settings.destination("pacs").confirm.clone()
}

fn confirm(by: &[Means], delay: u32, timeout: u32) -> Option<Confirm> {
    Some(Confirm {
        by: by.to_vec(),
        delay,
        timeout,
    })
}

#[test]
fn what_is_written_is_in_force() {
    let none = json!({});
    assert_eq!(of(none.clone(), none.clone()), None);
    let by = |by: Value| json!({ "Confirm": { "By": by } });
    let commitment = confirm(&[Means::StorageCommitment], 60, 86_400);
    assert_eq!(of(none.clone(), by(json!("StorageCommitment"))), commitment);
    assert_eq!(
        of(by(json!(["StorageCommitment"])), none.clone()),
        commitment
    );
    let both =
        json!({ "Confirm": { "By": ["StorageCommitment", "Find"], "Delay": 0, "Timeout": 1 } });
    let expected = confirm(&[Means::StorageCommitment, Means::Find], 0, 1);
    assert_eq!(of(by(json!("Find")), both), expected);
    assert_eq!(of(by(json!("Find")), json!({ "Confirm": null })), None);
}

#[test]
fn mistakes_are_told_where_they_are() {
    let at = |path: &str, confirm: Value, words: &[&str]| {
        let section = json!({ "Destinations": { "pacs": { "Confirm": confirm } } });
        let path = format!("Destinations.pacs.Confirm{path}");
        one(section, &path, words);
    };
    at("", json!(true), &["an object"]);
    at("", json!({}), &["with By", "\"StorageCommitment\""]);
    at(".By", json!({ "By": "find" }), &["\"Find\""]);
    at(".By", json!({ "By": [] }), &["a list of both"]);
    at(
        ".By[1]",
        json!({ "By": ["Find", "Find"] }),
        &["each of them once"],
    );
    at(
        ".By[0]",
        json!({ "By": ["Qido", "Find"] }),
        &["not there yet"],
    );
    at(".By", json!({ "By": "Qido" }), &["not there yet"]);
    at(
        ".Delay",
        json!({ "By": "Find", "Delay": -1 }),
        &["from 0 to 604800"],
    );
    at(
        ".Timeout",
        json!({ "By": "Find", "Timeout": 0 }),
        &["from 1 to 2592000"],
    );
    at(
        ".after",
        json!({ "By": "Find", "after": 1 }),
        &["\"Delay\""],
    );
}

#[test]
fn who_gets_other_uids_is_not_asked_by_those_that_are_stored() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, "0123456789abcdef0123456789abcdef").unwrap();
    let section = |defaults: Value, own: Value| {
        json!({
            "Deidentifications": { "trial": { "Profile": "Basic", "KeyFile": key } },
            "Defaults": defaults,
            "Destinations": { "pacs": own },
        })
    };
    let find = json!({ "By": ["StorageCommitment", "Find"] });
    let words = [
        "\"StorageCommitment\" alone",
        "the UIDs of study and series",
    ];
    let both = json!({ "Deidentify": "trial", "Confirm": find });
    one(
        section(json!({}), both),
        "Destinations.pacs.Confirm",
        &words,
    );
    let inherited = section(json!({ "Confirm": find }), json!({ "Deidentify": "trial" }));
    one(inherited, "Destinations.pacs.Deidentify", &words);
    let committed = json!({ "Deidentify": "trial", "Confirm": { "By": "StorageCommitment" } });
    read(&with(section(json!({}), committed))).unwrap();
}

#[test]
fn each_means_has_its_share_of_the_time() {
    let at = |seconds: f64| Timestamp::from_micros(0).plus_seconds(seconds);
    let confirm = confirm(&[Means::StorageCommitment, Means::Find], 10, 100).unwrap();
    // On a grid of half the delay.
    for (delivered, due) in [(5.0, 15.0), (5.1, 20.0), (9.9, 20.0), (10.0, 20.0)] {
        assert_eq!(confirm.due(at(delivered)), at(due), "{delivered}");
    }
    // What trickles in is asked for together, whatever the delay is.
    for (delay, delivered, due) in [
        (0, 5.0, 5.0),
        (0, 5.1, 10.0),
        (1, 4.2, 10.0),
        (600, 1.0, 630.0),
    ] {
        let confirm = self::confirm(&[Means::Find], delay, 100).unwrap();
        assert_eq!(confirm.due(at(delivered)), at(due), "{delay} {delivered}");
    }
    let turn = |seconds: f64| confirm.turn(at(5.0), at(seconds));
    let first = Some((Means::StorageCommitment, at(65.0)));
    let second = Some((Means::Find, at(115.0)));
    for (seconds, expected) in [
        (0.0, first),
        (64.9, first),
        (65.0, second),
        (114.9, second),
        (115.0, None),
    ] {
        assert_eq!(turn(seconds), expected, "{seconds}");
    }
}
