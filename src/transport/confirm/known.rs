//! What a question must say of instances: as it was told when they were sent, else asked from Orthanc in bulk.
//!
//! Invariant: what Orthanc does not have, or does not tell, is `None`, never guessed.

use std::collections::{BTreeMap, BTreeSet};

use orthanc_sdk::{CallError, Client};
use serde_json::{Value, json};

use super::Asked;

/// One that is deleted while Orthanc describes it fails the call for all (1.12.7): so often they are asked for at once,
/// before it is told as a fault.
const MOST_TRIES: u32 = 3;

/// Study and series of an instance, by their UIDs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Parents {
    pub study: String,
    pub series: String,
}

/// The parents of each instance, as they were sent where that is known. Else they are those in Orthanc, of an instance
/// that it has no more too, as long as another one of its series is there.
///
/// # Errors
/// When Orthanc cannot be asked.
pub fn parents(client: Client, asked: &[Asked]) -> Result<Vec<Option<Parents>>, CallError> {
    let sent = |one: &Asked| {
        let series = one.series.as_ref()?;
        Some(Parents {
            study: text(&series.study)?,
            series: text(&series.series)?,
        })
    };
    let unknown = asked.iter().filter(|one| sent(one).is_none());
    let ids = unknown.flat_map(|one| [one.ids.study.as_str(), one.ids.series.as_str()]);
    let described = bulk(client, ids, false)?;
    let tag = |id: &str, name: &str| uid(described.get(id)?.get("MainDicomTags")?.get(name)?);
    let parents = asked.iter().map(|one| match sent(one) {
        Some(parents) => Some(parents),
        None => Some(Parents {
            study: tag(&one.ids.study, "StudyInstanceUID")?,
            series: tag(&one.ids.series, "SeriesInstanceUID")?,
        }),
    });
    Ok(parents.collect())
}

/// The SOP class of each instance, as it was sent where that is known.
///
/// # Errors
/// When Orthanc cannot be asked.
pub fn sop_classes(client: Client, asked: &[Asked]) -> Result<Vec<Option<String>>, CallError> {
    let sent = |one: &Asked| text(&one.series.as_ref()?.sop_class);
    let unknown = asked.iter().filter(|one| sent(one).is_none());
    let ids = unknown.map(|one| one.ids.instance.as_str());
    let described = bulk(client, ids, true)?;
    let mut classes = Vec::with_capacity(asked.len());
    for one in asked {
        if let Some(class) = sent(one) {
            classes.push(Some(class));
            continue;
        }
        let Some(described) = described.get(&one.ids.instance) else {
            classes.push(None);
            continue;
        };
        let metadata = described.get("Metadata");
        let class = metadata.and_then(|metadata| uid(metadata.get("SopClassUid")?));
        classes.push(match class {
            Some(class) => Some(class),
            // What was stored before Orthanc 1.2.0 has no such metadata.
            None => tag(client, &one.ids.instance)?,
        });
    }
    Ok(classes)
}

fn tag(client: Client, instance: &str) -> Result<Option<String>, CallError> {
    match client.get(&format!("/instances/{instance}/content/0008-0016")) {
        Ok(answer) if answer.is_success() => {
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            Ok(uid(&Value::String(text)))
        }
        Err(CallError::HostGone) => Err(CallError::HostGone),
        Ok(_) | Err(_) => Ok(None),
    }
}

/// `POST /tools/bulk-content` (Orthanc 1.9.4): by identifier, without those that Orthanc does not have.
fn bulk<'a>(
    client: Client,
    ids: impl Iterator<Item = &'a str>,
    metadata: bool,
) -> Result<BTreeMap<String, Value>, CallError> {
    let ids: BTreeSet<&str> = ids.collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let body = json!({ "Resources": ids, "Metadata": metadata });
    let mut tries = 1;
    let answer = loop {
        match client.post_json("/tools/bulk-content", &body) {
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

fn uid(value: &Value) -> Option<String> {
    text(value.as_str()?)
}

fn text(uid: &str) -> Option<String> {
    crate::transport::native::part10::uid(uid.as_bytes()).map(str::to_owned)
}
