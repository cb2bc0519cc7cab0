//! A small Orthanc in memory, as far as arrival asks it: instances, their log of changes, and what goes wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use orthanc_sdk::Method;
use orthanc_sdk::fake_host::FakeHost;
use parking_lot::{Mutex, MutexGuard};
use serde_json::{Value, json};

use crate::item::Timestamp;

/// What happens between two calls.
pub type Meanwhile = Box<dyn FnMut(&mut Index) + Send>;

#[derive(Clone)]
pub struct Line {
    pub date: String,
    pub kind: &'static str,
    pub id: String,
}

#[derive(Clone)]
pub struct Instance {
    pub study: String,
    pub received: String,
    /// Of the file: another one for each reception.
    pub uuid: u64,
    pub aet: String,
    /// What is in the file.
    pub content: String,
    pub ip: String,
}

#[derive(Default)]
pub struct Index {
    pub now: i64,
    pub last: i64,
    /// The number that the log tells as the last, where that is not the highest.
    told: Option<i64>,
    /// Stored, and not visible yet, by number.
    in_flight: BTreeMap<i64, (String, Instance)>,
    /// By number.
    pub log: BTreeMap<i64, Line>,
    pub instances: BTreeMap<String, Instance>,
    pub updated: BTreeMap<String, String>,
    uuids: u64,
    /// Calls of callbacks that are under way.
    pub callbacks: Vec<(String, Timestamp)>,
    /// Instances that cannot be described.
    pub poison: BTreeSet<String>,
    /// URIs that fail, by their beginning.
    pub broken: BTreeSet<String>,
    /// URIs asked for.
    pub asked: Vec<String>,
    /// Short tags of every instance, over its Modality.
    pub tags: serde_json::Map<String, Value>,
    /// Elements that `/content` has, by `gggg-eeee`.
    pub elements: BTreeMap<String, Vec<u8>>,
    /// Where instances come from.
    pub ip: String,
    /// Before each call.
    pub meanwhile: Option<Meanwhile>,
}

#[derive(Clone, Default)]
pub struct Orthanc(Arc<Mutex<Index>>);

impl Orthanc {
    pub fn lock(&self) -> MutexGuard<'_, Index> {
        self.0.lock()
    }

    pub fn answer_for(&self, host: &FakeHost) {
        let index = self.clone();
        host.on_rest(move |method, uri, body| {
            let mut index = index.lock();
            if let Some(mut meanwhile) = index.meanwhile.take() {
                meanwhile(&mut index);
                index.meanwhile = Some(meanwhile);
            }
            index.answer(method, uri, body)
        });
    }
}

impl Index {
    pub fn second(&self) -> String {
        let mut text = Timestamp::from_micros(self.now).to_orthanc();
        text.truncate(15);
        text
    }

    pub fn change(&mut self, kind: &'static str, id: &str) {
        self.last += 1;
        self.told = None;
        let line = Line {
            date: self.second(),
            kind,
            id: id.to_owned(),
        };
        self.log.insert(self.last, line);
    }

    /// Stores an instance, over one that is there; the callback of it is under way.
    pub fn store_from(&mut self, id: &str, study: &str, aet: &str) {
        self.store_content(id, study, aet, "as it was made");
    }

    /// The instance is received again, and Orthanc leaves it as it is: there is a callback, and no line.
    pub fn receive_again(&mut self, id: &str) {
        assert!(self.instances.contains_key(id));
        let now = Timestamp::from_micros(self.now);
        self.callbacks.push((id.to_owned(), now));
    }

    pub fn store_content(&mut self, id: &str, study: &str, aet: &str, content: &str) {
        if self.instances.contains_key(id) {
            self.log.retain(|_, line| line.id != id);
        }
        self.uuids += 1;
        let instance = Instance {
            study: study.to_owned(),
            received: self.second(),
            uuid: self.uuids,
            aet: aet.to_owned(),
            content: content.to_owned(),
            ip: self.ip.clone(),
        };
        self.instances.insert(id.to_owned(), instance);
        self.updated.insert(study.to_owned(), self.second());
        self.change("NewInstance", id);
        let now = Timestamp::from_micros(self.now);
        self.callbacks.push((id.to_owned(), now));
    }

    /// Stores an instance, of which nothing is visible until it is committed: answers its number.
    pub fn begin(&mut self, id: &str, study: &str) -> i64 {
        self.last += 1;
        self.uuids += 1;
        let instance = Instance {
            study: study.to_owned(),
            received: self.second(),
            uuid: self.uuids,
            aet: "CT".to_owned(),
            content: "as it was made".to_owned(),
            ip: self.ip.clone(),
        };
        self.in_flight.insert(self.last, (id.to_owned(), instance));
        self.last
    }

    /// What was begun becomes visible below what was committed meanwhile; its callback is under way.
    pub fn commit(&mut self, number: i64) {
        let Some((id, instance)) = self.in_flight.remove(&number) else {
            return;
        };
        let line = Line {
            date: instance.received.clone(),
            kind: "NewInstance",
            id: id.clone(),
        };
        self.updated.insert(instance.study.clone(), self.second());
        self.instances.insert(id.clone(), instance);
        self.log.insert(number, line);
        self.told = Some(number);
        let now = Timestamp::from_micros(self.now);
        self.callbacks.push((id, now));
    }

    /// The lowest numbers that are in flight, and those whose instances are stored.
    pub fn in_flight(&self) -> Vec<(i64, String)> {
        let all = self.in_flight.iter();
        all.map(|(number, (id, _))| (*number, id.clone())).collect()
    }

    pub fn drop_one(&mut self, number: i64) {
        self.in_flight.remove(&number);
    }

    /// The process ends: what was in flight never was.
    pub fn roll_back(&mut self) {
        self.in_flight.clear();
    }

    pub fn store(&mut self, id: &str, study: &str) {
        self.store_from(id, study, "CT");
    }

    /// Stores instances `from..to`, some in a study.
    pub fn store_range(&mut self, range: std::ops::Range<usize>) {
        for number in range {
            self.store(&name(number), &study(number));
        }
    }

    pub fn remove(&mut self, id: &str) {
        if let Some(instance) = self.instances.remove(id) {
            self.log.retain(|_, line| line.id != id);
            if !self
                .instances
                .values()
                .any(|other| other.study == instance.study)
            {
                self.updated.remove(&instance.study);
                self.log.retain(|_, line| line.id != instance.study);
            }
        }
    }

    pub fn answer(
        &mut self,
        method: Method,
        uri: &str,
        body: &[u8],
    ) -> Result<(u16, Vec<u8>), i32> {
        self.asked.push(uri.to_owned());
        if self
            .broken
            .iter()
            .any(|start| uri.starts_with(start.as_str()))
        {
            return Err(17);
        }
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let argument = |name: &str| {
            query
                .split('&')
                .find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
                .and_then(|text| text.parse::<i64>().ok())
        };
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let answer = match (method, parts.as_slice()) {
            (Method::Get, ["changes"]) if query == "last" => {
                let newest = self.log.last_key_value().map_or(self.last, |(seq, _)| *seq);
                self.changes(newest - 1, 1)
            }
            (Method::Get, ["changes"]) => {
                self.changes(argument("since").unwrap(), argument("limit").unwrap())
            }
            (Method::Get, ["modalities"]) => json!({
                "pacs": { "AET": "PACS", "Host": "127.0.0.1", "Port": 104 },
                "archive": { "AET": "ARCHIVE", "Host": "127.0.0.1", "Port": 105 },
                "research": { "AET": "RESEARCH", "Host": "127.0.0.1", "Port": 106 },
            }),
            (Method::Post, ["tools", "bulk-content"]) => self.bulk(body)?,
            (Method::Get, ["studies"]) => {
                let skip = usize::try_from(argument("since").unwrap_or(0)).unwrap();
                let most = argument("limit").map_or(usize::MAX, |n| usize::try_from(n).unwrap());
                let ids = self.updated.keys().skip(skip).take(most);
                if query.contains("expand") {
                    ids.map(|id| self.describe(id).unwrap()).collect()
                } else {
                    ids.map(|id| json!(id)).collect()
                }
            }
            (Method::Get, ["studies", study, "instances"]) => {
                let within: Vec<Value> = self
                    .instances
                    .iter()
                    .filter(|(_, instance)| instance.study == *study)
                    .map(|(id, _)| json!({ "ID": id }))
                    .collect();
                if within.is_empty() {
                    return Err(17);
                }
                Value::Array(within)
            }
            (Method::Get, ["instances", id, "tags"]) => {
                if !self.instances.contains_key(*id) {
                    return Err(17);
                }
                let mut tags = json!({ "0008,0060": "CT" });
                for (tag, value) in &self.tags {
                    tags[tag] = value.clone();
                }
                tags
            }
            (Method::Get, ["instances", id, "attachments", "dicom", "md5"]) => {
                let instance = self.instances.get(*id).ok_or(17)?;
                let sum = format!("md5 of {}", instance.content);
                return Ok((200, sum.into_bytes()));
            }
            (Method::Get, ["instances", id, "content"]) if self.instances.contains_key(*id) => {
                self.elements.keys().map(|name| json!(name)).collect()
            }
            (Method::Get, ["instances", _, "content", element]) => {
                let bytes = self.elements.get(*element).ok_or(17)?;
                return Ok((200, bytes.clone()));
            }
            _ => return Err(17),
        };
        Ok((200, answer.to_string().into_bytes()))
    }

    fn changes(&self, since: i64, limit: i64) -> Value {
        let limit = usize::try_from(limit).unwrap();
        let later = self.log.range(since + 1..).take(limit + 1);
        let lines: Vec<Value> = later
            .map(|(seq, line)| {
                json!({ "Seq": *seq as i32, "Date": line.date, "ChangeType": line.kind, "ID": line.id })
            })
            .collect();
        let done = lines.len() <= limit;
        let lines: Vec<Value> = lines.into_iter().take(limit).collect();
        let told = self.told.unwrap_or(self.last);
        let last = lines.last().map_or(told as i32, |line| {
            i32::try_from(line["Seq"].as_i64().unwrap()).unwrap()
        });
        json!({ "Changes": lines, "Done": done, "Last": last })
    }

    fn bulk(&self, body: &[u8]) -> Result<Value, i32> {
        let request: Value = serde_json::from_slice(body).map_err(|_| 8)?;
        let mut found = Vec::new();
        for id in request["Resources"].as_array().ok_or(8)? {
            let id = id.as_str().ok_or(8)?;
            if self.poison.contains(id) {
                return Err(11);
            }
            found.extend(self.describe(id));
        }
        self.add_instances(&mut found);
        Ok(Value::Array(found))
    }

    /// Of the series among these resources.
    fn add_instances(&self, resources: &mut [Value]) {
        let mut series: BTreeMap<String, &mut Value> = resources
            .iter_mut()
            .filter_map(|one| {
                Some((
                    one["ID"].as_str()?.replace('s', "t"),
                    one.get_mut("Instances")?,
                ))
            })
            .collect();
        if series.is_empty() {
            return;
        }
        for (id, instance) in &self.instances {
            if let Some(Value::Array(below)) = series.get_mut(&instance.study) {
                below.push(json!(id));
            }
        }
    }

    /// Series of study `t1` is `s1`, patient `p1`.
    fn describe(&self, id: &str) -> Option<Value> {
        if let Some(instance) = self.instances.get(id) {
            return Some(json!({
                "ID": id, "ParentSeries": instance.study.replace('t', "s"), "FileSize": 100,
                "FileUuid": format!("uuid-{}", instance.uuid),
                "MainDicomTags": { "SOPInstanceUID": sop_of(id), "InstanceNumber": number_of(id) },
                "Metadata": {
                    "SopClassUid": sop_class_of(id),
                    "ReceptionDate": instance.received, "RemoteAET": instance.aet,
                    "RemoteIP": instance.ip,
                    "Origin": "DicomProtocol",
                },
            }));
        }
        let study = id.replace('s', "t");
        let updated = self.updated.get(&study)?;
        Some(if id.starts_with('s') {
            json!({ "ID": id, "ParentStudy": study, "Instances": [] })
        } else {
            json!({
                "ID": id, "ParentPatient": id.replace('t', "p"), "LastUpdate": updated,
                "Series": [id.replace('t', "s")],
            })
        })
    }
}

pub fn name(number: usize) -> String {
    format!("i{number}")
}

pub fn study(number: usize) -> String {
    format!("t{}", number / 7)
}

/// The digits at the end of its name.
fn number_of(instance: &str) -> &str {
    let name = instance.trim_end_matches(|c: char| c.is_ascii_digit());
    &instance[name.len()..]
}

/// What comes back is another instance to Orthanc (`i1@pacs`), and keeps its SOP Instance UID.
fn sop_of(instance: &str) -> String {
    let (name, _) = instance.split_once('@').unwrap_or((instance, ""));
    format!("1.2.{name}")
}

/// CT Image; Key Object Selection of one whose name says `key`.
fn sop_class_of(instance: &str) -> &'static str {
    match instance.contains("key") {
        true => "1.2.840.10008.5.1.4.1.1.88.59",
        false => "1.2.840.10008.5.1.4.1.1.2",
    }
}
