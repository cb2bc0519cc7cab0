//! Tables of what matches.

use serde_json::json;

use super::*;
use crate::config::settings::{Conditions, Scope, Tag};
use crate::item::Again;
use crate::routing::{Element, TagSource, TagValues};

/// Tags that are read whole, or not at all.
pub struct Whole<'a>(pub &'a mut dyn FnMut() -> Result<TagValues, String>);

impl TagSource for Whole<'_> {
    fn list(&mut self) -> Result<TagValues, String> {
        self.0()
    }
    fn one(&mut self, _: &Tag, _: &TagValues) -> Result<Element, String> {
        Ok(Element::Unreadable("is unreadable".to_owned()))
    }
}

/// A verdict without what it names.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Said {
    Yes,
    No,
    Undecided(String),
}

fn said(rule: &Rule, arrival: &Arrival, tags: &mut Tags<'_>) -> Said {
    match matches(rule, arrival, false, tags) {
        Verdict::Yes | Verdict::Taken => Said::Yes,
        Verdict::No(_) => Said::No,
        Verdict::Undecided(_, why) => Said::Undecided(why),
    }
}

fn any(values: &[&str]) -> Match {
    Match::AnyOf(values.iter().map(|v| (*v).to_owned()).collect())
}

fn regex(pattern: &str) -> Match {
    Match::Regex(regex::Regex::new(pattern).unwrap())
}

fn rule(when: Conditions) -> Rule {
    Rule {
        name: "r".to_owned(),
        key: "r".to_owned(),
        to: vec!["pacs".to_owned()],
        when,
        unless: Conditions::default(),
        scope: Scope::default(),
        stop: false,
        allow_loop: false,
        anonymized: false,
        modified: true,
        again: Again::default(),
        level: None,
        quiet_seconds: None,
        max_quiet_seconds: None,
        priority: None,
    }
}

fn tagged(group: u16, element: u16, condition: Match) -> (Tag, Match) {
    let written = String::new();
    (
        Tag {
            group,
            element,
            written,
        },
        condition,
    )
}

fn arrival() -> Arrival {
    Arrival {
        remote_aet: Some("CT_1 ".to_owned()),
        called_aet: Some("ORTHANC".to_owned()),
        remote_ip: Some("10.0.0.7".to_owned()),
        origin: Some("DicomProtocol".to_owned()),
        ..Arrival::default()
    }
}

fn no_tags() -> Result<TagValues, String> {
    panic!("the tags were read without need")
}

#[test]
fn what_a_sender_is_asked_for() {
    let table = [
        (Conditions::default(), true),
        (
            Conditions {
                calling_aet: Some(any(&["CT_1"])),
                ..Conditions::default()
            },
            true,
        ),
        (
            Conditions {
                calling_aet: Some(any(&["X", "CT_1"])),
                ..Conditions::default()
            },
            true,
        ),
        (
            Conditions {
                calling_aet: Some(any(&["ct_1"])),
                ..Conditions::default()
            },
            false,
        ),
        (
            Conditions {
                calling_aet: Some(regex("^CT_[0-9]$")),
                ..Conditions::default()
            },
            true,
        ),
        (
            Conditions {
                calling_aet: Some(regex("^MR")),
                ..Conditions::default()
            },
            false,
        ),
        (
            Conditions {
                called_aet: Some(any(&["ORTHANC"])),
                ..Conditions::default()
            },
            true,
        ),
        (
            Conditions {
                called_aet: Some(any(&["OTHER"])),
                ..Conditions::default()
            },
            false,
        ),
        (
            Conditions {
                remote_ip: Some(any(&["10.0.0.7"])),
                ..Conditions::default()
            },
            true,
        ),
        (
            Conditions {
                remote_ip: Some(regex(r"^10\.0\.1\.")),
                ..Conditions::default()
            },
            false,
        ),
        (
            Conditions {
                origin: Some(any(&["RestApi", "DicomProtocol"])),
                ..Conditions::default()
            },
            true,
        ),
        (
            Conditions {
                origin: Some(any(&["RestApi"])),
                ..Conditions::default()
            },
            false,
        ),
        (
            Conditions {
                calling_aet: Some(any(&["CT_1"])),
                origin: Some(any(&["Lua"])),
                ..Conditions::default()
            },
            false,
        ),
    ];
    for (when, expected) in table {
        let text = format!("{when:?}");
        let expected = if expected { Said::Yes } else { Said::No };
        let verdict = said(
            &rule(when),
            &arrival(),
            &mut Tags::new(&mut Whole(&mut no_tags)),
        );
        assert_eq!(verdict, expected, "{text}");
    }
}

#[test]
fn what_is_not_known_of_a_sender_matches_nothing() {
    let when = Conditions {
        calling_aet: Some(regex(".*")),
        ..Conditions::default()
    };
    let unknown = Arrival::default();
    let verdict = said(
        &rule(when),
        &unknown,
        &mut Tags::new(&mut Whole(&mut no_tags)),
    );
    assert_eq!(verdict, Said::No);
}

#[test]
fn what_tags_are_asked_for() {
    let tags = json!({
        "0008,0060": "CT",
        "0008,0008": "ORIGINAL\\PRIMARY \\AXIAL",
        "0008,1030": " Thorax nativ ",
        "0010,4000": "",
        "0008,1140": [{ "0008,1155": "1.2.3" }],
        "7fe0,0010": null,
    });
    let table = [
        (0x0008, 0x0060, any(&["CT", "MR"]), true),
        (0x0008, 0x0060, any(&["ct"]), false),
        (0x0008, 0x0060, any(&["MR"]), false),
        (0x0008, 0x0060, regex("C"), true),
        (0x0008, 0x0008, any(&["PRIMARY"]), true),
        (0x0008, 0x0008, any(&["PRIM"]), false),
        (0x0008, 0x0008, any(&["ORIGINAL\\PRIMARY \\AXIAL"]), true),
        (0x0008, 0x0008, regex(r"^ORIGINAL\\"), true),
        (0x0008, 0x0008, regex(r"^PRIMARY"), false),
        (0x0008, 0x1030, any(&["Thorax nativ"]), true),
        (0x0008, 0x1030, regex("(?i)thorax"), true),
        (0x0008, 0x1030, regex("^Thorax nativ$"), true),
        (0x0010, 0x4000, any(&[""]), true),
        (0x0010, 0x0010, any(&[""]), false),
        (0x0010, 0x0010, regex(".*"), false),
    ];
    for (group, element, condition, expected) in table {
        let text = format!("{group:04x},{element:04x} {condition:?}");
        let tags_of_rule = vec![tagged(group, element, condition)];
        let rule = rule(Conditions {
            tags: tags_of_rule,
            ..Conditions::default()
        });
        let expected = if expected { Said::Yes } else { Said::No };
        let mut read = || Ok(TagValues::read(tags.to_string().as_bytes()).unwrap());
        let verdict = said(&rule, &arrival(), &mut Tags::new(&mut Whole(&mut read)));
        assert_eq!(verdict, expected, "{text}");
    }
}

#[test]
fn tags_are_read_last_and_a_failure_leaves_it_open() {
    let when = Conditions {
        origin: Some(any(&["Lua"])),
        tags: vec![tagged(8, 0x60, any(&["CT"]))],
        ..Conditions::default()
    };
    let mut rule = rule(when);
    let mut none = no_tags;
    let mut none = Whole(&mut none);
    let verdict = said(&rule, &arrival(), &mut Tags::new(&mut none));
    assert_eq!(verdict, Said::No);

    rule.when.origin = None;
    let mut calls = 0;
    let mut read = || {
        calls += 1;
        Err("gone".to_owned())
    };
    let mut source = Whole(&mut read);
    let mut tags = Tags::new(&mut source);
    for _ in 0..3 {
        let why = "the tags cannot be read: gone".to_owned();
        assert_eq!(said(&rule, &arrival(), &mut tags), Said::Undecided(why));
    }
    assert_eq!(calls, 1);
}

/// Lists what an Orthanc lists, and reads some of the rest.
struct Listed(Vec<String>);

impl TagSource for Listed {
    fn list(&mut self) -> Result<TagValues, String> {
        let tags = json!({
            "0008,0060": "CT", "0008,1140": [], "0009,1001": null, "0009,1002": null, "7fe0,0010": null,
        });
        Ok(TagValues::read(tags.to_string().as_bytes()).unwrap())
    }
    fn one(&mut self, tag: &Tag, listed: &TagValues) -> Result<Element, String> {
        assert_eq!(listed.text("0008,0060"), Some("CT"));
        self.0.push(tag.key());
        match tag.key().as_str() {
            "0009,1001" => Ok(Element::Text("YES".to_owned())),
            "7fe1,1001" => Ok(Element::Text("LATE".to_owned())),
            "7fe1,1002" => Ok(Element::Missing),
            _ => Ok(Element::Unreadable("is binary".to_owned())),
        }
    }
}

#[test]
fn what_is_there_and_cannot_be_read_is_undecided() {
    let (yes, no) = (Said::Yes, Said::No);
    let open = |why: &str| Said::Undecided(why.to_owned());
    let ct = |value| tagged(8, 0x60, any(&[value]));
    let sequence = "0008,1140 is a sequence, which has no value to compare";
    let table = [
        (vec![tagged(9, 0x1001, any(&["YES"]))], yes.clone(), 1),
        (vec![tagged(9, 0x1001, any(&["NO"]))], no.clone(), 1),
        (
            vec![tagged(9, 0x1002, any(&["YES"]))],
            open("0009,1002 is binary"),
            1,
        ),
        (vec![tagged(9, 0x1003, any(&["YES"]))], no.clone(), 0),
        (vec![tagged(8, 0x1140, regex(".*"))], open(sequence), 0),
        // Nothing else can make it match.
        (
            vec![tagged(9, 0x1002, any(&["YES"])), ct("MR")],
            no.clone(),
            1,
        ),
        (
            vec![ct("MR"), tagged(9, 0x1002, any(&["YES"]))],
            no.clone(),
            0,
        ),
        (
            vec![ct("CT"), tagged(9, 0x1002, any(&["YES"]))],
            open("0009,1002 is binary"),
            1,
        ),
        // Behind the pixel data, where a list ends.
        (vec![tagged(0x7fe1, 0x1001, any(&["LATE"]))], yes, 1),
        (vec![tagged(0x7fe1, 0x1002, any(&["LATE"]))], no, 1),
        (
            vec![tagged(0x7fe0, 0x0010, regex(".*"))],
            open("7fe0,0010 is binary"),
            1,
        ),
    ];
    for (tags, expected, reads) in table {
        let text = format!("{tags:?}");
        let mut source = Listed(Vec::new());
        let mut read = Tags::new(&mut source);
        let rule = rule(Conditions {
            tags,
            ..Conditions::default()
        });
        for _ in 0..2 {
            assert_eq!(said(&rule, &arrival(), &mut read), expected, "{text}");
        }
        assert_eq!(source.0.len(), reads, "{text}");
    }
}

#[test]
fn the_case_of_aets() {
    for (condition, expected) in [
        (Match::AnyCase(vec!["ct_1 ".to_owned()]), Said::Yes),
        (any(&["ct_1"]), Said::No),
        (Match::AnyCase(vec!["ct_2".to_owned()]), Said::No),
    ] {
        let rule = rule(Conditions {
            calling_aet: Some(condition),
            ..Conditions::default()
        });
        let mut none = no_tags;
        let mut none = Whole(&mut none);
        let verdict = said(&rule, &arrival(), &mut Tags::new(&mut none));
        assert_eq!(verdict, expected);
    }
}
