//! Where instances go: each destination is a value that knows how to deliver to itself.
//!
//! A kind of destination is a folder here, and one line where kinds are listed: in `plugin.rs`, and for the names in
//! rules in `words/src/config/names.rs`, which `sendqueuectl check` has too. What a kind needs of the rest: to be asked
//! for an [`Endpoint`] by the name of one of its entries.
//!
//! Invariants:
//! - A delivery answers for every item of its batch, in the batch's order, and an item is a success only if the
//!   destination acknowledged that very instance (G2).
//! - An endpoint shares nothing with another one but what [`Endpoint::admit`] lets in to: no destination can block
//!   another (G4).
//! - A name that no kind knows is no destination: nothing is sent, and its items wait.

mod directory;
pub mod modality;

use std::collections::BTreeSet;
use std::sync::Arc;

use orthanc_sdk::Change;

pub use self::directory::Directory;
use crate::config::settings::DestinationSettings;
use crate::item::Item;
use crate::transport::confirm::{Answers, Question};
use crate::transport::edited::{Edited, Editor, NotEdited, Stored};
use crate::transport::{Batch, Delivery, Permit, Probe, Standing};

/// A destination, as a lane owns it.
#[derive(Clone)]
pub struct Destination {
    /// What rules and people call it.
    pub name: String,
    /// The name of what it leads to: all names of one target share its associations, its outages and its throttle.
    pub target: String,
    /// The word for its kind.
    pub kind: &'static str,
    pub endpoint: Arc<dyn Endpoint>,
}

/// What an endpoint asks of who sends to it. May change from call to call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traits {
    /// While it sends it holds what other destinations need too: it is asked by a probe before it is trusted with a
    /// batch.
    pub shared: bool,
    /// Others share it now.
    pub crowded: bool,
    /// It takes its part of the memory budget itself, instance by instance. Else its caller does, for the largest
    /// instance of the batch.
    pub memory: bool,
}

/// How instances get there, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    pub transport: TransportName,
    /// Why, in words.
    pub reason: String,
}

/// The configuration's words for what a destination is sent by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportName {
    Native,
    Rest,
}

/// The way to one destination.
pub trait Endpoint: Send + Sync {
    /// Waits until it may use what destinations share; asked before items are claimed, so that what waits here stays
    /// `Pending`. `None`: stopping.
    fn admit(&self, standing: Standing) -> Option<Permit<'_>>;

    /// Sends the batch over one association where it can. Blocks until all is known.
    fn deliver(&self, batch: &Batch<'_>) -> Delivery;

    /// Whether it is there: one C-ECHO (PS3.7 9.1.5), or what its kind has in place of it. Uses nothing that
    /// destinations share.
    fn probe(&self) -> Probe;

    fn traits(&self) -> Traits;

    fn describe(&self) -> Description;

    /// Releases the association that was kept for a group (PS3.8 7.2), if there is one.
    fn end_group(&self, group: &str);

    /// A person has cancelled items that are being sent: batches under way ask [`Batch::recalled`].
    fn recall(&self);

    /// Whether it has what it acknowledged. Blocks until that is known, but for the report of a storage commitment,
    /// which comes later. Uses nothing that destinations share.
    fn confirm(&self, question: &Question<'_>) -> Answers {
        Answers::none(
            question.instances.len(),
            "a destination of this kind cannot be asked what it has",
        )
    }
}

/// Who says what is changed of what is sent.
pub trait Editors: Send + Sync {
    /// What changes instances on their way to this destination. Asked for all whose settings alter what is sent, and
    /// for no other one.
    fn editor(&self, destination: &str, settings: &DestinationSettings) -> Arc<dyn Editor>;
}

/// Where nobody can change anything, nothing is sent that must be changed.
pub struct NoEditors;

impl Editors for NoEditors {
    fn editor(&self, _: &str, _: &DestinationSettings) -> Arc<dyn Editor> {
        Arc::new(NoEditors)
    }
}

impl Editor for NoEditors {
    fn edit(&self, _: &Item, _: Stored) -> Result<Edited, NotEdited> {
        Err(NotEdited::coercion("nothing can be changed here"))
    }
}

/// A kind of destination, and all that destinations of this kind share.
pub trait Kind: Send + Sync {
    /// The word for it.
    fn name(&self) -> &'static str;

    /// What the names of its destinations begin with, as in `peer:`; empty for modalities.
    fn prefix(&self) -> &'static str;

    /// Its entries, without the prefix; `fresh`: read again.
    ///
    /// # Errors
    /// In words, when they cannot be read now.
    fn entries(&self, fresh: bool) -> Result<BTreeSet<String>, String>;

    /// The way to one of its entries, for the destination of this name.
    fn endpoint(
        &self,
        name: &str,
        entry: &str,
        settings: &DestinationSettings,
    ) -> Arc<dyn Endpoint>;

    /// Something happened in Orthanc.
    fn changed(&self, change: &Change);

    /// Jobs of Orthanc that sent for us when the process ended, and that it may have taken up again: their items are
    /// about to be sent anew.
    fn end_jobs(&self, jobs: &[String]);

    /// Orthanc is stopping: ends what is under way as soon as possible, with the truth about what was acknowledged
    /// until then. Does not wait for it.
    fn interrupt(&self);

    /// Ends all that is still under way, at once.
    fn cut(&self);

    /// Whether a REST call is under way that a silent peer holds up: Orthanc must not go on with its stop.
    fn is_held(&self) -> bool;
}
