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
    // It never could be.
    browser.wait_text("[data-event=OutageBegan]", "gone could not be reached · ");
    // An hour's sum stands behind what happened in it, and leads nowhere where nothing is left.
    let failures = "[data-event=Failures][data-destination=bad]";
    browser.wait_text(
        failures,
        "3 items of bad failed within the hour; none of them is in the error queue any more",
    );
    assert_eq!(browser.count(&format!("{failures} a")), 0);
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

/// It is the sum of an hour, and not of its beginning.
#[test]
fn an_hours_failures_stand_behind_what_brought_them() {
    let bad = refusing("BAD", 0xA900);
    let page = Page::with(&[&bad]);
    page.store(&Study::new(1, 1));
    page.queue.wait_for("bad", "Failure", 1);
    page.show("#/journal");
    page.answer_by(
        "/journal",
        "() => Promise.resolve(new Response(JSON.stringify([
           { Time: '20261125T120000.000000', Event: 'Failures', Destination: 'bad', Count: 78 },
           { ID: 1, Time: '20261125T121000.000000', Event: 'OutageBegan', Destination: 'bad', Details: 'refused (os error 111)' },
           { ID: 2, Time: '20261125T130500.000000', Event: 'Resumed', Destination: 'bad' }])))",
    );
    let browser = &page.browser;
    let order =
        "return [...document.querySelectorAll('[data-event]')].map(entry => entry.dataset.event)";
    browser.until(
        || browser.eval(order) == json!(["OutageBegan", "Failures", "Resumed"]),
        "the order in which it was",
    );
    browser.wait_text(
        "[data-event=OutageBegan]",
        "bad could not be reached · refused",
    );
    assert!(!browser.text("main").contains("os error"));
    let whole = "return /^\\d\\d:\\d\\d–\\d\\d:\\d\\d$/.test(document.querySelector('[data-event=Failures] time').innerText)";
    assert_eq!(browser.eval(whole), true, "the time is that of an hour");
    // Whether what failed since is the same is not known: one of the 78 is there, or another.
    let link = "[data-event=Failures] a";
    browser.wait_text(link, "the error queue has 1 item of bad now");
    assert!(!browser.text(link).contains("78"));
    browser.click(link);
    browser.wait_text(".kind", "Refused");
    page.is_clean();
}
