//! What a receiver can answer wrongly: each gives words, none a success, a panic or an endless wait.

use std::sync::Arc;
use std::time::Duration;

use dicom_ul::pdu::{
    PDataValue, PDataValueType, Pdu, PresentationContextProposed, PresentationContextResult,
};

use super::raw::{CT, Line, Receiver, accept_of, command, data, element, open, response};
use crate::transport::native::wire::Cut;

/// For receivers that are silent, or never come to an end.
const SHORT: Duration = Duration::from_millis(300);

type Script = fn(&mut Line);

#[test]
fn answers_to_the_association_request() {
    let table: [(&str, Script); 16] = [
        ("no DICOM answer", |line| {
            line.raw(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }),
        ("announced a PDU", |line| {
            line.raw(&[2, 0, 0xFF, 0xFF, 0xFF, 0xF0, 1, 2, 3]);
        }),
        ("closed the connection", |_| ()),
        ("closed the connection", |line| {
            line.raw(&[2, 0, 0, 0, 1, 0, 7])
        }),
        ("did not come in time", |line| {
            assert!(line.next().is_none());
        }),
        ("did not come in time", |line| {
            // Never silent, never done.
            line.raw(&[2, 0, 0, 0, 1, 0]);
            for _ in 0..40 {
                line.raw(&[2]);
                std::thread::sleep(Duration::from_millis(20));
            }
        }),
        ("called AET is not recognized", |line| {
            line.raw(&[3, 0, 0, 0, 0, 4, 0, 1, 1, 7]);
        }),
        ("local limit exceeded", |line| {
            line.raw(&[3, 0, 0, 0, 0, 4, 0, 2, 3, 2]);
        }),
        ("reserved reason", |line| {
            line.raw(&[3, 0, 0, 0, 0, 4, 0, 7, 7, 77]);
        }),
        ("aborted", |line| line.raw(&[7, 0, 0, 0, 0, 4, 0, 0, 2, 1])),
        ("A-RELEASE-RP", |line| {
            line.raw(&[6, 0, 0, 0, 0, 4, 0, 0, 0, 0])
        }),
        ("sent data", |line| {
            line.send(&data(vec![command(1, true, response(1, 0))]));
        }),
        ("damaged PDU", |line| {
            let mut bytes = vec![2, 0, 0, 0, 0, 80];
            bytes.resize(86, 0xAA);
            line.raw(&bytes);
        }),
        ("damaged PDU", |line| line.raw(&[2, 0, 0, 0, 0, 0])),
        ("before it was asked", |line| {
            let request = super::raw::accept_of(&dummy(), 16_384);
            let mut bytes = Vec::new();
            dicom_ul::pdu::write_pdu(&mut bytes, &Pdu::AssociationAC(request)).unwrap();
            let early = data(vec![command(1, true, response(1, 0))]);
            dicom_ul::pdu::write_pdu(&mut bytes, &early).unwrap();
            line.raw(&bytes);
        }),
        ("no data has room", |line| {
            let accept = accept_of(&dummy(), 7);
            line.send(&Pdu::AssociationAC(accept));
        }),
    ];
    for (words, script) in table {
        let receiver = Receiver::start(move |line| {
            line.request();
            script(line);
        });
        let cut = Arc::new(Cut::default());
        let not = match open(receiver.address, SHORT, &cut) {
            Ok(_) => panic!("{words}: opened"),
            Err(not) => not,
        };
        assert!(not.details.contains(words), "{words}: {}", not.details);
        assert_eq!(cut.count(), 0, "{words}: a connection was leaked");
        receiver.join();
    }
}

/// What is proposed by [`super::raw::proposal`].
fn dummy() -> dicom_ul::pdu::AssociationRQ {
    dicom_ul::pdu::AssociationRQ {
        protocol_version: 1,
        calling_ae_title: "US".to_owned(),
        called_ae_title: "PACS".to_owned(),
        application_context_name: "1.2.840.10008.3.1.1.1".to_owned(),
        presentation_contexts: super::raw::proposal()
            .encode()
            .into_iter()
            .map(|context| PresentationContextProposed {
                id: context.id,
                abstract_syntax: context.abstract_syntax,
                transfer_syntaxes: context.transfer_syntaxes,
            })
            .collect(),
        user_variables: Vec::new(),
    }
}

#[test]
fn contexts_that_were_never_proposed() {
    let receiver = Receiver::start(|line| {
        let request = line.request();
        let mut accept = accept_of(&request, 16_384);
        let one = accept.presentation_contexts[0].clone();
        accept.presentation_contexts = vec![
            PresentationContextResult {
                id: 99,
                ..one.clone()
            },
            PresentationContextResult {
                id: 2,
                ..one.clone()
            },
            PresentationContextResult {
                id: 0,
                ..one.clone()
            },
            PresentationContextResult {
                transfer_syntax: "1.2.3.4".to_owned(),
                ..one
            },
        ];
        line.send(&Pdu::AssociationAC(accept));
        assert_eq!(line.next(), Some(Pdu::ReleaseRQ));
        line.send(&Pdu::ReleaseRP);
    });
    let association = open(receiver.address, SHORT, &Arc::default()).unwrap();
    assert_eq!(association.contexts.of(CT).count(), 0);
    association.release();
    receiver.join();
}

#[test]
fn answers_to_a_store_request() {
    let table: [(&str, Script); 27] = [
        ("another message", |line| {
            line.send(&data(vec![command(1, true, response(2, 0))]));
        }),
        // Of another SOP class; never proposed; zero.
        ("presentation context 7", |line| {
            line.send(&data(vec![command(7, true, response(1, 0))]));
        }),
        ("presentation context 9", |line| {
            line.send(&data(vec![command(9, true, response(1, 0))]));
        }),
        ("presentation context 0", |line| {
            line.send(&data(vec![command(0, true, response(1, 0))]));
        }),
        ("presentation context 3", |line| {
            // One of the right class, but not the one in which the response began.
            let all = response(1, 0);
            line.send(&data(vec![
                command(1, false, all[..10].to_vec()),
                command(3, true, all[10..].to_vec()),
            ]));
        }),
        ("for another instance (1.2.4)", |line| {
            let named = element(0x1000, b"1.2.4\0");
            let all = [response(1, 0), named].concat();
            line.send(&data(vec![command(1, true, all)]));
        }),
        ("for another instance (1.2.4)", |line| {
            // Warnings are of the instance that is named, too.
            let named = element(0x1000, b"1.2.4\0");
            let all = [response(1, 0xB000), named].concat();
            line.send(&data(vec![command(1, true, all)]));
        }),
        ("for another instance", |line| {
            let named = element(0x1000, b"1.2.4\0");
            let all = [response(1, 0), named].concat();
            line.send(&data(vec![command(3, true, all)]));
        }),
        ("no status", |line| {
            let all = response(1, 0);
            line.send(&data(vec![command(
                1,
                true,
                all[..all.len() - 10].to_vec(),
            )]));
        }),
        ("damaged", |line| {
            line.send(&data(vec![command(1, true, vec![0xFF; 40])]));
        }),
        ("another message", |line| {
            // A zero-length fragment that says it is the last one.
            line.send(&data(vec![command(1, true, Vec::new())]));
        }),
        ("fragments", |line| {
            for _ in 0..200 {
                line.send(&data(vec![command(1, false, Vec::new())]));
            }
        }),
        ("fragments", |line| {
            // P-DATA-TF without any value.
            for _ in 0..200 {
                line.raw(&[4, 0, 0, 0, 0, 0]);
            }
        }),
        ("damaged PDU", |line| {
            // A value whose length has no room for its own header.
            line.raw(&[4, 0, 0, 0, 0, 6, 0, 0, 0, 0, 1, 3]);
        }),
        ("damaged PDU", |line| {
            // A value that is longer than its PDU.
            line.raw(&[4, 0, 0, 0, 0, 8, 0, 0, 0xFF, 0xFF, 1, 3, 0, 0]);
        }),
        ("longer than", |line| {
            for _ in 0..40 {
                line.send(&data(vec![command(
                    1,
                    false,
                    element(0x0902, &[b'x'; 8000]),
                )]));
            }
        }),
        ("announced a PDU", |line| {
            line.raw(&[4, 0, 0xFF, 0xFF, 0xFF, 0xF0, 0, 0, 0, 9]);
        }),
        ("no DICOM answer", |line| {
            line.raw(&[0x16, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3])
        }),
        ("data set instead", |line| {
            line.send(&data(vec![PDataValue {
                presentation_context_id: 1,
                value_type: PDataValueType::Data,
                is_last: true,
                data: vec![0; 10],
            }]));
        }),
        ("more than its response", |line| {
            let one = command(1, true, response(1, 0));
            line.send(&data(vec![one.clone(), one]));
        }),
        ("pending", |line| {
            line.send(&data(vec![command(1, true, response(1, 0xFF00))]));
        }),
        ("announced a data set", |line| {
            let mut all = response(1, 0);
            let at = all.len() - 12;
            all[at..at + 2].copy_from_slice(&[0, 0]);
            line.send(&data(vec![command(1, true, all)]));
        }),
        ("asked to release", |line| line.send(&Pdu::ReleaseRQ)),
        ("it did not expect a PDU", |line| {
            line.raw(&[7, 0, 0, 0, 0, 4, 0, 0, 2, 2]);
        }),
        ("A-ASSOCIATE-AC", |line| {
            line.send(&Pdu::AssociationAC(accept_of(&dummy(), 16_384)));
        }),
        ("closed the connection", |_| ()),
        ("did not come in time", |line| {
            assert!(line.message().is_none());
        }),
    ];
    for (words, script) in table {
        let receiver = Receiver::start(move |line| {
            line.accept();
            let (context, _, size) = line.message().unwrap();
            assert_eq!((context, size), (1, 4000));
            script(line);
        });
        let cut = Arc::new(Cut::default());
        let mut association = open(receiver.address, SHORT, &cut).unwrap();
        let lost = association
            .store(1, CT, "1.2.3", &[&[7; 4000]], || ())
            .expect_err(words);
        assert!(lost.details.contains(words), "{words}: {}", lost.details);
        association.abort();
        assert_eq!(cut.count(), 0, "{words}: a connection was leaked");
        receiver.join();
    }
}

#[test]
fn a_receiver_that_stops_reading_holds_nobody() {
    let (done, wait) = std::sync::mpsc::channel::<()>();
    let receiver = Receiver::start(move |line| {
        line.accept();
        // Reads nothing more, and keeps the connection open until the test is over.
        let _ = wait.recv();
    });
    let mut association = open(receiver.address, SHORT, &Arc::default()).unwrap();
    // More than all buffers between the two together.
    let huge = vec![0u8; 64 << 20];
    let lost = association
        .store(1, CT, "1.2.3", &[&huge], || ())
        .unwrap_err();
    assert!(lost.details.contains("in time"), "{}", lost.details);
    drop(done);
    association.abort();
    receiver.join();
}

#[test]
fn a_refusal_in_the_middle_of_the_data_is_told() {
    let (done, wait) = std::sync::mpsc::channel::<()>();
    let receiver = Receiver::start(move |line| {
        line.accept();
        line.next();
        line.send(&data(vec![command(1, true, response(1, 0xA700))]));
        let _ = wait.recv();
    });
    let mut association = open(receiver.address, SHORT, &Arc::default()).unwrap();
    let huge = vec![0u8; 64 << 20];
    let lost = association
        .store(1, CT, "1.2.3", &[&huge], || ())
        .unwrap_err();
    assert!(lost.details.contains("A700"), "{}", lost.details);
    drop(done);
    association.abort();
    receiver.join();
}

#[test]
fn random_bytes_are_never_taken_for_a_success() {
    use crate::transport::native::answer;
    use crate::transport::native::command::Request;
    use crate::transport::native::pdu::Reader;
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let mut good = Vec::new();
    let whole = data(vec![command(1, true, response(1, 0xC000))]);
    dicom_ul::pdu::write_pdu(&mut good, &whole).unwrap();
    let mut read = 0;
    for _ in 0..200_000 {
        let mut bytes = good.clone();
        for _ in 0..random.usize(0..6) {
            match random.u8(0..4) {
                0 => bytes.truncate(random.usize(0..=bytes.len())),
                1 => bytes.insert(random.usize(0..=bytes.len()), random.u8(..)),
                2 if !bytes.is_empty() => {
                    bytes.remove(random.usize(0..bytes.len()));
                }
                _ if !bytes.is_empty() => {
                    // The status stays what it is: that another one may be read is no mistake.
                    let at = random.usize(0..bytes.len());
                    bytes[at] = random.u8(..);
                }
                _ => {}
            }
        }
        let request = Request::Store {
            sop_class_uid: CT,
            sop_instance_uid: "1.2.3",
        };
        let answer = answer::response(
            &mut Reader::default(),
            &mut &bytes[..],
            &[1, 3],
            &request,
            1,
            &mut |_, _| (),
        );
        if let Ok(response) = answer {
            read += 1;
            let status = response.status.to_le_bytes();
            assert!(bytes.windows(2).any(|two| two == status));
        }
        let _ = answer::association(&mut Reader::default(), &mut &bytes[..]);
    }
    assert!(read > 0, "nothing was ever read");
}

#[test]
fn random_changes_of_an_accept_agree_to_nothing_that_was_not_offered() {
    use crate::transport::native::answer;
    use crate::transport::native::contexts::{EXPLICIT_VR_BE, EXPLICIT_VR_LE, IMPLICIT_VR_LE};
    use crate::transport::native::pdu::Reader;
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let mut good = Vec::new();
    let whole = Pdu::AssociationAC(accept_of(&dummy(), 16_384));
    dicom_ul::pdu::write_pdu(&mut good, &whole).unwrap();
    let mut read = 0;
    for _ in 0..100_000 {
        let mut bytes = good.clone();
        for _ in 0..random.usize(1..6) {
            // Mostly where the items are.
            let at = random.usize(60..bytes.len());
            match random.u8(0..4) {
                0 => bytes.truncate(at.max(80)),
                1 => bytes.insert(at, random.u8(..)),
                2 => _ = bytes.remove(at),
                _ => bytes[at] = random.u8(..),
            }
        }
        // Its own length is right: what is in it is what is looked at.
        let length = u32::try_from(bytes.len() - 6).unwrap();
        bytes[2..6].copy_from_slice(&length.to_be_bytes());
        let Ok(accept) = answer::association(&mut Reader::default(), &mut &bytes[..]) else {
            continue;
        };
        read += 1;
        let contexts = super::raw::proposal().agree(&accept.contexts);
        for (id, syntax) in contexts.of(CT) {
            assert!(matches!(
                (id, syntax),
                (1, EXPLICIT_VR_LE) | (3, IMPLICIT_VR_LE) | (5, EXPLICIT_VR_BE)
            ));
        }
    }
    assert!(read > 0, "nothing was ever read");
}
