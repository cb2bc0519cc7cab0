//! Presentation contexts of the native transport: what is proposed, what follows from what is accepted.

use std::sync::{Arc, Mutex};

use sendqueue_testkit::dicom::{
    CT_IMAGE, EXPLICIT_VR_LE, IMPLICIT_VR_LE, JPEG_2000_LOSSLESS, MR_IMAGE, PRIVATE_SOP_CLASS,
};
use sendqueue_testkit::queue::{self, Queue};
use sendqueue_testkit::{Association, FaultScp, OrthancConfig, Study};
use serde_json::json;

fn native(scp: &FaultScp) -> OrthancConfig {
    queue::config_for(&[scp])
        .set("/SendQueue/Defaults/Transport", "Native")
        .set("/SendQueue/Defaults/Associations", 1)
}

#[test]
fn the_stored_syntax_goes_out_byte_for_byte() {
    let scp = FaultScp::start("PACS");
    scp.keep_bytes(true);
    let queue = Queue::start(native(&scp));
    let instances = Study::new(1, 3).seed(1).build();
    queue.store_all(&instances);
    queue.wait_for("pacs", "Success", 3);
    for store in scp.stores() {
        let instance = instances
            .iter()
            .find(|one| one.sop_instance_uid == store.sop_instance_uid)
            .unwrap();
        assert_eq!(store.transfer_syntax, instance.transfer_syntax);
        let data_set = &instance.bytes[instance.data_set_offset..];
        assert!(store.bytes.as_deref() == Some(data_set), "other bytes");
        assert_eq!(store.move_originator, None);
    }
}

#[test]
fn a_receiver_of_implicit_vr_gets_it_converted() {
    let scp = FaultScp::start("PACS");
    scp.accept_transfer_syntaxes(|syntax| syntax == IMPLICIT_VR_LE);
    let queue = Queue::start(native(&scp));
    queue.store_all(
        &Study::new(1, 4)
            .seed(1)
            .transfer_syntax(EXPLICIT_VR_LE)
            .build(),
    );
    queue.wait_for("pacs", "Success", 4);
    assert!(
        scp.stores()
            .iter()
            .all(|store| store.transfer_syntax == IMPLICIT_VR_LE)
    );
    assert_eq!(scp.counters().stores, 4);
}

#[test]
fn without_transcoding_the_stored_syntax_or_nothing() {
    let scp = FaultScp::start("PACS");
    scp.accept_transfer_syntaxes(|syntax| syntax == IMPLICIT_VR_LE);
    let config = native(&scp).modality_with(
        "pacs",
        json!({ "AET": "PACS", "Host": "127.0.0.1", "Port": scp.port(), "AllowTranscoding": false }),
    );
    let queue = Queue::start(config);
    queue.store_all(
        &Study::new(1, 2)
            .seed(1)
            .transfer_syntax(EXPLICIT_VR_LE)
            .build(),
    );
    queue.wait_for("pacs", "Failure", 2);
    let errors = queue.ask("/errors");
    for error in errors.as_array().unwrap() {
        assert_eq!(error["Class"], "NotNegotiated");
        let details = error["Details"].as_str().unwrap();
        assert!(
            details.contains("AllowTranscoding") && details.contains(EXPLICIT_VR_LE),
            "{details}"
        );
    }
    assert_eq!(scp.counters().stores, 0);
}

#[test]
fn a_sop_class_that_is_not_taken_stops_no_other() {
    let scp = FaultScp::start("PACS");
    scp.accept_sop_classes(|class| class != MR_IMAGE);
    let queue = Queue::start(native(&scp));
    queue.tell("/destinations/pacs/pause", &json!({}));
    for (seed, class) in [CT_IMAGE, MR_IMAGE, PRIVATE_SOP_CLASS]
        .into_iter()
        .enumerate()
    {
        let study = Study::new(1, 5).seed(seed as u64).sop_class(class);
        queue.store_all(&study.build());
    }
    queue.wait_for("pacs", "Pending", 15);
    queue.tell("/destinations/pacs/resume", &json!({}));
    queue.wait_for_rest(15);
    assert_eq!(queue.count("pacs", "Success"), 10);
    let errors = queue.ask("/errors");
    for error in errors.as_array().unwrap() {
        assert_eq!(error["Class"], "NotNegotiated");
        assert!(error["Details"].as_str().unwrap().contains(MR_IMAGE));
    }
    assert_eq!(errors.as_array().unwrap().len(), 5);
    // One for each new kind, none for a refusal.
    assert!(scp.counters().associations <= 3, "{:?}", scp.counters());
}

#[test]
fn a_receiver_that_refuses_associations_without_use_for_it_is_no_outage() {
    let scp = FaultScp::start("PACS");
    scp.accept_sop_classes(|class| class != MR_IMAGE);
    scp.on_association(|request| {
        if request.contexts.iter().all(|(class, _)| class == MR_IMAGE) {
            Association::Reject {
                result: 1,
                source: 1,
                reason: 1,
            }
        } else {
            Association::Accept
        }
    });
    let queue = Queue::start(native(&scp));
    // Nothing else went before: nothing else would be proposed.
    queue.store_all(&Study::new(1, 3).seed(1).sop_class(MR_IMAGE).build());
    queue.wait_for("pacs", "Failure", 3);
    for error in queue.ask("/errors").as_array().unwrap() {
        assert_eq!(error["Class"], "NotNegotiated", "{error:#}");
    }
    assert_eq!(queue.ask("/destinations/pacs")["Outages"], 0);
}

#[test]
fn kinds_that_went_before_are_foreseen() {
    let scp = FaultScp::start("PACS");
    let proposed = Arc::new(Mutex::new(Vec::new()));
    let seen = proposed.clone();
    scp.on_association(move |request| {
        seen.lock().unwrap().push(request.contexts.clone());
        Association::Accept
    });
    let queue = Queue::start(native(&scp));
    let classes = [CT_IMAGE, MR_IMAGE, PRIVATE_SOP_CLASS];
    for (seed, class) in classes.into_iter().enumerate() {
        let study = Study::new(1, 1).seed(seed as u64).sop_class(class);
        queue.store_all(&study.build());
        queue.wait_for("pacs", "Success", seed as u64 + 1);
    }
    let last = proposed.lock().unwrap().last().cloned().unwrap();
    for class in classes {
        assert!(
            last.iter().any(|(proposed, _)| proposed == class),
            "{class} is not in {last:?}"
        );
    }
}

#[test]
fn a_forced_syntax_is_for_images_and_changes_no_pixel() {
    const JPEG_LS: &str = "1.2.840.10008.1.2.4.80";
    let scp = FaultScp::start("PACS");
    scp.keep_bytes(true);
    let config = native(&scp).set("/SendQueue/Defaults/TransferSyntax", JPEG_LS);
    let queue = Queue::start(config);
    let instances = Study::new(1, 2).seed(1).build();
    let ids = queue.store_all(&instances);
    queue.wait_for_rest(2);
    let stores = scp.stores();
    assert_eq!(
        queue.count("pacs", "Success"),
        2,
        "{}",
        queue.ask("/errors")
    );
    assert_eq!(stores.len(), 2);
    for store in &stores {
        assert_eq!(store.transfer_syntax, JPEG_LS);
    }
    // What Orthanc itself makes of what arrived has the same pixels.
    let before = queue
        .get(&format!("/instances/{}/frames/0/raw", ids[0]))
        .ok();
    let other = Queue::start(OrthancConfig::new());
    let file = part10(JPEG_LS, &stores[0]);
    let id = other.store(&file);
    let after = other
        .get(&format!("/instances/{id}/frames/0/image-uint16"))
        .ok();
    let expected = queue
        .get(&format!("/instances/{}/frames/0/image-uint16", ids[0]))
        .ok();
    assert!(!before.body.is_empty());
    assert!(after.body == expected.body, "other pixels");
}

/// What arrived, as a file.
fn part10(syntax: &str, store: &sendqueue_testkit::scp::StoreRecord) -> Vec<u8> {
    let mut meta = Vec::new();
    let mut put = |element: u16, uid: &str| {
        let mut value = uid.as_bytes().to_vec();
        if value.len() % 2 == 1 {
            value.push(0);
        }
        meta.extend_from_slice(&[2, 0]);
        meta.extend_from_slice(&element.to_le_bytes());
        meta.extend_from_slice(b"UI");
        meta.extend_from_slice(&u16::try_from(value.len()).unwrap().to_le_bytes());
        meta.extend_from_slice(&value);
    };
    put(2, &store.sop_class_uid);
    put(3, &store.sop_instance_uid);
    put(0x10, syntax);
    let mut file = vec![0u8; 128];
    file.extend_from_slice(b"DICM");
    file.extend_from_slice(&[2, 0, 0, 0, b'U', b'L', 4, 0]);
    file.extend_from_slice(&u32::try_from(meta.len()).unwrap().to_le_bytes());
    file.extend_from_slice(&meta);
    file.extend_from_slice(store.bytes.as_ref().unwrap());
    file
}

#[test]
fn what_cannot_be_converted_says_why() {
    let scp = FaultScp::start("PACS");
    scp.accept_transfer_syntaxes(|syntax| [EXPLICIT_VR_LE, IMPLICIT_VR_LE].contains(&syntax));
    let queue = Queue::start(native(&scp));
    // Not a JPEG 2000 image at all: nobody can decode it.
    let study = Study::new(1, 1).seed(1).transfer_syntax(JPEG_2000_LOSSLESS);
    queue.store_all(&study.build());
    queue.wait_for("pacs", "Failure", 1);
    let errors = queue.ask("/errors");
    assert_eq!(errors[0]["Class"], "NotNegotiated");
    let details = errors[0]["Details"].as_str().unwrap();
    assert!(
        details.contains("cannot convert") && details.contains(JPEG_2000_LOSSLESS),
        "{details}"
    );
}

/// Called and calling AET of the associations so far.
fn partners(scp: &FaultScp) -> Arc<Mutex<Vec<(String, String)>>> {
    let partners = Arc::new(Mutex::new(Vec::new()));
    let seen = partners.clone();
    scp.on_association(move |request| {
        let both = (request.called_aet.clone(), request.calling_aet.clone());
        seen.lock().unwrap().push(both);
        Association::Accept
    });
    partners
}

#[test]
fn a_long_aet_and_a_host_with_blanks_are_as_good_as_for_orthanc() {
    const LONG: &str = "RADIOLOGY-ARCHIVE-1";
    const LONG_TOO: &str = "ORTHANC-OF-THE-WARD";
    let scp = FaultScp::start("PACS");
    let partners = partners(&scp);
    let config = native(&scp).modality_with(
        "pacs",
        json!({
            "AET": LONG, "Host": "127.0.0.1 ", "Port": scp.port(), "LocalAet": LONG_TOO,
        }),
    );
    let queue = Queue::start(config);
    let instance = Study::new(1, 1).seed(1).instance(1, 1);
    let id = queue.store(&instance.bytes);
    queue.wait_for("pacs", "Success", 1);
    let answer = queue.post_json("/modalities/pacs/store", &json!({ "Resources": [id] }));
    assert_eq!(answer.status, 200);
    let partners = partners.lock().unwrap().clone();
    let cut = (LONG[..16].to_owned(), LONG_TOO[..16].to_owned());
    assert!(partners.len() >= 2, "{partners:?}");
    assert!(partners.iter().all(|one| *one == cut), "{partners:?}");
    let log = queue.log();
    for words in [
        "an AET has at most",
        "LocalAet: an AET",
        "blanks around the host",
    ] {
        let lines = log.lines().filter(|line| line.contains(words));
        let wanted = if words.starts_with("an AET") { 2 } else { 1 };
        assert_eq!(lines.count(), wanted, "{words}\n{log}");
    }
}
