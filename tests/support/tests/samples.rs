//! The samples are DICOM files that a real Orthanc takes and gives back as they were.

use sendqueue_testkit::dcmtk::StoreScu;
use sendqueue_testkit::dicom::{Sample, every_object, every_syntax, huge};
use sendqueue_testkit::{Orthanc, OrthancConfig, OrthancVersion, Receiver, ReceiverKind};

#[test]
fn orthanc_takes_every_sample_and_gives_it_back() {
    let orthanc =
        Orthanc::start(OrthancVersion::under_test(), OrthancConfig::new()).expect("an Orthanc");
    let samples: Vec<Sample> = every_syntax().into_iter().chain(every_object()).collect();
    let mut wrong = Vec::new();
    for sample in &samples {
        let answer = orthanc.post("/instances", &sample.file);
        if answer.status != 200 {
            wrong.push(format!(
                "{}: {} {}",
                sample.name,
                answer.status,
                answer.text()
            ));
            continue;
        }
        let id = answer.json()["ID"].as_str().unwrap_or_default().to_owned();
        let file = orthanc.get(&format!("/instances/{id}/file")).ok().body;
        if file != sample.file {
            wrong.push(format!("{}: another file came back", sample.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}\n{:#?}", orthanc.log_errors());
}

#[test]
fn dcmtk_reads_every_sample_whose_transfer_syntax_it_knows() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sample.dcm");
    for sample in every_syntax().into_iter().chain(every_object()) {
        std::fs::write(&path, &sample.file).expect("a file");
        let mut dcmdump = std::process::Command::new("/usr/bin/dcmdump");
        let run = dcmdump.arg(&path).output().expect("dcmdump");
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        let text = String::from_utf8_lossy(&run.stdout).into_owned();
        assert!(
            run.status.success() && !said.contains("E: "),
            "{}: {said}",
            sample.name
        );
        assert!(
            text.contains(&sample.sop_instance_uid),
            "{}: {text}",
            sample.name
        );
    }
}

#[test]
fn a_huge_file_is_stored_and_received() {
    // 1 GiB works too: SENDQUEUE_HUGE_MB=1024.
    let megabytes = std::env::var("SENDQUEUE_HUGE_MB").ok();
    let megabytes: u64 = megabytes.and_then(|text| text.parse().ok()).unwrap_or(64);
    let folder = tempfile::tempdir().expect("a folder");
    let made = huge(&folder.path().join("huge.dcm"), megabytes << 20).expect("a file");
    let config = OrthancConfig::new();
    let orthanc = Orthanc::start(OrthancVersion::under_test(), config).expect("an Orthanc");
    let id = orthanc.store_file(&made.path);
    let info = orthanc.get(&format!("/instances/{id}")).ok().json();
    assert_eq!(info["FileSize"].as_u64(), Some(made.size));
    let receiver = Receiver::start(ReceiverKind::StorescpNoDelay, "SINK");
    let scu = StoreScu::to("SINK", receiver.port()).env("TCP_NODELAY", "1");
    let sent = scu.send_folder(folder.path()).expect("storescu");
    assert!(sent.status.success());
    let paths = receiver.received_paths();
    assert!(
        made.same_data_set(&paths[&made.sop_instance_uid])
            .expect("two files")
    );
}
