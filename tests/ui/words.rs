//! Words that were wrong once: each says what is true.

use sendqueue_testkit::{Respond, Study};
use serde_json::json;

use crate::{Page, refusing, scp};

/// Empty is what is shown, not the whole queue.
#[test]
fn an_empty_filter_is_no_empty_queue() {
    let (one, bad) = (scp("ONE"), refusing("BAD", 0xA900));
    let page = Page::with(&[&one, &bad]);
    page.store(&Study::new(1, 2));
    page.queue.wait_for("bad", "Failure", 2);
    page.show("#/errors?destination=one");
    let browser = &page.browser;
    browser.wait_text("[data-key=empty]", "Nothing of one has failed.");
    browser.wait_text("[data-key=empty]", "2 items of other destinations");
    assert!(!browser.text("main").contains("The error queue is empty"));
    browser.click("[data-key=empty] a");
    browser.wait_for(".kind");
    // Meaning and advice are sentences of their own.
    page.show("#/errors?destination=bad&class=Rejected");
    browser.wait_text("main", "or contradictory. ");
    page.is_clean();
}

/// Neither "sent now" nor "goes on by itself": a person has to resume it.
#[test]
fn what_is_paused_waits_for_a_person() {
    let gone = scp("GONE");
    let page = Page::with(&[&gone]);
    gone.stop();
    page.store(&Study::new(1, 1));
    page.queue.wait_until(
        || page.queue.ask("/destinations/gone")["State"] == "Unreachable",
        sendqueue_testkit::queue::SOON,
        "gone is unreachable",
    );
    page.queue.tell("/destinations/gone/pause", &json!({}));
    page.show("#/destinations/gone");
    let browser = &page.browser;
    browser.wait_text(".line [data-figure=state]", "Paused since ");
    browser.wait_text(".detail", "Nothing is sent until it is resumed.");
    assert!(!browser.text(".detail").contains("by itself"));
    let id = page.queue.items("")[0]["ID"].clone();
    page.show(&format!("#/items/{id}"));
    browser.wait_text("[data-key=holds]", "gone is paused since ");
    browser.click("[data-verb=send-now]");
    page.said("gone is paused: it goes when a person resumes");
    page.is_clean();
}

#[test]
fn a_retry_says_which_one_of_how_many_and_when() {
    let busy = scp("BUSY");
    busy.set_store(Respond::Status(0xA700));
    let config = sendqueue_testkit::queue::config_for(&[&busy]).set(
        "/SendQueue/Defaults/Retry",
        json!({ "Delay": 600, "MaxAttempts": 7 }),
    );
    let page = Page::new(config);
    page.store(&Study::new(1, 1));
    page.queue.wait_for("busy", "Retry", 1);
    let id = page.queue.items("")[0]["ID"].clone();
    page.show(&format!("#/items/{id}"));
    let browser = &page.browser;
    browser.wait_text("[data-key=attempts]", "Attempt 1 of 7, next at ");
    assert!(!browser.text("main").contains("MaxAttempts"));
    browser.wait_text(".problem", "It is tried again by itself");
    page.show("#/items");
    browser.wait_text("[data-item]", "(attempt 1 of 7, next at ");
    page.show(&format!("#/items/{id}"));
    // Not while it is paused.
    page.queue.tell("/destinations/busy/pause", &json!({}));
    browser.wait_text(
        ".problem",
        "Once busy is resumed: It is tried again by itself",
    );
    page.queue.tell("/destinations/busy/resume", &json!({}));
    page.show("#/");
    browser.wait_text(".line [data-figure=state]", "Next try ");
    page.is_clean();
}

/// A full page without another one behind it has no link to it; nothing is redirected to where it goes anyway.
#[test]
fn no_link_leads_to_nothing() {
    let one = scp("ONE");
    let page = Page::with(&[&one]);
    page.store(&Study::new(1, 100));
    page.queue.wait_for("one", "Success", 100);
    page.show("#/items");
    let browser = &page.browser;
    assert_eq!(browser.count("[data-item]"), 100);
    assert_eq!(browser.count("[data-page]"), 0);
    page.queue.tell("/destinations/one/pause", &json!({}));
    page.store(&Study::new(1, 1).seed(4));
    page.queue.wait_for("one", "Pending", 1);
    let id = page.queue.items("state=Pending")[0]["ID"].clone();
    page.show(&format!("#/items/{id}"));
    browser.click("[data-verb=redirect]");
    browser.wait_for("dialog[open]");
    assert_eq!(browser.count("dialog option[value=one]"), 0);
    page.is_clean();
}
