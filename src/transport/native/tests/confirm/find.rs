//! C-FIND: only a match that names it, of a C-FIND that ends well.

use std::collections::BTreeMap;

use super::*;
use crate::transport::native::answer::MOST_MATCHES;
use crate::transport::native::query;

#[test]
fn an_image_is_there_if_a_match_names_it_as_it_was_sent() {
    let receiver = Receiver::start(|line| {
        let request = line.request();
        assert_eq!(request.calling_ae_title.trim(), "US");
        let proposed = &request.presentation_contexts[0];
        assert_eq!(proposed.abstract_syntax, FIND);
        assert_eq!(proposed.transfer_syntaxes, [IMPLICIT_VR_LE]);
        line.send(&Pdu::AssociationAC(accept_of(&request, 16_384)));

        let (context, request, asked) = line.whole_message().unwrap();
        assert_eq!(context, 1);
        let asked = DataSet::parse(&asked, IMPLICIT_VR_LE).unwrap();
        let tags: Vec<Tag> = asked
            .root()
            .iter()
            .map(sendqueue_dicom::Element::tag)
            .collect();
        let level = Tag(8, 0x52);
        assert_eq!(
            tags,
            [
                Tag::SOP_INSTANCE_UID,
                level,
                Tag::STUDY_INSTANCE_UID,
                Tag::SERIES_INSTANCE_UID
            ]
        );
        assert_eq!(text(asked.root(), level), "IMAGE");
        assert_eq!(text(asked.root(), Tag::STUDY_INSTANCE_UID), "1.2");
        assert_eq!(text(asked.root(), Tag::SERIES_INSTANCE_UID), "1.2.1");
        let uids = ["1.2.1.1", "1.2.1.2", "1.2.1.3", "1.2.1.4", "2.25.9"];
        assert_eq!(text(asked.root(), Tag::SOP_INSTANCE_UID), uids.join("\\"));
        found(line, &request, 0xFF00, match_of("1.2.1.1"));
        // Some keys are not supported.
        found(line, &request, 0xFF01, match_of("2.25.9"));
        // Unknown ones, what was not sent under it, none, the question itself, of another study, damaged.
        found(line, &request, 0xFF00, match_of("1.2.1.77"));
        found(line, &request, 0xFF00, match_of("1.2.1.5"));
        found(line, &request, 0xFF00, implicit(&[((8, 0x52), "IMAGE ")]));
        found(line, &request, 0xFF00, match_of("1.2.1.2\\1.2.1.3"));
        let other = implicit(&[((8, 0x18), "1.2.1.2"), ((0x20, 0xD), "1.3")]);
        found(line, &request, 0xFF00, other);
        let mut damaged = match_of("1.2.1.2");
        damaged.pop();
        found(line, &request, 0xFF00, damaged);
        let gone = [((8, 0x18), "1.2.1.4"), ((8, 0x56), "UNAVAILABLE ")];
        found(line, &request, 0xFF00, implicit(&gone));
        done(line, &request, 0);

        let (_, request, asked) = line.whole_message().unwrap();
        let asked = DataSet::parse(&asked, IMPLICIT_VR_LE).unwrap();
        assert_eq!(text(asked.root(), Tag::SERIES_INSTANCE_UID), "1.2.2");
        assert_eq!(text(asked.root(), Tag::SOP_INSTANCE_UID), "1.2.1.6");
        // In one PDU, as some send it.
        let all = vec![
            command(1, true, response(&request, 0x8020, 0xFF00, true)),
            identifier(match_of("1.2.1.6"), true),
            command(1, true, response(&request, 0x8020, 0, false)),
        ];
        line.send(&data(all));
        released(line);
    });
    let bench = Bench::new(receiver.address.port());
    bench.gone.lock().push("s9".to_owned());
    let mut all: Vec<Asked> = (1..=5).map(|number| asked(number, "s1")).collect();
    all[4].sent_as = Some("2.25.9".to_owned());
    all.push(asked(6, "s2"));
    all.push(asked(7, "s9"));
    all.push(asked(8, "s1"));
    all[7].sent_as = Some("1.2\\*".to_owned());
    let answers = bench.find(&all);
    let words: Vec<&str> = answers.each.iter().map(word).collect();
    assert_eq!(
        words[..4],
        [
            "Has",
            "C-FIND did not find it",
            "C-FIND did not find it",
            "C-FIND found it as UNAVAILABLE",
        ]
    );
    assert_eq!(words[4..6], ["Has", "Has"]);
    assert!(
        words[6].contains("does not have its series"),
        "{}",
        words[6]
    );
    assert!(
        words[7].contains("none that can be asked for"),
        "{}",
        words[7]
    );
    assert_eq!((answers.transaction, answers.trouble), (None, None));
    receiver.join();
}

#[test]
fn what_orthanc_does_not_have_is_asked_for_as_it_was_sent() {
    let receiver = Receiver::start(|line| {
        line.accept();
        let (_, request, asked) = line.whole_message().unwrap();
        let asked = DataSet::parse(&asked, IMPLICIT_VR_LE).unwrap();
        assert_eq!(text(asked.root(), Tag::STUDY_INSTANCE_UID), "2.25.1");
        assert_eq!(text(asked.root(), Tag::SERIES_INSTANCE_UID), "2.25.2");
        let parents = [((0x20, 0xD), "2.25.1"), ((0x20, 0xE), "2.25.2")];
        let matched = [&[((8, 0x18), "1.2.1.1")][..], &parents].concat();
        found(line, &request, 0xFF00, implicit(&matched));
        done(line, &request, 0);
        released(line);
    });
    let bench = Bench::new(receiver.address.port());
    *bench.gone.lock() = ["i1", "s1", "st"].map(str::to_owned).to_vec();
    let address = format!("127.0.0.1:{}", bench.port);
    let mut half = sent(2, &address);
    half.series.as_mut().unwrap().series.clear();
    let answers = bench.find(&[sent(1, &address), half]);
    assert_eq!(answers.each[0], Answer::Has);
    // All of it, or nothing.
    let why = word(&answers.each[1]);
    assert!(why.contains("does not have its series"), "{why}");
    receiver.join();
}

#[test]
fn a_study_of_several_series_and_many_images_is_asked_in_parts() {
    // One that ends each association after its first answer.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let receiver = std::thread::spawn(move || {
        let mut parts = Vec::new();
        for _ in 0..3 {
            let mut line = Line::of(listener.accept().unwrap().0);
            line.accept();
            let (_, request, asked) = line.whole_message().unwrap();
            let asked = DataSet::parse(&asked, IMPLICIT_VR_LE).unwrap();
            let uids = text(asked.root(), Tag::SOP_INSTANCE_UID);
            let uids: Vec<&str> = uids.split('\\').collect();
            for uid in &uids {
                found(&mut line, &request, 0xFF00, match_of(uid));
            }
            done(&mut line, &request, 0);
            parts.push(uids.len());
        }
        parts
    });
    let bench = Bench::new(port);
    let mut all: Vec<Asked> = (0..60).map(|number| asked(number, "s1")).collect();
    all.extend((60..90).map(|number| asked(number, "s2")));
    let answers = bench.find(&all);
    assert_eq!(answers.each, vec![Answer::Has; 90]);
    assert_eq!(answers.trouble, None);
    assert_eq!(receiver.join().unwrap(), [50, 10, 30]);
}

/// What a receiver does after a match that would be one.
#[test]
fn a_find_that_does_not_end_well_finds_nothing() {
    type Script = fn(&mut Line, &[u8]);
    let table: [(&str, Script); 16] = [
        ("C-FIND status 0xA700", |line, request| {
            done(line, request, 0xA700)
        }),
        ("C-FIND status 0xB000", |line, request| {
            done(line, request, 0xB000)
        }),
        ("C-FIND status 0xFE00", |line, request| {
            done(line, request, 0xFE00)
        }),
        ("match without an identifier", |line, request| {
            done(line, request, 0xFF00)
        }),
        (
            "response instead of a match's identifier",
            |line, request| {
                let pending = response(request, 0x8020, 0xFF00, true);
                line.send(&data(vec![command(1, true, pending)]));
                done(line, request, 0);
            },
        ),
        ("announced a data set", |line, request| {
            let last = response(request, 0x8020, 0, true);
            line.send(&data(vec![command(1, true, last)]));
        }),
        ("more than its response", |line, request| {
            let last = command(1, true, response(request, 0x8020, 0, false));
            line.send(&data(vec![last.clone(), last]));
        }),
        ("another message", |line, request| {
            let other = response(request, 0x8001, 0, false);
            line.send(&data(vec![command(1, true, other)]));
        }),
        ("data set instead of a response", |line, _| {
            line.send(&data(vec![identifier(match_of("1.2.1.1"), true)]));
        }),
        ("presentation context 3", |line, request| {
            let last = response(request, 0x8020, 0, false);
            line.send(&data(vec![command(3, true, last)]));
        }),
        ("matches", |line, request| {
            let mut bytes = Vec::new();
            let one = data(vec![
                command(1, true, response(request, 0x8020, 0xFF00, true)),
                identifier(match_of("1.2.1.1"), true),
            ]);
            dicom_ul::pdu::write_pdu(&mut bytes, &one).unwrap();
            line.raw(&bytes.repeat(MOST_MATCHES));
            done(line, request, 0);
        }),
        ("longer than 262144 bytes", |line, request| {
            let pending = response(request, 0x8020, 0xFF00, true);
            line.send(&data(vec![command(1, true, pending)]));
            for _ in 0..40 {
                line.send(&data(vec![identifier(vec![0; 8000], false)]));
            }
        }),
        ("fragments", |line, request| {
            let pending = response(request, 0x8020, 0xFF00, true);
            line.send(&data(vec![command(1, true, pending)]));
            for _ in 0..600 {
                line.send(&data(vec![identifier(Vec::new(), false)]));
            }
        }),
        ("aborted", |line, _| {
            line.raw(&[7, 0, 0, 0, 0, 4, 0, 0, 2, 1])
        }),
        ("closed the connection", |line, _| {
            line.stream.shutdown(Shutdown::Both).unwrap();
        }),
        ("did not come in time", |_, _| ()),
    ];
    for (words, script) in table {
        let receiver = Receiver::start(move |line| {
            line.accept();
            let (_, request, _) = line.whole_message().unwrap();
            found(line, &request, 0xFF00, match_of("1.2.1.1"));
            script(line, &request);
            // Until it is over for the asking side.
            while line.next().is_some() {}
        });
        let bench = Bench::new(receiver.address.port());
        let answers = bench.find(&[asked(1, "s1")]);
        let said = word(&answers.each[0]);
        assert!(said.contains(words), "{words}: {said}");
        let is_status = words.starts_with("C-FIND status");
        let class = answers.trouble.map(|outcome| outcome.class);
        assert_eq!(class, (!is_status).then_some(Class::Interrupted), "{words}");
        receiver.join();
    }
}

#[test]
fn random_bytes_find_nothing_else() {
    use crate::transport::confirm::known::Parents;
    use crate::transport::native::answer;
    use crate::transport::native::command::Request;
    use crate::transport::native::pdu::Reader;
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let asked = element(0x0110, &7_u16.to_le_bytes());
    let mut good = Vec::new();
    let whole = data(vec![
        command(1, true, response(&asked, 0x8020, 0xFF00, true)),
        identifier(match_of("1.2.3"), true),
        command(1, true, response(&asked, 0x8020, 0, false)),
    ]);
    dicom_ul::pdu::write_pdu(&mut good, &whole).unwrap();
    let parents = Parents {
        study: "1.2".to_owned(),
        series: "1.2.1".to_owned(),
    };
    let mut seen: BTreeMap<bool, usize> = BTreeMap::new();
    for _ in 0..100_000 {
        let mut bytes = good.clone();
        for _ in 0..random.usize(0..4) {
            let at = random.usize(0..bytes.len());
            match random.u8(0..4) {
                0 => bytes.truncate(at.max(1)),
                1 => bytes.insert(at, random.u8(..)),
                2 if bytes.len() > 1 => _ = bytes.remove(at),
                _ => bytes[at] = random.u8(..),
            }
        }
        let mut names = Vec::new();
        let mut matched = |_: &mut &[u8], identifier: &[u8]| {
            names.extend(query::found(identifier, &parents).map(|found| found.sop_instance));
        };
        let mut stream = &bytes[..];
        let mut reader = Reader::default();
        let answer = answer::response(
            &mut reader,
            &mut stream,
            &[1],
            &Request::Find,
            7,
            &mut matched,
        );
        *seen.entry(answer.is_ok()).or_default() += 1;
        for name in names {
            // It was said, whatever it says.
            assert!(
                bytes
                    .windows(name.len())
                    .any(|part| part == name.as_bytes())
            );
        }
    }
    assert!(seen.len() == 2, "{seen:?}");
}
