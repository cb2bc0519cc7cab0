//! The JSON as it was written, each value with its path.
//!
//! Invariants:
//! - Reading a value of the wrong kind records the mistake and answers `None`: whoever reads goes on
//!   with the rest, so that all mistakes are found at once.
//! - Kinds are strict: `2.0` is no integer, `"true"` and `1` are no booleans, `null` is not "absent".
//! - A section knows its keys: any other key is a mistake, but for the spelling of one that the image
//!   orthancteam/orthanc makes of a variable ([`of_variable`]).

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::mistake::{Mistakes, member, one_of, quoted};

/// A value of the configuration, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    pub value: &'a Value,
    pub path: String,
}

/// An object of the configuration, and where it stands.
#[derive(Debug)]
pub(super) struct Object<'a> {
    entries: &'a Map<String, Value>,
    pub path: String,
    /// Its keys are ours, not names that the administrator chose.
    section: bool,
}

/// A key as that image writes it, where it is given by a variable: of `…__MAX_MEMORY_MB` it makes `MaxMemoryMb`, a
/// capital for each word and no other.
fn of_variable(key: &str) -> String {
    let mut before = false;
    let letters = key.chars().map(|letter| {
        let capital = letter.is_ascii_uppercase();
        let written = if before {
            letter.to_ascii_lowercase()
        } else {
            letter
        };
        before = capital;
        written
    });
    letters.collect()
}

/// What became of an optional key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    Absent,
    /// It is there, and a mistake was recorded.
    Wrong,
    Valid,
}

impl<'a> Node<'a> {
    pub fn new(path: impl Into<String>, value: &'a Value) -> Node<'a> {
        Node {
            value,
            path: path.into(),
        }
    }

    /// Records that this value is wrong.
    pub fn wrong(&self, mistakes: &mut Mistakes, allowed: impl Into<String>) {
        mistakes.add(&self.path, quoted(self.value), allowed);
    }

    fn or_wrong<T>(
        &self,
        read: Option<T>,
        mistakes: &mut Mistakes,
        allowed: impl FnOnce() -> String,
    ) -> Option<T> {
        if read.is_none() {
            self.wrong(mistakes, allowed());
        }
        read
    }

    pub fn boolean(&self, mistakes: &mut Mistakes) -> Option<bool> {
        self.or_wrong(self.value.as_bool(), mistakes, || {
            "true or false".to_owned()
        })
    }

    pub fn integer<T: TryFrom<u64>>(
        &self,
        range: RangeInclusive<u64>,
        mistakes: &mut Mistakes,
    ) -> Option<T> {
        // `as_u64` is `None` for a number that was written with a fraction or an exponent.
        let read = self.value.as_u64().filter(|n| range.contains(n));
        let read = read.and_then(|n| T::try_from(n).ok());
        self.or_wrong(read, mistakes, || match *range.end() {
            u64::MAX => format!("an integer, {} or more", range.start()),
            end => format!("an integer from {} to {end}", range.start()),
        })
    }

    /// A number, with or without a fraction.
    pub fn number(&self, range: RangeInclusive<f64>, mistakes: &mut Mistakes) -> Option<f64> {
        let read = self.value.as_f64().filter(|n| range.contains(n));
        self.or_wrong(read, mistakes, || {
            format!("a number from {} to {}", range.start(), range.end())
        })
    }

    pub fn text(&self, allowed: &str, mistakes: &mut Mistakes) -> Option<&'a str> {
        self.or_wrong(self.value.as_str(), mistakes, || allowed.to_owned())
    }

    /// One of the words of `table`.
    pub fn choice<T: Copy>(&self, table: &[(&str, T)], mistakes: &mut Mistakes) -> Option<T> {
        let found = self.value.as_str();
        let read = found.and_then(|found| table.iter().find(|(name, _)| *name == found));
        self.or_wrong(read.map(|(_, value)| *value), mistakes, || {
            one_of(table.iter().map(|(name, _)| *name), found)
        })
    }

    pub fn list(&self, allowed: &str, mistakes: &mut Mistakes) -> Option<Vec<Node<'a>>> {
        let values = self.or_wrong(self.value.as_array(), mistakes, || allowed.to_owned())?;
        let nodes = values.iter().enumerate();
        Some(
            nodes
                .map(|(i, value)| Node::new(format!("{}[{i}]", self.path), value))
                .collect(),
        )
    }

    /// An object whose keys are names that the administrator chose.
    pub fn object(&self, allowed: &str, mistakes: &mut Mistakes) -> Option<Object<'a>> {
        let entries = self.or_wrong(self.value.as_object(), mistakes, || allowed.to_owned())?;
        Some(Object {
            entries,
            path: self.path.clone(),
            section: false,
        })
    }

    /// An object with known keys.
    pub fn section(&self, keys: &[&str], mistakes: &mut Mistakes) -> Option<Object<'a>> {
        self.section_but_for(keys, &|_| None, mistakes)
    }

    /// An object with known keys; `misplaced` says where another one belongs.
    pub fn section_but_for(
        &self,
        keys: &[&str],
        misplaced: &dyn Fn(&str) -> Option<String>,
        mistakes: &mut Mistakes,
    ) -> Option<Object<'a>> {
        let object = Object {
            section: true,
            ..self.object("an object, { … }", mistakes)?
        };
        for (key, node) in object.entries() {
            if keys.contains(&key) {
                continue;
            }
            let meant = keys.iter().find(|known| of_variable(known) == key);
            if let Some(twice) = meant.filter(|known| object.entries.contains_key(**known)) {
                mistakes.add(
                    &node.path,
                    "another value",
                    format!("one: {twice} is there too"),
                );
            } else if meant.is_none() {
                let allowed = misplaced(key);
                let allowed = allowed.unwrap_or_else(|| one_of(keys.iter().copied(), Some(key)));
                mistakes.add(&node.path, "an unknown key", allowed);
            }
        }
        Some(object)
    }
}

impl<'a> Object<'a> {
    /// The whole of a JSON object, without a path of its own.
    pub fn root(entries: &'a Map<String, Value>) -> Object<'a> {
        Object {
            entries,
            path: String::new(),
            section: false,
        }
    }

    pub fn get(&self, key: &str) -> Option<Node<'a>> {
        let (key, value) = match self.entries.get_key_value(key) {
            None if self.section => self.entries.get_key_value(&of_variable(key))?,
            found => found?,
        };
        Some(Node::new(self.path_of(key), value))
    }

    pub fn entries(&self) -> impl Iterator<Item = (&'a str, Node<'a>)> + '_ {
        let entries = self.entries.iter();
        entries.map(|(key, value)| (key.as_str(), Node::new(self.path_of(key), value)))
    }

    pub fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            member(&self.path, key)
        }
    }

    /// Reads an optional key over what `target` holds.
    pub fn read<T>(
        &self,
        key: &str,
        target: &mut T,
        read: impl FnOnce(&Node<'a>) -> Option<T>,
    ) -> Written {
        let Some(node) = self.get(key) else {
            return Written::Absent;
        };
        match read(&node) {
            Some(value) => {
                *target = value;
                Written::Valid
            }
            None => Written::Wrong,
        }
    }
}
