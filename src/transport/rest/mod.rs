//! Sending through Orthanc's own C-STORE SCU: POST `/modalities/{name}/store`.
//!
//! Invariants:
//! - `Permissive` is never sent: with it Orthanc answers success for instances that never arrived.
//! - Jobs are asynchronous: a synchronous call that is cut by a shutdown answers an empty success, and tells
//!   through the SDK only a number when it fails; `/jobs/{id}` has the peer's own words.
//! - An instance counts as acknowledged only as [`verdict`] can prove it; an unknown end acknowledges
//!   nothing.
//! - A refused instance costs one more job for the rest of its batch, and nothing is sent twice.

mod echo;
pub mod jobs;
mod leftover;
pub mod slots;
pub mod verdict;

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use orthanc_sdk::{CallError, Client};
use serde_json::{Value, json};

use self::jobs::{Jobs, OpenJob, Wake};
use self::slots::JobSlots;
use self::verdict::{JobEnd, JobState, MAX_INSTANCES};
use super::{
    Batch, Called, Delivery, Modality, Permit, Standing, Tried, addresses, all_after, missing,
};
use crate::config::settings::HostSettings;
use crate::cut::Cutter;
use crate::failpoint;
use crate::item::{Class, Clock, Item, Outcome, SentSeries};

/// How long an interrupted job may take to end before its outcome is left open. REST calls made late in a shutdown
/// are dangerous, and Orthanc's servers take a second or more to stop: see `plugin`.
const INTERRUPT_GRACE: Duration = Duration::from_millis(900);
const FIRST_LOOK: Duration = Duration::from_millis(20);
const SLOWEST_LOOK: Duration = Duration::from_secs(1);

pub struct RestTransport {
    client: Client,
    clock: Arc<dyn Clock>,
    jobs: Jobs,
    slots: JobSlots,
    /// `DicomScuTimeout`, seconds; 0: none.
    scu_timeout: u32,
    cutter: Cutter,
}

/// Why a batch cannot go on.
enum Stop {
    /// This outcome is the next item's; those after it were not tried.
    At(Outcome),
    /// Orthanc is stopping, or the rest's turn did not come.
    Here,
}

/// What one job made of the items that it was given.
struct Sent {
    acknowledged: usize,
    /// `None`: Orthanc stopped before it told.
    end: Option<JobEnd>,
    /// Items for whose sake the job was cancelled: it stopped between two instances.
    recalled: Vec<i64>,
}

impl RestTransport {
    pub fn new(
        client: Client,
        clock: Arc<dyn Clock>,
        host: &HostSettings,
        cutter: Cutter,
    ) -> RestTransport {
        RestTransport {
            client,
            clock,
            jobs: Jobs::default(),
            slots: JobSlots::new(usize::try_from(host.concurrent_jobs).unwrap_or(1)),
            scu_timeout: host.dicom_scu_timeout,
            cutter,
        }
    }

    /// Whether a REST call is under way that a silent peer holds up.
    pub fn is_held(&self) -> bool {
        self.cutter.is_held()
    }

    /// Orthanc's events about jobs, for [`Jobs::ended`].
    pub fn jobs(&self) -> &Jobs {
        &self.jobs
    }

    /// Sends `part` of the batch (at most [`MAX_INSTANCES`]) in one job.
    /// `recalls`: those that are heeded already.
    fn send(
        &self,
        to: (&str, &Modality),
        batch: &Batch<'_>,
        part: Range<usize>,
        recalls: u64,
    ) -> Result<Sent, Stop> {
        let (name, modality) = to;
        let items = &batch.items[part.clone()];
        let mut body = json!({
            "Resources": items.iter().map(|item| item.ids.instance.as_str()).collect::<Vec<_>>(),
            "Synchronous": false,
            "Timeout": modality.timeout_in_force(batch.timeout, self.scu_timeout),
        });
        if let Some(aet) = batch.local_aet {
            body["LocalAet"] = json!(aet);
        }
        let uri = format!("/modalities/{name}/store");
        let _call = self.cutter.call(
            addresses(&modality.host, modality.port).unwrap_or_default(),
            true,
        );
        if self.jobs.is_interrupted() {
            return Err(Stop::Here);
        }
        if !(batch.in_hand)(part.clone(), None) {
            return Err(Stop::Here);
        }
        let submitted = match self.client.post_json(&uri, &body) {
            Ok(answer) => answer,
            // A call that is cut by a shutdown answers a success with an empty body.
            Err(_) if self.jobs.is_interrupted() => return Err(Stop::Here),
            Err(error) => return Err(Stop::At(refused_submission(&error))),
        };
        let Some(id) = submitted.get("ID").and_then(Value::as_str) else {
            return Err(Stop::At(Outcome::new(
                Class::Internal,
                "Orthanc took the transfer and named no job",
            )));
        };
        failpoint::pass("submitted");
        // Without it this job would not be known as ours after a crash, and would send again what the queue sends
        // again.
        (batch.in_hand)(part, Some(id));
        failpoint::pass("named");
        items
            .iter()
            .for_each(|item| failpoint::touch(&item.ids.sop_instance_uid));
        let job = self.jobs.open(id);
        let mut recalled = Vec::new();
        let end = self.wait(&job, batch, items, recalls, &mut recalled);
        failpoint::pass("job-ended");
        let acknowledged = match &end {
            Some(JobEnd::All) => items.len(),
            Some(JobEnd::Stopped { acknowledged, .. } | JobEnd::Unreadable { acknowledged }) => {
                *acknowledged
            }
            Some(JobEnd::Unknown(_)) | None => 0,
        };
        Ok(Sent {
            acknowledged,
            end,
            recalled,
        })
    }

    /// How the job ended. `None`: Orthanc is stopping and does not tell any more.
    fn wait(
        &self,
        job: &OpenJob<'_>,
        batch: &Batch<'_>,
        items: &[Item],
        mut recalls: u64,
        recalled: &mut Vec<i64>,
    ) -> Option<JobEnd> {
        let count = items.len();
        let uri = format!("/jobs/{}", job.id());
        let mut pause = FIRST_LOOK;
        let mut interrupted: Option<Instant> = None;
        loop {
            match self.client.get_json(&uri) {
                Ok(answer) => {
                    if let JobState::Ended(end) = verdict::read(&answer, count) {
                        return Some(end);
                    }
                }
                Err(CallError::HostGone) => return None,
                Err(CallError::Code { .. } | CallError::Status { .. }) => {
                    return Some(JobEnd::Unknown(
                        "Orthanc forgot the job before its end was read (JobsHistorySize)"
                            .to_owned(),
                    ));
                }
                Err(error) => return Some(JobEnd::Unknown(error.to_string())),
            }
            if let Some(since) = interrupted {
                if since.elapsed() > INTERRUPT_GRACE {
                    return None;
                }
                std::thread::sleep(FIRST_LOOK);
                continue;
            }
            match job.wait(pause) {
                Wake::Look => {
                    pause = (pause * 2).min(SLOWEST_LOOK);
                    let now = self.jobs.recalls();
                    if std::mem::replace(&mut recalls, now) != now && recalled.is_empty() {
                        recalled.extend(
                            (batch.recalled)()
                                .into_iter()
                                .filter(|id| items.iter().any(|item| item.id == *id)),
                        );
                        if !recalled.is_empty() {
                            let _ = self.client.post(&format!("{uri}/cancel"), b"{}");
                            pause = FIRST_LOOK;
                        }
                    }
                }
                Wake::Interrupted => {
                    interrupted = Some(Instant::now());
                    let _ = self.client.post(&format!("{uri}/cancel"), b"{}");
                }
            }
        }
    }

    /// Which of the items Orthanc no longer has.
    fn missing(&self, items: &[Item]) -> Result<HashSet<i64>, CallError> {
        let mut gone = HashSet::new();
        for item in items {
            if missing::is_gone(self.client, &item.ids.instance)? {
                gone.insert(item.id);
            }
        }
        Ok(gone)
    }
}

impl RestTransport {
    /// Waits for a thread of the jobs engine. `None`: stopping.
    pub fn admit(&self, modality: &str, standing: Standing) -> Option<Permit<'_>> {
        self.slots.acquire(modality, standing).map(Permit::new)
    }

    /// What its threads are shared by.
    pub fn slots(&self) -> &JobSlots {
        &self.slots
    }

    /// Sends the batch. Blocks until all is known.
    pub fn deliver(&self, to: &Called<'_>, batch: &Batch<'_>) -> Delivery {
        let begun = (self.clock.now(), Instant::now());
        let made = |outcome: Outcome| Tried::Made {
            outcome,
            sent_as: None,
            // Orthanc converts what it has to.
            altered: None,
            series: None,
            started: begun.0,
            duration: begun.1.elapsed(),
        };
        let mut results: Vec<Tried> = Vec::with_capacity(batch.items.len());
        let modality = match (to.look_up)() {
            Ok(modality) => modality,
            Err(outcome) => return all_after(results, batch.items.len(), made(outcome)),
        };
        // Which data set it was is not known here, and is asked from Orthanc.
        let acknowledged = || {
            let mut tried = made(Outcome::new(Class::Success, ""));
            if let Tried::Made { series, .. } = &mut tried {
                *series = batch.to_confirm.then(|| {
                    Box::new(SentSeries {
                        target: modality.address(),
                        ..SentSeries::default()
                    })
                });
            }
            tried
        };
        let mut gone: HashSet<i64> = HashSet::new();
        let mut looked = false;
        let mut recalled: HashSet<i64> = HashSet::new();
        let mut recalls = self.jobs.recalls();
        while results.len() < batch.items.len() {
            // Several items may be recalled while a job is being cancelled, or before there is one.
            let now = self.jobs.recalls();
            if std::mem::replace(&mut recalls, now) != now {
                recalled.extend((batch.recalled)());
            }
            let next = &batch.items[results.len()];
            if gone.contains(&next.id) {
                results.push(made(missing::outcome()));
                continue;
            }
            if recalled.contains(&next.id) {
                results.push(Tried::NotYet);
                continue;
            }
            let rest = &batch.items[results.len()..];
            let count = rest
                .iter()
                .take_while(|item| !gone.contains(&item.id) && !recalled.contains(&item.id))
                .take(MAX_INSTANCES)
                .count();
            let chunk = &rest[..count];
            let part = results.len()..results.len() + count;
            match self.send((to.name, &modality), batch, part, recalls) {
                Ok(sent) => {
                    let count = results.len() + sent.acknowledged;
                    // Orthanc does not tell 0000 from a warning: no status is made up.
                    results.resize_with(count, acknowledged);
                    let was_recalled = !sent.recalled.is_empty();
                    recalled.extend(sent.recalled);
                    match sent.end {
                        Some(JobEnd::All) => {}
                        // Cancelled by us between two instances: the others go on without those that were recalled.
                        Some(JobEnd::Stopped { outcome, .. })
                            if was_recalled && outcome.class == Class::Interrupted => {}
                        None => {
                            results.resize_with(results.len() + chunk.len(), || Tried::Unknown);
                            return all_after(results, batch.items.len(), Tried::NotYet);
                        }
                        Some(JobEnd::Stopped { outcome, .. }) => {
                            let goes_on = concerns_the_instance(outcome.class);
                            results.push(made(outcome));
                            if !goes_on {
                                return all_after(results, batch.items.len(), Tried::NotYet);
                            }
                        }
                        Some(JobEnd::Unreadable { .. }) => {
                            let item = &batch.items[results.len()];
                            let Ok(gone) = self.missing(std::slice::from_ref(item)) else {
                                return all_after(results, batch.items.len(), Tried::NotYet);
                            };
                            results.push(made(if gone.is_empty() {
                                Outcome::new(
                                    Class::Internal,
                                    "Orthanc could not read the instance from its storage",
                                )
                            } else {
                                missing::outcome()
                            }));
                        }
                        Some(JobEnd::Unknown(reason)) => {
                            // An instance that vanished in between is the usual reason.
                            match self.missing(chunk) {
                                Ok(found) if !found.is_empty() && !looked => {
                                    looked = true;
                                    gone = found;
                                }
                                Ok(_) => {
                                    results.push(made(Outcome::new(Class::Internal, reason)));
                                    return all_after(results, batch.items.len(), Tried::NotYet);
                                }
                                Err(_) => {
                                    return all_after(results, batch.items.len(), Tried::NotYet);
                                }
                            }
                        }
                    }
                }
                Err(Stop::Here) => return all_after(results, batch.items.len(), Tried::NotYet),
                Err(Stop::At(outcome)) => match self.missing(chunk) {
                    // One instance that Orthanc does not have fails the whole submission, before
                    // anything is sent.
                    Ok(found) if !found.is_empty() => gone.extend(found),
                    Ok(_) => {
                        let outcome = match (to.look_up)() {
                            Ok(_) => outcome,
                            Err(unknown) => unknown,
                        };
                        results.push(made(outcome));
                        return all_after(results, batch.items.len(), Tried::NotYet);
                    }
                    Err(_) => return all_after(results, batch.items.len(), Tried::NotYet),
                },
            }
        }
        Delivery(results)
    }

    /// Cancels those of these jobs that are open, see [`leftover`].
    pub fn end_jobs(&self, jobs: &[String]) {
        leftover::cancel_jobs(self.client, jobs);
    }

    /// A person has cancelled items that are being sent: batches under way ask [`Batch::recalled`].
    pub fn recall(&self) {
        self.jobs.recall();
    }

    /// Orthanc is stopping: ends what is under way as soon as possible, with the truth about what was acknowledged
    /// until then. Does not wait for it.
    pub fn interrupt(&self) {
        self.slots.stop();
        self.jobs.interrupt();
        self.cutter.cut();
    }
}

/// Whether such an outcome is the instance's own matter, so that the others can go on at once.
fn concerns_the_instance(class: Class) -> bool {
    matches!(
        class,
        Class::Success | Class::Warning | Class::Rejected | Class::NotNegotiated
    )
}

fn refused_submission(error: &CallError) -> Outcome {
    Outcome::new(
        Class::Internal,
        format!("Orthanc did not take the transfer: {error}"),
    )
}
