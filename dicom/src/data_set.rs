//! A data set in memory.

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_with_limit};

use crate::encode::Encoder;
use crate::head::Form;
use crate::walk::FoundItem;
use crate::{Elements, Malformed, Piece};

/// No real data set that is deflated as a whole is as long, in bytes.
const INFLATED_AT_MOST: usize = 256 * 1024 * 1024;
/// What zlib does when nobody says otherwise.
const LEVEL: u8 = 6;

/// Without meta information (group 0002).
#[derive(Debug, Clone)]
pub struct DataSet<'f> {
    source: &'f [u8],
    form: Form,
    deflated: bool,
    root: Elements<'f>,
}

impl<'f> DataSet<'f> {
    /// Its own elements; sequences are read when somebody looks at them.
    ///
    /// # Errors
    ///
    /// What is no data set in this transfer syntax, and one that inflates to more than 256 MB.
    pub fn parse(bytes: &'f [u8], transfer_syntax: &str) -> Result<DataSet<'f>, Malformed> {
        let form = Form::of(transfer_syntax);
        if !is_deflated(transfer_syntax) {
            return Ok(DataSet {
                source: bytes,
                form,
                deflated: false,
                root: whole(bytes, form)?,
            });
        }
        let inflated = decompress_to_vec_with_limit(bytes, INFLATED_AT_MOST).map_err(|error| {
            Malformed::whole(match error.status {
                TINFLStatus::HasMoreOutput => "inflated it has more than 256 MB",
                _ => "it cannot be inflated",
            })
        })?;
        Ok(DataSet {
            source: bytes,
            form,
            deflated: true,
            root: whole(&inflated, form)?.owned(),
        })
    }

    #[must_use]
    pub fn root(&self) -> &Elements<'f> {
        &self.root
    }

    #[must_use]
    pub fn root_mut(&mut self) -> &mut Elements<'f> {
        &mut self.root
    }

    /// How its elements are encoded, inflated where it is deflated.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }

    /// In the same transfer syntax, in pieces, in the order in which they belong together.
    ///
    /// # Errors
    ///
    /// A value that cannot be written, or a damaged sequence that would have to be written anew.
    pub fn encode(self) -> Result<Vec<Piece>, Malformed> {
        let mut encoder = Encoder::new(if self.deflated { &[] } else { self.source });
        encoder.elements(&self.root, self.form)?;
        let pieces = encoder.finish();
        if !self.deflated {
            return Ok(pieces);
        }
        let mut inflated = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Made(bytes) if inflated.is_empty() => inflated = bytes,
                Piece::Made(bytes) => inflated.extend(bytes),
                Piece::Kept(_) => unreachable!("what was inflated is no part of the input"),
            }
        }
        let mut deflated = compress_to_vec(&inflated, LEVEL);
        if deflated.len() % 2 == 1 {
            // PS3.5 A.5.
            deflated.push(0);
        }
        Ok(vec![Piece::Made(deflated)])
    }
}

fn whole(bytes: &[u8], form: Form) -> Result<Elements<'_>, Malformed> {
    let all = FoundItem {
        elements: bytes,
        at: 0,
        delimited: false,
    };
    Elements::read(&all, form, 0)
}

/// Deflated as a whole (PS3.5 A.5); the two with JPIP are as well (PS3.5 A.7).
fn is_deflated(transfer_syntax: &str) -> bool {
    matches!(
        transfer_syntax,
        "1.2.840.10008.1.2.1.99" | "1.2.840.10008.1.2.4.95" | "1.2.840.10008.1.2.4.205"
    )
}
