//! What is changed on its way: what the editor made goes out, or nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dicom_ul::pdu::{Pdu, PresentationContextResultReason};
use orthanc_sdk::fake_host::FakeHost;
use parking_lot::Mutex;
use sendqueue_testkit::dcmtk::StoreScpOptions;
use sendqueue_testkit::dicom::DataSet;

use super::raw::{CT, Line, Receiver, accept_of, command, data, element, response};
use crate::config::settings::HostSettings;
use crate::item::{Class, Ids, Item, Outcome, Priority, State, SystemClock, Timestamp};
use crate::transport::budget::Budget;
use crate::transport::edited::{Edited, Editor, NotEdited, Stored};
use crate::transport::native::contexts::{EXPLICIT_VR_LE, IMPLICIT_VR_LE, Kind};
use crate::transport::native::implicit::explicit_to_implicit;
use crate::transport::native::part10::{self, Part10};
use crate::transport::native::{Native, Sent, SentBatch};
use crate::transport::pieces::{Piece, slices};
use crate::transport::{Batch, Called, Modality, Tried};

const SECRET: &str = "SECRET-PATIENT";
const JPEG: &str = "1.2.840.10008.1.2.4.70";
const PIXELS: usize = 40_000;

fn uid(instance: &str) -> String {
    format!("1.2.3.{}", instance.trim_start_matches('i'))
}

/// As which it is sent.
fn new_uid(stored: &str) -> String {
    format!("2.25.9{}", stored.replace('.', "0"))
}

fn data_set(uid: &str, patient: &str) -> Vec<u8> {
    DataSet::new()
        .text((0x0008, 0x0016), "UI", CT)
        .text((0x0008, 0x0018), "UI", uid)
        .text((0x0010, 0x0020), "LO", patient)
        .text((0x0020, 0x000D), "UI", &format!("{uid}.5"))
        .text((0x0020, 0x000E), "UI", &format!("{uid}.5.6"))
        .bytes((0x7FE0, 0x0010), "OW", &vec![0xA5; PIXELS])
        .encode()
}

fn kind(transfer_syntax: &str) -> Kind {
    Kind {
        sop_class: CT.to_owned(),
        transfer_syntax: transfer_syntax.to_owned(),
    }
}

fn file(instance: &str) -> Vec<u8> {
    let uid = uid(instance);
    part10::file(&kind(EXPLICIT_VR_LE), &uid, &[&data_set(&uid, SECRET)])
}

/// What the receiver must get for it.
fn expected(instance: &str) -> Vec<u8> {
    data_set(&new_uid(&uid(instance)), "A-123")
}

/// A new header in parts of odd sizes, and the pixels where they lie.
fn change(stored: Stored) -> Result<Edited, NotEdited> {
    let uid = new_uid(&stored.sop_instance_uid);
    let made = data_set(&uid, "A-123");
    let (header, _) = made.split_at(made.len() - PIXELS);
    let size = stored.data_set().len();
    let mut pieces: Vec<Piece> = header
        .chunks(33)
        .map(|part| Piece::Made(part.to_vec()))
        .collect();
    pieces.push(Piece::Kept(size - PIXELS..size - 7));
    pieces.push(Piece::Made(Vec::new()));
    pieces.push(Piece::Kept(size - 7..size));
    stored.edited(pieces, uid)
}

type Act = dyn Fn(&Item, Stored) -> Result<Edited, NotEdited> + Send + Sync;

/// Does what a test wants, and remembers for whom.
struct Played {
    act: Box<Act>,
    asked: Mutex<Vec<String>>,
}

impl Played {
    fn new(
        act: impl Fn(&Item, Stored) -> Result<Edited, NotEdited> + Send + Sync + 'static,
    ) -> Arc<Played> {
        Arc::new(Played {
            act: Box::new(act),
            asked: Mutex::default(),
        })
    }

    fn changes() -> Arc<Played> {
        Played::new(|_, stored| change(stored))
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().clone()
    }
}

impl Editor for Played {
    fn edit(&self, item: &Item, stored: Stored) -> Result<Edited, NotEdited> {
        self.asked.lock().push(item.ids.instance.clone());
        assert!(!stored.file().is_empty());
        (self.act)(item, stored)
    }
}

fn item(instance: &str) -> Item {
    Item {
        id: instance.trim_start_matches('i').parse().unwrap(),
        ids: Ids {
            instance: instance.to_owned(),
            sop_instance_uid: uid(instance),
            series: String::new(),
            study: String::new(),
            patient: String::new(),
        },
        destination: "pacs".to_owned(),
        rule: None,
        remote_aet: None,
        state: State::Running,
        priority: Priority::Medium,
        attempt_count: 0,
        created: Timestamp::default(),
        next_attempt: None,
        completed: None,
        class: None,
        dimse_status: None,
        details: None,
        size_bytes: PIXELS as u64,
        confirmation: crate::item::Confirmation::None,
    }
}

struct Bench {
    fake: FakeHost,
    budget: Arc<Budget>,
    native: Native,
    modality: Modality,
    to_confirm: bool,
}

impl Bench {
    fn new(port: u16) -> Bench {
        let fake = FakeHost::new("1.12.7");
        fake.on_read_instance(|instance| Ok(file(instance)));
        let budget = Arc::new(Budget::default());
        let native = Native::new(
            fake.host(),
            Arc::new(SystemClock),
            budget.clone(),
            HostSettings::default(),
        );
        Bench {
            fake,
            budget,
            native,
            modality: Modality {
                aet: "PACS".to_owned(),
                host: "127.0.0.1".to_owned(),
                port,
                allow_transcoding: true,
                timeout: Some(20),
                ..Modality::default()
            },
            to_confirm: false,
        }
    }

    /// Sends `i1` to `i…`, and nothing after that.
    fn send(&self, count: usize, editor: &Played) -> SentBatch {
        let sent = self.send_to(self.modality.port, count, Some(editor));
        self.native.stop();
        assert!(self.budget.take(256 * 1024 * 1024).is_some());
        sent
    }

    /// Without an editor what is stored.
    fn send_to(&self, port: u16, count: usize, editor: Option<&Played>) -> SentBatch {
        let items: Vec<Item> = (1..=count).map(|n| item(&format!("i{n}"))).collect();
        let batch = Batch {
            group: None,
            transfer_syntax: None,
            in_hand: &|_, _| true,
            told: &|_, _| true,
            recalled: &Vec::new,
            to_confirm: self.to_confirm,
            local_aet: None,
            timeout: None,
            items: &items,
        };
        let look_up = || {
            Ok(Modality {
                port,
                ..self.modality.clone()
            })
        };
        let called = Called {
            name: "pacs",
            look_up: &look_up,
        };
        match editor {
            Some(editor) => self.native.deliver_edited(&called, &batch, editor),
            None => self.native.deliver(&called, &batch),
        }
    }
}

/// The class of each, and as what it was sent.
fn results(sent: &SentBatch) -> Vec<(String, Option<String>)> {
    let result = |one: &Sent| match one {
        Sent::Tried(Tried::Made {
            outcome, sent_as, ..
        }) => (outcome.class.to_string(), sent_as.clone()),
        Sent::Tried(other) => (format!("{other:?}"), None),
        Sent::OnlyOrthanc(reason) => (format!("OnlyOrthanc: {reason}"), None),
    };
    sent.sent.iter().map(result).collect()
}

fn classes(sent: &SentBatch) -> Vec<String> {
    results(sent).into_iter().map(|(class, _)| class).collect()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

/// Takes the contexts of this transfer syntax, and PDUs of this size.
fn accept(line: &mut Line, transfer_syntax: &str, max: u32) {
    let request = line.request();
    let mut accept = accept_of(&request, max);
    for context in &mut accept.presentation_contexts {
        if context.transfer_syntax != transfer_syntax {
            context.reason = PresentationContextResultReason::TransferSyntaxesNotSupported;
        }
    }
    line.send(&Pdu::AssociationAC(accept));
}

type Got = Arc<Mutex<Vec<Vec<u8>>>>;

/// A receiver that stores whatever comes.
fn receiver(transfer_syntax: &'static str, max: u32) -> (Receiver, Got) {
    let got = Got::default();
    let kept = got.clone();
    let receiver = Receiver::start(move |line| {
        accept(line, transfer_syntax, max);
        let mut id = 0;
        while let Some((context, asked, bytes)) = line.whole_message() {
            id += 1;
            assert!(!contains(&bytes, SECRET) && !contains(&bytes, "1.2.3."));
            assert!(!contains(&asked, "1.2.3."), "the stored UID is announced");
            kept.lock().push(bytes);
            line.send(&data(vec![command(context, true, response(id, 0))]));
        }
    });
    (receiver, got)
}

#[test]
fn what_goes_out_is_what_the_editor_made_whatever_the_size_of_a_pdu() {
    for max in [64, 4096, 131_072] {
        let (receiver, got) = receiver(EXPLICIT_VR_LE, max);
        let bench = Bench::new(receiver.address.port());
        let sent = bench.send(3, &Played::changes());
        let success = |n| ("Success".to_owned(), Some(new_uid(&uid(n))));
        assert_eq!(
            results(&sent),
            [success("i1"), success("i2"), success("i3")]
        );
        receiver.join();
        let expected: Vec<_> = ["i1", "i2", "i3"].map(expected).to_vec();
        assert_eq!(*got.lock(), expected, "PDUs of {max}");
    }
}

#[test]
fn what_is_not_changed_goes_out_as_it_is_and_as_what_it_is() {
    let receiver = Receiver::start(|line| {
        accept(line, EXPLICIT_VR_LE, 16_384);
        let (context, asked, bytes) = line.whole_message().unwrap();
        assert_eq!(bytes, data_set(&uid("i1"), SECRET));
        assert!(contains(&asked, &uid("i1")));
        line.send(&data(vec![command(context, true, response(1, 0))]));
        assert!(line.whole_message().is_none());
    });
    let bench = Bench::new(receiver.address.port());
    let sent = bench.send(1, &Played::new(|_, stored| Ok(stored.unchanged())));
    assert_eq!(results(&sent), [("Success".to_owned(), None)]);
    receiver.join();
}

/// Each way in which an editor can fail: the others go out, and of it not a byte.
#[test]
fn what_an_editor_fails_at_is_not_sent_and_the_rest_is() {
    let (receiver, got) = receiver(EXPLICIT_VR_LE, 16_384);
    let bench = Bench::new(receiver.address.port());
    let editor = Played::new(|item, stored| match item.id {
        1 => Err(NotEdited::coercion("0010,0020: longer than 64 characters")),
        2 => panic!("a fault in the editor"),
        // Of another data set than it says.
        3 => {
            let whole = Piece::Kept(0..stored.data_set().len());
            stored.edited(vec![whole], "1.2.99".to_owned())
        }
        // What is not there.
        4 => {
            let size = stored.data_set().len();
            let uid = stored.sop_instance_uid.clone();
            stored.edited(vec![Piece::Kept(1..size + 1)], uid)
        }
        5 => {
            let uid = stored.sop_instance_uid.clone();
            stored.edited(vec![Piece::Made(vec![8; 7])], uid)
        }
        6 => Err(NotEdited::Outcome(Outcome::new(Class::Missing, "gone"))),
        7 => Err(NotEdited::Outcome(Outcome::new(Class::Internal, "ours"))),
        _ => change(stored),
    });
    let sent = bench.send(9, &editor);
    let failed = ["Coercion"; 5];
    assert_eq!(classes(&sent)[..5], failed);
    assert_eq!(
        classes(&sent)[5..],
        ["Missing", "Internal", "Success", "Success"]
    );
    assert!(results(&sent)[..7].iter().all(|(_, sent)| sent.is_none()));
    receiver.join();
    assert_eq!(*got.lock(), [expected("i8"), expected("i9")]);
}

/// A fault of our own ends the batch, and costs no attempt: neither this one nor the rest was tried.
#[test]
fn what_cannot_be_changed_now_waits_with_all_that_comes_after_it() {
    let (receiver, got) = receiver(EXPLICIT_VR_LE, 16_384);
    let bench = Bench::new(receiver.address.port());
    let editor = Played::new(|item, stored| match item.id {
        2 => Err(NotEdited::NotNow("the store is locked".to_owned())),
        _ => change(stored),
    });
    let sent = bench.send(4, &editor);
    assert!(sent.ended);
    let waits = "NotNow(\"the store is locked\")";
    assert_eq!(classes(&sent), ["Success", waits, "NotYet", "NotYet"]);
    receiver.join();
    assert_eq!(*got.lock(), [expected("i1")]);
    assert!(!editor.asked().contains(&"i3".to_owned()));
}

/// A damaged file goes through Orthanc where nothing is changed. Here it does not.
#[test]
fn what_only_orthanc_could_read_is_not_sent_at_all() {
    let bench = Bench::new(1);
    bench.fake.on_read_instance(|instance| match instance {
        // Another instance than the item's, and no DICOM file.
        "i1" => Ok(file("i7")),
        _ => Ok(b"garbage".to_vec()),
    });
    let editor = Played::changes();
    let sent = bench.send(2, &editor);
    assert_eq!(classes(&sent), ["Coercion", "Coercion"]);
    assert_eq!(sent.only_orthanc, None);
    assert_eq!(editor.asked(), Vec::<String>::new());
}

#[test]
fn an_answer_for_the_stored_instance_is_not_believed() {
    let receiver = Receiver::start(|line| {
        accept(line, EXPLICIT_VR_LE, 16_384);
        let (context, asked, _) = line.whole_message().unwrap();
        assert!(contains(&asked, &new_uid(&uid("i1"))));
        let named = element(0x1000, b"1.2.3.1\0");
        let answer = [response(1, 0), named].concat();
        line.send(&data(vec![command(context, true, answer)]));
        assert!(line.whole_message().is_none());
    });
    let bench = Bench::new(receiver.address.port());
    let sent = bench.send(1, &Played::changes());
    // It may have stored what was sent.
    let as_new = Some(new_uid(&uid("i1")));
    assert_eq!(results(&sent), [("Interrupted".to_owned(), as_new)]);
    receiver.join();
}

#[test]
fn in_implicit_vr_it_is_what_the_editor_made_too() {
    let (receiver, got) = receiver(IMPLICIT_VR_LE, 100);
    let bench = Bench::new(receiver.address.port());
    let sent = bench.send(1, &Played::changes());
    assert_eq!(classes(&sent), ["Success"]);
    receiver.join();
    let made = expected("i1");
    let whole = [Piece::Kept(0..made.len())];
    let implicit = explicit_to_implicit(&made, &whole).unwrap();
    assert_eq!(*got.lock(), [slices(&made, &implicit).concat()]);
}

#[test]
fn what_orthanc_transcodes_is_what_the_editor_made() {
    // Stored compressed, and the receiver takes Explicit VR Little Endian alone.
    let (receiver, got) = receiver(EXPLICIT_VR_LE, 16_384);
    let bench = Bench::new(receiver.address.port());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    bench.fake.on_read_instance(|instance| {
        let uid = uid(instance);
        let data_set = data_set(&uid, SECRET);
        Ok(part10::file(&kind(JPEG), &uid, &[&data_set]))
    });
    bench.fake.on_transcode(move |file, syntax| {
        let part10 = Part10::parse(file).unwrap();
        assert_eq!((part10.transfer_syntax, syntax), (JPEG, EXPLICIT_VR_LE));
        assert!(!contains(file, SECRET) && !contains(file, "1.2.3."));
        count.fetch_add(1, Ordering::SeqCst);
        let uid = part10.sop_instance_uid.unwrap();
        Ok(part10::file(&kind(syntax), uid, &[part10.data_set]))
    });
    let sent = bench.send(2, &Played::changes());
    let success = |n| ("Success".to_owned(), Some(new_uid(&uid(n))));
    assert_eq!(results(&sent), [success("i1"), success("i2")]);
    receiver.join();
    assert_eq!(*got.lock(), [expected("i1"), expected("i2")]);
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

/// What an editor was at, and what was converted, is told of as such.
#[test]
fn what_is_not_the_stored_data_set_is_told() {
    let altered = |syntax, editor: Option<&Played>| {
        let receiver = Receiver::start(move |line| {
            accept(line, syntax, 16_384);
            let mut id = 0;
            while let Some((context, _, _)) = line.whole_message() {
                id += 1;
                line.send(&data(vec![command(context, true, response(id, 0))]));
            }
        });
        let bench = Bench::new(receiver.address.port());
        let sent = bench.send_to(bench.modality.port, 2, editor);
        bench.native.stop();
        receiver.join();
        let each = sent.sent.iter().map(|one| match one {
            Sent::Tried(Tried::Made {
                outcome, altered, ..
            }) => (outcome.class, *altered),
            other => panic!("{other:?}"),
        });
        each.collect::<Vec<_>>()
    };
    let told = |altered| [(Class::Success, Some(altered)); 2];
    assert_eq!(altered(EXPLICIT_VR_LE, None), told(false));
    assert_eq!(altered(IMPLICIT_VR_LE, None), told(true));
    assert_eq!(
        altered(EXPLICIT_VR_LE, Some(&Played::changes())),
        told(true)
    );
}

/// What questions need is told of what went over the line, and of nothing else.
#[test]
fn what_is_told_of_a_series_is_what_was_sent() {
    let series = |to_confirm, status, editor: Option<&Played>| {
        let receiver = Receiver::start(move |line| {
            line.accept();
            let (context, _, _) = line.whole_message().unwrap();
            line.send(&data(vec![command(context, true, response(1, status))]));
            while line.whole_message().is_some() {}
        });
        let mut bench = Bench::new(receiver.address.port());
        bench.to_confirm = to_confirm;
        let sent = bench.send_to(bench.modality.port, 1, editor);
        bench.native.stop();
        receiver.join();
        let target = format!("127.0.0.1:{}", bench.modality.port);
        match sent.sent.into_iter().next() {
            Some(Sent::Tried(Tried::Made { series, .. })) => series.map(|series| {
                assert_eq!((series.target, &*series.sop_class), (target, CT));
                (series.study, series.series)
            }),
            other => panic!("{other:?}"),
        }
    };
    let of = |uid: &str| Some((format!("{uid}.5"), format!("{uid}.5.6")));
    assert_eq!(series(true, 0, None), of("1.2.3.1"));
    // With a warning too.
    assert_eq!(series(true, 0xB000, None), of("1.2.3.1"));
    let changes = Played::changes();
    assert_eq!(series(true, 0, Some(&changes)), of(&new_uid("1.2.3.1")));
    // Nobody will ask.
    assert_eq!(series(false, 0, None), None);
    assert_eq!(series(true, 0xC000, None), None);
}

/// The receiver releases the association instead of taking the second instance: it goes again at once, changed anew to
/// the same bytes.
#[test]
fn what_is_loaded_again_is_changed_again() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let bench = Bench::new(listener.local_addr().unwrap().port());
    let got = Got::default();
    let kept = got.clone();
    let receiver = std::thread::spawn(move || {
        for round in 0..2 {
            let mut line = Line::of(listener.accept().unwrap().0);
            accept(&mut line, EXPLICIT_VR_LE, 16_384);
            let mut id = 0;
            while let Some((context, _, bytes)) = line.whole_message() {
                id += 1;
                kept.lock().push(bytes);
                if round == 0 && id == 2 {
                    line.send(&Pdu::ReleaseRQ);
                    assert!(matches!(line.next(), Some(Pdu::ReleaseRP) | None));
                    break;
                }
                line.send(&data(vec![command(context, true, response(id, 0))]));
            }
        }
    });
    let editor = Played::changes();
    let sent = bench.send(2, &editor);
    assert_eq!(classes(&sent), ["Success", "Success"]);
    receiver.join().unwrap();
    let expected: Vec<_> = ["i1", "i2", "i2"].map(expected).to_vec();
    assert_eq!(*got.lock(), expected);
    assert_eq!(editor.asked(), ["i1", "i2", "i2"]);
}

/// And what cannot be changed the second time is not sent.
#[test]
fn what_is_loaded_again_and_cannot_be_changed_now_waits() {
    let receiver = Receiver::start(|line| {
        accept(line, EXPLICIT_VR_LE, 16_384);
        line.whole_message().unwrap();
        line.send(&Pdu::ReleaseRQ);
        assert!(matches!(line.next(), Some(Pdu::ReleaseRP) | None));
    });
    let bench = Bench::new(receiver.address.port());
    let count = AtomicUsize::new(0);
    let editor = Played::new(
        move |_, stored| match count.fetch_add(1, Ordering::SeqCst) {
            0 => change(stored),
            _ => Err(NotEdited::NotNow("locked".to_owned())),
        },
    );
    let sent = bench.send(2, &editor);
    assert_eq!(classes(&sent), ["NotNow(\"locked\")", "NotYet"]);
    receiver.join();
}

/// The next instance is changed while the receiver works on this one.
#[test]
fn what_is_read_ahead_is_changed_ahead() {
    let editor = Played::changes();
    let seen = editor.clone();
    let receiver = Receiver::start(move |line| {
        accept(line, EXPLICIT_VR_LE, 16_384);
        for id in 1..=2 {
            let (context, _, bytes) = line.whole_message().unwrap();
            assert_eq!(bytes, expected(&format!("i{id}")));
            let ahead = || seen.asked() == ["i1", "i2"];
            assert!(sendqueue_testkit::wait::poll(
                ahead,
                Duration::from_secs(20)
            ));
            line.send(&data(vec![command(context, true, response(id, 0))]));
        }
        assert!(line.whole_message().is_none());
    });
    let bench = Bench::new(receiver.address.port());
    let sent = bench.send(2, &editor);
    assert_eq!(classes(&sent), ["Success", "Success"]);
    receiver.join();
}

/// An editor that comes to no end holds up its own association, and nothing of its instance goes out.
#[test]
fn an_editor_that_hangs_sends_nothing() {
    let (receiver, got) = receiver(EXPLICIT_VR_LE, 16_384);
    let bench = Bench::new(receiver.address.port());
    let (leave, wait) = std::sync::mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let editor = Played::new(move |item, stored| {
        if item.id == 2 {
            let _ = wait.lock().recv();
            return Err(NotEdited::coercion("given up"));
        }
        change(stored)
    });
    std::thread::scope(|scope| {
        let sent = scope.spawn(|| bench.send_to(bench.modality.port, 2, Some(&editor)));
        let asked = || editor.asked() == ["i1", "i2"];
        assert!(sendqueue_testkit::wait::poll(
            asked,
            Duration::from_secs(20)
        ));
        // Meanwhile others send.
        let (other, fine) = self::receiver(EXPLICIT_VR_LE, 16_384);
        let quick = bench.send_to(other.address.port(), 1, Some(&Played::changes()));
        assert_eq!(classes(&quick), ["Success"]);
        assert_eq!(*fine.lock(), [expected("i1")]);
        drop(leave);
        let sent = sent.join().unwrap();
        assert_eq!(classes(&sent), ["Success", "Coercion"]);
        bench.native.stop();
        other.join();
    });
    receiver.join();
    assert_eq!(*got.lock(), [expected("i1")]);
}

/// What goes over the line is what DCMTK writes to its disk, bit by bit, in the smallest PDUs that it takes.
#[test]
fn dcmtk_gets_what_the_editor_made() {
    let scp = StoreScpOptions::new()
        .arg("--bit-preserving")
        .arg("--max-pdu")
        .arg("4096")
        .start("PACS")
        .unwrap();
    let bench = Bench::new(scp.port());
    let sent = bench.send(3, &Played::changes());
    assert_eq!(classes(&sent), ["Success"; 3]);
    assert!(scp.wait_for_files(3, Duration::from_secs(20)));
    let mut got: Vec<Vec<u8>> = Vec::new();
    for path in scp.received_files() {
        let file = std::fs::read(path).unwrap();
        got.push(Part10::parse(&file).unwrap().data_set.to_vec());
    }
    got.sort();
    assert_eq!(got, ["i1", "i2", "i3"].map(expected));
}
