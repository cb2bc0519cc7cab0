//! `/sendqueue/retention` and `/sendqueue/deletions`: what may be deleted from Orthanc, why the rest stays, and what
//! was deleted.

use orthanc_sdk::Request;

use super::error::ApiError;
use super::input::{Body, Query, quoted};
use super::types::{
    Deletion, DeletionsQuery, Retention, RetentionPass, RetentionQuery, RetentionRun,
    RetentionStarted, RetentionStudy,
};
use super::{Answer, Api, ok};
use crate::retention::report::{Finding, Report};

const DEFAULT_LIMIT: u32 = 100;
const MOST_LIMIT: u32 = 1000;

impl Api {
    pub fn retention(&self, request: &Request) -> Answer {
        let query = Query::of::<RetentionQuery>(request)?;
        let goes = match query.text("goes").as_deref() {
            None => None,
            Some("true") => Some(true),
            Some("false") => Some(false),
            Some(other) => return Err(ApiError::field("goes", quoted(other), "true, false")),
        };
        let page = query.page_after(DEFAULT_LIMIT, MOST_LIMIT)?;
        let last = self.deleter.last();
        let studies = match (query.text("study"), &last) {
            (Some(study), _) => self.judged_now(&study)?,
            (None, Some(report)) => self.found(report, goes, page.since, page.limit)?,
            (None, None) => Vec::new(),
        };
        let fits = |study: &RetentionStudy| goes.is_none_or(|goes| goes == study.goes);
        ok(&Retention {
            settings: self.settings.retention.as_ref().map(Into::into),
            running: self.deleter.is_running(),
            free_percent: self.deleter.free_percent(),
            last_pass: last.as_deref().map(RetentionPass::from),
            studies: studies.into_iter().filter(fits).collect(),
        })
    }

    /// A pass begins now.
    pub fn run_retention(&self, request: &Request) -> Answer {
        let body = Body::of::<RetentionRun>(request)?;
        let Some(retention) = &self.settings.retention else {
            return Err(ApiError::conflict(
                "there is no Retention in the configuration: nothing is deleted",
            ));
        };
        let dry_run = match body.lacks(&["DryRun"]) {
            true => retention.dry_run,
            false => body.flag("DryRun")?,
        };
        if retention.dry_run && !dry_run {
            return Err(ApiError::conflict(
                "SendQueue.Retention.DryRun is true: nothing is deleted until the configuration says otherwise",
            ));
        }
        self.deleter.want(dry_run);
        ok(&RetentionStarted { dry_run })
    }

    pub fn deletions(&self, request: &Request) -> Answer {
        let query = Query::of::<DeletionsQuery>(request)?;
        let page = query.page_after(DEFAULT_LIMIT, MOST_LIMIT)?;
        let (study, accession) = (query.text("study"), query.text("accession"));
        let found = (self.store).deletions(study.as_deref(), accession.as_deref(), page)?;
        let list: Vec<Deletion> = found.iter().map(Deletion::from).collect();
        ok(&list)
    }

    fn judged_now(&self, study: &str) -> Result<Vec<RetentionStudy>, ApiError> {
        let found = self.deleter.look(study)?;
        let shown = found.map(|(kept, judged)| {
            let reasons = judged
                .reasons
                .iter()
                .map(|(reason, count)| (reason, *count));
            RetentionStudy::new(&kept, (judged.instances, judged.bytes), reasons)
        });
        Ok(shown.into_iter().collect())
    }

    /// Of what the last pass found, with the names of today.
    fn found(
        &self,
        report: &Report,
        goes: Option<bool>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<RetentionStudy>, ApiError> {
        let fits = |finding: &&Finding| {
            !finding.is_gone
                && finding.number > after
                && goes.is_none_or(|goes| goes == finding.reasons.is_empty())
        };
        let from = report.findings.partition_point(|one| one.number <= after);
        let found = report.findings.iter().skip(from).filter(fits);
        let mut studies = Vec::new();
        for finding in found.take(limit as usize) {
            // One whose line is closed is gone meanwhile.
            let kept = self.store.kept_studies(&[], finding.number - 1, 1)?;
            let Some(kept) = kept.first().filter(|kept| kept.number == finding.number) else {
                continue;
            };
            let reasons = finding
                .reasons
                .iter()
                .map(|(reason, count)| (reason, *count));
            let size = (finding.instances.into(), finding.bytes);
            studies.push(RetentionStudy::new(kept, size, reasons));
        }
        Ok(studies)
    }
}
