use std::io::{Read, Write};
pub struct Tls;
pub struct TlsProblem {
    pub details: String,
    pub only_orthanc: bool,
}
pub type TlsError = TlsProblem;
impl Tls {
    pub fn load(_: &crate::config::settings::TlsSettings) -> Result<Tls, TlsProblem> {
        Err(TlsProblem {
            details: "the receiver wants DICOM TLS".into(),
            only_orthanc: true,
        })
    }
    pub fn is_current(&self) -> bool {
        true
    }
    pub fn connect<S: Read + Write>(
        &self,
        _: S,
        _: &str,
    ) -> Result<rustls::StreamOwned<rustls::ClientConnection, S>, TlsError> {
        Err(TlsProblem {
            details: "the receiver wants DICOM TLS".into(),
            only_orthanc: true,
        })
    }
}
