//! Looks at the lists of `Lookup`: what waits for a subject is looked at again when its list was changed.
//!
//! Invariants:
//! - What is held, and a list that cannot be used, is told in the log when it begins and when it is over.
//! - At the start, and after a reload, all that waits is looked at again: nobody knows what changed meanwhile.
//! - A fault of the store, which tells of it itself, is tried again; it never ends the thread.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::list::{Stamp, cannot_be_used, read_file};
use super::trouble::{BadLists, Holds};
use crate::config::Current;
use crate::config::settings::Settings;
use crate::failpoint;
use crate::item::Clock;
use crate::service::{Bell, Service, Woken};
use crate::store::{Notifier, Result, Store};

const PAUSE: Duration = Duration::from_secs(2);
/// Rounds from one look at what is held to the next, which costs as much as is held.
const HOLDS_EVERY: u32 = 8;

/// The lists as they were when all was looked at last.
#[derive(Default)]
struct Seen {
    settings: Option<Arc<Settings>>,
    files: BTreeMap<PathBuf, Option<Stamp>>,
    holds: Holds,
    rounds: u32,
}

pub struct Watch {
    store: Arc<dyn Store>,
    settings: Arc<Current>,
    notifier: Arc<dyn Notifier>,
    clock: Arc<dyn Clock>,
    bad: Arc<BadLists>,
    bell: Bell,
    seen: Mutex<Seen>,
}

impl Watch {
    pub fn new(
        store: Arc<dyn Store>,
        settings: Arc<Current>,
        notifier: Arc<dyn Notifier>,
        clock: Arc<dyn Clock>,
        bad: Arc<BadLists>,
    ) -> Watch {
        Watch {
            store,
            settings,
            notifier,
            clock,
            bad,
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
        if seen.rounds % HOLDS_EVERY == 0 {
            for line in seen.holds.look(&self.store.held()?) {
                log::warn!("{line}");
            }
        }
        seen.rounds = seen.rounds.wrapping_add(1);
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
        self.judge(&settings, &|file| is_new || changed(file));
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

    /// Tells of lists that cannot be used, or can be again.
    fn judge(&self, settings: &Settings, is_another: &dyn Fn(&PathBuf) -> bool) {
        let entries = &settings.deidentifications;
        self.bad.retain(|name| {
            let entry = entries.get(name);
            entry.is_some_and(|entry| entry.lookup.is_some())
        });
        for entry in entries.values() {
            let Some(lookup) = entry.lookup.as_ref().filter(|one| is_another(&one.file)) else {
                continue;
            };
            let state = read_file(lookup).map(|_| ());
            let state = state.map_err(|why| cannot_be_used(&entry.name, lookup, &why));
            if let Some(line) = self.bad.note(&entry.name, state, self.clock.now()) {
                log::warn!("{line}");
            }
        }
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

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::path::Path;
    use std::time::SystemTime;

    use serde_json::json;

    use super::*;
    use crate::config::load;
    use crate::item::SystemClock;
    use crate::store::sqlite::SqliteStore;

    struct Nobody;

    impl Notifier for Nobody {
        fn ready(&self, _: &str) {}

        fn timed(&self) {}
    }

    /// A file that nobody writes on any more; `age` in seconds.
    fn write(path: &Path, text: &str, age: u64) {
        fs::write(path, text).unwrap();
        let then = SystemTime::now() - Duration::from_secs(age);
        File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_modified(then)
            .unwrap();
    }

    #[test]
    fn a_list_that_cannot_be_read_is_known_until_it_can() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("subjects.csv");
        write(&list, "PatientID,Subject\n1,T1\n", 60);
        write(&folder.path().join("trial.key"), "0123456789abcdef", 60);
        let settings = load(
            &json!({ "SendQueue": {
                "Deidentifications": { "trial": { "Profile": "Basic", "KeyFile": "trial.key",
                    "Lookup": { "File": "subjects.csv", "Key": ["PatientID"] } } },
                "Defaults": { "Deidentify": "trial" } } }),
            &|_| None,
            Some(folder.path()),
        );
        let store = SqliteStore::open(&folder.path().join("queue.db")).unwrap();
        let bad = Arc::new(BadLists::default());
        let watch = Watch::new(
            Arc::new(store),
            Current::new(settings.unwrap()),
            Arc::new(Nobody),
            Arc::new(SystemClock),
            bad.clone(),
        );
        watch.round().unwrap();
        assert!(bad.all().is_empty());
        write(&list, "PatientID,Subject\n1,T1\n1,T2\n", 50);
        watch.round().unwrap();
        let all = bad.all();
        assert_eq!(all.len(), 1);
        let expected = "the list subjects.csv of the de-identification \"trial\" cannot be used: line 3 has the same key as line 2";
        assert!(all[0].details.starts_with(expected), "{}", all[0].details);
        fs::remove_file(&list).unwrap();
        watch.round().unwrap();
        assert!(bad.all()[0].details.contains("no such file"));
        write(&list, "PatientID,Subject\n1,T1\n2,T2\n", 40);
        watch.round().unwrap();
        assert!(bad.all().is_empty());
    }
}
