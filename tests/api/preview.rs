//! What would be sent of an instance, and what was.

use std::time::Duration;

use sendqueue_dicom::{DataSet, Tag, text};
use sendqueue_testkit::dicom::EXPLICIT_VR_LE;

use super::*;

const SOON: Duration = Duration::from_secs(60);

/// Patient ID and Accession Number of a DICOM file.
fn values(file: &[u8]) -> [String; 2] {
    let data_set = data_set(file);
    let data = DataSet::parse(data_set, EXPLICIT_VR_LE).unwrap();
    let charset = text::charset(data.root()).unwrap();
    [Tag::PATIENT_ID, Tag::ACCESSION_NUMBER].map(|tag| {
        let element = data.root().get(tag);
        let value = element.map(|element| text::of(element, &charset).unwrap());
        value.flatten().unwrap_or_default()
    })
}

/// Behind the meta information, by its group length.
fn data_set(file: &[u8]) -> &[u8] {
    assert_eq!(&file[128..140], b"DICM\x02\x00\x00\x00UL\x04\x00");
    let length = u32::from_le_bytes(file[140..144].try_into().unwrap());
    &file[144 + length as usize..]
}

#[test]
fn what_would_be_sent_is_shown_and_is_what_is_sent() {
    let receivers = ["PACS", "PLAIN", "LONG"].map(FaultScp::start);
    receivers[0].keep_bytes(true);
    let config = queue::config_for(&receivers.iter().collect::<Vec<_>>())
        .set("/SendQueue/Serials", json!({ "accessions": { "Prefix": "RT" } }))
        .set(
            "/SendQueue/Coercions",
            json!({
                "sites": [{ "Set": { "AccessionNumber": "{serial:accessions,8}" }, "Prefix": { "PatientID": "A-" } }],
                "long": [{ "Set": { "AccessionNumber": "{PatientID}-{PatientID}" } }],
            }),
        )
        .set("/SendQueue/Destinations/pacs/Coerce", "sites")
        .set("/SendQueue/Destinations/long/Coerce", "long");
    let queue = Queue::start(config);
    queue.tell("/destinations/pacs/pause", &json!({}));
    let instances = queue.store_all(&Study::new(1, 1).patient_id("MRN-7-OF-SITE").build());
    queue.wait_for("pacs", "Pending", 1);
    let uid = queue.ask("/items?destination=pacs")[0]["SopInstanceUid"].clone();
    let preview = |name: &str, what: &Value| {
        queue.tell(
            &format!("/destinations/{name}/preview"),
            &json!({ "Instance": what }),
        )
    };

    // Old and new, and no number is given for it.
    let shown = preview("pacs", &json!(instances[0]));
    let expected = json!({
        "Destination": "pacs", "Instance": instances[0], "SopInstanceUid": uid, "TransferSyntax": EXPLICIT_VR_LE,
        "Changes": [
            { "Path": "AccessionNumber", "Vr": "SH", "Before": shown["Changes"][0]["Before"], "After": "RT(next)" },
            { "Path": "PatientID", "Vr": "LO", "Before": "MRN-7-OF-SITE", "After": "A-MRN-7-OF-SITE" },
        ],
        "Unchanged": false,
    });
    assert_eq!(shown, expected);
    assert_eq!(preview("pacs", &uid), expected);
    let id = queue.items("destination=pacs")[0]["ID"].clone();
    let sent = || queue.get(&format!("/sendqueue/items/{id}/sent")).ok();
    assert_eq!(values(&sent().body), ["A-MRN-7-OF-SITE", "RT(next)"]);
    assert_eq!(queue.ask("/serials")[0]["Next"], 1);
    assert_eq!(queue.ask("/serials/accessions"), json!([]));

    // As it is stored.
    let shown = preview("plain", &uid);
    assert_eq!(
        (&shown["Unchanged"], &shown["Changes"]),
        (&json!(true), &json!([]))
    );

    // What would not be sent, and is not.
    let shown = preview("long", &uid);
    let why = shown["Problem"].as_str().unwrap();
    assert!(
        why.contains("AccessionNumber") && !why.contains("MRN"),
        "{why}"
    );
    assert_eq!(
        (&shown["Unchanged"], &shown["Changes"]),
        (&json!(false), &json!([]))
    );
    queue.wait_for("long", "Failure", 1);
    let failed = queue.items("destination=long")[0].clone();
    assert_eq!(failed["Class"], "Coercion");
    assert_eq!(failed["AttemptCount"], 0);
    let refused = queue.get(&format!("/sendqueue/items/{}/sent", failed["ID"]));
    assert_eq!(refused.status, 409, "{}", refused.text());
    assert!(refused.json()["Details"].as_str().unwrap().contains(why));

    // What was sent is what was shown, bit by bit.
    queue.tell("/destinations/pacs/resume", &json!({}));
    queue.wait_for("pacs", "Success", 1);
    let file = sent().body;
    assert_eq!(values(&file), ["A-MRN-7-OF-SITE", "RT00000001"]);
    assert!(receivers[0].wait_for_stores(1, SOON));
    let received = receivers[0].stores()[0].bytes.clone().unwrap();
    assert_eq!(data_set(&file), received);
    assert!(receivers[2].stores().is_empty());

    for (path, body, status) in [
        ("nobody", json!({ "Instance": uid }), 404),
        ("pacs", json!({ "Instance": "1.2.3.4" }), 404),
        ("pacs", json!({ "Instance": "../../changes" }), 404),
        // One of the study's.
        (
            "pacs",
            json!({ "Instance": queue.get("/studies").json()[0] }),
            200,
        ),
        ("pacs", json!({ "Instance": 7 }), 400),
        ("pacs", json!({ "Instances": [uid] }), 400),
        ("pacs", json!({}), 400),
    ] {
        let path = format!("/sendqueue/destinations/{path}/preview");
        let answer = queue.post_json(&path, &body);
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
    }
    for (path, status) in [
        ("items/99/sent", 404),
        (&*format!("items/{id}/sent?x=1"), 400),
    ] {
        let answer = queue.get(&format!("/sendqueue/{path}"));
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
    }
    let deleted = queue.delete(&format!("/instances/{}", instances[0]));
    assert_eq!(deleted.status, 200);
    let gone = queue.get(&format!("/sendqueue/items/{id}/sent"));
    assert_eq!(gone.status, 404, "{}", gone.text());
    assert_eq!(preview_status(&queue, &instances[0]), 404);
}

fn preview_status(queue: &Queue, instance: &str) -> u16 {
    let path = "/sendqueue/destinations/pacs/preview";
    queue
        .post_json(path, &json!({ "Instance": instance }))
        .status
}
