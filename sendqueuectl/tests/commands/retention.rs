//! What would be deleted, and why the rest stays.

use super::*;

#[test]
fn what_would_go_and_why_the_rest_stays_is_told() {
    let (archive, pacs) = (FaultScp::start("ARCHIVE"), FaultScp::start("PACS"));
    let retention = json!({ "Safe": [ "archive" ], "DeleteAfterDays": 0 });
    let config = queue::config_for(&[&archive, &pacs]).set("/SendQueue/Retention", retention);
    let queue = Queue::start(config);
    queue.store_all(&Study::new(1, 2).build());
    queue.wait_for("archive", "Success", 2);
    queue.wait_for("pacs", "Success", 2);
    let safe = queue.items("")[0]["Study"].as_str().unwrap().to_owned();
    archive.set_status(0xB000);
    queue.store_all(&Study::new(1, 1).seed(2).build());
    queue.wait_for("archive", "Success", 3);
    let ctl = Ctl::of(&queue);
    let asked = ctl.ok(&["retention", "--run"]);
    assert!(
        asked.starts_with("all studies are looked at: nothing is deleted; "),
        "{asked}"
    );
    let is_over = || {
        let told = ctl.json(&["retention"]);
        told["Running"] == false && told["LastPass"]["Studies"] == 2
    };
    queue.wait_until(is_over, SOON, "all studies were looked at");
    let text = ctl.ok(&["retention"]);
    assert!(
        text.starts_with("DryRun: nothing is deleted\nproven at archive, 0 days"),
        "{text}"
    );
    assert!(
        text.contains(": 2 studies; 1 would go (2 instances, "),
        "{text}"
    );
    assert!(
        text.contains(&format!("{safe}  ")) && text.contains("  goes\n"),
        "{text}"
    );
    assert!(
        text.contains("archive acknowledged 1 of 1 with a warning"),
        "{text}"
    );
    let one = ctl.json(&["retention", "--study", &safe]);
    assert_eq!(one["Studies"].as_array().map(Vec::len), Some(1));
    assert_eq!(one["Studies"][0]["Goes"], true, "{one:#}");
    assert_eq!(
        ctl.json(&["retention", "--run", "--dry-run"]),
        json!({ "DryRun": true })
    );
    let deleted = ctl.ok(&["retention", "--deleted"]);
    assert!(deleted.ends_with("(none)\n"), "{deleted}");
    ctl.fails(2, &["retention", "--dry-run"]);
    ctl.fails(4, &["retention", "--study", "A999"]);
}

#[test]
fn without_a_section_nothing_is_deleted() {
    let scp = FaultScp::start("PACS");
    let queue = Queue::start(queue::config_for(&[&scp]));
    let ctl = Ctl::of(&queue);
    let text = ctl.ok(&["retention"]);
    assert!(
        text.starts_with("nothing is deleted from Orthanc"),
        "{text}"
    );
    assert!(
        ctl.fails(1, &["retention", "--run"])
            .contains("no Retention in the configuration")
    );
}
