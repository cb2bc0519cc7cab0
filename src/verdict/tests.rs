//! Each case, with its sentence word for word.

use super::*;
use crate::item::{Class, State};
use crate::store::{Counts, LastError};

/// 27 November, 15:13; the scene's zone is UTC.
fn now() -> Timestamp {
    Timestamp::parse_orthanc("20261127T151300").unwrap()
}

fn ago(hours: f64) -> Timestamp {
    now().plus_seconds(-3600.0 * hours)
}

/// With nothing in it.
fn well() -> Known {
    Known {
        now: now(),
        ahead: Ahead::default(),
        zone: TimeZone::UTC,
        machinery: Vec::new(),
        destinations: Vec::new(),
        failures: Vec::new(),
        held: Vec::new(),
        silent: Vec::new(),
        would_go: None,
        limits: Limits {
            items: 10_000,
            seconds: 3600,
        },
    }
}

/// Reached, not paused, with so many that wait since ten minutes.
fn seen(name: &str, waiting: u64) -> Seen {
    let mut counts = Counts::default();
    counts.add(State::Pending, waiting);
    Seen {
        record: DestinationRecord {
            name: name.to_owned(),
            paused_since: None,
            counts,
            bytes_pending: 0,
            oldest_pending: (waiting > 0).then(|| ago(1.0 / 6.0)),
            last_success: None,
            last_error: None,
            outage: None,
            outages: 0,
            confirming: Default::default(),
        },
        status: LaneStatus {
            paused: false,
            unreachable_since: None,
            next_probe: None,
            outages: 0,
            opens: None,
            outside_window: false,
            instances_per_second: 0.0,
            bytes_per_second: 0.0,
            not_confirmed: 0,
        },
        target: name.to_owned(),
        is_configured: true,
        late: None,
    }
}

#[test]
fn a_dry_run_is_told_as_long_as_it_lasts() {
    let mut known = well();
    for (studies, would) in [
        (0, "0 studies would go"),
        (1, "1 study would go"),
        (7, "7 studies would go"),
    ] {
        known.would_go = Some(studies);
        let findings = judge(&known);
        let sentence = format!("retention deletes nothing yet (DryRun): {would}");
        assert_eq!(findings[0].sentence, sentence);
        assert_eq!(findings.len(), 1);
    }
}

#[test]
fn what_was_not_confirmed_is_told_with_both_reasons() {
    let mut pacs = seen("pacs", 0);
    let told = |pacs: &Seen| {
        let mut findings = judge(&destinations(vec![pacs.clone()]));
        findings.pop().map(|one| (one.sentence, one.count))
    };
    pacs.record.confirming.waiting = 9;
    assert_eq!(told(&pacs), None);
    for (refused, timed_out, why) in [
        (2, 0, "2 that it does not answer for"),
        (0, 3, "3 without an answer in time"),
        (
            2,
            3,
            "2 that it does not answer for, 3 without an answer in time",
        ),
    ] {
        pacs.record.confirming.refused = refused;
        pacs.record.confirming.timed_out = timed_out;
        let sentence = format!("pacs has not confirmed what it acknowledged: {why}");
        assert_eq!(told(&pacs), Some((sentence, Some(refused + timed_out))));
    }
}

/// Unreachable for nine hours.
fn dead(name: &str, waiting: u64) -> Seen {
    let mut seen = seen(name, waiting);
    seen.status.unreachable_since = Some(ago(9.0));
    seen.record.last_error = Some(LastError {
        time: ago(0.01),
        class: Class::Unreachable,
        dimse_status: None,
        details: "connect 10.0.0.5:104: refused".to_owned(),
    });
    seen
}

fn paused(name: &str, waiting: u64) -> Seen {
    let mut seen = seen(name, waiting);
    seen.record.paused_since = Some(ago(9.0));
    seen.status.paused = true;
    seen
}

fn failed(name: &str, class: Class, dimse_status: Option<u16>, count: u64) -> ErrorSummary {
    ErrorSummary {
        destination: name.to_owned(),
        class,
        dimse_status,
        count,
        oldest: ago(9.0),
        newest: ago(0.5),
        example: "Error Comment: DOE^JOHN".to_owned(),
        reasons: 1,
    }
}

fn destinations(seen: Vec<Seen>) -> Known {
    Known {
        destinations: seen,
        ..well()
    }
}

fn sentences(known: &Known) -> Vec<String> {
    judge(known).into_iter().map(|one| one.sentence).collect()
}

/// The only finding.
#[track_caller]
fn one(known: &Known) -> Finding {
    let mut findings = judge(known);
    assert_eq!(findings.len(), 1, "{findings:?}");
    findings.remove(0)
}

#[test]
fn all_is_well() {
    assert_eq!(judge(&well()), []);
    let known = destinations(vec![seen("pacs", 0), seen("archive", 325)]);
    assert_eq!(judge(&known), []);
}

#[test]
fn a_destination_that_is_dead_and_has_what_waits() {
    let found = one(&destinations(vec![dead("teleradiology", 325)]));
    assert_eq!(
        found.sentence,
        "teleradiology cannot be reached for 9 h (connect 10.0.0.5:104: refused); 325 wait"
    );
    assert_eq!(
        (found.severity, found.kind),
        (Severity::Error, Kind::Unreachable)
    );
    assert_eq!(found.destination.as_deref(), Some("teleradiology"));
    assert_eq!((found.since, found.count), (Some(ago(9.0)), Some(325)));
    assert!(found.advice.unwrap().contains("host, port and AETs"));
}

#[test]
fn one_that_is_dead_and_misses_nothing_is_a_warning() {
    let found = one(&destinations(vec![dead("teleradiology", 0)]));
    assert_eq!(
        found.sentence,
        "teleradiology cannot be reached for 9 h (connect 10.0.0.5:104: refused); nothing waits"
    );
    assert_eq!(found.severity, Severity::Warning);
}

#[test]
fn what_was_said_before_the_outage_is_not_its_cause() {
    let mut old = dead("pacs", 1);
    old.record.last_error.as_mut().unwrap().time = ago(10.0);
    let mut other = dead("archive", 1);
    other.record.last_error.as_mut().unwrap().class = Class::Rejected;
    let mut unknown = dead("night", 2);
    unknown.record.last_error = None;
    assert_eq!(
        sentences(&destinations(vec![other, old, unknown])),
        [
            "night cannot be reached for 9 h; 2 wait",
            "archive cannot be reached for 9 h; 1 waits",
            "pacs cannot be reached for 9 h; 1 waits",
        ]
    );
}

#[test]
fn an_outage_of_several_names_is_told_once() {
    let named = |name: &str, waiting| {
        let mut seen = dead(name, waiting);
        seen.target = "pacs".to_owned();
        seen
    };
    let mut quiet = named("night", 7);
    quiet.record.last_error = None;
    let known = destinations(vec![
        quiet,
        named("pacs", 300),
        named("stat", 25),
        dead("x", 1),
    ]);
    assert_eq!(
        sentences(&known),
        [
            "night, pacs and stat (one target) cannot be reached for 9 h (connect 10.0.0.5:104: refused); 332 wait",
            "x cannot be reached for 9 h (connect 10.0.0.5:104: refused); 1 waits",
        ]
    );
    assert_eq!(judge(&known)[0].destination.as_deref(), Some("pacs"));
    // One of them is paused: that is another matter.
    let mut held = named("stat", 25);
    held.status.paused = true;
    held.record.paused_since = Some(ago(30.0));
    assert_eq!(
        sentences(&destinations(vec![named("pacs", 300), held])),
        [
            "pacs cannot be reached for 9 h (connect 10.0.0.5:104: refused); 300 wait",
            "stat is paused by a person since 26 Nov 09:13 (30 h); 25 wait",
        ]
    );
}

#[test]
fn a_receiver_that_refuses() {
    let known = Known {
        failures: vec![failed("workstation", Class::Rejected, Some(0xC000), 61)],
        destinations: vec![seen("workstation", 0)],
        ..well()
    };
    let found = one(&known);
    assert_eq!(
        found.sentence,
        "workstation refuses: 61 × C000 (cannot understand, the receiver could not read or did not want the instance), since 06:13"
    );
    assert_eq!(
        (found.severity, found.kind),
        (Severity::Error, Kind::Failures)
    );
    assert_eq!((found.since, found.count), (Some(ago(9.0)), Some(61)));
    assert!(found.advice.unwrap().contains("replay"));
}

#[test]
fn several_kinds_of_failures_are_one_sentence() {
    let kind = |class, status, count| failed("workstation", class, status, count);
    let mut known = Known {
        failures: vec![
            kind(Class::NotNegotiated, None, 12),
            kind(Class::Rejected, Some(0xC000), 61),
            kind(Class::Expired, None, 3),
            // What it was answered before it expired is no kind of its own.
            kind(Class::Expired, Some(0xA700), 1),
        ],
        ..well()
    };
    assert_eq!(
        sentences(&known),
        [
            "workstation has 77 failures: 61 × C000 (Rejected), 12 × NotNegotiated, 4 × Expired, since 06:13"
        ]
    );
    for status in [0xA900, 0xA901, 0xA902] {
        known.failures.push(kind(Class::Rejected, Some(status), 5));
    }
    known.failures[0].oldest = ago(24.0 * 400.0);
    assert_eq!(
        sentences(&known),
        [
            "workstation has 92 failures: 61 × C000 (Rejected), 12 × NotNegotiated, 5 × A900 (Rejected), 5 × A901 (Rejected), 2 other kinds, \
          since 23 Oct 2025 15:13"
        ]
    );
}

/// No class is forgotten, and none is known by its name here.
#[test]
fn each_class_has_its_words() {
    let of = |class, status| {
        one(&Known {
            failures: vec![failed("pacs", class, status, 4)],
            ..well()
        })
        .sentence
    };
    let table = [
        (
            Class::Interrupted,
            None,
            "pacs lost the association each time: 4 × Interrupted, since 06:13",
        ),
        (
            Class::Busy,
            Some(0xA700),
            "pacs was busy each time: 4 × A700 (out of resources, the receiver has no room or is overloaded), since 06:13",
        ),
        (
            Class::Rejected,
            None,
            "pacs refuses: 4 × Rejected, since 06:13",
        ),
        (
            Class::NotNegotiated,
            None,
            "pacs does not take this kind of object: 4 × NotNegotiated, since 06:13",
        ),
        (
            Class::Missing,
            None,
            "pacs cannot get what is no longer in Orthanc: 4 × Missing, since 06:13",
        ),
        (
            Class::Expired,
            Some(0xA700),
            "pacs took nothing in time: 4 × Expired, since 06:13",
        ),
        (
            Class::Internal,
            None,
            "pacs was not served, a fault of this Orthanc: 4 × Internal, since 06:13",
        ),
        (
            Class::Coercion,
            None,
            "pacs does not get what cannot be changed as asked: 4 × Coercion, since 06:13",
        ),
    ];
    for (class, status, sentence) in table {
        assert_eq!(of(class, status), sentence);
    }
    for class in Class::ALL.into_iter().filter(|class| class.may_fail()) {
        assert!(table.iter().any(|(known, _, _)| *known == class), "{class}");
    }
}

#[test]
fn a_pause_with_what_waits_is_a_warning() {
    let found = one(&destinations(vec![paused("pacs", 325), paused("idle", 0)]));
    assert_eq!(
        found.sentence,
        "pacs is paused by a person since 06:13 (9 h); 325 wait"
    );
    assert_eq!(
        (found.severity, found.kind),
        (Severity::Warning, Kind::Paused)
    );
    assert_eq!((found.since, found.count), (Some(ago(9.0)), Some(325)));
    // What is paused is not looked for: that it could not be reached is no news.
    let mut both = paused("pacs", 1);
    both.status.unreachable_since = Some(ago(1.0));
    assert_eq!(one(&destinations(vec![both])).kind, Kind::Paused);
}

#[test]
fn a_closed_window_is_what_was_asked_for() {
    let mut closed = seen("night", 325);
    closed.record.oldest_pending = Some(ago(9.0));
    closed.late = Some(ago(9.5));
    closed.status.outside_window = true;
    closed.status.opens = Some(now().plus_seconds(11.0 * 3600.0));
    assert_eq!(judge(&destinations(vec![closed.clone()])), []);
    closed.record.counts.add(State::Scheduled, 9_675);
    let found = one(&destinations(vec![closed]));
    assert_eq!(
        found.sentence,
        "night has a backlog: 10000 wait, the oldest since 06:13 (9 h); its window opens 28 Nov 02:13"
    );
    assert_eq!(
        (found.severity, found.kind),
        (Severity::Warning, Kind::Backlog)
    );
}

#[test]
fn only_the_time_in_which_it_may_send_makes_a_backlog() {
    let mut slow = seen("pacs", 3);
    slow.record.oldest_pending = Some(ago(9.0));
    slow.late = Some(ago(9.0).plus_seconds(-1.0));
    assert_eq!(judge(&destinations(vec![slow.clone()])), []);
    slow.late = Some(ago(9.0));
    assert_eq!(
        sentences(&destinations(vec![slow.clone()])),
        ["pacs has a backlog: 3 wait, the oldest since 06:13 (9 h)"]
    );
    slow.late = None;
    let known = destinations(vec![slow]);
    assert_eq!(judge(&known).len(), 1);
    let without = Known {
        limits: Limits {
            items: 0,
            seconds: 0,
        },
        ..known
    };
    assert_eq!(judge(&without), []);
    // Once is enough.
    let mut away = dead("pacs", 20_000);
    away.record.oldest_pending = Some(ago(9.0));
    assert_eq!(one(&destinations(vec![away])).kind, Kind::Unreachable);
}

#[test]
fn what_orthanc_has_no_longer() {
    let mut gone = seen("old", 12);
    gone.is_configured = false;
    gone.record.oldest_pending = Some(ago(9.0));
    let mut empty = dead("older", 0);
    empty.is_configured = false;
    let found = one(&destinations(vec![gone, empty]));
    assert_eq!(
        found.sentence,
        "old is not configured in Orthanc (any more); 12 wait, the oldest since 06:13 (9 h)"
    );
    assert_eq!(
        (found.severity, found.kind),
        (Severity::Error, Kind::NotConfigured)
    );
    assert_eq!(found.count, Some(12));
}

#[test]
fn what_is_held_needs_a_person() {
    let held = |destination: &str, count| HeldItems {
        destination: destination.to_owned(),
        count,
        oldest: ago(9.0),
        example: "the list s.csv does not know this subject (by PatientID).\n".to_owned(),
    };
    let known = Known {
        held: vec![held("research", 1), held("trial", 20)],
        ..well()
    };
    assert_eq!(
        sentences(&known),
        [
            "trial does not get 20 items yet, since 06:13 (9 h): the list s.csv does not know this subject (by PatientID)",
            "research does not get 1 item yet, since 06:13 (9 h): the list s.csv does not know this subject (by PatientID)",
        ]
    );
    assert_eq!(judge(&known)[0].severity, Severity::Error);
}

#[test]
fn a_list_that_cannot_be_used_is_told() {
    let known = Known {
        machinery: vec![Trouble {
            part: Part::Subjects,
            is_down: false,
            details: "trial: s.csv cannot be read: no such file".to_owned(),
            since: Some(ago(1.0)),
        }],
        ..well()
    };
    let found = judge(&known);
    assert_eq!(
        found[0].sentence,
        "trial: s.csv cannot be read: no such file"
    );
    assert_eq!(
        (found[0].severity, found[0].kind),
        (Severity::Warning, Kind::Held)
    );
}

#[test]
fn the_machinery_is_told_first_and_a_clock_last() {
    let trouble = |part, is_down, details: &str| Trouble {
        part,
        is_down,
        details: details.to_owned(),
        since: Some(ago(1.0)),
    };
    let known = Known {
        machinery: vec![
            trouble(
                Part::Clock,
                false,
                "the machine's clock was set back by 2 h",
            ),
            trouble(
                Part::Database,
                true,
                "the disk of the queue's database is full",
            ),
            trouble(
                Part::Threads,
                false,
                "sq-promote panicked (once since the start of Orthanc), and was started again",
            ),
        ],
        destinations: vec![dead("pacs", 1), paused("night", 5)],
        silent: vec![
            Silent {
                aet: "CT1".to_owned(),
                last: Some(ago(9.0)),
            },
            Silent {
                aet: "ER".to_owned(),
                last: None,
            },
        ],
        ..well()
    };
    let found: Vec<(Severity, String)> = judge(&known)
        .into_iter()
        .map(|one| (one.severity, one.sentence))
        .collect();
    let expected = [
        (
            Severity::Critical,
            "the queue's database cannot be used: the disk of the queue's database is full",
        ),
        (
            Severity::Error,
            "pacs cannot be reached for 9 h (connect 10.0.0.5:104: refused); 1 waits",
        ),
        (
            Severity::Warning,
            "sq-promote panicked (once since the start of Orthanc), and was started again",
        ),
        (
            Severity::Warning,
            "night is paused by a person since 06:13 (9 h); 5 wait",
        ),
        (
            Severity::Warning,
            "CT1 is silent: it has sent nothing since 06:13 (9 h)",
        ),
        (Severity::Warning, "ER is silent: it has sent nothing yet"),
        (Severity::Warning, "the machine's clock was set back by 2 h"),
    ];
    let expected = expected.map(|(severity, text)| (severity, text.to_owned()));
    assert_eq!(found, expected);
    assert_eq!(judge(&known)[4].source.as_deref(), Some("CT1"));
}

/// G9, G10: what a peer said is on one line and has an end, and what an instance may have told is not there.
#[test]
fn what_others_said_is_data() {
    let mut hostile = dead("pacs", 1);
    let error = hostile.record.last_error.as_mut().unwrap();
    error.details = format!("\u{1b}[2J<b>\r\n{{}}%s {}", "x".repeat(5000));
    let known = Known {
        failures: vec![failed("ws", Class::Rejected, Some(0xC000), 1)],
        ..destinations(vec![hostile])
    };
    let all = judge(&known);
    let sentence = &all[0].sentence;
    assert!(
        sentence.starts_with("pacs cannot be reached for 9 h ([2J<b> {}%s xxx"),
        "{sentence}"
    );
    assert!(sentence.ends_with("x…); 1 waits") && sentence.chars().count() < 220);
    assert!(!format!("{all:?}").contains("DOE"));
}

/// Times in sentences are the machine's; `since` is the queue's own time, for whoever writes it.
#[test]
fn times_are_those_of_the_machines_clock() {
    let known = Known {
        ahead: Ahead::from_micros(3_600_000_000),
        ..destinations(vec![paused("pacs", 1)])
    };
    let found = one(&known);
    assert_eq!(
        found.sentence,
        "pacs is paused by a person since 07:13 (9 h); 1 waits"
    );
    assert_eq!(found.since, Some(ago(9.0)));
}
