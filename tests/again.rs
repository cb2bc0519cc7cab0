//! What Orthanc receives again, and rules on what its list of tags does not show.

use sendqueue_testkit::dcmtk::StoreScu;
use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, Instance, OrthancVersion, Study, free_port};
use serde_json::json;

fn store(queue: &Queue, instances: &[Instance], arguments: &[&str]) {
    let scu = StoreScu::to("ORTHANC", queue.dicom_port()).calling("CT1");
    let scu = arguments
        .iter()
        .fold(scu, |scu, argument| scu.arg(argument));
    let sent = scu.send(instances).unwrap();
    assert!(sent.status.success(), "{sent:?}");
}

/// A counter of a destination; 0 where it is not there.
fn counted(queue: &Queue, name: &str, destination: &str, label: &str) -> u64 {
    let page = queue.get("/sendqueue/metrics").ok().text();
    let lines = page.lines().filter(|line| {
        line.starts_with(name)
            && line.contains(&format!("destination=\"{destination}\""))
            && line.contains(label)
    });
    let values = lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
    values.sum::<f64>() as u64
}

/// Without the queue's own look at what comes again this went round for ever.
#[test]
fn a_ring_of_three_comes_to_rest() {
    const COUNT: usize = 3;
    let ports = [free_port(), free_port(), free_port()];
    let ring: Vec<Queue> = (0..3)
        .map(|at| {
            let config = queue::config(&["next"])
                .set("DicomAet", ["A", "B", "C"][at])
                .set("DicomPort", ports[at])
                .set("OverwriteInstances", true)
                .modality("next", ["B", "C", "A"][at], ports[(at + 1) % 3]);
            Queue::start(config)
        })
        .collect();
    store(&ring[0], &Study::new(1, COUNT).seed(1).build(), &[]);
    let held_back = || -> u64 {
        let name = "sendqueue_held_back_total";
        let of = ring.iter();
        of.map(|queue| counted(queue, name, "next", "reason=\"Unchanged\""))
            .sum()
    };
    ring[0].wait_until(|| held_back() == COUNT as u64, SOON, "the ring at rest");
    let made = ring.iter().map(|queue| queue.items("").len());
    assert_eq!(made.sum::<usize>(), 3 * COUNT, "once over each");
    for queue in &ring {
        assert_eq!(queue.count("next", "Success"), COUNT as u64);
        assert_eq!(queue.log_errors(), Vec::<String>::new());
    }
    let told = ring.iter().map(|queue| queue.log());
    let told = told.map(|log| log.matches("is not sent to next again").count());
    assert_eq!(told.sum::<usize>(), 1, "said once");
}

/// By default Orthanc keeps what it has: 1.10 and 1.12 tell of the second reception, 1.13 does not.
#[test]
fn a_study_sent_again_by_the_modality() {
    let (once, always) = (FaultScp::start("ONCE"), FaultScp::start("ALWAYS"));
    let queue = Queue::start(queue::config_for(&[&once, &always]).set(
        "/SendQueue/Rules",
        json!([{ "To": ["once"] }, { "To": ["always"], "Again": "Always" }]),
    ));
    let study = Study::new(1, 2).seed(1).build();
    store(&queue, &study, &[]);
    queue.wait_for_rest(4);
    store(&queue, &study, &[]);
    // What comes after it is delivered after it was looked at.
    store(&queue, &Study::new(1, 1).seed(2).build(), &[]);
    let told = if queue.version() == OrthancVersion::Forky {
        0
    } else {
        2
    };
    queue.wait_for_rest(6 + told);
    assert_eq!(once.counters().stores, 3);
    assert_eq!(always.counters().stores as u64, 3 + told);
    assert_eq!(counted(&queue, "sendqueue_again_total", "always", ""), told);
    let unchanged = counted(&queue, "sendqueue_held_back_total", "once", "Unchanged");
    assert_eq!(unchanged, told);
}

/// Orthanc overwrites: each content once, as long as it does not change.
#[test]
fn overwritten_it_is_sent_if_it_changed() {
    let scp = FaultScp::start("PACS");
    let queue = Queue::start(queue::config_for(&[&scp]).set("OverwriteInstances", true));
    let made = |description: &str| {
        let study = Study::new(1, 1).seed(1);
        study.series_description(description).build()
    };
    for (content, sent, unchanged) in [
        ("one", 1, 0),
        ("one", 1, 1),
        ("two", 2, 1),
        ("two", 2, 2),
        ("one", 3, 2),
    ] {
        store(&queue, &made(content), &[]);
        let held_back = || counted(&queue, "sendqueue_held_back_total", "pacs", "Unchanged");
        let done = || queue.count("pacs", "Success") == sent && held_back() == unchanged;
        queue.wait_until(done, SOON, content);
        assert_eq!(scp.counters().stores as u64, sent);
    }
}

#[test]
fn rules_on_what_orthanc_does_not_list() {
    let names = ["PRIVATE", "LONG", "LATE", "OTHER", "BINARY"];
    let receivers: Vec<FaultScp> = names.iter().map(|name| FaultScp::start(name)).collect();
    let to = |name: &str, tag: &str, value: &str| json!({ "To": [name], "When": { "CallingAet": "ct1", "Tags": { tag: value } } });
    let queue = Queue::start(
        queue::config_for(&receivers.iter().collect::<Vec<_>>()).set(
            "/SendQueue/Rules",
            json!([
                to("private", "0009,1001", "YES"),
                to("long", "0010,4000", "regex:x{300}.*end$"),
                to("late", "7fe1,1001", "LATE"),
                to("other", "0009,1001", "NO"),
                to("binary", "0009,1002", "77"),
            ]),
        ),
    );
    let study = Study::new(1, 1)
        .seed(1)
        .tag((0x0009, 0x0010), "LO", "ACME")
        .tag((0x0009, 0x1001), "LO", "YES")
        .tag_bytes((0x0009, 0x1002), "US", &[77, 0])
        .tag(
            (0x0010, 0x4000),
            "LT",
            &format!("{} the end", "x".repeat(400)),
        )
        .tag((0x7fe1, 0x0010), "LO", "ACME")
        .tag((0x7fe1, 0x1001), "LO", "LATE")
        .build();
    // In Implicit VR, where nothing tells what a private element is.
    store(&queue, &study, &["-xi"]);
    queue.wait_for_rest(4);
    let counts: Vec<usize> = receivers.iter().map(|scp| scp.counters().stores).collect();
    assert_eq!(counts, [1, 1, 1, 0, 0]);
    let failed = &queue.items("state=Failure")[0];
    assert_eq!(failed["Destination"], "binary");
    let details = failed["Details"].as_str().unwrap();
    assert!(details.contains("0009,1002 is binary"), "{details}");
    assert_eq!(
        counted(&queue, "sendqueue_undecided_total", "binary", ""),
        1
    );
}
