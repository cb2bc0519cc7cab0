//! The JSON in the body of a request.

use std::collections::BTreeMap;

use orthanc_sdk::Request;
use serde_json::{Map, Value};

use super::quoted;
use crate::api::error::ApiError;
use crate::api::types::{Named, Time};
use crate::item::{Priority, State, Timestamp, status};
use crate::store::{States, StatusFilter};

/// Levels of JSON in a body. Orthanc answers requests on threads with a stack of 100 KB, which a recursive parser
/// overruns long before its own limit.
const MOST_DEPTH: usize = 16;

fn listed(fields: &[&str]) -> String {
    if fields.is_empty() {
        "no fields".to_owned()
    } else {
        fields.join(", ")
    }
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

    /// As it stands there.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
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
