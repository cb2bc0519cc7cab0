//! One call, as it is described.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::openapi::content::{Content, ContentBuilder};
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{
    Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn,
};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{ArrayBuilder, Object, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr, Required, Response, ResponseBuilder, ResponsesBuilder, Schema};
use utoipa::{IntoParams, ToSchema};

use super::name_of;
use crate::api::error::{message, reason};
use crate::api::types::Error;

const JSON: &str = "application/json";

type Schemas = BTreeMap<String, RefOr<Schema>>;

/// What is said of a call.
pub struct Described {
    tag: &'static str,
    id: &'static str,
    summary: &'static str,
    text: &'static str,
    path_parameter: Option<(Object, &'static str)>,
    query: Vec<Parameter>,
    body: Option<RequestBody>,
    /// By status; what is refused is a reference.
    answers: Vec<(u16, RefOr<Response>)>,
    /// What the answers and the body are made of, by name.
    pub schemas: Schemas,
}

impl Described {
    /// `id` is unique: generators of clients name their functions after it.
    pub fn new(tag: &'static str, id: &'static str, summary: &'static str) -> Described {
        Described {
            tag,
            id,
            summary,
            text: "",
            path_parameter: None,
            query: Vec::new(),
            body: None,
            answers: Vec::new(),
            schemas: Schemas::new(),
        }
        .refuses(&[401, 405, 500])
    }

    pub fn text(mut self, text: &'static str) -> Described {
        self.text = text;
        self
    }

    /// The part of the path that stands in braces.
    pub fn part(mut self, schema: ObjectBuilder, text: &'static str) -> Described {
        self.path_parameter = Some((schema.build(), text));
        self.refuses(&[404])
    }

    pub fn query<T: IntoParams>(mut self) -> Described {
        self.query = T::into_params(|| Some(ParameterIn::Query));
        self
    }

    /// A body, with examples by name.
    pub fn body<T: ToSchema>(
        mut self,
        required: Required,
        examples: &[(&str, &str, Value)],
    ) -> Described {
        keep::<T>(&mut self.schemas);
        let mut content = ContentBuilder::new().schema(Some(reference::<T>()));
        if !examples.is_empty() {
            content = content.examples_from_iter(examples.iter().map(|(name, summary, value)| {
                let example = utoipa::openapi::example::ExampleBuilder::new()
                    .summary(*summary)
                    .value(Some(value.clone()))
                    .build();
                ((*name).to_owned(), example)
            }));
        }
        let body = RequestBodyBuilder::new()
            .required(Some(required))
            .content(JSON, content.build())
            .build();
        self.body = Some(body);
        self.refuses(&[400])
    }

    pub fn answers<T: ToSchema>(mut self, text: &str) -> Described {
        keep::<T>(&mut self.schemas);
        self.answer(200, text, JSON, Content::new(Some(reference::<T>())))
    }

    /// Instead of a refusal.
    pub fn replaces<T: ToSchema>(mut self, status: u16, text: &str) -> Described {
        self.answers.retain(|(known, _)| *known != status);
        keep::<T>(&mut self.schemas);
        self.answer(status, text, JSON, Content::new(Some(reference::<T>())))
    }

    pub fn answers_list<T: ToSchema>(mut self, text: &str) -> Described {
        keep::<T>(&mut self.schemas);
        let list = ArrayBuilder::new().items(reference::<T>()).build();
        self.answer(200, text, JSON, Content::new(Some(Schema::Array(list))))
    }

    /// Something of another type than ours.
    pub fn answers_other(self, text: &str, content_type: &str, schema: ObjectBuilder) -> Described {
        let content = Content::new(Some(Schema::Object(schema.build())));
        self.answer(200, text, content_type, content)
    }

    /// Text of one of these types.
    pub fn answers_text(mut self, text: &str, content_types: &[&str]) -> Described {
        let schema = ObjectBuilder::new().schema_type(SchemaType::new(Type::String));
        let content = Content::new(Some(Schema::Object(schema.build())));
        let response = content_types.iter().fold(
            ResponseBuilder::new().description(text),
            |response, kind| response.content(*kind, content.clone()),
        );
        self.answers.push((200, RefOr::T(response.build())));
        self
    }

    /// Or the same as text of this type, where that is asked for.
    pub fn or_text(mut self, kind: &str) -> Described {
        let schema = ObjectBuilder::new().schema_type(SchemaType::new(Type::String));
        let content = Content::new(Some(Schema::Object(schema.build())));
        for (status, answer) in &mut self.answers {
            if let (200, RefOr::T(response)) = (*status, answer) {
                response.content.insert(kind.to_owned(), content.clone());
            }
        }
        self
    }

    fn answer(mut self, status: u16, text: &str, kind: &str, content: Content) -> Described {
        let response = ResponseBuilder::new()
            .description(text)
            .content(kind, content)
            .build();
        self.answers.push((status, RefOr::T(response)));
        self
    }

    /// What it can be refused with.
    pub fn refuses(mut self, statuses: &[u16]) -> Described {
        for status in statuses {
            if !self.answers.iter().any(|(known, _)| known == status) {
                let name = reason(*status).replace(' ', "");
                let refused = RefOr::Ref(Ref::from_response_name(name));
                self.answers.push((*status, refused));
            }
        }
        self
    }

    /// `path`: for the name of the part in braces.
    pub fn operation(&self, path: &str) -> Operation {
        let mut operation = OperationBuilder::new()
            .tag(self.tag)
            .operation_id(Some(self.id))
            .summary(Some(self.summary));
        if !self.text.is_empty() {
            operation = operation.description(Some(self.text));
        }
        let name = path
            .split_once('{')
            .and_then(|(_, rest)| rest.split_once('}'))
            .map(|(name, _)| name);
        if let (Some(name), Some((schema, text))) = (name, &self.path_parameter) {
            operation = operation.parameter(
                ParameterBuilder::new()
                    .name(name)
                    .parameter_in(ParameterIn::Path)
                    .required(Required::True)
                    .description(Some(*text))
                    .schema(Some(Schema::Object(schema.clone()))),
            );
        }
        for parameter in &self.query {
            operation = operation.parameter(parameter.clone());
        }
        if let Some(body) = &self.body {
            operation = operation.request_body(Some(body.clone()));
        }
        let mut answers: Vec<_> = self.answers.iter().collect();
        answers.sort_by_key(|(status, _)| *status);
        let mut responses = ResponsesBuilder::new();
        for (status, answer) in answers {
            responses = responses.response(status.to_string(), answer.clone());
        }
        operation.responses(responses.build()).build()
    }
}

fn reference<T: ToSchema>() -> Ref {
    Ref::from_schema_name(name_of::<T>())
}

/// Remembers the schema of a type and of all that it is made of.
pub fn keep<T: ToSchema>(schemas: &mut Schemas) {
    let mut parts = Vec::new();
    T::schemas(&mut parts);
    schemas.extend(parts);
    schemas.insert(name_of::<T>(), T::schema());
}

/// Every answer that refuses, by the name under which [`Described::refuses`] refers to it.
pub fn refusals() -> Vec<(String, Response)> {
    let found = |status: u16, text: &str, method: &str, uri: &str, details: &str| {
        let example = json!({
            "HttpStatus": status, "HttpError": reason(status), "Message": message(status),
            "Details": details, "Method": method, "Uri": uri,
        });
        let content = ContentBuilder::new()
            .schema(Some(reference::<Error>()))
            .example(Some(example))
            .build();
        let response = ResponseBuilder::new()
            .description(text)
            .content(JSON, content)
            .build();
        (reason(status).replace(' ', ""), response)
    };
    let no_body = |status: u16, text: &str, header: &str, about: &str| {
        let text_schema = ObjectBuilder::new().schema_type(SchemaType::new(Type::String));
        let header_value = HeaderBuilder::new()
            .schema(text_schema)
            .description(Some(about))
            .build();
        let response = ResponseBuilder::new()
            .description(text)
            .header(header, header_value)
            .build();
        (reason(status).replace(' ', ""), response)
    };
    vec![
        found(
            400,
            "Bad input: the field, what was found, what is allowed. Nothing was changed.",
            "GET",
            "/sendqueue/items",
            "limit: found \"0\", allowed: 1 to 1000",
        ),
        no_body(
            401,
            "Orthanc asks for a login. No body.",
            "WWW-Authenticate",
            "How to log in",
        ),
        found(
            403,
            "The request comes from a page of another site. Nothing was changed. (Orthanc itself, or a plugin for \
             authorization, may answer 403 in a form of its own; a body of the type `multipart/form-data` is answered so too.)",
            "POST",
            "/sendqueue/errors/purge",
            "the request comes from a page of another site (Origin \"https://elsewhere.example\"): a POST that does not come from \
             this host must have the Content-Type application/json",
        ),
        found(
            404,
            "There is no such thing. Nothing was changed.",
            "GET",
            "/sendqueue/items/4711",
            "no item 4711",
        ),
        no_body(
            405,
            "The path does not know this method. No body.",
            "Allow",
            "The methods that it knows",
        ),
        found(
            409,
            "The state of the item, or of the queue, does not allow this. Nothing was changed.",
            "POST",
            "/sendqueue/items/4711/replay",
            "item 4711 cannot be replayed while it is Running",
        ),
        found(
            500,
            "Something broke; the log of Orthanc says more.",
            "GET",
            "/sendqueue/items",
            "the queue's database is damaged: unknown word \"Sent\"",
        ),
        found(
            503,
            "The queue's database is locked by another program, or its disk is full: try again later.",
            "POST",
            "/sendqueue/items",
            "the disk of the queue's database is full: database or disk is full",
        ),
    ]
}
