//! From the tree to bytes.
//!
//! Invariants:
//! - What nobody changed is written as it was, lengths of sequences and items in the form (defined or not) in which
//!   they were.
//! - Values of [`LARGE`] and more and pixel data are not copied: they are ranges of the input.
//! - Every length that is written is even (PS3.5 7.1.1), and true.

use std::ops::Range;

use crate::element::{Content, ordered};
use crate::head::{Form, Head, UNDEFINED, has_long_form};
use crate::items::Items;
use crate::{Element, Elements, Malformed, Tag, Vr};

/// From this size on a value is not copied, in bytes.
pub(crate) const LARGE: usize = 64 * 1024;
/// The longest value that a length of two bytes can tell, and be even.
const LONGEST_SHORT: usize = 0xFFFE;

/// A part of a data set that was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Made(Vec<u8>),
    /// Of the bytes that were given to [`DataSet::parse`](crate::DataSet::parse).
    Kept(Range<usize>),
}

pub(crate) struct Encoder<'a> {
    source: &'a [u8],
    pieces: Vec<Piece>,
    /// How long all pieces are.
    written: usize,
}

/// A length that is told later.
struct Owed {
    piece: usize,
    at: usize,
    /// What was written up to it.
    written: usize,
}

impl<'a> Encoder<'a> {
    pub(crate) fn new(source: &'a [u8]) -> Encoder<'a> {
        // What is small is copied: room for it, and for a few changes.
        let room = source.len().min(LARGE / 16) + 512;
        Encoder {
            source,
            pieces: vec![Piece::Made(Vec::with_capacity(room))],
            written: 0,
        }
    }

    pub(crate) fn finish(self) -> Vec<Piece> {
        let mut pieces = self.pieces;
        pieces.retain(|piece| !matches!(piece, Piece::Made(bytes) if bytes.is_empty()));
        pieces
    }

    pub(crate) fn elements(
        &mut self,
        elements: &Elements<'_>,
        form: Form,
    ) -> Result<(), Malformed> {
        for element in elements {
            self.element(element, form)?;
        }
        Ok(())
    }

    fn element(&mut self, element: &Element<'_>, form: Form) -> Result<(), Malformed> {
        match &element.content {
            Content::Value(value) => self.value(element, value, form),
            Content::Items(items) => self.items(element, items, form),
            Content::Fragments(bytes) => self.fragments(element, bytes, form),
        }
    }

    fn value(&mut self, element: &Element<'_>, value: &[u8], form: Form) -> Result<(), Malformed> {
        let tag = element.tag();
        let value = ordered(value, element.vr(), element.form(), form);
        let length = value.len() + value.len() % 2;
        let mut vr = element.written_vr();
        if form.is_explicit() && !has_long_form(vr) && length > LONGEST_SHORT {
            // PS3.5 6.2.2: what is longer than its VR can tell has the VR UN.
            if form.is_big() {
                return Err(Malformed::of(
                    tag,
                    "its value is longer than its VR can tell",
                ));
            }
            vr = Vr::UN.as_bytes();
        }
        let told = told(tag, length)?;
        self.head(tag, vr, told, form);
        self.bytes(&value, tag.is_pixel_data());
        if value.len() != length {
            let padding = Vr::from_bytes(vr).unwrap_or(Vr::UN).padding();
            self.put(&[padding]);
        }
        Ok(())
    }

    fn items(
        &mut self,
        element: &Element<'_>,
        items: &Items<'_>,
        form: Form,
    ) -> Result<(), Malformed> {
        let tag = element.tag();
        let vr = element.written_vr();
        let is_unknown = vr == Vr::UN.as_bytes();
        let inside = if is_unknown {
            Form::ImplicitLittle
        } else {
            form
        };
        if let Some(raw) = items.untouched(inside).filter(|raw| raw.len() % 2 == 0) {
            let length = if items.delimited {
                UNDEFINED
            } else {
                told(tag, raw.len())?
            };
            self.head(tag, vr, length, form);
            self.bytes(raw, false);
            return Ok(());
        }
        self.head(tag, vr, UNDEFINED, form);
        let owed = (!items.delimited).then(|| self.owe());
        for item in items.get()? {
            self.bare(Tag::ITEM, UNDEFINED, inside);
            let owed = (!item.delimited).then(|| self.owe());
            self.elements(item, inside)?;
            match owed {
                Some(owed) => self.pay(&owed, tag, inside)?,
                None => self.bare(Tag::ITEM_DELIMITATION, 0, inside),
            }
        }
        match owed {
            Some(owed) => self.pay(&owed, tag, form)?,
            None => self.bare(Tag::SEQUENCE_DELIMITATION, 0, inside),
        }
        Ok(())
    }

    /// Byte for byte; one of odd length is padded (PS3.5 A.4), where no table says at which byte which frame begins.
    fn fragments(
        &mut self,
        element: &Element<'_>,
        bytes: &[u8],
        form: Form,
    ) -> Result<(), Malformed> {
        let tag = element.tag();
        self.head(tag, element.written_vr(), UNDEFINED, form);
        let has_table = Head::read(bytes, form).is_some_and(|table| table.length > 0);
        let (mut rest, mut even) = (bytes, 0);
        while let Some(head) = Head::read(&rest[even..], form) {
            if head.tag == Tag::SEQUENCE_DELIMITATION {
                break;
            }
            let end = even + head.size + head.length as usize;
            if head.length % 2 == 0 {
                even = end;
                continue;
            }
            if has_table {
                return Err(Malformed::of(tag, "a fragment of it has an odd length"));
            }
            self.bytes(&rest[..even], true);
            self.bare(head.tag, head.length + 1, form);
            self.bytes(&rest[even + head.size..end], true);
            self.put(&[0]);
            (rest, even) = (&rest[end..], 0);
        }
        self.bytes(rest, true);
        Ok(())
    }

    fn head(&mut self, tag: Tag, vr: [u8; 2], length: u32, form: Form) {
        if !form.is_explicit() {
            self.bare(tag, length, form);
            return;
        }
        let ([g0, g1], [e0, e1]) = (form.short_bytes(tag.0), form.short_bytes(tag.1));
        let [v0, v1] = vr;
        if has_long_form(vr) {
            self.put(&[g0, g1, e0, e1, v0, v1, 0, 0]);
            self.put(&form.long_bytes(length));
        } else {
            // Checked where the VR is known.
            let [l0, l1] = form.short_bytes(u16::try_from(length).unwrap_or(u16::MAX));
            self.put(&[g0, g1, e0, e1, v0, v1, l0, l1]);
        }
    }

    /// A header without VR.
    fn bare(&mut self, tag: Tag, length: u32, form: Form) {
        let ([g0, g1], [e0, e1]) = (form.short_bytes(tag.0), form.short_bytes(tag.1));
        let [l0, l1, l2, l3] = form.long_bytes(length);
        self.put(&[g0, g1, e0, e1, l0, l1, l2, l3]);
    }

    /// The length that was written last, of four bytes, is told when it is known.
    fn owe(&self) -> Owed {
        let last = self.pieces.len() - 1;
        let at = match &self.pieces[last] {
            Piece::Made(bytes) => bytes.len() - 4,
            Piece::Kept(_) => unreachable!("a header was written just now"),
        };
        Owed {
            piece: last,
            at,
            written: self.written,
        }
    }

    fn pay(&mut self, owed: &Owed, tag: Tag, form: Form) -> Result<(), Malformed> {
        let length = told(tag, self.written - owed.written)?;
        if let Piece::Made(bytes) = &mut self.pieces[owed.piece] {
            bytes[owed.at..owed.at + 4].copy_from_slice(&form.long_bytes(length));
        }
        Ok(())
    }

    /// A part of the input is kept where it is large, or `always`; all else is copied.
    fn bytes(&mut self, bytes: &[u8], always: bool) {
        let kept = (always || bytes.len() >= LARGE) && !bytes.is_empty();
        let range = kept.then(|| place_in(self.source, bytes)).flatten();
        match range {
            Some(range) => {
                self.written += bytes.len();
                self.pieces.push(Piece::Kept(range));
            }
            None => self.put(bytes),
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        self.written += bytes.len();
        match self.pieces.last_mut() {
            Some(Piece::Made(made)) => made.extend_from_slice(bytes),
            _ => self.pieces.push(Piece::Made(bytes.to_vec())),
        }
    }
}

/// A length as it is told; the highest number means another thing.
fn told(tag: Tag, length: usize) -> Result<u32, Malformed> {
    u32::try_from(length)
        .ok()
        .filter(|length| *length != UNDEFINED)
        .ok_or_else(|| Malformed::of(tag, "it is longer than 4 GB, which no element can be"))
}

/// Where a slice stands in another one, if it is a part of it.
fn place_in(source: &[u8], part: &[u8]) -> Option<Range<usize>> {
    let from = part.as_ptr().addr().checked_sub(source.as_ptr().addr())?;
    let range = from..from + part.len();
    (range.end <= source.len()).then_some(range)
}
