//! Explicit VR Little Endian → Implicit VR Little Endian (PS3.5 7.1, A.1, A.2), without a dictionary.
//!
//! Invariants:
//! - Values, their order and their padding stay as they are: only the VRs go, and lengths that they made necessary change.
//! - Sequences and items come out with undefined length and delimiters (PS3.5 7.5.2): so nothing must be measured before it is
//!   written, whatever its depth.
//! - Nothing in the input is believed: lengths are checked, depth is bounded, the output is at most some times as large as the
//!   input. What is not understood is refused, with its place, and nothing is made of it.
//! - Group lengths (gggg,0000) are left out: retired (PS3.5 7.2), and wrong after a conversion.

const UNDEFINED: u32 = u32::MAX;
const ITEM: (u16, u16) = (0xFFFE, 0xE000);
const ITEM_END: (u16, u16) = (0xFFFE, 0xE00D);
const SEQUENCE_END: (u16, u16) = (0xFFFE, 0xE0DD);
/// Deeper than any real data set.
const DEEPEST: usize = 64;

/// Why a data set cannot be converted, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the data set cannot be read at byte {at}: {why}")]
pub struct Malformed {
    at: usize,
    why: &'static str,
}

/// The same data set in Implicit VR Little Endian.
pub fn explicit_to_implicit(data_set: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut converter = Converter {
        input: data_set,
        at: 0,
        // Explicit headers are never shorter, but for the delimiters that defined lengths did not need.
        output: Vec::with_capacity(data_set.len() + 64),
    };
    converter.elements(data_set.len(), false, 0)?;
    Ok(converter.output)
}

struct Converter<'a> {
    input: &'a [u8],
    at: usize,
    output: Vec<u8>,
}

type Tag = (u16, u16);

impl Converter<'_> {
    /// Elements up to `end`, or to the delimiter of an item of undefined length.
    fn elements(&mut self, end: usize, delimited: bool, depth: usize) -> Result<(), Malformed> {
        if depth > DEEPEST {
            return self.refuse("sequences are nested too deeply");
        }
        while self.at < end {
            let tag = self.tag(end)?;
            if tag == ITEM_END && delimited {
                self.take_length(end)?;
                return Ok(());
            }
            if tag.0 == 0xFFFE {
                return self.refuse("a delimiter where an element must be");
            }
            let vr = [self.byte(end)?, self.byte(end)?];
            let length = if is_long(vr) {
                self.bytes(2, end)?;
                self.take_length(end)?
            } else {
                u32::from(u16::from_le_bytes([self.byte(end)?, self.byte(end)?]))
            };
            match (&vr, length) {
                (b"SQ", length) => self.sequence(tag, length, end, depth)?,
                // Its content is Implicit VR Little Endian already (PS3.5 6.2.2, note 4).
                (b"UN", UNDEFINED) => self.implicit_sequence(tag, end, depth)?,
                (_, UNDEFINED) => return self.refuse("compressed pixel data"),
                (_, length) => {
                    let value = self.bytes(length as usize, end)?;
                    // A group length is right for the explicit form only.
                    if tag.1 != 0 {
                        put_head(&mut self.output, tag, length);
                        self.output.extend_from_slice(&self.input[value]);
                    }
                }
            }
        }
        if delimited {
            return self.refuse("an item without its end");
        }
        Ok(())
    }

    /// The items of a sequence whose header was read.
    fn sequence(
        &mut self,
        tag: Tag,
        length: u32,
        end: usize,
        depth: usize,
    ) -> Result<(), Malformed> {
        put_head(&mut self.output, tag, UNDEFINED);
        let delimited = length == UNDEFINED;
        let end = if delimited {
            end
        } else {
            self.end_of(length, end)?
        };
        loop {
            if !delimited && self.at == end {
                break;
            }
            let tag = self.tag(end)?;
            let length = self.take_length(end)?;
            match tag {
                ITEM => {
                    put_head(&mut self.output, ITEM, UNDEFINED);
                    if length == UNDEFINED {
                        self.elements(end, true, depth + 1)?;
                    } else {
                        let end = self.end_of(length, end)?;
                        self.elements(end, false, depth + 1)?;
                    }
                    put_head(&mut self.output, ITEM_END, 0);
                }
                SEQUENCE_END if delimited => break,
                _ => return self.refuse("something else than an item in a sequence"),
            }
        }
        put_head(&mut self.output, SEQUENCE_END, 0);
        Ok(())
    }

    /// A sequence of unknown VR and undefined length: copied, up to its own delimiter.
    fn implicit_sequence(&mut self, tag: Tag, end: usize, depth: usize) -> Result<(), Malformed> {
        put_head(&mut self.output, tag, UNDEFINED);
        let from = self.at;
        self.skip_implicit_items(end, depth + 1)?;
        self.output.extend_from_slice(&self.input[from..self.at]);
        Ok(())
    }

    /// Past the items of an implicit sequence of undefined length, its delimiter included.
    fn skip_implicit_items(&mut self, end: usize, depth: usize) -> Result<(), Malformed> {
        if depth > DEEPEST {
            return self.refuse("sequences are nested too deeply");
        }
        loop {
            let tag = self.tag(end)?;
            let length = self.take_length(end)?;
            match (tag, length) {
                (SEQUENCE_END, _) => return Ok(()),
                (ITEM, UNDEFINED) => loop {
                    let tag = self.tag(end)?;
                    let length = self.take_length(end)?;
                    match (tag, length) {
                        (ITEM_END, _) => break,
                        (_, UNDEFINED) => self.skip_implicit_items(end, depth + 1)?,
                        (_, length) => {
                            self.bytes(length as usize, end)?;
                        }
                    }
                },
                (ITEM, length) => {
                    self.bytes(length as usize, end)?;
                }
                _ => return self.refuse("something else than an item in a sequence"),
            }
        }
    }

    fn tag(&mut self, end: usize) -> Result<Tag, Malformed> {
        let range = self.bytes(4, end)?;
        let bytes = &self.input[range];
        Ok((
            u16::from_le_bytes([bytes[0], bytes[1]]),
            u16::from_le_bytes([bytes[2], bytes[3]]),
        ))
    }

    fn take_length(&mut self, end: usize) -> Result<u32, Malformed> {
        let range = self.bytes(4, end)?;
        let bytes = &self.input[range];
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn byte(&mut self, end: usize) -> Result<u8, Malformed> {
        let range = self.bytes(1, end)?;
        Ok(self.input[range.start])
    }

    /// Where the next `count` bytes are, which are passed over.
    fn bytes(&mut self, count: usize, end: usize) -> Result<std::ops::Range<usize>, Malformed> {
        if count > end - self.at {
            return self.refuse("a length beyond the end");
        }
        let from = self.at;
        self.at += count;
        Ok(from..self.at)
    }

    fn end_of(&self, length: u32, end: usize) -> Result<usize, Malformed> {
        if length as usize > end - self.at {
            return self.refuse("a length beyond the end");
        }
        Ok(self.at + length as usize)
    }

    fn refuse<T>(&self, why: &'static str) -> Result<T, Malformed> {
        Err(Malformed { at: self.at, why })
    }
}

/// VRs with a length of four bytes (PS3.5 7.1.2).
fn is_long(vr: [u8; 2]) -> bool {
    matches!(
        &vr,
        b"OB"
            | b"OD"
            | b"OF"
            | b"OL"
            | b"OV"
            | b"OW"
            | b"SQ"
            | b"SV"
            | b"UC"
            | b"UN"
            | b"UR"
            | b"UT"
            | b"UV"
    )
}

fn put_head(output: &mut Vec<u8>, tag: Tag, length: u32) {
    output.extend_from_slice(&tag.0.to_le_bytes());
    output.extend_from_slice(&tag.1.to_le_bytes());
    output.extend_from_slice(&length.to_le_bytes());
}

#[cfg(test)]
mod tests;
