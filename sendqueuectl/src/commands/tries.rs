//! "3 of 10, next at 15:42": how often an item was tried, how often it may be, and when it is tried again.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Session, list};
use crate::show::{field, number};
use crate::times::Times;

/// `Retry.MaxAttempts` by the names of destinations.
#[derive(Default)]
pub struct Tries(BTreeMap<String, u64>);

impl Session<'_> {
    /// The destinations are asked once, and only where one of the items is being retried. Where they do not tell, how
    /// often is left out.
    pub(super) fn tries(&self, items: &[Value]) -> Tries {
        if !items.iter().any(goes_on) {
            return Tries::default();
        }
        let destinations = self.client.get("/destinations", &[]).unwrap_or_default();
        let most = list(&destinations).iter().filter_map(|one| {
            let most = one["Settings"]["Retry"]["MaxAttempts"].as_u64()?;
            Some((one["Name"].as_str()?.to_owned(), most))
        });
        Tries(most.collect())
    }
}

/// Whether more attempts follow those that were made.
fn goes_on(item: &Value) -> bool {
    let waits = ["Scheduled", "Pending", "Running", "Retry"];
    number(item, "AttemptCount") > 0 && waits.contains(&field(item, "State").as_str())
}

impl Tries {
    /// `3`, `3 of 10`, `3 of 10, next at 15:42`.
    pub fn cell(&self, item: &Value, times: &Times) -> String {
        let count = self.count(item);
        match next(item, times) {
            None => count,
            Some(next) => format!("{count}, next at {next}"),
        }
    }

    /// `None`: it was not tried, or is not tried again.
    pub fn sentence(&self, item: &Value, times: &Times) -> Option<String> {
        let next = next(item, times)?;
        let count = self.count(item);
        Some(format!("attempt {count} failed, the next is due at {next}"))
    }

    fn count(&self, item: &Value) -> String {
        let count = field(item, "AttemptCount");
        let most = item["Destination"]
            .as_str()
            .and_then(|name| self.0.get(name));
        match most.filter(|_| goes_on(item)) {
            Some(most) => format!("{count} of {most}"),
            None => count,
        }
    }
}

fn next(item: &Value, times: &Times) -> Option<String> {
    let is_due = item["State"] == "Retry" && !item["NextAttempt"].is_null();
    is_due.then(|| times.short(item, "NextAttempt"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_tried_again_says_when_and_how_often() {
        let tries = Tries([("pacs".to_owned(), 10)].into());
        let times = Times::new(true);
        let item = |destination: &str, state: &str, count: u64, next: Value| json!({ "Destination": destination, "State": state, "AttemptCount": count, "NextAttempt": next });
        let next = || json!("20201126T154233.000000");
        let retried = item("pacs", "Retry", 3, next());
        assert_eq!(
            tries.cell(&retried, &times),
            "3 of 10, next at 2020-11-26 15:42"
        );
        assert_eq!(
            tries.sentence(&retried, &times).unwrap(),
            "attempt 3 of 10 failed, the next is due at 2020-11-26 15:42"
        );
        for (item, expected) in [
            (
                item("gone", "Retry", 3, next()),
                "3, next at 2020-11-26 15:42",
            ),
            (item("pacs", "Pending", 3, Value::Null), "3 of 10"),
            (item("pacs", "Pending", 0, Value::Null), "0"),
            // A quiet period, not another attempt.
            (item("pacs", "Scheduled", 0, next()), "0"),
            (item("pacs", "Success", 1, Value::Null), "1"),
            (item("pacs", "Failure", 10, Value::Null), "10"),
        ] {
            assert_eq!(tries.cell(&item, &times), expected, "{item}");
            let is_retried = item["State"] == "Retry";
            assert_eq!(tries.sentence(&item, &times).is_some(), is_retried);
        }
    }
}
