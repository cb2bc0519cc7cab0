//! Asks a receiver whether it has what it acknowledged: C-FIND, or storage commitment.
//!
//! Invariants:
//! - Each question has an association of its own, for this one SOP class, and beside it no other one of ours lies
//!   unused.
//! - Whatever the receiver does, the answer is of this very instance, or it is none: see [`Answer`].
//! - That a receiver does not want the question says nothing of its C-STORE: only what it does to any association is
//!   told as its trouble.

use std::collections::{BTreeMap, BTreeSet};

use orthanc_sdk::CallError;
use ring::rand::{SecureRandom, SystemRandom};

use super::Native;
use super::association::{Association, Lost, NotOpened, Why};
use super::command::{Request, STORAGE_COMMITMENT, STUDY_ROOT_FIND};
use super::contexts::{Conversion, IMPLICIT_VR_LE, Proposal};
use super::part10::uid;
use super::query::{self, Found};
use crate::item::{Class, Means, Outcome};
use crate::transport::confirm::known::{self, Parents};
use crate::transport::confirm::report::{self, Pair};
use crate::transport::confirm::{Answer, Answers, Asked, Question};
use crate::transport::{Called, Modality};

/// SOP Instance UIDs in one C-FIND.
const AT_ONCE: usize = 50;

/// What is known of each instance so far.
struct Asking<'a> {
    native: &'a Native,
    name: &'a str,
    modality: Modality,
    question: &'a Question<'a>,
    answers: Answers,
}

impl Native {
    /// Asks. Blocks until all is known, but for a report, which comes to Orthanc later.
    pub fn confirm(&self, to: &Called<'_>, question: &Question<'_>) -> Answers {
        let count = question.instances.len();
        let modality = match (to.look_up)() {
            Ok(modality) => modality,
            Err(outcome) => {
                return Answers {
                    transaction: question.transaction.map(str::to_owned),
                    trouble: Some(outcome.clone()).filter(|one| one.class.is_an_outage()),
                    ..Answers::none(count, &outcome.details)
                };
            }
        };
        let mut asking = Asking {
            native: self,
            name: to.name,
            modality,
            question,
            answers: Answers::none(count, "it was not asked"),
        };
        match (question.by, question.transaction) {
            (Means::Find, _) => asking.find(),
            (Means::StorageCommitment, None) => asking.commit(),
            (Means::StorageCommitment, Some(transaction)) => asking.report(transaction),
        }
        asking.answers
    }
}

impl<'a> Asking<'a> {
    fn find(&mut self) {
        let instances = self.question.instances;
        let parents = match known::parents(self.native.host.client(), instances) {
            Ok(parents) => parents,
            Err(error) => return self.not_told(&error),
        };
        let mut series: BTreeMap<&Parents, Vec<usize>> = BTreeMap::new();
        for (index, parents) in parents.iter().enumerate() {
            match parents {
                _ if !self.may_be_asked(index) => {}
                Some(parents) => series.entry(parents).or_default().push(index),
                None => self.say(
                    &[index],
                    "Orthanc does not have its series any more, without whose UID it cannot be asked for",
                ),
            }
        }
        let parts: Vec<(&Parents, &[usize])> = series
            .iter()
            .flat_map(|(parents, indexes)| indexes.chunks(AT_ONCE).map(|part| (*parents, part)))
            .collect();
        let asked: Vec<usize> = series.values().flatten().copied().collect();
        let Some(mut association) = self.open(STUDY_ROOT_FIND, &asked) else {
            return;
        };
        let mut at = 0;
        while let Some((parents, part)) = parts.get(at) {
            match self.find_part(&mut association, parents, part) {
                Ok(()) => at += 1,
                Err(None) => {
                    let name = "C-FIND (Study Root)";
                    self.refused(&association, STUDY_ROOT_FIND, name, &asked);
                    break;
                }
                Err(Some(lost)) => {
                    let (more, answered) = (&parts[at..], association.answered());
                    association.abort();
                    let left: Vec<usize> =
                        more.iter().flat_map(|(_, part)| *part).copied().collect();
                    self.say(&left, &lost.details);
                    // Some receivers end each association after one answer.
                    if !lost.left || answered == 0 {
                        return self.trouble(Outcome::new(Class::Interrupted, lost.details));
                    }
                    let Some(another) = self.open(STUDY_ROOT_FIND, &left) else {
                        return;
                    };
                    association = another;
                }
            }
        }
        association.release();
    }

    /// `Err(None)`: C-FIND was not accepted.
    fn find_part(
        &mut self,
        association: &mut Association,
        parents: &Parents,
        part: &[usize],
    ) -> Result<(), Option<Lost>> {
        let instances: &'a [Asked] = self.question.instances;
        let uids: BTreeSet<&str> = part
            .iter()
            .map(|index| instances[*index].sop_instance_uid())
            .collect();
        let identifier = match query::identifier(parents, &Vec::from_iter(uids.iter().copied())) {
            Ok(identifier) => identifier,
            Err(why) => {
                self.say(part, &why);
                return Ok(());
            }
        };
        let mut matches: BTreeMap<String, bool> = BTreeMap::new();
        let mut matched = |identifier: &[u8]| {
            if let Some(Found {
                sop_instance,
                is_unavailable,
            }) = query::found(identifier, parents)
            {
                // Of what it has not asked for nothing is kept: that may be without end.
                if uids.contains(sop_instance.as_str()) {
                    *matches.entry(sop_instance).or_default() |= is_unavailable;
                }
            }
        };
        let response = match association.find(&[&identifier], &mut matched) {
            None => return Err(None),
            Some(response) => response.map_err(Some)?,
        };
        if response.status != 0 {
            self.say(part, &response.words(&Request::Find));
            return Ok(());
        }
        for index in part {
            let answer = match matches.get(instances[*index].sop_instance_uid()) {
                Some(false) => Answer::Has,
                Some(true) => Answer::NotYet("C-FIND found it as UNAVAILABLE".to_owned()),
                None => Answer::NotYet("C-FIND did not find it".to_owned()),
            };
            self.answers.each[*index] = answer;
        }
        Ok(())
    }

    fn commit(&mut self) {
        let Some(pairs) = self.pairs() else {
            return;
        };
        let asked: Vec<usize> = pairs.keys().copied().collect();
        let Some(mut association) = self.open(STORAGE_COMMITMENT, &asked) else {
            return;
        };
        let transaction = new_transaction();
        // The same one may have been sent twice.
        let once: BTreeSet<&Pair> = pairs.values().collect();
        let data_set = match query::commitment(&transaction, &Vec::from_iter(once)) {
            Ok(data_set) => data_set,
            Err(why) => {
                self.say(&asked, &why);
                return association.release();
            }
        };
        match association.commit(&[&data_set]) {
            None => {
                self.refused(
                    &association,
                    STORAGE_COMMITMENT,
                    "Storage Commitment",
                    &asked,
                );
            }
            Some(Ok(response)) if response.status == 0 => {
                self.answers.transaction = Some(transaction);
                for index in asked {
                    self.answers.each[index] = Answer::Awaited;
                }
            }
            Some(Ok(response)) => self.say(&asked, &response.words(&Request::Commit)),
            Some(Err(lost)) => {
                self.say(&asked, &lost.details);
                self.trouble(Outcome::new(Class::Interrupted, lost.details));
                return association.abort();
            }
        }
        association.release();
    }

    /// What Orthanc has of a transaction that was begun.
    fn report(&mut self, transaction: &str) {
        self.answers.transaction = Some(transaction.to_owned());
        let Some(pairs) = self.pairs() else {
            return;
        };
        let asked: Vec<usize> = pairs.keys().copied().collect();
        // It becomes a part of a path, and calls of plugins bypass authentication.
        let Some(transaction) = uid(transaction.as_bytes()) else {
            self.answers.transaction = None;
            return self.say(&asked, "the UID of the transaction is none");
        };
        let client = self.native.host.client();
        let report = match client.get_json(&format!("/storage-commitment/{transaction}")) {
            Ok(report) => Some(report),
            Err(error) if error.is_unknown_resource() || error.code() == Some(NO_REPORT) => None,
            Err(error) => return self.not_told(&error),
        };
        let strict = self.native.settings.strict_aet_comparison;
        let all: Vec<&Pair> = pairs.values().collect();
        let read =
            report.and_then(|report| report::read(&report, &self.modality.aet, strict, &all));
        match read {
            None => {
                for index in asked {
                    self.answers.each[index] = Answer::Awaited;
                }
            }
            Some(answers) => {
                // What it leaves open is asked for anew.
                self.answers.transaction = None;
                for (index, answer) in asked.into_iter().zip(answers) {
                    self.answers.each[index] = answer;
                }
            }
        }
    }

    /// What storage commitment can be requested of, as it was sent. `None`: Orthanc cannot be asked, which is told.
    fn pairs(&mut self) -> Option<BTreeMap<usize, Pair>> {
        let instances = self.question.instances;
        let classes = match known::sop_classes(self.native.host.client(), instances) {
            Ok(classes) => classes,
            Err(error) => {
                self.not_told(&error);
                return None;
            }
        };
        let mut pairs = BTreeMap::new();
        for (index, class) in classes.into_iter().enumerate() {
            match class {
                _ if !self.may_be_asked(index) => {}
                Some(sop_class) => {
                    let sop_instance = instances[index].sop_instance_uid().to_owned();
                    pairs.insert(index, Pair { sop_class, sop_instance });
                }
                None => self.say(
                    &[index],
                    "Orthanc does not have it any more, without whose SOP class it cannot be asked for",
                ),
            }
        }
        Some(pairs)
    }

    /// Whether it was sent to whom we ask, under something that can be asked for.
    fn may_be_asked(&mut self, index: usize) -> bool {
        let instance = &self.question.instances[index];
        if let Some(why) = instance.elsewhere(&self.modality.address()) {
            self.answers.each[index] = Answer::Elsewhere(why);
            return false;
        }
        let text = instance.sop_instance_uid();
        let has = uid(text.as_bytes()) == Some(text);
        if !has {
            self.say(
                &[index],
                "its SOP Instance UID is none that can be asked for",
            );
        }
        has
    }

    /// An association for this SOP class. `None`: there is none, which is told, or nothing to ask.
    fn open(&mut self, sop_class: &str, asked: &[usize]) -> Option<Association> {
        if asked.is_empty() {
            return None;
        }
        let (native, question) = (self.native, self.question);
        let (local_aet, timeout) = (question.local_aet, question.timeout);
        native.make_room(self.name);
        let none = Conversion::default();
        let key = native.key(self.name, &self.modality, local_aet, timeout, none);
        let proposal = Proposal::service(sop_class);
        let opened = native.peer(&key).and_then(|(peer, peers)| {
            Association::open(&peer, &peers, &proposal, &native.cut, None)
        });
        match opened {
            Ok(association) => Some(association),
            Err(NotOpened { why, details }) => {
                self.say(asked, &details);
                if matches!(why, Why::Unreachable | Why::Silent) {
                    self.trouble(Outcome {
                        may_be_congestion: why.may_be_congestion(),
                        ..Outcome::new(Class::Unreachable, details)
                    });
                }
                None
            }
        }
    }

    /// It does not take the SOP class.
    fn refused(&mut self, association: &Association, sop_class: &str, name: &str, asked: &[usize]) {
        let why = association.contexts.refusal(sop_class, IMPLICIT_VR_LE);
        self.say(asked, &format!("it does not take {name}: {why}"));
    }

    /// What a stop of Orthanc does is no trouble of the receiver.
    fn trouble(&mut self, outcome: Outcome) {
        if !self.native.cut.is_cut() {
            self.answers.trouble = Some(outcome);
        }
    }

    /// Orthanc does not tell what must be known.
    fn not_told(&mut self, error: &CallError) {
        let all: Vec<usize> = (0..self.question.instances.len()).collect();
        self.say(&all, &format!("Orthanc cannot be asked: {error}"));
    }

    fn say(&mut self, indexes: &[usize], why: &str) {
        for index in indexes {
            self.answers.each[*index] = Answer::NotYet(why.to_owned());
        }
    }
}

/// What Orthanc says of a transaction that it does not know (`InexistentItem`, 1.10.1 to 1.13.0).
const NO_REPORT: i32 = 7;

/// A UID of a random UUID (PS3.5 B.2): nobody else can tell Orthanc of a transaction whose UID he cannot guess.
fn new_transaction() -> String {
    let mut bytes = [0; 16];
    // It cannot fail once it has worked (getrandom(2)).
    if SystemRandom::new().fill(&mut bytes).is_err() {
        bytes = fastrand::u128(..).to_be_bytes();
    }
    // Version and variant of a random one (RFC 9562 5.4).
    bytes[6] = (bytes[6] & 0x0F) | 0x40;
    bytes[8] = (bytes[8] & 0x3F) | 0x80;
    format!("2.25.{}", u128::from_be_bytes(bytes))
}
