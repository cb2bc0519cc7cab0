//! Sources that fall silent.

use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::json;

use super::super::sources::{Listener, SourceLook, too_long};
use super::*;
use crate::config::settings::{SilentSource, Window};
use crate::config::{Current, load};
use crate::item::Ahead;
use crate::store::sqlite::SqliteStore;
use crate::store::{Heard, Intake, Journal, Sources};

fn source(aet: &str, last: Option<i64>, silent: bool) -> SourceLook {
    SourceLook {
        aet: aet.to_owned(),
        last: last.map(at),
        watched: Some(Duration::from_secs(3600)),
        silent_since: silent.then(|| at(0)),
    }
}

#[test]
fn a_silence_is_told_once_and_its_end() {
    let scene = Scene::new(Vec::new());
    let set = |all: Vec<SourceLook>| *scene.sources.lock().unwrap() = all;
    set(vec![
        source("CT1", Some(-7200), false),
        source("MR1", None, false),
    ]);
    assert!(scene.pass(100).is_empty());
    set(vec![
        source("CT1", Some(-7200), true),
        source("MR1", None, true),
    ]);
    let mut told = scene.pass(100);
    told.sort_by_key(|message| message["Source"].to_string());
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0]["Kind"], "SourceSilent");
    assert_eq!(told[0]["Source"], "CT1");
    assert!(told[0]["Destination"].is_null());
    assert_eq!(told[0]["Since"], "20261119T220000.000000");
    let words = "CT1 is silent: it has sent nothing since 19 Nov 22:00 (2 h)";
    assert_eq!(told[0]["Message"], words);
    assert_eq!(told[1]["Message"], "MR1 is silent: it has sent nothing yet");
    assert!(told[1]["Since"].is_null());
    assert!(told[1]["Advice"].as_str().unwrap().contains("network"));
    assert!(scene.pass(1000).is_empty());

    set(vec![
        source("CT1", Some(1200), false),
        source("MR1", None, true),
    ]);
    let told = scene.pass(1);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["Kind"], "SourceBack");
    assert_eq!(told[0]["Source"], "CT1");
    assert_eq!(
        told[0]["Message"],
        "CT1 sends again, 2 h after what came before"
    );
    // No longer watched: there is nothing to tell.
    set(Vec::new());
    assert!(scene.pass(100).is_empty());
}

#[test]
fn what_comes_back_is_told_by_who_sends_it() {
    let scene = Scene::new(Vec::new());
    let set = |aet: &str, count: u64| {
        let mut all = scene.own_outputs.lock().unwrap();
        all.insert(aet.to_owned(), count);
    };
    assert!(scene.pass(10).is_empty());
    set("PACS", 1);
    assert!(scene.pass(2).is_empty(), "one study comes back in seconds");
    set("PACS", 12);
    let told = scene.pass(8);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["Kind"], "OwnOutput");
    assert_eq!(told[0]["Source"], "PACS");
    assert!(told[0]["Destination"].is_null());
    assert_eq!(told[0]["Count"], 12);
    assert_eq!(told[0]["Since"], "20261120T000011.000000");
    let words = "PACS sends back what this queue had sent: 12 instances; they are not sent again";
    assert_eq!(told[0]["Message"], words);
    set("PACS", 13);
    set("CT", 1);
    let told = scene.pass(10);
    assert_eq!(told.len(), 1, "the other one had its message: {told:?}");
    assert_eq!(told[0]["Source"], "CT");
    let told = scene.pass(60);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["Count"], 1);
}

/// A destination may have the name of a source.
#[test]
fn a_source_is_no_destination() {
    let look = Look {
        destination: "CT1".to_owned(),
        open: 7,
        ..Look::default()
    };
    let scene = Scene::new(vec![look]);
    *scene.sources.lock().unwrap() = vec![source("CT1", None, true)];
    let told = scene.pass(1);
    assert_eq!(told[0]["Waiting"], 0, "{told:?}");
}

#[test]
fn only_the_time_of_its_windows_counts() {
    let hours = |hours: i64| hours * 3600;
    // 20 November 2026 is a Friday.
    let work = Window {
        days: vec![0, 1, 2, 3, 4],
        from: 8 * 60,
        to: 18 * 60,
    };
    let source = SilentSource {
        aet: "CT1".to_owned(),
        seconds: 4.0 * 3600.0,
        windows: vec![work],
    };
    let found = |from: i64, now: i64, ahead: i64| {
        let ahead = Ahead::from_micros(hours(ahead) * 1_000_000);
        too_long(
            &source,
            at(hours(from)),
            at(hours(now)),
            ahead,
            &TimeZone::UTC,
        )
    };
    assert_eq!(found(12, 15, 0), None);
    assert_eq!(found(12, 16, 0), Some(at(hours(16))));
    // From Friday 16:00 on, the fourth hour ends on Monday at 10:00.
    assert_eq!(found(16, 16 + 65, 0), None);
    assert_eq!(found(16, 16 + 66, 0), Some(at(hours(16 + 66))));
    // The machine's clock is two hours ahead of the queue's time: it opens two hours earlier by that.
    assert_eq!(found(4, 10, 2), Some(at(hours(10))));
    assert_eq!(found(4, 9, 2), None);
}

#[test]
fn silence_counts_from_the_start_at_the_earliest() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(&folder.path().join("q.db")).unwrap());
    let clock = Arc::new(TestClock::default());
    let settings = |sources: Value| {
        let alerts = json!({ "Url": "http://monitor/", "SilentSources": sources });
        let all = json!({ "SendQueue": { "Alerts": alerts } });
        load(&all, &|_| None, None).unwrap()
    };
    let both = json!([{ "Aet": "ct1", "Hours": 1 }, { "Aet": "MR1", "Hours": 2 }]);
    let current = Current::new(settings(both));
    let heard = |aet: &str, seconds: i64| {
        let heard = [Heard {
            aet: aet.to_owned(),
            at: at(seconds),
        }];
        store
            .enqueue(&Intake::arrival(&[]).hearing(&heard), at(seconds))
            .unwrap();
    };
    heard("CT1", -80_000);
    heard("US1", -80_000);
    let listener = Listener::new(store.clone(), current.clone(), clock.clone());
    let silent = || -> Vec<String> {
        listener.watch();
        let all = listener.look().unwrap().into_iter();
        all.filter(|look| look.silent_since.is_some())
            .map(|look| look.aet)
            .collect()
    };
    let pass = |seconds: i64| clock.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    // Who only looks writes nothing, and sees them all the same.
    assert_eq!(listener.look().unwrap().len(), 3);
    assert_eq!(store.sources().unwrap().len(), 2);
    assert!(silent().is_empty());
    assert_eq!(listener.look().unwrap().len(), 3);
    pass(3599);
    assert!(silent().is_empty());
    pass(1);
    assert_eq!(silent(), ["CT1"]);
    pass(3600);
    assert_eq!(silent(), ["CT1", "MR1"]);
    heard("CT1", 7200);
    assert_eq!(silent(), ["MR1"]);
    // Other settings hold from the next look on.
    current.replace(settings(json!([{ "Aet": "US1", "Hours": 1 }])));
    assert_eq!(silent(), ["US1"]);
    let known = listener.look().unwrap();
    assert!(known.iter().all(|look| look.aet != "MR1"), "{known:?}");
}
