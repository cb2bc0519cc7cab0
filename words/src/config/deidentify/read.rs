//! Reads `Deidentifications`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sendqueue_dicom::path;
use serde_json::json;

use super::allow::{Allow, allow};
use super::key::{self, Key};
use super::options::{OPTIONS, ProfileOption, REFUSED};
use super::{Deidentification, Lookup, Subjects};
use crate::config::coercion::{Edit, From, RecipeReader, Words};
use crate::config::mistake::{Mistakes, one_of};
use crate::config::raw::{Node, Object};
use crate::item::system::words;

pub(in crate::config) const ENTRY_KEYS: [&str; 7] = [
    "Profile", "Options", "KeyFile", "Dates", "Lookup", "Set", "Allow",
];
const LOOKUP_KEYS: [&str; 3] = ["File", "Key", "Unknown"];
const PROFILES: [(&str, ()); 1] = [("Basic", ())];
const UNKNOWN: [(&str, ()); 1] = [("Hold", ())];
/// Whether dates are shifted.
const DATES: [(&str, bool); 2] = [("Remove", false), ("Shift", true)];

const KEY_FILE: &str = "the path of a file with a key of 16 bytes or more, absolute or relative to the folder of Orthanc's configuration";
const FILE: &str =
    "the path of a list (CSV), absolute or relative to the folder of Orthanc's configuration";
const KEY: &str =
    "a list of one or more tags, for instance [ \"IssuerOfPatientID\", \"PatientID\" ]";

/// Each entry of `Deidentifications` by its name; `None`: it has a mistake.
pub(in crate::config) type Deidentifications = BTreeMap<String, Option<Arc<Deidentification>>>;

/// What they are read with.
pub(in crate::config) struct DeidentificationReader<'a> {
    /// For `Set`.
    pub recipes: RecipeReader<'a>,
    /// The folder of Orthanc's configuration.
    pub base: Option<&'a Path>,
}

impl DeidentificationReader<'_> {
    pub fn read(&self, node: &Node<'_>, mistakes: &mut Mistakes) -> Option<Deidentifications> {
        let allowed = "an object from names to what is done, for instance { \"trial\": { \"Profile\": \"Basic\", \"KeyFile\": \"trial.key\" } }";
        let section = node.object(allowed, mistakes)?;
        let mut read = Deidentifications::new();
        for (name, node) in section.entries() {
            let before = mistakes.0.len();
            if name.trim() != name || name.is_empty() || name.chars().any(char::is_control) {
                let allowed = "a name without blanks around it and without control characters";
                mistakes.add(&node.path, "an unusual name", allowed);
            }
            let one = self.one(name, &node, mistakes);
            let valid = mistakes.0.len() == before;
            read.insert(name.to_owned(), one.filter(|_| valid).map(Arc::new));
        }
        Some(read)
    }

    fn one(
        &self,
        name: &str,
        node: &Node<'_>,
        mistakes: &mut Mistakes,
    ) -> Option<Deidentification> {
        let section = node.section(&ENTRY_KEYS, mistakes)?;
        match section.get("Profile") {
            Some(node) => {
                node.choice(&PROFILES, mistakes);
            }
            None => mistakes.add(&section.path_of("Profile"), "nothing", "\"Basic\""),
        }
        let options = options(&section, mistakes);
        let key = match section.get("KeyFile") {
            Some(node) => self.key(&node, mistakes),
            None => {
                mistakes.add(&section.path_of("KeyFile"), "nothing", KEY_FILE);
                None
            }
        };
        let lookup = section.get("Lookup");
        let has_lookup = lookup.is_some();
        let (lookup, columns) = match lookup.map(|node| self.lookup(&node, mistakes)) {
            Some(Some((lookup, columns))) => (Some(lookup), Some(columns)),
            _ => (None, None),
        };
        let mut set = Vec::new();
        if let Some(node) = section.get("Set") {
            let words = Words {
                has_lookup,
                ..self.recipes.words
            };
            let reader = RecipeReader {
                words,
                ..self.recipes
            };
            set = reader.set_but_for(&node, &is_mark, mistakes);
            if let Some(columns) = &columns {
                check_columns(&node, &set, columns, mistakes);
            }
        }
        let mut allowed = Allow::default();
        section.read("Allow", &mut allowed, |n| allow(n, mistakes));
        let (key, key_file) = key?;
        Some(Deidentification {
            name: name.to_owned(),
            options,
            key,
            key_file,
            lookup,
            set,
            allow: allowed,
            sources: self.recipes.conditions.sources().into_values().collect(),
            written: json!([node.value, self.recipes.referred]),
        })
    }

    fn key(&self, node: &Node<'_>, mistakes: &mut Mistakes) -> Option<(Key, PathBuf)> {
        let path = self.file(node, KEY_FILE, mistakes)?;
        match key::read(&path) {
            Ok(key) => Some((key, path)),
            Err(allowed) => {
                node.wrong(mistakes, allowed);
                None
            }
        }
    }

    fn file(&self, node: &Node<'_>, allowed: &str, mistakes: &mut Mistakes) -> Option<PathBuf> {
        let text = node.text(allowed, mistakes)?;
        if text.trim().is_empty() || text.contains('\0') {
            node.wrong(mistakes, allowed);
            return None;
        }
        Some(match self.base {
            Some(base) => base.join(text),
            None => PathBuf::from(text),
        })
    }

    /// With the columns that are no keys.
    fn lookup(&self, node: &Node<'_>, mistakes: &mut Mistakes) -> Option<(Lookup, Vec<String>)> {
        let section = node.section(&LOOKUP_KEYS, mistakes)?;
        if let Some(node) = section.get("Unknown") {
            node.choice(&UNKNOWN, mistakes);
        }
        let key = match section.get("Key") {
            Some(node) => self.tags(&node, mistakes),
            None => {
                mistakes.add(&section.path_of("Key"), "nothing", KEY);
                None
            }
        };
        let Some(node) = section.get("File") else {
            mistakes.add(&section.path_of("File"), "nothing", FILE);
            return None;
        };
        let file = self.file(&node, FILE, mistakes);
        let lookup = Lookup {
            file: file?,
            key: key?,
        };
        let wrong = |why: String| format!("{FILE} ({}: {why})", lookup.file.display());
        let list = fs::read(&lookup.file).map_err(|error| words(&error));
        let list = list.and_then(|bytes| Subjects::parse(&bytes, &lookup.columns()));
        match list {
            Ok(list) => Some((lookup, list.columns)),
            Err(why) => {
                node.wrong(mistakes, wrong(why));
                None
            }
        }
    }

    fn tags(
        &self,
        node: &Node<'_>,
        mistakes: &mut Mistakes,
    ) -> Option<Vec<(sendqueue_dicom::Tag, String)>> {
        let nodes = node.list(KEY, mistakes)?;
        if nodes.is_empty() {
            node.wrong(mistakes, KEY);
        }
        let mut tags: Vec<(sendqueue_dicom::Tag, String)> = Vec::new();
        for node in &nodes {
            let allowed = "a tag, as \"PatientID\" or \"0010,0020\"";
            let Some(name) = node.text(allowed, mistakes) else {
                continue;
            };
            match path::tag(name, self.recipes.words.tags) {
                Ok(tag) if tags.iter().any(|(other, _)| *other == tag) => {
                    node.wrong(mistakes, "each tag once");
                }
                // Not in the data set: it would always be empty.
                Ok(tag) if tag.0 <= 0x0002 => {
                    node.wrong(mistakes, "a tag of the data set (group 0004 or more)");
                }
                Ok(tag) => tags.push((tag, name.to_owned())),
                Err(allowed) => node.wrong(mistakes, allowed),
            }
        }
        (!tags.is_empty() && tags.len() == nodes.len()).then_some(tags)
    }
}

/// What says that an instance was de-identified, and how (PS3.15 E.1.1), and whether there is text in its pixels: none
/// but the queue, which knows what it did, and who made the image, say that.
fn is_mark(at: &path::Path) -> Option<String> {
    const MARKS: [sendqueue_dicom::Tag; 5] = [
        sendqueue_dicom::Tag(0x0012, 0x0062), // PatientIdentityRemoved
        sendqueue_dicom::Tag(0x0012, 0x0063), // DeidentificationMethod
        sendqueue_dicom::Tag(0x0012, 0x0064), // DeidentificationMethodCodeSequence
        sendqueue_dicom::Tag(0x0028, 0x0301), // BurnedInAnnotation
        sendqueue_dicom::Tag(0x0028, 0x0303), // LongitudinalTemporalInformationModified
    ];
    let of = [at.top(), at.leaf()];
    let mark = MARKS.iter().find(|mark| of.contains(mark))?;
    Some(match mark.0 {
        0x0028 if mark.1 == 0x0301 => {
            "another tag: whether pixels have text is known to who made the image alone".to_owned()
        }
        _ => "another tag: the queue itself writes what says that, and how, an instance was de-identified"
            .to_owned(),
    })
}

/// What `Options` and `Dates` say together.
fn options(section: &Object<'_>, mistakes: &mut Mistakes) -> Vec<ProfileOption> {
    use ProfileOption::{RetainFullDates, RetainModifiedDates};
    let mut options: Vec<ProfileOption> = Vec::new();
    let words = || OPTIONS.iter().map(|(word, _)| *word);
    let allowed = || format!("a list of options, {}", one_of(words(), None));
    if let Some(node) = section.get("Options") {
        for node in node.list(&allowed(), mistakes).unwrap_or_default() {
            let refused = REFUSED.iter().find(|(word, _)| node.value == word);
            if let Some((_, why)) = refused {
                node.wrong(
                    mistakes,
                    format!("{}; not this one: {why}", one_of(words(), None)),
                );
            } else if let Some(option) = node.choice(&OPTIONS, mistakes) {
                match options.contains(&option) {
                    true => node.wrong(mistakes, "each option once"),
                    false => options.push(option),
                }
            }
        }
    }
    let dates = section.get("Dates");
    let shift = dates.as_ref().map(|node| node.choice(&DATES, mistakes));
    if let (Some(Some(shift)), Some(node)) = (shift, dates) {
        let has_full = options.contains(&RetainFullDates);
        let has_modified = options.contains(&RetainModifiedDates);
        if shift && has_full {
            node.wrong(
                mistakes,
                "\"Remove\", or no RetainLongitudinalFullDates in Options",
            );
        } else if !shift && (has_full || has_modified) {
            node.wrong(mistakes, "no Dates beside an option that keeps dates");
        } else if shift && !has_modified {
            options.push(RetainModifiedDates);
        }
    } else if options.contains(&RetainFullDates) && options.contains(&RetainModifiedDates) {
        if let Some(node) = section.get("Options") {
            let allowed = "either RetainLongitudinalFullDates or RetainLongitudinalModifiedDates";
            node.wrong(mistakes, allowed);
        }
    }
    options.sort_unstable();
    options
}

/// Whether the list has the columns that `{lookup:Column}` names.
fn check_columns(node: &Node<'_>, set: &[Edit], columns: &[String], mistakes: &mut Mistakes) {
    let templates = set.iter().filter_map(Edit::template);
    for from in templates.flat_map(|template| template.values()) {
        let From::Lookup(Some(column)) = from else {
            continue;
        };
        if !columns.contains(column) {
            let columns = one_of(columns.iter().map(String::as_str), Some(column));
            let allowed = format!("columns of the list that are no keys, {columns}");
            mistakes.add(&node.path, format!("{{lookup:{column}}}"), allowed);
        }
    }
}
