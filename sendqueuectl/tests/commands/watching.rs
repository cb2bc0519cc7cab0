//! `watch`, of a server that plays what happens.

use std::sync::Mutex;

use super::odd_servers::{Server, ok};
use super::*;

/// Three looks at four items that wait for a paused destination, then they are sent.
#[test]
fn watch_says_why_nothing_goes_and_needs_no_kept_connection() {
    let looks = Mutex::new(0);
    let server = Server::start(move |asked| {
        let mut looks = looks.lock().unwrap();
        let mut state = "Paused";
        match asked.path.as_str() {
            "" => *looks += 1,
            _ if *looks > 2 => state = "Ready",
            _ => {}
        }
        let counts = match *looks > 4 {
            true => json!({ "Pending": 0, "Success": 4 }),
            false => json!({ "Pending": 4, "Success": 0 }),
        };
        match asked.path.as_str() {
            "" => ok(json!({ "Counts": counts })),
            _ => ok(json!([
                { "Name": "pacs", "State": state, "Counts": counts },
                { "Name": "other", "State": "Ready", "Counts": {} },
            ])),
        }
    });
    let (code, said, errors) = server.run(&["watch", "--every", "0.05"]);
    assert_eq!(code, Some(0), "{errors}");
    // What has not changed is not told again.
    assert_eq!(said, "4 waiting, 0 failed\n0 waiting, 0 failed\n");
    assert_eq!(
        errors,
        "pacs is paused: nothing is sent before it is resumed\n"
    );
}

#[test]
fn watch_fills_no_log() {
    let looks = Mutex::new(40);
    let server = Server::start(move |asked| {
        let mut looks = looks.lock().unwrap();
        match asked.path.as_str() {
            "" => {
                *looks -= 1;
                ok(json!({ "Counts": { "Pending": *looks } }))
            }
            _ => ok(json!([{ "Name": "pacs", "State": "Ready", "Counts": { "Pending": *looks } }])),
        }
    });
    let began = std::time::Instant::now();
    let (code, said, _) = server.run(&["watch", "--every", "0.05"]);
    assert_eq!(code, Some(0));
    let lines = said.lines().count() as u64;
    assert!(lines <= 2 + began.elapsed().as_secs() / 10, "{said}");
    assert!(said.ends_with("\n0 waiting, 0 failed\n"), "{said}");
}

/// What Orthanc has and no rule sent anywhere is not what was sent.
#[test]
fn a_study_of_which_nothing_is_queued_is_not_done() {
    let sent = json!({ "Destination": "pacs", "Counts": { "Success": 3 } });
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/search" => ok(json!([])),
        "/studies/1.2.3" => ok(json!({ "InOrthanc": true, "Destinations": [] })),
        "/destinations/other" => ok(json!({ "Name": "other" })),
        _ => ok(json!({ "InOrthanc": true, "Destinations": [sent] })),
    });
    for arguments in [
        &["watch", "--study", "1.2.3"][..],
        &["watch", "--study", "1.2.4", "--destination", "other"],
    ] {
        let (code, said, errors) = server.run(arguments);
        assert_eq!((code, said.as_str()), (Some(4), ""), "{errors}");
        assert!(errors.contains("nothing of it is queued"), "{errors}");
    }
    let (code, _, errors) = server.run(&["watch", "--study", "1.2.4"]);
    assert_eq!(code, Some(0), "{errors}");
}

/// What is printed next stands on a line of its own.
#[test]
fn the_bar_leaves_the_terminal_as_it_was() {
    for (waiting, last) in [
        (0, "0 waiting, 0 failed\r\n"),
        (1, ", and 1 item waits\r\n"),
    ] {
        let server = Server::start(move |asked| match asked.path.as_str() {
            "" => ok(json!({ "Counts": { "Pending": waiting } })),
            _ => ok(json!([])),
        });
        let mut child = Ctl::at(server.port).on_a_terminal("watch --timeout 0");
        let stdin = child.stdin.take();
        let mut text = String::new();
        let mut stdout = child.stdout.take().expect("a pipe");
        stdout.read_to_string(&mut text).expect("text");
        child.wait().expect("an end");
        drop(stdin);
        assert!(text.ends_with(last), "{text:?}");
        let line = format!("\u{1b}[2K{waiting} waiting, 0 failed\r\n");
        assert!(text.contains(&line), "the bar is gone: {text:?}");
    }
}

#[test]
fn watch_waits_no_longer_than_it_may() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "" => ok(json!({ "Counts": { "Retry": 2, "Success": 0 } })),
        _ => ok(json!([{ "Name": "pacs", "State": "Unreachable", "Counts": { "Retry": 2 } }])),
    });
    let (code, _, errors) = server.run(&["watch", "--every", "3600", "--timeout", "1"]);
    assert_eq!(code, Some(1));
    assert!(errors.contains("pacs cannot be reached"), "{errors}");
    assert!(
        errors.ends_with("the time is over, and 2 items wait\n"),
        "{errors}"
    );
    let (code, said, errors) = server.run(&["--json", "watch", "--timeout", "0"]);
    assert_eq!(code, Some(1));
    let told: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(
        told["Held"],
        json!([{ "Destination": "pacs", "State": "Unreachable" }])
    );
    let told: Value = serde_json::from_str(&errors).expect("JSON");
    assert_eq!(told["ExitCode"], 1);
}
