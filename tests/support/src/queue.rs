//! An Orthanc with the send queue loaded, and the questions that tests ask its REST API.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::orthanc::{Orthanc, OrthancConfig, OrthancVersion, StartError};
use crate::plugin::plugin_path;
use crate::scp::FaultScp;
use crate::wait;

/// How long a test waits for what should happen soon.
pub const SOON: Duration = Duration::from_secs(60);

/// SQL that makes so many more (`?1`) waiting items of the first one, each of an instance that Orthanc does not have:
/// for the database of a queue that is stopped, at a destination that is paused.
pub const MULTIPLY: &str = "
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
    INSERT INTO item (destination, state, priority, grp, place, created, expires, size_bytes, instance, study, series,
                      patient, sop_instance_uid, rule)
    SELECT destination, 'Pending', priority, grp, place + i, created, expires, size_bytes, instance || i, study, series,
           patient, sop_instance_uid || '.' || i, rule
    FROM n CROSS JOIN item WHERE id = 1";

/// An Orthanc with the plugin. Dereferences to [`Orthanc`].
#[derive(Debug)]
pub struct Queue {
    orthanc: Orthanc,
}

impl std::ops::Deref for Queue {
    type Target = Orthanc;
    fn deref(&self) -> &Orthanc {
        &self.orthanc
    }
}

impl std::ops::DerefMut for Queue {
    fn deref_mut(&mut self) -> &mut Orthanc {
        &mut self.orthanc
    }
}

/// A configuration with the plugin loaded and one rule that sends everything to `to`; modalities answer within 5 s.
#[must_use]
pub fn config(to: &[&str]) -> OrthancConfig {
    OrthancConfig::new()
        .plugin(plugin_path())
        .set("DicomScuTimeout", 5)
        .set("/SendQueue/Rules", json!([{ "Name": "all", "To": to }]))
}

/// The same for these receivers, each under its AET in lower case.
#[must_use]
pub fn config_for(receivers: &[&FaultScp]) -> OrthancConfig {
    let names: Vec<String> = receivers.iter().map(|scp| name_of(scp)).collect();
    let to: Vec<&str> = names.iter().map(String::as_str).collect();
    receivers.iter().fold(config(&to), |config, scp| {
        config.modality(&name_of(scp), scp.aet(), scp.port())
    })
}

/// Symbolic name of a receiver: its AET in lower case.
#[must_use]
pub fn name_of(scp: &FaultScp) -> String {
    scp.aet().to_ascii_lowercase()
}

impl Queue {
    /// Starts the Orthanc under test.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    #[track_caller]
    pub fn start(config: OrthancConfig) -> Self {
        Self::try_start(config).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The same, for starts that should fail.
    ///
    /// # Errors
    /// As [`Orthanc::start`].
    pub fn try_start(config: OrthancConfig) -> Result<Self, StartError> {
        let orthanc = Orthanc::start(OrthancVersion::under_test(), config)?;
        Ok(Self { orthanc })
    }

    /// `GET` of a list or an object below `/sendqueue`, which must be answered with 200.
    #[track_caller]
    #[must_use]
    pub fn ask(&self, path: &str) -> Value {
        self.get(&format!("/sendqueue{path}")).ok().json()
    }

    /// `POST` below `/sendqueue`, which must be answered with 200.
    #[track_caller]
    pub fn tell(&self, path: &str, body: &Value) -> Value {
        self.post_json(&format!("/sendqueue{path}"), body)
            .ok()
            .json()
    }

    /// All items that fit a query (`state=Failure&destination=a`), page by page.
    #[track_caller]
    #[must_use]
    pub fn items(&self, query: &str) -> Vec<Value> {
        let mut all: Vec<Value> = Vec::new();
        loop {
            let since = all.last().map_or(0, |item| item["ID"].as_i64().unwrap());
            let page =
                self.ask(&format!("/items?{query}&limit=1000&since={since}").replace("?&", "?"));
            let page = page.as_array().expect("a list").clone();
            if page.is_empty() {
                return all;
            }
            all.extend(page);
        }
    }

    /// One item with its attempts.
    #[track_caller]
    #[must_use]
    pub fn item(&self, id: i64) -> Value {
        self.ask(&format!("/items/{id}"))
    }

    /// How many items of a destination are in a state.
    #[track_caller]
    #[must_use]
    pub fn count(&self, destination: &str, state: &str) -> u64 {
        self.ask(&format!("/destinations/{destination}"))["Counts"][state]
            .as_u64()
            .expect("a count")
    }

    /// Waits until `n` items of the destination are in the state.
    #[track_caller]
    pub fn wait_for(&self, destination: &str, state: &str, n: u64) {
        let mut seen = 0;
        let reached = wait::poll(
            || {
                seen = self.count(destination, state);
                seen == n
            },
            SOON,
        );
        if !reached {
            let counts = &self.ask(&format!("/destinations/{destination}"));
            self.wait_until(
                || false,
                Duration::ZERO,
                &format!("{n} {state} at {destination}, seen {seen}: {counts:#}"),
            );
        }
    }

    /// Waits until nothing is open (`Scheduled`, `Pending`, `Running`, `Retry`) and `n` items are there in all.
    #[track_caller]
    pub fn wait_for_rest(&self, n: u64) {
        let counts = || self.ask("")["Counts"].clone();
        let mut last = Value::Null;
        let reached = wait::poll(
            || {
                last = counts();
                let of = |state: &str| last[state].as_u64().unwrap_or(0);
                let open = of("Scheduled") + of("Pending") + of("Running") + of("Retry");
                open == 0 && of("Success") + of("Failure") + of("Cancelled") == n
            },
            SOON,
        );
        if !reached {
            self.wait_until(
                || false,
                Duration::ZERO,
                &format!("{n} items at rest: {last}"),
            );
        }
    }

    /// Items of a destination by SOP instance UID.
    #[track_caller]
    #[must_use]
    pub fn by_uid(&self, destination: &str) -> BTreeMap<String, Value> {
        self.items(&format!("destination={destination}"))
            .into_iter()
            .map(|item| (item["SopInstanceUid"].as_str().unwrap().to_owned(), item))
            .collect()
    }

    /// Error lines of the log that are not Orthanc's own words about failed sends.
    #[must_use]
    pub fn unexpected_errors(&self) -> Vec<String> {
        const EXPECTED: [&str; 6] = [
            "DicomAssociation",
            "C-STORE SCU to AET",
            "Error in the network protocol",
            "presentation context",
            "Cannot transcode",
            "C-ECHO",
        ];
        self.log_errors()
            .into_iter()
            .filter(|line| !EXPECTED.iter().any(|text| line.contains(text)))
            .collect()
    }
}
