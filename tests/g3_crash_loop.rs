//! An instance that ends Orthanc whenever it is prepared or sent: Orthanc comes up again, all others arrive, and it
//! alone waits in the error queue. Kills that are nobody's doing send nothing there.

use std::collections::BTreeSet;
use std::time::Duration;

use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, Respond, Study, Webhook, poll};
use serde_json::json;

const LONG: Duration = Duration::from_secs(120);
const INSTANCES: usize = 40;
/// How often it may end before it stays: three times blamed, and a few on which others arrived.
const MOST_ENDS: usize = 8;

#[test]
fn what_kills_orthanc_is_taken_out_of_the_way() {
    if std::env::var_os("SENDQUEUE_PLUGIN").is_some() {
        eprintln!("a library given by SENDQUEUE_PLUGIN may be a release, which has no fail points");
        return;
    }
    // With `Auto` what stands first in the queue is left to Orthanc, and is not what is in hand.
    for transport in ["Native", "Rest", "Auto"] {
        killed_over(transport);
    }
}

/// A data set of odd length, which no device should write: Data Set Trailing Padding (FFFC,FFFC) of three bytes.
fn only_for_orthanc(file: &mut Vec<u8>) {
    file.extend_from_slice(b"\xFC\xFF\xFC\xFFOB\0\0\x03\0\0\0\0\0\0");
}

fn killed_over(transport: &str) {
    let scp = FaultScp::start("PACS");
    let webhook = Webhook::start();
    let config = queue::config_for(&[&scp])
        .set("/SendQueue/Defaults/BatchSize", 10)
        .set("/SendQueue/Defaults/Transport", transport)
        .set(
            "/SendQueue/Alerts",
            json!({ "Url": webhook.url(), "On": ["Failure"] }),
        );
    let mut queue = Queue::start(config.clone());
    queue.tell("/destinations/pacs/pause", &json!({}));
    let mut instances = Study::new(1, INSTANCES).build();
    if transport == "Auto" {
        instances[..3]
            .iter_mut()
            .for_each(|one| only_for_orthanc(&mut one.bytes));
    }
    queue.store_all(&instances);
    queue.wait_for("pacs", "Pending", INSTANCES as u64);
    queue.kill9();
    let poison = instances[7].sop_instance_uid.clone();
    let deadly = config.env("SENDQUEUE_FAIL_INSTANCE", &poison);
    let mut ends = 0;
    // It may end before it can be asked anything.
    let up = queue.restart_with(deadly.clone()).is_ok();
    if up {
        let _ = queue.try_request("POST", "/sendqueue/destinations/pacs/resume", b"{}");
    }
    let at_rest = loop {
        let mut counts = serde_json::Value::Null;
        let over = poll(
            || {
                let answer = queue.try_request("GET", "/sendqueue/destinations/pacs", b"");
                if let Ok(answer) = answer {
                    counts = answer.json()["Counts"].clone();
                }
                let open = ["Scheduled", "Pending", "Running", "Retry"];
                let done = counts.is_object() && open.iter().all(|state| counts[*state] == 0);
                done || !queue.is_running()
            },
            LONG,
        );
        assert!(
            over,
            "{transport}: neither at rest nor ended: {counts}\n{}",
            queue.log()
        );
        if queue.is_running() {
            break counts;
        }
        ends += 1;
        assert!(
            ends <= MOST_ENDS,
            "{transport}: it ends for ever\n{}",
            queue.log()
        );
        let _ = queue.restart_with(deadly.clone());
    };
    println!("{transport}: ended {ends} times");
    if transport == "Auto" {
        assert!(queue.log().contains("through Orthanc's own SCU"));
    }
    assert!(ends >= 3, "{transport}: {ends}");
    assert_eq!(at_rest["Failure"], 1, "{transport}");
    assert_eq!(at_rest["Success"], INSTANCES - 1, "{transport}");
    let errors = queue.ask("/errors");
    assert_eq!(errors[0]["SopInstanceUid"], json!(poison));
    assert_eq!(errors[0]["Class"], "Internal");
    let said = "Orthanc ended 3 times while this was being prepared or sent";
    assert_eq!(errors[0]["Details"], said);
    assert!(queue.log_errors().iter().any(|line| line.contains(said)));
    let told = |webhook: &Webhook| !webhook.accepted("Failure").is_empty();
    assert!(webhook.wait_for(told, LONG), "nobody was told");
    let expected: BTreeSet<String> = instances
        .iter()
        .map(|instance| instance.sop_instance_uid.clone())
        .filter(|uid| *uid != poison)
        .collect();
    let mut arrived = scp.acknowledged_uids();
    if transport == "Rest" {
        // Orthanc's job runs already when the process ends: here, unlike with a codec that aborts, it may have sent it.
        arrived.remove(&poison);
    }
    assert_eq!(arrived, expected, "{transport}");
}

#[test]
fn ten_kills_under_load_blame_nobody() {
    let scp = FaultScp::start("PACS");
    scp.set_store(Respond::Delay(Duration::from_millis(5), 0));
    let mut queue = Queue::start(queue::config_for(&[&scp]));
    let instances = Study::new(4, 75).build();
    queue.store_all(&instances);
    for kill in 0..10 {
        assert!(scp.wait_for_stores(25 * (kill + 1), SOON));
        queue.kill9();
        queue.restart().unwrap();
    }
    queue.wait_for("pacs", "Success", instances.len() as u64);
    assert_eq!(queue.count("pacs", "Failure"), 0);
}
