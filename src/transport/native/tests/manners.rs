//! How we behave towards a receiver that keeps the rules.

use std::sync::Arc;
use std::time::Duration;

use dicom_ul::pdu::Pdu;

use super::raw::{CT, Receiver, accept_of, command, data, element, odd_accept, open, response};
use crate::transport::addresses;
use crate::transport::native::wire::Cut;

const LONG: Duration = Duration::from_secs(20);

/// Message ID of a request.
pub fn message_id(request: &[u8]) -> u16 {
    let at = request
        .windows(8)
        .position(|head| head == [0, 0, 0x10, 1, 2, 0, 0, 0])
        .unwrap();
    u16::from_le_bytes([request[at + 8], request[at + 9]])
}

#[test]
fn every_size_arrives_whole_and_the_association_is_released() {
    let sizes = [0usize, 1, 2, 16_378, 16_379, 100_000, 20_000_000];
    let receiver = Receiver::start(move |line| {
        line.accept();
        for (index, expected) in sizes.iter().enumerate() {
            let (context, request, size) = line.message().unwrap();
            assert_eq!(size, *expected);
            let id = message_id(&request);
            assert_eq!(usize::from(id), index + 1);
            line.send(&data(vec![command(context, true, response(id, 0))]));
        }
        assert_eq!(line.next(), Some(Pdu::ReleaseRQ));
        line.send(&Pdu::ReleaseRP);
        assert_eq!(line.next(), None);
    });
    let cut = Arc::new(Cut::default());
    let mut association = open(receiver.address, LONG, &cut).unwrap();
    for size in sizes {
        let mut meanwhile = false;
        let bytes = vec![3u8; size];
        let answer = association
            .store(1, CT, "1.2.3", &[&bytes], || meanwhile = true)
            .unwrap();
        assert_eq!(answer.status, 0);
        assert!(meanwhile);
    }
    association.release();
    assert_eq!(cut.count(), 0);
    receiver.join();
}

#[test]
fn a_response_in_many_pieces_is_one_response() {
    let receiver = Receiver::start(|line| {
        line.accept();
        let (context, ..) = line.message().unwrap();
        let all = response(1, 0xB007);
        let (first, second) = all.split_at(17);
        let mut bytes = Vec::new();
        let pieces = data(vec![
            command(context, false, first.to_vec()),
            command(context, true, second.to_vec()),
        ]);
        dicom_ul::pdu::write_pdu(&mut bytes, &pieces).unwrap();
        for byte in bytes {
            line.raw(&[byte]);
        }
        assert_eq!(line.next(), Some(Pdu::ReleaseRQ));
    });
    let mut association = open(receiver.address, LONG, &Arc::default()).unwrap();
    let answer = association
        .store(1, CT, "1.2.3", &[&[1; 10]], || ())
        .unwrap();
    assert_eq!(answer.status, 0xB007);
    // The receiver closes instead of replying: that is the end all the same.
    association.release();
    receiver.join();
}

#[test]
fn an_accept_that_is_not_letter_perfect_is_an_accept() {
    for (accepted, expected) in [([true, true], 2), ([false, true], 1), ([false, false], 0)] {
        let receiver = Receiver::start(move |line| {
            line.request();
            line.raw(&odd_accept(accepted));
            while let Some((context, request, _)) = line.message() {
                let answer = response(message_id(&request), 0);
                line.send(&data(vec![command(context, true, answer)]));
            }
        });
        let mut association = open(receiver.address, LONG, &Arc::default())
            .unwrap_or_else(|not| panic!("{accepted:?}: {}", not.details));
        let contexts: Vec<u8> = association.contexts.of(CT).map(|(id, _)| id).collect();
        assert_eq!(contexts.len(), expected);
        for context in contexts {
            let answer = association.store(context, CT, "1.2.3", &[&[1; 10_000]], || ());
            assert_eq!(answer.unwrap().status, 0);
        }
        association.release();
        receiver.join();
    }
}

#[test]
fn an_answer_in_another_context_of_the_class_is_one() {
    let receiver = Receiver::start(|line| {
        line.accept();
        for named in [None, Some("1.2.3")] {
            let (context, request, _) = line.message().unwrap();
            assert_eq!(context, 1);
            let named = named.map(|uid| element(0x1000, format!("{uid}\0").as_bytes()));
            let answer = [
                response(message_id(&request), 0),
                named.unwrap_or_default(),
                // Not of group 0000.
                [8, 0, 0x18, 0, 2, 0, 0, 0, b'1', 0].to_vec(),
            ];
            line.send(&data(vec![command(3, true, answer.concat())]));
        }
        assert_eq!(line.next(), Some(Pdu::ReleaseRQ));
    });
    let mut association = open(receiver.address, LONG, &Arc::default()).unwrap();
    for _ in 0..2 {
        let answer = association
            .store(1, CT, "1.2.3", &[&[1; 10]], || ())
            .unwrap();
        assert_eq!(answer.status, 0);
    }
    association.release();
    receiver.join();
}

#[test]
fn a_release_in_place_of_an_answer_is_answered_and_proves_that_nothing_was_stored() {
    let receiver = Receiver::start(|line| {
        line.accept();
        line.message().unwrap();
        line.send(&Pdu::ReleaseRQ);
        assert_eq!(line.next(), Some(Pdu::ReleaseRP));
        assert_eq!(line.next(), None);
    });
    let mut association = open(receiver.address, LONG, &Arc::default()).unwrap();
    let lost = association
        .store(1, CT, "1.2.3", &[&[1; 10]], || ())
        .unwrap_err();
    assert!(lost.not_stored && lost.details.contains("asked to release"));
    association.abort();
    receiver.join();
}

#[test]
fn a_release_between_two_requests_is_answered() {
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let receiver = Receiver::start(move |line| {
        line.accept();
        let _ = wait.recv();
        line.send(&Pdu::ReleaseRQ);
        assert_eq!(line.next(), Some(Pdu::ReleaseRP));
        assert_eq!(line.next(), None);
    });
    let association = open(receiver.address, LONG, &Arc::default()).unwrap();
    drop(go);
    sendqueue_testkit::wait_until(|| !association.is_alive(), LONG, "the request");
    association.leave();
    receiver.join();
}

#[test]
fn an_abort_is_not_answered() {
    const ABORT: [u8; 10] = [7, 0, 0, 0, 0, 4, 0, 0, 0, 0];
    // In place of an answer.
    let receiver = Receiver::start(|line| {
        line.accept();
        line.message().unwrap();
        line.raw(&ABORT);
        assert_eq!(line.next(), None);
    });
    let mut association = open(receiver.address, LONG, &Arc::default()).unwrap();
    let lost = association
        .store(1, CT, "1.2.3", &[&[1; 10]], || ())
        .unwrap_err();
    assert!(!lost.not_stored && lost.details.contains("aborted"));
    association.abort();
    receiver.join();
    // Between two requests.
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let receiver = Receiver::start(move |line| {
        line.accept();
        let _ = wait.recv();
        line.raw(&ABORT);
        assert_eq!(line.next(), None);
    });
    let association = open(receiver.address, LONG, &Arc::default()).unwrap();
    drop(go);
    sendqueue_testkit::wait_until(|| !association.is_alive(), LONG, "the abort");
    association.leave();
    receiver.join();
}

#[test]
fn what_came_after_the_end_was_not_stored_and_what_came_before_it_may_have_been() {
    // Closed before anything of the request came.
    let receiver = Receiver::start(|line| line.accept());
    let address = receiver.address;
    let mut association = open(address, LONG, &Arc::default()).unwrap();
    receiver.join();
    let lost = association
        .store(1, CT, "1.2.3", &[&[1; 10]], || ())
        .unwrap_err();
    // Only Linux tells what has come to the other end.
    assert_eq!(
        lost.not_stored,
        cfg!(target_os = "linux"),
        "{}",
        lost.details
    );
    // Read whole, then closed without an answer; and in the middle.
    for size in [10, 30_000_000] {
        let receiver = Receiver::start(|line| {
            line.accept();
            line.next();
        });
        let mut association = open(receiver.address, LONG, &Arc::default()).unwrap();
        let bytes = vec![1; size];
        let lost = association
            .store(1, CT, "1.2.3", &[&bytes], || ())
            .unwrap_err();
        assert!(!lost.not_stored, "{size}: {}", lost.details);
        receiver.join();
    }
}

#[test]
fn an_answer_that_came_in_time_counts_however_late_it_is_looked_at() {
    let short = Duration::from_millis(200);
    let receiver = Receiver::start(|line| {
        line.accept();
        let (context, ..) = line.message().unwrap();
        line.send(&data(vec![command(context, true, response(1, 0))]));
        assert_eq!(line.next(), Some(Pdu::ReleaseRQ));
    });
    let mut association = open(receiver.address, short, &Arc::default()).unwrap();
    // Orthanc's storage is slow: the next instance takes longer to read than the receiver may take to answer.
    let slow = || std::thread::sleep(3 * short);
    let answer = association
        .store(1, CT, "1.2.3", &[&[1; 10]], slow)
        .unwrap();
    assert_eq!(answer.status, 0);
    association.release();
    receiver.join();
}

#[test]
fn a_collision_of_releases_ends_it() {
    let receiver = Receiver::start(|line| {
        line.accept();
        assert_eq!(line.next(), Some(Pdu::ReleaseRQ));
        line.send(&Pdu::ReleaseRQ);
        assert_eq!(line.next(), Some(Pdu::ReleaseRP));
        line.send(&Pdu::ReleaseRP);
        assert_eq!(line.next(), None);
    });
    open(receiver.address, LONG, &Arc::default())
        .unwrap()
        .release();
    receiver.join();
}

#[test]
fn fragments_are_never_larger_than_the_receiver_takes() {
    for max in [8u32, 100, 4096, 0] {
        let receiver = Receiver::start(move |line| {
            let request = line.request();
            assert_eq!(request.calling_ae_title, "US");
            assert_eq!(request.called_ae_title, "PACS");
            line.send(&Pdu::AssociationAC(accept_of(&request, max)));
            let mut data_bytes = 0;
            while data_bytes < 10_000 {
                let Some(Pdu::PData { data }) = line.next() else {
                    panic!("not data");
                };
                for value in data {
                    let size = u32::try_from(value.data.len()).unwrap() + 6;
                    assert!(max == 0 || size <= max, "{size} > {max}");
                    if value.value_type == dicom_ul::pdu::PDataValueType::Data {
                        data_bytes += value.data.len();
                    }
                }
            }
            line.send(&data(vec![command(1, true, response(1, 0))]));
        });
        let mut association = open(receiver.address, LONG, &Arc::default()).unwrap();
        association
            .store(1, CT, "1.2.3", &[&[9; 10_000]], || ())
            .unwrap();
        association.abort();
        receiver.join();
    }
}

#[test]
fn ipv6_is_as_good() {
    let receiver = Receiver::start_on("[::1]:0", |line| {
        line.accept();
        assert_eq!(line.next(), Some(Pdu::ReleaseRQ));
        line.send(&Pdu::ReleaseRP);
    });
    // As a modality's Host says it: a literal without brackets.
    let found = addresses("::1", receiver.address.port()).unwrap();
    assert_eq!(found, [receiver.address]);
    open(found[0], LONG, &Arc::default()).unwrap().release();
    receiver.join();
}

#[test]
fn a_cut_ends_every_wait() {
    let (done, wait) = std::sync::mpsc::channel::<()>();
    let receiver = Receiver::start(move |line| {
        line.accept();
        let _ = wait.recv();
    });
    let cut = Arc::new(Cut::default());
    let mut association = open(receiver.address, Duration::from_secs(3600), &cut).unwrap();
    let other = cut.clone();
    let lost = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            association
                .store(1, CT, "1.2.3", &[&[9; 10]], move || other.cut())
                .unwrap_err()
        });
        waiting.join().unwrap()
    });
    assert!(!lost.details.is_empty());
    assert!(
        open(receiver.address, LONG, &cut).is_err(),
        "opened after a cut"
    );
    drop(done);
    receiver.join();
}

#[test]
fn an_unused_association_shows_when_it_was_closed() {
    let (close, wait) = std::sync::mpsc::channel::<()>();
    let receiver = Receiver::start(move |line| {
        line.accept();
        let _ = wait.recv();
    });
    let association = open(receiver.address, LONG, &Arc::default()).unwrap();
    assert!(association.is_alive());
    drop(close);
    receiver.join();
    sendqueue_testkit::wait_until(|| !association.is_alive(), LONG, "the end to be seen");
}
