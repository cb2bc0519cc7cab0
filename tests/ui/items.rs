//! The list of items: filters in the URL, pages; a hundred thousand of them.

use std::path::Path;

use OrthancSendQueue::item::{Class, Ids, Outcome, Priority, Timestamp};
use OrthancSendQueue::store::sqlite::SqliteStore;
use OrthancSendQueue::store::{Intake, Journal, NewItem};
use sendqueue_testkit::Study;
use sendqueue_testkit::queue;

use crate::{Page, refusing, scp};

#[test]
fn filters_are_in_the_url_and_a_url_shows_them() {
    let (one, bad) = (scp("ONE"), refusing("BAD", 0xA900));
    let page = Page::with(&[&one, &bad]);
    let study = page.store(&Study::new(1, 3));
    page.store(&Study::new(1, 2).seed(5));
    page.queue.wait_for_rest(10);
    page.show("#/items");
    let browser = &page.browser;
    assert_eq!(browser.count("[data-item]"), 10);
    // Nobody is asked for confirmations.
    assert_eq!(browser.count("select[name=confirmation]"), 0);
    browser.choose("select[name=state]", "Failure");
    browser.until(|| browser.count("[data-item]") == 5, "the failures");
    assert!(browser.url().contains("state=Failure"), "{}", browser.url());
    browser.fill("input[name=study]", &study);
    browser.press(sendqueue_testkit::browser::key::ENTER);
    browser.until(|| browser.count("[data-item]") == 3, "those of the study");
    // A colleague opens the same.
    let url = browser.url();
    let hash = &url[url.find('#').expect("a view")..];
    page.show(hash);
    assert_eq!(browser.count("[data-item]"), 3);
    assert_eq!(
        browser.eval("return document.querySelector('select[name=state]').value"),
        "Failure"
    );
    // Back is where one was before.
    browser.choose("select[name=destination]", "one");
    browser.wait_text("main", "No item fits.");
    browser.eval("history.back(); return 0");
    browser.until(|| browser.count("[data-item]") == 3, "back");
    assert_eq!(
        browser.eval("return document.querySelector('select[name=destination]').value"),
        ""
    );
    for (filter, expected) in [
        ("newer-than=3600", 10),
        ("older-than=3600", 0),
        ("class=Rejected&status=43264", 5),
        ("status=0", 5),
        ("order=asc&destination=one", 5),
    ] {
        page.show(&format!("#/items?{filter}"));
        assert_eq!(browser.count("[data-item]"), expected, "{filter}");
    }
    page.is_clean();
}

#[test]
fn the_newest_comes_first_and_pages_follow() {
    let one = scp("ONE");
    let page = Page::with(&[&one]);
    page.store(&Study::new(1, 130));
    page.queue.wait_for("one", "Success", 130);
    let ids: Vec<i64> = page
        .queue
        .items("")
        .iter()
        .filter_map(|item| item["ID"].as_i64())
        .collect();
    page.show("#/items");
    let browser = &page.browser;
    let shown = || -> Vec<i64> {
        let script = "return [...document.querySelectorAll('[data-item]')].map(row => Number(row.dataset.item))";
        let found = browser.eval(script);
        found
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(serde_json::Value::as_i64)
            .collect()
    };
    let mut expected: Vec<i64> = ids.clone();
    expected.reverse();
    assert_eq!(shown(), expected[..100]);
    browser.click("[data-page=next]");
    browser.until(|| shown() == expected[100..], "the second page");
    assert_eq!(browser.count("[data-page=next]"), 0);
    browser.click("[data-page=first]");
    browser.until(|| shown() == expected[..100], "the first page again");
    page.is_clean();
}

/// Fills the database of an Orthanc that is not running.
fn fill(database: &Path, count: usize) {
    let store = SqliteStore::open(database).expect("the database");
    let now = Timestamp::from_micros(1_790_000_000_000_000);
    let mut made = 0;
    while made < count {
        let items: Vec<NewItem> = (made..(made + 5000).min(count)).map(item).collect();
        made += items.len();
        store
            .enqueue(&Intake::arrival(&items), now)
            .expect("enqueued");
    }
}

fn item(number: usize) -> NewItem {
    let id =
        |kind: usize, number: usize| format!("{kind:08x}-{number:08x}-00000000-00000000-00000000");
    NewItem {
        ids: Ids {
            instance: id(1, number),
            sop_instance_uid: format!("1.2.3.{number}"),
            series: id(2, number / 100),
            study: id(3, number / 200),
            patient: id(4, number / 200),
        },
        destination: ["gone", "far"][number % 2].to_owned(),
        rule: Some("all".to_owned()),
        remote_aet: None,
        priority: Priority::Medium,
        group: id(3, number / 200),
        place: 0,
        not_before: None,
        latest: None,
        expires: None,
        size_bytes: 500_000,
        failed: (number % 4 == 0).then(|| Outcome::new(Class::Rejected, "refused")),
        reception: OrthancSendQueue::store::Reception::default(),
    }
}

#[test]
fn a_hundred_thousand_items_are_shown_and_paged_through() {
    const COUNT: usize = 100_000;
    let config = queue::config(&["gone", "far"])
        .modality("gone", "GONE", 1)
        .modality("far", "FAR", 1);
    let mut page = Page::new(config);
    for name in ["gone", "far"] {
        page.queue.tell(
            &format!("/destinations/{name}/pause"),
            &serde_json::json!({}),
        );
    }
    let database = page.queue.data_dir().join("index/sendqueue.db");
    assert!(page.queue.stop().is_some());
    fill(&database, COUNT);
    page.queue.restart().expect("a start");
    page.show("");
    let browser = &page.browser;
    browser.wait_text("[data-key=totals]", "75,000");
    browser.wait_text("#failures", "25,000");
    page.show("#/items");
    let newest = browser
        .attribute("[data-item]", "data-item")
        .expect("an item");
    assert_eq!(newest, COUNT.to_string());
    browser.click("[data-page=next]");
    browser.until(
        || {
            browser
                .attribute("[data-item]", "data-item")
                .is_some_and(|id| id == (COUNT - 100).to_string())
        },
        "the next page",
    );
    page.show("#/items?state=Failure&destination=gone");
    assert_eq!(browser.count("[data-item]"), 100);
    // 500 studies of 200 items each.
    page.show("#/studies?destination=gone");
    let studies = || {
        browser.eval("return [...document.querySelectorAll('tbody[data-study]')].map(one => one.dataset.study)")
    };
    let mut seen = std::collections::BTreeSet::new();
    loop {
        let page = studies();
        let page: Vec<&str> = page
            .as_array()
            .expect("studies")
            .iter()
            .filter_map(|one| one.as_str())
            .collect();
        let before = seen.len();
        seen.extend(page.iter().map(|one| (*one).to_owned()));
        assert_eq!(seen.len(), before + page.len(), "none comes twice");
        if browser.count("[data-page=next]") == 0 {
            break;
        }
        browser.click("[data-page=next]");
        browser.until(
            || studies()[0].as_str().is_some_and(|one| !seen.contains(one)),
            "the next page",
        );
    }
    assert_eq!(seen.len(), 500);
    browser.wait_text("[data-study]", "50 failed");
    page.show("#/errors");
    browser.wait_text(".kind[data-class=Rejected]", "25,000");
    browser.click(".kind[data-class=Rejected] [data-verb=replay]");
    assert_eq!(page.answer("Replay 25,000 items?", "no"), Some(25_000));
    page.is_clean();
}

/// Orthanc refuses to tell names for a moment: they come once it does.
#[test]
fn names_come_after_they_were_refused_once() {
    let one = scp("ONE");
    let page = Page::with(&[&one]);
    page.store(&Study::new(1, 1).patient_name("Meyer^Anna"));
    page.queue.wait_for("one", "Success", 1);
    page.show("");
    page.answer_by(
        "/tools/bulk-content",
        "(real) => (window.tells ? real() : Promise.resolve(new Response('{}', { status: 403 })))",
    );
    let browser = &page.browser;
    browser.eval("location.hash = '#/items'; return 0");
    browser.wait_text("td.whose", "…");
    browser.eval(
        "window.tells = true; const real = Date.now; Date.now = () => real() + 60000; return 0",
    );
    browser.wait_text("td.whose", "Meyer, Anna");
    page.is_clean();
}

/// A question tells whose they are as Orthanc has it now, and not as it was when the list was first seen.
#[test]
fn a_question_asks_anew_whose_they_are() {
    let one = scp("ONE");
    let page = Page::with(&[&one]);
    page.queue
        .tell("/destinations/one/pause", &serde_json::json!({}));
    page.store(&Study::new(1, 1).patient_name("Meyer^Anna"));
    page.queue.wait_for("one", "Pending", 1);
    page.show("#/journal");
    page.answer_by(
        "/tools/bulk-content",
        "async (real) => (window.tells ? new Response((await (await real()).text()).replaceAll('Meyer', window.tells)) : new Response('[]'))",
    );
    let browser = &page.browser;
    browser.click("a[data-nav=studies]");
    browser.wait_text(".whose", "no longer in Orthanc");
    // It has come, then its patient's name is corrected.
    for name in ["Meyer", "Mayer"] {
        browser.eval(&format!("window.tells = '{name}'; return 0"));
        browser.click("tbody[data-study] [data-verb=remove]");
        browser.wait_text("dialog", &format!("of one of the study {name}, Anna"));
        page.answer("Remove 1 item?", "no");
    }
    browser.wait_text(".whose", "Mayer, Anna");
    // Nothing is said where nothing is known.
    page.show("#/items?destination=one");
    browser.eval("document.querySelector('tbody [data-action=tick]').dataset.study = ''; return 0");
    browser.click("tbody [data-action=tick]");
    browser.click("[data-key=ticked] [data-verb=cancel]");
    browser.wait_text("dialog", "The chosen ones. They are not sent.");
    page.answer("Cancel 1 item?", "no");
    page.is_clean();
}
