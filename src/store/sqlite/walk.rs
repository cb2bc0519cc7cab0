//! The items of a filter, one after the other in the order of `id`: the merged [`Part`]s that find them.
//!
//! - A part is asked when its next item may be the next of all, and for few at first: most of what was read would be
//!   lost where whoever walks passes over what follows ([`Walk::pass`]).
//! - The first part that has something tells the horizon, up to which the others are asked: one of which little fits is
//!   not gone through while another has what is next. What is beyond is looked for when all up to it was passed.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use rusqlite::{CachedStatement, Connection};

use super::list::Request;
use super::route::{Part, parts};
use crate::store::{Order, Result};

/// How far the first horizon is behind what comes next, and how many times as far each is as the one before.
const HORIZON: i64 = 8192;
const FARTHER: i64 = 4;

/// Identifiers that a part is asked for at once, at most.
const MOST: u32 = 1000;

pub struct Walk<'a> {
    order: Order,
    statements: Vec<(&'static str, CachedStatement<'a>)>,
    lanes: Vec<Lane>,
    /// What comes next in those lanes that have something up to the horizon.
    heads: BinaryHeap<Reverse<(i64, usize)>>,
    /// Places, which grow in the order of the walk: how far it came, how far all lanes were asked, where it ends.
    near: i64,
    horizon: i64,
    end: i64,
    ahead: i64,
}

/// A part, and what was read of it.
struct Lane {
    part: Part,
    statement: usize,
    found: VecDeque<i64>,
    /// Up to here there is nothing but what was found.
    asked: i64,
    step: u32,
}

impl<'a> Walk<'a> {
    /// As many as the page has room for are likely to be asked for.
    pub fn new(conn: &'a Connection, request: &Request<'_>) -> Result<Walk<'a>> {
        let parts = parts(conn, request.filter, request.destination)?;
        let Request {
            above, below, page, ..
        } = *request;
        let (near, end) = match page.order {
            Order::Ascending => (above, below),
            Order::Descending => (-below, -above),
        };
        let mut walk = Walk {
            order: page.order,
            statements: Vec::new(),
            heads: BinaryHeap::with_capacity(parts.len()),
            near,
            horizon: near,
            end,
            // One that is alone has nobody to wait for.
            ahead: if parts.len() == 1 { i64::MAX } else { HORIZON },
            lanes: Vec::with_capacity(parts.len()),
        };
        let share = page.limit.div_ceil(parts.len().max(1) as u32);
        for part in parts {
            let statement = walk.statement(conn, request, &part)?;
            walk.lanes.push(Lane {
                part,
                statement,
                found: VecDeque::new(),
                asked: near,
                step: share,
            });
        }
        Ok(walk)
    }

    /// The statement of a part, with what the filter says bound to it.
    fn statement(
        &mut self,
        conn: &'a Connection,
        request: &Request<'_>,
        part: &Part,
    ) -> Result<usize> {
        let sql = part.sql(self.order);
        if let Some(known) = self.statements.iter().position(|one| one.0 == sql) {
            return Ok(known);
        }
        let mut statement = conn.prepare_cached(sql)?;
        request.bind(&mut statement)?;
        self.statements.push((sql, statement));
        Ok(self.statements.len() - 1)
    }

    pub fn next(&mut self) -> Result<Option<i64>> {
        loop {
            match self.heads.peek() {
                Some(&Reverse((place, lane))) if place <= self.near => {
                    self.heads.pop();
                    self.advance(lane)?;
                }
                Some(&Reverse((place, _))) if place < self.horizon => {
                    self.near = place;
                    return Ok(Some(self.id(place)));
                }
                None if self.horizon >= self.end => return Ok(None),
                _ => self.widen()?,
            }
        }
    }

    pub fn take(&mut self, most: u32) -> Result<Vec<i64>> {
        let mut ids = Vec::new();
        while ids.len() < most as usize {
            match self.next()? {
                Some(id) => ids.push(id),
                None => break,
            }
        }
        Ok(ids)
    }

    /// Goes on behind an identifier.
    pub fn pass(&mut self, id: i64) {
        self.near = self.near.max(self.id(id));
    }

    /// The identifier of a place, and the other way round.
    fn id(&self, place: i64) -> i64 {
        match self.order {
            Order::Ascending => place,
            Order::Descending => -place,
        }
    }

    /// Sets another horizon, as soon as something is known that comes next, and asks the lanes that have nothing left.
    fn widen(&mut self) -> Result<()> {
        self.horizon = self.end;
        for lane in 0..self.lanes.len() {
            if let Some(Reverse((place, _))) = self.heads.peek() {
                self.horizon = self.horizon.min(place.saturating_add(self.ahead));
            }
            if self.lanes[lane].found.is_empty() {
                self.ask(lane)?;
            }
        }
        self.ahead = self.ahead.saturating_mul(FARTHER);
        Ok(())
    }

    /// To what a lane has next.
    fn advance(&mut self, number: usize) -> Result<()> {
        let lane = &mut self.lanes[number];
        let before = lane.found.len();
        while lane.found.front().is_some_and(|place| *place <= self.near) {
            lane.found.pop_front();
        }
        if before - lane.found.len() > 1 {
            lane.step = 1;
        }
        match lane.found.front() {
            Some(place) => self.heads.push(Reverse((*place, number))),
            None => self.ask(number)?,
        }
        Ok(())
    }

    /// Reads on in a lane that has nothing left, up to the horizon.
    fn ask(&mut self, number: usize) -> Result<()> {
        let lane = &mut self.lanes[number];
        let from = lane.asked.max(self.near);
        if from >= self.horizon - 1 {
            return Ok(());
        }
        lane.asked = self.horizon - 1;
        let (above, below) = match self.order {
            Order::Ascending => (from, self.horizon),
            Order::Descending => (-self.horizon, -from),
        };
        let (_, statement) = &mut self.statements[lane.statement];
        statement.raw_bind_parameter(":above", above)?;
        statement.raw_bind_parameter(":below", below)?;
        statement.raw_bind_parameter(":limit", lane.step)?;
        for (name, value) in &lane.part.params {
            statement.raw_bind_parameter(*name, value)?;
        }
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            lane.found.push_back(match self.order {
                Order::Ascending => id,
                Order::Descending => -id,
            });
        }
        if lane.found.len() >= lane.step as usize {
            lane.asked = lane.found.back().copied().unwrap_or(lane.asked);
        }
        lane.step = lane.step.saturating_mul(2).clamp(1, MOST.max(lane.step));
        if let Some(place) = lane.found.front() {
            self.heads.push(Reverse((*place, number)));
        }
        Ok(())
    }
}
