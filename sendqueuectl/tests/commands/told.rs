//! What is asked besides: of whom a person means, and of where what was sent waits.

use super::odd_servers::{Server, ok};
use super::*;

/// What fits at each destination is counted before: afterwards nothing does.
#[test]
fn who_sends_to_what_is_dead_or_paused_is_told_that_it_waits() {
    let destinations = json!([
        { "Name": "dead", "State": "Unreachable", "UnreachableSince": "20201126T154233.000000", "Counts": { "Failure": 2, "Pending": 4 } },
        { "Name": "held", "State": "Paused", "PausedSince": "20201126T154233.000000", "Counts": { "Failure": 1 } },
        { "Name": "idle", "State": "Unreachable", "UnreachableSince": null, "Counts": {} },
        { "Name": "pacs", "State": "Ready", "Counts": { "Failure": 5 } },
    ]);
    let server = Server::start(move |asked| {
        let at = asked.body["Destination"].as_str();
        match asked.path.as_str() {
            "/destinations" => ok(destinations.clone()),
            "/errors/summary" => ok(json!([{ "Destination": "pacs" }, { "Destination": "dead" }])),
            "/errors/replay" if at == Some("held") => ok(json!({ "Replayed": 0 })),
            "/errors/replay" => ok(json!({ "Replayed": 2 })),
            "/errors/redirect" => ok(json!({ "Redirected": 2 })),
            "/items/send-now" => ok(json!({ "Sent": 4 })),
            "/items/7/send-now" => {
                ok(json!({ "ID": 7, "Destination": "dead", "State": "Pending" }))
            }
            "/items" => ok(json!({ "Enqueued": 1 })),
            path => {
                let name = path.split('/').nth(2).unwrap_or_default();
                ok(json!({ "Name": name, "State": "Unreachable" }))
            }
        }
    });
    let dead = "dead cannot be reached since 2020-11-26 15:42: what goes there waits until it answers again\n";
    let held = "held is paused since 2020-11-26 15:42: nothing is sent before it is resumed\n";
    let id = "11111111-22222222-33333333-44444444-55555555";
    for (arguments, expected) in [
        (&["errors"][..], dead),
        (&["resume", "dead"], dead),
        (&["replay", "--all"], dead),
        (&["replay", "3", "4"], dead),
        (&["replay", "--destination", "dead"], dead),
        (&["replay", "--destination", "pacs"], ""),
        (&["replay", "--all", "--dry-run"], ""),
        (&["--json", "replay", "--all"], ""),
        (&["redirect", "--all", "--to", "held"], held),
        (&["enqueue", id, "--to", "held", "--to", "pacs"], held),
        (&["send-now", "7"], dead),
        (&["send-now", "dead"], dead),
        (&["send-now", "--destination", "dead", "--yes"], dead),
    ] {
        let (_, _, errors) = server.run(&[&["--utc"], arguments].concat());
        assert_eq!(errors, expected, "{arguments:?}");
    }
    // What was counted changed nothing.
    let replays = server.posted("/errors/replay");
    assert_eq!(
        (&replays[0], &replays[1]),
        (
            &json!({ "Destination": "dead", "DryRun": true }),
            &json!({ "Destination": "held", "DryRun": true })
        )
    );
    assert_eq!(replays[2], json!({ "All": true, "DryRun": false }));
}

/// One mechanism for whatever a person gives.
#[test]
fn route_and_preview_take_what_other_commands_take() {
    let found = |id: &str| json!([{ "Level": "Study", "ID": id, "Study": id, "Matched": "AccessionNumber", "Exact": true, "Tags": {} }]);
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/search" => ok(found("a-b")),
        "/route" => ok(json!({ "Instances": 1, "Asked": 1, "Answers": [] })),
        _ => ok(json!({ "Instance": "c-d", "Unchanged": true })),
    });
    let (code, _, errors) = server.run(&["route", "A4711"]);
    assert_eq!(code, Some(0), "{errors}");
    assert_eq!(server.posted("/route")[0]["Resource"], "a-b");
    let (code, _, errors) = server.run(&["preview", "pacs", "A4711"]);
    assert_eq!(code, Some(0), "{errors}");
    let asked = &server.posted("/destinations/pacs/preview")[0];
    assert_eq!(asked["Instance"], "a-b");
}

/// A number with a letter too many fits nothing, and looks like a queue that is well.
#[test]
fn what_nobody_knows_is_not_nothing() {
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/search" => ok(json!([])),
        _ => ok(json!({ "Replayed": 0, "Enqueued": 1 })),
    });
    for arguments in [
        &["replay", "--study", "A999"][..],
        &["enqueue", "A999", "--to", "pacs"],
        &["route", "A999"],
        &["items", "--study", "A999"],
    ] {
        let (code, _, errors) = server.run(arguments);
        assert_eq!(code, Some(4), "{arguments:?}");
        assert!(errors.contains("nothing is known as \"A999\""), "{errors}");
    }
    // Of a UID the queue may know more than Orthanc.
    let (code, _, errors) = server.run(&["replay", "--study", "1.2.3"]);
    assert_eq!(code, Some(0), "{errors}");
}

/// Who misses something looks there first.
#[test]
fn an_empty_error_queue_says_what_waits() {
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/errors/summary" => ok(json!([])),
        _ => ok(json!([
            { "Name": "dead", "State": "Unreachable", "Counts": { "Pending": 4 } },
            { "Name": "idle", "State": "Unreachable", "Counts": {} },
        ])),
    });
    let (code, said, errors) = server.run(&["errors"]);
    assert_eq!(
        (code, said.as_str()),
        (Some(0), "the error queue is empty\n")
    );
    assert_eq!(
        errors,
        "dead cannot be reached: what goes there waits until it answers again\n"
    );
}

#[test]
fn the_last_error_of_a_destination_says_when_and_what() {
    let error = |status: Value, details: &str| json!({ "Time": "20201126T154233.000000", "DimseStatus": status, "Details": details, "Meaning": "what it means" });
    let server = Server::start(move |asked| match asked.path.as_str() {
        "" => ok(json!({ "Counts": {}, "Version": "1" })),
        "/destinations" => ok(json!([
            { "Name": "a", "State": "Ready", "LastError": error(Value::Null, "connection refused") },
            { "Name": "b", "State": "Ready", "LastError": error(json!(0xC000), "said by it") },
            { "Name": "c", "State": "Ready", "LastError": null },
        ])),
        "/health" => ok(json!({ "Status": "ok" })),
        _ => ok(json!([])),
    });
    let (_, said, errors) = server.run(&["--utc", "status"]);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        lines[0], "0 waiting, 0 being sent, 0 failed; version 1",
        "{errors}"
    );
    assert!(lines[3].ends_with("  0.0         2020-11-26 15:42: connection refused"));
    assert!(lines[4].ends_with("  0.0         2020-11-26 15:42: what it means"));
    assert!(lines[5].ends_with("  0.0"), "{said}");
}
