//! Recipes, done to data sets that are made up.

mod branches;
mod editor;
mod edits;
mod originals;
mod studies;
mod values;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use sendqueue_dicom::{DataSet, Elements, Piece, Tag, Vr};
use serde_json::{Value, json};

use super::memory::{Known, Remembered};
use super::{About, Change, Memory, NotChanged, Number, Sender, apply, differences};
use crate::config::coercion::{Recipe, Serial};
use crate::config::load;
use crate::item::{Ids, Item, Priority, State, Timestamp};
use crate::routing::Arrival;

pub const EXPLICIT: &str = "1.2.840.10008.1.2.1";
pub const REQUEST: Tag = Tag(0x0040, 0x0275);

fn dictionary(name: &str) -> Option<(u16, u16)> {
    let tag = sendqueue_dicom::dictionary::tag(name)?;
    Some((tag.0, tag.1))
}

/// The recipe of these steps, with two sources and a serial.
pub fn recipe(steps: Value) -> Arc<Recipe> {
    let configuration = json!({ "SendQueue": {
        "Sources": { "A": { "CallingAet": ["CT_A", "MR_A"] }, "B": { "RemoteIp": "regex:^10\\.2\\." } },
        "Serials": { "accessions": { "Prefix": "RT" } },
        "Coercions": { "r": steps },
        "Defaults": { "Coerce": "r" },
    } });
    let settings = load(&configuration, &dictionary, None).unwrap();
    settings.defaults.coerce.unwrap()
}

/// A data set in Explicit VR Little Endian.
pub fn data_set(build: impl FnOnce(&mut Elements<'_>)) -> Vec<u8> {
    let mut data = DataSet::parse(&[], EXPLICIT).unwrap();
    build(data.root_mut());
    whole(&[], data.encode().unwrap())
}

pub fn whole(source: &[u8], pieces: Vec<Piece>) -> Vec<u8> {
    let slice = |piece| match piece {
        Piece::Made(bytes) => bytes,
        Piece::Kept(range) => source[range].to_vec(),
    };
    pieces.into_iter().flat_map(slice).collect()
}

/// An instance of the study 1.2.3 with these texts.
pub fn instance(texts: &[(&str, &str)]) -> Vec<u8> {
    data_set(|root| {
        root.set(Tag::STUDY_INSTANCE_UID, Vr::UI, b"1.2.3".to_vec());
        for (name, text) in texts {
            let tag = sendqueue_dicom::path::tag(name, &|_| None).unwrap();
            let vr = sendqueue_dicom::dictionary::vr(tag).unwrap_or(Vr::LO);
            root.set(tag, vr, text.as_bytes().to_vec());
        }
    })
}

pub fn item(number: i64) -> Item {
    Item {
        id: number,
        ids: Ids {
            instance: format!("i{number}"),
            study: "s1".to_owned(),
            ..Ids::default()
        },
        destination: "pacs".to_owned(),
        rule: None,
        remote_aet: None,
        state: State::Running,
        priority: Priority::Medium,
        attempt_count: 0,
        created: Timestamp::from_micros(1_700_000_000_123_456),
        next_attempt: None,
        completed: None,
        class: None,
        dimse_status: None,
        details: None,
        size_bytes: 0,
        confirmation: crate::item::Confirmation::None,
    }
}

/// Where instances come from, and how often that was asked.
#[derive(Default)]
pub struct From {
    pub arrival: RefCell<Arrival>,
    pub asked: Cell<u32>,
    pub fails: RefCell<Option<NotChanged>>,
}

impl From {
    pub fn aet(aet: &str) -> From {
        let from = From::default();
        from.set(Some(aet), None);
        from
    }

    pub fn set(&self, aet: Option<&str>, ip: Option<&str>) {
        *self.arrival.borrow_mut() = Arrival {
            remote_aet: aet.map(str::to_owned),
            remote_ip: ip.map(str::to_owned),
            called_aet: Some("ORTHANC".to_owned()),
            ..Arrival::default()
        };
    }
}

impl Sender for From {
    fn arrival(&self, _: &Item) -> Result<Arrival, NotChanged> {
        self.asked.set(self.asked.get() + 1);
        match self.fails.borrow().as_ref() {
            Some(why) => Err(why.clone()),
            None => Ok(self.arrival.borrow().clone()),
        }
    }
}

/// In memory.
#[derive(Default)]
pub struct Notes {
    pub decided: RefCell<BTreeMap<String, String>>,
    pub numbers: Cell<u64>,
}

impl Memory for Notes {
    fn decided(&self, key: &str) -> Result<Option<String>, NotChanged> {
        Ok(self.decided.borrow().get(key).cloned())
    }

    fn decide(&self, key: &str, value: String) -> Result<(), NotChanged> {
        self.decided.borrow_mut().insert(key.to_owned(), value);
        Ok(())
    }

    fn serial(&self, serial: &Serial) -> Result<Number, NotChanged> {
        if self.numbers.get() == 0 {
            self.numbers.set(serial.start + 6);
        }
        Ok(Number {
            prefix: serial.prefix.clone(),
            digits: self.numbers.get().to_string(),
        })
    }
}

/// What the recipe changes of an instance, by path, as `before -> after`.
pub fn changed_by(
    recipe: &Recipe,
    stored: &[u8],
    from: &dyn Sender,
    memory: &dyn Memory,
) -> Result<Vec<Change>, NotChanged> {
    let mut data = DataSet::parse(stored, EXPLICIT)?;
    let item = item(1);
    let about = About::new(&item, &recipe.sources, from);
    let changes = apply(recipe, &mut data, &about, memory)?;
    let before = DataSet::parse(stored, EXPLICIT)?;
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let sent = whole(stored, data.encode()?);
    let after = DataSet::parse(&sent, EXPLICIT)?;
    Ok(differences(before.root(), after.root()))
}

/// The same, shortly: `PatientID: 1 -> A-1`.
pub fn changes(steps: Value, stored: &[u8], from: &From) -> Result<Vec<String>, NotChanged> {
    let found = changed_by(&recipe(steps), stored, from, &Notes::default())?;
    let text = |text: Option<String>| text.unwrap_or_else(|| "nothing".to_owned());
    Ok(found
        .into_iter()
        .map(|one| format!("{}: {} -> {}", one.path, text(one.before), text(one.after)))
        .collect())
}

/// Why it cannot be done.
pub fn why_not(steps: Value, stored: &[u8], from: &From) -> String {
    match changes(steps, stored, from) {
        Err(NotChanged::Impossible(why)) => {
            let (place, why) = why.split_once(": ").expect("a place");
            assert!(place.starts_with("recipe \"r\", step 1"), "{place}: {why}");
            why.to_owned()
        }
        other => panic!("{other:?}"),
    }
}
