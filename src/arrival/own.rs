//! Own outputs: instances that the queue has sent, changed on their way, and that a receiver sends back.
//!
//! With another patient ID, or other UIDs, they are to Orthanc what it never had. Routed once more they would be
//! changed once more, and so on. So what comes back as it was sent ([`crate::store::Outputs`]) is asked of no rule: it
//! is counted and told, and a person may still queue it. What a receiver makes new of the same study is routed as
//! anything else.

use super::facts::Fact;
use crate::routing::Arrival;
use crate::store::{Outputs, Result};

/// Which of these the queue has sent.
pub fn own_outputs<'a>(
    store: &(impl Outputs + ?Sized),
    arrivals: impl Iterator<Item = &'a Arrival>,
) -> Result<Vec<bool>> {
    let arrivals: Vec<(&str, &str)> = arrivals
        .map(|one| (one.ids.study.as_str(), one.ids.sop_instance_uid.as_str()))
        .collect();
    store.own_outputs(&arrivals)
}

/// Who sent it, or how it came otherwise.
pub(super) fn sender(fact: &Fact) -> &str {
    let arrival = &fact.arrival;
    let known = arrival.remote_aet.as_deref().or(arrival.origin.as_deref());
    known.unwrap_or("an unknown source")
}
