//! Who has not sent for too long (`Alerts.SilentSources`).
//!
//! Invariants:
//! - Silence is the time since the last arrival in which the source's windows were open, and in which this Orthanc ran:
//!   while it was down nobody could send, so it counts from the start on at the earliest.
//! - A source that was never heard of counts from when it is watched.
//! - Durations are of the queue's own time; windows are of the machine's clock.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use parking_lot::Mutex;

use crate::config::Current;
use crate::config::settings::{Settings, SilentSource};
use crate::dispatch::windows;
use crate::item::{Ahead, Clock, Timestamp};
use crate::store::{self, Sources};

/// A calling AET.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceLook {
    pub aet: String,
    /// When something came from it last; `None`: never, as far as is remembered.
    pub last: Option<Timestamp>,
    /// Whether it is to be heard of, and within what time.
    pub watched: Option<Duration>,
    /// When it had been silent for too long, if it is.
    pub silent_since: Option<Timestamp>,
}

/// Looks at all sources.
pub struct Listener {
    store: Arc<dyn Sources>,
    settings: Arc<Current>,
    clock: Arc<dyn Clock>,
    zone: TimeZone,
    started: Timestamp,
    /// The settings whose sources are watched.
    watched: Mutex<Option<Arc<Settings>>>,
}

impl Listener {
    pub fn new(store: Arc<dyn Sources>, settings: Arc<Current>, clock: Arc<dyn Clock>) -> Listener {
        Listener {
            started: clock.now(),
            zone: TimeZone::system(),
            store,
            settings,
            clock,
            watched: Mutex::default(),
        }
    }

    /// All that are known or watched, in the order of their AETs.
    ///
    /// # Errors
    /// Of the store.
    pub fn look(&self) -> store::Result<Vec<SourceLook>> {
        let settings = self.settings.get();
        let silent = (settings.alerts.as_ref()).map_or(&[][..], |told| &told.silent_sources);
        let now = self.clock.now();
        let mut watched = self.watched.lock();
        if !watched
            .as_ref()
            .is_some_and(|known| Arc::ptr_eq(known, &settings))
        {
            let aets: Vec<&str> = silent.iter().map(|source| source.aet.as_str()).collect();
            self.store.watch(&aets, now)?;
            *watched = Some(settings.clone());
        }
        drop(watched);
        let known = self.store.sources()?.into_iter();
        Ok(known
            .map(|known| {
                let of_it = silent.iter().find(|source| source.aet == known.aet);
                let from = known
                    .last
                    .or(known.watched)
                    .unwrap_or(now)
                    .max(self.started);
                SourceLook {
                    silent_since: of_it.and_then(|source| {
                        too_long(source, from, now, self.clock.ahead(), &self.zone)
                    }),
                    watched: of_it.map(|source| Duration::from_secs_f64(source.seconds)),
                    aet: known.aet,
                    last: known.last,
                }
            })
            .collect())
    }
}

/// When silence since `from` became too long, if that is past.
pub fn too_long(
    source: &SilentSource,
    from: Timestamp,
    now: Timestamp,
    ahead: Ahead,
    zone: &TimeZone,
) -> Option<Timestamp> {
    let length = Duration::from_secs_f64(source.seconds);
    // Windows only make it later.
    if now.since(from) < length {
        return None;
    }
    let end = windows::open_for(&source.windows, ahead.wall(from), length, zone)?;
    let end = ahead.own(end);
    (end <= now).then_some(end)
}
