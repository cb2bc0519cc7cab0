//! Series as they were sent are kept once, as long as something of them is waited for.

use super::*;
use crate::item::{Outcome, SentSeries};
use crate::store::{AttemptMade, Confirmations, Ending, Finish, Followed, Intake, Pick, ToConfirm};
use rusqlite::Connection;

fn sent(series: &str) -> Option<Box<SentSeries>> {
    Some(Box::new(SentSeries {
        series: series.to_owned(),
        ..SentSeries::default()
    }))
}

#[test]
fn a_series_is_kept_once_and_goes_with_the_last_that_is_waited_for() {
    let folder = folder();
    let store = SqliteStore::open(&path(&folder)).unwrap();
    let conn = Connection::open(path(&folder)).unwrap();
    let kept = || -> Vec<String> {
        let mut kept = conn
            .prepare("SELECT series_uid FROM sent_series ORDER BY series_uid")
            .unwrap();
        let rows = kept.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    let items = ["a", "b", "c", "d"].map(|instance| new_item("s", instance));
    store.enqueue(&Intake::arrival(&items), at(0)).unwrap();
    let deliver = |series: &[&str]| -> Vec<i64> {
        let claim = store.claim("pacs", Pick::MostUrgent, 9).unwrap().unwrap();
        let results = claim.items.iter().zip(series).map(|(item, series)| Finish {
            id: item.id,
            ending: Ending::Complete(AttemptMade {
                started: at(1),
                duration_us: 0,
                outcome: Outcome::of_status(0, String::new()),
                counted: true,
                sent_as: None,
                altered: Some(false),
                confirm: Some(ToConfirm {
                    due: at(2),
                    series: sent(series),
                }),
            }),
        });
        let results: Vec<Finish> = results.collect();
        store.finish(claim.token, &results, at(2)).unwrap();
        claim.items.iter().map(|item| item.id).collect()
    };
    let ids = deliver(&["1.1", "1.1", "1.2", "1.3"]);
    assert_eq!(kept(), ["1.1", "1.2", "1.3"]);
    let claim = store
        .claim_follow_ups("pacs", at(2), 9, 9)
        .unwrap()
        .unwrap();
    let refused = Followed::Refused {
        status: 0x0112,
        details: String::new(),
        resend: true,
        expires: None,
    };
    let later = Followed::Later {
        due: at(3),
        asked: true,
        delivered: at(2),
        said: None,
        transaction: None,
    };
    let results = [
        (ids[0], Followed::Confirmed),
        (ids[1], later.clone()),
        (ids[2], refused),
        (ids[3], later),
    ];
    store.followed(claim.token, &results, at(2)).unwrap();
    // One of the first series is waited for still.
    assert_eq!(kept(), ["1.1", "1.3"]);
    // Sent again it is of another series.
    assert_eq!(deliver(&["1.4"]), [ids[2]]);
    assert_eq!(kept(), ["1.1", "1.3", "1.4"]);
    store.remove(ids[1]).unwrap();
    assert_eq!(kept(), ["1.3", "1.4"]);
    for (before, left) in [(Some(at(2)), 2), (None, 0)] {
        store
            .end_follow_ups("pacs", before, &Followed::Dropped, 9)
            .unwrap();
        assert_eq!(kept().len(), left);
    }
}
