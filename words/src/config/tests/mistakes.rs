//! Mistakes of the section and of the host, and all of them together.

use super::*;

#[test]
fn of_the_section() {
    for section in [json!(null), json!([]), json!("x"), json!(true)] {
        one(section, "", &["an object"]);
    }
    one(
        json!({ "Enabled": true }),
        "Enabled",
        &["unknown key", "did you mean \"Enable\"?"],
    );
    one(
        json!({ "rules": [] }),
        "rules",
        &["did you mean \"Rules\"?"],
    );
    one(json!({ "a/b\n": 1 }), "[\"a/b\\n\"]", &["unknown key"]);
    for value in [json!("true"), json!(1), json!(null)] {
        one(json!({ "Enable": value }), "Enable", &["true or false"]);
        one(
            json!({ "TcpNoDelay": value }),
            "TcpNoDelay",
            &["true or false"],
        );
    }
    for value in [
        json!(""),
        json!(" "),
        json!("a/"),
        json!("a\0b"),
        json!(1),
        json!(null),
    ] {
        one(
            json!({ "Database": value }),
            "Database",
            &["the path of a file"],
        );
    }
    for value in [json!(-1), json!(3651), json!(2.0), json!("7"), json!(null)] {
        one(
            json!({ "HistoryDays": value }),
            "HistoryDays",
            &["an integer from 0 to 3650"],
        );
    }
    for value in [json!(-1), json!(101), json!(0.5), json!("3")] {
        one(
            json!({ "LedgerYears": value }),
            "LedgerYears",
            &["an integer from 0 to 100"],
        );
    }
    for value in [json!(0), json!(86_401), json!(1.5), json!("600")] {
        one(
            json!({ "GapSeconds": value }),
            "GapSeconds",
            &["an integer from 1 to 86400"],
        );
    }
    one(
        json!({ "Rules": {} }),
        "Rules",
        &["found {}", "a list of rules"],
    );
    one(json!({ "Defaults": [] }), "Defaults", &["an object"]);
    one(
        json!({ "Destinations": [] }),
        "Destinations",
        &["an object"],
    );
    one(
        json!({ "Destinations": { "pcas": {} } }),
        "Destinations.pcas",
        &[
            "found \"pcas\"",
            "DicomModalities",
            "\"pacs\", \"archive\"",
            "did you mean \"pacs\"?",
        ],
    );
    one(
        json!({ "Destinations": { "x/y": {} } }),
        "Destinations[\"x/y\"]",
        &[],
    );
    one(
        json!({ "Destinations": { "pacs": 1 } }),
        "Destinations.pacs",
        &["an object"],
    );
}

#[test]
fn of_the_host() {
    let table = [
        (
            json!({ "JobsHistorySize": 0 }),
            "JobsHistorySize",
            "1 or more",
        ),
        (
            json!({ "JobsHistorySize": -1 }),
            "JobsHistorySize",
            "an integer from 0",
        ),
        (
            json!({ "ConcurrentJobs": "2" }),
            "ConcurrentJobs",
            "an integer from 0",
        ),
        (
            json!({ "DicomScuTimeout": 1.5 }),
            "DicomScuTimeout",
            "an integer from 0",
        ),
        (
            json!({ "StrictAetComparison": 1 }),
            "StrictAetComparison",
            "true or false",
        ),
        (
            json!({ "OverwriteInstances": 1 }),
            "OverwriteInstances",
            "true or false",
        ),
        (
            json!({ "DicomModalitiesInDatabase": 1 }),
            "DicomModalitiesInDatabase",
            "true or false",
        ),
        (
            json!({ "DicomModalities": [] }),
            "DicomModalities",
            "an object",
        ),
        (
            json!({ "DicomModalities": { "a": [] } }),
            "DicomModalities.a",
            "[AET, host, port, …]",
        ),
        (
            json!({ "DicomModalities": { "a/b": {} } }),
            "DicomModalities[\"a/b\"]",
            "\"AET\"",
        ),
        (
            json!({ "StorageDirectory": 1 }),
            "StorageDirectory",
            "a path",
        ),
        (
            json!({ "IndexDirectory": null }),
            "IndexDirectory",
            "a path",
        ),
        (json!({ "Sendqueue": {} }), "Sendqueue", "\"SendQueue\""),
        (json!(7), "Orthanc's configuration", "an object"),
    ];
    for (mut configuration, path, words) in table {
        let keys = configuration.as_object_mut();
        if let Some(keys) = keys.filter(|keys| !keys.contains_key("Sendqueue")) {
            // Without a section, they are Orthanc's own matter.
            assert!(read(&Value::Object(keys.clone())).is_ok());
            keys.insert("SendQueue".to_owned(), json!({}));
        }
        let found = mistakes(&configuration);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, path);
        assert!(found[0].1.contains(words), "{found:?}");
    }
    let none = json!({ "SendQueue": { "Rules": [{ "To": ["pacs"] }] } });
    assert!(
        mistakes(&none)[0]
            .1
            .contains("a name of DicomModalities, which is empty")
    );
}

#[test]
fn all_of_them_at_once_in_one_message() {
    let configuration = json!({
        "JobsHistorySize": 0,
        "DicomModalities": { "pacs": ["PACS", "10.0.0.1", 104] },
        "SendQueue": {
            "HistoryDays": "a week",
            "Rule": [],
            "Rules": [
                { "Name": "a", "To": ["pacs", "pcas"], "When": { "CallingAet": "regex:(" } },
                { "Name": "a", "To": [], "Priority": "Urgent\nforged line" },
            ],
            "Defaults": { "Associations": 100, "Retry": { "Multiplier": 0 }, "Windows": ["x"] },
            "Destinations": { "pacs": { "LocalAet": "$Remote" }, "nowhere": { "Timeout": 0 } },
        },
    });
    let text = read(&configuration).unwrap_err().to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "14 mistakes in the configuration of the send queue:"
    );
    let mut paths: Vec<&str> = lines[1..]
        .iter()
        .map(|line| line.trim_start().split_once(": found ").unwrap().0)
        .collect();
    paths.sort_unstable();
    let expected = [
        "JobsHistorySize",
        "SendQueue.Defaults.Associations",
        "SendQueue.Defaults.Retry.Multiplier",
        "SendQueue.Defaults.Windows[0]",
        "SendQueue.Destinations.nowhere",
        "SendQueue.Destinations.nowhere.Timeout",
        "SendQueue.Destinations.pacs.LocalAet",
        "SendQueue.HistoryDays",
        "SendQueue.Rule",
        "SendQueue.Rules[0].To[1]",
        "SendQueue.Rules[0].When.CallingAet",
        "SendQueue.Rules[1].Name",
        "SendQueue.Rules[1].Priority",
        "SendQueue.Rules[1].To",
    ];
    assert_eq!(paths, expected);
    assert!(
        text.contains("SendQueue.Rules[0].To[1]: found \"pcas\"; allowed: "),
        "{text}"
    );
    assert!(text.contains("(did you mean \"pacs\"?)"), "{text}");
}
