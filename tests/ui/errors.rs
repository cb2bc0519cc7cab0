//! The error queue: groups, what is in one, and what is done to them.

use sendqueue_testkit::{Respond, Study};

use crate::{Page, refusing, scp};

/// Six failures of two statuses at `bad`, three at `worse`.
fn scene() -> (
    sendqueue_testkit::FaultScp,
    sendqueue_testkit::FaultScp,
    Page,
) {
    let (bad, worse) = (scp("BAD"), refusing("WORSE", 0x0122));
    let count = std::sync::atomic::AtomicUsize::new(0);
    bad.on_store(move |_| {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Respond::Status(if number % 2 == 0 { 0xA900 } else { 0xC001 })
    });
    let page = Page::with(&[&bad, &worse]);
    page.store(&Study::new(1, 6));
    page.queue.wait_for("bad", "Failure", 6);
    page.queue.wait_for("worse", "Failure", 6);
    (bad, worse, page)
}

const A900: &str = "[data-destination=bad] .kind[data-class=Rejected][data-status='A900']";

#[test]
fn failures_are_grouped_and_a_group_is_replayed() {
    let (bad, _worse, page) = scene();
    page.show("#/errors");
    let browser = &page.browser;
    assert_eq!(browser.count(".kind"), 3);
    browser.wait_text(A900, "A900: the data set does not match");
    browser.wait_text(&format!("{A900} .badge"), "3");
    browser.wait_text(
        "[data-destination=worse] .kind",
        "the SOP class is not supported",
    );
    bad.set_store(Respond::Status(0));
    browser.click(&format!("{A900} [data-verb=replay]"));
    assert_eq!(page.answer("Replay 3 items?", "no"), Some(3));
    assert_eq!(
        page.queue.count("bad", "Failure"),
        6,
        "nothing is done by asking"
    );
    browser.click(&format!("{A900} [data-verb=replay]"));
    page.answer("Replay 3 items?", "yes");
    page.said("Replayed: 3 items");
    page.queue.wait_for("bad", "Success", 3);
    browser.wait_gone(A900);
    assert_eq!(page.queue.count("bad", "Failure"), 3);
    assert_eq!(page.queue.count("worse", "Failure"), 6);
    page.is_clean();
}

#[test]
fn purging_asks_twice() {
    let (_bad, _worse, page) = scene();
    page.show("#/errors");
    let browser = &page.browser;
    let purge = format!("{A900} [data-verb=purge]");
    browser.click(&purge);
    browser.wait_text("dialog", "Rejected A900 of bad.");
    page.answer("Purge 3 items?", "yes");
    browser.wait_text("dialog", "Really purge 3 items?");
    browser.wait_text("dialog", "Rejected A900 of bad.");
    page.answer("Really purge 3 items?", "no");
    assert_eq!(
        page.queue.count("bad", "Failure"),
        6,
        "one yes is not enough"
    );
    browser.click(&purge);
    page.answer("Purge 3 items?", "yes");
    page.answer("Really purge 3 items?", "yes");
    page.said("Purged: 3 items");
    assert_eq!(page.queue.count("bad", "Failure"), 3);
    page.is_clean();
}

/// The answer to a slow count must not meet the question of another button.
#[test]
fn one_question_at_a_time() {
    let (_bad, _worse, page) = scene();
    page.show("#/errors");
    let browser = &page.browser;
    browser.eval(
        "const real = fetch;
         window.fetch = async (path, options) => {
             if (String(path).endsWith('/errors/replay')) await new Promise((go) => { window.go = go; });
             return real(path, options);
         };
         return 0",
    );
    browser.click("[data-destination=worse] [data-verb=replay]");
    browser.until(
        || browser.eval("return Boolean(window.go)") == true,
        "a count",
    );
    let purge = format!("{A900} [data-verb=purge]");
    browser.click(&purge);
    page.said("One thing at a time");
    assert_eq!(browser.count("dialog[open]"), 0);
    browser.eval("window.go(); return 0");
    browser.wait_text("dialog", "Rejected 0122 of worse.");
    page.answer("Replay 6 items?", "no");
    browser.wait_gone("dialog[open]");
    browser.click(&purge);
    page.answer("Purge 3 items?", "no");
    assert_eq!(page.queue.count("worse", "Failure"), 6);
    assert_eq!(page.queue.count("bad", "Failure"), 6);
    page.is_clean();
}

/// While a person is asked, more of the same kind fails: it was not counted, and stays.
#[test]
fn what_fails_meanwhile_is_not_purged() {
    let (_bad, worse, page) = scene();
    page.show("#/errors");
    let browser = &page.browser;
    browser.click("[data-destination=worse] [data-verb=purge]");
    page.answer("Purge 6 items?", "yes");
    browser.wait_text("dialog h2", "Really purge 6 items?");
    page.store(&Study::new(1, 2).seed(9));
    page.queue.wait_for("worse", "Failure", 8);
    page.answer("Really purge 6 items?", "yes");
    page.said("Purged: 6 items");
    assert_eq!(page.queue.count("worse", "Failure"), 2);
    drop(worse);
    page.is_clean();
}

#[test]
fn chosen_items_of_a_group_are_redirected() {
    let (_bad, worse, page) = scene();
    worse.set_store(Respond::Status(0));
    page.show("#/errors");
    let browser = &page.browser;
    browser.click(&format!("{A900} a.button"));
    browser.click("[data-by=item]");
    browser.wait_for("[data-item]");
    assert!(browser.url().contains("status=A900"), "{}", browser.url());
    assert_eq!(browser.count("[data-item]"), 3);
    browser.click("tbody tr:nth-of-type(1) input");
    browser.click("tbody tr:nth-of-type(3) input");
    // What is ticked stays ticked over refreshes.
    let refreshes = browser.requests().len();
    browser.until(|| browser.requests().len() > refreshes + 4, "two refreshes");
    assert_eq!(
        browser.eval("return document.querySelectorAll('tbody input:checked').length"),
        2
    );
    browser.click("[data-key=ticked] [data-verb=redirect]");
    browser.wait_for("dialog select");
    browser.choose("dialog select", "worse");
    assert_eq!(page.answer("Redirect 2 items?", "yes"), Some(2));
    page.said("Redirected: 2 items");
    page.queue.wait_for("worse", "Success", 2);
    browser.until(|| browser.count("[data-item]") == 1, "one is left");
    page.is_clean();
}

#[test]
fn everything_is_replayed_after_the_mistake_was_mended() {
    let (bad, worse, page) = scene();
    bad.set_store(Respond::Status(0));
    worse.set_store(Respond::Status(0));
    page.show("#/errors");
    page.browser.click("[data-key=all] [data-verb=replay]");
    assert_eq!(page.answer("Replay 12 items?", "yes"), Some(12));
    page.browser.wait_text("main", "The error queue is empty.");
    page.queue.wait_for_rest(12);
    page.browser.wait_for("#failures[hidden]");
    page.is_clean();
}

#[test]
fn all_of_a_page_are_chosen_at_once_and_purged() {
    let (_bad, _worse, page) = scene();
    page.show("#/errors?destination=bad&class=Rejected&by=item");
    let browser = &page.browser;
    assert_eq!(browser.count("[data-key=ticked]"), 0, "nothing is chosen");
    browser.click("[data-action=tick-all]");
    page.said("6 chosen");
    browser.click("tbody tr:nth-of-type(1) input");
    browser.click("[data-key=ticked] [data-verb=purge]");
    assert_eq!(page.answer("Purge 5 items?", "yes"), Some(5));
    page.answer("Really purge 5 items?", "yes");
    page.said("Purged: 5 items");
    browser.until(|| browser.count("[data-item]") == 1, "one is left");
    assert_eq!(page.queue.count("bad", "Failure"), 1);
    assert_eq!(page.queue.count("worse", "Failure"), 6);
    page.is_clean();
}

/// Somebody else was faster than the next refresh.
#[test]
fn what_is_no_longer_so_is_told() {
    let (_bad, _worse, page) = scene();
    page.show("#/errors");
    let status = page.browser.eval(&format!(
        "const other = new XMLHttpRequest();
         other.open('POST', '/sendqueue/errors/purge', false);
         other.setRequestHeader('Content-Type', 'application/json');
         other.send('{{\"All\": true}}');
         document.querySelector(\"{A900} [data-verb=replay]\").click();
         return other.status"
    ));
    assert_eq!(status, 200);
    page.said("There is nothing left that fits");
    page.browser.wait_text("main", "The error queue is empty.");
    page.is_clean();
}

#[test]
fn a_link_to_the_view_is_copied() {
    let (_bad, _worse, page) = scene();
    page.show("#/items?state=Failure&destination=bad");
    let browser = &page.browser;
    browser.grant(&["clipboardReadWrite", "clipboardSanitizedWrite"]);
    browser.click("[data-action=copy]");
    page.said("The link is copied");
    let copied = browser.eval("return navigator.clipboard.readText()");
    assert_eq!(copied, browser.url());
    page.is_clean();
}

/// A status in a URL that a person wrote: as the standard writes it, or in decimal; what is none widens nothing.
#[test]
fn a_status_in_the_url_is_read_as_people_write_it() {
    let (_bad, _worse, page) = scene();
    let browser = &page.browser;
    for status in ["A900", "0xa900", "43264"] {
        page.show(&format!("#/errors?class=Rejected&status={status}&by=item"));
        browser.wait_text("h1", "Rejected A900");
        assert_eq!(browser.count("[data-item]"), 3);
        browser.click("[data-key=group] [data-verb=replay]");
        assert_eq!(page.answer("Replay 3 items?", "no"), Some(3));
    }
    page.show("#/errors?class=Rejected&status=A9");
    browser.wait_text("main", "status");
    assert_eq!(browser.count("[data-verb=replay]"), 0);
}
