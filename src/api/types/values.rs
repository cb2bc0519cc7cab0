//! What answers are made of: times, counts, a DIMSE status to look for.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::{Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::item::{Ahead, State, Timestamp, status};
use crate::store;

thread_local! {
    /// What leads from the queue's own time to the machine's clock, while a request is answered: serde hands nothing
    /// on.
    static AHEAD: Cell<Ahead> = const { Cell::new(Ahead::from_micros(0)) };
}

/// While `work` is done, this thread writes and reads [`Time`] by a machine's clock that is so far ahead.
pub fn by_the_wall<R>(ahead: Ahead, work: impl FnOnce() -> R) -> R {
    struct Before(Ahead);
    impl Drop for Before {
        fn drop(&mut self) {
            AHEAD.set(self.0);
        }
    }
    let _before = Before(AHEAD.replace(ahead));
    work()
}

/// A point in time in Orthanc's form, UTC: `20261120T235959.123456`. Inside, by the queue's own clock; written by the
/// machine's (see [`by_the_wall`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub Timestamp);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&AHEAD.get().wall(self.0).to_orthanc())
    }
}

impl PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::String))
            .pattern(Some(r"^[0-9]{8}T[0-9]{6}\.[0-9]{6}$"))
            .description(Some("A point in time in Orthanc's form, UTC."))
            .examples(["20261120T235959.123456"])
            .into()
    }
}

impl ToSchema for Time {
    fn name() -> Cow<'static, str> {
        "Time".into()
    }
}

impl Time {
    /// Reads what a person wrote.
    pub fn parse(text: &str) -> Option<Time> {
        let wall = Timestamp::parse_orthanc(text)?;
        Some(Time(AHEAD.get().own(wall)))
    }

    /// As every spreadsheet reads a time by itself, UTC: `2026-11-20 23:59:59`.
    pub fn for_spreadsheet(self) -> String {
        let text = self.to_string();
        let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
        let date = [part(0, 4), part(4, 6), part(6, 8)].join("-");
        let time = [part(9, 11), part(11, 13), part(13, 15)].join(":");
        format!("{date} {time}")
    }

    pub fn maybe(time: Option<Timestamp>) -> Option<Time> {
        time.map(Time)
    }
}

/// Whole seconds from `since` to `now`; 0 if there is none.
pub fn age(since: Option<Timestamp>, now: Timestamp) -> u64 {
    since.map_or(0, |since| now.since(since).as_secs())
}

/// Items by state; each state is there, also with 0.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Counts {
    /// Waiting for their group's quiet period or for a time window.
    pub scheduled: u64,
    /// Ready to be sent.
    pub pending: u64,
    /// Being sent.
    pub running: u64,
    /// Failed, another attempt is due.
    pub retry: u64,
    /// Acknowledged by the destination, until they are pruned after `HistoryDays`.
    pub success: u64,
    /// The error queue.
    pub failure: u64,
    /// Stopped by a person.
    pub cancelled: u64,
}

impl From<&store::Counts> for Counts {
    fn from(counts: &store::Counts) -> Counts {
        Counts {
            scheduled: counts.get(State::Scheduled),
            pending: counts.get(State::Pending),
            running: counts.get(State::Running),
            retry: counts.get(State::Retry),
            success: counts.get(State::Success),
            failure: counts.get(State::Failure),
            cancelled: counts.get(State::Cancelled),
        }
    }
}

/// `since` and `until`: a time, a date, or an age.
pub fn moment() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::String))
        .pattern(Some(
            r"^([0-9]{8}(T[0-9]{6}(\.[0-9]{1,6})?)?|[0-9]{1,6}[smhd])$",
        ))
        .description(Some(
            "A time in Orthanc's form, a date (its begin; UTC both), or an age: `90s`, `15m`, `12h`, `3d`.",
        ))
        .examples(["20261126T180000", "20261126", "12h"])
}

/// A DIMSE status in an answer: status of the C-STORE-RSP.
pub fn dimse_status() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::Integer))
        .minimum(Some(0))
        .maximum(Some(65535))
        .description(Some(
            "Status of the C-STORE-RSP (PS3.4 B.2.3, PS3.7 Annex C), in decimal.",
        ))
}

/// The same, where there may be none.
pub fn maybe_dimse_status() -> ObjectBuilder {
    dimse_status()
        .schema_type(SchemaType::from_iter([Type::Integer, Type::Null]))
        .description(Some(
            "Status of the C-STORE-RSP (PS3.4 B.2.3, PS3.7 Annex C), in decimal; null: there was no response.",
        ))
        .examples([42752, 49152])
}

/// `Status` in a filter.
pub fn status_to_find() -> OneOfBuilder {
    OneOfBuilder::new()
        .item(dimse_status())
        .item(status_argument())
        .item(ObjectBuilder::new().schema_type(SchemaType::new(Type::Null)))
        .description(Some(
            "DIMSE status as an integer (A700 is 42752), or as a text: `A700`, `0xA700`; `None`: items without one.",
        ))
}

/// `status` of a list.
pub fn status_argument() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::String))
        .pattern(Some(status::PATTERN))
        .description(Some(
            "DIMSE status: `A700`, `0xA700` or in decimal 42752; four digits are hexadecimal. `none`: items without \
             one.",
        ))
        .examples(["A700", "none"])
}
