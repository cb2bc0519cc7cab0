//! What is known of the studies that Orthanc has, and what was deleted from it.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::destination::find_destination;
use super::{SqliteStore, sql};
use crate::item::safe::{Content, Sending};
use crate::item::{Confirmation, State, Timestamp};
use crate::store::{
    Deletion, Desk, History, KeptStudy, Known, Lead, NewDeletion, Order, Page, Result, Retention,
    StudyName,
};

/// Number, Orthanc's identifier, Study Instance UID, accession number.
fn named(row: &Row<'_>) -> rusqlite::Result<(i64, StudyName)> {
    let name = StudyName {
        study: row.get(1)?,
        uid: row.get(2)?,
        accession: row.get(3)?,
    };
    Ok((row.get(0)?, name))
}

/// Identifiers of these destinations; `None`: nothing ever was for it.
fn identifiers(conn: &Connection, names: &[String]) -> Result<Vec<Option<i64>>> {
    let all = names.iter().map(|name| find_destination(conn, name));
    all.collect()
}

fn kept(
    conn: &Connection,
    destinations: &[Option<i64>],
    (number, name): (i64, StudyName),
) -> Result<KeptStudy> {
    let mut lines = conn.prepare_cached(sql::DELIVERED_LAST)?;
    let lines = lines.query_map([number], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let lines: Vec<(i64, Timestamp)> = lines.collect::<rusqlite::Result<_>>()?;
    let of = |destination: &Option<i64>| {
        let line = lines.iter().find(|(to, _)| Some(*to) == *destination);
        line.map(|(_, last)| *last)
    };
    Ok(KeptStudy {
        number,
        name,
        delivered: destinations.iter().map(of).collect(),
    })
}

/// What the histories of several studies have in common.
struct Common {
    safe: Vec<(String, Option<i64>)>,
    leads: Vec<Lead>,
    /// Names of destinations by their identifiers, as they are met.
    names: HashMap<i64, String>,
}

impl Common {
    fn read(conn: &Connection, safe: &[String]) -> Result<Common> {
        let mut leads = conn.prepare_cached(sql::LED_TO_LIST)?;
        let leads = leads.query_map([], |row| {
            Ok(Lead {
                destination: row.get(0)?,
                address: row.get(1)?,
                since: row.get(2)?,
            })
        })?;
        Ok(Common {
            safe: (safe.iter().cloned())
                .zip(identifiers(conn, safe)?)
                .collect(),
            leads: leads.collect::<rusqlite::Result<_>>()?,
            names: HashMap::new(),
        })
    }

    fn name(&mut self, conn: &Connection, id: i64) -> Result<String> {
        if let Some(name) = self.names.get(&id) {
            return Ok(name.clone());
        }
        let name: String = conn
            .prepare_cached(sql::DESTINATION_NAME)?
            .query_row([id], |row| row.get(0))?;
        self.names.insert(id, name.clone());
        Ok(name)
    }
}

/// Whose history is read.
struct Of<'a> {
    number: i64,
    study: &'a str,
    /// The first and the last instance, by their identifiers.
    instances: (&'a str, &'a str),
    is_of_another_study: bool,
}

fn sendings(
    conn: &Connection,
    of: &Of<'_>,
    common: &mut Common,
    known: &mut Vec<Known>,
) -> Result<()> {
    let (first, last) = of.instances;
    let mut items = conn.prepare_cached(sql::HISTORY_ITEMS)?;
    let rows = items.query(params![of.study, first, last])?;
    add(conn, of, rows, common, known)?;
    let mut past = conn.prepare_cached(sql::HISTORY_PAST)?;
    let rows = past.query(params![of.number, first, last])?;
    add(conn, of, rows, common, known)?;
    let mut files = conn.prepare_cached(sql::HISTORY_FILES)?;
    let mut rows = files.query(params![of.number, first, last])?;
    while let Some(row) = rows.next()? {
        let file: String = row.get(3)?;
        known.push(Known {
            instance: row.get(1)?,
            is_of_another_study: of.is_of_another_study,
            size_bytes: 0,
            sending: Sending {
                item: row.get(0)?,
                destination: common.name(conn, row.get(2)?)?,
                is_of_another: of.is_of_another_study,
                is_past: true,
                reached: true,
                state: State::Retry,
                class: None,
                dimse_status: None,
                completed: None,
                confirmation: Confirmation::None,
                is_altered: row.get(6)?,
                sent_as: row.get(5)?,
                content: Content {
                    file: (!file.is_empty()).then_some(file),
                    digest: row.get(4)?,
                },
            },
        });
    }
    Ok(())
}

/// What was sent of an item without a result, under which UID nobody knows.
fn untold(one: &Known) -> Known {
    Known {
        sending: Sending {
            is_past: true,
            state: State::Retry,
            class: None,
            dimse_status: None,
            completed: None,
            confirmation: Confirmation::None,
            sent_as: String::new(),
            ..one.sending.clone()
        },
        ..one.clone()
    }
}

/// All instances, by their identifiers.
const ALL: (&str, &str) = ("", "~");

/// The columns of `history_items.sql` and `history_past.sql`.
fn add(
    conn: &Connection,
    of: &Of<'_>,
    mut rows: rusqlite::Rows<'_>,
    common: &mut Common,
    known: &mut Vec<Known>,
) -> Result<()> {
    while let Some(row) = rows.next()? {
        let sent_as: Option<String> = row.get(11)?;
        let altered: Option<bool> = row.get(15)?;
        known.push(Known {
            instance: row.get(1)?,
            is_of_another_study: of.is_of_another_study,
            size_bytes: row.get::<_, i64>(12)?.unsigned_abs(),
            sending: Sending {
                item: row.get(0)?,
                destination: common.name(conn, row.get(2)?)?,
                is_of_another: of.is_of_another_study,
                is_past: row.get(13)?,
                reached: row.get(14)?,
                state: row.get(3)?,
                class: row.get(4)?,
                dimse_status: row.get(5)?,
                completed: row.get(6)?,
                confirmation: row.get(7)?,
                is_altered: altered != Some(false),
                sent_as: match sent_as {
                    Some(uid) => uid,
                    None => row.get(10)?,
                },
                content: Content {
                    file: row.get(8)?,
                    digest: row.get(9)?,
                },
            },
        });
        if altered.is_none() {
            known.extend(known.last().map(untold));
        }
    }
    Ok(())
}

/// Of all its instances, or of one.
fn own(
    conn: &Connection,
    study: &KeptStudy,
    instance: Option<&str>,
    common: &mut Common,
) -> Result<History> {
    let mut history = History {
        leads: common.leads.clone(),
        ..History::default()
    };
    let own = Of {
        number: study.number,
        study: &study.name.study,
        instances: instance.map_or(ALL, |instance| (instance, instance)),
        is_of_another_study: false,
    };
    sendings(conn, &own, common, &mut history.known)?;
    history.is_owed = (conn.prepare_cached(sql::TAKEN_OWED_OF)?).exists([&study.name.study])?;
    Ok(history)
}

/// With what went under the same Study Instance UID.
fn whole(conn: &Connection, study: &KeptStudy, common: &mut Common) -> Result<History> {
    let mut history = own(conn, study, None, common)?;
    let mut twins = conn.prepare_cached(sql::HISTORY_TWINS)?;
    let twins = twins.query_map(
        params![study.name.study, study.name.uid, study.number],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let twins: Vec<(i64, String, bool)> = twins.collect::<rusqlite::Result<_>>()?;
    for (number, id, is_closed) in &twins {
        if *is_closed {
            let name = StudyName::default();
            let destinations: Vec<Option<i64>> = common.safe.iter().map(|(_, id)| *id).collect();
            let lines = kept(conn, &destinations, (*number, name))?.delivered;
            let sent = common.safe.iter().zip(lines);
            let sent = sent.filter(|(_, last)| last.is_some());
            let sent = sent.map(|((name, _), _)| name.clone());
            history.sent_before.extend(sent);
        } else {
            let other = Of {
                number: *number,
                study: id,
                instances: ALL,
                is_of_another_study: true,
            };
            sendings(conn, &other, common, &mut history.known)?;
        }
    }
    history.sent_before.sort();
    history.sent_before.dedup();
    Ok(history)
}

/// The columns of `deletion_read.sql`.
fn deletion(row: &Row<'_>) -> rusqlite::Result<Deletion> {
    let safe: String = row.get(10)?;
    // Written here only.
    let safe: Vec<(String, i64)> = serde_json::from_str(&safe).unwrap_or_default();
    let safe = safe.into_iter();
    Ok(Deletion {
        id: row.get(0)?,
        new: NewDeletion {
            name: StudyName {
                study: row.get(1)?,
                uid: row.get(2)?,
                accession: row.get(3)?,
            },
            begun: row.get(4)?,
            instances: row.get::<_, i64>(6)?.unsigned_abs(),
            bytes: row.get::<_, i64>(7)?.unsigned_abs(),
            is_emergency: row.get(9)?,
            safe: safe
                .map(|(name, last)| (name, Timestamp::from_micros(last)))
                .collect(),
        },
        ended: row.get(5)?,
        gone: row.get::<_, i64>(8)?.unsigned_abs(),
        kept: row.get(11)?,
    })
}

impl Retention for SqliteStore {
    fn kept_studies(&self, safe: &[String], after: i64, limit: u32) -> Result<Vec<KeptStudy>> {
        let mut reader = self.pool.reader()?;
        let tx = reader.snapshot()?;
        let destinations = identifiers(&tx, safe)?;
        let mut studies = tx.prepare_cached(sql::KEPT_STUDIES)?;
        let studies = studies.query_map(params![after, limit], named)?;
        let studies: Vec<(i64, StudyName)> = studies.collect::<rusqlite::Result<_>>()?;
        let studies = studies.into_iter();
        studies
            .map(|study| kept(&tx, &destinations, study))
            .collect()
    }

    fn kept_study(&self, safe: &[String], study: &str) -> Result<Option<KeptStudy>> {
        let mut reader = self.pool.reader()?;
        let tx = reader.snapshot()?;
        let destinations = identifiers(&tx, safe)?;
        let found = tx
            .prepare_cached(sql::KEPT_STUDY)?
            .query_row([study], named)
            .optional()?;
        found
            .map(|study| kept(&tx, &destinations, study))
            .transpose()
    }

    fn history(&self, study: &KeptStudy, safe: &[String]) -> Result<History> {
        let mut reader = self.pool.reader()?;
        let tx = reader.snapshot()?;
        whole(&tx, study, &mut Common::read(&tx, safe)?)
    }

    fn history_of(&self, study: &KeptStudy, instance: &str) -> Result<History> {
        let mut reader = self.pool.reader()?;
        let tx = reader.snapshot()?;
        own(&tx, study, Some(instance), &mut Common::read(&tx, &[])?)
    }

    fn histories(
        &self,
        studies: &[&KeptStudy],
        safe: &[String],
        each: &mut dyn FnMut(&KeptStudy, History),
    ) -> Result<()> {
        let mut reader = self.pool.reader()?;
        let tx = reader.snapshot()?;
        let mut common = Common::read(&tx, safe)?;
        for study in studies {
            each(study, whole(&tx, study, &mut common)?);
        }
        Ok(())
    }

    fn note_leads(&self, leads: &[(String, String)]) -> Result<()> {
        self.write(|| {
            let mut writer = self.pool.writer()?;
            let tx = writer.begin()?;
            let mut note = tx.prepare_cached(sql::LED_TO_NOTE)?;
            for (destination, address) in leads {
                note.execute([destination, address])?;
            }
            drop(note);
            tx.commit()?;
            Ok(())
        })
    }

    fn begin_deletion(&self, deletion: &NewDeletion) -> Result<i64> {
        let safe: Vec<(&str, i64)> = (deletion.safe.iter())
            .map(|(name, last)| (name.as_str(), last.micros()))
            .collect();
        let safe = serde_json::to_string(&safe).unwrap_or_default();
        let id = self.write(|| {
            let mut writer = self.pool.writer()?;
            let tx = writer.begin()?;
            tx.prepare_cached(sql::DELETION_BEGIN)?.execute(params![
                deletion.name.study,
                deletion.name.uid,
                deletion.name.accession,
                deletion.begun,
                count(deletion.instances),
                count(deletion.bytes),
                deletion.is_emergency,
                safe,
            ])?;
            let id = tx.last_insert_rowid();
            tx.commit()?;
            Ok(id)
        })?;
        self.make_durable()?;
        Ok(id)
    }

    fn count_deleted(&self, id: i64, gone: u64) -> Result<()> {
        self.write(|| {
            let mut writer = self.pool.writer()?;
            let tx = writer.begin()?;
            tx.prepare_cached(sql::DELETION_COUNT)?
                .execute(params![id, count(gone)])?;
            tx.commit()?;
            Ok(())
        })
    }

    fn end_deletion(&self, id: i64, now: Timestamp, gone: u64, kept: Option<&str>) -> Result<()> {
        self.write(|| {
            let mut writer = self.pool.writer()?;
            let tx = writer.begin()?;
            tx.prepare_cached(sql::DELETION_END)?
                .execute(params![id, now, count(gone), kept])?;
            tx.commit()?;
            Ok(())
        })
    }

    fn open_deletions(&self) -> Result<Vec<Deletion>> {
        let mut reader = self.pool.reader()?;
        let tx = reader.snapshot()?;
        let mut open = tx.prepare_cached(sql::DELETION_OPEN)?;
        let open = open.query_map([], deletion)?;
        Ok(open.collect::<rusqlite::Result<_>>()?)
    }

    fn deletions(
        &self,
        study: Option<&str>,
        accession: Option<&str>,
        page: Page,
    ) -> Result<Vec<Deletion>> {
        let mut reader = self.pool.reader()?;
        let tx = reader.snapshot()?;
        let (list, find, from) = match (page.order, page.since) {
            (Order::Ascending, since) => (sql::DELETION_LIST, sql::DELETION_FIND, since),
            (Order::Descending, since) => (
                sql::DELETION_LIST_DOWN,
                sql::DELETION_FIND_DOWN,
                if since == 0 { i64::MAX } else { since },
            ),
        };
        let mut statement;
        let found = if study.is_none() && accession.is_none() {
            statement = tx.prepare_cached(list)?;
            statement.query_map(params![from, page.limit], deletion)?
        } else {
            statement = tx.prepare_cached(find)?;
            statement.query_map(params![from, page.limit, study, accession], deletion)?
        };
        Ok(found.collect::<rusqlite::Result<_>>()?)
    }
}

fn count(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
