//! Each kind of call, those that fail too, and that none leaves memory behind.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use log::Level;
use orthanc_sdk::fake_host::{FakeHost, FakeInstance, OutgoingCall, Property};
use orthanc_sdk::{
    CallError, Change, ChangeType, HttpRequest, Method, Origin, Request, ResourceType, Response,
};
use serde_json::{Value, json};

#[test]
fn the_client() {
    let fake = FakeHost::new("1.10.1");
    fake.on_rest(|method, uri, body| match (method, uri) {
        (Method::Get, "/json") => Ok((200, br#"{"a": 1}"#.to_vec())),
        (Method::Get, "/text") => Ok((200, b"no json \xff".to_vec())),
        (Method::Get, "/empty") => Ok((200, Vec::new())),
        (Method::Get, "/refused") => Ok((503, b"come back".to_vec())),
        (Method::Post | Method::Put, "/echo") => Ok((200, body.to_vec())),
        (Method::Delete, "/thing") => Ok((200, b"{}".to_vec())),
        (_, "/network") => Err(9),
        (_, "/context") => Err(2015),
        (_, "/panic") => panic!("the test's own"),
        _ => Err(17),
    });
    let client = fake.host().client();

    assert_eq!(client.get_json("/json").unwrap(), json!({"a": 1}));
    let answer = client.get("/json").unwrap();
    assert_eq!(
        answer.headers,
        [("content-type".to_owned(), "application/json".to_owned())]
    );
    assert_eq!(client.get("/text").unwrap().body, b"no json \xff");
    assert!(matches!(
        client.get_json("/text"),
        Err(CallError::BadJson(_))
    ));
    assert!(matches!(
        client.get_json("/empty"),
        Err(CallError::BadJson(_))
    ));
    assert_eq!(client.get("/empty").unwrap().body, b"");
    match client.get_json("/refused") {
        Err(CallError::Status { status: 503, body }) => assert_eq!(body, b"come back"),
        other => panic!("{other:?}"),
    }
    assert_eq!(client.get("/refused").unwrap().status, 503);
    assert_eq!(
        client.post_json("/echo", &json!([1, "ä"])).unwrap(),
        json!([1, "ä"])
    );
    assert_eq!(client.put("/echo", b"\0\xff").unwrap().body, b"\0\xff");
    let deleted = client.delete("/thing").unwrap();
    assert!(deleted.is_success() && deleted.body.is_empty());
    match client.post("/network", b"").unwrap_err() {
        CallError::Code {
            code: 9,
            description,
        } => assert_eq!(description, "Error in the network protocol"),
        other => panic!("{other:?}"),
    }
    assert_eq!(client.get("/context").unwrap_err().code(), Some(2015));
    assert_eq!(client.get("/unknown").unwrap_err().code(), Some(17));
    assert_eq!(client.get("/panic").unwrap_err().code(), Some(-1));
    assert!(matches!(
        client.get("/nul\0"),
        Err(CallError::BadArgument(_))
    ));
    assert_eq!(fake.outstanding_allocations(), 0);
}

#[test]
fn other_systems() {
    let fake = FakeHost::new("1.10.1");
    let seen: Arc<Mutex<Vec<OutgoingCall>>> = Arc::default();
    let keep = Arc::clone(&seen);
    fake.on_http(move |call| {
        keep.lock().unwrap().push(call.clone());
        match call.url.as_str() {
            "http://echo/" => Ok((201, call.body.clone())),
            "http://empty/" => Ok((204, Vec::new())),
            "http://refuses/" => Ok((503, b"come back".to_vec())),
            "http://panics/" => panic!("the test's own"),
            _ => Err(9),
        }
    });
    let host = fake.host();
    let call = |method, url, body| {
        host.http(&HttpRequest {
            method,
            url,
            headers: vec![("X-One", "1"), ("X-Two", "two; ä")],
            body,
            timeout: 3,
        })
    };

    let reply = call(Method::Post, "http://echo/", b"\0\xff").unwrap();
    assert!(reply.is_success());
    assert_eq!((reply.status, &reply.body[..]), (201, &b"\0\xff"[..]));
    assert_eq!(
        reply.headers,
        [("Content-Length".to_owned(), "2".to_owned())]
    );
    let made = seen.lock().unwrap().pop().unwrap();
    assert_eq!((made.method, made.timeout), (Method::Post, 3));
    assert_eq!(made.body, b"\0\xff");
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        made.headers,
        [header("X-One", "1"), header("X-Two", "two; ä")]
    );
    // A body belongs to POST and PUT alone.
    assert_eq!(call(Method::Get, "http://echo/", b"x").unwrap().body, b"");
    assert_eq!(
        call(Method::Delete, "http://echo/", b"x").unwrap().body,
        b""
    );
    assert_eq!(
        call(Method::Put, "http://empty/", b"x").unwrap().status,
        204
    );

    // A status is an answer, though Orthanc makes an error of it.
    let refused = call(Method::Post, "http://refuses/", b"x").unwrap();
    assert_eq!((refused.status, refused.is_success()), (503, false));
    assert!(refused.body.is_empty() && refused.headers.is_empty());
    let nobody = call(Method::Post, "http://nobody/", b"x").unwrap_err();
    assert_eq!(nobody.code(), Some(9));
    let panicked = call(Method::Post, "http://panics/", b"x").unwrap_err();
    assert_eq!(panicked.code(), Some(-1));

    // What could forge a header does not leave.
    let before = seen.lock().unwrap().len();
    for (name, value) in [("X\r\nY: z", "1"), ("X", "1\r\nY: z"), ("X", "1\0")] {
        let forged = host.http(&HttpRequest {
            method: Method::Post,
            url: "http://echo/",
            headers: vec![(name, value)],
            body: b"",
            timeout: 0,
        });
        assert!(matches!(forged, Err(CallError::BadArgument(_))));
    }
    let nul = call(Method::Get, "http://echo/\0", b"");
    assert!(matches!(nul, Err(CallError::BadArgument(_))));
    assert_eq!(seen.lock().unwrap().len(), before);
    assert_eq!(fake.outstanding_allocations(), 0);

    // Secrets do not show.
    let request = HttpRequest {
        method: Method::Post,
        url: "http://user:s3cret@host/s3cret",
        headers: vec![("Authorization", "s3cret")],
        body: b"s3cret",
        timeout: 3,
    };
    assert!(!format!("{request:?}").contains("s3cret"));
}

#[test]
fn the_configuration() {
    let fake = FakeHost::new("1.10.1");
    let host = fake.host();
    assert_eq!(host.configuration().unwrap(), json!({}));
    fake.set_configuration(json!({"Name": "Ä"}));
    assert_eq!(host.configuration().unwrap()["Name"], "Ä");
    fake.set_raw_configuration(b"{\"Name\": \"\xff\"}");
    assert_eq!(host.configuration().unwrap()["Name"], "\u{fffd}");
    fake.set_raw_configuration(b"{");
    assert!(matches!(host.configuration(), Err(CallError::BadJson(_))));
    fake.fail_service(13, Some(9));
    assert_eq!(host.configuration().unwrap_err().code(), Some(9));
    fake.fail_service(13, None);
    assert_eq!(fake.outstanding_allocations(), 0);
}

#[test]
fn a_request_arrives_whole() {
    let fake = FakeHost::new("1.12.7");
    let seen: Arc<Mutex<Vec<Request>>> = Arc::default();
    let keep = Arc::clone(&seen);
    fake.host()
        .register_rest("/q/([a-z]+)(/x)?", move |request| {
            keep.lock().unwrap().push(request.clone());
            Response::empty(204)
        })
        .unwrap();
    let query = [("limit", "5"), ("since", "a b")];
    let headers = [("X-Some", "thing"), ("content-type", "application/json")];
    for method in [Method::Get, Method::Post, Method::Put, Method::Delete] {
        fake.call_rest(method, "/q/abc", &query, &headers, br#"{"k": 1}"#);
        let request = seen.lock().unwrap().pop().unwrap();
        assert_eq!((request.method, request.uri.as_str()), (method, "/q/abc"));
        assert_eq!(request.groups, ["abc", ""]);
        assert_eq!(
            request.query_value("since"),
            if method == Method::Get {
                Some("a b")
            } else {
                None
            }
        );
        assert_eq!(request.header("X-SOME"), Some("thing"));
        assert_eq!(request.json().unwrap(), json!({"k": 1}));
    }
    fake.call_rest(Method::Get, "/q/abc/x", &[], &[], &[]);
    let request = seen.lock().unwrap().pop().unwrap();
    assert_eq!(request.groups, ["abc", "/x"]);
    assert!(request.query.is_empty() && request.headers.is_empty() && request.body.is_empty());
    assert_eq!(
        fake.call_rest(Method::Get, "/q/abc/y", &[], &[], &[])
            .status,
        404
    );
    assert_eq!(
        fake.call_rest(Method::Get, "/more/q/abc", &[], &[], &[])
            .status,
        404
    );
}

#[test]
fn each_status_goes_its_way() {
    let fake = FakeHost::new("1.12.7");
    let next: Arc<Mutex<Response>> = Arc::new(Mutex::new(Response::empty(200)));
    let given = Arc::clone(&next);
    fake.host()
        .register_rest("/s", move |_| given.lock().unwrap().clone())
        .unwrap();
    let answer = |response: Response| {
        *next.lock().unwrap() = response;
        fake.call_rest(Method::Get, "/s", &[], &[], &[])
    };

    for status in [200, 201, 202, 400, 404, 409, 422, 500, 503] {
        let got = answer(Response::json(status, &json!({"s": status})).with_header("X-A", "b"));
        assert_eq!(
            (got.status, got.content_type.as_str()),
            (status, "application/json")
        );
        assert_eq!(
            (got.json()["s"].as_u64(), got.header("x-a")),
            (Some(u64::from(status)), Some("b"))
        );
    }
    let got = answer(Response::empty(204));
    assert_eq!(
        (got.status, got.content_type.as_str(), got.body.len()),
        (204, "", 0)
    );
    let got = answer(Response::empty(200));
    assert_eq!(
        (got.status, got.content_type.as_str(), got.body.len()),
        (200, "application/octet-stream", 0)
    );
    let got = answer(Response::html(200, "<p>ä"));
    assert_eq!(
        (got.content_type.as_str(), got.text().as_str()),
        ("text/html; charset=utf-8", "<p>ä")
    );

    let got = answer(Response::method_not_allowed(&[Method::Get, Method::Put]));
    assert_eq!(
        (got.status, got.header("Allow"), got.body.len()),
        (405, Some("GET,PUT"), 0)
    );
    let got = answer(Response::redirect("/elsewhere"));
    assert_eq!(
        (got.status, got.header("Location")),
        (301, Some("/elsewhere"))
    );
    let got = answer(Response::text(401, "lost").with_header("X-A", "lost"));
    assert_eq!(
        (got.status, got.header("WWW-Authenticate")),
        (401, Some("Basic realm=\"test\""))
    );
    assert_eq!((got.body.len(), got.header("X-A")), (0, None));

    // Orthanc does not know 429.
    let got = answer(Response::text(429, "slow down"));
    assert_eq!((got.status, got.error_code), (400, 3));

    let sneaky = Response::new(200, "text/plain\r\nX-B: c", "b")
        .with_header("X-A", "1\r\nSet-Cookie: x")
        .with_header("Bad Name", "x")
        .with_header("Content-Type", "twice")
        .with_header("Content-Length", "99");
    let got = answer(sneaky);
    assert_eq!(got.content_type, "text/plain  X-B: c");
    assert_eq!(
        got.headers,
        [("X-A".to_owned(), "1  Set-Cookie: x".to_owned())]
    );

    // A service that fails in the middle.
    fake.fail_service(2007, Some(6));
    assert_eq!(
        answer(Response::empty(204).with_header("X-A", "b")).error_code,
        6
    );
    assert_eq!(fake.outstanding_allocations(), 0);
}

#[test]
fn a_stored_instance() {
    let fake = FakeHost::new("1.10.1");
    let host = fake.host();
    let seen: Arc<Mutex<Vec<Value>>> = Arc::default();
    let keep = Arc::clone(&seen);
    host.on_stored_instance(move |instance| {
        keep.lock().unwrap().push(json!({
            "id": instance.id(), "aet": instance.remote_aet(), "origin": format!("{:?}", instance.origin()),
            "metadata": instance.metadata("CalledAET"), "none": instance.metadata("Other"), "nul": instance.metadata("a\0"),
            "size": instance.size(), "data": instance.data(), "tags": instance.simplified_tags().ok(),
        }));
    })
    .unwrap();
    let instance = FakeInstance {
        id: "abc".to_owned(),
        remote_aet: Some("CT1".to_owned()),
        origin: Origin::DicomProtocol,
        metadata: BTreeMap::from([("CalledAET".to_owned(), "ME".to_owned())]),
        tags: json!({"PatientID": "ä"}),
        bytes: vec![1, 2, 0, 255],
    };
    assert_eq!(fake.store_instance(&instance), 0);
    let expected = json!({
        "id": "abc", "aet": "CT1", "origin": "DicomProtocol", "metadata": "ME", "none": null, "nul": null,
        "size": 4, "data": [1, 2, 0, 255], "tags": {"PatientID": "ä"},
    });
    assert_eq!(seen.lock().unwrap().pop().unwrap(), expected);

    let empty = FakeInstance {
        remote_aet: None,
        origin: Origin::WebDav,
        bytes: Vec::new(),
        ..FakeInstance::default()
    };
    assert_eq!(fake.store_instance(&empty), 0);
    let got = seen.lock().unwrap().pop().unwrap();
    assert_eq!(
        (&got["aet"], &got["origin"], &got["data"]),
        (&Value::Null, &json!("WebDav"), &json!([]))
    );

    // All getters fail.
    for service in [4000, 4001, 4002, 4004, 4006, 4007] {
        fake.fail_service(service, Some(9));
    }
    assert_eq!(fake.store_instance(&instance), 0);
    let got = seen.lock().unwrap().pop().unwrap();
    assert_eq!(
        (&got["aet"], &got["origin"], &got["tags"]),
        (&Value::Null, &json!("Unknown"), &Value::Null)
    );
    assert_eq!(fake.outstanding_allocations(), 0);
}

#[test]
fn changes() {
    let fake = FakeHost::new("1.13.0");
    let seen: Arc<Mutex<Vec<Change>>> = Arc::default();
    let keep = Arc::clone(&seen);
    fake.host()
        .on_change(move |change| keep.lock().unwrap().push(change.clone()))
        .unwrap();
    fake.fire_change(ChangeType::JobSuccess, ResourceType::None, Some("job"));
    fake.fire_change(ChangeType::OrthancStarted, ResourceType::None, None);
    fake.fire_change(ChangeType::Other(77), ResourceType::Other(9), Some(""));
    for number in 0..19 {
        fake.fire_change(
            ChangeType::Other(number),
            ResourceType::Other(number % 5),
            Some("x"),
        );
    }
    let seen = seen.lock().unwrap();
    assert_eq!(
        (seen[0].kind, seen[0].resource.as_deref()),
        (ChangeType::JobSuccess, Some("job"))
    );
    assert_eq!(
        (seen[1].kind, seen[1].resource_type),
        (ChangeType::OrthancStarted, ResourceType::None)
    );
    assert_eq!(
        (seen[2].kind, seen[2].resource.as_deref()),
        (ChangeType::Other(77), None)
    );
    for (number, change) in (0..).zip(&seen[3..]) {
        assert!(
            !matches!(change.kind, ChangeType::Other(_))
                && !matches!(change.resource_type, ResourceType::Other(_))
        );
        assert_eq!(
            (change.kind.number(), change.resource_type.number()),
            (number, number % 5)
        );
    }
}

#[test]
fn a_filter_sees_the_request_and_refuses() {
    let fake = FakeHost::new("1.12.7");
    let host = fake.host();
    assert_eq!(fake.filters(Method::Get, "/x", &[]), Vec::<i32>::new());
    host.filter_http(|request| {
        assert_ne!(request.uri(), "/panic", "on purpose");
        !(request.method() == Some(Method::Post)
            && request.uri() == "/no"
            && request.header("Content-Type").as_deref() == Some("text/plain"))
    })
    .unwrap();
    host.filter_http(|request| request.header("x-second").is_none())
        .unwrap();
    let form = ("content-type", "text/plain");
    for (method, uri, headers, expected) in [
        (Method::Post, "/no", &[("a", "b"), form][..], 0),
        (Method::Get, "/no", &[form], 1),
        (Method::Post, "/yes", &[form], 1),
        (Method::Post, "/no", &[], 1),
        (Method::Post, "/no", &[("content-type", "text/html")], 1),
        (Method::Get, "/yes", &[("X-Second", "")], 0),
        (Method::Get, "/panic", &[], 0),
    ] {
        // One callback for all closures: Orthanc is told once.
        assert_eq!(fake.filters(method, uri, headers), [expected], "{uri}");
    }
    let logs = fake.take_logs();
    assert_eq!(logs.len(), 1, "{logs:?}");
    assert!(logs[0].1.contains("panic in HTTP filter"), "{logs:?}");
}

#[test]
fn the_log() {
    for (version, prefix) in [
        ("1.10.1", "test: "),
        ("1.12.3", "test: "),
        ("1.12.4", ""),
        ("mainline", ""),
    ] {
        let fake = FakeHost::new(version);
        let _host = fake.host();
        log::error!("a{}", 1);
        log::warn!("name: {}", "X\nE1121 00:00:00 forged\0\u{1b}[2J");
        log::info!("b");
        log::debug!("not shown");
        let expected = [
            (Level::Error, format!("{prefix}a1")),
            (
                Level::Warn,
                format!("{prefix}name: X\\nE1121 00:00:00 forged\\u{{0}}\\u{{1b}}[2J"),
            ),
            (Level::Info, format!("{prefix}b")),
        ];
        assert_eq!(fake.take_logs(), expected, "{version}");
    }
}

#[test]
fn what_depends_on_the_version() {
    for (version, threads) in [("1.10.1", false), ("1.12.1", false), ("1.13.0", true)] {
        let fake = FakeHost::new(version);
        let host = fake.host();
        // 2^24 + 1: what a 32-bit float cannot hold.
        host.set_metric("big", 16_777_217.0);
        host.set_metric("ratio", 0.5);
        host.set_metric_float("float", 3.0);
        host.set_metric("nan", f64::NAN);
        let metrics = fake.metrics();
        assert_eq!(
            metrics["big"],
            if version == "1.10.1" {
                16_777_216.0
            } else {
                16_777_217.0
            }
        );
        assert_eq!(
            (metrics["ratio"], metrics["float"], metrics["nan"].is_nan()),
            (0.5, 3.0, true)
        );
        host.set_thread_name("a-name that is\nmuch too long");
        assert_eq!(
            fake.thread_names(),
            if threads {
                vec!["a-namethatismuc"]
            } else {
                vec![]
            }
        );
        host.set_root_uri("/root/");
        host.extend_explorer("let a = 1;");
        assert_eq!(fake.property(Property::RootUri).as_deref(), Some("/root/"));
        assert_eq!(
            fake.property(Property::Explorer).as_deref(),
            Some("let a = 1;")
        );
        assert_eq!(host.error_description(17), "Unknown resource");
        assert_eq!(fake.take_logs(), []);
        host.set_root_uri("nul\0");
        host.set_metric("nul\0", 1.0);
        assert_eq!(fake.take_logs().len(), 2);
        assert_eq!(fake.outstanding_allocations(), 0);
    }
}
