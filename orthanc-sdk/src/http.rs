//! An HTTP request as Orthanc hands it to a route, and the answer to it.

use std::ffi::c_char;
use std::fmt;

use serde_json::Value;

use crate::memory::copy_text;
use crate::raw;

/// The HTTP methods that Orthanc knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// GET.
    Get,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// DELETE.
    Delete,
}

impl Method {
    pub(crate) fn from_raw(raw: raw::OrthancPluginHttpMethod) -> Option<Self> {
        match raw {
            raw::OrthancPluginHttpMethod_Get => Some(Self::Get),
            raw::OrthancPluginHttpMethod_Post => Some(Self::Post),
            raw::OrthancPluginHttpMethod_Put => Some(Self::Put),
            raw::OrthancPluginHttpMethod_Delete => Some(Self::Delete),
            _ => None,
        }
    }

    pub(crate) fn to_raw(self) -> raw::OrthancPluginHttpMethod {
        match self {
            Self::Get => raw::OrthancPluginHttpMethod_Get,
            Self::Post => raw::OrthancPluginHttpMethod_Post,
            Self::Put => raw::OrthancPluginHttpMethod_Put,
            Self::Delete => raw::OrthancPluginHttpMethod_Delete,
        }
    }

    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A request that matched a route. Text that is not UTF-8 is replaced.
#[derive(Clone, Debug)]
pub struct Request {
    /// The HTTP method.
    pub method: Method,
    /// The path, without the query.
    pub uri: String,
    /// What the groups of the route's pattern matched, in order; empty for a group that took no part.
    pub groups: Vec<String>,
    /// The query's arguments; Orthanc parses them for GET only. Not in the order of the query, and percent-encoded or
    /// not: Orthanc 1.10 to 1.12 leave it to the web server that they were built with (civetweb before 1.15 decodes
    /// them).
    pub query: Vec<(String, String)>,
    /// The HTTP headers; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body of a POST or PUT.
    pub body: Vec<u8>,
}

impl Request {
    /// A copy of Orthanc's request; `None` for a method that is none of [`Method`].
    ///
    /// # Safety
    /// `uri` must be null or a C string, `request` a valid request of Orthanc.
    pub(crate) unsafe fn from_raw(
        uri: *const c_char,
        request: *const raw::OrthancPluginHttpRequest,
    ) -> Option<Self> {
        // Field by field: a reference to the whole would claim more memory than an older Orthanc has, if this crate is
        // built with the header of 1.12.9 or newer, where the structure grew at its tail.
        // SAFETY: the fields read here are in all versions; counts and arrays belong together as Orthanc fills them.
        unsafe {
            Some(Self {
                method: Method::from_raw((*request).method)?,
                uri: copy_text(uri).unwrap_or_default(),
                groups: texts((*request).groups, (*request).groupsCount),
                query: pairs(
                    (*request).getKeys,
                    (*request).getValues,
                    (*request).getCount,
                ),
                headers: pairs(
                    (*request).headersKeys,
                    (*request).headersValues,
                    (*request).headersCount,
                ),
                body: bytes((*request).body.cast(), (*request).bodySize),
            })
        }
    }

    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The first argument of the query with this name (GET only).
    pub fn query_value(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// Says where the body is not JSON. An empty body is not.
    pub fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }
}

/// # Safety
/// `array` must be null or hold `count` C strings or nulls.
unsafe fn texts(array: *const *const c_char, count: u32) -> Vec<String> {
    if array.is_null() {
        return Vec::new();
    }
    // SAFETY: as the caller promises.
    (0..count as usize)
        .map(|index| unsafe { copy_text(*array.add(index)) }.unwrap_or_default())
        .collect()
}

/// # Safety
/// Both arrays must be null or hold `count` C strings or nulls.
unsafe fn pairs(
    keys: *const *const c_char,
    values: *const *const c_char,
    count: u32,
) -> Vec<(String, String)> {
    // SAFETY: as the caller promises.
    let (keys, values) = unsafe { (texts(keys, count), texts(values, count)) };
    keys.into_iter().zip(values).collect()
}

/// # Safety
/// `body` must be null or hold `size` bytes.
unsafe fn bytes(body: *const u8, size: u32) -> Vec<u8> {
    if body.is_null() {
        return Vec::new();
    }
    // SAFETY: as the caller promises.
    unsafe { std::slice::from_raw_parts(body, size as usize) }.to_vec()
}

/// The answer to a [`Request`].
///
/// Orthanc knows the statuses 100 to 102, 200 to 208, 226, 300 to 305, 307, 400 to 417, 422 to 424, 426, 500 to 507,
/// 509 and 510; a response with another one (429 for instance) becomes an error of Orthanc, with HTTP status 400. Three
/// statuses lose their body, because Orthanc has calls of their own for them (measured and read in 1.10.1, 1.12.7,
/// 1.13.0):
///
/// | status | what is sent |
/// |---|---|
/// | 301 | the header `Location`, no body, no other header |
/// | 401 | `WWW-Authenticate: Basic realm="<plugin's name>"`, no body, no other header |
/// | 405 | the header `Allow`, no body, no other header |
///
/// Since Orthanc 1.12.2 an answer with a body and a status other than 200 has a second header
/// `Content-Type: text/plain` after the one given here; Orthanc adds it and offers no way around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The `Content-Type`; not sent with an empty body (except for 200) or when empty.
    pub content_type: String,
    /// The body, at most 4 GiB.
    pub body: Vec<u8>,
    /// More headers. Control characters in values are sent as spaces; a header whose name is no HTTP token is left out.
    pub headers: Vec<(String, String)>,
}

impl Response {
    /// A response of any type.
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            content_type: content_type.to_owned(),
            body: body.into(),
            headers: Vec::new(),
        }
    }

    /// JSON, on several lines as Orthanc's own.
    pub fn json(status: u16, value: &Value) -> Self {
        Self::new(status, "application/json", format!("{value:#}\n"))
    }

    /// Plain text in UTF-8.
    pub fn text(status: u16, text: impl Into<String>) -> Self {
        Self::new(status, "text/plain; charset=utf-8", text.into())
    }

    /// HTML in UTF-8. The caller escapes.
    pub fn html(status: u16, html: impl Into<String>) -> Self {
        Self::new(status, "text/html; charset=utf-8", html.into())
    }

    /// No body.
    pub fn empty(status: u16) -> Self {
        Self::new(status, "", Vec::new())
    }

    /// 405 with the methods that are allowed.
    pub fn method_not_allowed(allowed: &[Method]) -> Self {
        let list: Vec<_> = allowed.iter().map(|method| method.as_str()).collect();
        Self::empty(405).with_header("Allow", &list.join(","))
    }

    /// 301 to another place.
    pub fn redirect(location: &str) -> Self {
        Self::empty(301).with_header("Location", location)
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}
