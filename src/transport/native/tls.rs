//! DICOM over TLS (PS3.15 B), with the certificates of Orthanc's configuration.
//!
//! Invariants:
//! - A receiver is trusted exactly when Orthanc's own SCU would trust it (`DicomTlsTrustedCertificates`,
//!   `DicomTlsRemoteCertificateRequired`): the chain and its dates are checked, the host's name is not, as DCMTK does.
//! - The handshake is complete before anything is sent.
//! - What OpenSSL could do and rustls cannot (old certificates, old protocol versions, other ciphers) is told apart, so that it can go
//!   through Orthanc; a receiver that is not to be trusted never is.
//! - No state of the process is touched: no default provider is installed.

use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct,
    Error, RootCertStore, SignatureScheme, StreamOwned, SupportedProtocolVersion,
};

use super::wire;
use crate::config::settings::TlsSettings;

/// `DicomTlsMinimumProtocolVersion` of TLS 1.3 (Orthanc 1.12.4).
const TLS_1_3: u32 = 5;

/// Why there is no TLS connection.
#[derive(Debug)]
pub struct TlsError {
    /// In words.
    pub details: String,
    /// Orthanc's OpenSSL may be able to.
    pub only_orthanc: bool,
    /// Given up because another association became free.
    pub given_up: bool,
}

/// Certificates and rules, read from their files.
pub struct Tls {
    config: Arc<ClientConfig>,
    /// The files, as they were.
    files: Vec<(PathBuf, Option<SystemTime>)>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// In words that name the key of Orthanc's configuration and the file.
    pub fn load(settings: &TlsSettings) -> Result<Tls, TlsError> {
        let provider = Arc::new(provider(settings)?);
        let trusted = if settings.remote_certificate_required {
            certificates(
                "DicomTlsTrustedCertificates",
                &settings.trusted_certificates,
            )?
        } else {
            Vec::new()
        };
        let verifier = Verifier::new(
            trusted,
            settings.remote_certificate_required,
            provider.clone(),
        );
        let own = certificates("DicomTlsCertificate", &settings.certificate)?;
        let key = key(&settings.private_key)?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions(settings))
            .map_err(|error| {
                only_orthanc(format!(
                    "no protocol version and cipher that DicomTlsCiphersAccepted allows: {error}"
                ))
            })?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_auth_cert(own, key)
            .map_err(|error| {
                only_orthanc(format!(
                    "DicomTlsCertificate and DicomTlsPrivateKey cannot be used together: {error}"
                ))
            })?;
        let files = [
            &settings.certificate,
            &settings.private_key,
            &settings.trusted_certificates,
        ];
        Ok(Tls {
            config: Arc::new(config),
            files: files
                .into_iter()
                .map(|path| (path.clone(), modified(path)))
                .collect(),
        })
    }

    /// Whether the files are still the ones that were read: certificates are renewed while Orthanc runs.
    pub fn is_current(&self) -> bool {
        self.files
            .iter()
            .all(|(path, then)| modified(path) == *then)
    }

    /// Completes the handshake over a connection to `host`.
    pub fn connect<S: Read + Write>(
        &self,
        mut stream: S,
        host: &str,
    ) -> Result<StreamOwned<ClientConnection, S>, TlsError> {
        // The name is told to the receiver (SNI) and checked by nobody: one that TLS does not allow is left out.
        let name = ServerName::try_from(host.to_owned()).unwrap_or(ServerName::IpAddress(
            std::net::Ipv4Addr::UNSPECIFIED.into(),
        ));
        let mut connection = ClientConnection::new(self.config.clone(), name)
            .map_err(|error| only_orthanc(error.to_string()))?;
        while connection.is_handshaking() {
            connection
                .complete_io(&mut stream)
                .map_err(|error| TlsError {
                    given_up: wire::is_given_up(&error),
                    ..explain(&error)
                })?;
        }
        Ok(StreamOwned::new(connection, stream))
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path)
        .and_then(|file| file.modified())
        .ok()
}

fn problem(details: String) -> TlsError {
    TlsError {
        details,
        only_orthanc: false,
        given_up: false,
    }
}

fn only_orthanc(details: String) -> TlsError {
    TlsError {
        only_orthanc: true,
        ..problem(details)
    }
}

/// Certificates of a PEM file; at least one.
fn certificates(key: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| problem(format!("{key}: {} cannot be read: {error}", path.display())))?;
    if found.is_empty() {
        return Err(problem(format!(
            "{key}: {} has no certificate in PEM form",
            path.display()
        )));
    }
    Ok(found)
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| {
        // An encrypted key is a PEM section that is not looked for: OpenSSL knows more of them.
        let details = format!(
            "DicomTlsPrivateKey: {} cannot be used: {error}",
            path.display()
        );
        if path.exists() {
            only_orthanc(details)
        } else {
            problem(details)
        }
    })
}

fn versions(settings: &TlsSettings) -> &'static [&'static SupportedProtocolVersion] {
    static ONLY_1_3: [&SupportedProtocolVersion; 1] = [&rustls::version::TLS13];
    if settings.minimum_protocol_version >= TLS_1_3 {
        &ONLY_1_3
    } else {
        rustls::DEFAULT_VERSIONS
    }
}

/// The ciphers that Orthanc may use, of those that rustls has; OpenSSL's names.
fn provider(settings: &TlsSettings) -> Result<CryptoProvider, TlsError> {
    let mut provider = ring::default_provider();
    if settings.ciphers.is_empty() {
        return Ok(provider);
    }
    provider.cipher_suites.retain(|suite| {
        let name = suite.suite().as_str().unwrap_or_default();
        settings
            .ciphers
            .iter()
            .any(|one| *one == openssl_name(name))
    });
    if provider.cipher_suites.is_empty() {
        return Err(only_orthanc(
            "DicomTlsCiphersAccepted has only ciphers that the queue's own TLS does not know"
                .to_owned(),
        ));
    }
    Ok(provider)
}

/// `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256` → `ECDHE-RSA-AES128-GCM-SHA256`; those of TLS 1.3 have the standard's names.
fn openssl_name(name: &str) -> String {
    if let Some(tls13) = name.strip_prefix("TLS13_") {
        return format!("TLS_{tls13}");
    }
    name.trim_start_matches("TLS_")
        .replace("_WITH_", "_")
        .replace("AES_128", "AES128")
        .replace("AES_256", "AES256")
        .replace("CHACHA20_POLY1305_SHA256", "CHACHA20_POLY1305")
        .replace('_', "-")
}

/// In words for an administrator.
fn explain(error: &io::Error) -> TlsError {
    let Some(error) = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>())
    else {
        return problem(match error.kind() {
            ErrorKind::TimedOut => {
                "the TLS handshake did not end in time: does the receiver take DICOM TLS on this port?"
                    .to_owned()
            }
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset => {
                "the receiver closed the connection during the TLS handshake: does it take DICOM TLS on this port?"
                    .to_owned()
            }
            _ => format!("the TLS handshake failed: {error}"),
        });
    };
    let words = describe(error);
    if may_be_openssl(error) {
        only_orthanc(words)
    } else {
        problem(words)
    }
}

/// Words for an error of TLS.
pub fn describe(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "the receiver's certificate is not signed by one of DicomTlsTrustedCertificates"
                .to_owned()
        }
        Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => "the receiver's certificate has expired".to_owned(),
        Error::InvalidCertificate(why) => {
            format!("the receiver's certificate is not accepted: {why}")
        }
        Error::AlertReceived(alert) => match alert {
            AlertDescription::CertificateRequired | AlertDescription::NoCertificate => {
                "the receiver wants a client certificate and got none".to_owned()
            }
            AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked => format!(
                "the receiver does not accept our certificate (DicomTlsCertificate): {alert:?}"
            ),
            other => format!("the receiver ended the TLS handshake: {other:?}"),
        },
        Error::InvalidMessage(_) => "the receiver does not speak TLS on this port".to_owned(),
        other => format!("the TLS handshake failed: {other}"),
    }
}

/// Whether OpenSSL, with more old things in it, may come to another result.
fn may_be_openssl(error: &Error) -> bool {
    match error {
        Error::InvalidCertificate(CertificateError::Other(why)) => {
            // X.509 version 1, which has no error of its own. Others of this kind are refusals, an untrusted authority in the
            // place of a receiver for one.
            format!("{why:?}").contains("UnsupportedCertVersion")
        }
        Error::InvalidCertificate(why) => matches!(
            why,
            CertificateError::BadEncoding | CertificateError::UnhandledCriticalExtension
        ),
        Error::AlertReceived(
            AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure,
        )
        | Error::PeerIncompatible(_) => true,
        _ => false,
    }
}

/// Checks a receiver as DCMTK does: the chain, not the name.
#[derive(Debug)]
struct Verifier {
    required: bool,
    trusted: Vec<CertificateDer<'static>>,
    roots: RootCertStore,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn new(
        trusted: Vec<CertificateDer<'static>>,
        required: bool,
        provider: Arc<CryptoProvider>,
    ) -> Verifier {
        let mut roots = RootCertStore::empty();
        // One that rustls cannot read can still be a receiver's own certificate.
        roots.add_parsable_certificates(trusted.iter().cloned());
        Verifier {
            required,
            trusted,
            roots,
            provider,
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if !self.required {
            return Ok(ServerCertVerified::assertion());
        }
        let checked = ParsedCertificate::try_from(end_entity).and_then(|certificate| {
            verify_server_cert_signed_by_trust_anchor(
                &certificate,
                &self.roots,
                intermediates,
                now,
                self.provider.signature_verification_algorithms.all,
            )
        });
        match checked {
            Ok(()) => Ok(ServerCertVerified::assertion()),
            // A self-signed certificate that is trusted itself: OpenSSL takes it though it may say that it is a CA.
            Err(Error::InvalidCertificate(why))
                if self.trusted.iter().any(|one| one == end_entity) && !is_about_time(&why) =>
            {
                Ok(ServerCertVerified::assertion())
            }
            Err(error) => Err(error),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

fn is_about_time(why: &CertificateError) -> bool {
    matches!(
        why,
        CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ciphers_have_openssls_names() {
        let names: Vec<String> = ring::default_provider()
            .cipher_suites
            .iter()
            .map(|suite| openssl_name(suite.suite().as_str().unwrap()))
            .collect();
        for known in [
            "TLS_AES_256_GCM_SHA384",
            "TLS_CHACHA20_POLY1305_SHA256",
            "ECDHE-RSA-AES128-GCM-SHA256",
            "ECDHE-ECDSA-AES256-GCM-SHA384",
            "ECDHE-RSA-CHACHA20-POLY1305",
        ] {
            assert!(names.iter().any(|name| name == known), "{known}: {names:?}");
        }
    }
}
