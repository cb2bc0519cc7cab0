//! What is asked wrongly, and who asks.

use super::*;

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
            "neither Orthanc nor the queue knows the study \"1.2.3\"",
        ),
        (2, &["items", "--state", "Odd"], "Scheduled, Pending"),
        (2, &["errors", "--class", "Odd"], "Rejected"),
        (4, &["enqueue", "1.2.3", "--to", "good"], "no resource"),
        (4, &["enqueue", "x", "--to", "good"], "nothing is known as"),
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
    let nobody = Ctl::of_nobody();
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
    let without = Ctl::at(plain.http_port());
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
