//! Every verb on every state: what `State::after` says, and nothing else.

use super::*;
use crate::item::state::Move;
use crate::store::{Moved, Operation};

pub fn run(make: Make<'_>) {
    for state in State::ALL {
        for verb in Move::ALL {
            for group in ["study", "a"] {
                check(&*one(make), state, verb, group);
            }
        }
    }
    let store = one(make);
    assert_eq!(store.replay(1, None).unwrap(), Moved::Unknown);
    assert_eq!(store.cancel(1, at(1)).unwrap(), Moved::Unknown);
    assert_eq!(store.send_now(1).unwrap(), Moved::Unknown);
    assert_eq!(store.remove(1).unwrap(), Moved::Unknown);
    let redirected = store.redirect(1, "x", None).unwrap();
    assert_eq!(redirected, Moved::Unknown);
    assert!(store.destinations().unwrap().is_empty());
}

/// An item in this state, and the token of the last claim that it had, if it had one.
fn item_in(store: &dyn Store, state: State, group: &str) -> (i64, i64) {
    let mut new = new_item("study", "a", "pacs");
    new.group = group.into();
    new.expires = Some(at(1000));
    if state == State::Scheduled {
        new.not_before = Some(at(500));
    }
    let id = enqueue(store, &[new])[0];
    if matches!(state, State::Scheduled | State::Pending) {
        return (id, 1);
    }
    let token = claim(store, "pacs").token;
    let verb = match state {
        State::Retry => Ending::Retry {
            at: at(500),
            attempt: made(Class::Busy),
        },
        State::Success => Ending::Complete(made(Class::Success)),
        State::Failure => Ending::Fail(made(Class::Rejected)),
        State::Cancelled => {
            store.cancel(id, at(2)).unwrap();
            return (id, token);
        }
        _ => return (id, token),
    };
    finish(store, token, id, verb);
    (id, token)
}

fn check(store: &dyn Store, from: State, verb: Move, group: &str) {
    let (id, token) = item_in(store, from, group);
    let what = format!("{verb:?} on {from}, group {group}");
    let before = store.item(id).unwrap().unwrap();
    assert_eq!(before.0.state, from, "{what}");
    let expected = from.after(verb);
    let answer = match verb {
        Move::Promote => {
            let names = store.promote(at(FAR), 10).unwrap();
            assert_eq!(names.len(), usize::from(expected.is_some()), "{what}");
            None
        }
        Move::Claim => {
            let claim = store.claim("pacs", Pick::MostUrgent, 10).unwrap();
            assert_eq!(claim.is_some(), expected.is_some(), "{what}");
            None
        }
        Move::Complete | Move::Retry | Move::Fail | Move::Release | Move::Hold => {
            let verb = match verb {
                Move::Complete => Ending::Complete(made(Class::Success)),
                Move::Fail => Ending::Fail(made(Class::Rejected)),
                Move::Release => Ending::Release,
                Move::Hold => Ending::Hold {
                    at: at(700),
                    outcome: Outcome::waiting(""),
                },
                _ => Ending::Retry {
                    at: at(700),
                    attempt: made(Class::Busy),
                },
            };
            let changed = finish(store, token, id, verb);
            assert_eq!(changed, u64::from(expected.is_some()), "{what}");
            None
        }
        Move::Expire => {
            let expired = store.expire(at(FAR), 10).unwrap();
            assert_eq!(expired, u64::from(expected.is_some()), "{what}");
            None
        }
        Move::Cancel => Some(store.cancel(id, at(3)).unwrap()),
        Move::SendNow => Some(store.send_now(id).unwrap()),
        Move::Prioritize => {
            let filter = Filter {
                ids: Some(vec![id]),
                ..Filter::default()
            };
            let done = operate(store, &Operation::Prioritize(Priority::High), &filter).done;
            assert_eq!(done, u64::from(expected.is_some()), "{what}");
            None
        }
        Move::Replay => Some(store.replay(id, Some(at(9))).unwrap()),
        Move::Redirect => Some(store.redirect(id, "other", None).unwrap()),
        Move::Remove => Some(store.remove(id).unwrap()),
    };
    let after = store.item(id).unwrap();
    match (answer, expected) {
        (Some(Moved::Done(item)), Some(state)) => {
            assert_eq!(item.state, state, "{what}");
            if verb == Move::Remove {
                assert_eq!(item, before.0, "{what}");
            } else {
                assert_eq!(Some(&item), after.as_ref().map(|found| &found.0), "{what}");
            }
        }
        (Some(Moved::Refused(state)), None) => assert_eq!(state, from, "{what}"),
        (None, _) => {}
        (answer, _) => panic!("{what}: {answer:?}, but {expected:?} was expected"),
    }
    match expected {
        Some(_) if verb == Move::Remove => assert_eq!(after, None, "{what}"),
        Some(state) => assert_eq!(after.unwrap().0.state, state, "{what}"),
        None => assert_eq!(after, Some(before), "{what}"),
    }
    check_counts(store);
}
