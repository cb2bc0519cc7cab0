//! The rules asked about an instance, as when it arrives, and nothing comes of it.

use std::sync::Arc;

use orthanc_sdk::Client;

use super::addresses::Addresses;
use super::tags::{self, OrthancTags};
use crate::config::settings::{Settings, Tag};
use crate::destinations::modality::Modalities;
use crate::item::Timestamp;
use crate::routing::{
    Arrival, Element, Machine, Record, Resolution, Senders, Study, TagSource, TagValues, resolve,
};

/// All that may have sent an instance.
pub(super) fn senders(modalities: &Modalities, settings: &Settings) -> Result<Senders, String> {
    let modalities = modalities.all()?;
    let machines = modalities.iter().map(|(name, modality)| Machine {
        name: name.clone(),
        aet: modality.aet.clone(),
        host: modality.host.clone(),
    });
    Ok(Senders::new(machines, settings.host.strict_aet_comparison))
}

/// The rules, as they are in force when they are asked.
pub struct Rules {
    client: Client,
    settings: Arc<Settings>,
    senders: Senders,
    query: String,
    addresses: Addresses,
    now: Timestamp,
}

impl Rules {
    /// # Errors
    /// Orthanc cannot be asked for its modalities now.
    pub fn new(
        client: Client,
        settings: Arc<Settings>,
        modalities: &Modalities,
        now: Timestamp,
    ) -> Result<Rules, String> {
        Ok(Rules {
            client,
            senders: senders(modalities, &settings)?,
            query: tags::query(&settings),
            settings,
            addresses: Addresses::default(),
            now,
        })
    }

    /// About an instance that Orthanc has.
    pub fn of_stored(
        &self,
        arrival: &Arrival,
        study: Study<'_>,
        record: &mut dyn Record,
    ) -> Resolution {
        let mut tags = OrthancTags {
            client: self.client,
            instance: &arrival.ids.instance,
            query: &self.query,
            failed: None,
        };
        self.of(arrival, study, &mut tags, record)
    }

    /// About one that Orthanc does not have: the list of its tags is all there is.
    pub fn of_listed(
        &self,
        arrival: &Arrival,
        study: Study<'_>,
        tags: &TagValues,
        record: &mut dyn Record,
    ) -> Resolution {
        self.of(arrival, study, &mut ListOnly(tags), record)
    }

    fn of(
        &self,
        arrival: &Arrival,
        study: Study<'_>,
        tags: &mut dyn TagSource,
        record: &mut dyn Record,
    ) -> Resolution {
        let addresses = |host: &str| self.addresses.of(host, self.now);
        let came_from = |name: &str| self.senders.sent(arrival, name, &addresses);
        resolve(&self.settings, arrival, study, &came_from, tags, record)
    }
}

/// Tags of a file that is not stored.
struct ListOnly<'a>(&'a TagValues);

impl TagSource for ListOnly<'_> {
    fn list(&mut self) -> Result<TagValues, String> {
        Ok(self.0.clone())
    }

    fn one(&mut self, tag: &Tag, listed: &TagValues) -> Result<Element, String> {
        if listed.has(&tag.key()) {
            let why = "is not shown as text; of an instance that is stored more can be read";
            return Ok(Element::Unreadable(why.to_owned()));
        }
        Ok(Element::Missing)
    }
}
