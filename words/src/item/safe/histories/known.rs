//! What the queue knows of a history, how it judges by that, and what items leave of themselves.

use super::*;

impl World {
    /// How the first instance is judged, which is checked.
    pub(super) fn look(&self, required: &[usize]) -> Option<Safety> {
        let stored = self.stored[0].as_ref()?;
        let past = self.past.iter().map(|(_, sending)| sending);
        let untold: Vec<Sending> = self.items.iter().filter_map(untold).collect();
        let mut all: Vec<Sending> = self
            .items
            .iter()
            .map(|item| &item.sending)
            .chain(past)
            .chain(&untold)
            .cloned()
            .collect();
        if self.allows_changed {
            all.iter_mut().for_each(|one| one.is_altered = false);
        }
        let of: Vec<Required> = (required.iter())
            .map(|at| Required {
                name: NAMES[*at].to_owned(),
                same_target: Vec::new(),
                moved: 0,
                confirms: self.destinations[*at].confirms,
            })
            .collect();
        let safety = judge(&all, &self.content(0), &of);
        if safety == Safety::Safe {
            for at in required {
                let holds = &self.destinations[*at].holds;
                let changes: &[u64] = match self.allows_changed {
                    true => &[0, 5000, 9000, 14000],
                    false => &[0],
                };
                let is_it = |held: &u64| {
                    let mut copies = changes.iter().map(|change| stored.bytes + change);
                    copies.any(|copy| copy == *held)
                };
                let mut uids = [UID.to_owned(), format!("{UID}.0")].into_iter();
                let is_there = uids.any(|uid| holds.get(&uid).is_some_and(is_it));
                assert!(is_there, "{}: {holds:?} {stored:?}: {all:#?}", NAMES[*at]);
            }
        }
        Some(safety)
    }
}

/// What was sent of it without a result, under which UID nobody knows.
pub(super) fn untold(item: &Item) -> Option<Sending> {
    let untold = || Sending {
        state: State::Retry,
        class: None,
        dimse_status: None,
        completed: None,
        confirmation: Confirmation::None,
        sent_as: String::new(),
        ..past(&item.sending)
    };
    item.has_untold.then(untold)
}

/// What an item leaves.
pub(super) fn left(item: &Item) -> impl Iterator<Item = (usize, Sending)> {
    let all = [Some(past(&item.sending)), untold(item)];
    let instance = item.instance;
    all.into_iter()
        .flatten()
        .map(move |sending| (instance, sending))
}

/// As it is kept once it is gone.
pub(super) fn past(sending: &Sending) -> Sending {
    Sending {
        is_past: true,
        reached: true,
        ..sending.clone()
    }
}
