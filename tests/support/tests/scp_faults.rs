//! What goes over the wire when the receiver is asked to break the protocol, byte by byte, and that DCMTK's `storescu`
//! minds.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use dicom_ul::pdu::{AssociationRQ, Pdu, PresentationContextProposed, UserVariableItem, write_pdu};
use sendqueue_testkit::dcmtk::StoreScu;
use sendqueue_testkit::{Association, FaultScp, Kind, Respond, Study, dicom};

const LONG: Duration = Duration::from_secs(20);
const CONTEXT: u8 = 3;

/// A requestor that hides nothing.
struct Scu(TcpStream);

impl Scu {
    /// Connects and asks for an association.
    fn ask(scp: &FaultScp) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", scp.port())).expect("it listens");
        stream.set_read_timeout(Some(LONG)).expect("a timeout");
        let mut bytes = Vec::new();
        let request = Pdu::AssociationRQ(AssociationRQ {
            protocol_version: 1,
            calling_ae_title: "RAW".to_owned(),
            called_ae_title: scp.aet().to_owned(),
            application_context_name: "1.2.840.10008.3.1.1.1".to_owned(),
            presentation_contexts: vec![PresentationContextProposed {
                id: CONTEXT,
                abstract_syntax: dicom::CT_IMAGE.to_owned(),
                transfer_syntaxes: vec![dicom::EXPLICIT_VR_LE.to_owned()],
            }],
            user_variables: vec![UserVariableItem::MaxLength(65_536)],
        });
        write_pdu(&mut bytes, &request).expect("a PDU");
        let mut scu = Self(stream);
        scu.write(&bytes);
        scu
    }

    /// The same, accepted.
    fn associated(scp: &FaultScp) -> Self {
        let mut scu = Self::ask(scp);
        assert_eq!(scu.pdu().0, 2);
        scu
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).expect("it reads");
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes).expect("so many bytes");
        bytes
    }

    /// Type and content.
    fn pdu(&mut self) -> (u8, Vec<u8>) {
        let head = self.bytes(6);
        let length = u32::from_be_bytes(head[2..6].try_into().expect("four bytes"));
        let content = self.bytes(usize::try_from(length).expect("a short PDU"));
        (head[0], content)
    }

    /// The only PDV of the next PDU: context, control header, data.
    fn pdv(&mut self) -> (u8, u8, Vec<u8>) {
        let (kind, content) = self.pdu();
        assert_eq!(kind, 4);
        let length = u32::from_be_bytes(content[..4].try_into().expect("four bytes"));
        assert_eq!(length as usize, content.len() - 4);
        (content[4], content[5], content[6..].to_vec())
    }

    fn p_data(&mut self, control: u8, data: &[u8]) {
        let length = u32::try_from(data.len()).expect("short") + 2;
        let mut bytes = vec![4, 0];
        bytes.extend((length + 4).to_be_bytes());
        bytes.extend(length.to_be_bytes());
        bytes.extend([CONTEXT, control]);
        bytes.extend(data);
        self.write(&bytes);
    }

    /// C-STORE-RQ with message ID 7, without its data set.
    fn command(&mut self) {
        let mut command = Vec::new();
        let mut element = |number: u16, value: &[u8]| {
            command.extend([0, 0]);
            command.extend(number.to_le_bytes());
            command.extend(u32::try_from(value.len()).expect("short").to_le_bytes());
            command.extend(value);
        };
        element(0x0002, b"1.2.840.10008.5.1.4.1.1.2\0");
        element(0x0100, &1u16.to_le_bytes());
        element(0x0110, &7u16.to_le_bytes());
        element(0x0800, &0u16.to_le_bytes());
        element(0x1000, b"1.2.34");
        self.p_data(3, &command);
    }

    fn store(&mut self) {
        self.command();
        self.p_data(2, &[0; 100]);
    }

    fn closed(&mut self) -> bool {
        matches!(self.0.read(&mut [0; 16]), Ok(0))
    }
}

/// The value of an element of group 0000.
fn value(mut command: &[u8], number: u16) -> Option<Vec<u8>> {
    while command.len() >= 8 {
        let length = u32::from_le_bytes(command[4..8].try_into().ok()?) as usize;
        if command[2..4] == number.to_le_bytes() {
            return Some(command[8..8 + length].to_vec());
        }
        command = &command[8 + length..];
    }
    None
}

fn scp_with(what: Respond) -> (FaultScp, Scu) {
    let scp = FaultScp::start("SINK");
    scp.set_store(what);
    let mut scu = Scu::associated(&scp);
    scu.store();
    (scp, scu)
}

#[test]
fn a_status_brings_its_comment_and_elements() {
    let offending = [(0x0010, 0x0020), (0x0020, 0x000D)];
    let what = Respond::status_with(0xA900, Some("no such thing"), &offending);
    let (scp, mut scu) = scp_with(what);
    let (context, control, command) = scu.pdv();
    assert_eq!((context, control), (CONTEXT, 3));
    assert_eq!(value(&command, 0x0900), Some(vec![0x00, 0xA9]));
    assert_eq!(
        value(&command, 0x0902).as_deref(),
        Some(&b"no such thing "[..])
    );
    let tags = [0x10, 0, 0x20, 0, 0x20, 0, 0x0D, 0];
    assert_eq!(value(&command, 0x0901).as_deref(), Some(&tags[..]));
    assert_eq!(value(&command, 0x0120), Some(vec![7, 0]));
    assert!(scp.wait_for_answers(1, LONG));
    assert_eq!(scp.stores()[0].status(), Some(0xA900));
}

#[test]
fn sound_answers_in_unusual_form() {
    let (scp, mut scu) = scp_with(Respond::Fragmented);
    let mut command = Vec::new();
    let parts = std::iter::from_fn(|| {
        let (_, control, part) = scu.pdv();
        command.extend(&part);
        (control == 1).then_some(part)
    });
    assert!(parts.count() >= 2);
    assert_eq!(value(&command, 0x0900), Some(vec![0, 0]));
    assert!(scp.wait_for_acknowledged(1, LONG));

    let (scp, mut scu) = scp_with(Respond::Trickle);
    assert_eq!(value(&scu.pdv().2, 0x0900), Some(vec![0, 0]));
    assert!(scp.wait_for_acknowledged(1, LONG));

    let (scp, mut scu) = scp_with(Respond::Twice);
    assert_eq!(scu.pdv(), scu.pdv());
    assert!(scp.wait_for_answers(1, LONG));

    let study = Study::new(1, 3).build();
    for what in [Respond::Fragmented, Respond::Trickle] {
        let scp = FaultScp::start("SINK");
        scp.set_store(what);
        let sent = StoreScu::to("SINK", scp.port()).send(&study);
        assert!(sent.expect("storescu").status.success(), "{what:?}");
        assert_eq!(scp.acknowledged_uids().len(), 3);
    }
}

#[test]
fn unsound_answers_are_as_told_and_acknowledge_nothing() {
    let (_scp, mut scu) = scp_with(Respond::WrongMessageId);
    let (context, _, command) = scu.pdv();
    assert_eq!(context, CONTEXT);
    assert_ne!(value(&command, 0x0120), Some(vec![7, 0]));
    assert_eq!(value(&command, 0x0900), Some(vec![0, 0]));

    let (_scp, mut scu) = scp_with(Respond::WrongContext);
    let (context, _, command) = scu.pdv();
    assert_ne!(context, CONTEXT);
    assert_eq!(value(&command, 0x0120), Some(vec![7, 0]));

    let (_scp, mut scu) = scp_with(Respond::NoStatus);
    let (_, _, command) = scu.pdv();
    assert_eq!(value(&command, 0x0120), Some(vec![7, 0]));
    assert_eq!(value(&command, 0x0900), None);

    let (_scp, mut scu) = scp_with(Respond::ZeroLengthPdv);
    assert_eq!(scu.pdu(), (4, vec![0; 4]));

    let (_scp, mut scu) = scp_with(Respond::raw(vec![4, 0, 0, 0, 0, 1, 99]));
    assert_eq!(scu.pdu(), (4, vec![99]));

    let (_scp, mut scu) = scp_with(Respond::Garbage);
    assert_eq!(scu.bytes(4), b"HTTP");

    let (_scp, mut scu) = scp_with(Respond::Release);
    assert_eq!(scu.pdu(), (5, vec![0; 4]));

    let (_scp, mut scu) = scp_with(Respond::EndlessPdu);
    assert_eq!(scu.bytes(6), [4, 0, 0xFF, 0xFF, 0xFF, 0xF0]);
    assert_eq!(scu.bytes(10), [0; 10]);

    let abort = Respond::AbortWith {
        source: 2,
        reason: 6,
    };
    let (_scp, mut scu) = scp_with(abort);
    assert_eq!(scu.pdu(), (7, vec![0, 0, 2, 6]));
    assert!(scu.closed());

    for what in [
        Respond::WrongMessageId,
        Respond::WrongContext,
        Respond::NoStatus,
        Respond::ZeroLengthPdv,
        Respond::Garbage,
        Respond::EndlessPdu,
        Respond::Release,
        abort,
    ] {
        let scp = FaultScp::start("SINK");
        scp.set_store(what);
        let scu = StoreScu::to("SINK", scp.port())
            .arg("--dimse-timeout")
            .arg("1");
        let sent = scu
            .arg("--acse-timeout")
            .arg("1")
            .send(&Study::new(1, 1).build());
        assert!(!sent.expect("storescu").status.success(), "{what:?}");
        assert!(
            scp.wait_for(|counters| counters.open == 0, LONG),
            "{what:?}"
        );
        let counters = scp.counters();
        assert_eq!((counters.stores, counters.answered), (1, 0), "{what:?}");
    }
}

#[test]
fn the_connection_stays_open_after_an_unsound_answer() {
    for what in [Respond::Raw(b"\x04\0\0\0\0\x01x"), Respond::NoStatus] {
        let (scp, mut scu) = scp_with(what);
        scu.pdu();
        scp.set_status(0);
        scu.store();
        assert_eq!(value(&scu.pdv().2, 0x0900), Some(vec![0, 0]));
        assert!(scp.wait_for_acknowledged(1, LONG));
        assert_eq!(scp.counters().associations, 1);
    }
}

#[test]
fn a_sender_blocks_when_nobody_reads() {
    let scp = FaultScp::start("SINK");
    scp.set_store(Respond::StopReading);
    let mut scu = Scu::associated(&scp);
    scu.command();
    scu.0
        .set_write_timeout(Some(Duration::from_millis(300)))
        .expect("a timeout");
    let blocked = (0..2000).find_map(|_| scu.0.write_all(&[0; 1 << 16]).err());
    let blocked = blocked.expect("an end long before 128 MB").kind();
    assert_eq!(blocked, std::io::ErrorKind::WouldBlock);
    drop(scu);
    scp.clear();
    let study = Study::new(1, 1).kind(Kind::Bytes(64 << 20)).build();
    std::thread::scope(|scope| {
        let scu = StoreScu::to("SINK", scp.port());
        let sender = scope.spawn(move || scu.send(&study));
        assert!(scp.wait_for(|counters| counters.commands == 1, LONG));
        assert_eq!(scp.counters().stores, 0);
        let begin = Instant::now();
        scp.stop();
        assert!(begin.elapsed() < Duration::from_secs(5));
        let sent = sender.join().expect("the sender").expect("storescu");
        assert!(!sent.status.success());
    });
    // Another decision ends it.
    scp.set_status(0);
    scp.restart();
    let sent = StoreScu::to("SINK", scp.port()).send(&Study::new(1, 1).build());
    assert!(sent.expect("storescu").status.success());
}

#[test]
fn an_answer_may_come_before_the_data_set() {
    let scp = FaultScp::start("SINK");
    scp.on_command(|store| {
        assert_eq!(store.sop_instance_uid, "1.2.34");
        (store.index_in_association == 0).then_some(Respond::Status(0xA700))
    });
    let mut scu = Scu::associated(&scp);
    scu.command();
    assert_eq!(value(&scu.pdv().2, 0x0900), Some(vec![0x00, 0xA7]));
    scu.p_data(0, &[0; 100]);
    scu.p_data(2, &[0; 100]);
    scu.store();
    assert_eq!(value(&scu.pdv().2, 0x0900), Some(vec![0, 0]));
    assert!(scp.wait_for_acknowledged(1, LONG));
    let counters = scp.counters();
    assert_eq!((counters.commands, counters.stores), (2, 1));
    scp.on_command(|_| Some(Respond::Abort));
    scu.command();
    assert_eq!(scu.pdu().0, 7);
}

#[test]
fn what_happens_instead_of_an_accept() {
    let with = |what| {
        let scp = FaultScp::start("SINK");
        scp.set_association(what);
        let scu = Scu::ask(&scp);
        (scp, scu)
    };
    let (_scp, mut scu) = with(Association::DataBeforeAccept);
    let (context, control, command) = scu.pdv();
    assert_eq!((context, control), (CONTEXT, 3));
    assert_eq!(value(&command, 0x0100), Some(vec![0x01, 0x80]));
    let (_scp, mut scu) = with(Association::Garbage);
    assert_eq!(scu.bytes(4), b"HTTP");
    let (_scp, mut scu) = with(Association::EndlessAccept);
    assert_eq!(scu.bytes(7), [2, 0, 0xFF, 0xFF, 0xFF, 0xF0, 0]);
    let abort = Association::AbortWith {
        source: 2,
        reason: 2,
    };
    let (_scp, mut scu) = with(abort);
    assert_eq!(scu.pdu(), (7, vec![0, 0, 2, 2]));
    assert!(scu.closed());
    let (_scp, mut scu) = with(Association::AcceptUnknownContextId);
    let (kind, accept) = scu.pdu();
    let has = |item: &[u8]| accept.windows(item.len()).any(|window| window == item);
    assert_eq!(kind, 2);
    assert!(has(&[0x21, 0, 0, 27, 255, 0, 0, 0]), "{accept:?}");
    let (_scp, mut scu) = with(Association::AcceptUnknownTransferSyntax);
    let (kind, accept) = scu.pdu();
    assert_eq!(kind, 2);
    let uid = dicom::EXPLICIT_VR_LE.as_bytes();
    assert!(!accept.windows(uid.len()).any(|window| window == uid));

    for what in [
        Association::DataBeforeAccept,
        Association::Garbage,
        Association::EndlessAccept,
        Association::AcceptUnknownContextId,
        Association::AcceptUnknownTransferSyntax,
        abort,
    ] {
        let scp = FaultScp::start("SINK");
        scp.set_association(what);
        let scu = StoreScu::to("SINK", scp.port())
            .arg("--acse-timeout")
            .arg("1");
        let sent = scu.send(&Study::new(1, 1).build()).expect("storescu");
        assert!(!sent.status.success(), "{what:?}");
        assert_eq!(scp.counters().stores, 0, "{what:?}");
        let begin = Instant::now();
        scp.stop();
        assert!(begin.elapsed() < Duration::from_secs(5), "{what:?}");
    }
}
