//! From an instance to the items that the rules make of it.

use crate::config::settings::{DestinationSettings, Settings};
use crate::item::{Class, Outcome, Timestamp};
use crate::routing::{Arrival, Resolution, Route};
use crate::store::NewItem;

/// When an item made (or replayed) now for a destination goes to the error queue unsent.
pub fn expiry(settings: &DestinationSettings, now: Timestamp) -> Option<Timestamp> {
    (settings.expire_after > 0).then(|| now.plus_seconds(settings.expire_after as f64))
}

/// The items of one arrival, in the order of the rules.
pub fn items(
    settings: &Settings,
    arrival: &Arrival,
    resolution: &Resolution,
    now: Timestamp,
) -> Vec<NewItem> {
    let decided = resolution
        .routes
        .iter()
        .map(|route| item(settings, arrival, route, now, None));
    let why = resolution
        .tags_error
        .as_deref()
        .unwrap_or("no reason known");
    let undecided = resolution.undecided.iter().map(|route| {
        let outcome = Outcome::new(
            Class::Internal,
            format!(
                "the tags that {} asks for could not be read ({why}): replay to send, purge to leave it",
                route.rule
            ),
        );
        item(settings, arrival, route, now, Some(outcome))
    });
    decided.chain(undecided).collect()
}

pub fn item(
    settings: &Settings,
    arrival: &Arrival,
    route: &Route,
    now: Timestamp,
    failed: Option<Outcome>,
) -> NewItem {
    let quiet = f64::from(route.quiet_seconds);
    NewItem {
        instance: arrival.instance.clone(),
        sop_instance_uid: arrival.sop_instance_uid.clone(),
        series: arrival.series.clone(),
        study: arrival.study.clone(),
        patient: arrival.patient.clone(),
        destination: route.destination.clone(),
        rule: Some(route.rule.clone()),
        remote_aet: arrival.remote_aet.clone(),
        priority: route.priority,
        group: route.group(arrival),
        not_before: (route.quiet_seconds > 0).then(|| now.plus_seconds(quiet)),
        expires: expiry(settings.destination(&route.destination), now),
        size_bytes: arrival.size_bytes,
        failed,
    }
}
