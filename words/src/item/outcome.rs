//! What happened to an attempt, and what follows from it.
//!
//! Invariants:
//! - [`Class::of_status`] is the only place that knows DIMSE status codes.
//! - [`follow`] is the only place that decides what becomes of an item after an attempt.
//! - A failed delivery is data, never `Err`: `Err` is kept for faults of our own machinery.

use serde::Serialize;
use utoipa::ToSchema;

use super::retry::RetryPolicy;
use super::time::Timestamp;

/// Outcome class of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, ToSchema)]
pub enum Class {
    /// C-STORE status 0000.
    Success,
    /// B000, B006, B007 or 0111: stored, with a remark that is kept.
    Warning,
    /// Refused, timed out, DNS, TLS, A-ASSOCIATE-RJ: the destination's matter, never the item's.
    Unreachable,
    /// The association was lost, aborted or silent after it was open.
    Interrupted,
    /// A7xx, 0110: the destination cannot now.
    Busy,
    /// Any other failure status: the destination does not want this instance.
    Rejected,
    /// No presentation context accepted for this SOP class and transfer syntax.
    NotNegotiated,
    /// The instance is no longer in Orthanc.
    Missing,
    /// `ExpireAfter` went by.
    Expired,
    /// A fault of our own.
    Internal,
    /// The instance cannot be changed as the destination asks; it is never sent unchanged.
    Coercion,
}

impl Class {
    pub const ALL: [Class; 11] = [
        Class::Success,
        Class::Warning,
        Class::Unreachable,
        Class::Interrupted,
        Class::Busy,
        Class::Rejected,
        Class::NotNegotiated,
        Class::Missing,
        Class::Expired,
        Class::Internal,
        Class::Coercion,
    ];

    /// Whether the destination's breaker opens: it is the destination's matter, and counts against no item.
    pub fn is_an_outage(self) -> bool {
        matches!(self, Class::Unreachable)
    }

    /// Whether it can bring an item into the error queue.
    pub fn may_fail(self) -> bool {
        !matches!(self, Class::Success | Class::Warning) && !self.is_an_outage()
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Class::Success => "Success",
            Class::Warning => "Warning",
            Class::Unreachable => "Unreachable",
            Class::Interrupted => "Interrupted",
            Class::Busy => "Busy",
            Class::Rejected => "Rejected",
            Class::NotNegotiated => "NotNegotiated",
            Class::Missing => "Missing",
            Class::Expired => "Expired",
            Class::Internal => "Internal",
            Class::Coercion => "Coercion",
        }
    }

    pub fn parse(text: &str) -> Option<Class> {
        Class::ALL.into_iter().find(|class| class.as_str() == text)
    }

    /// Class of a C-STORE-RSP's status (PS3.4 B.2.3, PS3.7 Annex C).
    pub fn of_status(status: u16) -> Class {
        match status {
            0x0000 => Class::Success,
            // 0111 (duplicate SOP instance): it is there, which is what was asked for.
            0xB000 | 0xB006 | 0xB007 | 0x0111 => Class::Warning,
            0xA700..=0xA7FF | 0x0110 => Class::Busy,
            // The other warnings of PS3.7 Annex C (0001, 0107, 0116, Bxxx) too: PS3.4 B.2.3 does not say that the
            // instance is stored then, so that a person must look. Orthanc's own SCU takes them for failures as well.
            _ => Class::Rejected,
        }
    }

    /// Whether an attempt that ended so got as far as the destination, and therefore counts.
    pub fn reached_destination(self) -> bool {
        !matches!(
            self,
            Class::Unreachable | Class::Missing | Class::Expired | Class::Coercion
        )
    }
}

impl std::fmt::Display for Class {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What happened to one item in one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub class: Class,
    pub dimse_status: Option<u16>,
    /// For people: what the peer or Orthanc said. Data, never markup or a format.
    pub details: String,
    /// The peer is there and gave no association: it refused it for no lasting reason (A-ASSOCIATE-RJ, PS3.8 9.3.4),
    /// closed the connection, or let the time run out. It may have too many.
    pub may_be_congestion: bool,
    /// Something is missing that may come: the item waits for it, and nothing was tried.
    pub waits: bool,
}

impl Outcome {
    pub fn new(class: Class, details: impl Into<String>) -> Outcome {
        Outcome {
            class,
            dimse_status: None,
            details: details.into(),
            may_be_congestion: false,
            waits: false,
        }
    }

    /// It cannot be changed as the destination asks yet, since something is missing that may come.
    pub fn waiting(details: impl Into<String>) -> Outcome {
        Outcome {
            waits: true,
            ..Outcome::new(Class::Coercion, details)
        }
    }

    /// What may be logged of it: a receiver's own words may name a patient, and are kept on the attempt alone.
    pub fn for_log(&self) -> String {
        match self.dimse_status {
            Some(status) => format!("DIMSE status 0x{status:04X}"),
            None => self.details.clone(),
        }
    }

    pub fn of_status(status: u16, details: impl Into<String>) -> Outcome {
        Outcome {
            class: Class::of_status(status),
            dimse_status: Some(status),
            details: details.into(),
            may_be_congestion: false,
            waits: false,
        }
    }
}

/// What follows from an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    Complete,
    Retry {
        at: Timestamp,
    },
    Fail,
    /// Back to `Pending`, as if it had never been claimed.
    Release,
    /// To `Scheduled`, until what it waits for comes; looked at again at the latest then.
    Hold {
        at: Timestamp,
    },
}

/// Seconds after which what waits for something is looked at again, though nobody told that it came.
const LOOKED_AT_AGAIN: f64 = 3600.0;

/// What becomes of an item whose attempt ended so.
///
/// `attempt_count` includes this attempt if it counts ([`Class::reached_destination`]);
/// `jitter` is in 0..1.
pub fn follow(
    outcome: &Outcome,
    attempt_count: u32,
    policy: &RetryPolicy,
    now: Timestamp,
    jitter: f64,
) -> Consequence {
    let retry = || {
        if attempt_count >= policy.max_attempts {
            Consequence::Fail
        } else {
            Consequence::Retry {
                at: policy.due(attempt_count, now, jitter),
            }
        }
    };
    match outcome.class {
        _ if outcome.waits => Consequence::Hold {
            at: now.plus_seconds(LOOKED_AT_AGAIN),
        },
        Class::Success | Class::Warning => Consequence::Complete,
        Class::Unreachable => Consequence::Release,
        Class::Interrupted | Class::Busy | Class::Internal => retry(),
        Class::Rejected if policy.retries_refused(outcome.dimse_status) => retry(),
        Class::Rejected
        | Class::NotNegotiated
        | Class::Missing
        | Class::Expired
        | Class::Coercion => Consequence::Fail,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Statuses;
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_000_000);

    fn of(class: Class) -> Outcome {
        Outcome::new(class, "")
    }

    #[test]
    fn statuses_have_the_contracts_classes() {
        let table: [(&[u16], Class); 4] = [
            (&[0x0000], Class::Success),
            (&[0xB000, 0xB006, 0xB007, 0x0111], Class::Warning),
            (&[0xA700, 0xA701, 0xA7FF, 0x0110], Class::Busy),
            (
                &[
                    0xA800, 0xA900, 0xA9FF, 0xC000, 0xCFFF, 0x0122, 0x0124, 0x0106, 0xB001, 0xFF00,
                    0x0001, 0x0107, 0x0116,
                ],
                Class::Rejected,
            ),
        ];
        for (statuses, class) in table {
            for status in statuses {
                assert_eq!(Class::of_status(*status), class, "{status:04X}");
            }
        }
    }

    #[test]
    fn an_outage_is_free() {
        let policy = RetryPolicy::default();
        assert!(!Class::Unreachable.reached_destination());
        assert_eq!(
            follow(&of(Class::Unreachable), 99, &policy, NOW, 0.5),
            Consequence::Release
        );
    }

    #[test]
    fn what_cannot_be_changed_as_asked_waits_for_a_person_at_once() {
        let policy = RetryPolicy {
            on_rejected: true,
            ..RetryPolicy::default()
        };
        assert!(!Class::Coercion.reached_destination() && Class::Coercion.may_fail());
        assert_eq!(
            follow(&of(Class::Coercion), 0, &policy, NOW, 0.5),
            Consequence::Fail
        );
    }

    #[test]
    fn what_lacks_something_waits_for_it() {
        let held = Outcome::waiting("not known yet");
        assert!(!held.class.reached_destination());
        let next = follow(&held, 0, &RetryPolicy::default(), NOW, 0.5);
        assert_eq!(
            next,
            Consequence::Hold {
                at: NOW.plus_seconds(3600.0)
            }
        );
    }

    #[test]
    fn a_refusal_goes_to_the_error_queue_unless_asked_otherwise() {
        let mut policy = RetryPolicy::default();
        assert_eq!(
            follow(&of(Class::Rejected), 1, &policy, NOW, 0.5),
            Consequence::Fail
        );
        policy.on_rejected = true;
        assert!(matches!(
            follow(&of(Class::Rejected), 1, &policy, NOW, 0.5),
            Consequence::Retry { .. }
        ));
        assert_eq!(
            follow(&of(Class::Rejected), 10, &policy, NOW, 0.5),
            Consequence::Fail
        );
    }

    #[test]
    fn only_what_was_refused_with_such_a_status_is_retried() {
        let patterns = ["A9xx", "C000-C0FF", "0122"].map(|text| Statuses::parse(text).unwrap());
        let policy = RetryPolicy {
            on_status: patterns.to_vec(),
            ..RetryPolicy::default()
        };
        let next =
            |status: u16, count| follow(&Outcome::of_status(status, ""), count, &policy, NOW, 1.0);
        for status in [0xA900, 0xA9FF, 0xC000, 0xC0FF, 0x0122] {
            assert_eq!(Class::of_status(status), Class::Rejected);
            // As for what is busy.
            assert_eq!(next(status, 2), next(0xA700, 2), "{status:04X}");
            assert_eq!(next(status, 10), Consequence::Fail, "{status:04X}");
        }
        for status in [0xA801, 0xC100, 0x0124, 0xB001] {
            assert_eq!(next(status, 1), Consequence::Fail, "{status:04X}");
        }
        assert_eq!(next(0xB000, 1), Consequence::Complete);
        // Without a status there is nothing to compare.
        let untold = follow(&of(Class::Rejected), 1, &policy, NOW, 1.0);
        assert_eq!(untold, Consequence::Fail);
    }

    #[test]
    fn retries_end_at_max_attempts() {
        let policy = RetryPolicy::default();
        for class in [Class::Interrupted, Class::Busy, Class::Internal] {
            assert_eq!(
                follow(&of(class), 9, &policy, NOW, 1.0),
                Consequence::Retry {
                    at: policy.due(9, NOW, 1.0)
                }
            );
            assert_eq!(follow(&of(class), 10, &policy, NOW, 1.0), Consequence::Fail);
        }
    }
}
