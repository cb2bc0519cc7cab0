//! Storage SCUs of other makes, to send to a receiver under test or to measure against. DCMTK's is
//! [`StoreScu`](crate::dcmtk::StoreScu).
//!
//! Invariant: a sender that is missing on this machine is an error that says how to get it.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::Command;

use crate::Certificates;
use crate::certificates::Identity;
use crate::dicom::Sample;
use crate::receiver::{ReceiverKind, tools};

const PYNETDICOM_SCU: &str = include_str!("sender/pynetdicom_scu.py");

/// What the sender shows over TLS.
#[derive(Debug, Clone, Copy)]
pub struct ClientTls<'a> {
    /// Whom it trusts: [`Certificates::ca`].
    pub certificates: &'a Certificates,
    /// Who it is, if it says so.
    pub identity: Option<&'a Identity>,
}

/// Sends the samples over one association with pynetdicom, each data set as it goes over the wire, each in its own
/// transfer syntax. The statuses by SOP instance UID; `None` where the presentation context was refused.
///
/// # Errors
/// When no association came about, or it broke; what was said is in the message.
pub fn pynetdicom(
    called_aet: &str,
    port: u16,
    samples: &[Sample],
    tls: Option<ClientTls<'_>>,
) -> io::Result<BTreeMap<String, Option<u16>>> {
    ReceiverKind::Pynetdicom
        .available()
        .map_err(io::Error::other)?;
    let folder = tempfile::Builder::new()
        .prefix("sendqueue-scu-")
        .tempdir()?;
    let script = folder.path().join("pynetdicom_scu.py");
    std::fs::write(&script, PYNETDICOM_SCU)?;
    let mut command = Command::new(tools().join("pynetdicom/bin/python"));
    command
        .arg(script)
        .args(["--aet", "PYNETDICOM", "--call", called_aet])
        .args(["--port", &port.to_string()]);
    if let Some(tls) = tls {
        command.arg("--tls").arg(&tls.certificates.ca);
        if let Some(identity) = tls.identity {
            command.arg("--certificate");
            command.args([&identity.key, &identity.certificate]);
        }
    }
    command.arg("--");
    for (number, sample) in samples.iter().enumerate() {
        let path = folder.path().join(format!("{number}.dcm"));
        let mut file = sample.file[..sample.data_set_offset].to_vec();
        file.extend_from_slice(&sample.wire());
        std::fs::write(&path, file)?;
        command.arg(path);
    }
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(io::Error::other(format!("{text}{said}")));
    }
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    Ok(lines
        .map(|(uid, status)| (uid.to_owned(), u16::from_str_radix(status, 16).ok()))
        .collect())
}

/// The command line with which dicom-rs's `dicom-storescu` sends all files of a folder over `associations`
/// associations, for benchmarks.
///
/// # Errors
/// When it is missing, with what to do about it.
pub fn dicom_rs(
    called_aet: &str,
    port: u16,
    folder: &Path,
    associations: usize,
) -> Result<Command, String> {
    ReceiverKind::DicomRs.available()?;
    let mut command = Command::new(tools().join("bin/dicom-storescu"));
    command.args(["--called-ae-title", called_aet, "--fail-first"]);
    if associations > 1 {
        command.args(["--concurrency", &associations.to_string()]);
    }
    command.arg(format!("127.0.0.1:{port}")).arg(folder);
    Ok(command)
}
