//! `Coercions`, `Serials`, and the keys of a destination that name them.

use super::*;
use crate::config::coercion::{Edit, From, Part, Removal};
use crate::config::in_force;
use crate::config::settings::Scope;

/// The recipe of the forum's sentence, with what it refers to.
fn sites() -> Value {
    json!({
        "Sources": { "A": { "CallingAet": ["CT_A", "MR_A"] }, "B": { "RemoteIp": "regex:^10\\.2\\." } },
        "Serials": { "accessions": { "Prefix": "RT", "Start": 1 } },
        "Coercions": { "sites": [
            { "If": { "AccessionNumber": "absent" },
              "Set": { "AccessionNumber": "{serial:accessions,8}" },
              "Else": [ { "Prefix": { "PatientID": "{Source}-" },
                          "Suffix": { "AccessionNumber": "{Source}",
                                      "RequestAttributesSequence[*].AccessionNumber": "{Source}",
                                      "0040,A370[*].AccessionNumber": "{Source}" },
                          "Set": { "IssuerOfPatientID": "SITE_{Source}" } } ] },
            { "If": { "CallingAet": "CT_OLD", "Tags": { "Modality": "CT" } }, "Scope": "Instance",
              "Replace": { "StudyDescription": [ "(?i)^ct ", "CT-" ] } },
            { "Remove": [ "InstitutionAddress", "private", "0009,xxxx", "RequestAttributesSequence[0].ScheduledProcedureStepID" ] } ] },
        "Destinations": { "pacs": { "Coerce": "sites", "OriginalAttributes": true } }
    })
}

#[test]
fn the_recipe_of_the_page() {
    let settings = read(&with(sites())).unwrap();
    assert_eq!(settings.remarks, Vec::<String>::new());
    let recipe = &settings.coercions["sites"];
    assert_eq!(recipe.steps.len(), 3);
    let [first, second, third] = &recipe.steps[..] else {
        panic!("three steps");
    };
    let condition = first.condition.as_ref().unwrap();
    assert_eq!(condition.scope, Scope::Study);
    assert_eq!(condition.conditions.tags[0].0.key(), "0008,0050");
    let serial = &settings.serials["accessions"];
    assert_eq!((serial.prefix.as_str(), serial.start), ("RT", 1));
    let Edit::Set { at, value } = &first.edits[0] else {
        panic!("Set");
    };
    assert_eq!(at.path.to_string(), "AccessionNumber");
    assert!(matches!(&value.parts[..], [Part::Value(From::Serial(one, 8), _)] if one == serial));
    // Whatever the order of the keys: Set, Prefix, Suffix.
    let [
        Edit::Set { value, .. },
        Edit::Prefix { .. },
        Edit::Suffix { .. },
        ..,
    ] = &first.otherwise[0].edits[..]
    else {
        panic!("{:?}", first.otherwise[0].edits);
    };
    assert!(
        matches!(&value.parts[..], [Part::Text(text), Part::Value(From::Source, _)] if text == "SITE_")
    );
    let condition = second.condition.as_ref().unwrap();
    assert_eq!(condition.scope, Scope::Instance);
    assert!(condition.conditions.calling_aet.is_some());
    assert_eq!(condition.conditions.tags.len(), 1);
    assert!(matches!(
        &third.edits[..],
        [
            Edit::Remove(Removal::Element(_)),
            Edit::Remove(Removal::Private),
            Edit::Remove(Removal::Group(9)),
            Edit::Remove(Removal::Element(_)),
        ]
    ));
    let own = settings.destination("pacs");
    assert!(own.alters() && own.original_attributes);
    let shown = serde_json::to_value(in_force(own)).unwrap();
    assert_eq!(shown["Coerce"], "sites");
    assert_eq!(shown["OriginalAttributes"], true);
    assert!(
        shown["Recipe"]
            .as_array()
            .is_some_and(|steps| steps.len() == own.coerce.as_ref().unwrap().steps.len())
    );
    let other = serde_json::to_value(in_force(settings.destination("archive"))).unwrap();
    assert_eq!(other["Coerce"], Value::Null);
}

#[test]
fn templates_are_read_whole() {
    let parts = |template: &str| {
        let settings = read(&with(json!({
            "Sources": { "A": { "CallingAet": "A" } },
            "Serials": { "n": { "Start": 5 } },
            "Coercions": { "a": [ { "Set": { "StudyDescription": template } } ] },
        })));
        let settings = settings.unwrap();
        match &settings.coercions["a"].steps[0].edits[0] {
            Edit::Set { value, .. } => format!("{:?}", value.parts),
            other => panic!("{other:?}"),
        }
    };
    for (template, words) in [
        ("{{a}}", &["Text(\"{a}\")"][..]),
        (
            "{PatientID:slice(0,3):upper}",
            &["Tag(", "Slice(0, Some(3)), Upper"],
        ),
        ("{0010,0020:pad(10,0)}", &["Pad(10, '0')"]),
        (
            "{PatientName:slice(-4)}x",
            &["Slice(-4, None)", "Text(\"x\")"],
        ),
        ("{hash:PatientID,12}", &["Hash(", "12)"]),
        ("{hash:0010,0020,12}", &["Hash(", "12)"]),
        ("{hash:0010,0020:lower}", &["Hash(", "16)", "Lower"]),
        (
            "{RemoteAet}{CalledAet:lower}",
            &["RemoteAet", "CalledAet, [Lower]"],
        ),
        ("{serial:n,8}", &["Serial(", "start: 5", "8)"]),
        ("{RequestAttributesSequence[0].AccessionNumber}", &["Tag("]),
        ("{Rows}", &["Some(US)"]),
        ("{0009,1001}", &["None)"]),
    ] {
        let found = parts(template);
        for word in words {
            assert!(found.contains(word), "{template}: {word} is not in {found}");
        }
    }
}

#[test]
fn of_a_step() {
    let table = [
        (json!(1), "", "an object"),
        (json!({}), "", "a step that does something"),
        (
            json!({ "Set": { "StudyID": "1" }, "When": {} }),
            ".When",
            "an unknown key",
        ),
        (
            json!({ "If": { "StudyID": "1" } }),
            "",
            "a step that does something",
        ),
        (
            json!({ "If": {}, "Set": { "StudyID": "1" } }),
            ".If",
            "for instance { \"AccessionNumber\": \"absent\" }",
        ),
        (
            json!({ "If": { "AccesionNumber": "absent" }, "Remove": ["StudyID"] }),
            ".If.AccesionNumber",
            "did you mean \"AccessionNumber\"?",
        ),
        (
            json!({ "If": { "CallingAED": "CT" }, "Remove": ["StudyID"] }),
            ".If.CallingAED",
            "did you mean \"CallingAet\"?",
        ),
        (
            json!({ "If": { "Import": "a" }, "Remove": ["StudyID"] }),
            ".If.Import",
            "\"CallingAet\"",
        ),
        (
            json!({ "If": { "Source": "B" }, "Remove": ["StudyID"] }),
            ".If.Source",
            "a name of Sources",
        ),
        (
            json!({ "If": { "Modality": "CT", "Tags": { "Modality": "CT" } }, "Remove": ["StudyID"] }),
            ".If.Modality",
            "each tag once",
        ),
        (
            json!({ "Scope": "Instance", "Remove": ["StudyID"] }),
            ".Scope",
            "nothing without an If",
        ),
        (
            json!({ "If": { "Modality": "CT" }, "Scope": "Series", "Remove": ["StudyID"] }),
            ".Scope",
            "\"Instance\", \"Study\"",
        ),
        (
            json!({ "Else": [ { "Remove": ["StudyID"] } ], "Remove": ["StudyID"] }),
            ".Else",
            "nothing without an If in the same step: Else is what is done where the If does not hold",
        ),
        (
            json!({ "If": { "Modality": "CT" }, "Else": [] }),
            ".Else",
            "one or more steps",
        ),
        (
            json!({ "If": { "Modality": "CT" }, "Else": [ { "If": { "Modality": "MR" }, "Else": [ { "Remove": ["StudyID"] } ] } ] }),
            ".Else[0].Else",
            "no Else within an Else",
        ),
        (
            json!({ "Set": {} }),
            ".Set",
            "an object from tags to values",
        ),
        (json!({ "Set": { "StudyID": 1 } }), ".Set.StudyID", "a text"),
        (
            json!({ "Set": { "PatientsName": "A" } }),
            ".Set.PatientsName",
            "\"PatientsName\" is no tag: a keyword of the standard, as PatientID, or gggg,eeee in hexadecimal (did you mean \"PatientName\"?)",
        ),
        (
            json!({ "Set": { "PatientID": "A", "0010,0020": "B" } }),
            ".Set[\"0010,0020\"]",
            "each tag once",
        ),
        (
            json!({ "Set": { "StudyID": "12345678901234567" } }),
            ".Set.StudyID",
            "16 at most",
        ),
        (
            json!({ "Set": { "StudyID": "1234567890123456{StudyDate}7" } }),
            ".Set.StudyID",
            "16 at most",
        ),
        (
            json!({ "Set": { "Modality": "ct" } }),
            ".Set.Modality",
            "capital letters",
        ),
        (
            json!({ "Set": { "StudyDate": "20230229" } }),
            ".Set.StudyDate",
            "a date, YYYYMMDD",
        ),
        (
            json!({ "Prefix": { "StudyDate": "1" } }),
            ".Prefix.StudyDate",
            "a form of its own",
        ),
        (
            json!({ "Prefix": { "StudyID": "" } }),
            ".Prefix.StudyID",
            "at least one character",
        ),
        (
            json!({ "Suffix": { "StudyID": "1234567890123456" } }),
            ".Suffix.StudyID",
            "16 at most",
        ),
        (
            json!({ "Set": { "Rows": "1" } }),
            ".Set.Rows",
            "a recipe keeps pixels",
        ),
        (
            json!({ "Set": { "SOPInstanceUID": "1.2" } }),
            ".Set.SOPInstanceUID",
            "keeps the UIDs",
        ),
        (
            json!({ "Set": { "RequestAttributesSequence[0].StudyInstanceUID": "1.2" } }),
            ".Set[\"RequestAttributesSequence[0].StudyInstanceUID\"]",
            "keeps the UIDs",
        ),
        (
            json!({ "Set": { "SpecificCharacterSet": "ISO_IR 192" } }),
            ".Set.SpecificCharacterSet",
            "keeps the character set",
        ),
        (
            json!({ "Set": { "TransferSyntaxUID": "1.2" } }),
            ".Set.TransferSyntaxUID",
            "group 0004",
        ),
        (
            json!({ "Set": { "RequestAttributesSequence": "x" } }),
            ".Set.RequestAttributesSequence",
            "a tag that has text",
        ),
        (
            json!({ "Set": { "0009,1001": "x" } }),
            ".Set[\"0009,1001\"]",
            "private ones can be removed alone",
        ),
        (
            json!({ "Set": { "0010,9999": "x" } }),
            ".Set[\"0010,9999\"]",
            "a tag of the standard",
        ),
        (
            json!({ "Set": { "StudyID": "{PatientID" } }),
            ".Set.StudyID",
            "braces are closed",
        ),
        (
            json!({ "Set": { "StudyID": "PatientID}" } }),
            ".Set.StudyID",
            "braces are closed",
        ),
        (
            json!({ "Set": { "StudyID": "{{PatientID}" } }),
            ".Set.StudyID",
            "braces are closed",
        ),
        (
            json!({ "Set": { "StudyID": "{}" } }),
            ".Set.StudyID",
            "{Source}",
        ),
        (
            json!({ "Set": { "StudyID": "{PatientsID}" } }),
            ".Set.StudyID",
            "did you mean \"PatientID\"?",
        ),
        (
            json!({ "Set": { "StudyID": "{PatientID:upcase}" } }),
            ".Set.StudyID",
            "\"upper\", \"lower\", \"slice(from,to)\"",
        ),
        (
            json!({ "Set": { "StudyID": "{PatientID:uper}" } }),
            ".Set.StudyID",
            "did you mean \"upper\"?",
        ),
        (
            json!({ "Set": { "StudyID": "{PatientID:slice(3,1)}" } }),
            ".Set.StudyID",
            "from stands before to",
        ),
        (
            json!({ "Set": { "StudyID": "{PatientID:slice}" } }),
            ".Set.StudyID",
            "negative ones count from the end",
        ),
        (
            json!({ "Set": { "StudyID": "{PatientID:pad(10)}" } }),
            ".Set.StudyID",
            "a length from 1 to 1024 and one character",
        ),
        (
            json!({ "Set": { "StudyID": "{PatientID:pad(2000,0)}" } }),
            ".Set.StudyID",
            "a length from 1 to 1024",
        ),
        (
            json!({ "Set": { "StudyID": "{hash:PatientID,4}" } }),
            ".Set.StudyID",
            "8 to 64",
        ),
        (
            json!({ "Set": { "StudyID": "{serial:acessions,8}" } }),
            ".Set.StudyID",
            "did you mean \"accessions\"?",
        ),
        (
            json!({ "Set": { "StudyID": "{serial:accessions}" } }),
            ".Set.StudyID",
            "serial:NAME,WIDTH",
        ),
        (
            json!({ "Set": { "StudyID": "{serial:accessions,15}" } }),
            ".Set.StudyID",
            "it has 17 characters, and SH takes 16",
        ),
        (
            json!({ "Set": { "StudyID": "{Source}" } }),
            ".Set.StudyID",
            "only where there are Sources",
        ),
        (
            json!({ "Set": { "StudyID": "{source}" } }),
            ".Set.StudyID",
            "did you mean \"Source\"?",
        ),
        (
            json!({ "Set": { "StudyID": "{lookup}" } }),
            ".Set.StudyID",
            "only in Deidentifications",
        ),
        (
            json!({ "Set": { "StudyID": "{PixelData}" } }),
            ".Set.StudyID",
            "text or numbers",
        ),
        (
            json!({ "Set": { "StudyID": "{RequestAttributesSequence[*].AccessionNumber}" } }),
            ".Set.StudyID",
            "[0], not [*]",
        ),
        (
            json!({ "Replace": { "StudyDescription": "x" } }),
            ".Replace.StudyDescription",
            "what stands in its place",
        ),
        (
            json!({ "Replace": { "StudyDescription": ["("] } }),
            ".Replace.StudyDescription",
            "what stands in its place",
        ),
        (
            json!({ "Replace": { "StudyDescription": ["(", ""] } }),
            ".Replace.StudyDescription[0]",
            "unclosed group",
        ),
        (
            json!({ "Replace": { "StudyDescription": ["", "x"] } }),
            ".Replace.StudyDescription[0]",
            "a regular expression",
        ),
        (
            json!({ "Replace": { "StudyDescription": ["(a)", "$2"] } }),
            ".Replace.StudyDescription[1]",
            "has no 2",
        ),
        (
            json!({ "Replace": { "StudyDescription": ["(a)", "$1b"] } }),
            ".Replace.StudyDescription[1]",
            "has no 1b",
        ),
        (
            json!({ "Replace": { "Modality": ["CT", "mr"] } }),
            ".Replace.Modality[1]",
            "capital letters",
        ),
        (
            json!({ "Remove": "PatientID" }),
            ".Remove",
            "a list of tags",
        ),
        (json!({ "Remove": [] }), ".Remove", "a list of tags"),
        (json!({ "Remove": [1] }), ".Remove[0]", "a tag, \"private\""),
        (
            json!({ "Remove": ["0008,xxxx"] }),
            ".Remove[0]",
            "holds what a recipe keeps",
        ),
        (
            json!({ "Remove": ["00zz,xxxx"] }),
            ".Remove[0]",
            "hexadecimal",
        ),
        (
            json!({ "Remove": ["PixelData"] }),
            ".Remove[0]",
            "a recipe keeps pixels",
        ),
        (
            json!({ "Remove": ["Private"] }),
            ".Remove[0]",
            "a tag, \"private\", or a whole group, \"0009,xxxx\": \"Private\" is no tag",
        ),
        (
            json!({ "Set": { "StudyID": "{0002,0016}" } }),
            ".Set.StudyID",
            "\"0002,0016\" is not in the data set",
        ),
        (
            json!({ "Set": { "StudyID": "{hash:SourceApplicationEntityTitle,12}" } }),
            ".Set.StudyID",
            "is not in the data set",
        ),
        (
            json!({ "Prefix": { "StudyID": "ABCDEFGHIJKLMNOPQRSTU" } }),
            ".Prefix.StudyID",
            "what leaves room for a value in StudyID, which is SH: with one of a single character it has 22 characters",
        ),
    ];
    for (step, path, words) in table {
        let section = json!({
            "Serials": { "accessions": { "Prefix": "RT" } },
            "Coercions": { "a": [ step ] },
        });
        one(section, &format!("Coercions.a[0]{path}"), &[words]);
    }
}

#[test]
fn of_serials_and_recipes() {
    one(
        json!({ "Serials": { "a": {} } }),
        "Serials.a",
        &["a Prefix, a Start, or both"],
    );
    one(
        json!({ "Serials": { "a": { "Start": 0 } } }),
        "Serials.a.Start",
        &["1 to 999999999999999"],
    );
    one(
        json!({ "Serials": { "a": { "Prefix": "" } } }),
        "Serials.a.Prefix",
        &["1 to 15 printable"],
    );
    one(
        json!({ "Serials": { "a": { "Prefix": "A\\B" } } }),
        "Serials.a.Prefix",
        &["without backslash"],
    );
    one(
        json!({ "Serials": { "a": { "prefix": "A" } } }),
        "Serials.a.prefix",
        &["did you mean \"Prefix\"?"],
    );
    one(
        json!({ "Serials": { "a/b": { "Start": 1 } } }),
        "Serials[\"a/b\"]",
        &["letters, digits"],
    );
    one(
        json!({ "Coercions": [] }),
        "Coercions",
        &["an object from names"],
    );
    one(
        json!({ "Coercions": { "a": [] } }),
        "Coercions.a",
        &["one or more steps"],
    );
    one(
        json!({ "Coercions": { " a": [ { "Remove": ["StudyID"] } ] } }),
        "Coercions[\" a\"]",
        &["without blanks"],
    );
}

#[test]
fn of_a_destination() {
    let recipe = json!({ "a": [ { "Remove": ["StudyID"] } ] });
    let section = |defaults: Value, own: Value| json!({ "Coercions": recipe, "Defaults": defaults, "Destinations": { "pacs": own } });
    let none = || json!({});
    one(
        section(none(), json!({ "Coerce": "b" })),
        "Destinations.pacs.Coerce",
        &["a name of Coercions, \"a\"", "or null"],
    );
    one(
        section(none(), json!({ "Coerce": 1 })),
        "Destinations.pacs.Coerce",
        &["a name of Coercions"],
    );
    one(
        section(none(), json!({ "OriginalAttributes": 1 })),
        "Destinations.pacs.OriginalAttributes",
        &["true or false"],
    );
    one(
        section(none(), json!({ "Coerce": "a", "Transport": "Rest" })),
        "Destinations.pacs.Coerce",
        &["nothing while Transport is \"Rest\""],
    );
    one(
        section(json!({ "Coerce": "a" }), json!({ "Transport": "Rest" })),
        "Destinations.pacs.Transport",
        &[
            "\"Auto\" or \"Native\" while Coerce is set",
            "\"Coerce\": null",
        ],
    );
    one(
        section(json!({ "Transport": "Rest" }), json!({ "Coerce": "a" })),
        "Destinations.pacs.Coerce",
        &["\"Rest\""],
    );
    let settings = read(&with(section(
        json!({ "Coerce": "a" }),
        json!({ "Coerce": null, "Transport": "Rest" }),
    )));
    let settings = settings.unwrap();
    assert!(settings.destination("archive").coerce.is_some());
    assert!(settings.destination("pacs").coerce.is_none());
}

#[test]
fn one_slip_of_the_pen_is_one_mistake() {
    // A serial and a recipe with mistakes are known by their names all the same.
    let section = json!({
        "Serials": { "n": { "Start": 0 } },
        "Coercions": { "a": [ { "Set": { "StudyID": "{serial:n,8}" } } ] },
        "Destinations": { "pacs": { "Coerce": "a" } },
    });
    one(section, "Serials.n.Start", &[]);
    let section = json!({
        "Coercions": { "a": [ { "Set": { "StudyIDs": "1" } } ] },
        "Destinations": { "pacs": { "Coerce": "a" } },
    });
    one(
        section,
        "Coercions.a[0].Set.StudyIDs",
        &["did you mean \"StudyID\"?"],
    );
}

#[test]
fn what_is_probably_not_meant_is_told() {
    let remarks = |section: Value| read(&with(section)).unwrap().remarks;
    let section = json!({
        "Serials": { "n": { "Start": 1 } },
        "Coercions": { "a": [ { "Remove": ["StudyID"] } ] },
        "Destinations": { "pacs": { "OriginalAttributes": true } },
    });
    let found = remarks(section);
    let expected = [
        "no destination names the recipe \"a\" (Coercions)",
        "no recipe names the serial \"n\" (Serials)",
        "Destinations.pacs has OriginalAttributes and no Coerce: nothing is changed there",
    ];
    assert_eq!(found, expected);
    let accession = |steps: Value| {
        remarks(json!({ "Coercions": { "a": steps }, "Defaults": { "Coerce": "a" } }))
    };
    let found = accession(json!([ { "Set": { "AccessionNumber": "{StudyID}" } } ]));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("RequestAttributesSequence[*].AccessionNumber or ReferencedRequestSequence[*].AccessionNumber"), "{found:?}");
    // There is no old one.
    let absent = json!([ { "If": { "AccessionNumber": "absent" }, "Set": { "AccessionNumber": "{StudyID}" } } ]);
    assert!(accession(absent).is_empty());
    let both = json!([
        { "Prefix": { "AccessionNumber": "A", "0040,0275[*].AccessionNumber": "A" } },
        { "Remove": ["ReferencedRequestSequence"] },
    ]);
    assert!(accession(both).is_empty());
    let section = json!({
        "Sources": { "A": { "CallingAet": "A" } },
        "Coercions": { "a": [ { "Set": { "StudyID": "{Source}" } } ] },
        "Defaults": { "Coerce": "a", "OriginalAttributes": true },
        "Destinations": { "pacs": { "Coerce": null } },
    });
    assert!(remarks(section).is_empty());
}

#[test]
fn a_recipe_is_another_one_if_what_it_refers_to_is() {
    let settings = |change: &dyn Fn(&mut Value)| {
        let mut section = sites();
        change(&mut section);
        read(&with(section)).unwrap()
    };
    let first = settings(&|_| {});
    let same = settings(&|_| {});
    let own = |settings: &Settings| settings.destination("pacs").clone();
    assert_eq!(own(&first), own(&same));
    let serial = settings(&|section| section["Serials"]["accessions"]["Prefix"] = json!("XY"));
    assert_ne!(own(&first), own(&serial));
    let source = settings(&|section| section["Sources"]["A"]["CallingAet"] = json!("CT_C"));
    assert_ne!(own(&first), own(&source));
    let step = settings(&|section| section["Coercions"]["sites"][2]["Remove"] = json!(["private"]));
    assert_ne!(own(&first), own(&step));
    // What was decided is remembered under the same key in any of them.
    let key = |settings: &Settings| {
        let step = &settings.coercions["sites"].steps[0];
        step.condition.as_ref().unwrap().key.clone()
    };
    assert_eq!(key(&first), key(&serial));
}

#[test]
fn serials_that_give_the_same_are_told() {
    let remarks = |b: Value| {
        let section = json!({
            "Serials": { "a": { "Start": 1 }, "b": b },
            "Coercions": { "r": [{ "Set": { "AccessionNumber": "{serial:a,8}", "StudyID": "{serial:b,8}" } }] },
            "Defaults": { "Coerce": "r" },
        });
        let settings = read(&with(section)).unwrap();
        let all = settings.warnings().map(str::to_owned);
        all.filter(|one| one.contains("can get the same number"))
            .collect::<Vec<String>>()
    };
    let found = remarks(json!({ "Start": 1 }));
    assert!(
        found.len() == 1 && found[0].contains("both no Prefix"),
        "{found:?}"
    );
    assert!(remarks(json!({ "Prefix": "B" })).is_empty());
}

#[test]
fn a_mistake_of_a_recipe_hides_none_of_a_destination() {
    let paths = |section: Value| -> Vec<String> {
        let found = mistakes(&with(section)).into_iter();
        found
            .map(|(path, _)| path.replace("SendQueue.", ""))
            .collect()
    };
    let wrong = json!({ "a": [ { "Set": { "StudyIDs": "1" } } ] });
    let section = json!({
        "Coercions": wrong,
        "Deidentifications": { "t": { "Profile": "Basic" } },
        "Destinations": {
            "pacs": { "Coerce": "a", "Transport": "Rest" },
            "archive": { "Coerce": "a", "Deidentify": "t" },
        },
    });
    let expected = [
        "Coercions.a[0].Set.StudyIDs",
        "Deidentifications.t.KeyFile",
        "Destinations.archive.Deidentify",
        "Destinations.pacs.Coerce",
    ];
    let mut found = paths(section);
    found.sort();
    assert_eq!(found, expected);
    let section = json!({
        "Coercions": wrong,
        "Defaults": { "Coerce": "a" },
        "Destinations": { "pacs": { "Transport": "Rest" } },
    });
    let expected = ["Coercions.a[0].Set.StudyIDs", "Destinations.pacs.Transport"];
    assert_eq!(paths(section), expected);
    // Of a section that is none, nobody knows the names.
    let section =
        json!({ "Coercions": [], "Destinations": { "pacs": { "Coerce": "a", "BatchSize": 0 } } });
    assert_eq!(paths(section), ["Coercions", "Destinations.pacs.BatchSize"]);
}

#[test]
fn keys_at_the_wrong_place_are_told_where_they_belong() {
    let defaults = |keys: Value| json!({ "Defaults": keys });
    one(
        defaults(json!({ "Set": { "PatientID": "A" } })),
        "Defaults.Set",
        &[
            "Set belongs into a step of an entry of Coercions",
            "stands here as Coerce",
        ],
    );
    one(
        defaults(json!({ "KeyFile": "trial.key" })),
        "Defaults.KeyFile",
        &[
            "KeyFile belongs into an entry of Deidentifications",
            "Deidentify",
        ],
    );
    let recipe = json!({ "a": [ { "Remove": ["StudyID"] } ] });
    one(
        json!({ "Coercions": recipe, "Defaults": { "Transport": "Rest" }, "Destinations": { "pacs": { "Coerce": "a" } } }),
        "Destinations.pacs.Coerce",
        &["\"Rest\" (SendQueue.Defaults.Transport)"],
    );
    one(
        json!({ "Coercions": recipe, "Defaults": { "Coerce": "a" }, "Destinations": { "pacs": { "Transport": "Rest" } } }),
        "Destinations.pacs.Transport",
        &[
            "SendQueue.Defaults.Coerce",
            "\"Coerce\": null takes it away here",
        ],
    );
}

#[test]
fn words_that_are_nearly_others_are_told() {
    let of_a_step = |asked: Value| {
        let recipe = json!([ { "If": asked, "Remove": ["StudyID"] } ]);
        let section = json!({ "Coercions": { "a": recipe }, "Defaults": { "Coerce": "a" } });
        read(&with(section)).unwrap().remarks
    };
    for (text, told) in [
        ("abscent", "did you mean \"absent\"?"),
        ("Absent", "did you mean \"absent\"?"),
        ("presnt", "did you mean \"present\"?"),
        ("blank", "did you mean \"absent\"?"),
        (
            "",
            "does not hold where the tag is missing: did you mean \"absent\"",
        ),
        ("  ", "did you mean \"absent\""),
    ] {
        for (asked, path) in [
            (json!({ "AccessionNumber": text }), "If.AccessionNumber"),
            (
                json!({ "Tags": { "AccessionNumber": ["A", text] } }),
                "If.Tags.AccessionNumber",
            ),
        ] {
            let found = of_a_step(asked.clone());
            assert_eq!(found.len(), 1, "{asked}: {found:?}");
            let path = format!("SendQueue.Coercions.a[0].{path}: ");
            assert!(
                found[0].starts_with(&path) && found[0].contains(told),
                "{found:?}"
            );
        }
        let section = json!({ "Rules": [
            { "To": ["pacs"], "When": { "Tags": { "StudyID": text } }, "Unless": { "Tags": { "StudyID": text } } } ] });
        let found = read(&with(section)).unwrap().remarks;
        for key in ["When", "Unless"] {
            let path = format!("SendQueue.Rules[0].{key}.Tags.StudyID: ");
            let is_it = |one: &&String| one.starts_with(&path) && one.contains(told);
            assert_eq!(found.iter().filter(is_it).count(), 1, "{found:?}");
        }
    }
    for text in [
        "CT",
        "NONE",
        "PRESENTATION",
        "absolute",
        "regex:^$",
        "absent",
        "present",
    ] {
        let found = of_a_step(json!({ "AccessionNumber": text }));
        assert!(found.is_empty(), "{found:?}");
    }
    let nested = json!([ { "If": { "Modality": "CT" }, "Else": [ { "If": { "StudyID": "empty" }, "Remove": ["StudyID"] } ] } ]);
    let section = json!({ "Coercions": { "a/b": nested }, "Defaults": { "Coerce": "a/b" } });
    let found = read(&with(section)).unwrap().remarks;
    assert!(
        found.len() == 1
            && found[0].starts_with("SendQueue.Coercions[\"a/b\"][0].Else[0].If.StudyID: "),
        "{found:?}"
    );
}

#[test]
fn sources_that_hold_for_the_same_instance_are_told() {
    let remarks = |a: Value, b: Value| {
        let section = json!({
            "Sources": { "A": a, "B": b },
            "Coercions": { "r": [ { "Set": { "StudyID": "{Source}" } } ] },
            "Defaults": { "Coerce": "r" },
        });
        read(&with(section)).unwrap().remarks
    };
    let told = remarks(
        json!({ "CallingAet": ["CT_A", "MR_A"] }),
        json!({ "CallingAet": "ct_a" }),
    );
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("\"A\" and \"B\" (Sources) both hold for CallingAet \"CT_A\""),
        "{told:?}"
    );
    for (a, b, count) in [
        (
            json!({ "CallingAet": "A" }),
            json!({ "CallingAet": "regex:^A" }),
            1,
        ),
        (
            json!({ "CallingAet": "A" }),
            json!({ "CallingAet": "A", "CalledAet": "X" }),
            1,
        ),
        (
            json!({ "CallingAet": "A", "CalledAet": "Y" }),
            json!({ "CallingAet": "A", "CalledAet": "X" }),
            0,
        ),
        (
            json!({ "CallingAet": "A", "RemoteIp": "regex:^1" }),
            json!({ "CallingAet": "A", "RemoteIp": "10.0.0.1" }),
            1,
        ),
        (
            json!({ "CallingAet": "A", "RemoteIp": "regex:^1" }),
            json!({ "CallingAet": "A", "RemoteIp": "regex:^2" }),
            0,
        ),
        (
            json!({ "CallingAet": "A" }),
            json!({ "CallingAet": "B" }),
            0,
        ),
        (
            json!({ "CallingAet": "A" }),
            json!({ "RemoteIp": "10.0.0.1" }),
            0,
        ),
    ] {
        let told = remarks(a.clone(), b.clone());
        assert_eq!(told.len(), count, "{a} {b}: {told:?}");
    }
}
