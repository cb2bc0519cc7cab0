//! Who may send, when something must be sent with nothing beside it.
//!
//! Invariants:
//! - Whoever is inside alone is inside alone: whatever ends the process then is its doing.
//! - Whoever asks to be alone waits until nobody is inside; after [`PATIENCE`] nobody new comes in before it, so that
//!   it is not kept waiting for ever. One that no longer asks keeps nobody out.
//! - Nobody is kept out for longer than [`PRESSING`]: if whoever is inside takes so long, a slow destination say, the
//!   others go first once more.

use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};

/// How long others go first.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long others are kept out then.
const PRESSING: Duration = Duration::from_secs(15);
/// A wish that was not renewed for so long is over.
const FORGOTTEN: Duration = Duration::from_secs(2);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);

pub struct Alone {
    patience: Duration,
    pressing: Duration,
    state: Mutex<Inside>,
    changed: Condvar,
}

#[derive(Default)]
struct Inside {
    stopped: bool,
    inside: u32,
    /// The one inside is alone.
    alone: bool,
    wish: Option<Wish>,
}

/// Somebody asks to be alone.
struct Wish {
    since: Instant,
    renewed: Instant,
}

/// Being inside; left on drop.
pub struct Pass<'a>(&'a Alone);

impl Default for Alone {
    fn default() -> Self {
        Alone::new(PATIENCE, PRESSING)
    }
}

impl Alone {
    pub fn new(patience: Duration, pressing: Duration) -> Alone {
        Alone {
            patience,
            pressing,
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Waits while somebody is alone. `None`: stopped.
    pub fn enter(&self) -> Option<Pass<'_>> {
        let mut state = self.lock();
        while !state.stopped && (state.alone || self.presses(&state)) {
            self.wait(&mut state);
        }
        if state.stopped {
            return None;
        }
        state.inside += 1;
        Some(Pass(self))
    }

    /// Waits until nobody is inside: a moment, or while the others are kept out and `goes_on` says so, since whoever
    /// asks would be kept out with them. `None`: somebody still is; to be asked again at once, or not at all.
    pub fn enter_alone(&self, goes_on: impl Fn() -> bool) -> Option<Pass<'_>> {
        loop {
            let pass = self.try_alone();
            if pass.is_some() || !self.is_pressing() || !goes_on() {
                return pass;
            }
        }
    }

    fn try_alone(&self) -> Option<Pass<'_>> {
        let now = Instant::now();
        let longest = self.patience + self.pressing;
        let mut state = self.lock();
        match &mut state.wish {
            Some(wish) if wish.renewed.elapsed() < FORGOTTEN && wish.since.elapsed() < longest => {
                wish.renewed = now;
            }
            wish => {
                *wish = Some(Wish {
                    since: now,
                    renewed: now,
                });
            }
        }
        if state.inside > 0 {
            self.wait(&mut state);
        }
        if state.stopped || state.inside > 0 {
            return None;
        }
        state.inside = 1;
        state.alone = true;
        state.wish = None;
        Some(Pass(self))
    }

    /// Whether somebody waited for so long that what is under way is to be cut short.
    pub fn is_pressing(&self) -> bool {
        self.presses(&self.lock())
    }

    fn presses(&self, state: &Inside) -> bool {
        !state.stopped
            && state.wish.as_ref().is_some_and(|wish| {
                let waited = wish.since.elapsed();
                waited >= self.patience
                    && waited < self.patience + self.pressing
                    && wish.renewed.elapsed() < FORGOTTEN
            })
    }

    /// Ends all waiting.
    pub fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    /// For a change, or a moment.
    fn wait(&self, state: &mut MutexGuard<'_, Inside>) {
        self.changed.wait_for(state, LOOK);
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.state.lock()
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.inside = state.inside.saturating_sub(1);
        state.alone = false;
        drop(state);
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_alone_is_alone() {
        let gate = Alone::default();
        let one = gate.enter().unwrap();
        let other = gate.enter().unwrap();
        assert!(gate.enter_alone(|| false).is_none());
        drop(one);
        assert!(gate.enter_alone(|| false).is_none());
        assert!(gate.enter().is_some(), "others go first");
        drop(other);
        let alone = gate.enter_alone(|| false).unwrap();
        assert!(gate.enter_alone(|| false).is_none());
        std::thread::scope(|scope| {
            let (tell, told) = std::sync::mpsc::channel();
            let gate = &gate;
            scope.spawn(move || {
                let pass = gate.enter();
                tell.send(pass.is_some()).unwrap();
            });
            let early = told.recv_timeout(LOOK * 2);
            assert!(early.is_err(), "somebody came in: {early:?}");
            drop(alone);
            assert!(told.recv().unwrap());
        });
    }

    #[test]
    fn whoever_has_waited_long_enough_is_next() {
        let gate = Alone::new(Duration::ZERO, PRESSING);
        let one = gate.enter().unwrap();
        assert!(!gate.is_pressing());
        assert!(gate.enter_alone(|| false).is_none());
        assert!(gate.is_pressing());
        std::thread::scope(|scope| {
            let (tell, told) = std::sync::mpsc::channel();
            let gate = &gate;
            scope.spawn(move || {
                let _pass = gate.enter();
                tell.send("another").unwrap();
            });
            drop(one);
            let alone = loop {
                if let Some(alone) = gate.enter_alone(|| false) {
                    break alone;
                }
            };
            assert!(told.try_recv().is_err(), "the one that waited is first");
            drop(alone);
            assert_eq!(told.recv().unwrap(), "another");
        });
    }

    /// As a worker does, that looks each time what else there is.
    #[test]
    fn whoever_has_waited_long_enough_is_not_kept_out_itself() {
        let gate = Alone::new(Duration::ZERO, PRESSING);
        let one = gate.enter().unwrap();
        std::thread::scope(|scope| {
            let (tell, told) = std::sync::mpsc::channel();
            let (gate, first) = (&gate, tell.clone());
            scope.spawn(move || {
                loop {
                    drop(gate.enter());
                    if let Some(_alone) = gate.enter_alone(|| true) {
                        first.send("alone").unwrap();
                        return;
                    }
                }
            });
            while !gate.is_pressing() {
                std::thread::yield_now();
            }
            scope.spawn(move || {
                let _pass = gate.enter();
                tell.send("another").unwrap();
            });
            drop(one);
            assert_eq!(told.recv().unwrap(), "alone");
            assert_eq!(told.recv().unwrap(), "another");
        });
    }

    #[test]
    fn whoever_is_inside_for_long_does_not_keep_the_others_out() {
        let gate = Alone::new(LOOK * 3, LOOK * 3);
        let slow = gate.enter().unwrap();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| while gate.enter_alone(|| true).is_none() {});
            while !gate.is_pressing() {
                std::thread::yield_now();
            }
            let other = gate.enter().expect("it comes in all the same");
            assert!(!waiting.is_finished());
            drop((slow, other));
            waiting.join().unwrap();
        });
    }

    #[test]
    fn whoever_asks_no_more_keeps_nobody_out() {
        let gate = Alone::new(Duration::ZERO, PRESSING);
        let one = gate.enter().unwrap();
        assert!(gate.enter_alone(|| false).is_none());
        let other = gate.enter().expect("the wish was forgotten");
        drop((one, other));
    }

    #[test]
    fn a_stop_ends_the_waiting() {
        let gate = Alone::default();
        let alone = gate.enter_alone(|| false).unwrap();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| gate.enter().is_none());
            gate.stop();
            assert!(waiting.join().unwrap());
        });
        drop(alone);
        assert!(gate.enter_alone(|| false).is_none());
    }
}
