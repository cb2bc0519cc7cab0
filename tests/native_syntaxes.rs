//! What the native transport makes of every transfer syntax, odd objects and huge ones.
//!
//! Invariant of all tests here: in the stored transfer syntax an instance arrives byte for byte; converted, with every
//! element that DCMTK's own tools make of it; else it is in the error queue with words. Nothing is stuck.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use sendqueue_testkit::dicom::{
    DataSet, EXPLICIT_VR_LE, IMPLICIT_VR_LE, SECONDARY_CAPTURE, Sample, elements, every_object,
    every_syntax, huge,
};
use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::receiver::ReceivedFile;
use sendqueue_testkit::{
    Kind, OrthancConfig, Receiver, ReceiverKind, ReceiverOptions, Study, poll,
};
use serde_json::Value;

fn native(receiver: &Receiver) -> OrthancConfig {
    queue::config(&["pacs"])
        .modality("pacs", receiver.aet(), receiver.port())
        .set("DicomScuTimeout", 30)
        .set("/SendQueue/Defaults/Transport", "Native")
}

fn every_sample() -> Vec<Sample> {
    let mut samples = every_syntax();
    samples.extend(every_object());
    samples
}

/// An Orthanc that has sent these, or has given up.
fn send_all(config: OrthancConfig, samples: &[Sample]) -> Queue {
    let queue = Queue::start(config);
    for sample in samples {
        queue.store(&sample.file);
    }
    queue.wait_for_rest(samples.len() as u64);
    queue
}

fn assert_same_bytes(sample: &Sample, received: &ReceivedFile) {
    assert_eq!(
        received.sop_class_uid, sample.sop_class_uid,
        "{}",
        sample.name
    );
    assert_eq!(
        received.transfer_syntax, sample.transfer_syntax,
        "{}",
        sample.name
    );
    assert!(
        received.data_set == sample.wire(),
        "{}: other bytes",
        sample.name
    );
}

/// In the error queue, with words that name what the receiver does not take.
fn assert_not_negotiated(sample: &Sample, item: &Value) {
    assert_eq!(item["State"], "Failure", "{}: {item:#}", sample.name);
    assert_eq!(item["Class"], "NotNegotiated", "{}: {item:#}", sample.name);
    let details = item["Details"].as_str().unwrap_or_default();
    for words in [
        "does not take",
        "cannot convert",
        &sample.transfer_syntax,
        &sample.sop_class_uid,
    ] {
        assert!(
            details.contains(words),
            "{}: {words} is not in {details}",
            sample.name
        );
    }
}

/// The elements of a decodable sample in an uncompressed transfer syntax, by DCMTK's tools alone.
fn converted(sample: &Sample, transfer_syntax: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let run = |tool: &str, from: &Path, to: &Path| {
        let mut command = Command::new(Path::new("/usr/bin").join(tool));
        let option = if transfer_syntax == IMPLICIT_VR_LE {
            "+ti"
        } else {
            "+te"
        };
        // Of defined length, a private sequence would be one value of bytes in implicit VR.
        let output = command.args([option, "-e"]).args([from, to]).output();
        let output = output.expect(tool);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{}: {tool}: {said}", sample.name);
    };
    fs::write(path("in.dcm"), &sample.file).unwrap();
    let decoder = match sample.transfer_syntax.as_str() {
        "1.2.840.10008.1.2.5" => "dcmdrle",
        "1.2.840.10008.1.2.4.80" | "1.2.840.10008.1.2.4.81" => "dcmdjpls",
        other if other.starts_with("1.2.840.10008.1.2.4.") => "dcmdjpeg",
        _ => "dcmconv",
    };
    run(decoder, &path("in.dcm"), &path("out.dcm"));
    let made = Sample::from_file(&sample.name, fs::read(path("out.dcm")).unwrap(), true);
    assert_eq!(made.transfer_syntax, transfer_syntax, "{}", sample.name);
    elements(transfer_syntax, made.data_set())
}

#[test]
fn every_transfer_syntax_and_object_arrives_as_it_is_stored() {
    let receiver = Receiver::start(ReceiverKind::Pynetdicom, "PACS");
    let samples = every_sample();
    let queue = send_all(native(&receiver), &samples);
    let items = queue.by_uid("pacs");
    for sample in &samples {
        let item = &items[&sample.sop_instance_uid];
        assert_eq!(item["State"], "Success", "{}: {item:#}", sample.name);
    }
    assert!(receiver.wait_for(samples.len(), SOON));
    let received = receiver.received();
    assert_eq!(received.len(), samples.len());
    for sample in &samples {
        assert_same_bytes(sample, &received[&sample.sop_instance_uid]);
    }
    // Orthanc's own words about those that it does not know, when it takes them.
    let mut errors = queue.unexpected_errors();
    errors.retain(|line| !line.contains("Unsupported transfer syntax"));
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn what_dcmtk_does_not_take_is_converted_or_told() {
    let receiver = Receiver::start(ReceiverKind::StorescpNoDelay, "PACS");
    let samples = every_sample();
    let queue = send_all(native(&receiver), &samples);
    let items = queue.by_uid("pacs");
    let sent = queue.count("pacs", "Success");
    assert!(receiver.wait_for(usize::try_from(sent).unwrap(), SOON));
    let received = receiver.received();
    let (mut as_stored, mut otherwise, mut refused) = (0, 0, 0);
    for sample in &samples {
        let item = &items[&sample.sop_instance_uid];
        let file = received.get(&sample.sop_instance_uid);
        if receiver.kind().takes(&sample.transfer_syntax) {
            assert_eq!(item["State"], "Success", "{}: {item:#}", sample.name);
            assert_same_bytes(sample, file.expect(&sample.name));
            as_stored += 1;
        } else if sample.decodable {
            assert_eq!(item["State"], "Success", "{}: {item:#}", sample.name);
            let file = file.expect(&sample.name);
            assert!(
                [EXPLICIT_VR_LE, IMPLICIT_VR_LE].contains(&file.transfer_syntax.as_str()),
                "{}: {}",
                sample.name,
                file.transfer_syntax
            );
            assert_eq!(
                elements(&file.transfer_syntax, &file.data_set),
                converted(sample, &file.transfer_syntax),
                "{}",
                sample.name
            );
            otherwise += 1;
        } else {
            assert_not_negotiated(sample, item);
            assert!(file.is_none(), "{}", sample.name);
            refused += 1;
        }
    }
    assert_eq!(received.len(), as_stored + otherwise);
    assert!(
        otherwise > 0 && refused > 0,
        "{as_stored} {otherwise} {refused}"
    );
}

#[test]
fn a_receiver_of_implicit_vr_gets_every_element() {
    let receiver = ReceiverOptions::new(ReceiverKind::Pynetdicom)
        .only(&[IMPLICIT_VR_LE])
        .start("PACS")
        .unwrap();
    let samples = every_sample();
    let queue = send_all(native(&receiver), &samples);
    let items = queue.by_uid("pacs");
    let decodable = samples.iter().filter(|sample| sample.decodable).count();
    assert!(receiver.wait_for(
        usize::try_from(queue.count("pacs", "Success")).unwrap(),
        SOON
    ));
    let received = receiver.received();
    for sample in &samples {
        let item = &items[&sample.sop_instance_uid];
        if !sample.decodable {
            assert_not_negotiated(sample, item);
            continue;
        }
        assert_eq!(item["State"], "Success", "{}: {item:#}", sample.name);
        let file = &received[&sample.sop_instance_uid];
        assert_eq!(file.transfer_syntax, IMPLICIT_VR_LE, "{}", sample.name);
        assert_eq!(file.sop_class_uid, sample.sop_class_uid, "{}", sample.name);
        assert_eq!(
            elements(IMPLICIT_VR_LE, &file.data_set),
            converted(sample, IMPLICIT_VR_LE),
            "{}",
            sample.name
        );
    }
    assert_eq!(received.len(), decodable);
}

/// A data set whose last value has an odd length, which no device should write.
fn odd(number: usize) -> Sample {
    let mut element = b"\xE0\x7F\x10\x00OB\0\0".to_vec();
    element.extend_from_slice(&15u32.to_le_bytes());
    element.extend_from_slice(&[7; 15]);
    let study = Study::new(1, 1);
    let uid = study.instance(1, 1).sop_instance_uid;
    let short = |value: u16| value.to_le_bytes();
    let sample = DataSet::new()
        .text((0x0010, 0x0020), "LO", "SQ-1")
        .text((0x0020, 0x000D), "UI", study.study_uid().as_str())
        .text((0x0020, 0x000E), "UI", &format!("{}.1", study.study_uid()))
        .text((0x0020, 0x0013), "IS", &number.to_string())
        .bytes((0x0028, 0x0002), "US", &short(1))
        .text((0x0028, 0x0004), "CS", "MONOCHROME2")
        .bytes((0x0028, 0x0010), "US", &short(3))
        .bytes((0x0028, 0x0011), "US", &short(5))
        .bytes((0x0028, 0x0100), "US", &short(8))
        .bytes((0x0028, 0x0101), "US", &short(8))
        .bytes((0x0028, 0x0102), "US", &short(7))
        .bytes((0x0028, 0x0103), "US", &short(0))
        .raw((0x7FE0, 0x0010), element)
        .into_sample("odd length", EXPLICIT_VR_LE, SECONDARY_CAPTURE, &uid);
    assert_eq!(sample.data_set().len() % 2, 1);
    sample
}

#[test]
fn a_data_set_of_odd_length_goes_through_orthancs_own_scu() {
    const WORDS: &str = "through Orthanc's own SCU";
    let receiver = Receiver::start(ReceiverKind::StorescpNoDelay, "PACS");
    let config = native(&receiver).set("/SendQueue/Defaults/Transport", "Auto");
    let mut samples: Vec<Sample> = (1..=3).map(odd).collect();
    let usual = Study::new(1, 3).build();
    samples.extend(
        usual
            .into_iter()
            .map(|instance| Sample::from_file("usual", instance.bytes, true)),
    );
    let queue = send_all(config, &samples);
    let items = queue.by_uid("pacs");
    for sample in &samples {
        let item = &items[&sample.sop_instance_uid];
        assert_eq!(item["State"], "Success", "{}: {item:#}", sample.name);
    }
    assert!(receiver.wait_for(samples.len(), SOON));
    let received = receiver.received();
    for sample in &samples {
        let file = &received[&sample.sop_instance_uid];
        assert_eq!(file.data_set.len() % 2, 0, "{}", sample.name);
        if sample.data_set().len() % 2 == 0 {
            assert_same_bytes(sample, file);
            continue;
        }
        let pixels: Vec<String> = elements(&file.transfer_syntax, &file.data_set)
            .into_iter()
            .filter(|line| line.starts_with("(7fe0,0010)"))
            .collect();
        let wanted = vec!["07"; 15].join("\\");
        assert_eq!(pixels.len(), 1, "{}", sample.name);
        assert!(pixels[0].contains(&wanted), "{}", pixels[0]);
    }
    let log = queue.log();
    let told: Vec<&str> = log.lines().filter(|line| line.contains(WORDS)).collect();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].contains("odd length"), "{}", told[0]);
    // Only these instances need Orthanc, not the destination.
    assert_eq!(queue.ask("/destinations/pacs")["TransportInUse"], "Native");
}

#[test]
fn held_to_the_native_transport_an_odd_length_is_told() {
    let receiver = Receiver::start(ReceiverKind::StorescpNoDelay, "PACS");
    let sample = odd(1);
    let queue = send_all(native(&receiver), std::slice::from_ref(&sample));
    let item = &queue.by_uid("pacs")[&sample.sop_instance_uid];
    assert_eq!(item["State"], "Failure", "{item:#}");
    assert_eq!(item["Class"], "NotNegotiated", "{item:#}");
    let details = item["Details"].as_str().unwrap_or_default();
    assert!(
        details.contains("odd length") && details.contains("Auto"),
        "{details}"
    );
    assert!(receiver.received().is_empty());
}

/// Meta information of another instance, as it is left over where a program changes data sets; two meta headers, the
/// second with another transfer syntax.
fn disagreeing() -> Vec<Sample> {
    let samples = every_syntax();
    let study = Study::new(1, 20);
    let wrong = study.uid_of(1, 20);
    let mut made = Vec::new();
    for name in [
        "Explicit VR LE",
        "Implicit VR LE",
        "Explicit VR BE",
        "Deflated",
        "Deflated, odd",
        "JPEG lossless SV1",
    ] {
        let sample = samples.iter().find(|one| one.name == name).unwrap();
        let syntax = sample.transfer_syntax.as_str();
        let header = [SECONDARY_CAPTURE, &wrong, syntax];
        made.push(sample.with_meta(&format!("{name} under another name"), &[header]));
    }
    for (name, other) in [
        ("Explicit VR LE", IMPLICIT_VR_LE),
        ("Implicit VR LE", EXPLICIT_VR_LE),
        ("Explicit VR BE", EXPLICIT_VR_LE),
        ("JPEG lossless SV1", "1.2.840.10008.1.2.5"),
    ] {
        // Instances of their own, not those above.
        let again = every_syntax();
        let sample = again.iter().find(|one| one.name == name).unwrap();
        let first = [
            sample.sop_class_uid.as_str(),
            &sample.sop_instance_uid,
            &sample.transfer_syntax,
        ];
        let second = [first[0], first[1], other];
        made.push(sample.with_meta(&format!("{name}, two headers"), &[first, second]));
    }
    made
}

#[test]
fn meta_information_that_disagrees_misleads_nobody() {
    let receiver = Receiver::start(ReceiverKind::StorescpNoDelay, "PACS");
    let config = native(&receiver).set("/SendQueue/Defaults/Transport", "Auto");
    let samples = disagreeing();
    let queue = Queue::start(config);
    // Which two headers Orthanc itself takes is its own affair.
    let stored: Vec<&Sample> = samples
        .iter()
        .filter(|sample| queue.post("/instances", &sample.file).status == 200)
        .collect();
    assert!(stored.len() >= 8, "{}", stored.len());
    queue.wait_for_rest(stored.len() as u64);
    let items = queue.by_uid("pacs");
    assert!(receiver.wait_for(stored.len(), SOON), "{}", queue.log());
    let received = receiver.received();
    assert_eq!(received.len(), stored.len());
    for sample in stored {
        let item = &items[&sample.sop_instance_uid];
        assert_eq!(item["State"], "Success", "{}: {item:#}", sample.name);
        assert_same_bytes(sample, &received[&sample.sop_instance_uid]);
    }
}

/// Orthanc stores it, and its own SCU does not send it.
#[test]
fn a_data_set_without_a_sop_class_goes_by_the_meta_information() {
    let receiver = Receiver::start(ReceiverKind::Pynetdicom, "PACS");
    let sample = &every_object()[0];
    // The element is the first one.
    let element = 8 + sample.sop_class_uid.len().next_multiple_of(2);
    let mut file = sample.file.clone();
    assert_eq!(file[sample.data_set_offset..][..4], [8, 0, 0x16, 0]);
    file.drain(sample.data_set_offset..sample.data_set_offset + element);
    let without = Sample::from_file("without SOP class", file, true);
    let config = native(&receiver).set("/SendQueue/Defaults/Transport", "Auto");
    let queue = send_all(config, std::slice::from_ref(&without));
    let item = &queue.by_uid("pacs")[&sample.sop_instance_uid];
    assert_eq!(item["State"], "Success", "{item:#}");
    assert!(receiver.wait_for(1, SOON));
    assert_same_bytes(&without, &receiver.received()[&sample.sop_instance_uid]);
}

/// `SENDQUEUE_HUGE_MB`: how large, instead of 64.
#[test]
fn an_instance_larger_than_the_budget_arrives_beside_others() {
    let megabytes = std::env::var("SENDQUEUE_HUGE_MB").map_or(64, |text| text.parse().unwrap());
    let deadline = SOON + Duration::from_secs(megabytes);
    let folder = tempfile::tempdir().unwrap();
    let large = huge(&folder.path().join("huge.dcm"), megabytes << 20).unwrap();
    let receiver = ReceiverOptions::new(ReceiverKind::StorescpNoDelay)
        .fork()
        .start("PACS")
        .unwrap();
    let config = native(&receiver)
        .set("/SendQueue/MaxMemoryMB", 32)
        .set("/SendQueue/Defaults/Associations", 2);
    let queue = Queue::start(config);
    let before = Study::new(1, 10).kind(Kind::Ct512K).build();
    let after = Study::new(1, 10).build();
    queue.store_all(&before);
    queue.store_file(&large.path);
    queue.store_all(&after);
    let arrived = || queue.count("pacs", "Success") == 21;
    assert!(
        poll(arrived, deadline),
        "{:#}\n{}",
        queue.ask("/destinations/pacs"),
        queue.log()
    );
    assert!(receiver.wait_for(21, SOON));
    let paths = receiver.received_paths();
    assert_eq!(paths.len(), 21);
    let path = &paths[&large.sop_instance_uid];
    assert!(large.same_data_set(path).unwrap(), "other bytes");
    for instance in before.iter().chain(&after) {
        let file = fs::read(&paths[&instance.sop_instance_uid]).unwrap();
        let sample = Sample::from_file("small", file, true);
        assert!(
            sample.data_set() == &instance.bytes[instance.data_set_offset..],
            "{}: other bytes",
            instance.sop_instance_uid
        );
    }
    assert_eq!(queue.unexpected_errors(), Vec::<String>::new());
}
