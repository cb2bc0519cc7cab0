//! "Was this sent in March?": what was delivered is known long after the items are gone.

use sendqueue_testkit::orthanc::HttpAnswer;
use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, Study};
use serde_json::{Value, json};

const PRUNED: &str = "nothing is left of what was sent";

fn lines(queue: &Queue, query: &str) -> Vec<Value> {
    let path = format!("/deliveries?{query}");
    let answer = queue.ask(path.trim_end_matches('?'));
    answer.as_array().unwrap().clone()
}

/// Accession number, destination and number of instances of each line.
fn told(lines: &[Value]) -> Vec<(&str, &str, u64)> {
    lines
        .iter()
        .map(|one| {
            (
                one["AccessionNumber"].as_str().unwrap_or_default(),
                one["Destination"].as_str().unwrap(),
                one["Instances"].as_u64().unwrap(),
            )
        })
        .collect()
}

/// The records of a table, each with its fields (RFC 4180).
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut all, mut record, mut field) = (Vec::new(), Vec::new(), String::new());
    let (mut is_quoted, mut letters) = (false, text.chars().peekable());
    while let Some(letter) = letters.next() {
        match letter {
            '"' if is_quoted && letters.next_if_eq(&'"').is_some() => field.push('"'),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => record.push(std::mem::take(&mut field)),
            '\r' if !is_quoted => {
                assert_eq!(letters.next(), Some('\n'), "{text:?}");
                record.push(std::mem::take(&mut field));
                all.push(std::mem::take(&mut record));
            }
            other => field.push(other),
        }
    }
    assert!(record.is_empty() && field.is_empty(), "{text:?}");
    all
}

fn study(seed: u64, instances: usize, accession: &str) -> Study {
    Study::new(1, instances)
        .seed(seed)
        .tag((0x0008, 0x0050), "SH", accession)
}

fn config(receivers: &[&FaultScp]) -> sendqueue_testkit::OrthancConfig {
    queue::config_for(receivers).set("/SendQueue/HistoryDays", 0)
}

fn sent(queue: &Queue, receivers: &[&FaultScp], stores: usize) {
    let done = || receivers.iter().all(|scp| scp.counters().stores == stores);
    queue.wait_until(done, SOON, "all of it at the receivers");
    let counts = || queue.ask("")["Counts"].clone();
    let gone = || counts().as_object().unwrap().values().all(|n| *n == 0);
    queue.wait_until(gone, SOON, PRUNED);
}

#[track_caller]
fn refused(answer: &HttpAnswer, status: u16, words: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert!(answer.text().contains(words), "{}", answer.text());
}

#[test]
fn what_was_sent_is_known_when_its_items_are_gone() {
    let (pacs, archive) = (FaultScp::start("PACS"), FaultScp::start("ARCHIVE"));
    archive.set_status(0xB000);
    let mut queue = Queue::start(config(&[&pacs, &archive]));
    let (first, second) = (study(1, 3, "A-1"), study(2, 2, "=1+1,\"x\""));
    let first_ids = queue.store_all(&first.build());
    sent(&queue, &[&pacs, &archive], 3);
    let between = queue.ask("/deliveries")[1]["LastDelivery"].clone();
    queue.store_all(&second.build());
    sent(&queue, &[&pacs, &archive], 5);
    assert_eq!(queue.items(""), Vec::<Value>::new());
    // Sent again: the same instances.
    let parent = queue.get(&format!("/instances/{}/study", first_ids[0]));
    let id = parent.json()["ID"].as_str().unwrap().to_owned();
    let again = json!({ "Resources": [id], "Destinations": ["pacs"] });
    assert_eq!(queue.tell("/items", &again)["Enqueued"], 3);
    sent(&queue, &[&pacs], 8);

    let check = |queue: &Queue| {
        let all = lines(queue, "");
        let formula = "=1+1,\"x\"";
        assert_eq!(all.len(), 4, "{all:#?}");
        let mut found = told(&all);
        found.sort_unstable();
        let mut expected = [
            ("A-1", "pacs", 3),
            ("A-1", "archive", 3),
            (formula, "pacs", 2),
            (formula, "archive", 2),
        ];
        expected.sort_unstable();
        assert_eq!(found, expected);
        let ids: Vec<i64> = all.iter().map(|one| one["ID"].as_i64().unwrap()).collect();
        assert!(ids.is_sorted(), "{ids:?}");
        for one in &all {
            let is_archive = one["Destination"] == "archive";
            let warnings = if is_archive {
                one["Instances"].clone()
            } else {
                json!(0)
            };
            assert_eq!(one["Warnings"], warnings, "{one:#}");
            assert!(one["Bytes"].as_u64().unwrap() > 0, "{one:#}");
            assert_eq!(one["Closed"], false, "{one:#}");
        }
        // By what people know of it.
        let a1 = lines(queue, "accession=A-1");
        assert_eq!(a1.len(), 2);
        assert_eq!(lines(queue, &format!("study={}", first.study_uid())), a1);
        assert_eq!(lines(queue, &format!("study={id}")), a1);
        assert_eq!(
            lines(queue, &format!("study={id}&accession=A-2")),
            Vec::<Value>::new()
        );
        assert_eq!(
            lines(queue, "accession=%3D1%2B1%2C%22x%22&destination=pacs").len(),
            1
        );
        assert_eq!(lines(queue, "destination=nowhere"), Vec::<Value>::new());
        assert_eq!(a1[0]["StudyInstanceUid"], first.study_uid());
        assert_eq!(a1[0]["Study"], id);
        // By time: the second study began after the first was done, and the first was sent again after it.
        let between = between.as_str().unwrap();
        let until = lines(queue, &format!("until={between}"));
        assert!(until.iter().all(|one| one["AccessionNumber"] == "A-1"));
        assert_eq!(lines(queue, "since=1h"), all);
        assert_eq!(lines(queue, "until=1h"), Vec::<Value>::new());
        let line = |destination: &str| {
            let one = a1.iter().find(|one| one["Destination"] == destination);
            one.unwrap().clone()
        };
        assert!(line("pacs")["LastDelivery"].as_str().unwrap() > between);
        // In pages.
        let page = lines(queue, "limit=3");
        assert_eq!(page, all[..3]);
        let rest = lines(queue, &format!("limit=3&after={}", page[2]["ID"]));
        assert_eq!(rest, all[3..]);
        // One by one.
        let shown = queue.ask(&format!("/deliveries/{}", line("pacs")["ID"]));
        let list = shown["List"].as_array().unwrap();
        assert_eq!(list.len(), 6, "each twice");
        for one in list {
            assert_eq!(
                (&one["Class"], &one["DimseStatus"]),
                (&json!("Success"), &json!(0))
            );
            assert!(one["Item"].is_u64() && one["SizeBytes"].as_u64().unwrap() > 0);
            assert!(one.get("SentAs").is_none(), "{one:#}");
            assert!(first_ids.contains(&one["Instance"].as_str().unwrap().to_owned()));
        }
        let shown = queue.ask(&format!("/deliveries/{}", line("archive")["ID"]));
        assert_eq!(shown["List"][0]["Class"], "Warning");
        assert_eq!(shown["List"][0]["DimseStatus"], 0xB000);

        // For a spreadsheet.
        let table = queue.get("/sendqueue/deliveries?format=csv").ok();
        assert_eq!(
            table.header("Content-Type"),
            Some("text/csv; charset=utf-8")
        );
        let kept = "attachment; filename=\"deliveries.csv\"";
        assert_eq!(table.header("Content-Disposition"), Some(kept));
        assert_eq!(table.header("Sendqueue-Complete"), Some("true"));
        let found = records(&table.text());
        assert_eq!(
            found[0].join(","),
            "ID,Study,StudyInstanceUid,AccessionNumber,Destination,FirstDelivery,LastDelivery,Instances,Warnings,Bytes,Closed"
        );
        assert_eq!(found.len(), 5);
        for (record, one) in found[1..].iter().zip(&all) {
            let word = |name: &str| match &one[name] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            for (field, name) in record.iter().zip(&found[0]) {
                let expected = match name.as_str() {
                    "AccessionNumber" if word(name) == formula => format!("'{formula}"),
                    "FirstDelivery" | "LastDelivery" => {
                        let time = word(name);
                        let part = |from: usize, to: usize| &time[from..to];
                        format!(
                            "{}-{}-{} {}:{}:{}",
                            part(0, 4),
                            part(4, 6),
                            part(6, 8),
                            part(9, 11),
                            part(11, 13),
                            part(13, 15)
                        )
                    }
                    name => word(name),
                };
                assert_eq!(*field, expected, "{name}");
            }
        }
        let some = queue
            .get("/sendqueue/deliveries?format=csv&accession=A-1&limit=1")
            .ok();
        assert_eq!(some.header("Sendqueue-Complete"), Some("false"));
        assert_eq!(records(&some.text()).len(), 2);
    };
    check(&queue);
    queue.restart().unwrap();
    check(&queue);
    // Orthanc has it no longer: a round, which begins with a start, leaves the figures.
    let of_it = |queue: &Queue| lines(queue, &format!("study={}", first.study_uid()));
    let before = of_it(&queue);
    assert_eq!(queue.delete(&format!("/studies/{id}")).status, 200);
    queue.restart().unwrap();
    let closed = || of_it(&queue).iter().all(|one| one["Closed"] == true);
    queue.wait_until(closed, SOON, "closed lines");
    let after = of_it(&queue);
    for (mut one, was) in after.into_iter().zip(before) {
        let shown = queue.ask(&format!("/deliveries/{}", one["ID"]));
        assert_eq!(shown["List"], json!([]));
        one["Closed"] = was["Closed"].clone();
        assert_eq!(one, was);
    }
    let table = queue.get("/sendqueue/deliveries?format=csv").ok().text();
    let ends: Vec<String> = records(&table)
        .into_iter()
        .filter_map(|mut one| one.pop())
        .collect();
    assert_eq!(
        ends.iter().filter(|word| *word == "true").count(),
        2,
        "{table}"
    );
    for known in [&id, &first.study_uid()] {
        let shown = queue.ask(&format!("/studies/{known}"));
        let expected = json!({ "ID": id, "InOrthanc": false, "Destinations": [] });
        assert_eq!(shown, expected);
    }
    let other = "/sendqueue/studies/2.25.1";
    refused(&queue.get(other), 404, "neither Orthanc nor the queue");

    let get = |path: &str| queue.get(&format!("/sendqueue/deliveries{path}"));
    refused(&get("?format=xml"), 400, "allowed: json, csv");
    refused(&get("?limit=1001"), 400, "limit");
    refused(&get("?format=csv&limit=100001"), 400, "limit");
    refused(&get("?since=yesterday"), 400, "since");
    refused(&get("?patient=1"), 400, "query argument");
    refused(&get("/4711"), 404, "no delivery 4711");
    refused(&get("/x"), 404, "an ID is a positive integer");
}

#[test]
fn a_sudden_end_forgets_no_delivery() {
    let pacs = FaultScp::start("PACS");
    let mut queue = Queue::start(config(&[&pacs]));
    queue.store_all(&study(1, 20, "A-1").build());
    // In the midst of it, and once it is over.
    queue.wait_until(|| pacs.counters().stores >= 5, SOON, "some of it delivered");
    queue.kill9();
    queue.restart().unwrap();
    let done = || told(&lines(&queue, "accession=A-1")) == [("A-1", "pacs", 20)];
    queue.wait_until(done, SOON, "all of it delivered");
    let before = lines(&queue, "");
    queue.kill9();
    queue.restart().unwrap();
    assert_eq!(lines(&queue, ""), before);
}

/// What people call a study may be corrected while the queue knows it.
#[test]
fn a_corrected_accession_number_counts() {
    let pacs = FaultScp::start("PACS");
    let queue = Queue::start(config(&[&pacs]));
    let stored = queue.store_all(&study(1, 1, "A-1").build());
    sent(&queue, &[&pacs], 1);
    assert_eq!(lines(&queue, "accession=A-1").len(), 1);
    let parent = queue.get(&format!("/instances/{}/study", stored[0]));
    let id = parent.json()["ID"].as_str().unwrap().to_owned();
    let corrected = study(1, 1, "A-2").build();
    let is_found = || {
        queue.delete(&format!("/studies/{id}"));
        queue.store_all(&corrected);
        !lines(&queue, "accession=A-2").is_empty()
    };
    queue.wait_until(is_found, SOON, "it is found by its new number");
}
