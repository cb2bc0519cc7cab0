//! Orthanc's `/changes`, read as a log.
//!
//! Invariants:
//! - Sequence numbers are 64 bits here. Orthanc keeps them so and takes them so in `since`, but shows only the
//!   lower 32, as a signed number (1.10.1 to 1.13.0, `ServerIndexChange::Format`, `FormatLog`); the upper
//!   ones follow from the cursor, because the log is read upwards.
//! - The field `Last` is never used to move on. It is looked at on an empty page only, where it is the number of the
//!   change that was written last (cut as well): it tells whether lines came and vanished again. It can go back: on
//!   PostgreSQL the change that is written last need not have the highest number.

use orthanc_sdk::{CallError, Client};
use serde_json::Value;

/// Lines of the log read at once.
pub const PAGE: u32 = 500;
/// Turns of the 32 bits after which a log is no log.
const MOST_TURNS: u32 = 4096;
/// How often a question is asked again because the log changed meanwhile.
const MOST_ROUNDS: u32 = 10;

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub seq: i64,
    /// `20261120T235959`, UTC, whole seconds.
    pub date: String,
    pub new_instance: bool,
    /// Orthanc ID of the resource.
    pub resource: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub changes: Vec<Change>,
    /// Nothing follows as yet.
    pub done: bool,
    /// Of an empty page: the number of the change that was written last; of those that it can be, the nearest to
    /// `since`.
    pub end: Option<i64>,
}

#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("{0}")]
    Call(#[from] CallError),
    #[error("Orthanc's /changes answered something unexpected: {0}")]
    Unexpected(String),
}

/// The lines after `since`, at most `limit`.
pub fn after(client: &Client, since: i64, limit: u32) -> Result<Page, ReadError> {
    let answer = client.get_json(&format!("/changes?since={since}&limit={limit}"))?;
    parse(&answer, since)
}

/// The newest line; `None`: the log is empty.
///
/// Its upper bits are unknown, so they are looked for: as long as the log has lines half a turn of the 32 bits
/// further on, its newest line is at least one turn further on. Lines written meanwhile do not mislead.
pub fn newest(client: &Client) -> Result<Option<Change>, ReadError> {
    let answer = client.get_json("/changes?last")?;
    let page = parse(&answer, -1)?;
    let Some(mut change) = page.changes.into_iter().next_back() else {
        return Ok(None);
    };
    for _ in 0..MOST_TURNS {
        if first_after(client, change.seq + (1 << 31))?.is_none() {
            return Ok(Some(change));
        }
        change.seq += 1 << 32;
    }
    Err(ReadError::Unexpected("a log without an end".to_owned()))
}

/// The first line after `since`.
pub fn first_after(client: &Client, since: i64) -> Result<Option<Change>, ReadError> {
    Ok(after(client, since, 1)?.changes.into_iter().next())
}

/// The lowest number after which no line comes that is not `wanted`, at most `end`, the number of the newest line.
/// The lines that are wanted must be the newest ones. Looks back one turn of the 32 bits at most, so that
/// each number is certain.
pub fn lowest_before(
    client: &Client,
    end: i64,
    wanted: impl Fn(&Change) -> bool,
) -> Result<i64, ReadError> {
    let mut high = end;
    let mut low = (end - i64::from(u32::MAX)).max(0);
    while low < high {
        let middle = low + (high - low) / 2;
        match first_after(client, middle)? {
            Some(line) if !wanted(&line) => low = line.seq.clamp(middle + 1, high),
            _ => high = middle,
        }
    }
    Ok(low)
}

/// Moves `since` up over half turns of the 32 bits that hold no line, so that the number of the next line is certain.
pub fn skip_void(client: &Client, mut since: i64, end: i64) -> Result<i64, ReadError> {
    while end - since > 1 << 31 {
        let (near, far) = (
            first_after(client, since)?,
            first_after(client, since + (1 << 31))?,
        );
        match (near, far) {
            (Some(near), Some(far)) if near.is(&far) => since += 1 << 31,
            _ => break,
        }
    }
    Ok(since)
}

/// Whether lines follow `since`, or followed it and vanished, and of those up to it none is left: what the
/// deletion of the whole log looks like.
///
/// Lines are told by what they say, because the numbers of the oldest ones are uncertain. They may vanish between two
/// questions: an answer is one only if the line after `since` was the same before and after it. In doubt it is `true`.
///
/// A line that appeared late (`is_late`, by its number) is none of those that were there: it may have come after the
/// deletion.
pub fn is_cut(
    client: &Client,
    since: i64,
    is_late: impl Fn(i64) -> bool,
) -> Result<bool, ReadError> {
    let mut next = first_after(client, since)?;
    for _ in 0..MOST_ROUNDS {
        let mut oldest = first_after(client, 0)?;
        for _ in 0..MOST_ROUNDS {
            match &oldest {
                Some(line) if is_late(line.seq) => oldest = first_after(client, line.seq)?,
                _ => break,
            }
        }
        let Some(oldest) = oldest.filter(|line| !is_late(line.seq)) else {
            return Ok(true);
        };
        let before = next;
        next = first_after(client, since)?;
        let is_oldest = |line: &Change| line.is(&oldest);
        if before.as_ref().is_some_and(is_oldest) || next.as_ref().is_some_and(is_oldest) {
            return Ok(true);
        }
        let stable = match (&before, &next) {
            (Some(before), Some(next)) => before.is(next),
            (before, next) => before.is_none() && next.is_none(),
        };
        if stable {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Change {
    /// Whether this is the same line, though one of the numbers may have wrong upper bits.
    fn is(&self, other: &Change) -> bool {
        self.seq as u32 == other.seq as u32
            && self.resource == other.resource
            && self.date == other.date
    }
}

fn parse(answer: &Value, since: i64) -> Result<Page, ReadError> {
    let unexpected = || ReadError::Unexpected(answer.to_string().chars().take(200).collect());
    let lines = answer
        .get("Changes")
        .and_then(Value::as_array)
        .ok_or_else(unexpected)?;
    let done = answer
        .get("Done")
        .and_then(Value::as_bool)
        .ok_or_else(unexpected)?;
    let mut previous = since;
    let mut changes = Vec::with_capacity(lines.len());
    for line in lines {
        let text = |key: &str| line.get(key).and_then(Value::as_str);
        let shown = line
            .get("Seq")
            .and_then(Value::as_i64)
            .ok_or_else(unexpected)?;
        previous = widen(shown, previous);
        changes.push(Change {
            seq: previous,
            date: text("Date").unwrap_or_default().to_owned(),
            new_instance: text("ChangeType") == Some("NewInstance"),
            resource: text("ID").ok_or_else(unexpected)?.to_owned(),
        });
    }
    let end = answer.get("Last").and_then(Value::as_i64);
    Ok(Page {
        end: end
            .filter(|_| changes.is_empty())
            .map(|last| nearest(last, since)),
        changes,
        done,
    })
}

/// The lowest number above `previous` whose lower 32 bits are those of `shown`.
fn widen(shown: i64, previous: i64) -> i64 {
    let next = previous.wrapping_add(1);
    // Truncation is the point: only the lower bits count.
    let ahead = (shown as u32).wrapping_sub(next as u32);
    next.saturating_add(i64::from(ahead))
}

/// The number nearest to `to` whose lower 32 bits are those of `shown`.
fn nearest(shown: i64, to: i64) -> i64 {
    // Truncation is the point here too.
    let ahead = (shown as u32).wrapping_sub(to as u32) as i32;
    to.saturating_add(i64::from(ahead))
}

#[cfg(test)]
mod tests {
    use super::*;
    use orthanc_sdk::fake_host::FakeHost;
    use serde_json::json;

    #[test]
    fn numbers_are_widened_from_the_one_before() {
        assert_eq!(widen(1, 0), 1);
        assert_eq!(widen(7, 3), 7);
        assert_eq!(widen(i64::from(i32::MIN), i64::from(i32::MAX)), 1 << 31);
        assert_eq!(widen(5, 0xFFFF_FFFF), (1 << 32) + 5);
        assert_eq!(widen(705_032_704, 4_999_999_999), 5_000_000_000);
        assert_eq!(widen(-1, 0xFFFF_FFFE), 0xFFFF_FFFF);
    }

    #[test]
    fn the_last_number_may_go_back() {
        assert_eq!(nearest(2, 3), 2);
        assert_eq!(nearest(3, 3), 3);
        assert_eq!(nearest(705_032_704, 5), 705_032_704);
        assert_eq!(nearest(-1, 1 << 32), (1 << 32) - 1);
        assert_eq!(nearest(3, 0xFFFF_FFFF), (1 << 32) + 3);
    }

    /// An Orthanc whose log has the given numbers, shown as the real one shows them.
    fn host_with(numbers: &'static [i64]) -> FakeHost {
        let host = FakeHost::new("1.10.1");
        host.on_rest(move |_, uri, _| {
            let argument = |name: &str| {
                uri.split(['?', '&'])
                    .find_map(|part| part.strip_prefix(name))
                    .and_then(|text| text.parse::<i64>().ok())
            };
            let line = |seq: i64| json!({ "Seq": seq as i32, "Date": "20261120T235959", "ChangeType": "NewInstance", "ID": "a" });
            let (lines, done): (Vec<Value>, bool) = if uri.ends_with("last") {
                (numbers.last().map(|seq| line(*seq)).into_iter().collect(), true)
            } else {
                let since = argument("since=").unwrap();
                let limit = usize::try_from(argument("limit=").unwrap()).unwrap();
                let later: Vec<i64> = numbers.iter().copied().filter(|seq| *seq > since).collect();
                let done = later.len() <= limit;
                (later.into_iter().take(limit).map(line).collect(), done)
            };
            Ok((200, json!({ "Changes": lines, "Done": done, "Last": 0 }).to_string().into_bytes()))
        });
        host
    }

    #[test]
    fn the_newest_is_found_beyond_32_bits() {
        let cases: [(&'static [i64], Option<i64>); 5] = [
            (&[], None),
            (&[1, 2, 9], Some(9)),
            (&[3_000_000_000], Some(3_000_000_000)),
            (&[1, 5_000_000_000], Some(5_000_000_000)),
            (
                &[4_999_999_000, 4_999_999_999, 5_000_000_000],
                Some(5_000_000_000),
            ),
        ];
        for (numbers, expected) in cases {
            let host = host_with(numbers);
            let found = newest(&host.host().client()).unwrap();
            assert_eq!(found.map(|change| change.seq), expected, "{numbers:?}");
        }
    }

    #[test]
    fn half_turns_without_a_line_are_skipped() {
        let cases: [(&'static [i64], i64, i64); 4] = [
            (&[1, 2, 9], 2, 2),
            (&[1, 5_000_000_000], 1, 1 + (1 << 32)),
            (&[1, 50, 5_000_000_000], 1, 1),
            (&[5_000_000_000], 1, 1 + (1 << 32)),
        ];
        for (numbers, since, expected) in cases {
            let host = host_with(numbers);
            let client = host.host().client();
            let found = skip_void(&client, since, *numbers.last().unwrap()).unwrap();
            assert_eq!(found, expected, "{numbers:?}");
        }
    }
}
