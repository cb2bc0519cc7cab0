//! Looks at the lists of `Lookup`: what waits for a subject is looked at again when its list was changed.
//!
//! Invariants:
//! - At the start, and after a reload, all that waits is looked at again: nobody knows what changed meanwhile.
//! - A fault of the store, which tells of it itself, is tried again; it never ends the thread.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::list::Stamp;
use crate::config::Current;
use crate::config::settings::Settings;
use crate::failpoint;
use crate::item::Clock;
use crate::service::{Bell, Service, Woken};
use crate::store::{Notifier, Result, Store};

const PAUSE: Duration = Duration::from_secs(2);

/// The lists as they were when all was looked at last.
#[derive(Default)]
struct Seen {
    settings: Option<Arc<Settings>>,
    files: BTreeMap<PathBuf, Option<Stamp>>,
}

pub struct Watch {
    store: Arc<dyn Store>,
    settings: Arc<Current>,
    notifier: Arc<dyn Notifier>,
    clock: Arc<dyn Clock>,
    bell: Bell,
    seen: Mutex<Seen>,
}

impl Watch {
    pub fn new(
        store: Arc<dyn Store>,
        settings: Arc<Current>,
        notifier: Arc<dyn Notifier>,
        clock: Arc<dyn Clock>,
    ) -> Watch {
        Watch {
            store,
            settings,
            notifier,
            clock,
            bell: Bell::default(),
            seen: Mutex::default(),
        }
    }

    /// Wakes what may find its subject now.
    pub fn round(&self) -> Result<()> {
        let settings = self.settings.get();
        let mut files = BTreeMap::new();
        for entry in settings.deidentifications.values() {
            if let Some(lookup) = &entry.lookup {
                files.insert(lookup.file.clone(), Stamp::of(&lookup.file));
            }
        }
        let mut seen = self.seen.lock();
        let is_new = !(seen.settings.as_ref()).is_some_and(|one| Arc::ptr_eq(one, &settings));
        let changed = |file: &PathBuf| {
            let now = files.get(file).copied().flatten();
            let is_settled = now.is_none_or(|stamp| stamp.is_settled());
            is_settled && seen.files.get(file) != files.get(file)
        };
        let is_any_changed = files.keys().any(changed);
        if !is_new && !is_any_changed {
            return Ok(());
        }
        for held in self.store.held()? {
            let own = settings.destination(&held.destination).deidentify.as_ref();
            let lookup = own.and_then(|entry| entry.lookup.as_ref());
            if is_new || lookup.is_some_and(|lookup| changed(&lookup.file)) {
                self.wake(&held.destination)?;
            }
        }
        // One that is still being written is another one later.
        let kept = files.iter().map(|(file, stamp)| {
            let is_settled = stamp.is_none_or(|stamp| stamp.is_settled());
            let before = seen.files.get(file).copied().flatten();
            (file.clone(), if is_settled { *stamp } else { before })
        });
        let files = kept.collect();
        seen.files = files;
        seen.settings = Some(settings);
        Ok(())
    }

    fn wake(&self, destination: &str) -> Result<()> {
        let count = self.store.wake(destination, self.clock.now())?;
        if count > 0 {
            log::info!("{destination}: {count} held items are looked at again");
            self.notifier.timed();
        }
        Ok(())
    }
}

impl Service for Watch {
    fn run(&self) {
        loop {
            failpoint::panic_in("sq-subjects");
            if let Err(error) = self.round() {
                log::debug!("what waits for subjects cannot be looked at: {error}");
            }
            if self.bell.wait(PAUSE) == Woken::Stopped {
                break;
            }
        }
    }

    fn stop(&self) {
        self.bell.stop();
    }
}
