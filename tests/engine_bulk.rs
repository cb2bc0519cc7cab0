//! What a person does to very many items is done in steps: an Orthanc that is stopped or killed amid them loses
//! nothing, the journal says what was done, and the rest is done by asking again.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread::JoinHandle;

use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, Study};
use serde_json::{Value, json};

const ITEMS: u64 = 100_000;

/// A queue with so many items for a destination that is paused.
fn full() -> (FaultScp, Queue) {
    let scp = FaultScp::start("PACS");
    let mut queue = Queue::start(queue::config_for(&[&scp]));
    queue.tell("/destinations/pacs/pause", &json!({}));
    queue.store_all(&Study::new(1, 1).build());
    queue.wait_for("pacs", "Pending", 1);
    queue.stop().unwrap();
    let file = queue.data_dir().join("index").join("sendqueue.db");
    let database = rusqlite::Connection::open(file).unwrap();
    database
        .execute(queue::MULTIPLY, [ITEMS as i64 - 1])
        .unwrap();
    drop(database);
    queue.restart().unwrap();
    assert_eq!(queue.count("pacs", "Pending"), ITEMS);
    (scp, queue)
}

/// Asks in a thread of its own; answers what came as the answer, if anything did.
fn ask(queue: &Queue, path: &str, body: &Value) -> JoinHandle<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", queue.http_port())).unwrap();
    let body = body.to_string();
    let request = format!(
        "POST /sendqueue{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    std::thread::spawn(move || {
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    })
}

/// Items of which the journal says that this happened to them.
fn told(queue: &Queue, event: &str) -> u64 {
    let entries = queue.ask(&format!("/journal?event={event}"));
    let entries = entries.as_array().unwrap().iter();
    entries.map(|entry| entry["Count"].as_u64().unwrap()).sum()
}

/// The states of all items, none of which may be lost.
#[track_caller]
fn cancelled(queue: &Queue) -> u64 {
    let cancelled = queue.count("pacs", "Cancelled");
    assert_eq!(cancelled + queue.count("pacs", "Pending"), ITEMS);
    cancelled
}

#[test]
fn a_stop_and_a_kill_amid_a_bulk_verb() {
    let (_scp, mut queue) = full();
    let filter = json!({ "Destination": "pacs" });
    let mut before = 0;
    for end in ["stop", "kill -9"] {
        let answer = ask(&queue, "/items/cancel", &filter);
        // Looked at while it goes on, no two counts are of the same moment.
        let is_begun = || queue.count("pacs", "Cancelled") > before;
        queue.wait_until(is_begun, SOON, "a step is done");
        if end == "stop" {
            let report = queue.stop().unwrap();
            assert!(!report.killed);
            assert_eq!(report.exit_status.code(), Some(0), "{}", queue.log());
            let answer = answer.join().unwrap();
            assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
        } else {
            queue.kill9();
            answer.join().unwrap();
        }
        queue.restart().unwrap();
        let now = cancelled(&queue);
        println!("{end}: {now} of {ITEMS} were cancelled");
        assert!(before < now && now < ITEMS, "{end}: {now} are done");
        assert_eq!(
            told(&queue, "Cancelled"),
            now,
            "{end}: the journal says what was done"
        );
        before = now;
    }
    let rest = queue.tell("/items/cancel", &filter);
    assert_eq!(rest, json!({ "Cancelled": ITEMS - before, "Running": 0 }));
    assert_eq!(cancelled(&queue), ITEMS);
    assert_eq!(told(&queue, "Cancelled"), ITEMS);
    for error in queue.unexpected_errors() {
        assert!(error.contains("Orthanc is being stopped"), "{error}");
    }
}
