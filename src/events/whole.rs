//! What is told of each row, from what was known when it happened and from what Orthanc says now.

use serde_json::{Map, Value, json};

use crate::config::events::EventSettings;
use crate::config::settings::Tag;
use crate::item::{Ahead, Announcement, Timestamp};
use crate::store::Announced;

/// By [`Tag::key`], as text; what is not there, or is no text, is left out.
pub type Texts = Map<String, Value>;

/// What Orthanc is asked. `None`: it does not have that (any more).
///
/// # Errors
/// It cannot be asked now.
pub trait Ask: Send + Sync {
    /// Whether it answers at all.
    fn is_well(&self) -> bool;
    /// Tags of an instance.
    fn stored(&self, instance: &str, tags: &[Tag]) -> Result<Option<Texts>, String>;
    /// An instance of a study.
    fn an_instance_of(&self, study: &str) -> Result<Option<String>, String>;
    /// Tags of an instance as they are sent to a destination. `None` also where it would not be sent now.
    fn sent(&self, delivered: &Delivered, tags: &[Tag]) -> Result<Option<Texts>, String>;
}

/// An instance that a destination has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    pub destination: String,
    pub instance: String,
    /// The AET that it came from.
    pub remote_aet: Option<String>,
}

/// What each instance is asked for: the UID of its series, and the size of its image.
const ALWAYS: [(u16, u16, &str, &str); 4] = [
    (0x0020, 0x000e, "0020,000e", "SeriesInstanceUid"),
    (0x0028, 0x0008, "0028,0008", "NumberOfFrames"),
    (0x0028, 0x0010, "0028,0010", "Rows"),
    (0x0028, 0x0011, "0028,0011", "Columns"),
];
const STUDY_UID: (u16, u16, &str) = (0x0020, 0x000d, "0020,000d");

pub struct Whole<'a> {
    /// `None`: nobody is told any more; what was written before is told without tags.
    pub events: Option<&'a EventSettings>,
    pub orthanc: &'a dyn Ask,
    /// To the machine's clock, which readers have.
    pub ahead: Ahead,
}

impl Whole<'_> {
    /// # Errors
    /// Orthanc cannot be asked now.
    pub fn of(&self, part: &Announced) -> Result<Value, String> {
        let mut data = self.known(part);
        match part.kind {
            Announcement::InstanceStored => self.instance(part, &mut data)?,
            Announcement::InstanceDelivered | Announcement::InstanceFailed => {}
            Announcement::StudyComplete | Announcement::StudyDelivered => {
                self.study(part, &mut data)?;
            }
        }
        Ok(Value::Object(data))
    }

    /// Without what Orthanc should say.
    pub fn without(&self, part: &Announced, why: &str) -> Value {
        let mut data = self.known(part);
        take_text(&mut data, "sample");
        take_text(&mut data, "remote_aet");
        data.shift_remove("sample_size");
        data.insert(INCOMPLETE.to_owned(), why.into());
        Value::Object(data)
    }

    /// What was known when it happened.
    fn known(&self, part: &Announced) -> Map<String, Value> {
        // The store's own text: what cannot be read would be a damaged database, and is told as it is.
        let written: Value =
            serde_json::from_str(&part.data).unwrap_or_else(|_| json!({ "Damaged": part.data }));
        let mut data = Map::new();
        data.insert("Study".to_owned(), part.study.clone().into());
        let texts = [
            ("Instance", part.instance.as_deref()),
            ("Destination", part.destination.as_deref()),
            ("StudyInstanceUid", Some(part.study_uid.as_str())),
        ];
        for (key, text) in texts {
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                data.insert(key.to_owned(), text.into());
            }
        }
        let written = written.as_object().cloned().unwrap_or_default();
        for (key, value) in written.into_iter().filter(|(_, value)| !value.is_null()) {
            let name = NAMES.iter().find(|(own, _)| *own == key);
            let name = name.map_or(key, |(_, name)| (*name).to_owned());
            data.insert(name, value);
        }
        for key in TIMES {
            if let Some(micros) = data.get(key).and_then(Value::as_i64) {
                let wall = self.ahead.wall(Timestamp::from_micros(micros));
                data.insert(key.to_owned(), wall.to_rfc_3339().into());
            }
        }
        data
    }

    fn tags(&self) -> &[Tag] {
        self.events.map_or(&[], |events| &events.tags)
    }

    fn instance(&self, part: &Announced, data: &mut Map<String, Value>) -> Result<(), String> {
        let Some(instance) = &part.instance else {
            return Ok(());
        };
        let mut asked = self.tags().to_vec();
        asked.extend(ALWAYS.map(|(group, element, _, _)| tag(group, element)));
        let Some(found) = self.orthanc.stored(instance, &asked)? else {
            data.insert(INCOMPLETE.to_owned(), GONE.into());
            return Ok(());
        };
        for (_, _, key, name) in ALWAYS {
            let Some(value) = found.get(key) else {
                continue;
            };
            // What is no number is told as it stands there.
            let number = value
                .as_str()
                .and_then(|text| text.trim().parse::<u64>().ok());
            data.insert(name.to_owned(), number.map_or(value.clone(), Value::from));
        }
        self.add_tags("Tags", &found, data);
        Ok(())
    }

    fn study(&self, part: &Announced, data: &mut Map<String, Value>) -> Result<(), String> {
        let mut asked = self.tags().to_vec();
        asked.push(tag(STUDY_UID.0, STUDY_UID.1));
        let remote_aet = take_text(data, "remote_aet");
        let size = data
            .shift_remove("sample_size")
            .and_then(|size| size.as_u64());
        let instance = match take_text(data, "sample") {
            Some(instance) => Some(instance),
            None => self.orthanc.an_instance_of(&part.study)?,
        };
        let found = match &instance {
            Some(instance) => self.orthanc.stored(instance, &asked)?,
            None => None,
        };
        let (Some(instance), Some(stored)) = (instance, found) else {
            data.insert(INCOMPLETE.to_owned(), GONE.into());
            return Ok(());
        };
        if let Some(uid) = stored.get(STUDY_UID.2) {
            data.insert("StudyInstanceUid".to_owned(), uid.clone());
        }
        self.add_tags("Tags", &stored, data);
        let (Announcement::StudyDelivered, Some(destination)) = (part.kind, &part.destination)
        else {
            return Ok(());
        };
        if self.tags().is_empty() {
            return Ok(());
        }
        if size.is_some_and(|size| size > MOST_BYTES) {
            let why = "even its smallest instance is too large to show what was sent of it";
            data.insert(INCOMPLETE.to_owned(), why.into());
            return Ok(());
        }
        let delivered = Delivered {
            destination: destination.clone(),
            instance,
            remote_aet,
        };
        let Some(sent) = self.orthanc.sent(&delivered, &asked)? else {
            let why = "what was sent cannot be shown: by the settings of now it would not be sent";
            data.insert(INCOMPLETE.to_owned(), why.into());
            return Ok(());
        };
        if let Some(uid) = sent.get(STUDY_UID.2) {
            data.insert("SentStudyInstanceUid".to_owned(), uid.clone());
        }
        self.add_tags("SentTags", &sent, data);
        Ok(())
    }

    /// By the names that the configuration gives them.
    fn add_tags(&self, key: &str, found: &Map<String, Value>, data: &mut Map<String, Value>) {
        let tags = self.tags();
        if tags.is_empty() {
            return;
        }
        let named = tags.iter().filter_map(|tag| {
            let value = found.get(&tag.key())?;
            Some((tag.written.clone(), value.clone()))
        });
        data.insert(key.to_owned(), Value::Object(named.collect()));
    }
}

/// To show what was sent, a file is made anew, whole in memory.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
const INCOMPLETE: &str = "Incomplete";
const GONE: &str = "Orthanc does not have it any more";

fn tag(group: u16, element: u16) -> Tag {
    Tag {
        group,
        element,
        written: String::new(),
    }
}

/// Names of what the store writes by itself.
const NAMES: [(&str, &str); 13] = [
    ("item", "Item"),
    ("series", "Series"),
    ("uid", "SopInstanceUid"),
    ("sent_as", "SentSopInstanceUid"),
    ("size", "SizeBytes"),
    ("attempts", "AttemptCount"),
    ("class", "Class"),
    ("status", "DimseStatus"),
    ("revision", "Revision"),
    ("instances", "Instances"),
    ("warnings", "Warnings"),
    ("first", "FirstDelivery"),
    ("last", "LastDelivery"),
];

/// Those of them that are points in time, in microseconds.
const TIMES: [&str; 2] = ["FirstDelivery", "LastDelivery"];

fn take_text(data: &mut Map<String, Value>, key: &str) -> Option<String> {
    let value = data.shift_remove(key)?;
    value.as_str().map(str::to_owned)
}
