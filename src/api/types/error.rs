//! The body of everything that is not answered with 200.

use serde::Serialize;
use utoipa::ToSchema;

use crate::config;

/// Why a request was not done, in the form of Orthanc's own errors.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(example = json!({
    "HttpStatus": 400, "HttpError": "Bad Request", "Message": "Bad request",
    "Details": "limit: found \"0\", allowed: 1 to 1000", "Method": "GET", "Uri": "/sendqueue/items",
}))]
pub struct Error {
    #[schema(minimum = 400, maximum = 599)]
    pub http_status: u16,
    pub http_error: &'static str,
    pub message: &'static str,
    /// What is wrong: the field, what was found, what is allowed.
    pub details: String,
    /// The mistakes of a configuration, each by itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub mistakes: Vec<Mistake>,
    #[schema(example = "GET")]
    pub method: &'static str,
    /// The path that was asked for.
    pub uri: String,
}

/// What is wrong with a configuration.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = Mistake)]
pub struct Mistake {
    /// Where: `SendQueue.Rules[0].To[1]`.
    pub path: String,
    pub found: String,
    pub allowed: String,
}

impl Mistake {
    pub fn of(one: &config::Mistake) -> Mistake {
        Mistake {
            path: one.path.clone(),
            found: one.found.clone(),
            allowed: one.allowed.clone(),
        }
    }
}
