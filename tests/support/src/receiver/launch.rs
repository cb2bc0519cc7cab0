//! The command line of each receiver.
//!
//! Invariant: a receiver counts as started when its port listens, seen in the kernel's tables: no association of ours
//! shows in its log.

use std::fmt::Write;
use std::fs;
use std::io;
use std::process::Command;
use std::time::Duration;

use super::{ClientCertificate, Receiver, ReceiverKind, Running};
use crate::net::is_listening;
use crate::proc::Proc;
use crate::{Orthanc, OrthancConfig, OrthancVersion, dicom, wait};

/// Python takes a while to import pynetdicom on a busy machine.
const START: Duration = Duration::from_secs(60);

const PYNETDICOM_SCP: &str = include_str!("pynetdicom_scp.py");

pub(super) fn launch(receiver: &Receiver) -> io::Result<Running> {
    let mut command = Command::new(receiver.options.kind.program());
    match receiver.options.kind {
        ReceiverKind::Storescp => storescp(receiver, &mut command)?,
        ReceiverKind::StorescpNoDelay => {
            storescp(receiver, &mut command)?;
            command.env("TCP_NODELAY", "1");
        }
        ReceiverKind::Pynetdicom => pynetdicom(receiver, &mut command)?,
        ReceiverKind::DicomRs => dicom_rs(receiver, &mut command)?,
        ReceiverKind::Orthanc => {
            let started = Orthanc::start(OrthancVersion::Machine, orthanc(receiver)?);
            return match started {
                Ok(orthanc) => Ok(Running::Orthanc(Box::new(orthanc))),
                Err(error) => Err(io::Error::other(error)),
            };
        }
    }
    let mut proc = Proc::spawn(&mut command, &receiver.log_path())?;
    let port = receiver.port;
    let up = wait::poll(|| proc.exit_status().is_some() || is_listening(port), START);
    if up && proc.exit_status().is_none() {
        return Ok(Running::Proc(proc));
    }
    let what = format!("{command:?} does not listen: {}", proc.log());
    Err(io::Error::other(what))
}

fn storescp(receiver: &Receiver, command: &mut Command) -> io::Result<()> {
    let options = &receiver.options;
    command
        .args(["--verbose", "--bit-preserving", "--aetitle", &receiver.aet])
        .arg("--output-directory")
        .arg(receiver.folder.path().join("received"));
    match &options.transfer_syntaxes {
        None => {
            command.args(["--accept-all", "--promiscuous"]);
        }
        Some(uids) => {
            let path = receiver.folder.path().join("associations.cfg");
            fs::write(&path, profile(uids))?;
            command.arg("-xf").arg(path).arg("Only");
        }
    }
    if let Some(bytes) = options.max_pdu {
        command.args(["--max-pdu", &bytes.to_string()]);
    }
    if options.fork {
        command.arg("--fork");
    }
    if let Some((certificates, client)) = &options.tls {
        command.arg("+tls").arg(&certificates.server.key);
        command.arg(&certificates.server.certificate);
        command.arg("+cf").arg(&certificates.ca);
        command.arg(match client {
            ClientCertificate::Required => "--require-peer-cert",
            ClientCertificate::Optional => "--verify-peer-cert",
            ClientCertificate::Ignored => "--ignore-peer-cert",
        });
    }
    command.args(&options.arguments);
    command.arg(receiver.port.to_string());
    Ok(())
}

/// A configuration in which the profile `Only` has these transfer syntaxes.
fn profile(transfer_syntaxes: &[String]) -> String {
    const SOP_CLASSES: [&str; 9] = [
        "1.2.840.10008.1.1",
        dicom::CT_IMAGE,
        dicom::MR_IMAGE,
        dicom::SECONDARY_CAPTURE,
        dicom::MULTI_FRAME,
        dicom::VIDEO_ENDOSCOPIC,
        dicom::BASIC_TEXT_SR,
        dicom::ENCAPSULATED_PDF,
        dicom::PRIVATE_SOP_CLASS,
    ];
    let mut text = "[[TransferSyntaxes]]\n[Only]\n".to_owned();
    for (number, uid) in transfer_syntaxes.iter().enumerate() {
        let _ = writeln!(text, "TransferSyntax{} = {uid}", number + 1);
    }
    text.push_str("[[PresentationContexts]]\n[Only]\n");
    for (number, uid) in SOP_CLASSES.iter().enumerate() {
        let _ = writeln!(text, "PresentationContext{} = {uid}\\Only", number + 1);
    }
    text.push_str("[[Profiles]]\n[Only]\nPresentationContexts = Only\n");
    text
}

fn pynetdicom(receiver: &Receiver, command: &mut Command) -> io::Result<()> {
    let options = &receiver.options;
    let folder = receiver.folder.path();
    let script = folder.join("pynetdicom_scp.py");
    fs::write(&script, PYNETDICOM_SCP)?;
    command.arg(script).args(["--aet", &receiver.aet]);
    command.args(["--port", &receiver.port.to_string(), "--folder"]);
    command.arg(folder.join("received"));
    // Where data sets grow until they are whole: the same file system.
    command.env("TMPDIR", folder);
    for uid in options.transfer_syntaxes.iter().flatten() {
        command.args(["--transfer-syntax", uid]);
    }
    if let Some(bytes) = options.max_pdu {
        command.args(["--max-pdu", &bytes.to_string()]);
    }
    if let Some((certificates, client)) = &options.tls {
        command.arg("--tls").arg(&certificates.server.key);
        command.args([&certificates.server.certificate, &certificates.ca]);
        command.args([
            "--client",
            match client {
                ClientCertificate::Required => "required",
                ClientCertificate::Optional => "optional",
                ClientCertificate::Ignored => "ignored",
            },
        ]);
    }
    command.args(&options.arguments);
    Ok(())
}

fn dicom_rs(receiver: &Receiver, command: &mut Command) -> io::Result<()> {
    let options = &receiver.options;
    command.env("NO_COLOR", "1");
    // Its own AE title is called "calling" there.
    command.args(["--promiscuous", "--calling-ae-title", &receiver.aet]);
    command.args(["-p", &receiver.port.to_string(), "-o"]);
    command.arg(receiver.folder.path().join("received"));
    if let Some(uids) = &options.transfer_syntaxes {
        let mut uids = uids.clone();
        uids.sort();
        if uids != [dicom::IMPLICIT_VR_LE, dicom::EXPLICIT_VR_LE] {
            let what = "dicom-storescp can only be held to both uncompressed transfer syntaxes";
            return Err(io::Error::new(io::ErrorKind::Unsupported, what));
        }
        command.arg("--uncompressed-only");
    }
    if let Some(bytes) = options.max_pdu {
        command.args(["--max-pdu-length", &bytes.to_string()]);
    }
    if options.fork {
        command.arg("--non-blocking");
    }
    if let Some((certificates, client)) = &options.tls {
        command
            .arg("--tls")
            .arg("--key")
            .arg(&certificates.server.key);
        command.arg("--cert").arg(&certificates.server.certificate);
        command.arg("--add-certs").arg(&certificates.ca);
        match client {
            ClientCertificate::Required => command.args(["--peer-cert", "require"]),
            ClientCertificate::Optional => command.arg("--allow-unauthenticated"),
            ClientCertificate::Ignored => command.args(["--peer-cert", "ignore"]),
        };
    }
    command.args(&options.arguments);
    Ok(())
}

fn orthanc(receiver: &Receiver) -> io::Result<OrthancConfig> {
    let options = &receiver.options;
    let unsupported = |what| Err(io::Error::new(io::ErrorKind::Unsupported, what));
    if !options.arguments.is_empty() {
        return unsupported("Orthanc has no further arguments");
    }
    let mut config = OrthancConfig::new()
        .set("DicomAet", receiver.aet.as_str())
        .set("DicomPort", receiver.port);
    if let Some(uids) = &options.transfer_syntaxes {
        config = config.set("AcceptedTransferSyntaxes", uids.clone());
    }
    if let Some(bytes) = options.max_pdu {
        config = config.set("MaximumPduLength", bytes);
    }
    if let Some((certificates, client)) = &options.tls {
        if *client == ClientCertificate::Ignored {
            return unsupported("Orthanc looks at every certificate that it is shown");
        }
        let text = |path: &std::path::Path| path.display().to_string();
        let required = *client == ClientCertificate::Required;
        config = config
            .set("DicomTlsEnabled", true)
            .set(
                "DicomTlsCertificate",
                text(&certificates.server.certificate),
            )
            .set("DicomTlsPrivateKey", text(&certificates.server.key))
            .set("DicomTlsTrustedCertificates", text(&certificates.ca))
            .set("DicomTlsRemoteCertificateRequired", required);
    }
    Ok(config)
}
