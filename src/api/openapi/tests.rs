use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::openapi::path::ParameterIn;
use utoipa::{IntoParams, ToSchema};

use super::*;
use crate::api::types::{
    DeliveriesQuery, DestinationState, Enqueue, ErrorFilter, ErrorsQuery, ItemsQuery, Named,
    Nothing, RedirectFilter, RedirectTo, RouteQuestion, SearchQuery,
};
use crate::item::{Class, Priority, State};

fn described() -> Value {
    serde_json::to_value(document()).unwrap()
}

fn known<T: Named>() -> BTreeSet<String> {
    T::NAMES.iter().map(|name| (*name).to_owned()).collect()
}

/// Calls `look` for every value of the document.
fn walk(value: &Value, look: &mut dyn FnMut(&Value)) {
    look(value);
    match value {
        Value::Array(list) => list.iter().for_each(|one| walk(one, look)),
        Value::Object(map) => map.values().for_each(|one| walk(one, look)),
        _ => {}
    }
}

#[test]
fn every_route_is_described_and_nothing_else() {
    let document = described();
    let mut expected = BTreeSet::new();
    for route in ROUTES {
        let method = route.method.as_str().to_lowercase();
        let call = &document["paths"][format!("/sendqueue{}", route.path)][&method];
        assert!(call["responses"]["200"].is_object(), "{}", route.path);
        expected.insert((route.path.to_owned(), method));
    }
    let mut found = BTreeSet::new();
    for (path, calls) in document["paths"].as_object().unwrap() {
        let path = path.strip_prefix("/sendqueue").unwrap();
        for method in calls.as_object().unwrap().keys() {
            found.insert((path.to_owned(), method.clone()));
        }
    }
    assert_eq!(found, expected);
}

#[test]
fn each_call_has_a_name_of_its_own_a_tag_and_its_part_of_the_path() {
    let document = described();
    let tags: BTreeSet<&str> = TAGS.iter().map(|(name, _)| *name).collect();
    let mut names = BTreeSet::new();
    for (path, calls) in document["paths"].as_object().unwrap() {
        for (method, call) in calls.as_object().unwrap() {
            let name = call["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name}");
            assert!(tags.contains(call["tags"][0].as_str().unwrap()), "{name}");
            assert!(!call["summary"].as_str().unwrap().is_empty(), "{name}");
            let parts = call["parameters"].as_array().into_iter().flatten();
            let parts: Vec<String> = parts
                .filter(|one| one["in"] == "path")
                .map(|one| format!("{{{}}}", one["name"].as_str().unwrap()))
                .collect();
            assert_eq!(parts.len(), path.matches('{').count(), "{path}");
            assert!(parts.iter().all(|part| path.contains(part)), "{path}");
            assert_eq!(
                call["responses"].get("403").is_some(),
                method != "get",
                "{name}"
            );
        }
    }
}

#[test]
fn what_is_referred_to_is_there_and_nothing_is_left_over() {
    let document = described();
    let mut used = BTreeSet::new();
    walk(&document, &mut |value| {
        if let Some(place) = value.get("$ref").and_then(Value::as_str) {
            assert!(
                document.pointer(&place[1..]).is_some(),
                "{place} is not there"
            );
            used.insert(place.to_owned());
        }
    });
    for kind in ["schemas", "responses"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            let place = format!("#/components/{kind}/{name}");
            assert!(used.contains(&place), "{place} is not used");
        }
    }
}

/// OpenAPI 3.1 is JSON Schema: null is a type, not a flag of a schema.
#[test]
fn it_speaks_3_1() {
    let document = described();
    assert_eq!(document["openapi"], "3.1.0");
    walk(&document, &mut |value| {
        assert!(value.get("nullable").is_none(), "{value}");
    });
    let item = &document["components"]["schemas"]["Item"]["properties"];
    assert_eq!(item["Rule"]["type"], json!(["string", "null"]));
    assert_eq!(item["DimseStatus"]["type"], json!(["integer", "null"]));
}

#[track_caller]
fn reads_what_it_describes<T: Named + ToSchema>() {
    let document = described();
    let schema = &document["components"]["schemas"][name_of::<T>()];
    let properties = schema["properties"].as_object();
    let properties: BTreeSet<String> = properties
        .into_iter()
        .flat_map(|map| map.keys().cloned())
        .collect();
    assert_eq!(properties, known::<T>());
    assert_eq!(schema["additionalProperties"], false, "{schema:#}");
}

#[track_caller]
fn asks_what_it_describes<T: Named + IntoParams>() {
    let parameters = T::into_params(|| Some(ParameterIn::Query));
    let names: BTreeSet<String> = parameters.into_iter().map(|one| one.name).collect();
    assert_eq!(names, known::<T>());
}

#[test]
fn requests_have_the_fields_that_are_described() {
    reads_what_it_describes::<Enqueue>();
    reads_what_it_describes::<ErrorFilter>();
    reads_what_it_describes::<RedirectFilter>();
    reads_what_it_describes::<RedirectTo>();
    reads_what_it_describes::<Nothing>();
    reads_what_it_describes::<RouteQuestion>();
    asks_what_it_describes::<ItemsQuery>();
    asks_what_it_describes::<ErrorsQuery>();
    asks_what_it_describes::<SearchQuery>();
    asks_what_it_describes::<DeliveriesQuery>();
}

/// Words are the same in the database, in requests, in answers and in the description.
#[test]
fn words_are_written_as_they_are_read() {
    #[track_caller]
    fn check<T: Serialize + ToSchema>(all: &[T], word: fn(&T) -> &'static str) {
        let words: Vec<&str> = all.iter().map(word).collect();
        let written: Vec<Value> = all
            .iter()
            .map(|one| serde_json::to_value(one).unwrap())
            .collect();
        assert_eq!(json!(words), json!(written));
        let schema = serde_json::to_value(T::schema()).unwrap();
        assert_eq!(schema["enum"], json!(words));
    }
    check(&State::ALL, |one| one.as_str());
    check(&Class::ALL, |one| one.as_str());
    check(&Priority::ALL, |one| one.as_str());
    check(&DestinationState::ALL, |one| one.as_str());
}
