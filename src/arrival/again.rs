//! Instances that are received again.
//!
//! What Orthanc tells of them (1.10.1 to 1.13.0):
//! - It stored the instance anew (`OverwriteInstances`, a deletion in between, a modification that keeps the
//!   identifiers): a line of the log, with another file. Whether the content changed is told by the MD5 sum that
//!   Orthanc keeps with each file. It is asked for only where an instance can be overwritten: elsewhere nothing that is
//!   new pays for it, and what was deleted and comes back counts as changed. Overwritten by another content and again
//!   by the first one, before either line was read, the other one may have been sent in between; its line went with it.
//!   So where numbers are missing before a line, only an item that was done before them counts as having delivered this
//!   content. Lines that appear below the cursor are left out of that: there numbers are always missing.
//! - It left the file as it was (the default): no line. Up to 1.12.x the callback comes all the same; it is lost in a
//!   crash. 1.13.0 tells nothing at all.

use std::collections::HashSet;

use super::changes::Change;
use super::facts::Fact;
use super::progress::Fate;
use super::reconcile::{PassError, Reconciler, second_of};
use super::unlogged::DUPLICATE_AGE_SECONDS;
use crate::config::settings::Settings;
use crate::item::{Again, Timestamp};
use crate::store::{Enqueued, NewItem};

/// Whether digests are needed to tell what changed.
pub(super) fn needs_digests(settings: &Settings) -> bool {
    let mut rules = settings.rules.iter();
    settings.host.overwrite_instances && rules.any(|rule| rule.again == Again::IfChanged)
}

impl Reconciler {
    /// Asks for the digests of what is to be queued, if they are needed.
    pub(super) fn digest(&self, facts: &mut [Fact]) -> Result<(), PassError> {
        if !needs_digests(&self.settings) {
            return Ok(());
        }
        for fact in facts.iter_mut().filter(|fact| fact.repeated.is_none()) {
            fact.digest = self.facts.digest(&fact.arrival.ids.instance)?;
        }
        Ok(())
    }

    /// Tells of which of these instances the line of an earlier reception may have vanished unread.
    pub(super) fn doubt(&self, lines: &[Change], facts: &mut [Fact]) {
        let Some(cursor) = self
            .cursor
            .as_ref()
            .filter(|_| needs_digests(&self.settings))
        else {
            return;
        };
        let mut previous = cursor.seq;
        let after_missing: HashSet<&str> = lines
            .iter()
            .filter(|line| line.seq > cursor.seq)
            .skip_while(|line| {
                let follows = line.seq == previous + 1;
                previous = line.seq;
                follows
            })
            .map(|line| line.resource.as_str())
            .collect();
        // Orthanc dates by the machine's clock, to the second, before it commits.
        let ahead = self.parts.clock.ahead();
        let since = Timestamp::parse_orthanc(&cursor.date)
            .map_or(Timestamp::from_micros(i64::MIN), |date| {
                ahead.own(date).plus_seconds(-1.0)
            });
        for fact in facts {
            if after_missing.contains(fact.arrival.ids.instance.as_str()) {
                fact.unseen_since = Some(since);
            }
        }
    }

    /// Whether the callback that came at `told`, and that no line of the log goes with, is one of an instance that
    /// Orthanc had already. The callback of a reception whose line was read before is not; it comes soon after.
    pub(super) fn is_repeated(&mut self, fact: &Fact, told: Timestamp) -> Result<bool, PassError> {
        let awaited = self.recent.take_callback(&fact.arrival.ids.instance);
        // Orthanc dates by the machine's clock.
        let told = self.parts.clock.ahead().wall(told);
        let soon = second_of(told.plus_seconds(-DUPLICATE_AGE_SECONDS));
        if fact.received < soon {
            return Ok(self.recent.has(fact) != Some(false));
        }
        Ok(self.recent.has(fact) == Some(true) && !awaited)
    }

    /// Counts and tells what came of instances that were received again.
    pub(super) fn tell_again(&self, items: &[NewItem], done: &Enqueued) {
        let now_and_then = "further ones are only counted";
        for item in done.again.iter().filter_map(|at| items.get(*at)) {
            let (instance, name) = (&item.ids.instance, &item.destination);
            self.parts.progress.count(name, Fate::Again, || {
                format!("instance {instance} was received again and is sent to {name} again; {now_and_then}")
            });
        }
        for item in done.held_back.iter().filter_map(|at| items.get(*at)) {
            let (instance, name) = (&item.ids.instance, &item.destination);
            let (fate, why) = match item.reception.again {
                Again::Never => (Fate::Never, "\"Again\": \"Never\""),
                _ => (Fate::Unchanged, "it is unchanged"),
            };
            self.parts.progress.count(name, fate, || {
                format!(
                    "instance {instance} was received again and is not sent to {name} again ({why}); {now_and_then}"
                )
            });
        }
    }
}
