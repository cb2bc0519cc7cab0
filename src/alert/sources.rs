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
use crate::store::{self, Source, Sources};

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
    /// The settings whose sources the store knows as watched.
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

    /// Has those watched that the settings name. Only for the thread that tells: it writes, and waits for the store.
    pub fn watch(&self) {
        let settings = self.settings.get();
        let mut watched = self.watched.lock();
        if watched
            .as_ref()
            .is_some_and(|known| Arc::ptr_eq(known, &settings))
        {
            return;
        }
        let named = silent_sources(&settings).iter();
        let aets: Vec<&str> = named.map(|source| source.aet.as_str()).collect();
        // A fault of the store is told by itself, and this is tried again.
        if self.store.watch(&aets, self.clock.now()).is_ok() {
            *watched = Some(settings);
        }
    }

    /// All that are known or named by the settings, in the order of their AETs.
    ///
    /// # Errors
    /// Of the store.
    pub fn look(&self) -> store::Result<Vec<SourceLook>> {
        let settings = self.settings.get();
        let named = silent_sources(&settings);
        let now = self.clock.now();
        let mut sources = self.store.sources()?;
        for one in named {
            if sources.iter().all(|known| known.aet != one.aet) {
                sources.push(Source {
                    aet: one.aet.clone(),
                    last: None,
                    watched: None,
                });
            }
        }
        sources.sort_by(|one, other| one.aet.cmp(&other.aet));
        let look = |known: Source| {
            let of_it = named.iter().find(|source| source.aet == known.aet);
            let from = known.last.or(known.watched).unwrap_or(now);
            let from = from.max(self.started);
            let ahead = self.clock.ahead();
            SourceLook {
                silent_since: of_it
                    .and_then(|source| too_long(source, from, now, ahead, &self.zone)),
                watched: of_it.map(|source| Duration::from_secs_f64(source.seconds)),
                aet: known.aet,
                last: known.last,
            }
        };
        Ok(sources.into_iter().map(look).collect())
    }
}

fn silent_sources(settings: &Settings) -> &[SilentSource] {
    let told = settings.alerts.as_ref();
    told.map_or(&[], |told| &told.silent_sources)
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
