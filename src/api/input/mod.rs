//! Reading what a request asks for: bad input is refused whole, before anything is changed.

mod body;
mod query;

use serde_json::Value;

pub use self::body::{Body, object};
pub use self::query::{Query, moment};
use super::error::ApiError;
use crate::item::Class;

/// Some 30 years: an age.
pub const MOST_SECONDS: u64 = 1_000_000_000;

pub fn class(field: &str, text: &str) -> Result<Class, ApiError> {
    Class::parse(text).ok_or_else(|| {
        ApiError::field(
            field,
            quoted(text),
            &Class::ALL.map(Class::as_str).join(", "),
        )
    })
}

/// Found text as JSON, so that what is in it shows.
pub fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
