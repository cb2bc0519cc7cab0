//! The arguments of a GET.

use orthanc_sdk::Request;
use percent_encoding::percent_decode_str;

use super::{MOST_SECONDS, class, quoted};
use crate::api::error::ApiError;
use crate::api::types::{Named, Time};
use crate::item::{Class, Confirmation, State, Timestamp, status};
use crate::store::{Order, Page, States, StatusFilter};

const DEFAULT_LIMIT: u32 = 100;
const MOST_LIMIT: u32 = 1000;

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

    pub fn confirmation(&self) -> Result<Option<Confirmation>, ApiError> {
        let parse = |text: String| {
            Confirmation::parse(&text).ok_or_else(|| {
                let words = Confirmation::ALL.map(Confirmation::as_str);
                ApiError::field("confirmation", quoted(&text), &words.join(", "))
            })
        };
        self.text("confirmation").map(parse).transpose()
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

    /// Where a list that takes `after` and `limit`, and maybe `order`, begins and ends.
    pub fn page_after(&self, default: u32, most: u32) -> Result<Page, ApiError> {
        let limit = self.integer("limit", 1..=most.into())?;
        Ok(Page {
            since: self.integer("after", 0..=i64::MAX)?.unwrap_or(0),
            limit: limit.map_or(default, |limit| limit.try_into().unwrap_or(most)),
            order: self.order()?,
        })
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

/// What people write for a moment: a time, a date, or an age.
pub fn moment(text: &str, now: Timestamp) -> Option<Timestamp> {
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
}
