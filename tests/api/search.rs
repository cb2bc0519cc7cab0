//! From what a caller knows of a study to its identifier.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sendqueue_testkit::orthanc::HttpAnswer;

use super::*;

fn ask(queue: &Queue, text: &str) -> HttpAnswer {
    let text = utf8_percent_encode(text, NON_ALPHANUMERIC);
    queue.get(&format!("/sendqueue/search?q={text}"))
}

/// Level, identifier, what matched, whether it is exact; all that there is.
#[track_caller]
fn found(queue: &Queue, text: &str) -> Vec<(String, String, String, bool)> {
    let answer = ask(queue, text).ok();
    assert_eq!(answer.header("Sendqueue-Complete"), Some("true"), "{text}");
    let answer = answer.json();
    let list = answer.as_array().unwrap().iter();
    let word = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    list.map(|one| {
        let exact = one["Exact"].as_bool().unwrap();
        (
            word(one, "Level"),
            word(one, "ID"),
            word(one, "Matched"),
            exact,
        )
    })
    .collect()
}

#[test]
fn a_study_is_found_by_whatever_a_caller_knows() {
    let receiver = FaultScp::start("ONE");
    let mut queue = Queue::start(queue::config_for(&[&receiver]));
    let study = |date: &str, name: &str, id: &str, accession: &str| {
        Study::new(2, 1)
            .patient_name(name)
            .patient_id(id)
            .tag((0x0008, 0x0005), "CS", "ISO_IR 192")
            .tag((0x0008, 0x0020), "DA", date)
            .tag((0x0008, 0x0050), "SH", accession)
    };
    let old = study("20260105", "MILLER^Anna", "P-7", "ACC7");
    let new = study("20260301", "Miller^Bert", "P-77", "ACC77");
    let third = study(
        "20260201",
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "3",
        "A_C+7",
    );
    let mut ids = Vec::new();
    // Told from the third by a blank in its accession number alone.
    let blank = study("20260115", "Yamada^Jirou", "4", "A_C 7");
    for one in [&old, &new, &third, &blank] {
        ids.push(queue.store_all(&one.build()).remove(0));
    }
    queue.wait_for("one", "Success", 8);
    let above = |instance: &str, level: &str| {
        let above = queue.get(&format!("/instances/{instance}/{level}")).json();
        above["ID"].as_str().unwrap().to_owned()
    };
    let [a, b, c, d] = [0, 1, 2, 3].map(|at: usize| above(&ids[at], "study"));
    let series = above(&ids[0], "series");
    let patient = above(&ids[0], "patient");
    let is = |level: &str, id: &str, matched: &str, exact: bool| {
        (level.to_owned(), id.to_owned(), matched.to_owned(), exact)
    };
    let study = |id: &str, matched: &str, exact: bool| is("Study", id, matched, exact);
    let (uid, series_uid) = (old.study_uid(), {
        let shown = queue.get(&format!("/series/{series}")).json();
        shown["MainDicomTags"]["SeriesInstanceUID"]
            .as_str()
            .unwrap()
            .to_owned()
    });
    for (text, expected) in [
        ("acc7", vec![study(&a, "AccessionNumber", true)]),
        (" ACC77 ", vec![study(&b, "AccessionNumber", true)]),
        ("A_C+7", vec![study(&c, "AccessionNumber", true)]),
        ("A_C 7", vec![study(&d, "AccessionNumber", true)]),
        // The exact one first, though the other is newer.
        (
            "p-7",
            vec![study(&a, "PatientID", true), study(&b, "PatientID", false)],
        ),
        ("P-77", vec![study(&b, "PatientID", true)]),
        // The newest first.
        (
            "miller",
            vec![
                study(&b, "PatientName", false),
                study(&a, "PatientName", false),
            ],
        ),
        ("Miller, Anna", vec![study(&a, "PatientName", false)]),
        ("miller^anna", vec![study(&a, "PatientName", true)]),
        ("山田", vec![study(&c, "PatientName", false)]),
        ("m?ller*b", vec![study(&b, "PatientName", false)]),
        // Of a patient and of an item.
        ("3", {
            let instance = queue.item(3)["Study"].as_str().unwrap().to_owned();
            assert_eq!(instance, b);
            vec![is("Item", "3", "Item", true), study(&c, "PatientID", true)]
        }),
        (&uid, vec![study(&a, "Uid", true)]),
        (&series_uid, vec![is("Series", &series, "Uid", true)]),
        (
            &old.uid_of(1, 1),
            vec![is("Instance", &ids[0], "Uid", true)],
        ),
        (&a, vec![study(&a, "OrthancID", true)]),
        (
            &a.replace('-', "").to_uppercase(),
            vec![study(&a, "OrthancID", true)],
        ),
        (&series, vec![is("Series", &series, "OrthancID", true)]),
        (&ids[0], vec![is("Instance", &ids[0], "OrthancID", true)]),
        (&patient, vec![is("Patient", &patient, "OrthancID", true)]),
        ("1.2.3.4.5", vec![]),
        ("nobody", vec![]),
        // Data, whatever it is for others.
        ("../../studies", vec![]),
        ("%25_1", vec![]),
        ("' OR 1=1 --", vec![]),
        (r#"{"x": "<b>1</b>"}"#, vec![]),
        ("x(.[*", vec![]),
    ] {
        assert_eq!(found(&queue, text), expected, "{text}");
    }
    // As a form and `curl --data-urlencode` send a blank, and as itself.
    for (sent, expected) in [
        ("Miller,+Anna", &a),
        ("+miller++anna+", &a),
        ("miller%5Eanna", &a),
        // Unescaped, Orthanc 1.13 hands over a blank in its stead.
        ("A_C%2B7", &c),
        ("A_C%207", &d),
        // What is done to what is exact is not done to another one.
        ("Miller%2BAnna", &a),
    ] {
        let answer = queue.get(&format!("/sendqueue/search?q={sent}"));
        let answer = answer.ok().json();
        assert!(answer[0]["Exact"] == false || !sent.starts_with("Miller"));
        assert_eq!(answer[0]["ID"], **expected, "{sent}: {answer:#}");
        assert_eq!(answer.as_array().unwrap().len(), 1, "{sent}");
    }
    let shown = ask(&queue, &ids[2]).ok().json();
    assert_eq!(shown[0]["Study"], c);
    assert_eq!(
        shown[0]["Tags"],
        json!({
            "PatientName": "Yamada^Tarou=山田^太郎=やまだ^たろう", "PatientID": "3", "StudyDescription": "Made up",
            "StudyDate": "20260201", "AccessionNumber": "A_C+7", "ModalitiesInStudy": "CT",
        })
    );
    for bad in ["", "*", "a\\b", "a\u{7}b", &"x".repeat(8000)] {
        let answer = ask(&queue, bad);
        assert_eq!(answer.status, 400, "{bad:?}");
        let details = answer.json()["Details"].as_str().unwrap().to_owned();
        assert!(details.starts_with("q: found "), "{details}");
    }
    // What Orthanc has no more, the queue knows by its own identifiers.
    assert_eq!(queue.delete(&format!("/studies/{a}")).status, 200);
    assert_eq!(found(&queue, "miller").len(), 1);
    assert_eq!(found(&queue, &a), vec![study(&a, "OrthancID", true)]);
    let gone = ask(&queue, "1").ok().json();
    assert_eq!(gone[0]["Level"], "Item");
    for gone in [&gone[0], &ask(&queue, &a).json()[0]] {
        assert_eq!(
            (&gone["InOrthanc"], &gone["Study"]),
            (&json!(false), &json!(a))
        );
        assert_eq!(gone["Tags"], json!({}));
    }
    assert!(queue.is_running());
    let log = queue.log().to_lowercase();
    for secret in ["miller", "p-7", "acc7", "山田", "yamada"] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
}
