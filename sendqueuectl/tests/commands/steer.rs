//! Destinations are paused and resumed; `enqueue`, `send-now`, `watch`.

use std::io::{BufRead, BufReader};

use super::*;

#[test]
fn destinations_are_steered_and_studies_enqueued_and_watched() {
    let (_bad, _good, queue, study) = scene();
    let ctl = Ctl::of(&queue);
    assert!(ctl.ok(&["pause", "good", "bad"]).contains("good: Paused"));
    assert_eq!(
        ctl.json(&["enqueue", &study, "--to", "good", "--dry-run"]),
        json!({ "Enqueued": 4, "AlreadyQueued": 0, "Raised": 0, "Failed": 0, "DryRun": true })
    );
    assert!(
        ctl.ok(&["enqueue", &study, "--to", "good", "--priority", "High"])
            .contains("enqueued: 4 items")
    );
    assert_eq!(queue.count("good", "Pending"), 4);
    assert_eq!(queue.items("state=Pending")[0]["Priority"], "High");
    let mut watch = ctl
        .command(&[
            "watch",
            "--study",
            &study,
            "--destination",
            "good",
            "--every",
            "0.1",
        ])
        .stdout(Stdio::null())
        .spawn()
        .expect("watch");
    assert!(
        watch.try_wait().expect("a child").is_none(),
        "something still waits"
    );
    assert!(ctl.ok(&["resume", "good"]).contains("good: Ready"));
    assert!(watch.wait().expect("a child").success(), "all went");
    assert_eq!(queue.count("good", "Success"), 8);
    let unknown = ctl.fails(4, &["watch", "--study", &study, "--destination", "nowhere"]);
    assert!(unknown.contains("no destination"), "{unknown}");
    // What failed before anybody looked is told too: `bad` is paused, and has no more of it.
    assert_eq!(
        ctl.run(&["watch", "--study", &study]).status.code(),
        Some(1)
    );
    assert!(ctl.ok(&["send-now", "good"]).contains("good: "));
    // What fails while it is watched is told by the exit code.
    let watch = ctl
        .command(&["watch", "--destination", "bad", "--every", "0.1"])
        .stdout(Stdio::null())
        .spawn();
    let mut watch = watch.expect("watch");
    assert!(watch.wait().expect("a child").success(), "nothing is open");
    // What failed before stays, and that is said.
    let enqueued = ctl.ok(&["enqueue", &study, "--to", "bad"]);
    assert!(
        enqueued.starts_with("enqueued: 4 items") && enqueued.contains("left there: 4 items"),
        "{enqueued}"
    );
    let counted = ctl.ok(&["replay", "--destination", "bad", "--dry-run"]);
    assert_eq!(counted, "4 items would be replayed; nothing was changed\n");
    let mut watch = ctl
        .command(&["--json", "watch", "--every", "0.1"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("watch");
    // It has looked once: what fails now fails while it watches.
    // The rest of what it says is taken, so that it can go on.
    let mut said = BufReader::new(watch.stdout.take().expect("piped"));
    let mut line = String::new();
    said.read_line(&mut line).expect("a line");
    assert!(line.contains("\"Open\""), "{line}");
    ctl.ok(&["resume", "bad"]);
    std::io::copy(&mut said, &mut std::io::sink()).expect("the rest");
    assert_eq!(watch.wait().expect("a child").code(), Some(1));
}
