//! Mistakes of `Defaults` and `Destinations`.

use super::*;

/// A key of a destination, values that are refused, and what the message says is allowed.
fn refused_settings() -> Vec<(&'static str, Vec<Value>, &'static str)> {
    let huge = json!(u64::MAX);
    vec![
        (
            "Transport",
            vec![json!("REST"), json!(1)],
            "one of \"Auto\", \"Rest\", \"Native\"",
        ),
        (
            "TransferSyntax",
            vec![json!("JPEG-LS"), json!("1.2.840.10008.1.2.4.50"), json!(1)],
            "1.2.840.10008.1.2.4.80 (JPEG-LS Lossless)",
        ),
        (
            "Associations",
            vec![json!(0), json!(65), json!(2.0), huge],
            "an integer from 1 to 64",
        ),
        (
            "AssociationPer",
            vec![json!("Study"), json!("group"), json!(1)],
            "one of \"Any\", \"Group\"",
        ),
        ("Split", vec![json!("no"), json!(1)], "true or false"),
        (
            "BatchSize",
            vec![json!(0), json!(10_001), json!("9")],
            "an integer from 1 to 10000",
        ),
        ("Level", vec![json!("study"), json!(null)], "\"Study\""),
        (
            "QuietSeconds",
            vec![json!(-1), json!(86_401)],
            "an integer from 0 to 86400",
        ),
        (
            "MaxQuietSeconds",
            vec![json!(0), json!(86_401), json!("600")],
            "an integer from 1 to 86400",
        ),
        (
            "Priority",
            vec![json!("Hihg"), json!(2)],
            "\"Low\", \"Medium\", \"High\", \"Stat\"",
        ),
        (
            "ReservedAssociations",
            vec![json!(-1), json!(64)],
            "an integer from 0 to 63",
        ),
        (
            "ReservedAssociations",
            vec![json!(2), json!(3)],
            "fewer than Associations (2)",
        ),
        (
            "LocalAet",
            vec![
                json!(""),
                json!("  "),
                json!("$remoteAet"),
                json!("$X"),
                json!("A\\B"),
                json!("12345678901234567"),
                json!("É"),
                json!(null),
            ],
            "\"$RemoteAet\", or an AET of 1 to 16",
        ),
        (
            "Timeout",
            vec![json!(0), json!(3601), json!(1.5)],
            "an integer from 1 to 3600",
        ),
        (
            "ExpireAfter",
            vec![json!(-1), json!(315_360_001)],
            "an integer from 0 to 315360000",
        ),
        (
            "MaxBytesPerSecond",
            vec![json!(-1), json!(0.5)],
            "an integer, 0 or more",
        ),
        (
            "Windows",
            vec![json!("22:00-06:00"), json!({})],
            "a list of windows",
        ),
        ("Retry", vec![json!(3), json!([])], "an object"),
    ]
}

#[test]
fn of_a_destination() {
    for (key, values, allowed) in refused_settings() {
        for value in values {
            let settings = json!({ key: value });
            one(
                json!({ "Defaults": settings }),
                &format!("Defaults.{key}"),
                &[allowed],
            );
            let path = format!("Destinations.pacs.{key}");
            one(
                json!({ "Destinations": { "pacs": settings } }),
                &path,
                &[allowed],
            );
        }
    }
    let unknown = json!({ "Defaults": { "Assocations": 2 } });
    one(
        unknown,
        "Defaults.Assocations",
        &["did you mean \"Associations\"?"],
    );
    let window = json!({ "Defaults": { "Windows": ["22:00-06:00", "25:00-26:00", 7] } });
    let paths: Vec<_> = mistakes(&with(window)).into_iter().map(|m| m.0).collect();
    assert_eq!(
        paths,
        [
            "SendQueue.Defaults.Windows[1]",
            "SendQueue.Defaults.Windows[2]"
        ]
    );
    let twice = json!({ "Defaults": { "Windows": ["22:00-06:00", "22:00-06:00"] } });
    one(twice, "Defaults.Windows[1]", &["each window once"]);
}

#[test]
fn of_retry() {
    let table = [
        (
            "MaxAttempts",
            vec![json!(0), json!(1001), json!(1.0)],
            "an integer from 1 to 1000",
        ),
        (
            "Delay",
            vec![json!(-1), json!(86_401), json!("5")],
            "a number from 0 to 86400",
        ),
        (
            "Delay",
            vec![json!(601)],
            "a number from 0 to MaxDelay (600)",
        ),
        (
            "Multiplier",
            vec![json!(0.5), json!(10.5)],
            "a number from 1 to 10",
        ),
        (
            "MaxDelay",
            vec![json!(604_801), json!(-1)],
            "a number from 0 to 604800",
        ),
        (
            "MaxDelay",
            vec![json!(29.5)],
            "a number from Delay (30) to 604800",
        ),
        ("OnRejected", vec![json!("no")], "true or false"),
        (
            "OnStatus",
            vec![json!("A9xx"), json!(0xA900), json!({})],
            "a list of statuses",
        ),
        ("Delays", vec![json!(1)], "did you mean \"Delay\"?"),
    ];
    for (key, values, allowed) in table {
        for value in values {
            let section = json!({ "Defaults": { "Retry": { key: value } } });
            one(section, &format!("Defaults.Retry.{key}"), &[allowed]);
        }
    }
}

#[test]
fn of_a_group_that_is_split_and_whole() {
    let both = json!({ "AssociationPer": "Group", "Split": true });
    one(
        json!({ "Defaults": both }),
        "Defaults.Split",
        &["false, or no Split, while AssociationPer is \"Group\""],
    );
    for (below, above, key) in [
        (
            json!({ "Split": true }),
            json!({ "AssociationPer": "Group" }),
            "AssociationPer",
        ),
        (
            json!({ "AssociationPer": "Group" }),
            json!({ "Split": true }),
            "Split",
        ),
    ] {
        one(
            json!({ "Defaults": below, "Destinations": { "pacs": above, "archive": {} } }),
            &format!("Destinations.pacs.{key}"),
            &[],
        );
    }
    for fits in [
        json!({ "AssociationPer": "Group", "Split": false }),
        json!({ "AssociationPer": "Group" }),
        json!({ "Split": false }),
        json!({ "Split": true }),
    ] {
        let settings = read(&with(json!({ "Defaults": fits }))).unwrap();
        let splits = *fits.get("AssociationPer").unwrap_or(&json!("Any")) == json!("Any")
            && fits.get("Split") != Some(&json!(false));
        assert_eq!(settings.defaults.splits(), splits, "{fits}");
    }
    // What a destination has to itself again is split as ever.
    let again = json!({
        "Defaults": { "AssociationPer": "Group" }, "Destinations": { "pacs": { "AssociationPer": "Any" } },
    });
    assert!(read(&with(again)).unwrap().destination("pacs").splits());
}

#[test]
fn of_statuses_to_retry() {
    for (entry, allowed) in [
        (
            json!("0xC000"),
            "found \"0xC000\"; allowed: four hexadecimal digits",
        ),
        (json!("C0FF-C000"), "or a range such as"),
        (json!(0xC000), "four hexadecimal digits"),
        (
            json!("B00x"),
            "no pattern of B000, with which the instance is stored",
        ),
        (json!("0000"), "with which the instance is stored"),
        (json!("0122-0122"), "\"0122\" or \"0124\" by itself"),
        (json!("c1XX"), "each status once"),
    ] {
        one(
            json!({ "Defaults": { "Retry": { "OnStatus": ["C1xx", entry] } } }),
            "Defaults.Retry.OnStatus[1]",
            &[allowed],
        );
    }
}

#[test]
fn one_slip_is_one_mistake() {
    // A wrong Delay is not compared, neither here nor in the destinations over it.
    let section = json!({
        "Defaults": { "Retry": { "Delay": -5, "MaxDelay": 10 } },
        "Destinations": { "pacs": { "Retry": { "MaxDelay": 20 } }, "archive": {} },
    });
    one(section, "Defaults.Retry.Delay", &[]);
    let section = json!({ "Defaults": { "Associations": 0, "ReservedAssociations": 3 } });
    one(section, "Defaults.Associations", &[]);
    // A pair that does not fit is told where it was written, not for every destination below.
    let section = json!({
        "Defaults": { "Retry": { "Delay": 700 } }, "Destinations": { "pacs": {}, "archive": {} },
    });
    one(section, "Defaults.Retry.Delay", &[]);
}

#[test]
fn of_a_ceiling_below_the_quiet_period() {
    let both = |quiet: u32, most: u32| json!({ "QuietSeconds": quiet, "MaxQuietSeconds": most });
    one(
        json!({ "Defaults": both(60, 59) }),
        "Defaults.MaxQuietSeconds",
        &["found 59; allowed: an integer from QuietSeconds (60) to 86400"],
    );
    one(
        json!({ "Defaults": both(60, 60), "Destinations": { "pacs": { "QuietSeconds": 61 }, "archive": {} } }),
        "Destinations.pacs.QuietSeconds",
        &["an integer from 0 to MaxQuietSeconds (60)"],
    );
    one(
        json!({ "Defaults": { "QuietSeconds": -1 }, "Destinations": { "pacs": { "MaxQuietSeconds": 1 } } }),
        "Defaults.QuietSeconds",
        &[],
    );
    let rule = |rule: Value| {
        let mut rule = rule;
        rule["To"] = json!(["archive", "pacs"]);
        json!({ "Rules": [rule], "Destinations": { "pacs": both(60, 90) } })
    };
    one(
        rule(both(60, 59)),
        "Rules[0].MaxQuietSeconds",
        &["from QuietSeconds (60)"],
    );
    one(
        rule(json!({ "QuietSeconds": 91 })),
        "Rules[0].QuietSeconds",
        &["an integer from 0 to MaxQuietSeconds of \"pacs\" (90)"],
    );
    one(
        rule(json!({ "MaxQuietSeconds": 59 })),
        "Rules[0].MaxQuietSeconds",
        &["an integer from QuietSeconds of \"pacs\" (60) to 86400"],
    );
    for fits in [
        both(100, 200),
        json!({ "QuietSeconds": 90 }),
        json!({ "MaxQuietSeconds": 60 }),
    ] {
        assert!(read(&with(rule(fits.clone()))).is_ok(), "{fits}");
    }
    // Nothing is written: the ceiling is never below.
    assert!(read(&with(json!({ "Defaults": { "QuietSeconds": 86_400 } }))).is_ok());
}

#[test]
fn of_a_second_name() {
    let second = |name: &str, own: Value| json!({ "Destinations": { name: own } });
    let target = "a name of DicomModalities, of which";
    one(
        second("research", json!({ "Target": "pacs2" })),
        "Destinations.research.Target",
        &["\"pacs2\"", target],
    );
    one(
        second("research", json!({ "Target": 1 })),
        "Destinations.research.Target",
        &[target],
    );
    // It would be no second name.
    for (name, key) in [
        ("archive", ".archive"),
        ("pacs", ".pacs"),
        ("", "[\"\"]"),
        ("re search", "[\"re search\"]"),
        ("peer:x", "[\"peer:x\"]"),
    ] {
        one(
            second(name, json!({ "Target": "pacs" })),
            &format!("Destinations{key}"),
            &["with a Target, a name that is not one of DicomModalities"],
        );
    }
    for (key, value) in [
        ("Associations", json!(1)),
        ("ReservedAssociations", json!(0)),
        ("MaxBytesPerSecond", json!(5)),
    ] {
        one(
            second("research", json!({ "Target": "pacs", key: value })),
            &format!("Destinations.research.{key}"),
            &["nothing beside Target"],
        );
    }
    one(
        json!({ "Destinations": { "a": { "Target": "pacs" }, "b": { "Target": "a" } } }),
        "Destinations.b.Target",
        &["\"a\"", target],
    );
    one(
        json!({ "Defaults": { "Target": "pacs" } }),
        "Defaults.Target",
        &["an entry of Destinations"],
    );
}
