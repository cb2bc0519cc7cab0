//! The store as a few maps in memory, as plainly as it can be said.

use std::collections::{BTreeMap, BTreeSet};

use super::deliveries::Sent;
use super::suspects::Suspect;
use crate::item::state::Move;
use crate::item::{Again, Attempt, Class, Confirmation, Item, Priority, State, Timestamp};
use crate::store::{
    Among, Cursor, Duplicates, Ending, Enqueued, Filter, Finish, Followed, Groups, Intake,
    LastError, NewItem, Operated, Operation, Pick, Reception, Sweep, ToConfirm,
};

/// The end of a quiet period that only silence ends.
const NEVER: Timestamp = Timestamp::from_micros(i64::MAX);

/// Place and identifier of an item.
pub type InOrder = (i64, i64);

#[derive(Debug, Clone)]
pub struct Entry {
    pub item: Item,
    pub group: String,
    pub place: i64,
    pub claim: Option<i64>,
    pub hurried: bool,
    pub expires: Option<Timestamp>,
    /// When it is due at the latest, of one that waits for silence.
    pub latest: Timestamp,
    pub attempts: Vec<Attempt>,
    pub reception: Reception,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Destination {
    pub paused_since: Option<Timestamp>,
    pub last_success: Option<Timestamp>,
    pub last_error: Option<LastError>,
}

#[derive(Debug, Default)]
pub struct Model {
    pub entries: BTreeMap<i64, Entry>,
    pub destinations: BTreeMap<String, Destination>,
    pub cursor: Option<Cursor>,
    /// What is to be confirmed, by item: when it is asked for, and what is known of how it was sent.
    pub follow_ups: BTreeMap<i64, ToConfirm>,
    /// What was delivered, in order, and how often a study was closed.
    pub sent: Vec<Sent>,
    pub closed: BTreeMap<String, u64>,
    /// How many ever entered the error queue.
    pub failed: BTreeMap<(String, Class), u64>,
    pub suspects: BTreeMap<i64, Suspect>,
    /// What of a claim is in hand, where it was said: first and last item, by their order.
    pub hands: BTreeMap<i64, (InOrder, InOrder)>,
    /// The owners of claims, and the one that acts now.
    pub owners: [Owner; 2],
    pub by: usize,
}

#[derive(Debug, Default)]
pub struct Owner {
    /// The tokens of its claims.
    pub tokens: BTreeSet<i64>,
    /// Whether an item came to a result since its start, and whether it was stopped well.
    pub any_result: bool,
    pub ended_well: bool,
    /// What it had was given back: it may claim nothing.
    pub over: bool,
}

impl Entry {
    fn is_of(&self, new: &NewItem) -> bool {
        self.item.ids.instance == new.ids.instance && self.item.destination == new.destination
    }

    /// It waits by itself, whatever its group waits for.
    pub fn is_held(&self) -> bool {
        self.item.state == State::Scheduled && self.item.class.is_some()
    }

    pub fn is_alone(&self) -> bool {
        self.group == self.item.ids.instance
    }

    /// What is `Stat` waits for no quiet period.
    fn prioritize(&mut self, priority: Priority) {
        let quiet = self.item.state == State::Scheduled && !self.is_held();
        self.item.priority = priority;
        if priority == Priority::Stat && quiet {
            self.item.state = State::Pending;
            self.item.next_attempt = None;
        }
    }

    fn rest(&mut self, state: State, now: Timestamp) {
        self.item.state = state;
        self.item.completed = Some(now);
        self.item.next_attempt = None;
        self.claim = None;
    }
}

impl Model {
    /// What `enqueue` must answer; the items that it must make have the ids from `first_id` on.
    pub fn enqueue(&mut self, intake: &Intake<'_>, now: Timestamp, first_id: i64) -> Enqueued {
        let mut answer = Enqueued::default();
        let mut next_id = first_id;
        for (at, new) in intake.items.iter().enumerate() {
            self.destinations
                .entry(new.destination.clone())
                .or_default();
            let request = intake.duplicates == Duplicates::Request;
            let mut pair: Vec<&mut Entry> = self.entries.values_mut().collect();
            pair.retain(|entry| entry.is_of(new));
            if request {
                let failed = pair.iter().map(|entry| &entry.item);
                let failed =
                    failed.filter(|item| item.state == State::Failure && item.id < first_id);
                answer.failed.extend(failed.map(|item| item.id));
            }
            let waits = pair.iter().any(|entry| {
                let running = request && entry.item.state == State::Running;
                entry.item.state.is_waiting() || running
            });
            let known = pair
                .iter()
                .any(|entry| entry.item.rule.is_some() && entry.reception.is(&new.reception));
            let again = pair.iter().any(|entry| entry.item.rule.is_some());
            let queued = waits || (!request && known);
            if queued && intake.raises {
                let mut low = pair.iter_mut().filter(|entry| {
                    entry.item.state.is_waiting() && entry.item.priority < new.priority
                });
                let raised = low.by_ref().map(|entry| entry.prioritize(new.priority));
                answer.raised += u64::from(raised.count() > 0);
            }
            if queued {
                answer.already_queued += 1;
                for entry in pair {
                    if entry.item.state.is_waiting() && !request {
                        let is_new = !entry.reception.is_same_content(&new.reception);
                        let doubt = new.failed.as_ref().filter(|_| is_new);
                        if let (Some(outcome), Some(_)) = (doubt, &entry.item.rule) {
                            count(&mut self.failed, &new.destination, outcome.class);
                            entry.item.state = State::Failure;
                            entry.item.completed = Some(now);
                            entry.item.next_attempt = None;
                            entry.item.class = Some(outcome.class);
                            entry.item.dimse_status = outcome.dimse_status;
                            entry.item.details = Some(outcome.details.clone());
                            entry.hurried = false;
                        }
                        entry.reception = new.reception.clone();
                    }
                }
            } else if !request && is_held_back(&pair, new, again) {
                answer.held_back.push(at);
                continue;
            } else {
                answer.enqueued += 1;
                if again {
                    answer.again.push(at);
                }
                if let Some(outcome) = &new.failed {
                    count(&mut self.failed, &new.destination, outcome.class);
                }
                self.entries.insert(next_id, made(new, now, next_id));
                next_id += 1;
            }
            if new.failed.is_none() {
                if let Some(due) = new.not_before {
                    self.hold(new, due, queued, now);
                }
            }
        }
        answer
    }

    /// The quiet period of the group begins anew; the first of its items says when it is over in any case.
    fn hold(&mut self, new: &NewItem, due: Timestamp, queued: bool, now: Timestamp) {
        let own = new.latest.unwrap_or(NEVER);
        let mut waiting: Vec<&mut Entry> = self.entries.values_mut().collect();
        waiting.retain(|entry| entry.item.state == State::Scheduled);
        let in_group = |entry: &Entry| {
            !entry.is_alone()
                && !entry.is_held()
                && entry.group == new.group
                && entry.item.destination == new.destination
        };
        let group = waiting.iter().filter(|entry| in_group(entry));
        let mut latest = group.map(|entry| entry.latest).min().unwrap_or(NEVER);
        if !queued {
            latest = latest.min(own);
        }
        for entry in waiting {
            if in_group(entry) {
                entry.latest = latest;
                entry.item.next_attempt = Some(due.min(latest));
            } else if entry.is_alone() && entry.is_of(new) {
                let longest = own.micros().saturating_sub(now.micros());
                let latest = entry.item.created.micros().saturating_add(longest);
                entry.item.next_attempt = Some(due.min(Timestamp::from_micros(latest)));
            }
        }
    }

    /// The ids that `claim` must take.
    pub fn claimable(
        &self,
        destination: &str,
        groups: Groups<'_>,
        pick: Pick,
        limit: usize,
    ) -> Vec<i64> {
        let ready = || {
            self.entries.values().filter(|entry| {
                entry.item.state == State::Pending && entry.item.destination == destination
            })
        };
        if pick == Pick::Aside {
            let mut aside = ready().filter(|entry| self.suspect(entry.item.id).aside);
            return aside.next().iter().map(|entry| entry.item.id).collect();
        }
        let one_runs = self.suspects.iter().any(|(id, suspect)| {
            suspect.blamed > 0 && !suspect.aside && self.entries[id].item.state == State::Running
        });
        let of_these = |entry: &&Entry| match groups {
            Groups::All => true,
            Groups::Only(group) => !entry.is_alone() && entry.group == group,
            Groups::Except(groups) => entry.is_alone() || !groups.contains(&entry.group),
        };
        let pending = || {
            ready().filter(of_these).filter(|entry| {
                let suspect = self.suspect(entry.item.id);
                let waits = suspect.blamed > 0 && one_runs;
                !(suspect.aside || waits)
            })
        };
        // Of one group the most urgent goes first in any case.
        let pick = match (pick, groups) {
            (Pick::Oldest, Groups::Only(_)) => Pick::MostUrgent,
            _ => pick,
        };
        let within = matches!(groups, Groups::Only(_));
        let urgency = |entry: &&Entry| {
            let place = if within { -entry.place } else { 0 };
            (entry.item.priority, place, -entry.item.id)
        };
        let least = match pick {
            Pick::AtLeast(priority) => priority,
            _ => Priority::Low,
        };
        let urgent = || pending().filter(|entry| entry.item.priority >= least);
        let hurried = urgent().filter(|entry| entry.hurried).max_by_key(urgency);
        if pick != Pick::Oldest && (hurried.is_some() || pick == Pick::Hurried) {
            // Alone, without its group.
            return hurried.iter().map(|entry| entry.item.id).collect();
        }
        let head = if pick == Pick::Oldest {
            pending().next()
        } else {
            urgent().max_by_key(urgency)
        };
        let Some(head) = head else {
            return Vec::new();
        };
        if head.is_alone() || self.suspect(head.item.id).is_by_itself() {
            return vec![head.item.id];
        }
        let mut all: Vec<i64> = pending()
            .filter(|entry| entry.item.priority == head.item.priority)
            .filter(|entry| entry.group == head.group && !entry.is_alone())
            .filter(|entry| !self.suspect(entry.item.id).is_by_itself())
            .map(|entry| entry.item.id)
            .collect();
        all.sort_by_key(|id| self.order(*id));
        all.truncate(limit);
        all
    }

    /// Where an item goes among those that are claimed together.
    pub fn order(&self, id: i64) -> InOrder {
        (self.entries[&id].place, id)
    }

    pub fn claim(&mut self, ids: &[i64], token: i64) {
        self.owners[self.by].tokens.insert(token);
        for id in ids {
            if let Some(entry) = self.entries.get_mut(id) {
                entry.item.state = State::Running;
                entry.claim = Some(token);
            }
        }
    }

    pub fn finish(&mut self, token: i64, results: &[Finish], now: Timestamp) -> u64 {
        let mut changed = 0;
        for result in results {
            let Some(entry) = self.entries.get_mut(&result.id) else {
                continue;
            };
            if entry.claim != Some(token) {
                continue;
            }
            changed += 1;
            entry.claim = None;
            let own = (entry.place, result.id);
            self.hands
                .retain(|of, (first, last)| *of != token || !(*first..=*last).contains(&own));
            let is_result = !matches!(
                result.ending,
                Ending::Release | Ending::Cut { .. } | Ending::Hold { .. }
            );
            self.owners[self.by].any_result |= is_result;
            let (state, attempt) = match &result.ending {
                Ending::Release | Ending::Cut { .. } => {
                    entry.item.state = State::Pending;
                    continue;
                }
                Ending::Hold { at, outcome } => {
                    entry.item.state = State::Scheduled;
                    entry.item.next_attempt = Some(*at);
                    entry.item.class = Some(outcome.class);
                    entry.item.dimse_status = None;
                    entry.item.details = Some(outcome.details.clone());
                    entry.hurried = false;
                    continue;
                }
                Ending::Complete(attempt) => (State::Success, attempt),
                Ending::Retry { attempt, .. } => (State::Retry, attempt),
                Ending::Fail(attempt) => (State::Failure, attempt),
            };
            entry.rest(state, now);
            entry.hurried = false;
            if let Ending::Retry { at, .. } = &result.ending {
                entry.item.completed = None;
                entry.item.next_attempt = Some(*at);
            }
            let outcome = attempt.outcome.clone();
            entry.item.attempt_count += u32::from(attempt.counted);
            entry.item.class = Some(outcome.class);
            entry.item.dimse_status = outcome.dimse_status;
            entry.item.details = Some(outcome.details.clone());
            entry.attempts.push(Attempt {
                number: entry.attempts.len() as u32 + 1,
                destination: entry.item.destination.clone(),
                started: attempt.started,
                duration_us: attempt.duration_us,
                class: outcome.class,
                dimse_status: outcome.dimse_status,
                details: outcome.details.clone(),
                sent_as: attempt.sent_as.clone(),
            });
            if state == State::Failure {
                count(&mut self.failed, &entry.item.destination, outcome.class);
            }
            let known = self
                .destinations
                .entry(entry.item.destination.clone())
                .or_default();
            if state == State::Success {
                entry.item.confirmation = match attempt.confirm {
                    Some(_) => Confirmation::Waiting,
                    None => Confirmation::None,
                };
                let confirm = attempt.confirm.clone();
                self.follow_ups
                    .extend(confirm.map(|confirm| (result.id, confirm)));
                self.sent.push(Sent {
                    study: entry.item.ids.study.clone(),
                    destination: entry.item.destination.clone(),
                    instance: entry.item.ids.instance.clone(),
                    size_bytes: entry.item.size_bytes,
                    class: outcome.class,
                    time: now,
                    closed: self.closed.get(&entry.item.ids.study).copied().unwrap_or(0),
                });
                known.last_success = Some(now);
            } else {
                known.last_error = Some(LastError {
                    time: now,
                    class: outcome.class,
                    dimse_status: outcome.dimse_status,
                    details: outcome.details,
                });
            }
        }
        self.acquit();
        changed
    }

    /// What is to be asked for at a destination by now, with when it was due.
    pub fn due(&self, destination: &str, now: Timestamp) -> BTreeMap<i64, Timestamp> {
        let is_due = |(id, confirm): &(&i64, &ToConfirm)| {
            let entry = self.entries.get(id);
            confirm.due <= now && entry.is_some_and(|entry| entry.item.destination == destination)
        };
        let due = self.follow_ups.iter().filter(is_due);
        due.map(|(id, confirm)| (*id, confirm.due)).collect()
    }

    pub fn followed(&mut self, id: i64, followed: &Followed) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        let (confirmation, details) = match followed {
            Followed::Later { due, .. } => {
                self.follow_ups.entry(id).and_modify(|one| one.due = *due);
                return;
            }
            Followed::Confirmed => (Confirmation::Confirmed, None),
            Followed::Dropped => (Confirmation::None, None),
            Followed::TimedOut { details } => (Confirmation::TimedOut, Some(details)),
            Followed::Refused { details, .. } => (Confirmation::Refused, Some(details)),
        };
        self.follow_ups.remove(&id);
        entry.item.confirmation = confirmation;
        if let Some(details) = details {
            entry.item.details = Some(details.clone());
        }
    }

    /// A person has all of a study asked for that is not; answers how much.
    pub fn confirm(&mut self, destination: &str, study: &str, due: Timestamp) -> u64 {
        let mut confirmed = 0;
        for (id, entry) in &mut self.entries {
            let item = &mut entry.item;
            if item.state == State::Success
                && item.destination == destination
                && item.ids.study == study
                && item.confirmation != Confirmation::Waiting
            {
                item.confirmation = Confirmation::Waiting;
                let confirm = ToConfirm { due, series: None };
                self.follow_ups.insert(*id, confirm);
                confirmed += 1;
            }
        }
        confirmed
    }

    /// Names of the destinations that got work, in order.
    pub fn promote(&mut self, now: Timestamp) -> Vec<String> {
        let mut names = Vec::new();
        for entry in self.entries.values_mut() {
            if entry.item.next_attempt.is_some_and(|due| due <= now) {
                entry.item.state = State::Pending;
                entry.item.next_attempt = None;
                names.push(entry.item.destination.clone());
            }
        }
        names.sort();
        names.dedup();
        names
    }

    pub fn wake(&mut self, destination: &str, now: Timestamp) -> u64 {
        let mut woken = 0;
        for entry in self.entries.values_mut() {
            let held = entry.is_held() && entry.item.destination == destination;
            if held && entry.item.next_attempt > Some(now) {
                entry.item.next_attempt = Some(now);
                woken += 1;
            }
        }
        woken
    }

    pub fn next_due(&self) -> Option<Timestamp> {
        let due = |entry: &Entry| entry.item.next_attempt;
        self.entries.values().filter_map(due).min()
    }

    pub fn next_expiry(&self) -> Option<Timestamp> {
        let waiting = self
            .entries
            .values()
            .filter(|one| one.item.state.is_waiting());
        waiting.filter_map(|entry| entry.expires).min()
    }

    /// The ids that `expire` must move; what their details say is left to the store.
    pub fn expire(&mut self, now: Timestamp) -> Vec<i64> {
        let mut expired = Vec::new();
        for entry in self.entries.values_mut() {
            if entry.item.state.is_waiting() && entry.expires.is_some_and(|time| time <= now) {
                entry.rest(State::Failure, now);
                entry.item.class = Some(Class::Expired);
                entry.item.dimse_status = None;
                count(&mut self.failed, &entry.item.destination, Class::Expired);
                expired.push(entry.item.id);
            }
        }
        self.acquit();
        expired
    }

    pub fn prune(&mut self, before: Timestamp) -> u64 {
        let count = self.entries.len();
        self.entries.retain(|_, entry| {
            let prunable = matches!(entry.item.state, State::Success | State::Cancelled)
                && entry.item.confirmation != Confirmation::Waiting;
            !(prunable && entry.item.completed.is_some_and(|time| time < before))
        });
        (count - self.entries.len()) as u64
    }

    /// The same over a filter, for those that are given: of what waits, or of the error queue.
    pub fn operate_all(&mut self, sweep: &Sweep<'_>) -> Operated {
        let mut operated = Operated::default();
        let ids: Vec<i64> = self.entries.keys().copied().collect();
        for id in ids {
            let item = &self.entries[&id].item;
            let any_state = Filter {
                states: None,
                ..sweep.filter.clone()
            };
            let stays = match sweep.operation {
                Operation::Redirect { to } => item.destination == *to,
                Operation::Prioritize(priority) => item.priority == *priority,
                _ => false,
            };
            if stays || !any_state.fits(item) {
                continue;
            }
            let touched = match sweep.among {
                Among::Failures => item.state == State::Failure,
                Among::Waiting => item.state.is_waiting(),
            };
            let verb = sweep.operation.verb();
            if touched && sweep.filter.may_be(item.state) && item.state.after(verb).is_some() {
                operated.done += 1;
                if sweep.dry_run {
                    continue;
                }
                let to = match sweep.operation {
                    Operation::Redirect { to } => Some(to.as_str()),
                    _ => None,
                };
                let expires = (sweep.expires)(to.unwrap_or(&item.destination));
                if let Operation::Prioritize(priority) = sweep.operation {
                    let entry = self.entries.get_mut(&id);
                    entry
                        .into_iter()
                        .for_each(|entry| entry.prioritize(*priority));
                } else {
                    assert!(self.operate(id, verb, to, expires, sweep.now));
                }
            } else if sweep.among == Among::Waiting && item.state == State::Running {
                operated.running += 1;
            }
        }
        operated
    }

    /// The verbs of a person; `false` where the state does not allow it.
    pub fn operate(
        &mut self,
        id: i64,
        verb: Move,
        to: Option<&str>,
        expires: Option<Timestamp>,
        now: Timestamp,
    ) -> bool {
        let Some(entry) = self.entries.get_mut(&id) else {
            return false;
        };
        let Some(state) = entry.item.state.after(verb) else {
            return false;
        };
        match verb {
            Move::Remove => {
                self.entries.remove(&id);
                self.suspects.remove(&id);
                return true;
            }
            Move::Cancel => {
                entry.rest(state, now);
                self.suspects.remove(&id);
            }
            Move::Replay | Move::Redirect => {
                if verb == Move::Redirect {
                    entry.item.confirmation = Confirmation::None;
                }
                entry.expires = expires;
                entry.item.attempt_count = 0;
                entry.item.completed = None;
                entry.item.class = None;
                entry.item.dimse_status = None;
                entry.item.details = None;
                entry.hurried = false;
            }
            Move::SendNow => entry.hurried = true,
            _ => {}
        }
        entry.item.state = state;
        if state == State::Pending {
            entry.item.next_attempt = None;
        }
        if let Some(to) = to {
            entry.item.destination = to.into();
            self.destinations.entry(to.into()).or_default();
        }
        true
    }
}

fn count(failed: &mut BTreeMap<(String, Class), u64>, destination: &str, class: Class) {
    *failed.entry((destination.into(), class)).or_default() += 1;
}

fn is_held_back(pair: &[&mut Entry], new: &NewItem, again: bool) -> bool {
    let stored = new.reception.repeated.is_none();
    match (new.reception.again, pair.last()) {
        (Again::Always, _) => false,
        (Again::Never, _) => again || !stored,
        (Again::IfChanged, None) => !stored,
        (Again::IfChanged, Some(newest)) => {
            let same = newest.reception.is_same_content(&new.reception);
            same && match newest.item.state {
                State::Success | State::Running => true,
                State::Failure => new.failed.is_some(),
                _ => false,
            }
        }
    }
}

fn made(new: &NewItem, now: Timestamp, id: i64) -> Entry {
    let failed = new.failed.as_ref();
    let state = match (failed, new.not_before) {
        (Some(_), _) => State::Failure,
        (_, Some(_)) => State::Scheduled,
        _ => State::Pending,
    };
    Entry {
        item: Item {
            id,
            ids: new.ids.clone(),
            destination: new.destination.clone(),
            rule: new.rule.clone(),
            remote_aet: new.remote_aet.clone(),
            state,
            priority: new.priority,
            attempt_count: 0,
            created: now,
            next_attempt: new.not_before.filter(|_| state == State::Scheduled),
            completed: failed.map(|_| now),
            class: failed.map(|outcome| outcome.class),
            dimse_status: failed.and_then(|outcome| outcome.dimse_status),
            details: failed.map(|outcome| outcome.details.clone()),
            size_bytes: new.size_bytes,
            confirmation: crate::item::Confirmation::None,
        },
        group: new.group.clone(),
        place: new.place,
        claim: None,
        hurried: false,
        expires: new.expires,
        latest: NEVER,
        attempts: Vec::new(),
        reception: new.reception.clone(),
    }
}
