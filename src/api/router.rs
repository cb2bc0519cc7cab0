//! From a request to the function that answers it.
//!
//! Invariants:
//! - Every path below `/sendqueue` is answered here; what is not in [`ROUTES`] is 404.
//! - A route without a description cannot be written: both stand in one entry.
//! - What a request changed survives a power cut once it is answered: here for all of them, so that no verb can forget
//!   it.
//! - What a request changed is in the journal with the name of who asked: here too ([`crate::store::Asker`]).
//! - A path in words goes before one with a name in braces, and stands before it in the table.
//! - Nothing here panics on any path, argument or body.

use std::sync::Arc;

use orthanc_sdk::{Method, Request, Response};

use super::error::{ApiError, method_not_allowed};
use super::openapi::{Described, operations};
use super::types::values::by_the_wall;
use super::{Answer, Api, Parts, person};
use crate::ui;

/// A call: one method of one path.
pub struct Route {
    pub method: Method,
    /// Below `/sendqueue`; at most one part of it is a name in braces.
    pub path: &'static str,
    /// Answers it; the text is what stands in place of the braces.
    answer: fn(&Api, &Request, &str) -> Answer,
    pub describe: fn() -> Described,
}

macro_rules! routes {
    ($($method:ident $path:literal $describe:ident |$api:tt, $request:tt, $part:tt| $answer:expr;)*) => {
        &[$(Route {
            method: Method::$method,
            path: $path,
            answer: |$api, $request, $part| $answer,
            describe: operations::$describe,
        }),*]
    };
}

#[rustfmt::skip]
pub const ROUTES: &[Route] = routes! {
    Get "" overview |api, request, _| api.overview(request);
    Get "/health" health |api, request, _| api.health(request);
    Get "/verdict" verdict |api, request, _| api.verdict(request);
    Get "/history" history |api, request, _| api.history(request);
    Get "/journal" journal |api, request, _| api.journal(request);
    Get "/metrics" metrics |api, request, _| api.metrics(request);
    Get "/openapi.json" openapi |api, request, _| api.openapi(request);
    Get "/items" items |api, request, _| api.items(request);
    Post "/items" enqueue |api, request, _| api.enqueue(request);
    Post "/items/cancel" cancel_items |api, request, _| api.cancel_items(request);
    Post "/items/redirect" redirect_items |api, request, _| api.redirect_items(request);
    Post "/items/priority" prioritize_items |api, request, _| api.prioritize_items(request);
    Post "/items/send-now" send_items_now |api, request, _| api.send_items_now(request);
    Post "/items/remove" remove_items |api, request, _| api.remove_items(request);
    Get "/items/{id}" item |api, request, id| api.item(request, item_id(id)?);
    Delete "/items/{id}" remove |api, _, id| api.remove(item_id(id)?);
    Get "/items/{id}/sent" sent |api, request, id| api.sent(request, item_id(id)?);
    Post "/items/{id}/replay" replay |api, request, id| api.replay(request, item_id(id)?);
    Post "/items/{id}/cancel" cancel |api, request, id| api.cancel(request, item_id(id)?);
    Post "/items/{id}/send-now" send_now |api, request, id| api.send_now(request, item_id(id)?);
    Post "/items/{id}/redirect" redirect |api, request, id| api.redirect(request, item_id(id)?);
    Get "/errors" errors |api, request, _| api.errors(request);
    Get "/errors/summary" error_summary |api, request, _| api.error_summary(request);
    Post "/errors/replay" replay_errors |api, request, _| api.replay_errors(request);
    Post "/errors/purge" purge_errors |api, request, _| api.purge_errors(request);
    Post "/errors/redirect" redirect_errors |api, request, _| api.redirect_errors(request);
    Get "/destinations" destinations |api, request, _| api.destinations(request);
    Get "/destinations/{name}" destination |api, request, name| api.destination(request, name);
    Post "/destinations/{name}/pause" pause |api, _, name| api.pause(name);
    Post "/destinations/{name}/resume" resume |api, _, name| api.resume(name);
    Post "/destinations/{name}/echo" echo |api, _, name| api.echo(name);
    Post "/destinations/{name}/preview" preview |api, request, name| api.preview(request, name);
    Post "/destinations/{name}/send-now" send_all_now |api, _, name| api.send_all_now(name);
    Post "/destinations/{name}/confirm" confirm |api, request, name| api.confirm(request, name);
    Get "/deliveries" deliveries |api, request, _| api.deliveries(request);
    Get "/deliveries/{id}" delivery |api, request, id| api.delivery(request, numbered("delivery", id)?);
    Get "/retention" retention |api, request, _| api.retention(request);
    Post "/retention/run" run_retention |api, request, _| api.run_retention(request);
    Get "/deletions" deletions |api, request, _| api.deletions(request);
    Get "/events" events |api, request, _| api.events(request);
    Post "/events/replay" replay_events |api, request, _| api.replay_events(request);
    Get "/events/status" events_status |api, request, _| api.events_status(request);
    Get "/search" search |api, request, _| api.search(request);
    Get "/rules" rules |api, request, _| api.rules(request);
    Post "/route" ask_rules |api, request, _| api.route(request);
    Post "/reload" reload |api, request, _| api.reload(request);
    Get "/serials" serials |api, request, _| api.serials(request);
    Get "/serials/{name}" serial |api, request, name| api.serial(request, name);
    Post "/deidentifications/{name}/subjects" add_subjects |api, request, name| api.add_subjects(request, name);
    Get "/sources" sources |api, request, _| api.sources(request);
    Post "/alerts/test" test_alert |api, _, _| api.test_alert();
    Get "/patients/{id}" patient |api, request, id| api.resource(request, "patients", id);
    Get "/studies" studies |api, request, _| api.studies(request);
    Get "/studies/{id}" study |api, request, id| api.resource(request, "studies", id);
    Get "/series/{id}" series |api, request, id| api.resource(request, "series", id);
    Get "/instances/{id}" instance |api, request, id| api.resource(request, "instances", id);
    Get "/ui" page |_, _, _| page("", None);
    Get "/ui/{file}" page_file |_, request, name| page(name, request.query_value("v"));
};

/// Answers a request below `/sendqueue`; `rest` is what follows, without the leading slash.
pub fn answer(parts: &Arc<Parts>, request: &Request, rest: &str) -> Response {
    let api = Api::new(parts.clone());
    let answer = api
        .cross_site
        .check(request, api.clock.now())
        .and_then(|()| by_the_wall(api.clock.ahead(), || for_person(&api, request, rest)));
    match answer {
        Ok(response) => response,
        Err(error) => {
            if error.status >= 500 && error.retry_after.is_none() {
                log::error!("{} /sendqueue: {}", request.method, error.details);
            }
            error.response(request)
        }
    }
}

/// What changes something is noted with the name of who asks.
fn for_person(api: &Api, request: &Request, rest: &str) -> Answer {
    if request.method == Method::Get {
        return route(api, request, rest);
    }
    person::asker(request, &api.settings, api.clock.now()).during(|| route(api, request, rest))
}

fn route(api: &Api, request: &Request, rest: &str) -> Answer {
    // A page that was asked for with a slash at its end asks for its files below itself (see `ui`).
    let inner = rest
        .strip_prefix("ui/")
        .filter(|inner| inner.starts_with("ui/"));
    let rest = inner.unwrap_or(rest).trim_end_matches('/');
    let mut allowed = Vec::new();
    let mut path = None;
    for route in ROUTES {
        let Some(part) = matched(route.path, rest) else {
            continue;
        };
        if *path.get_or_insert(route.path) != route.path {
            continue;
        }
        if route.method == request.method {
            let answer = (route.answer)(api, request, part)?;
            if route.method != Method::Get {
                // What a person is told is done is on the disk.
                api.store.make_durable()?;
            }
            return Ok(answer);
        }
        allowed.push(route.method);
    }
    if allowed.is_empty() {
        return Err(ApiError::not_found(
            "there is nothing at this path below /sendqueue",
        ));
    }
    Ok(method_not_allowed(&allowed))
}

fn page(name: &str, version: Option<&str>) -> Answer {
    ui::file(name, version).ok_or_else(|| ApiError::not_found("the page has no such file"))
}

/// What stands in place of the braces (empty where there are none), if the path is that of the pattern.
fn matched<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
    let mut expected = pattern.trim_start_matches('/').split('/');
    let mut found = path.split('/');
    let mut named = "";
    loop {
        match (expected.next(), found.next()) {
            (None, None) => return Some(named),
            (Some(expected), Some(found)) if expected.starts_with('{') && !found.is_empty() => {
                named = found;
            }
            (Some(expected), Some(found)) if expected == found => {}
            _ => return None,
        }
    }
}

fn item_id(text: &str) -> Result<i64, ApiError> {
    numbered("item", text)
}

fn numbered(what: &str, text: &str) -> Result<i64, ApiError> {
    text.parse().ok().filter(|id| *id > 0).ok_or_else(|| {
        let text: String = text.chars().take(80).collect();
        ApiError::not_found(format!("no {what} {text:?}: an ID is a positive integer"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_fit_their_pattern_only() {
        for (pattern, path, part) in [
            ("", "", Some("")),
            ("", "x", None),
            ("/items", "items", Some("")),
            ("/items", "items/1", None),
            ("/items/{id}", "items/1", Some("1")),
            ("/items/{id}", "items/", None),
            ("/items/{id}", "items", None),
            ("/items/{id}/replay", "items/1/replay", Some("1")),
            ("/items/{id}/replay", "items/1/cancel", None),
            ("/items/{id}/replay", "items//replay", None),
            ("/errors/{id}", "errors/{id}", Some("{id}")),
        ] {
            assert_eq!(matched(pattern, path), part, "{pattern} {path}");
        }
    }

    #[test]
    fn no_two_routes_are_the_same() {
        for (at, route) in ROUTES.iter().enumerate() {
            let same = ROUTES[..at]
                .iter()
                .any(|other| other.path == route.path && other.method == route.method);
            assert!(!same, "{} {}", route.method, route.path);
            assert!(route.path.matches('{').count() <= 1, "{}", route.path);
        }
    }
}
