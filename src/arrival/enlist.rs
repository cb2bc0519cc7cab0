//! From an instance to the items that the rules make of it.

use std::collections::{HashMap, HashSet};

use super::facts::Fact;
use super::rule_figures::Tally;
use crate::config::settings::Settings;
use crate::item::{Class, Clock, Outcome};
use crate::routing::{Marks, Resolution, Route, Undecided};
use crate::store::{Heard, NewItem, Reception, Stored, TakenStudy};

/// What the rules make of instances.
#[derive(Debug, Default)]
pub struct Enlisted {
    pub items: Vec<NewItem>,
    /// Who sent what the queue itself had sent, for each such instance: see [`super::own`].
    pub own: Vec<String>,
    /// Instance and destination of what came from there and does not go back.
    pub loops: Vec<(String, String)>,
    /// What became of them at each rule.
    pub tally: Tally,
    /// Studies that rules take whole from now on.
    pub opened: Vec<TakenStudy>,
    /// What others are told of it.
    pub stored: Vec<Stored>,
    /// The AETs from which it came, and when.
    pub heard: Vec<Heard>,
    /// By study, what was routed since it was opened: no look back is needed at these.
    pub routed: HashMap<String, HashSet<String>>,
}

impl Enlisted {
    /// The study of this instance is opened, if by any, to these rules.
    pub fn open(&mut self, fact: &Fact, opened: Vec<TakenStudy>) {
        let ids = &fact.arrival.ids;
        let routed = self.routed.get_mut(&ids.study);
        if !opened.is_empty() {
            let only = HashSet::from([ids.instance.clone()]);
            self.routed.insert(ids.study.clone(), only);
        } else if let (Some(routed), None) = (routed, fact.repeated) {
            routed.insert(ids.instance.clone());
        }
        self.opened.extend(opened);
    }

    pub fn add(
        &mut self,
        settings: &Settings,
        fact: &Fact,
        resolution: &Resolution,
        marks: &Marks,
        clock: &dyn Clock,
    ) {
        self.tally.add(&fact.arrival.ids.instance, marks);
        self.items.extend(items(settings, fact, resolution, clock));
        let loops = resolution.loops.iter();
        self.loops
            .extend(loops.map(|name| (fact.arrival.ids.instance.clone(), name.clone())));
    }
}

/// The items of one arrival, in the order of the rules.
fn items(
    settings: &Settings,
    fact: &Fact,
    resolution: &Resolution,
    clock: &dyn Clock,
) -> Vec<NewItem> {
    let decided = resolution
        .routes
        .iter()
        .map(|route| item(settings, fact, route, clock, None));
    let undecided = resolution.undecided.iter().map(|one| {
        let outcome = Outcome::new(
            Class::Internal,
            format!(
                "{}: replay to send, purge to leave it",
                undecided_since(one)
            ),
        );
        item(settings, fact, &one.route, clock, Some(outcome))
    });
    decided.chain(undecided).collect()
}

/// Why it is not known whether an instance goes there.
pub fn undecided_since(one: &Undecided) -> String {
    let Undecided {
        route,
        hangs_on,
        why,
    } = one;
    let unread = format!("the tags that {hangs_on} asks for could not be read ({why})");
    if *hangs_on == route.rule {
        unread
    } else {
        format!(
            "{unread}, and it may keep the instance from {} (\"Stop\")",
            route.rule
        )
    }
}

pub fn item(
    settings: &Settings,
    fact: &Fact,
    route: &Route,
    clock: &dyn Clock,
    failed: Option<Outcome>,
) -> NewItem {
    let arrival = &fact.arrival;
    // Read once, so that the end is never before what begins it.
    let now = clock.now();
    let waits = route.quiet_seconds > 0;
    let after = |seconds: u32| waits.then(|| now.plus_seconds(f64::from(seconds)));
    NewItem {
        ids: arrival.ids.clone(),
        destination: route.destination.clone(),
        rule: Some(route.rule.clone()),
        remote_aet: arrival.remote_aet.clone(),
        priority: route.priority,
        group: route.group(arrival),
        place: fact.place,
        not_before: after(route.quiet_seconds),
        latest: after(route.max_quiet_seconds),
        expires: settings.destination(&route.destination).expiry(clock),
        size_bytes: arrival.size_bytes,
        failed,
        reception: Reception {
            file: Some(fact.stamp.clone()),
            digest: fact.digest.clone(),
            repeated: fact.repeated,
            unseen_since: fact.unseen_since,
            again: route.again,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::item::Timestamp;

    /// It is doubted that ten days have passed.
    struct Doubtful;

    impl Clock for Doubtful {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(0)
        }
        fn doubted(&self) -> Duration {
            Duration::from_secs(10 * 86_400)
        }
    }

    #[test]
    fn days_that_are_counted_later_are_not_those_of_an_item_that_is_made_now() {
        let defaults = json!({ "ExpireAfter": 3600 });
        let configuration = json!({ "SendQueue": { "Defaults": defaults } });
        let settings = crate::config::load(&configuration, &|_| None, None).unwrap();
        let expires = settings.destination("pacs").expiry(&Doubtful);
        let expected = Timestamp::from_micros(0).plus_seconds(864_000.0 + 3600.0);
        assert_eq!(expires, Some(expected));
    }
}
