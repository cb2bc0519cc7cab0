//! From which AETs something came, and when.

use std::collections::BTreeMap;

use super::facts::Fact;
use crate::config::settings::source_key;
use crate::item::{Clock, Timestamp};
use crate::store::Heard;

/// The AETs that sent these instances, each with its last reception. What came otherwise than by DICOM has none.
pub fn heard(facts: &[Fact], strict: bool, clock: &dyn Clock) -> Vec<Heard> {
    let (now, ahead) = (clock.now(), clock.ahead());
    let mut last: BTreeMap<String, Timestamp> = BTreeMap::new();
    for fact in facts {
        let Some(aet) = fact.arrival.remote_aet.as_deref() else {
            continue;
        };
        let Some(aet) = source_key(aet, strict) else {
            continue;
        };
        // Read after a day off, it came when Orthanc received it. A date from a wrong clock is not in the future.
        let received = Timestamp::parse_orthanc(&fact.received).map(|date| ahead.own(date));
        let at = fact.repeated.or(received).map_or(now, |at| at.min(now));
        let known = last.entry(aet).or_insert(at);
        *known = at.max(*known);
    }
    let all = last.into_iter();
    all.map(|(aet, at)| Heard { aet, at }).collect()
}
