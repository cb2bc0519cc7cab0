//! When Orthanc goes away and comes back.

use crate::{Page, scp};

#[test]
fn a_lost_connection_is_told_and_what_was_seen_stays() {
    let one = scp("ONE");
    let mut page = Page::with(&[&one]);
    page.show("");
    page.browser.eval("window.marked = true; return 0");
    assert!(page.queue.stop().is_some());
    page.browser.wait_text("#lost", "Orthanc cannot be reached");
    page.browser.wait_for("body.old .card");
    // An action says so too, and does not hang.
    page.browser.click("[data-verb=pause]");
    page.said("Orthanc cannot be reached");
    page.queue.restart().expect("a start");
    page.browser.wait_gone("body.old");
    page.browser.wait_for("#lost[hidden]");
    page.said("The connection to Orthanc is back");
    assert_eq!(
        page.browser.eval("return window.marked"),
        true,
        "loaded again"
    );
    // The console names the requests that failed, and nothing else.
    for error in page.browser.console_errors() {
        assert!(
            error.text.contains("ERR_CONNECTION") || error.text.contains("Failed to load resource"),
            "{error:?}"
        );
    }
}

#[test]
fn what_does_not_exist_is_told() {
    let one = scp("ONE");
    let page = Page::with(&[&one]);
    for hash in [
        "#/items/4711",
        "#/studies/00000000-00000000-00000000-00000000-00000000",
        "#/nothing",
    ] {
        page.show(hash);
        page.browser.wait_text("h1", "Not found");
    }
    // From there on as usual.
    page.browser.click("a[data-nav=overview]");
    page.browser.wait_for(".card");
}

#[test]
fn health_that_is_not_well_is_told() {
    let one = scp("ONE");
    let page = Page::with(&[&one]);
    // Another process holds the queue's file.
    let database = page.queue.ask("")["Database"].clone();
    let lock =
        rusqlite::Connection::open(database.as_str().expect("a path")).expect("the database");
    lock.execute_batch("BEGIN EXCLUSIVE").expect("a lock");
    page.show("");
    page.browser.wait_text("[data-key=health]", "Database");
    lock.execute_batch("ROLLBACK").expect("unlocked");
    page.browser.wait_gone("[data-key=health]");
}
