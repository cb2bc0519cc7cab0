//! Where reading goes on: at a start, after a fault of the store, and as long as Orthanc's log is empty.
//!
//! Invariants:
//! - The cursor never skips a line that is ours; going back too far is harmless only where no line is read twice, so
//!   it goes back by dates, to lines that are newer than all that was read.
//! - With an empty log nothing tells the upper bits of the next number, nor whether the index is a new one: the
//!   question is left open until there is a line.

use super::changes::{self, Change};
use super::gaps::Gaps;
use super::reconcile::{PassError, Reconciler, second_of};
use crate::store::{Cursor, Intake};

impl Reconciler {
    /// Up to where lines were read; `None`: the log is empty, so there is nothing to read yet.
    pub(super) fn position(&mut self) -> Result<Option<Cursor>, PassError> {
        if let Some(cursor) = &self.cursor {
            return Ok(Some(cursor.clone()));
        }
        let known = self.parts.store.cursor()?;
        self.stored = Gaps::new(&self.parts.store.gaps()?, self.parts.clock.now());
        self.gaps = self.stored.clone();
        self.rounds.stop();
        let cursor = match (known, changes::newest(&self.parts.client)?) {
            (Some(cursor), Some(newest)) => {
                if let Some(Some(end)) = self.empty_at.take() {
                    if (cursor.seq..newest.seq).contains(&end) {
                        self.accounted = end;
                    }
                }
                // A line may have appeared in a gap and have been deleted, and the callback of its instance is lost.
                let is_late = |seq| self.gaps.has(seq);
                if !self.gaps.is_empty()
                    && changes::is_cut(&self.parts.client, cursor.seq, is_late)?
                {
                    self.ask_for_sweep()?;
                }
                self.rewound(cursor, &newest)?
            }
            (None, Some(newest)) => self.first_start(&newest)?,
            (Some(cursor), None) => {
                let page = changes::after(&self.parts.client, cursor.seq, 1)?;
                if page.end != Some(cursor.seq) || !self.gaps.is_empty() {
                    self.search_for_empty(page.end)?;
                    return Ok(None);
                }
                // All that there ever was we have read.
                cursor
            }
            (None, None) => {
                // The callbacks of an earlier process are lost.
                if self.parts.store.created()? < self.parts.started {
                    self.search_for_empty(None)?;
                }
                return Ok(None);
            }
        };
        self.gaps.end_at(cursor.seq);
        self.parts.progress.moved(cursor.seq);
        self.cursor = Some(cursor.clone());
        Ok(Some(cursor))
    }

    /// Asks for a search, once for each highest number that an empty log tells.
    fn search_for_empty(&mut self, end: Option<i64>) -> Result<(), PassError> {
        if self.empty_at != Some(end) {
            self.ask_for_sweep()?;
            self.empty_at = Some(end);
        }
        Ok(())
    }

    /// The log's end, but not after what came since the database was made.
    fn first_start(&mut self, newest: &Change) -> Result<Cursor, PassError> {
        let created = self.parts.store.created()?;
        // Dates have whole seconds. All of the second in which the database was made is ours: an Orthanc that had
        // received something just before would have had to end and start again within it.
        let made = second_of(created);
        let is_ours = |line: &Change| line.date >= made;
        // Looked at first: dates in the archive may be in disorder.
        let seq = if is_ours(newest) {
            changes::lowest_before(&self.parts.client, newest.seq, is_ours)?
        } else {
            newest.seq
        };
        let cursor = Cursor { seq, date: made };
        log::warn!(
            "first start: what Orthanc received before {} is not forwarded",
            created.to_orthanc()
        );
        self.write(Intake::arrival(&[]), Some((&cursor, &Gaps::default())))?;
        Ok(cursor)
    }

    /// Finds lines whose numbers were given out a second time, and goes back before them; and to the log's end
    /// if the cursor is beyond it.
    fn rewound(&mut self, mut cursor: Cursor, newest: &Change) -> Result<Cursor, PassError> {
        let client = &self.parts.client;
        let top = cursor.seq.min(newest.seq);
        // The very line that was read last tells most often that nothing was given out anew.
        let last = changes::first_after(client, (cursor.seq - 1).max(0))?;
        let is_there = last.is_some_and(|line| line.seq == cursor.seq && line.date <= cursor.date);
        if !is_there && !cursor.date.is_empty() && newest.date > cursor.date {
            let is_new = |line: &Change| line.seq > top || line.date > cursor.date;
            let before = changes::lowest_before(client, newest.seq, is_new)?;
            let first = changes::first_after(client, before)?;
            if let Some(first) = first.filter(|line| line.seq <= top) {
                log::warn!(
                    "Orthanc gave out change numbers anew (a power cut, or an older index): reading again from {}",
                    first.seq
                );
                cursor.seq = before;
                return Ok(cursor);
            }
        }
        cursor.seq = changes::skip_void(client, top, newest.seq)?;
        Ok(cursor)
    }
}
