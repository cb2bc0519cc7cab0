//! Of the model: what was in hand when the process ended suddenly, and what a start makes of it.

use std::collections::BTreeMap;

use super::model::{Model, Owner};
use crate::item::{Class, Outcome, State, Timestamp};
use crate::store::{AttemptMade, Ending, Finish, HeldBack};

/// An item that was in hand when the process ended suddenly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Suspect {
    pub seen: u32,
    pub blamed: u32,
    pub aside: bool,
}

impl Suspect {
    /// Not together with others of its group.
    pub(super) fn is_by_itself(self) -> bool {
        self.aside || self.blamed > 0
    }
}

impl Model {
    pub(super) fn suspect(&self, id: i64) -> Suspect {
        self.suspects.get(&id).copied().unwrap_or_default()
    }

    /// What `held_back` must answer.
    pub fn held_back(&self, destination: &str) -> HeldBack {
        let found = self.suspects.iter().filter(|(id, suspect)| {
            let item = &self.entries[*id].item;
            let waits = item.state == State::Pending && item.destination == destination;
            waits && suspect.is_by_itself()
        });
        let aside: Vec<bool> = found.map(|(_, suspect)| suspect.aside).collect();
        match aside.contains(&false) {
            _ if aside.is_empty() => HeldBack::Nothing,
            true => HeldBack::Single,
            false => HeldBack::Aside,
        }
    }

    /// Whatever came to a result is suspected no longer; what is held has none.
    pub(super) fn acquit(&mut self) {
        let entries = &self.entries;
        self.suspects.retain(|id, _| {
            let state = entries.get(id).map(|entry| entry.item.state);
            matches!(
                state,
                Some(State::Pending | State::Running | State::Scheduled)
            )
        });
    }

    /// A start: how many are `Pending` again, and which failed.
    pub fn begin(&mut self, now: Timestamp) -> (u64, Vec<i64>) {
        let found = match self.owners[self.by].over {
            true => Default::default(),
            false => self.lease_over(self.by, now),
        };
        self.owners[self.by] = Owner::default();
        found
    }

    /// The same, where the lease of an owner is over.
    pub fn lease_over(&mut self, owner: usize, now: Timestamp) -> (u64, Vec<i64>) {
        let owner = std::mem::replace(
            &mut self.owners[owner],
            Owner {
                over: true,
                ..Owner::default()
            },
        );
        let failed = if owner.ended_well {
            self.suspects.clear();
            Vec::new()
        } else {
            self.blame(&owner, now)
        };
        let mut released = 0;
        for entry in self.entries.values_mut() {
            if entry
                .claim
                .take_if(|token| owner.tokens.contains(token))
                .is_some()
            {
                entry.item.state = State::Pending;
                released += 1;
            }
        }
        self.hands.retain(|token, _| !owner.tokens.contains(token));
        (released, failed)
    }

    fn blame(&mut self, owner: &Owner, now: Timestamp) -> Vec<i64> {
        let mut claims: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for entry in self.entries.values() {
            if let Some(token) = entry.claim.filter(|token| owner.tokens.contains(token)) {
                claims.entry(token).or_default().push(entry.item.id);
            }
        }
        let mut in_hand = Vec::new();
        for (token, mut ids) in claims {
            ids.sort_by_key(|id| self.order(*id));
            match self.hands.get(&token) {
                Some((first, last)) => {
                    in_hand.extend(
                        ids.into_iter()
                            .filter(|id| (*first..=*last).contains(&self.order(*id))),
                    );
                }
                None => in_hand.extend(ids.into_iter().take(2)),
            }
        }
        self.suspects
            .retain(|id, suspect| suspect.aside || in_hand.contains(id));
        let mut failed = Vec::new();
        for id in in_hand {
            let suspect = self.suspects.entry(id).or_default();
            suspect.seen += 1;
            suspect.blamed = match suspect.aside || !owner.any_result {
                true => suspect.blamed + 1,
                false => 0,
            };
            suspect.aside |= suspect.blamed >= 2 || suspect.seen >= 3;
            if suspect.blamed >= 3 {
                failed.push(id);
            }
        }
        let result = self.owners[self.by].any_result;
        for id in &failed {
            let token = self.entries[id].claim.unwrap_or_default();
            let attempt = AttemptMade {
                started: now,
                duration_us: 0,
                outcome: Outcome::new(
                    Class::Internal,
                    "Orthanc ended 3 times while this was being prepared or sent",
                ),
                counted: false,
                sent_as: None,
                altered: Some(false),
                confirm: None,
            };
            let verb = Ending::Fail(attempt);
            self.finish(
                token,
                &[Finish {
                    id: *id,
                    ending: verb,
                }],
                now,
            );
        }
        self.owners[self.by].any_result = result;
        failed
    }
}
