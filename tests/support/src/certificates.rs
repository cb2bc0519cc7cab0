//! Keys and certificates for DICOM over TLS (PS3.15 B.9), made by the `openssl` program.
//!
//! Invariants: all is PEM, X.509 version 3, RSA of 2048 bits, without passwords; servers and clients carry
//! `localhost` and 127.0.0.1 as alternative names unless their name says otherwise. Nothing outlives the folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A certificate and its private key.
#[derive(Debug, Clone)]
pub struct Identity {
    /// PEM.
    pub certificate: PathBuf,
    /// PEM, PKCS #8.
    pub key: PathBuf,
}

/// All that a test of TLS needs.
#[derive(Debug, Clone)]
pub struct Certificates {
    /// The authority that both sides trust.
    pub ca: PathBuf,
    /// The receiver, signed by `ca`.
    pub server: Identity,
    /// The sender, signed by `ca`.
    pub client: Identity,
    /// Another authority, which nobody trusts.
    pub other_ca: PathBuf,
    /// A receiver signed by `other_ca`.
    pub other_server: Identity,
    /// A sender signed by `other_ca`.
    pub other_client: Identity,
    /// A receiver signed by `ca`, but past its date.
    pub expired_server: Identity,
    /// A receiver signed by `ca` for `elsewhere.example`.
    pub misnamed_server: Identity,
}

impl Certificates {
    /// Makes them in this folder, in about a second.
    ///
    /// # Errors
    /// When `openssl` is missing or fails; what it says is in the message.
    pub fn make(folder: &Path) -> io::Result<Self> {
        let here = "DNS:localhost,IP:127.0.0.1";
        let ca = authority(folder, "ca")?;
        let other = authority(folder, "other-ca")?;
        Ok(Self {
            server: identity(folder, "server", &ca, here, "30")?,
            client: identity(folder, "client", &ca, here, "30")?,
            other_server: identity(folder, "other-server", &other, here, "30")?,
            other_client: identity(folder, "other-client", &other, here, "30")?,
            expired_server: identity(folder, "expired-server", &ca, here, "-1")?,
            misnamed_server: identity(folder, "misnamed", &ca, "DNS:elsewhere.example", "30")?,
            ca: ca.certificate,
            other_ca: other.certificate,
        })
    }
}

fn paths(folder: &Path, name: &str) -> Identity {
    Identity {
        certificate: folder.join(format!("{name}.pem")),
        key: folder.join(format!("{name}.key")),
    }
}

fn authority(folder: &Path, name: &str) -> io::Result<Identity> {
    let made = paths(folder, name);
    let mut command = openssl("req -x509 -newkey rsa:2048 -nodes -days 30");
    command
        .args(["-subj", &format!("/CN=Send Queue Test {name}")])
        .args([
            "-addext",
            "keyUsage=critical,keyCertSign,cRLSign",
            "-keyout",
        ])
        .arg(&made.key)
        .arg("-out")
        .arg(&made.certificate);
    run(&mut command)?;
    Ok(made)
}

fn identity(
    folder: &Path,
    name: &str,
    ca: &Identity,
    alternative_names: &str,
    days: &str,
) -> io::Result<Identity> {
    let made = paths(folder, name);
    let request = folder.join(format!("{name}.csr"));
    let extensions = folder.join(format!("{name}.ext"));
    let text = format!(
        "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment\n\
        extendedKeyUsage=serverAuth,clientAuth\nsubjectAltName={alternative_names}\n"
    );
    fs::write(&extensions, text)?;
    let mut command = openssl("req -new -newkey rsa:2048 -nodes");
    command
        .args(["-subj", &format!("/CN=Send Queue Test {name}"), "-keyout"])
        .arg(&made.key)
        .arg("-out")
        .arg(&request);
    run(&mut command)?;
    let mut command = openssl("x509 -req -CAcreateserial");
    command.args(["-days", days, "-in"]).arg(&request);
    command.arg("-extfile").arg(&extensions);
    command
        .arg("-CA")
        .arg(&ca.certificate)
        .arg("-CAkey")
        .arg(&ca.key);
    command.arg("-out").arg(&made.certificate);
    run(&mut command)?;
    Ok(made)
}

fn openssl(words: &str) -> Command {
    let mut command = Command::new("/usr/bin/openssl");
    command.args(words.split(' '));
    command
}

fn run(command: &mut Command) -> io::Result<()> {
    let output = command
        .output()
        .map_err(|error| io::Error::new(error.kind(), format!("{command:?}: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("{command:?}: {said}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_trusted() {
        let folder = tempfile::tempdir().expect("a folder");
        let made = Certificates::make(folder.path()).expect("certificates");
        let trusted = |ca: &Path, identity: &Identity, name: &str| {
            let mut command = openssl("verify -x509_strict -verify_hostname");
            command.arg(name).arg("-CAfile").arg(ca);
            run(command.arg(&identity.certificate)).is_ok()
        };
        assert!(trusted(&made.ca, &made.server, "localhost"));
        assert!(trusted(&made.ca, &made.client, "localhost"));
        assert!(trusted(&made.other_ca, &made.other_server, "localhost"));
        assert!(trusted(&made.other_ca, &made.other_client, "localhost"));
        assert!(!trusted(&made.ca, &made.other_server, "localhost"));
        assert!(!trusted(&made.other_ca, &made.server, "localhost"));
        assert!(!trusted(&made.ca, &made.expired_server, "localhost"));
        assert!(!trusted(&made.ca, &made.misnamed_server, "localhost"));
        assert!(trusted(
            &made.ca,
            &made.misnamed_server,
            "elsewhere.example"
        ));
    }
}
