//! Each receiver takes what the kit says it takes, over TCP and TLS, and shows it as it came.

use std::collections::BTreeSet;
use std::time::Duration;

use sendqueue_testkit::certificates::Certificates;
use sendqueue_testkit::dicom::{
    EXPLICIT_VR_LE, IMPLICIT_VR_LE, Sample, elements, every_object, every_syntax,
};
use sendqueue_testkit::sender::{self, ClientTls};
use sendqueue_testkit::{ClientCertificate, Receiver, ReceiverKind, ReceiverOptions};

const LONG: Duration = Duration::from_secs(30);

fn samples() -> Vec<Sample> {
    every_syntax().into_iter().chain(every_object()).collect()
}

fn some() -> Vec<Sample> {
    every_object().into_iter().take(2).collect()
}

/// The lines that only one of them has.
fn difference<'a>(sent: &'a [String], came: &'a [String]) -> Vec<&'a String> {
    let lost = sent.iter().filter(|line| !came.contains(line));
    lost.chain(came.iter().filter(|line| !sent.contains(line)))
        .collect()
}

#[test]
fn each_takes_what_it_knows_and_shows_it_as_it_came() {
    let samples = samples();
    for kind in ReceiverKind::ALL {
        // dicom-rs cuts the connection at a UN of undefined length (PS3.5 6.2.2).
        let readable =
            |sample: &&Sample| kind != ReceiverKind::DicomRs || sample.name != "unknown VR";
        let samples: Vec<Sample> = samples.iter().filter(readable).cloned().collect();
        let receiver = Receiver::start(kind, "SINK");
        let answers = sender::pynetdicom("SINK", receiver.port(), &samples, None);
        let answers =
            answers.unwrap_or_else(|error| panic!("{kind:?}: {error}\n{}", receiver.log()));
        let mut wrong = Vec::new();
        let mut taken = BTreeSet::new();
        for sample in &samples {
            let answer = answers[&sample.sop_instance_uid];
            let expected = kind.takes(&sample.transfer_syntax).then_some(0);
            if answer != expected {
                wrong.push(format!("{}: {answer:04X?}", sample.name));
            }
            if answer == Some(0) {
                taken.insert(&sample.sop_instance_uid);
            }
        }
        assert!(receiver.wait_for(taken.len(), LONG));
        let received = receiver.received();
        assert!(received.keys().eq(taken), "{kind:?}");
        for sample in &samples {
            let Some(file) = received.get(&sample.sop_instance_uid) else {
                continue;
            };
            assert_eq!(
                file.sop_class_uid, sample.sop_class_uid,
                "{kind:?} {}",
                sample.name
            );
            let same =
                file.transfer_syntax == sample.transfer_syntax && file.data_set == sample.wire();
            if !kind.keeps_bytes() {
                let sent = elements(&sample.transfer_syntax, &sample.wire());
                let came = elements(&file.transfer_syntax, &file.data_set);
                if sent != came {
                    wrong.push(format!("{}: {:?}", sample.name, difference(&sent, &came)));
                }
            } else if !same {
                wrong.push(format!("{}: another data set", sample.name));
            }
        }
        assert!(wrong.is_empty(), "{kind:?}: {wrong:#?}");
    }
}

#[test]
fn transfer_syntaxes_are_restricted() {
    let samples: Vec<Sample> = every_syntax().into_iter().take(4).collect();
    let lossless = "1.2.840.10008.1.2.4.57";
    for only in [
        &[IMPLICIT_VR_LE][..],
        &[EXPLICIT_VR_LE],
        &[EXPLICIT_VR_LE, lossless],
    ] {
        for kind in ReceiverKind::ALL {
            if kind == ReceiverKind::DicomRs {
                let refused = ReceiverOptions::new(kind).only(only).start("SINK");
                assert!(refused.is_err(), "it cannot");
                continue;
            }
            let receiver = ReceiverOptions::new(kind).only(only).start("SINK");
            let receiver = receiver.expect("a receiver");
            let answers = sender::pynetdicom("SINK", receiver.port(), &samples, None);
            let answers = answers.unwrap_or_else(|error| panic!("{kind:?}: {error}"));
            for sample in &samples {
                let wanted = only.contains(&sample.transfer_syntax.as_str()).then_some(0);
                // Orthanc takes the default transfer syntax whatever it is told (PS3.5 10.1).
                let default = sample.transfer_syntax == IMPLICIT_VR_LE;
                if kind != ReceiverKind::Orthanc || !default {
                    let answer = answers[&sample.sop_instance_uid];
                    assert_eq!(answer, wanted, "{kind:?} {only:?} {}", sample.name);
                }
            }
        }
    }
    let both = [EXPLICIT_VR_LE, IMPLICIT_VR_LE];
    let options = ReceiverOptions::new(ReceiverKind::DicomRs).only(&both);
    let receiver = options.start("SINK").expect("a receiver");
    let answers = sender::pynetdicom("SINK", receiver.port(), &samples, None).expect("answers");
    assert_eq!(answers.values().flatten().count(), 2);
}

#[test]
fn tls_asks_for_the_client_s_certificate_as_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let certificates = Certificates::make(folder.path()).expect("certificates");
    let samples = some();
    for kind in ReceiverKind::ALL {
        for client in [
            ClientCertificate::Required,
            ClientCertificate::Optional,
            ClientCertificate::Ignored,
        ] {
            let options = ReceiverOptions::new(kind).tls(&certificates, client);
            let started = options.start("SINK");
            if kind == ReceiverKind::Orthanc && client == ClientCertificate::Ignored {
                assert!(started.is_err(), "it cannot");
                continue;
            }
            let receiver = started.expect("a receiver");
            let sent = |identity| {
                let tls = ClientTls {
                    certificates: &certificates,
                    identity,
                };
                sender::pynetdicom("SINK", receiver.port(), &samples, Some(tls))
            };
            let answers = sent(Some(&certificates.client));
            let answers = answers
                .unwrap_or_else(|error| panic!("{kind:?} {client:?}: {error}\n{}", receiver.log()));
            assert!(
                answers.values().all(|status| *status == Some(0)),
                "{kind:?} {client:?}"
            );
            assert!(receiver.wait_for(samples.len(), LONG));
            let nobody = sent(None);
            assert_eq!(
                nobody.is_ok(),
                client != ClientCertificate::Required,
                "{kind:?} {client:?}: {nobody:?}\n{}",
                receiver.log()
            );
            let stranger = sent(Some(&certificates.other_client));
            let looked_at = client != ClientCertificate::Ignored;
            assert_eq!(
                stranger.is_ok(),
                !looked_at,
                "{kind:?} {client:?}: {stranger:?}\n{}",
                receiver.log()
            );
            let plain = sender::pynetdicom("SINK", receiver.port(), &samples, None);
            assert!(plain.is_err(), "{kind:?} {client:?}");
        }
    }
}

#[test]
fn a_server_with_a_wrong_certificate_is_refused_by_a_sender_that_looks() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = Certificates::make(folder.path()).expect("certificates");
    for wrong in [
        &good.other_server,
        &good.expired_server,
        &good.misnamed_server,
    ] {
        let bad = Certificates {
            server: wrong.clone(),
            ..good.clone()
        };
        for kind in [ReceiverKind::Storescp, ReceiverKind::Pynetdicom] {
            let options = ReceiverOptions::new(kind).tls(&bad, ClientCertificate::Optional);
            let receiver = options.start("SINK").expect("a receiver");
            let tls = ClientTls {
                certificates: &good,
                identity: None,
            };
            let sent = sender::pynetdicom("SINK", receiver.port(), &some(), Some(tls));
            assert!(sent.is_err(), "{kind:?} {wrong:?}");
        }
    }
}

#[test]
fn stopped_and_started_again_it_has_what_it_had() {
    let samples = some();
    for kind in ReceiverKind::ALL {
        let mut receiver = ReceiverOptions::new(kind)
            .fork()
            .start("SINK")
            .expect("a receiver");
        let port = receiver.port();
        sender::pynetdicom("SINK", port, &samples[..1], None).expect("answers");
        receiver.stop();
        receiver.stop();
        assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
        assert!(sender::pynetdicom("SINK", port, &samples[1..], None).is_err());
        receiver.restart().expect("a restart");
        receiver.restart().expect("nothing to do");
        sender::pynetdicom("SINK", port, &samples[1..], None).expect("answers");
        assert!(receiver.wait_for(2, LONG), "{kind:?}");
        assert_eq!(receiver.received().len(), 2, "{kind:?}");
        let paths = receiver.received_paths().len();
        assert_eq!(paths, if kind == ReceiverKind::Orthanc { 0 } else { 2 });
    }
}

#[test]
fn dicom_rs_sends() {
    let receiver = Receiver::start(ReceiverKind::StorescpNoDelay, "SINK");
    let study = sendqueue_testkit::Study::new(1, 3).build();
    let folder = sendqueue_testkit::dcmtk::write_folder(&study).expect("a folder");
    let command = sender::dicom_rs("SINK", receiver.port(), folder.path(), 1);
    let output = command.expect("it is there").output().expect("it starts");
    assert!(output.status.success(), "{output:?}");
    assert!(receiver.wait_for(3, LONG), "{}", receiver.log());
}
