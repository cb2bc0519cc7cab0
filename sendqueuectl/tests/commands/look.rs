//! What is asked, for people and for programs.

use super::*;

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
    let health = ctl.ok(&["health"]);
    assert!(health.starts_with("ok"), "{health}");
    let verdict = "\n1 thing needs a person: sendqueuectl\n";
    assert!(health.ends_with(verdict), "{health}");
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
    for status in ["C000", "c000", "0xC000", "49152"] {
        let found = ctl.json(&["errors", "--status", status]);
        assert_eq!(found.as_array().map(Vec::len), Some(2), "{status}");
        let counted = ctl.json(&["purge", "--status", status, "--dry-run"]);
        assert_eq!(counted["Purged"], 2, "{status}");
    }
    let wrong = ctl.fails(2, &["errors", "--status", "C00"]);
    assert!(wrong.contains("such as C000, 0xC000 or 49152"), "{wrong}");
    assert_eq!(
        ctl.json(&["items", "--destination", "good"])
            .as_array()
            .map(Vec::len),
        Some(4)
    );
    let studies = ctl.ok(&["studies"]);
    let lines: Vec<&str> = studies.lines().collect();
    assert_eq!(lines.len(), 3, "{studies}");
    for (line, name, delivered, worst) in [
        (lines[1], "bad", "0 of 4", "Failure"),
        (lines[2], "good", "4 of 4", "Success"),
    ] {
        let cells: Vec<&str> = line.split("  ").filter(|cell| !cell.is_empty()).collect();
        assert_eq!(cells[0], study);
        let cells: Vec<&str> = cells[1..4].iter().map(|cell| cell.trim()).collect();
        assert_eq!(cells, [name, delivered, worst], "{studies}");
    }
    let tags = queue.get(&format!("/studies/{study}")).ok().json();
    let owner = tags["PatientMainDicomTags"]["PatientID"].as_str().unwrap();
    assert!(lines[1].contains(owner), "{owner}: {studies}");
    let options = ["studies", "--state", "Failure", "--destination", "good"];
    assert_eq!(ctl.json(&options), json!([]));
    ctl.fails(4, &["studies", "--destination", "nowhere"]);
    let options = [
        "studies",
        "--study",
        study.as_str(),
        "--status",
        "C000",
        "--limit",
        "1",
    ];
    assert_eq!(ctl.json(&options)[0]["Study"], study);
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
    let shown = ctl.ok(&["item", &first]);
    assert!(shown.contains("ATTEMPT"), "{shown}");
    assert!(
        shown.contains("DimseStatus      A900") || shown.contains("DimseStatus      C000"),
        "{shown}"
    );
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
    let none = ctl.fails(4, &["cancel", "--study", "nobody", "--dry-run"]);
    assert!(none.contains("nothing is known as"), "{none}");
    let none = ctl.json(&["cancel", "--study", "1.2.3", "--dry-run"]);
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

/// `sendqueuectl items | head` is no fault.
#[test]
fn a_pipe_may_be_closed() {
    let (_bad, _good, queue, _) = scene();
    let line = format!("{} items | head -n 1", env!("CARGO_BIN_EXE_sendqueuectl"));
    let output = Ctl::of(&queue)
        .program("bash")
        .args(["-o", "pipefail", "-c", &line])
        .output()
        .expect("bash");
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
}

/// One zone in everything that people read and write, five and a half hours east of Greenwich here.
#[test]
fn times_are_those_of_the_machine_and_tries_say_when_the_next_is() {
    let busy = FaultScp::start("BUSY");
    busy.on_store(|_| Respond::Status(0xA700));
    let config = queue::config_for(&[&busy]).set(
        "/SendQueue/Defaults",
        json!({ "Retry": { "MaxAttempts": 7, "Delay": 600 } }),
    );
    let queue = Queue::start(config);
    queue.store_all(&Study::new(1, 1).build());
    queue.wait_for("busy", "Retry", 1);
    let item = queue.items("")[0].clone();
    let (id, study) = (item["ID"].to_string(), item["Study"].as_str().unwrap());
    let ctl = Ctl::of(&queue);
    let run = |arguments: &[&str]| {
        let mut command = ctl.command(arguments);
        let output = command.env("TZ", "IST-05:30").output().expect("it runs");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    let made = item["CreationTime"].as_str().unwrap();
    // Orthanc's form, so many minutes later, as people read it.
    let shown = |minutes: i64| {
        let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%S%.f", made).unwrap();
        let time = time + jiff::Span::new().minutes(minutes);
        time.strftime("%Y-%m-%d %H:%M:%S").to_string()
    };
    let (here, utc) = (shown(330), shown(0));
    for (arguments, heading) in [
        (&["items"][..], "MADE"),
        (&["item", &id], "TIME"),
        (&["study", study], "FIRST"),
        (&["sources"], "LAST ARRIVAL"),
        (&["journal"], "TIME"),
        (&["deliveries"], "FIRST"),
    ] {
        let text = run(arguments);
        assert!(text.contains(&format!("{heading} (+05:30)")), "{text}");
        let text = run(&[&["--utc"], arguments].concat());
        assert!(text.contains(&format!("{heading} (UTC)")), "{text}");
        assert!(!text.contains("+05:30"), "{text}");
    }
    let text = run(&["items"]);
    assert!(
        text.contains(&here) && text.contains("1 of 7, next at "),
        "{text}"
    );
    assert!(run(&["--utc", "items"]).contains(&utc));
    let text = run(&["item", &id]);
    assert!(
        text.contains(&format!("CreationTime     {here}+05:30")),
        "{text}"
    );
    assert!(
        text.contains("\nattempt 1 of 7 failed, the next is due at "),
        "{text}"
    );
    assert!(run(&["--json", "items"]).contains(made));
    // What is shown is what is asked for: the time of the start is the start's.
    let text = run(&["journal", "--event", "Started"]);
    let at = &text.lines().nth(1).expect("the start")[..19];
    let found = |since: &str| run(&["--json", "journal", "--event", "Started", "--since", since]);
    assert!(found(at).contains("Started"), "{at}");
    let mut command = ctl.command(&["--json", "--utc", "journal", "--since", at]);
    let output = command.output().expect("it runs");
    assert_eq!(output.stdout, b"[]\n", "half a day ahead");
}
