//! Who waits for something new (long poll).
//!
//! Invariants:
//! - At most [`MOST`] wait at once: each holds a thread of Orthanc's HTTP server.
//! - A stop ends all waiting at once.

use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// Orthanc has 50 threads for HTTP (`HttpThreadsCount`).
pub const MOST: u32 = 8;

#[derive(Debug, Default)]
pub struct Feed {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The last position that became whole since the start.
    last: i64,
    waiting: u32,
    stopped: bool,
}

/// Too many wait already.
#[derive(Debug, PartialEq, Eq)]
pub struct Crowded;

impl Feed {
    /// Up to here all can be read.
    pub fn reached(&self, position: i64) {
        let mut state = self.state.lock();
        state.last = state.last.max(position);
        self.changed.notify_all();
    }

    /// From here on nobody waits.
    pub fn stop(&self) {
        self.state.lock().stopped = true;
        self.changed.notify_all();
    }

    /// Up to where all can be read, as far as is known here. To be asked before the store is looked at.
    pub fn last(&self) -> i64 {
        self.state.lock().last
    }

    /// Waits for something that became whole after `last`, at most so long.
    ///
    /// # Errors
    /// [`Crowded`]: nobody else can wait now.
    pub fn wait(&self, last: i64, most: Duration) -> Result<(), Crowded> {
        let mut state = self.state.lock();
        if state.waiting >= MOST {
            return Err(Crowded);
        }
        state.waiting += 1;
        self.changed.wait_while_for(
            &mut state,
            |state| !state.stopped && state.last <= last,
            most,
        );
        state.waiting -= 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    fn waiting(feed: &Arc<Feed>, last: i64) -> std::thread::JoinHandle<Result<(), Crowded>> {
        let own = feed.clone();
        let before = feed.state.lock().waiting;
        let thread = std::thread::spawn(move || own.wait(last, LONG));
        while feed.state.lock().waiting == before {
            std::thread::yield_now();
        }
        thread
    }

    #[test]
    fn what_is_new_ends_the_waiting_of_who_does_not_know_it() {
        let feed = Arc::new(Feed::default());
        let [one, other] = [0, 7].map(|last| waiting(&feed, last));
        feed.reached(7);
        one.join().unwrap().unwrap();
        assert!(!other.is_finished());
        feed.reached(8);
        other.join().unwrap().unwrap();
        // What was there before is not waited for.
        feed.wait(3, LONG).unwrap();
        assert_eq!(feed.last(), 8);
    }

    #[test]
    fn only_so_many_wait_and_a_stop_ends_it() {
        let feed = Arc::new(Feed::default());
        let all: Vec<_> = (0..MOST).map(|_| waiting(&feed, 0)).collect();
        assert_eq!(feed.wait(0, LONG), Err(Crowded));
        feed.stop();
        for one in all {
            one.join().unwrap().unwrap();
        }
        feed.wait(0, LONG).unwrap();
    }
}
