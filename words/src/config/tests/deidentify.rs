//! `Deidentifications`, and `Deidentify` of a destination.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::super::deidentify::{ProfileOption, Suspicion};
use super::*;

const LIST: &str = "PatientID,IssuerOfPatientID,Subject,Arm\n12345,A,T-001,left\n";

/// The folder of Orthanc's configuration, with a key and a list.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    write(&folder, "trial.key", "0123456789abcdef\n");
    allow(&folder, 0o600);
    write(&folder, "subjects.csv", LIST);
    folder
}

/// The mode of the key's file.
fn allow(folder: &TempDir, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    let key = folder.path().join("trial.key");
    fs::set_permissions(key, fs::Permissions::from_mode(mode)).expect("a mode");
}

fn write(folder: &TempDir, name: &str, text: &str) {
    fs::write(folder.path().join(name), text).expect("a file");
}

fn read_in(folder: &Path, section: Value) -> Result<Settings, Mistakes> {
    load(&with(section), &dictionary, Some(folder))
}

/// With an entry `trial` that has these keys beside those that it needs.
fn trial(keys: Value) -> Value {
    let mut entry = json!({ "Profile": "Basic", "KeyFile": "trial.key" });
    for (key, value) in keys.as_object().expect("an object") {
        entry[key] = value.clone();
    }
    json!({
        "Deidentifications": { "trial": entry },
        "Destinations": { "archive": { "Deidentify": "trial" } },
    })
}

fn accepted(folder: &TempDir, keys: Value) -> Settings {
    match read_in(folder.path(), trial(keys.clone())) {
        Ok(settings) => settings,
        Err(mistakes) => panic!("{keys}: {mistakes}"),
    }
}

/// Asserts that the entry has this one mistake: its path below the entry, and words of its message.
fn wrong(folder: &TempDir, keys: Value, path: &str, words: &[&str]) {
    let found = match read_in(folder.path(), trial(keys.clone())) {
        Ok(_) => panic!("{keys} is accepted"),
        Err(mistakes) => mistakes.0,
    };
    assert_eq!(found.len(), 1, "{keys}: {found:#?}");
    let expected = format!("SendQueue.Deidentifications.trial{path}");
    assert_eq!(found[0].path, expected, "{keys}");
    let told = found[0].to_string();
    for word in words {
        assert!(told.contains(word), "{keys}: {word:?} is not in: {told}");
    }
    assert!(
        !told.contains("0123456789abcdef") && !told.contains("12345"),
        "{told}"
    );
}

#[test]
fn the_design_is_accepted() {
    let folder = folder();
    let settings = accepted(
        &folder,
        json!({
            "Options": ["RetainPatientCharacteristics"], "Dates": "Shift",
            "Lookup": { "File": "subjects.csv", "Key": ["IssuerOfPatientID", "PatientID"], "Unknown": "Hold" },
            "Set": { "PatientID": "{lookup}", "PatientName": "{lookup:Arm}" },
            "Allow": ["SC", "SCREEN SAVE", "1.2.840.10008.5.1.4.1.1.6.1"],
        }),
    );
    let archive = settings.destination("archive");
    let entry = archive.deidentify.as_ref().expect("it is named");
    assert!(archive.alters());
    assert_eq!(in_force(archive).deidentify.as_deref(), Some("trial"));
    assert_eq!(in_force(settings.destination("pacs")).deidentify, None);
    assert_eq!(entry.key.reveal(), b"0123456789abcdef");
    assert_eq!(format!("{:?}", entry.key), "Key");
    let options = [
        ProfileOption::RetainModifiedDates,
        ProfileOption::RetainPatientCharacteristics,
    ];
    assert_eq!(entry.options, options);
    assert_eq!(
        entry.allow.suspicions,
        [Suspicion::Sc, Suspicion::ScreenSave]
    );
    assert_eq!(entry.allow.sop_classes, ["1.2.840.10008.5.1.4.1.1.6.1"]);
    let lookup = entry.lookup.as_ref().expect("a list");
    assert_eq!(lookup.file, folder.path().join("subjects.csv"));
    assert_eq!(lookup.columns(), ["IssuerOfPatientID", "PatientID"]);
    assert_eq!(entry.set.len(), 2);
    assert_eq!(settings.warnings().collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn the_least_is_a_profile_and_a_key() {
    let folder = folder();
    let settings = accepted(&folder, json!({}));
    let entry = &settings.deidentifications["trial"];
    assert!(entry.options.is_empty() && entry.lookup.is_none() && entry.set.is_empty());
    let modified = json!({ "Options": ["RetainLongitudinalModifiedDates"] });
    let written = accepted(&folder, modified);
    let shifted = accepted(&folder, json!({ "Dates": "Shift" }));
    let options = |settings: &Settings| settings.deidentifications["trial"].options.clone();
    assert_eq!(options(&written), options(&shifted));
}

#[test]
fn a_reload_sees_another_key() {
    let folder = folder();
    let before = accepted(&folder, json!({}));
    assert_eq!(
        accepted(&folder, json!({})).destination("archive"),
        before.destination("archive")
    );
    write(&folder, "trial.key", "another key, as long");
    assert_ne!(
        accepted(&folder, json!({})).destination("archive"),
        before.destination("archive")
    );
}

#[test]
fn mistakes_of_an_entry() {
    let folder = folder();
    write(&folder, "short.key", "0123456789abcde \n");
    write(
        &folder,
        "twice.csv",
        &format!("{LIST}12345,A,T-002,right\n"),
    );
    fs::create_dir(folder.path().join("folder")).expect("a folder");
    let lookup = |file: &str, key: Value| json!({ "Lookup": { "File": file, "Key": key } });
    let key = json!(["IssuerOfPatientID", "PatientID"]);
    for (keys, path, words) in [
        (json!({ "Profile": "Full" }), ".Profile", &["\"Basic\""][..]),
        (
            json!({ "KeyFile": "none.key" }),
            ".KeyFile",
            &["16 bytes", "none.key"],
        ),
        (json!({ "KeyFile": "folder" }), ".KeyFile", &["16 bytes"]),
        (
            json!({ "KeyFile": "short.key" }),
            ".KeyFile",
            &["it has 15 bytes"],
        ),
        (json!({ "KeyFile": 1 }), ".KeyFile", &["a file with a key"]),
        (
            json!({ "Options": ["RetainUid"] }),
            ".Options[0]",
            &["did you mean \"RetainUids\"?"],
        ),
        (
            json!({ "Options": ["RetainUids", "RetainUids"] }),
            ".Options[1]",
            &["each option once"],
        ),
        (
            json!({ "Options": ["CleanPixelData"] }),
            ".Options[0]",
            &["not this one", "pixels"],
        ),
        (
            json!({ "Options": ["CleanRecognizableVisualFeatures"] }),
            ".Options[0]",
            &["pixels"],
        ),
        (
            json!({ "Options": ["CleanDescriptors"] }),
            ".Options[0]",
            &["free text"],
        ),
        (
            json!({ "Options": ["CleanStructuredContent"] }),
            ".Options[0]",
            &["free text"],
        ),
        (
            json!({ "Options": ["CleanGraphics"] }),
            ".Options[0]",
            &["free text"],
        ),
        (
            json!({ "Options": ["RetainSafePrivate"] }),
            ".Options[0]",
            &["private"],
        ),
        (
            json!({ "Options": ["RetainLongitudinalFullDates"], "Dates": "Shift" }),
            ".Dates",
            &["\"Remove\""],
        ),
        (
            json!({ "Options": ["RetainLongitudinalFullDates", "RetainLongitudinalModifiedDates"] }),
            ".Options",
            &["either"],
        ),
        (
            json!({ "Dates": "Move" }),
            ".Dates",
            &["\"Remove\", \"Shift\""],
        ),
        (
            json!({ "Set": { "PatientID": "{lookup}" } }),
            ".Set.PatientID",
            &["lookup"],
        ),
        (
            json!({ "Set": { "PatientIDs": "x" } }),
            ".Set.PatientIDs",
            &["did you mean \"PatientID\"?"],
        ),
        (
            json!({ "Allow": ["ES", "ES"] }),
            ".Allow[1]",
            &["each word once"],
        ),
        (
            json!({ "Allow": ["Sc"] }),
            ".Allow[0]",
            &["did you mean \"SC\"?"],
        ),
        (
            json!({ "Allow": ["1.02"] }),
            ".Allow[0]",
            &["the UID of a SOP class"],
        ),
        (
            lookup("none.csv", key.clone()),
            ".Lookup.File",
            &["none.csv"],
        ),
        (
            lookup("twice.csv", key.clone()),
            ".Lookup.File",
            &["line 3 has the same key as line 2"],
        ),
        (
            lookup("subjects.csv", json!([])),
            ".Lookup.Key",
            &["one or more tags"],
        ),
        (
            lookup("subjects.csv", json!(["PatientID", "0010,0020"])),
            ".Lookup.Key[1]",
            &["each tag once"],
        ),
        (
            lookup("subjects.csv", json!(["PatientIDd"])),
            ".Lookup.Key[0]",
            &["did you mean"],
        ),
        (
            lookup("subjects.csv", json!(["PatientName"])),
            ".Lookup.File",
            &["no column \"PatientName\""],
        ),
        (
            json!({ "Lookup": { "File": "subjects.csv", "Key": key, "Unknown": "Send" } }),
            ".Lookup.Unknown",
            &["\"Hold\""],
        ),
        (
            json!({ "Keyfile": "trial.key" }),
            ".Keyfile",
            &["did you mean \"KeyFile\"?"],
        ),
    ] {
        wrong(&folder, keys, path, words);
    }
    let mut set = lookup("subjects.csv", key);
    set["Set"] = json!({ "PatientID": "{lookup:Armm}" });
    wrong(
        &folder,
        set,
        ".Set",
        &["{lookup:Armm}", "did you mean \"Arm\"?"],
    );
    let bare = read_in(folder.path(), json!({ "Deidentifications": { "x": {} } })).unwrap_err();
    let paths: Vec<&str> = bare.0.iter().map(|one| one.path.as_str()).collect();
    let expected = ["Profile", "KeyFile"].map(|key| format!("SendQueue.Deidentifications.x.{key}"));
    assert_eq!(paths, expected);
}

#[test]
fn mistakes_of_a_destination() {
    let folder = folder();
    for (destination, path, words) in [
        (
            json!({ "Deidentify": "trail" }),
            "Deidentify",
            &["did you mean \"trial\"?"][..],
        ),
        (
            json!({ "Deidentify": "trial", "Transport": "Rest" }),
            "Deidentify",
            &["nothing while Transport"],
        ),
        (
            json!({ "Deidentify": "trial", "Coerce": "sites" }),
            "Deidentify",
            &["not both", "take away one of the two"],
        ),
    ] {
        let mut section = trial(json!({}));
        section["Coercions"] = json!({ "sites": [{ "Remove": ["private"] }] });
        section["Destinations"] = json!({ "archive": destination });
        let found = read_in(folder.path(), section).unwrap_err().0;
        assert_eq!(found.len(), 1, "{destination}: {found:#?}");
        assert_eq!(
            found[0].path,
            format!("SendQueue.Destinations.archive.{path}")
        );
        for word in words {
            assert!(found[0].to_string().contains(word), "{}", found[0]);
        }
    }
    // Over the defaults, with and without what they say.
    let mut section = trial(json!({}));
    section["Coercions"] = json!({ "sites": [{ "Remove": ["private"] }] });
    section["Defaults"] = json!({ "Coerce": "sites" });
    let found = read_in(folder.path(), section.clone()).unwrap_err().0;
    assert_eq!(found.len(), 1);
    let told = found[0].to_string();
    for word in [
        "SendQueue.Destinations.archive.Deidentify",
        "Coerce is set too (SendQueue.Defaults.Coerce)",
        "\"Coerce\": null here switches it off",
    ] {
        assert!(told.contains(word), "{told}");
    }
    section["Destinations"]["archive"]["Coerce"] = Value::Null;
    assert!(read_in(folder.path(), section).is_ok());
}

#[test]
fn what_is_probably_not_meant_is_remarked() {
    let folder = folder();
    let mut section = trial(json!({ "Set": { "PatientComments": "of {StudyDescription}" } }));
    section["Destinations"] = json!({});
    let settings = read_in(folder.path(), section).unwrap();
    let remarks: Vec<&str> = settings.warnings().collect();
    assert_eq!(remarks.len(), 2, "{remarks:?}");
    assert!(remarks[0].contains("no destination names") && remarks[0].contains("\"trial\""));
    assert!(remarks[1].contains("StudyDescription of the stored instance"));
    // OriginalAttributes has no effect there.
    let mut section = trial(json!({}));
    section["Destinations"]["archive"]["OriginalAttributes"] = json!(true);
    let settings = read_in(folder.path(), section).unwrap();
    let remarks: Vec<&str> = settings.warnings().collect();
    assert!(
        remarks.len() == 1 && remarks[0].contains("OriginalAttributes and Deidentify"),
        "{remarks:?}"
    );
}

#[test]
fn a_key_that_others_can_read_is_remarked() {
    let folder = folder();
    for mode in [0o640, 0o604, 0o644, 0o620] {
        allow(&folder, mode);
        let settings = accepted(&folder, json!({}));
        let remarks: Vec<&str> = settings.warnings().collect();
        assert_eq!(remarks.len(), 1, "{remarks:?}");
        let path = folder.path().join("trial.key");
        let mend = format!("\"trial\": chmod 600 {}", path.display());
        assert!(remarks[0].ends_with(&mend), "{remarks:?}");
    }
    allow(&folder, 0o400);
    assert_eq!(accepted(&folder, json!({})).warnings().count(), 0);
}

#[test]
fn what_the_queue_says_of_itself_cannot_be_set() {
    let folder = folder();
    for (tag, words) in [
        ("PatientIdentityRemoved", "the queue itself writes"),
        ("0012,0063", "the queue itself writes"),
        (
            "DeidentificationMethodCodeSequence[0].CodeValue",
            "the queue itself writes",
        ),
        (
            "LongitudinalTemporalInformationModified",
            "the queue itself writes",
        ),
        ("BurnedInAnnotation", "known to who made the image alone"),
    ] {
        let path = super::super::mistake::member(".Set", tag);
        wrong(&folder, json!({ "Set": { tag: "YES" } }), &path, &[words]);
    }
    let lookup = json!({ "File": "subjects.csv", "Key": ["0002,0016"] });
    let found = read_in(folder.path(), trial(json!({ "Lookup": lookup }))).unwrap_err();
    assert!(found.0[0].path.ends_with("Lookup.Key[0]"), "{found}");
}
