//! The evaluation in words: which rules match an instance, which do not and why, and where it goes.
//!
//! The values of tags are in it: for whoever asks, and never for a log.

use super::record::{Fate, Record};
use super::rule::{Condition, No, Verdict};
use super::{Arrival, Resolution, Tags};
use crate::config::settings::{Match, Rule};

/// Most characters of a value that are repeated.
const LONGEST: usize = 80;

/// What is said of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    Matches,
    DoesNotMatch,
    Undecided,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    pub rule: String,
    pub said: Said,
    /// A sentence.
    pub why: String,
    pub to: Vec<Towards>,
}

/// One of its destinations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Towards {
    pub destination: String,
    /// Whether the instance goes there, by this rule or another one.
    pub goes: bool,
    /// What is to be said of it; `None`: it goes there by this rule.
    pub why: Option<String>,
}

/// All rules, in their order.
#[derive(Debug, Default)]
pub struct Explanation(pub Vec<Explained>);

impl Explanation {
    /// What holds once all rules were asked.
    pub fn finish(&mut self, resolution: &Resolution) {
        for to in self.0.iter_mut().flat_map(|rule| &mut rule.to) {
            to.goes = resolution.goes_to(&to.destination);
        }
    }

    fn add(&mut self, rule: &Rule, said: Said, why: String) {
        self.0.push(Explained {
            rule: rule.name.clone(),
            said,
            why,
            to: Vec::new(),
        });
    }
}

impl Record for Explanation {
    fn judged(
        &mut self,
        _: usize,
        rule: &Rule,
        verdict: &Verdict<'_>,
        arrival: &Arrival,
        tags: &mut Tags<'_>,
    ) {
        let (said, why) = match verdict {
            Verdict::Yes => (Said::Matches, all_holds(rule)),
            Verdict::Taken => {
                let why = "an instance of this study has matched before (\"Scope\": \"Study\")";
                (Said::Matches, why.to_owned())
            }
            Verdict::Undecided(condition, why) => (
                Said::Undecided,
                format!("it hangs on {}: {why}", name(condition)),
            ),
            Verdict::No(no) => (Said::DoesNotMatch, not(no, arrival, tags)),
        };
        self.add(rule, said, why);
    }

    fn stopped(&mut self, _: usize, rule: &Rule, by: &Rule) {
        let why = format!("the rule {:?} before it has taken it (\"Stop\")", by.name);
        self.add(rule, Said::DoesNotMatch, why);
    }

    fn destination(&mut self, _: usize, name: &str, fate: Fate<'_>) {
        let why = match fate {
            Fate::Goes => None,
            Fate::Known => Some("a rule before this one names it, and decides".to_owned()),
            Fate::Loop => Some("the instance came from there (\"AllowLoop\")".to_owned()),
            Fate::Undecided(None) => Some(
                "whether it goes there is undecided: it would be in the error queue".to_owned(),
            ),
            Fate::Undecided(Some(by)) => Some(format!(
                "it hangs on the rule {by:?} before this one, which is undecided (\"Stop\"): it would be in the error queue"
            )),
        };
        if let Some(rule) = self.0.last_mut() {
            rule.to.push(Towards {
                destination: name.to_owned(),
                goes: false,
                why,
            });
        }
    }
}

fn all_holds(rule: &Rule) -> String {
    let asks = |conditions: &crate::config::settings::Conditions| {
        let written = conditions.written.as_object();
        written.is_some_and(|written| !written.is_empty())
    };
    match (asks(&rule.when), asks(&rule.unless)) {
        (false, false) => "it asks for nothing: it takes everything".to_owned(),
        (true, false) => "all that When asks for holds".to_owned(),
        (false, true) => "nothing that Unless names holds".to_owned(),
        (true, true) => "all that When asks for holds, and nothing that Unless names".to_owned(),
    }
}

fn not(no: &No<'_>, arrival: &Arrival, tags: &mut Tags<'_>) -> String {
    match no {
        No::When(condition) => format!(
            "When.{}, the rule asks for {}",
            found(condition, arrival, tags),
            asked(condition)
        ),
        No::Unless(condition) => format!(
            "Unless.{}, the rule holds back {}",
            found(condition, arrival, tags),
            asked(condition)
        ),
        No::Anonymized => {
            "it is a copy that Orthanc has anonymised, and the rule does not say \"Anonymized\": true".to_owned()
        }
        No::Modified => {
            "it is a copy that Orthanc has modified, and the rule says \"Modified\": false".to_owned()
        }
    }
}

/// As the configuration calls it.
fn name(condition: &Condition<'_>) -> String {
    match condition {
        Condition::CallingAet(_) => "CallingAet".to_owned(),
        Condition::CalledAet(_) => "CalledAet".to_owned(),
        Condition::RemoteIp(_) => "RemoteIp".to_owned(),
        Condition::Origin(_) => "Origin".to_owned(),
        Condition::Source(_) => "Source".to_owned(),
        Condition::Tag(tag, _) => format!("Tags.{}", tag.written),
    }
}

/// `Tags.Modality is "MR"`.
fn found(condition: &Condition<'_>, arrival: &Arrival, tags: &mut Tags<'_>) -> String {
    let name = name(condition);
    match condition {
        Condition::Source(any) => {
            let from = any
                .iter()
                .filter(|one| super::rule::is_from(one, arrival))
                .map(|one| quoted(&one.name));
            let from: Vec<String> = from.collect();
            match from.len() {
                0 => format!("{name}: it comes from none of them"),
                _ => format!("{name} is {}", from.join(" and ")),
            }
        }
        // Read before, and kept.
        Condition::Tag(tag, _) => match tags.get(tag) {
            Ok(Some(value)) => format!("{name} is {}", quoted(value)),
            Ok(None) => format!("{name} is missing"),
            Err(why) => format!("{name}: {why}"),
        },
        _ => match condition.value(arrival) {
            Some(value) => format!("{name} is {}", quoted(value)),
            None => format!("{name} is not known"),
        },
    }
}

/// `"CT" or "MR"`.
fn asked(condition: &Condition<'_>) -> String {
    let asked = match condition {
        Condition::Source(any) => {
            let names: Vec<String> = any.iter().map(|one| quoted(&one.name)).collect();
            return names.join(" or ");
        }
        Condition::CallingAet(asked)
        | Condition::CalledAet(asked)
        | Condition::RemoteIp(asked)
        | Condition::Origin(asked)
        | Condition::Tag(_, asked) => asked,
    };
    match asked {
        Match::AnyOf(values) | Match::AnyCase(values) => {
            let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
            values.join(" or ")
        }
        Match::Regex(regex) => quoted(&format!("regex:{regex}")),
        Match::Present => "one that has a value (\"present\")".to_owned(),
        Match::Absent => "one without a value (\"absent\")".to_owned(),
    }
}

fn quoted(value: &str) -> String {
    let value = super::rule::trim(value);
    match value.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{:?}", format!("{}…", &value[..end])),
        None => format!("{value:?}"),
    }
}
