//! claim: a worker takes the most urgent group of a destination.

use rusqlite::{Connection, OptionalExtension, Row, ToSql, named_params, params};

use super::destination::find_destination;
use super::owner::Owner;
use super::pool::Pool;
use super::{row, sql};
use crate::item::{Item, Priority};
use crate::store::{Claim, ClaimTerms, Groups, Pick, Result};

struct Head {
    id: i64,
    group: Option<String>,
    priority: Priority,
    /// It goes without the others of its group.
    alone: bool,
    /// A person wants it sent now.
    hurried: bool,
}

pub fn claim(
    pool: &Pool,
    owner: &Owner,
    destination: &str,
    terms: &ClaimTerms<'_>,
) -> Result<Option<Claim>> {
    let ClaimTerms {
        groups,
        pick,
        limit,
        alters,
    } = *terms;
    let mut writer = pool.writer()?;
    let Some(id) = find_destination(&writer, destination)? else {
        return Ok(None);
    };
    // Workers ask often and mostly in vain: an empty queue costs a probe and no transaction.
    if head(&writer, id, groups, pick)?.is_none() {
        return Ok(None);
    }
    if owner.current().is_none() {
        drop(writer);
        owner.ensure(pool)?;
        writer = pool.writer()?;
    }
    let tx = writer.begin()?;
    let Some(head) = head(&tx, id, groups, pick)? else {
        return Ok(None);
    };
    let token = owner.token(&tx)?;
    let mut items: Vec<(i64, Item)> = match &head.group {
        Some(group) if !head.alone => tx
            .prepare_cached(sql::CLAIM_GROUP)?
            .query_map(
                named_params! {
                    ":token": token, ":name": destination, ":destination": id, ":grp": group,
                    ":priority": head.priority, ":limit": limit.max(1), ":alters": alters,
                },
                placed,
            )?
            .collect::<rusqlite::Result<_>>()?,
        // Alone.
        _ => tx
            .prepare_cached(sql::CLAIM_ONE)?
            .query_map(
                named_params! {
                    ":token": token, ":name": destination, ":id": head.id, ":alters": alters,
                },
                placed,
            )?
            .collect::<rusqlite::Result<_>>()?,
    };
    tx.commit()?;
    // RETURNING promises no order.
    items.sort_unstable_by_key(|(place, item)| (*place, item.id));
    Ok(Some(Claim {
        token,
        group: head.group,
        hurried: head.hurried,
        items: items.into_iter().map(|(_, item)| item).collect(),
    }))
}

/// An item, after its place.
fn placed(row: &Row<'_>) -> rusqlite::Result<(i64, Item)> {
    Ok((row.get(20)?, row::item(row)?))
}

pub fn is_ready(pool: &Pool, destination: &str, groups: Groups<'_>, pick: Pick) -> Result<bool> {
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    match find_destination(&tx, destination)? {
        Some(id) => Ok(head(&tx, id, groups, pick)?.is_some()),
        None => Ok(false),
    }
}

fn head(
    conn: &Connection,
    destination: i64,
    groups: Groups<'_>,
    pick: Pick,
) -> Result<Option<Head>> {
    let least = match pick {
        Pick::AtLeast(priority) => priority,
        Pick::MostUrgent | Pick::Oldest | Pick::Hurried | Pick::Aside => Priority::Low,
    };
    let find = |sql: &str, params: &[&dyn ToSql]| {
        conn.prepare_cached(sql)?
            .query_row(params, |row| {
                Ok(Head {
                    id: row.get(0)?,
                    group: row.get(1)?,
                    priority: row.get(2)?,
                    alone: row.get(3)?,
                    hurried: row.get(4)?,
                })
            })
            .optional()
    };
    if pick == Pick::Aside {
        return Ok(find(sql::CLAIM_ASIDE, &[&destination])?);
    }
    let of_one = matches!(groups, Groups::Only(_));
    let groups = match groups {
        Groups::Only(group) => Some(group.to_owned()),
        Groups::Except(groups) if !groups.is_empty() => {
            let groups = serde_json::Value::from(groups).to_string();
            let others: bool = conn
                .prepare_cached(sql::CLAIM_OTHERS)?
                .query_row(params![destination, groups], |row| row.get(0))?;
            if !others {
                return Ok(None);
            }
            Some(groups)
        }
        Groups::Except(_) | Groups::All => None,
    };
    let (hurried, urgent) = if of_one {
        (sql::CLAIM_HURRIED_OF, sql::CLAIM_HEAD_OF)
    } else {
        (sql::CLAIM_HURRIED, sql::CLAIM_HEAD)
    };
    if pick == Pick::Oldest && !of_one {
        return Ok(find(sql::CLAIM_OLDEST, &[&destination, &groups])?);
    }
    let found = find(hurried, &[&destination, &least, &groups])?;
    if found.is_some() || pick == Pick::Hurried {
        return Ok(found);
    }
    Ok(find(urgent, &[&destination, &least, &groups])?)
}

pub fn still_claimed(pool: &Pool, token: i64, ids: &[i64]) -> Result<Vec<i64>> {
    let mut reader = pool.reader()?;
    let tx = reader.snapshot()?;
    let mut held = tx.prepare_cached(sql::CLAIM_STILL)?;
    let held = held
        .query_map(params![token, json(ids)], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(held)
}

/// A list of ids as one parameter, for `json_each`.
pub fn json(ids: &[i64]) -> String {
    serde_json::Value::from(ids).to_string()
}
