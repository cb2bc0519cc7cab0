//! Each behaviour of the receiver, seen by DCMTK's `storescu`.

use std::net::TcpStream;
use std::process::Output;
use std::time::{Duration, Instant};

use sendqueue_testkit::dcmtk::{StoreScp, StoreScpOptions, StoreScu};
use sendqueue_testkit::{Association, FaultScp, Instance, Kind, Respond, Study, dicom};

const LONG: Duration = Duration::from_secs(20);

fn send(scp: &FaultScp, instances: &[Instance]) -> Output {
    let scu = StoreScu::to(scp.aet(), scp.port()).env("TCP_NODELAY", "1");
    scu.arg("-v").send(instances).expect("storescu")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

#[test]
fn stores_are_recorded_and_acknowledged() {
    let scp = FaultScp::start("SINK");
    scp.keep_bytes(true);
    let study = Study::new(2, 3).build();
    let output = send(&scp, &study);
    assert!(output.status.success(), "{}", said(&output));
    assert!(scp.wait_for_acknowledged(6, LONG));
    assert!(scp.wait_for(
        |counters| counters.released == 1 && counters.open == 0,
        LONG
    ));
    let stores = scp.stores();
    for (store, instance) in stores.iter().zip(&study) {
        assert_eq!(store.sop_instance_uid, instance.sop_instance_uid);
        assert_eq!(store.sop_class_uid, dicom::CT_IMAGE);
        assert_eq!(store.transfer_syntax, dicom::EXPLICIT_VR_LE);
        assert_eq!(store.calling_aet, "STORESCU");
        assert_eq!(store.status(), Some(0));
        // storescu leaves group lengths and padding as they are: the data set is the file's.
        assert_eq!(
            store.bytes.as_deref(),
            Some(&instance.bytes[instance.data_set_offset..])
        );
        assert_eq!(scp.count_of(&instance.sop_instance_uid), 1);
    }
    let counters = scp.counters();
    assert_eq!(
        (counters.requested, counters.associations, counters.max_open),
        (1, 1, 1)
    );
    assert_eq!(scp.unique_uids(), scp.acknowledged_uids());
}

#[test]
fn a_big_data_set_comes_in_many_fragments() {
    let scp = FaultScp::start("SINK");
    scp.set_max_pdu(4096);
    let study = Study::new(1, 2).kind(Kind::Bytes(3_000_000)).build();
    let output = send(&scp, &study);
    assert!(output.status.success(), "{}", said(&output));
    let first = &scp.stores()[0];
    assert_eq!(first.size, study[0].bytes.len() - study[0].data_set_offset);
    assert!(first.bytes.is_none());
}

#[test]
fn one_instance_is_refused() {
    let scp = FaultScp::start("SINK");
    let study = Study::new(1, 4).build();
    let bad = study[1].sop_instance_uid.clone();
    scp.on_store(move |store| {
        assert_eq!(store.index_in_association, store.index_total);
        Respond::Status(if store.sop_instance_uid == bad {
            0xC000
        } else {
            0
        })
    });
    let scu = StoreScu::to("SINK", scp.port()).arg("--no-halt");
    scu.send(&study).expect("storescu");
    assert_eq!(scp.counters().answered, 4);
    assert_eq!(scp.acknowledged_uids().len(), 3);
    assert_eq!(scp.stores()[1].status(), Some(0xC000));
    // Seen again: counted per instance.
    scp.on_store(|store| {
        Respond::Status(if store.times_seen_this_uid == 2 {
            0
        } else {
            0xA700
        })
    });
    assert!(send(&scp, &study).status.success());
    assert_eq!(scp.count_of(&study[0].sop_instance_uid), 2);
    assert_eq!(scp.acknowledged_uids().len(), 4);
}

#[test]
fn a_store_without_answer_is_not_acknowledged() {
    for what in [Respond::Abort, Respond::Close] {
        let scp = FaultScp::start("SINK");
        scp.set_store(what);
        let output = send(&scp, &Study::new(1, 2).build());
        assert!(!output.status.success(), "{what:?}");
        assert!(
            scp.wait_for(|counters| counters.open == 0, LONG),
            "{what:?}"
        );
        let counters = scp.counters();
        assert_eq!(
            (counters.stores, counters.answered, counters.released),
            (1, 0, 0),
            "{what:?}"
        );
    }
}

#[test]
fn acknowledged_then_aborted() {
    let scp = FaultScp::start("SINK");
    scp.set_store(Respond::AckThenAbort);
    assert!(!send(&scp, &Study::new(1, 2).build()).status.success());
    assert!(scp.wait_for_acknowledged(1, LONG));
    assert!(scp.wait_for(
        |counters| counters.open == 0 && counters.released == 0,
        LONG
    ));
}

#[test]
fn a_delay_lasts_and_the_answer_comes() {
    let scp = FaultScp::start("SINK");
    scp.set_store(Respond::Delay(Duration::from_millis(300), 0xB000));
    let begin = Instant::now();
    assert!(send(&scp, &Study::new(1, 1).build()).status.success());
    assert!(begin.elapsed() >= Duration::from_millis(300));
    assert_eq!(scp.stores()[0].status(), Some(0xB000));
    assert!(scp.stores()[0].acknowledged());
}

#[test]
fn a_hang_ends_with_the_peer_or_with_stop() {
    for what in [
        Respond::Hang,
        Respond::HangForever,
        Respond::Delay(LONG * 10, 0),
    ] {
        let scp = FaultScp::start("SINK");
        scp.set_store(what);
        std::thread::scope(|scope| {
            let sender = scope.spawn(|| send(&scp, &Study::new(1, 1).build()));
            assert!(scp.wait_for_stores(1, LONG));
            let begin = Instant::now();
            scp.stop();
            assert!(begin.elapsed() < Duration::from_secs(5), "{what:?}");
            assert!(!sender.join().expect("the sender").status.success());
        });
        assert_eq!(scp.counters().answered, 0);
    }
    let scp = FaultScp::start("SINK");
    scp.set_store(Respond::Hang);
    let scu = StoreScu::to("SINK", scp.port())
        .arg("--dimse-timeout")
        .arg("1")
        .arg("--acse-timeout")
        .arg("1");
    assert!(
        !scu.send(&Study::new(1, 1).build())
            .expect("storescu")
            .status
            .success()
    );
    assert!(
        scp.wait_for(|counters| counters.open == 0, LONG),
        "the peer has closed"
    );
}

#[test]
fn what_happens_instead_of_an_association() {
    let study = Study::new(1, 1).build();
    let reject = Association::Reject {
        result: 2,
        source: 3,
        reason: 2,
    };
    for (what, words) in [
        (
            reject,
            "Rejected Transient, Source: Service Provider (Presentation Related)",
        ),
        (
            Association::AcceptNoContext,
            "No Acceptable Presentation Contexts",
        ),
        (Association::CloseAtOnce, "Peer aborted Association"),
        (Association::AbortAtOnce, "Peer aborted Association"),
    ] {
        let scp = FaultScp::start("SINK");
        scp.set_association(what);
        let output = send(&scp, &study);
        assert!(!output.status.success(), "{what:?}");
        assert!(
            flat(&said(&output)).contains(&flat(words)),
            "{what:?}: {}",
            said(&output)
        );
        assert_eq!(scp.counters().requested, 1);
        assert_eq!(scp.counters().stores, 0);
        let accepted = usize::from(what == Association::AcceptNoContext);
        assert_eq!(scp.counters().associations, accepted);
    }
}

/// Without the line breaks and prefixes of DCMTK's messages.
fn flat(text: &str) -> String {
    text.replace("F:", "")
        .replace("E:", "")
        .split_whitespace()
        .collect()
}

#[test]
fn a_hang_before_the_association_ends_at_stop() {
    let scp = FaultScp::start("SINK");
    scp.set_association(Association::HangBeforeAccept);
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| send(&scp, &Study::new(1, 1).build()));
        assert!(scp.wait_for(|counters| counters.requested == 1, LONG));
        assert_eq!(scp.counters().associations, 0);
        scp.stop();
        assert!(!sender.join().expect("the sender").status.success());
    });
}

#[test]
fn associations_are_judged_one_by_one() {
    let scp = FaultScp::start("SINK");
    scp.on_association(|request| {
        assert_eq!(request.called_aet, "SINK");
        assert!(
            request
                .contexts
                .iter()
                .any(|(class, _)| class == dicom::CT_IMAGE)
        );
        match request.calling_aet.as_str() {
            "FRIEND" => Association::Accept,
            _ => Association::Reject {
                result: 1,
                source: 1,
                reason: 3,
            },
        }
    });
    let study = Study::new(1, 1).build();
    let from = |aet: &str| {
        StoreScu::to("SINK", scp.port())
            .calling(aet)
            .send(&study)
            .expect("storescu")
    };
    assert!(from("FRIEND").status.success());
    assert!(!from("FOE").status.success());
    assert_eq!(scp.counters().associations, 1);
    assert_eq!(scp.counters().requested, 2);
}

#[test]
fn contexts_are_chosen() {
    let scp = FaultScp::start("SINK");
    scp.accept_sop_classes(|uid| uid == dicom::MR_IMAGE);
    assert!(!send(&scp, &Study::new(1, 1).build()).status.success());
    scp.accept_sop_classes(|_| true);
    scp.accept_transfer_syntaxes(|uid| uid == dicom::IMPLICIT_VR_LE);
    assert!(send(&scp, &Study::new(1, 1).build()).status.success());
    assert_eq!(scp.stores()[0].transfer_syntax, dicom::IMPLICIT_VR_LE);
    scp.accept_transfer_syntaxes(|uid| uid == "1.2.3");
    assert!(!send(&scp, &Study::new(1, 1).build()).status.success());
    assert_eq!(scp.counters().stores, 1);
}

/// Whether a program that does not ask for `SO_REUSEADDR` could take the port.
fn can_bind(port: u16) -> bool {
    use rustix::net::{AddressFamily, SocketAddrV4, SocketType, bind, socket};
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    bind(
        &socket,
        &SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, port),
    )
    .is_ok()
}

#[test]
fn stopped_it_refuses_and_keeps_its_port() {
    let scp = FaultScp::start("SINK");
    for round in 1..=3 {
        let study = Study::new(1, 1).build();
        assert!(send(&scp, &study).status.success());
        scp.stop();
        scp.stop();
        let refused = TcpStream::connect(("127.0.0.1", scp.port())).expect_err("nobody listens");
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
        assert!(!can_bind(scp.port()), "the port stays taken");
        scp.restart();
        scp.restart();
        assert_eq!(scp.stores().len(), round);
    }
    scp.clear();
    assert_eq!(scp.counters().stores, 0);
}

#[test]
fn connections_are_cut_while_it_listens() {
    let scp = FaultScp::start("SINK");
    scp.set_store(Respond::HangForever);
    let idle = TcpStream::connect(("127.0.0.1", scp.port())).expect("it listens");
    scp.set_store(Respond::Hang);
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| send(&scp, &Study::new(1, 1).build()));
        assert!(scp.wait_for_stores(1, LONG));
        scp.close_connections();
        assert!(!sender.join().expect("the sender").status.success());
    });
    drop(idle);
    scp.set_status(0);
    assert!(send(&scp, &Study::new(1, 1).build()).status.success());
}

#[test]
fn a_closure_that_panics_cuts_the_connection() {
    let scp = FaultScp::start("SINK");
    scp.on_store(|_| panic!("expected in this test"));
    assert!(!send(&scp, &Study::new(1, 1).build()).status.success());
    scp.set_status(0);
    assert!(send(&scp, &Study::new(1, 1).build()).status.success());
    assert!(scp.wait_for(|counters| counters.open == 0, LONG));
}

#[test]
fn dcmtk_s_receiver_takes_what_we_make() {
    let mut scp = StoreScp::start("DCMTK").expect("storescp");
    let study = Study::new(1, 3)
        .kind(Kind::Ct512K)
        .patient_name("Möller^A")
        .build();
    let output = StoreScu::to("DCMTK", scp.port())
        .env("TCP_NODELAY", "1")
        .send(&study)
        .expect("storescu");
    assert!(output.status.success(), "{}", said(&output));
    assert!(scp.wait_for_files(3, LONG), "{}", scp.log());
    assert_eq!(scp.received_files().len(), 3);
    assert!(!scp.stop().killed);
}

#[test]
fn dcmtk_s_receiver_with_a_configuration() {
    let only_mr = "[[TransferSyntaxes]]\n[Plain]\nTransferSyntax1 = LocalEndianExplicit\n\
        [[PresentationContexts]]\n[Mr]\nPresentationContext1 = MRImageStorage\\Plain\n\
        [[Profiles]]\n[OnlyMr]\nPresentationContexts = Mr\n";
    let options = StoreScpOptions::new().association_config(only_mr, "OnlyMr");
    let scp = options.start("DCMTK").expect("storescp");
    let scu = StoreScu::to("DCMTK", scp.port());
    assert!(
        !scu.send(&Study::new(1, 1).build())
            .expect("storescu")
            .status
            .success()
    );
    let mr = Study::new(1, 1)
        .sop_class(dicom::MR_IMAGE)
        .modality("MR")
        .build();
    assert!(scu.send(&mr).expect("storescu").status.success());
    assert_eq!(scp.received_files().len(), 1);
}
