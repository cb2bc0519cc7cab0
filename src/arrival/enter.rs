//! What was enlisted is written, counted and told.
//!
//! Invariants:
//! - Items, the studies that they open, the cursor and the gaps below it are one transaction.
//! - While a search is under way neither cursor nor gaps are written: see [`super::sweep`].
//! - What is counted and told was written.

use std::collections::HashSet;

use super::enlist::Enlisted;
use super::gaps::Gaps;
use super::progress::Fate;
use super::reconcile::{PassError, Reconciler};
use crate::failpoint;
use crate::store::{Cursor, Enqueued, Intake};

impl Reconciler {
    /// Writes what was enlisted, with the cursor unless a search is under way, and tells what is not simply sent.
    pub(super) fn enter(
        &mut self,
        enlisted: Enlisted,
        position: Option<(&Cursor, &Gaps)>,
    ) -> Result<(), PassError> {
        let intake = Intake::arrival(&enlisted.items)
            .taking(&enlisted.opened)
            .hearing(&enlisted.heard)
            .telling(&enlisted.stored);
        let done = self.write(intake, position)?;
        self.tell_again(&enlisted.items, &done);
        self.tell(&enlisted);
        for sender in &enlisted.own {
            self.parts.progress.own_output(sender);
        }
        self.look_backs.opened(enlisted.routed);
        Ok(())
    }

    /// Counts and tells what is not simply sent.
    pub(super) fn tell(&self, enlisted: &Enlisted) {
        let progress = &self.parts.progress;
        progress.count_rules(
            &self.settings.rules,
            &enlisted.tally,
            self.parts.clock.now(),
        );
        for (instance, name) in &enlisted.loops {
            progress.count(name, Fate::Loop, || {
                format!("instance {instance} came from {name} and is not sent back (\"AllowLoop\"); further ones are only counted")
            });
        }
        for item in enlisted.items.iter().filter(|item| item.failed.is_some()) {
            progress.count(&item.destination, Fate::Undecided, || {
                format!(
                    "whether instance {} goes to {} cannot be decided, it is in the error queue: {}; further ones are only counted",
                    item.ids.instance,
                    item.destination,
                    item.failed.as_ref().map_or("", |outcome| outcome.details.as_str())
                )
            });
        }
    }

    /// Writes what is taken in, and the cursor with the gaps below it unless a search is under way.
    pub(super) fn write(
        &mut self,
        intake: Intake<'_>,
        position: Option<(&Cursor, &Gaps)>,
    ) -> Result<Enqueued, PassError> {
        let items = intake.items;
        if !items.is_empty() {
            failpoint::pass("arrived");
            failpoint::panic_in("sq-arrive");
        }
        let now = self.parts.clock.now();
        let kept = position.filter(|_| self.sweep.is_none());
        let reached = kept.map(|(cursor, gaps)| gaps.reached(&self.stored, cursor));
        let named = self.facts.names(items);
        let intake = intake.naming(&named).up_to(reached.as_ref());
        let done = self.parts.store.enqueue(&intake, now)?;
        if let Some((_, gaps)) = kept {
            self.stored = gaps.clone();
        }
        self.parts.progress.forgot(done.forgotten_sources);
        if !items.is_empty() {
            failpoint::pass("enqueued");
            failpoint::panic_in("sq-arrive.enqueued");
        }
        if let Some((cursor, _)) = position {
            self.parts.progress.moved(cursor.seq);
        }
        let names: HashSet<&str> = items.iter().map(|item| item.destination.as_str()).collect();
        for name in names {
            self.parts.notifier.ready(name);
        }
        if items.iter().any(|item| item.not_before.is_some()) {
            self.parts.notifier.timed();
        }
        Ok(done)
    }
}
