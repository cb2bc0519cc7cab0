//! What is sent where the receiver does not take the stored transfer syntax: never less than Orthanc's own SCU sends to
//! the same receiver, and in what it would choose.
//!
//! Invariant of the table: what may go as it is stored goes so; else in `DicomScuPreferredTransferSyntax` where Orthanc
//! can make that of the instance; else uncompressed.

use std::collections::BTreeMap;
use std::fmt::Write;

use sendqueue_testkit::dicom::{
    EXPLICIT_VR_LE, IMPLICIT_VR_LE, RT_DOSE, RT_PLAN, Sample, every_object, every_syntax,
};
use sendqueue_testkit::queue::{self, Queue};
use sendqueue_testkit::{FaultScp, OrthancConfig};
use serde_json::json;

const EXPLICIT_VR_BE: &str = "1.2.840.10008.1.2.2";
const UNCOMPRESSED: [&str; 3] = [EXPLICIT_VR_LE, IMPLICIT_VR_LE, EXPLICIT_VR_BE];
const JPEG_LOSSLESS: &str = "1.2.840.10008.1.2.4.57";
const JPEG_LOSSLESS_SV1: &str = "1.2.840.10008.1.2.4.70";
const JPEG_2000: &str = "1.2.840.10008.1.2.4.90";

/// What each receiver takes; nothing: all.
const RECEIVERS: [(&str, &[&str]); 8] = [
    ("ALL", &[]),
    ("UNCOMPRESSED", &UNCOMPRESSED),
    ("IMPLICIT", &[IMPLICIT_VR_LE]),
    ("BIGENDIAN", &[EXPLICIT_VR_BE]),
    ("SV1", &[JPEG_LOSSLESS_SV1]),
    ("LOSSLESS", &[JPEG_LOSSLESS]),
    ("SV1EXPLICIT", &[JPEG_LOSSLESS_SV1, EXPLICIT_VR_LE]),
    ("J2KEXPLICIT", &[JPEG_2000, EXPLICIT_VR_LE]),
];

fn samples() -> Vec<Sample> {
    let syntaxes = [
        "Implicit VR LE",
        "Explicit VR LE",
        "Explicit VR BE",
        "RLE",
        "JPEG baseline",
        "JPEG extended",
        "JPEG lossless",
        "JPEG lossless SV1",
        "JPEG 2000 lossless",
    ];
    let mut samples = every_syntax();
    samples.retain(|sample| syntaxes.contains(&sample.name.as_str()));
    assert_eq!(samples.len(), syntaxes.len());
    let objects = every_object().into_iter();
    samples.extend(objects.filter(|one| [RT_DOSE, RT_PLAN].contains(&one.sop_class_uid.as_str())));
    samples
}

/// Transfer syntax by SOP instance UID of what came after the first `before`.
fn came(scp: &FaultScp, before: usize) -> BTreeMap<String, String> {
    let stores = scp.stores().into_iter().skip(before);
    stores
        .map(|store| (store.sop_instance_uid, store.transfer_syntax))
        .collect()
}

fn never_worse_than_orthanc(preferred: Option<&str>) {
    let samples = samples();
    let receivers: Vec<FaultScp> = RECEIVERS
        .iter()
        .map(|(aet, takes)| {
            let scp = FaultScp::start(aet);
            if !takes.is_empty() {
                scp.accept_transfer_syntaxes(|syntax| takes.contains(&syntax));
            }
            scp
        })
        .collect();
    let all: Vec<&FaultScp> = receivers.iter().collect();
    let mut config: OrthancConfig = queue::config_for(&all)
        .set("DicomScuTimeout", 30)
        .set("/SendQueue/Defaults/Transport", "Native");
    if let Some(preferred) = preferred {
        config = config.set("DicomScuPreferredTransferSyntax", preferred);
    }
    let queue = Queue::start(config);
    let ids: Vec<String> = samples.iter().map(|one| queue.store(&one.file)).collect();
    queue.wait_for_rest((samples.len() * receivers.len()) as u64);
    let mut wrong = String::new();
    for scp in &receivers {
        let ours = came(scp, 0);
        let before = scp.stores().len();
        let path = format!("/modalities/{}/store", queue::name_of(scp));
        for id in &ids {
            // What it refuses to send it says with a status.
            queue.post_json(&path, &json!({ "Resources": [id] }));
        }
        let orthancs = came(scp, before);
        for sample in &samples {
            let uid = &sample.sop_instance_uid;
            let as_good = match (ours.get(uid), orthancs.get(uid)) {
                (_, None) => true,
                (None, Some(_)) => false,
                (Some(ours), Some(orthancs)) => {
                    // Which of the uncompressed ones the receiver chooses for Orthanc, who offers them together.
                    let plain = |one: &str| UNCOMPRESSED.contains(&one);
                    ours == orthancs
                        || (plain(ours) && plain(orthancs) && *ours != sample.transfer_syntax)
                }
            };
            if !as_good {
                let _ = writeln!(
                    wrong,
                    "{} to {}: {:?}, Orthanc {:?}",
                    sample.name,
                    scp.aet(),
                    ours.get(uid),
                    orthancs.get(uid)
                );
            }
        }
        // As stored or uncompressed, from the table.
        let stored = samples
            .iter()
            .filter(|sample| ours.get(&sample.sop_instance_uid) == Some(&sample.transfer_syntax));
        let taken = RECEIVERS.iter().find(|one| one.0 == scp.aet());
        let taken = taken.map_or(&[][..], |one| one.1);
        let takes = |syntax: &str| taken.is_empty() || taken.contains(&syntax);
        let may = samples.iter().filter(|one| takes(&one.transfer_syntax));
        assert_eq!(stored.count(), may.count(), "{}", scp.aet());
    }
    assert!(wrong.is_empty(), "preferred {preferred:?}:\n{wrong}");
}

#[test]
fn by_default() {
    never_worse_than_orthanc(None);
}

#[test]
fn preferred_big_endian() {
    never_worse_than_orthanc(Some(EXPLICIT_VR_BE));
}

#[test]
fn preferred_jpeg_lossless() {
    never_worse_than_orthanc(Some(JPEG_LOSSLESS_SV1));
}

#[test]
fn preferred_but_without_an_encoder() {
    never_worse_than_orthanc(Some(JPEG_2000));
}

/// One association, over which a compressed instance of the same class went first; it takes everything.
#[test]
fn what_went_before_converts_nothing() {
    let scp = FaultScp::start("PACS");
    let queue = Queue::start(
        queue::config_for(&[&scp])
            .set("/SendQueue/Defaults/Transport", "Native")
            .set("/SendQueue/Defaults/Associations", 1),
    );
    let wanted = [
        "JPEG lossless SV1",
        "Implicit VR LE",
        "Explicit VR LE",
        "Explicit VR BE",
    ];
    let samples = every_syntax();
    let samples = wanted.map(|name| samples.iter().find(|one| one.name == name).unwrap());
    for (sample, sent) in samples.iter().zip(1..) {
        // One after the other: nothing of the next one is foreseen.
        queue.store(&sample.file);
        queue.wait_for("pacs", "Success", sent);
    }
    let came = came(&scp, 0);
    for sample in samples {
        assert_eq!(
            came[&sample.sop_instance_uid], sample.transfer_syntax,
            "{}",
            sample.name
        );
    }
    assert!(scp.counters().associations <= 2, "{:?}", scp.counters());
}
