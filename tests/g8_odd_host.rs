//! G8: whatever Orthanc answers, nothing of ours panics, waits for ever or says an instance was delivered.

use std::time::{Duration, Instant};

use OrthancSendQueue::plugin::SendQueue;
use orthanc_sdk::fake_host::{FakeHost, FakeInstance};
use orthanc_sdk::{ChangeType, Method, ResourceType};
use serde_json::json;

type Answer = Result<(u16, Vec<u8>), i32>;

const ID: &str = "0f2a6a42-0b2d7b12-5f4f1a0e-3a1f5b1c-9d6e7f80";

fn play(what: &str, answer: Answer) {
    let folder = tempfile::tempdir().unwrap();
    let fake = FakeHost::new("1.12.7");
    fake.set_configuration(json!({
        "IndexDirectory": folder.path().to_str().unwrap(),
        "DicomModalities": { "pacs": ["PACS", "127.0.0.1", 1] },
        "SendQueue": { "Rules": [{ "To": ["pacs"], "When": { "Tags": { "Modality": "CT" } } }] }
    }));
    let (tell, told) = std::sync::mpsc::channel();
    fake.on_rest(move |_, uri, _| {
        let _ = tell.send(uri.to_owned());
        answer.clone()
    });
    let plugin = fake.load::<SendQueue>().unwrap();
    assert_eq!(
        fake.fire_change(ChangeType::OrthancStarted, ResourceType::None, None),
        0
    );
    let instance = FakeInstance {
        id: ID.to_owned(),
        ..FakeInstance::default()
    };
    assert_eq!(fake.store_instance(&instance), 0);
    for kind in [
        ChangeType::JobSuccess,
        ChangeType::JobFailure,
        ChangeType::UpdatedModalities,
        ChangeType::Deleted,
        ChangeType::Other(999),
    ] {
        for resource in [None, Some(""), Some("../x"), Some(ID)] {
            assert_eq!(
                fake.fire_change(kind, ResourceType::Other(77), resource),
                0,
                "{what}"
            );
        }
    }
    told.recv_timeout(Duration::from_secs(30))
        .expect("Orthanc is asked");
    let post = json!({ "Resources": [ID], "Destinations": ["pacs"] }).to_string();
    for (method, uri, body) in [
        (Method::Get, "/sendqueue", ""),
        (Method::Get, "/sendqueue/health", ""),
        (Method::Get, "/sendqueue/items", ""),
        (Method::Post, "/sendqueue/items", post.as_str()),
        (Method::Get, "/sendqueue/destinations", ""),
        (Method::Get, "/sendqueue/destinations/pacs", ""),
        (Method::Get, "/sendqueue/destinations/other", ""),
        (Method::Post, "/sendqueue/destinations/pacs/echo", ""),
        (Method::Get, &format!("/sendqueue/studies/{ID}"), ""),
        (Method::Get, &format!("/sendqueue/patients/{ID}"), ""),
        (Method::Get, &format!("/sendqueue/instances/{ID}"), ""),
        (Method::Delete, "/sendqueue/items/1", ""),
    ] {
        let answer = fake.call_rest(method, uri, &[], &[], body.as_bytes());
        assert_eq!(answer.error_code, 0, "{what}: {uri}");
        assert!(answer.status >= 200, "{what}: {uri}: {}", answer.status);
        let value: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(
            value["Counts"]["Success"].as_u64().unwrap_or(0),
            0,
            "{what}: {uri}"
        );
    }
    let begun = Instant::now();
    assert_eq!(
        fake.fire_change(ChangeType::OrthancStopped, ResourceType::None, None),
        0
    );
    plugin.unload();
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{what}: {:?}",
        begun.elapsed()
    );
    for (_, line) in fake.logs() {
        assert!(!line.contains("panic"), "{what}: {line}");
    }
}

#[test]
fn answers_that_make_no_sense() {
    for status in [200, 404, 500] {
        for text in [
            "",
            "null",
            "[]",
            "{}",
            "7",
            "\"text\"",
            "[null]",
            "[{}]",
            "{\"Changes\": [{}], \"Done\": true}",
            "{\"pacs\": 7}",
            "not JSON \u{fffd}",
        ] {
            play(
                &format!("{status} {text}"),
                Ok((status, text.as_bytes().to_vec())),
            );
        }
    }
    for code in [-1, 0, 1, 9, 17, 2015, 1_000_000] {
        play(&format!("error {code}"), Err(code));
    }
}

/// Orthanc stops a plugin that never saw it start, and one that was never told of the stop.
#[test]
fn lives_that_are_cut_short() {
    for (starts, stops) in [(false, false), (false, true), (true, false), (true, true)] {
        let folder = tempfile::tempdir().unwrap();
        let fake = FakeHost::new("1.10.1");
        fake.set_configuration(json!({
            "IndexDirectory": folder.path().to_str().unwrap(),
            "DicomModalities": { "pacs": ["PACS", "127.0.0.1", 1] },
            "SendQueue": { "Rules": [{ "To": ["pacs"] }] }
        }));
        fake.on_rest(|_, _, _| Err(17));
        let plugin = fake.load::<SendQueue>().unwrap();
        let fire = |kind| assert_eq!(fake.fire_change(kind, ResourceType::None, None), 0);
        if starts {
            fire(ChangeType::OrthancStarted);
            fire(ChangeType::OrthancStarted);
        }
        if stops {
            fire(ChangeType::OrthancStopped);
            fire(ChangeType::OrthancStopped);
        }
        let instance = FakeInstance {
            id: ID.to_owned(),
            ..FakeInstance::default()
        };
        assert_eq!(fake.store_instance(&instance), 0);
        plugin.unload();
    }
}
