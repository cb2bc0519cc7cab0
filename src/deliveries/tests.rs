//! What the keeper closes and forgets, and what it leaves.

use serde_json::json;

use super::*;
use crate::store::{Bygone, Delivered, DeliveredInstance, Wanted};

/// Studies by number, each without an item; those of even numbers can be closed.
#[derive(Default)]
struct Lines {
    studies: Vec<i64>,
    closed: Mutex<Vec<i64>>,
    forgotten: Mutex<Vec<Timestamp>>,
}

impl Deliveries for Lines {
    fn deliveries(&self, _: &Wanted, _: i64, _: u32) -> Result<Vec<Delivered>> {
        unreachable!("nobody asks for lines")
    }
    fn delivery(&self, _: i64) -> Result<Option<(Delivered, Vec<DeliveredInstance>)>> {
        unreachable!("nobody asks for a line")
    }
    fn bygone(&self, after: i64, limit: u32) -> Result<(Vec<Bygone>, i64)> {
        let next = self.studies.iter().filter(|number| **number > after);
        let next: Vec<i64> = next.copied().take(limit as usize).collect();
        let last = next.last().copied().unwrap_or(0);
        let bygone = next.into_iter().map(|number| Bygone {
            number,
            study: number.to_string(),
        });
        Ok((bygone.collect(), last))
    }
    fn close(&self, study: &Bygone, _: Timestamp) -> Result<u64> {
        self.closed.lock().push(study.number);
        Ok(1)
    }
    fn forget_deliveries(&self, before: Timestamp, limit: u32) -> Result<u64> {
        self.forgotten.lock().push(before);
        Ok(limit.into())
    }
}

struct At(Timestamp);

impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0
    }
    fn uncertain(&self) -> Duration {
        Duration::from_secs(60)
    }
}

fn keeper(lines: &Arc<Lines>, has: Box<Has>) -> Keeper {
    let configuration = json!({ "SendQueue": { "LedgerYears": 2 } });
    let settings = crate::config::load(&configuration, &|_| None, None).unwrap();
    let now = Timestamp::from_micros(0).plus_seconds(5.0 * SECONDS_PER_YEAR);
    let clock = Arc::new(At(now));
    Keeper::new(lines.clone(), Current::new(settings), clock, has)
}

/// To the end of a round; answers how many steps it had.
fn round(keeper: &Keeper) -> u32 {
    let mut steps = 1;
    while !keeper.step().unwrap() {
        steps += 1;
    }
    steps
}

#[test]
fn what_orthanc_has_stays_open_and_old_lines_go() {
    let lines = Arc::new(Lines {
        studies: (1..=250).collect(),
        ..Lines::default()
    });
    let asked = Arc::new(Mutex::new(0));
    let seen = asked.clone();
    let keeper = keeper(
        &lines,
        Box::new(move |studies| {
            assert!(studies.len() <= STEP as usize && !studies.is_empty());
            *seen.lock() += studies.len();
            let odd = |study: &&&str| !study.ends_with(['0', '2', '4', '6', '8']);
            Ok(studies.iter().filter(odd).map(|id| (*id).into()).collect())
        }),
    );
    assert_eq!(round(&keeper), 4);
    assert_eq!(*asked.lock(), 250);
    let even: Vec<i64> = (1..=250).filter(|number| number % 2 == 0).collect();
    assert_eq!(*lines.closed.lock(), even);
    let horizon = Timestamp::from_micros(0).plus_seconds(3.0 * SECONDS_PER_YEAR - 60.0);
    assert_eq!(*lines.forgotten.lock(), [horizon; 4]);
    // The next round begins anew.
    assert_eq!(round(&keeper), 4);
}

#[test]
fn an_error_closes_nothing() {
    let lines = Arc::new(Lines {
        studies: (1..=250).collect(),
        ..Lines::default()
    });
    let failed = |_: &[&str]| {
        Err(CallError::Code {
            code: -1,
            description: "Orthanc says no".into(),
        })
    };
    let keeper = keeper(&lines, Box::new(failed));
    assert_eq!(round(&keeper), 4);
    assert_eq!(*lines.closed.lock(), [0_i64; 0]);
}

#[test]
fn a_stop_ends_it_amid_a_step() {
    let lines = Arc::new(Lines {
        studies: vec![1, 2],
        ..Lines::default()
    });
    let keeper = keeper(&lines, Box::new(|_| Ok(BTreeSet::new())));
    keeper.stop();
    assert!(keeper.step().unwrap());
    assert_eq!(*lines.closed.lock(), [0_i64; 0]);
    keeper.run();
}
