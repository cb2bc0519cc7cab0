//! What Orthanc knows of its `DicomModalities`, whether they are in the file or in its database.
//!
//! Invariants:
//! - A name that Orthanc does not list is never put into a path: plugins' calls bypass authentication.
//! - AETs and hosts are as they are used: [`remark`] tells where that is not as they are written, once each.
//! - A list is used only once [`Noted`] has taken it.
//! - The list is read again after [`Modalities::forget`], and when an unknown name is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use orthanc_sdk::Client;
use parking_lot::Mutex;
use serde_json::Value;

use crate::config::remark::{self, aet_in_force, host_in_force};
use crate::item::{Class, Outcome};
use crate::transport::Modality;

type List = Arc<BTreeMap<String, Modality>>;

/// Whoever must know of a list before anything is sent by it; else why it cannot be used now.
pub type Noted = dyn Fn(&BTreeMap<String, Modality>) -> Result<(), String> + Send + Sync;

/// The list, kept until told to forget it.
pub struct Modalities {
    client: Client,
    known: Mutex<Known>,
    /// Remarks that need not be made again.
    told: Mutex<BTreeSet<String>>,
    noted: Option<Box<Noted>>,
}

#[derive(Default)]
struct Known {
    list: Option<List>,
    /// How often it was forgotten.
    forgotten: u64,
}

impl Modalities {
    /// `told`: remarks that were made already, on what the configuration's file says.
    pub fn new(client: Client, told: impl IntoIterator<Item = String>) -> Modalities {
        Modalities {
            client,
            known: Mutex::default(),
            told: Mutex::new(told.into_iter().collect()),
            noted: None,
        }
    }

    pub fn noted_by(self, noted: Box<Noted>) -> Modalities {
        Modalities {
            noted: Some(noted),
            ..self
        }
    }

    /// After the list was changed in Orthanc.
    pub fn forget(&self) {
        let mut known = self.known.lock();
        known.list = None;
        known.forgotten += 1;
    }

    /// All of them; an error when Orthanc cannot be asked now.
    pub fn all(&self) -> Result<List, String> {
        let forgotten = {
            let known = self.known.lock();
            if let Some(list) = &known.list {
                return Ok(list.clone());
            }
            known.forgotten
        };
        // Not under the lock: a REST call may take long, and readers need not wait for it.
        let list = Arc::new(self.read()?);
        if let Some(noted) = &self.noted {
            noted(&list)?;
        }
        let mut known = self.known.lock();
        // What was changed while it was read may not be in it.
        if known.forgotten == forgotten {
            known.list = Some(list.clone());
        }
        Ok(list)
    }

    /// One of them; `Ok(None)`: Orthanc has no such modality.
    pub fn get(&self, name: &str) -> Result<Option<Modality>, String> {
        if let Some(found) = self.all()?.get(name) {
            return Ok(Some(found.clone()));
        }
        self.forget();
        Ok(self.all()?.get(name).cloned())
    }

    /// The same, with the outcome for what cannot be sent then.
    pub fn find(&self, name: &str) -> Result<Modality, Outcome> {
        if !is_symbolic_name(name) {
            return Err(unknown(name));
        }
        match self.get(name) {
            Ok(Some(modality)) => Ok(modality),
            Ok(None) => Err(unknown(name)),
            Err(error) => Err(Outcome::new(Class::Internal, error)),
        }
    }

    fn read(&self) -> Result<BTreeMap<String, Modality>, String> {
        let answer = self
            .client
            .get_json("/modalities?expand")
            .map_err(|error| format!("GET /modalities failed: {error}"))?;
        let Value::Object(entries) = answer else {
            return Err("GET /modalities did not answer an object".to_owned());
        };
        Ok(entries
            .into_iter()
            .map(|(name, entry)| {
                self.remark(&name, &entry);
                (name, parse(&entry))
            })
            .collect())
    }

    fn remark(&self, name: &str, entry: &Value) {
        let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
        let remarks = remark::modality(name, text("AET"), text("Host"), text("LocalAet"));
        let mut told = self.told.lock();
        for remark in remarks {
            if !told.contains(&remark) {
                log::warn!("{remark}");
                told.insert(remark);
            }
        }
    }
}

fn parse(entry: &Value) -> Modality {
    let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
    let number = |key: &str| {
        entry.get(key).and_then(|value| match value {
            Value::String(text) => text.parse().ok(),
            other => other.as_u64(),
        })
    };
    let flag = |key: &str| entry.get(key).and_then(Value::as_bool);
    Modality {
        aet: aet_in_force(text("AET")).to_owned(),
        host: host_in_force(text("Host")).to_owned(),
        port: number("Port")
            .and_then(|port| u16::try_from(port).ok())
            .unwrap_or(0),
        local_aet: Some(aet_in_force(text("LocalAet")).to_owned()).filter(|aet| !aet.is_empty()),
        timeout: number("Timeout")
            .and_then(|seconds| u32::try_from(seconds).ok())
            .filter(|seconds| *seconds > 0),
        allow_transcoding: flag("AllowTranscoding").unwrap_or(true),
        tls: flag("UseDicomTls").unwrap_or(false),
    }
}

/// Whether a name can be put into a path: Orthanc allows its modalities letters, digits, `-` and `_`
/// only, and does not decode paths that come from plugins.
pub fn is_symbolic_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn unknown(name: &str) -> Outcome {
    Outcome::new(
        Class::Unreachable,
        format!(
            "Orthanc has no modality {name:?} (any more): add it to DicomModalities, or redirect the items"
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use orthanc_sdk::fake_host::FakeHost;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_while_the_list_is_read_is_not_missed() {
        let fake = FakeHost::new("1.12.7");
        let list = Arc::new(Modalities::new(fake.host().client(), None));
        let entries = Arc::new(Mutex::new(json!({ "old": {} })));
        let (inside, answered) = (list.clone(), entries.clone());
        let first = OnceLock::new();
        fake.on_rest(move |_, _, _| {
            let answer = answered.lock().clone();
            // It is changed when Orthanc has made its answer.
            first.get_or_init(|| {
                *answered.lock() = json!({ "new": {} });
                inside.forget();
            });
            Ok((200, answer.to_string().into_bytes()))
        });
        assert!(list.all().unwrap().contains_key("old"));
        let names: Vec<String> = list.all().unwrap().keys().cloned().collect();
        assert_eq!(names, ["new"]);
    }
}
