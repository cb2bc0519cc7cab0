//! Elements one after the other, each checked against what contains it.
//!
//! Invariants:
//! - Nothing in the input is believed: lengths are checked, depth is bounded, and whatever is no element is refused
//!   with its place.
//! - A sequence of defined length is not looked into: its end is known.
//! - What DCMTK takes is taken, where it is plain what is meant: a delimiter at the end of what has a defined length.

use crate::head::{Form, Head, UNDEFINED};
use crate::{Malformed, Tag};

/// Deeper than any real data set, and no danger to the stack.
pub const DEEPEST: usize = 64;

const CUT: &str = "a header that is cut off";
const BEYOND: &str = "a length that goes beyond the end";
const COMPRESSED: &str = "compressed pixel data, which Implicit VR Little Endian cannot have";
const TOO_DEEP: &str = "a sequence that is nested too deeply";
const NO_ELEMENT: &str = "a delimiter where an element must be";
const NO_ITEM: &str = "something else than an item in a sequence";
const NO_SEQUENCE: &str = "a sequence where none can be";
const NO_END: &str = "an item without its end";
const OPEN: &str = "an undefined length of what is no sequence";

/// What an element has behind its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Value,
    /// Items, the delimiter at the end of a sequence of undefined length included; in which form.
    Items(Form),
    /// Compressed pixel data (PS3.5 A.4), the delimiter included.
    Fragments,
}

/// An element as it stands in the input.
pub(crate) struct Found<'f> {
    pub head: Head,
    pub kind: Kind,
    /// What is behind the header.
    pub content: &'f [u8],
    /// Where that begins in the data set.
    pub at: usize,
}

/// What has items or elements in it.
#[derive(Clone, Copy)]
struct Extent {
    end: usize,
    /// It ends with a delimiter, at the latest at `end`.
    delimited: bool,
}

/// An item as it stands in the input: its elements, without its header and its delimiter.
pub(crate) struct FoundItem<'f> {
    pub elements: &'f [u8],
    /// Where these begin in the data set.
    pub at: usize,
    pub delimited: bool,
}

/// The values of these elements of a data set itself, whose tags ascend, read no further than they can be. `None`: it
/// is not there, or what is before it cannot be read. A data set that is deflated has none.
#[must_use]
pub fn first_values<const N: usize>(
    data_set: &[u8],
    form: Form,
    tags: [Tag; N],
) -> [Option<&[u8]>; N] {
    let mut values = [None; N];
    let mut walker = Walker::new(data_set, 0);
    while let Ok(Some(found)) = walker.next(form, 0) {
        let tag = found.head.tag;
        if tags.last().is_none_or(|last| tag > *last) {
            break;
        }
        let at = tags.iter().position(|one| *one == tag);
        // One that is there twice counts as it stands first.
        if let Some(value) = at.map(|at| &mut values[at]).filter(|value| value.is_none()) {
            *value = Some(found.content);
        }
    }
    values
}

pub(crate) struct Walker<'f> {
    input: &'f [u8],
    /// Where the input begins in the data set.
    offset: usize,
    at: usize,
}

impl<'f> Walker<'f> {
    pub fn new(input: &'f [u8], offset: usize) -> Walker<'f> {
        Walker {
            input,
            offset,
            at: 0,
        }
    }

    /// The next element of a level that ends with the input; sequences are walked through only to find their end.
    pub fn next(&mut self, form: Form, depth: usize) -> Result<Option<Found<'f>>, Malformed> {
        if self.at == self.input.len() {
            return Ok(None);
        }
        let end = self.input.len();
        let head = self.head(form, end)?;
        if head.tag == Tag::ITEM_DELIMITATION && self.at + head.size == end {
            self.at = end;
            return Ok(None);
        }
        self.element(&head, form, end, depth).map(Some)
    }

    /// The next item of a sequence that ends with the input, or with its delimiter where it is `delimited`.
    pub fn next_item(
        &mut self,
        form: Form,
        delimited: bool,
        depth: usize,
    ) -> Result<Option<FoundItem<'f>>, Malformed> {
        let end = self.input.len();
        if !delimited && self.at == end {
            return Ok(None);
        }
        let head = self.head(form, end)?;
        let is_last = delimited || self.at + head.size == end;
        if head.tag == Tag::SEQUENCE_DELIMITATION && is_last {
            self.at = end;
            return Ok(None);
        }
        let extent = self.item(&head, end)?;
        let from = self.at;
        let until = if extent.delimited {
            self.skip_elements(form, extent, depth + 1)?
        } else {
            extent.end
        };
        if !extent.delimited {
            self.at = until;
        }
        Ok(Some(FoundItem {
            elements: &self.input[from..until],
            at: self.offset + from,
            delimited: extent.delimited,
        }))
    }

    /// The element whose header stands here, and past it.
    fn element(
        &mut self,
        head: &Head,
        form: Form,
        end: usize,
        depth: usize,
    ) -> Result<Found<'f>, Malformed> {
        if head.tag.is_delimiter() {
            return self.refuse(NO_ELEMENT);
        }
        let extent = self.extent(head, end)?;
        let open = extent.delimited;
        // A receiver knows by the tag alone what these are.
        let plain = head.tag == Tag::PIXEL_DATA || head.tag.is_group_length();
        let kind = match &head.vr {
            b"OB" | b"OW" | b"UN" if open && head.tag == Tag::PIXEL_DATA => Kind::Fragments,
            _ if open && head.tag == Tag::PIXEL_DATA && !form.is_explicit() => {
                return self.refuse(COMPRESSED);
            }
            b"SQ" if plain => return self.refuse(NO_SEQUENCE),
            _ if open && plain => return self.refuse(NO_SEQUENCE),
            b"SQ" => Kind::Items(form),
            // Implicit whatever is around it (PS3.5 6.2.2).
            b"UN" if open => Kind::Items(Form::ImplicitLittle),
            _ if open && !form.is_explicit() => Kind::Items(form),
            _ if open => return self.refuse(OPEN),
            _ => Kind::Value,
        };
        self.at += head.size;
        let from = self.at;
        match kind {
            _ if !open => self.at = extent.end,
            Kind::Items(inside) => self.skip_items(inside, end, depth)?,
            _ => self.skip_fragments(form, end)?,
        }
        Ok(Found {
            head: *head,
            kind,
            content: &self.input[from..self.at],
            at: self.offset + from,
        })
    }

    /// Past the items of a sequence of undefined length, its delimiter included.
    fn skip_items(&mut self, form: Form, end: usize, depth: usize) -> Result<(), Malformed> {
        loop {
            let head = self.head(form, end)?;
            if head.tag == Tag::SEQUENCE_DELIMITATION {
                self.at += head.size;
                return Ok(());
            }
            let extent = self.item(&head, end)?;
            if extent.delimited {
                self.skip_elements(form, extent, depth + 1)?;
            } else {
                self.at = extent.end;
            }
        }
    }

    /// Past the elements of an item of undefined length and its delimiter; answers where the delimiter stands.
    fn skip_elements(
        &mut self,
        form: Form,
        extent: Extent,
        depth: usize,
    ) -> Result<usize, Malformed> {
        if depth > DEEPEST {
            return self.refuse(TOO_DEEP);
        }
        while self.at < extent.end {
            let head = self.head(form, extent.end)?;
            if head.tag == Tag::ITEM_DELIMITATION {
                let end = self.at;
                self.at += head.size;
                return Ok(end);
            }
            self.element(&head, form, extent.end, depth)?;
        }
        self.refuse(NO_END)
    }

    /// Past the fragments of compressed pixel data (PS3.5 A.4), its delimiter included.
    fn skip_fragments(&mut self, form: Form, end: usize) -> Result<(), Malformed> {
        loop {
            let head = self.head(form, end)?;
            match (head.tag, head.length) {
                (Tag::SEQUENCE_DELIMITATION, _) => {
                    self.at += head.size;
                    return Ok(());
                }
                (Tag::ITEM, length) if length != UNDEFINED => {
                    self.at = self.extent(&head, end)?.end;
                }
                _ => return self.refuse("something else than a fragment of pixel data"),
            }
        }
    }

    fn item(&mut self, head: &Head, end: usize) -> Result<Extent, Malformed> {
        if head.tag != Tag::ITEM {
            return self.refuse(NO_ITEM);
        }
        let extent = self.extent(head, end)?;
        self.at += head.size;
        Ok(extent)
    }

    fn head(&self, form: Form, end: usize) -> Result<Head, Malformed> {
        match Head::read(&self.input[self.at..end], form) {
            Some(head) => Ok(head),
            None => self.refuse(CUT),
        }
    }

    /// Where that ends whose header stands here, within `end`.
    fn extent(&self, head: &Head, end: usize) -> Result<Extent, Malformed> {
        if head.length == UNDEFINED {
            return Ok(Extent {
                end,
                delimited: true,
            });
        }
        let from = self.at + head.size;
        if head.length as usize > end - from {
            return self.refuse(BEYOND);
        }
        Ok(Extent {
            end: from + head.length as usize,
            delimited: false,
        })
    }

    fn refuse<T>(&self, why: &'static str) -> Result<T, Malformed> {
        Err(Malformed::at(self.offset + self.at, why))
    }
}

/// Whether these bytes are the items of a sequence in Implicit VR Little Endian, to the last: what stands in a value of
/// VR UN (PS3.5 6.2.2), or of a private element of the implicit form, is known by nothing else.
pub(crate) fn are_items(bytes: &[u8], depth: usize) -> bool {
    let form = Form::ImplicitLittle;
    let begins = Head::read(bytes, form).is_some_and(|head| head.tag == Tag::ITEM);
    let mut items = Walker::new(bytes, 0);
    let mut each = || -> Result<(), Malformed> {
        while let Some(item) = items.next_item(form, false, depth)? {
            let mut inside = Walker::new(item.elements, 0);
            while inside.next(form, depth + 1)?.is_some() {}
        }
        Ok(())
    };
    begins && depth < DEEPEST && each().is_ok()
}
