//! The section `Retention`.

use super::*;
use crate::config::retention::RetentionSettings;

fn retention(section: Value) -> RetentionSettings {
    let settings = read(&with(json!({ "Retention": section }))).unwrap();
    settings.retention.unwrap()
}

#[test]
fn nothing_is_deleted_unless_it_is_asked_for() {
    assert_eq!(read(&with(json!({}))).unwrap().retention, None);
    let least = RetentionSettings {
        safe: vec!["pacs".to_owned()],
        delete_after_days: 30,
        emergency_below_free_percent: 0,
        dry_run: true,
        protect_while_queued: true,
        allow_changed: false,
    };
    assert_eq!(retention(json!({ "Safe": ["pacs"] })), least);
    let all = json!({
        "Safe": ["pacs", "archive"], "DeleteAfterDays": 0, "EmergencyBelowFreePercent": 10, "DryRun": false,
        "AllowChanged": true, "ProtectWhileQueued": false,
    });
    let expected = RetentionSettings {
        safe: vec!["pacs".to_owned(), "archive".to_owned()],
        delete_after_days: 0,
        emergency_below_free_percent: 10,
        dry_run: false,
        protect_while_queued: false,
        allow_changed: true,
    };
    assert_eq!(retention(all), expected);
}

#[test]
fn mistakes_of_it() {
    let of = |section: Value, path: &str, words: &[&str]| {
        one(json!({ "Retention": section }), path, words);
    };
    of(json!([]), "Retention", &["an object"]);
    of(
        json!({}),
        "Retention.Safe",
        &["found nothing", "one or more destinations"],
    );
    of(
        json!({ "Safe": [] }),
        "Retention.Safe",
        &["one or more destinations"],
    );
    of(
        json!({ "Safe": "pacs" }),
        "Retention.Safe",
        &["one or more destinations"],
    );
    of(
        json!({ "Safe": ["pcas"] }),
        "Retention.Safe[0]",
        &["did you mean \"pacs\"?"],
    );
    of(
        json!({ "Safe": ["pacs", "pacs"] }),
        "Retention.Safe[1]",
        &["each destination once"],
    );
    of(
        json!({ "Safe": ["pacs"], "DryRum": false }),
        "Retention.DryRum",
        &["unknown key", "did you mean \"DryRun\"?"],
    );
    for value in [json!("false"), json!(0), json!(null)] {
        of(
            json!({ "Safe": ["pacs"], "DryRun": value }),
            "Retention.DryRun",
            &["true or false"],
        );
    }
    for value in [json!(-1), json!(1.5), json!("30"), json!(36_501)] {
        of(
            json!({ "Safe": ["pacs"], "DeleteAfterDays": value }),
            "Retention.DeleteAfterDays",
            &["an integer from 0 to 36500"],
        );
    }
    for value in [json!(-1), json!(100), json!("10%")] {
        of(
            json!({ "Safe": ["pacs"], "EmergencyBelowFreePercent": value }),
            "Retention.EmergencyBelowFreePercent",
            &["an integer from 0 to 99"],
        );
    }
}

#[test]
fn what_is_changed_on_its_way_is_no_original() {
    let section = |allow: bool| {
        json!({
            "Coercions": { "r": [{ "Set": { "StudyDescription": "A" } }] },
            "Destinations": { "pacs": { "Coerce": "r" } },
            "Retention": { "Safe": ["archive", "pacs"], "AllowChanged": allow },
        })
    };
    let words = ["found \"pacs\"", "without Coerce", "\"AllowChanged\": true"];
    one(section(false), "Retention.Safe[1]", &words);
    assert!(read(&with(section(true))).is_ok());
}

#[test]
fn what_proves_little_or_nothing_is_remarked() {
    let settings = read(&with(json!({
        "Destinations": { "archive": { "Transport": "Rest" } },
        "Retention": { "Safe": ["pacs", "archive"] },
    })))
    .unwrap();
    let remarks: Vec<&str> = settings.warnings().collect();
    let has = |words: [&str; 2]| {
        let all = |remark: &&&str| words.iter().all(|word| remark.contains(word));
        remarks.iter().filter(all).count() == 1
    };
    assert!(has(["\"pacs\"", "no Confirm"]), "{remarks:?}");
    assert!(has(["\"archive\"", "no study is deleted"]), "{remarks:?}");
}
