//! Every command against a real Orthanc.

use std::io::{Read as _, Write as _};
use std::process::{Command, Output, Stdio};

use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, Respond, Study};
use serde_json::{Value, json};

struct Ctl {
    url: String,
}

impl Ctl {
    fn of(queue: &Queue) -> Self {
        Self {
            url: format!("http://127.0.0.1:{}", queue.http_port()),
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sendqueuectl"));
        command
            .args(arguments)
            .env("SENDQUEUE_URL", &self.url)
            .stdin(Stdio::null());
        for name in [
            "SENDQUEUE_USER",
            "SENDQUEUE_PASSWORD",
            "SENDQUEUE_CREDENTIALS",
            "SENDQUEUE_CA",
        ] {
            command.env_remove(name);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("sendqueuectl runs")
    }

    /// What it prints, which must be a success.
    #[track_caller]
    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).expect("text")
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        let text = self.ok(&[&["--json"], arguments].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"))
    }

    /// What it says on standard error, where it ends with this code.
    #[track_caller]
    fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        String::from_utf8(output.stderr).expect("text")
    }
}

/// Four failures at `bad` (two of A900, two of C000), four delivered to `good`.
fn scene() -> (FaultScp, FaultScp, Queue, String) {
    let (bad, good) = (FaultScp::start("BAD"), FaultScp::start("GOOD"));
    let count = std::sync::atomic::AtomicUsize::new(0);
    bad.on_store(move |_| {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Respond::Status(if number % 2 == 0 { 0xA900 } else { 0xC000 })
    });
    let queue = Queue::start(queue::config_for(&[&bad, &good]));
    let ids = queue.store_all(&Study::new(1, 4).build());
    let study = queue
        .get(&format!("/instances/{}/study", ids[0]))
        .ok()
        .json();
    queue.wait_for("bad", "Failure", 4);
    queue.wait_for("good", "Success", 4);
    (
        bad,
        good,
        queue,
        study["ID"].as_str().expect("a study").to_owned(),
    )
}

#[test]
fn what_is_asked_is_shown_for_people_and_programs() {
    let (_bad, good, queue, study) = scene();
    let ctl = Ctl::of(&queue);
    let text = ctl.ok(&["status"]);
    assert!(text.contains("0 waiting, 0 being sent, 4 failed"), "{text}");
    assert!(
        text.lines()
            .any(|line| line.starts_with("good") && line.contains("Ready")),
        "{text}"
    );
    assert_eq!(ctl.json(&["status"])["Queue"]["Counts"]["Failure"], 4);
    assert_eq!(
        ctl.run(&["status", "--check"]).status.code(),
        Some(1),
        "failures need a person"
    );
    assert!(ctl.ok(&["health"]).starts_with("ok"));
    assert!(ctl.ok(&["sources"]).starts_with("AET"));
    let journal = ctl.ok(&["journal", "--since", "yesterday"]);
    assert!(
        journal.starts_with("TIME (") && journal.contains("Started"),
        "{journal}"
    );
    let started = ctl.json(&["journal", "--event", "Started", "--until", "0s"]);
    assert_eq!(started.as_array().unwrap().len(), 1, "{started:#}");
    let wrong = ctl.fails(2, &["journal", "--since", "25:00"]);
    assert!(wrong.contains("yesterday 18:00"), "{wrong}");
    let wrong = ctl.fails(2, &["journal", "--event", "Started!"]);
    assert!(wrong.contains("OutageBegan"), "{wrong}");
    assert!(ctl.ok(&["serials"]).starts_with("NAME"));
    let text = ctl.ok(&["errors"]);
    assert!(
        text.contains("bad Rejected A900: 2 items") && text.contains("does not match"),
        "{text}"
    );
    assert_eq!(ctl.json(&["errors"]).as_array().map(Vec::len), Some(2));
    assert_eq!(
        ctl.json(&["errors", "--list"]).as_array().map(Vec::len),
        Some(4)
    );
    assert_eq!(
        ctl.json(&["errors", "--status", "0xC000"])
            .as_array()
            .map(Vec::len),
        Some(2)
    );
    assert_eq!(
        ctl.json(&["items", "--destination", "good"])
            .as_array()
            .map(Vec::len),
        Some(4)
    );
    let items = ctl.json(&["items", "--limit", "3"]);
    let ids: Vec<i64> = items
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|item| item["ID"].as_i64())
        .collect();
    assert_eq!(ids.len(), 3);
    assert!(
        ids.is_sorted_by(|one, other| one > other),
        "newest first: {ids:?}"
    );
    let first = queue.items("state=Failure")[0]["ID"].to_string();
    assert!(ctl.ok(&["item", &first]).contains("ATTEMPT"));
    assert_eq!(
        ctl.json(&["item", &first])["Attempts"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    assert!(ctl.ok(&["study", &study]).contains("good"));
    assert_eq!(
        ctl.json(&["study", &study])["Destinations"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
    studies_are_found(&ctl, &queue, &study);
    rules_are_asked(&ctl, &study);
    assert!(ctl.ok(&["echo", "good"]).contains("answered in"));
    good.stop();
    let output = ctl.run(&["echo", "bad", "good"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("good: "));
}

/// What a caller knows stands for Orthanc's identifier; what two studies have, for neither.
fn studies_are_found(ctl: &Ctl, queue: &Queue, study: &str) {
    let text = ctl.ok(&["search", "queue"]);
    assert!(text.starts_with("LEVEL") && text.contains(study), "{text}");
    assert!(
        text.contains("2026-01-02  CT") && text.contains("Queue^Test"),
        "{text}"
    );
    assert_eq!(
        ctl.json(&["search", "acc1"])[0]["Matched"],
        "AccessionNumber"
    );
    assert_eq!(ctl.run(&["search", "nobody"]).status.code(), Some(4));
    let of_instance = &queue.items("limit=1")[0];
    let uid = of_instance["SopInstanceUid"].as_str().expect("a UID");
    for text in ["ACC1", uid] {
        assert_eq!(ctl.json(&["study", text])["ID"], *study, "{text}");
    }
    for (text, count) in [("acc1", 4), (uid, 1)] {
        let dry = ctl.json(&["enqueue", text, "--to", "good", "--dry-run"]);
        assert_eq!(dry["Enqueued"], count, "{text}: {dry}");
    }
    let of_study = |text: &str| ctl.json(&["items", "--study", text]);
    assert_eq!(of_study("acc1").as_array().map(Vec::len), Some(8));
    assert_eq!(of_study(uid), of_study(study));
    let dry = ctl.json(&["replay", "--study", "acc1", "--dry-run"]);
    assert_eq!(dry["Replayed"], 4);
    // What names nothing is not everything.
    let none = ctl.json(&["cancel", "--study", "nobody", "--dry-run"]);
    assert_eq!(none["Cancelled"], 0);
    let other = queue.store_all(&Study::new(1, 1).build()).remove(0);
    queue.wait_for("good", "Success", 5);
    queue.wait_for("bad", "Failure", 5);
    for arguments in [
        &["study", "ACC1"][..],
        &["enqueue", "ACC1", "--to", "good"],
        &["cancel", "--study", "ACC1", "--yes"],
        &["purge", "--study", "ACC1", "--yes"],
    ] {
        let output = ctl.run(arguments);
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("2 of them") && said.contains(study), "{said}");
    }
    let deleted = queue.delete(&format!("/instances/{other}"));
    assert_eq!(deleted.status, 200);
    for item in queue.items("") {
        if item["Study"] != *study {
            let removed = queue.delete(&format!("/sendqueue/items/{}", item["ID"]));
            assert_eq!(removed.status, 200);
        }
    }
}

fn rules_are_asked(ctl: &Ctl, study: &str) {
    let text = ctl.ok(&["route", study]);
    assert!(text.starts_with("4 instances, such as "), "{text}");
    assert!(text.contains("goes to: bad, good"), "{text}");
    assert!(text.contains("it takes everything"), "{text}");
    // A file that is nowhere yet, from one of the destinations.
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("new.dcm");
    std::fs::write(&file, &Study::new(1, 1).seed(99).build()[0].bytes).expect("written");
    let file = file.to_str().expect("a path");
    let text = ctl.ok(&["route", file, "--calling-aet", "GOOD"]);
    assert!(text.contains("goes to: bad\n"), "{text}");
    assert!(
        text.contains("not to good") && text.contains("came from there"),
        "{text}"
    );
    let json = ctl.json(&["route", file]);
    assert_eq!(json["Answers"][0]["Destinations"], json!(["bad", "good"]));
    assert!(
        ctl.fails(4, &["route", "1.2.3.4"])
            .contains("has no resource")
    );
}

#[test]
fn the_error_queue_is_replayed_redirected_and_purged() {
    let (bad, _good, queue, _) = scene();
    let ctl = Ctl::of(&queue);
    assert!(
        ctl.fails(2, &["replay"])
            .contains("an empty filter is refused")
    );
    assert_eq!(
        ctl.json(&["replay", "--all", "--dry-run"]),
        json!({ "Replayed": 4 })
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
            .contains("1 item fits")
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

/// On a terminal it asks; `script` (util-linux) makes one. What fails while it asks stays.
#[test]
fn purging_asks_on_a_terminal() {
    let (_bad, _good, queue, _) = scene();
    let ctl = Ctl::of(&queue);
    for (asked, answer, left) in [(4, "n\n", 5), (5, "y\n", 1)] {
        let line = format!("{} purge --all", env!("CARGO_BIN_EXE_sendqueuectl"));
        let mut child = Command::new("script")
            .args(["-qefc", &line, "/dev/null"])
            .env("SENDQUEUE_URL", &ctl.url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script");
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

#[test]
fn destinations_are_steered_and_studies_enqueued_and_watched() {
    let (_bad, _good, queue, study) = scene();
    let ctl = Ctl::of(&queue);
    assert!(ctl.ok(&["pause", "good", "bad"]).contains("good: Paused"));
    assert_eq!(
        ctl.json(&["enqueue", &study, "--to", "good", "--dry-run"]),
        json!({ "Enqueued": 4, "AlreadyQueued": 0, "Raised": 0 })
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
    assert!(
        ctl.ok(&["enqueue", &study, "--to", "bad"])
            .contains("enqueued")
    );
    let mut watch = ctl
        .command(&["--json", "watch", "--every", "0.1"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("watch");
    ctl.ok(&["resume", "bad"]);
    assert_eq!(watch.wait().expect("a child").code(), Some(1));
}

/// Each of the documented exit codes (docs/operate.md), of what needs a person first.
#[test]
fn without_a_command_it_says_what_needs_a_person() {
    let (bad, _good, queue, _) = scene();
    let ctl = Ctl::of(&queue);
    let output = ctl.run(&[]);
    let text = String::from_utf8(output.stdout).expect("text");
    assert_eq!(output.status.code(), Some(1), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with(
            "error: bad has 4 failures: 2 × A900 (Rejected), 2 × C000 (Rejected), since "
        ),
        "{text}"
    );
    assert!(lines[1].starts_with("    "), "what to do: {text}");
    let figures = lines.last().expect("figures");
    assert_eq!(*figures, "0 waiting, 4 sent in 24 h, 4 failed");
    let output = ctl.run(&["--json"]);
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(told["Verdict"][0]["Count"], 4);
    assert_eq!((&told["Waiting"], &told["Failed"]), (&json!(0), &json!(4)));
    assert_eq!(told["SentIn24Hours"], 4);
    // Mended.
    bad.set_store(Respond::Status(0));
    ctl.ok(&["replay", "--all"]);
    queue.wait_for("bad", "Success", 4);
    let text = ctl.ok(&[]);
    assert!(text.starts_with("all is well\n0 waiting, "), "{text}");
    assert_eq!(ctl.json(&[])["Verdict"], json!([]));
    let nobody = Ctl {
        url: "http://127.0.0.1:1".to_owned(),
    };
    assert!(nobody.fails(3, &[]).contains("cannot be reached"));
    assert_eq!(ctl.run(&["no-such-command"]).status.code(), Some(2));
}

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
    assert_eq!(counted, json!({ "Cancelled": 3, "Running": 0 }));
    say(&["cancel", "--all"], "cancelled: 3 items");
    assert_eq!(queue.count("bad", "Cancelled"), 3);
    assert_eq!(ctl.json(&["send-now", "--all", "--yes"])["Sent"], 0);
    ctl.ok(&["resume", "good"]);
    ctl.ok(&["send-now", "good"]);
}

#[test]
fn mistakes_are_told_so_that_they_can_be_mended() {
    let (_bad, _good, queue, _) = scene();
    let ctl = Ctl::of(&queue);
    for (code, arguments, words) in [
        (4, &["item", "4711"][..], "no item 4711"),
        (4, &["pause", "nowhere"], "no destination"),
        (4, &["pause", "../x"], "nothing at this path"),
        (4, &["items", "--destination", "nowhere"], "no destination"),
        (4, &["errors", "--destination", "nowhere"], "no destination"),
        (4, &["replay", "--destination", "nowhere"], "no destination"),
        (
            4,
            &["purge", "--destination", "nowhere", "--yes"],
            "no destination",
        ),
        (
            4,
            &["cancel", "--destination", "nowhere", "--yes"],
            "no destination",
        ),
        (
            4,
            &["study", "1.2.3"],
            "neither Orthanc nor the queue knows",
        ),
        (2, &["items", "--state", "Odd"], "Scheduled, Pending"),
        (2, &["errors", "--class", "Odd"], "Rejected"),
        (4, &["enqueue", "x", "--to", "good"], "no resource"),
        (
            4,
            &["redirect", "--all", "--to", "nowhere"],
            "no destination",
        ),
    ] {
        let said = ctl.fails(code, arguments);
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
    assert_eq!(
        ctl.run(&["errors", "--status", "wxyz"]).status.code(),
        Some(2)
    );
    let nobody = Ctl {
        url: "http://127.0.0.1:1".to_owned(),
    };
    assert!(nobody.fails(3, &["status"]).contains("cannot be reached"));
    let told = Ctl {
        url: "http://anna:top-secret@127.0.0.1:1".to_owned(),
    };
    let said = told.fails(2, &["status"]);
    assert!(
        said.contains("does not belong into the URL") && !said.contains("top-secret"),
        "{said}"
    );
    let plain = sendqueue_testkit::Orthanc::start(
        sendqueue_testkit::OrthancVersion::under_test(),
        sendqueue_testkit::OrthancConfig::new(),
    );
    let plain = plain.expect("an Orthanc");
    let without = Ctl {
        url: format!("http://127.0.0.1:{}", plain.http_port()),
    };
    assert!(
        without
            .fails(3, &["status"])
            .contains("the plugin is not loaded")
    );
}

#[test]
fn the_login_comes_from_the_environment_or_a_file_and_is_never_printed() {
    let scp = FaultScp::start("ONE");
    let config = queue::config_for(&[&scp])
        .set("AuthenticationEnabled", true)
        .set("RegisteredUsers", json!({ "anna": "top-secret" }));
    let queue = Queue::start(config);
    let ctl = Ctl::of(&queue);
    assert!(ctl.fails(3, &["status"]).contains("asks for a login"));
    let with = |user: &str, password: &str| {
        let mut command = ctl.command(&["status"]);
        command
            .env("SENDQUEUE_USER", user)
            .env("SENDQUEUE_PASSWORD", password);
        command.output().expect("sendqueuectl runs")
    };
    assert!(with("anna", "top-secret").status.success());
    let wrong = with("anna", "top-secret-not");
    let said = String::from_utf8_lossy(&wrong.stderr);
    assert!(
        said.contains("does not take this login (user anna)") && !said.contains("top-secret"),
        "{said}"
    );
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("login.json");
    std::fs::write(&file, r#"{ "User": "anna", "Password": "top-secret" }"#).expect("written");
    let path = file.to_str().expect("a path");
    let output = ctl.run(&["--credentials", path, "status"]);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("others can read this file"));
    std::fs::write(&file, r#"{ "User": "anna", "Password": "top-secret }"#).expect("written");
    let said = ctl.fails(2, &["--credentials", path, "status"]);
    assert!(
        said.contains("not JSON") && !said.contains("top-secret"),
        "{said}"
    );
}

#[test]
fn a_receivers_words_do_not_steer_the_terminal() {
    let scp = FaultScp::start("BAD");
    scp.on_store(|_| Respond::status_with(0xC000, Some("\u{1b}[2J\u{1b}[31mred\u{7}"), &[]));
    let queue = Queue::start(queue::config_for(&[&scp]));
    queue.store_all(&Study::new(1, 1).build());
    queue.wait_for("bad", "Failure", 1);
    let ctl = Ctl::of(&queue);
    let id = queue.items("")[0]["ID"].to_string();
    for arguments in [
        &["errors"][..],
        &["errors", "--list"],
        &["items"],
        &["item", &id],
        &["status"],
        &["--json", "item", &id],
    ] {
        let text = ctl.ok(arguments);
        assert!(
            text.chars().all(|c| c == '\n' || !c.is_control()),
            "{arguments:?}: {text:?}"
        );
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

/// `sendqueuectl items | head` is no fault.
#[test]
fn a_pipe_may_be_closed() {
    let (_bad, _good, queue, _) = scene();
    let line = format!("{} items | head -n 1", env!("CARGO_BIN_EXE_sendqueuectl"));
    let output = Command::new("bash")
        .args(["-o", "pipefail", "-c", &line])
        .env("SENDQUEUE_URL", Ctl::of(&queue).url)
        .output()
        .expect("bash");
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
}

#[test]
fn completions_are_made_for_each_shell() {
    let ctl = Ctl {
        url: "http://127.0.0.1:1".to_owned(),
    };
    for shell in ["bash", "zsh", "fish"] {
        let text = ctl.ok(&["completions", shell]);
        assert!(
            text.contains("send-now") && text.contains("sendqueuectl"),
            "{shell}"
        );
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("completion");
    std::fs::write(&file, ctl.ok(&["completions", "bash"])).expect("written");
    assert!(
        Command::new("bash")
            .arg("-n")
            .arg(&file)
            .status()
            .expect("bash")
            .success()
    );
}

#[test]
fn reload_says_what_changed_and_what_is_wrong() {
    let sink = FaultScp::start("SINK");
    let config = queue::config_for(&[&sink]);
    let mut queue = Queue::start(config.clone());
    let ctl = Ctl::of(&queue);
    let wrong = config.clone().set("/SendQueue/Rules/0/To/-", "nowhere");
    queue.rewrite(wrong);
    let said = ctl.fails(1, &["reload"]);
    assert!(said.contains("SendQueue.Rules[0].To[1]"), "{said}");
    let changed = config.set("/SendQueue/HistoryDays", 3);
    queue.rewrite(changed.set("DicomAet", "OTHER"));
    let said = ctl.ok(&["reload"]);
    assert!(said.contains("changed: HistoryDays"), "{said}");
    assert!(said.contains("DicomAet: ORTHANC is in force"), "{said}");
    let file = queue.data_dir().join("section.json");
    std::fs::write(&file, "{ \"SendQueue\": { \"Rules\": [], } } // all").unwrap();
    let path = file.to_str().unwrap();
    let answer = ctl.json(&["reload", "--section", path]);
    assert_eq!(answer["Source"], "body");
    assert_eq!(answer["Rules"], 0);
    std::fs::write(&file, "{}").unwrap();
    ctl.fails(2, &["reload", "--section", path]);
}

#[test]
fn what_would_be_sent_and_what_was() {
    let pacs = FaultScp::start("PACS");
    let config = queue::config_for(&[&pacs])
        .set(
            "/SendQueue/Coercions",
            json!({
                "sites": [{ "Prefix": { "PatientID": "A-" } }, { "Remove": [ "StudyDescription" ] }],
                "long": [{ "Set": { "AccessionNumber": "{StudyInstanceUID}" } }],
            }),
        )
        .set("/SendQueue/Destinations/pacs/Coerce", "sites")
        .set(
            "/SendQueue/Destinations/long",
            json!({ "Target": "pacs", "Coerce": "long" }),
        )
        .set("/SendQueue/Destinations/plain", json!({ "Target": "pacs" }));
    let queue = Queue::start(config);
    let study = Study::new(1, 1).patient_id("MRN7").study_description("CT");
    let instances = queue.store_all(&study.build());
    queue.wait_for("pacs", "Success", 1);
    let ctl = Ctl::of(&queue);
    let instance = instances[0].as_str();

    let shown = ctl.ok(&["preview", "pacs", instance]);
    for (element, before, after) in [
        ("PatientID", "MRN7", "A-MRN7"),
        ("StudyDescription", "CT", "(not there)"),
    ] {
        let line = shown.lines().find(|line| line.starts_with(element));
        let line = line.unwrap_or_else(|| panic!("{element}: {shown}"));
        assert!(line.contains(before) && line.ends_with(after), "{shown}");
    }
    let shown = ctl.ok(&["preview", "plain", instance]);
    assert_eq!(shown, "would be sent as it is stored\n");
    // Of a study one is taken, and named.
    let shown = ctl.ok(&["preview", "plain", &study.study_uid()]);
    assert_eq!(
        shown,
        format!("instance {instance}:\nwould be sent as it is stored\n")
    );
    let json = ctl.json(&["preview", "pacs", instance]);
    assert_eq!(json["Changes"].as_array().unwrap().len(), 2);
    // It would be in the error queue.
    let refused = ctl.run(&["preview", "long", instance]);
    assert_eq!(refused.status.code(), Some(1));
    let words = String::from_utf8(refused.stdout).unwrap();
    assert!(
        words.contains("would not be sent") && words.contains("AccessionNumber"),
        "{words}"
    );
    assert!(
        ctl.fails(4, &["preview", "nobody", instance])
            .contains("nobody")
    );

    let id = queue.items("destination=pacs")[0]["ID"].to_string();
    let file = ctl.run(&["sent", &id]);
    assert!(file.status.success());
    assert_eq!(&file.stdout[128..132], b"DICM");
    assert!(String::from_utf8_lossy(&file.stderr).contains("made anew"));
    assert!(file.stdout.windows(6).any(|bytes| bytes == b"A-MRN7"));
    let unknown = ctl.run(&["sent", "999"]);
    assert_eq!(unknown.status.code(), Some(4));
    assert!(unknown.stdout.is_empty());
    assert!(
        String::from_utf8(unknown.stderr)
            .unwrap()
            .contains("no item 999")
    );
}
