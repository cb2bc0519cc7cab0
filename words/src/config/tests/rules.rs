//! The language of rules: exceptions, sources, presence, and what is valid but probably not meant.

use super::super::settings::Match;
use super::*;

fn rules(section: Value) -> Settings {
    read(&with(section)).unwrap()
}

#[test]
fn exceptions_sources_and_presence_are_read() {
    let settings = rules(json!({
        "Sources": {
            "site A": { "CallingAet": ["CT1", "MR1"], "RemoteIp": "regex:^10[.]1[.]" },
            "tests": { "Origin": "RestApi" },
            "carts": { "Origin": "WebDav" },
        },
        "Rules": [
            { "To": ["pacs"] },
            { "To": ["archive"], "Stop": true, "Anonymized": true, "Modified": false,
              "When": { "Source": "site A", "Tags": { "0008,0050": "present", "Modality": "regex:^present$" } },
              "Unless": { "Source": ["tests", "carts"], "CalledAet": "X", "Tags": { "StudyDescription": "absent" } } },
        ],
    }));
    let plain = &settings.rules[0];
    let flags = (plain.stop, plain.anonymized, plain.modified);
    assert_eq!(flags, (false, false, true));
    assert!(plain.when.written.is_null() && plain.unless.written.is_null());

    let rule = &settings.rules[1];
    let flags = (rule.stop, rule.anonymized, rule.modified);
    assert_eq!(flags, (true, true, false));
    let names = |sources: &[std::sync::Arc<super::super::settings::Source>]| {
        let names = sources.iter().map(|one| one.name.clone());
        names.collect::<Vec<String>>()
    };
    assert_eq!(names(&rule.when.sources), ["site A"]);
    assert_eq!(names(&rule.unless.sources), ["tests", "carts"]);
    assert!(matches!(rule.when.tags[0].1, Match::Present));
    assert!(matches!(rule.when.tags[1].1, Match::Regex(_)));
    assert!(matches!(rule.unless.tags[0].1, Match::Absent));
    assert_eq!(rule.when.written["Source"], "site A");
    let site = &settings.sources["site A"].conditions;
    assert!(site.calling_aet.is_some() && site.remote_ip.is_some() && site.origin.is_none());
    assert_eq!(settings.sources.len(), 3);
    assert_eq!(settings.remarks, Vec::<String>::new());
}

#[test]
fn mistakes_of_exceptions_and_flags() {
    let table = [
        (json!({ "Unless": {} }), ".Unless", "at least one condition"),
        (
            json!({ "Unless": { "Tags": {} } }),
            ".Unless",
            "at least one condition",
        ),
        (json!({ "Unless": [] }), ".Unless", "an object"),
        (
            json!({ "Unless": { "CallingAET": "X" } }),
            ".Unless.CallingAET",
            "did you mean \"CallingAet\"?",
        ),
        (
            json!({ "Unless": { "Unless": {} } }),
            ".Unless.Unless",
            "an unknown key",
        ),
        (
            json!({ "Unless": { "Tags": { "Modality": [] } } }),
            ".Unless.Tags.Modality",
            "at least one value",
        ),
        (
            json!({ "When": { "Tags": { "Modality": ["CT", "present"] } } }),
            ".When.Tags.Modality[1]",
            "\"present\" stands alone",
        ),
        (
            json!({ "When": { "Tags": { "Modality": ["absent"] } } }),
            ".When.Tags.Modality[0]",
            "(for the value itself: \"regex:^absent$\")",
        ),
        (
            json!({ "When": { "Source": "c" } }),
            ".When.Source",
            "found \"c\"; allowed: a name of Sources, one of \"A\", \"Site B\"",
        ),
        (
            json!({ "When": { "Source": ["A", "Sit B"] } }),
            ".When.Source[1]",
            "did you mean \"Site B\"?",
        ),
        (
            json!({ "When": { "Source": ["A", "A"] } }),
            ".When.Source[1]",
            "each source once",
        ),
        (
            json!({ "When": { "Source": [] } }),
            ".When.Source",
            "at least one name",
        ),
        (
            json!({ "When": { "Source": 1 } }),
            ".When.Source",
            "a name of Sources",
        ),
        (
            json!({ "Unless": { "Source": "regex:A" } }),
            ".Unless.Source",
            "a name of Sources",
        ),
        (json!({ "Stop": 1 }), ".Stop", "true or false"),
        (
            json!({ "Anonymized": "yes" }),
            ".Anonymized",
            "true or false",
        ),
        (json!({ "Modified": null }), ".Modified", "true or false"),
    ];
    for (mut rule, path, words) in table {
        rule["To"] = json!(["pacs"]);
        let sources = json!({ "A": { "CallingAet": "X" }, "Site B": { "Origin": "Lua" } });
        let section = json!({ "Sources": sources, "Rules": [rule] });
        one(section, &format!("Rules[0]{path}"), &[words]);
    }
}

#[test]
fn mistakes_of_sources() {
    let table = [
        (json!([]), "", "an object from names to conditions"),
        (
            json!({ "A": {} }),
            ".A",
            "at least one condition, one of \"CallingAet\"",
        ),
        (json!({ "A": 1 }), ".A", "an object"),
        (
            json!({ " A": { "CallingAet": "X" } }),
            "[\" A\"]",
            "a name without blanks",
        ),
        (
            json!({ "": { "CallingAet": "X" } }),
            "[\"\"]",
            "a name without blanks",
        ),
        (
            json!({ "A": { "CallingAet": "" } }),
            ".A.CallingAet",
            "an AET of 1 to 16",
        ),
        (
            json!({ "A": { "CallingAet": "X", "Tags": { "Modality": "CT" } } }),
            ".A.Tags",
            "an unknown key",
        ),
        (
            json!({ "A": { "CallingAet": "X", "Source": "B" } }),
            ".A.Source",
            "an unknown key",
        ),
    ];
    for (sources, path, words) in table {
        // A rule that names it is told of nothing more.
        let name = sources
            .as_object()
            .and_then(|all| all.keys().next().cloned());
        let rule = match name {
            Some(name) => json!({ "To": ["pacs"], "When": { "Source": name } }),
            None => json!({ "To": ["pacs"] }),
        };
        let section = json!({ "Sources": sources, "Rules": [rule] });
        one(section, &format!("Sources{path}"), &[words]);
    }
    let section = json!({ "Rules": [{ "To": ["pacs"], "When": { "Source": "A" } }] });
    one(
        section,
        "Rules[0].When.Source",
        &["a name of Sources, which is empty"],
    );
}

/// What is told of two rules.
fn told(first: Value, second: Value) -> Vec<String> {
    let (mut first, mut second) = (first, second);
    for (rule, name) in [(&mut first, "first"), (&mut second, "second")] {
        rule["To"] = json!(["pacs"]);
        rule["Name"] = json!(name);
    }
    rules(json!({
        "Sources": { "A": { "CallingAet": "CT1" }, "B": { "CallingAet": "MR1" } },
        "Rules": [first, second, { "To": ["pacs"], "When": { "Source": ["A", "B"] } }],
    }))
    .remarks
}

#[test]
fn a_rule_that_can_never_match_is_told() {
    let ct = json!({ "Tags": { "Modality": "CT" } });
    let ct_mr = json!({ "Tags": { "0008,0060": ["MR", "CT"] } });
    let site = json!({ "Source": "A" });
    let never = [
        json!({ "When": ct, "Unless": ct }),
        json!({ "When": ct, "Unless": ct_mr }),
        json!({ "When": ct, "Unless": { "CallingAet": "X", "Tags": { "Modality": "present" } } }),
        json!({ "When": { "CallingAet": "x", "Origin": "Lua" }, "Unless": { "CallingAet": ["Y", "X"] } }),
        json!({ "When": { "CalledAet": "regex:^A" }, "Unless": { "CalledAet": "regex:^A" } }),
        json!({ "When": site, "Unless": { "Source": ["B", "A"] } }),
    ];
    for rule in never {
        let told = told(rule.clone(), json!({}));
        assert_eq!(told.len(), 1, "{rule}: {told:?}");
        let expected = "rule \"first\" can never match: its Unless holds back all";
        assert!(told[0].contains(expected), "{told:?}");
    }
    let fine = [
        json!({ "When": ct_mr, "Unless": ct }),
        json!({ "When": { "CallingAet": "CT" }, "Unless": { "CalledAet": "CT" } }),
        json!({ "When": { "Tags": { "Modality": "CT" } }, "Unless": { "Tags": { "StudyDescription": "CT" } } }),
        json!({ "When": { "Tags": { "Modality": "" } }, "Unless": { "Tags": { "Modality": "present" } } }),
        json!({ "When": { "Source": ["A", "B"] }, "Unless": site }),
        json!({ "Unless": ct }),
        json!({ "When": {} }),
    ];
    for rule in fine {
        let told = told(rule.clone(), json!({}));
        assert!(
            told.iter().all(|one| !one.contains("can never match")),
            "{rule}: {told:?}"
        );
    }
}

#[test]
fn a_rule_that_another_one_stops_is_told() {
    let ct = json!({ "Tags": { "Modality": "CT" } });
    let held = json!({ "CallingAet": "X" });
    let dead = [
        (json!({ "Stop": true }), json!({ "When": ct })),
        (json!({ "Stop": true, "When": {} }), json!({})),
        (
            json!({ "Stop": true, "When": ct }),
            json!({ "When": { "CalledAet": "X", "Tags": { "0008,0060": "CT" } } }),
        ),
        (
            json!({ "Stop": true, "Unless": held }),
            json!({ "Unless": { "CallingAet": ["X", "Y"] } }),
        ),
        (
            json!({ "Stop": true, "Anonymized": true }),
            json!({ "Anonymized": true }),
        ),
    ];
    for (stop, rule) in dead {
        let told = told(stop.clone(), rule.clone());
        // The third one, too, where everything is taken.
        let expected = "rule \"second\" can never match: rule \"first\" before it";
        assert!(
            told.iter().any(|one| one.contains(expected)),
            "{stop} {rule}: {told:?}"
        );
    }
    let alive = [
        (json!({}), json!({})),
        (json!({ "Stop": true, "When": ct }), json!({})),
        (
            json!({ "Stop": true, "When": ct, "Unless": held }),
            json!({ "When": ct }),
        ),
        (
            json!({ "Stop": true, "When": ct }),
            json!({ "When": ct, "Anonymized": true }),
        ),
        (
            json!({ "Stop": true, "When": ct, "Modified": false }),
            json!({ "When": ct }),
        ),
    ];
    for (stop, rule) in alive {
        assert_eq!(
            told(stop.clone(), rule.clone()),
            Vec::<String>::new(),
            "{stop} {rule}"
        );
    }
}

#[test]
fn a_source_that_nobody_names_is_told() {
    let settings = rules(json!({
        "Sources": { "A": { "CallingAet": "X" }, "B": { "CallingAet": "Y" }, "C": { "CallingAet": "Z" } },
        "Rules": [{ "To": ["pacs"], "When": { "Source": "A" }, "Unless": { "Source": "C" } }],
    }));
    assert_eq!(
        settings.remarks,
        ["no rule and no recipe names the source \"B\" (Sources)"]
    );
    assert_eq!(settings.warnings().count(), 1);
}

#[test]
fn what_is_remembered_of_a_rule_depends_on_its_exceptions() {
    let key = |rule| rules(json!({ "Rules": [rule] })).rules[0].key.clone();
    let plain = json!({ "To": ["pacs"] });
    let held = json!({ "To": ["pacs"], "Unless": { "CallingAet": "X" } });
    assert_ne!(key(plain), key(held));
}
