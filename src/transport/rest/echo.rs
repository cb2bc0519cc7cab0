//! Whether a destination is there, where only Orthanc can ask: its own C-ECHO.
//!
//! Invariant: a C-ECHO or nothing. A bare TCP connection, which would tell the reason in words, ends a receiver that
//! serves one connection, or counts against one that bans who connects and says nothing.

use std::time::{Duration, Instant};

use orthanc_sdk::CallError;
use serde_json::json;

use super::RestTransport;
use crate::item::{Class, Outcome};
use crate::transport::{Called, Probe, addresses};

impl RestTransport {
    /// Takes no thread of Orthanc's jobs engine, however long the peer is silent.
    pub fn probe(&self, to: &Called<'_>, timeout: Option<u32>) -> Probe {
        let modality = match (to.look_up)() {
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
        let _call = self.cutter.call(peers, false);
        if self.jobs.is_interrupted() {
            return Probe::Silent(Outcome::new(Class::Unreachable, "Orthanc is stopping"));
        }
        let asked = Instant::now();
        let answer = self.client.post_json(
            &format!("/modalities/{}/echo", to.name),
            &json!({ "Timeout": timeout }),
        );
        let error = match answer {
            Ok(_) | Err(CallError::BadJson(_)) => return Probe::Answered(begun.elapsed()),
            Err(error) => error,
        };
        let outcome = Outcome::new(
            Class::Unreachable,
            format!(
                "{}:{} does not answer a C-ECHO as AET {:?} ({error}); \
                 check that it runs and knows this Orthanc's AET",
                modality.host, modality.port, modality.aet
            ),
        );
        // Through the SDK only a number comes back, on 1.10.1 always the same one: the time tells a refusal from
        // silence.
        if asked.elapsed() < seconds / 2 {
            Probe::Refused(outcome)
        } else {
            Probe::Silent(outcome)
        }
    }
}
