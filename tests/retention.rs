//! G12: nothing is deleted from Orthanc that is not safely elsewhere, those very bytes.

use std::time::Duration;

use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, Kind, OrthancConfig, SmallDisk, Study, poll, wait_until};
use serde_json::{Value, json};

const LONG: Duration = Duration::from_secs(120);

fn config(receivers: &[&FaultScp], safe: &[&str], dry_run: bool) -> OrthancConfig {
    queue::config_for(receivers).set(
        "/SendQueue/Retention",
        json!({ "Safe": safe, "DeleteAfterDays": 0, "DryRun": dry_run }),
    )
}

/// Studies that Orthanc has.
fn studies(queue: &Queue) -> Vec<String> {
    let all = queue.get("/studies").ok().json();
    let mut all: Vec<String> = serde_json::from_value(all).unwrap();
    all.sort();
    all
}

/// Orthanc's identifier of the study of an instance.
fn study_of(queue: &Queue, instance: &str) -> String {
    let parent = queue.get(&format!("/instances/{instance}/study"));
    parent.json()["ID"].as_str().unwrap().to_owned()
}

/// Stores a study; answers Orthanc's identifier of it and of its instances.
fn store(queue: &Queue, seed: u64, instances: usize) -> (String, Vec<String>) {
    let ids = queue.store_all(&Study::new(1, instances).seed(seed).build());
    (study_of(queue, &ids[0]), ids)
}

/// A pass that a person asks for; answers what `GET /sendqueue/retention` tells then.
fn pass(queue: &Queue) -> Value {
    let last = || queue.ask("/retention")["LastPass"]["Begun"].clone();
    let before = last();
    queue.tell("/retention/run", &json!({}));
    queue.wait_until(
        || last() != before && queue.ask("/retention")["Running"] == false,
        SOON,
        "a pass over the studies",
    );
    queue.ask("/retention")
}

/// The sentence of a study, as the last pass found; `None`: it is not told of.
fn sentence(told: &Value, study: &str) -> Option<String> {
    let all = told["Studies"].as_array().unwrap();
    let one = all.iter().find(|one| one["Study"] == study)?;
    assert_eq!(one["Goes"], one["Sentence"] == "", "{one:#}");
    Some(one["Sentence"].as_str().unwrap().to_owned())
}

#[test]
fn a_dry_run_tells_all_and_deletes_nothing() {
    let (pacs, archive) = (FaultScp::start("PACS"), FaultScp::start("ARCHIVE"));
    let mut queue = Queue::start(config(&[&pacs, &archive], &["pacs", "archive"], true));
    let (safe, _) = store(&queue, 1, 3);
    queue.wait_for_rest(6);
    archive.set_status(0xB000);
    let (warned, _) = store(&queue, 2, 2);
    queue.wait_for_rest(10);
    archive.set_status(0xC000);
    let (failed, _) = store(&queue, 3, 2);
    queue.wait_for_rest(14);
    let told = pass(&queue);
    assert_eq!(sentence(&told, &safe).as_deref(), Some(""), "{told:#}");
    let why = "archive acknowledged 2 of 2 with a warning";
    assert_eq!(sentence(&told, &warned).as_deref(), Some(why));
    let why = "nothing of it was delivered to archive";
    assert_eq!(sentence(&told, &failed).as_deref(), Some(why));
    let goes = &told["LastPass"]["Goes"];
    assert_eq!(
        (&goes["Studies"], &goes["Instances"]),
        (&json!(1), &json!(3))
    );
    assert!(goes["Bytes"].as_u64().unwrap() > 0);
    assert_eq!(told["LastPass"]["DryRun"], true);
    assert!(told["FreePercent"].as_f64().is_some_and(|free| free > 0.0));
    // One study, judged as it is now.
    let one = queue.ask(&format!("/retention?study={failed}"));
    let why = "2 of 2 are in the error queue of archive; nothing of it was delivered to archive";
    assert_eq!(sentence(&one, &failed).as_deref(), Some(why));
    // In pages, and by what becomes of it.
    let of = |query: &str| {
        let told = queue.ask(&format!("/retention?{query}"));
        told["Studies"].as_array().unwrap().clone()
    };
    assert_eq!(of("goes=true").len(), 1);
    assert_eq!(of("goes=false").len(), 2);
    let first = of("limit=1");
    assert_eq!(first[0]["Study"], safe.as_str());
    assert_eq!(of(&format!("after={}", first[0]["ID"])).len(), 2);
    // Nothing was deleted, and nothing can be.
    assert_eq!(studies(&queue).len(), 3);
    assert_eq!(queue.ask("/deletions"), json!([]));
    let refused = queue.post_json("/sendqueue/retention/run", &json!({ "DryRun": false }));
    assert_eq!(refused.status, 409, "{}", refused.text());
    assert!(refused.text().contains("Retention.DryRun is true"));
    assert!(!queue.stop().unwrap().killed);
}

#[test]
fn what_is_proven_goes_and_all_else_stays() {
    let (pacs, archive) = (FaultScp::start("PACS"), FaultScp::start("ARCHIVE"));
    let config = config(&[&pacs, &archive], &["archive"], false)
        .set("OverwriteInstances", true)
        .set("/SendQueue/HistoryDays", 0)
        .set("/SendQueue/Retention/DeleteAfterDays", 1);
    let mut queue = Queue::start(config.clone());
    let (safe, _) = store(&queue, 1, 3);
    let (late, late_ids) = store(&queue, 2, 2);
    let (overwritten, overwritten_ids) = store(&queue, 3, 2);
    queue.wait_until(
        || archive.counters().stores == 7,
        SOON,
        "all at the archive",
    );
    queue.wait_until(|| pacs.counters().stores == 7, SOON, "all at the PACS");
    let young = "it arrived or was delivered not long enough ago";
    assert_eq!(sentence(&pass(&queue), &safe).as_deref(), Some(young));
    // Purged, and redirected: never at the archive.
    archive.set_status(0xC000);
    let (purged, _) = store(&queue, 4, 1);
    queue.wait_for("archive", "Failure", 1);
    let of_archive = json!({ "Destination": "archive" });
    assert_eq!(queue.tell("/errors/purge", &of_archive)["Purged"], 1);
    let (redirected, _) = store(&queue, 5, 1);
    queue.wait_for("archive", "Failure", 1);
    let to_pacs = json!({ "Destination": "archive", "To": "pacs" });
    assert_eq!(queue.tell("/errors/redirect", &to_pacs)["Redirected"], 1);
    queue.wait_until(|| pacs.counters().stores == 10, SOON, "all at the PACS");
    // What the queue is paused for is kept, though the archive has it.
    archive.set_status(0);
    queue.tell("/destinations/pacs/pause", &json!({}));
    let (waits, _) = store(&queue, 6, 1);
    queue.wait_until(
        || archive.counters().stores == 10,
        SOON,
        "the last one at the archive",
    );
    // A late arrival that no rule knows of, and an overwrite.
    let mut with_rule = config.clone();
    with_rule = with_rule
        .set("/SendQueue/Rules", json!([]))
        .set("/SendQueue/Retention/DeleteAfterDays", 0);
    queue.restart_with(with_rule.clone()).expect("Orthanc");
    let more = Study::new(1, 3).seed(2).build();
    queue.store(&more[2].bytes);
    let again = Study::new(1, 2)
        .seed(3)
        .study_description("corrected")
        .build();
    queue.store(&again[1].bytes);
    let deleted = || {
        let all = queue.ask("/deletions");
        all.as_array().unwrap().len()
    };
    pass(&queue);
    assert_eq!(deleted(), 1);
    let told = queue.ask("/retention");
    let mut expected = vec![
        late.clone(),
        overwritten.clone(),
        purged.clone(),
        redirected.clone(),
        waits.clone(),
    ];
    expected.sort();
    assert_eq!(studies(&queue), expected, "{told:#}");
    let why = |study: &str| {
        let now = queue.ask(&format!("/retention?study={study}"));
        sentence(&now, study).unwrap()
    };
    assert_eq!(why(&late), "1 of 3 were never queued for archive");
    assert_eq!(
        why(&overwritten),
        "1 of 2 arrived again after they were sent to archive"
    );
    assert_eq!(why(&waits), "1 of 1 are still to be sent to pacs");
    let nothing = "nothing of it was delivered to archive";
    assert!(why(&purged).contains(nothing), "{}", why(&purged));
    assert!(
        why(&redirected).contains("redirected from archive"),
        "{}",
        why(&redirected)
    );
    for id in late_ids.iter().chain(&overwritten_ids) {
        assert_eq!(queue.get(&format!("/instances/{id}")).status, 200);
    }
    // What is known of it for ever.
    let known = &queue.ask(&format!("/deletions?study={safe}"))[0];
    assert_eq!(
        (&known["Instances"], &known["Deleted"]),
        (&json!(3), &json!(3))
    );
    assert_eq!(known["Safe"][0]["Destination"], "archive");
    assert!(known["Ended"].is_string() && known["Kept"].is_null() && known["Emergency"] == false);
    let journal = queue.ask("/journal");
    let told = journal
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["Event"] == "Deleted");
    assert_eq!(
        told.unwrap()["Details"],
        "1 study and 3 instances deleted from Orthanc"
    );
    // The later passes delete nothing more.
    pass(&queue);
    assert_eq!(studies(&queue), expected);
    assert!(!queue.stop().unwrap().killed);
}

/// The steps of a deletion (`src/failpoint.rs`).
const POINTS: [&str; 4] = [
    "retention-looked",
    "retention-noted",
    "retention-deleted",
    "retention-ended",
];

#[test]
fn the_process_ends_at_each_step_of_a_deletion() {
    if std::env::var_os("SENDQUEUE_PLUGIN").is_some() {
        eprintln!("a library given by SENDQUEUE_PLUGIN may be a release, which has no fail points");
        return;
    }
    for (seed, point) in POINTS.into_iter().enumerate() {
        let (archive, ward) = (FaultScp::start("ARCHIVE"), FaultScp::start("WARD"));
        let dry = config(&[&archive, &ward], &["archive"], true);
        let mut queue = Queue::start(dry.clone());
        let (safe, ids) = store(&queue, 100 + seed as u64, 3);
        queue.wait_for_rest(6);
        ward.set_status(0xC000);
        let (kept, kept_ids) = store(&queue, 200 + seed as u64, 2);
        queue.wait_for_rest(10);
        let wet = dry.clone().set("/SendQueue/Retention/DryRun", false);
        // The first pass begins with Orthanc.
        let _ = queue.restart_with(wet.clone().env("SENDQUEUE_FAIL_POINT", point));
        assert!(
            poll(|| !queue.is_running(), LONG),
            "{point}: the process did not end there"
        );
        queue.restart_with(dry).expect("Orthanc");
        let left = |queue: &Queue, ids: &[String]| {
            let there = ids
                .iter()
                .filter(|id| queue.get(&format!("/instances/{id}")).status == 200);
            there.count()
        };
        let noted = queue.ask("/deletions");
        let expected = match point {
            "retention-looked" => (3, 0),
            "retention-noted" => (3, 1),
            "retention-deleted" => (2, 1),
            _ => (0, 1),
        };
        assert_eq!(
            (left(&queue, &ids), noted.as_array().unwrap().len()),
            expected,
            "{point}"
        );
        assert_eq!(left(&queue, &kept_ids), 2, "{point}");
        // The next pass that deletes goes on.
        queue.restart_with(wet).expect("Orthanc");
        let has = |study: &str| queue.get(&format!("/studies/{study}")).status == 200;
        wait_until(|| !has(&safe), LONG, &format!("{point}: the rest goes"));
        pass(&queue);
        assert!(has(&kept), "{point}");
        assert_eq!(left(&queue, &kept_ids), 2, "{point}");
        let all = queue.ask("/deletions");
        let all = all.as_array().unwrap();
        assert!(
            all.iter()
                .all(|one| one["Ended"].is_string() && one["Study"] == safe.as_str()),
            "{point}: {all:#?}"
        );
        let gone: u64 = all.iter().map(|one| one["Deleted"].as_u64().unwrap()).sum();
        assert_eq!(gone, 3, "{point}: {all:#?}");
        assert_eq!(archive.acknowledged_uids().len(), 5, "{point}");
    }
}

/// Settings that are taken over while Orthanc runs.
#[test]
fn a_reload_begins_and_ends_it() {
    let archive = FaultScp::start("ARCHIVE");
    let mut queue = Queue::start(queue::config_for(&[&archive]));
    let (study, _) = store(&queue, 300, 2);
    queue.wait_for_rest(2);
    assert!(queue.ask("/retention").get("Settings").is_none());
    let refused = queue.post_json("/sendqueue/retention/run", &json!({}));
    assert_eq!(refused.status, 409, "{}", refused.text());
    let rules = json!([{ "To": ["archive"] }]);
    let section = |retention: Value| json!({ "Rules": rules, "Retention": retention });
    queue.tell(
        "/reload",
        &section(json!({ "Safe": ["archive"], "DeleteAfterDays": 0 })),
    );
    let told = pass(&queue);
    assert_eq!(sentence(&told, &study).as_deref(), Some(""));
    assert_eq!(studies(&queue).len(), 1);
    let wet = json!({ "Safe": ["archive"], "DeleteAfterDays": 0, "DryRun": false });
    queue.tell("/reload", &section(wet));
    queue.wait_until(|| studies(&queue).is_empty(), SOON, "it is deleted");
    // Two that were altered, or may have been, are no proof.
    let mut altering = section(json!({ "Safe": ["archive"], "DeleteAfterDays": 0 }));
    altering["Coercions"] = json!({ "r": [{ "Set": { "InstitutionName": "A" } }] });
    altering["Destinations"] = json!({ "archive": { "Coerce": "r" } });
    let refused = queue.post_json("/sendqueue/reload", &altering);
    assert_eq!(refused.status, 400, "{}", refused.text());
    altering.as_object_mut().unwrap().remove("Retention");
    queue.tell("/reload", &altering);
    let (altered, _) = store(&queue, 301, 1);
    queue.wait_until(|| archive.counters().stores == 3, SOON, "it is sent");
    let wet = json!({ "Safe": ["archive"], "DeleteAfterDays": 0, "DryRun": false });
    queue.tell("/reload", &section(wet));
    let told = pass(&queue);
    let why = "1 of 1 may have been changed on the way to archive";
    assert_eq!(sentence(&told, &altered).as_deref(), Some(why));
    assert_eq!(studies(&queue), [altered]);
    assert!(!queue.stop().unwrap().killed);
}

/// What Orthanc alone knows of what is proven elsewhere: where it led, what is attached, which UIDs there are twice.
#[test]
fn what_only_orthanc_knows_keeps_a_study() {
    let (archive, other) = (FaultScp::start("ARCHIVE"), FaultScp::start("OTHER"));
    let mut queue = Queue::start(config(&[&archive], &["archive"], true));
    let wet = config(&[&archive], &["archive"], false);
    let (plain, _) = store(&queue, 400, 2);
    let (attached, ids) = store(&queue, 401, 2);
    let (twin, _) = store(&queue, 402, 1);
    queue.wait_for_rest(5);
    let series = queue.get(&format!("/instances/{}/series", ids[0])).json();
    let series = series["ID"].as_str().unwrap();
    let put = queue.put(&format!("/series/{series}/attachments/1024"), "a report");
    assert_eq!(put.status, 200, "{}", put.text());
    let modified = json!({
        "Replace": { "StudyInstanceUID": "1.2.276.0.7230010.3.1.99" },
        "Keep": ["SOPInstanceUID", "SeriesInstanceUID"],
        "Force": true,
        "Synchronous": true,
    });
    let made = queue.post_json(&format!("/studies/{twin}/modify"), &modified);
    let made = made.ok().json()["ID"].as_str().unwrap().to_owned();
    queue.wait_for_rest(6);
    queue.restart_with(wet).expect("Orthanc");
    let told = pass(&queue);
    let why = "a file is attached to it, to its patient or to a part of it, in Orthanc alone";
    assert_eq!(sentence(&told, &attached).as_deref(), Some(why));
    let why = "Orthanc may have another instance with the SOP Instance UID of 1 of 1";
    assert_eq!(sentence(&told, &twin).as_deref(), Some(why));
    assert_eq!(sentence(&told, &made).as_deref(), Some(why));
    let mut expected = vec![attached.clone(), twin.clone(), made.clone()];
    expected.sort();
    assert_eq!(studies(&queue), expected, "{plain} alone goes");
    // Without them nothing keeps them, but that the archive is another one now.
    for gone in [
        format!("/series/{series}/attachments/1024"),
        format!("/studies/{made}"),
    ] {
        assert_eq!(queue.delete(&gone).status, 200, "{gone}");
    }
    let modality = json!({ "AET": "OTHER", "Host": "127.0.0.1", "Port": other.port() });
    let moved = queue.put("/modalities/archive", modality.to_string());
    assert_eq!(moved.status, 200, "{}", moved.text());
    let told = pass(&queue);
    let why = "archive may have led elsewhere when 2 of 2 were sent: send them again";
    assert_eq!(sentence(&told, &attached).as_deref(), Some(why));
    assert_eq!(studies(&queue).len(), 2);
    let again = json!({ "Resources": [attached], "Destinations": ["archive"] });
    queue.tell("/items", &again);
    queue.wait_for_rest(8);
    assert_eq!(other.counters().stores, 2);
    // What was delivered a moment ago is too young.
    let goes = || {
        pass(&queue);
        studies(&queue) == [twin.clone()]
    };
    queue.wait_until(goes, SOON, "what was sent again goes");
    assert_eq!(archive.counters().stores, 6);
    assert!(!queue.stop().unwrap().killed);
}

/// The storage of this Orthanc is on a disk of its own, which becomes too full.
#[test]
fn a_full_disk_lets_what_is_proven_go_the_oldest_first_until_enough_is_free() {
    const DISK: usize = 32 << 20;
    const STUDY: usize = 2 << 20;
    let archive = FaultScp::start("ARCHIVE");
    let mut queue = Queue::start(OrthancConfig::new());
    let folder = queue.data_dir().join("small");
    let Some(disk) = SmallDisk::mount(&folder, "32m") else {
        eprintln!("a full disk needs a small disk: run this test as root");
        return;
    };
    let config = config(&[&archive], &["archive"], false)
        .set("/StorageDirectory", queue.inside(&folder))
        .set("/SendQueue/Retention/DeleteAfterDays", 30)
        .set("/SendQueue/Retention/EmergencyBelowFreePercent", 50);
    queue.restart_with(config).expect("Orthanc");
    let store = |seed: u64| {
        let study = Study::new(1, 2).seed(seed).kind(Kind::Bytes(STUDY / 2));
        let ids = queue.store_all(&study.build());
        study_of(&queue, &ids[0])
    };
    archive.set_status(0xC000);
    let failed = store(500);
    queue.wait_for("archive", "Failure", 2);
    archive.set_status(0);
    let [first, second, third] = [501, 502, 503].map(store);
    queue.wait_for("archive", "Success", 6);
    let told = pass(&queue);
    assert_eq!(told["LastPass"]["Emergency"], false, "{told:#}");
    let young = "it arrived or was delivered not long enough ago";
    assert_eq!(sentence(&told, &first).as_deref(), Some(young));
    // Four studies are there; one and a half of them must go.
    disk.take(DISK / 2 - 4 * STUDY + STUDY * 3 / 2);
    let told = pass(&queue);
    assert_eq!(told["LastPass"]["Emergency"], true, "{told:#}");
    assert_eq!(told["LastPass"]["Deleted"]["Studies"], 2, "{told:#}");
    let mut left = vec![failed.clone(), third.clone()];
    left.sort();
    assert_eq!(studies(&queue), left);
    let deleted = queue.ask("/deletions?order=desc");
    for (one, study) in deleted.as_array().unwrap().iter().zip([&second, &first]) {
        assert_eq!(
            (&one["Study"], &one["Emergency"]),
            (&json!(study), &json!(true))
        );
    }
    assert!(told["FreePercent"].as_f64().is_some_and(|free| free > 50.0));
    // Full as it is, what is not proven stays.
    disk.fill();
    pass(&queue);
    assert_eq!(studies(&queue), [failed]);
    disk.free();
    assert!(!queue.stop().unwrap().killed);
}

/// A changed copy is enough, where the administrator says so.
#[test]
fn with_allow_changed_an_altered_copy_is_enough() {
    let archive = FaultScp::start("ARCHIVE");
    let config = config(&[&archive], &["archive"], true)
        .set("/SendQueue/Retention/AllowChanged", true)
        .set(
            "/SendQueue/Coercions",
            json!({ "r": [{ "Set": { "InstitutionName": "A" } }] }),
        )
        .set("/SendQueue/Destinations/archive/Coerce", "r");
    let mut queue = Queue::start(config.clone());
    let (study, _) = store(&queue, 600, 2);
    queue.wait_for_rest(2);
    archive.set_status(0xB000);
    let (warned, _) = store(&queue, 601, 1);
    queue.wait_for_rest(3);
    let told = pass(&queue);
    assert_eq!(sentence(&told, &study).as_deref(), Some(""));
    let why = "archive acknowledged 1 of 1 with a warning";
    assert_eq!(sentence(&told, &warned).as_deref(), Some(why));
    let wet = config.set("/SendQueue/Retention/DryRun", false);
    queue.restart_with(wet).expect("Orthanc");
    queue.wait_until(
        || studies(&queue) == [warned.clone()],
        SOON,
        "it is deleted",
    );
    let deleted = queue.ask("/deletions");
    assert_eq!(
        (&deleted[0]["Study"], &deleted[0]["Deleted"]),
        (&json!(study), &json!(2))
    );
    assert_eq!(archive.acknowledged_uids().len(), 3);
    assert!(!queue.stop().unwrap().killed);
}
