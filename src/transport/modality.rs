//! A modality as the two ways to it know it.

use std::net::{SocketAddr, ToSocketAddrs};

use crate::item::Outcome;
use crate::item::system::words;

/// An entry of `DicomModalities`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Modality {
    pub aet: String,
    pub host: String,
    pub port: u16,
    /// Calling AET of its own (Orthanc 1.9.0), if any.
    pub local_aet: Option<String>,
    /// Seconds (Orthanc 1.9.1); `None`: `DicomScuTimeout`.
    pub timeout: Option<u32>,
    /// `AllowTranscoding` (Orthanc 1.6.1): whether Orthanc may send to it in another transfer syntax than the stored
    /// one.
    pub allow_transcoding: bool,
    /// `UseDicomTls` (Orthanc 1.9.0).
    pub tls: bool,
}

/// What stands for "no limit" in Orthanc: a send that never ends would hold a thread for ever. Seconds.
const LONGEST_TIMEOUT: u32 = 600;

impl Modality {
    /// What tells one receiver from another: host and port. Empty: not known.
    pub fn address(&self) -> String {
        address(&self.host, self.port)
    }

    /// Seconds for connecting and for each response: the destination's setting, else the modality's own, else
    /// `DicomScuTimeout` (0: none).
    pub fn timeout_in_force(&self, setting: Option<u32>, scu_timeout: u32) -> u32 {
        let default = Some(scu_timeout).filter(|seconds| *seconds > 0);
        setting
            .or(self.timeout)
            .or(default)
            .unwrap_or(LONGEST_TIMEOUT)
    }
}

/// See [`Modality::address`].
pub(super) fn address(host: &str, port: u16) -> String {
    match host {
        "" => String::new(),
        host => format!("{}:{port}", host.to_lowercase()),
    }
}

/// Who is called: an entry of `DicomModalities`, looked up when it is needed, since it may be changed at any time.
pub struct Called<'a> {
    /// Its symbolic name.
    pub name: &'a str,
    /// The entry as it is now, or the outcome for what cannot be sent without one.
    pub look_up: &'a (dyn Fn() -> Result<Modality, Outcome> + Sync),
}

/// The peer's addresses; else why there are none, in words for an administrator.
pub fn addresses(host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
    let found: Vec<SocketAddr> = (host, port)
        .to_socket_addrs()
        .map_err(|error| {
            format!(
                "the host name {host:?} cannot be resolved: {}",
                words(&error)
            )
        })?
        .collect();
    if found.is_empty() {
        return Err(format!("the host name {host:?} has no address"));
    }
    Ok(found)
}
