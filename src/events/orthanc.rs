//! What events ask Orthanc.

use std::sync::Arc;

use orthanc_sdk::{CallError, Client};
use serde_json::Value;

use super::whole::{Ask, Delivered, Texts};
use crate::coercion::{Coercion, NotEdited};
use crate::config::Current;
use crate::config::settings::{DestinationSettings, Settings, Tag};

pub struct OfOrthanc {
    pub client: Client,
    pub settings: Arc<Current>,
    pub coercion: Arc<Coercion>,
}

impl OfOrthanc {
    /// `None`: Orthanc has nothing of that name.
    fn get(&self, uri: &str) -> Result<Option<Value>, String> {
        match self.client.get_json(uri) {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.is_unknown_resource() => Ok(None),
            Err(error) => Err(CallError::to_string(&error)),
        }
    }
}

/// What is not there any more has other settings than it had.
fn is_configured(settings: &Settings, destination: &str) -> bool {
    let mut rules = settings.rules.iter();
    settings.destinations.contains_key(destination)
        || settings.host.modalities.contains_key(destination)
        || rules.any(|rule| rule.to.iter().any(|to| to == destination))
}

impl Ask for OfOrthanc {
    fn is_well(&self) -> bool {
        self.client.get_json("/system").is_ok()
    }

    /// `GET /instances/{id}/tags?short` (1.9.4), whose list ends at the pixel data.
    fn stored(&self, instance: &str, tags: &[Tag]) -> Result<Option<Texts>, String> {
        let keys: Vec<String> = tags.iter().map(Tag::key).collect();
        let asked: Vec<String> = keys.iter().map(|key| key.replace(',', "-")).collect();
        let asked = asked.join(",");
        let uri = format!("/instances/{instance}/tags?short&ignore-length={asked}");
        let Some(found) = self.get(&uri)? else {
            return Ok(None);
        };
        let value = |key: &String| Some((key.clone(), found.get(key)?.as_str()?.into()));
        Ok(Some(keys.iter().filter_map(value).collect()))
    }

    fn an_instance_of(&self, study: &str) -> Result<Option<String>, String> {
        let first = |found: Option<Value>, key: &str| {
            let first = found.as_ref()?.get(key)?.get(0)?.as_str();
            first.map(str::to_owned)
        };
        let series = first(self.get(&format!("/studies/{study}"))?, "Series");
        match series {
            Some(series) => Ok(first(self.get(&format!("/series/{series}"))?, "Instances")),
            None => Ok(None),
        }
    }

    fn sent(&self, delivered: &Delivered, tags: &[Tag]) -> Result<Option<Texts>, String> {
        let settings = self.settings.get();
        if !is_configured(&settings, &delivered.destination) {
            return Ok(None);
        }
        let own = settings.destination(&delivered.destination);
        if !own.alters() {
            return self.stored(&delivered.instance, tags);
        }
        let asked: Vec<sendqueue_dicom::Tag> = (tags.iter())
            .map(|tag| sendqueue_dicom::Tag(tag.group, tag.element))
            .collect();
        // The pixels say nothing here.
        let own = &DestinationSettings {
            compress: None,
            ..own.clone()
        };
        let (destination, instance) = (&delivered.destination, &delivered.instance);
        let remote_aet = delivered.remote_aet.clone();
        let found = (self.coercion).sent_texts(destination, own, instance, remote_aet, &asked);
        match found {
            Ok(texts) => {
                let named = tags.iter().zip(texts);
                let named = named.filter_map(|(tag, text)| Some((tag.key(), text?.into())));
                Ok(Some(named.collect()))
            }
            Err(NotEdited::NotNow(why)) => Err(why),
            Err(NotEdited::Outcome(_)) => Ok(None),
        }
    }
}
