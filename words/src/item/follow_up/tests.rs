use super::*;

fn at(seconds: f64) -> Timestamp {
    Timestamp::default().plus_seconds(1_000_000.0 + seconds)
}

const NEW: fn() -> Before<'static> = || Before {
    delivered: at(0.0),
    asked: 0,
    open: None,
    said: "",
};

/// Asked at 60 s, whose turn ends at 1060 s, of a time that counts from 10 s on.
fn asking(policy: &RetryPolicy) -> Asking<'_> {
    Asking {
        now: at(60.0),
        until: at(1060.0),
        delivered: at(10.0),
        timeout: 16_000,
        retry: policy,
        jitter: 0.5,
        expires: Some(at(99.0)),
        is_out: false,
        transaction: None,
    }
}

fn denied(status: u16) -> Answer {
    let details = "why".to_owned();
    Answer::Denied { status, details }
}

fn not_yet() -> Answer {
    Answer::NotYet("not found".to_owned())
}

#[track_caller]
fn later(followed: Followed) -> (Timestamp, bool, Timestamp, Option<String>, Option<String>) {
    let Followed::Later {
        due,
        asked,
        delivered,
        said,
        transaction,
    } = followed
    else {
        panic!("{followed:?}")
    };
    (due, asked, delivered, said, transaction)
}

#[track_caller]
fn details(followed: Followed) -> String {
    match followed {
        Followed::TimedOut { details } => details,
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_that_it_has_it_confirms() {
    let policy = RetryPolicy::default();
    // At any time, the last look included.
    for now in [60.0, 1060.0, 5000.0] {
        let asking = Asking {
            now: at(now),
            transaction: Some("2.25.1"),
            ..asking(&policy)
        };
        let of = |answer| follow(&NEW(), &answer, &asking);
        assert_eq!(of(Answer::Has), Followed::Confirmed);
        let elsewhere = Answer::Elsewhere("it went to a:104".to_owned());
        for other in [
            not_yet(),
            Answer::Awaited,
            elsewhere,
            denied(0x0110),
            denied(0x0112),
        ] {
            assert_ne!(of(other), Followed::Confirmed);
        }
    }
}

#[test]
fn what_it_does_not_have_is_sent_again_and_what_it_does_not_answer_for_is_not() {
    let policy = RetryPolicy::default();
    for (status, resend, expires) in [
        (0x0112, true, Some(at(99.0))),
        (0x0119, false, None),
        (0x0122, false, None),
    ] {
        let refused = Followed::Refused {
            status,
            details: "why".to_owned(),
            resend,
            expires,
        };
        assert_eq!(follow(&NEW(), &denied(status), &asking(&policy)), refused);
    }
    // Any other says nothing of the instance.
    let followed = follow(&NEW(), &denied(0x0213), &asking(&policy));
    assert_eq!(later(followed).3.as_deref(), Some("why"));
}

#[test]
fn nothing_certain_is_asked_for_again_until_the_turn_ends() {
    let policy = RetryPolicy::default();
    let asking = asking(&policy);
    let (due, asked, delivered, said, transaction) = later(follow(&NEW(), &not_yet(), &asking));
    assert_eq!(due, policy.due(1, asking.now, 0.5));
    assert_eq!((asked, delivered), (true, at(10.0)));
    assert_eq!(said.as_deref(), Some("not found"));
    assert_eq!(transaction, None);
    // Further and further apart, and not beyond the turn.
    let often = Before { asked: 2, ..NEW() };
    let due = later(follow(&often, &not_yet(), &asking)).0;
    assert_eq!(due, policy.due(3, asking.now, 0.5).min(asking.until));
    let many = Before { asked: 30, ..NEW() };
    let soon = Asking {
        until: at(70.0),
        ..asking
    };
    assert_eq!(later(follow(&many, &not_yet(), &soon)).0, soon.until);
    let last = Asking {
        now: asking.until,
        ..asking
    };
    let said = details(follow(&NEW(), &not_yet(), &last));
    assert!(said.ends_with("not confirmed in time: not found"), "{said}");
}

#[test]
fn an_outage_costs_nothing() {
    let policy = RetryPolicy::default();
    let out = Asking {
        is_out: true,
        ..asking(&policy)
    };
    let (due, asked, delivered, _, _) = later(follow(&NEW(), &not_yet(), &out));
    assert_eq!((due, asked, delivered), (out.now, false, at(0.0)));
}

#[test]
fn a_report_is_looked_for_and_then_asked_for_anew() {
    let policy = RetryPolicy::default();
    let begun = Asking {
        transaction: Some("2.25.1"),
        ..asking(&policy)
    };
    let (due, asked, _, said, transaction) = later(follow(&NEW(), &Answer::Awaited, &begun));
    assert_eq!((due, asked), (at(61.0), true));
    assert_eq!(said.as_deref(), Some(NO_REPORT));
    assert_eq!(transaction.as_deref(), Some("2.25.1"));
    let open = |asked, since| Before {
        asked,
        open: Some(("2.25.1", at(since))),
        said: "what was said",
        ..NEW()
    };
    // After half of the time so far, a minute at most.
    for (since, due) in [(59.0, 61.0), (40.0, 70.0), (-900.0, 120.0)] {
        let followed = follow(&open(1, since), &Answer::Awaited, &begun);
        let (looked, asked, _, said, transaction) = later(followed);
        assert_eq!((looked, asked, said), (at(due), false, None), "{since}");
        assert_eq!(transaction.as_deref(), Some("2.25.1"));
    }
    // A sixteenth of the whole time for the first, twice that for the second.
    for (times, patience) in [(1, 1000.0), (2, 2000.0), (3, 4000.0)] {
        for (waited, is_open) in [(patience - 1.0, true), (patience, false)] {
            let before = open(times, 60.0 - waited);
            let transaction = later(follow(&before, &Answer::Awaited, &begun)).4;
            assert_eq!(transaction.is_some(), is_open, "{times} {waited}");
        }
    }
    // The last look.
    let last = Asking {
        until: begun.now,
        ..begun
    };
    let said = details(follow(&open(1, 0.0), &Answer::Awaited, &last));
    assert!(said.ends_with("what was said"), "{said}");
    // What cannot be looked for now stays open; what the report left out does not.
    let (_, asked, _, _, transaction) = later(follow(&open(1, 0.0), &not_yet(), &begun));
    assert_eq!((asked, transaction.as_deref()), (false, Some("2.25.1")));
    let closed = Asking {
        transaction: None,
        ..begun
    };
    let (_, asked, _, _, transaction) = later(follow(&open(1, 0.0), &not_yet(), &closed));
    assert_eq!((asked, transaction), (true, None));
}

#[test]
fn what_went_elsewhere_ends_in_words() {
    let policy = RetryPolicy::default();
    let elsewhere = Answer::Elsewhere("it went to a:104".to_owned());
    let before = Before {
        open: Some(("2.25.1", at(50.0))),
        said: "not found",
        ..NEW()
    };
    let said = details(follow(&before, &elsewhere, &asking(&policy)));
    assert!(
        said.ends_with("cannot be confirmed: it went to a:104"),
        "{said}"
    );
}

#[test]
fn what_nobody_was_asked_for_tells_what_was_said_last() {
    assert!(details(timed_out(&NEW())).ends_with("no answer came"));
    let said = Before {
        said: "not found",
        ..NEW()
    };
    assert!(details(timed_out(&said)).ends_with("not found"));
    let (due, asked, delivered, said, transaction) = later(unasked(&said, at(7.0)));
    assert_eq!((due, asked, delivered), (at(7.0), false, at(0.0)));
    assert_eq!((said, transaction), (None, None));
}
