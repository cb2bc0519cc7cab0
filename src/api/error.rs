//! Errors of the REST API, in the form of Orthanc's own.

use orthanc_sdk::{CallError, Method, Request, Response};

use super::{json, types};
use crate::config::Mistake;
use crate::store::StoreError;

/// What goes wrong in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    pub status: u16,
    /// What is wrong, naming the field, what was found and what is allowed.
    pub details: String,
    /// Of a configuration, each by itself.
    pub mistakes: Vec<Mistake>,
    /// Nothing is wrong: so many seconds later it may work.
    pub retry_after: Option<u32>,
}

impl ApiError {
    /// 400.
    pub fn bad(details: impl Into<String>) -> ApiError {
        ApiError::new(400, details)
    }

    /// 400 for a field: its name, what was found, what is allowed.
    pub fn field(name: &str, found: impl std::fmt::Display, allowed: &str) -> ApiError {
        let found: String = found.to_string().chars().take(80).collect();
        ApiError::bad(format!("{name}: found {found}, allowed: {allowed}"))
    }

    /// 403: it comes from a page of another site.
    pub fn forbidden(details: impl Into<String>) -> ApiError {
        ApiError::new(403, details)
    }

    /// 404.
    pub fn not_found(details: impl Into<String>) -> ApiError {
        ApiError::new(404, details)
    }

    /// 409: the state does not allow it.
    pub fn conflict(details: impl Into<String>) -> ApiError {
        ApiError::new(409, details)
    }

    pub fn new(status: u16, details: impl Into<String>) -> ApiError {
        ApiError {
            status,
            details: details.into(),
            mistakes: Vec::new(),
            retry_after: None,
        }
    }

    /// 503: too much of the same is under way.
    pub fn busy(details: impl Into<String>) -> ApiError {
        ApiError {
            retry_after: Some(1),
            ..ApiError::new(503, details)
        }
    }

    pub fn response(&self, request: &Request) -> Response {
        let body = types::Error {
            http_status: self.status,
            http_error: reason(self.status),
            message: message(self.status),
            details: self.details.clone(),
            mistakes: self.mistakes.iter().map(types::Mistake::of).collect(),
            method: request.method.as_str(),
            uri: request.uri.clone(),
        };
        let answer = json(self.status, &body);
        match self.retry_after {
            Some(seconds) => answer.with_header("Retry-After", &seconds.to_string()),
            None => answer,
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> ApiError {
        let status = match error {
            StoreError::Locked(_) | StoreError::Full(_) | StoreError::Stopping => 503,
            _ => 500,
        };
        ApiError::new(status, error.to_string())
    }
}

impl From<CallError> for ApiError {
    fn from(error: CallError) -> ApiError {
        ApiError::new(500, format!("Orthanc cannot be asked: {error}"))
    }
}

/// 405 with what is allowed. (Orthanc sends no body with it.)
pub fn method_not_allowed(allowed: &[Method]) -> Response {
    Response::method_not_allowed(allowed)
}

pub fn reason(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}

pub fn message(status: u16) -> &'static str {
    match status {
        400 => "Bad request",
        403 => "A page of another site may not do this",
        404 => "Unknown resource",
        409 => "The state of the queue does not allow this",
        503 => "The send queue cannot do this now",
        _ => "Internal error",
    }
}
