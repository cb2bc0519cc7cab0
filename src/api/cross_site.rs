//! Requests that a page of another site makes in the name of a person who is logged in here.
//!
//! Invariants:
//! - A browser sends a cached Basic login along with a form of any site (W3C Fetch, "simple requests"). What such a
//!   form can send is refused: a POST whose body is not declared as JSON, from a page whose origin is not this host.
//! - A DELETE that Orthanc made of a GET with `?_method=DELETE` is refused, whoever sends it. Any site can make a
//!   browser fetch an address (as that of an image): such a request carries the login, and no `Origin`. It is known by
//!   its arguments, which Orthanc hands to a plugin with a GET only.
//! - A form in parts (`multipart/form-data`) is refused whoever sends it, before Orthanc reads it: Orthanc hands each
//!   part to the route as a request of its own, with headers that its sender wrote, and answers 200 in any case.
//! - A page of another site that declares JSON must ask Orthanc first (a CORS preflight), which never agrees. So JSON
//!   is let through whatever the origin: behind a reverse proxy this host may have another name than the browser knows.
//! - Who is no browser sends no `Origin`, and is not concerned.

use std::sync::atomic::{AtomicU64, Ordering};

use orthanc_sdk::{IncomingRequest, Method, Request};
use parking_lot::Mutex;

use super::error::ApiError;
use super::input::quoted;
use crate::item::Timestamp;

/// Seconds between two lines in the log: whoever can make a browser ask can do so without end.
const QUIET_SECONDS: f64 = 60.0;

/// What was refused.
#[derive(Debug, Default)]
pub struct CrossSite {
    refused: AtomicU64,
    told: Mutex<Option<Timestamp>>,
}

impl CrossSite {
    /// 403 for what a page of another site can have made a browser send.
    pub fn check(&self, request: &Request, now: Timestamp) -> Result<(), ApiError> {
        if is_disguised(request) {
            return Err(ApiError::forbidden(format!(
                "a {} must be sent as such, not as a GET with the argument _method",
                request.method
            )));
        }
        if !is_forged(request) {
            return Ok(());
        }
        let count = self.refused.fetch_add(1, Ordering::Relaxed) + 1;
        let origin = request.header("origin").unwrap_or_default();
        let origin: String = quoted(origin).chars().take(80).collect();
        if self.is_news(now) {
            log::warn!(
                "a POST from a page of another site was refused: Origin {origin}, {count} since the start"
            );
        }
        Err(ApiError::forbidden(format!(
            "the request comes from a page of another site (Origin {origin}): a POST that does not come from this host must have \
             the Content-Type application/json"
        )))
    }

    /// How many were refused since the start.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    fn is_news(&self, now: Timestamp) -> bool {
        let mut told = self.told.lock();
        let recent = told.is_some_and(|told| now < told.plus_seconds(QUIET_SECONDS));
        if !recent {
            *told = Some(now);
        }
        !recent
    }
}

/// Whether Orthanc may hand a request to the routes as it came. Called for every request to Orthanc's server.
pub fn comes_whole(request: &IncomingRequest<'_>) -> bool {
    request.method() != Some(Method::Post)
        || !is_ours(&request.uri())
        || !is_multipart(&request.header("content-type").unwrap_or_default())
}

fn is_ours(path: &str) -> bool {
    path.split('/').find(|part| !part.is_empty()) == Some("sendqueue")
}

fn is_multipart(declared: &str) -> bool {
    const WORD: &[u8] = b"multipart";
    let declared = declared.trim_start().as_bytes();
    declared
        .get(..WORD.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(WORD))
}

/// Whether a page of another site can have made a browser send this.
fn is_forged(request: &Request) -> bool {
    request.method == Method::Post && !is_json(request) && is_from_elsewhere(request)
}

/// Whether Orthanc took a GET for what its argument `_method` says.
fn is_disguised(request: &Request) -> bool {
    request.method != Method::Get && request.query_value("_method").is_some()
}

/// Nothing but the type and its parameters counts: a browser lets a page send everything that is not exactly this.
fn is_json(request: &Request) -> bool {
    let declared = request.header("content-type").unwrap_or_default();
    let kind = declared.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/json")
}

fn is_from_elsewhere(request: &Request) -> bool {
    let site = request.header("sec-fetch-site").unwrap_or_default();
    if site.trim().eq_ignore_ascii_case("cross-site") {
        return true;
    }
    match request.header("origin") {
        None => false,
        Some(origin) => !is_of_host(origin.trim(), request.header("host").unwrap_or_default()),
    }
}

/// Whether an origin (`https://host:port`; `null` for one that is hidden) is that of the host that was asked.
fn is_of_host(origin: &str, host: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else {
        return false;
    };
    let port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let bare = |text: &str| {
        let text = text.trim().to_ascii_lowercase();
        text.strip_suffix(port).map_or(text.clone(), str::to_owned)
    };
    !authority.is_empty() && bare(authority) == bare(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: Method, headers: &[(&str, &str)]) -> Request {
        Request {
            method,
            uri: "/sendqueue/errors/purge".to_owned(),
            groups: Vec::new(),
            query: Vec::new(),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: b"{}".to_vec(),
        }
    }

    #[test]
    fn origins_and_hosts() {
        for (origin, host, same) in [
            ("http://pacs.example", "pacs.example", true),
            ("http://PACS.example:8042", "pacs.Example:8042", true),
            ("http://pacs.example", "pacs.example:80", true),
            ("https://pacs.example", "pacs.example:443", true),
            ("https://pacs.example:443", "pacs.example", true),
            ("http://[::1]:8042", "[::1]:8042", true),
            ("http://pacs.example", "pacs.example:8042", false),
            ("http://pacs.example:8042", "pacs.example", false),
            ("https://pacs.example", "pacs.example:80", false),
            ("http://evil.example", "pacs.example", false),
            ("http://pacs.example.evil", "pacs.example", false),
            ("http://evilpacs.example", "pacs.example", false),
            ("null", "pacs.example", false),
            ("null", "null", false),
            ("", "", false),
            ("http://", "", false),
            ("file://", "", false),
            ("chrome-extension://pacs.example", "pacs.example", false),
        ] {
            assert_eq!(is_of_host(origin, host), same, "{origin} {host}");
        }
    }

    #[test]
    fn what_a_form_of_another_site_can_send_is_refused() {
        const HOST: (&str, &str) = ("host", "pacs");
        const EVIL: (&str, &str) = ("origin", "http://evil");
        const FORM: (&str, &str) = ("content-type", "text/plain");
        const JSON: (&str, &str) = ("content-type", "Application/JSON; charset=utf-8");
        let cases: [(&[(&str, &str)], bool); 13] = [
            (&[HOST], false),
            (&[HOST, FORM], false),
            (&[HOST, EVIL], true),
            (&[HOST, EVIL, FORM], true),
            (&[HOST, EVIL, JSON], false),
            (&[HOST, ("origin", "http://pacs"), FORM], false),
            (&[HOST, ("origin", "http://pacs")], false),
            (&[HOST, ("origin", "null"), FORM], true),
            (&[HOST, ("origin", ""), FORM], true),
            (&[EVIL, FORM], true),
            (&[HOST, ("sec-fetch-site", "cross-site"), FORM], true),
            (&[HOST, ("sec-fetch-site", "cross-site"), JSON], false),
            (
                &[HOST, EVIL, ("content-type", "text/plain; application/json")],
                true,
            ),
        ];
        for (headers, forged) in cases {
            assert_eq!(
                is_forged(&request(Method::Post, headers)),
                forged,
                "{headers:?}"
            );
            // No form can send these without having asked first.
            for method in [Method::Get, Method::Put, Method::Delete] {
                assert!(!is_forged(&request(method, headers)));
            }
        }
    }

    #[test]
    fn forms_in_parts_for_our_paths() {
        for (path, ours) in [
            ("/sendqueue", true),
            ("/sendqueue/items", true),
            ("//sendqueue/items", true),
            ("/sendqueue2", false),
            ("/instances/sendqueue", false),
            ("/", false),
            ("", false),
        ] {
            assert_eq!(is_ours(path), ours, "{path}");
        }
        for (declared, multipart) in [
            ("multipart/form-data; boundary=x", true),
            (" Multipart/Form-Data", true),
            ("multipart/related", true),
            ("application/json; multipart/form-data", false),
            ("multipar", false),
            ("", false),
            ("ééééé", false),
        ] {
            assert_eq!(is_multipart(declared), multipart, "{declared}");
        }
    }

    #[test]
    fn a_get_in_disguise_is_told_by_its_argument() {
        let told = CrossSite::default();
        let now = Timestamp::from_micros(1_800_000_000_000_000);
        for (method, argument, refused) in [
            (Method::Delete, "_method", true),
            (Method::Put, "_method", true),
            (Method::Delete, "method", false),
            (Method::Get, "_method", false),
        ] {
            let mut request = request(method, &[]);
            request.query = vec![(argument.to_owned(), "DELETE".to_owned())];
            let status = told.check(&request, now).map_err(|error| error.status);
            let expected = if refused { Err(403) } else { Ok(()) };
            assert_eq!(status, expected, "{method} {argument}");
        }
    }

    #[test]
    fn the_log_is_told_once_in_a_minute() {
        let guard = CrossSite::default();
        let start = Timestamp::from_micros(1_800_000_000_000_000);
        assert!(guard.is_news(start));
        assert!(!guard.is_news(start.plus_seconds(59.0)));
        assert!(guard.is_news(start.plus_seconds(60.0)));
    }
}
