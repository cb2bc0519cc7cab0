//! The error queue: replay, redirect, purge.

use super::*;

#[test]
fn the_error_queue_is_replayed_redirected_and_purged() {
    let (bad, _good, queue, _) = scene();
    let ctl = Ctl::of(&queue);
    assert!(
        ctl.fails(2, &["replay"])
            .contains("an empty filter is refused: say which items (their numbers, --destination")
    );
    assert_eq!(
        ctl.json(&["replay", "--all", "--dry-run"]),
        json!({ "Replayed": 4, "DryRun": true })
    );
    assert_eq!(
        queue.count("bad", "Failure"),
        4,
        "a dry run changes nothing"
    );
    assert_eq!(
        ctl.json(&["redirect", "--status", "A900", "--to", "good"]),
        json!({ "Redirected": 2 })
    );
    queue.wait_for("good", "Success", 6);
    bad.set_store(Respond::Status(0));
    let one = queue.items("state=Failure")[0]["ID"].to_string();
    assert!(ctl.ok(&["replay", &one]).contains("replayed: 1 item\n"));
    queue.wait_for("bad", "Success", 1);
    let said = ctl.fails(1, &["replay", &one]);
    assert!(said.contains("0 items of 1 named"), "{said}");
    // It is not among what waits.
    for verb in ["cancel", "send-now"] {
        let output = ctl.run(&[verb, &one]);
        assert!(!output.status.success() && !output.stderr.is_empty());
    }
    // Nobody to ask.
    assert!(
        ctl.fails(2, &["purge", "--all"])
            .contains("1 item would be purged")
    );
    assert_eq!(queue.count("bad", "Failure"), 1);
    assert!(
        ctl.ok(&["purge", "--all", "--dry-run"])
            .contains("1 item would be purged; nothing was changed")
    );
    assert!(
        ctl.ok(&["purge", "--all", "--yes"])
            .contains("purged: 1 item\n")
    );
    assert_eq!(queue.count("bad", "Failure"), 0);
    assert!(ctl.run(&["status", "--check"]).status.success());
    // What Orthanc has no longer, and a rule names, needs a person.
    let _ = queue.delete("/modalities/good").ok();
    queue.wait_until(
        || ctl.run(&["status", "--check"]).status.code() == Some(1),
        SOON,
        "it is seen",
    );
    assert!(ctl.ok(&["status"]).contains("NotConfigured"));
}

/// On a terminal it asks. What fails while it asks stays.
#[test]
fn purging_asks_on_a_terminal() {
    let (_bad, _good, queue, _) = scene();
    let ctl = Ctl::of(&queue);
    for (asked, answer, left) in [(4, "n\n", 5), (5, "y\n", 1)] {
        let mut child = ctl.on_a_terminal("purge --all");
        let mut text = String::new();
        let mut stdout = child.stdout.take().expect("a pipe");
        let mut byte = [0];
        while !text.contains("[y/N]") && stdout.read(&mut byte).expect("readable") == 1 {
            text.push(char::from(byte[0]));
        }
        assert!(text.contains(&format!("Purge {asked} items?")), "{text}");
        queue.store_all(&Study::new(1, 1).seed(70 + asked).build());
        queue.wait_for("bad", "Failure", asked + 1);
        child
            .stdin
            .take()
            .expect("a pipe")
            .write_all(answer.as_bytes())
            .expect("answered");
        stdout.read_to_string(&mut text).expect("text");
        child.wait().expect("an end");
        assert_eq!(queue.count("bad", "Failure"), left, "{answer:?}: {text}");
    }
}

/// Another process holds the database: what was not done is not told as done.
#[test]
fn a_locked_database_is_a_failure() {
    let (_bad, _good, queue, _) = scene();
    let ctl = Ctl::of(&queue);
    let database = queue.data_dir().join("index/sendqueue.db");
    let lock = rusqlite::Connection::open(database).expect("the database");
    lock.execute_batch("BEGIN EXCLUSIVE").expect("a lock");
    assert!(ctl.fails(1, &["replay", "--all"]).contains("locked"));
    lock.execute_batch("ROLLBACK").expect("unlocked");
    assert_eq!(queue.count("bad", "Failure"), 4);
}
