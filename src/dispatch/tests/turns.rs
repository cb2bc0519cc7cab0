//! Whose turn it is.

use super::*;
use crate::config::settings::LocalAet;

#[test]
fn the_most_urgent_then_the_oldest_group_goes_first() {
    let bench = bench(|_| ());
    let with = |study: &str, instance: &str, priority| NewItem {
        priority,
        ..item(study, instance)
    };
    bench.enqueue(&[
        with("a", "low", Priority::Low),
        with("b", "medium-1", Priority::Medium),
        with("c", "medium-2", Priority::Medium),
        with("b", "medium-3", Priority::Medium),
        with("d", "high", Priority::High),
        with("b", "stat", Priority::Stat),
    ]);
    bench.work();
    assert_eq!(
        bench.sent(),
        [
            vec!["stat"],
            vec!["high"],
            vec!["medium-1", "medium-3"],
            vec!["medium-2"],
            vec!["low"]
        ]
    );
}

#[test]
fn a_pause_holds_everything_and_a_resume_lets_it_go() {
    let bench = bench(|_| ());
    bench.lane.set_paused(true);
    bench.enqueue(&items("s", 3));
    assert_eq!(bench.work(), None);
    assert_eq!(bench.probes(), 0);
    assert!(bench.lane.status().paused);
    bench.lane.set_paused(false);
    bench.work();
    assert_eq!(bench.record().counts.get(State::Success), 3);
}

#[test]
fn batches_are_as_large_as_allowed() {
    let bench = bench(|settings| settings.batch_size = 7);
    bench.enqueue(&items("s", 20));
    bench.work();
    let sizes: Vec<usize> = bench.sent().iter().map(Vec::len).collect();
    assert_eq!(sizes, [7, 7, 6]);
}

#[test]
fn each_calling_aet_has_its_own_association() {
    let bench = bench(|settings| settings.local_aet = LocalAet::Remote);
    let from = |instance: &str, aet: Option<&str>| NewItem {
        remote_aet: aet.map(str::to_owned),
        ..item("s", instance)
    };
    bench.enqueue(&[
        from("1", Some("CT1")),
        from("2", Some("CT1")),
        from("3", Some("CT2")),
        from("4", None),
    ]);
    bench.work();
    let asked = |aet: Option<&str>, instances: &[&str]| Asked {
        aet: aet.map(str::to_owned),
        instances: instances.iter().map(|one| (*one).to_owned()).collect(),
    };
    assert_eq!(
        bench.asked(),
        [
            asked(Some("CT1"), &["1", "2"]),
            asked(Some("CT2"), &["3"]),
            asked(None, &["4"])
        ]
    );
}

#[test]
fn after_a_failed_run_the_other_runs_of_the_claim_wait() {
    let bench = bench(|settings| settings.local_aet = LocalAet::Remote);
    let from = |instance: &str, aet: &str| NewItem {
        remote_aet: Some(aet.to_owned()),
        ..item("s", instance)
    };
    bench.enqueue(&[from("1", "CT1"), from("2", "CT2")]);
    bench.on_probe({
        let mut first = true;
        move || {
            if std::mem::take(&mut first) {
                Probe::Answered(Duration::ZERO)
            } else {
                silent()
            }
        }
    });
    bench.always(Outcome::new(Class::Unreachable, "gone"));
    bench.work();
    assert_eq!(bench.sent(), [["1"]]);
    assert_eq!(bench.item("2").0.state, State::Pending);
}

#[test]
fn an_empty_queue_is_not_asked_again_until_poked() {
    let bench = bench(|_| ());
    assert_eq!(bench.work(), None);
    assert_eq!(
        bench.probes(),
        0,
        "a destination without items is left alone"
    );
    bench.enqueue(&items("s", 1));
    bench.work();
    assert_eq!(bench.sent().len(), 1);
}
