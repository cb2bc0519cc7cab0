//! What a message says.
//!
//! Invariants:
//! - Fields are added, never renamed: scripts of administrators read them.
//! - Nothing in it comes from an instance or a receiver.
//!
//! | field | |
//! |---|---|
//! | `ID` | 32 hexadecimal digits, different for each message; the same when it is tried again |
//! | `Kind` | `DestinationUnreachable`, `DestinationBack`, `Failure`, `Backlog`, `SourceSilent`, `SourceBack`, `OwnOutput`, `NotConfirmed`, `Test` |
//! | `Time` | when it was made (`20261120T235959.123456`, UTC) |
//! | `Orthanc` | `Name` and `DicomAet` of its configuration |
//! | `Destination` | its symbolic name; `null` in a test, and of a source |
//! | `Source` | of a source: its calling AET |
//! | `Message`, `Advice` | for people: what happened, what to do |
//! | `State` | of a backlog: `Begun` or `Over` |
//! | `Count` | outages, failed items, changes of a backlog, instances that came back since the message before |
//! | `Class` | outcome class: `Unreachable`, or the most frequent one of the failures; else `null` |
//! | `Classes` | of failures: `Class`, `Status` (or `null`), `Count`, `Meaning`, `Advice`, most frequent first; else empty |
//! | `Since` | when the outage or the backlog began, the first of the failures or of what came back was seen, or what came last from a source; or `null` |
//! | `Link` | `Alerts.Link`, where it is set |
//! | `Waiting`, `OldestPendingSeconds` | items of the destination still to be sent, age of the oldest |

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::collect::Gathered;
use super::watch::{Cause, Look};
use crate::config::settings::AlertKind;
use crate::item::meaning::{advice, cause, meaning};
use crate::item::{Class, Timestamp, told};

/// Who tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Sender {
    pub name: String,
    pub aet: String,
    pub zone: TimeZone,
}

impl Sender {
    /// `look`: the destination's last one.
    pub fn message(
        &self,
        id: &str,
        gathered: &Gathered,
        look: Option<&Look>,
        now: Timestamp,
    ) -> Value {
        let causes = causes(gathered);
        let class = match gathered.kind {
            AlertKind::DestinationUnreachable => Some(Class::Unreachable),
            _ => causes.first().map(|((class, _), _)| *class),
        };
        let state = if gathered.over { "Over" } else { "Begun" };
        let mut body = self.head(id, gathered.kind.as_str(), now);
        let name = Value::from(gathered.destination.as_str());
        if gathered.kind.is_of_a_source() {
            body["Destination"] = Value::Null;
            body["Source"] = name;
        } else {
            body["Destination"] = name;
        }
        body["Message"] = Value::from(self.words(gathered, &causes, look, now));
        let status = causes.first().and_then(|((_, status), _)| *status);
        body["Advice"] = Value::from(what_to_do(gathered, look, class, status));
        if gathered.kind == AlertKind::Backlog {
            body["State"] = Value::from(state);
        }
        body["Count"] = Value::from(gathered.count);
        body["Class"] = class.map_or(Value::Null, |class| Value::from(class.as_str()));
        body["Classes"] = causes
            .iter()
            .map(|((class, status), count)| {
                json!({
                    "Class": class.as_str(),
                    "Status": status,
                    "Count": count,
                    "Meaning": meaning(*class, *status),
                    "Advice": advice(*class, *status),
                })
            })
            .collect();
        body["Since"] = gathered
            .since
            .map_or(Value::Null, |since| Value::from(since.to_orthanc()));
        body["Waiting"] = Value::from(look.map_or(0, |look| look.open));
        body["OldestPendingSeconds"] = Value::from(look.map_or(0, |l| l.oldest_seconds(now)));
        body
    }

    /// The message by which an administrator sees that alerts arrive.
    pub fn test(&self, id: &str, now: Timestamp) -> Value {
        let mut body = self.head(id, "Test", now);
        body["Destination"] = Value::Null;
        body["Message"] = Value::from("this is a test: alerts of the send queue arrive here");
        body["Advice"] = Value::from("Nothing to do.");
        body["Count"] = Value::from(1);
        body["Class"] = Value::Null;
        body["Classes"] = json!([]);
        body["Since"] = Value::Null;
        body["Waiting"] = Value::from(0);
        body["OldestPendingSeconds"] = Value::from(0);
        body
    }

    fn head(&self, id: &str, kind: &str, now: Timestamp) -> Value {
        json!({
            "ID": id,
            "Kind": kind,
            "Time": now.to_orthanc(),
            "Orthanc": { "Name": self.name, "DicomAet": self.aet },
        })
    }
}

/// Most frequent first.
fn causes(gathered: &Gathered) -> Vec<(Cause, u64)> {
    let causes = gathered.causes.iter();
    let mut causes: Vec<(Cause, u64)> = causes.map(|(cause, count)| (*cause, *count)).collect();
    causes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    causes
}

impl Sender {
    fn words(
        &self,
        gathered: &Gathered,
        causes: &[(Cause, u64)],
        look: Option<&Look>,
        now: Timestamp,
    ) -> String {
        let name = &gathered.destination;
        let count = gathered.count;
        let waiting = self.waiting(look, now);
        match gathered.kind {
            AlertKind::DestinationUnreachable => {
                let times = match count {
                    1 => String::new(),
                    n => format!(" ({n} outages since the last message)"),
                };
                let lasts = look.is_none_or(|look| look.unreachable_since.is_some());
                match gathered.since {
                    Some(since) if lasts => format!(
                        "{name} cannot be reached {}{times}; {waiting}",
                        self.since(since, now)
                    ),
                    Some(since) => format!(
                        "{name} could not be reached from {} on and can again{times}; {waiting}",
                        self.clock(since, now)
                    ),
                    None => {
                        format!("{name} could not be reached for a short time{times}; {waiting}")
                    }
                }
            }
            AlertKind::DestinationBack => {
                let until = gathered.until.unwrap_or(now);
                let since = gathered.since.map_or_else(String::new, |since| {
                    format!(" after {}", told::age(until.since(since)))
                });
                let times = match count {
                    1 => String::new(),
                    n => format!(" ({n} outages ended since the last message)"),
                };
                match look.and_then(|look| look.unreachable_since) {
                    None => format!("{name} can be reached again{since}{times}; {waiting}"),
                    Some(away) => format!(
                        "{name} could be reached again{since}{times}, and cannot {}; {waiting}",
                        self.since(away, now)
                    ),
                }
            }
            AlertKind::Failure => {
                let kinds: Vec<String> = causes
                    .iter()
                    .map(|((class, status), count)| format!("{count} × {}", cause(*class, *status)))
                    .collect();
                let items = plural(count);
                format!(
                    "{items} for {name} went into the error queue: {}",
                    kinds.join(", ")
                )
            }
            AlertKind::SourceSilent => match gathered.since {
                Some(last) => format!(
                    "{name} is silent: it has sent nothing {}",
                    self.since(last, now)
                ),
                None => format!("{name} is silent: it has sent nothing yet"),
            },
            AlertKind::SourceBack => {
                let until = gathered.until.unwrap_or(now);
                let since = gathered.since.map_or_else(String::new, |last| {
                    format!(", {} after what came before", told::age(until.since(last)))
                });
                format!("{name} sends again{since}")
            }
            AlertKind::OwnOutput => format!(
                "{name} sends back what this queue had sent: {}; they are not sent again",
                plural(count)
            ),
            AlertKind::NotConfirmed => format!(
                "{name} has not confirmed {} that it had acknowledged",
                plural(count)
            ),
            AlertKind::Backlog if gathered.over => {
                format!("the backlog of {name} is over: {waiting}")
            }
            AlertKind::Backlog => {
                let why = look.map_or("", |look| {
                    if look.paused {
                        "; the destination is paused"
                    } else if look.unreachable_since.is_some() {
                        "; the destination cannot be reached"
                    } else if look.outside_window {
                        "; the destination is outside of its windows"
                    } else {
                        ""
                    }
                });
                format!("a backlog of {name}: {waiting}{why}")
            }
        }
    }

    /// `06:13`.
    fn clock(&self, time: Timestamp, now: Timestamp) -> String {
        told::clock(time, now, &self.zone)
    }

    /// `since 06:13 (9 h)`.
    fn since(&self, time: Timestamp, now: Timestamp) -> String {
        told::since(time, now, &self.zone)
    }

    fn waiting(&self, look: Option<&Look>, now: Timestamp) -> String {
        let Some(look) = look.filter(|look| look.open > 0) else {
            return "nothing waits".to_owned();
        };
        let items = plural(look.open);
        match look.oldest {
            Some(oldest) => format!(
                "{items} to be sent, the oldest waits {}",
                self.since(oldest, now)
            ),
            None => format!("{items} to be sent"),
        }
    }
}

fn plural(count: u64) -> String {
    match count {
        1 => "1 instance".to_owned(),
        n => format!("{n} instances"),
    }
}

fn what_to_do(
    gathered: &Gathered,
    look: Option<&Look>,
    class: Option<Class>,
    status: Option<u16>,
) -> &'static str {
    let is_paused = look.is_some_and(|look| look.paused);
    let is_away = look.is_some_and(|look| look.unreachable_since.is_some());
    match gathered.kind {
        AlertKind::DestinationUnreachable if is_paused && is_away => {
            "The destination is paused: nothing is sent to it until it is resumed. Check before that that the receiver runs."
        }
        AlertKind::DestinationBack if is_paused => {
            "The destination is paused: nothing is sent to it until it is resumed."
        }
        AlertKind::DestinationUnreachable => advice(Class::Unreachable, None),
        // It came, and went again.
        AlertKind::DestinationBack if is_away => advice(Class::Unreachable, None),
        AlertKind::DestinationBack => "Nothing to do: sending goes on by itself.",
        AlertKind::Failure => class.map_or("", |class| advice(class, status)),
        AlertKind::SourceBack => "Nothing to do.",
        AlertKind::SourceSilent => {
            "Look whether it is in use, whether it reaches this Orthanc (network, AET, port), and whether images wait in it."
        }
        AlertKind::OwnOutput => {
            "Look why it sends to this Orthanc what it got from it, and end that: a forwarding rule, most often. What came back is in Orthanc a second time, \
             with the identifiers under which it was sent."
        }
        AlertKind::NotConfirmed => {
            "Look whether it has them, and whether it can be asked as Confirm says. Then ask it again for the study, or send it again."
        }
        AlertKind::Backlog if gathered.over => "Nothing to do.",
        AlertKind::Backlog => {
            "Look at the destination: resume it if it is paused, mend what keeps it unreachable. If it only is slow, raise Associations, \
             or send less to it; nothing is lost meanwhile, but items that wait for ExpireAfter end in the error queue."
        }
    }
}
