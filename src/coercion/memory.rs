//! What is decided once for a study, by the store.
//!
//! Invariants:
//! - What was found is on disk before a serial is asked for, and before the instance is sent
//!   ([`Remembered::finish`]): one write for all of it.
//! - Who comes second to a study that two destinations, or two workers, decide at the same moment, finds out then and
//!   begins again with what holds.
//! - What holds never changes, so that it is kept in memory too: an instance of a study that is decided costs the store
//!   nothing.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use parking_lot::Mutex;

use super::{Memory, NotChanged, Number};
use crate::config::coercion::Serial;
use crate::failpoint;
use crate::item::Timestamp;
use crate::store::{Decisions, StoreError};

type Decided = BTreeMap<String, String>;
/// Two words that stand for a study: of a recipe or a serial, and its UID.
type Key = (String, String);

/// What stood before the number of a study when it was given.
const PREFIX: &str = "prefix";

/// Most studies that are kept in memory.
const MOST: usize = 2000;

/// What holds for the studies that were asked for lately.
#[derive(Default)]
pub struct Known {
    decided: Mutex<HashMap<Key, Decided>>,
    serials: Mutex<HashMap<Key, Number>>,
}

impl Known {
    fn keep<T>(all: &Mutex<HashMap<Key, T>>, key: Key, value: T) {
        let mut all = all.lock();
        if all.len() >= MOST && !all.contains_key(&key) {
            all.clear();
        }
        all.insert(key, value);
    }
}

/// The memory of one study, while one instance of it is changed.
pub struct Remembered<'a> {
    pub store: &'a dyn Decisions,
    pub known: &'a Known,
    pub recipe: &'a str,
    /// As it is stored; empty: there is none.
    pub study_uid: &'a str,
    pub now: Timestamp,
    /// Nothing is written and no number is given: for a look.
    pub looks_only: bool,
    pub found: RefCell<Decided>,
}

impl Remembered<'_> {
    /// Writes down what was found.
    ///
    /// # Errors
    /// [`NotChanged::Again`]: another one found something else first.
    pub fn finish(&self) -> Result<(), NotChanged> {
        let found = self.found.borrow();
        if found.is_empty() || self.looks_only {
            return Ok(());
        }
        let uid = self.study()?;
        let holds = self.store.decide(self.recipe, uid, &found, self.now);
        let holds = holds.map_err(not_now)?;
        failpoint::pass("decided");
        let is_so = found
            .iter()
            .all(|(key, value)| holds.get(key) == Some(value));
        Known::keep(&self.known.decided, self.key(self.recipe, uid), holds);
        drop(found);
        self.found.borrow_mut().clear();
        if is_so {
            Ok(())
        } else {
            Err(NotChanged::Again)
        }
    }

    fn study(&self) -> Result<&str, NotChanged> {
        if self.study_uid.is_empty() {
            let why = "StudyInstanceUID (0020,000d): it is missing, and what is decided once for a study is remembered under it";
            return Err(NotChanged::Impossible(why.to_owned()));
        }
        Ok(self.study_uid)
    }

    fn key(&self, word: &str, uid: &str) -> Key {
        (word.to_owned(), uid.to_owned())
    }
}

impl Memory for Remembered<'_> {
    fn decided(&self, key: &str) -> Result<Option<String>, NotChanged> {
        if let Some(found) = self.found.borrow().get(key) {
            return Ok(Some(found.clone()));
        }
        let uid = self.study()?;
        let place = self.key(self.recipe, uid);
        if let Some(value) = (self.known.decided.lock().get(&place)).and_then(|all| all.get(key)) {
            return Ok(Some(value.clone()));
        }
        let all = self.store.decided(self.recipe, uid).map_err(not_now)?;
        let value = all.get(key).cloned();
        if !all.is_empty() {
            Known::keep(&self.known.decided, place, all);
        }
        Ok(value)
    }

    fn decide(&self, key: &str, value: String) -> Result<(), NotChanged> {
        self.found.borrow_mut().insert(key.to_owned(), value);
        Ok(())
    }

    fn serial(&self, serial: &Serial) -> Result<Number, NotChanged> {
        let uid = self.study()?;
        let place = self.key(&serial.name, uid);
        if let Some(number) = self.known.serials.lock().get(&place) {
            return Ok(number.clone());
        }
        let kept = kept_as(&serial.name);
        let of_study = |holds: Decided| holds.get(PREFIX).unwrap_or(&serial.prefix).clone();
        if self.looks_only {
            let number = self.store.serial(&serial.name, uid).map_err(not_now)?;
            let holds = self.store.decided(&kept, uid).map_err(not_now)?;
            return Ok(Number {
                prefix: of_study(holds),
                digits: number.map_or("(next)".to_owned(), |number| number.to_string()),
            });
        }
        // Who loses the study to another one asks for no number.
        self.finish()?;
        let prefix = BTreeMap::from([(PREFIX.to_owned(), serial.prefix.clone())]);
        let holds = self.store.decide(&kept, uid, &prefix, self.now);
        let holds = holds.map_err(not_now)?;
        let number = (self.store).issue_serial(&serial.name, uid, serial.start, self.now);
        let number = number.map_err(not_now)?;
        failpoint::pass("numbered");
        let number = Number {
            prefix: of_study(holds),
            digits: number.to_string(),
        };
        Known::keep(&self.known.serials, place, number.clone());
        Ok(number)
    }
}

/// Kept as a decision beside those of recipes, which may have the same name.
fn kept_as(serial: &str) -> String {
    format!("serial:{serial}")
}

/// What stands before the number of a study; `None`: it has none yet.
///
/// # Errors
/// Those of the store.
pub fn prefix_of(
    store: &(impl Decisions + ?Sized),
    serial: &str,
    study_uid: &str,
) -> Result<Option<String>, StoreError> {
    let mut holds = store.decided(&kept_as(serial), study_uid)?;
    Ok(holds.remove(PREFIX))
}

fn not_now(error: StoreError) -> NotChanged {
    NotChanged::NotNow(error.to_string())
}
