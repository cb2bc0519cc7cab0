//! Instances that are changed on their way to a destination.
//!
//! Invariants:
//! - What an [`Editor`] does not change successfully is not sent, in whatever form: there is no way from
//!   [`NotEdited`] to the stored bytes.
//! - The same item gives the same bytes, whenever and wherever: a retry, and what is made anew after a lost
//!   association.
//! - Pieces lie within their source: it is looked at once, in [`Edited::new`].

use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};

use orthanc_sdk::{DicomFile, TranscodedFile};

use super::native::contexts::Kind;
use super::native::part10;
use super::pieces::{self, Piece};
use crate::item::{Class, Item, Outcome};

/// Changes instances on their way to one destination.
pub trait Editor: Send + Sync {
    /// What is sent for this item.
    ///
    /// # Errors
    /// Why nothing can be sent.
    fn edit(&self, item: &Item, stored: Stored) -> Result<Edited, NotEdited>;

    /// Bytes of memory that an instance takes that is stored in so many: with what is made of it.
    fn memory(&self, stored: u64) -> u64 {
        stored.saturating_add(stored.min(HEADER))
    }
}

/// More than the header of an instance has.
const HEADER: u64 = 256 * 1024;

/// Why an instance is not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotEdited {
    /// What becomes of it: [`Class::Coercion`] where it cannot be changed as asked, and another class where something
    /// else is the matter with it.
    Outcome(Outcome),
    /// Something of ours cannot be used now, for this reason: nothing is the matter with the instance, which waits as
    /// if it had never been claimed.
    NotNow(String),
}

impl NotEdited {
    /// It cannot be changed as asked, for this reason.
    pub fn coercion(why: impl Into<String>) -> NotEdited {
        NotEdited::Outcome(Outcome::new(Class::Coercion, why))
    }
}

/// Memory that an instance lies in.
pub enum Bytes {
    Stored(DicomFile),
    Transcoded(TranscodedFile),
    Made(Vec<u8>),
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Stored(file) => file,
            Bytes::Transcoded(file) => file,
            Bytes::Made(bytes) => bytes,
        }
    }
}

/// An instance as Orthanc has it, and what it is.
pub struct Stored {
    file: Bytes,
    /// Where the data set begins.
    from: usize,
    pub kind: Kind,
    pub sop_instance_uid: String,
    /// It was made another instance than Orthanc has.
    pub is_another: bool,
}

impl Stored {
    pub(super) fn new(file: Bytes, from: usize, kind: Kind, sop_instance_uid: String) -> Stored {
        Stored {
            from: from.min(file.len()),
            file,
            kind,
            sop_instance_uid,
            is_another: false,
        }
    }

    /// The whole file, with its meta information (PS3.10 7.1).
    pub fn file(&self) -> &[u8] {
        &self.file
    }

    pub fn data_set(&self) -> &[u8] {
        &self.file[self.from..]
    }

    /// Sent as it is.
    pub fn unchanged(self) -> Edited {
        Edited {
            data_set: vec![Piece::Kept(self.from..self.file.len())],
            source: self.file,
            kind: self.kind,
            sop_instance_uid: self.sop_instance_uid,
            is_file: true,
        }
    }

    /// Sent with this data set instead, as the instance that it says. `pieces`: kept are parts of
    /// [`Stored::data_set`]. The transfer syntax stays.
    ///
    /// # Errors
    /// If the pieces are not within it.
    pub fn edited(self, pieces: Vec<Piece>, sop_instance_uid: String) -> Result<Edited, NotEdited> {
        let pieces = pieces::moved(pieces, self.from);
        Edited::new(self.file, pieces, self.kind, sop_instance_uid)
    }
}

/// An instance as it is sent.
pub struct Edited {
    pub(super) source: Bytes,
    pub(super) data_set: Vec<Piece>,
    pub(super) kind: Kind,
    pub(super) sop_instance_uid: String,
    /// The source is a file that has this data set.
    pub(super) is_file: bool,
}

impl Edited {
    /// `data_set`: kept are parts of all of `source`. `kind` and `sop_instance_uid` are what the data set says.
    ///
    /// # Errors
    /// If the pieces are not within their source: a fault of ours.
    pub fn new(
        source: Bytes,
        data_set: Vec<Piece>,
        kind: Kind,
        sop_instance_uid: String,
    ) -> Result<Edited, NotEdited> {
        if !pieces::are_within(&data_set, source.len()) {
            let why = "the changed data set has pieces that are not in the stored file";
            return Err(NotEdited::coercion(why));
        }
        Ok(Edited {
            source,
            data_set,
            kind,
            sop_instance_uid,
            is_file: false,
        })
    }

    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    pub fn sop_instance_uid(&self) -> &str {
        &self.sop_instance_uid
    }

    /// The data set, in the order in which it is sent.
    pub fn slices(&self) -> Vec<&[u8]> {
        pieces::slices(&self.source, &self.data_set)
    }

    /// Another instance, as a file of its own, to be changed again. Copies it.
    pub fn into_stored(self) -> Stored {
        let file = self.file();
        let from = file.len() - pieces::length(&self.data_set);
        Stored {
            is_another: true,
            ..Stored::new(Bytes::Made(file), from, self.kind, self.sop_instance_uid)
        }
    }

    /// As a file: the stored one where nothing is changed, else with meta information that fits (PS3.10 7.1). Copies
    /// it.
    pub fn file(&self) -> Vec<u8> {
        if self.is_file {
            return self.source.to_vec();
        }
        part10::file(&self.kind, &self.sop_instance_uid, &self.slices())
    }
}

/// Asks the editor. One that panics has changed nothing: that instance waits for a person, as one that cannot be
/// changed.
pub fn edit(editor: &dyn Editor, item: &Item, stored: Stored) -> Result<Edited, NotEdited> {
    catch_unwind(AssertUnwindSafe(|| editor.edit(item, stored))).unwrap_or_else(|_| {
        log::error!(
            "the send queue failed (it panicked) while it changed instance {}; it is not sent",
            item.ids.instance
        );
        let why = "the send queue itself failed (it panicked) while it changed the instance; Orthanc's log says where";
        Err(NotEdited::coercion(why))
    })
}
