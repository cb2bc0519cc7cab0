//! G2: an item is `Success` only when the destination answered for that very instance; and what was acknowledged
//! is not sent again.

use std::collections::BTreeSet;
use std::time::Duration;

use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{Association, FaultScp, OrthancVersion, Respond, Study};
use serde_json::{Value, json};

/// What a receiver does to one instance of ten, and what must become of its item.
struct Case {
    aet: &'static str,
    /// By how often it has seen the instance: 1 at first.
    respond: fn(usize) -> Respond,
    state: &'static str,
    attempts: u64,
    class: &'static str,
    status: Option<u64>,
    /// Classes of the attempts.
    history: &'static [&'static str],
}

const fn case(
    aet: &'static str,
    respond: fn(usize) -> Respond,
    state: &'static str,
    class: &'static str,
    status: Option<u64>,
    history: &'static [&'static str],
) -> Case {
    Case {
        aet,
        respond,
        state,
        attempts: history.len() as u64,
        class,
        status,
        history,
    }
}

fn once(times: usize, what: Respond) -> Respond {
    if times == 1 { what } else { Respond::Status(0) }
}

const CASES: [Case; 15] = [
    case(
        "C000",
        |_| Respond::Status(0xC000),
        "Failure",
        "Rejected",
        Some(0xC000),
        &["Rejected"],
    ),
    case(
        "A900",
        |_| Respond::Status(0xA900),
        "Failure",
        "Rejected",
        Some(0xA900),
        &["Rejected"],
    ),
    case(
        "S0122",
        |_| Respond::Status(0x0122),
        "Failure",
        "Rejected",
        Some(0x0122),
        &["Rejected"],
    ),
    case(
        "S0124",
        |_| Respond::Status(0x0124),
        "Failure",
        "Rejected",
        Some(0x0124),
        &["Rejected"],
    ),
    case(
        "PASSES",
        |times| once(times, Respond::Status(0xC1AB)),
        "Success",
        "Success",
        None,
        &["Rejected", "Success"],
    ),
    case(
        "STAYS",
        |_| Respond::Status(0xC1FF),
        "Failure",
        "Rejected",
        Some(0xC1FF),
        &["Rejected", "Rejected", "Rejected"],
    ),
    case(
        "B000",
        |_| Respond::Status(0xB000),
        "Success",
        "Success",
        None,
        &["Success"],
    ),
    case(
        "B007",
        |_| Respond::Status(0xB007),
        "Success",
        "Success",
        None,
        &["Success"],
    ),
    case(
        "FULL",
        |_| Respond::Status(0xA700),
        "Failure",
        "Busy",
        Some(0xA700),
        &["Busy", "Busy", "Busy"],
    ),
    case(
        "BUSY",
        |times| {
            if times <= 2 {
                Respond::Status(0xA701)
            } else {
                Respond::Status(0)
            }
        },
        "Success",
        "Success",
        None,
        &["Busy", "Busy", "Success"],
    ),
    case(
        "ABORTS",
        |times| once(times, Respond::Abort),
        "Success",
        "Success",
        None,
        &["Interrupted", "Success"],
    ),
    case(
        "CLOSES",
        |times| once(times, Respond::Close),
        "Success",
        "Success",
        None,
        &["Interrupted", "Success"],
    ),
    case(
        "SILENT",
        |times| once(times, Respond::Hang),
        "Success",
        "Success",
        None,
        &["Interrupted", "Success"],
    ),
    case(
        "LATE",
        |times| once(times, Respond::Delay(Duration::from_secs(6), 0)),
        "Success",
        "Success",
        None,
        &["Interrupted", "Success"],
    ),
    case(
        "NEVER",
        |_| Respond::Abort,
        "Failure",
        "Interrupted",
        None,
        &["Interrupted", "Interrupted", "Interrupted"],
    ),
];

/// What a case comes to: natively statuses are known that Orthanc does not tell.
fn natively(transport: &str, case: &Case) -> (&'static str, Option<u64>, &'static [&'static str]) {
    match case.aet {
        "B000" if transport == "Native" => ("Warning", Some(0xB000), &["Warning"]),
        "B007" if transport == "Native" => ("Warning", Some(0xB007), &["Warning"]),
        _ if transport == "Native" && case.class == "Success" => {
            (case.class, Some(0), case.history)
        }
        _ => (case.class, case.status, case.history),
    }
}

fn classes(item: &Value) -> Vec<&str> {
    item["Attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attempt| attempt["Class"].as_str().unwrap())
        .collect()
}

#[test]
fn every_answer_has_its_class_and_concerns_its_instance_alone() {
    for transport in ["Native", "Rest"] {
        answers_over(transport);
    }
}

fn answers_over(transport: &str) {
    let instances = Study::new(1, 10).seed(2).build();
    let bad = instances[3].sop_instance_uid.clone();
    let receivers: Vec<FaultScp> = CASES
        .iter()
        .map(|case| {
            let scp = FaultScp::start(case.aet);
            let (bad, respond) = (bad.clone(), case.respond);
            scp.on_store(move |store| {
                if store.sop_instance_uid == bad {
                    respond(store.times_seen_this_uid)
                } else {
                    Respond::Status(0)
                }
            });
            scp
        })
        .collect();
    let config = queue::config_for(&receivers.iter().collect::<Vec<_>>())
        .set("ConcurrentJobs", 8)
        .set("DicomScuTimeout", 2)
        .set(
            "/SendQueue/Defaults",
            json!({
                "Transport": transport,
                "Retry": {
                    "MaxAttempts": 3, "Delay": 1, "Multiplier": 1, "MaxDelay": 1,
                    // 0122 and 0124 are not named.
                    "OnStatus": ["C1xx", "0112-0FFF"],
                },
            }),
        );
    let queue = Queue::start(config);
    queue.store_all(&instances);
    queue.wait_for_rest(10 * CASES.len() as u64);

    for (case, scp) in CASES.iter().zip(&receivers) {
        let items = queue.by_uid(&queue::name_of(scp));
        assert_eq!(items.len(), 10, "{}", case.aet);
        for (uid, item) in &items {
            let item = queue.item(item["ID"].as_i64().unwrap());
            let place = format!("{}: {item:#}", case.aet);
            if *uid == bad {
                assert_eq!(item["State"], case.state, "{place}");
                assert_eq!(item["AttemptCount"], case.attempts, "{place}");
                let (class, status, history) = natively(transport, case);
                assert_eq!(item["Class"], class, "{place}");
                assert_eq!(item["DimseStatus"].as_u64(), status, "{place}");
                assert_eq!(classes(&item), history, "{place}");
            } else {
                assert_eq!(item["State"], "Success", "{place}");
                assert_eq!(item["AttemptCount"], 1, "{place}");
                assert_eq!(item["Class"], "Success", "{place}");
                assert_eq!(scp.count_of(uid), 1, "{} sent again: {uid}", case.aet);
                assert!(scp.acknowledged_uids().contains(uid), "{place}");
            }
        }
        let expected = case.history.len();
        assert_eq!(scp.count_of(&bad), expected, "{}", case.aet);
    }
    assert_eq!(queue.unexpected_errors(), Vec::<String>::new());
}

/// 0111: Orthanc 1.10.1 takes it for a failure of its job, later ones for a success; it is there, which is what was
/// asked for.
#[test]
fn a_duplicate_is_delivered() {
    for transport in ["Native", "Rest"] {
        duplicate_over(transport);
    }
}

fn duplicate_over(transport: &str) {
    let scp = FaultScp::start("TWICE");
    scp.set_status(0x0111);
    let config = queue::config_for(&[&scp]).set("/SendQueue/Defaults/Transport", transport);
    let queue = Queue::start(config);
    let instances = Study::new(1, 5).seed(3).build();
    queue.store_all(&instances);
    queue.wait_for("twice", "Success", 5);
    for item in queue.items("destination=twice") {
        if transport == "Native" || queue.version() == OrthancVersion::Machine {
            assert_eq!(item["Class"], "Warning");
            assert_eq!(item["DimseStatus"], 0x0111);
        } else {
            assert_eq!(item["Class"], "Success");
        }
        assert_eq!(item["AttemptCount"], 1);
        assert_eq!(scp.count_of(item["SopInstanceUid"].as_str().unwrap()), 1);
    }
}

/// Whatever a receiver does between two answers, success is what it has acknowledged, and nothing it has
/// acknowledged is sent again.
#[test]
fn cut_after_an_acknowledgement_nothing_is_repeated() {
    let scp = FaultScp::start("CUT");
    scp.on_store(|store| {
        if store.index_total % 7 == 3 {
            Respond::AckThenAbort
        } else {
            Respond::Status(0)
        }
    });
    let queue = Queue::start(queue::config_for(&[&scp]).set(
        "/SendQueue/Defaults",
        json!({ "Retry": { "Delay": 1, "Multiplier": 1, "MaxDelay": 1 } }),
    ));
    let instances = Study::new(2, 20).seed(4).build();
    queue.store_all(&instances);
    queue.wait_for("cut", "Success", 40);
    let sent: BTreeSet<_> = instances
        .iter()
        .map(|i| i.sop_instance_uid.clone())
        .collect();
    assert_eq!(scp.acknowledged_uids(), sent);
    for uid in &sent {
        let acknowledged = scp
            .stores()
            .iter()
            .filter(|store| store.sop_instance_uid == *uid && store.acknowledged())
            .count();
        assert_eq!(acknowledged, 1, "{uid}");
    }
}

/// A receiver that takes the data and never accepts or answers anything: nothing is ever a success.
#[test]
fn without_an_answer_nothing_is_a_success() {
    let silent = FaultScp::start("SILENT");
    silent.set_store(Respond::Hang);
    let closed = FaultScp::start("CLOSED");
    closed.set_association(Association::CloseAtOnce);
    let none = FaultScp::start("NONE");
    none.set_association(Association::AcceptNoContext);
    let queue = Queue::start(
        queue::config_for(&[&silent, &closed, &none])
            .set("DicomScuTimeout", 1)
            .set(
                "/SendQueue/Defaults",
                json!({ "Retry": { "MaxAttempts": 2, "Delay": 1, "Multiplier": 1, "MaxDelay": 1 } }),
            ),
    );
    queue.store_all(&Study::new(1, 3).seed(5).build());
    queue.wait_for("silent", "Failure", 3);
    queue.wait_for("none", "Failure", 3);
    for item in queue.items("destination=none") {
        assert_eq!(item["Class"], "NotNegotiated");
        assert_eq!(item["AttemptCount"], 1);
    }
    for item in queue.items("destination=silent") {
        assert_eq!(item["Class"], "Interrupted");
        assert_eq!(item["AttemptCount"], 2);
    }
    // Before the association is there, it is an outage: the items wait.
    assert!(closed.wait_for(|counters| counters.requested >= 2, SOON));
    for item in queue.items("destination=closed") {
        assert_ne!(item["State"], "Success");
        assert_eq!(item["AttemptCount"], 0);
    }
    assert_eq!(queue.ask("")["Counts"]["Success"], 0);
}
