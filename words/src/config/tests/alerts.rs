//! `Alerts`: what is accepted, and what is said about the rest.

use super::super::settings::{AlertFormat, AlertKind, AlertSettings, Peer};
use super::*;

fn accepted(section: Value) -> AlertSettings {
    let settings = read(&with(json!({ "Alerts": section }))).unwrap();
    settings.alerts.unwrap()
}

#[test]
fn the_least_has_the_defaults() {
    let alerts = accepted(json!({ "Url": "https://monitor/hook" }));
    assert_eq!(alerts.webhook.url.reveal(), "https://monitor/hook");
    let host = "monitor".to_owned();
    assert_eq!(alerts.webhook.peer, Peer { host, port: 443 });
    assert_eq!(alerts.webhook.secret, None);
    assert_eq!(alerts.on, AlertKind::ALL);
    assert_eq!((alerts.format, alerts.link), (AlertFormat::Json, None));
    assert_eq!(
        (alerts.backlog_items, alerts.backlog_seconds),
        (10_000, 3600)
    );
    assert_eq!(read(&with(json!({}))).unwrap().alerts, None);
}

#[test]
fn everything_can_be_written() {
    let alerts = accepted(json!({
        "Url": "http://10.0.0.9:8080/", "Secret": "k", "On": ["Failure", "Backlog"],
        "BacklogItems": 0, "BacklogSeconds": 60, "Format": "Teams",
        "Link": "https://orthanc.example:8443/sendqueue/ui#a@b",
    }));
    assert_eq!(alerts.format, AlertFormat::Teams);
    let link = "https://orthanc.example:8443/sendqueue/ui#a@b";
    assert_eq!(alerts.link.as_deref(), Some(link));
    assert_eq!(alerts.webhook.secret.unwrap().reveal(), "k");
    assert_eq!(alerts.on, [AlertKind::Failure, AlertKind::Backlog]);
    assert_eq!((alerts.backlog_items, alerts.backlog_seconds), (0, 60));
}

#[test]
fn silent_sources() {
    let written = json!([
        { "Aet": " ct1 ", "Hours": 4, "When": "Mon-Fri 08:00-18:00" },
        { "Aet": "MR1", "Hours": 0.5, "When": ["Sat 10:00-12:00", "Sun 10:00-12:00"] },
        { "Aet": "US", "Hours": 744 },
    ]);
    let section = json!({ "Url": "https://monitor/hook", "SilentSources": written });
    let sources = accepted(section.clone()).silent_sources;
    let shown: Vec<_> = sources
        .iter()
        .map(|source| (source.aet.as_str(), source.seconds, source.windows.len()))
        .collect();
    assert_eq!(
        shown,
        [
            ("CT1", 14_400.0, 1),
            ("MR1", 1800.0, 2),
            ("US", 2_678_400.0, 0)
        ]
    );
    assert_eq!(sources[0].windows[0].days, [0, 1, 2, 3, 4]);
    let mut strict = with(json!({ "Alerts": section }));
    strict["StrictAetComparison"] = json!(true);
    let strict = read(&strict).unwrap().alerts.unwrap();
    assert_eq!(strict.silent_sources[0].aet, "ct1");

    let good = json!({ "Aet": "CT1", "Hours": 1 });
    for (source, path, words) in [
        (json!("CT1"), "[0]", "an object"),
        (json!({ "Hours": 1 }), "[0].Aet", "found nothing"),
        (json!({ "Aet": "", "Hours": 1 }), "[0].Aet", "an AET"),
        (json!({ "Aet": "CT1" }), "[0].Hours", "found nothing"),
        (json!({ "Aet": "CT1", "Hours": 0 }), "[0].Hours", "744"),
        (json!({ "Aet": "CT1", "Hours": 745 }), "[0].Hours", "744"),
        (
            json!({ "Aet": "CT1", "Hours": 1, "When": "Mo-Fr" }),
            "[0].When",
            "a window",
        ),
        (
            json!({ "Aet": "CT1", "Hours": 1, "When": ["x"] }),
            "[0].When[0]",
            "a window",
        ),
        (
            json!({ "Aet": "CT1", "Hours": 1, "Silent": 1 }),
            "[0].Silent",
            "unknown key",
        ),
    ] {
        one_key(
            "SilentSources",
            json!([source]),
            &format!("Alerts.SilentSources{path}"),
            &[words],
        );
    }
    one_key(
        "SilentSources",
        json!([good, { "Aet": "ct1 ", "Hours": 2 }]),
        "Alerts.SilentSources[1].Aet",
        &["each AET once"],
    );
}

/// Adds the key to a section that is valid.
fn one_key(key: &str, value: Value, path: &str, words: &[&str]) {
    let mut section = json!({ "Url": "https://monitor/hook" });
    section[key] = value;
    one(json!({ "Alerts": section }), path, words);
}

#[test]
fn mistakes_have_their_paths() {
    one(
        json!({ "Alerts": {} }),
        "Alerts.Url",
        &["found nothing", "http:// or https://"],
    );
    for (section, found) in [
        (json!([]), "a list"),
        (json!("x"), "a text (not shown)"),
        (json!(true), "true or false"),
        (json!(null), "null"),
    ] {
        one(
            json!({ "Alerts": section }),
            "Alerts",
            &[found, "an object"],
        );
    }
    for (url, found) in [
        (json!("ftp://monitor/x"), "\"ftp://…\""),
        (json!("http://"), "\"http://…\""),
        (json!("monitor/x"), "a text (not shown)"),
        (json!(""), "an empty text"),
        (json!(7), "a number"),
        (json!(null), "null"),
    ] {
        one_key("Url", url, "Alerts.Url", &[found, "has a host"]);
    }
    for secret in [
        json!(""),
        json!(1),
        json!(null),
        json!(["x"]),
        json!("a\nb"),
    ] {
        one_key(
            "Secret",
            secret,
            "Alerts.Secret",
            &["at least one character"],
        );
    }
    for (format, words) in [
        (json!("slack"), "did you mean \"Slack\"?"),
        (json!("Mattermost"), "\"Json\""),
        (json!(1), "\"Teams\""),
    ] {
        one_key("Format", format, "Alerts.Format", &[words]);
    }
    for (link, found) in [
        (json!("orthanc/ui"), "a text (not shown)"),
        (json!("javascript://x"), "\"javascript://…\""),
        (json!("https://u:p@orthanc/ui"), "\"https://…\""),
        (json!("https://orthanc/<b>"), "\"https://…\""),
        (json!(null), "null"),
    ] {
        one_key("Link", link, "Alerts.Link", &[found, "without a login"]);
    }
    for on in [json!([]), json!("Failure"), json!({}), json!(null)] {
        one_key("On", on, "Alerts.On", &["a list of one or more"]);
    }
    one_key(
        "On",
        json!(["Failure", "failure"]),
        "Alerts.On[1]",
        &["found \"failure\"", "did you mean \"Failure\"?"],
    );
    one_key(
        "On",
        json!(["Failure", "Failure"]),
        "Alerts.On[1]",
        &["once"],
    );
    one_key("On", json!([1]), "Alerts.On[0]", &["one of"]);
    for key in ["BacklogItems", "BacklogSeconds"] {
        for value in [json!(-1), json!(1.5), json!("1"), json!(null)] {
            let path = format!("Alerts.{key}");
            one_key(key, value, &path, &["an integer"]);
        }
    }
    one_key(
        "Secert",
        json!("x"),
        "Alerts.Secert",
        &["unknown key", "did you mean \"Secret\"?"],
    );
}

#[test]
fn all_of_them_at_once_and_without_the_secret() {
    const WORD: &str = "open-sesame";
    let configuration = with(json!({ "Alerts": {
        "Url": format!("https//{WORD}"), "Secret": [WORD], "Secrets": WORD, "On": [], "BacklogItems": "many",
    } }));
    let text = read(&configuration).unwrap_err().to_string();
    assert!(text.starts_with("5 mistakes"), "{text}");
    assert!(!text.contains(WORD), "{text}");
    let valid = with(json!({ "Alerts": { "Url": format!("http://m/{WORD}"), "Secret": WORD } }));
    let settings = read(&valid).unwrap();
    assert!(!format!("{settings:?}").contains(WORD));
}
