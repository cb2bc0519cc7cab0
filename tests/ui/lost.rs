//! When Orthanc goes away and comes back.

use sendqueue_testkit::Study;

use crate::{Page, scp};

#[test]
fn a_lost_connection_is_told_and_what_was_seen_stays() {
    let one = scp("ONE");
    let mut page = Page::with(&[&one]);
    page.show("#/destinations/one");
    page.browser.eval("window.marked = true; return 0");
    assert!(page.queue.stop().is_some());
    page.browser.wait_text("#lost", "Orthanc cannot be reached");
    page.browser.wait_for("body.old .line");
    let title = |page: &Page| page.browser.eval("return document.title");
    assert_eq!(title(&page), "? No connection · Send queue");
    // What is drawn anew of what was seen last does not say that all is well.
    page.browser
        .eval("dispatchEvent(new Event('resize')); return 0");
    assert_eq!(title(&page), "? No connection · Send queue");
    // An action says so too, and does not hang.
    page.browser.click("[data-verb=pause]");
    page.said("Orthanc cannot be reached");
    page.queue.restart().expect("a start");
    page.browser.wait_gone("body.old");
    page.browser.wait_for("#lost[hidden]");
    page.said("The connection to Orthanc is back");
    assert_ne!(title(&page), "? No connection · Send queue");
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
    page.browser.wait_for(".line");
}

#[test]
fn health_that_is_not_well_is_told() {
    let one = scp("ONE");
    let page = Page::with(&[&one]);
    // Another process holds the queue's file.
    let database = page.queue.data_dir().join("index/sendqueue.db");
    let lock = rusqlite::Connection::open(database).expect("the database");
    lock.execute_batch("BEGIN EXCLUSIVE").expect("a lock");
    page.show("");
    page.browser.wait_text("[data-key=health]", "Database");
    lock.execute_batch("ROLLBACK").expect("unlocked");
    page.browser.wait_gone("[data-key=health]");
}

/// Neither refused nor answered: the process stands still, as behind a network that swallows everything.
#[test]
fn an_orthanc_that_hangs_is_told_too() {
    let one = scp("ONE");
    let mut page = Page::with(&[&one]);
    page.show("");
    let signal = |page: &mut Page, signal| page.queue.proc().expect("Orthanc runs").signal(signal);
    signal(&mut page, rustix::process::Signal::STOP);
    page.browser
        .wait_text("#lost", "Orthanc does not answer in time");
    page.browser.wait_for("body.old .line");
    signal(&mut page, rustix::process::Signal::CONT);
    page.browser.wait_gone("body.old");
    page.said("The connection to Orthanc is back");
}

#[test]
fn without_a_network_what_was_typed_and_ticked_stays() {
    let one = scp("ONE");
    let page = Page::with(&[&one]);
    let study = page.store(&Study::new(1, 2));
    page.queue.wait_for("one", "Success", 2);
    page.show(&format!("#/studies/{study}"));
    let browser = &page.browser;
    browser.click("input[value=one]");
    browser.set_offline(true);
    browser.wait_text("#lost", "Orthanc cannot be reached");
    browser.click("[data-action=enqueue]");
    page.said("Orthanc cannot be reached");
    browser.set_offline(false);
    browser.wait_for("#lost[hidden]");
    // The same click works now.
    browser.click("[data-action=enqueue]");
    page.answer("Enqueue 2 items?", "yes");
    page.said("Enqueued: 2 items");
    page.queue.wait_for("one", "Success", 4);
}

#[test]
fn a_url_with_a_wrong_filter_says_what_is_wrong_with_it() {
    let one = scp("ONE");
    let page = Page::with(&[&one]);
    page.store(&Study::new(1, 2));
    page.queue.wait_for("one", "Success", 2);
    for (hash, word) in [
        ("#/items?state=Lost", "state"),
        ("#/items?older-than=yesterday", "older-than"),
        ("#/errors?class=Bad", "class"),
        ("#/items/x", "x"),
    ] {
        // From another view, as by a link: nothing of it is left.
        page.show("");
        page.browser
            .eval(&format!("location.hash = '{hash}'; return 0"));
        page.browser.wait_gone(".line");
        page.browser.wait_text("main", word);
        page.browser.wait_for("#lost[hidden]");
        let title = page.browser.eval("return document.title");
        assert_ne!(title, "All is well · Send queue", "{hash}");
    }
    page.browser.click("a[data-nav=studies]");
    page.browser.wait_for("[data-study]");
}
