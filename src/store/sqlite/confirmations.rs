//! What was acknowledged is asked for: claims of follow-ups, and what came of them.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::destination::find_destination;
use super::owner::Owner;
use super::pool::Pool;
use super::{SqliteStore, row, sql};
use crate::item::{Class, Confirmation, Ids, Outcome, SentSeries, State, Timestamp};
use crate::store::{
    AttemptMade, Confirmations, Confirming, FollowUp, FollowUps, Followed, Result, StoreError,
};

/// Deliveries that one transaction has confirmed anew: some 10 ms of the writer's time.
const STEP: u32 = 500;

/// What is due first.
struct Head {
    study: String,
    transaction: Option<String>,
    due: Timestamp,
}

/// `reports`: see [`Confirmations::claim_follow_ups`].
fn head(conn: &Connection, destination: i64, reports: u32) -> Result<Option<Head>> {
    let find = |sql| {
        conn.prepare_cached(sql)?
            .query_row([destination], |row| {
                Ok(Head {
                    study: row.get(0)?,
                    transaction: row.get(1)?,
                    due: row.get(2)?,
                })
            })
            .optional()
    };
    let first = find(sql::FOLLOW_UP_HEAD)?;
    match &first {
        Some(head) if head.transaction.is_none() && !may_begin(conn, destination, reports)? => {
            Ok(find(sql::FOLLOW_UP_HEAD_OPEN)?)
        }
        _ => Ok(first),
    }
}

/// Whether another transaction may be open at the destination.
fn may_begin(conn: &Connection, destination: i64, reports: u32) -> Result<bool> {
    if reports == u32::MAX {
        return Ok(true);
    }
    let most: i64 = conn
        .prepare_cached(sql::FOLLOW_UP_MOST_OPEN)?
        .query_row([reports], |row| row.get(0))?;
    let open: i64 = conn
        .prepare_cached(sql::FOLLOW_UP_COUNT_OPEN)?
        .query_row([destination, most], |row| row.get(0))?;
    Ok(open < most)
}

/// Writes down what a delivery is to be confirmed by.
pub fn add(
    conn: &Connection,
    item: i64,
    delivered: Timestamp,
    due: Timestamp,
    series: Option<&SentSeries>,
) -> Result<()> {
    let sent = series.map(|series| sent_series(conn, series)).transpose()?;
    conn.prepare_cached(sql::FOLLOW_UP_ADD)?
        .execute(params![item, delivered, due, sent])?;
    Ok(())
}

fn sent_series(conn: &Connection, sent: &SentSeries) -> Result<i64> {
    let SentSeries {
        target,
        study,
        series,
        sop_class,
    } = sent;
    let known = conn
        .prepare_cached(sql::SENT_SERIES_FIND)?
        .query_row([series, study, sop_class, target], |row| row.get(0))
        .optional()?;
    if let Some(known) = known {
        return Ok(known);
    }
    conn.prepare_cached(sql::SENT_SERIES_ADD)?
        .execute([series, study, sop_class, target])?;
    Ok(conn.last_insert_rowid())
}

fn claim(
    pool: &Pool,
    owner: &Owner,
    destination: &str,
    now: Timestamp,
    limit: u32,
    reports: u32,
) -> Result<Option<FollowUps>> {
    let mut writer = pool.writer()?;
    let Some(id) = find_destination(&writer, destination)? else {
        return Ok(None);
    };
    let is_due = |head: &Head| head.due <= now;
    if !head(&writer, id, reports)?.as_ref().is_some_and(is_due) {
        return Ok(None);
    }
    if owner.current().is_none() {
        drop(writer);
        owner.ensure(pool)?;
        writer = pool.writer()?;
    }
    let tx = writer.begin()?;
    let Some(head) = head(&tx, id, reports)?.filter(is_due) else {
        return Ok(None);
    };
    let token = owner.token(&tx)?;
    match &head.transaction {
        Some(transaction) => tx
            .prepare_cached(sql::FOLLOW_UP_CLAIM_TRANSACTION)?
            .execute(params![token, id, transaction])?,
        None => tx
            .prepare_cached(sql::FOLLOW_UP_CLAIM_STUDY)?
            .execute(params![token, id, head.study, now, limit.max(1)])?,
    };
    let all = tx
        .prepare_cached(sql::FOLLOW_UP_CLAIMED)?
        .query_map([token], follow_up)?
        .collect::<rusqlite::Result<_>>()?;
    tx.commit()?;
    Ok(Some(FollowUps {
        token,
        transaction: head.transaction,
        all,
    }))
}

fn follow_up(row: &Row<'_>) -> rusqlite::Result<FollowUp> {
    let target: Option<String> = row.get(11)?;
    let series = match target {
        Some(target) => Some(SentSeries {
            target,
            study: row.get(12)?,
            series: row.get(13)?,
            sop_class: row.get(14)?,
        }),
        None => None,
    };
    Ok(FollowUp {
        item: row.get(0)?,
        ids: Ids {
            instance: row.get(1)?,
            sop_instance_uid: row.get(2)?,
            series: row.get(3)?,
            study: row.get(4)?,
            patient: row.get(5)?,
        },
        sent_as: row.get(6)?,
        series,
        delivered: row.get(7)?,
        asked: row.get(8)?,
        begun: row.get(9)?,
        said: row.get(10)?,
    })
}

/// What becomes of one; the state of an item that left `Success`.
fn follow(
    tx: &Connection,
    token: i64,
    item: i64,
    followed: &Followed,
    now: Timestamp,
) -> Result<Option<State>> {
    if let Followed::Later {
        due,
        asked,
        delivered,
        said,
        transaction,
    } = followed
    {
        let said = said.as_deref().map(row::details);
        tx.prepare_cached(sql::FOLLOW_UP_LATER)?.execute(params![
            item,
            token,
            due,
            asked,
            said,
            transaction,
            now,
            delivered
        ])?;
        return Ok(None);
    }
    let ended = tx
        .prepare_cached(sql::FOLLOW_UP_END)?
        .execute([item, token])?;
    if ended == 0 {
        return Ok(None);
    }
    let (confirmation, details) = match followed {
        Followed::Confirmed => (Confirmation::Confirmed, None),
        Followed::Dropped | Followed::Later { .. } => (Confirmation::None, None),
        Followed::TimedOut { details } => (Confirmation::TimedOut, Some(row::details(details))),
        Followed::Refused {
            status,
            details,
            resend: true,
            expires,
        } => {
            let refused = Outcome {
                dimse_status: Some(*status),
                ..Outcome::new(Class::Rejected, details)
            };
            return Ok(Some(resend(tx, item, refused, *expires, now)?));
        }
        Followed::Refused { details, .. } => (Confirmation::Refused, Some(row::details(details))),
    };
    tx.prepare_cached(sql::CONFIRM_ITEM)?
        .execute(params![item, confirmation, details])?;
    Ok(None)
}

/// It is sent again, or waits for a person if it was already; the refusal is among its attempts.
fn resend(
    tx: &Connection,
    item: i64,
    refused: Outcome,
    expires: Option<Timestamp>,
    now: Timestamp,
) -> Result<State> {
    let before: bool = tx
        .prepare_cached(sql::CONFIRM_REFUSED_BEFORE)?
        .query_row(params![item, refused.dimse_status], |row| row.get(0))?;
    let state = match before {
        true => State::Failure,
        false => State::Pending,
    };
    let details = row::details(&refused.details);
    let sent: Option<(i64, Option<String>)> = tx
        .prepare_cached(sql::CONFIRM_RESEND)?
        .query_row(
            params![item, state, now, refused.dimse_status, details, expires],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    if let Some((destination, sent_as)) = sent {
        super::finish::write_attempt(
            tx,
            item,
            destination,
            &AttemptMade {
                started: now,
                duration_us: 0,
                outcome: refused,
                counted: false,
                sent_as,
                altered: None,
                confirm: None,
            },
        )?;
    }
    Ok(state)
}

/// Some deliveries of the study behind this item; answers the last of them, and how many.
fn confirm_step(
    tx: &Connection,
    destination: i64,
    study: &str,
    after: i64,
    due: Timestamp,
    now: Timestamp,
) -> Result<(Option<i64>, u64)> {
    let mut items = tx.prepare_cached(sql::CONFIRM_STUDY)?;
    let items: Vec<i64> = items
        .query_map(params![study, destination, after, STEP], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for item in &items {
        // Nobody knows any more how it was sent.
        add(tx, *item, now, due, None)?;
        tx.prepare_cached(sql::CONFIRM_ITEM)?.execute(params![
            item,
            Confirmation::Waiting,
            None::<&str>
        ])?;
    }
    Ok((items.last().copied(), items.len() as u64))
}

impl Confirmations for SqliteStore {
    fn claim_follow_ups(
        &self,
        destination: &str,
        now: Timestamp,
        limit: u32,
        reports: u32,
    ) -> Result<Option<FollowUps>> {
        let (pool, owner) = (&self.pool, &self.owner);
        self.write(|| claim(pool, owner, destination, now, limit, reports))
    }

    fn next_follow_up(&self, destination: &str, reports: u32) -> Result<Option<Timestamp>> {
        let mut reader = self.pool.reader()?;
        let tx = reader.snapshot()?;
        let Some(id) = find_destination(&tx, destination)? else {
            return Ok(None);
        };
        Ok(head(&tx, id, reports)?.map(|head| head.due))
    }

    fn followed(
        &self,
        token: i64,
        results: &[(i64, Followed)],
        now: Timestamp,
    ) -> Result<(u64, u64)> {
        self.write(|| {
            let mut writer = self.pool.writer()?;
            let tx = writer.begin()?;
            let (mut again, mut failed) = (0, 0);
            for (item, followed) in results {
                let state = follow(&tx, token, *item, followed, now)?;
                again += u64::from(state == Some(State::Pending));
                failed += u64::from(state == Some(State::Failure));
            }
            tx.commit()?;
            Ok((again, failed))
        })
    }

    fn end_follow_ups(
        &self,
        destination: &str,
        before: Option<Timestamp>,
        followed: &Followed,
        limit: u32,
    ) -> Result<u64> {
        self.owner.ensure(&self.pool)?;
        self.write(|| {
            let mut writer = self.pool.writer()?;
            let Some(id) = find_destination(&writer, destination)? else {
                return Ok(0);
            };
            let tx = writer.begin()?;
            let mut unasked = tx.prepare_cached(sql::FOLLOW_UP_UNASKED)?;
            let items: Vec<i64> = unasked
                .query_map(params![id, before, limit], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            drop(unasked);
            if items.is_empty() {
                return Ok(0);
            }
            let token = self.owner.token(&tx)?;
            for item in &items {
                tx.prepare_cached(sql::FOLLOW_UP_CLAIM_ONE)?
                    .execute([*item, token])?;
                follow(&tx, token, *item, followed, Timestamp::default())?;
            }
            tx.commit()?;
            Ok(items.len() as u64)
        })
    }

    fn confirm(
        &self,
        destination: &str,
        study: &str,
        due: Timestamp,
        now: Timestamp,
    ) -> Result<u64> {
        let (mut after, mut all) = (0, 0);
        loop {
            let (last, count) = self.write_for_person(|| {
                let mut writer = self.pool.writer()?;
                let Some(id) = find_destination(&writer, destination)? else {
                    return Ok((None, 0));
                };
                let tx = writer.begin()?;
                let step = confirm_step(&tx, id, study, after, due, now)?;
                tx.commit()?;
                Ok::<_, StoreError>(step)
            })?;
            all += count;
            match last {
                Some(last) => after = last,
                None => return Ok(all),
            }
        }
    }
}

/// How many deliveries of a destination are in which confirmation.
/// By destination: of this one, or of all.
pub fn confirming(conn: &Connection, destination: Option<i64>) -> Result<HashMap<i64, Confirming>> {
    let mut counts = conn.prepare_cached(sql::CONFIRMING)?;
    let mut rows = counts.query([destination])?;
    let mut found: HashMap<i64, Confirming> = HashMap::new();
    while let Some(row) = rows.next()? {
        let confirming = found.entry(row.get(0)?).or_default();
        let count = row.get::<_, i64>(2)?.unsigned_abs();
        match row.get(1)? {
            Confirmation::Waiting => confirming.waiting = count,
            Confirmation::Refused => confirming.refused = count,
            Confirmation::TimedOut => confirming.timed_out = count,
            Confirmation::None | Confirmation::Confirmed => {}
        }
    }
    Ok(found)
}
