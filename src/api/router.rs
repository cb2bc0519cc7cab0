//! From a request to the function that answers it.
//!
//! Invariants:
//! - Every path below `/sendqueue` is answered here; what is not in the table is 404.
//! - Nothing here panics on any path, argument or body.

use orthanc_sdk::{Method, Request, Response};

use super::error::{ApiError, method_not_allowed};
use super::{Answer, Api};
use crate::ui;

/// Answers a request below `/sendqueue`; `rest` is what follows, without the leading slash.
pub fn answer(api: &Api, request: &Request, rest: &str) -> Response {
    match route(api, request, rest) {
        Ok(response) => response,
        Err(error) => {
            if error.status >= 500 {
                log::error!("{} /sendqueue: {}", request.method, error.details);
            }
            error.response(request)
        }
    }
}

fn route(api: &Api, request: &Request, rest: &str) -> Answer {
    if let Some(name) = rest.strip_prefix("ui") {
        if name.is_empty() || name.starts_with('/') {
            let name = name.trim_start_matches('/');
            return allow(request, &[(Method::Get, &|| page(name))]);
        }
    }
    let path: Vec<&str> = rest.trim_end_matches('/').split('/').collect();
    let get = |answer: &dyn Fn() -> Answer| allow(request, &[(Method::Get, answer)]);
    let post = |answer: &dyn Fn() -> Answer| allow(request, &[(Method::Post, answer)]);
    match path.as_slice() {
        [""] => get(&|| api.overview(request)),
        ["health"] => get(&|| api.health(request)),
        ["history"] => get(&|| api.history(request)),
        ["openapi.json"] => get(&|| api.openapi(request)),
        ["metrics"] => get(&|| api.metrics(request)),
        ["items"] => allow(
            request,
            &[
                (Method::Get, &|| api.items(request)),
                (Method::Post, &|| api.enqueue(request)),
            ],
        ),
        ["items", id] => {
            let id = item_id(id)?;
            allow(
                request,
                &[
                    (Method::Get, &|| api.item(request, id)),
                    (Method::Delete, &|| api.remove(id)),
                ],
            )
        }
        [
            "items",
            id,
            verb @ ("replay" | "cancel" | "send-now" | "redirect"),
        ] => {
            let id = item_id(id)?;
            post(&|| api.operate(request, id, verb))
        }
        ["errors"] => get(&|| api.errors(request)),
        ["errors", "summary"] => get(&|| api.error_summary(request)),
        ["errors", verb @ ("replay" | "purge" | "redirect")] => {
            post(&|| api.operate_errors(request, verb))
        }
        ["destinations"] => get(&|| api.destinations(request)),
        ["destinations", name] => get(&|| api.destination(request, name)),
        [
            "destinations",
            name,
            verb @ ("pause" | "resume" | "echo" | "send-now"),
        ] => post(&|| api.steer(name, verb)),
        [
            level @ ("patients" | "studies" | "series" | "instances"),
            id,
        ] => get(&|| api.resource(request, level, id)),
        _ => Err(ApiError::not_found(
            "there is nothing at this path below /sendqueue",
        )),
    }
}

fn page(name: &str) -> Answer {
    ui::file(name).ok_or_else(|| ApiError::not_found("the page has no such file"))
}

fn allow(request: &Request, methods: &[(Method, &dyn Fn() -> Answer)]) -> Answer {
    let found = methods.iter().find(|(method, _)| *method == request.method);
    match found {
        Some((_, answer)) => answer(),
        None => {
            let allowed: Vec<Method> = methods.iter().map(|(method, _)| *method).collect();
            Ok(method_not_allowed(&allowed))
        }
    }
}

fn item_id(text: &str) -> Result<i64, ApiError> {
    text.parse().ok().filter(|id| *id > 0).ok_or_else(|| {
        ApiError::not_found(format!("no item {text:?}: an ID is a positive integer"))
    })
}
