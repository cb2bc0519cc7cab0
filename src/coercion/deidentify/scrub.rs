//! The profile, done to a data set: every level of it.
//!
//! Invariants:
//! - A sequence in which nothing is to be done stays byte for byte. One that cannot be read is an error, never kept.
//! - What the standard has as a sequence, and is none here, goes: nobody can look into it.

use sendqueue_dicom::{Element, Elements, Tag, Vr, dictionary};

use super::action::{Action, Profile};
use super::values::{Secret, dummy, shifted};
use crate::coercion::NotChanged;

pub struct Scrub<'s> {
    pub profile: &'s Profile,
    pub secret: &'s Secret,
    /// Days by which dates lie back; `None`: no option asks for it.
    pub days: Option<i64>,
}

impl Scrub<'_> {
    /// # Errors
    /// A sequence is damaged.
    pub fn data_set(&self, root: &mut Elements<'_>) -> Result<(), NotChanged> {
        self.level(root, false)
    }

    fn level(&self, level: &mut Elements<'_>, nested: bool) -> Result<(), NotChanged> {
        let tags: Vec<Tag> = level.iter().map(Element::tag).collect();
        for tag in tags {
            let Some(element) = level.get_mut(tag) else {
                continue;
            };
            let action = self.action(element, nested)?;
            if action == Action::Keep {
                // Looked at first: a sequence that is opened to be changed is written anew.
                if self.has_work(element)? {
                    for item in element.items_mut()?.into_iter().flatten() {
                        self.level(item, true)?;
                    }
                }
                continue;
            }
            match self.other(element, action)? {
                Some(other) => *element = other,
                None => {
                    level.remove(tag);
                }
            }
        }
        Ok(())
    }

    fn action(&self, element: &Element<'_>, nested: bool) -> Result<Action, NotChanged> {
        let tag = element.tag();
        let action = self.profile.action(tag, element.vr(), nested);
        if action != Action::Keep {
            return Ok(action);
        }
        // Its items are not there to be looked at, or (of an element that is no pixel data) hidden in fragments.
        let is_sequence = dictionary::vr(tag) == Some(Vr::SQ);
        let has_items = element.items()?.is_some();
        let is_hidden = is_sequence && !has_items && !element.is_empty();
        let is_odd = element.bytes().is_none() && !has_items && !tag.is_pixel_data();
        Ok(if is_hidden || is_odd {
            Action::Remove
        } else {
            action
        })
    }

    /// Whether there is anything to be done in the items of the element.
    fn has_work(&self, element: &Element<'_>) -> Result<bool, NotChanged> {
        for item in element.items()?.unwrap_or_default() {
            for element in item {
                if self.action(element, true)? != Action::Keep || self.has_work(element)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// What takes the place of an element; `None`: nothing.
    fn other<'f>(
        &self,
        element: &Element<'f>,
        action: Action,
    ) -> Result<Option<Element<'f>>, NotChanged> {
        let tag = element.tag();
        let vr = written(element);
        let made = |value| Some(Element::new(tag, vr, value));
        Ok(match action {
            Action::Keep => Some(element.clone()),
            Action::Remove => None,
            Action::Empty if vr == Vr::SQ => Some(Element::sequence(tag, Vec::new())),
            Action::Empty => made(Vec::new()),
            Action::Uid => {
                let value = element.bytes();
                value.map(|value| Element::new(tag, Vr::UI, self.secret.uids(value)))
            }
            Action::Shift(otherwise) => {
                let days = self.days.unwrap_or_default();
                let value = element.bytes().and_then(|value| shifted(value, vr, days));
                match value {
                    Some(value) => made(value),
                    None => return self.other(element, otherwise.action()),
                }
            }
            // Nothing to hide, and no reason to make it valid.
            Action::Dummy if element.is_empty() => Some(element.clone()),
            Action::Dummy => match element.items()? {
                Some(items) => {
                    let items = items.iter().map(|item| self.dummies(item));
                    Some(Element::sequence(tag, items.collect::<Result<_, _>>()?))
                }
                None if vr == Vr::SQ => None,
                None => made(dummy(vr, element.bytes().map_or(0, <[u8]>::len))),
            },
        })
    }

    /// An item of a sequence that says nothing any more: its structure is left, with codes of the standard (CS) and
    /// references to what is called otherwise now. All else is a dummy.
    fn dummies<'f>(&self, item: &Elements<'f>) -> Result<Elements<'f>, NotChanged> {
        let mut made = Elements::new();
        for element in item {
            let tag = element.tag();
            let vr = written(element);
            let action = match self.action(element, true)? {
                Action::Keep | Action::Shift(_) if vr == Vr::UI => Action::Uid,
                Action::Keep if vr == Vr::CS => Action::Keep,
                Action::Keep | Action::Shift(_) => Action::Dummy,
                other => other,
            };
            if tag == Tag::SPECIFIC_CHARACTER_SET {
                continue;
            }
            if let Some(element) = self.other(element, action)? {
                made.insert(element);
            }
        }
        Ok(made)
    }
}

/// The VR that its value is written with: the standard's where the element has none of its own.
fn written(element: &Element<'_>) -> Vr {
    let known = dictionary::vr(element.tag());
    match element.vr() {
        Vr::UN => known.unwrap_or(Vr::UN),
        // A text in the place of a sequence, or the other way.
        vr if (vr == Vr::SQ) != (known == Some(Vr::SQ)) => known.unwrap_or(vr),
        vr => vr,
    }
}
