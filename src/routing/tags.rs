//! The values of an instance's tags, as far as Orthanc shows them.
//!
//! Invariant: what is there and cannot be read is told from what is not there.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use crate::config::settings::Tag;

/// Elements from here on stand behind the pixel data, up to which Orthanc reads a file for its tags.
const PIXEL_DATA_GROUP: u16 = 0x7fe0;

/// What a list of an instance's tags tells of one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Listed {
    Text(String),
    /// It is there, but not as text: binary, of unknown value representation (`UN`, private elements in Implicit VR),
    /// or long.
    Unread,
    /// A sequence has no value of its own, but items or none.
    Sequence {
        is_empty: bool,
    },
}

/// What is found of one element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Element {
    Missing,
    Text(String),
    Sequence {
        is_empty: bool,
    },
    /// It is there, and not as text: why not, for people.
    Unreadable(String),
}

/// Values of an instance's tags, by `gggg,eeee` in lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TagValues(BTreeMap<String, Listed>);

impl TagValues {
    /// From Orthanc's `/instances/{id}/tags?short` (`{ "0008,0060": "CT" }`) or, with the same keys,
    /// `OrthancPluginGetInstanceJson` and `/instances/{id}/tags` (`{ "0008,0060": { "Type", "Value", … } }`).
    ///
    /// What Orthanc does not show because it is binary or longer than 256 characters (`null`) is kept as unread.
    ///
    /// # Errors
    /// It is no JSON object.
    pub fn read(tags: &[u8]) -> serde_json::Result<TagValues> {
        serde_json::from_slice(tags)
    }

    /// From elements by their keys, where they are not read from Orthanc.
    pub fn of(elements: impl IntoIterator<Item = (String, Element)>) -> TagValues {
        let listed = elements.into_iter().filter_map(|(key, element)| {
            let listed = match element {
                Element::Missing => return None,
                Element::Text(text) => Listed::Text(text),
                Element::Sequence { is_empty } => Listed::Sequence { is_empty },
                Element::Unreadable(_) => Listed::Unread,
            };
            Some((key, listed))
        });
        TagValues(listed.collect())
    }

    /// Whether the list shows the tag, in whatever way.
    pub fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// The value of a tag that is there as text.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.0.get(key)? {
            Listed::Text(text) => Some(text),
            Listed::Unread | Listed::Sequence { .. } => None,
        }
    }
}

impl<'de> Deserialize<'de> for TagValues {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<TagValues, D::Error> {
        BTreeMap::deserialize(from).map(TagValues)
    }
}

impl<'de> Deserialize<'de> for Listed {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Listed, D::Error> {
        from.deserialize_any(Value { is_inner: false })
    }
}

/// Reads one value. What is in a sequence is passed over without recursion, however deep it is nested: Orthanc answers
/// requests on threads with a stack of 100 KB.
struct Value {
    /// It is the `Value` of the long form.
    is_inner: bool,
}

impl<'de> DeserializeSeed<'de> for Value {
    type Value = Listed;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Listed, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value {
    type Value = Listed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value of a tag")
    }

    fn visit_str<E>(self, text: &str) -> Result<Listed, E> {
        Ok(Listed::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Listed, E> {
        Ok(Listed::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Listed, A::Error> {
        let mut is_empty = true;
        while items.next_element::<IgnoredAny>()?.is_some() {
            is_empty = false;
        }
        Ok(Listed::Sequence { is_empty })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Listed, A::Error> {
        let mut found = Listed::Unread;
        while let Some(key) = entries.next_key::<String>()? {
            if key == "Value" && !self.is_inner {
                found = entries.next_value_seed(Value { is_inner: true })?;
            } else {
                entries.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_unit<E>(self) -> Result<Listed, E> {
        Ok(Listed::Unread)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Listed, E> {
        Ok(Listed::Unread)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Listed, E> {
        Ok(Listed::Unread)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Listed, E> {
        Ok(Listed::Unread)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Listed, E> {
        Ok(Listed::Unread)
    }
}

impl FromIterator<(String, String)> for TagValues {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(tags: I) -> TagValues {
        let texts = tags.into_iter();
        TagValues(texts.map(|(tag, text)| (tag, Listed::Text(text))).collect())
    }
}

/// Where the tags of one instance are read. Errors are texts for people.
pub trait TagSource {
    /// All of them, as far as a list shows them.
    fn list(&mut self) -> Result<TagValues, String>;
    /// One that the list does not show. `listed` tells the character set. An error: whether it is there is not
    /// known.
    fn one(&mut self, tag: &Tag, listed: &TagValues) -> Result<Element, String>;
}

/// The tags of one instance, read when they are first needed and never again: also a failure is kept.
pub struct Tags<'a> {
    source: &'a mut dyn TagSource,
    listed: Option<Result<TagValues, String>>,
    single: BTreeMap<String, Result<Element, String>>,
}

impl<'a> Tags<'a> {
    pub fn new(source: &'a mut dyn TagSource) -> Tags<'a> {
        Tags {
            source,
            listed: None,
            single: BTreeMap::new(),
        }
    }

    /// The value of a tag; `Ok(None)`: the instance does not have it; an error says why it cannot be read.
    pub fn get(&mut self, tag: &Tag) -> Result<Option<&str>, String> {
        let sequence = || format!("{} is a sequence, which has no value to compare", tag.key());
        match self.find(tag)? {
            Found::Text(text) => Ok(Some(text)),
            Found::Missing => Ok(None),
            Found::Sequence { .. } => Err(sequence()),
            Found::Unreadable(why) => Err(format!("{} {why}", tag.key())),
        }
    }

    /// Whether a tag has a value, readable or not; a sequence: an item. An error: that is not known.
    pub fn has_value(&mut self, tag: &Tag) -> Result<bool, String> {
        Ok(match self.find(tag)? {
            // Several values that are all empty are none (PS3.5 6.4).
            Found::Text(text) => !text.trim_matches([' ', '\0', '\\']).is_empty(),
            Found::Missing => false,
            Found::Sequence { is_empty } => !is_empty,
            Found::Unreadable(_) => true,
        })
    }

    fn find(&mut self, tag: &Tag) -> Result<Found<'_>, String> {
        let key = tag.key();
        let listed = self
            .listed
            .get_or_insert_with(|| self.source.list())
            .as_ref()
            .map_err(|why| format!("the tags cannot be read: {why}"))?;
        match listed.0.get(&key) {
            Some(Listed::Text(text)) => return Ok(Found::Text(text)),
            Some(Listed::Sequence { is_empty }) => {
                return Ok(Found::Sequence {
                    is_empty: *is_empty,
                });
            }
            None if tag.group < PIXEL_DATA_GROUP => return Ok(Found::Missing),
            Some(Listed::Unread) | None => {}
        }
        let source = &mut self.source;
        let one = self
            .single
            .entry(key.clone())
            .or_insert_with(|| source.one(tag, listed));
        match one {
            Ok(Element::Missing) => Ok(Found::Missing),
            Ok(Element::Text(text)) => Ok(Found::Text(text)),
            Ok(Element::Sequence { is_empty }) => Ok(Found::Sequence {
                is_empty: *is_empty,
            }),
            Ok(Element::Unreadable(why)) => Ok(Found::Unreadable(why)),
            Err(why) => Err(format!("{key} {why}")),
        }
    }
}

/// An [`Element`] that is kept elsewhere.
enum Found<'a> {
    Missing,
    Text(&'a str),
    Sequence { is_empty: bool },
    Unreadable(&'a str),
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_of_orthancs_forms_give_the_same_values() {
        let short = json!({ "0008,0060": "CT", "0008,1140": [], "7fe0,0010": null });
        let full = json!({
            "0008,0060": { "Name": "Modality", "Type": "String", "Value": "CT" },
            "0008,1140": { "Name": "ReferencedImageSequence", "Type": "Sequence", "Value": [] },
            "7fe0,0010": { "Name": "PixelData", "Type": "Null", "Value": null },
        });
        let read = |tags: &serde_json::Value| TagValues::read(tags.to_string().as_bytes());
        assert_eq!(read(&short).unwrap(), read(&full).unwrap());
        assert_eq!(read(&short).unwrap().text("0008,0060"), Some("CT"));
        assert!(read(&json!([])).is_err());
        assert!(TagValues::read(b"").is_err());
    }

    /// As a file can have it, on a stack as Orthanc's threads have it.
    #[test]
    fn what_is_nested_deep_needs_no_deep_stack() {
        let deep = 100_000;
        let text = format!(
            "{{\"0040,a730\":{}{},\"0008,0060\":\"SR\"}}",
            "[{\"0040,a730\":".repeat(deep),
            "[]".to_owned() + &"}]".repeat(deep)
        );
        let thread = std::thread::Builder::new().stack_size(100_000);
        let read = move || TagValues::read(text.as_bytes()).unwrap();
        let tags = thread.spawn(read).unwrap().join().unwrap();
        assert_eq!(tags.text("0008,0060"), Some("SR"));
        assert_eq!(tags.0["0040,a730"], Listed::Sequence { is_empty: false });
    }
}
