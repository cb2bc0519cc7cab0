//! What was acknowledged is asked for later.

use super::*;
use crate::config::confirm::Confirm;
use crate::item::{Confirmation, Means, SentSeries};
use crate::transport::confirm::Answer;

/// One question: by which means, of which transaction, for how many instances.
type Put = (Means, Option<String>, usize);

fn confirming(by: &[Means], timeout: u32) -> Bench {
    let by = by.to_vec();
    bench(|settings| {
        settings.confirm = Some(Confirm {
            by,
            delay: 60,
            timeout,
        });
    })
}

impl Bench {
    /// Each question is answered so, all its instances alike; what was asked is written down.
    fn on_confirm(
        &self,
        mut answer: impl FnMut(&Question<'_>) -> (Option<String>, Answer, Option<Outcome>)
        + Send
        + 'static,
    ) -> Arc<Mutex<Vec<Put>>> {
        let put = Arc::new(Mutex::new(Vec::new()));
        let seen = put.clone();
        let confirm = move |question: &Question<'_>| {
            let transaction = question.transaction.map(str::to_owned);
            let count = question.instances.len();
            seen.lock().unwrap().push((question.by, transaction, count));
            let (transaction, each, trouble) = answer(question);
            Answers {
                transaction,
                each: vec![each; count],
                trouble,
            }
        };
        *self.script.confirm.lock().unwrap() = Some(Box::new(confirm));
        put
    }

    fn confirmation(&self, instance: &str) -> (State, Confirmation) {
        let (item, _) = self.item(instance);
        (item.state, item.confirmation)
    }

    /// Works until so many seconds after the beginning, whatever is due on the way.
    fn until(&self, seconds: f64) {
        let end = Timestamp::from_micros(BEGIN).plus_seconds(seconds);
        loop {
            let idle = self.work();
            let due = self.promoter.round().unwrap();
            let next = [idle, due].into_iter().flatten().min();
            let now = self.clock.now();
            match next.filter(|next| *next <= end) {
                Some(next) => self.advance(next.since(now).as_secs_f64().max(1e-6)),
                None => return self.advance(end.since(now).as_secs_f64()),
            }
            self.promoter.round().unwrap();
        }
    }
}

fn has(_: &Question<'_>) -> (Option<String>, Answer, Option<Outcome>) {
    (None, Answer::Has, None)
}

fn denied(status: u16) -> (Option<String>, Answer, Option<Outcome>) {
    let details = "no such object instance".to_owned();
    (None, Answer::Denied { status, details }, None)
}

fn not_yet(why: &str) -> (Option<String>, Answer, Option<Outcome>) {
    (None, Answer::NotYet(why.to_owned()), None)
}

#[test]
fn it_is_asked_after_its_delay_and_not_before() {
    let bench = confirming(&[Means::Find], 1000);
    let put = bench.on_confirm(has);
    bench.enqueue(&items("s", 3));
    bench.until(59.0);
    let waits = (State::Success, Confirmation::Waiting);
    assert_eq!(bench.confirmation("s-0"), waits);
    assert_eq!(bench.record().confirming.waiting, 3);
    assert_eq!(*put.lock().unwrap(), []);
    bench.until(61.0);
    assert_eq!(*put.lock().unwrap(), [(Means::Find, None, 3)]);
    let confirmed = (State::Success, Confirmation::Confirmed);
    assert_eq!(bench.confirmation("s-2"), confirmed);
    assert_eq!(bench.lane.figures().followed.confirmed, 3);
    assert_eq!(bench.work(), None);
}

#[test]
fn what_is_not_to_be_confirmed_is_not_asked_for() {
    let bench = bench(|_| ());
    let put = bench.on_confirm(has);
    bench.enqueue(&items("s", 1));
    bench.until(100_000.0);
    assert_eq!(
        bench.confirmation("s-0"),
        (State::Success, Confirmation::None)
    );
    assert_eq!(*put.lock().unwrap(), []);
}

#[test]
fn nothing_certain_is_asked_again_further_and_further_apart_and_ends() {
    let bench = confirming(&[Means::Find], 1000);
    let put = bench.on_confirm(|_| not_yet("C-FIND did not find it"));
    bench.enqueue(&items("s", 1));
    bench.until(1059.0);
    // After 60, 90, 150, 270, 510 and 990 s.
    assert_eq!(put.lock().unwrap().len(), 6);
    assert_eq!(bench.confirmation("s-0").1, Confirmation::Waiting);
    bench.until(1061.0);
    assert_eq!(
        bench.confirmation("s-0"),
        (State::Success, Confirmation::TimedOut)
    );
    let details = bench.item("s-0").0.details.unwrap();
    assert!(details.contains("not confirmed in time: C-FIND did not find it"));
    assert_eq!(bench.lane.figures().followed.timed_out, 1);
    assert_eq!(bench.record().confirming.timed_out, 1);
    bench.until(100_000.0);
    assert_eq!(put.lock().unwrap().len(), 6);
}

#[test]
fn the_next_means_has_its_turn_when_the_first_brought_nothing() {
    let bench = confirming(&[Means::StorageCommitment, Means::Find], 1000);
    let put = bench.on_confirm(|question| match question.by {
        Means::StorageCommitment => (Some("2.25.1".to_owned()), Answer::Awaited, None),
        Means::Find => has(question),
    });
    bench.enqueue(&items("s", 1));
    bench.until(559.0);
    assert!(
        put.lock()
            .unwrap()
            .iter()
            .all(|put| put.0 == Means::StorageCommitment)
    );
    bench.until(561.0);
    assert_eq!(put.lock().unwrap().last(), Some(&(Means::Find, None, 1)));
    assert_eq!(bench.confirmation("s-0").1, Confirmation::Confirmed);
}

#[test]
fn a_report_is_looked_for_and_asked_for_anew() {
    let bench = confirming(&[Means::StorageCommitment], 16_000);
    let mut begun = 0;
    let put = bench.on_confirm(move |question| {
        begun += u32::from(question.transaction.is_none());
        match question.transaction {
            Some("2.25.3") => has(question),
            Some(open) => (Some(open.to_owned()), Answer::Awaited, None),
            None => (Some(format!("2.25.{begun}")), Answer::Awaited, None),
        }
    });
    bench.enqueue(&items("s", 2));
    bench.until(61.0);
    let first = [
        (Means::StorageCommitment, None, 2),
        (Means::StorageCommitment, Some("2.25.1".to_owned()), 2),
    ];
    assert_eq!(*put.lock().unwrap(), first);
    // The second after a sixteenth of the time, the third after two.
    let begins = || {
        let put = put.lock().unwrap();
        put.iter().filter(|put| put.1.is_none()).count()
    };
    for (seconds, transactions) in [(1059.0, 1), (1125.0, 2), (3059.0, 2), (3200.0, 3)] {
        bench.until(seconds);
        assert_eq!(begins(), transactions, "{seconds}");
    }
    assert_eq!(bench.confirmation("s-1").1, Confirmation::Confirmed);
}

#[test]
fn what_it_does_not_have_is_sent_again_once() {
    let bench = confirming(&[Means::StorageCommitment], 1000);
    bench.on_confirm(|_| denied(0x0112));
    bench.enqueue(&items("s", 1));
    bench.until(61.0);
    assert_eq!(bench.sent().len(), 2);
    assert_eq!(
        bench.confirmation("s-0"),
        (State::Success, Confirmation::Waiting)
    );
    bench.until(10_000.0);
    assert_eq!(bench.sent().len(), 2);
    assert_eq!(
        bench.confirmation("s-0"),
        (State::Failure, Confirmation::Refused)
    );
    let (item, attempts) = bench.item("s-0");
    assert_eq!(
        (item.class, item.dimse_status),
        (Some(Class::Rejected), Some(0x0112))
    );
    assert_eq!(attempts.len(), 4);
    assert_eq!(bench.lane.figures().followed.refused, 2);
}

#[test]
fn what_it_will_never_answer_for_is_not_sent_again() {
    for status in [0x0119, 0x0122] {
        let bench = confirming(&[Means::StorageCommitment], 1000);
        bench.on_confirm(move |_| denied(status));
        bench.enqueue(&items("s", 1));
        bench.until(10_000.0);
        assert_eq!(bench.sent().len(), 1);
        assert_eq!(
            bench.confirmation("s-0"),
            (State::Success, Confirmation::Refused)
        );
    }
    // What it cannot answer now is asked for again.
    for status in [0x0110, 0x0213, 0x0131] {
        let bench = confirming(&[Means::StorageCommitment], 1000);
        let mut first = true;
        bench.on_confirm(move |question| match std::mem::take(&mut first) {
            true => denied(status),
            false => has(question),
        });
        bench.enqueue(&items("s", 1));
        bench.until(10_000.0);
        assert_eq!(bench.confirmation("s-0").1, Confirmation::Confirmed);
    }
}

#[test]
fn an_outage_is_everybodys() {
    let bench = confirming(&[Means::Find], 1000);
    let mut out = true;
    let put = bench.on_confirm(move |question| match std::mem::take(&mut out) {
        true => {
            let gone = Outcome::new(Class::Unreachable, "connection refused");
            (
                None,
                Answer::NotYet("connection refused".to_owned()),
                Some(gone),
            )
        }
        false => has(question),
    });
    bench.enqueue(&items("s", 1));
    bench.work();
    bench.on_probe(silent);
    bench.until(62.0);
    assert!(bench.lane.status().unreachable_since.is_some());
    bench.until(200.0);
    // Nobody asks who is not there.
    assert_eq!(put.lock().unwrap().len(), 1);
    bench.on_probe(|| Probe::Answered(Duration::from_millis(1)));
    bench.until(900.0);
    assert_eq!(put.lock().unwrap().len(), 2);
    assert_eq!(bench.confirmation("s-0").1, Confirmation::Confirmed);
}

#[test]
fn a_pause_holds_for_it_too() {
    let bench = confirming(&[Means::Find], 10_000);
    let put = bench.on_confirm(has);
    bench.enqueue(&items("s", 1));
    bench.work();
    bench.lane.set_paused(true);
    bench.until(1000.0);
    assert_eq!(*put.lock().unwrap(), []);
    bench.lane.set_paused(false);
    bench.work();
    assert_eq!(put.lock().unwrap().len(), 1);
}

#[test]
fn a_queue_that_is_never_empty_lets_nothing_time_out() {
    let bench = confirming(&[Means::Find], 1000);
    let put = bench.on_confirm(has);
    bench.enqueue(&items("s", 1));
    bench.work();
    bench.advance(61.0);
    for study in 0..30 {
        bench.enqueue(&[item(&format!("t{study}"), &format!("t{study}-0"))]);
    }
    for _ in 0..20 {
        worker::step(&bench.lane, 0);
    }
    assert_eq!(put.lock().unwrap().len(), 1);
    assert!(bench.sent().len() < 31, "something is still to be sent");
}

#[test]
fn a_restart_asks_anew() {
    let mut bench = confirming(&[Means::StorageCommitment], 10_000);
    let put = bench.on_confirm(|_| (Some("2.25.1".to_owned()), Answer::Awaited, None));
    bench.enqueue(&items("s", 1));
    bench.until(62.0);
    bench.store.begin(bench.clock.now()).unwrap();
    bench.restart();
    put.lock().unwrap().clear();
    bench.until(200.0);
    assert_eq!(
        put.lock().unwrap().first(),
        Some(&(Means::StorageCommitment, None, 1))
    );
}

#[test]
fn a_panic_loses_none() {
    let bench = confirming(&[Means::Find], 10_000);
    let mut first = true;
    let put = bench.on_confirm(move |question| {
        assert!(!std::mem::take(&mut first), "the endpoint panics");
        has(question)
    });
    bench.enqueue(&items("s", 1));
    bench.work();
    bench.advance(61.0);
    let step = catch_unwind(AssertUnwindSafe(|| worker::step(&bench.lane, 0)));
    assert!(step.is_err());
    bench.script.confirm.clear_poison();
    bench.promoter.round().unwrap();
    bench.lane.ask_soon();
    bench.until(200.0);
    assert_eq!(put.lock().unwrap().len(), 2);
    assert_eq!(bench.confirmation("s-0").1, Confirmation::Confirmed);
}

#[test]
fn other_settings_end_it() {
    let bench = confirming(&[Means::Find], 10_000);
    let put = bench.on_confirm(has);
    bench.enqueue(&items("s", 1));
    bench.work();
    bench
        .settings
        .replace(settings(DestinationSettings::default()));
    let lanes = bench.promoter.lanes();
    lanes.settings_changed();
    bench.until(62.0);
    assert_eq!(*put.lock().unwrap(), []);
    assert_eq!(
        bench.confirmation("s-0"),
        (State::Success, Confirmation::None)
    );
}

#[test]
fn answers_that_cannot_be_written_are_written_later() {
    let bench = confirming(&[Means::Find], 10_000);
    let put = bench.on_confirm(has);
    bench.enqueue(&items("s", 1));
    bench.until(59.0);
    bench.store.fail("followed", 2);
    bench.until(61.0);
    assert_eq!(put.lock().unwrap().len(), 1);
    assert_eq!(bench.confirmation("s-0").1, Confirmation::Confirmed);
}

#[test]
fn an_outage_costs_none_of_the_time() {
    let bench = confirming(&[Means::Find], 1000);
    let put = bench.on_confirm(|_| not_yet("C-FIND did not find it"));
    bench.enqueue(&items("s", 1));
    bench.work();
    bench.lane.set_paused(true);
    bench.until(100_000.0);
    assert_eq!(bench.confirmation("s-0").1, Confirmation::Waiting);
    bench.lane.set_paused(false);
    bench.until(100_900.0);
    // As if it had been delivered a minute before.
    assert_eq!(put.lock().unwrap().len(), 5);
    bench.until(101_001.0);
    assert_eq!(bench.confirmation("s-0").1, Confirmation::TimedOut);
}

#[test]
fn what_it_makes_of_a_question_holds_up_no_instance() {
    let bench = confirming(&[Means::Find], 10_000);
    bench.on_confirm(|_| {
        let aborted = Outcome::new(Class::Interrupted, "aborted");
        (None, Answer::NotYet("aborted".to_owned()), Some(aborted))
    });
    bench.enqueue(&items("s", 1));
    bench.until(5000.0);
    bench.enqueue(&items("t", 3));
    bench.work();
    assert_eq!(bench.sent().last().unwrap().len(), 3, "in one batch");
}

#[test]
fn a_report_is_looked_for_once_more_at_the_end() {
    let bench = confirming(&[Means::StorageCommitment], 1000);
    let late = Timestamp::from_micros(BEGIN).plus_seconds(2000.0);
    let clock = bench.clock.clone();
    bench.on_confirm(move |question| match question.transaction {
        Some(_) if clock.now() > late => has(question),
        _ => (Some("2.25.1".to_owned()), Answer::Awaited, None),
    });
    bench.enqueue(&items("s", 1));
    bench.until(900.0);
    bench.lane.set_paused(true);
    bench.until(5000.0);
    bench.lane.set_paused(false);
    bench.work();
    assert_eq!(bench.confirmation("s-0").1, Confirmation::Confirmed);
}

#[test]
fn what_cannot_be_asked_for_is_not_waited_for_for_ever() {
    let bench = confirming(&[Means::Find], 1000);
    let keep = |own: &DestinationSettings| Settings {
        history_days: 100,
        ..settings(own.clone())
    };
    (bench.settings).replace(keep(&bench.lane.terms().settings));
    let put = bench.on_confirm(has);
    bench.enqueue(&items("s", 1));
    bench.work();
    bench.lane.set_paused(true);
    let review = || {
        bench.promoter.review();
        bench.promoter.round().unwrap();
    };
    bench.advance(30.0 * 86_400.0);
    review();
    assert_eq!(bench.confirmation("s-0").1, Confirmation::Waiting);
    bench.advance(1061.0);
    review();
    assert_eq!(bench.confirmation("s-0").1, Confirmation::TimedOut);
    bench.enqueue(&items("t", 1));
    bench.lane.set_paused(false);
    bench.work();
    bench.lane.set_paused(true);
    (bench.settings).replace(keep(&DestinationSettings::default()));
    review();
    assert_eq!(bench.confirmation("t-0").1, Confirmation::None);
    assert_eq!(*put.lock().unwrap(), []);
}

#[test]
fn a_report_that_never_comes_is_over_with_its_time() {
    let unknown = || Answer::NotYet("Orthanc cannot be asked".to_owned());
    for (timeout, is_told) in [(5, true), (1000, true), (5, false), (1000, false)] {
        let bench = confirming(&[Means::StorageCommitment], timeout);
        let put = bench.on_confirm(move |question| {
            let open = question.transaction.unwrap_or("2.25.1").to_owned();
            match question.transaction {
                Some(_) if !is_told => (Some(open), unknown(), None),
                _ => (Some(open), Answer::Awaited, None),
            }
        });
        bench.enqueue(&items("s", 3));
        bench.until(60.0 + f64::from(timeout));
        bench.work();
        let timed_out = (State::Success, Confirmation::TimedOut);
        assert_eq!(bench.confirmation("s-0"), timed_out);
        let put = put.lock().unwrap().len();
        assert!(put < 100, "{put} looks");
    }
}

/// What questions say of a series that went to this address.
fn sent_series(target: &str) -> SentSeries {
    SentSeries {
        target: target.to_owned(),
        study: "1.2".to_owned(),
        series: "1.2.3".to_owned(),
        sop_class: "1.2.840.10008.5.1.4.1.1.2".to_owned(),
    }
}

impl Bench {
    /// All arrives there, and it is told how it was sent.
    fn arrives_at(&self, target: &str) {
        let target = target.to_owned();
        self.on_deliver(move |batch| {
            assert!(batch.to_confirm);
            let mut delivery = up_to(batch, |_| None);
            for tried in &mut delivery.0 {
                if let Tried::Made { series, .. } = tried {
                    *series = Some(Box::new(sent_series(&target)));
                }
            }
            delivery
        });
    }
}

#[test]
fn what_was_told_of_its_series_is_in_the_question() {
    let bench = confirming(&[Means::Find], 1000);
    bench.arrives_at("a:104");
    bench.on_confirm(|question| {
        let series = question.instances.iter().map(|one| one.series.clone());
        let all: Vec<_> = series.collect();
        assert_eq!(all, vec![Some(sent_series("a:104")); 2]);
        has(question)
    });
    bench.enqueue(&items("s", 2));
    bench.until(61.0);
    assert_eq!(bench.confirmation("s-1").1, Confirmation::Confirmed);
}

#[test]
fn what_went_elsewhere_is_never_confirmed_and_ends_in_words() {
    let bench = confirming(&[Means::StorageCommitment, Means::Find], 1000);
    let put = bench.on_confirm(|_| {
        let elsewhere = "it was delivered to a:104, and the destination leads to b:104 now";
        (None, Answer::Elsewhere(elsewhere.to_owned()), None)
    });
    bench.enqueue(&items("s", 1));
    bench.until(61.0);
    let timed_out = (State::Success, Confirmation::TimedOut);
    assert_eq!(bench.confirmation("s-0"), timed_out);
    let details = bench.item("s-0").0.details.unwrap();
    assert!(details.contains("leads to b:104 now"), "{details}");
    assert_eq!(bench.sent().len(), 1);
    bench.until(5000.0);
    assert_eq!(put.lock().unwrap().len(), 1);
}

#[test]
fn no_more_transactions_are_open_than_orthanc_keeps_reports() {
    let bench = confirming(&[Means::StorageCommitment], 16_000);
    let mut begun = 0;
    let open = Arc::new(Mutex::new(0));
    let most = open.clone();
    // Each report comes after two minutes.
    let clock = bench.clock.clone();
    let mut since: BTreeMap<String, Timestamp> = BTreeMap::new();
    bench.on_confirm(move |question| {
        if let Some(transaction) = question.transaction {
            if clock.now().since(since[transaction]).as_secs() >= 120 {
                since.remove(transaction);
                return has(question);
            }
            return (Some(transaction.to_owned()), Answer::Awaited, None);
        }
        begun += 1;
        let transaction = format!("2.25.{begun}");
        since.insert(transaction.clone(), clock.now());
        let mut most = most.lock().unwrap();
        *most = since.len().max(*most);
        (Some(transaction), Answer::Awaited, None)
    });
    let all: Vec<NewItem> = (0..250)
        .map(|n| item(&format!("s{n}"), &format!("s{n}-0")))
        .collect();
    bench.enqueue(&all);
    bench.until(100.0);
    assert_eq!(*open.lock().unwrap(), 100);
    assert_eq!(bench.record().confirming.waiting, 250);
    bench.until(1000.0);
    assert_eq!(*open.lock().unwrap(), 100);
    assert_eq!(bench.record().confirming.waiting, 0);
    assert_eq!(bench.lane.figures().followed.confirmed, 250);
}
