//! What changes what is sent: the sections that say how, and the keys of a destination that name them.
//!
//! Invariants:
//! - What is sent by Orthanc's jobs cannot be changed: `Transport: "Rest"` beside such a key is a mistake.
//! - `null` takes away what `Defaults` say.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::coercion::{
    From, Recipe, RecipeReader, Recipes, Serial, Serials, Words, leftovers, names_source, serials,
};
use super::conditions::Reader;
use super::deidentify::{Deidentification, DeidentificationReader, Deidentifications};
use super::mistake::{Mistakes, one_of, quoted_text};
use super::raw::{Node, Object};
use super::settings::{DestinationSettings, Transport};

/// The sections.
pub(super) struct Altering {
    serials: Serials,
    coercions: Recipes,
    deidentifications: Deidentifications,
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
        section.read("Coercions", &mut coercions, |n| reader.recipes(n, mistakes));
        let reader = DeidentificationReader {
            recipes: reader,
            base,
        };
        let mut deidentifications = Deidentifications::new();
        section.read("Deidentifications", &mut deidentifications, |n| {
            reader.read(n, mistakes)
        });
        Altering {
            coercions,
            deidentifications,
            serials: numbers,
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
        mistakes: &mut Mistakes,
    ) {
        section.read("Coerce", &mut settings.coerce, |n| {
            named(n, &self.coercions, "Coercions", mistakes)
        });
        section.read(
            "OriginalAttributes",
            &mut settings.original_attributes,
            |n| n.boolean(mistakes),
        );
        section.read("Deidentify", &mut settings.deidentify, |n| {
            named(n, &self.deidentifications, "Deidentifications", mistakes)
        });
        let is_named = |key: &str| section.get(key).filter(|node| !node.value.is_null());
        if settings.coerce.is_some() && settings.deidentify.is_some() {
            if let Some(node) = is_named("Deidentify").or_else(|| is_named("Coerce")) {
                let allowed = "Coerce or Deidentify, which has a Set of its own, and not both (null takes away what Defaults say)";
                node.wrong(mistakes, allowed);
            }
        }
        if settings.transport != Transport::Rest {
            return;
        }
        for (key, is_set) in [
            ("Coerce", settings.coerce.is_some()),
            ("Deidentify", settings.deidentify.is_some()),
            ("Compress", settings.compress.is_some()),
        ] {
            if !is_set {
                continue;
            }
            if let Some(node) = section.get(key) {
                let allowed =
                    "nothing while Transport is \"Rest\": Orthanc's jobs send what is stored";
                node.wrong(mistakes, allowed);
            } else if let Some(node) = section.get("Transport") {
                let allowed = format!(
                    "\"Auto\" or \"Native\" while {key} is set (\"{key}\": null takes it away)"
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
            remarks.extend(one.copies().map(|path| {
                format!("the de-identification {name} sets what {path} of the stored instance says")
            }));
        }
        let all_serials: Vec<Arc<Serial>> = self.serials().into_values().collect();
        for (index, serial) in all_serials.iter().enumerate() {
            let mut others = all_serials.iter().take(index);
            if let Some(other) = others.find(|other| other.prefix == serial.prefix) {
                remarks.push(format!(
                    "the serials {} and {} have the same Prefix: two studies can get the same number",
                    quoted_text(&other.name),
                    quoted_text(&serial.name)
                ));
            }
        }
        for (at, own) in all() {
            let is_inherited = at != "Defaults" && defaults.original_attributes;
            if own.original_attributes && own.coerce.is_none() && !is_inherited {
                remarks.push(format!(
                    "{at} has OriginalAttributes and no Coerce: nothing is changed there"
                ));
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

/// The entry of this name, or `null` for none.
fn named<T>(
    node: &Node<'_>,
    entries: &BTreeMap<String, Option<Arc<T>>>,
    section: &str,
    mistakes: &mut Mistakes,
) -> Option<Option<Arc<T>>> {
    if node.value.is_null() {
        return Some(None);
    }
    let allowed = |found| {
        let names = one_of(entries.keys().map(String::as_str), found);
        format!("a name of {section}, {names}; or null")
    };
    let Some(name) = node.value.as_str() else {
        node.wrong(mistakes, allowed(None));
        return None;
    };
    match entries.get(name) {
        // None: it has a mistake of its own.
        Some(entry) => Some(entry.clone()),
        None => {
            node.wrong(mistakes, allowed(Some(name)));
            None
        }
    }
}
