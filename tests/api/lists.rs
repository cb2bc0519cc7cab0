//! Lists newest first, by status and by age; UIDs in place of identifiers; what happened in words.

use super::*;

const REFUSED: u64 = 0xA900;

fn ids(list: &Value) -> Vec<i64> {
    let list = list.as_array().unwrap().iter();
    list.map(|item| item["ID"].as_i64().unwrap()).collect()
}

/// 400 that names the field and what was found.
#[track_caller]
fn is_bad(answer: &sendqueue_testkit::orthanc::HttpAnswer, field: &str) {
    assert_eq!(answer.status, 400, "{field}: {}", answer.text());
    let details = answer.json()["Details"].as_str().unwrap().to_owned();
    assert!(details.starts_with(field), "{field}: {details}");
    assert!(details.contains("allowed: "), "{details}");
}

#[test]
fn newest_first_page_by_page() {
    let scene = scene();
    for (path, count) in [("/items", 9), ("/errors", 3)] {
        let all = ids(&scene.queue.ask(path));
        assert_eq!(all.len(), count, "{path}");
        assert_eq!(ids(&scene.queue.ask(&format!("{path}?order=asc"))), all);
        let mut newest_first = Vec::new();
        loop {
            let since = newest_first.last().copied().unwrap_or(0);
            let query = format!("{path}?order=desc&limit=2&since={since}");
            let page = ids(&scene.queue.ask(&query));
            assert!(page.len() <= 2, "{query}: {page:?}");
            if page.is_empty() {
                break;
            }
            newest_first.extend(page);
        }
        newest_first.reverse();
        assert_eq!(newest_first, all, "{path}");
    }
    let newest = scene
        .queue
        .ask("/items?order=desc&destination=two&state=Failure&limit=1");
    assert_eq!(ids(&newest), ids(&scene.queue.ask("/errors"))[2..]);
    for bad in ["DESC", "newest", "1"] {
        let answer = scene.queue.get(&format!("/sendqueue/items?order={bad}"));
        is_bad(&answer, "order");
    }
    studies_newest_first(&scene);
}

fn studies_newest_first(scene: &Scene) {
    let queue = &scene.queue;
    queue.store_all(&Study::new(1, 1).seed(2).build());
    queue.wait_for("two", "Failure", 4);
    let first = queue.ask("/studies?limit=1");
    let cursor = first[0]["Cursor"].as_i64().unwrap();
    assert_ne!(first[0]["Study"], scene.study);
    let second = queue.ask(&format!("/studies?limit=1&since={cursor}"));
    assert_eq!(second[0]["Study"], scene.study);
    let parts = second[0]["Destinations"].as_array().unwrap();
    for (part, name, worst) in [
        (&parts[0], "one", "Success"),
        (&parts[1], "three", "Pending"),
        (&parts[2], "two", "Failure"),
    ] {
        assert_eq!(part["Destination"], name);
        assert_eq!(part["Worst"], worst);
        assert_eq!(part["Counts"][worst], 3);
    }
    let rest = format!("/studies?since={}", second[0]["Cursor"]);
    assert_eq!(queue.ask(&rest), json!([]));
    assert_eq!(queue.ask("/studies")[1], second[0], "on one page");
    let refused = queue.ask("/studies?state=Failure&destination=two&status=43264");
    for study in refused.as_array().unwrap() {
        let parts = study["Destinations"].as_array().unwrap();
        assert_eq!(parts.len(), 1);
        assert_eq!(parts[0]["Destination"], "two");
    }
    assert_eq!(refused.as_array().unwrap().len(), 2);
    assert_eq!(
        queue.ask("/studies?state=Failure&destination=one"),
        json!([])
    );
    for (field, bad) in [
        ("limit", "limit=0"),
        ("limit", "limit=1001"),
        ("since", "since=-1"),
        ("since", "since=x"),
        ("state", "state=Failed"),
        ("query argument", "order=desc"),
    ] {
        is_bad(&queue.get(&format!("/sendqueue/studies?{bad}")), field);
    }
}

#[test]
fn by_status_and_age() {
    let scene = scene();
    let count = |path: &str| ids(&scene.queue.ask(path)).len();
    for (query, items, errors) in [
        (format!("status={REFUSED}"), 3, 3),
        (format!("status={REFUSED:04x}"), 3, 3),
        (format!("status=0x{REFUSED:X}"), 3, 3),
        // Four digits are hexadecimal.
        ("status=0000".to_owned(), 3, 0),
        ("status=0".to_owned(), 3, 0),
        ("status=none".to_owned(), 3, 0),
        ("status=42752".to_owned(), 0, 0),
        (format!("status={REFUSED}&destination=one"), 0, 0),
        (format!("status={REFUSED}&order=desc&limit=2"), 2, 2),
        ("newer-than=86400".to_owned(), 9, 3),
        ("newer-than=0".to_owned(), 0, 0),
        ("older-than=0".to_owned(), 9, 3),
        ("older-than=86400".to_owned(), 0, 0),
        ("older-than=0&newer-than=86400&limit=4".to_owned(), 4, 3),
        ("older-than=86400&newer-than=86400".to_owned(), 0, 0),
    ] {
        assert_eq!(count(&format!("/items?{query}")), items, "items {query}");
        assert_eq!(count(&format!("/errors?{query}")), errors, "errors {query}");
    }
    for item in scene.queue.items("status=none") {
        assert_eq!(item["DimseStatus"], Value::Null, "{item:#}");
    }
    for bad in [
        "status=65536",
        "status=-1",
        "status=A9xx",
        "status=012",
        "older-than=-1",
        "older-than=1.5",
        "older-than=1000000001",
        "newer-than=x",
    ] {
        let field = bad.split('=').next().unwrap();
        for path in ["items", "errors"] {
            is_bad(&scene.queue.get(&format!("/sendqueue/{path}?{bad}")), field);
        }
    }
}

#[test]
fn a_status_narrows_an_operation_down() {
    let scene = scene();
    let counted = |status: Value| {
        let body = json!({ "Status": status, "DryRun": true });
        scene.queue.tell("/errors/purge", &body)["Purged"].clone()
    };
    assert_eq!(counted(json!(REFUSED)), 3);
    assert_eq!(counted(json!(0xA700)), 0);
    for text in ["A900", "0xA900", "43264"] {
        assert_eq!(counted(json!(text)), 3, "{text}");
    }
    for none in ["None", "none"] {
        assert_eq!(counted(json!(none)), 0);
    }
    for verb in ["replay", "purge", "redirect"] {
        let path = format!("/sendqueue/errors/{verb}");
        for status in [
            json!(65536),
            json!(-1),
            json!(1.5),
            json!("nothing"),
            json!("A9xx"),
            json!(true),
        ] {
            let body = json!({ "Status": status, "To": "one" });
            let body = if verb == "redirect" {
                body
            } else {
                json!({ "Status": status })
            };
            is_bad(&scene.queue.post_json(&path, &body), "Status");
        }
        let disguised = scene.queue.post_json(&path, &json!({ "Status": null }));
        assert_eq!(disguised.status, 400, "{}", disguised.text());
        let both = json!({ "All": true, "Status": REFUSED });
        is_bad(&scene.queue.post_json(&path, &both), "All");
    }
    assert_eq!(ids(&scene.queue.ask("/errors")).len(), 3);
    let purged = scene
        .queue
        .tell("/errors/purge", &json!({ "Status": REFUSED }));
    assert_eq!(purged, json!({ "Purged": 3 }));
    assert_eq!(scene.queue.ask("/errors"), json!([]));
}

#[test]
fn uids_stand_for_identifiers() {
    let scene = scene();
    let queue = &scene.queue;
    let first = |path: &str| queue.get(path).json()[0].as_str().unwrap().to_owned();
    let uid = |path: &str, tag: &str| {
        let described = queue.get(path).json();
        described["MainDicomTags"][tag].as_str().unwrap().to_owned()
    };
    let study_uid = uid(&format!("/studies/{}", scene.study), "StudyInstanceUID");
    let series = first("/series");
    let series_uid = uid(&format!("/series/{series}"), "SeriesInstanceUID");
    let instance = &scene.instances[1];
    let instance_uid = uid(&format!("/instances/{instance}"), "SOPInstanceUID");
    for (level, id, uid) in [
        ("studies", &scene.study, &study_uid),
        ("series", &series, &series_uid),
        ("instances", instance, &instance_uid),
    ] {
        let by_id = queue.ask(&format!("/{level}/{id}"));
        assert_eq!(by_id["ID"], **id);
        assert_eq!(queue.ask(&format!("/{level}/{uid}")), by_id);
        // One of another level, one that nobody has, and no UID at all.
        let others = [
            if level == "studies" {
                &series_uid
            } else {
                &study_uid
            },
            "1.2.3.4.5",
            "1..2",
        ];
        for other in others {
            let answer = queue.get(&format!("/sendqueue/{level}/{other}"));
            assert_eq!(answer.status, 404, "{level} {other}: {}", answer.text());
        }
    }
    for (by_uid, by_id, count) in [
        (
            format!("study={study_uid}"),
            format!("study={}", scene.study),
            9,
        ),
        (
            format!("instance={instance_uid}"),
            format!("instance={instance}"),
            3,
        ),
        (
            format!("study={study_uid}&instance={instance_uid}&destination=two"),
            format!("instance={instance}&destination=two"),
            1,
        ),
        (
            "study=1.2.3.4.5".to_owned(),
            "instance=1.2.3.4.5".to_owned(),
            0,
        ),
    ] {
        let found = queue.ask(&format!("/items?{by_uid}"));
        assert_eq!(ids(&found).len(), count, "{by_uid}");
        assert_eq!(found, queue.ask(&format!("/items?{by_id}")), "{by_uid}");
    }
    assert_eq!(
        ids(&queue.ask(&format!("/errors?study={study_uid}"))).len(),
        3
    );
    let body = json!({ "Study": study_uid, "DryRun": true });
    assert_eq!(
        queue.tell("/errors/replay", &body),
        json!({ "Replayed": 3, "DryRun": true })
    );
}

#[test]
fn what_happened_and_what_can_be_done_in_words() {
    let scene = scene();
    let words = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    let failed = scene.queue.item(scene.first("Failure"));
    let meaning = failed["Meaning"].as_str().unwrap();
    assert!(meaning.contains("A900"), "{meaning}");
    assert!(words(&failed["Advice"]), "{failed:#}");
    assert_eq!(failed["Attempts"][0]["Meaning"], meaning);
    let summary = &scene.queue.ask("/errors/summary")[0];
    let last_error = &scene.queue.ask("/destinations/two")["LastError"];
    for value in [summary, last_error] {
        assert_eq!(value["Meaning"], failed["Meaning"], "{value:#}");
        assert_eq!(value["Advice"], failed["Advice"], "{value:#}");
    }
    for (filter, count) in [
        ("destination=two&class=Rejected&status=A900", 1),
        ("destination=one", 0),
        ("status=none", 0),
    ] {
        let found = scene.queue.ask(&format!("/errors/summary?{filter}"));
        assert_eq!(
            found.as_array().unwrap().len(),
            count,
            "{filter}: {found:#}"
        );
    }
    let waiting = scene.queue.item(scene.first("Pending"));
    has(&waiting, &["Meaning", "Advice"]);
    assert_eq!(waiting["Meaning"], Value::Null);
    assert_eq!(waiting["Advice"], Value::Null);
    let delivered = scene.queue.item(scene.first("Success"));
    assert!(words(&delivered["Meaning"]), "{delivered:#}");
    let rates = scene.queue.ask("/destinations");
    assert!(rates[0]["BytesPerSecond"].as_f64().unwrap() > 0.0);
    assert_eq!(rates[1]["BytesPerSecond"], 0.0);
}

/// Orthanc keeps studies of two patients apart though their UID is the same: neither is taken for the other.
#[test]
fn a_uid_that_two_studies_have_is_refused() {
    let scp = FaultScp::start("ONE");
    let queue = Queue::start(queue::config_for(&[&scp]));
    let study = |patient: &str| Study::new(1, 1).seed(1).patient_id(patient);
    queue.store_all(&study("A").build());
    queue.store_all(&study("B").build());
    queue.wait_for("one", "Success", 2);
    let uid = study("A").study_uid();
    let known = queue.get("/studies").json();
    let known: Vec<&str> = known
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap())
        .collect();
    assert_eq!(known.len(), 2);
    for (path, field) in [
        (format!("/studies/{uid}"), "id"),
        (format!("/items?study={uid}"), "study"),
        (format!("/errors?study={uid}"), "study"),
    ] {
        let answer = queue.get(&format!("/sendqueue{path}"));
        is_bad(&answer, field);
        let details = answer.json()["Details"].as_str().unwrap().to_owned();
        assert!(known.iter().all(|id| details.contains(id)), "{details}");
    }
    let body = json!({ "Study": uid });
    is_bad(&queue.post_json("/sendqueue/errors/purge", &body), "Study");
    assert_eq!(
        ids(&queue.ask(&format!("/items?study={}", known[0]))).len(),
        1
    );
}
