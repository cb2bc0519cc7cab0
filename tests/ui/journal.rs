//! What happened last night.

use sendqueue_testkit::Study;
use serde_json::json;

use crate::{Page, refusing};

#[test]
fn outages_failures_and_what_people_did_are_told_in_their_order() {
    let bad = refusing("BAD", 0xA900);
    let config = sendqueue_testkit::queue::config_for(&[&bad])
        .modality("gone", "GONE", 1)
        .set("/SendQueue/Rules", json!([{ "To": ["bad", "gone"] }]));
    let page = Page::new(config);
    page.store(&Study::new(1, 3));
    page.queue.wait_for("bad", "Failure", 3);
    page.show("#/destinations/bad");
    let browser = &page.browser;
    browser.click(".detail [data-verb=pause]");
    page.said("bad is paused");
    browser.click(".detail [data-verb=resume]");
    page.said("bad is resumed");
    page.show("#/errors");
    browser.click(".kind [data-verb=purge]");
    page.answer("Purge 3 items?", "yes");
    page.answer("Really purge 3 items?", "yes");
    page.said("Purged: 3 items");
    browser.click("a[data-nav=journal]");
    browser.wait_text("[data-event=Started]", "The queue was started");
    browser.wait_text(
        "[data-event=OutageBegan]",
        "gone could not be reached any more",
    );
    browser.wait_text("[data-event=Paused]", "bad was paused");
    browser.wait_text("[data-event=Resumed]", "bad was resumed");
    browser.wait_text("[data-event=Purged]", "3 items of bad were purged");
    let order = browser.eval(
        "const all = [...document.querySelectorAll('[data-event]')].map(entry => entry.dataset.event);
         return ['Started', 'Paused', 'Resumed', 'Purged'].map(event => all.indexOf(event))",
    );
    let order: Vec<i64> = serde_json::from_value(order).expect("numbers");
    assert!(order.is_sorted(), "{order:?}");
    assert_eq!(browser.axe(), Vec::<String>::new());
    // Of one destination; the URL has it.
    browser.choose("select[name=destination]", "gone");
    browser.wait_gone("[data-event=Paused]");
    browser.wait_for("[data-event=OutageBegan]");
    assert!(browser.url().contains("destination=gone"));
    browser.choose("select[name=range]", "week");
    browser.until(|| browser.url().contains("range=week"), "a week");
    browser.wait_for("[data-event=OutageBegan]");
    browser.set_size(360, 740);
    let wide = browser.eval("return document.documentElement.scrollWidth");
    assert!(wide.as_u64().is_some_and(|wide| wide <= 360), "{wide}");
    page.is_clean();
}
