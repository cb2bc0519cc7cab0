//! From an instance to its destinations.
//!
//! Invariants:
//! - Rules are asked in order and all that match apply.
//! - The first rule that names a destination decides how it is sent there. A rule that is undecided
//!   gives way to one that matches: what can be sent is sent.
//! - An instance never goes back to the modality that it came from, unless the rule allows it.

use super::rule::{TagValues, Tags, Verdict, matches, trim};
use super::{Arrival, Resolution, Route};
use crate::config::settings::{Rule, Settings};

/// Where the rules send `arrival`.
///
/// `aet_of` gives the AET of a destination, `None` if it is not known (then there is no loop to see).
/// `tags` reads the instance's tags; it is called once at most, and fails with a text for people.
pub fn resolve(
    settings: &Settings,
    arrival: &Arrival,
    aet_of: &dyn Fn(&str) -> Option<String>,
    tags: &mut dyn FnMut() -> Result<TagValues, String>,
) -> Resolution {
    let mut tags = Tags::new(tags);
    let mut resolution = Resolution::default();
    for rule in &settings.rules {
        let verdict = matches(rule, arrival, &mut tags);
        let routes = match verdict {
            Verdict::Yes => &mut resolution.routes,
            Verdict::Undecided => &mut resolution.undecided,
            Verdict::No => continue,
        };
        for destination in &rule.to {
            if routes.iter().any(|route| route.destination == *destination) {
                continue;
            }
            if !rule.allow_loop && is_loop(settings, arrival, aet_of(destination)) {
                if !resolution.loops.contains(destination) {
                    resolution.loops.push(destination.clone());
                }
                continue;
            }
            routes.push(route(settings, rule, destination));
        }
    }
    let has = |routes: &[Route], name: &str| routes.iter().any(|route| route.destination == name);
    let Resolution {
        routes,
        undecided,
        tags_error,
        loops,
    } = &mut resolution;
    undecided.retain(|route| !has(routes, &route.destination));
    loops.retain(|name| !has(routes, name) && !has(undecided, name));
    if !undecided.is_empty() {
        *tags_error = tags.error().map(str::to_owned);
    }
    resolution
}

fn route(settings: &Settings, rule: &Rule, destination: &str) -> Route {
    let own = settings.destination(destination);
    Route {
        destination: destination.to_owned(),
        rule: rule.name.clone(),
        level: rule.level.unwrap_or(own.level),
        quiet_seconds: rule.quiet_seconds.unwrap_or(own.quiet_seconds),
        priority: rule.priority.unwrap_or(own.priority),
    }
}

/// Whether the instance came from the modality with this AET. As everywhere in Orthanc, AETs that differ in
/// upper and lower case only are the same, unless `StrictAetComparison` is set.
fn is_loop(settings: &Settings, arrival: &Arrival, aet: Option<String>) -> bool {
    let (Some(from), Some(to)) = (&arrival.remote_aet, aet) else {
        return false;
    };
    let (from, to) = (trim(from), trim(&to));
    if settings.host.strict_aet_comparison {
        from == to
    } else {
        from.eq_ignore_ascii_case(to)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::config::load;
    use crate::item::Priority;
    use crate::store::Level;

    fn settings(rules: Value) -> Settings {
        let configuration = json!({
            "DicomModalities": {
                "pacs": ["PACS", "10.0.0.1", 104],
                "archive": { "AET": "ARCHIVE", "Host": "10.0.0.2", "Port": 104 },
                "ai/1": ["AI", "10.0.0.3", 104],
            },
            "SendQueue": {
                "Rules": rules,
                "Defaults": { "Level": "Series" },
                "Destinations": { "archive": { "Priority": "Low", "QuietSeconds": 60 } },
            },
        });
        let lookup = |name: &str| (name == "Modality").then_some((0x0008, 0x0060));
        load(&configuration, &lookup, None).unwrap()
    }

    fn arrival(aet: &str) -> Arrival {
        Arrival {
            instance: "i".to_owned(),
            series: "se".to_owned(),
            study: "st".to_owned(),
            patient: "p".to_owned(),
            remote_aet: Some(aet.to_owned()),
            ..Arrival::default()
        }
    }

    fn run(rules: Value, aet: &str, tags: Result<&str, &str>) -> (Resolution, u32) {
        let settings = settings(rules);
        let aets = settings.host.modalities.clone();
        let aet_of = |name: &str| aets.get(name).cloned();
        let mut reads = 0;
        let mut read = || {
            reads += 1;
            let value = tags.map_err(str::to_owned)?;
            Ok(TagValues::from_iter([(
                "0008,0060".to_owned(),
                value.to_owned(),
            )]))
        };
        let resolution = resolve(&settings, &arrival(aet), &aet_of, &mut read);
        (resolution, reads)
    }

    fn names(routes: &[Route]) -> Vec<(&str, &str)> {
        routes
            .iter()
            .map(|r| (r.destination.as_str(), r.rule.as_str()))
            .collect()
    }

    #[test]
    fn the_least_rule_sends_everything() {
        let (resolution, reads) = run(json!([{ "To": ["pacs"] }]), "CT", Err("no"));
        assert_eq!(names(&resolution.routes), [("pacs", "Rules[0]")]);
        assert_eq!((resolution.undecided.len(), resolution.loops.len()), (0, 0));
        assert_eq!((resolution.tags_error, reads), (None, 0));
    }

    #[test]
    fn all_rules_that_match_apply_and_the_first_names_the_destination() {
        let rules = json!([
            { "Name": "none", "To": ["ai/1"], "When": { "CallingAet": "OTHER" } },
            { "Name": "first", "To": ["archive", "pacs"], "Priority": "Stat" },
            { "Name": "second", "To": ["pacs", "ai/1"], "Level": "Patient", "QuietSeconds": 0 },
        ]);
        let (resolution, _) = run(rules, "CT", Err("no"));
        let expected = [("archive", "first"), ("pacs", "first"), ("ai/1", "second")];
        assert_eq!(names(&resolution.routes), expected);
        let how: Vec<_> = resolution
            .routes
            .iter()
            .map(|r| {
                (
                    r.level,
                    r.quiet_seconds,
                    r.priority,
                    r.group(&arrival("CT")),
                )
            })
            .collect();
        let expected = [
            (Level::Series, 60, Priority::Stat, "se".to_owned()),
            (Level::Series, 0, Priority::Stat, "se".to_owned()),
            (Level::Patient, 0, Priority::Medium, "p".to_owned()),
        ];
        assert_eq!(how, expected);
    }

    #[test]
    fn a_rule_may_take_back_the_destinations_quiet_period() {
        let rules = json!([{ "To": ["archive"], "QuietSeconds": 0, "Level": "Instance" }]);
        let (resolution, _) = run(rules, "CT", Err("no"));
        let route = &resolution.routes[0];
        assert_eq!((route.quiet_seconds, route.priority), (0, Priority::Low));
        assert_eq!(route.group(&arrival("CT")), "i");
    }

    #[test]
    fn tags_are_read_once_and_only_if_they_matter() {
        let rules = json!([
            { "To": ["pacs"], "When": { "Tags": { "Modality": "CT" } } },
            { "To": ["archive"], "When": { "Tags": { "Modality": ["MR", "PT"] } } },
            { "To": ["ai/1"], "When": { "CallingAet": "OTHER", "Tags": { "Modality": "CT" } } },
        ]);
        let (resolution, reads) = run(rules.clone(), "CT", Ok("CT"));
        assert_eq!(names(&resolution.routes), [("pacs", "Rules[0]")]);
        assert_eq!(reads, 1);

        let (resolution, reads) = run(rules, "CT", Err("database locked"));
        assert_eq!(names(&resolution.routes), []);
        let expected = [("pacs", "Rules[0]"), ("archive", "Rules[1]")];
        assert_eq!(names(&resolution.undecided), expected);
        assert_eq!(resolution.tags_error.as_deref(), Some("database locked"));
        assert_eq!(reads, 1);
    }

    #[test]
    fn what_can_be_sent_is_not_left_undecided() {
        let tagged = json!({ "To": ["pacs", "archive"], "When": { "Tags": { "Modality": "CT" } } });
        let plain = json!({ "To": ["pacs", "ai/1"] });
        for rules in [json!([tagged, plain]), json!([plain, tagged])] {
            let (resolution, _) = run(rules, "CT", Err("gone"));
            let mut routed: Vec<_> = names(&resolution.routes).iter().map(|n| n.0).collect();
            routed.sort_unstable();
            assert_eq!(routed, ["ai/1", "pacs"]);
            assert_eq!(resolution.undecided.len(), 1);
            assert_eq!(resolution.undecided[0].destination, "archive");
        }
    }

    #[test]
    fn nothing_goes_back_to_where_it_came_from() {
        let rule = json!({ "To": ["pacs", "archive"] });
        let allowed = json!({ "To": ["pacs"], "AllowLoop": true });
        let table = [
            ("PACS", json!([rule]), vec!["archive"], vec!["pacs"]),
            (" PACS ", json!([rule]), vec!["archive"], vec!["pacs"]),
            ("pacs", json!([rule]), vec!["archive"], vec!["pacs"]),
            ("CT", json!([rule]), vec!["pacs", "archive"], vec![]),
            ("PACS", json!([rule, rule]), vec!["archive"], vec!["pacs"]),
            (
                "PACS",
                json!([rule, allowed]),
                vec!["archive", "pacs"],
                vec![],
            ),
            ("PACS", json!([allowed]), vec!["pacs"], vec![]),
        ];
        for (aet, rules, to, loops) in table {
            let (resolution, _) = run(rules.clone(), aet, Err("no"));
            let routed: Vec<_> = names(&resolution.routes).iter().map(|n| n.0).collect();
            assert_eq!(routed, to, "{aet} {rules}");
            assert_eq!(resolution.loops, loops, "{aet} {rules}");
        }
    }

    #[test]
    fn a_loop_is_no_matter_of_tags() {
        let rules = json!([{ "To": ["pacs"], "When": { "Tags": { "Modality": "CT" } } }]);
        let (resolution, _) = run(rules, "PACS", Err("gone"));
        assert_eq!(
            (resolution.undecided.len(), resolution.routes.len()),
            (0, 0)
        );
        assert_eq!(resolution.loops, ["pacs"]);
        assert_eq!(resolution.tags_error, None);
    }

    #[test]
    fn strict_comparison_of_aets_is_orthancs() {
        let mut settings = settings(json!([{ "To": ["pacs"] }]));
        settings.host.strict_aet_comparison = true;
        let aet_of = |_: &str| Some("PACS".to_owned());
        let mut read = || Err(String::new());
        let resolution = resolve(&settings, &arrival("pacs"), &aet_of, &mut read);
        assert_eq!(resolution.routes.len(), 1);
        let resolution = resolve(&settings, &arrival("X"), &|_| None, &mut read);
        assert_eq!(resolution.routes.len(), 1);
    }
}
