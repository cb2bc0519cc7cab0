//! Whether a receiver is who it should be.
//!
//! Invariants:
//! - The key is proven in each handshake, whatever the settings.
//! - A certificate that stands in `DicomTlsTrustedCertificates` itself is trusted as it is, self-signed or an
//!   authority's too: installations without an authority exchange them (webpki would refuse an authority's certificate
//!   as a receiver's).
//! - All dates count, those of the trusted certificates too, as for OpenSSL (webpki does not look at them).

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};

use super::der::{self, Facts};

/// One of the trusted certificates.
#[derive(Debug)]
pub struct Trusted {
    pub certificate: CertificateDer<'static>,
    anchor: TrustAnchor<'static>,
}

#[derive(Debug)]
pub struct Verifier {
    trusted: Vec<Trusted>,
    required: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

/// Refusals for which rustls has no word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// X.509 version 1 or 2.
    OldVersion(u8),
    /// The chain is good, but for a trusted certificate that is out of date.
    TrustedOutOfDate,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refusal))))
    }
}

impl Trusted {
    /// `None`: it cannot be used.
    pub fn new(certificate: CertificateDer<'static>) -> Option<Trusted> {
        let mut one = RootCertStore::empty();
        one.add(certificate.clone()).ok()?;
        let trusted = Trusted {
            anchor: one.roots.pop()?,
            certificate,
        };
        trusted.facts().is_some().then_some(trusted)
    }

    pub fn facts(&self) -> Option<Facts<'_>> {
        der::read(&self.certificate)
    }

    fn dates(&self, now: UnixTime) -> Result<(), Error> {
        dates(&self.facts().ok_or(CertificateError::BadEncoding)?, now)
    }
}

impl Verifier {
    pub fn new(
        trusted: Vec<Trusted>,
        required: bool,
        algorithms: WebPkiSupportedAlgorithms,
    ) -> Verifier {
        Verifier {
            trusted,
            required,
            algorithms,
        }
    }

    fn chain(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        if let Some(same) = self
            .trusted
            .iter()
            .find(|trusted| trusted.certificate == *certificate)
        {
            return same.dates(now);
        }
        let parsed = ParsedCertificate::try_from(certificate)?;
        let verify = |in_force: &dyn Fn(&&Trusted) -> bool| {
            let anchors = self
                .trusted
                .iter()
                .filter(in_force)
                .map(|trusted| trusted.anchor.clone());
            let roots: RootCertStore = anchors.collect();
            let algorithms = self.algorithms.all;
            verify_server_cert_signed_by_trust_anchor(
                &parsed,
                &roots,
                intermediates,
                now,
                algorithms,
            )
        };
        let unknown = Error::InvalidCertificate(CertificateError::UnknownIssuer);
        match verify(&|trusted| trusted.dates(now).is_ok()) {
            Err(error) if error == unknown => match verify(&|_| true) {
                Ok(()) => Err(Refusal::TrustedOutOfDate.into()),
                result => result,
            },
            // Nobody else can have signed it, whatever else webpki dislikes about it.
            Err(Error::InvalidCertificate(CertificateError::Other(_)))
                if der::read(certificate).is_some_and(|facts| facts.issuer == facts.subject) =>
            {
                Err(unknown)
            }
            result => result,
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // rustls cannot even check the handshake's signature with such a one: said first, and clearly.
        if let Some(Facts {
            version: version @ (1 | 2),
            ..
        }) = der::read(end_entity)
        {
            return Err(Refusal::OldVersion(version).into());
        }
        if self.required {
            self.chain(end_entity, intermediates, now)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn dates(facts: &Facts<'_>, now: UnixTime) -> Result<(), Error> {
    let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    if seconds < facts.not_before {
        return Err(CertificateError::NotValidYet.into());
    }
    if seconds > facts.not_after {
        return Err(CertificateError::Expired.into());
    }
    Ok(())
}
