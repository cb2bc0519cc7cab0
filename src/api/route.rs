//! `POST /sendqueue/route`: which rules match, which do not and why, and where it would go.
//!
//! Invariants:
//! - It changes nothing: nothing is queued, counted, stored or remembered.
//! - The answer is that of the evaluation by which arrivals are routed, asked with the settings in force.
//! - Values of tags are in the answer, never in the log.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use orthanc_sdk::{CallError, Request};
use serde_json::Value;

use super::enqueue::texts;
use super::error::ApiError;
use super::input::{Body, quoted};
use super::lookup::{is_orthanc_id, is_uid};
use super::types::{self, RouteOfSome, RouteQuestion, RuleSaid};
use super::{Answer, Api, ok};
use crate::arrival::ask::Rules;
use crate::arrival::facts::Facts;
use crate::arrival::own::own_outputs;
use crate::config::ORIGINS;
use crate::config::settings::Scope;
use crate::routing::explain::Explanation;
use crate::routing::{Arrival, Marks, Resolution, Study, TagValues};
use crate::store::Level;

const MOST_INSTANCES: usize = 200;
const MOST_FILE_BYTES: usize = 64 * 1024 * 1024;
const STUDY_INSTANCE_UID: &str = "0020,000d";
const SOP_INSTANCE_UID: &str = "0008,0018";
/// What counts in place of what is known of an instance.
struct Over {
    calling_aet: Option<String>,
    called_aet: Option<String>,
    remote_ip: Option<String>,
    origin: Option<String>,
}

impl Over {
    fn of(body: &Body) -> Result<Over, ApiError> {
        let origin = body.text("Origin")?;
        if let Some(origin) = &origin {
            if !ORIGINS.contains(&origin.as_str()) {
                let allowed = format!("one of {}", ORIGINS.join(", "));
                return Err(ApiError::field("Origin", quoted(origin), &allowed));
            }
        }
        Ok(Over {
            calling_aet: body.text("CallingAet")?,
            called_aet: body.text("CalledAet")?,
            remote_ip: body.text("RemoteIp")?,
            origin,
        })
    }

    fn put_over(&self, arrival: &mut Arrival) {
        let put = |known: &mut Option<String>, over: &Option<String>| {
            if over.is_some() {
                known.clone_from(over);
            }
        };
        put(&mut arrival.remote_aet, &self.calling_aet);
        put(&mut arrival.called_aet, &self.called_aet);
        put(&mut arrival.remote_ip, &self.remote_ip);
        put(&mut arrival.origin, &self.origin);
    }
}

impl Api {
    /// `POST /sendqueue/route`.
    pub fn route(&self, request: &Request) -> Answer {
        let body = Body::of::<RouteQuestion>(request)?;
        let over = Over::of(&body)?;
        let rules = Rules::new(
            self.client,
            self.settings.clone(),
            &self.modalities,
            self.clock.now(),
        )
        .map_err(|error| ApiError::new(500, error))?;
        let answer = match (body.text("Resource")?, body.text("File")?) {
            (Some(resource), None) => self.route_stored(&rules, &resource, &over)?,
            (None, Some(file)) => self.route_file(&rules, &file, &over)?,
            _ => return Err(ApiError::bad("either Resource or File is needed")),
        };
        ok(&answer)
    }

    fn route_stored(
        &self,
        rules: &Rules,
        resource: &str,
        over: &Over,
    ) -> Result<types::RouteAnswer, ApiError> {
        let instances = self.instances_of(resource)?;
        let some = &instances[..instances.len().min(MOST_INSTANCES)];
        let some: Vec<&str> = some.iter().map(String::as_str).collect();
        let mut arrivals: Vec<Arrival> = Facts::new(self.client)
            .of(&some)?
            .into_iter()
            .map(|fact| fact.arrival)
            .collect();
        for arrival in &mut arrivals {
            over.put_over(arrival);
        }
        let own = own_outputs(&*self.store, arrivals.iter())?;
        let mut taken = self.taken(&arrivals.iter().collect::<Vec<_>>())?;
        if self
            .settings
            .rules
            .iter()
            .any(|rule| rule.scope == Scope::Study)
        {
            // One that matches takes the others of its study with it, whichever came first.
            for (arrival, is_own) in arrivals.iter().zip(&own) {
                if *is_own {
                    continue;
                }
                let study = in_study(&taken, arrival);
                let opens = rules.of_stored(arrival, study, &mut Marks::default()).opens;
                taken
                    .entry(arrival.ids.study.clone())
                    .or_default()
                    .extend(opens);
            }
        }
        let mut answers: Vec<RouteOfSome> = Vec::new();
        for (arrival, is_own) in arrivals.iter().zip(own) {
            if is_own {
                add_own(&mut answers, Some(arrival.ids.instance.clone()));
                continue;
            }
            let mut said = Explanation::default();
            let study = in_study(&taken, arrival);
            let resolution = rules.of_stored(arrival, study, &mut said);
            let instance = arrival.ids.instance.clone();
            add(&mut answers, Some(instance), said, &resolution);
        }
        Ok(types::RouteAnswer {
            instances: instances.len(),
            asked: arrivals.len(),
            answers,
        })
    }

    fn route_file(
        &self,
        rules: &Rules,
        file: &str,
        over: &Over,
    ) -> Result<types::RouteAnswer, ApiError> {
        let refused = |found: &str, allowed: &str| Err(ApiError::field("File", found, allowed));
        if file.len() / 4 * 3 > MOST_FILE_BYTES {
            return refused(
                "a larger file",
                "a file of at most 64 MB; store a larger one in Orthanc, and ask for it as Resource",
            );
        }
        let Ok(file) = STANDARD.decode(file) else {
            return refused("another text", "a DICOM file in Base64");
        };
        // Orthanc would log an error.
        if file.get(128..132) != Some(b"DICM") {
            return refused("something else", "a DICOM file (PS3.10) in Base64");
        }
        let tags = match self.host.dicom_tags(&file) {
            Ok(tags) => tags,
            Err(error @ CallError::HostGone) => return Err(error.into()),
            Err(error) => {
                let allowed = format!("a DICOM file that Orthanc can read ({error})");
                return refused("something else", &allowed);
            }
        };
        let tags = TagValues::read(&tags).map_err(CallError::BadJson)?;
        let mut arrival = Arrival {
            size_bytes: file.len() as u64,
            ..Arrival::default()
        };
        // Its study may be in Orthanc, and taken.
        let uid = tags.text(STUDY_INSTANCE_UID);
        let uid = uid.map(|uid| uid.trim_matches(['\0', ' ']));
        if let Some(uid) = uid.filter(|uid| is_uid(uid)) {
            if let [study] = &self.look_up(uid, Level::Study)?[..] {
                arrival.ids.study.clone_from(study);
            }
        }
        if let Some(uid) = tags.text(SOP_INSTANCE_UID) {
            arrival.ids.sop_instance_uid = uid.trim_matches(['\0', ' ']).to_owned();
        }
        over.put_over(&mut arrival);
        let mut answers = Vec::new();
        if own_outputs(&*self.store, std::iter::once(&arrival))?.contains(&true) {
            add_own(&mut answers, None);
        } else {
            let taken = self.taken(&[&arrival])?;
            let study = in_study(&taken, &arrival);
            let mut said = Explanation::default();
            let resolution = rules.of_listed(&arrival, study, &tags, &mut said);
            add(&mut answers, None, said, &resolution);
        }
        Ok(types::RouteAnswer {
            instances: 1,
            asked: 1,
            answers,
        })
    }

    /// The instances of a resource, known by its Orthanc identifier or by a UID.
    fn instances_of(&self, resource: &str) -> Result<Vec<String>, ApiError> {
        let unknown =
            || ApiError::not_found(format!("Orthanc has no resource {}", quoted(resource)));
        let mut ids = match resource {
            id if is_orthanc_id(id) => vec![id.to_owned()],
            uid if is_uid(uid) => self.look_up_any(uid)?,
            _ => return Err(unknown()),
        };
        if ids.len() > 1 {
            let allowed = format!(
                "a UID that is unique; with this one Orthanc has {}",
                ids.join(", ")
            );
            return Err(ApiError::field("Resource", quoted(resource), &allowed));
        }
        let facts = Facts::new(self.client);
        let mut is_known = false;
        // From a patient down there are three steps.
        for _ in 0..4 {
            let asked: Vec<&str> = ids.iter().map(String::as_str).collect();
            let described = facts.resources(&asked)?;
            let is_instance = |one: &Value| one.get("Type") == Some(&Value::from("Instance"));
            is_known |= !described.is_empty();
            if described.values().all(is_instance) {
                break;
            }
            let below = ["Studies", "Series", "Instances"];
            let lists = described
                .values()
                .map(|one| below.map(|key| texts(one.get(key))));
            let next: Vec<String> = lists.flatten().flatten().collect();
            let is_last = described.values().any(|one| one.get("Instances").is_some());
            ids = next;
            if is_last {
                break;
            }
        }
        match is_known {
            true => Ok(ids),
            false => Err(unknown()),
        }
    }

    /// Which rules take the studies of these whole.
    fn taken(&self, arrivals: &[&Arrival]) -> Result<Taken, ApiError> {
        let mut studies: Vec<&str> = arrivals
            .iter()
            .map(|arrival| arrival.ids.study.as_str())
            .collect();
        studies.sort_unstable();
        studies.dedup();
        let mut taken = Taken::new();
        for one in self.store.taken(&studies)? {
            taken.entry(one.study).or_default().push(one.rule);
        }
        Ok(taken)
    }
}

/// By study, the keys of rules.
type Taken = HashMap<String, Vec<String>>;

fn in_study<'a>(taken: &'a Taken, arrival: &Arrival) -> Study<'a> {
    Study {
        taken_by: taken.get(&arrival.ids.study).map_or(&[], Vec::as_slice),
        only: None,
    }
}

/// Puts what is said of an instance to those of which the same is said.
fn add(
    answers: &mut Vec<RouteOfSome>,
    example: Option<String>,
    mut said: Explanation,
    resolution: &Resolution,
) {
    said.finish(resolution);
    let routes = resolution.routes.iter();
    let undecided = resolution.undecided.iter();
    let new = RouteOfSome {
        instances: 1,
        example,
        destinations: routes.map(|one| one.destination.clone()).collect(),
        undecided: undecided.map(|one| one.route.destination.clone()).collect(),
        own_output: false,
        rules: said.0.into_iter().map(RuleSaid::from).collect(),
    };
    add_one(answers, new);
}

/// The same for one that the queue has sent.
fn add_own(answers: &mut Vec<RouteOfSome>, example: Option<String>) {
    let new = RouteOfSome {
        instances: 1,
        example,
        destinations: Vec::new(),
        undecided: Vec::new(),
        own_output: true,
        rules: Vec::new(),
    };
    add_one(answers, new);
}

fn add_one(answers: &mut Vec<RouteOfSome>, new: RouteOfSome) {
    let same = |one: &&mut RouteOfSome| {
        one.destinations == new.destinations
            && one.undecided == new.undecided
            && one.own_output == new.own_output
            && one.rules == new.rules
    };
    match answers.iter_mut().find(same) {
        Some(known) => known.instances += 1,
        None => answers.push(new),
    }
}
