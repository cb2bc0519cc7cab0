//! `Coerce`: a recipe's editor.

use std::cell::RefCell;
use std::sync::Arc;

use sendqueue_dicom::{DataSet, Elements, Piece, Tag};

use super::memory::Remembered;
use super::place::read;
use super::{About, Modified, NotChanged, Shared, add_original_attributes, apply};
use crate::config::coercion::Recipe;
use crate::item::Item;
use crate::transport::edited::{Edited, Editor, NotEdited, Stored};

/// So often an instance is begun anew because its study was decided by another one at the same moment: what was decided
/// holds then, so that there are no more conditions to lose than a recipe has.
pub(super) const MOST: usize = 100;

pub struct Coerce {
    pub shared: Arc<Shared>,
    pub recipe: Arc<Recipe>,
    /// `OriginalAttributes`.
    pub tells: bool,
    /// Nothing is decided, given or remembered: for a look.
    pub looks_only: bool,
}

impl Editor for Coerce {
    fn edit(&self, item: &Item, stored: Stored) -> Result<Edited, NotEdited> {
        for _ in 0..MOST {
            match self.change(item, &stored) {
                // What is changed in nothing goes out as it is.
                Ok(None) => return Ok(stored.unchanged()),
                Ok(Some(pieces)) => {
                    let uid = stored.sop_instance_uid.clone();
                    return stored.edited(pieces, uid);
                }
                Err(NotChanged::Again) => {}
                Err(why) => return Err(why.into()),
            }
        }
        Err(NotChanged::Again.into())
    }
}

impl Coerce {
    /// `None`: nothing differs.
    fn change(&self, item: &Item, stored: &Stored) -> Result<Option<Vec<Piece>>, NotChanged> {
        let shared = &self.shared;
        let mut data = DataSet::parse(stored.data_set(), &stored.kind.transfer_syntax)?;
        let study_uid = study_uid(data.root());
        let now = shared.clock.now();
        let memory = Remembered {
            store: shared.decisions.as_ref(),
            known: &shared.known,
            recipe: &self.recipe.name,
            study_uid: &study_uid,
            now,
            looks_only: self.looks_only,
            found: RefCell::default(),
        };
        let client = shared.host.client();
        let about = About::new(item, &self.recipe.sources, &client);
        let changes = apply(&self.recipe, &mut data, &about, &memory)?;
        memory.finish()?;
        // It may have been made another instance before.
        let renamed = (stored.is_another).then_some(stored.sop_instance_uid.as_str());
        let is_another_patient = changes.previous().any(|(tag, _)| tag == Tag::PATIENT_ID);
        if (is_another_patient || renamed.is_some()) && !self.looks_only {
            (shared.told).tell(shared.outputs.as_ref(), item, data.root(), renamed, now)?;
        }
        if changes.is_empty() {
            return Ok(None);
        }
        if self.tells {
            let modified = Modified {
                at: item.created,
                by: &shared.own_aet,
                source: item.remote_aet.as_deref().unwrap_or_default(),
            };
            add_original_attributes(data.root_mut(), &changes, modified)?;
        }
        Ok(Some(data.encode()?))
    }
}

/// Empty: there is none.
pub(super) fn study_uid(root: &Elements<'_>) -> String {
    let element = root.get(Tag::STUDY_INSTANCE_UID);
    let ascii = sendqueue_dicom::charset::Charset::of(b"");
    match (element, ascii) {
        (Some(element), Ok(ascii)) => read(element, &ascii).unwrap_or_default(),
        _ => String::new(),
    }
}
