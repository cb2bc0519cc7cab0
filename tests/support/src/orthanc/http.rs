//! Orthanc's REST API as a test uses it.
//!
//! Invariants: an answer is an answer whatever its status; only a broken connection is an error. Each request has its
//! own connection, so a restart of Orthanc never meets a stale one. [`Orthanc::raw`] sends its path byte by byte.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use super::Orthanc;

/// Longest time for one request; the synchronous `/store` of a big study is the slowest.
const TIMEOUT: Duration = Duration::from_secs(600);

/// What the server answered.
#[derive(Debug, Clone)]
pub struct HttpAnswer {
    /// Status code.
    pub status: u16,
    /// Header fields in their order; names as they came.
    pub headers: Vec<(String, String)>,
    /// Body, decoded if it was chunked.
    pub body: Vec<u8>,
}

impl HttpAnswer {
    /// The body as text (invalid UTF-8 replaced).
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is not JSON; the message shows it.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("{error} in the body of {}: {:?}", self.status, self.text())
        })
    }

    /// The first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.headers.iter();
        fields
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Itself, if the status is 200.
    ///
    /// # Panics
    /// With status and body otherwise.
    #[must_use]
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.text());
        self
    }
}

pub(super) fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(TIMEOUT))
        .timeout_connect(Some(Duration::from_secs(10)))
        .max_idle_connections(0)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .allow_non_standard_methods(true)
        .build()
        .into()
}

impl Orthanc {
    /// GET.
    ///
    /// # Panics
    /// Like all of these, when the connection breaks; use [`try_request`](Self::try_request) where that may happen.
    #[must_use]
    #[track_caller]
    pub fn get(&self, path: &str) -> HttpAnswer {
        self.request("GET", path, &[])
    }

    /// POST.
    #[track_caller]
    pub fn post(&self, path: &str, body: impl AsRef<[u8]>) -> HttpAnswer {
        self.request("POST", path, body.as_ref())
    }

    /// POST of a JSON body.
    #[track_caller]
    pub fn post_json(&self, path: &str, body: &Value) -> HttpAnswer {
        self.request("POST", path, body.to_string().as_bytes())
    }

    /// PUT.
    #[track_caller]
    pub fn put(&self, path: &str, body: impl AsRef<[u8]>) -> HttpAnswer {
        self.request("PUT", path, body.as_ref())
    }

    /// DELETE.
    #[track_caller]
    pub fn delete(&self, path: &str) -> HttpAnswer {
        self.request("DELETE", path, &[])
    }

    /// Any method.
    #[track_caller]
    pub fn request(&self, method: &str, path: &str, body: &[u8]) -> HttpAnswer {
        self.try_request(method, path, body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// The same where a broken connection is to be expected.
    ///
    /// # Errors
    /// When no answer came.
    pub fn try_request(&self, method: &str, path: &str, body: &[u8]) -> io::Result<HttpAnswer> {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://127.0.0.1:{}{path}", self.http_port()));
        let answer = if matches!(method, "POST" | "PUT") {
            self.agent
                .run(request.body(body).map_err(io::Error::other)?)
        } else {
            self.agent.run(request.body(()).map_err(io::Error::other)?)
        };
        let mut answer = answer.map_err(io::Error::other)?;
        let headers = answer.headers().iter();
        Ok(HttpAnswer {
            status: answer.status().as_u16(),
            headers: headers
                .map(|(name, value)| {
                    (
                        name.to_string(),
                        String::from_utf8_lossy(value.as_bytes()).into_owned(),
                    )
                })
                .collect(),
            body: answer
                .body_mut()
                .with_config()
                .limit(u64::MAX)
                .read_to_vec()
                .map_err(io::Error::other)?,
        })
    }

    /// Sends a request whose path reaches the server as it stands (`..`, `%2f`, quotes, spaces), over a connection
    /// of its own. `Host`, `Content-Length` and `Connection: close` are added unless given.
    ///
    /// # Errors
    /// When no answer came, or one that is not HTTP.
    pub fn raw(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<HttpAnswer> {
        let mut request = format!("{method} {path} HTTP/1.1\r\n");
        let length = body.len().to_string();
        let defaults = [
            ("Host", "127.0.0.1"),
            ("Content-Length", &length),
            ("Connection", "close"),
        ];
        let given = |name: &str| {
            headers
                .iter()
                .any(|(other, _)| other.eq_ignore_ascii_case(name))
        };
        let missing = defaults.iter().filter(|(name, _)| !given(name));
        for (name, value) in headers.iter().chain(missing) {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        let mut bytes = request.into_bytes();
        bytes.extend_from_slice(body);
        self.raw_bytes(&bytes)
    }

    /// Sends these very bytes and reads the answer until the server closes or its announced length is reached.
    ///
    /// # Errors
    /// As [`raw`](Self::raw).
    pub fn raw_bytes(&self, request: &[u8]) -> io::Result<HttpAnswer> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.http_port()))?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.write_all(request)?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        parse(&bytes).ok_or_else(|| {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("not an HTTP answer: {text:?}"),
            )
        })
    }

    /// Stores a DICOM file (`POST /instances`); its Orthanc ID, also when it was there already.
    ///
    /// # Panics
    /// When Orthanc does not take it.
    #[track_caller]
    pub fn store(&self, dicom: impl AsRef<[u8]>) -> String {
        let answer = self.post("/instances", dicom).ok().json();
        answer["ID"].as_str().expect("an ID").to_owned()
    }

    /// Stores a file of any size, without reading it into memory; its Orthanc ID.
    ///
    /// # Panics
    /// When it cannot be read, or Orthanc does not take it.
    #[track_caller]
    pub fn store_file(&self, path: &std::path::Path) -> String {
        let file = std::fs::File::open(path).expect("a file");
        let request =
            ureq::http::Request::post(format!("http://127.0.0.1:{}/instances", self.http_port()));
        let length = file.metadata().expect("a file").len();
        let request = request.header("Content-Length", length).body(file);
        let answer = self.agent.run(request.expect("a request"));
        let mut answer = answer.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let text = answer.body_mut().read_to_string().unwrap_or_default();
        assert_eq!(answer.status(), 200, "{}: {text}", path.display());
        let answer: Value = serde_json::from_str(&text).expect("JSON");
        answer["ID"].as_str().expect("an ID").to_owned()
    }

    /// Stores all of them; the Orthanc IDs in the same order.
    #[track_caller]
    pub fn store_all<'a>(
        &self,
        instances: impl IntoIterator<Item = &'a crate::Instance>,
    ) -> Vec<String> {
        instances
            .into_iter()
            .map(|instance| self.store(&instance.bytes))
            .collect()
    }
}

/// Reads an answer that is complete because the connection was closed.
fn parse(bytes: &[u8]) -> Option<HttpAnswer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines
        .next()?
        .strip_prefix("HTTP/")?
        .split(' ')
        .nth(1)?
        .parse()
        .ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let rest = &bytes[end + 4..];
    let chunked = headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("Transfer-Encoding") && value.eq_ignore_ascii_case("chunked")
    });
    let body = if chunked {
        dechunk(rest)?
    } else {
        rest.to_vec()
    };
    Some(HttpAnswer {
        status,
        headers,
        body,
    })
}

fn dechunk(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    loop {
        let end = bytes.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(&bytes[..end])
            .ok()?
            .split(';')
            .next()?
            .trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        if size == 0 {
            return Some(out);
        }
        let after = end.checked_add(2)?.checked_add(size)?;
        out.extend_from_slice(bytes.get(end + 2..after)?);
        bytes = bytes.get(after + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_and_chunked_answers() {
        let plain = parse(b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n\r\nno").unwrap();
        assert_eq!((plain.status, plain.text().as_str()), (404, "no"));
        assert_eq!(plain.header("content-type"), Some("text/plain"));
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\n\r\n";
        assert_eq!(parse(chunked).unwrap().body, b"abcde");
        assert!(parse(b"garbage").is_none());
    }
}
