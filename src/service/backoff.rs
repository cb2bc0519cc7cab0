//! How long a service that panicked waits before it is run anew.

use std::time::Duration;

/// After the first panic; then twice as long each time.
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(60);
/// One that ran for so long has recovered.
const STEADY: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub struct Backoff {
    in_a_row: u32,
}

impl Backoff {
    /// The pause after a panic; `ran`: for how long it had run before.
    pub fn after(&mut self, ran: Duration) -> Duration {
        if ran >= STEADY {
            self.in_a_row = 0;
        }
        let factor = 2u32.saturating_pow(self.in_a_row);
        self.in_a_row = self.in_a_row.saturating_add(1);
        FIRST.saturating_mul(factor).min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_to_its_bound_and_begins_anew_after_a_steady_run() {
        let mut backoff = Backoff::default();
        let mut pauses = (0..12).map(|_| backoff.after(Duration::from_secs(1)));
        let begin: Vec<u128> = pauses.by_ref().take(4).map(|one| one.as_millis()).collect();
        assert_eq!(begin, [100, 200, 400, 800]);
        assert_eq!(pauses.last(), Some(LONGEST));
        assert_eq!(backoff.after(STEADY), FIRST);
        for _ in 0..100 {
            assert!(backoff.after(Duration::ZERO) <= LONGEST);
        }
    }
}
