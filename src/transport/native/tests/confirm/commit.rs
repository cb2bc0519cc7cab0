//! Storage commitment: what is requested, and when there is a transaction.

use super::*;

#[test]
fn storage_commitment_is_requested_of_what_was_sent() {
    let receiver = Receiver::start(|line| {
        let request = line.request();
        let proposed = &request.presentation_contexts[0];
        assert_eq!(proposed.abstract_syntax, COMMITMENT);
        line.send(&Pdu::AssociationAC(accept_of(&request, 16_384)));
        let (_, request, asked) = line.whole_message().unwrap();
        let wanted = [
            element(
                0x0003,
                format!("{COMMITMENT}\0\0")
                    .trim_end_matches("\0\0")
                    .as_bytes(),
            ),
            element(0x0100, &[0x30, 0x01]),
            element(0x0110, &[1, 0]),
            element(0x0800, &[0, 0]),
            element(0x1001, format!("{COMMITMENT}.1").as_bytes()),
            element(0x1008, &[1, 0]),
        ];
        // Behind the group's length.
        assert_eq!(request[12..], wanted.concat());
        let asked = DataSet::parse(&asked, IMPLICIT_VR_LE).unwrap();
        assert_eq!(asked.root().len(), 2);
        let transaction = text(asked.root(), Tag(8, 0x1195));
        let number: u128 = transaction.strip_prefix("2.25.").unwrap().parse().unwrap();
        assert_eq!((number >> 76 & 0xF, number >> 62 & 3), (4, 2), "{number:x}");
        let items = asked
            .root()
            .get(Tag(8, 0x1199))
            .unwrap()
            .items()
            .unwrap()
            .unwrap();
        let pairs: Vec<[String; 2]> = items
            .iter()
            .map(|item| [text(item, Tag(8, 0x1150)), text(item, Tag(8, 0x1155))])
            .collect();
        assert_eq!(pairs, [[CT, "1.2.1.1"], [CT, "2.25.9"], [MR, "1.2.1.4"]]);
        let answer = response(&request, 0x8130, 0, false);
        line.send(&data(vec![command(1, true, answer)]));
        released(line);
    });
    let bench = Bench::new(receiver.address.port());
    bench.gone.lock().push("i3".to_owned());
    let mut all: Vec<Asked> = (1..=3).map(|number| asked(number, "s1")).collect();
    all[1].sent_as = Some("2.25.9".to_owned());
    // The same one again.
    all.push(asked(1, "s1"));
    // It is gone too, and it was told what was sent.
    bench.gone.lock().push("i4".to_owned());
    all.push(sent(4, ""));
    let answers = bench.commit(&all);
    let words: Vec<&str> = answers.each.iter().map(word).collect();
    assert!(
        words[2].contains("Orthanc does not have it any more"),
        "{}",
        words[2]
    );
    assert_eq!([words[0], words[1], words[3], words[4]], ["Awaited"; 4]);
    let transaction = answers.transaction.unwrap();
    receiver.join();

    // Nothing has come yet; Orthanc is not to be asked now.
    for (code, expected) in [(17, "Awaited"), (-1, "Orthanc cannot be asked")] {
        *bench.report.lock() = Err(code);
        let answers = bench.ask(Means::StorageCommitment, Some(&transaction), &all);
        assert!(word(&answers.each[0]).contains(expected), "{code}");
        assert_eq!(answers.transaction.as_deref(), Some(&*transaction));
    }
    let entry = |uid: &str| json!({ "SOPClassUID": CT, "SOPInstanceUID": uid });
    *bench.report.lock() = Ok(json!({
        "RemoteAET": "PACS", "Status": "Success",
        "Success": [entry("1.2.1.1"), entry("1.2.1.3")], "Failures": [],
    }));
    let answers = bench.ask(Means::StorageCommitment, Some(&transaction), &all);
    let words: Vec<&str> = answers.each.iter().map(word).collect();
    assert_eq!([words[0], words[3]], ["Has"; 2]);
    assert!(words[1].contains("does not name"), "{}", words[1]);
    assert!(
        words[2].contains("Orthanc does not have it any more"),
        "{}",
        words[2]
    );
    // What is open is asked for anew.
    assert_eq!((answers.transaction, answers.trouble), (None, None));
    // Never a path that Orthanc would take for another one.
    let odd = bench.ask(Means::StorageCommitment, Some("2.25.1/remove"), &all);
    assert!(word(&odd.each[0]).contains("UID of the transaction"));
    assert_eq!(odd.transaction, None);
}

#[test]
fn a_request_for_commitment_that_is_not_taken_opens_no_transaction() {
    type Script = fn(&mut Line, &[u8]);
    let table: [(&str, Option<Class>, Script); 5] = [
        ("N-ACTION status 0x0131", None, |line, request| {
            let answer = response(request, 0x8130, 0x0131, false);
            line.send(&data(vec![command(1, true, answer)]));
        }),
        ("N-ACTION status 0x0110; no room", None, |line, request| {
            let comment = element(0x0902, b"no room ");
            let answer = [response(request, 0x8130, 0x0110, false), comment].concat();
            line.send(&data(vec![command(1, true, answer)]));
        }),
        (
            "another message",
            Some(Class::Interrupted),
            |line, request| {
                let answer = response(request, 0x8001, 0, false);
                line.send(&data(vec![command(1, true, answer)]));
            },
        ),
        ("pending", Some(Class::Interrupted), |line, request| {
            let answer = response(request, 0x8130, 0xFF00, false);
            line.send(&data(vec![command(1, true, answer)]));
        }),
        ("did not come in time", Some(Class::Interrupted), |_, _| ()),
    ];
    for (words, trouble, script) in table {
        let receiver = Receiver::start(move |line| {
            line.accept();
            let (_, request, _) = line.whole_message().unwrap();
            script(line, &request);
            while let Some(pdu) = line.next() {
                if pdu == Pdu::ReleaseRQ {
                    line.send(&Pdu::ReleaseRP);
                }
            }
        });
        let answers = Bench::new(receiver.address.port()).commit(&[asked(1, "s1")]);
        let said = word(&answers.each[0]);
        assert!(said.contains(words), "{words}: {said}");
        assert_eq!(answers.transaction, None);
        assert_eq!(
            answers.trouble.map(|outcome| outcome.class),
            trouble,
            "{words}"
        );
        receiver.join();
    }
}
