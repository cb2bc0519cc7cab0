//! `"Scope": "Study"`: once an instance matches, all of its study go, what came earlier and what comes later; also
//! where the process ends in between.

use std::collections::BTreeSet;

use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, Instance, Study, poll};
use serde_json::json;

/// Some instances of one study and one modality; each series has its number.
fn series(modality: &str, number: usize, count: usize) -> Vec<Instance> {
    let study = Study::new(number, count).seed(7).modality(modality);
    (1..=count)
        .map(|instance| study.instance(number, instance))
        .collect()
}

fn uids(series: &[&[Instance]]) -> BTreeSet<String> {
    let all = series.iter().copied().flatten();
    all.map(|instance| instance.sop_instance_uid.clone())
        .collect()
}

/// Waits until these have arrived, and the queue has one item of each and none else.
#[track_caller]
fn wait_for_exactly(queue: &Queue, scp: &FaultScp, wanted: &BTreeSet<String>) {
    queue.wait_for_rest(wanted.len() as u64);
    assert_eq!(&scp.acknowledged_uids(), wanted);
    assert_eq!(queue.items("").len(), wanted.len());
    let items: BTreeSet<String> = queue.by_uid("pacs").into_keys().collect();
    assert_eq!(&items, wanted);
}

#[test]
fn all_of_the_study_goes() {
    let scp = FaultScp::start("PACS");
    let config = queue::config_for(&[&scp]).set(
        "/SendQueue/Rules",
        json!([{ "Name": "CT", "To": ["pacs"], "When": { "Tags": { "Modality": "CT" } }, "Scope": "Study" }]),
    );
    let ends_there = config.clone().env("SENDQUEUE_FAIL_POINT", "looked-back");
    let mut queue = Queue::start(ends_there);
    let (key_objects, images) = (series("KO", 1, 130), series("CT", 2, 3));
    let (reports, states) = (series("SR", 3, 2), series("PR", 4, 2));
    queue.store_all(&key_objects);
    let other = Study::new(1, 1).seed(8).modality("KO").build();
    queue.store(&other[0].bytes);
    let is_read = |queue: &Queue| {
        let last = queue.get("/changes?last").ok().json()["Last"].as_i64();
        queue.ask("")["Cursor"].as_i64() == last
    };
    queue.wait_until(|| is_read(&queue), SOON, "all changes are read");
    assert!(queue.items("").is_empty(), "none of them matches");

    // The first image takes the study; the process ends before the look back at the others is over.
    let is_release = std::env::var_os("SENDQUEUE_PLUGIN").is_some();
    let _ = queue.try_request("POST", "/instances", &images[0].bytes);
    if is_release {
        queue.kill9();
    }
    assert!(poll(|| !queue.is_running(), SOON), "it did not end there");
    queue.restart_with(config).expect("Orthanc");
    wait_for_exactly(&queue, &scp, &uids(&[&key_objects, &images[..1]]));

    queue.store(&reports[0].bytes);
    queue.kill9();
    queue.restart().expect("Orthanc");
    let later = images[1..].iter().chain(&states).chain(&reports[1..]);
    queue.store_all(later);
    let all = uids(&[&key_objects, &images, &reports, &states]);
    wait_for_exactly(&queue, &scp, &all);
    assert!(
        queue.items("").iter().all(|item| item["Rule"] == "CT"),
        "by the rule that took it"
    );
    assert_eq!(queue.log_errors(), Vec::<String>::new());
}
