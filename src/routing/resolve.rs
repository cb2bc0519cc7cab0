//! From an instance to its destinations.
//!
//! Invariants:
//! - Rules are asked in order and all that match apply.
//! - The first rule that names a destination decides how it is sent there. A rule that is undecided
//!   gives way to one that matches: what can be sent is sent.
//! - Only a rule that matches takes the whole study, never one that is undecided.
//! - An instance never goes back to the modality that it came from, unless the rule allows it.
//! - No rule after one with `Stop` looks at an instance that this one matches, wherever it goes. What a rule matches
//!   after one with `Stop` that is undecided is undecided too: it might be kept from it.

use super::record::{Fate, Record};
use super::rule::{Verdict, matches};
use super::tags::{TagSource, Tags};
use super::{Arrival, Resolution, Route, Study, Undecided};
use crate::config::settings::{Rule, Scope, Settings};

/// A rule that is undecided, and why.
struct Doubt<'a> {
    rule: &'a Rule,
    why: String,
}

/// Where the rules send `arrival`; `record` is told of each step.
///
/// `came_from` tells whether the instance came from a destination ([`super::Senders`]).
pub fn resolve(
    settings: &Settings,
    arrival: &Arrival,
    study: Study<'_>,
    came_from: &dyn Fn(&str) -> bool,
    tags: &mut dyn TagSource,
    record: &mut dyn Record,
) -> Resolution {
    let mut tags = Tags::new(tags);
    let mut resolution = Resolution::default();
    // A rule with `Stop` that has taken the instance, or may have.
    let mut stopped_by: Option<&Rule> = None;
    let mut may_be_stopped: Option<Doubt<'_>> = None;
    for (index, rule) in settings.rules.iter().enumerate() {
        let is_asked = study.asks(rule);
        if let Some(by) = stopped_by {
            if is_asked {
                record.stopped(index, rule, by);
            }
            continue;
        }
        // One that is not asked can keep the instance from those that are.
        if !is_asked && !rule.stop {
            continue;
        }
        let is_taken = study.is_taken_by(rule);
        let verdict = matches(rule, arrival, is_taken, &mut tags);
        if is_asked {
            record.judged(index, rule, &verdict, arrival, &mut tags);
        }
        let own = match verdict {
            Verdict::No(_) => continue,
            Verdict::Yes | Verdict::Taken => None,
            Verdict::Undecided(_, why) => Some(Doubt { rule, why }),
        };
        if is_asked {
            let doubt = may_be_stopped.as_ref().or(own.as_ref());
            if rule.scope == Scope::Study && !is_taken && doubt.is_none() {
                resolution.opens.push(rule.key.clone());
            }
            for destination in &rule.to {
                let loops = || !rule.allow_loop && came_from(settings.target(destination));
                let fate = resolution.add(settings, rule, destination, doubt, &loops);
                record.destination(index, destination, fate);
            }
        }
        match own {
            None if rule.stop => stopped_by = Some(rule),
            Some(doubt) if rule.stop && may_be_stopped.is_none() => may_be_stopped = Some(doubt),
            _ => {}
        }
    }
    let Resolution {
        routes,
        undecided,
        loops,
        ..
    } = &mut resolution;
    let sent = |name: &str| routes.iter().any(|route| route.destination == name);
    undecided.retain(|one| !sent(&one.route.destination));
    loops.retain(|name| !sent(name) && !undecided.iter().any(|one| one.route.destination == *name));
    resolution
}

impl Resolution {
    /// Adds a destination of a rule that matches, or of one in `doubt`.
    fn add<'a>(
        &mut self,
        settings: &Settings,
        rule: &Rule,
        destination: &str,
        doubt: Option<&Doubt<'a>>,
        loops: &dyn Fn() -> bool,
    ) -> Fate<'a> {
        let named = match doubt {
            None => self.goes_to(destination),
            Some(_) => self.goes_to(destination) || self.may_go_to(destination),
        };
        if named {
            return Fate::Known;
        }
        if loops() {
            if !self.loops.iter().any(|name| name == destination) {
                self.loops.push(destination.to_owned());
            }
            return Fate::Loop;
        }
        let route = route(settings, rule, destination);
        let Some(doubt) = doubt else {
            self.routes.push(route);
            return Fate::Goes;
        };
        self.undecided.push(Undecided {
            route,
            hangs_on: doubt.rule.name.clone(),
            why: doubt.why.clone(),
        });
        let before = !std::ptr::eq(doubt.rule, rule);
        Fate::Undecided(before.then_some(doubt.rule.name.as_str()))
    }

    pub(super) fn goes_to(&self, name: &str) -> bool {
        self.routes.iter().any(|route| route.destination == name)
    }

    fn may_go_to(&self, name: &str) -> bool {
        self.undecided
            .iter()
            .any(|one| one.route.destination == name)
    }
}

fn route(settings: &Settings, rule: &Rule, destination: &str) -> Route {
    let own = settings.destination(destination);
    Route {
        again: rule.again,
        ..Route::new(destination, &rule.name, own, rule.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::rule::tests::Whole;
    use super::super::{Machine, Marks, Senders, TagValues};
    use super::*;
    use crate::config::load;
    use crate::item::{Ids, Level, Priority};

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
            ids: Ids {
                instance: "i".to_owned(),
                series: "se".to_owned(),
                study: "st".to_owned(),
                patient: "p".to_owned(),
                ..Ids::default()
            },
            remote_aet: Some(aet.to_owned()),
            ..Arrival::default()
        }
    }

    fn senders(settings: &Settings) -> Senders {
        let modalities = settings.host.modalities.iter();
        Senders::new(
            modalities.map(|(name, aet)| Machine {
                name: name.clone(),
                aet: aet.clone(),
                host: "10.0.0.1".to_owned(),
            }),
            settings.host.strict_aet_comparison,
        )
    }

    fn resolved(settings: &Settings, aet: &str, tags: &mut Whole<'_>) -> Resolution {
        resolved_in(Study::default(), settings, aet, tags)
    }

    fn resolved_in(
        study: Study<'_>,
        settings: &Settings,
        aet: &str,
        tags: &mut Whole<'_>,
    ) -> Resolution {
        let senders = senders(settings);
        let arrival = arrival(aet);
        let came_from = |name: &str| senders.sent(&arrival, name, &|_| Vec::new());
        resolve(
            settings,
            &arrival,
            study,
            &came_from,
            tags,
            &mut Marks::default(),
        )
    }

    fn run(rules: Value, aet: &str, tags: Result<&str, &str>) -> (Resolution, u32) {
        let settings = settings(rules);
        let mut reads = 0;
        let mut read = || {
            reads += 1;
            let value = tags.map_err(str::to_owned)?;
            Ok(TagValues::from_iter([(
                "0008,0060".to_owned(),
                value.to_owned(),
            )]))
        };
        let resolution = resolved(&settings, aet, &mut Whole(&mut read));
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
        assert_eq!(reads, 0);
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
            (Level::Series, 0, Priority::Stat, "se".to_owned()),
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

    /// Quiet seconds and their ceiling, to `archive` with these settings, by a rule with these.
    #[test]
    fn how_long_quiet_is_waited_for() {
        let quiet = |seconds: u32| json!({ "QuietSeconds": seconds });
        let most =
            |seconds: u32, most: u32| json!({ "QuietSeconds": seconds, "MaxQuietSeconds": most });
        let only = |most: u32| json!({ "MaxQuietSeconds": most });
        let stat = json!({ "Priority": "Stat" });
        for (own, rule, expected) in [
            (json!({}), json!({}), (0, 0)),
            (quiet(60), json!({}), (60, 600)),
            (quiet(600), json!({}), (600, 3600)),
            (quiet(7200), json!({}), (7200, 7200)),
            (most(60, 90), json!({}), (60, 90)),
            (quiet(60), quiet(5), (5, 50)),
            (most(60, 90), quiet(5), (5, 90)),
            (most(60, 90), most(100, 200), (100, 200)),
            (quiet(60), only(61), (60, 61)),
            (most(60, 90), only(86_400), (60, 86_400)),
            (most(60, 90), stat.clone(), (0, 90)),
            (quiet(60), stat.clone(), (0, 0)),
        ] {
            let mut rule = rule;
            rule["To"] = json!(["archive"]);
            let configuration = json!({
                "DicomModalities": { "archive": ["ARCHIVE", "10.0.0.2", 104] },
                "SendQueue": { "Rules": [rule], "Destinations": { "archive": own } },
            });
            let settings = load(&configuration, &|_| None, None).unwrap();
            let route = route(&settings, &settings.rules[0], "archive");
            let found = (route.quiet_seconds, route.max_quiet_seconds);
            assert_eq!(found, expected, "{configuration}");
        }
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
        let undecided = resolution.undecided;
        let routes: Vec<Route> = undecided.iter().map(|one| one.route.clone()).collect();
        assert_eq!(names(&routes), expected);
        let why = "the tags cannot be read: database locked";
        assert!(undecided.iter().all(|one| one.why == why));
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
            assert_eq!(resolution.undecided[0].route.destination, "archive");
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
    }

    /// A rule for CT that takes the whole study, one for MR that does not, and one for a sender.
    fn scoped() -> Settings {
        settings(json!([
            { "Name": "all", "To": ["pacs"], "When": { "Tags": { "Modality": "CT" } }, "Scope": "Study" },
            { "Name": "mr", "To": ["archive"], "When": { "Tags": { "Modality": "MR" } } },
            { "Name": "ct1", "To": ["pacs", "ai/1"], "When": { "CallingAet": "CT1" }, "Scope": "Study" },
        ]))
    }

    #[test]
    fn a_rule_that_matches_takes_the_whole_study() {
        let (all, none) = ([String::from("all"), String::from("mr")], []);
        let study = |taken_by| Study {
            taken_by,
            only: None,
        };
        type Expected<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);
        let table: [(Study<'_>, Result<&str, &str>, &str, Expected<'_>); 7] = [
            (study(&none), Ok("CT"), "X", (&[("pacs", "all")], &["all"])),
            (study(&none), Ok("SR"), "X", (&[], &[])),
            (study(&none), Err("gone"), "X", (&[], &[])),
            // A name of a rule that does not take the whole study is none.
            (study(&all), Ok("SR"), "X", (&[("pacs", "all")], &[])),
            (study(&all), Err("gone"), "X", (&[("pacs", "all")], &[])),
            (
                study(&all),
                Ok("MR"),
                "CT1",
                (
                    &[("pacs", "all"), ("archive", "mr"), ("ai/1", "ct1")],
                    &["ct1"],
                ),
            ),
            // Matched is matched, also where nothing goes back.
            (study(&none), Ok("CT"), "PACS", (&[], &["all"])),
        ];
        for (study, tags, aet, (routes, opens)) in table {
            let mut read = || {
                let value = tags.map_err(str::to_owned)?;
                let tag = ("0008,0060".to_owned(), value.to_owned());
                Ok(TagValues::from_iter([tag]))
            };
            let found = resolved_in(study, &scoped(), aet, &mut Whole(&mut read));
            assert_eq!(names(&found.routes), routes, "{study:?} {tags:?} {aet}");
            assert_eq!(found.opens, opens, "{study:?} {tags:?} {aet}");
        }
    }

    #[test]
    fn only_what_some_rules_say_is_asked() {
        let keys = [String::from("ct1")];
        let study = Study {
            taken_by: &keys,
            only: Some(&keys),
        };
        let mut read = || panic!("the tags were read without need");
        let found = resolved_in(study, &scoped(), "X", &mut Whole(&mut read));
        assert_eq!(names(&found.routes), [("pacs", "ct1"), ("ai/1", "ct1")]);
        assert!(found.undecided.is_empty() && found.opens.is_empty());
    }

    #[test]
    fn strict_comparison_of_aets_is_orthancs() {
        let mut settings = settings(json!([{ "To": ["pacs"] }]));
        settings.host.strict_aet_comparison = true;
        let mut read = || Err(String::new());
        let resolution = resolved(&settings, "pacs", &mut Whole(&mut read));
        assert_eq!(resolution.routes.len(), 1);
        settings.host.modalities.clear();
        let resolution = resolved(&settings, "X", &mut Whole(&mut read));
        assert_eq!(resolution.routes.len(), 1);
    }
}
