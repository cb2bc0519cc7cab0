//! `GET /sendqueue/openapi.json`: OpenAPI 3 description of the API.
//!
//! Invariant: the table names what `router` answers; a test asks every path of it.

use orthanc_sdk::{Request, Response};
use serde_json::{Map, Value, json};

use super::input::Query;
use super::overview::API_VERSION;
use super::{Answer, Api};
use crate::item::{Class, Priority, State};

/// A call: method, path, what it does, arguments (of a GET) or fields (of a body), what it answers.
struct Call(
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static str,
);

const LIST: [&str; 7] = [
    "state",
    "destination",
    "study",
    "instance",
    "class",
    "limit",
    "since",
];
const ERRORS: [&str; 5] = ["destination", "study", "class", "limit", "since"];
const FILTER: [&str; 7] = [
    "IDs",
    "Destination",
    "Study",
    "Class",
    "OlderThanSeconds",
    "All",
    "DryRun",
];
const REDIRECT: [&str; 8] = [
    "IDs",
    "Destination",
    "Study",
    "Class",
    "OlderThanSeconds",
    "All",
    "DryRun",
    "To",
];
const ENQUEUE: [&str; 4] = ["Resources", "Destinations", "Priority", "QuietSeconds"];

#[rustfmt::skip]
const CALLS: [Call; 27] = [
    Call("get", "/sendqueue", "The queue as a whole", &[], "Object"),
    Call("get", "/sendqueue/health", "200 when all is well, else 503 with what is wrong", &[], "Object"),
    Call("get", "/sendqueue/history", "Each minute of the last hour, by destination", &[], "List"),
    Call("get", "/sendqueue/metrics", "The queue in Prometheus' text format", &[], "Object"),
    Call("get", "/sendqueue/openapi.json", "This description", &[], "Object"),
    Call("get", "/sendqueue/items", "Items, in the order of ID", &LIST, "Items"),
    Call("post", "/sendqueue/items", "Enqueues resources of any level for destinations", &ENQUEUE, "Object"),
    Call("get", "/sendqueue/items/{id}", "One item with its attempts", &[], "Item"),
    Call("delete", "/sendqueue/items/{id}", "Removes an item; 409 while it is Running", &[], "Object"),
    Call("post", "/sendqueue/items/{id}/replay", "Sends a Failure or Cancelled item anew", &[], "Item"),
    Call("post", "/sendqueue/items/{id}/cancel", "Stops an item that waits or runs", &[], "Item"),
    Call("post", "/sendqueue/items/{id}/send-now", "Ends the waiting of an item", &[], "Item"),
    Call("post", "/sendqueue/items/{id}/redirect", "Sends a Failure item to another destination", &["To"], "Item"),
    Call("get", "/sendqueue/errors", "The error queue, in the order of ID", &ERRORS, "Items"),
    Call("get", "/sendqueue/errors/summary", "The error queue by destination, class and status", &[], "List"),
    Call("post", "/sendqueue/errors/replay", "Sends what fits the filter anew", &FILTER, "Object"),
    Call("post", "/sendqueue/errors/purge", "Removes what fits the filter", &FILTER, "Object"),
    Call("post", "/sendqueue/errors/redirect", "Sends what fits the filter to another destination", &REDIRECT, "Object"),
    Call("get", "/sendqueue/destinations", "All destinations", &[], "List"),
    Call("get", "/sendqueue/destinations/{name}", "One destination", &[], "Object"),
    Call("post", "/sendqueue/destinations/{name}/pause", "Holds its items until resume, over restarts", &[], "Object"),
    Call("post", "/sendqueue/destinations/{name}/resume", "Ends a pause; probes at once", &[], "Object"),
    Call("post", "/sendqueue/destinations/{name}/echo", "C-ECHO, with its time or its error", &[], "Object"),
    Call("get", "/sendqueue/patients/{id}", "Where a patient's instances went", &[], "Object"),
    Call("get", "/sendqueue/studies/{id}", "Where a study's instances went", &[], "Object"),
    Call("get", "/sendqueue/series/{id}", "Where a series' instances went", &[], "Object"),
    Call("get", "/sendqueue/instances/{id}", "Where an instance went", &[], "Object"),
];

impl Api {
    pub fn openapi(&self, request: &Request) -> Answer {
        Query::new(request, &[])?;
        let mut paths: Map<String, Value> = Map::new();
        for call in &CALLS {
            let path = paths.entry(call.1).or_insert_with(|| json!({}));
            path[call.0] = operation(call);
        }
        Ok(Response::json(
            200,
            &json!({
                "openapi": "3.0.3",
                "info": {
                    "title": "Send queue of Orthanc",
                    "version": format!("{API_VERSION}"),
                    "description": "Times are UTC, in Orthanc's form 20261120T235959.123456.",
                },
                "paths": paths,
                "components": { "schemas": schemas() },
            }),
        ))
    }
}

fn operation(call: &Call) -> Value {
    let Call(method, path, summary, fields, answer) = call;
    let mut parameters: Vec<Value> = Vec::new();
    for (name, kind) in [("id", "string"), ("name", "string")] {
        if path.contains(&format!("{{{name}}}")) {
            parameters.push(
                json!({ "name": name, "in": "path", "required": true, "schema": { "type": kind } }),
            );
        }
    }
    let mut operation = json!({ "summary": summary });
    if *method == "get" {
        parameters.extend(
            fields
                .iter()
                .map(|name| json!({ "name": name, "in": "query", "schema": field(name) })),
        );
    } else if !fields.is_empty() {
        let properties: Map<String, Value> = fields
            .iter()
            .map(|name| ((*name).to_owned(), field(name)))
            .collect();
        operation["requestBody"] = json!({
            "content": { "application/json": { "schema": { "type": "object", "properties": properties } } },
        });
    }
    operation["parameters"] = parameters.into();
    let schema = match *answer {
        "Items" => json!({ "type": "array", "items": { "$ref": "#/components/schemas/Item" } }),
        "Item" => json!({ "$ref": "#/components/schemas/Item" }),
        "List" => json!({ "type": "array", "items": { "type": "object" } }),
        _ => json!({ "type": "object" }),
    };
    let error = json!({
        "description": "What is wrong, naming the field",
        "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } },
    });
    operation["responses"] = json!({
        "200": { "description": summary, "content": { "application/json": { "schema": schema } } },
        "default": error,
    });
    operation
}

fn field(name: &str) -> Value {
    match name {
        "state" => json!({ "type": "string", "enum": State::ALL.map(State::as_str) }),
        "class" | "Class" => json!({ "type": "string", "enum": Class::ALL.map(Class::as_str) }),
        "Priority" => json!({ "type": "string", "enum": Priority::ALL.map(Priority::as_str) }),
        "limit" => json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 100 }),
        "since" | "OlderThanSeconds" | "QuietSeconds" => {
            json!({ "type": "integer", "minimum": 0 })
        }
        "All" | "DryRun" => json!({ "type": "boolean" }),
        "IDs" => json!({ "type": "array", "items": { "type": "integer" } }),
        "Resources" | "Destinations" => json!({ "type": "array", "items": { "type": "string" } }),
        _ => json!({ "type": "string" }),
    }
}

fn schemas() -> Value {
    let text = json!({ "type": "string" });
    let maybe = json!({ "type": "string", "nullable": true });
    let number = json!({ "type": "integer" });
    json!({
        "Item": {
            "type": "object",
            "properties": {
                "ID": number, "Instance": text, "SopInstanceUid": text, "Series": text, "Study": text,
                "Patient": text, "Destination": text, "Rule": maybe, "State": field("state"),
                "Priority": field("Priority"), "AttemptCount": number, "CreationTime": text,
                "NextAttempt": maybe, "CompletionTime": maybe,
                "Class": { "type": "string", "nullable": true, "enum": Class::ALL.map(Class::as_str) },
                "DimseStatus": { "type": "integer", "nullable": true }, "Details": maybe, "SizeBytes": number,
                "Attempts": { "type": "array", "items": { "type": "object" } },
            },
        },
        "Error": {
            "type": "object",
            "properties": {
                "HttpStatus": number, "HttpError": text, "Message": text, "Details": text, "Method": text,
                "Uri": text,
            },
        },
    })
}
