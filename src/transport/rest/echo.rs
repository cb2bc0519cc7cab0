//! Whether a destination is there: a TCP connection, then C-ECHO.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use orthanc_sdk::CallError;
use serde_json::json;

use super::RestTransport;
use crate::item::{Class, Outcome};
use crate::transport::Probe;
use crate::transport::connect::connect;
use crate::transport::modalities::{Modality, addresses};

impl RestTransport {
    /// Takes no thread of Orthanc's jobs engine, however long the peer is silent.
    pub(super) fn echo(&self, destination: &str, timeout: Option<u32>) -> Probe {
        let modality = match self.modalities.find(destination) {
            Ok(modality) => modality,
            Err(outcome) => return Probe::Silent(outcome),
        };
        let timeout = modality.timeout_in_force(timeout, self.scu_timeout);
        let seconds = Duration::from_secs(u64::from(timeout));
        let begun = Instant::now();
        let peers = match addresses(&modality.host, modality.port) {
            Ok(peers) => peers,
            Err(why) => return Probe::Silent(Outcome::new(Class::Unreachable, why)),
        };
        let _call = self.cutter.call(peers.clone(), false);
        // Ourselves first: it gives the reason in words, and spares Orthanc's log an error for each probe of an outage.
        let go_on = || !self.jobs.is_interrupted();
        if let Err(why) = reach(&modality, &peers, seconds, &go_on) {
            return Probe::Silent(Outcome::new(Class::Unreachable, why));
        }
        if !go_on() {
            return Probe::Silent(Outcome::new(Class::Unreachable, "Orthanc is stopping"));
        }
        let asked = Instant::now();
        let answer = self.client.post_json(
            &format!("/modalities/{destination}/echo"),
            &json!({ "Timeout": timeout }),
        );
        let error = match answer {
            Ok(_) | Err(CallError::BadJson(_)) => return Probe::Answered(begun.elapsed()),
            Err(error) => error,
        };
        let outcome = Outcome::new(
            Class::Unreachable,
            format!(
                "{}:{} takes connections but does not answer a C-ECHO as AET {:?} ({error}); \
                 check that it runs and knows this Orthanc's AET",
                modality.host, modality.port, modality.aet
            ),
        );
        // Through the SDK only a number comes back, on 1.10.1 always the same one: the time tells a refusal from silence.
        if asked.elapsed() < seconds / 2 {
            Probe::Refused(outcome)
        } else {
            Probe::Silent(outcome)
        }
    }
}

/// Whether the peer takes TCP connections; else why not, in words for an administrator.
fn reach(
    modality: &Modality,
    peers: &[SocketAddr],
    timeout: Duration,
    go_on: &dyn Fn() -> bool,
) -> Result<(), String> {
    let mut last = String::new();
    for address in peers {
        match connect(address, timeout, go_on) {
            Ok(_) => return Ok(()),
            Err(error) => {
                last = format!(
                    "cannot connect to {}:{}: {error}",
                    modality.host, modality.port
                );
            }
        }
    }
    Err(last)
}
