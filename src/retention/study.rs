//! Whether a study goes: what is known of each of its instances, judged one by one. Pure: asks nobody.
//!
//! Invariant: a study goes only if each instance that Orthanc has of it is safe (`item::safe`), and nothing else keeps
//! the study.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::config::retention::RetentionSettings;
use crate::config::settings::Settings;
use crate::item::Timestamp;
use crate::item::safe::{Content, Reason, Required, Safety, Sending, Why, judge};
use crate::store::{History, KeptStudy, Known, Lead};

/// What must be so that a study goes.
pub struct Terms {
    pub required: Vec<Required>,
    /// Their names.
    pub safe: Vec<String>,
    /// The same, and those of others that lead to the same receivers.
    pub names: Vec<String>,
    pub allow_changed: bool,
    /// What arrived or was delivered after this is too young.
    pub until: Timestamp,
}

impl Terms {
    pub fn new(settings: &Settings, retention: &RetentionSettings, until: Timestamp) -> Terms {
        let same = |name: &String| -> Vec<String> {
            let target = settings.target(name);
            let second = settings.second_names().map(|(second, _)| second);
            let all = second.chain([target]);
            all.filter(|other| other != name && settings.target(other) == target)
                .map(str::to_owned)
                .collect()
        };
        let required = retention.safe.iter().map(|name| Required {
            name: name.clone(),
            same_target: same(name),
            // Until it is known what it leads to.
            moved: i64::MAX,
            confirms: settings.destination(name).confirm.is_some(),
        });
        let required: Vec<Required> = required.collect();
        let same = required.iter().flat_map(|one| &one.same_target);
        let names: BTreeSet<&String> = retention.safe.iter().chain(same).collect();
        Terms {
            names: names.into_iter().cloned().collect(),
            required,
            safe: retention.safe.clone(),
            allow_changed: retention.allow_changed,
            until,
        }
    }

    /// What keeps a study though nothing of its instances is known yet: the first step, and the cheap one.
    pub fn keeps(&self, study: &KeptStudy) -> Option<Reason> {
        let lines = || self.safe.iter().zip(&study.delivered);
        if let Some((name, _)) = lines().find(|(_, last)| last.is_none()) {
            return Some(Reason::of_study(Why::NothingDelivered, name));
        }
        let mut lines = lines();
        let young = lines.find(|(_, last)| last.is_some_and(|last| last > self.until));
        young.map(|(name, _)| Reason::of_study(Why::TooYoung, name))
    }
}

/// An instance as Orthanc has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Orthanc's identifier, and that of its series.
    pub id: String,
    pub series: String,
    pub sop_instance_uid: String,
    pub content: Content,
    pub size_bytes: u64,
    /// In our own time.
    pub received: Option<Timestamp>,
}

/// What became of a study, or would.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judged {
    pub instances: u64,
    pub bytes: u64,
    /// Why it stays, each with the number of its instances for which that is so; empty: it goes.
    pub reasons: BTreeMap<Reason, u64>,
}

impl Judged {
    pub fn goes(&self) -> bool {
        self.reasons.is_empty()
    }

    pub fn keep(&mut self, reason: Reason) {
        *self.reasons.entry(reason).or_default() += 1;
    }

    /// In words, of a study that stays.
    pub fn told(&self) -> String {
        told(
            self.reasons.iter().map(|(reason, count)| (reason, *count)),
            self.instances,
        )
    }
}

/// Several reasons in one sentence.
pub fn told<'a>(reasons: impl Iterator<Item = (&'a Reason, u64)>, of: u64) -> String {
    let each: Vec<String> = reasons
        .map(|(reason, count)| reason.told(count, of).to_string())
        .collect();
    each.join("; ")
}

/// What is known of a study, by its instances.
pub struct Record<'a> {
    terms: &'a Terms,
    /// As the terms say, with what is known of where each leads.
    required: Vec<Required>,
    of_study: Vec<Reason>,
    /// By Orthanc's identifier; with those of others under the same SOP Instance UID.
    instances: HashMap<String, Instance>,
}

#[derive(Default)]
struct Instance {
    sendings: Vec<Sending>,
    size_bytes: u64,
}

impl<'a> Record<'a> {
    pub fn new(study: &KeptStudy, history: History, terms: &'a Terms) -> Record<'a> {
        let mut of_study = Vec::new();
        // Other studies are found by it.
        if study.name.uid.is_empty() {
            of_study.push(Reason::of_study(Why::NotNamed, ""));
        }
        if history.is_owed {
            of_study.push(Reason::of_study(Why::LookOwed, ""));
        }
        let before = history.sent_before.iter();
        of_study.extend(before.map(|name| Reason::of_study(Why::SentBefore, name)));
        let mut known = history.known;
        if terms.allow_changed {
            for one in &mut known {
                one.sending.is_altered = false;
            }
        }
        let required = required(terms, &history.leads, &known);
        let others = others(&known, &required);
        let mut instances: HashMap<String, Instance> = HashMap::new();
        for one in known.into_iter().filter(|one| !one.is_of_another_study) {
            let instance = instances.entry(one.instance).or_default();
            instance.size_bytes = instance.size_bytes.max(one.size_bytes);
            instance.sendings.push(one.sending);
        }
        for (id, sending) in others {
            instances.entry(id).or_default().sendings.push(sending);
        }
        Record {
            terms,
            required,
            of_study,
            instances,
        }
    }

    fn begin(&self) -> Judged {
        let of_study = self.of_study.iter();
        Judged {
            reasons: of_study.map(|reason| (reason.clone(), 0)).collect(),
            ..Judged::default()
        }
    }

    /// As far as it can be told without Orthanc: what was queued last is taken for what Orthanc has.
    pub fn judge_alone(&self) -> Judged {
        let mut judged = self.begin();
        for instance in self.instances.values() {
            let content = newest(&instance.sendings);
            judged.instances += 1;
            judged.bytes += instance.size_bytes;
            if let Safety::Stays(reason) = judge(&instance.sendings, &content, &self.required) {
                judged.keep(reason);
            }
        }
        judged
    }

    /// With what Orthanc has.
    pub fn judge(&self, held: &[Held]) -> Judged {
        let mut judged = self.begin();
        judged.instances = held.len() as u64;
        for one in held {
            judged.bytes += one.size_bytes;
            if let Safety::Stays(reason) = self.judge_one(one) {
                judged.keep(reason);
            }
        }
        judged
    }

    pub fn judge_one(&self, held: &Held) -> Safety {
        if let Some(reason) = self.of_study.first() {
            return Safety::Stays(reason.clone());
        }
        let known = self.instances.get(&held.id);
        let sendings = known.map_or(&[][..], |known| known.sendings.as_slice());
        let safety = judge(sendings, &held.content, &self.required);
        if safety == Safety::Safe && held.received.is_some_and(|time| time > self.terms.until) {
            return Safety::Stays(Reason::of_study(Why::TooYoung, ""));
        }
        safety
    }
}

/// Of those that are required, since which item each leads to where it leads now, and who else leads there or did. A
/// name of which nobody knows where it led may have led there.
fn required(terms: &Terms, leads: &[Lead], known: &[Known]) -> Vec<Required> {
    let mut addresses: HashMap<&str, Vec<&Lead>> = HashMap::new();
    for lead in leads {
        let all = addresses.entry(lead.destination.as_str()).or_default();
        all.push(lead);
    }
    let of = |name: &str| addresses.get(name).map_or(&[][..], Vec::as_slice);
    let is_known = |lead: &&&Lead| !lead.address.is_empty();
    let sent_to: BTreeSet<&str> = (known.iter())
        .map(|one| one.sending.destination.as_str())
        .collect();
    let each = terms.required.iter().map(|one| {
        let own = of(&one.name);
        let leads_there = |name: &&str| {
            let mut all = of(name).iter().filter(is_known).peekable();
            all.peek().is_none() || all.any(|lead| own.iter().any(|it| it.address == lead.address))
        };
        let mut same_target = one.same_target.clone();
        let others = sent_to.iter().copied().filter(|name| *name != one.name);
        same_target.extend(others.filter(leads_there).map(str::to_owned));
        Required {
            same_target,
            moved: (own.last().filter(is_known)).map_or(i64::MAX, |lead| lead.since),
            ..one.clone()
        }
    });
    each.collect()
}

/// For each instance those sendings of others that went to a required destination under a UID of its own.
fn others(known: &[Known], required: &[Required]) -> Vec<(String, Sending)> {
    let mut under: HashMap<(&str, &str), Vec<&Known>> = HashMap::with_capacity(known.len());
    // What was sent without a result speaks of its own instance alone: the result that it has, or had, has the UID.
    let is_untold = |one: &&Known| one.sending.is_past && one.sending.sent_as.is_empty();
    for one in known.iter().filter(|one| !is_untold(one)) {
        let sending = &one.sending;
        // By the name of the required one that leads to the same receiver.
        let there = |required: &&Required| {
            required.name == sending.destination
                || required.same_target.contains(&sending.destination)
        };
        if let Some(required) = required.iter().find(there) {
            let key = (required.name.as_str(), sending.sent_as.as_str());
            under.entry(key).or_default().push(one);
        }
    }
    let mut others = Vec::new();
    for all in under.values().filter(|all| all.len() > 1) {
        for one in all.iter().filter(|one| !one.is_of_another_study) {
            let is_other =
                |other: &&&Known| other.is_of_another_study || other.instance != one.instance;
            others.extend(all.iter().filter(is_other).map(|other| {
                let sending = Sending {
                    is_of_another: true,
                    ..other.sending.clone()
                };
                (one.instance.clone(), sending)
            }));
        }
    }
    others
}

/// The content of the item that was queued last.
fn newest(sendings: &[Sending]) -> Content {
    let own = sendings.iter().filter(|one| !one.is_of_another);
    // An item is there, or gone, beside the files of which it was before.
    let newest = own.max_by_key(|one| (one.item, !one.is_past, one.class.is_some()));
    newest.map_or_else(Content::default, |one| one.content.clone())
}
