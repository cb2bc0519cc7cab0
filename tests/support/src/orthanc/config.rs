//! Orthanc's configuration, as a test wants it.
//!
//! Invariant: ports and folders that the configuration does not name are chosen at the start, per Orthanc, so one
//! configuration can be used for several.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// A configuration under construction.
#[derive(Debug, Clone)]
pub struct OrthancConfig {
    value: Value,
    plugins: Vec<PathBuf>,
    environment: BTreeMap<String, String>,
    verbose: bool,
}

impl Default for OrthancConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl OrthancConfig {
    /// AET `ORTHANC`, no authentication, any calling AET, studies stable after 1 s, every SOP class, no plugin.
    #[must_use]
    pub fn new() -> Self {
        Self {
            value: json!({
                "Name": "sendqueue-test",
                "DicomAet": "ORTHANC",
                "DicomCheckCalledAet": false,
                "DicomAlwaysAllowEcho": true,
                "DicomAlwaysAllowStore": true,
                "UnknownSopClassAccepted": true,
                "RemoteAccessAllowed": true,
                "AuthenticationEnabled": false,
                "SslEnabled": false,
                "StableAge": 1,
                "DicomModalities": {},
                "HttpVerbose": false
            }),
            plugins: Vec::new(),
            environment: BTreeMap::new(),
            verbose: false,
        }
    }

    /// Sets a top-level key, or what a JSON pointer (`/SendQueue/Rules`) points to; objects on the way are made,
    /// an array takes an index or `-` for a new element.
    ///
    /// # Panics
    /// When the pointer leads through a value that is neither object nor array, or to no element of an array.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl Into<Value>) -> Self {
        let mut place = &mut self.value;
        for step in key.strip_prefix('/').unwrap_or(key).split('/') {
            let step = step.replace("~1", "/").replace("~0", "~");
            if place.is_null() {
                *place = json!({});
            }
            place = match place {
                Value::Object(map) => map.entry(step).or_insert(Value::Null),
                Value::Array(list) => {
                    let index = if step == "-" {
                        list.len()
                    } else {
                        step.parse().expect("an index")
                    };
                    if index == list.len() {
                        list.push(Value::Null);
                    }
                    &mut list[index]
                }
                _ => panic!("{key}: {step} is below a plain value"),
            };
        }
        *place = value.into();
        self
    }

    /// Removes a top-level key.
    #[must_use]
    pub fn without(mut self, key: &str) -> Self {
        if let Value::Object(map) = &mut self.value {
            map.remove(key);
        }
        self
    }

    /// Adds an entry of `DicomModalities` at 127.0.0.1.
    #[must_use]
    pub fn modality(self, name: &str, aet: &str, port: u16) -> Self {
        self.modality_with(
            name,
            json!({ "AET": aet, "Host": "127.0.0.1", "Port": port }),
        )
    }

    /// Adds an entry of `DicomModalities` as it stands.
    #[must_use]
    pub fn modality_with(mut self, name: &str, entry: Value) -> Self {
        self.value["DicomModalities"][name] = entry;
        self
    }

    /// Loads this library; it is copied beside the configuration at each start.
    #[must_use]
    pub fn plugin(mut self, library: impl AsRef<Path>) -> Self {
        self.plugins.push(library.as_ref().to_owned());
        self
    }

    /// Sets a variable of Orthanc's environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Whether Orthanc logs verbosely (default: no).
    #[must_use]
    pub fn verbose(mut self, verbose: bool) -> Self {
        self.verbose = verbose;
        self
    }

    /// The configuration so far.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    pub(super) fn port(&self, key: &str) -> Option<u16> {
        self.value.get(key)?.as_u64()?.try_into().ok()
    }

    pub(super) fn plugins(&self) -> &[PathBuf] {
        &self.plugins
    }

    pub(super) fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    pub(super) fn is_verbose(&self) -> bool {
        self.verbose
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_pointers() {
        let config = OrthancConfig::new()
            .set("StableAge", 7)
            .set("/SendQueue/Rules", json!([]))
            .set("/SendQueue/Rules/-", json!({ "To": ["a"] }))
            .set("/SendQueue/Rules/0/To/0", "b")
            .modality("pacs", "PACS", 104)
            .without("Name");
        let value = config.value();
        assert_eq!(value["StableAge"], 7);
        assert_eq!(value["SendQueue"], json!({ "Rules": [{ "To": ["b"] }] }));
        assert_eq!(value["DicomModalities"]["pacs"]["Port"], 104);
        assert!(value.get("Name").is_none());
    }
}
