//! Whether anybody is told, and who: changes while Orthanc runs.
//!
//! Invariants:
//! - At most one [`Alerts`] is in force. Other settings are its settings from then on, so what it has collected goes
//!   on, and its counters do.
//! - Without settings there is no thread for it.

use std::sync::Arc;

use parking_lot::Mutex;

use super::{Alerts, Parts};
use crate::config::settings::Settings;
use crate::service::Services;

/// The name of its thread.
pub const NAME: &str = "sq-alert";

pub struct Switch {
    services: Arc<Services>,
    parts: Box<dyn Fn() -> Parts + Send + Sync>,
    alerts: Mutex<Option<Arc<Alerts>>>,
}

impl Switch {
    /// As these settings say; [`Switch::get`] is then to be started.
    pub fn new(
        services: Arc<Services>,
        parts: impl Fn() -> Parts + Send + Sync + 'static,
        settings: &Settings,
    ) -> Switch {
        let alerts = settings.alerts.as_ref();
        let alerts = alerts.map(|told| Arc::new(Alerts::new(told, &settings.host, parts())));
        Switch {
            services,
            parts: Box::new(parts),
            alerts: Mutex::new(alerts),
        }
    }

    /// `None`: nobody is told.
    pub fn get(&self) -> Option<Arc<Alerts>> {
        self.alerts.lock().clone()
    }

    /// As these settings say from now on.
    pub fn set(&self, settings: &Settings) {
        let mut alerts = self.alerts.lock();
        match (alerts.as_ref(), &settings.alerts) {
            (Some(now), Some(told)) => now.set(told),
            (None, Some(told)) => {
                let new = Arc::new(Alerts::new(told, &settings.host, (self.parts)()));
                self.services.start(NAME, new.clone());
                *alerts = Some(new);
            }
            (Some(_), None) => {
                if let Some(old) = alerts.take() {
                    old.end();
                }
            }
            (None, None) => {}
        }
    }
}
