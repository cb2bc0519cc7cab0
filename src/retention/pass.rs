//! A pass: all studies that the queue knows, oldest first.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use super::Deleter;
use super::delete::Outcome;
use super::report::{Finding, Interned, Report};
use super::study::{Judged, Record, Terms};
use crate::config::retention::RetentionSettings;
use crate::config::settings::Settings;
use crate::item::safe::{Reason, Why};
use crate::item::{Event, Timestamp};
use crate::store::{Entry, History, KeptStudy, Result};

/// Studies that are read at once.
const STEP: u32 = 200;
/// Orthanc is not asked again within so many seconds for a study of which nothing changed in the queue, if it stays for
/// what Orthanc said, or nothing would be deleted.
const ASKED_AGAIN: f64 = 86_400.0;

/// What a pass works with.
pub(super) struct Pass {
    pub settings: Arc<Settings>,
    pub dry_run: bool,
    /// As the settings say.
    pub terms: Terms,
    /// The same, with no day to wait for; in an emergency.
    pub at_once: Option<Terms>,
    before: Option<Arc<Report>>,
    reasons: Interned,
    knows_leads: bool,
}

impl Pass {
    /// Under which a study is judged now.
    pub fn in_force(&self) -> &Terms {
        self.at_once.as_ref().unwrap_or(&self.terms)
    }
}

impl Deleter {
    /// Looks at all studies; `false`: it was broken off, since other settings are in force or Orthanc stops.
    ///
    /// `wanted`: a person asks for it, and whether for one that only tells; then Orthanc is asked for all that may go.
    pub(super) fn pass(&self, wanted: Option<bool>) -> Result<bool> {
        let parts = &self.parts;
        let settings = parts.settings.get();
        let Some(retention) = settings.retention.clone() else {
            return Ok(true);
        };
        self.close_open()?;
        let begun = parts.clock.now();
        let dry_run = wanted == Some(true) || retention.dry_run;
        let until = self.young_since(retention.delete_after_days);
        let mut report = Report::new(begun, dry_run);
        report.free_percent = self.free_percent();
        let mut pass = Pass {
            terms: Terms::new(&settings, &retention, until),
            at_once: None,
            before: self.last().filter(|_| wanted.is_none()),
            reasons: Interned::default(),
            knows_leads: self.knows_leads(),
            settings: settings.clone(),
            dry_run,
        };
        if self.is_too_full(retention.emergency_below_free_percent) {
            report.is_emergency = true;
            pass.at_once = Some(Terms::new(&settings, &retention, self.young_since(0)));
        }
        let walked = self.walk(&mut pass, &mut report, &retention);
        // Whatever ended it: what was deleted is deleted.
        self.tell(&report);
        if !walked? || !self.goes_on(&pass) {
            return Ok(false);
        }
        report.ended = parts.clock.now();
        *self.last.lock() = Some(Arc::new(report));
        Ok(true)
    }

    /// All studies; `false`: it was broken off.
    fn walk(
        &self,
        pass: &mut Pass,
        report: &mut Report,
        retention: &RetentionSettings,
    ) -> Result<bool> {
        let mut after = 0;
        loop {
            let studies = (self.parts.store).kept_studies(&pass.terms.safe, after, STEP)?;
            let Some(last) = studies.last() else {
                return Ok(true);
            };
            after = last.number;
            let mut alone = self.judge_alone(pass, &studies)?;
            for study in &studies {
                if !self.goes_on(pass) {
                    return Ok(false);
                }
                let alone = alone.remove(&study.number);
                match self.find(pass, study, alone, report.begun)? {
                    Found::Judged(finding) => report.add(finding),
                    Found::Deleted(sum) => {
                        report.deleted.add(sum.instances, sum.bytes);
                        let below = retention.emergency_below_free_percent;
                        if pass.at_once.is_some() && !self.is_too_full(below) {
                            pass.at_once = None;
                        }
                    }
                    Found::Partial(sum) => report.partial.add(sum.instances, sum.bytes),
                }
            }
        }
    }

    pub(super) fn goes_on(&self, pass: &Pass) -> bool {
        !self.bell.is_stopped() && Arc::ptr_eq(&pass.settings, &self.parts.settings.get())
    }

    fn is_too_full(&self, below: u32) -> bool {
        below > 0 && (self.free_percent()).is_some_and(|free| free < f64::from(below))
    }

    /// How those of a step are judged without Orthanc, but for those that stay as they are.
    fn judge_alone(&self, pass: &Pass, studies: &[KeptStudy]) -> Result<HashMap<i64, Judged>> {
        let terms = pass.in_force();
        let studies = studies.iter().filter(|study| terms.keeps(study).is_none());
        let studies: Vec<&KeptStudy> = studies.collect();
        let mut alone = HashMap::with_capacity(studies.len());
        let mut judge = |study: &KeptStudy, history: History| {
            let judged = Record::new(study, history, terms).judge_alone();
            alone.insert(study.number, judged);
        };
        self.parts
            .store
            .histories(&studies, &terms.names, &mut judge)?;
        Ok(alone)
    }

    /// `alone`: how it was judged without Orthanc.
    fn find(
        &self,
        pass: &mut Pass,
        study: &KeptStudy,
        alone: Option<Judged>,
        now: Timestamp,
    ) -> Result<Found> {
        let delivered = study.delivered.iter().flatten().max();
        let mut finding = Finding {
            number: study.number,
            instances: 0,
            bytes: 0,
            reasons: Arc::new([]),
            delivered: delivered.copied().unwrap_or_default(),
            asked: None,
            is_gone: false,
        };
        let mut judged = alone.unwrap_or_default();
        // An emergency may have ended meanwhile.
        if let Some(reason) = pass.in_force().keeps(study) {
            judged = Judged::default();
            judged.keep(reason);
        } else {
            let terms = pass.in_force();
            if judged.goes() {
                if let Some(known) = known(pass, &finding, now) {
                    return Ok(Found::Judged(known));
                }
                let began = Instant::now();
                let held = self.held(&study.name.study);
                // Orthanc has others to answer.
                self.bell.pause(began.elapsed());
                finding.asked = Some(now);
                match held {
                    _ if !pass.knows_leads => judged.keep(Reason::of_study(Why::NotAsked, "")),
                    Err(()) => judged.keep(Reason::of_study(Why::NotAsked, "")),
                    Ok(held) if held.is_empty() => finding.is_gone = true,
                    Ok(held) => {
                        let history = self.parts.store.history(study, &terms.names)?;
                        judged = Record::new(study, history, terms).judge(&held);
                    }
                }
                if judged.goes() && !finding.is_gone && !pass.dry_run {
                    match self.delete(pass, study)? {
                        Outcome::Deleted(sum) => return Ok(Found::Deleted(sum)),
                        Outcome::Partial(sum) => return Ok(Found::Partial(sum)),
                        Outcome::Stays(stays) => judged = stays,
                    }
                }
            }
        }
        finding.instances = judged.instances.try_into().unwrap_or(u32::MAX);
        finding.bytes = judged.bytes;
        finding.reasons = pass.reasons.of(&judged);
        Ok(Found::Judged(finding))
    }

    /// Into the journal and the log, if anything was deleted.
    fn tell(&self, report: &Report) {
        let (studies, partial) = (report.deleted.studies, report.partial.studies);
        let instances = report.deleted.instances + report.partial.instances;
        if studies == 0 && partial == 0 {
            return;
        }
        let parts = match partial {
            0 => String::new(),
            partial => format!("; of {partial} more a part stays"),
        };
        let details = format!(
            "{} and {} deleted from Orthanc{parts}",
            crate::config::counted(studies.try_into().unwrap_or(usize::MAX), "study")
                .replace("studys", "studies"),
            crate::config::counted(instances.try_into().unwrap_or(usize::MAX), "instance"),
        );
        log::warn!("retention: {details}");
        let entry = Entry {
            count: Some(studies),
            details: Some(details),
            ..Entry::new(Event::Deleted, self.parts.clock.now())
        };
        if let Err(error) = self.parts.journal.note(&entry) {
            log::error!("{} is missing in the journal: {error}", Event::Deleted);
        }
    }
}

/// What became of a study.
enum Found {
    Judged(Finding),
    Deleted(super::report::Sum),
    /// A part of it was deleted.
    Partial(super::report::Sum),
}

/// What was found when Orthanc was asked last, if it need not be asked again.
fn known(pass: &Pass, finding: &Finding, now: Timestamp) -> Option<Finding> {
    let known = pass.before.as_ref()?.of(finding.number)?;
    let is_fresh = known.asked?.plus_seconds(ASKED_AGAIN) > now;
    let is_same = known.delivered == finding.delivered;
    // What Orthanc alone said of a study is so until something of it is delivered again.
    let lasts = |why: Why| {
        use Why::{ArrivedAgain, Attached, FileUnknown, NeverQueued, NotUnique};
        matches!(
            why,
            NeverQueued | ArrivedAgain | FileUnknown | NotUnique | Attached
        )
    };
    let stands = match known.reasons.is_empty() {
        true => known.is_gone || pass.dry_run,
        false => known.reasons.iter().all(|(reason, _)| lasts(reason.why)),
    };
    (is_fresh && is_same && stands).then(|| known.clone())
}
