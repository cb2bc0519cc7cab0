//! What was learnt of a receiver by sending to it, so that it is not learnt anew with each instance.
//!
//! Invariants:
//! - In memory, and for [`KEEP`] only: a receiver that was mended, or changed for the worse, is met anew.
//! - Bounded, whoever sends: with `LocalAet` as the sender's, each sender's AET is a partner of its own.
//! - Nothing here decides what becomes of an item: what is not known, or known wrongly, costs time.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::contexts::Proposal;
use super::pool::Key;
use super::width::Width;
use parking_lot::{Mutex, MutexGuard};

/// How long something is believed.
const KEEP: Duration = Duration::from_secs(3600);
/// So often in a row a receiver ends an association after one answer, or refuses one for what is proposed, until that
/// is its habit: once it may have been busy.
const SURE: u8 = 2;
/// Partners that something is known of.
const MOST_PARTNERS: usize = 256;
/// Proposals of each that were accepted.
const MOST_PROPOSALS: usize = 4;

#[derive(Default)]
pub struct Habits {
    known: Mutex<HashMap<Key, Known>>,
}

struct Known {
    /// Something was learnt of it.
    last: Instant,
    ends: Option<Ends>,
    /// What it takes at once, narrower than all; since when that is known.
    width: Option<(Width, Instant)>,
    /// Associations in a row that it accepted only once less was proposed.
    narrowed: u8,
    /// What it has accepted, and when, the last one last. None is part of another one.
    accepted: Vec<(Proposal, Instant)>,
}

/// How it ends associations.
struct Ends {
    since: Instant,
    /// It has answered twice over one association.
    goes_on: bool,
    /// Associations in a row that it ended after one answer.
    singles: u8,
}

/// Whether a second instance can go over an association.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Second {
    Yes,
    /// Not known yet: worth a moment's look whether the receiver ends it.
    Perhaps,
    /// The receiver takes one instance per association.
    No,
}

impl Habits {
    pub fn second(&self, key: &Key) -> Second {
        let known = self.lock();
        match known.get(key).and_then(|known| known.ends.as_ref()) {
            Some(ends) if ends.since.elapsed() >= KEEP => Second::Perhaps,
            Some(ends) if ends.goes_on => Second::Yes,
            Some(ends) if ends.singles >= SURE => Second::No,
            _ => Second::Perhaps,
        }
    }

    /// So many requests were answered over an association.
    pub fn answered(&self, key: &Key, count: u32) {
        if count == 2 && self.second(key) != Second::Yes {
            self.learn(key, |known| {
                known.ends = Some(Ends {
                    since: Instant::now(),
                    goes_on: true,
                    singles: 0,
                });
            });
        }
    }

    /// The receiver ended an association, by closing it or asking for its release, after so many answers.
    pub fn ended(&self, key: &Key, answers: u32) {
        if answers != 1 {
            return;
        }
        let singles = self.learn(key, |known| {
            let before = known.ends.as_ref().map_or(0, |ends| ends.singles);
            let singles = before.saturating_add(1);
            known.ends = Some(Ends {
                since: Instant::now(),
                goes_on: false,
                singles,
            });
            singles
        });
        if singles == SURE {
            log::info!(
                "{}: the receiver ends each association after one instance; each gets one of its own",
                key.modality
            );
        }
    }

    /// How much is to be proposed.
    pub fn width(&self, key: &Key) -> Width {
        match self.lock().get(key).and_then(|known| known.width) {
            Some((width, since)) if since.elapsed() < KEEP => width,
            _ => Width::All,
        }
    }

    /// An association with this proposal was refused. Whether that may be because of it: not if all of it was accepted
    /// at once before.
    pub fn may_be_too_wide(&self, key: &Key, proposal: &Proposal) -> bool {
        self.lock().get(key).is_none_or(|known| {
            let mut accepted = known.accepted.iter();
            accepted.all(|(one, at)| at.elapsed() >= KEEP || !one.has_all_of(proposal))
        })
    }

    /// An association was accepted in this width, after wider ones were refused if it is not the one to begin with.
    pub fn accepted(&self, key: &Key, proposal: &Proposal, width: Width) {
        let begun = self.width(key);
        let learnt = self.learn(key, |known| {
            let now = Instant::now();
            let accepted = &mut known.accepted;
            accepted.retain(|(one, at)| at.elapsed() < KEEP && !proposal.has_all_of(one));
            match accepted
                .iter_mut()
                .find(|(one, _)| one.has_all_of(proposal))
            {
                Some((_, at)) => *at = now,
                None => accepted.push((proposal.clone(), now)),
            }
            if accepted.len() > MOST_PROPOSALS {
                accepted.remove(0);
            }
            if width <= begun {
                known.narrowed = 0;
                return false;
            }
            known.narrowed = known.narrowed.saturating_add(1);
            if known.narrowed >= SURE {
                known.width = Some((width, now));
            }
            known.narrowed >= SURE
        });
        if learnt {
            log::info!(
                "{}: the receiver refuses an association in which more is proposed than {} presentation contexts; \
                 from now on it is asked for less",
                key.modality,
                proposal.count()
            );
        }
    }

    fn learn<T>(&self, key: &Key, change: impl FnOnce(&mut Known) -> T) -> T {
        let mut known = self.lock();
        if known.len() >= MOST_PARTNERS && !known.contains_key(key) {
            let oldest = known.iter().min_by_key(|(_, one)| one.last);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                known.remove(&oldest);
            }
        }
        let now = Instant::now();
        let one = known.entry(key.clone()).or_insert_with(|| Known {
            last: now,
            ends: None,
            width: None,
            narrowed: 0,
            accepted: Vec::new(),
        });
        one.last = now;
        change(one)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Known>> {
        self.known.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::super::contexts::{Conversion, Kind};
    use super::super::kinds::Forecast;
    use super::*;

    fn key(host: &str) -> Key {
        Key {
            modality: "pacs".to_owned(),
            calling_aet: "US".to_owned(),
            called_aet: "PACS".to_owned(),
            host: host.to_owned(),
            port: 104,
            tls: false,
            conversion: Conversion::default(),
            timeout: 10,
        }
    }

    fn proposal(width: Width, class: &str) -> Proposal {
        let kind = Kind {
            sop_class: class.to_owned(),
            transfer_syntax: "1.2.840.10008.1.2".to_owned(),
        };
        width.proposal(&Forecast::of(&kind), &Conversion::default())
    }

    #[test]
    fn an_end_after_one_answer_is_a_habit_when_it_comes_again() {
        let (habits, a, b) = (Habits::default(), key("a"), key("b"));
        assert_eq!(habits.second(&a), Second::Perhaps);
        for count in [0, 2, 100] {
            habits.ended(&a, count);
            assert_eq!(habits.second(&a), Second::Perhaps);
        }
        habits.ended(&a, 1);
        assert_eq!(habits.second(&a), Second::Perhaps);
        habits.answered(&a, 1);
        habits.answered(&a, 2);
        assert_eq!(habits.second(&a), Second::Yes);
        // One that was closed by chance.
        habits.ended(&a, 1);
        assert_eq!(habits.second(&a), Second::Perhaps);
        habits.ended(&a, 1);
        assert_eq!(habits.second(&a), Second::No);
        assert_eq!(habits.second(&b), Second::Perhaps);
    }

    #[test]
    fn what_was_accepted_once_is_not_too_wide() {
        let (habits, a) = (Habits::default(), key("a"));
        let (with, alone) = (
            proposal(Width::All, "1.1"),
            proposal(Width::GroupAlone, "1.1"),
        );
        assert!(habits.may_be_too_wide(&a, &with));
        habits.accepted(&a, &with, Width::All);
        assert_eq!(habits.width(&a), Width::All);
        assert!(!habits.may_be_too_wide(&a, &with) && !habits.may_be_too_wide(&a, &alone));
        // As many, but of another kind.
        assert!(habits.may_be_too_wide(&a, &proposal(Width::All, "1.2")));
        assert!(habits.may_be_too_wide(&key("b"), &with));
    }

    /// A receiver that takes one SOP class in an association: neither number nor classes are new when two come
    /// together.
    #[test]
    fn what_was_accepted_apart_may_be_too_wide_together() {
        let (habits, a) = (Habits::default(), key("a"));
        let kinds = |names: &[(&str, &str)]| {
            let kinds: Vec<Kind> = names
                .iter()
                .map(|(class, syntax)| Kind {
                    sop_class: (*class).to_owned(),
                    transfer_syntax: (*syntax).to_owned(),
                })
                .collect();
            Proposal::new(&kinds, &Conversion::default())
        };
        let (many, other) = (
            kinds(&[("1.1", "1.5"), ("1.1", "1.6"), ("1.1", "1.7")]),
            kinds(&[("1.2", "1.5")]),
        );
        habits.accepted(&a, &many, Width::All);
        habits.accepted(&a, &other, Width::Group);
        assert!(!habits.may_be_too_wide(&a, &many) && !habits.may_be_too_wide(&a, &other));
        let both = kinds(&[("1.1", "1.5"), ("1.2", "1.5")]);
        assert!(both.count() <= many.count());
        assert!(habits.may_be_too_wide(&a, &both));
    }

    #[test]
    fn what_is_known_is_bounded() {
        let habits = Habits::default();
        for n in 0..2 * MOST_PARTNERS {
            habits.ended(&key(&n.to_string()), 1);
        }
        let a = key("a");
        for n in 0..2 * MOST_PROPOSALS {
            habits.accepted(&a, &proposal(Width::All, &format!("1.{n}")), Width::All);
        }
        let known = habits.lock();
        assert_eq!(known.len(), MOST_PARTNERS);
        assert_eq!(known[&a].accepted.len(), MOST_PROPOSALS);
        assert!(known.contains_key(&key(&(2 * MOST_PARTNERS - 1).to_string())));
    }

    #[test]
    fn a_width_is_kept_for_its_receiver() {
        let (habits, a) = (Habits::default(), key("a"));
        let narrow = proposal(Width::GroupAlone, "1.1");
        // It was busy, and then not.
        habits.accepted(&a, &narrow, Width::GroupAlone);
        assert_eq!(habits.width(&a), Width::All);
        habits.accepted(&a, &proposal(Width::All, "1.1"), Width::All);
        habits.accepted(&a, &narrow, Width::GroupAlone);
        assert_eq!(habits.width(&a), Width::All);
        habits.accepted(&a, &narrow, Width::GroupAlone);
        habits.accepted(&a, &proposal(Width::Group, "1.1"), Width::GroupAlone);
        assert_eq!(habits.width(&a), Width::GroupAlone);
        assert_eq!(habits.width(&key("b")), Width::All);
    }
}
