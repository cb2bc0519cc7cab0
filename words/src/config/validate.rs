//! From Orthanc's configuration to [`Settings`], or to all the mistakes in it.
//!
//! Invariant: settings come out only if there is not a single mistake.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::alerts::alerts;
use super::altering::Altering;
use super::condition_remarks::{overlaps, word_remarks};
use super::conditions::Reader;
use super::destination::{
    Draft, MAX_QUIET_SECONDS, QUIET_SECONDS, TARGET, at_least_quiet, at_most_quiet,
};
use super::events::events;
use super::host::{Host, directories, host};
use super::mistake::{Mistakes, quoted, quoted_text};
use super::names::{check_destination, check_second_name};
use super::raw::{Node, Object};
use super::retention;
use super::rule_remarks::rule_remarks;
use super::settings::{Conditions, DestinationSettings, Off, Rule, Scope, Settings};
use super::sum::sum;
use super::vocabulary::{AGAIN, LEVELS, PRIORITIES, SCOPES};
use crate::item::Again;

const SECTION: &str = "SendQueue";

pub(super) const KEYS: [&str; 17] = [
    "Enable",
    "Database",
    "TcpNoDelay",
    "HistoryDays",
    "LedgerYears",
    "GapSeconds",
    "MaxMemoryMB",
    "Sources",
    "Serials",
    "Coercions",
    "Deidentifications",
    "Rules",
    "Defaults",
    "Destinations",
    "Alerts",
    "Retention",
    "Events",
];

const RULE_KEYS: [&str; 14] = [
    "Name",
    "To",
    "When",
    "Unless",
    "Stop",
    "Anonymized",
    "Modified",
    "Level",
    "QuietSeconds",
    "MaxQuietSeconds",
    "Priority",
    "AllowLoop",
    "Again",
    "Scope",
];

/// Reads the section `SendQueue`, and what else matters, out of the whole of Orthanc's configuration.
///
/// Without the section the queue is off, and nothing else of the configuration is judged: a library that came with a
/// package must not keep Orthanc from starting.
/// `tag_lookup` is Orthanc's dictionary, from the name of a tag to its group and element.
/// `base` is the folder that Orthanc takes its relative paths from ([`super::base_directory`]);
/// without it, they are left relative to the working directory.
///
/// # Errors
/// All the mistakes at once, each with its path.
pub fn load(
    configuration: &Value,
    tag_lookup: &dyn Fn(&str) -> Option<(u16, u16)>,
    base: Option<&Path>,
) -> Result<Settings, Mistakes> {
    let mut mistakes = Mistakes::default();
    let Some(root) = configuration.as_object() else {
        let found = quoted(configuration);
        mistakes.add("Orthanc's configuration", found, "an object, { … }");
        return Err(mistakes);
    };
    let root = Object::root(root);
    let empty = serde_json::Map::new();
    let written = root.get(SECTION);
    let section = match &written {
        Some(node) => node.section(&KEYS, &mut mistakes),
        None => {
            misspelt_section(&root, &mut mistakes);
            None
        }
    };
    let section = section.unwrap_or_else(|| Object::root(&empty));
    let of_the_section = mistakes.0.len();
    let m = &mut mistakes;

    let mut enable = true;
    section.read("Enable", &mut enable, |n| n.boolean(m));
    let off = match (written, enable) {
        (None, _) => Some(Off::NoSection),
        (Some(_), false) => Some(Off::Disabled),
        (Some(_), true) => None,
    };
    let host = host(&root, off.is_none(), m);

    let mut database = "sendqueue.db".to_owned();
    section.read("Database", &mut database, |n| path(n, m));
    let (storage_directory, index_directory) = directories(&root, base, m);
    let database = index_directory.join(database);

    let mut tcp_no_delay = true;
    section.read("TcpNoDelay", &mut tcp_no_delay, |n| n.boolean(m));
    let mut history_days = 7;
    section.read("HistoryDays", &mut history_days, |n| n.integer(0..=3650, m));

    let mut ledger_years = 3;
    section.read("LedgerYears", &mut ledger_years, |n| n.integer(0..=100, m));

    let mut gap_seconds = 600;
    section.read("GapSeconds", &mut gap_seconds, |n| n.integer(1..=86_400, m));

    let mut max_memory_mb = 256;
    section.read("MaxMemoryMB", &mut max_memory_mb, |n| {
        n.integer(1..=1_048_576, m)
    });

    let mut reader = Reader::new(tag_lookup, host.settings.strict_aet_comparison);
    if let Some(sources) = section.get("Sources") {
        reader.learn_sources(&sources, m);
    }
    let altering = Altering::read(&section, &reader, base, m);
    let mut defaults = Draft::built_in();
    section.read("Defaults", &mut defaults, |n| {
        let draft = Draft::built_in().over(n, &altering, m);
        if draft.settings.target.is_some() {
            m.add(
                &format!("{}.Target", n.path),
                "a value",
                "nothing: it belongs into an entry of Destinations",
            );
        }
        Some(draft)
    });
    let mut destinations = BTreeMap::new();
    section.read("Destinations", &mut destinations, |n| {
        read_destinations(n, &defaults, &altering, &host, m)
    });
    let second: Vec<&str> = destinations
        .iter()
        .filter(|(_, own)| own.target.is_some())
        .map(|(name, _)| name.as_str())
        .collect();
    let known = Known {
        host: &host,
        second: &second,
        destinations: &destinations,
        defaults: &defaults.settings,
        conditions: &reader,
    };
    let mut rules = Vec::new();
    section.read("Rules", &mut rules, |n| read_rules(n, &known, m));
    let sources = reader.sources();

    let mut kept = None;
    let of_retention = retention::Known {
        host: &host,
        second: &second,
        destination: &|name| known.destination(name),
    };
    section.read("Retention", &mut kept, |n| {
        retention::retention(n, &of_retention, m).map(Some)
    });

    let mut told = None;
    let strict = host.settings.strict_aet_comparison;
    section.read("Alerts", &mut told, |n| alerts(n, strict, m).map(Some));

    let mut outbox = None;
    section.read("Events", &mut outbox, |n| {
        events(n, tag_lookup, m).map(Some)
    });

    if off == Some(Off::NoSection) {
        mistakes.0.truncate(of_the_section);
    }
    if mistakes.0.is_empty() {
        let mut remarks = rule_remarks(&rules, &sources, &altering);
        remarks.extend(word_remarks(&rules, altering.coercions().values()));
        remarks.extend(overlaps(&sources));
        remarks.extend(altering.remarks(&defaults.settings, &destinations));
        let of = |name: &str| destinations.get(name).unwrap_or(&defaults.settings);
        let of_retention = kept.as_ref().map(|kept| kept.remarks(of));
        remarks.extend(of_retention.unwrap_or_default());
        Ok(Settings {
            off,
            database,
            index_directory,
            storage_directory,
            tcp_no_delay,
            history_days,
            ledger_years,
            gap_seconds,
            max_memory_mb,
            remarks,
            coercions: altering.coercions(),
            deidentifications: altering.deidentifications(),
            serials: altering.serials(),
            sources,
            rules,
            defaults: defaults.settings,
            destinations,
            alerts: told,
            retention: kept,
            events: outbox,
            host: host.settings,
        })
    } else {
        Err(mistakes)
    }
}

/// A section that is there but for upper and lower case would leave the queue without rules, silently.
fn misspelt_section(root: &Object<'_>, mistakes: &mut Mistakes) {
    for (key, node) in root.entries() {
        if key.eq_ignore_ascii_case(SECTION) {
            let allowed = format!("\"{SECTION}\" (did you mean it?)");
            mistakes.add(&node.path, "an unknown key", allowed);
        }
    }
}

fn path(node: &Node<'_>, mistakes: &mut Mistakes) -> Option<String> {
    let allowed = "the path of a file, absolute or relative to IndexDirectory";
    let text = node.text(allowed, mistakes)?;
    if text.trim().is_empty() || text.contains('\0') || text.ends_with(['/', '\\']) {
        node.wrong(mistakes, allowed);
        return None;
    }
    Some(text.to_owned())
}

fn read_destinations(
    node: &Node<'_>,
    defaults: &Draft,
    altering: &Altering,
    host: &Host,
    mistakes: &mut Mistakes,
) -> Option<BTreeMap<String, DestinationSettings>> {
    let allowed = "an object from names of DicomModalities to their settings";
    let entries = node.object(allowed, mistakes)?;
    let mut destinations = BTreeMap::new();
    for (name, node) in entries.entries() {
        let own = defaults.over(&node, altering, mistakes).settings;
        let checked = if node.value.get("Target").is_some() {
            check_second_name(name, host)
        } else {
            check_destination(name, host, &[])
        };
        if let Err(allowed) = checked {
            mistakes.add(&node.path, quoted_text(name), allowed);
        }
        destinations.insert(name.to_owned(), own);
    }
    let first = destinations.clone();
    for (name, own) in &mut destinations {
        let Some(target) = own.target.clone() else {
            continue;
        };
        let of_target = first.get(&target).unwrap_or(&defaults.settings);
        // One that names itself is told of where its name is.
        let is_chain = of_target.target.is_some() && target != *name;
        if is_chain || check_destination(&target, host, &[]).is_err() {
            let path = format!("{}.{name}.Target", node.path);
            mistakes.add(&path, quoted_text(&target), TARGET);
        }
        own.share(of_target);
    }
    Some(destinations)
}

/// What a rule may refer to.
struct Known<'a> {
    host: &'a Host,
    /// Destinations with a `Target`.
    second: &'a [&'a str],
    destinations: &'a BTreeMap<String, DestinationSettings>,
    defaults: &'a DestinationSettings,
    conditions: &'a Reader<'a>,
}

impl<'a> Known<'a> {
    fn destination(&self, name: &str) -> &'a DestinationSettings {
        self.destinations.get(name).unwrap_or(self.defaults)
    }
}

fn read_rules(node: &Node<'_>, known: &Known<'_>, mistakes: &mut Mistakes) -> Option<Vec<Rule>> {
    let nodes = node.list(
        "a list of rules, for instance [ { \"To\": [\"pacs\"] } ]",
        mistakes,
    )?;
    let mut rules: Vec<Rule> = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        if let Some(rule) = read_rule(index, node, &rules, known, mistakes) {
            rules.push(rule);
        }
    }
    Some(rules)
}

/// `before` are the rules that stand before this one.
fn read_rule(
    index: usize,
    node: &Node<'_>,
    before: &[Rule],
    known: &Known<'_>,
    mistakes: &mut Mistakes,
) -> Option<Rule> {
    let section = node.section(&RULE_KEYS, mistakes)?;
    let mut rule = Rule {
        name: format!("Rules[{index}]"),
        key: String::new(),
        to: Vec::new(),
        when: Conditions::default(),
        unless: Conditions::default(),
        scope: Scope::default(),
        stop: false,
        allow_loop: false,
        anonymized: false,
        modified: true,
        again: Again::default(),
        level: None,
        quiet_seconds: None,
        max_quiet_seconds: None,
        priority: None,
    };
    section.read("Name", &mut rule.name, |n| rule_name(n, before, mistakes));
    match section.get("To") {
        Some(to) => rule.to = read_to(&to, known.host, known.second, mistakes),
        None => mistakes.add(&section.path_of("To"), "nothing", TO),
    }
    let conditions = known.conditions;
    section.read("When", &mut rule.when, |n| {
        Some(conditions.all(n, mistakes))
    });
    section.read("Unless", &mut rule.unless, |n| {
        Some(conditions.any(n, mistakes))
    });
    section.read("Stop", &mut rule.stop, |n| n.boolean(mistakes));
    section.read("Anonymized", &mut rule.anonymized, |n| n.boolean(mistakes));
    section.read("Modified", &mut rule.modified, |n| n.boolean(mistakes));
    section.read("AllowLoop", &mut rule.allow_loop, |n| n.boolean(mistakes));
    section.read("Again", &mut rule.again, |n| n.choice(&AGAIN, mistakes));
    section.read("Scope", &mut rule.scope, |n| n.choice(&SCOPES, mistakes));
    section.read("Level", &mut rule.level, |n| {
        n.choice(&LEVELS, mistakes).map(Some)
    });
    section.read("QuietSeconds", &mut rule.quiet_seconds, |n| {
        n.integer(QUIET_SECONDS, mistakes).map(Some)
    });
    section.read("MaxQuietSeconds", &mut rule.max_quiet_seconds, |n| {
        n.integer(MAX_QUIET_SECONDS, mistakes).map(Some)
    });
    check_quiet(&section, &rule, known, mistakes);
    section.read("Priority", &mut rule.priority, |n| {
        n.choice(&PRIORITIES, mistakes).map(Some)
    });
    rule.key = match section.get("Name") {
        Some(_) => rule.name.clone(),
        None => sum(["To", "When", "Unless"].map(|key| Some(section.get(key)?.value))),
    };
    Some(rule)
}

/// A rule's ceiling is not below the quiet period that counts, its own or a destination's; nor its quiet period above
/// the ceiling.
fn check_quiet(section: &Object<'_>, rule: &Rule, known: &Known<'_>, mistakes: &mut Mistakes) {
    let written = (section.get("QuietSeconds"), section.get("MaxQuietSeconds"));
    match (written, rule.quiet_seconds, rule.max_quiet_seconds) {
        ((Some(_), Some(node)), Some(quiet), Some(most)) if most < quiet => {
            node.wrong(mistakes, at_least_quiet(quiet, None));
        }
        ((Some(node), None), Some(quiet), None) => {
            let most = |name: &str| known.destination(name).max_quiet_seconds;
            let mut all = rule.to.iter().filter_map(|name| Some((name, most(name)?)));
            if let Some((name, most)) = all.find(|(_, most)| *most < quiet) {
                node.wrong(mistakes, at_most_quiet(most, Some(name)));
            }
        }
        ((None, Some(node)), None, Some(most)) => {
            let quiet = |name: &str| known.destination(name).quiet_seconds;
            if let Some(name) = rule.to.iter().find(|name| quiet(name) > most) {
                node.wrong(mistakes, at_least_quiet(quiet(name), Some(name)));
            }
        }
        _ => {}
    }
}

fn rule_name(node: &Node<'_>, before: &[Rule], mistakes: &mut Mistakes) -> Option<String> {
    let allowed = "a name without control characters, other than Rules[…]";
    let name = node.text(allowed, mistakes)?;
    // Rules[0] is what a rule without a name is called.
    let reserved = name.starts_with("Rules[") && name.ends_with(']');
    if name.trim().is_empty() || name.chars().any(char::is_control) || reserved {
        node.wrong(mistakes, allowed);
        return None;
    }
    if before.iter().any(|rule| rule.name == name) {
        node.wrong(mistakes, "a name that no other rule has");
        return None;
    }
    Some(name.to_owned())
}

const TO: &str = "a list of one or more names of DicomModalities, for instance [\"pacs\"]";

fn read_to(node: &Node<'_>, host: &Host, second: &[&str], mistakes: &mut Mistakes) -> Vec<String> {
    let nodes = node.list(TO, mistakes).unwrap_or_default();
    if node.value.as_array().is_some_and(Vec::is_empty) {
        node.wrong(mistakes, TO);
    }
    let mut to: Vec<String> = Vec::new();
    for entry in &nodes {
        let Some(name) = entry.text("the name of a modality", mistakes) else {
            continue;
        };
        if to.iter().any(|other| other == name) {
            entry.wrong(mistakes, "each destination once");
            continue;
        }
        if let Err(allowed) = check_destination(name, host, second) {
            entry.wrong(mistakes, allowed);
        }
        to.push(name.to_owned());
    }
    to
}
