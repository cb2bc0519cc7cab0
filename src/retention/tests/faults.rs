//! The store fails amid a pass.

use super::*;
use crate::store::sqlite::SqliteStore;
use crate::store::{Deletion, History, NewDeletion, Result, Retention, StoreError, pass_on};

/// A store of which one call fails.
struct Faulty {
    inner: Arc<SqliteStore>,
    /// Which one, and how often it is well before.
    failing: Mutex<Option<(&'static str, u32)>>,
}

impl Faulty {
    fn before(&self, call: &str) -> Result<()> {
        let mut failing = self.failing.lock();
        match &mut *failing {
            Some((name, left)) if *name == call && *left > 0 => *left -= 1,
            Some((name, _)) if *name == call => {
                *failing = None;
                return Err(StoreError::Full("no space".into()));
            }
            _ => {}
        }
        Ok(())
    }
}

pass_on!(Retention for Faulty);

#[test]
fn a_fault_of_the_store_ends_a_pass_and_the_next_one_goes_on() {
    // With what is gone by then.
    let faults = [
        ("open_deletions", 0, 0),
        ("kept_studies", 0, 0),
        ("histories", 0, 0),
        ("history", 0, 0),
        ("kept_study", 0, 0),
        ("history", 1, 0),
        ("begin_deletion", 0, 0),
        ("history", 2, 2),
        ("history", 3, 5),
        ("history_of", 0, 0),
        ("count_deleted", 1, 2),
        ("end_deletion", 0, 40),
        ("kept_studies", 1, 40),
    ];
    for (call, well, gone) in faults {
        let world = World::new(json!({ "Safe": ["archive"], "DryRun": false }));
        let names: Vec<String> = (0..40).map(|number| format!("{number:02}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        world.arrive("s", &names, &["archive"], at(0));
        world.arrive("kept", &["k"], &["archive", "research"], at(0));
        world.deliver("archive", Some(0), at(10));
        let store = Arc::new(Faulty {
            inner: world.store.clone(),
            failing: Mutex::new(Some((call, well))),
        });
        let deleter = world.another(store.clone(), Box::new(world.orthanc.clone()));
        let first = deleter.pass(None);
        assert!(
            store.failing.lock().is_none(),
            "{call} was not called so often"
        );
        assert_eq!(world.deleted(), names[..gone], "{call}");
        if let Err(error) = first {
            assert!(error.to_string().contains("no space"), "{error}");
        }
        assert!(deleter.pass(None).unwrap(), "{call}");
        assert_eq!(world.deleted(), names, "{call}");
        let all = world.store.deletions(None, None, FIRST).unwrap();
        let counted: u64 = all.iter().map(|one| one.gone).sum();
        assert_eq!(counted, 40, "{call}: {all:#?}");
        assert!(
            all.iter().all(|one| one.ended.is_some()),
            "{call}: {all:#?}"
        );
        assert_eq!(world.orthanc.has.lock()["kept"].len(), 1);
    }
}
