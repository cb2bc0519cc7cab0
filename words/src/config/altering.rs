//! What changes what is sent: the sections that say how, and the keys of a destination that name them.
//!
//! Invariants:
//! - What is sent by Orthanc's jobs cannot be changed: `Transport: "Rest"` beside such a key is a mistake.
//! - `null` takes away what `Defaults` say.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::coercion::{
    From, Recipe, RecipeReader, Recipes, STEP_KEYS, Serial, Serials, Words, leftovers,
    names_source, serials,
};
use super::conditions::Reader;
use super::deidentify::{Deidentification, DeidentificationReader, Deidentifications, ENTRY_KEYS};
use super::mistake::{Mistakes, name_of, quoted_text};
use super::raw::{Node, Object, Written};
use super::settings::{DestinationSettings, Transport};

/// The sections.
pub(super) struct Altering {
    serials: Serials,
    coercions: Recipes,
    deidentifications: Deidentifications,
    /// `Coercions` and `Deidentifications` are no objects: any name may be one of theirs.
    unread: Named,
}

/// Which of `Coerce` and `Deidentify` name something, be it an entry with a mistake: a mistake there hides none here.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Named {
    coerce: bool,
    deidentify: bool,
}

/// Where a key belongs that stands among those of a destination.
pub(super) fn misplaced(key: &str) -> Option<String> {
    let belongs = |where_to: &str, by: &str| {
        format!("nothing: {key} belongs into {where_to}, whose name stands here as {by}")
    };
    if STEP_KEYS.contains(&key) {
        return Some(belongs("a step of an entry of Coercions", "Coerce"));
    }
    let is_entry = ENTRY_KEYS.contains(&key);
    is_entry.then(|| belongs("an entry of Deidentifications", "Deidentify"))
}

impl Altering {
    pub fn read(
        section: &Object<'_>,
        conditions: &Reader<'_>,
        base: Option<&Path>,
        mistakes: &mut Mistakes,
    ) -> Altering {
        let mut numbers = Serials::new();
        section.read("Serials", &mut numbers, |n| serials(n, mistakes));
        let reader = RecipeReader {
            conditions,
            words: Words {
                tags: conditions.lookup,
                serials: &numbers,
                has_sources: conditions.has_sources(),
                has_lookup: false,
            },
            referred: ["Sources", "Serials"].map(|key| Some(section.get(key)?.value)),
        };
        let mut coercions = Recipes::new();
        let of_coercions =
            section.read("Coercions", &mut coercions, |n| reader.recipes(n, mistakes));
        let reader = DeidentificationReader {
            recipes: reader,
            base,
        };
        let mut deidentifications = Deidentifications::new();
        let of_entries = section.read("Deidentifications", &mut deidentifications, |n| {
            reader.read(n, mistakes)
        });
        Altering {
            coercions,
            deidentifications,
            serials: numbers,
            unread: Named {
                coerce: of_coercions == Written::Wrong,
                deidentify: of_entries == Written::Wrong,
            },
        }
    }

    /// Those without a mistake.
    pub fn serials(&self) -> BTreeMap<String, Arc<Serial>> {
        valid(&self.serials)
    }

    pub fn coercions(&self) -> BTreeMap<String, Arc<Recipe>> {
        valid(&self.coercions)
    }

    pub fn deidentifications(&self) -> BTreeMap<String, Arc<Deidentification>> {
        valid(&self.deidentifications)
    }

    /// The keys of a destination, over what its defaults are.
    pub fn read_keys(
        &self,
        section: &Object<'_>,
        settings: &mut DestinationSettings,
        named: &mut Named,
        mistakes: &mut Mistakes,
    ) {
        section.read("Coerce", &mut settings.coerce, |n| {
            entry(
                n,
                &self.coercions,
                self.unread.coerce,
                "Coercions",
                mistakes,
            )
        });
        section.read(
            "OriginalAttributes",
            &mut settings.original_attributes,
            |n| n.boolean(mistakes),
        );
        section.read("Deidentify", &mut settings.deidentify, |n| {
            let (all, is_unread) = (&self.deidentifications, self.unread.deidentify);
            entry(n, all, is_unread, "Deidentifications", mistakes)
        });
        for (key, is_named) in [
            ("Coerce", &mut named.coerce),
            ("Deidentify", &mut named.deidentify),
        ] {
            if let Some(node) = section.get(key) {
                *is_named = node.value.is_string();
            }
        }
        if named.coerce && named.deidentify {
            not_both(section, mistakes);
        }
        if settings.transport != Transport::Rest {
            return;
        }
        for (key, is_set) in [
            ("Coerce", named.coerce),
            ("Deidentify", named.deidentify),
            ("Compress", settings.compress.is_some()),
        ] {
            if !is_set {
                continue;
            }
            if let Some(node) = section.get(key) {
                let allowed = format!(
                    "nothing while Transport is \"Rest\" ({}): Orthanc's jobs send what is stored",
                    place(section, "Transport")
                );
                node.wrong(mistakes, allowed);
            } else if let Some(node) = section.get("Transport") {
                let allowed = format!(
                    "\"Auto\" or \"Native\" while {key} is set ({}; \"{key}\": null takes it away here)",
                    place(section, key)
                );
                node.wrong(mistakes, allowed);
            }
        }
    }

    /// Whether a recipe asks for this entry of `Sources`.
    pub fn names_source(&self, name: &str) -> bool {
        self.coercions()
            .values()
            .any(|recipe| names_source(recipe, name))
            || (self.deidentifications().values()).any(|one| one.asks_for_source())
    }

    /// What is valid, and probably not meant.
    pub fn remarks(
        &self,
        defaults: &DestinationSettings,
        destinations: &BTreeMap<String, DestinationSettings>,
    ) -> Vec<String> {
        let mut remarks = Vec::new();
        let recipes = self.coercions();
        let all_of_them = self.deidentifications();
        let all = || {
            let named = destinations.iter();
            let named = named.map(|(name, own)| (format!("Destinations.{name}"), own));
            std::iter::once(("Defaults".to_owned(), defaults)).chain(named)
        };
        for recipe in recipes.values() {
            let name = quoted_text(&recipe.name);
            let is_used = |own: &DestinationSettings| {
                own.coerce
                    .as_ref()
                    .is_some_and(|one| one.name == recipe.name)
            };
            if !all().any(|(_, own)| is_used(own)) {
                remarks.push(format!(
                    "no destination names the recipe {name} (Coercions)"
                ));
            }
            remarks.extend(leftovers(recipe));
        }
        for serial in self.serials().values() {
            let mut named = recipes.values().flat_map(|recipe| recipe.serials());
            let mut of_sets = all_of_them.values().flat_map(|one| one.values());
            let is_named = named.any(|one| one.name == serial.name)
                || of_sets
                    .any(|from| matches!(from, From::Serial(one, _) if one.name == serial.name));
            if !is_named {
                let name = quoted_text(&serial.name);
                remarks.push(format!("no recipe names the serial {name} (Serials)"));
            }
        }
        for one in all_of_them.values() {
            let name = quoted_text(&one.name);
            let is_used = |own: &DestinationSettings| {
                let used = own.deidentify.as_ref();
                used.is_some_and(|used| used.name == one.name)
            };
            if !all().any(|(_, own)| is_used(own)) {
                remarks.push(format!(
                    "no destination names the de-identification {name} (Deidentifications)"
                ));
            }
            if one.is_key_open() {
                remarks.push(format!(
                    "others than its owner can use the key of the de-identification {name}: chmod 600 {}",
                    one.key_file.display()
                ));
            }
            remarks.extend(one.copies().map(|path| {
                format!("the de-identification {name} sets what {path} of the stored instance says")
            }));
        }
        let all_serials: Vec<Arc<Serial>> = self.serials().into_values().collect();
        for (index, serial) in all_serials.iter().enumerate() {
            let mut others = all_serials.iter().take(index);
            if let Some(other) = others.find(|other| other.prefix == serial.prefix) {
                let same = match serial.prefix.as_str() {
                    "" => "both no Prefix".to_owned(),
                    prefix => format!("the same Prefix {}", quoted_text(prefix)),
                };
                remarks.push(format!(
                    "the serials {} and {} have {same}: two studies can get the same number; give each a Prefix of its own",
                    quoted_text(&other.name),
                    quoted_text(&serial.name)
                ));
            }
        }
        for (at, own) in all() {
            let is_inherited = at != "Defaults" && defaults.original_attributes;
            if own.original_attributes && own.coerce.is_none() && !is_inherited {
                let why = match &own.deidentify {
                    Some(_) => "and Deidentify: what was there before is never sent from there",
                    None => "and no Coerce: nothing is changed there",
                };
                remarks.push(format!("{at} has OriginalAttributes {why}"));
            }
        }
        remarks
    }
}

fn valid<T>(read: &BTreeMap<String, Option<Arc<T>>>) -> BTreeMap<String, Arc<T>> {
    let all = read.iter();
    all.filter_map(|(name, one)| Some((name.clone(), one.clone()?)))
        .collect()
}

/// Where a key of a destination is written that is not where its defaults are.
fn place(section: &Object<'_>, key: &str) -> String {
    match section.get(key) {
        Some(node) => node.path,
        None => format!("SendQueue.Defaults.{key}"),
    }
}

/// `Coerce` and `Deidentify`, of which one is written here.
fn not_both(section: &Object<'_>, mistakes: &mut Mistakes) {
    let is_written = |key: &str| section.get(key).is_some();
    let (key, other) = match (is_written("Deidentify"), is_written("Coerce")) {
        (true, _) => ("Deidentify", "Coerce"),
        (false, true) => ("Coerce", "Deidentify"),
        // Both are in Defaults, and were told of there.
        (false, false) => return,
    };
    let mend = match is_written(other) {
        true => "take away one of the two".to_owned(),
        false => format!("\"{other}\": null here switches it off for this destination"),
    };
    if let Some(node) = section.get(key) {
        node.wrong(
            mistakes,
            format!(
                "not both: {other} is set too ({}); {mend} (Deidentify has a Set of its own)",
                place(section, other)
            ),
        );
    }
}

/// The entry of this name, or `null` for none. `is_unread`: nobody knows the names.
fn entry<T>(
    node: &Node<'_>,
    entries: &BTreeMap<String, Option<Arc<T>>>,
    is_unread: bool,
    section: &str,
    mistakes: &mut Mistakes,
) -> Option<Option<Arc<T>>> {
    if node.value.is_null() {
        return Some(None);
    }
    let name = node.value.as_str();
    match name.map(|name| entries.get(name)) {
        // `None` inside: it has a mistake of its own.
        Some(Some(entry)) => Some(entry.clone()),
        Some(None) if is_unread => None,
        _ => {
            let names = name_of(section, entries.keys().map(String::as_str), name);
            node.wrong(mistakes, format!("{names}; or null"));
            None
        }
    }
}
