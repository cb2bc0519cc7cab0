//! What other systems are told of an arrival (`Events`), as far as it is known without another question.

use serde_json::{Map, Value};

use super::facts::{Fact, Facts};
use crate::config::events::{EventSettings, Tenant};
use crate::item::{Ahead, Timestamp};
use crate::store::Stored;

/// Of each instance that was stored: not of one that Orthanc received again and left as it was.
pub fn stored(
    settings: &EventSettings,
    facts: &[Fact],
    known: &Facts,
    now: Timestamp,
    ahead: Ahead,
) -> Vec<Stored> {
    let new = facts.iter().filter(|fact| fact.repeated.is_none());
    new.map(|fact| {
        let arrival = &fact.arrival;
        Stored {
            name: format!("{}.{}", arrival.ids.instance, fact.stamp),
            study: arrival.ids.study.clone(),
            instance: arrival.ids.instance.clone(),
            data: Value::Object(data(settings, fact, known, ahead.wall(now))).to_string(),
        }
    })
    .collect()
}

fn data(
    settings: &EventSettings,
    fact: &Fact,
    known: &Facts,
    wall: Timestamp,
) -> Map<String, Value> {
    let arrival = &fact.arrival;
    let tenant = match settings.tenant {
        Tenant::CalledAet => &arrival.called_aet,
        Tenant::CallingAet => &arrival.remote_aet,
    };
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let ids = &arrival.ids;
    let texts = [
        ("TraceID", Some(uuid_v7(wall))),
        ("Tenant", text(tenant.as_deref())),
        ("Instance", Some(ids.instance.clone())),
        ("Series", Some(ids.series.clone())),
        ("Study", Some(ids.study.clone())),
        ("StudyInstanceUid", text(known.study_uid(&ids.study))),
        ("SeriesInstanceUid", text(known.series_uid(&ids.series))),
        ("SopInstanceUid", text(Some(&ids.sop_instance_uid))),
        ("SopClassUid", text(fact.sop_class.as_deref())),
        ("TransferSyntaxUid", text(fact.transfer_syntax.as_deref())),
        ("CallingAet", text(arrival.remote_aet.as_deref())),
        ("CalledAet", text(arrival.called_aet.as_deref())),
        ("RemoteIp", text(arrival.remote_ip.as_deref())),
        ("Origin", text(arrival.origin.as_deref())),
        ("ReceptionTime", text(Some(&fact.received))),
    ];
    let texts = texts
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), Value::from(value?))));
    let mut data: Map<String, Value> = texts.collect();
    data.insert("SizeBytes".to_owned(), arrival.size_bytes.into());
    data
}

/// Version 7 of RFC 9562: the milliseconds, then 74 random bits.
fn uuid_v7(wall: Timestamp) -> String {
    let millis = u64::try_from(wall.micros() / 1000).unwrap_or(0) & 0xffff_ffff_ffff;
    let (high, low) = (fastrand::u64(..), fastrand::u64(..));
    let digits = format!(
        "{millis:012x}7{:03x}{:016x}",
        high & 0xfff,
        low & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000
    );
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    [
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32),
    ]
    .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_begins_with_its_time() {
        let wall = Timestamp::from_micros(0x0123_4567_89ab * 1000);
        let (one, other) = (uuid_v7(wall), uuid_v7(wall));
        assert_ne!(one, other);
        for id in [one, other] {
            let parts: Vec<&str> = id.split('-').collect();
            let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
            assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
            assert_eq!([parts[0], parts[1]], ["01234567", "89ab"]);
            assert!(parts[2].starts_with('7'), "{id}");
            assert!(parts[3].starts_with(['8', '9', 'a', 'b']), "{id}");
        }
    }
}
