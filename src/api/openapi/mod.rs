//! `GET /sendqueue/openapi.json`: the API in OpenAPI 3.1.
//!
//! Invariants:
//! - Made of the router's table and of the types that requests are read by and answers are written from.
//! - Built once (a try that failed is not kept), on a thread with a stack of the usual size: Orthanc answers requests
//!   on threads with 100 KB.

mod described;
pub mod operations;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use once_cell::sync::OnceCell;
use orthanc_sdk::{Method, Request, Response};
use utoipa::ToSchema;
use utoipa::openapi::path::{HttpMethod, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, PathsBuilder,
    ServerBuilder,
};

pub use self::described::Described;
use super::error::ApiError;
use super::input::Query;
use super::router::ROUTES;
use super::{Answer, Api, types};

const DESCRIPTION: &str = "The persistent send queue of an Orthanc: what waits, what fails and why, and what a person can do about it.\n\n\
     Times are UTC, in Orthanc's form `20261120T235959.123456`. Lists are answered in pages: at most `limit` items; the next page follows with \
     `since`, the last `ID` seen. Names in answers are only ever added to: read what you know, and leave the rest.\n\n\
     Who may call is Orthanc's own matter (`AuthenticationEnabled`, `RegisteredUsers`, authorization plugins). A POST that a browser \
     makes for a page of another site (its `Origin` is not this host) is refused unless its `Content-Type` is `application/json`.";

const TAGS: [(&str, &str); 12] = [
    ("Queue", "The queue as a whole."),
    (
        "Items",
        "An item is an (instance, destination) pair: the unit of truth.",
    ),
    (
        "Errors",
        "The error queue: the items in state `Failure`. Nothing leaves it but by replay, redirect or purge.",
    ),
    (
        "Destinations",
        "Where instances go: the modalities of Orthanc.",
    ),
    (
        "Deliveries",
        "What was sent where, for years: long after the items are gone.",
    ),
    (
        "Retention",
        "What may be deleted from Orthanc since it is proven elsewhere, and what was.",
    ),
    (
        "Events",
        "What other systems are told, in the order in which it happened.",
    ),
    ("Rules", "What decides where instances go."),
    (
        "Serials",
        "Numbers that studies get on their way, each once and for ever.",
    ),
    (
        "De-identification",
        "Who may be sent to a destination that gets nobody's name, and as whom.",
    ),
    ("Resources", "What of a resource of Orthanc went where."),
    (
        "Page",
        "What people see of the queue in a browser. For programs it promises nothing.",
    ),
];

impl Api {
    pub fn openapi(&self, request: &Request) -> Answer {
        static DOCUMENT: OnceCell<String> = OnceCell::new();
        Query::none(request)?;
        // A thread that could not be started is no answer for ever: the next request tries again.
        let document = DOCUMENT.get_or_try_init(|| {
            std::thread::Builder::new()
                .name("sq-openapi".to_owned())
                .spawn(text)
                .ok()
                .and_then(|thread| thread.join().ok().flatten())
                .ok_or_else(|| ApiError::new(500, "the description cannot be made"))
        })?;
        Ok(Response::new(200, "application/json", document.as_str()))
    }
}

fn text() -> Option<String> {
    document().to_pretty_json().ok().map(|text| text + "\n")
}

/// The whole description.
pub fn document() -> OpenApi {
    let mut paths = PathsBuilder::new();
    let mut schemas = BTreeMap::new();
    described::keep::<types::Error>(&mut schemas);
    for route in ROUTES {
        let described = (route.describe)();
        let path = format!("/sendqueue{}", route.path);
        let operation = described.operation(route.path);
        paths = paths.path(path, PathItem::new(http(route.method), operation));
        schemas.extend(described.schemas);
    }
    let components = ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .responses_from_iter(described::refusals())
        .security_scheme(
            "basic",
            SecurityScheme::Http(
                HttpBuilder::new()
                    .scheme(HttpAuthScheme::Basic)
                    .description(Some("A user of Orthanc's `RegisteredUsers`."))
                    .build(),
            ),
        )
        .build();
    let info = InfoBuilder::new()
        .title("Send queue of Orthanc")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(
            LicenseBuilder::new()
                .name("GPL-3.0-or-later")
                .identifier(Some("GPL-3.0-or-later"))
                .build(),
        ))
        .build();
    // Relative to the description itself, so that it is right behind any prefix of a reverse proxy.
    let server = ServerBuilder::new()
        .url("..")
        .description(Some("The Orthanc that this description came from"))
        .build();
    let tags =
        TAGS.map(|(name, text)| TagBuilder::new().name(name).description(Some(text)).build());
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([server]))
        .paths(paths)
        .components(Some(components))
        // Where Orthanc asks for no login, none is needed.
        .security(Some([
            SecurityRequirement::new::<_, [&str; 0], &str>("basic", []),
            SecurityRequirement::default(),
        ]))
        .tags(Some(tags))
        .build()
}

fn http(method: Method) -> HttpMethod {
    match method {
        Method::Get => HttpMethod::Get,
        Method::Post => HttpMethod::Post,
        Method::Put => HttpMethod::Put,
        Method::Delete => HttpMethod::Delete,
    }
}

/// The name that a type has in the description.
fn name_of<T: ToSchema>() -> String {
    T::name().into_owned()
}
