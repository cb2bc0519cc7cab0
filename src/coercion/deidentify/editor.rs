//! `Deidentify`: the editor of a destination that gets nobody's name.

use std::cell::RefCell;
use std::sync::Arc;

use sendqueue_dicom::{DataSet, Elements, Piece, Tag};

use super::list::{List, Row};
use super::{Patient, Secret, remove_identity};
use crate::coercion::apply::{apply_edits, of_target};
use crate::coercion::coerce::{MOST, study_uid};
use crate::coercion::fill::issuer;
use crate::coercion::memory::Remembered;
use crate::coercion::place::{charset, impossible, read};
use crate::coercion::{About, Memory, NotChanged, Shared, Values, fill};
use crate::config::coercion::{Edit, Part, Template};
use crate::config::deidentify::{Deidentification, ProfileOption};
use crate::item::Item;
use crate::transport::edited::{Edited, Editor, NotEdited, Stored};

pub struct Deidentify {
    shared: Arc<Shared>,
    entry: Arc<Deidentification>,
    secret: Secret,
    list: Option<List>,
    /// Nothing is decided, given or remembered: for a look.
    looks_only: bool,
}

impl Deidentify {
    pub fn new(shared: Arc<Shared>, entry: Arc<Deidentification>, looks_only: bool) -> Deidentify {
        let list = entry.lookup.as_ref();
        Deidentify {
            secret: Secret::new(&entry.key),
            list: list.map(|lookup| List::new(&entry.name, lookup)),
            shared,
            entry,
            looks_only,
        }
    }

    fn change(&self, item: &Item, stored: &Stored) -> Result<(Vec<Piece>, String), NotChanged> {
        let shared = &self.shared;
        let mut data = DataSet::parse(stored.data_set(), &stored.kind.transfer_syntax)?;
        let study_uid = study_uid(data.root());
        let now = shared.clock.now();
        let memory = Remembered {
            store: shared.decisions.as_ref(),
            known: &shared.known,
            // Beside the recipes, which may have the same name.
            recipe: &format!("deidentify:{}", self.entry.name),
            study_uid: &study_uid,
            now,
            looks_only: self.looks_only,
            found: RefCell::default(),
        };
        let client = shared.host.client();
        let about = About::new(item, &self.entry.sources, &client);
        let row = match &self.list {
            Some(list) => {
                let key = key(list, data.root())?;
                Some(list.find(&key, shared.subjects.as_ref())?)
            }
            None => None,
        };
        deidentify(
            &self.entry,
            &self.secret,
            row.as_ref(),
            &mut data,
            &about,
            &memory,
        )?;
        memory.finish()?;
        let uid = uid(data.root())?;
        if !self.looks_only {
            let is_another = stored.is_another || uid != stored.sop_instance_uid;
            let renamed = is_another.then_some(uid.as_str());
            (shared.told).tell(shared.outputs.as_ref(), item, data.root(), renamed, now)?;
        }
        Ok((data.encode()?, uid))
    }
}

impl Editor for Deidentify {
    fn edit(&self, item: &Item, stored: Stored) -> Result<Edited, NotEdited> {
        for _ in 0..MOST {
            match self.change(item, &stored) {
                Ok((pieces, uid)) => return stored.edited(pieces, uid),
                Err(NotChanged::Again) => {}
                Err(why) => return Err(why.into()),
            }
        }
        Err(NotChanged::Again.into())
    }
}

/// The whole of it: the profile, and what `Set` writes then, which is filled from the instance as it is stored. `row`:
/// what the list says of the subject.
///
/// # Errors
/// Why the instance must not be sent.
pub fn deidentify(
    entry: &Deidentification,
    secret: &Secret,
    row: Option<&Row>,
    data: &mut DataSet<'_>,
    about: &About<'_>,
    memory: &dyn Memory,
) -> Result<(), NotChanged> {
    let values = OfInstance {
        secret,
        row,
        about,
        memory,
    };
    let name = format!("de-identification {:?}", entry.name);
    let in_set = |why: NotChanged| why.within(&format!("{name}, Set"));
    let mut edits = Vec::with_capacity(entry.set.len());
    for edit in &entry.set {
        if let Edit::Set { at, value } = edit {
            let text = fill(value, data.root(), &values);
            let text = text.map_err(|why| in_set(of_target(edit, why)))?;
            edits.push(Edit::Set {
                at: at.clone(),
                value: Template {
                    parts: vec![Part::Text(text)],
                    written: String::new(),
                },
            });
        }
    }
    // Asked for only where it matters: it may take a call of Orthanc, and stop an instance of an unknown source.
    let patient = match entry.has(ProfileOption::RetainModifiedDates) {
        true => {
            let patient = patient(data.root(), &values);
            Some(patient.map_err(|why| why.within(&format!("{name}, Dates")))?)
        }
        false => None,
    };
    remove_identity(entry, secret, data.root_mut(), patient.as_ref())?;
    let set = apply_edits(&edits, data, about, memory);
    set.map(|_| ()).map_err(in_set)
}

/// Whose dates they are. One without a number is known by the study.
fn patient(root: &Elements<'_>, values: &OfInstance<'_>) -> Result<Patient, NotChanged> {
    let id = text(root, Tag::PATIENT_ID)?;
    let id = match id.is_empty() {
        true => format!("study {}", study_uid(root)),
        false => id,
    };
    Ok(Patient {
        issuer: issuer(root, values)?,
        id,
    })
}

/// What the list is asked for.
fn key(list: &List, root: &Elements<'_>) -> Result<Vec<String>, NotChanged> {
    let tags = list.lookup().key.iter();
    tags.map(|(tag, _)| text(root, *tag)).collect()
}

/// The text of an element of the data set itself, without blanks around it; empty: there is none.
fn text(root: &Elements<'_>, tag: Tag) -> Result<String, NotChanged> {
    let Some(element) = root.get(tag) else {
        return Ok(String::new());
    };
    let text = read(element, &charset(root, None)?);
    let text = text.map_err(|why| impossible("", tag, why))?;
    Ok(text.trim().to_owned())
}

/// As which it is sent.
fn uid(root: &Elements<'_>) -> Result<String, NotChanged> {
    match text(root, Tag::SOP_INSTANCE_UID)? {
        uid if uid.is_empty() => Err(impossible("", Tag::SOP_INSTANCE_UID, "it is missing")),
        uid => Ok(uid),
    }
}

struct OfInstance<'a> {
    secret: &'a Secret,
    row: Option<&'a Row>,
    about: &'a About<'a>,
    memory: &'a dyn Memory,
}

impl Values for OfInstance<'_> {
    fn about(&self) -> &About<'_> {
        self.about
    }

    fn memory(&self) -> &dyn Memory {
        self.memory
    }

    fn lookup(&self, column: Option<&str>) -> Result<String, NotChanged> {
        let found = self.row.and_then(|row| row.value(column));
        let missing = || {
            let column = column.unwrap_or_default();
            NotChanged::Impossible(format!("{{lookup:{column}}}: the list has no such column"))
        };
        found.map(str::to_owned).ok_or_else(missing)
    }

    /// With the key: nobody else can try all numbers.
    fn hash(&self, value: &str, issuer: &str) -> [u8; 32] {
        let text = format!("hash:{}:{issuer}{value}", issuer.len());
        self.secret.hash(text.as_bytes())
    }
}
