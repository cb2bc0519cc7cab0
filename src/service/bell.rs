//! What a service waits on between two rounds.

use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// Ends all waiting when it is stopped; a ring ends one wait.
///
/// Invariant: a ring between looking and waiting is not lost.
#[derive(Debug, Default)]
pub struct Bell {
    state: Mutex<Heard>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Heard {
    stopped: bool,
    rung: bool,
}

/// Why [`Bell::wait`] came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    Stopped,
    Rung,
    TimeOver,
}

impl Bell {
    /// There may be something to do. Cheap where somebody rang already.
    pub fn ring(&self) {
        if !std::mem::replace(&mut self.state.lock().rung, true) {
            self.changed.notify_all();
        }
    }

    /// From here on nobody waits.
    pub fn stop(&self) {
        self.state.lock().stopped = true;
        self.changed.notify_all();
    }

    pub fn is_stopped(&self) -> bool {
        self.state.lock().stopped
    }

    /// Waits for a ring, or the stop, at most `most`.
    pub fn wait(&self, most: Duration) -> Woken {
        let mut state = self.state.lock();
        self.changed
            .wait_while_for(&mut state, |state| !state.stopped && !state.rung, most);
        if state.stopped {
            Woken::Stopped
        } else if std::mem::take(&mut state.rung) {
            Woken::Rung
        } else {
            Woken::TimeOver
        }
    }

    /// A pause that only the stop cuts short. `true`: it did.
    pub fn pause(&self, length: Duration) -> bool {
        let mut state = self.state.lock();
        self.changed
            .wait_while_for(&mut state, |state| !state.stopped, length);
        state.stopped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    #[test]
    fn a_ring_between_looking_and_waiting_is_not_lost() {
        let bell = Bell::default();
        bell.ring();
        bell.ring();
        assert_eq!(bell.wait(LONG), Woken::Rung);
        assert_eq!(bell.wait(Duration::ZERO), Woken::TimeOver);
    }

    #[test]
    fn a_stop_ends_all_waiting_for_ever() {
        let bell = Bell::default();
        std::thread::scope(|scope| {
            scope.spawn(|| assert_eq!(bell.wait(LONG), Woken::Stopped));
            scope.spawn(|| assert!(bell.pause(LONG)));
            bell.stop();
        });
        bell.ring();
        assert_eq!(bell.wait(LONG), Woken::Stopped);
        assert!(bell.pause(LONG));
    }

    #[test]
    fn a_ring_does_not_shorten_a_pause() {
        let bell = Bell::default();
        bell.ring();
        assert!(!bell.pause(Duration::ZERO));
        assert_eq!(bell.wait(LONG), Woken::Rung);
    }
}
