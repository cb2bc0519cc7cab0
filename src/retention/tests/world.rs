//! A queue with a real store, and an Orthanc that is played.

use std::collections::BTreeMap;

use orthanc_sdk::CallError;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::item::safe::Content;
use crate::item::{Class, Ids, Outcome, Priority};
use crate::retention::study::Held;
use crate::store::sqlite::SqliteStore;
use crate::store::{
    AttemptMade, Claims, Ending, Finish, Intake, Journal, NewItem, Pick, Reception, StudyName,
};

/// Seconds after the beginning of the tests.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000 + seconds * 1_000_000)
}

struct At(Timestamp);

impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// What happens after the deletion of an instance.
pub type Then = dyn Fn(&mut BTreeMap<String, Vec<Held>>) + Send + Sync;

#[derive(Default)]
pub struct Played {
    /// By study.
    pub has: Mutex<BTreeMap<String, Vec<Held>>>,
    pub then: Mutex<Option<Box<Then>>>,
    pub deleted: Mutex<Vec<String>>,
    /// Instances with a file of somebody's.
    pub attached: Mutex<Vec<String>>,
    pub asked: Mutex<u32>,
    pub fails: Mutex<bool>,
}

impl Played {
    fn failed(&self) -> std::result::Result<(), CallError> {
        match *self.fails.lock() {
            false => Ok(()),
            true => Err(CallError::Code {
                code: -1,
                description: "Orthanc says no".into(),
            }),
        }
    }
}

impl Orthanc for Arc<Played> {
    fn instances(&self, study: &str) -> std::result::Result<Vec<Held>, CallError> {
        *self.asked.lock() += 1;
        self.failed()?;
        Ok(self.has.lock().get(study).cloned().unwrap_or_default())
    }

    fn instance(&self, id: &str) -> std::result::Result<Option<Held>, CallError> {
        self.failed()?;
        let has = self.has.lock();
        let mut all = has.values().flatten();
        Ok(all.find(|held| held.id == id).cloned())
    }

    fn is_attached(&self, _: &str, held: &[Held]) -> std::result::Result<bool, CallError> {
        self.failed()?;
        let attached = self.attached.lock();
        Ok(held.iter().any(|one| attached.contains(&one.id)))
    }

    fn of_uid(&self, uid: &str) -> std::result::Result<usize, CallError> {
        self.failed()?;
        let has = self.has.lock();
        let of_uid = has.values().flatten();
        Ok(of_uid.filter(|one| one.sop_instance_uid == uid).count())
    }

    fn delete(&self, id: &str) -> std::result::Result<(), CallError> {
        self.failed()?;
        let mut has = self.has.lock();
        for held in has.values_mut() {
            held.retain(|held| held.id != id);
        }
        self.deleted.lock().push(id.to_owned());
        if let Some(then) = self.then.lock().take() {
            then(&mut has);
        }
        Ok(())
    }
}

pub fn held(id: &str, file: &str) -> Held {
    Held {
        id: id.to_owned(),
        series: "series".to_owned(),
        sop_instance_uid: format!("1.2.{id}"),
        content: Content {
            file: Some(file.to_owned()),
            digest: None,
        },
        size_bytes: 10,
        received: Some(at(0)),
    }
}

/// Of file `<instance>-1`.
pub fn new_item(study: &str, instance: &str, to: &str) -> NewItem {
    NewItem {
        ids: Ids {
            instance: instance.to_owned(),
            sop_instance_uid: format!("1.2.{instance}"),
            series: format!("{study}-series"),
            study: study.to_owned(),
            patient: format!("{study}-patient"),
        },
        destination: to.to_owned(),
        rule: Some("rule".into()),
        remote_aet: None,
        priority: Priority::Medium,
        group: study.to_owned(),
        place: 0,
        not_before: None,
        latest: None,
        expires: None,
        size_bytes: 10,
        failed: None,
        reception: Reception {
            file: Some(format!("{instance}-1")),
            ..Reception::default()
        },
    }
}

pub struct World {
    pub store: Arc<SqliteStore>,
    pub orthanc: Arc<Played>,
    pub deleter: Deleter,
    pub leads: Leads,
    pub current: Arc<Current>,
    pub free: Arc<Mutex<f64>>,
    pub folder: TempDir,
}

pub fn settings(retention: Value) -> crate::config::settings::Settings {
    let configuration = json!({
        "DicomModalities": { "archive": ["A", "a", 104], "research": ["R", "r", 104] },
        "SendQueue": {
            "Destinations": { "second": { "Target": "archive" } },
            "Retention": retention,
        },
    });
    crate::config::load(&configuration, &|_| None, None).unwrap()
}

/// Where modalities lead, with these beside or instead.
pub fn addresses(others: &[(&str, &str)]) -> BTreeMap<String, String> {
    let all = [("archive", "a:104"), ("research", "r:104")];
    let all = all.iter().chain(others);
    all.map(|(name, address)| ((*name).to_owned(), (*address).to_owned()))
        .collect()
}

impl World {
    /// It is day 40.
    pub fn new(retention: Value) -> World {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(&folder.path().join("q.db")).unwrap());
        store.begin(at(0)).unwrap();
        let current = Current::new(settings(retention));
        let leads = Leads::new(store.clone(), current.clone());
        leads.listed(addresses(&[])).unwrap();
        let orthanc = Arc::new(Played::default());
        let clock = Arc::new(At(at(40 * 86_400)));
        let free = Arc::new(Mutex::new(50.0));
        let now_free = free.clone();
        let deleter = Deleter::new(Parts {
            store: store.clone(),
            journal: store.clone(),
            settings: current.clone(),
            clock,
            orthanc: Box::new(orthanc.clone()),
            free: Box::new(move |_| Some(*now_free.lock())),
            look_up: Box::new(|| Ok(())),
        });
        World {
            store,
            orthanc,
            deleter,
            leads,
            current,
            free,
            folder,
        }
    }

    /// Another one on the same day, with this store and this Orthanc.
    pub fn another(
        &self,
        store: Arc<dyn crate::store::Retention>,
        orthanc: Box<dyn Orthanc>,
    ) -> Deleter {
        let free = self.free.clone();
        Deleter::new(Parts {
            store,
            journal: self.store.clone(),
            settings: self.current.clone(),
            clock: Arc::new(At(at(40 * 86_400))),
            orthanc,
            free: Box::new(move |_| Some(*free.lock())),
            look_up: Box::new(|| Ok(())),
        })
    }

    /// Orthanc receives these instances of a study, as file `<instance>-1`, and each is queued for these.
    pub fn arrive(&self, study: &str, instances: &[&str], to: &[&str], when: Timestamp) {
        let mut has = self.orthanc.has.lock();
        let of_study = has.entry(study.to_owned()).or_default();
        of_study.extend(instances.iter().map(|one| held(one, &format!("{one}-1"))));
        let items: Vec<NewItem> = (instances.iter())
            .flat_map(|instance| to.iter().map(move |to| (instance, to)))
            .map(|(instance, to)| new_item(study, instance, to))
            .collect();
        let named = [StudyName {
            study: study.to_owned(),
            uid: format!("1.3.{study}"),
            accession: format!("A-{study}"),
        }];
        let intake = Intake {
            named: &named,
            ..Intake::arrival(&items)
        };
        self.store.enqueue(&intake, when).unwrap();
    }

    /// What waits there is answered so.
    pub fn deliver(&self, to: &str, status: Option<u16>, when: Timestamp) {
        self.deliver_altered(to, status, when, Some(false));
    }

    pub fn deliver_altered(
        &self,
        to: &str,
        status: Option<u16>,
        when: Timestamp,
        altered: Option<bool>,
    ) {
        while let Some(claim) = self.store.claim(to, Pick::MostUrgent, 1000).unwrap() {
            let finishes: Vec<Finish> = (claim.items.iter())
                .map(|item| Finish {
                    id: item.id,
                    ending: Ending::Complete(AttemptMade {
                        started: when,
                        duration_us: 1,
                        outcome: match status {
                            Some(status) => Outcome::of_status(status, ""),
                            None => Outcome::new(Class::Success, ""),
                        },
                        counted: true,
                        sent_as: None,
                        altered,
                        confirm: None,
                    }),
                })
                .collect();
            self.store.finish(claim.token, &finishes, when).unwrap();
        }
    }

    pub fn pass(&self) -> Arc<Report> {
        assert!(self.deleter.pass(None).unwrap());
        self.deleter.last().unwrap()
    }

    /// Why each study stays by its name, as the last pass found; empty: it goes.
    pub fn why(&self) -> BTreeMap<String, String> {
        let report = self.deleter.last().unwrap();
        let known = self.store.kept_studies(&[], 0, 1000).unwrap();
        let found = report.findings.iter().filter(|finding| !finding.is_gone);
        found
            .map(|finding| {
                let name = known.iter().find(|one| one.number == finding.number);
                let reasons = finding
                    .reasons
                    .iter()
                    .map(|(reason, count)| (reason, *count));
                let why = study::told(reasons, finding.instances.into());
                (name.unwrap().name.study.clone(), why)
            })
            .collect()
    }

    pub fn deleted(&self) -> Vec<String> {
        self.orthanc.deleted.lock().clone()
    }
}
