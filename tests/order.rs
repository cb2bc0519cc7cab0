//! The order in which a receiver gets a group: instance numbers within a series, and what refers to images last.

use sendqueue_testkit::queue::{self, Queue};
use sendqueue_testkit::{FaultScp, Instance, Study};
use serde_json::json;

const KEY_OBJECTS: &str = "1.2.840.10008.5.1.4.1.1.88.59";

#[test]
fn a_receiver_gets_a_study_in_order_whatever_the_order_of_arrival() {
    let images = Study::new(2, 6).seed(71);
    let objects = images.clone().sop_class(KEY_OBJECTS).modality("KO");
    // By series, and number.
    let one = |series: usize, number: usize| match series {
        3 => objects.instance(series, number),
        _ => images.instance(series, number),
    };
    // Backwards, the series in turns, and what refers to them before them.
    let mut arrival: Vec<Instance> = vec![one(3, 2)];
    for number in (1..=6).rev() {
        arrival.extend([one(1, number), one(2, number)]);
        arrival.extend((number == 4).then(|| one(3, 1)));
    }

    let receivers = ["NATIVE", "REST", "LANES"].map(FaultScp::start);
    let destination = |transport: &str, more: &str, value: serde_json::Value| json!({ "Transport": transport, "BatchSize": 5, more: value });
    let config = queue::config_for(&receivers.iter().collect::<Vec<_>>()).set(
        "/SendQueue/Destinations",
        json!({
            "native": destination("Native", "Associations", json!(1)),
            "rest": destination("Rest", "Associations", json!(1)),
            "lanes": destination("Native", "Split", json!(false)),
        }),
    );
    let queue = Queue::start(config);
    let all = |what: &str| {
        for scp in &receivers {
            queue.tell(
                &format!("/destinations/{}/{what}", queue::name_of(scp)),
                &json!({}),
            );
        }
    };
    all("pause");
    queue.store_all(&arrival);
    for scp in &receivers {
        queue.wait_for(&queue::name_of(scp), "Pending", arrival.len() as u64);
    }
    all("resume");
    queue.wait_for_rest(3 * arrival.len() as u64);

    let uids = |series: usize, numbers: std::ops::RangeInclusive<usize>| -> Vec<String> {
        numbers
            .map(|number| images.uid_of(series, number))
            .collect()
    };
    let last = uids(3, 1..=2);
    // Which series comes first is of no account.
    let either = [
        [uids(1, 1..=6), uids(2, 1..=6), last.clone()].concat(),
        [uids(2, 1..=6), uids(1, 1..=6), last].concat(),
    ];
    for scp in &receivers {
        let stores = scp.stores().into_iter();
        let order: Vec<String> = stores.map(|store| store.sop_instance_uid).collect();
        assert!(either.contains(&order), "{}: {order:#?}", scp.aet());
    }
    assert_eq!(queue.unexpected_errors(), Vec::<String>::new());
}
