//! The language of rules, from its JSON to what becomes of an instance.

mod explained;

use serde_json::{Value, json};

use super::rule::tests::Whole;
use super::*;
use crate::config::load;
use crate::config::settings::Settings;

fn settings(section: Value) -> Settings {
    let configuration = json!({
        "DicomModalities": {
            "pacs": ["PACS", "10.0.0.1", 104],
            "archive": ["ARCHIVE", "10.0.0.2", 104],
            "research": ["RESEARCH", "10.0.0.3", 104],
        },
        "SendQueue": section,
    });
    let lookup = |name: &str| match name {
        "Modality" => Some((0x0008, 0x0060)),
        "AccessionNumber" => Some((0x0008, 0x0050)),
        "RequestAttributesSequence" => Some((0x0040, 0x0275)),
        _ => None,
    };
    load(&configuration, &lookup, None).unwrap()
}

fn from(aet: &str) -> Arrival {
    Arrival {
        remote_aet: Some(aet.to_owned()),
        origin: Some("DicomProtocol".to_owned()),
        ..Arrival::default()
    }
}

/// All modalities, at one host.
fn senders(settings: &Settings) -> Senders {
    let machines = settings.host.modalities.iter().map(|(name, aet)| Machine {
        name: name.clone(),
        aet: aet.clone(),
        host: "10.0.0.1".to_owned(),
    });
    Senders::new(machines, settings.host.strict_aet_comparison)
}

/// What the rules make of an arrival, and the marks of each rule.
fn asked(
    settings: &Settings,
    arrival: &Arrival,
    study: Study<'_>,
    tags: &Result<Value, String>,
) -> (Resolution, Vec<(usize, Mark)>) {
    let mut read = || {
        let tags = tags.clone()?;
        Ok(TagValues::read(tags.to_string().as_bytes()).unwrap())
    };
    let senders = senders(settings);
    let came_from = |name: &str| senders.sent(arrival, name, &|_| Vec::new());
    let mut marks = Marks::default();
    let found = resolve(
        settings,
        arrival,
        study,
        &came_from,
        &mut Whole(&mut read),
        &mut marks,
    );
    (found, marks.0)
}

/// `pacs`, or `?pacs` where it is undecided.
fn to(found: &Resolution) -> String {
    let routes = found.routes.iter().map(|one| one.destination.clone());
    let undecided = found.undecided.iter();
    let undecided = undecided.map(|one| format!("?{}", one.route.destination));
    routes.chain(undecided).collect::<Vec<_>>().join(" ")
}

#[test]
fn what_unless_holds_back() {
    let unless = |unless: Value| {
        settings(json!({ "Rules": [
            { "To": ["pacs"], "When": { "CallingAet": ["CT1", "CT2"] }, "Unless": unless },
        ] }))
    };
    let ct = || Ok(json!({ "0008,0060": "CT", "0008,0050": "" }));
    let unread = || Err("locked".to_owned());
    let sr_or_ct2 = json!({ "CallingAet": "CT2", "Tags": { "Modality": "SR" } });
    let two_tags = json!({ "Tags": { "Modality": "SR", "AccessionNumber": "absent" } });
    let table = [
        (sr_or_ct2.clone(), "CT1", ct(), "pacs"),
        (sr_or_ct2.clone(), "CT2", ct(), ""),
        // The tags are not needed.
        (sr_or_ct2.clone(), "CT2", unread(), ""),
        (sr_or_ct2.clone(), "CT1", unread(), "?pacs"),
        (sr_or_ct2, "MR", unread(), ""),
        // Any of the tags is enough.
        (two_tags.clone(), "CT1", ct(), ""),
        (
            two_tags.clone(),
            "CT1",
            Ok(json!({ "0008,0060": "SR", "0008,0050": "4711" })),
            "",
        ),
        (
            two_tags.clone(),
            "CT1",
            Ok(json!({ "0008,0060": "CT", "0008,0050": "4711" })),
            "pacs",
        ),
        // One that cannot be read is undecided, unless another one holds.
        (
            two_tags.clone(),
            "CT1",
            Ok(json!({ "0008,0060": null, "0008,0050": "4711" })),
            "?pacs",
        ),
        (two_tags, "CT1", Ok(json!({ "0008,0060": null })), ""),
    ];
    for (rule, aet, tags, expected) in table {
        let (found, marks) = asked(&unless(rule.clone()), &from(aet), Study::default(), &tags);
        assert_eq!(to(&found), expected, "{rule} {aet} {tags:?}");
        let mark = match (aet, expected) {
            ("MR", _) => None,
            (_, "pacs") => Some(Mark::Matched),
            (_, "?pacs") => Some(Mark::Undecided),
            _ => Some(Mark::Unless),
        };
        let first = marks.first().map(|(_, mark)| *mark);
        assert_eq!(first, mark, "{rule} {aet} {tags:?}");
    }
}

#[test]
fn undecided_conditions_give_way_to_an_exception_that_holds() {
    let settings = settings(json!({ "Rules": [{
        "To": ["pacs"], "When": { "Tags": { "Modality": "CT" } },
        "Unless": { "Tags": { "AccessionNumber": "absent" } },
    }] }));
    let table = [
        (json!({ "0008,0060": null }), ""),
        (json!({ "0008,0060": null, "0008,0050": "4711" }), "?pacs"),
        (json!({ "0008,0060": "CT", "0008,0050": "4711" }), "pacs"),
        (json!({ "0008,0060": "MR", "0008,0050": "4711" }), ""),
    ];
    for (tags, expected) in table {
        let (found, _) = asked(&settings, &from("CT1"), Study::default(), &Ok(tags.clone()));
        assert_eq!(to(&found), expected, "{tags}");
    }
}

#[test]
fn present_is_what_has_a_value() {
    let rules = |tag: &str| {
        settings(json!({ "Rules": [
            { "To": ["pacs"], "When": { "Tags": { tag: "present" } } },
            { "To": ["archive"], "When": { "Tags": { tag: "absent" } } },
        ] }))
    };
    let number = "0008,0050";
    let sequence = "0040,0275";
    let table = [
        (number, json!({ "0008,0050": "4711" }), "pacs"),
        (number, json!({ "0008,0050": "" }), "archive"),
        (number, json!({ "0008,0050": "  \0" }), "archive"),
        (number, json!({ "0008,0050": "\\ \\" }), "archive"),
        (number, json!({ "0008,0050": "\\B" }), "pacs"),
        (number, json!({}), "archive"),
        // It is there, and cannot be read.
        (number, json!({ "0008,0050": null }), "pacs"),
        (sequence, json!({ "0040,0275": [{}] }), "pacs"),
        (sequence, json!({ "0040,0275": [] }), "archive"),
        (sequence, json!({}), "archive"),
    ];
    for (tag, tags, expected) in table {
        let (found, _) = asked(
            &rules(tag),
            &from("CT1"),
            Study::default(),
            &Ok(tags.clone()),
        );
        assert_eq!(to(&found), expected, "{tag} {tags}");
    }
    let unread = Err("locked".to_owned());
    let (found, _) = asked(&rules(number), &from("CT1"), Study::default(), &unread);
    assert_eq!(to(&found), "?pacs ?archive");
}

#[test]
fn a_source_is_a_name_for_conditions() {
    let settings = settings(json!({
        "Sources": {
            "A": { "CallingAet": ["CT1", "CT2"], "Origin": "DicomProtocol" },
            "B": { "CallingAet": "regex:^MR" },
        },
        "Rules": [
            { "To": ["pacs"], "When": { "Source": "A" } },
            { "To": ["archive"], "When": { "Source": ["B", "A"] } },
            { "To": ["research"], "Unless": { "Source": "A" } },
        ],
    }));
    let unread = Err("locked".to_owned());
    let mut posted = from("CT1");
    posted.origin = Some("RestApi".to_owned());
    let table = [
        (from("ct1"), "pacs archive"),
        (posted, "research"),
        (from("MR7"), "archive research"),
        (Arrival::default(), "research"),
    ];
    for (arrival, expected) in table {
        let (found, _) = asked(&settings, &arrival, Study::default(), &unread);
        assert_eq!(to(&found), expected, "{arrival:?}");
    }
}

fn stopping() -> Settings {
    settings(json!({ "Rules": [
        { "Name": "all", "To": ["research"] },
        { "Name": "ct", "To": ["pacs"], "When": { "Tags": { "Modality": "CT" } }, "Stop": true },
        { "Name": "rest", "To": ["archive", "research"] },
        { "Name": "whole", "To": ["pacs"], "Scope": "Study" },
    ] }))
}

#[test]
fn no_later_rule_looks_at_what_a_stop_rule_took() {
    let ct = Ok(json!({ "0008,0060": "CT" }));
    let (found, marks) = asked(&stopping(), &from("CT1"), Study::default(), &ct);
    assert_eq!(to(&found), "research pacs");
    assert!(found.opens.is_empty());
    let expected = [
        (0, Mark::Matched),
        (0, Mark::Routed),
        (1, Mark::Matched),
        (1, Mark::Routed),
        (2, Mark::Stopped),
        (3, Mark::Stopped),
    ];
    assert_eq!(marks, expected);

    // Matched is matched, also where nothing goes back.
    let (found, marks) = asked(&stopping(), &from("PACS"), Study::default(), &ct);
    assert_eq!(to(&found), "research");
    assert_eq!(found.loops, ["pacs"]);
    assert!(marks.contains(&(1, Mark::Loop)) && marks.contains(&(2, Mark::Stopped)));

    let mr = Ok(json!({ "0008,0060": "MR" }));
    let (found, _) = asked(&stopping(), &from("CT1"), Study::default(), &mr);
    assert_eq!(to(&found), "research archive pacs");
    assert_eq!(found.opens, ["whole"]);
}

#[test]
fn what_an_undecided_stop_rule_may_keep_is_undecided() {
    let unread = Err("locked".to_owned());
    let (found, _) = asked(&stopping(), &from("CT1"), Study::default(), &unread);
    // What a rule before it says holds. The rest might reach somebody whom it is not meant for.
    assert_eq!(to(&found), "research ?pacs ?archive");
    assert!(found.opens.is_empty());
    let hangs: Vec<_> = found
        .undecided
        .iter()
        .map(|one| (one.route.rule.as_str(), one.hangs_on.as_str()))
        .collect();
    assert_eq!(hangs, [("ct", "ct"), ("rest", "ct")]);
    assert_eq!(found.undecided[1].why, "the tags cannot be read: locked");

    // Where a later rule stops, no more may be sent either way.
    let settings = settings(json!({ "Rules": [
        { "Name": "ct", "To": ["pacs"], "When": { "Tags": { "Modality": "CT" } }, "Stop": true },
        { "Name": "rest", "To": ["archive"], "Stop": true },
        { "Name": "late", "To": ["research"] },
    ] }));
    let (found, marks) = asked(&settings, &from("CT1"), Study::default(), &unread);
    assert_eq!(to(&found), "?pacs ?archive");
    assert!(marks.contains(&(2, Mark::Stopped)));
}

#[test]
fn stop_holds_for_a_look_back_too() {
    let keys = [String::from("whole")];
    let study = Study {
        taken_by: &keys,
        only: Some(&keys),
    };
    let ct = Ok(json!({ "0008,0060": "CT" }));
    let (found, marks) = asked(&stopping(), &from("CT1"), study, &ct);
    assert_eq!(to(&found), "");
    assert_eq!(marks, [(3, Mark::Stopped)]);
    let mr = Ok(json!({ "0008,0060": "MR" }));
    let (found, marks) = asked(&stopping(), &from("CT1"), study, &mr);
    assert_eq!(to(&found), "pacs");
    assert_eq!(marks, [(3, Mark::Matched), (3, Mark::Routed)]);
    let unread = Err("locked".to_owned());
    let (found, _) = asked(&stopping(), &from("CT1"), study, &unread);
    assert_eq!(to(&found), "?pacs");
}

#[test]
fn exceptions_hold_for_an_instance_of_a_study_that_is_taken() {
    let settings = settings(json!({ "Rules": [{
        "Name": "ct", "To": ["pacs"], "Scope": "Study",
        "When": { "Tags": { "Modality": "CT" } }, "Unless": { "Tags": { "AccessionNumber": "absent" } },
    }] }));
    let keys = [String::from("ct")];
    let study = Study {
        taken_by: &keys,
        only: None,
    };
    let table = [
        (Ok(json!({ "0008,0060": "KO", "0008,0050": "1" })), "pacs"),
        (Ok(json!({ "0008,0060": "CT" })), ""),
        (Err("locked".to_owned()), "?pacs"),
    ];
    for (tags, expected) in table {
        let (found, _) = asked(&settings, &from("CT1"), study, &tags);
        assert_eq!(to(&found), expected, "{tags:?}");
    }
    // What is held back takes no study.
    let held = Ok(json!({ "0008,0060": "CT" }));
    let (found, _) = asked(&settings, &from("CT1"), Study::default(), &held);
    assert!(found.opens.is_empty());
    let mut copy = from("CT1");
    copy.anonymized = true;
    let (found, _) = asked(&settings, &copy, study, &Ok(json!({ "0008,0050": "1" })));
    assert_eq!(to(&found), "");
}

#[test]
fn copies_of_orthancs_own() {
    let settings = settings(json!({ "Rules": [
        { "Name": "clinical", "To": ["pacs"] },
        { "Name": "originals", "To": ["archive"], "Modified": false },
        { "Name": "research", "To": ["research"], "Anonymized": true, "When": { "Tags": { "Modality": "CT" } } },
    ] }));
    let ct = Ok(json!({ "0008,0060": "CT" }));
    let table = [
        (false, false, "pacs archive research"),
        (true, false, "research"),
        (false, true, "pacs research"),
        (true, true, "research"),
    ];
    for (anonymized, modified, expected) in table {
        let arrival = Arrival {
            anonymized,
            modified,
            ..from("CT1")
        };
        let (found, _) = asked(&settings, &arrival, Study::default(), &ct);
        assert_eq!(to(&found), expected, "{anonymized} {modified}");
    }
    let arrival = Arrival {
        anonymized: true,
        ..from("CT1")
    };
    let (_, marks) = asked(&settings, &arrival, Study::default(), &ct);
    let expected = [
        (0, Mark::Anonymized),
        (1, Mark::Anonymized),
        (2, Mark::Matched),
        (2, Mark::Routed),
    ];
    assert_eq!(marks, expected);
    // A copy that the conditions leave out is not held back.
    let mr = Ok(json!({ "0008,0060": "MR" }));
    let (_, marks) = asked(&settings, &arrival, Study::default(), &mr);
    assert_eq!(marks, expected[..2]);
}
