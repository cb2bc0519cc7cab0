//! One element of a data set or item.

use std::borrow::Cow;

use crate::head::{Form, Head, NO_VR, UNDEFINED};
use crate::items::Items;
use crate::walk::{Found, Kind, are_items};
use crate::{Elements, Malformed, Tag, Vr, dictionary};

#[derive(Debug, Clone)]
pub struct Element<'f> {
    tag: Tag,
    /// As written, or [`NO_VR`].
    vr: [u8; 2],
    form: Form,
    pub(crate) content: Content<'f>,
}

#[derive(Debug, Clone)]
pub(crate) enum Content<'f> {
    Value(Cow<'f, [u8]>),
    Items(Box<Items<'f>>),
    /// Compressed pixel data, its delimiter included.
    Fragments(Cow<'f, [u8]>),
}

impl<'f> Element<'f> {
    pub(crate) fn found(found: &Found<'f>, form: Form, depth: usize) -> Element<'f> {
        let Head {
            tag, vr, length, ..
        } = found.head;
        let open = length == UNDEFINED;
        let value = found.content;
        let items = match found.kind {
            Kind::Items(inside) => Some(inside),
            Kind::Fragments => None,
            Kind::Value => hidden_items(tag, vr, value, form, depth),
        };
        let content = match (items, found.kind) {
            (Some(inside), _) => {
                Content::Items(Box::new(Items::found(value, found.at, inside, open, depth)))
            }
            (None, Kind::Fragments) => Content::Fragments(Cow::Borrowed(value)),
            (None, _) => Content::Value(Cow::Borrowed(value)),
        };
        Element {
            tag,
            vr,
            form,
            content,
        }
    }

    /// One with this value, in little endian where it has numbers; of odd length it is padded.
    #[must_use]
    pub fn new(tag: Tag, vr: Vr, value: Vec<u8>) -> Element<'f> {
        let mut value = value;
        if value.len() % 2 == 1 {
            value.push(vr.padding());
        }
        Element {
            tag,
            vr: vr.as_bytes(),
            form: Form::ExplicitLittle,
            content: Content::Value(Cow::Owned(value)),
        }
    }

    /// A sequence.
    #[must_use]
    pub fn sequence(tag: Tag, items: Vec<Elements<'f>>) -> Element<'f> {
        Element {
            tag,
            vr: Vr::SQ.as_bytes(),
            form: Form::ExplicitLittle,
            content: Content::Items(Box::new(Items::made(items))),
        }
    }

    #[must_use]
    pub fn tag(&self) -> Tag {
        self.tag
    }

    /// As written; where none is, the dictionary's. UN for what is neither in the standard nor in the dictionary.
    #[must_use]
    pub fn vr(&self) -> Vr {
        if self.vr != NO_VR {
            return Vr::from_bytes(self.vr).unwrap_or(Vr::UN);
        }
        match &self.content {
            Content::Items(_) => Vr::SQ,
            _ => dictionary::vr(self.tag).unwrap_or(Vr::UN),
        }
    }

    /// The value with its padding, in the byte order of the data set. `None` for a sequence, and for compressed pixel
    /// data.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Value(value) => Some(value),
            Content::Items(_) | Content::Fragments(_) => None,
        }
    }

    /// The same, with numbers in little endian.
    #[must_use]
    pub fn little_endian(&self) -> Option<Cow<'_, [u8]>> {
        let value = self.bytes()?;
        Some(ordered(value, self.vr(), self.form, Form::ExplicitLittle))
    }

    /// The items of a sequence; `None` of what is no sequence. Those in a value of VR UN count too, where it is one.
    ///
    /// # Errors
    ///
    /// The sequence is damaged.
    pub fn items(&self) -> Result<Option<&[Elements<'f>]>, Malformed> {
        match &self.content {
            Content::Items(items) => items.get().map(|items| Some(&items[..])),
            Content::Value(value) if self.vr() == Vr::SQ && !value.is_empty() => Err(
                Malformed::of(self.tag, "its value is not the items of a sequence"),
            ),
            _ => Ok(None),
        }
    }

    /// The same, to change them: from then on the sequence is written anew, item by item.
    ///
    /// # Errors
    ///
    /// The sequence is damaged.
    pub fn items_mut(&mut self) -> Result<Option<&mut Vec<Elements<'f>>>, Malformed> {
        self.items()?;
        match &mut self.content {
            Content::Items(items) => items.get_mut().map(Some),
            _ => Ok(None),
        }
    }

    /// The fragments of compressed pixel data, the offset table first (PS3.5 A.4); `None`: it is none. Ends where they
    /// are damaged.
    #[must_use]
    pub fn fragments(&self) -> Option<impl Iterator<Item = &[u8]>> {
        let Content::Fragments(bytes) = &self.content else {
            return None;
        };
        let mut rest: &[u8] = bytes;
        Some(std::iter::from_fn(move || {
            let ([0xFE, 0xFF, 0x00, 0xE0, length @ ..], behind) = rest.split_first_chunk::<8>()?
            else {
                return None;
            };
            let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
            let (fragment, behind) = behind.split_at_checked(length)?;
            rest = behind;
            Some(fragment)
        }))
    }

    /// Without items, or without a value other than padding.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match &self.content {
            Content::Value(value) if self.vr().is_string() => {
                value.iter().all(|byte| matches!(byte, b' ' | 0))
            }
            Content::Value(value) => value.is_empty(),
            Content::Items(items) => items.is_empty(),
            Content::Fragments(_) => false,
        }
    }

    /// Another value of the same VR; see [`Element::new`].
    pub fn set(&mut self, vr: Vr, value: Vec<u8>) {
        *self = Element::new(self.tag, vr, value);
    }

    /// As it is to be written: the VR, by the dictionary where none was.
    pub(crate) fn written_vr(&self) -> [u8; 2] {
        if self.vr == NO_VR {
            self.vr().as_bytes()
        } else {
            self.vr
        }
    }

    pub(crate) fn form(&self) -> Form {
        self.form
    }

    pub(crate) fn owned<'a>(self) -> Element<'a> {
        Element {
            tag: self.tag,
            vr: self.vr,
            form: self.form,
            content: match self.content {
                Content::Value(value) => Content::Value(Cow::Owned(value.into_owned())),
                Content::Items(items) => Content::Items(Box::new(items.owned())),
                Content::Fragments(bytes) => Content::Fragments(Cow::Owned(bytes.into_owned())),
            },
        }
    }
}

/// The form of the items of a sequence that no header tells of: in Implicit VR of defined length, or in VR UN.
fn hidden_items(tag: Tag, vr: [u8; 2], value: &[u8], form: Form, depth: usize) -> Option<Form> {
    const ITEM: [u8; 4] = [0xFE, 0xFF, 0x00, 0xE0];
    let hides = (vr == NO_VR && !form.is_explicit()) || &vr == b"UN";
    if !hides || tag.is_pixel_data() || !(value.is_empty() || value.starts_with(&ITEM)) {
        return None;
    }
    let is_sequence = match dictionary::vr(tag) {
        Some(vr) => vr == Vr::SQ,
        None => are_items(value, depth),
    };
    is_sequence.then_some(Form::ImplicitLittle)
}

/// A value in another byte order.
pub(crate) fn ordered(value: &[u8], vr: Vr, from: Form, to: Form) -> Cow<'_, [u8]> {
    let width = vr.width();
    if from.is_big() == to.is_big() || width == 1 {
        return Cow::Borrowed(value);
    }
    let mut swapped = value.to_vec();
    for number in swapped.chunks_exact_mut(width) {
        number.reverse();
    }
    Cow::Owned(swapped)
}
