//! What is done to all that waits and fits.

use super::*;

#[test]
fn what_waits_is_counted_and_asked_about() {
    let (_bad, _good, queue, study) = scene();
    let ctl = Ctl::of(&queue);
    ctl.ok(&["pause", "good", "bad"]);
    ctl.ok(&["enqueue", &study, "--to", "good", "--priority", "Low"]);
    let raised = ctl.ok(&["enqueue", &study, "--to", "good", "--priority", "High"]);
    assert!(raised.contains("of those that wait: 4 items"), "{raised}");
    assert_eq!(queue.items("state=Pending")[0]["Priority"], "High");
    let of_good = ["--destination", "good"];
    let fails = |arguments: &[&str], words: &str| {
        let said = ctl.fails(2, arguments);
        assert!(said.contains(words), "{said}");
    };
    fails(&["cancel"], "an empty filter is refused");
    fails(
        &[&["cancel"][..], &of_good].concat(),
        "4 items would be cancelled",
    );
    fails(&["redirect", "--rule", "x", "--to", "bad"], "say --waiting");
    let to = |to| ["--waiting", "--destination", "good", "--to", to, "--yes"];
    fails(
        &[&["redirect"][..], &to("good")].concat(),
        "another destination",
    );
    fails(&["send-now", "good", "--study", &study], "not both");
    assert_eq!(queue.count("good", "Pending"), 4);
    // Nothing is sent now of a destination that is paused.
    let now = |arguments: &[&str], words: &str| {
        let output = ctl.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let said = String::from_utf8(output.stdout).expect("text");
        assert!(said.contains(words), "{said}");
    };
    now(
        &["send-now", "good"],
        "nothing is sent before it is resumed",
    );
    now(&["send-now", "--study", &study, "--yes"], "good is paused");
    let id = queue.items("state=Pending")[0]["ID"].to_string();
    now(&["send-now", &id], "the destination is paused");
    let single = queue.tell(&format!("/items/{id}/send-now"), &json!({}));
    assert_eq!(single["Paused"], true);
    let to_itself = |path: String, body: Value| {
        let answer = queue.request("POST", &path, body.to_string().as_bytes());
        assert_eq!(answer.status, 400, "{path}");
    };
    let body = json!({ "Destination": "good", "To": "good" });
    to_itself("/sendqueue/errors/redirect".to_owned(), body);
    to_itself(
        format!("/sendqueue/items/{id}/redirect"),
        json!({ "To": "good" }),
    );
    let say = |arguments: &[&str], words: &str| {
        let said = ctl.ok(&[arguments, &["--yes"]].concat());
        assert!(said.contains(words), "{said}");
    };
    say(
        &["priority", "Low", "--state", "Pending,Retry"],
        "changed: 4 items",
    );
    say(&["priority", "Low", "--study", &study], "changed: 0 items");
    let redirected = ctl.ok(&[&["redirect"][..], &to("bad")].concat());
    assert!(redirected.contains("redirected: 4 items"), "{redirected}");
    assert_eq!(queue.count("bad", "Pending"), 4);
    say(&["remove", "--id", &id], "removed: 1 item\n");
    let counted = ctl.json(&["cancel", "--all", "--dry-run"]);
    assert_eq!(
        counted,
        json!({ "Cancelled": 3, "Running": 0, "DryRun": true })
    );
    say(&["cancel", "--all"], "cancelled: 3 items");
    assert_eq!(queue.count("bad", "Cancelled"), 3);
    assert_eq!(ctl.json(&["send-now", "--all", "--yes"])["Sent"], 0);
    ctl.ok(&["resume", "good"]);
    ctl.ok(&["send-now", "good"]);
}
