//! `If`, by the conditions of rules, over the data set in memory.

use sendqueue_dicom::{Elements, Tag as DicomTag};

use super::NotChanged;
use super::place::{charset, read};
use super::sender::About;
use crate::config::settings::{Conditions, Tag};
use crate::routing::{
    Arrival, Condition, Element, Holds, TagSource, TagValues, Tags, all_hold, asks_for_the_sender,
};

/// Whether all of them hold for the data set as it is now.
pub fn hold(
    conditions: &Conditions,
    root: &Elements<'_>,
    about: &About<'_>,
) -> Result<bool, NotChanged> {
    let nobody = Arrival::default();
    let arrival = match asks_for_the_sender(conditions) {
        true => about.arrival()?,
        false => &nobody,
    };
    let mut source = OfDataSet {
        root,
        asked: &conditions.tags,
    };
    let mut tags = Tags::new(&mut source);
    match all_hold(conditions, arrival, &mut tags) {
        Holds::Yes => Ok(true),
        Holds::No(_) => Ok(false),
        Holds::Undecided(condition, why) => {
            let name = match condition {
                Condition::Tag(tag, _) => tag.written.as_str(),
                _ => "a condition",
            };
            Err(NotChanged::Impossible(format!("If.{name}: {why}")))
        }
    }
}

/// The tags of a data set in memory.
struct OfDataSet<'a, 'f, T> {
    root: &'a Elements<'f>,
    /// No other ones are asked for.
    asked: &'a [(Tag, T)],
}

impl<T> OfDataSet<'_, '_, T> {
    fn element(&self, tag: &Tag) -> Element {
        let Some(found) = self.root.get(DicomTag(tag.group, tag.element)) else {
            return Element::Missing;
        };
        match found.items() {
            Ok(Some(items)) => {
                let is_empty = items.is_empty();
                return Element::Sequence { is_empty };
            }
            Ok(None) => {}
            Err(why) => return Element::Unreadable(format!("cannot be read: {why}")),
        }
        if found.is_empty() {
            return Element::Text(String::new());
        }
        let text = match charset(self.root, None) {
            Ok(charset) => read(found, &charset),
            Err(NotChanged::Impossible(why)) => Err(why),
            Err(_) => Err("its character set cannot be read".to_owned()),
        };
        text.map_or_else(
            |why| Element::Unreadable(format!("cannot be read: {why}")),
            Element::Text,
        )
    }
}

impl<T> TagSource for OfDataSet<'_, '_, T> {
    fn list(&mut self) -> Result<TagValues, String> {
        let asked = self.asked.iter();
        Ok(TagValues::of(
            asked.map(|(tag, _)| (tag.key(), self.element(tag))),
        ))
    }

    fn one(&mut self, tag: &Tag, _: &TagValues) -> Result<Element, String> {
        Ok(self.element(tag))
    }
}
