//! Orthanc's own HTTP client: calls of other systems, with the administrator's `HttpProxy`, `HttpsVerifyPeers` and
//! `HttpsCACertificates`.

use std::ffi::CString;
use std::fmt;
use std::ptr;

use crate::client::headers;
use crate::context::{c_string, size_u32};
use crate::error::CallError;
use crate::host::Host;
use crate::http::Method;
use crate::memory::HostBuffer;
use crate::raw;

/// A call of another system.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest<'a> {
    /// The HTTP method.
    pub method: Method,
    /// `http://…` or `https://…`; what libcurl understands.
    pub url: &'a str,
    /// Names and values; without control characters.
    pub headers: Vec<(&'a str, &'a str)>,
    /// The body, for POST and PUT only.
    pub body: &'a [u8],
    /// Seconds for the whole call, connecting included. 0: Orthanc's `HttpTimeout`.
    pub timeout: u32,
}

/// Headers, body and the URL's path may be secrets: they do not show.
impl fmt::Debug for HttpRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("headers", &self.headers.len())
            .field("body", &self.body.len())
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// What the other system answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpReply {
    /// The HTTP status, after redirections: Orthanc follows them.
    pub status: u16,
    /// The HTTP headers; names as they came. Empty unless the status is 2xx.
    pub headers: Vec<(String, String)>,
    /// The body. Empty unless the status is 2xx: Orthanc hands out no other one.
    pub body: Vec<u8>,
}

impl HttpReply {
    /// Is the status 2xx?
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Host {
    /// Calls another system by HTTP, on the calling thread, until it has answered or the timeout has passed.
    ///
    /// - For any other status than 2xx, and for a call that fails, Orthanc logs an error of its own; 1.13.0 names the
    ///   whole URL in it when the call fails.
    /// - It may be called after `OrthancStopped` too, until `finalize` ends; a stop waits for it then.
    ///
    /// # Errors
    /// [`CallError::Code`] if there was no answer (9: refused, timed out, name or certificate unknown; Orthanc's log
    /// says which); [`CallError::BadArgument`] for a header that could forge another one. A status is never an error.
    pub fn http(&self, request: &HttpRequest<'_>) -> Result<HttpReply, CallError> {
        let url = c_string("the URL", request.url)?;
        let size = size_u32("the body", request.body.len())?;
        let names = texts(
            "a header's name",
            request.headers.iter().map(|(name, _)| *name),
        )?;
        let values = texts(
            "a header's value",
            request.headers.iter().map(|(_, value)| *value),
        )?;
        let count = size_u32("the list of headers", names.len())?;
        let name_pointers: Vec<_> = names.iter().map(|text| text.as_ptr()).collect();
        let value_pointers: Vec<_> = values.iter().map(|text| text.as_ptr()).collect();
        let lease = self.lease()?;
        let mut answer_body = HostBuffer::new(&lease);
        let mut answer_headers = HostBuffer::new(&lease);
        let mut status = 0_u16;
        let params = raw::_OrthancPluginCallHttpClient2 {
            answerBody: answer_body.target(),
            answerHeaders: answer_headers.target(),
            httpStatus: &raw mut status,
            method: request.method.to_raw(),
            url: url.as_ptr(),
            headersCount: count,
            headersKeys: name_pointers.as_ptr(),
            headersValues: value_pointers.as_ptr(),
            body: request.body.as_ptr().cast(),
            bodySize: size,
            username: ptr::null(),
            password: ptr::null(),
            timeout: request.timeout,
            certificateFile: ptr::null(),
            certificateKeyFile: ptr::null(),
            certificateKeyPassword: ptr::null(),
            pkcs11: 0,
        };
        // SAFETY: the parameters are those of the service, and outlive the call.
        let done = unsafe {
            lease.invoke(
                raw::_OrthancPluginService_CallHttpClient2,
                &raw const params,
            )
        };
        match done {
            Ok(()) => {
                answer_body.accept();
                answer_headers.accept();
                Ok(HttpReply {
                    status,
                    headers: headers(answer_headers.bytes()),
                    body: answer_body.bytes().to_vec(),
                })
            }
            // Orthanc makes an error of every status but 2xx, after it has written the status down.
            Err(_) if status != 0 => Ok(HttpReply {
                status,
                headers: Vec::new(),
                body: Vec::new(),
            }),
            Err(code) => Err(lease.refused(code)),
        }
    }
}

fn texts<'a>(what: &str, all: impl Iterator<Item = &'a str>) -> Result<Vec<CString>, CallError> {
    all.map(|text| {
        if text.chars().any(char::is_control) {
            return Err(CallError::BadArgument(format!(
                "{what} contains a control character"
            )));
        }
        c_string(what, text)
    })
    .collect()
}
