//! DICOM data sets (PS3.5): pure functions on bytes, for all that reads or changes what is sent.
//!
//! - [`DataSet`]: a data set in memory, as a tree over slices of it. What nobody changes is written as it was, and
//!   large values and pixel data are never copied.
//! - [`dictionary`]: tags, keywords, value representations (PS3.6).
//! - [`vr`]: what a value may be (PS3.5 6.2); [`charset`]: text in the character set of a data set (PS3.5 6.1).
//! - [`text`]: values as text, and text as values.
//! - [`path`]: how an administrator names an element, nested ones included.
//! - [`head`]: the headers of elements, for what needs no tree.
//!
//! Nothing in the input is believed: lengths are checked against what contains them, depth is bounded, and what is not
//! understood is an error in words with its place.

#![forbid(unsafe_code)]

pub mod charset;
mod data_set;
pub mod dictionary;
mod element;
mod elements;
mod encode;
pub mod head;
mod items;
mod malformed;
pub mod path;
mod signatures;
mod tag;
pub mod text;
pub mod vr;
pub mod walk;

pub use data_set::DataSet;
pub use element::Element;
pub use elements::Elements;
pub use encode::Piece;
pub use malformed::Malformed;
pub use signatures::remove_signatures;
pub use tag::Tag;
pub use vr::Vr;
