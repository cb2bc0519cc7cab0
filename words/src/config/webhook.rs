//! Who is told by HTTP: `Url` and `Secret` of a section.
//!
//! Invariant: `Secret` shows in no mistake, and neither does `Url` but for its scheme: with many receivers its path is
//! a secret too.

use serde_json::Value;

use super::mistake::{Mistakes, quoted_text};
use super::raw::{Node, Object};
use super::settings::{Peer, Secret, Webhook};

const SECTION: &str = "an object, { \"Url\": \"https://…\" }";
const URL: &str = "an address that starts with http:// or https:// and has a host";
const SECRET: &str = "a text of at least one character, without control characters";

/// A section that has [`webhook`] in it.
pub(super) fn section_with_secrets<'a>(
    node: &Node<'a>,
    keys: &[&str],
    mistakes: &mut Mistakes,
) -> Option<Object<'a>> {
    if !node.value.is_object() {
        // It may hold what belongs into Url or Secret.
        mistakes.add(&node.path, kind(node.value), SECTION);
        return None;
    }
    node.section(keys, mistakes)
}

/// `Url`, which must be there, and `Secret`.
pub(super) fn webhook(section: &Object<'_>, mistakes: &mut Mistakes) -> Option<Webhook> {
    let mut webhook = None;
    match section.get("Url") {
        None => mistakes.add(&section.path_of("Url"), "nothing", URL),
        Some(node) => match node.value.as_str().map(|text| (text, peer_of_url(text))) {
            Some((text, Some(peer))) => {
                webhook = Some(Webhook {
                    url: Secret::new(text),
                    peer,
                    secret: None,
                });
            }
            _ => mistakes.add(&node.path, url_found(node.value), URL),
        },
    }
    let Some(node) = section.get("Secret") else {
        return webhook;
    };
    let valid = |text: &&str| !text.is_empty() && !text.chars().any(char::is_control);
    let Some(text) = node.value.as_str().filter(valid) else {
        mistakes.add(&node.path, kind(node.value), SECRET);
        return None;
    };
    webhook.map(|webhook| Webhook {
        secret: Some(Secret::new(text)),
        ..webhook
    })
}

/// What stands there, without saying it.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(text) if text.is_empty() => "an empty text",
        Value::String(_) => "a text (not shown)",
        Value::Array(_) => "a list (not shown)",
        Value::Object(_) => "an object (not shown)",
    }
}

pub(super) fn url_found(value: &Value) -> String {
    let scheme = value.as_str().and_then(|text| text.split_once("://"));
    match scheme {
        Some((scheme, _)) if scheme.len() <= 10 => quoted_text(&format!("{scheme}://…")),
        _ => kind(value).to_owned(),
    }
}

/// Where an address leads; `None`: it is none.
pub(super) fn peer_of_url(url: &str) -> Option<Peer> {
    // What a URL may consist of (RFC 3986 2): the rest would have to be escaped.
    let valid = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\\' | '^' | '`');
    if !url.chars().all(valid) {
        return None;
    }
    let (scheme, rest) = url.split_once("://")?;
    let default_port = match scheme.to_ascii_lowercase().as_str() {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    peer(rest, default_port)
}

/// Where Orthanc's `HttpProxy` is (`[scheme://][user:password@]host[:port]`), as libcurl reads it.
pub(super) fn peer_of_proxy(proxy: &str) -> Option<Peer> {
    let rest = proxy.split_once("://").map_or(proxy, |(_, rest)| rest);
    let port = match proxy.split_once("://") {
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") => 443,
        _ => 1080,
    };
    peer(rest, port)
}

/// From `[user:password@]host[:port][/…]`.
fn peer(rest: &str, default_port: u16) -> Option<Peer> {
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let (host, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, port)
        }
        None => match host.find(':') {
            Some(at) => host.split_at(at),
            None => (host, ""),
        },
    };
    let port = match port.strip_prefix(':') {
        Some(digits) => digits.parse().ok().filter(|port| *port != 0)?,
        None if port.is_empty() => default_port,
        None => return None,
    };
    let named = host.chars().any(|c| c.is_ascii_alphanumeric());
    named.then(|| Peer {
        host: host.to_owned(),
        port,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_libcurl_does() {
        let table = [
            ("http://monitor", "monitor", 80),
            ("https://monitor/hook?x=1#y", "monitor", 443),
            ("HTTPS://monitor:8443/", "monitor", 8443),
            ("http://user:p@ss@10.0.0.9:8080?x", "10.0.0.9", 8080),
            ("http://[::1]:9/x", "::1", 9),
            ("http://[fe80::1]", "fe80::1", 80),
        ];
        for (url, host, port) in table {
            let host = host.to_owned();
            assert_eq!(peer_of_url(url), Some(Peer { host, port }), "{url}");
        }
        for url in [
            "",
            "monitor",
            "//monitor",
            "http:/monitor",
            "http://",
            "http:///hook",
            "http://:80/",
            "http://user@/",
            "http://...",
            "http://monitor:",
            "http://monitor:0",
            "http://monitor:65536",
            "http://monitor:8a",
            "http://[::1",
            "http://[x]/",
            "http://[::1]8",
            "ftp://monitor/",
            "file:///etc/passwd",
            "http://mon itor/",
            "http://monitor/\r\nX: y",
            "http://mönitor/",
            " http://monitor/",
        ] {
            assert_eq!(peer_of_url(url), None, "{url:?}");
        }
    }

    #[test]
    fn proxies_are_read_as_libcurl_does() {
        let table = [
            ("proxy", "proxy", 1080),
            ("proxy:3128", "proxy", 3128),
            ("http://user:pw@proxy:3128/", "proxy", 3128),
            ("https://proxy", "proxy", 443),
        ];
        for (text, host, port) in table {
            let host = host.to_owned();
            assert_eq!(peer_of_proxy(text), Some(Peer { host, port }), "{text}");
        }
        assert_eq!(peer_of_proxy(""), None);
    }
}
