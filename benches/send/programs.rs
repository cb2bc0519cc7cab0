//! Programs as senders: DCMTK's `storescu` and dicom-rs' `dicom-storescu`, here or in another network namespace.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::data::Data;
use crate::receiver::{AET, Receiver, in_namespace};
use crate::report::Sample;

/// `storescu` with this folder to a host, in a namespace.
pub fn storescu(namespace: Option<&str>, host: &str, port: u16, aet: &str, data: &Data) -> Command {
    let mut command = in_namespace(namespace, "/usr/bin/storescu");
    command
        .args(["--call", aet, "--scan-directories", host])
        .arg(port.to_string())
        .arg(data.folder());
    command
}

/// The same with `TCP_NODELAY=1`.
pub fn tuned(mut command: Command, tuned: bool) -> Command {
    if tuned {
        command.env("TCP_NODELAY", "1");
    }
    command
}

/// dicom-rs' sender, to a receiver of this machine.
pub fn dicom_storescu(program: &Path, receiver: &Receiver, data: &Data) -> Command {
    let mut command = Command::new(program);
    command
        .arg(format!("{AET}@127.0.0.1:{}", receiver.port))
        .arg(data.folder());
    command
}

/// Runs it to its end, in seconds.
pub fn run(command: &mut Command) -> f64 {
    let begun = Instant::now();
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let seconds = begun.elapsed().as_secs_f64();
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    seconds
}

/// Runs it to its end; the receiver must then have all.
pub fn send(command: &mut Command, receiver: &Receiver, data: &Data) -> Sample {
    receiver.clear();
    let seconds = run(command);
    assert_eq!(receiver.count(), data.count(), "{command:?}");
    Sample {
        count: data.count(),
        seconds,
        cpu: None,
    }
}
