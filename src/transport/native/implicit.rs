//! Explicit VR Little Endian → Implicit VR Little Endian (PS3.5 7.1, A.1, A.2), without a dictionary.
//!
//! Invariants:
//! - Values, their order and their padding stay as they are: only the VRs go, and the lengths that they made necessary.
//! - Sequences and items come out with undefined length and delimiters (PS3.5 7.5): by that a receiver knows a sequence
//!   that its dictionary does not have, as a private one, from a value, and nothing must be measured before it is
//!   written.
//! - Nothing in the input is believed: lengths are checked against what contains them, depth is bounded, and the output
//!   is at most twice as long as the input (if that is all empty items). What is not understood is refused, with its
//!   place, and nothing is made of it: Orthanc may be able to read it.
//! - Large values stay where they lie, and the input may lie in pieces, wherever they begin and end.
//! - Group lengths (gggg,0000) are left out: retired (PS3.5 7.2), optional, and wrong after a conversion. Those in what
//!   is implicit already are right as before, and stay.

mod input;

use sendqueue_dicom::Tag;
use sendqueue_dicom::head::{Form, Head, UNDEFINED};
use sendqueue_dicom::walk::DEEPEST;

use self::input::Input;
use crate::transport::pieces::Piece;

/// From this size on bytes are not copied.
const LARGE: usize = 16 * 1024;
/// What is made at most without asking for more memory.
const HEADER: usize = 16 * 1024;

const CUT: &str = "a header that is cut off";
const BEYOND: &str = "a length that goes beyond the end";
const COMPRESSED: &str = "compressed pixel data, which Implicit VR Little Endian cannot have";
const TOO_DEEP: &str = "sequences that are nested too deeply";
const NO_ELEMENT: &str = "a delimiter where an element must be";
const NO_ITEM: &str = "something else than an item in a sequence";
const NO_SEQUENCE: &str = "a sequence where none can be";
const NO_END: &str = "an item without its end";

/// Why a data set cannot be converted, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the data set cannot be converted because of what is at byte {at}: {why}")]
pub struct Malformed {
    at: usize,
    why: &'static str,
}

/// The same data set in Implicit VR Little Endian, in pieces of the same source.
pub fn explicit_to_implicit(source: &[u8], pieces: &[Piece]) -> Result<Vec<Piece>, Malformed> {
    let input = Input::new(source, pieces);
    let size = input.len();
    let mut converter = Converter {
        input,
        at: 0,
        pieces: Vec::new(),
        made: Vec::with_capacity(size.min(HEADER)),
    };
    converter.elements(size, false, 0)?;
    end_made(&mut converter.pieces, &mut converter.made);
    Ok(converter.pieces)
}

/// What has items and elements in it.
#[derive(Clone, Copy)]
struct Extent {
    end: usize,
    /// It ends with a delimiter, at the latest at `end`.
    delimited: bool,
}

struct Converter<'a> {
    input: Input<'a>,
    /// Where the header stands that is looked at.
    at: usize,
    /// What was written, but for what was made last.
    pieces: Vec<Piece>,
    made: Vec<u8>,
}

impl Converter<'_> {
    /// Elements up to `end`, or past the delimiter of an item of undefined length.
    fn elements(&mut self, end: usize, delimited: bool, depth: usize) -> Result<(), Malformed> {
        if depth > DEEPEST {
            return self.refuse(TOO_DEEP);
        }
        while self.at < end {
            let head = self.head(Form::ExplicitLittle, end)?;
            if head.tag == Tag::ITEM_DELIMITATION && delimited {
                self.at += head.size;
                return Ok(());
            }
            if head.tag.is_delimiter() {
                return self.refuse(NO_ELEMENT);
            }
            // A receiver knows by the tag alone what these are.
            let plain = head.tag == Tag::PIXEL_DATA || head.tag.is_group_length();
            match (&head.vr, head.length) {
                (b"OB" | b"OW" | b"UN", UNDEFINED) if head.tag == Tag::PIXEL_DATA => {
                    return self.refuse(COMPRESSED);
                }
                (b"SQ", _) | (_, UNDEFINED) if plain => return self.refuse(NO_SEQUENCE),
                (b"SQ", _) => self.sequence(&head, end, depth)?,
                (b"UN", UNDEFINED) => self.implicit_sequence(&head, end, depth)?,
                (_, UNDEFINED) => return self.refuse("an undefined length of what is no sequence"),
                _ => self.value(&head, end)?,
            }
        }
        if delimited {
            return self.refuse(NO_END);
        }
        Ok(())
    }

    fn value(&mut self, head: &Head, end: usize) -> Result<(), Malformed> {
        let until = self.extent(head, end)?.end;
        if !head.tag.is_group_length() {
            self.put(head.tag, head.length);
            self.copy(self.at + head.size, until);
        }
        self.at = until;
        Ok(())
    }

    fn sequence(&mut self, head: &Head, end: usize, depth: usize) -> Result<(), Malformed> {
        let extent = self.extent(head, end)?;
        self.put(head.tag, UNDEFINED);
        self.at += head.size;
        while extent.delimited || self.at < extent.end {
            let head = self.head(Form::ImplicitLittle, extent.end)?;
            match head.tag {
                Tag::ITEM => {
                    let item = self.extent(&head, extent.end)?;
                    self.put(Tag::ITEM, UNDEFINED);
                    self.at += head.size;
                    self.elements(item.end, item.delimited, depth + 1)?;
                    self.put(Tag::ITEM_DELIMITATION, 0);
                }
                Tag::SEQUENCE_DELIMITATION if extent.delimited => {
                    self.at += head.size;
                    break;
                }
                _ => return self.refuse(NO_ITEM),
            }
        }
        self.put(Tag::SEQUENCE_DELIMITATION, 0);
        Ok(())
    }

    /// An element of VR UN and undefined length is a sequence that is Implicit VR Little Endian already (PS3.5 6.2.2):
    /// copied, up to its own delimiter.
    fn implicit_sequence(
        &mut self,
        head: &Head,
        end: usize,
        depth: usize,
    ) -> Result<(), Malformed> {
        self.put(head.tag, UNDEFINED);
        self.at += head.size;
        let from = self.at;
        self.skip_items(end, depth)?;
        self.copy(from, self.at);
        Ok(())
    }

    /// Past the items of an implicit sequence of undefined length, its delimiter included.
    fn skip_items(&mut self, end: usize, depth: usize) -> Result<(), Malformed> {
        loop {
            let head = self.head(Form::ImplicitLittle, end)?;
            match head.tag {
                Tag::ITEM => {
                    let item = self.extent(&head, end)?;
                    self.at += head.size;
                    self.skip_elements(item.end, item.delimited, depth + 1)?;
                }
                Tag::SEQUENCE_DELIMITATION => {
                    self.at += head.size;
                    return Ok(());
                }
                _ => return self.refuse(NO_ITEM),
            }
        }
    }

    /// Past the elements of an implicit item: a receiver would trip over what are none. Without a dictionary, a value
    /// of defined length can be a sequence or not, and is taken as it is.
    fn skip_elements(
        &mut self,
        end: usize,
        delimited: bool,
        depth: usize,
    ) -> Result<(), Malformed> {
        if depth > DEEPEST {
            return self.refuse(TOO_DEEP);
        }
        while self.at < end {
            let head = self.head(Form::ImplicitLittle, end)?;
            match (head.tag, head.length) {
                (Tag::ITEM_DELIMITATION, _) if delimited => {
                    self.at += head.size;
                    return Ok(());
                }
                (tag, _) if tag.is_delimiter() => return self.refuse(NO_ELEMENT),
                (Tag::PIXEL_DATA, UNDEFINED) => return self.refuse(COMPRESSED),
                (Tag(_, 0), UNDEFINED) => return self.refuse(NO_SEQUENCE),
                (_, UNDEFINED) => {
                    self.at += head.size;
                    self.skip_items(end, depth)?;
                }
                _ => self.at = self.extent(&head, end)?.end,
            }
        }
        if delimited {
            return self.refuse(NO_END);
        }
        Ok(())
    }

    /// The header that stands here; of items and delimiters it is the same in both forms.
    fn head(&self, form: Form, end: usize) -> Result<Head, Malformed> {
        let long = self.input.chunk::<12>(self.at, end);
        let head = long.and_then(|bytes| Head::read(&bytes, form)).or_else(|| {
            let short = self.input.chunk::<8>(self.at, end);
            short.and_then(|bytes| Head::read(&bytes, form))
        });
        match head {
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

    fn put(&mut self, tag: Tag, length: u32) {
        self.made.extend_from_slice(&tag.0.to_le_bytes());
        self.made.extend_from_slice(&tag.1.to_le_bytes());
        self.made.extend_from_slice(&length.to_le_bytes());
    }

    /// The input's bytes as they are.
    fn copy(&mut self, from: usize, until: usize) {
        let (pieces, made) = (&mut self.pieces, &mut self.made);
        for part in self.input.parts(from, until) {
            match part.kept {
                Some(range) if range.len() >= LARGE => {
                    end_made(pieces, made);
                    pieces.push(Piece::Kept(range));
                }
                _ => made.extend_from_slice(part.bytes),
            }
        }
    }

    fn refuse<T>(&self, why: &'static str) -> Result<T, Malformed> {
        Err(Malformed { at: self.at, why })
    }
}

fn end_made(pieces: &mut Vec<Piece>, made: &mut Vec<u8>) {
    if !made.is_empty() {
        pieces.push(Piece::Made(std::mem::take(made)));
    }
}

#[cfg(test)]
mod tests;
