//! `Compress`, with Orthanc's real codecs: images are encoded, say what they are, and are the same each time.

use std::path::Path;
use std::process::Command;

use sendqueue_testkit::dicom::{
    BASIC_TEXT_SR, DataSet, EXPLICIT_VR_LE, Sample, Study, elements, every_object, part10_file,
};
use sendqueue_testkit::queue::{self, Queue};
use sendqueue_testkit::scp::StoreRecord;
use sendqueue_testkit::{FaultScp, Kind, OrthancConfig};
use serde_json::json;

const JPEG: &str = "1.2.840.10008.1.2.4.50";
const JPEG_LOSSLESS_SV1: &str = "1.2.840.10008.1.2.4.70";
const JPEG_LS: &str = "1.2.840.10008.1.2.4.80";
const JPEG_2000: &str = "1.2.840.10008.1.2.4.90";
const SECONDARY_CAPTURE: &str = "1.2.840.10008.5.1.4.1.1.7";
const SIDE: u16 = 64;
const GDCM: &str = "/usr/share/orthanc/plugins/libOrthancGdcm.so";

/// A colour image of 8 bits, which was compressed and decompressed once before.
fn photograph() -> Sample {
    let number = |value: u16| value.to_le_bytes();
    let pixels: Vec<u8> = (0..SIDE)
        .flat_map(|row| (0..SIDE).flat_map(move |column| [row * 4, column * 4, row + column]))
        .map(|value| u8::try_from(value & 0xFF).expect("a byte"))
        .collect();
    DataSet::new()
        .text((0x0008, 0x0005), "CS", "ISO_IR 100")
        .text((0x0008, 0x0008), "CS", "ORIGINAL\\SECONDARY\\WIDE")
        .text((0x0008, 0x0060), "CS", "XC")
        .text((0x0008, 0x2111), "ST", "Cropped")
        .text((0x0010, 0x0010), "PN", "Photo^Graph")
        .text((0x0010, 0x0020), "LO", "P1")
        .text((0x0020, 0x000D), "UI", "2.25.77")
        .text((0x0020, 0x000E), "UI", "2.25.78")
        .bytes((0x0028, 0x0002), "US", &number(3))
        .text((0x0028, 0x0004), "CS", "RGB")
        .bytes((0x0028, 0x0006), "US", &number(0))
        .bytes((0x0028, 0x0010), "US", &number(SIDE))
        .bytes((0x0028, 0x0011), "US", &number(SIDE))
        .bytes((0x0028, 0x0100), "US", &number(8))
        .bytes((0x0028, 0x0101), "US", &number(8))
        .bytes((0x0028, 0x0102), "US", &number(7))
        .bytes((0x0028, 0x0103), "US", &number(0))
        .text((0x0028, 0x2110), "CS", "01")
        .text((0x0028, 0x2112), "DS", "5")
        .text((0x0028, 0x2114), "CS", "ISO_15444_1")
        .bytes((0x7FE0, 0x0010), "OW", &pixels)
        .into_sample("photograph", EXPLICIT_VR_LE, SECONDARY_CAPTURE, "2.25.79")
}

/// A grey image of 8 bits whose values mean something: Orthanc's JPEG would move them.
fn measured() -> Sample {
    let number = |value: u16| value.to_le_bytes();
    let row = 20..20 + u8::try_from(SIDE).expect("a byte");
    let pixels: Vec<u8> = (0..SIDE).flat_map(|_| row.clone()).collect();
    DataSet::new()
        .text((0x0010, 0x0020), "LO", "P2")
        .text((0x0020, 0x000D), "UI", "2.25.87")
        .text((0x0020, 0x000E), "UI", "2.25.88")
        .bytes((0x0028, 0x0002), "US", &number(1))
        .text((0x0028, 0x0004), "CS", "MONOCHROME2")
        .bytes((0x0028, 0x0010), "US", &number(SIDE))
        .bytes((0x0028, 0x0011), "US", &number(SIDE))
        .bytes((0x0028, 0x0100), "US", &number(8))
        .bytes((0x0028, 0x0101), "US", &number(8))
        .bytes((0x0028, 0x0102), "US", &number(7))
        .bytes((0x0028, 0x0103), "US", &number(0))
        .text((0x0028, 0x1052), "DS", "-1024")
        .text((0x0028, 0x1053), "DS", "1")
        .bytes((0x7FE0, 0x0010), "OW", &pixels)
        .into_sample("measured", EXPLICIT_VR_LE, SECONDARY_CAPTURE, "2.25.89")
}

fn report() -> Sample {
    let mut all = every_object().into_iter();
    all.find(|one| one.sop_class_uid == BASIC_TEXT_SR)
        .expect("a report")
}

fn config(receivers: &[&FaultScp]) -> OrthancConfig {
    queue::config_for(receivers)
        .set("DicomScuTimeout", 30)
        .set("/SendQueue/Defaults/Associations", 1)
}

/// What has arrived of an instance, or of what was made of it.
fn arrived(scp: &FaultScp, class: &str) -> Vec<StoreRecord> {
    let all = scp.stores().into_iter();
    all.filter(|store| store.sop_class_uid == class).collect()
}

fn has(lines: &[String], start: &str, words: &[&str]) {
    let line = lines.iter().find(|line| line.contains(start));
    let line = line.unwrap_or_else(|| panic!("no {start} in {lines:#?}"));
    for word in words {
        assert!(line.contains(word), "{word} is not in {line}");
    }
}

fn bytes(store: &StoreRecord) -> &[u8] {
    store.bytes.as_deref().expect("the bytes were kept")
}

fn receiver(aet: &str) -> FaultScp {
    let scp = FaultScp::start(aet);
    scp.keep_bytes(true);
    scp
}

/// DCMTK decodes it.
fn decodes(store: &StoreRecord) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [from, to] = ["jpeg.dcm", "plain.dcm"].map(|name| folder.path().join(name));
    let StoreRecord {
        sop_class_uid,
        sop_instance_uid,
        transfer_syntax,
        ..
    } = store;
    let file = part10_file(
        sop_class_uid,
        sop_instance_uid,
        transfer_syntax,
        bytes(store),
    );
    std::fs::write(&from, file).expect("a file");
    let output = Command::new("/usr/bin/dcmdjpeg")
        .args([&from, &to])
        .output();
    let output = output.expect("dcmdjpeg can be started");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn what_is_lossy_is_another_instance_that_says_so_and_is_the_same_each_time() {
    let (lossy, again) = (receiver("LOSSY"), receiver("AGAIN"));
    let compress = json!({ "TransferSyntax": JPEG, "Lossy": true });
    let config = config(&[&lossy, &again])
        .set("/SendQueue/Defaults/Compress", compress)
        .set(
            "/SendQueue/Defaults/Retry",
            json!({ "Delay": 0, "MaxDelay": 0 }),
        );
    lossy.set_status(0xA700);
    let (photograph, report) = (photograph(), report());
    let ct = Study::new(1, 1).kind(Kind::Ct512K).instance(0, 0);
    let mut queue = Queue::start(config);
    let measured = measured();
    for file in [&photograph.file, &report.file, &ct.bytes, &measured.file] {
        queue.store(file);
    }
    queue.wait_for("again", "Failure", 2);
    queue.wait_for("again", "Success", 2);
    assert!(lossy.wait_for_answers(3, queue::SOON));
    queue.kill9();
    lossy.set_status(0);
    queue.restart().expect("it starts");
    queue.wait_for("lossy", "Success", 2);
    queue.wait_for("lossy", "Failure", 2);

    let seen = [&lossy, &again].map(|scp| arrived(scp, SECONDARY_CAPTURE));
    let first = seen[1].first().expect("it arrived");
    for store in seen.iter().flatten() {
        assert_eq!(store.transfer_syntax, JPEG);
        assert_eq!(store.sop_instance_uid, first.sop_instance_uid);
        assert_eq!(store.bytes, first.bytes, "the same bytes, each time");
    }
    assert!(seen[0].len() >= 2, "it was tried again");
    assert!(first.sop_instance_uid.starts_with("2.25."));
    assert_ne!(first.sop_instance_uid, photograph.sop_instance_uid);
    decodes(first);
    let lines = elements(JPEG, bytes(first));
    has(&lines, "(0008,0018)", &[&first.sop_instance_uid]);
    has(&lines, "(0008,0008)", &["[DERIVED\\SECONDARY\\WIDE]"]);
    has(
        &lines,
        "(0008,2111)",
        &["[Cropped; Lossy compression, ISO_10918_1, ratio "],
    );
    has(&lines, "(0008,1155)", &["[2.25.79]"]);
    has(&lines, "(0028,2110)", &["[01]"]);
    has(&lines, "(0028,2112)", &["[5\\"]);
    has(&lines, "(0028,2114)", &["[ISO_15444_1\\ISO_10918_1]"]);
    has(&lines, "(0010,0010)", &["[Photo^Graph]"]);

    // What is no image goes as it is.
    let reports = arrived(&again, BASIC_TEXT_SR);
    assert_eq!(reports.len(), 1);
    assert_eq!(bytes(&reports[0]), report.data_set());
    // What cannot be encoded so does not go at all: Orthanc's JPEG has 8 bits.
    let failed = queue.items("state=Failure&destination=again");
    for words in [
        "it takes 8 bits; this image has 16",
        "RescaleIntercept -1024 becomes 0",
    ] {
        let start = format!("Orthanc cannot encode the image in transfer syntax {JPEG}: ");
        let says = |item: &serde_json::Value| {
            let details = item["Details"].as_str().expect("a text");
            item["Class"] == "Coercion" && details.starts_with(&start) && details.contains(words)
        };
        assert!(failed.iter().any(says), "{words}: {failed:#?}");
    }
    assert_eq!(lossy.count_of(&measured.sop_instance_uid), 0);
    assert_eq!(
        lossy.count_of(&ct.sop_instance_uid) + again.count_of(&ct.sop_instance_uid),
        0
    );
    // Orthanc says itself that it has no codec for the CT.
    let mut errors = queue.unexpected_errors();
    errors.retain(|line| !line.contains("plugin service 4015: Not implemented yet"));
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn what_is_lossless_stays_the_same_instance() {
    let scp = receiver("LOSSLESS");
    let compress = json!({ "TransferSyntax": JPEG_LOSSLESS_SV1 });
    let queue = Queue::start(config(&[&scp]).set("/SendQueue/Defaults/Compress", compress));
    let photograph = photograph();
    queue.store(&photograph.file);
    queue.wait_for("lossless", "Success", 1);
    let store = scp.stores().remove(0);
    assert_eq!(store.transfer_syntax, JPEG_LOSSLESS_SV1);
    assert_eq!(store.sop_instance_uid, photograph.sop_instance_uid);
    decodes(&store);
}

/// Debian's GDCM plugin ends Orthanc when it is asked for JPEG-LS. All others it encodes.
#[test]
fn a_codec_that_would_end_orthanc_is_not_asked() {
    if sendqueue_testkit::OrthancVersion::under_test()
        .chroot()
        .is_some()
    {
        // The plugin is of this machine.
        return;
    }
    assert!(Path::new(GDCM).exists(), "orthanc-gdcm is not installed");
    let (ls, j2k) = (receiver("LS"), receiver("J2K"));
    let config = config(&[&ls, &j2k])
        .plugin(GDCM)
        .set(
            "/SendQueue/Destinations/ls/Compress/TransferSyntax",
            JPEG_LS,
        )
        .set(
            "/SendQueue/Destinations/j2k/Compress/TransferSyntax",
            JPEG_2000,
        );
    let queue = Queue::start(config);
    queue.store(&Study::new(1, 1).kind(Kind::Ct512K).instance(0, 0).bytes);
    queue.wait_for("j2k", "Success", 1);
    queue.wait_for("ls", "Failure", 1);
    let details = &queue.items("destination=ls")[0]["Details"];
    assert!(
        details
            .as_str()
            .expect("a text")
            .contains("would end Orthanc"),
        "{details}"
    );
    assert_eq!(j2k.stores()[0].transfer_syntax, JPEG_2000);
}
