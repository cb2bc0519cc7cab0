//! What was sent where.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::odd_servers::{Server, part};
use super::*;

#[test]
fn what_was_sent_is_a_line_a_table_and_each_by_itself() {
    let (_bad, _good, queue, study) = scene();
    let ctl = Ctl::of(&queue);
    let list = ctl.json(&["deliveries"]);
    assert_eq!(list.as_array().map(Vec::len), Some(1), "{list:#}");
    let id = list[0]["ID"].to_string();
    let uid = list[0]["StudyInstanceUid"].as_str().unwrap().to_owned();
    for arguments in [
        &["--destination", "good"][..],
        &["--study", &uid],
        &["--study", &study, "--since", "1h"],
    ] {
        let text = ctl.ok(&[&["deliveries"], arguments].concat());
        let row = text.lines().nth(1).unwrap_or_default();
        let fields: Vec<&str> = row.split_whitespace().collect();
        assert!(text.starts_with("ID"), "{text}");
        assert_eq!(
            fields[fields.len() - 8..][..4],
            [&study, "good", "4", "0"],
            "{text}"
        );
    }
    // None is no fault.
    for arguments in [
        &["--accession", "none"][..],
        &["--until", "2026-01-01"],
        &["--destination", "over"],
    ] {
        let text = ctl.ok(&[&["deliveries"], arguments].concat());
        assert!(text.ends_with("(none)\n"), "{text}");
    }
    let table = ctl.ok(&["deliveries", "--csv"]);
    assert!(table.starts_with("ID,Study,"), "{table}");
    assert_eq!(table.matches("\r\n").count(), 2, "{table}");
    assert!(
        table.contains(&format!("\r\n{id},{study},{uid},")),
        "{table}"
    );
    let one = ctl.ok(&["deliveries", &id]);
    assert_eq!(one.matches(" Success ").count(), 4, "{one}");
    assert_eq!(
        ctl.json(&["deliveries", &id])["List"]
            .as_array()
            .map(Vec::len),
        Some(4)
    );
    assert!(
        ctl.fails(4, &["deliveries", "4711"])
            .contains("no delivery 4711")
    );
    assert!(
        ctl.fails(2, &["deliveries", "--since", "25:00"])
            .contains("yesterday 18:00")
    );
    ctl.fails(2, &["deliveries", &id, "--csv"]);
    ctl.fails(2, &["--json", "deliveries", "--csv"]);
    // When nothing else is left of it.
    let _ = queue.delete(&format!("/studies/{study}"));
    ctl.ok(&["purge", "--all", "--yes"]);
    for item in queue.items("") {
        let path = format!("/sendqueue/items/{}", item["ID"]);
        assert_eq!(queue.delete(&path).status, 200, "{item:#}");
    }
    let text = ctl.ok(&["study", &uid]);
    let way = format!("sendqueuectl deliveries --study {study} says where it was sent");
    assert!(text.contains(&way), "{text}");
}

/// More than a server says at once.
#[test]
fn a_table_is_whole() {
    let asked = AtomicUsize::new(0);
    let server = Server::start(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => part("ID,Name\r\n1,a\r\n2,\"b\r\n9,c\"\r\n", false),
        1 => part("ID,Name\r\n3,d\r\n", true),
        _ => None,
    });
    let (code, text, said) = server.run(&["deliveries", "--csv"]);
    assert_eq!((code, said.as_str()), (Some(0), ""));
    assert_eq!(text, "ID,Name\r\n1,a\r\n2,\"b\r\n9,c\"\r\n3,d\r\n");
    // Not what the queue says.
    let server = Server::start(|_| part("<html>\r\n</html>", true));
    let (code, text, _) = server.run(&["deliveries", "--csv"]);
    assert_eq!((code, text.as_str()), (Some(3), ""));
}
