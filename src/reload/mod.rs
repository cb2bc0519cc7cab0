//! Other settings while Orthanc runs: what `POST /sendqueue/reload` does.
//!
//! Invariants:
//! - All or nothing: the new section is validated whole before anything is changed. Then the settings are replaced in
//!   one step ([`Current`]), and lanes, alerts and the memory's budget take them over. Each does what it has begun
//!   under those that it began with.
//! - Names in rules are those of what Orthanc has now, and of what is new in its files, which is entered into it first.
//! - What cannot change while Orthanc runs stays as it was at the start, and is told.
//! - One reload after the other; none before Orthanc is up or once it stops.
//! - No value of the configuration is told but of keys that hold no secret ([`RESTART`]).

mod differ;
mod modalities;
mod origin;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use orthanc_sdk::{Client, guard};
use parking_lot::Mutex;
use serde_json::{Map, Value};

pub use self::origin::Origin;
use self::origin::{MODALITIES, SECTION};
use crate::alert::Switch;
use crate::config::settings::{HostSettings, Settings};
use crate::config::{self, Current, Mistake, Mistakes};
use crate::destinations::Directory;
use crate::dispatch::Lanes;
use crate::dispatch::promoter::Promoter;
use crate::events::Teller;
use crate::events::courier::Courier;
use crate::retention::{Deleter, Leads};
use crate::service::Services;
use crate::store::Retention;
use crate::transport::budget::Budget;

/// Orthanc answers requests on threads with a stack of 100 KB, which reading files and patterns overruns.
const STACK: usize = 4 * 1024 * 1024;

/// Keys of the section that hold for as long as Orthanc runs.
const OWN_RESTART: [&str; 3] = ["Enable", "Database", "TcpNoDelay"];

/// Orthanc's own keys that matter here, which it reads at its start.
const RESTART: [&str; 25] = [
    "AuthenticationEnabled",
    "ConcurrentJobs",
    "DicomAet",
    "DicomModalitiesInDatabase",
    "DicomScuPreferredTransferSyntax",
    "DicomScuTimeout",
    "DicomServerEnabled",
    "DicomTlsCertificate",
    "DicomTlsCiphersAccepted",
    "DicomTlsEnabled",
    "DicomTlsMinimumProtocolVersion",
    "DicomTlsPrivateKey",
    "DicomTlsRemoteCertificateRequired",
    "DicomTlsTrustedCertificates",
    "Dictionary",
    "HttpProxy",
    "HttpServerEnabled",
    "IndexDirectory",
    "JobsHistorySize",
    "LimitFindResults",
    "Name",
    "OverwriteInstances",
    "RemoteAccessAllowed",
    "StorageDirectory",
    "StrictAetComparison",
];

/// Of these it is told only that they differ: an address may hold a password, the others may be long.
const NOT_SHOWN: [&str; 2] = ["HttpProxy", "Dictionary"];

/// Orthanc's dictionary.
pub type Tags = dyn Fn(&str) -> Option<(u16, u16)> + Send + Sync;

/// What a reload works with.
pub struct Parts {
    pub client: Client,
    pub current: Arc<Current>,
    pub directory: Arc<Directory>,
    pub lanes: Arc<Lanes>,
    pub promoter: Arc<Promoter>,
    pub alerts: Arc<Switch>,
    pub budget: Arc<Budget>,
    pub services: Arc<Services>,
    pub store: Arc<dyn Retention>,
    pub deleter: Arc<Deleter>,
    pub teller: Arc<Teller>,
    pub courier: Arc<Courier>,
    pub leads: Arc<Leads>,
    /// From the name of a tag to its group and element.
    pub tags: Box<Tags>,
    /// The folder that Orthanc takes relative paths from.
    pub base: Option<PathBuf>,
    pub origin: Origin,
}

pub struct Reloader {
    parts: Parts,
    /// Held by the reload that is under way.
    state: Mutex<State>,
}

struct State {
    /// The section in force, as it was written.
    section: Value,
    /// Entries of the files that Orthanc was started with or given since.
    modalities: Map<String, Value>,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("{0}")]
    Mistakes(Mistakes),
    /// There are no files that can be read.
    #[error("{0}")]
    NoFiles(String),
    #[error("Orthanc cannot be asked: {0}")]
    Orthanc(String),
    #[error("Orthanc is starting or stopping")]
    Stopping,
    #[error("the send queue itself failed; Orthanc's log says where")]
    Failed,
}

/// What was taken over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    pub from_files: bool,
    /// Paths within the section.
    pub changed: Vec<String>,
    pub rules: usize,
    pub added: Vec<String>,
    pub altered: Vec<String>,
    pub removed: Vec<String>,
    pub new_modalities: Vec<String>,
    pub old_modalities: Vec<String>,
    pub needs_restart: Vec<Kept>,
    pub warnings: Vec<String>,
}

/// What stays as it was until Orthanc is restarted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub key: String,
    pub in_force: String,
    pub written: String,
}

/// The configuration to be taken over.
struct Asked {
    section: Value,
    /// The whole of the files, where it comes from there.
    files: Option<Value>,
}

impl Reloader {
    pub fn new(parts: Parts) -> Reloader {
        let given = parts.origin.given();
        let state = State {
            section: given.get(SECTION).cloned().unwrap_or_default(),
            modalities: object(given.get(MODALITIES)).cloned().unwrap_or_default(),
        };
        Reloader {
            parts,
            state: Mutex::new(state),
        }
    }

    /// Takes over this section; without one what Orthanc's files say now.
    ///
    /// # Errors
    /// Why nothing was changed.
    pub fn reload(&self, section: Option<Value>) -> Result<Report, Refused> {
        let work = || {
            let done = guard::catch("a reload", || self.try_reload(section));
            done.unwrap_or(Err(Refused::Failed))
        };
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new()
                .name("sq-reload".to_owned())
                .stack_size(STACK)
                .spawn_scoped(scope, work);
            match thread {
                Ok(thread) => thread.join().unwrap_or(Err(Refused::Failed)),
                Err(error) => {
                    log::error!("the thread sq-reload could not be started: {error}");
                    Err(Refused::Failed)
                }
            }
        })
    }

    fn try_reload(&self, section: Option<Value>) -> Result<Report, Refused> {
        let mut state = self.state.lock();
        let parts = &self.parts;
        if !parts.services.is_up() {
            return Err(Refused::Stopping);
        }
        let asked = self.asked(section)?;
        let old = parts.current.get();
        let empty = Map::new();
        let now = modalities::now(parts.client)?;
        let plan = match &asked.files {
            Some(files) if !old.host.modalities_in_database => {
                let files = object(files.get(MODALITIES)).unwrap_or(&empty);
                modalities::plan(now, files, &state.modalities)
            }
            _ => modalities::Plan::nothing(now),
        };
        let new = self.load(&asked.section, &plan, &old)?;
        plan.enter(parts.client)?;

        let mut report = compare(&old, &new, &plan);
        report.from_files = asked.files.is_some();
        report.changed = differ::changed(&state.section, &asked.section);
        let stays = |path: &String| OWN_RESTART.contains(&path.as_str());
        report.changed.retain(|path| !stays(path));
        report.needs_restart = self.kept(&asked);
        report.warnings = self.warnings(&asked, &old, &new);

        self.take_over(new, &old);
        state.section = asked.section;
        state.modalities.extend(plan.new);
        tell(&report);
        Ok(report)
    }

    fn asked(&self, section: Option<Value>) -> Result<Asked, Refused> {
        if let Some(section) = section {
            return Ok(Asked {
                section,
                files: None,
            });
        }
        let files = self.parts.origin.read()?;
        // One that is misspelt or lost would take all rules away.
        let Some(section) = files.get(SECTION).cloned() else {
            return Err(Refused::Mistakes(Mistakes(vec![Mistake {
                path: SECTION.to_owned(),
                found: "nothing".to_owned(),
                allowed: "the section of the send queue; { \"Rules\": [] } for one without rules"
                    .to_owned(),
            }])));
        };
        Ok(Asked {
            section,
            files: Some(files),
        })
    }

    /// The settings that come of this section, in the Orthanc that runs.
    fn load(
        &self,
        section: &Value,
        plan: &modalities::Plan,
        old: &Settings,
    ) -> Result<Settings, Refused> {
        let parts = &self.parts;
        let mut whole = object(Some(parts.origin.given()))
            .cloned()
            .unwrap_or_default();
        whole.insert(SECTION.to_owned(), section.clone());
        whole.insert(MODALITIES.to_owned(), Value::Object(plan.all.clone()));
        // They are known by now, wherever Orthanc has them.
        whole.insert("DicomModalitiesInDatabase".to_owned(), Value::Bool(false));
        let loaded = config::load(&Value::Object(whole), &parts.tags, parts.base.as_deref());
        let mut names = plan.mistakes();
        match loaded {
            Ok(new) if names.is_empty() => Ok(Settings {
                off: old.off,
                database: old.database.clone(),
                index_directory: old.index_directory.clone(),
                storage_directory: old.storage_directory.clone(),
                tcp_no_delay: old.tcp_no_delay,
                host: HostSettings {
                    modalities: new.host.modalities,
                    remarks: new.host.remarks,
                    ..old.host.clone()
                },
                ..new
            }),
            loaded => {
                names.extend(loaded.err().map_or_else(Vec::new, |mistakes| mistakes.0));
                Err(Refused::Mistakes(Mistakes(names)))
            }
        }
    }

    /// What is written otherwise than it is in force, and stays so.
    fn kept(&self, asked: &Asked) -> Vec<Kept> {
        let given = self.parts.origin.given();
        let own = OWN_RESTART.iter().map(|key| {
            let was = given.get(SECTION).and_then(|section| section.get(key));
            (format!("{SECTION}.{key}"), was, asked.section.get(key))
        });
        let files = asked.files.iter();
        let hosts = files
            .flat_map(|files| RESTART.map(|key| (key.to_owned(), given.get(key), files.get(key))));
        own.chain(hosts)
            .filter(|(_, was, written)| was != written)
            .map(|(key, was, written)| Kept {
                in_force: shown(&key, was),
                written: shown(&key, written),
                key,
            })
            .collect()
    }

    fn warnings(&self, asked: &Asked, old: &Settings, new: &Settings) -> Vec<String> {
        let is_new = |one: &&str| !old.warnings().any(|other| other == *one);
        let mut warnings: Vec<String> = new.warnings().filter(is_new).map(str::to_owned).collect();
        let Some(files) = &asked.files else {
            warnings.push(
                "the section came with the request: at its next start Orthanc reads its files"
                    .to_owned(),
            );
            return warnings;
        };
        warnings.extend(self.parts.origin.warning());
        let base = self.parts.base.as_deref();
        if let Err(mistakes) = config::load(files, &self.parts.tags, base) {
            let refused = |one| format!("Orthanc would not start again with its files: {one}");
            warnings.extend(mistakes.0.iter().map(refused));
        }
        warnings
    }

    fn take_over(&self, new: Settings, old: &Settings) {
        let parts = &self.parts;
        parts.budget.set(u64::from(new.max_memory_mb) * 1024 * 1024);
        parts.current.replace(new);
        let new = parts.current.get();
        // What Orthanc has is read again, so that lanes find what was entered into it.
        if let Err(error) = parts.directory.names(&new, true) {
            log::debug!("what is configured cannot be read now: {error}");
        }
        parts.lanes.settings_changed();
        parts.leads.settings_changed(old);
        parts.alerts.set(&new);
        parts.deleter.settings_changed();
        if old.events != new.events {
            parts.teller.announce();
            parts.courier.again();
        }
        parts.promoter.review();
    }
}

fn compare(old: &Settings, new: &Settings, plan: &modalities::Plan) -> Report {
    let (before, now) = (named(old), named(new));
    let difference =
        |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect();
    let both = before.intersection(&now);
    Report {
        rules: new.rules.len(),
        added: difference(&now, &before),
        removed: difference(&before, &now),
        altered: both
            .filter(|name| old.destination(name) != new.destination(name))
            .cloned()
            .collect(),
        new_modalities: plan.new.iter().map(|(name, _)| name.clone()).collect(),
        old_modalities: plan.needs_restart.clone(),
        ..Report::default()
    }
}

/// Destinations that rules or settings name.
fn named(settings: &Settings) -> BTreeSet<String> {
    let rules = settings.rules.iter().flat_map(|rule| rule.to.iter());
    rules.chain(settings.destinations.keys()).cloned().collect()
}

fn object(value: Option<&Value>) -> Option<&Map<String, Value>> {
    value.and_then(Value::as_object)
}

fn shown(key: &str, value: Option<&Value>) -> String {
    match value {
        None => "its default".to_owned(),
        Some(_) if NOT_SHOWN.contains(&key) => "something else".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// For the log: what differs, without values.
fn tell(report: &Report) {
    let list = |what: &str, names: &[String]| {
        (!names.is_empty()).then(|| format!("; {what}: {}", names.join(", ")))
    };
    let kept: Vec<String> = (report.needs_restart.iter())
        .map(|one| one.key.clone())
        .collect();
    let parts = [
        list("changed", &report.changed),
        list("new modalities", &report.new_modalities),
        list("modalities that wait for a restart", &report.old_modalities),
        list("waits for a restart", &kept),
    ];
    let source = if report.from_files {
        "Orthanc's files"
    } else {
        "a request"
    };
    log::warn!(
        "the configuration was taken over from {source}: {}{}",
        config::counted(report.rules, "rule"),
        parts.into_iter().flatten().collect::<String>()
    );
    for warning in &report.warnings {
        log::warn!("{warning}");
    }
}
