//! Reading what a request asks for: bad input is refused whole, before anything is changed.

use std::collections::BTreeMap;

use orthanc_sdk::Request;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::error::ApiError;
use super::types::{Named, Time};
use crate::item::{Class, Priority, State, Timestamp, status};
use crate::store::{Order, Page, States, StatusFilter};

const DEFAULT_LIMIT: u32 = 100;
const MOST_LIMIT: u32 = 1000;
/// Some 30 years: an age.
pub const MOST_SECONDS: u64 = 1_000_000_000;
/// Levels of JSON in a body. Orthanc answers requests on threads with a stack of 100 KB, which a recursive parser
/// overruns long before its own limit.
const MOST_DEPTH: usize = 16;

/// The arguments of a GET, all of which must be known.
///
/// Whether they come decoded depends on the web server that Orthanc was built with: before 1.13.0 it leaves them as
/// they are where that is civetweb 1.15 or newer, as in Debian. So they are decoded here, once more if need be: no
/// argument of ours has a meaning with a `%` in it.
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Whose arguments are those of `T`.
    pub fn of<T: Named>(request: &Request) -> Result<Query, ApiError> {
        Query::new(request, T::NAMES)
    }

    /// Without arguments.
    pub fn none(request: &Request) -> Result<Query, ApiError> {
        Query::new(request, &[])
    }

    fn new(request: &Request, known: &[&str]) -> Result<Query, ApiError> {
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let arguments: Vec<_> = request
            .query
            .iter()
            .map(|(name, value)| (decoded(name), decoded(value)))
            .collect();
        for (name, _) in &arguments {
            if !known.contains(&name.as_str()) {
                let allowed = if known.is_empty() {
                    "no arguments".to_owned()
                } else {
                    known.join(", ")
                };
                return Err(ApiError::field("query argument", quoted(name), &allowed));
            }
        }
        Ok(Query(arguments))
    }

    /// An empty value counts as absent.
    pub fn text(&self, name: &str) -> Option<String> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .filter(|(_, value)| !value.is_empty())
            .map(|(_, value)| value.clone())
    }

    /// One state, or several with commas between them.
    pub fn states(&self) -> Result<Option<States>, ApiError> {
        let Some(text) = self.text("state") else {
            return Ok(None);
        };
        let mut states = States::default();
        for word in text.split(',') {
            let state = State::parse(word).ok_or_else(|| {
                let all = State::ALL.map(State::as_str).join(", ");
                ApiError::field("state", quoted(word), &format!("any of {all}"))
            })?;
            states = states.with(state);
        }
        Ok(Some(states))
    }

    pub fn class(&self) -> Result<Option<Class>, ApiError> {
        self.text("class")
            .map(|text| class("class", &text))
            .transpose()
    }

    /// A DIMSE status, or `none`.
    pub fn status(&self) -> Result<Option<StatusFilter>, ApiError> {
        self.text("status")
            .map(|text| {
                StatusFilter::parse(&text)
                    .ok_or_else(|| ApiError::field("status", quoted(&text), status::ALLOWED))
            })
            .transpose()
    }

    pub fn seconds(&self, name: &str) -> Result<Option<u64>, ApiError> {
        self.text(name)
            .map(|text| {
                text.parse()
                    .ok()
                    .filter(|seconds| *seconds <= MOST_SECONDS)
                    .ok_or_else(|| {
                        let allowed = format!("seconds, an integer from 0 to {MOST_SECONDS}");
                        ApiError::field(name, quoted(&text), &allowed)
                    })
            })
            .transpose()
    }

    pub fn integer(
        &self,
        name: &str,
        allowed: std::ops::RangeInclusive<i64>,
    ) -> Result<Option<i64>, ApiError> {
        self.text(name)
            .map(|text| {
                let number = text.parse().ok().filter(|number| allowed.contains(number));
                number.ok_or_else(|| {
                    let allowed = match *allowed.end() {
                        i64::MAX => format!("an integer, {} or more", allowed.start()),
                        end => format!("an integer from {} to {end}", allowed.start()),
                    };
                    ApiError::field(name, quoted(&text), &allowed)
                })
            })
            .transpose()
    }

    /// A time, a date, or an age.
    pub fn moment(&self, name: &str, now: Timestamp) -> Result<Option<Timestamp>, ApiError> {
        self.text(name)
            .map(|text| {
                moment(&text, now).ok_or_else(|| {
                    let allowed = "a time such as 20261126T180000 (UTC), a date such as 20261126, or an age: 90s, 15m, 12h, 3d";
                    ApiError::field(name, quoted(&text), allowed)
                })
            })
            .transpose()
    }

    fn order(&self) -> Result<Order, ApiError> {
        match self.text("order").as_deref() {
            None | Some("asc") => Ok(Order::Ascending),
            Some("desc") => Ok(Order::Descending),
            Some(other) => Err(ApiError::field("order", quoted(other), "asc, desc")),
        }
    }

    pub fn page(&self) -> Result<Page, ApiError> {
        let limit = self
            .text("limit")
            .map(|text| {
                text.parse()
                    .ok()
                    .filter(|limit| (1..=MOST_LIMIT).contains(limit))
                    .ok_or_else(|| ApiError::field("limit", quoted(&text), "1 to 1000"))
            })
            .transpose()?
            .unwrap_or(DEFAULT_LIMIT);
        let since = self
            .text("since")
            .map(|text| {
                text.parse::<i64>()
                    .ok()
                    .filter(|since| *since >= 0)
                    .ok_or_else(|| {
                        ApiError::field("since", quoted(&text), "the last ID seen, 0 or more")
                    })
            })
            .transpose()?
            .unwrap_or(0);
        Ok(Page {
            since,
            limit,
            order: self.order()?,
        })
    }
}

fn moment(text: &str, now: Timestamp) -> Option<Timestamp> {
    let units = [('s', 1.0), ('m', 60.0), ('h', 3600.0), ('d', 86_400.0)];
    for (unit, seconds) in units {
        if let Some(number) = text.strip_suffix(unit) {
            // Neither a sign nor more than six digits.
            let is_number = number.len() <= 6 && number.bytes().all(|byte| byte.is_ascii_digit());
            let number: f64 = number.parse::<u32>().ok().filter(|_| is_number)?.into();
            return Some(now.plus_seconds(-number * seconds));
        }
    }
    let is_date = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let time = if is_date {
        Time::parse(&format!("{text}T000000"))?
    } else {
        Time::parse(text)?
    };
    Some(time.0)
}

pub fn class(field: &str, text: &str) -> Result<Class, ApiError> {
    Class::parse(text).ok_or_else(|| {
        ApiError::field(
            field,
            quoted(text),
            &Class::ALL.map(Class::as_str).join(", "),
        )
    })
}

fn listed(fields: &[&str]) -> String {
    if fields.is_empty() {
        "no fields".to_owned()
    } else {
        fields.join(", ")
    }
}

/// Found text as JSON, so that what is in it shows.
pub fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// How deep arrays and objects are nested in what may be JSON.
fn depth(json: &[u8]) -> usize {
    let (mut now, mut most) = (0usize, 0);
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'[' | b'{' => {
                now += 1;
                most = most.max(now);
            }
            b']' | b'}' => now = now.saturating_sub(1),
            b'"' => {
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'"' => break,
                        b'\\' => drop(bytes.next()),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    most
}

/// The JSON object in a request's body; `None`: it is empty.
pub fn object(request: &Request) -> Result<Option<Map<String, Value>>, ApiError> {
    if request.body.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    if depth(&request.body) > MOST_DEPTH {
        return Err(ApiError::bad(format!(
            "the body is nested deeper than {MOST_DEPTH} levels"
        )));
    }
    let value = request
        .json()
        .map_err(|error| ApiError::bad(format!("the body is not JSON: {error}")))?;
    match value {
        Value::Object(fields) => Ok(Some(fields)),
        _ => Err(ApiError::bad("the body must be a JSON object")),
    }
}

/// The JSON object in a request's body, all fields of which must be known.
pub struct Body(Map<String, Value>);

impl Body {
    /// Whose fields are those of `T`. An empty body counts as `{}`.
    pub fn of<T: Named>(request: &Request) -> Result<Body, ApiError> {
        Body::new(request, T::NAMES)
    }

    fn new(request: &Request, known: &[&str]) -> Result<Body, ApiError> {
        let fields = object(request)?.unwrap_or_default();
        for name in fields.keys() {
            if !known.contains(&name.as_str()) {
                return Err(ApiError::field("field", quoted(name), &listed(known)));
            }
        }
        Ok(Body(fields))
    }

    /// Whether none of these fields is there.
    pub fn lacks(&self, names: &[&str]) -> bool {
        names.iter().all(|name| !self.0.contains_key(*name))
    }

    pub fn text(&self, name: &str) -> Result<Option<String>, ApiError> {
        self.read(name, "a text", |value| value.as_str().map(str::to_owned))
    }

    pub fn flag(&self, name: &str) -> Result<bool, ApiError> {
        Ok(self
            .read(name, "true or false", Value::as_bool)?
            .unwrap_or(false))
    }

    pub fn number(&self, name: &str, most: u64) -> Result<Option<u64>, ApiError> {
        self.read(name, &format!("an integer from 0 to {most}"), |value| {
            value.as_u64().filter(|number| *number <= most)
        })
    }

    /// In Orthanc's form.
    pub fn time(&self, name: &str) -> Result<Option<Timestamp>, ApiError> {
        let allowed = "a time such as \"20261120T235959.123456\" (UTC)";
        self.read(name, allowed, |value| Some(Time::parse(value.as_str()?)?.0))
    }

    /// A DIMSE status, or `"None"`.
    pub fn status(&self, name: &str) -> Result<Option<StatusFilter>, ApiError> {
        let allowed = format!("an integer from 0 to 65535, {}", status::ALLOWED);
        self.read(name, &allowed, |value| match value.as_str() {
            Some(text) => StatusFilter::parse(text),
            None => Some(StatusFilter::Is(u16::try_from(value.as_u64()?).ok()?)),
        })
    }

    /// One state or several, of these.
    pub fn states(&self, name: &str, of: &[State]) -> Result<Option<States>, ApiError> {
        let words: Vec<&str> = of.iter().map(|state| state.as_str()).collect();
        let allowed = format!("one of {}, or a list of them", words.join(", "));
        let state = |word: &Value| {
            let state = State::parse(word.as_str()?)?;
            of.contains(&state).then_some(state)
        };
        self.read(name, &allowed, |value| match value.as_array() {
            Some(list) if list.is_empty() => None,
            Some(list) => list.iter().map(state).collect(),
            None => state(value).map(States::from),
        })
    }

    pub fn texts(&self, name: &str) -> Result<Vec<String>, ApiError> {
        let texts: Option<Vec<String>> =
            self.read(name, "a list of texts, at least one", |value| {
                value
                    .as_array()
                    .filter(|list| !list.is_empty())?
                    .iter()
                    .map(|entry| entry.as_str().map(str::to_owned))
                    .collect()
            })?;
        texts.ok_or_else(|| ApiError::field(name, "nothing", "a list of texts, at least one"))
    }

    /// An object of tags and the values to look for.
    pub fn query(&self, name: &str) -> Result<Option<Map<String, Value>>, ApiError> {
        self.read(name, "an object of tags and texts, at least one", |value| {
            value
                .as_object()
                .filter(|query| !query.is_empty() && query.values().all(Value::is_string))
                .cloned()
        })
    }

    /// A list of objects of texts.
    pub fn rows(&self, name: &str) -> Result<Vec<BTreeMap<String, String>>, ApiError> {
        let allowed = "a list of objects of texts, at least one";
        let row = |value: &Value| -> Option<BTreeMap<String, String>> {
            let fields = value.as_object()?.iter();
            fields
                .map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
                .collect()
        };
        // What stands there may be about patients.
        let rows = self.0.get(name).and_then(Value::as_array);
        let rows = rows.filter(|rows| !rows.is_empty());
        let rows: Option<Vec<_>> = rows.and_then(|rows| rows.iter().map(row).collect());
        rows.ok_or_else(|| ApiError::field(name, "nothing of the kind", allowed))
    }

    pub fn ids(&self, name: &str) -> Result<Option<Vec<i64>>, ApiError> {
        self.read(name, "a list of item IDs, at least one", |value| {
            value
                .as_array()
                .filter(|list| !list.is_empty())?
                .iter()
                .map(Value::as_i64)
                .collect()
        })
    }

    pub fn priority(&self, name: &str) -> Result<Option<Priority>, ApiError> {
        let allowed = Priority::ALL.map(Priority::as_str).join(", ");
        self.read(name, &allowed, |value| Priority::parse(value.as_str()?))
    }

    fn read<T>(
        &self,
        name: &str,
        allowed: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, ApiError> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(value)
                .map(Some)
                .ok_or_else(|| ApiError::field(name, value, allowed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_a_date_or_an_age() {
        let now = Timestamp::parse_orthanc("20261127T031500").unwrap();
        for (text, expected) in [
            ("20261126T180000", Some("20261126T180000")),
            ("20261126T180000.5", Some("20261126T180000.500000")),
            ("20261126", Some("20261126T000000")),
            ("90s", Some("20261127T031330")),
            ("15m", Some("20261127T030000")),
            ("12h", Some("20261126T151500")),
            ("3d", Some("20261124T031500")),
            ("20261326", None),
            ("2026112", None),
            ("", None),
            ("h", None),
            ("+1h", None),
            ("-1h", None),
            ("1000000h", None),
            ("yesterday", None),
        ] {
            let expected = expected.and_then(Timestamp::parse_orthanc);
            assert_eq!(moment(text, now), expected, "{text}");
        }
    }

    #[test]
    fn depth_counts_arrays_and_objects_outside_of_texts() {
        for (json, expected) in [
            ("", 0),
            ("{}", 1),
            (r#"{"a": [1, [2]], "b": {}}"#, 3),
            (r#"["[[[", "\"[[", "\\"]"#, 1),
            ("]]]][", 1),
            ("\"[[[[", 0),
        ] {
            assert_eq!(depth(json.as_bytes()), expected, "{json}");
        }
        assert_eq!(depth(&b"[".repeat(100_000)), 100_000);
    }
}
