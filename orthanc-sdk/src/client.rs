//! Orthanc's own REST API, called inside the process.

use std::ptr;

use serde_json::Value;

use crate::context::{c_string, size_u32};
use crate::error::CallError;
use crate::host::Host;
use crate::http::Method;
use crate::memory::HostBuffer;
use crate::raw;

/// What the REST API answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body; empty for DELETE.
    pub body: Vec<u8>,
    /// The HTTP headers, sorted by name; names in lower case.
    pub headers: Vec<(String, String)>,
}

impl Answer {
    /// Is the status 2xx?
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON, if the status is 2xx.
    ///
    /// # Errors
    /// [`CallError::Status`] for another status, [`CallError::BadJson`] for a body that is not JSON, an empty one too.
    pub fn json(self) -> Result<Value, CallError> {
        if self.is_success() {
            Ok(serde_json::from_slice(&self.body)?)
        } else {
            Err(CallError::Status {
                status: self.status,
                body: self.body,
            })
        }
    }
}

/// Calls Orthanc's built-in REST API, without the routes of plugins, on the calling thread.
///
/// - Calls bypass authentication: check names before they become part of a URI.
/// - Orthanc mostly reports a failure as [`CallError::Code`], not as an [`Answer`] with a status.
/// - Not before `OrthancStarted` (`initialize` included), not after `OrthancStopped`, and never from
///   `on_stored_instance`.
/// - A synchronous job that is cut by the shutdown gives status 200 with an empty body.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    host: Host,
}

impl Client {
    pub(crate) fn new(host: Host) -> Self {
        Self { host }
    }

    /// GET. The URI starts with `/` and may have a query.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn get(&self, uri: &str) -> Result<Answer, CallError> {
        self.call(Method::Get, uri, &[])
    }

    /// POST. A query in the URI is not parsed.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn post(&self, uri: &str, body: &[u8]) -> Result<Answer, CallError> {
        self.call(Method::Post, uri, body)
    }

    /// PUT. A query in the URI is not parsed.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn put(&self, uri: &str, body: &[u8]) -> Result<Answer, CallError> {
        self.call(Method::Put, uri, body)
    }

    /// DELETE. A query in the URI is not parsed.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn delete(&self, uri: &str) -> Result<Answer, CallError> {
        self.call(Method::Delete, uri, &[])
    }

    /// GET for JSON.
    ///
    /// # Errors
    /// As [`get`](Self::get) and [`Answer::json`].
    pub fn get_json(&self, uri: &str) -> Result<Value, CallError> {
        self.get(uri)?.json()
    }

    /// POST of JSON, for JSON.
    ///
    /// # Errors
    /// As [`post`](Self::post) and [`Answer::json`].
    pub fn post_json(&self, uri: &str, body: &Value) -> Result<Value, CallError> {
        self.post(uri, body.to_string().as_bytes())?.json()
    }

    /// A call by its method; the body is ignored for GET and DELETE.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn call(&self, method: Method, uri: &str, body: &[u8]) -> Result<Answer, CallError> {
        let uri = c_string("the URI", uri)?;
        let size = size_u32("the body", body.len())?;
        let lease = self.host.lease()?;
        let mut answer_body = HostBuffer::new(&lease);
        let mut answer_headers = HostBuffer::new(&lease);
        let mut status = 0_u16;
        let params = raw::_OrthancPluginCallRestApi {
            answerBody: answer_body.target(),
            answerHeaders: answer_headers.target(),
            httpStatus: &raw mut status,
            method: method.to_raw(),
            uri: uri.as_ptr(),
            headersCount: 0,
            headersKeys: ptr::null(),
            headersValues: ptr::null(),
            body: body.as_ptr().cast(),
            bodySize: size,
            afterPlugins: 0,
        };
        // SAFETY: the parameters are those of the service, and outlive the call.
        unsafe { lease.invoke(raw::_OrthancPluginService_CallRestApi, &raw const params) }
            .map_err(|code| lease.refused(code))?;
        answer_body.accept();
        answer_headers.accept();
        Ok(Answer {
            status,
            headers: headers(answer_headers.bytes()),
            body: answer_body.bytes().to_vec(),
        })
    }
}

/// Orthanc gives the headers as a JSON object of strings.
pub(crate) fn headers(json: &[u8]) -> Vec<(String, String)> {
    match serde_json::from_slice(json) {
        Ok(Value::Object(map)) => map
            .into_iter()
            .map(|(name, value)| match value {
                Value::String(text) => (name, text),
                other => (name, other.to_string()),
            })
            .collect(),
        _ => Vec::new(),
    }
}
