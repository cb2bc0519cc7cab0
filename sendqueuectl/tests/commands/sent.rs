//! `preview` and `sent`.

use super::*;

#[test]
fn what_would_be_sent_and_what_was() {
    let pacs = FaultScp::start("PACS");
    let config = queue::config_for(&[&pacs])
        .set(
            "/SendQueue/Coercions",
            json!({
                "sites": [{ "Prefix": { "PatientID": "A-" } }, { "Remove": [ "StudyDescription" ] }],
                "long": [{ "Set": { "AccessionNumber": "{StudyInstanceUID}" } }],
            }),
        )
        .set("/SendQueue/Destinations/pacs/Coerce", "sites")
        .set(
            "/SendQueue/Destinations/long",
            json!({ "Target": "pacs", "Coerce": "long" }),
        )
        .set("/SendQueue/Destinations/plain", json!({ "Target": "pacs" }));
    let queue = Queue::start(config);
    let study = Study::new(1, 1).patient_id("MRN7").study_description("CT");
    let instances = queue.store_all(&study.build());
    queue.wait_for("pacs", "Success", 1);
    let ctl = Ctl::of(&queue);
    let instance = instances[0].as_str();

    let shown = ctl.ok(&["preview", "pacs", instance]);
    for (element, before, after) in [
        ("PatientID", "MRN7", "A-MRN7"),
        ("StudyDescription", "CT", "(not there)"),
    ] {
        let line = shown.lines().find(|line| line.starts_with(element));
        let line = line.unwrap_or_else(|| panic!("{element}: {shown}"));
        assert!(line.contains(before) && line.ends_with(after), "{shown}");
    }
    let shown = ctl.ok(&["preview", "plain", instance]);
    assert_eq!(shown, "would be sent as it is stored\n");
    // Of a study one is taken, and named.
    let shown = ctl.ok(&["preview", "plain", &study.study_uid()]);
    assert_eq!(
        shown,
        format!("instance {instance}:\nwould be sent as it is stored\n")
    );
    let json = ctl.json(&["preview", "pacs", instance]);
    assert_eq!(json["Changes"].as_array().unwrap().len(), 2);
    // It would be in the error queue.
    let refused = ctl.run(&["preview", "long", instance]);
    assert_eq!(refused.status.code(), Some(1));
    let words = String::from_utf8(refused.stdout).unwrap();
    assert!(
        words.contains("would not be sent") && words.contains("AccessionNumber"),
        "{words}"
    );
    assert!(
        ctl.fails(4, &["preview", "nobody", instance])
            .contains("nobody")
    );

    let id = queue.items("destination=pacs")[0]["ID"].to_string();
    let file = ctl.run(&["sent", &id]);
    assert!(file.status.success());
    assert_eq!(&file.stdout[128..132], b"DICM");
    assert!(String::from_utf8_lossy(&file.stderr).contains("made anew"));
    assert!(file.stdout.windows(6).any(|bytes| bytes == b"A-MRN7"));
    let unknown = ctl.run(&["sent", "999"]);
    assert_eq!(unknown.status.code(), Some(4));
    assert!(unknown.stdout.is_empty());
    assert!(
        String::from_utf8(unknown.stderr)
            .unwrap()
            .contains("no item 999")
    );
}
