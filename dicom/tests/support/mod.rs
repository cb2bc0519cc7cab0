//! Data sets written by another hand than the crate's: simple, and in each of the forms.
#![allow(dead_code)]

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec;
use sendqueue_dicom::{DataSet, Piece};

pub const IMPLICIT: &str = "1.2.840.10008.1.2";
pub const EXPLICIT: &str = "1.2.840.10008.1.2.1";
pub const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
pub const BIG: &str = "1.2.840.10008.1.2.2";
pub const JPEG: &str = "1.2.840.10008.1.2.4.50";
/// Transfer syntaxes that differ in their form.
pub const FORMS: [&str; 5] = [IMPLICIT, EXPLICIT, DEFLATED, BIG, JPEG];

const SHORT: &str = "AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US";
const OPEN: u32 = u32::MAX;

pub type Tag = (u16, u16);

/// The elements of a data set or an item, in the order in which they were put in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Set(pub Vec<(Tag, String, Content)>);

#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Numbers are in little endian.
    Value(Vec<u8>),
    /// Whether the sequence has an undefined length; each item, and whether it has one.
    Items(bool, Vec<(bool, Set)>),
    /// Of compressed pixel data, the table of offsets first.
    Fragments(Vec<Vec<u8>>),
}

impl Set {
    pub fn new() -> Set {
        Set::default()
    }

    pub fn put(mut self, tag: Tag, vr: &str, content: Content) -> Set {
        self.0.push((tag, vr.to_owned(), content));
        self
    }

    /// Padded with a space, UIDs with NUL.
    pub fn text(self, tag: Tag, vr: &str, value: &str) -> Set {
        let mut bytes = value.as_bytes().to_vec();
        if bytes.len() % 2 == 1 {
            bytes.push(if vr == "UI" { 0 } else { b' ' });
        }
        self.bytes(tag, vr, &bytes)
    }

    pub fn bytes(self, tag: Tag, vr: &str, value: &[u8]) -> Set {
        self.put(tag, vr, Content::Value(value.to_vec()))
    }

    /// All of it of defined length, or all of it not.
    pub fn items(self, tag: Tag, open: bool, items: &[Set]) -> Set {
        let items = items.iter().map(|item| (open, item.clone())).collect();
        self.put(tag, "SQ", Content::Items(open, items))
    }

    pub fn encode(&self, transfer_syntax: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(transfer_syntax, &mut bytes);
        if transfer_syntax == DEFLATED {
            bytes = compress_to_vec(&bytes, 6);
            if bytes.len() % 2 == 1 {
                bytes.push(0);
            }
        }
        bytes
    }

    fn write(&self, syntax: &str, bytes: &mut Vec<u8>) {
        for (tag, vr, content) in &self.0 {
            let inside = if vr == "UN" { IMPLICIT } else { syntax };
            let (length, value) = match content {
                Content::Value(value) => {
                    let mut value = value.clone();
                    if syntax == BIG {
                        value.chunks_exact_mut(width(vr)).for_each(<[u8]>::reverse);
                    }
                    (value.len() as u32, value)
                }
                Content::Items(open, items) => {
                    let mut value = Vec::new();
                    for (open, item) in items {
                        let mut elements = Vec::new();
                        item.write(inside, &mut elements);
                        let length = if *open { OPEN } else { elements.len() as u32 };
                        bare((0xFFFE, 0xE000), length, inside, &mut value);
                        value.extend(elements);
                        if *open {
                            bare((0xFFFE, 0xE00D), 0, inside, &mut value);
                        }
                    }
                    if *open {
                        bare((0xFFFE, 0xE0DD), 0, inside, &mut value);
                    }
                    (if *open { OPEN } else { value.len() as u32 }, value)
                }
                Content::Fragments(fragments) => {
                    let mut value = Vec::new();
                    for fragment in fragments {
                        bare((0xFFFE, 0xE000), fragment.len() as u32, syntax, &mut value);
                        value.extend(fragment);
                    }
                    bare((0xFFFE, 0xE0DD), 0, syntax, &mut value);
                    (OPEN, value)
                }
            };
            if syntax == IMPLICIT {
                bare(*tag, length, syntax, bytes);
            } else {
                short(tag.0, syntax, bytes);
                short(tag.1, syntax, bytes);
                bytes.extend(vr.as_bytes());
                let capitals = vr.bytes().all(|letter| letter.is_ascii_uppercase());
                if SHORT.split(' ').any(|short| short == vr) || !capitals {
                    short(
                        length.try_into().expect("a length of two bytes"),
                        syntax,
                        bytes,
                    );
                } else {
                    bytes.extend([0, 0]);
                    long(length, syntax, bytes);
                }
            }
            bytes.extend(value);
        }
    }
}

fn width(vr: &str) -> usize {
    match vr {
        "US" | "SS" | "OW" | "AT" => 2,
        "UL" | "SL" | "FL" | "OF" | "OL" => 4,
        "FD" | "OD" | "OV" | "SV" | "UV" => 8,
        _ => 1,
    }
}

fn short(number: u16, syntax: &str, bytes: &mut Vec<u8>) {
    if syntax == BIG {
        bytes.extend(number.to_be_bytes());
    } else {
        bytes.extend(number.to_le_bytes());
    }
}

fn long(number: u32, syntax: &str, bytes: &mut Vec<u8>) {
    if syntax == BIG {
        bytes.extend(number.to_be_bytes());
    } else {
        bytes.extend(number.to_le_bytes());
    }
}

fn bare(tag: Tag, length: u32, syntax: &str, bytes: &mut Vec<u8>) {
    short(tag.0, syntax, bytes);
    short(tag.1, syntax, bytes);
    long(length, syntax, bytes);
}

#[track_caller]
pub fn parse<'f>(bytes: &'f [u8], syntax: &str) -> DataSet<'f> {
    match DataSet::parse(bytes, syntax) {
        Ok(data) => data,
        Err(error) => panic!("{syntax}: {error}"),
    }
}

/// What comes out, in one.
#[track_caller]
pub fn bytes_of(data: DataSet<'_>, source: &[u8]) -> Vec<u8> {
    let pieces = data.encode().unwrap_or_else(|error| panic!("{error}"));
    joined(&pieces, source)
}

pub fn joined(pieces: &[Piece], source: &[u8]) -> Vec<u8> {
    let parts = pieces.iter().map(|piece| match piece {
        Piece::Made(bytes) => &bytes[..],
        Piece::Kept(range) => &source[range.clone()],
    });
    parts.collect::<Vec<_>>().concat()
}

/// What is deflated cannot be compared as it is.
pub fn inflated(bytes: Vec<u8>, syntax: &str) -> Vec<u8> {
    if syntax == DEFLATED {
        decompress_to_vec(&bytes).expect("deflated")
    } else {
        bytes
    }
}
