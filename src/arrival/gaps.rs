//! The numbers below the cursor of which no line was seen.
//!
//! Invariants:
//! - All are at or below the cursor, and were between two lines when they were read: what is older than the queue is
//!   none.
//! - Kept as ranges, at most [`MOST`]: a thousand resources that were deleted together are one. Past that the lowest
//!   ranges are dropped: their numbers were given out first, so they are the last whose lines could still appear.
//! - A number leaves by its line, or by [`Gaps::forget`].

use std::collections::BTreeMap;

use super::changes::{Change, PAGE};
use crate::item::Timestamp;
use crate::store::{Cursor, Gap, Reached};

/// Most ranges kept.
pub const MOST: usize = 10_000;
/// Ranges with at most so many lines between them are looked at with one call.
const NEAR: i64 = 16;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gaps(BTreeMap<i64, Gap>);

/// Numbers that are looked at together: the lowest and the highest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub first: i64,
    pub last: i64,
}

impl Gaps {
    /// Those of the store. A clock that was set back since must not make one live longer.
    pub fn new(stored: &[Gap], now: Timestamp) -> Gaps {
        let gap = |gap: &Gap| Gap {
            first_seen: gap.first_seen.min(now),
            ..*gap
        };
        Gaps(stored.iter().map(|one| (one.first, gap(one))).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Since when the oldest is known.
    pub fn oldest(&self) -> Option<Timestamp> {
        self.0.values().map(|gap| gap.first_seen).min()
    }

    /// What is missing between `after` and these lines, and among them. Answers how many ranges were dropped.
    pub fn open(&mut self, after: i64, lines: &[Change], now: Timestamp) -> usize {
        let mut previous = after;
        for line in lines {
            if line.seq > previous + 1 {
                self.insert(previous + 1, line.seq - 1, now);
            }
            previous = line.seq;
        }
        let dropped = self.0.len().saturating_sub(MOST);
        for _ in 0..dropped {
            self.0.pop_first();
        }
        dropped
    }

    /// The range in which `seq` is missing.
    fn range_of(&self, seq: i64) -> Option<Gap> {
        let (_, gap) = self.0.range(..=seq).next_back()?;
        (gap.last >= seq).then_some(*gap)
    }

    pub fn has(&self, seq: i64) -> bool {
        self.range_of(seq).is_some()
    }

    /// The line of this number was seen.
    pub fn close(&mut self, seq: i64) {
        if let Some(gap) = self.range_of(seq) {
            self.0.remove(&gap.first);
            self.insert(gap.first, seq - 1, gap.first_seen);
            self.insert(seq + 1, gap.last, gap.first_seen);
        }
    }

    /// The cursor is at `seq`: what is above it will be read.
    pub fn end_at(&mut self, seq: i64) {
        let above = self.0.split_off(&(seq + 1));
        drop(above);
        if let Some(gap) = self.0.values_mut().next_back() {
            gap.last = gap.last.min(seq);
        }
    }

    /// The highest numbers below `below` that one call can tell of.
    pub fn window_below(&self, below: i64) -> Option<Window> {
        let mut under = self.0.range(..below).rev().map(|(_, gap)| gap);
        let highest = under.next()?;
        let mut window = Window {
            first: highest.first,
            last: highest.last.min(below - 1),
        };
        for gap in under {
            if window.first - gap.last > NEAR || window.last - gap.first >= i64::from(PAGE) {
                break;
            }
            window.first = gap.first;
        }
        Some(window)
    }

    /// Gives up the ranges that begin in the window and were seen first before `before`.
    pub fn forget(&mut self, window: Window, before: Timestamp) {
        let old: Vec<i64> = self
            .0
            .range(window.first..=window.last)
            .filter(|(_, gap)| gap.first_seen <= before)
            .map(|(first, _)| *first)
            .collect();
        for first in old {
            self.0.remove(&first);
        }
    }

    /// What is to be written where `stored` is.
    pub fn reached(&self, stored: &Gaps, cursor: &Cursor) -> Reached {
        let differs = |other: &Gaps, gap: &&Gap| other.0.get(&gap.first) != Some(*gap);
        let closed = stored.0.keys().filter(|first| !self.0.contains_key(first));
        let opened = self.0.values().filter(|gap| differs(stored, gap));
        Reached {
            cursor: cursor.clone(),
            closed: closed.copied().collect(),
            opened: opened.copied().collect(),
        }
    }

    fn insert(&mut self, first: i64, last: i64, first_seen: Timestamp) {
        if first <= last {
            let gap = Gap {
                first,
                last,
                first_seen,
            };
            self.0.insert(first, gap);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn line(seq: i64) -> Change {
        Change {
            seq,
            date: String::new(),
            new_instance: true,
            resource: String::new(),
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds)
    }

    fn missing(gaps: &Gaps) -> BTreeSet<i64> {
        let ranges = gaps.0.values().map(|gap| gap.first..=gap.last);
        ranges.flatten().collect()
    }

    #[test]
    fn ranges_say_what_single_numbers_would() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..200 {
            let mut gaps = Gaps::default();
            let mut stored = Gaps::default();
            let mut expected = BTreeSet::new();
            let mut cursor = 0;
            for _ in 0..60 {
                match random.u8(..10) {
                    0..4 => {
                        let mut lines = Vec::new();
                        let before = cursor;
                        for _ in 0..random.usize(..4) {
                            let next = cursor + 1 + random.i64(0..4);
                            expected.extend(cursor + 1..next);
                            lines.push(line(next));
                            cursor = next;
                        }
                        assert_eq!(gaps.open(before, &lines, at(cursor)), 0);
                    }
                    4..8 => {
                        let seq = random.i64(0..=cursor + 1);
                        assert_eq!(gaps.has(seq), expected.remove(&seq));
                        gaps.close(seq);
                    }
                    8 if random.u8(..8) == 0 => {
                        cursor = random.i64(0..=cursor);
                        gaps.end_at(cursor);
                        expected.retain(|seq| *seq <= cursor);
                    }
                    _ => {
                        let at = Cursor {
                            seq: cursor,
                            date: String::new(),
                        };
                        let change = gaps.reached(&stored, &at);
                        for first in change.closed {
                            assert!(stored.0.remove(&first).is_some());
                        }
                        for gap in change.opened {
                            stored.0.insert(gap.first, gap);
                        }
                        assert_eq!(stored, gaps);
                    }
                }
                assert_eq!(missing(&gaps), expected);
            }
            // Going down by windows passes all of them.
            let mut below = i64::MAX;
            let mut passed = BTreeSet::new();
            while let Some(window) = gaps.window_below(below) {
                assert!(window.first <= window.last && window.last < below);
                passed.extend(window.first..=window.last);
                below = window.first;
            }
            assert!(expected.is_subset(&passed));
        }
    }

    #[test]
    fn what_is_near_is_looked_at_together() {
        let mut gaps = Gaps::default();
        let lines: Vec<Change> = [3, 5]
            .into_iter()
            .chain(9..30)
            .chain([31])
            .map(line)
            .collect();
        gaps.open(1, &lines, at(0));
        let window = |first, last| Some(Window { first, last });
        assert_eq!(gaps.window_below(i64::MAX), window(30, 30));
        assert_eq!(gaps.window_below(30), window(2, 8));
        gaps.open(31, &[line(1000)], at(0));
        assert_eq!(gaps.window_below(i64::MAX), window(32, 999));
        assert_eq!(gaps.window_below(2), None);
    }

    #[test]
    fn old_ranges_are_forgotten_and_the_lowest_dropped() {
        let mut gaps = Gaps::default();
        gaps.open(1, &[line(3)], at(10));
        gaps.open(3, &[line(5)], at(20));
        let all = Window { first: 1, last: 9 };
        gaps.forget(all, at(9));
        assert_eq!(missing(&gaps), [2, 4].into());
        gaps.forget(all, at(10));
        assert_eq!(missing(&gaps), [4].into());
        let lines: Vec<Change> = (1..=MOST as i64 + 3).map(|n| line(5 + 2 * n)).collect();
        assert_eq!(gaps.open(5, &lines, at(30)), 4);
        assert_eq!(gaps.0.len(), MOST);
        assert!(!gaps.has(4) && gaps.has(lines[lines.len() - 1].seq - 1));
        // However many numbers: one range.
        let mut wide = Gaps::default();
        wide.open(1, &[line(20_000)], at(0));
        assert_eq!(wide.0.len(), 1);
    }
}
