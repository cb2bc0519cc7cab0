//! The queue in one SQLite file.
//!
//! Constraints:
//! - Nothing on the hot path looks at more than what it changes: each statement there is driven by an
//!   index, and no index of it has random keys (Orthanc's identifiers are SHA-1).
//! - Counts are read from a table that triggers keep, never counted.
//!
//! Invariants:
//! - One connection writes, in immediate transactions; a transaction that is dropped is rolled back.
//! - Readers never wait for the writer.
//! - The schema repeats the states, classes and their rules as CHECK constraints.
//!
//! Map: [`open`] file and settings, [`disk`] what is on it and what room, [`faults`] what is wrong with it, [`migrate`]
//! schema, [`pool`] connections, [`settled`] what is synced, [`sql`] statements; then one file per family of verbs.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use self::chronicle::Noted;
use super::{
    Book, Chronicle, Claim, ClaimTerms, Claims, Counts, Cursor, Desk, DestinationRecord, Enqueued,
    Entry, ErrorSummary, FailureKinds, FailureTotal, Fault, Filter, Finish, Forgotten, Gap, Groups,
    Hand, HeldBack, HeldItems, Hour, Intake, Journal, LastError, Level, MinuteAtRest, Moved,
    Operated, Operation, Outage, Page, Period, Pick, Released, ResourceProgress, Result,
    StoreError, StudyProgress, Sweep, Upkeep,
};
use crate::item::{Attempt, Item, Reading, Timestamp};

mod by_study;
mod chronicle;
mod claim;
mod clock;
mod confirmations;
mod cursor;
mod decisions;
mod deliveries;
mod destination;
mod disk;
mod due;
mod enqueue;
mod error;
mod error_queue;
mod faults;
mod finish;
mod hand;
mod list;
mod lock;
mod migrate;
mod open;
mod operate;
mod outbox;
mod outputs;
mod owner;
mod pool;
mod protected;
mod query;
mod release;
mod retention;
mod route;
mod row;
mod settled;
mod sources;
mod sql;
mod studies;
mod study;
mod subjects;
mod sweep;
mod walk;

#[cfg(test)]
mod tests;

/// The queue in one SQLite file, with its `-wal` and `-shm` beside it.
pub struct SqliteStore {
    pool: Arc<pool::Pool>,
    disk: Arc<disk::Disk>,
    faults: Arc<faults::Faults>,
    settled: Arc<settled::Settled>,
    created: Timestamp,
    owner: owner::Owner,
    /// Given back last.
    _lock: Arc<lock::Lock>,
}

impl SqliteStore {
    /// Opens the queue, makes it if there is none, and brings an older one up to date.
    ///
    /// # Errors
    /// `Unusable` for what an administrator has to put right (nothing is overwritten), `Locked` and
    /// `Full` for what may pass.
    pub fn open(path: &Path) -> Result<SqliteStore> {
        let lock = open::lock(path)?;
        disk::give_room(path);
        let writer = open::writer(path, open::released())?;
        let created = writer.query_row(sql::CREATED, [], |row| row.get(0))?;
        let ended = owner::last(&writer)?;
        let outputs = outputs::any(&writer)?;
        let readable = outbox::whole(&writer)?;
        let pool = Arc::new(pool::Pool::new(path.to_path_buf(), writer, ended));
        pool.outputs.store(outputs, Ordering::Relaxed);
        pool.readable.store(readable, Ordering::SeqCst);
        // The schema and what a crash left in the log: in the database from the start.
        pool.empty_log();
        let disk = disk::Disk::of(&pool)?;
        Ok(SqliteStore {
            pool,
            disk: Arc::new(disk),
            faults: Arc::default(),
            settled: Arc::default(),
            created,
            owner: owner::Owner::default(),
            _lock: Arc::new(lock),
        })
    }

    /// A second handle of the same queue, which is another owner, as a second process would be.
    #[cfg(test)]
    pub fn beside(&self) -> SqliteStore {
        SqliteStore {
            pool: self.pool.clone(),
            disk: self.disk.clone(),
            faults: self.faults.clone(),
            settled: self.settled.clone(),
            created: self.created,
            owner: owner::Owner::default(),
            _lock: self._lock.clone(),
        }
    }

    /// Everything that writes goes this way: where there is no room, some is made and it is tried once more; what fails
    /// all the same is told once.
    fn write<T>(&self, work: impl Fn() -> Result<T>) -> Result<T> {
        self.write_for(false, work)
    }

    /// The same for what a person asked for, which may use the room that is kept.
    fn write_for_person<T>(&self, work: impl Fn() -> Result<T>) -> Result<T> {
        self.write_for(true, work)
    }

    /// The same for what the journal tells of, without its entry where that alone has no room.
    fn write_noted<T>(&self, work: impl Fn(Noted) -> Result<T>) -> Result<T> {
        match self.write(|| work(Noted::Too)) {
            Err(StoreError::Full(_)) => self.write(|| work(Noted::Not)),
            result => result,
        }
    }

    fn write_for<T>(&self, person: bool, work: impl Fn() -> Result<T>) -> Result<T> {
        let mut result = work();
        if matches!(result, Err(StoreError::Full(_))) {
            result = self.disk.make_room(&self.pool, person, work);
        }
        self.told(result)
    }

    /// A step of what a person does to many items, without its entry where that alone has no room.
    fn advance(&self, sweep: &Sweep<'_>, progress: &RefCell<sweep::Progress>) -> Result<bool> {
        if !(sweep.goes_on)() {
            return Err(StoreError::Stopping);
        }
        let step =
            |noted| self.write_for_person(|| sweep::advance(&self.pool, sweep, progress, noted));
        match step(Noted::Too) {
            Err(StoreError::Full(_)) => step(Noted::Not),
            result => result,
        }
    }

    fn operate_one(
        &self,
        id: i64,
        operation: &Operation,
        now: Timestamp,
        expires: Option<Timestamp>,
    ) -> Result<Moved> {
        let terms = operate::Terms {
            now,
            expires: &|_| expires,
        };
        self.write_for_person(|| operate::operate(&self.pool, id, operation, &terms))
    }

    /// What fails at work is told, though it makes no items.
    fn told<T>(&self, result: Result<T>) -> Result<T> {
        result.inspect_err(|error| self.faults.failed(error))
    }
}

impl Journal for SqliteStore {
    fn cursor(&self) -> Result<Option<Cursor>> {
        cursor::cursor(&self.pool)
    }

    fn gaps(&self) -> Result<Vec<Gap>> {
        cursor::gaps(&self.pool)
    }

    fn created(&self) -> Result<Timestamp> {
        Ok(self.created)
    }

    fn enqueue(&self, intake: &Intake<'_>, now: Timestamp) -> Result<Enqueued> {
        self.write(|| {
            self.disk.bound_growth(&self.pool)?;
            enqueue::enqueue(&self.pool, intake, now)
        })
    }

    fn count_new(&self, intake: &Intake<'_>) -> Result<Enqueued> {
        enqueue::count_new(&self.pool, intake)
    }
}

impl Claims for SqliteStore {
    fn begin(&self, now: Timestamp) -> Result<Released> {
        self.write_noted(|noted| release::begin(&self.pool, &self.owner, now, noted))
    }

    fn renew(&self, until: Timestamp) -> Result<()> {
        self.write(|| self.owner.renew(&self.pool, until))
    }

    fn release_expired(&self, now: Timestamp) -> Result<Released> {
        self.write(|| release::release_expired(&self.pool, now))
    }

    fn stopped_well(&self, now: Timestamp) -> Result<()> {
        self.write_noted(|noted| self.owner.end_well(&self.pool, now, noted))
    }

    fn jobs_in_hand(&self) -> Result<Vec<String>> {
        hand::jobs(&self.pool, self.owner.current())
    }

    fn claim_of(&self, destination: &str, terms: &ClaimTerms<'_>) -> Result<Option<Claim>> {
        self.write(|| claim::claim(&self.pool, &self.owner, destination, terms))
    }

    fn is_ready(&self, destination: &str, groups: Groups<'_>, pick: Pick) -> Result<bool> {
        self.told(claim::is_ready(&self.pool, destination, groups, pick))
    }

    fn held_back(&self, destination: &str) -> Result<HeldBack> {
        release::held_back(&self.pool, destination)
    }

    fn group_due(&self, destination: &str, group: &str) -> Result<Option<Timestamp>> {
        self.told(due::group_due(&self.pool, destination, group))
    }

    fn set_hand(&self, token: i64, hand: &Hand) -> Result<()> {
        self.write(|| hand::set(&self.pool, token, hand))
    }

    fn still_claimed(&self, token: i64, ids: &[i64]) -> Result<Vec<i64>> {
        claim::still_claimed(&self.pool, token, ids)
    }

    fn finish(&self, token: i64, results: &[Finish], now: Timestamp) -> Result<u64> {
        self.write(|| finish::finish(&self.pool, &self.owner, token, results, now))
    }

    fn set_last_error(&self, destination: &str, error: &LastError) -> Result<()> {
        self.write(|| destination::set_last_error(&self.pool, destination, error))
    }

    fn set_outage(
        &self,
        destination: &str,
        outage: Option<&Outage>,
        why: &str,
        now: Timestamp,
    ) -> Result<()> {
        self.write_noted(|noted| {
            destination::set_outage(&self.pool, destination, outage, why, now, noted)
        })
    }
}

impl Desk for SqliteStore {
    fn replay(&self, id: i64, expires: Option<Timestamp>) -> Result<Moved> {
        self.operate_one(id, &Operation::Replay, Timestamp::default(), expires)
    }

    fn cancel(&self, id: i64, now: Timestamp) -> Result<Moved> {
        self.operate_one(id, &Operation::Cancel, now, None)
    }

    fn send_now(&self, id: i64) -> Result<Moved> {
        self.operate_one(id, &Operation::SendNow, Timestamp::default(), None)
    }

    fn redirect(&self, id: i64, to: &str, expires: Option<Timestamp>) -> Result<Moved> {
        let operation = Operation::Redirect { to: to.to_owned() };
        self.operate_one(id, &operation, Timestamp::default(), expires)
    }

    fn remove(&self, id: i64) -> Result<Moved> {
        self.operate_one(id, &Operation::Remove, Timestamp::default(), None)
    }

    fn operate(&self, sweep: &Sweep<'_>) -> Result<Operated> {
        let progress = RefCell::default();
        let result = loop {
            match self.advance(sweep, &progress) {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        let operated = progress.into_inner().operated;
        if let (Err(error), true) = (&result, operated.done > 0 && !sweep.dry_run) {
            let event = sweep.event();
            log::error!("{event}: broke off after {} items: {error}", operated.done);
        }
        result.map(|()| operated)
    }

    fn set_paused(&self, destination: &str, paused: bool, now: Timestamp) -> Result<()> {
        self.write_for_person(|| destination::set_paused(&self.pool, destination, paused, now))
    }

    fn make_durable(&self) -> Result<()> {
        self.told(self.disk.sync())
    }
}

impl Book for SqliteStore {
    fn counts(&self) -> Result<Counts> {
        query::counts(&self.pool)
    }

    fn destinations(&self) -> Result<Vec<DestinationRecord>> {
        query::destinations(&self.pool, None)
    }

    fn destination(&self, name: &str) -> Result<Option<DestinationRecord>> {
        Ok(query::destinations(&self.pool, Some(name))?.pop())
    }

    fn item(&self, id: i64) -> Result<Option<(Item, Vec<Attempt>)>> {
        query::item(&self.pool, id)
    }

    fn items(&self, filter: &Filter, page: Page) -> Result<Vec<Item>> {
        list::items(&self.pool, filter, page)
    }

    fn held(&self) -> Result<Vec<HeldItems>> {
        error_queue::held(&self.pool)
    }

    fn error_summary(&self, of: &FailureKinds) -> Result<Vec<ErrorSummary>> {
        error_queue::error_summary(&self.pool, of)
    }

    fn failing(&self) -> Result<Vec<ErrorSummary>> {
        error_queue::failing(&self.pool)
    }

    fn failure_totals(&self) -> Result<Vec<FailureTotal>> {
        error_queue::failure_totals(&self.pool)
    }

    fn next_expiry(&self) -> Result<Option<Timestamp>> {
        query::next_expiry(&self.pool)
    }

    fn at_rest(&self, from: Timestamp, until: Timestamp) -> Result<Vec<MinuteAtRest>> {
        query::at_rest(&self.pool, from, until)
    }

    fn studies(&self, filter: &Filter, since: i64, limit: u32) -> Result<Vec<StudyProgress>> {
        by_study::studies(&self.pool, filter, since, limit)
    }

    fn progress(
        &self,
        level: Level,
        id: &str,
        study: Option<&str>,
    ) -> Result<Vec<ResourceProgress>> {
        query::progress(&self.pool, level, id, study)
    }

    fn location(&self) -> PathBuf {
        self.pool.path().clone()
    }

    /// The file, its write-ahead log and the room that is kept.
    fn size_bytes(&self) -> Result<u64> {
        let mut total = 0;
        for suffix in ["", "-wal", "-shm", "-room"] {
            let path = disk::beside(self.pool.path(), suffix);
            total += std::fs::metadata(path).map_or(0, |file| file.len());
        }
        Ok(total)
    }
}

impl Chronicle for SqliteStore {
    fn note(&self, entry: &Entry) -> Result<()> {
        self.write_for_person(|| chronicle::note(&self.pool, entry))
    }

    fn entries(&self, period: &Period, after: i64, limit: u32) -> Result<Vec<Entry>> {
        chronicle::entries(&self.pool, period, after, limit)
    }

    fn hours(&self, from: Timestamp, until: Timestamp) -> Result<Vec<Hour>> {
        chronicle::hours(&self.pool, from, until)
    }

    fn counted_until(&self) -> Result<Timestamp> {
        chronicle::counted_until(&self.pool, self.created)
    }

    fn count_hours(&self, hours: &[Hour], until: Timestamp) -> Result<()> {
        self.write(|| chronicle::count_hours(&self.pool, hours, until))
    }

    fn forget_before(&self, before: Timestamp, most: u32, limit: u32) -> Result<Forgotten> {
        self.write(|| chronicle::forget_before(&self.pool, before, most, limit))
    }
}

impl Upkeep for SqliteStore {
    fn promote(&self, now: Timestamp, limit: u32) -> Result<Vec<String>> {
        self.write(|| due::promote(&self.pool, now, limit))
    }

    fn next_due(&self) -> Result<Option<Timestamp>> {
        self.told(due::next_due(&self.pool))
    }

    fn wake(&self, destination: &str, now: Timestamp) -> Result<u64> {
        let woken = Cell::new(0);
        self.write(|| due::wake(&self.pool, destination, now, &woken))?;
        Ok(woken.get())
    }

    fn expire(&self, now: Timestamp, limit: u32) -> Result<u64> {
        self.write(|| due::expire(&self.pool, now, limit))
    }

    fn put_off(
        &self,
        destination: &str,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<u64> {
        self.write(|| due::put_off(&self.pool, destination, now, until, limit))
    }

    fn prune(&self, before: Timestamp, limit: u32) -> Result<u64> {
        self.write(|| due::prune(&self.pool, before, limit))
    }

    fn tidy(&self) -> Result<()> {
        if self.faults.may_be_over() {
            self.check_writable()?;
        }
        self.write(|| self.disk.shrink(&self.pool))?;
        self.told(self.disk.checkpoint_when_quiet())
    }

    fn reading(&self) -> Result<Option<Reading>> {
        clock::reading(&self.pool)
    }

    fn set_reading(&self, reading: Reading) -> Result<()> {
        self.write(|| clock::set_reading(&self.pool, reading))
    }

    fn pardon(&self, start: Timestamp, over: Duration, now: Timestamp) -> Result<u64> {
        self.write_noted(|noted| clock::pardon(&self.pool, start, over, now, noted))
    }

    fn fault(&self) -> Option<Fault> {
        self.faults.current()
    }

    fn check_writable(&self) -> Result<()> {
        self.write(|| operate::check_writable(&self.pool))?;
        self.faults.wrote();
        Ok(())
    }
}
