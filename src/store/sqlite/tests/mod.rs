//! What is true of SQLite alone; what every backend promises is in the conformance suite.

use std::cell::Cell;
use std::path::PathBuf;

use tempfile::TempDir;

use super::{SqliteStore, sql};
use crate::item::{Ids, Priority, Timestamp};
use crate::store::{
    Book, Claims, Deliveries, Desk, Intake, Journal, NewItem, Upkeep, Wanted, conformance,
};

mod by_study;
mod chronicle;
mod faults;
mod kept;
mod opening;
mod plans;
mod schema;
mod sent_series;
mod size;
mod sweep;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn path(folder: &TempDir) -> PathBuf {
    folder.path().join("sendqueue.db")
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_800_000_000_000_000 + seconds * 1_000_000)
}

fn new_item(study: &str, instance: &str) -> NewItem {
    NewItem {
        ids: Ids {
            instance: instance.into(),
            sop_instance_uid: format!("1.2.{instance}"),
            series: "series".into(),
            study: study.into(),
            patient: "patient".into(),
        },
        destination: "pacs".into(),
        rule: None,
        remote_aet: None,
        priority: Priority::Medium,
        group: study.into(),
        place: 0,
        not_before: None,
        latest: None,
        expires: None,
        size_bytes: 100,
        failed: None,
        reception: crate::store::Reception::default(),
    }
}

#[test]
fn it_conforms() {
    let folder = folder();
    let number = Cell::new(0);
    conformance::run(&|| {
        number.set(number.get() + 1);
        let path = folder.path().join(format!("{}.db", number.get()));
        let store = SqliteStore::open(&path).unwrap();
        let beside = store.beside();
        [Box::new(store), Box::new(beside)]
    });
}
