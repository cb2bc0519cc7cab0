//! Whether a destination has what it acknowledged.

use super::*;

/// A receiver that does not do storage commitment.
#[test]
fn what_is_not_confirmed_is_listed_and_asked_for_again() {
    let (scp, plain) = (FaultScp::start("ARCHIVE"), FaultScp::start("PLAIN"));
    let confirm = json!({ "By": "StorageCommitment", "Delay": 0, "Timeout": 1 });
    let config =
        queue::config_for(&[&scp, &plain]).set("/SendQueue/Destinations/archive/Confirm", confirm);
    let queue = Queue::start(config);
    let ids = queue.store_all(&Study::new(1, 3).build());
    let ctl = Ctl::of(&queue);
    let study = queue.items("")[0]["Study"].as_str().unwrap().to_owned();
    let timed_out = || {
        ctl.json(&["items", "--confirmation", "TimedOut"])
            .as_array()
            .map(Vec::len)
            == Some(ids.len())
    };
    queue.wait_until(timed_out, SOON, "nothing was confirmed");
    let text = ctl.ok(&[
        "items",
        "--confirmation",
        "TimedOut",
        "--destination",
        "archive",
    ]);
    assert_eq!(text.matches("not confirmed in time").count(), 3, "{text}");
    queue.wait_for("plain", "Success", 3);
    let none = ctl.json(&["items", "--confirmation", "None"]);
    assert_eq!(none.as_array().map(Vec::len), Some(3), "{none:#}");
    let wrong = ctl.fails(2, &["items", "--confirmation", "waiting"]);
    assert!(wrong.contains("Confirmed, Refused, TimedOut"), "{wrong}");
    let item = ctl.json(&["items", "--confirmation", "TimedOut"])[0]["ID"].to_string();
    let shown = ctl.ok(&["item", &item]);
    assert!(shown.contains("Confirmation     TimedOut"), "{shown}");
    let line = ctl.json(&["deliveries", "--destination", "archive"])[0]["ID"].to_string();
    let shown = ctl.ok(&["deliveries", &line]);
    assert_eq!(shown.matches(" TimedOut ").count(), 3, "{shown}");
    let told = ctl.run(&[]);
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(
        told.contains("archive has not confirmed what it acknowledged: 3 "),
        "{told}"
    );

    let asked = ctl.ok(&["confirm", "archive", &study]);
    assert_eq!(asked, "archive is asked for 3 deliveries\n");
    queue.wait_until(timed_out, SOON, "nothing was confirmed again");
    assert_eq!(
        ctl.json(&["confirm", "archive", &study]),
        json!({ "Deliveries": 3 })
    );
    let refused = ctl.fails(1, &["confirm", "plain", &study]);
    assert!(refused.contains("have no Confirm"), "{refused}");
    let unknown = ctl.fails(4, &["confirm", "nowhere", &study]);
    assert!(unknown.contains("nowhere"), "{unknown}");
    ctl.fails(4, &["confirm", "archive", "A999"]);
    // Of a study of which nothing was sent there.
    let none = ctl.ok(&["confirm", "archive", "1.2.3"]);
    assert!(
        none.starts_with("nothing was delivered to archive "),
        "{none}"
    );
}
