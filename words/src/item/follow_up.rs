//! What a destination says of what it acknowledged, and what follows from it.
//!
//! Invariants:
//! - Only [`Answer::Has`] confirms. Silence, a fault on the way and an answer that does not fit do not.
//! - What ends in words ends as [`Followed::TimedOut`]: it is told as an alert, and is no proof for anybody.

use super::retry::RetryPolicy;
use super::time::Timestamp;

/// A series as it was sent: what questions say of all of its instances. Empty: not known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SentSeries {
    /// Where it was sent: host and port.
    pub target: String,
    /// Study Instance UID.
    pub study: String,
    /// Series Instance UID.
    pub series: String,
    pub sop_class: String,
}

/// What a destination says of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It has it.
    Has,
    /// It has it not, or refuses for good to answer for it: a failure reason of storage commitment (PS3.3 C.14.1.1).
    Denied { status: u16, details: String },
    /// Nothing certain, in words: to be asked again later.
    NotYet(String),
    /// The report of the open transaction has not come.
    Awaited,
    /// It was delivered elsewhere than the destination leads to now, in words: nobody was asked.
    Elsewhere(String),
}

/// What came of asking for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed {
    Confirmed,
    /// It has it not, or does not answer for it: a failure reason of storage commitment (PS3.3 C.14.1.1). `resend`:
    /// 0112 (no such object instance), for which it is sent again, once, and then waits for a person; until then for
    /// what of its time is left.
    Refused {
        status: u16,
        details: String,
        resend: bool,
        expires: Option<Timestamp>,
    },
    TimedOut {
        details: String,
    },
    /// It is not to be confirmed any more.
    Dropped,
    /// It is asked for again then.
    Later {
        due: Timestamp,
        /// It was asked for now.
        asked: bool,
        /// See [`Before::delivered`].
        delivered: Timestamp,
        /// `None`: what was said before.
        said: Option<String>,
        /// `Some`: its report is awaited.
        transaction: Option<String>,
    },
}

/// A delivery that is to be confirmed, as it stood before it was asked for now.
#[derive(Debug, Clone, Copy)]
pub struct Before<'a> {
    /// Or, where it could not be asked for when that was due, when it would have been delivered to be due at the first
    /// question: its time counts from that on.
    pub delivered: Timestamp,
    /// How often it was asked for.
    pub asked: u32,
    /// The transaction whose report was awaited, and since when.
    pub open: Option<(&'a str, Timestamp)>,
    /// What was said last.
    pub said: &'a str,
}

/// What an answer is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    pub now: Timestamp,
    /// The turn of the means ends then; now: it was the last look.
    pub until: Timestamp,
    /// From when on its time counts, now that it was asked for.
    pub delivered: Timestamp,
    /// Seconds for which it is asked in all.
    pub timeout: u32,
    pub retry: &'a RetryPolicy,
    /// 0..1.
    pub jitter: f64,
    /// For what is sent again.
    pub expires: Option<Timestamp>,
    /// Nobody is there: it is asked for once somebody is.
    pub is_out: bool,
    /// The transaction that is open now.
    pub transaction: Option<&'a str>,
}

/// "No such object instance": it does not have it (PS3.3 C.14.1.1).
const NO_SUCH_INSTANCE: u16 = 0x0112;
/// "Class/instance conflict" and "referenced SOP class not supported" (the same): it will never answer for it.
const NEVER: [u16; 2] = [0x0119, 0x0122];
/// A report comes after seconds or after hours: it is looked for after half of the time that it was waited for so far,
/// within these bounds.
const LOOK_SECONDS: (f64, f64) = (1.0, 60.0);
/// Parts of the whole time after which a report that did not come is asked for anew; each time twice as long, so that
/// one that always takes hours comes in time for some transaction.
const PATIENCE: f64 = 16.0;
const LEAST_PATIENCE: f64 = 60.0;
const NO_REPORT: &str = "its report on storage commitment has not come";

/// What follows from an answer.
pub fn follow(before: &Before<'_>, answer: &Answer, asking: &Asking<'_>) -> Followed {
    match answer {
        Answer::Has => Followed::Confirmed,
        Answer::Denied { status, details } if *status == NO_SUCH_INSTANCE => Followed::Refused {
            status: *status,
            details: details.clone(),
            resend: true,
            expires: asking.expires,
        },
        Answer::Denied { status, details } if NEVER.contains(status) => Followed::Refused {
            status: *status,
            details: details.clone(),
            resend: false,
            expires: None,
        },
        Answer::Denied { details, .. } | Answer::NotYet(details) => {
            not_yet(before, details, asking)
        }
        Answer::Awaited => awaited(before, asking),
        // Whoever it leads to now did not acknowledge it, whatever it has under this UID.
        Answer::Elsewhere(details) => Followed::TimedOut {
            details: format!("it was acknowledged, and cannot be confirmed: {details}"),
        },
    }
}

/// Its time is over, and nobody was asked any more.
pub fn timed_out(before: &Before<'_>) -> Followed {
    over(match before.said {
        "" => "no answer came",
        said => said,
    })
}

/// Nothing was asked.
pub fn unasked(before: &Before<'_>, due: Timestamp) -> Followed {
    Followed::Later {
        due,
        asked: false,
        delivered: before.delivered,
        said: None,
        transaction: None,
    }
}

fn over(said: &str) -> Followed {
    Followed::TimedOut {
        details: format!("it was acknowledged, and not confirmed in time: {said}"),
    }
}

fn not_yet(before: &Before<'_>, details: &str, asking: &Asking<'_>) -> Followed {
    let Asking { now, until, .. } = *asking;
    if until <= now {
        return over(details);
    }
    // The report could not be looked for.
    let open = before.open.map(|(open, _)| open);
    let is_open = asking.transaction.is_some() && asking.transaction == open;
    let counts = !asking.is_out && !is_open;
    let asked = before.asked + u32::from(counts);
    let due = match asking.is_out {
        true => now,
        false => asking
            .retry
            .due(asked.max(1), now, asking.jitter)
            .min(until),
    };
    Followed::Later {
        due,
        asked: counts,
        delivered: match counts {
            true => asking.delivered,
            false => before.delivered,
        },
        said: Some(details.to_owned()),
        transaction: asking.transaction.filter(|_| is_open).map(str::to_owned),
    }
}

fn awaited(before: &Before<'_>, asking: &Asking<'_>) -> Followed {
    let Asking { now, until, .. } = *asking;
    let is_same = |(open, _): &(&str, Timestamp)| asking.transaction == Some(*open);
    let begun = before.open.filter(is_same).map(|(_, begun)| begun);
    let waited = begun.map_or(0.0, |begun| now.since(begun).as_secs_f64());
    if until <= now {
        return timed_out(before);
    }
    // With others of its study that are due then.
    if waited >= patience(asking.timeout, before.asked) {
        return unasked(before, now);
    }
    let (least, most) = LOOK_SECONDS;
    let look = now.plus_seconds((waited / 2.0).clamp(least, most));
    Followed::Later {
        due: look.min(until),
        asked: begun.is_none(),
        delivered: asking.delivered,
        // What was said of a report that was none is worth more.
        said: before.said.is_empty().then(|| NO_REPORT.to_owned()),
        transaction: asking.transaction.map(str::to_owned),
    }
}

/// Seconds that a report is waited for before it is asked for anew.
fn patience(timeout: u32, asked: u32) -> f64 {
    let times = 2.0_f64.powi(i32::try_from(asked.saturating_sub(1)).unwrap_or(i32::MAX));
    (f64::from(timeout) / PATIENCE * times).max(LEAST_PATIENCE)
}

#[cfg(test)]
mod tests;
