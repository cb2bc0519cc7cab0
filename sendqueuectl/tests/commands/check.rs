//! `check` says what Orthanc would say, word for word.

use std::path::Path;

use super::*;

fn check(arguments: &[&str], path: &Path) -> Output {
    let mut command = Ctl::of_nobody().command(arguments);
    command.arg("check").arg(path);
    command.output().expect("sendqueuectl runs")
}

/// Configurations that are wrong in some way.
fn wrong() -> Vec<Value> {
    vec![
        json!({ "Rules": [{ "To": ["unknown"] }] }),
        json!({ "Rules": [{ "To": ["pacs"], "When": { "Tags": { "PatientNmae": "x", "Modality": "regex:(" } } }] }),
        json!({ "Rules": "x", "HistoryDays": -1, "Database": 5 }),
        json!({ "Defaults": { "Associations": 100, "Windows": ["25:00-26:00"] }, "Destinatoins": {} }),
        json!({ "Destinations": { "pacs": { "Retry": { "MaxAttempts": 0 }, "TransferSyntax": "1.2.3" } } }),
        json!({ "Rules": [{ "To": [] }, { "Name": 7 }], "Enable": "yes" }),
        // Orthanc keeps the keys in their order.
        json!({ "Destinations": { "zzz": {}, "aaa": {}, "pacs": { "Windows": 1, "Associations": 0 } } }),
    ]
}

#[test]
fn the_same_mistakes_in_the_same_words_as_orthanc() {
    for section in wrong() {
        let config = queue::config(&[])
            .modality("pacs", "PACS", 104)
            .set("SendQueue", section.clone());
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("orthanc.json");
        std::fs::write(&file, config.value().to_string()).expect("written");
        let refused = Queue::try_start(config).expect_err("it must not start");
        let log = refused.to_string();
        let output = check(&[], &file);
        assert_eq!(output.status.code(), Some(1), "{section}");
        let said = String::from_utf8(output.stderr).expect("text");
        let lines: Vec<&str> = said.lines().filter(|line| line.starts_with("  ")).collect();
        assert!(!lines.is_empty(), "{section}: {said}");
        // Each of them, in the same order.
        let mut rest = log.as_str();
        for line in &lines {
            let Some(at) = rest.find(line.trim()) else {
                panic!("{section}: Orthanc does not say {line:?} here:\n{log}");
            };
            rest = &rest[at + line.trim().len()..];
        }
        // And no fewer.
        let count: usize = said
            .split_whitespace()
            .next()
            .and_then(|word| word.parse().ok())
            .expect("a number");
        assert_eq!(count, lines.len(), "{said}");
        assert!(
            log.contains(said.lines().next().expect("a line")),
            "{section}: {log}"
        );
        let json: Value = serde_json::from_slice(&check(&["--json"], &file).stdout).expect("JSON");
        assert_eq!(json["Mistakes"].as_array().map(Vec::len), Some(count));
    }
}

#[test]
fn what_orthanc_starts_with_is_valid() {
    let config = queue::config(&["pacs"])
        .modality("pacs", "PACS", 104)
        .set("Dictionary", json!({ "0011,1001": ["LO", "HospitalCode", 1, 1, "Hospital"] }))
        .set(
            "/SendQueue/Rules",
            json!([{ "To": ["pacs"], "When": { "Tags": { "Modality": ["CT"], "0008,1030": "regex:(?i)thorax", "PatientID": "1" } } }]),
        );
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("orthanc.json");
    // With comments, as people write it.
    let text = format!("// Our Orthanc\n{} /* the end */\n", config.value());
    std::fs::write(&file, text).expect("written");
    let _running = Queue::start(config);
    let output = check(&[], &file);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.starts_with("valid: the send queue is on, 1 rule,"),
        "{said}"
    );
}

#[test]
fn a_folder_is_read_as_a_whole_and_broken_files_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let write =
        |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    write(
        "a.json",
        r#"{ "DicomModalities": { "pacs": ["PACS", "127.0.0.1", 104] } }"#,
    );
    write(
        "b.JSON",
        r#"{ "SendQueue": { "Rules": [ { "To": [ "${SENDQUEUE_TEST_TO:-pacs}" ] } ] } }"#,
    );
    write("notes.txt", "not JSON");
    assert!(check(&[], folder.path()).status.success());
    write("c.json", r#"{ "SendQueue": {} }"#);
    let output = check(&[], folder.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("b.JSON too"));
    write(
        "c.json",
        r#"{ "Name": "a"
             "DicomAet": "b" }"#,
    );
    let output = check(&[], folder.path());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("line 2") && said.contains("a comma missing"),
        "{said}"
    );
    write("c.json", "{ oops");
    let said = String::from_utf8_lossy(&check(&[], folder.path()).stderr).into_owned();
    assert!(
        said.contains("c.json") && said.contains("not JSON"),
        "{said}"
    );
    let json: Value = serde_json::from_slice(&check(&["--json"], folder.path()).stdout).unwrap();
    assert_eq!(json["Valid"], false);
}

/// Nothing was judged, so nothing is said to be valid.
#[test]
fn what_is_not_there_is_neither_valid_nor_wrong() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.json");
    let none = folder.path().join("none.json");
    let is_unjudged = |path: &Path, words: &str| {
        let output = check(&[], path);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(words) && output.stdout.is_empty(), "{said}");
        let output = check(&["--json"], path);
        assert_eq!(output.status.code(), Some(2));
        let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(told["Valid"], false, "{told}");
        let error: Value = serde_json::from_slice(&output.stderr).expect("JSON");
        assert_eq!(error["ExitCode"], 2, "{error}");
        assert_eq!(error["Error"], told["Problem"]);
    };
    is_unjudged(&none, "none.json");
    is_unjudged(folder.path(), "no section \"SendQueue\"");
    std::fs::write(&file, "{ \"DicomModalities\": {} }").expect("written");
    is_unjudged(&file, "no section \"SendQueue\"");
    std::fs::write(&file, "{ \"SendQueue\": {} }").expect("written");
    assert!(check(&[], &file).status.success());
}

#[test]
fn what_counts_otherwise_than_it_is_written_is_valid_and_told() {
    let config = queue::config(&["pacs"]).modality_with(
        "pacs",
        json!({ "AET": "RADIOLOGY-ARCHIVE-1", "Host": "10.0.0.1 ", "Port": 104 }),
    );
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("orthanc.json");
    std::fs::write(&file, config.value().to_string()).expect("written");
    let output = check(&[], &file);
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{said}");
    let warnings: Vec<&str> = said
        .lines()
        .filter(|line| line.starts_with("warning: DicomModalities.pacs"))
        .collect();
    assert_eq!(warnings.len(), 2, "{said}");
    assert!(warnings[0].contains("\"RADIOLOGY-ARCHIV\""), "{said}");
    let output = check(&["--json"], &file);
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(told["Valid"], true);
    assert_eq!(told["Warnings"].as_array().map(Vec::len), Some(2), "{told}");
}

#[test]
fn rules_that_can_never_match_are_valid_and_told() {
    let config = queue::config(&["pacs"]).modality("pacs", "PACS", 104).set(
        "/SendQueue/Rules",
        json!([{ "To": ["pacs"], "Stop": true }, { "Name": "late", "To": ["pacs"] }]),
    );
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("orthanc.json");
    std::fs::write(&file, config.value().to_string()).expect("written");
    let output = check(&[], &file);
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("warning: rule \"late\" can never match: rule \"Rules[0]\" before it"),
        "{said}"
    );
    let told = check(&["--json"], &file).stdout;
    let told: Value = serde_json::from_slice(&told).expect("JSON");
    assert_eq!(told["Warnings"].as_array().map(Vec::len), Some(1), "{told}");
}
