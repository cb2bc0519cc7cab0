//! The native transport against receivers of other makes: all of a mixed study arrives, as Orthanc stored it.

use std::collections::{BTreeMap, BTreeSet};

use sendqueue_testkit::dicom::{
    BASIC_TEXT_SR, CT_IMAGE, ENCAPSULATED_PDF, PRIVATE_SOP_CLASS, Part10, elements, every_object,
};
use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{Kind, Receiver, ReceiverKind, Study};

/// What is in Orthanc, by SOP instance UID: meta information and data set.
type Stored = BTreeMap<String, (Part10, Vec<u8>)>;

/// 30 CT images of two sizes, a structured report, a PDF and an object of a private SOP class, as Orthanc stored them.
fn store_a_mixed_study(queue: &Queue) -> Stored {
    let study = Study::new(2, 15);
    let mut files: Vec<Vec<u8>> = Vec::new();
    for number in 1..=15 {
        let big = study.clone().kind(Kind::Ct512K).instance(1, number);
        files.push(big.bytes);
        files.push(study.instance(2, number).bytes);
    }
    let others = every_object().into_iter().filter(|sample| {
        [BASIC_TEXT_SR, ENCAPSULATED_PDF, PRIVATE_SOP_CLASS]
            .contains(&sample.sop_class_uid.as_str())
    });
    files.extend(others.map(|sample| sample.file));
    let stored: Stored = files
        .iter()
        .map(|file| {
            let id = queue.store(file);
            let path = format!("/instances/{id}/file");
            let mut file = queue.get(&path).ok().body;
            let meta = Part10::read(&file).expect("a DICOM file");
            file.drain(..meta.data_set_offset);
            (meta.sop_instance_uid.clone(), (meta, file))
        })
        .collect();
    let classes: BTreeSet<&str> = stored
        .values()
        .map(|(meta, _)| meta.sop_class_uid.as_str())
        .collect();
    for class in [CT_IMAGE, BASIC_TEXT_SR, ENCAPSULATED_PDF, PRIVATE_SOP_CLASS] {
        assert!(classes.contains(class), "no {class}");
    }
    stored
}

/// Two associations; DCMTK's serves one after the other.
fn all_arrives(kind: ReceiverKind) {
    let receiver = Receiver::start(kind, "PACS");
    let config = queue::config(&["pacs"])
        .modality("pacs", "PACS", receiver.port())
        .set("DicomScuTimeout", 30)
        .set("/SendQueue/Defaults/Transport", "Native")
        .set("/SendQueue/Defaults/Associations", 2);
    let queue = Queue::start(config);
    let stored = store_a_mixed_study(&queue);
    assert_eq!(stored.len(), 34);
    queue.wait_for_rest(stored.len() as u64);
    assert_eq!(
        queue.count("pacs", "Success"),
        stored.len() as u64,
        "{:#}",
        queue.ask("/errors")
    );
    for (uid, item) in queue.by_uid("pacs") {
        assert_eq!(item["DimseStatus"], 0, "{uid}: {item:#}");
    }
    assert_eq!(queue.ask("/destinations/pacs")["TransportInUse"], "Native");
    assert!(
        receiver.wait_for(stored.len(), SOON),
        "{:?} has less than was acknowledged: {}",
        kind,
        receiver.log()
    );
    let received = receiver.received();
    let uids = |set: Vec<&String>| set.into_iter().cloned().collect::<BTreeSet<String>>();
    assert_eq!(
        uids(received.keys().collect()),
        uids(stored.keys().collect())
    );
    for (uid, (meta, data_set)) in &stored {
        let file = &received[uid];
        assert_eq!(file.sop_class_uid, meta.sop_class_uid, "{uid}");
        assert_eq!(file.transfer_syntax, meta.transfer_syntax, "{uid}");
        if kind.keeps_bytes() {
            assert!(file.data_set == *data_set, "{uid}: other bytes");
        } else {
            assert_eq!(
                elements(&file.transfer_syntax, &file.data_set),
                elements(&meta.transfer_syntax, data_set),
                "{uid}"
            );
        }
    }
    assert_eq!(queue.unexpected_errors(), Vec::<String>::new());
}

#[test]
fn dcmtk() {
    all_arrives(ReceiverKind::Storescp);
}

#[test]
fn dcmtk_without_delay() {
    all_arrives(ReceiverKind::StorescpNoDelay);
}

#[test]
fn pynetdicom() {
    all_arrives(ReceiverKind::Pynetdicom);
}

#[test]
fn dicom_rs() {
    all_arrives(ReceiverKind::DicomRs);
}

/// Orthanc to Orthanc.
#[test]
fn orthanc() {
    all_arrives(ReceiverKind::Orthanc);
}
