//! The command line of the receiver.

use std::process::Command;
use std::time::Duration;

use sendqueue_testkit::dcmtk::StoreScu;
use sendqueue_testkit::net::{free_port, is_listening};
use sendqueue_testkit::proc::Proc;
use sendqueue_testkit::{Study, wait_until};

const LONG: Duration = Duration::from_secs(20);
const PROGRAM: &str = env!("CARGO_BIN_EXE_fault-scp");

#[test]
fn refuses_what_it_is_told_to_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let study = Study::new(1, 4).build();
    let first = &study[0].sop_instance_uid;
    let mut command = Command::new(PROGRAM);
    command.args(["--aet", "DEMO", "--port", &port.to_string(), "--delay", "1"]);
    command.args(["--refuse", &format!("{first}:0xC001"), "--refuse", "3:A700"]);
    let scp = Proc::spawn(&mut command, &folder.path().join("log")).expect("the program");
    wait_until(|| is_listening(port), LONG, "it listens");
    let scu = StoreScu::to("DEMO", port).arg("--no-halt");
    scu.send(&study).expect("storescu");
    wait_until(
        || scp.log().contains("released"),
        LONG,
        "the association has ended",
    );
    let log = scp.log();
    assert!(
        log.contains(&format!("answered {first} with C001")),
        "{log}"
    );
    assert!(
        log.contains(&format!("answered {} with A700", study[2].sop_instance_uid)),
        "{log}"
    );
    assert_eq!(log.matches("with 0000").count(), 2, "{log}");
}

#[test]
fn mistakes_are_explained() {
    for arguments in [
        &["--refuse", "0:C000"][..],
        &["--nonsense", "1"],
        &["--port"],
        &["--port", "x"],
    ] {
        let output = Command::new(PROGRAM)
            .args(arguments)
            .output()
            .expect("the program");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty());
    }
}
