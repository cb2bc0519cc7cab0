//! `AssociationPer: "Group"`: a study goes whole over one association that nothing else goes over, and that ends with
//! it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, Instance, OrthancConfig, Respond, Study, wait};
use serde_json::json;

/// Each of these receivers with so many associations.
fn per_group(receivers: &[(&FaultScp, u32)]) -> OrthancConfig {
    let all: Vec<&FaultScp> = receivers.iter().map(|(scp, _)| *scp).collect();
    let config = queue::config_for(&all)
        .set("/SendQueue/Defaults/Transport", "Native")
        .set("/SendQueue/Defaults/AssociationPer", "Group")
        .set("/SendQueue/Defaults/Timeout", 60)
        .set("/SendQueue/Defaults/BatchSize", 4);
    receivers
        .iter()
        .fold(config, |config, (scp, associations)| {
            let name = queue::name_of(scp);
            let path = format!("/SendQueue/Destinations/{name}/Associations");
            config.set(&path, *associations)
        })
}

/// The studies' instances in turns: as several modalities send at the same time.
fn interleaved(studies: &[Vec<Instance>]) -> impl Iterator<Item = &Instance> {
    let most = studies.iter().map(Vec::len).max().unwrap_or(0);
    (0..most).flat_map(move |at| studies.iter().filter_map(move |study| study.get(at)))
}

fn hold_back(queue: &Queue, receivers: &[&FaultScp], what: &str) {
    for scp in receivers {
        let path = format!("/destinations/{}/{what}", queue::name_of(scp));
        queue.tell(&path, &json!({}));
    }
}

/// What went over each association, in order, by the study's number.
fn associations(scp: &FaultScp, studies: &[Vec<Instance>]) -> BTreeMap<u64, Vec<usize>> {
    let mut all: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for store in scp.stores() {
        let is_it = |one: &Instance| one.sop_instance_uid == store.sop_instance_uid;
        let study = studies.iter().position(|study| study.iter().any(is_it));
        let study = study.expect("an instance of ours");
        all.entry(store.association).or_default().push(study);
    }
    all
}

#[track_caller]
fn all_released(scp: &FaultScp) {
    let released = scp.wait_for(|now| now.open == 0, SOON);
    let counters = scp.counters();
    assert!(
        released && counters.released == counters.associations,
        "{counters:?}"
    );
}

#[test]
fn each_study_has_one_association_however_many_there_are() {
    let receivers = ["ONE", "TWO", "FOUR"].map(FaultScp::start);
    let all: Vec<&FaultScp> = receivers.iter().collect();
    let queue = Queue::start(per_group(&[(all[0], 1), (all[1], 2), (all[2], 4)]));
    hold_back(&queue, &all, "pause");
    let studies = [1, 2, 3].map(|seed| Study::new(2, 6).seed(seed).build());
    // One that is refused, in the middle of its study.
    let refused = studies[1][5].sop_instance_uid.clone();
    for scp in &all {
        let refused = refused.clone();
        scp.on_store(move |store| {
            Respond::Status(if store.sop_instance_uid == refused {
                0xC001
            } else {
                0
            })
        });
    }
    queue.store_all(interleaved(&studies));
    for scp in &all {
        queue.wait_for(&queue::name_of(scp), "Pending", 36);
    }
    hold_back(&queue, &all, "resume");
    queue.wait_for_rest(3 * 36);
    for scp in &all {
        let over = associations(scp, &studies);
        let whole: BTreeSet<Vec<usize>> = over.values().cloned().collect();
        let expected = BTreeSet::from([vec![0; 12], vec![1; 12], vec![2; 12]]);
        assert_eq!(whole, expected, "{}: {over:?}", scp.aet());
        assert_eq!(over.len(), 3, "{over:?}");
        for study in &studies {
            let sent: Vec<String> = scp
                .stores()
                .into_iter()
                .map(|s| s.sop_instance_uid)
                .collect();
            let ours = |uid: &&String| study.iter().any(|one| one.sop_instance_uid == **uid);
            let stored: Vec<&String> = study.iter().map(|one| &one.sop_instance_uid).collect();
            let sent: Vec<&String> = sent.iter().filter(ours).collect();
            // Which of the two series comes first is of no account.
            let either = [stored.clone(), [&stored[6..], &stored[..6]].concat()];
            assert!(either.contains(&sent), "{sent:#?}");
        }
        all_released(scp);
        assert_eq!(queue.count(&queue::name_of(scp), "Failure"), 1);
    }
    assert!(receivers[0].counters().max_open == 1);
    assert!(receivers[1].counters().max_open <= 2);
}

/// `QuietSeconds` is how long more of a study is waited for; the rule sends it at once all the same.
#[test]
fn what_comes_late_goes_over_the_same_association() {
    let scp = FaultScp::start("PACS");
    let config = per_group(&[(&scp, 2)])
        .set("/SendQueue/Defaults/QuietSeconds", 10)
        .set("/SendQueue/Rules/0/QuietSeconds", 0);
    let queue = Queue::start(config);
    let study = Study::new(1, 4).seed(1).build();
    for (at, instance) in study.iter().enumerate() {
        queue.store(&instance.bytes);
        queue.wait_for("pacs", "Success", at as u64 + 1);
        assert_eq!(scp.counters().released, 0, "more of it may come");
    }
    let other = Study::new(1, 1).seed(2).build();
    queue.store_all(&other);
    queue.wait_for("pacs", "Success", 5);
    let over = associations(&scp, &[study, other]);
    let over: Vec<Vec<usize>> = over.into_values().collect();
    assert_eq!(over, [vec![0; 4], vec![1]]);
    all_released(&scp);
}

#[test]
fn stat_takes_another_association_or_waits_for_the_instance_in_hand() {
    let receivers = ["ONE", "TWO"].map(FaultScp::start);
    let [one, two] = &receivers;
    let config = per_group(&[(one, 1), (two, 2)]).set(
        "/SendQueue/Rules",
        json!([
            { "To": ["one", "two"], "Priority": "Stat", "When": { "Tags": { "StudyDescription": "urgent" } } },
            { "To": ["one", "two"] }
        ]),
    );
    let queue = Queue::start(config);
    let long = Study::new(1, 10).seed(1).build();
    let urgent = Study::new(1, 2).seed(2).study_description("urgent").build();
    // The third instance is in hand until the urgent study is there: with a second association, until it was sent.
    let third = long[2].sop_instance_uid.clone();
    let there = Arc::new(AtomicBool::new(false));
    for scp in &receivers {
        let (third, there) = (third.clone(), there.clone());
        scp.on_store(move |store| {
            if store.sop_instance_uid == third {
                let _ = wait::poll(|| there.load(Ordering::SeqCst), SOON);
            }
            Respond::Status(0)
        });
    }
    hold_back(&queue, &[one, two], "pause");
    queue.store_all(&long);
    queue.wait_for("one", "Pending", 10);
    queue.wait_for("two", "Pending", 10);
    hold_back(&queue, &[one, two], "resume");
    for scp in &receivers {
        // Nobody is told of one that is in hand.
        let in_hand = wait::poll(|| scp.counters().stores >= 3, SOON);
        assert!(in_hand, "{:?}", scp.counters());
    }
    queue.store_all(&urgent);
    queue.wait_for("two", "Success", 4);
    // Four are in hand.
    queue.wait_for("one", "Pending", 10 - 4 + 2);
    there.store(true, Ordering::SeqCst);
    queue.wait_for_rest(24);
    let studies = [long, urgent];
    let over = |scp| {
        associations(scp, &studies)
            .into_values()
            .collect::<Vec<_>>()
    };
    assert_eq!(over(two), [vec![0; 10], vec![1; 2]]);
    assert_eq!(over(one), [vec![0; 3], vec![1; 2], vec![0; 7]]);
    for scp in &receivers {
        all_released(scp);
    }
}

#[test]
fn after_an_interruption_the_rest_goes_over_one_new_association() {
    let scp = FaultScp::start("PACS");
    let config = per_group(&[(&scp, 2)])
        .set("/SendQueue/Defaults/Retry/Delay", 0)
        .set("/SendQueue/Defaults/Retry/MaxDelay", 0);
    let queue = Queue::start(config);
    let study = Study::new(1, 10).seed(1).build();
    let cut = study[4].sop_instance_uid.clone();
    scp.on_store(move |store| {
        if store.sop_instance_uid == cut && store.times_seen_this_uid == 1 {
            Respond::Abort
        } else {
            Respond::Status(0)
        }
    });
    hold_back(&queue, &[&scp], "pause");
    queue.store_all(&study);
    queue.wait_for("pacs", "Pending", 10);
    hold_back(&queue, &[&scp], "resume");
    queue.wait_for("pacs", "Success", 10);
    let over = associations(&scp, &[study]);
    let sizes: Vec<usize> = over.values().map(Vec::len).collect();
    assert_eq!(sizes, [5, 6], "{over:?}");
    assert!(scp.wait_for(|now| now.open == 0 && now.released == 1, SOON));
}
