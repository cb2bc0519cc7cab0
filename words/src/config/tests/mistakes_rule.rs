//! Mistakes of `Rules`.

use super::*;

#[test]
fn of_a_rule() {
    let table = [
        (json!(1), "", "an object"),
        (
            json!({}),
            ".To",
            "found nothing; allowed: a list of one or more names",
        ),
        (json!({ "To": "pacs" }), ".To", "for instance [\"pacs\"]"),
        (json!({ "To": [] }), ".To", "a list of one or more names"),
        (
            json!({ "To": ["pacs", 1] }),
            ".To[1]",
            "the name of a modality",
        ),
        (
            json!({ "To": ["pacs", ""] }),
            ".To[1]",
            "the name of a modality",
        ),
        (
            json!({ "To": ["pacs", "pacs"] }),
            ".To[1]",
            "each destination once",
        ),
        (
            json!({ "To": ["archive", "PACS"] }),
            ".To[1]",
            "did you mean \"pacs\"?",
        ),
        (json!({ "To": ["pacs"], "Name": "" }), ".Name", "a name"),
        (
            json!({ "To": ["pacs"], "Name": "a\nb" }),
            ".Name",
            "without control characters",
        ),
        (
            json!({ "To": ["pacs"], "Name": "Rules[7]" }),
            ".Name",
            "other than Rules[…]",
        ),
        (
            json!({ "To": ["pacs"], "AllowLoop": "yes" }),
            ".AllowLoop",
            "true or false",
        ),
        (
            json!({ "To": ["pacs"], "Again": "Changed" }),
            ".Again",
            "IfChanged",
        ),
        (
            json!({ "To": ["pacs"], "Scope": "Patient" }),
            ".Scope",
            "\"Instance\", \"Study\"",
        ),
        (
            json!({ "To": ["pacs"], "Level": "Instances" }),
            ".Level",
            "did you mean \"Instance\"?",
        ),
        (
            json!({ "To": ["pacs"], "QuietSeconds": 1.0 }),
            ".QuietSeconds",
            "0 to 86400",
        ),
        (
            json!({ "To": ["pacs"], "MaxQuietSeconds": 0 }),
            ".MaxQuietSeconds",
            "1 to 86400",
        ),
        (
            json!({ "To": ["pacs"], "Priority": "stat" }),
            ".Priority",
            "did you mean \"Stat\"?",
        ),
        (
            json!({ "To": ["pacs"], "Tags": {} }),
            ".Tags",
            "unknown key",
        ),
        (json!({ "To": ["pacs"], "When": [] }), ".When", "an object"),
    ];
    for (rule, path, words) in table {
        one(
            json!({ "Rules": [rule] }),
            &format!("Rules[0]{path}"),
            &[words],
        );
    }
    let rule = json!({ "Name": "same", "To": ["pacs"] });
    one(
        json!({ "Rules": [rule, rule] }),
        "Rules[1].Name",
        &["no other rule has"],
    );
}

#[test]
fn of_a_condition() {
    let table = [
        (
            json!({ "CallingAET": "X" }),
            ".CallingAET",
            "did you mean \"CallingAet\"?",
        ),
        (
            json!({ "CallingAet": "A\\B" }),
            ".CallingAet",
            "an AET of 1 to 16",
        ),
        (
            json!({ "CalledAet": ["OK", ""] }),
            ".CalledAet[1]",
            "an AET of 1 to 16",
        ),
        (
            json!({ "CallingAet": 5 }),
            ".CallingAet",
            "a string, a list of strings",
        ),
        (
            json!({ "CallingAet": [] }),
            ".CallingAet",
            "at least one value",
        ),
        (
            json!({ "CallingAet": ["A", "A"] }),
            ".CallingAet[1]",
            "each value once",
        ),
        (
            json!({ "CallingAet": ["A", "regex:B"] }),
            ".CallingAet[1]",
            "stands alone",
        ),
        (
            json!({ "CallingAet": "regex:" }),
            ".CallingAet",
            "after \"regex:\"",
        ),
        (json!({ "RemoteIp": " " }), ".RemoteIp", "an address"),
        (
            json!({ "Origin": "restapi" }),
            ".Origin",
            "did you mean \"RestApi\"?",
        ),
        (
            json!({ "Origin": ["Lua", "DICOM"] }),
            ".Origin[1]",
            "one of \"DicomProtocol\"",
        ),
        (
            json!({ "Tags": [] }),
            ".Tags",
            "an object from tags to values",
        ),
        (
            json!({ "Tags": { "Modalty": "CT" } }),
            ".Tags.Modalty",
            "a tag of Orthanc's dictionary",
        ),
        (
            json!({ "Tags": { "0008,006": "CT" } }),
            ".Tags[\"0008,006\"]",
            "an unknown tag",
        ),
        (
            json!({ "Tags": { "+008,0060": "CT" } }),
            ".Tags[\"+008,0060\"]",
            "an unknown tag",
        ),
        (
            json!({ "Tags": { "ü": "CT" } }),
            ".Tags[\"ü\"]",
            "an unknown tag",
        ),
        (
            json!({ "Tags": { "aaaü€b": "CT" } }),
            ".Tags[\"aaaü€b\"]",
            "an unknown tag",
        ),
        (
            json!({ "Tags": { "Modality": null } }),
            ".Tags.Modality",
            "a string",
        ),
        (
            json!({ "Tags": { "Modality": ["CT", 1] } }),
            ".Tags.Modality[1]",
            "a string",
        ),
        (
            json!({ "Tags": { "TransferSyntaxUID": "1.2" } }),
            ".Tags.TransferSyntaxUID",
            "found the tag 0002,0010; allowed: a tag of the data set",
        ),
        (
            json!({ "Tags": { "Modality": "CT", "0008,0060": "MR" } }),
            ".Tags[\"0008,0060\"]",
            "each tag once (\"Modality\" is the same)",
        ),
    ];
    for (when, path, words) in table {
        let section = json!({ "Rules": [{ "To": ["pacs"], "When": when }] });
        one(section, &format!("Rules[0].When{path}"), &[words]);
    }
}

#[test]
fn of_a_regular_expression() {
    let reasons = [
        ("a(b", "unclosed group"),
        ("[z", "unclosed character class"),
        ("\\", "escape"),
    ];
    for (pattern, reason) in reasons {
        let when = json!({ "CalledAet": format!("regex:{pattern}") });
        let configuration = with(json!({ "Rules": [{ "To": ["pacs"], "When": when }] }));
        let found = mistakes(&configuration);
        assert_eq!(found[0].0, "SendQueue.Rules[0].When.CalledAet");
        assert!(found[0].1.contains(reason), "{found:?}");
        assert!(!found[0].1.contains('\n'), "{found:?}");
    }
}
