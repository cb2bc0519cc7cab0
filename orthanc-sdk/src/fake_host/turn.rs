//! One after the other: at most one `FakeHost` is alive in a process.

use parking_lot::{Condvar, Mutex};

static TAKEN: Mutex<bool> = Mutex::new(false);
static FREED: Condvar = Condvar::new();

/// Unlike a `MutexGuard` it can be dropped by another thread than the one that waited for it.
pub(super) struct Turn(());

impl Turn {
    pub(super) fn wait() -> Self {
        let mut taken = TAKEN.lock();
        FREED.wait_while(&mut taken, |taken| *taken);
        *taken = true;
        Self(())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *TAKEN.lock() = false;
        FREED.notify_one();
    }
}
