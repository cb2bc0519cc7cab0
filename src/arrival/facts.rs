//! What the rules and the queue need to know of an instance, asked from Orthanc in bulk.
//!
//! Invariants:
//! - An instance that Orthanc no longer has is left out of the answer, never guessed. One that it has, but whose
//!   parents it does not tell, is an error: it must not pass for deleted.
//! - Parents never change (Orthanc identifiers are hashes of the DICOM identifiers), so they may be kept. What people
//!   call a study may be corrected: it is kept for seconds.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use orthanc_sdk::{CallError, Client};
use serde_json::{Value, json};

use super::place::place;
use crate::item::{Ids, Timestamp};
use crate::routing::Arrival;
use crate::store::{NewItem, StudyName};

/// Past this many parents all are asked anew.
const MOST_PARENTS: usize = 20_000;

/// For so long what people call a study is not asked again while instances of it come: it may be corrected.
const NAMES_FOR: Duration = Duration::from_secs(10);

/// What Orthanc calls the parent of a study.
const OF_STUDY: &str = "ParentPatient";

/// One that is deleted while Orthanc describes it fails the call for all (1.12.7): so often they are asked for at once,
/// before it is told as a fault.
const MOST_TRIES: u32 = 3;

/// An instance, and when Orthanc received it (`20261120T235959`, UTC).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    pub arrival: Arrival,
    pub received: String,
    /// See [`crate::store::NewItem::place`].
    pub place: i64,
    pub sop_class: Option<String>,
    pub transfer_syntax: Option<String>,
    /// Tells one reception of an instance from another: the identifier of its file.
    pub stamp: String,
    /// Digest of the content, where it was asked for ([`Facts::digest`]).
    pub digest: Option<String>,
    /// When Orthanc told that it received the instance again, and left it as it was.
    pub repeated: Option<Timestamp>,
    /// See [`crate::store::Reception::unseen_since`].
    pub unseen_since: Option<Timestamp>,
}

/// Reads facts; keeps the parents of series and studies, and what people call these.
pub struct Facts {
    client: Client,
    parents: HashMap<String, String>,
    /// Series Instance UIDs of the series whose parents are known.
    series_uids: HashMap<String, String>,
    /// With the time at which each was told.
    names: HashMap<String, (StudyName, Instant)>,
}

impl Facts {
    pub fn new(client: Client) -> Facts {
        Facts {
            client,
            parents: HashMap::new(),
            series_uids: HashMap::new(),
            names: HashMap::new(),
        }
    }

    /// Facts of those of the `instances` that are still in Orthanc, in the same order.
    pub fn of(&mut self, instances: &[&str]) -> Result<Vec<Fact>, CallError> {
        if instances.is_empty() {
            return Ok(Vec::new());
        }
        let described = self.bulk(&json!({ "Resources": instances, "Metadata": true }))?;
        self.complete(&described)?;
        let mut facts = Vec::with_capacity(instances.len());
        for id in instances {
            let Some(described) = described.get(*id) else {
                continue;
            };
            match self.fact(id, described) {
                Some(fact) => facts.push(fact),
                None => facts.extend(self.again(id)?),
            }
        }
        Ok(facts)
    }

    /// An instance that was described without its parents: mostly deleted in between.
    fn again(&mut self, instance: &str) -> Result<Option<Fact>, CallError> {
        let described = self.bulk(&json!({ "Resources": [instance], "Metadata": true }))?;
        let Some(found) = described.get(instance) else {
            return Ok(None);
        };
        self.complete(&described)?;
        match self.fact(instance, found) {
            Some(fact) => Ok(Some(fact)),
            None => Err(malformed(format!(
                "instance {instance} has no series, study or patient"
            ))),
        }
    }

    /// Facts of all instances of a series or study, or of one instance.
    pub fn below(&mut self, resource: &str) -> Result<Vec<Fact>, CallError> {
        let described =
            self.bulk(&json!({ "Resources": [resource], "Level": "Instance", "Metadata": true }))?;
        self.complete(&described)?;
        Ok(described
            .iter()
            .filter_map(|(id, described)| self.fact(id, described))
            .collect())
    }

    /// Identifiers of the instances of a study; none if Orthanc does not have it.
    pub fn instances_of(&self, study: &str) -> Result<Vec<String>, CallError> {
        let series = children(&self.resources(&[study])?, "Series")?;
        let series: Vec<&str> = series.iter().map(String::as_str).collect();
        if series.is_empty() {
            return Ok(Vec::new());
        }
        children(&self.resources(&series)?, "Instances")
    }

    /// The levels of those of the resources that Orthanc has, by identifier, each with its own description.
    pub fn resources(&self, ids: &[&str]) -> Result<BTreeMap<String, Value>, CallError> {
        self.bulk(&json!({ "Resources": ids, "Metadata": false }))
    }

    /// All series of the studies.
    pub fn series_of(&self, studies: &[&str]) -> Result<BTreeMap<String, Value>, CallError> {
        self.bulk(&json!({ "Resources": studies, "Level": "Series", "Metadata": false }))
    }

    /// Learns the parents of these instances.
    fn complete(&mut self, described: &BTreeMap<String, Value>) -> Result<(), CallError> {
        // Here only: what is learned below must stay until it is used.
        if self.parents.len() > MOST_PARENTS {
            self.parents.clear();
            self.series_uids.clear();
            self.names.retain(|_, (_, told)| told.elapsed() < NAMES_FOR);
        }
        let series = texts(described.values(), "ParentSeries");
        self.learn(&series, "ParentStudy")?;
        let studies: Vec<String> = series
            .iter()
            .filter_map(|series| self.parents.get(series).cloned())
            .collect();
        self.learn(&studies, OF_STUDY)
    }

    /// What people call the studies of these items, as far as they were described.
    pub fn names(&self, items: &[NewItem]) -> Vec<StudyName> {
        let studies: BTreeSet<&str> = items.iter().map(|item| item.ids.study.as_str()).collect();
        let names = studies
            .into_iter()
            .filter_map(|study| self.names.get(study));
        names.map(|(name, _)| name.clone()).collect()
    }

    /// Study Instance UID of an instance's study that was described.
    pub fn study_uid(&self, study: &str) -> Option<&str> {
        self.names.get(study).map(|(name, _)| name.uid.as_str())
    }

    /// The same of its series.
    pub fn series_uid(&self, series: &str) -> Option<&str> {
        self.series_uids.get(series).map(String::as_str)
    }

    /// The MD5 sum that Orthanc keeps of an instance's file; `None`: it keeps none (`StoreMD5ForAttachments`), or the
    /// instance is gone. Measured: some 30 µs, where describing an instance takes 150.
    pub fn digest(&self, instance: &str) -> Result<Option<String>, CallError> {
        let uri = format!("/instances/{instance}/attachments/dicom/md5");
        match self.client.get(&uri) {
            Ok(answer) if answer.is_success() => {
                let text = String::from_utf8_lossy(&answer.body);
                let text = text.trim_matches(['"', ' ', '\r', '\n']);
                Ok((!text.is_empty()).then(|| text.to_owned()))
            }
            Err(CallError::HostGone) => Err(CallError::HostGone),
            Ok(_) | Err(_) => Ok(None),
        }
    }

    fn fact(&self, id: &str, described: &Value) -> Option<Fact> {
        let series = described.get("ParentSeries")?.as_str()?;
        let study = self.parents.get(series)?;
        let patient = self.parents.get(study)?;
        let metadata = |key: &str| {
            let text = described.get("Metadata")?.get(key)?.as_str()?;
            (!text.is_empty()).then(|| text.to_owned())
        };
        let tag = |name: &str| described.get("MainDicomTags")?.get(name)?.as_str();
        let uid = tag("SOPInstanceUID");
        let received = metadata("ReceptionDate").unwrap_or_default();
        let file = described.get("FileUuid").and_then(Value::as_str);
        let ids = Ids {
            instance: id.to_owned(),
            sop_instance_uid: uid.unwrap_or_default().to_owned(),
            series: series.to_owned(),
            study: study.clone(),
            patient: patient.clone(),
        };
        let sop_class = metadata("SopClassUid");
        Some(Fact {
            stamp: file.map_or_else(|| received.clone(), str::to_owned),
            place: place(&ids, tag("InstanceNumber"), sop_class.as_deref()),
            arrival: Arrival {
                ids,
                size_bytes: described
                    .get("FileSize")
                    .and_then(Value::as_u64)
                    .unwrap_or(0),
                remote_aet: metadata("RemoteAET"),
                called_aet: metadata("CalledAET"),
                remote_ip: metadata("RemoteIP"),
                origin: metadata("Origin"),
                anonymized: metadata("AnonymizedFrom").is_some(),
                modified: metadata("ModifiedFrom").is_some(),
            },
            received,
            sop_class,
            transfer_syntax: metadata("TransferSyntax"),
            digest: None,
            repeated: None,
            unseen_since: None,
        })
    }

    /// Learns the parents of those that are not known yet.
    fn learn(&mut self, children: &[String], key: &str) -> Result<(), CallError> {
        let is_old = |child: &str| {
            let name = self.names.get(child);
            name.is_none_or(|(_, told)| told.elapsed() >= NAMES_FOR)
        };
        let is_known = |child: &&String| {
            self.parents.contains_key(*child) && !(key == OF_STUDY && is_old(child))
        };
        let unknown: Vec<&str> = children
            .iter()
            .filter(|child| !is_known(child))
            .map(String::as_str)
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        for (child, described) in self.resources(&unknown)? {
            let Some(parent) = described.get(key).and_then(Value::as_str) else {
                continue;
            };
            if key == OF_STUDY {
                let name = name(&child, &described);
                self.names.insert(child.clone(), (name, Instant::now()));
            } else if let Some(uid) = described.pointer("/MainDicomTags/SeriesInstanceUID") {
                let uid = uid.as_str().unwrap_or_default().to_owned();
                self.series_uids.insert(child.clone(), uid);
            }
            self.parents.insert(child, parent.to_owned());
        }
        Ok(())
    }

    /// `POST /tools/bulk-content` (Orthanc 1.9.4): by identifier, without those that Orthanc does not have.
    fn bulk(&self, body: &Value) -> Result<BTreeMap<String, Value>, CallError> {
        let mut tries = 1;
        let answer = loop {
            match self.client.post_json("/tools/bulk-content", body) {
                Err(error) if error.is_unknown_resource() && tries < MOST_TRIES => tries += 1,
                answer => break answer?,
            }
        };
        // Anything else must not pass for an answer without resources.
        let resources: Vec<Value> = serde_json::from_value(answer)?;
        Ok(resources
            .into_iter()
            .filter_map(|resource| Some((resource.get("ID")?.as_str()?.to_owned(), resource)))
            .collect())
    }
}

/// An answer that cannot be true, as Orthanc's own "Internal error".
fn malformed(what: impl Into<String>) -> CallError {
    CallError::Code {
        code: -1,
        description: what.into(),
    }
}

/// What the resources have below them: a list that is not told must not pass for an empty one.
fn children(resources: &BTreeMap<String, Value>, key: &str) -> Result<Vec<String>, CallError> {
    let mut all = Vec::new();
    for (id, described) in resources {
        let Some(below) = described.get(key).and_then(Value::as_array) else {
            return Err(malformed(format!("{id} is described without its {key}")));
        };
        all.extend(below.iter().filter_map(Value::as_str).map(str::to_owned));
    }
    Ok(all)
}

fn name(study: &str, described: &Value) -> StudyName {
    let tag = |name: &str| {
        let text = described.get("MainDicomTags")?.get(name)?.as_str()?;
        Some(text.trim_matches(['\0', ' ']).to_owned())
    };
    StudyName {
        study: study.to_owned(),
        uid: tag("StudyInstanceUID").unwrap_or_default(),
        accession: tag("AccessionNumber").unwrap_or_default(),
    }
}

/// The distinct values of `key`.
fn texts<'a>(resources: impl Iterator<Item = &'a Value>, key: &str) -> Vec<String> {
    let mut found: Vec<String> = resources
        .filter_map(|resource| resource.get(key)?.as_str().map(str::to_owned))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}
