//! The section `Events`.

use super::*;
use crate::config::events::{EventSettings, Tenant};
use crate::item::Announcement;

fn events(section: Value) -> EventSettings {
    let settings = read(&with(json!({ "Events": section }))).unwrap();
    settings.events.unwrap()
}

#[test]
fn nothing_is_told_unless_it_is_asked_for() {
    assert_eq!(read(&with(json!({}))).unwrap().events, None);
    let least = EventSettings {
        keep_days: 7,
        max_events: 5_000_000,
        tags: Vec::new(),
        tenant: Tenant::CalledAet,
        on: vec![Announcement::InstanceStored, Announcement::StudyDelivered],
        webhook: None,
        quiet_seconds: 60,
    };
    assert_eq!(events(json!({})), least);
    let all = events(json!({
        "KeepDays": 30, "Tags": ["AccessionNumber", "0008,1030"], "Tenant": "CallingAet", "On": ["study.complete"],
        "QuietSeconds": 5,
    }));
    let tags: Vec<String> = all.tags.iter().map(|tag| tag.key()).collect();
    assert_eq!(tags, ["0008,0050", "0008,1030"]);
    assert_eq!(
        (all.keep_days, all.tenant, all.quiet_seconds),
        (30, Tenant::CallingAet, 5)
    );
    assert_eq!(all.on, [Announcement::StudyComplete]);
}

#[test]
fn standard_stands_for_tags_of_every_level() {
    let tags = events(json!({ "Tags": "Standard" })).tags;
    let mut keys: Vec<String> = tags.iter().map(|tag| tag.key()).collect();
    for key in ["0010,0020", "0020,0010", "0008,0060", "0020,0013"] {
        assert!(keys.iter().any(|one| one == key), "{key}");
    }
    let count = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), count);
}

#[test]
fn a_webhook_is_sent_what_it_asks_for() {
    let least = events(json!({ "Webhook": { "Url": "https://ris/hook" } }))
        .webhook
        .unwrap();
    assert_eq!(least.webhook.url.reveal(), "https://ris/hook");
    assert_eq!(least.webhook.secret, None);
    assert_eq!(least.on, [Announcement::StudyDelivered]);
    let section = json!({ "Url": "http://ris:8080/", "Secret": "k", "On": ["instance.stored"] });
    let all = events(json!({ "Webhook": section })).webhook.unwrap();
    assert_eq!(all.webhook.secret.unwrap().reveal(), "k");
    assert_eq!(all.on, [Announcement::InstanceStored]);
}

#[test]
fn mistakes_of_it() {
    let of = |section: Value, path: &str, words: &[&str]| {
        one(json!({ "Events": section }), path, words);
    };
    of(json!([]), "Events", &["an object"]);
    of(json!({ "Keep": 7 }), "Events.Keep", &["KeepDays"]);
    of(
        json!({ "KeepDays": 0 }),
        "Events.KeepDays",
        &["from 1 to 3650"],
    );
    of(json!({ "MaxEvents": 1 }), "Events.MaxEvents", &["1000"]);
    of(json!({ "Tenant": "AET" }), "Events.Tenant", &["CalledAet"]);
    of(json!({ "On": [] }), "Events.On", &["instance.stored"]);
    of(
        json!({ "On": ["stored"] }),
        "Events.On[0]",
        &["instance.stored"],
    );
    let twice = json!({ "On": ["study.complete", "study.complete"] });
    of(twice, "Events.On[1]", &["each word once"]);
    of(json!({ "Tags": "All" }), "Events.Tags", &["\"Standard\""]);
    of(
        json!({ "Tags": ["StudyTitle"] }),
        "Events.Tags[0]",
        &["a tag of Orthanc's dictionary"],
    );
    let twice = json!({ "Tags": ["AccessionNumber", "0008,0050"] });
    of(twice, "Events.Tags[1]", &["each tag once"]);
    of(
        json!({ "QuietSeconds": 0 }),
        "Events.QuietSeconds",
        &["from 1 to 86400"],
    );
    of(json!({ "Webhook": {} }), "Events.Webhook.Url", &["http://"]);
    of(
        json!({ "Webhook": "https://token" }),
        "Events.Webhook",
        &["a text (not shown)"],
    );
    let beside = json!({ "On": ["instance.stored"], "Webhook": { "Url": "http://ris/" } });
    of(
        beside,
        "Events.Webhook.On",
        &["study.delivered", "Events.On"],
    );
}
