//! The JSON as it was written, each value with its path.
//!
//! Invariants:
//! - Reading a value of the wrong kind records the mistake and answers `None`: whoever reads goes on
//!   with the rest, so that all mistakes are found at once.
//! - Kinds are strict: `2.0` is no integer, `"true"` and `1` are no booleans, `null` is not "absent".
//! - A section knows its keys: any other key is a mistake.

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
        let object = self.object("an object, { … }", mistakes)?;
        for (key, node) in object.entries() {
            if !keys.contains(&key) {
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
        }
    }

    pub fn get(&self, key: &str) -> Option<Node<'a>> {
        let value = self.entries.get(key)?;
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
