use serde_json::json;

use super::*;

const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
const MR: &str = "1.2.840.10008.5.1.4.1.1.4";

fn pair(sop_instance: &str) -> Pair {
    Pair {
        sop_class: CT.to_owned(),
        sop_instance: sop_instance.to_owned(),
    }
}

fn confirmed(class: &str, uid: &str) -> Value {
    json!({ "SOPClassUID": class, "SOPInstanceUID": uid })
}

fn denied(class: &str, uid: &str, reason: u16) -> Value {
    json!({
        "SOPClassUID": class, "SOPInstanceUID": uid,
        "FailureReason": reason, "Description": "whatever",
    })
}

/// As Orthanc 1.10.1 to 1.13.0 write it; what it says of its status is never right here.
fn report(success: &[Value], failures: &[Value]) -> Value {
    let status = if failures.is_empty() {
        "Success"
    } else {
        "Failure"
    };
    json!({ "RemoteAET": "PACS", "Status": status, "Success": success, "Failures": failures })
}

fn read_one(report: &Value) -> Answer {
    let answers = read(report, "PACS", false, &[&pair("1.1")]).unwrap();
    assert_eq!(answers.len(), 1);
    answers[0].clone()
}

fn not_yet(answer: &Answer) -> &str {
    match answer {
        Answer::NotYet(why) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_is_confirmed_by_its_own_entry_alone() {
    let asked = [pair("1.1"), pair("1.2"), pair("1.3")];
    let asked: Vec<&Pair> = asked.iter().collect();
    // One of three, and one that nobody asked for.
    let one = report(&[confirmed(CT, "1.2"), confirmed(CT, "9.9")], &[]);
    let answers = read(&one, "PACS", true, &asked).unwrap();
    assert_eq!(answers[1], Answer::Has);
    for other in [&answers[0], &answers[2]] {
        assert!(not_yet(other).contains("does not name the instance"));
    }
    // None, though Orthanc says Success.
    let none = read(&report(&[], &[]), "PACS", true, &asked).unwrap();
    assert!(
        none.iter()
            .all(|one| not_yet(one).contains("does not name"))
    );
    let all = [
        confirmed(CT, "1.3"),
        confirmed(CT, "1.1"),
        confirmed(CT, "1.1"),
    ];
    let both = read(
        &report(&all, &[denied(CT, "1.2", 0x0112)]),
        "PACS",
        true,
        &asked,
    )
    .unwrap();
    assert_eq!((&both[0], &both[2]), (&Answer::Has, &Answer::Has));
    let Answer::Denied { status, details } = &both[1] else {
        panic!("{both:?}");
    };
    assert_eq!(*status, 0x0112);
    assert_eq!(
        details,
        "storage commitment failed: no such object instance (0x0112)"
    );
}

#[test]
fn what_contradicts_itself_says_nothing() {
    let good = confirmed(CT, "1.1");
    for (words, odd) in [
        (
            "both confirms and denies",
            report(std::slice::from_ref(&good), &[denied(CT, "1.1", 0x0112)]),
        ),
        (
            "both confirms and denies",
            report(std::slice::from_ref(&good), &[denied(MR, "1.1", 0x0112)]),
        ),
        ("another SOP class", report(&[confirmed(MR, "1.1")], &[])),
        (
            "another SOP class",
            report(&[good.clone(), confirmed(MR, "1.1")], &[]),
        ),
        ("another SOP class", report(&[confirmed("", "1.1")], &[])),
        (
            "another SOP class",
            report(&[], &[denied(MR, "1.1", 0x0112)]),
        ),
        (
            "another SOP class",
            report(&[], &[denied(CT, "1.1", 0x0112), denied(MR, "1.1", 0x0112)]),
        ),
        (
            "does not name",
            report(&[json!({ "SOPClassUID": CT })], &[]),
        ),
        (
            "does not name",
            report(&[json!(1), json!(null), json!([])], &[]),
        ),
        ("no reason", report(&[], &[confirmed(CT, "1.1")])),
    ] {
        let answer = read_one(&odd);
        let why = not_yet(&answer);
        assert!(why.contains(words), "{words}: {why}");
    }
}

#[test]
fn a_report_of_somebody_else_says_nothing() {
    let mut foreign = report(&[confirmed(CT, "1.1")], &[]);
    for aet in [json!("OTHER"), json!(""), json!(null), json!("PACS1")] {
        foreign["RemoteAET"] = aet;
        let answer = read_one(&foreign);
        assert!(not_yet(&answer).contains("not from \"PACS\""), "{answer:?}");
    }
    // As Orthanc compares AETs.
    foreign["RemoteAET"] = json!("pacs ");
    assert_eq!(read_one(&foreign), Answer::Has);
    let strict = read(&foreign, "PACS", true, &[&pair("1.1")]).unwrap();
    assert!(not_yet(&strict[0]).contains("came from \"pacs\""));
}

#[test]
fn what_is_open_is_no_report() {
    for open in [
        json!({ "RemoteAET": "PACS", "Status": "Pending" }),
        json!({ "RemoteAET": "PACS", "Status": "Success" }),
        json!(null),
        json!([]),
    ] {
        assert_eq!(read(&open, "PACS", false, &[&pair("1.1")]), None, "{open}");
    }
}

#[test]
fn a_failure_of_the_moment_is_no_denial() {
    for (reason, is_denied) in [
        (0x0110, false),
        (0x0131, false),
        (0x0213, false),
        (0x0112, true),
        (0x0119, true),
        (0x0122, true),
        (0xC123, true),
    ] {
        let answer = read_one(&report(&[], &[denied(CT, "1.1", reason)]));
        let said = format!("0x{reason:04X}");
        match &answer {
            Answer::Denied { status, details } => {
                assert!(is_denied && *status == reason && details.contains(&said));
            }
            Answer::NotYet(why) => assert!(!is_denied && why.contains(&said), "{why}"),
            other => panic!("{other:?}"),
        }
    }
}
