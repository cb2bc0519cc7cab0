//! The settings in force, which can be others while the queue runs.

use std::sync::Arc;

use parking_lot::RwLock;

use super::settings::Settings;

/// Invariant: who does something takes them once for all of it, so that it is done under the old ones or the new ones,
/// and never under some of both.
#[derive(Debug)]
pub struct Current(RwLock<Arc<Settings>>);

impl Current {
    pub fn new(settings: Settings) -> Arc<Current> {
        Arc::new(Current(RwLock::new(Arc::new(settings))))
    }

    pub fn get(&self) -> Arc<Settings> {
        self.0.read().clone()
    }

    /// Whoever asks from now on gets these.
    pub fn replace(&self, settings: Settings) {
        *self.0.write() = Arc::new(settings);
    }
}
