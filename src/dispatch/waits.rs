//! Since when something waits at each destination.
//!
//! An item that is replayed or redirected keeps the time at which it was made, and waits only since then: where nothing
//! waited at the last look, what waits now began to after it. As long as something waits, it is the oldest one's time
//! that counts. What waits at the first look is believed.

use std::collections::BTreeMap;

use crate::item::Timestamp;

#[derive(Debug, Clone, Default)]
pub struct Waits {
    since: BTreeMap<String, Timestamp>,
    /// The time of the last look.
    looked: Option<Timestamp>,
}

impl Waits {
    /// `oldest`: when the oldest item was made that waits now, if any does.
    pub fn since(&self, destination: &str, oldest: Option<Timestamp>) -> Option<Timestamp> {
        let known = self.since.get(destination).copied().or(self.looked);
        oldest.map(|oldest| known.map_or(oldest, |since| since.max(oldest)))
    }

    /// All destinations as they are now, each with its oldest item's time.
    pub fn look<'a>(
        &mut self,
        all: impl Iterator<Item = (&'a str, Option<Timestamp>)>,
        now: Timestamp,
    ) {
        let waiting = all.filter_map(|(name, oldest)| {
            let since = self.since(name, oldest)?;
            Some((name.to_owned(), since))
        });
        self.since = waiting.collect();
        self.looked = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_replayed_waits_from_the_last_look_on() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let mut waits = Waits::default();
        let since = |waits: &Waits, oldest: i64| waits.since("pacs", Some(at(oldest)));
        assert_eq!(since(&waits, -900), Some(at(-900)), "nobody has looked yet");
        waits.look(
            [("other", Some(at(-900))), ("pacs", None)].into_iter(),
            at(0),
        );
        assert_eq!(waits.since("pacs", None), None);
        assert_eq!(since(&waits, -900), Some(at(0)));
        assert_eq!(since(&waits, 5), Some(at(5)));
        assert_eq!(waits.since("other", Some(at(-900))), Some(at(-900)));
        // It goes on to wait, and a newer one after it.
        waits.look([("pacs", Some(at(-900)))].into_iter(), at(10));
        assert_eq!(since(&waits, -900), Some(at(0)));
        waits.look([("pacs", Some(at(8)))].into_iter(), at(20));
        assert_eq!(since(&waits, -900), Some(at(8)));
        // Nothing waited in between.
        waits.look([("pacs", None)].into_iter(), at(30));
        waits.look([("pacs", Some(at(-900)))].into_iter(), at(40));
        assert_eq!(since(&waits, -900), Some(at(30)));
    }
}
