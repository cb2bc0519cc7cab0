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
    browser.wait_text("[data-key=empty]", "Nothing of one is in the error queue.");
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
    browser.wait_text(
        ".line [data-figure=state]",
        "No room at the receiver, next try at ",
    );
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

/// Nothing was filtered, and nothing is drawn of nothing.
#[test]
fn an_empty_queue_is_no_filter_that_fits_nothing() {
    let one = scp("ONE");
    let page = Page::with(&[&one]);
    let browser = &page.browser;
    for (hash, words) in [
        ("#/studies", "Nothing is or was in the queue yet."),
        ("#/items", "Nothing is or was in the queue yet."),
        ("#/studies?state=Failure", "No study fits."),
        ("#/items?state=Failure", "No item fits."),
    ] {
        page.show(hash);
        browser.wait_text("[data-key=empty]", words);
    }
    page.show("#/");
    browser.wait_text(
        "[data-chart] [data-key=nothing]",
        "Nothing was sent, and nothing failed, in the last 24 hours.",
    );
    assert_eq!(browser.count("[data-chart] > .chart"), 0);
    page.is_clean();
}

/// Plain words first, the field's own behind them; what has only a UID has a name.
#[test]
fn a_kind_of_failure_is_named_in_plain_words() {
    let bad = refusing("BAD", 0xC000);
    let page = Page::with(&[&bad]);
    page.store(&Study::new(1, 1));
    page.queue.wait_for("bad", "Failure", 1);
    page.show("#/errors");
    let browser = &page.browser;
    browser.wait_text(".kind h3", "Refused Rejected C000");
    browser.eval(
        "window.kinds = [{ Destination: 'bad', Class: 'NotNegotiated', Status: null, Count: 1, Reasons: 1,
           Oldest: '20261126T120000.000000', Newest: '20261126T120000.000000', Meaning: 'not negotiated', Advice: '',
           Example: 'the receiver does not take SOP class 1.2.840.10008.5.1.4.1.1.4 in transfer syntax 1.2.840.10008.1.2.1' },
           { Destination: 'bad', Class: 'Unreachable', Status: null, Count: 1, Reasons: 1,
           Oldest: '20261126T120000.000000', Newest: '20261126T120000.000000', Meaning: 'unreachable', Advice: '',
           Example: 'cannot connect to 127.0.0.1:1: Connection refused (os error 111)' }];
         return 0",
    );
    page.answer_by(
        "/errors/summary",
        "() => Promise.resolve(new Response(JSON.stringify(window.kinds)))",
    );
    let kind = ".kind[data-class=NotNegotiated]";
    browser.wait_text(
        &format!("{kind} h3"),
        "Kind of object not taken NotNegotiated",
    );
    browser.wait_text(
        &format!("{kind} .own"),
        "SOP class MR (1.2.840.10008.5.1.4.1.1.4) in transfer syntax Explicit VR Little Endian (1.2.840.10008.1.2.1)",
    );
    let own = browser.text(".kind[data-class=Unreachable] .own");
    assert_eq!(own, "cannot connect to 127.0.0.1:1: Connection refused");
    let id = page.queue.items("")[0]["ID"].clone();
    page.show(&format!("#/items/{id}"));
    browser.wait_text("main .facts", "Failed");
    assert!(!browser.text("main").contains("At rest since"));
    page.is_clean();
}
