//! One level of a data set: its own elements, or those of an item.
//!
//! Invariants:
//! - Tags ascend, each is there once. Of what the input has twice the first counts, and what stands in the wrong place
//!   is put right, as DCMTK does.
//! - Group lengths (gggg,0000) are left out: retired (PS3.5 7.2), optional, and wrong after a change. So are groups
//!   0000 and 0002, which belong to commands and to meta information: at the beginning, where their numbers would put
//!   them, a reader would take them for these.

use crate::head::Form;
use crate::walk::{FoundItem, Walker};
use crate::{Element, Malformed, Tag, Vr};

#[derive(Debug, Clone, Default)]
pub struct Elements<'f> {
    list: Vec<Element<'f>>,
    /// Of an item: it ends with a delimiter.
    pub(crate) delimited: bool,
}

impl<'f> Elements<'f> {
    #[must_use]
    pub fn new() -> Elements<'f> {
        Elements::default()
    }

    pub(crate) fn read(
        item: &FoundItem<'f>,
        form: Form,
        depth: usize,
    ) -> Result<Elements<'f>, Malformed> {
        // A guess that a header of the usual length fits in without growing.
        let mut list: Vec<Element<'f>> = Vec::with_capacity((item.elements.len() / 24).min(96));
        let mut ascend = true;
        let mut walker = Walker::new(item.elements, item.at);
        while let Some(found) = walker.next(form, depth)? {
            let tag = found.head.tag;
            if tag.is_group_length() || matches!(tag.0, 0x0000 | 0x0002) {
                continue;
            }
            ascend &= list.last().is_none_or(|last| last.tag() < tag);
            list.push(Element::found(&found, form, depth));
        }
        if !ascend {
            list.sort_by_key(Element::tag);
            list.dedup_by_key(|element| element.tag());
        }
        Ok(Elements {
            list,
            delimited: item.delimited,
        })
    }

    /// Where the tag is, or belongs.
    fn place(&self, tag: Tag) -> Result<usize, usize> {
        self.list.binary_search_by_key(&tag, Element::tag)
    }

    #[must_use]
    pub fn get(&self, tag: Tag) -> Option<&Element<'f>> {
        self.place(tag).ok().map(|at| &self.list[at])
    }

    #[must_use]
    pub fn get_mut(&mut self, tag: Tag) -> Option<&mut Element<'f>> {
        self.place(tag).ok().map(|at| &mut self.list[at])
    }

    /// Puts an element in its place, for the one that has its tag.
    pub fn insert(&mut self, element: Element<'f>) {
        match self.place(element.tag()) {
            Ok(at) => self.list[at] = element,
            Err(at) => self.list.insert(at, element),
        }
    }

    /// Numbers are in little endian, whatever the data set is; an odd length is padded as its VR says.
    pub fn set(&mut self, tag: Tag, vr: Vr, value: Vec<u8>) {
        self.insert(Element::new(tag, vr, value));
    }

    pub fn set_items(&mut self, tag: Tag, items: Vec<Elements<'f>>) {
        self.insert(Element::sequence(tag, items));
    }

    pub fn remove(&mut self, tag: Tag) -> Option<Element<'f>> {
        self.place(tag).ok().map(|at| self.list.remove(at))
    }

    /// Removes what the function says no to.
    pub fn retain(&mut self, keep: impl FnMut(&Element<'f>) -> bool) {
        self.list.retain(keep);
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Element<'f>> {
        self.list.iter()
    }

    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, Element<'f>> {
        self.list.iter_mut()
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(crate) fn owned<'a>(self) -> Elements<'a> {
        Elements {
            list: self.list.into_iter().map(Element::owned).collect(),
            delimited: self.delimited,
        }
    }
}

impl<'a, 'f> IntoIterator for &'a Elements<'f> {
    type Item = &'a Element<'f>;
    type IntoIter = std::slice::Iter<'a, Element<'f>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
