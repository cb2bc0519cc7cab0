//! Who is protected, and who is given free.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::store::Protected;

/// Patients by number, each with what waits of it; and what Orthanc says of them.
#[derive(Default)]
struct World {
    /// By item: patient, and whether it waits.
    items: Mutex<BTreeMap<i64, (String, bool)>>,
    record: Mutex<BTreeSet<String>>,
    orthanc: Mutex<BTreeMap<String, bool>>,
    /// Calls of Orthanc that fail, the next ones.
    failing: Mutex<u32>,
    /// The process ends before Orthanc is told.
    crash: Mutex<bool>,
    stored: Mutex<u64>,
    asked: Mutex<u32>,
}

impl World {
    fn fails(&self) -> std::result::Result<(), CallError> {
        *self.asked.lock() += 1;
        let mut failing = self.failing.lock();
        if *failing == 0 {
            return Ok(());
        }
        *failing -= 1;
        Err(CallError::HostGone)
    }
}

impl Protections for Arc<World> {
    fn unsent(&self, after: i64, limit: u32) -> Result<(Vec<Unsent>, i64)> {
        let items = self.items.lock();
        let next: Vec<_> = items.range(after + 1..).take(limit as usize).collect();
        let last = next.last().map_or(0, |(id, _)| **id);
        let unsent = next.iter().filter(|(_, (_, waits))| *waits);
        let unsent: BTreeSet<Unsent> = unsent
            .map(|(_, (patient, _))| Unsent {
                patient: patient.clone(),
                study: format!("study of {patient}"),
            })
            .collect();
        Ok((unsent.into_iter().collect(), last))
    }
    fn is_protected(&self, patient: &str) -> Result<bool> {
        Ok(self.record.lock().contains(patient))
    }
    fn protect(&self, unsent: &[Unsent]) -> Result<()> {
        let patients = unsent.iter().map(|one| one.patient.clone());
        self.record.lock().extend(patients);
        Ok(())
    }
    fn protected(&self, after: &str, limit: u32) -> Result<Vec<Protected>> {
        let record = self.record.lock();
        let next = record.iter().filter(|patient| patient.as_str() > after);
        let waits = |patient: &String| {
            let items = self.items.lock();
            items.values().any(|(of, waits)| of == patient && *waits)
        };
        let next = next.take(limit as usize).map(|patient| Protected {
            patient: patient.clone(),
            is_needed: waits(patient),
        });
        Ok(next.collect())
    }
    fn unprotect(&self, patient: &str) -> Result<()> {
        self.record.lock().remove(patient);
        Ok(())
    }
}

impl Patients for Arc<World> {
    fn is_protected(&self, patient: &str) -> std::result::Result<Option<bool>, CallError> {
        self.fails()?;
        Ok(self.orthanc.lock().get(patient).copied())
    }
    fn set_protected(&self, patient: &str, protected: bool) -> std::result::Result<(), CallError> {
        self.fails()?;
        if *self.crash.lock() {
            return Err(CallError::HostGone);
        }
        let known = self.orthanc.lock().insert(patient.to_owned(), protected);
        assert_eq!(known, Some(!protected), "{patient}");
        Ok(())
    }
    fn stored(&self) -> std::result::Result<u64, CallError> {
        Ok(*self.stored.lock())
    }
}

struct At(Mutex<Timestamp>);

impl Clock for At {
    fn now(&self) -> Timestamp {
        *self.0.lock()
    }
}

struct Bench {
    world: Arc<World>,
    clock: Arc<At>,
    settings: Arc<Current>,
}

fn settings(on: bool) -> crate::config::settings::Settings {
    let configuration = json!({
        "MaximumStorageSize": 100,
        "DicomModalities": { "archive": ["ARC", "10.0.0.2", 104] },
        "SendQueue": { "Retention": { "Safe": ["archive"], "ProtectWhileQueued": on } },
    });
    crate::config::load(&configuration, &|_| None, None).unwrap()
}

impl Bench {
    fn new(patients: &[(&str, bool)]) -> Bench {
        let world = World::default();
        for (number, (patient, protected)) in (1..).zip(patients) {
            let item = ((*patient).to_owned(), true);
            world.items.lock().insert(number, item);
            let known = ((*patient).to_owned(), *protected);
            world.orthanc.lock().extend([known]);
        }
        let now = Timestamp::from_micros(1_800_000_000_000_000);
        Bench {
            world: Arc::new(world),
            clock: Arc::new(At(Mutex::new(now))),
            settings: Current::new(settings(true)),
        }
    }

    /// A process takes it up.
    fn start(&self) -> Protector {
        Protector::new(
            Arc::new(self.world.clone()),
            self.settings.clone(),
            self.clock.clone(),
            Box::new(self.world.clone()),
        )
    }

    fn sent(&self, number: i64) {
        self.world.items.lock().get_mut(&number).unwrap().1 = false;
    }

    fn advance(&self, seconds: f64) {
        let mut now = self.clock.0.lock();
        *now = now.plus_seconds(seconds);
    }

    fn protected(&self) -> Vec<String> {
        let orthanc = self.world.orthanc.lock();
        let protected = orthanc.iter().filter(|(_, protected)| **protected);
        protected.map(|(patient, _)| patient.clone()).collect()
    }
}

#[test]
fn whoever_waits_is_protected_until_all_is_sent() {
    let bench = Bench::new(&[("a", false), ("b", false), ("a", false)]);
    let protector = bench.start();
    protector.step().unwrap();
    assert_eq!(bench.protected(), ["a", "b"]);
    bench.sent(1);
    bench.sent(2);
    protector.step().unwrap();
    assert_eq!(bench.protected(), ["a"]);
    bench.sent(3);
    protector.step().unwrap();
    assert!(bench.protected().is_empty());
    assert!(bench.world.record.lock().is_empty());
}

#[test]
fn what_others_protect_stays_so() {
    let bench = Bench::new(&[("a", true), ("b", false)]);
    let protector = bench.start();
    protector.step().unwrap();
    bench.sent(1);
    bench.sent(2);
    protector.step().unwrap();
    assert_eq!(bench.protected(), ["a"]);
    let asked = *bench.world.asked.lock();
    protector.step().unwrap();
    assert_eq!(*bench.world.asked.lock(), asked, "nothing is asked twice");
}

#[test]
fn a_crash_leaves_nobody_protected_for_ever() {
    let bench = Bench::new(&[("a", false)]);
    *bench.world.crash.lock() = true;
    bench.start().step().unwrap();
    assert!(bench.protected().is_empty());
    assert_eq!(bench.world.record.lock().len(), 1);
    *bench.world.crash.lock() = false;
    bench.start().step().unwrap();
    assert_eq!(bench.protected(), ["a"]);
    bench.sent(1);
    *bench.world.crash.lock() = true;
    bench.start().step().unwrap();
    *bench.world.crash.lock() = false;
    bench.start().step().unwrap();
    assert!(bench.protected().is_empty());
}

#[test]
fn an_orthanc_that_cannot_be_asked_loses_nothing() {
    for failing in 1..6 {
        let bench = Bench::new(&[("a", false), ("b", false)]);
        *bench.world.failing.lock() = failing;
        let protector = bench.start();
        for _ in 0..7 {
            protector.step().unwrap();
        }
        assert_eq!(bench.protected(), ["a", "b"], "{failing}");
    }
}

/// One of whom Orthanc never tells stops nobody, and nobody is given free meanwhile.
#[test]
fn one_who_cannot_be_asked_for_stops_nobody() {
    let bench = Bench::new(&[("a", false), ("b", false), ("c", false)]);
    let protector = bench.start();
    protector.step().unwrap();
    bench.sent(1);
    bench.world.items.lock().insert(4, ("d".to_owned(), true));
    bench.world.items.lock().insert(5, ("e".to_owned(), true));
    let known = [("d".to_owned(), false), ("e".to_owned(), false)];
    bench.world.orthanc.lock().extend(known);
    *bench.world.failing.lock() = 1;
    protector.step().unwrap();
    assert_eq!(bench.protected(), ["a", "b", "c", "e"]);
    protector.step().unwrap();
    assert_eq!(bench.protected(), ["b", "c", "d", "e"]);
}

#[test]
fn a_patient_who_is_gone_is_on_record_no_more() {
    let bench = Bench::new(&[("a", false)]);
    let protector = bench.start();
    protector.step().unwrap();
    bench.world.orthanc.lock().clear();
    bench.sent(1);
    protector.step().unwrap();
    assert!(bench.world.record.lock().is_empty());
}

#[test]
fn switched_off_it_gives_all_free() {
    let bench = Bench::new(&[("a", false), ("b", false)]);
    let protector = bench.start();
    protector.step().unwrap();
    bench.settings.replace(settings(false));
    protector.step().unwrap();
    assert!(bench.protected().is_empty());
    bench.settings.replace(settings(true));
    protector.step().unwrap();
    assert_eq!(bench.protected(), ["a", "b"]);
}

#[test]
fn what_was_replayed_late_is_found_within_an_hour() {
    let bench = Bench::new(&[("a", false)]);
    bench.sent(1);
    let protector = bench.start();
    protector.step().unwrap();
    bench.world.items.lock().get_mut(&1).unwrap().1 = true;
    protector.step().unwrap();
    assert!(bench.protected().is_empty());
    bench.advance(ANEW);
    protector.step().unwrap();
    assert_eq!(bench.protected(), ["a"]);
}

#[test]
fn a_storage_full_of_the_protected_is_told() {
    let bench = Bench::new(&[("a", false), ("b", false)]);
    let protector = bench.start();
    *bench.world.stored.lock() = 96 * 1024 * 1024;
    protector.step().unwrap();
    assert_eq!(protector.crowded(), Some(2));
    *bench.world.stored.lock() = 90 * 1024 * 1024;
    bench.advance(FULL);
    protector.step().unwrap();
    assert_eq!(protector.crowded(), None);
}
