//! Whether a receiver has what it acknowledged: what it is asked, and what is believed of its answers.

mod commit;
mod find;

use std::net::{Shutdown, TcpListener};
use std::sync::Arc;

use dicom_ul::pdu::{PDataValue, PDataValueType, Pdu, PresentationContextResultReason};
use orthanc_sdk::fake_host::FakeHost;
use parking_lot::Mutex;
use sendqueue_dicom::{DataSet, Elements, Tag};
use serde_json::{Value, json};

use super::manners::message_id;
use super::raw::{CT, Line, Receiver, accept_of, command, data, element};
use crate::config::settings::HostSettings;
use crate::item::{Class, Ids, Means, Outcome, SentSeries, SystemClock};
use crate::transport::budget::Budget;
use crate::transport::confirm::{Answer, Answers, Asked, Question};
use crate::transport::native::Native;
use crate::transport::native::contexts::IMPLICIT_VR_LE;
use crate::transport::{Called, Modality};

const FIND: &str = "1.2.840.10008.5.1.4.1.2.2.1";
const COMMITMENT: &str = "1.2.840.10008.1.20.1";
const MR: &str = "1.2.840.10008.5.1.4.1.1.4";

/// An instance of the study `st`, of the series `s1` or another one.
fn asked(number: usize, series: &str) -> Asked {
    Asked {
        ids: Ids {
            instance: format!("i{number}"),
            sop_instance_uid: uid(number),
            series: series.to_owned(),
            study: "st".to_owned(),
            patient: "p".to_owned(),
        },
        sent_as: None,
        series: None,
    }
}

fn uid(number: usize) -> String {
    format!("1.2.1.{number}")
}

struct Bench {
    _fake: FakeHost,
    native: Native,
    port: u16,
    /// What Orthanc keeps of a transaction: an HTTP status, or an error code, and its body.
    report: Arc<Mutex<Result<Value, i32>>>,
    /// What Orthanc does not have any more.
    gone: Arc<Mutex<Vec<String>>>,
}

impl Bench {
    fn new(port: u16) -> Bench {
        let fake = FakeHost::new("1.12.7");
        let report = Arc::new(Mutex::new(Err(17)));
        let gone = Arc::new(Mutex::new(Vec::new()));
        let (answer, without) = (report.clone(), gone.clone());
        fake.on_rest(move |_, uri, body| {
            let said = if uri == "/tools/bulk-content" {
                let wanted: Value = serde_json::from_slice(body).unwrap();
                let ids = wanted["Resources"].as_array().unwrap().iter();
                let ids = ids.map(|id| id.as_str().unwrap());
                let there = ids.filter(|id| !without.lock().iter().any(|one| one == id));
                let all = there.map(|id| described(id, wanted["Metadata"] == json!(true)));
                Value::Array(all.collect())
            } else if uri.starts_with("/storage-commitment/2.25.") {
                answer.lock().clone()?
            } else {
                return Err(17);
            };
            Ok((200, said.to_string().into_bytes()))
        });
        let clock = Arc::new(SystemClock);
        let budget = Arc::new(Budget::default());
        let native = Native::new(fake.host(), clock, budget, HostSettings::default());
        Bench {
            _fake: fake,
            native,
            port,
            report,
            gone,
        }
    }

    fn ask(&self, by: Means, transaction: Option<&str>, instances: &[Asked]) -> Answers {
        let look_up = || {
            Ok(Modality {
                aet: "PACS".to_owned(),
                host: "127.0.0.1".to_owned(),
                port: self.port,
                ..Modality::default()
            })
        };
        let called = Called {
            name: "pacs",
            look_up: &look_up,
        };
        let question = Question {
            by,
            transaction,
            local_aet: Some("US"),
            timeout: Some(1),
            instances,
        };
        let answers = self.native.confirm(&called, &question);
        assert_eq!(answers.each.len(), instances.len());
        assert_eq!(self.native.cut.count(), 0, "a connection was leaked");
        answers
    }

    fn find(&self, instances: &[Asked]) -> Answers {
        self.ask(Means::Find, None, instances)
    }

    fn commit(&self, instances: &[Asked]) -> Answers {
        self.ask(Means::StorageCommitment, None, instances)
    }
}

/// As Orthanc describes a resource.
fn described(id: &str, metadata: bool) -> Value {
    let tags = match id {
        "st" => json!({ "StudyInstanceUID": "1.2" }),
        series if series.starts_with('s') => {
            json!({ "SeriesInstanceUID": format!("1.2.{}", &series[1..]) })
        }
        _ => json!({}),
    };
    let metadata = metadata.then(|| json!({ "SopClassUid": CT }));
    json!({ "ID": id, "MainDicomTags": tags, "Metadata": metadata })
}

/// A response to this request.
fn response(request: &[u8], field: u16, status: u16, has_data_set: bool) -> Vec<u8> {
    let kind: u16 = if has_data_set { 1 } else { 0x0101 };
    [
        element(0x0100, &field.to_le_bytes()),
        element(0x0120, &message_id(request).to_le_bytes()),
        element(0x0800, &kind.to_le_bytes()),
        element(0x0900, &status.to_le_bytes()),
    ]
    .concat()
}

fn identifier(bytes: Vec<u8>, is_last: bool) -> PDataValue {
    PDataValue {
        presentation_context_id: 1,
        value_type: PDataValueType::Data,
        is_last,
        data: bytes,
    }
}

/// Elements in Implicit VR Little Endian.
fn implicit(elements: &[((u16, u16), &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for ((group, number), text) in elements {
        let value = format!("{text}{}", if text.len() % 2 == 1 { "\0" } else { "" });
        bytes.extend_from_slice(&group.to_le_bytes());
        bytes.extend_from_slice(&number.to_le_bytes());
        bytes.extend_from_slice(&u32::try_from(value.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(value.as_bytes());
    }
    bytes
}

fn match_of(uid: &str) -> Vec<u8> {
    implicit(&[
        ((8, 0x18), uid),
        ((8, 0x52), "IMAGE "),
        ((0x20, 0xD), "1.2"),
    ])
}

/// Answers a match.
fn found(line: &mut Line, request: &[u8], status: u16, bytes: Vec<u8>) {
    line.send(&data(vec![command(
        1,
        true,
        response(request, 0x8020, status, true),
    )]));
    line.send(&data(vec![identifier(bytes, true)]));
}

fn done(line: &mut Line, request: &[u8], status: u16) {
    line.send(&data(vec![command(
        1,
        true,
        response(request, 0x8020, status, false),
    )]));
}

fn released(line: &mut Line) {
    assert_eq!(line.next(), Some(Pdu::ReleaseRQ));
    line.send(&Pdu::ReleaseRP);
}

fn text(elements: &Elements<'_>, tag: Tag) -> String {
    let bytes = elements.get(tag).unwrap().bytes().unwrap();
    String::from_utf8(bytes.to_vec())
        .unwrap()
        .trim_end_matches(['\0', ' '])
        .to_owned()
}

/// The answer, in words.
fn word(answer: &Answer) -> &str {
    match answer {
        Answer::Has => "Has",
        Answer::Denied { .. } => "Denied",
        Answer::NotYet(why) => why,
        Answer::Awaited => "Awaited",
        Answer::Elsewhere(why) => why,
    }
}

/// An instance of which it was told how it was sent.
fn sent(number: usize, target: &str) -> Asked {
    Asked {
        series: Some(SentSeries {
            target: target.to_owned(),
            study: "2.25.1".to_owned(),
            series: "2.25.2".to_owned(),
            sop_class: MR.to_owned(),
        }),
        ..asked(number, "s1")
    }
}

#[test]
fn nobody_is_asked_for_what_another_one_got() {
    // Nobody listens there: it would be told.
    let bench = Bench::new(1);
    for (by, transaction) in [
        (Means::Find, None),
        (Means::StorageCommitment, None),
        (Means::StorageCommitment, Some("2.25.7")),
    ] {
        *bench.report.lock() = Ok(json!({
            "RemoteAET": "PACS",
            "Success": [{ "SOPClassUID": MR, "SOPInstanceUID": uid(1) }],
        }));
        let answers = bench.ask(by, transaction, &[sent(1, "10.0.0.9:104")]);
        let why = "it was delivered to 10.0.0.9:104, and the destination leads to 127.0.0.1:1 now";
        assert_eq!(answers.each, [Answer::Elsewhere(why.to_owned())], "{by:?}");
        assert_eq!(answers.trouble, None);
        // Where it went is not known, or it went there.
        let all = [asked(1, "s1"), sent(1, ""), sent(1, "127.0.0.1:1")];
        for answer in bench.ask(by, transaction, &all).each {
            assert!(!matches!(answer, Answer::Elsewhere(_)), "{answer:?}");
        }
    }
}

#[test]
fn who_does_not_take_the_question_is_in_no_trouble() {
    for (by, name) in [
        (Means::Find, "C-FIND"),
        (Means::StorageCommitment, "Storage Commitment"),
    ] {
        let receiver = Receiver::start(|line| {
            let request = line.request();
            let mut accept = accept_of(&request, 16_384);
            accept.presentation_contexts[0].reason =
                PresentationContextResultReason::AbstractSyntaxNotSupported;
            line.send(&Pdu::AssociationAC(accept));
            released(line);
        });
        let bench = Bench::new(receiver.address.port());
        let answers = bench.ask(by, None, &[asked(1, "s1")]);
        let said = word(&answers.each[0]);
        assert!(
            said.contains("does not take") && said.contains(name),
            "{said}"
        );
        assert_eq!((answers.transaction, answers.trouble), (None, None));
        receiver.join();
        drop(bench);

        let receiver = Receiver::start(|line| {
            line.request();
            line.raw(&[3, 0, 0, 0, 0, 4, 0, 1, 1, 1]);
        });
        let bench = Bench::new(receiver.address.port());
        let answers = bench.ask(by, None, &[asked(1, "s1")]);
        assert!(word(&answers.each[0]).contains("refused the association"));
        assert_eq!(answers.trouble, None);
        receiver.join();
    }
}

#[test]
fn who_is_not_there_or_says_nothing_is_in_trouble() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = nobody.local_addr().unwrap().port();
    // It takes the connection into its queue, and says nothing.
    let silent = Bench::new(port).find(&[asked(1, "s1")]);
    let outcome = silent.trouble.unwrap();
    assert_eq!(
        (outcome.class, outcome.may_be_congestion),
        (Class::Unreachable, true)
    );
    drop(nobody);
    let bench = Bench::new(port);
    let gone = bench.commit(&[asked(1, "s1")]);
    let outcome = gone.trouble.unwrap();
    assert_eq!(
        (outcome.class, outcome.may_be_congestion),
        (Class::Unreachable, false)
    );
    assert_eq!(word(&gone.each[0]), outcome.details);
    // Our own stop is not its trouble.
    bench.native.cut();
    let stopped = bench.find(&[asked(1, "s1")]);
    assert_eq!(stopped.trouble, None);
    assert!(word(&stopped.each[0]).contains("Orthanc is stopping"));
}

#[test]
fn without_a_modality_the_transaction_stays_open() {
    let bench = Bench::new(1);
    let unknown = || Err(Outcome::new(Class::Unreachable, "no such modality"));
    let called = Called {
        name: "pacs",
        look_up: &unknown,
    };
    let instances = [asked(1, "s1")];
    let question = Question {
        by: Means::StorageCommitment,
        transaction: Some("2.25.1"),
        local_aet: None,
        timeout: None,
        instances: &instances,
    };
    let answers = bench.native.confirm(&called, &question);
    assert_eq!(answers.transaction.as_deref(), Some("2.25.1"));
    assert_eq!(
        answers.each,
        [Answer::NotYet("no such modality".to_owned())]
    );
    assert_eq!(answers.trouble.unwrap().class, Class::Unreachable);
}
