//! Orthanc's `/changes`, read as a log.
//!
//! Invariants:
//! - Sequence numbers are 64 bits here. Orthanc keeps them so and takes them so in `since`, but shows only the
//!   lower 32, as a signed number (1.10.1 to 1.13.0, `ServerIndexChange::Format`, `FormatLog`); the upper
//!   ones follow from the cursor, because the log is read upwards.
//! - The field `Last` is never used to move on: on an empty page it is the highest number ever given out, on
//!   others it is cut as well.

use orthanc_sdk::{CallError, Client};
use serde_json::Value;

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
    while !after(client, change.seq + (1 << 31), 1)?.changes.is_empty() {
        change.seq += 1 << 32;
    }
    Ok(Some(change))
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
    Ok(Page { changes, done })
}

/// The lowest number above `previous` whose lower 32 bits are those of `shown`.
fn widen(shown: i64, previous: i64) -> i64 {
    let next = previous.wrapping_add(1);
    // Truncation is the point: only the lower bits count.
    let ahead = (shown as u32).wrapping_sub(next as u32);
    next.saturating_add(i64::from(ahead))
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
}
