//! What would be sent, and what was: for people. Nothing is decided, given or remembered by looking.

use sendqueue_dicom::{DataSet, Tag, text};

use super::{Change, Coercion, NotChanged, differences};
use crate::config::settings::DestinationSettings;
use crate::item::{Ids, Item, Priority, State, Timestamp};
use crate::transport::edited::{Edited, NotEdited, edit};
use crate::transport::native::load::stored;

/// What would be sent of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    pub changes: Vec<Change>,
    /// As stored, and as sent.
    pub sop_instance_uid: [String; 2],
    pub transfer_syntax: [String; 2],
}

impl Coercion {
    /// What would differ if Orthanc's instance of this identifier were sent to a destination with these settings.
    ///
    /// # Errors
    /// Why it would not be sent.
    pub fn preview(
        &self,
        destination: &str,
        settings: &DestinationSettings,
        instance: &str,
    ) -> Result<Preview, NotEdited> {
        let item = as_item(destination, instance, self.shared.clock.now());
        on_a_thread(|| self.look_at(settings, &item))
    }

    fn look_at(&self, settings: &DestinationSettings, item: &Item) -> Result<Preview, NotEdited> {
        // What was made of it is copied, then the original is read once more: never three of them in memory.
        let edited = self.look(settings, item)?;
        let (kind, uid) = (edited.kind().clone(), edited.sop_instance_uid().to_owned());
        let after: Vec<u8> = edited.slices().concat();
        drop(edited);
        let before = stored(self.shared.host, item)?;
        let parse = |bytes, syntax: &str| DataSet::parse(bytes, syntax).map_err(NotChanged::from);
        let one = parse(before.data_set(), &before.kind.transfer_syntax)?;
        let other = parse(&after, &kind.transfer_syntax)?;
        Ok(Preview {
            changes: differences(one.root(), other.root()),
            transfer_syntax: [before.kind.transfer_syntax.clone(), kind.transfer_syntax],
            sop_instance_uid: [before.sop_instance_uid.clone(), uid],
        })
    }

    /// The file (PS3.10) of an item as it was sent, or would be; before the receiver's choice of a transfer syntax.
    ///
    /// # Errors
    /// Why it would not be sent.
    pub fn sent(&self, item: &Item, settings: &DestinationSettings) -> Result<Vec<u8>, NotEdited> {
        on_a_thread(|| Ok(self.look(settings, item)?.file()))
    }

    /// The texts of elements, in the order of `tags`, of an instance as it is sent; of one that came from `remote_aet`.
    /// `None`: it is not there, or no text.
    ///
    /// # Errors
    /// Why it would not be sent.
    pub fn sent_texts(
        &self,
        destination: &str,
        settings: &DestinationSettings,
        instance: &str,
        remote_aet: Option<String>,
        tags: &[Tag],
    ) -> Result<Vec<Option<String>>, NotEdited> {
        let item = Item {
            remote_aet,
            ..as_item(destination, instance, self.shared.clock.now())
        };
        on_a_thread(|| {
            let edited = self.look(settings, &item)?;
            let syntax = edited.kind().transfer_syntax.clone();
            let after: Vec<u8> = edited.slices().concat();
            drop(edited);
            let set = DataSet::parse(&after, &syntax).map_err(NotChanged::from)?;
            let charset = text::charset(set.root()).ok();
            let text = |tag: &Tag| {
                let element = set.root().get(*tag)?;
                text::of(element, charset.as_ref()?).ok().flatten()
            };
            Ok(tags.iter().map(text).collect())
        })
    }

    fn look(&self, settings: &DestinationSettings, item: &Item) -> Result<Edited, NotEdited> {
        let stored = stored(self.shared.host, item)?;
        match self.of(settings, true) {
            Some(editor) => edit(editor.as_ref(), item, stored),
            None => Ok(stored.unchanged()),
        }
    }
}

/// The threads of Orthanc's HTTP server have some 100 KB of stack: codecs need more.
fn on_a_thread<T: Send>(
    look: impl FnOnce() -> Result<T, NotEdited> + Send,
) -> Result<T, NotEdited> {
    let failed = |why: String| Err(NotEdited::NotNow(why));
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("sq-look".to_owned())
            .spawn_scoped(scope, look);
        match thread {
            Ok(thread) => thread
                .join()
                .unwrap_or_else(|_| failed("the look panicked".to_owned())),
            Err(error) => failed(format!("no thread for a look: {error}")),
        }
    })
}

/// An item that nobody has made.
fn as_item(destination: &str, instance: &str, created: Timestamp) -> Item {
    Item {
        id: 0,
        ids: Ids {
            instance: instance.to_owned(),
            ..Ids::default()
        },
        destination: destination.to_owned(),
        rule: None,
        remote_aet: None,
        state: State::Pending,
        priority: Priority::Medium,
        attempt_count: 0,
        created,
        next_attempt: None,
        completed: None,
        class: None,
        dimse_status: None,
        details: None,
        size_bytes: 0,
        confirmation: crate::item::Confirmation::None,
    }
}
