//! DICOM over TLS (PS3.15 B.9 to B.13), with Orthanc's own certificates.
//!
//! Invariants:
//! - A receiver is trusted as by Orthanc: its chain ends at one of `DicomTlsTrustedCertificates`, and nothing in it is
//!   out of date. Its name is not compared with the host: DCMTK does not either.
//!   `DicomTlsRemoteCertificateRequired: false` turns this off, but never the proof that the receiver has the key of
//!   the certificate that it shows.
//! - Nothing of the process is touched: no default provider of rustls, no environment.
//! - Each association is verified anew, as Orthanc's are: no session is resumed. A receiver with OpenSSL that asks for
//!   our certificate and has set no session context ends a resumption with a fatal error
//!   (`SSL_CTX_set_session_id_context(3)`).
//! - What OpenSSL may be able to do and rustls is not is said to be so (`only_orthanc`): never a failure of the
//!   instance, and never less safe, since Orthanc verifies on its own.
//!
//! What Orthanc does was read in 1.10.1, 1.12.7 and 1.13.0 (`DicomTls.cpp`, `DicomAssociationParameters.cpp`).
//!
//! # The end of a connection
//! Many receivers close without `close_notify`. Reading then fails with `UnexpectedEof`, as rustls has it; DICOM has
//! its own end (A-RELEASE, PS3.8 7.2), so that nothing is lost by taking that for a closed connection.

mod der;
mod failure;
mod verify;

#[cfg(test)]
mod tests;

use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{CipherSuite, ClientConfig, ClientConnection, StreamOwned, SupportedProtocolVersion};

use self::verify::{Trusted, Verifier};
use super::association::Why;
use super::wire;
use crate::config::settings::TlsSettings;
use crate::item::system::words;

pub type TlsStream<S> = StreamOwned<ClientConnection, S>;

const CERTIFICATE: &str = "DicomTlsCertificate";
const PRIVATE_KEY: &str = "DicomTlsPrivateKey";
const TRUSTED: &str = "DicomTlsTrustedCertificates";
const REQUIRED: &str = "DicomTlsRemoteCertificateRequired";
const CIPHERS: &str = "DicomTlsCiphersAccepted";

/// `DicomTlsMinimumProtocolVersion` for nothing below TLS 1.3.
const TLS_1_3_ONLY: u32 = 5;
static TLS_1_3: [&SupportedProtocolVersion; 1] = [&rustls::version::TLS13];

/// The cipher suites of rustls, as OpenSSL calls them.
const SUITES: [(CipherSuite, &str); 9] = [
    (
        CipherSuite::TLS13_AES_128_GCM_SHA256,
        "TLS_AES_128_GCM_SHA256",
    ),
    (
        CipherSuite::TLS13_AES_256_GCM_SHA384,
        "TLS_AES_256_GCM_SHA384",
    ),
    (
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
        "TLS_CHACHA20_POLY1305_SHA256",
    ),
    (
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        "ECDHE-ECDSA-AES128-GCM-SHA256",
    ),
    (
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        "ECDHE-ECDSA-AES256-GCM-SHA384",
    ),
    (
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        "ECDHE-ECDSA-CHACHA20-POLY1305",
    ),
    (
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        "ECDHE-RSA-AES128-GCM-SHA256",
    ),
    (
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        "ECDHE-RSA-AES256-GCM-SHA384",
    ),
    (
        CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        "ECDHE-RSA-CHACHA20-POLY1305",
    ),
];

/// Orthanc's configuration of TLS, read and checked.
pub struct Tls {
    config: Arc<ClientConfig>,
    /// In `DicomTlsTrustedCertificates` there is one that OpenSSL may use and we cannot.
    lacks_trusted: bool,
    files: Vec<Stamp>,
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{details}")]
pub struct TlsProblem {
    /// In words, with the key and the file.
    pub details: String,
    /// Orthanc itself may be able to.
    pub only_orthanc: bool,
}

/// Why there is no TLS with this receiver.
#[derive(Debug, thiserror::Error)]
#[error("{details}")]
pub struct TlsError {
    /// In words.
    pub details: String,
    pub why: Why,
}

/// What a file looked like before it was read.
struct Stamp {
    path: PathBuf,
    seen: Option<(SystemTime, u64)>,
}

/// How a handshake can end badly.
enum Broken {
    Stream(io::Error),
    Tls(rustls::Error),
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// [`TlsProblem`] with the key and the file.
    pub fn load(settings: &TlsSettings) -> Result<Tls, TlsProblem> {
        let named = [
            &settings.certificate,
            &settings.private_key,
            &settings.trusted_certificates,
        ];
        let files = named
            .into_iter()
            .flatten()
            .map(|path| Stamp::of(path))
            .collect();
        let (provider, versions) = algorithms(settings)?;
        let (trusted, lacks_trusted) = trusted(settings)?;
        let client = client(settings, &provider, &trusted)?;
        let algorithms = provider.signature_verification_algorithms;
        let verifier = Verifier::new(trusted, settings.remote_certificate_required, algorithms);
        let builder = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(versions)
            .map_err(|error| problem(true, format!("{CIPHERS}: {error}")))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match client {
            // Shown whatever authorities the receiver names, as OpenSSL does.
            Some(client) => builder.with_client_cert_resolver(Arc::new(client)),
            None => builder.with_no_client_auth(),
        };
        config.enable_sni = false;
        config.resumption = Resumption::disabled();
        Ok(Tls {
            config: Arc::new(config),
            lacks_trusted,
            files,
        })
    }

    /// Whether the files are still those that were read: certificates are renewed while Orthanc runs, which reads them
    /// for each association.
    pub fn is_current(&self) -> bool {
        self.files
            .iter()
            .all(|file| Stamp::of(&file.path).seen == file.seen)
    }

    /// The whole handshake. `host`: for words only.
    ///
    /// In TLS 1.3 the receiver looks at our certificate after that: its refusal is an error of the first read, which
    /// [`describe`] puts into words.
    ///
    /// # Errors
    /// In words for an administrator.
    pub fn connect<S: Read + Write>(
        &self,
        mut stream: S,
        host: &str,
    ) -> Result<TlsStream<S>, TlsError> {
        // Neither sent nor compared.
        let nobody = ServerName::IpAddress(IpAddr::V4(Ipv4Addr::UNSPECIFIED).into());
        let mut heard = false;
        let mut connection = ClientConnection::new(self.config.clone(), nobody)
            .map_err(|error| self.error(&error, false))?;
        match handshake(&mut connection, &mut stream, &mut heard) {
            Ok(()) => Ok(StreamOwned::new(connection, stream)),
            Err(Broken::Tls(error)) => {
                Err(self.error(&error, connection.negotiated_cipher_suite().is_some()))
            }
            Err(Broken::Stream(error)) => Err(TlsError {
                details: failure::stream(&error, host, heard),
                why: if wire::is_given_up(&error) {
                    Why::GivenUp
                } else {
                    Why::Unreachable
                },
            }),
        }
    }

    /// `agreed`: the receiver had chosen a version and a cipher suite.
    fn error(&self, error: &rustls::Error, agreed: bool) -> TlsError {
        let (details, only_orthanc) = failure::error(error, agreed, self.lacks_trusted);
        TlsError {
            details,
            why: Why::unable(only_orthanc),
        }
    }
}

/// An error of reading or writing after the handshake.
pub fn describe(error: &rustls::Error) -> String {
    failure::error(error, true, false).0
}

impl Stamp {
    fn of(path: &Path) -> Stamp {
        let metadata = fs::metadata(path).ok();
        Stamp {
            path: path.to_path_buf(),
            seen: metadata.and_then(|file| Some((file.modified().ok()?, file.len()))),
        }
    }
}

/// Until both sides are done. Not by rustls's `complete_io`, which would not read the reason that the receiver left
/// before it closed.
fn handshake<S: Read + Write>(
    connection: &mut ClientConnection,
    stream: &mut S,
    heard: &mut bool,
) -> Result<(), Broken> {
    loop {
        if let Err(error) = write_all(connection, stream) {
            let lost = [
                ErrorKind::ConnectionReset,
                ErrorKind::BrokenPipe,
                ErrorKind::ConnectionAborted,
            ];
            if lost.contains(&error.kind()) {
                // The receiver closed while we were writing: it may have said why.
                while matches!(connection.read_tls(stream), Ok(count) if count > 0) {
                    *heard = true;
                    connection.process_new_packets().map_err(Broken::Tls)?;
                }
            }
            return Err(Broken::Stream(error));
        }
        if !connection.is_handshaking() {
            return Ok(());
        }
        match connection.read_tls(stream) {
            Ok(0) => return Err(Broken::Stream(ErrorKind::UnexpectedEof.into())),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(Broken::Stream(error)),
        }
        if let Err(error) = connection.process_new_packets() {
            // Tells the receiver why, if it still listens.
            let _ = write_all(connection, stream);
            return Err(Broken::Tls(error));
        }
        *heard = true;
    }
}

fn write_all<S: Write>(connection: &mut ClientConnection, stream: &mut S) -> io::Result<()> {
    while connection.wants_write() {
        match connection.write_tls(stream) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    stream.flush()
}

fn problem(only_orthanc: bool, details: String) -> TlsProblem {
    TlsProblem {
        details,
        only_orthanc,
    }
}

/// Versions and cipher suites as Orthanc 1.12.4 has them: the list of ciphers counts only where a minimum version is
/// set (with a list alone it does not start), and a list that names none of a version leaves all of that version.
fn algorithms(
    settings: &TlsSettings,
) -> Result<(CryptoProvider, &'static [&'static SupportedProtocolVersion]), TlsProblem> {
    let mut provider = rustls::crypto::ring::default_provider();
    let versions: &'static [_] = match settings.minimum_protocol_version {
        // What is below TLS 1.2 is Orthanc's.
        0..TLS_1_3_ONLY => rustls::ALL_VERSIONS,
        _ => &TLS_1_3,
    };
    if settings.minimum_protocol_version > 0 {
        let is_1_3 = |name: &str| name.starts_with("TLS_");
        provider.cipher_suites.retain(|suite| {
            let known = SUITES.iter().find(|(id, _)| *id == suite.suite());
            let Some((_, name)) = known else { return false };
            let mut same_version = settings
                .ciphers
                .iter()
                .filter(|other| is_1_3(other) == is_1_3(name));
            same_version.clone().next().is_none() || same_version.any(|other| other == name)
        });
    }
    let is_usable = |suite: &rustls::SupportedCipherSuite| versions.contains(&suite.version());
    if !provider.cipher_suites.iter().any(is_usable) {
        let named = settings.ciphers.join(", ");
        return Err(problem(
            true,
            format!("{CIPHERS}: only Orthanc itself can use any of {named}"),
        ));
    }
    Ok((provider, versions))
}

/// The trusted certificates, and whether there is one that only OpenSSL may use.
fn trusted(settings: &TlsSettings) -> Result<(Vec<Trusted>, bool), TlsProblem> {
    let required = settings.remote_certificate_required;
    let Some(path) = &settings.trusted_certificates else {
        if required {
            let details = format!("{TRUSTED} is not set, and {REQUIRED} is not false");
            return Err(problem(false, details));
        }
        return Ok((Vec::new(), false));
    };
    match read_trusted(path) {
        // Orthanc does not read the file then. For us it has only what may complete our own chain.
        Err(_) if !required => Ok((Vec::new(), false)),
        other => other,
    }
}

fn read_trusted(path: &Path) -> Result<(Vec<Trusted>, bool), TlsProblem> {
    let text = read(TRUSTED, path)?;
    // Labels that OpenSSL knows for certificates, and rustls does not.
    let labels = [
        "-----BEGIN TRUSTED CERTIFICATE",
        "-----BEGIN X509 CERTIFICATE",
    ];
    let mut lacks = labels.iter().any(|label| contains(&text, label));
    let mut found = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| malformed(TRUSTED, path, &error))?;
        match Trusted::new(certificate) {
            Some(trusted) => found.push(trusted),
            None => lacks = true,
        }
    }
    if found.is_empty() {
        let details = format!(
            "{TRUSTED}: {}: no certificate in PEM format",
            path.display()
        );
        return Err(problem(lacks, details));
    }
    Ok((found, lacks))
}

/// Our own certificate with its key.
fn client(
    settings: &TlsSettings,
    provider: &CryptoProvider,
    trusted: &[Trusted],
) -> Result<Option<SingleCertAndKey>, TlsProblem> {
    let (certificate, private_key) = match (&settings.certificate, &settings.private_key) {
        (Some(certificate), Some(private_key)) => (certificate, private_key),
        // More than Orthanc does, which then does not connect at all: a receiver need not ask for a certificate.
        (None, None) => return Ok(None),
        (None, Some(_)) => {
            return Err(problem(
                false,
                format!("{CERTIFICATE} is not set, while {PRIVATE_KEY} is"),
            ));
        }
        (Some(_), None) => {
            return Err(problem(
                false,
                format!("{PRIVATE_KEY} is not set, while {CERTIFICATE} is"),
            ));
        }
    };
    let text = read(CERTIFICATE, certificate)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let mut chain = chain.map_err(|error| malformed(CERTIFICATE, certificate, &error))?;
    let Some(leaf) = chain.first().cloned() else {
        let details = format!(
            "{CERTIFICATE}: {}: no certificate in PEM format",
            certificate.display()
        );
        return Err(problem(contains(&text, "CERTIFICATE-----"), details));
    };
    let Some(facts) = der::read(&leaf) else {
        let details = format!(
            "{CERTIFICATE}: {}: not an X.509 certificate",
            certificate.display()
        );
        return Err(problem(true, details));
    };

    let text = read(PRIVATE_KEY, private_key)?;
    let key = PrivateKeyDer::from_pem_slice(&text)
        .map_err(|error| key_problem(private_key, &text, &error))?;
    let key = provider
        .key_provider
        .load_private_key(key)
        .map_err(|error| {
            let path = private_key.display();
            let details = format!(
                "{PRIVATE_KEY}: {path}: a kind of key that only Orthanc itself may use ({error})"
            );
            problem(true, details)
        })?;
    // By hand: rustls would refuse a certificate of X.509 version 1 here, which is none of its business.
    if key
        .public_key()
        .is_some_and(|public| public.as_ref() != facts.public_key)
    {
        let (key, certificate) = (private_key.display(), certificate.display());
        let details = format!("{PRIVATE_KEY}: {key}: not the key of {CERTIFICATE} ({certificate})");
        return Err(problem(false, details));
    }
    complete(&mut chain, trusted);
    Ok(Some(SingleCertAndKey::from(CertifiedKey::new(chain, key))))
}

/// Adds the intermediate authorities that the file lacks, from the trusted certificates, as OpenSSL does
/// (`SSL_CTX_set_mode(3)`, `SSL_MODE_NO_AUTO_CHAIN`).
fn complete(chain: &mut Vec<CertificateDer<'static>>, trusted: &[Trusted]) {
    // As many steps as there are certificates: some could be each other's issuers.
    for _ in 0..trusted.len() {
        let Some(issuer) = chain
            .last()
            .and_then(|last| der::read(last))
            .map(|facts| facts.issuer.to_vec())
        else {
            return;
        };
        let of_issuer =
            |trusted: &&Trusted| trusted.facts().is_some_and(|facts| facts.subject == issuer);
        let Some(next) = trusted.iter().find(of_issuer) else {
            return;
        };
        // The receiver must have the root anyway.
        if next
            .facts()
            .is_some_and(|facts| facts.issuer == facts.subject)
            || chain.contains(&next.certificate)
        {
            return;
        }
        chain.push(next.certificate.clone());
    }
}

fn read(key: &str, path: &Path) -> Result<Vec<u8>, TlsProblem> {
    fs::read(path).map_err(|error| {
        problem(
            false,
            format!("{key}: {}: {}", path.display(), words(&error)),
        )
    })
}

fn malformed(key: &str, path: &Path, error: &pem::Error) -> TlsProblem {
    problem(true, format!("{key}: {}: {error}", path.display()))
}

fn key_problem(path: &Path, text: &[u8], error: &pem::Error) -> TlsProblem {
    let path = path.display();
    if contains(text, "ENCRYPTED") {
        let details = format!(
            "{PRIVATE_KEY}: {path}: protected by a password, for which there is no setting"
        );
        return problem(true, details);
    }
    if !contains(text, "PRIVATE KEY-----") {
        return problem(
            false,
            format!("{PRIVATE_KEY}: {path}: no private key in PEM format"),
        );
    }
    problem(
        true,
        format!("{PRIVATE_KEY}: {path}: a private key that only Orthanc itself may use ({error})"),
    )
}

fn contains(text: &[u8], words: &str) -> bool {
    text.windows(words.len())
        .any(|part| part == words.as_bytes())
}
