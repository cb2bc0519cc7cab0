//! Looks after the clock: stores its reading, sees when the machine's clock was set, and takes back what that had made
//! expire.
//!
//! Invariants:
//! - What is owed to items is given before anything else expires, and tried again until it is.
//! - A reading that cannot be stored costs nothing but a later one: `health` tells of the store.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Lanes;
use crate::clock::readable;
use crate::item::{Clock, Jump, Timestamp};
use crate::store::{Result, Upkeep};
use parking_lot::Mutex;

/// Seconds between two readings that are stored.
const STEP_SECONDS: f64 = 60.0;

#[derive(Default)]
pub struct Timekeeper {
    state: Mutex<Noted>,
    jumps: AtomicU64,
    pardoned: AtomicU64,
}

#[derive(Default)]
struct Noted {
    stored: Option<Timestamp>,
    /// What was counted too much, and is not yet given back.
    owed: Vec<Jump>,
}

impl Timekeeper {
    /// How often the machine's clock was set since the start.
    pub fn jumps(&self) -> u64 {
        self.jumps.load(Ordering::Relaxed)
    }

    /// Items that had expired by a wrong clock only, and wait again.
    pub fn pardoned(&self) -> u64 {
        self.pardoned.load(Ordering::Relaxed)
    }

    /// Before anything is moved because of the time.
    pub fn look(
        &self,
        clock: &dyn Clock,
        store: &(impl Upkeep + ?Sized),
        lanes: &Lanes,
    ) -> Result<()> {
        let mut state = self.state.lock();
        if let Some(jump) = clock.look() {
            self.jumps.fetch_add(1, Ordering::Relaxed);
            tell(&jump);
            if !jump.over.is_zero() {
                state.owed.push(jump);
            }
            state.stored = None;
            lanes.clock_was_set();
        }
        let now = clock.now();
        while let Some(jump) = state.owed.first() {
            let back = store.pardon(jump.start, jump.over, now)?;
            state.owed.remove(0);
            self.pardoned.fetch_add(back, Ordering::Relaxed);
            if back > 0 {
                log::warn!(
                    "{back} items had expired only because the machine's clock was wrong at the start: they wait again"
                );
                lanes.poke_all();
            }
        }
        if state
            .stored
            .is_none_or(|stored| now >= stored.plus_seconds(STEP_SECONDS))
        {
            self.store(&mut state, clock, store);
        }
        Ok(())
    }

    /// The last reading before a stop.
    pub fn end(&self, clock: &dyn Clock, store: &(impl Upkeep + ?Sized)) {
        let mut state = self.state.lock();
        self.store(&mut state, clock, store);
    }

    fn store(&self, state: &mut Noted, clock: &dyn Clock, store: &(impl Upkeep + ?Sized)) {
        let Some(reading) = clock.reading() else {
            return;
        };
        match store.set_reading(reading) {
            Ok(()) => state.stored = Some(reading.own),
            Err(error) => log::debug!("the clock's reading could not be stored: {error}"),
        }
    }
}

fn tell(jump: &Jump) {
    log::warn!(
        "the machine's clock was set {} by {}: waiting items age by the time that really passes, and nothing expires because of this",
        if jump.by < 0 { "back" } else { "forward" },
        readable(std::time::Duration::from_micros(jump.by.unsigned_abs()))
    );
}
