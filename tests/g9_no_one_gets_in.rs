//! G9 and G10: all routes ask for the login; nothing that comes from outside is more than data; no patient data in
//! logs.

use sendqueue_testkit::orthanc::HttpAnswer;
use sendqueue_testkit::queue::{self, Queue};
use sendqueue_testkit::{FaultScp, Study};
use serde_json::{Value, json};

/// Every route, with the methods that it knows.
const ROUTES: [(&str, &[&str]); 37] = [
    ("", &["GET"]),
    ("/", &["GET"]),
    ("/health", &["GET"]),
    ("/history", &["GET"]),
    ("/journal", &["GET"]),
    ("/metrics", &["GET"]),
    ("/openapi.json", &["GET"]),
    ("/items", &["GET", "POST"]),
    ("/items/1", &["GET", "DELETE"]),
    ("/items/1/replay", &["POST"]),
    ("/items/1/cancel", &["POST"]),
    ("/items/1/send-now", &["POST"]),
    ("/items/1/redirect", &["POST"]),
    ("/errors", &["GET"]),
    ("/errors/summary", &["GET"]),
    ("/errors/replay", &["POST"]),
    ("/errors/purge", &["POST"]),
    ("/errors/redirect", &["POST"]),
    ("/destinations", &["GET"]),
    ("/destinations/pacs", &["GET"]),
    ("/destinations/pacs/pause", &["POST"]),
    ("/destinations/pacs/resume", &["POST"]),
    ("/destinations/pacs/echo", &["POST"]),
    ("/destinations/pacs/send-now", &["POST"]),
    ("/deliveries", &["GET"]),
    ("/deliveries/1", &["GET"]),
    ("/search", &["GET"]),
    ("/alerts/test", &["POST"]),
    ("/ui/", &["GET"]),
    ("/ui/main.js", &["GET"]),
    ("/patients/0123", &["GET"]),
    ("/studies/0123", &["GET"]),
    ("/series/0123", &["GET"]),
    ("/instances/0123", &["GET"]),
    ("/nothing", &[]),
    ("/items/1/nothing", &[]),
    ("/destinations/pacs/nothing", &[]),
];

const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];

fn queue_with(scp: &FaultScp) -> Queue {
    Queue::start(queue::config_for(&[scp]))
}

/// An answer of ours to bad input: in the form of Orthanc's errors, never a fault of the server.
#[track_caller]
fn refused(answer: &HttpAnswer, what: &str) {
    assert!(
        (400..500).contains(&answer.status),
        "{what}: {} {}",
        answer.status,
        answer.text()
    );
    if answer.status == 405 {
        return;
    }
    let body: serde_json::Value = serde_json::from_slice(&answer.body)
        .unwrap_or_else(|error| panic!("{what}: {error}: {}", answer.text()));
    assert_eq!(body["HttpStatus"], answer.status, "{what}: {body}");
    for key in ["HttpError", "Message", "Details", "Method", "Uri"] {
        assert!(body[key].is_string(), "{what}: {key} in {body}");
    }
    let kind = answer.header("Content-Type").unwrap_or_default();
    assert!(kind.starts_with("application/json"), "{what}: {kind}");
}

#[track_caller]
fn is_well(queue: &mut Queue) {
    assert!(queue.is_running(), "{}", queue.log());
    assert_eq!(queue.ask("/health")["Status"], "ok");
    // What other routes of Orthanc say of what was never ours (`/sendqueue/../instances`) is theirs.
    let errors = queue.unexpected_errors();
    let ours: Vec<_> = errors
        .iter()
        .filter(|line| line.contains("sendqueue"))
        .collect();
    assert_eq!(ours, Vec::<&String>::new());
}

#[test]
fn every_route_asks_for_the_login() {
    let scp = FaultScp::start("PACS");
    let queue = Queue::start(
        queue::config_for(&[&scp])
            .set("AuthenticationEnabled", true)
            .set("RegisteredUsers", json!({ "me": "secret" })),
    );
    // "me:secret" and "me:wrong"
    let login = [("Authorization", "Basic bWU6c2VjcmV0")];
    let wrong = [("Authorization", "Basic bWU6d3Jvbmc=")];
    let known = queue.raw("GET", "/sendqueue", &login, b"").unwrap();
    assert_eq!(known.status, 200);
    for (route, _) in ROUTES {
        for method in METHODS {
            let path = format!("/sendqueue{route}");
            for headers in [&[][..], &wrong] {
                let answer = queue.raw(method, &path, headers, b"{}").unwrap();
                assert_eq!(answer.status, 401, "{method} {path}: {}", answer.text());
                assert!(!answer.text().contains("Database"), "{}", answer.text());
            }
        }
    }
    // Who got in is told by name; who did not has done nothing.
    let pause = "/sendqueue/destinations/pacs/pause";
    assert_eq!(queue.raw("POST", pause, &login, b"{}").unwrap().status, 200);
    let journal = queue.raw("GET", "/sendqueue/journal", &login, b"").unwrap();
    let journal = journal.ok().json();
    let by_people: Vec<&Value> = (journal.as_array().unwrap().iter())
        .filter(|entry| entry["Event"] != "Started")
        .collect();
    assert_eq!(by_people.len(), 1, "{journal:#}");
    assert_eq!(by_people[0]["Event"], "Paused");
    assert_eq!(by_people[0]["User"], "me");
    assert!(!journal.to_string().contains("secret"));
}

#[test]
fn other_methods_are_405_and_say_what_is_allowed() {
    let scp = FaultScp::start("PACS");
    let mut queue = queue_with(&scp);
    for (route, methods) in ROUTES {
        for method in METHODS {
            if methods.contains(&method) {
                continue;
            }
            let path = format!("/sendqueue{route}");
            let answer = queue.raw(method, &path, &[], b"").unwrap();
            if methods.is_empty() {
                assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text());
                refused(&answer, &path);
                continue;
            }
            assert_eq!(answer.status, 405, "{method} {path}: {}", answer.text());
            let allowed = answer.header("Allow").unwrap_or_default();
            for known in methods {
                assert!(allowed.contains(known), "{path}: Allow: {allowed}");
            }
        }
    }
    is_well(&mut queue);
}

/// Put wherever a name or an identifier stands.
fn strange_names() -> Vec<String> {
    let mut names: Vec<String> = [
        "..",
        "../../system",
        "..%2f..%2fsystem",
        "%2e%2e",
        "%2e%2e/%2e%2e/instances",
        "pacs/../pacs",
        "pacs%00",
        "%00",
        "pacs%2fstore",
        "'",
        "%22",
        "%27%3B%20DROP%20TABLE%20item%3B--",
        "<script>alert(1)</script>",
        "%3Cscript%3E",
        "%ff%fe",
        "%c3%28",
        "%",
        "%zz",
        "pacs?x=1",
        "pacs;x",
        "-1",
        "0",
        "1e9",
        "9223372036854775808",
        "99999999999999999999999999",
        "+1",
        "%0d%0aX-Evil:1",
        "{}",
        "*",
        "%25s%25n",
    ]
    .iter()
    .map(|name| (*name).to_owned())
    .collect();
    names.push("a".repeat(8000));
    names
}

#[test]
fn strange_names_are_unknown_names() {
    let scp = FaultScp::start("PACS");
    let mut queue = queue_with(&scp);
    let places = [
        ("GET", "/items/{}"),
        ("DELETE", "/items/{}"),
        ("POST", "/items/{}/replay"),
        ("POST", "/items/{}/cancel"),
        ("POST", "/items/{}/send-now"),
        ("GET", "/destinations/{}"),
        ("POST", "/destinations/{}/pause"),
        ("POST", "/destinations/{}/echo"),
        ("GET", "/studies/{}"),
        ("GET", "/series/{}"),
        ("GET", "/patients/{}"),
        ("GET", "/instances/{}"),
        ("POST", "/errors/{}"),
        ("GET", "/{}"),
    ];
    for (method, place) in places {
        for name in strange_names() {
            let path = format!("/sendqueue{}", place.replace("{}", &name));
            let Ok(answer) = queue.raw(method, &path, &[], b"") else {
                // Orthanc's own server may close without a word on what is no URL.
                continue;
            };
            let short: String = path.chars().take(100).collect();
            let what = format!("{method} {short}");
            assert!(
                answer.status < 500,
                "{what}: {} {}",
                answer.status,
                answer.text()
            );
            // What a server makes of dots is its own matter: the path is then not ours.
            assert!(
                name.contains("..") || !answer.text().contains("DicomAet"),
                "{what}: {}",
                answer.text()
            );
            assert!(answer.header("X-Evil").is_none(), "{what}");
        }
    }
    for name in ["..", "%2e%2e", "%00", "'", "<script>", "pacs%2fstore", "-1"] {
        for key in [
            "state",
            "destination",
            "study",
            "instance",
            "class",
            "limit",
            "since",
            "order",
            "status",
            "older-than",
            "newer-than",
            "x",
        ] {
            let path = format!("/sendqueue/items?{key}={name}");
            let answer = queue.raw("GET", &path, &[], b"").unwrap();
            assert!(
                answer.status < 500,
                "{path}: {} {}",
                answer.status,
                answer.text()
            );
            if answer.status == 200 {
                assert_eq!(answer.json(), json!([]), "{path}");
            } else {
                refused(&answer, &path);
            }
        }
    }
    is_well(&mut queue);
}

#[test]
fn bodies_that_are_no_good() {
    let scp = FaultScp::start("PACS");
    let mut queue = queue_with(&scp);
    let deep = "[".repeat(100_000);
    let deep_object = "{\"All\":".repeat(100_000);
    let big = format!("{{\"Destination\": \"{}\"}}", "x".repeat(1_000_000));
    let wrong = [
        "{",
        "]",
        "nul",
        "\u{0}",
        "{\"All\": true",
        "{\"All\": true}}",
        "\"text\"",
        "1",
        "null",
        "[]",
        "[1]",
        "{\"IDs\": {}}",
        "{\"IDs\": [1.5]}",
        "{\"IDs\": [\"1\"]}",
        "{\"IDs\": [99999999999999999999]}",
        "{\"Destination\": 1}",
        "{\"Study\": []}",
        "{\"Class\": \"'\"}",
        "{\"OlderThanSeconds\": 1e99}",
        "{\"OlderThanSeconds\": \"1\"}",
        "{\"Status\": 65536}",
        "{\"Status\": -1}",
        "{\"Status\": \"A700\"}",
        "{\"All\": 1}",
        "{\"DryRun\": \"yes\", \"All\": true}",
        "{\"Resources\": \"x\"}",
        "{\"Resources\": [1], \"Destinations\": [\"pacs\"]}",
        "{\"Resources\": [], \"Destinations\": [\"pacs\"]}",
        "{\"Resources\": [\"../system\"], \"Destinations\": [\"pacs\"]}",
        "{\"Resources\": [\"x\"], \"Destinations\": [\"../pacs\"]}",
        "{\"Resources\": [\"x\"], \"Destinations\": [\"pacs\"], \"Priority\": \"Highest\"}",
        "{\"Resources\": [\"x\"], \"Destinations\": [\"pacs\"], \"QuietSeconds\": -1}",
        "{\"To\": 1}",
        "{\"To\": \"..\", \"All\": true}",
        "{\"__proto__\": {}}",
    ];
    let routes = [
        "/items",
        "/items/1/replay",
        "/items/1/cancel",
        "/items/1/send-now",
        "/items/1/redirect",
        "/errors/replay",
        "/errors/purge",
        "/errors/redirect",
    ];
    for route in routes {
        let path = format!("/sendqueue{route}");
        let bodies = wrong.iter().copied().chain([deep.as_str(), &deep_object]);
        for body in bodies
            .map(str::as_bytes)
            .chain([&b"\xff\xfe{}"[..], big.as_bytes()])
        {
            let shown: String = String::from_utf8_lossy(body).chars().take(60).collect();
            let what = format!("{route} {shown}");
            let answer = queue
                .try_request("POST", &path, body)
                .unwrap_or_else(|error| panic!("{what}: {error}\n{}", queue.log()));
            // A filter that fits nothing is no fault.
            if answer.status != 200 {
                refused(&answer, &what);
            }
            assert!(
                answer.body.len() < 2000,
                "{what}: the answer repeats the body"
            );
        }
    }
    for verb in ["pause", "resume", "echo", "send-now"] {
        let answer = queue.post(&format!("/sendqueue/destinations/pacs/{verb}"), &deep);
        assert!(matches!(answer.status, 200 | 400), "{}", answer.text());
    }
    is_well(&mut queue);
}

/// An Orthanc with a login, an item in its error queue and one that waits, at a receiver that now takes everything.
fn guarded() -> (Queue, Vec<FaultScp>) {
    let receivers = vec![FaultScp::start("PACS"), FaultScp::start("HELD")];
    receivers[0].set_status(0xA900);
    let queue = Queue::start(
        queue::config_for(&receivers.iter().collect::<Vec<_>>())
            .set("AuthenticationEnabled", true)
            .set("RegisteredUsers", json!({ "me": "secret" })),
    );
    let tell = |path: &str, body: &[u8]| {
        let answer = queue.raw("POST", path, &[LOGIN], body).unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    };
    tell("/sendqueue/destinations/held/pause", b"");
    tell("/instances", &Study::new(1, 1).build()[0].bytes);
    queue.wait_until(
        || counts(&queue) == (1, 1),
        queue::SOON,
        "an item in the error queue and one that waits",
    );
    (queue, receivers)
}

/// "me:secret", as a browser that has asked for it once sends it with everything.
const LOGIN: (&str, &str) = ("Authorization", "Basic bWU6c2VjcmV0");

fn asked(queue: &Queue, path: &str) -> serde_json::Value {
    let answer = queue.raw("GET", &format!("/sendqueue{path}"), &[LOGIN], b"");
    answer.unwrap().ok().json()
}

/// Items in the error queue, and items that wait.
fn counts(queue: &Queue) -> (u64, u64) {
    let counts = &asked(queue, "")["Counts"];
    let of = |state: &str| counts[state].as_u64().unwrap();
    (of("Failure"), of("Pending"))
}

/// All that a request could change.
fn state_of(queue: &Queue) -> (serde_json::Value, Vec<serde_json::Value>) {
    let destinations = asked(queue, "/destinations");
    let states = destinations.as_array().unwrap().iter();
    let states = states.map(|one| json!([one["Name"], one["State"]]));
    (asked(queue, "/items"), states.collect())
}

/// Where a page of another site could send a form, and what would change something there.
fn forms(queue: &Queue) -> Vec<(String, String)> {
    let items = asked(queue, "/items");
    let id = |state: &str| {
        let mut items = items.as_array().unwrap().iter();
        items.find(|one| one["State"] == state).unwrap()["ID"].clone()
    };
    let (failed, waiting) = (id("Failure"), id("Pending"));
    let resource = &items[0]["Study"];
    vec![
        ("/errors/purge".into(), json!({ "All": true }).to_string()),
        ("/errors/replay".into(), json!({ "All": true }).to_string()),
        (
            "/errors/redirect".into(),
            json!({ "All": true, "To": "held" }).to_string(),
        ),
        (format!("/items/{failed}/replay"), String::new()),
        (format!("/items/{waiting}/cancel"), String::new()),
        ("/destinations/held/resume".into(), String::new()),
        ("/destinations/pacs/pause".into(), String::new()),
        ("/destinations/pacs/send-now".into(), String::new()),
        ("/destinations/pacs/echo".into(), String::new()),
        ("/alerts/test".into(), String::new()),
        (
            "/items".into(),
            json!({ "Resources": [resource], "Destinations": ["pacs"] }).to_string(),
        ),
    ]
}

/// What a form can declare its content as, and a script without asking first (W3C Fetch, CORS-safelisted).
const OF_FORMS: [Option<&str>; 4] = [
    None,
    Some("text/plain"),
    Some("application/x-www-form-urlencoded"),
    Some("text/plain; application/json"),
];

#[test]
fn a_page_of_another_site_does_nothing_with_the_login_of_a_person() {
    let (mut queue, receivers) = guarded();
    let host = format!("127.0.0.1:{}", queue.http_port());
    let before = state_of(&queue);
    let origins: [&[(&str, &str)]; 7] = [
        &[("Origin", "http://evil.example")],
        &[("Origin", "null")],
        // The same machine, another server.
        &[("Origin", "http://127.0.0.1:1")],
        &[("Origin", "http://127.0.0.1")],
        &[
            ("Origin", "http://evil.example"),
            ("Sec-Fetch-Site", "same-site"),
        ],
        &[
            ("Origin", "http://evil.example"),
            ("Sec-Fetch-Site", "cross-site"),
        ],
        &[("Sec-Fetch-Site", "cross-site")],
    ];
    for (path, body) in forms(&queue) {
        let path = format!("/sendqueue{path}");
        for origin in origins {
            for kind in OF_FORMS {
                let mut headers = vec![LOGIN, ("Host", host.as_str())];
                headers.extend(origin);
                headers.extend(kind.map(|kind| ("Content-Type", kind)));
                let answer = queue.raw("POST", &path, &headers, body.as_bytes()).unwrap();
                let what = format!("{path} {origin:?} {kind:?}");
                assert_eq!(answer.status, 403, "{what}: {}", answer.text());
                refused(&answer, &what);
                // Who is not logged in learns nothing of it.
                headers.remove(0);
                let answer = queue.raw("POST", &path, &headers, body.as_bytes()).unwrap();
                assert_eq!(answer.status, 401, "{what}: {}", answer.text());
            }
        }
    }
    assert_eq!(state_of(&queue), before);
    assert_eq!(receivers[0].counters().echoes, 0);
    let log = queue.log();
    let told = log.matches("a page of another site was refused").count();
    assert_eq!(told, 1, "{log}");
    assert!(queue.is_running(), "{log}");
}

/// Orthanc hands each part of such a form to the route as a request of its own, whose headers are those that the part
/// claims to have: what they say counts for nothing.
#[test]
fn a_form_in_parts_does_nothing_whatever_its_parts_say() {
    let (queue, receivers) = guarded();
    let host = format!("127.0.0.1:{}", queue.http_port());
    let before = state_of(&queue);
    let parts = [
        "Content-Disposition: form-data; name=\"a\"",
        "Content-Disposition: form-data; name=\"a\"; filename=\"a.json\"\r\nContent-Type: application/json",
        // Of a script, which may write the body as it likes.
        "Host: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\nContent-Type: application/json",
        "Authorization: Basic bWU6c2VjcmV0\r\nContent-Type: application/json",
    ];
    let kinds = [
        "multipart/form-data; boundary=x",
        "multipart/form-data; charset=utf-8; boundary=\"x\"",
        "Multipart/Form-Data;boundary=x",
        " multipart/form-data ; boundary=x",
        "multipart/form-data; boundary=x; application/json",
    ];
    for (path, body) in forms(&queue) {
        let path = format!("/sendqueue{path}");
        for part in parts {
            let body = format!("--x\r\n{part}\r\n\r\n{body}\r\n--x--\r\n");
            for kind in kinds {
                for origin in ["http://evil.example", "null"] {
                    let headers = [
                        LOGIN,
                        ("Host", host.as_str()),
                        ("Origin", origin),
                        ("Content-Type", kind),
                    ];
                    let answer = queue.raw("POST", &path, &headers, body.as_bytes()).unwrap();
                    assert_eq!(answer.status, 403, "{path} {kind} {part}");
                }
            }
        }
    }
    assert_eq!(state_of(&queue), before);
    assert_eq!(receivers[0].counters().echoes, 0);
    // Orthanc Explorer's own upload is such a form.
    let instance = &Study::new(1, 1).seed(2).build()[0];
    let mut body =
        b"--x\r\nContent-Disposition: form-data; name=\"a\"; filename=\"a.dcm\"\r\n\r\n".to_vec();
    body.extend_from_slice(&instance.bytes);
    body.extend_from_slice(b"\r\n--x--\r\n");
    let headers = [LOGIN, ("Content-Type", "multipart/form-data; boundary=x")];
    let answer = queue.raw("POST", "/instances", &headers, &body).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let statistics = queue.raw("GET", "/statistics", &[LOGIN], b"").unwrap();
    assert_eq!(statistics.json()["CountInstances"], 2);
}

/// Orthanc takes a GET with `_method` for what that says; an image on any page can be such a GET, and carries no
/// `Origin`.
#[test]
fn an_address_alone_changes_nothing() {
    let (queue, _receivers) = guarded();
    let before = state_of(&queue);
    for item in before.0.as_array().unwrap() {
        for method in ["DELETE", "delete", "PUT"] {
            let path = format!("/sendqueue/items/{}?_method={method}", item["ID"]);
            for headers in [
                &[LOGIN][..],
                &[LOGIN, ("Referer", "http://evil.example/")],
                &[LOGIN, ("Sec-Fetch-Site", "cross-site")],
            ] {
                let answer = queue.raw("GET", &path, headers, b"").unwrap();
                assert_eq!(answer.status, 403, "{path}: {}", answer.text());
                refused(&answer, &path);
            }
        }
    }
    assert_eq!(state_of(&queue), before);
    let id = &before.0[0]["ID"];
    let path = format!("/sendqueue/items/{id}");
    let answer = queue.raw("DELETE", &path, &[LOGIN], b"").unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[test]
fn pages_of_this_host_scripts_and_what_is_declared_as_json_do_as_before() {
    let (queue, _receivers) = guarded();
    let port = queue.http_port();
    let host = format!("127.0.0.1:{port}");
    let origin = format!("http://{host}");
    let json = ("Content-Type", "application/json");
    let charset = ("Content-Type", "Application/JSON; charset=UTF-8");
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let ways: [&[(&str, &str)]; 9] = [
        // curl, with and without -H.
        &[],
        &[form],
        &[json],
        // The page, as it is and if it declared nothing.
        &[("Host", &host), ("Origin", &origin), json],
        &[("Host", &host), ("Origin", &origin)],
        &[
            ("Host", &host),
            ("Origin", &origin),
            ("Sec-Fetch-Site", "same-origin"),
            form,
        ],
        // Behind a reverse proxy that gives Orthanc another name.
        &[
            ("Host", "orthanc:8042"),
            ("Origin", "https://pacs.example"),
            json,
        ],
        &[
            ("Host", "orthanc:8042"),
            ("Origin", "https://pacs.example"),
            charset,
        ],
        // One that keeps the name, and ends TLS.
        &[("Host", "pacs.example"), ("Origin", "https://pacs.example")],
    ];
    for headers in ways {
        for (verb, state) in [("pause", "Paused"), ("resume", "Ready")] {
            let path = format!("/sendqueue/destinations/pacs/{verb}");
            let headers: Vec<_> = headers.iter().copied().chain([LOGIN]).collect();
            let answer = queue.raw("POST", &path, &headers, b"").unwrap();
            assert_eq!(answer.status, 200, "{headers:?}: {}", answer.text());
            assert_eq!(answer.json()["State"], state, "{headers:?}");
            assert_eq!(asked(&queue, "/destinations/pacs")["State"], state);
        }
    }
    assert!(!queue.log().contains("a page of another site"));
}

/// Names of patients and titles of AEs may hold anything: it is data, in the queue, in answers and in logs.
#[test]
fn what_files_say_is_data_and_stays_out_of_the_log() {
    let secrets = [
        "SECRET^PATIENT",
        "SECRETID77",
        "SECRETSTUDY",
        "SECRETSERIES",
    ];
    for verbose in [false, true] {
        let scp = FaultScp::start("PACS");
        scp.on_store(|store| {
            sendqueue_testkit::Respond::Status(match store.index_total {
                0 => 0xC000,
                1 => 0xA700,
                _ => 0,
            })
        });
        let mut queue = Queue::start(
            queue::config_for(&[&scp])
                .verbose(verbose)
                .set(
                    "/SendQueue/Rules",
                    json!([{ "To": ["pacs"], "When": { "Tags": { "PatientName": "regex:.*", "0008,1030": "regex:.*" } } }]),
                )
                .set(
                    "/SendQueue/Defaults",
                    json!({ "LocalAet": "$RemoteAet", "Retry": { "Delay": 1, "Multiplier": 1, "MaxDelay": 1 } }),
                ),
        );
        let instances = Study::new(1, 4)
            .patient_name("SECRET^PATIENT'; DROP TABLE item;--<script>%s%n")
            .patient_id("SECRETID77%s")
            .study_description("SECRETSTUDY<b>")
            .series_description("SECRETSERIES")
            .build();
        let sent = sendqueue_testkit::dcmtk::StoreScu::to("ORTHANC", queue.dicom_port())
            .calling("A'%s<b>B")
            .send(&instances)
            .unwrap();
        assert!(sent.status.success(), "{sent:?}");
        queue.wait_for_rest(4);
        assert_eq!(queue.count("pacs", "Success"), 3);
        for store in scp.stores() {
            assert_eq!(store.calling_aet, "A'%s<b>B");
        }
        for text in ["SECRETID77", "secret", "SECRET%5CPATIENT", "%2A"] {
            let found = queue.get(&format!("/sendqueue/search?q={text}"));
            assert!(matches!(found.status, 200 | 400), "{}", found.text());
        }
        let log = queue.log();
        let ours = log.lines().filter(|line| {
            line.contains("sendqueue")
                || line.contains("libOrthancSendQueue")
                || line.contains("PluginsManager")
        });
        for line in ours {
            for secret in secrets {
                assert!(!line.contains(secret), "{line}");
            }
        }
        for item in queue.items("") {
            let text = item.to_string();
            for secret in secrets {
                assert!(!text.contains(secret), "{text}");
            }
        }
        is_well(&mut queue);
    }
}
