//! `GET /sendqueue/history`.

use sendqueue_testkit::queue::{self, Queue};
use sendqueue_testkit::{FaultScp, Study};
use serde_json::Value;

fn total(history: &Value, key: &str) -> u64 {
    let minutes = history[key].as_array().expect("a list");
    assert_eq!(minutes.len(), 60, "{key}");
    minutes.iter().map(|one| one.as_u64().unwrap()).sum()
}

#[test]
fn the_last_hour_by_destination() {
    let good = FaultScp::start("GOOD");
    let refuses = FaultScp::start("REFUSES");
    refuses.set_status(0xC000);
    let mut queue = Queue::start(queue::config_for(&[&good, &refuses]));
    let before = queue.ask("/history");
    assert_eq!(before[0]["Destination"], "good");
    assert_eq!(total(&before[0], "Instances"), 0);

    let instances = Study::new(1, 4).build();
    queue.store_all(&instances);
    queue.wait_for("good", "Success", 4);
    queue.wait_for("refuses", "Failure", 4);
    let history = queue.ask("/history");
    let history = history.as_array().unwrap();
    let names: Vec<&str> = history
        .iter()
        .map(|one| one["Destination"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["good", "refuses"]);
    for one in history {
        assert_eq!(one["StepSeconds"], 60);
        // At the end of a minute.
        let until = one["Until"].as_str().unwrap();
        assert!(until.ends_with("00.000000"), "{until}");
        let newest = |key: &str| one[key].as_array().unwrap()[50..].to_vec();
        let recent: u64 = ["Instances", "Failed"]
            .iter()
            .flat_map(|key| newest(key))
            .map(|one| one.as_u64().unwrap())
            .sum();
        assert_eq!(recent, 4, "what came now is at the end: {one}");
    }
    let bytes: usize = instances.iter().map(|one| one.bytes.len()).sum();
    assert_eq!(total(&history[0], "Instances"), 4);
    assert_eq!(total(&history[0], "Bytes"), bytes as u64);
    assert_eq!(total(&history[0], "Failed"), 0);
    assert_eq!(total(&history[1], "Instances"), 0);
    assert_eq!(total(&history[1], "Bytes"), 0);
    assert_eq!(total(&history[1], "Failed"), 4);
    let shown = queue.ask("/destinations/good");
    let speed = shown["BytesPerSecond"].as_f64().unwrap();
    assert!(speed > 0.0 && speed <= bytes as f64, "{shown:#}");
    assert_eq!(queue.get("/sendqueue/history?x=1").status, 400);
    assert_eq!(queue.get("/sendqueue/history?hours=169").status, 400);
    let hours = |queue: &Queue, index: usize, key: &str| -> u64 {
        let one = queue.ask("/history?hours=24")[index].clone();
        assert_eq!(one["StepSeconds"], 3600);
        assert_eq!(one["Outages"], serde_json::json!([]));
        let hours = one[key].as_array().unwrap();
        assert_eq!(hours.len(), 24, "{one:#}");
        // The newest, or the one before if it has just begun.
        hours[22..].iter().map(|one| one.as_u64().unwrap()).sum()
    };
    assert_eq!(
        hours(&queue, 0, "Instances"),
        4,
        "shown before it is written"
    );
    assert_eq!(hours(&queue, 0, "Bytes"), bytes as u64);
    assert_eq!(hours(&queue, 1, "Failed"), 4);

    // The hour goes on over a restart, and over a sudden end.
    queue.kill9();
    queue.restart().unwrap();
    queue.store_all(&Study::new(1, 1).seed(2).build());
    queue.wait_for("good", "Success", 5);
    queue.wait_for("refuses", "Failure", 5);
    let all = |index: usize, key: &str| total(&queue.ask("/history")[index], key);
    queue.wait_until(
        || all(0, "Instances") == 5 && all(1, "Failed") == 5,
        queue::SOON,
        "what was before the restart is remembered",
    );
    assert!(all(0, "Bytes") > bytes as u64);
    queue.wait_until(
        || hours(&queue, 0, "Instances") == 5,
        queue::SOON,
        "what was not written before the kill is made up",
    );
    assert_eq!(hours(&queue, 1, "Failed"), 5);
    assert_eq!((all(0, "Failed"), all(1, "Instances")), (0, 0));
}
