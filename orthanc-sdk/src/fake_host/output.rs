//! An HTTP request to the plugin, and what the plugin answered.

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr;

use serde_json::Value;

use super::{RestCallback, c_text};
use crate::http::Method;
use crate::raw;

/// What a route answered, as an HTTP client would see it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RestAnswer {
    /// The HTTP status; 200 if the callback answered nothing.
    pub status: u16,
    /// The first `Content-Type` header; empty if there was none.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
    /// The other headers.
    pub headers: Vec<(String, String)>,
    /// What the callback returned: 0 for success.
    pub error_code: i32,
}

impl RestAnswer {
    /// What Orthanc makes of an error code.
    pub(super) fn of_error(code: i32) -> Self {
        let status = match code {
            3 => 400,
            17 => 404,
            _ => 500,
        };
        Self {
            status,
            error_code: code,
            ..Self::default()
        }
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is not.
    pub fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("not JSON ({error}): {}", self.text()),
        }
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Behind `OrthancPluginRestOutput`.
#[derive(Default)]
struct Output {
    answer: RestAnswer,
    sent: bool,
}

const BAD_SEQUENCE: i32 = 6;
const OUT_OF_RANGE: i32 = 3;

impl Output {
    fn send(&mut self, status: u16, body: &[u8]) -> Result<(), i32> {
        if self.sent {
            return Err(BAD_SEQUENCE);
        }
        self.sent = true;
        self.answer.status = status;
        self.answer.body = body.to_vec();
        Ok(())
    }

    fn header(&mut self, name: &str, value: &str) {
        if !name.eq_ignore_ascii_case("content-type") {
            self.answer
                .headers
                .push((name.to_owned(), value.to_owned()));
        } else if self.answer.content_type.is_empty() {
            self.answer.content_type = value.to_owned();
        }
    }

    fn send_alone(&mut self, status: u16, name: &str, value: &str) -> Result<(), i32> {
        if !self.sent {
            self.answer.headers.clear();
            self.answer.content_type.clear();
            self.header(name, value);
        }
        self.send(status, &[])
    }
}

/// The statuses of Orthanc's enumeration.
fn is_known(status: u16) -> bool {
    matches!(status, 100..=102 | 200..=208 | 226 | 300..=305 | 307 | 400..=417 | 422..=424 | 426 | 500..=507 | 509 | 510)
}

/// Runs a route's C callback with a request.
pub(super) fn request(
    callback: RestCallback,
    method: Method,
    uri: &str,
    groups: Vec<String>,
    query: &[(&str, &str)],
    headers: &[(&str, &str)],
    body: &[u8],
) -> RestAnswer {
    let uri = c_text(uri);
    let groups = Texts::new(groups.iter().map(String::as_str));
    // Orthanc parses the query for GET only.
    let query = if method == Method::Get { query } else { &[] };
    let query = (
        Texts::new(query.iter().map(|p| p.0)),
        Texts::new(query.iter().map(|p| p.1)),
    );
    let names: Vec<String> = headers
        .iter()
        .map(|pair| pair.0.to_ascii_lowercase())
        .collect();
    let headers = (
        Texts::new(names.iter().map(String::as_str)),
        Texts::new(headers.iter().map(|p| p.1)),
    );

    // SAFETY: all fields are integers and pointers, for which zero is a value.
    let mut request: raw::OrthancPluginHttpRequest = unsafe { std::mem::zeroed() };
    request.method = method.to_raw();
    request.groupsCount = groups.count();
    request.groups = groups.pointer();
    request.getCount = query.0.count();
    request.getKeys = query.0.pointer();
    request.getValues = query.1.pointer();
    request.headersCount = headers.0.count();
    request.headersKeys = headers.0.pointer();
    request.headersValues = headers.1.pointer();
    request.body = if body.is_empty() {
        ptr::null()
    } else {
        body.as_ptr().cast()
    };
    request.bodySize = body.len() as u32;

    let mut output = Output::default();
    output.answer.status = 200;
    // SAFETY: the plugin's callback; all arguments live during the call.
    let code =
        unsafe { callback((&raw mut output).cast(), uri.as_ptr(), &raw const request) } as i32;
    if code == 0 {
        output.answer
    } else if output.sent {
        output.answer.error_code = code;
        output.answer
    } else {
        RestAnswer::of_error(code)
    }
}

/// An array of C strings.
struct Texts {
    _owned: Vec<CString>,
    pointers: Vec<*const c_char>,
}

impl Texts {
    fn new<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        let owned: Vec<CString> = texts.map(c_text).collect();
        let pointers = owned.iter().map(|text| text.as_ptr()).collect();
        Self {
            _owned: owned,
            pointers,
        }
    }

    fn count(&self) -> u32 {
        self.pointers.len() as u32
    }

    fn pointer(&self) -> *const *const c_char {
        if self.pointers.is_empty() {
            ptr::null()
        } else {
            self.pointers.as_ptr()
        }
    }
}

/// The services that answer a request; `None` if it is none of them.
///
/// # Safety
/// `params` must be the parameters of the service, whose output is the one of [`request`].
pub(super) unsafe fn service(
    service: raw::_OrthancPluginService,
    params: *const c_void,
) -> Option<Result<(), i32>> {
    // SAFETY: as the caller promises.
    unsafe {
        match service {
            raw::_OrthancPluginService_AnswerBuffer => {
                let p = &*params.cast::<raw::_OrthancPluginAnswerBuffer>();
                let output = &mut *p.output.cast::<Output>();
                if !output.sent {
                    output.header("content-type", &text(p.mimeType));
                }
                Some(output.send(200, bytes(p.answer.cast(), p.answerSize)))
            }
            raw::_OrthancPluginService_SendHttpStatus => {
                let p = &*params.cast::<raw::_OrthancPluginSendHttpStatus>();
                if matches!(p.status, 301 | 405) || !is_known(p.status) {
                    return Some(Err(OUT_OF_RANGE));
                }
                Some((*p.output.cast::<Output>()).send(p.status, bytes(p.body.cast(), p.bodySize)))
            }
            raw::_OrthancPluginService_SetHttpHeader => {
                let p = &*params.cast::<raw::_OrthancPluginSetHttpHeader>();
                let output = &mut *p.output.cast::<Output>();
                if output.sent {
                    return Some(Err(BAD_SEQUENCE));
                }
                output.header(&text(p.key), &text(p.value));
                Some(Ok(()))
            }
            raw::_OrthancPluginService_Redirect => {
                let p = &*params.cast::<raw::_OrthancPluginOutputPlusArgument>();
                Some((*p.output.cast::<Output>()).send_alone(301, "Location", &text(p.argument)))
            }
            raw::_OrthancPluginService_SendUnauthorized => {
                let p = &*params.cast::<raw::_OrthancPluginOutputPlusArgument>();
                let realm = format!("Basic realm=\"{}\"", text(p.argument));
                Some((*p.output.cast::<Output>()).send_alone(401, "WWW-Authenticate", &realm))
            }
            raw::_OrthancPluginService_SendMethodNotAllowed => {
                let p = &*params.cast::<raw::_OrthancPluginOutputPlusArgument>();
                Some((*p.output.cast::<Output>()).send_alone(405, "Allow", &text(p.argument)))
            }
            _ => None,
        }
    }
}

/// # Safety
/// A C string.
pub(super) unsafe fn text(pointer: *const c_char) -> String {
    // SAFETY: as the caller promises.
    unsafe { CStr::from_ptr(pointer) }
        .to_string_lossy()
        .into_owned()
}

/// # Safety
/// Null, or as many bytes.
pub(super) unsafe fn bytes<'b>(pointer: *const u8, size: u32) -> &'b [u8] {
    if pointer.is_null() || size == 0 {
        return &[];
    }
    // SAFETY: as the caller promises.
    unsafe { std::slice::from_raw_parts(pointer, size as usize) }
}
