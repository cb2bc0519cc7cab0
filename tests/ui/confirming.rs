//! What a destination has not confirmed: told, listed, asked for again; nothing of it where nobody is asked.

use sendqueue_testkit::queue::{self, SOON};
use sendqueue_testkit::{Study, browser::key};
use serde_json::json;

use crate::{Page, scp};

/// Receivers that do not do storage commitment: one is asked for a second, one for a day.
#[test]
fn what_is_not_confirmed_is_told_listed_and_asked_for_again() {
    let (archive, slow, plain) = (scp("ARCHIVE"), scp("SLOW"), scp("PLAIN"));
    let by = |timeout: u32| json!({ "Confirm": { "By": "StorageCommitment", "Delay": 0, "Timeout": timeout } });
    let config = queue::config_for(&[&archive, &slow, &plain])
        .set("/SendQueue/Destinations/archive", by(1))
        .set("/SendQueue/Destinations/slow", by(86_400));
    let page = Page::new(config);
    let study = page.store(&Study::new(1, 3));
    let (queue, browser) = (&page.queue, &page.browser);
    queue.wait_for("plain", "Success", 3);
    let confirming = |name: &str| queue.ask(&format!("/destinations/{name}"))["Confirming"].clone();
    let is_over = || confirming("archive")["TimedOut"] == 3 && confirming("slow")["Waiting"] == 3;
    queue.wait_until(is_over, SOON, "nothing was confirmed");

    // The first line leads to the list, whose URL has the filter.
    page.show("#/");
    browser.wait_text(
        "[data-need=NotConfirmed]",
        "archive has not confirmed what it acknowledged",
    );
    browser.wait_text("[data-need=NotConfirmed] a", "3 not confirmed in time");
    assert_eq!(browser.axe(), Vec::<String>::new());
    browser.click("[data-need=NotConfirmed] a");
    browser.until(
        || browser.count("[data-item]") == 3,
        "what was not confirmed",
    );
    let url = browser.url();
    assert!(
        url.ends_with("#/items?destination=archive&confirmation=TimedOut"),
        "{url}"
    );
    assert_eq!(
        browser.eval("return document.querySelector('select[name=confirmation]').value"),
        "TimedOut"
    );
    assert_eq!(
        browser.count("[data-action=operate-items]"),
        0,
        "none of it waits to be sent"
    );
    assert_eq!(browser.axe(), Vec::<String>::new());
    browser.choose("select[name=confirmation]", "Confirmed");
    browser.wait_text("main", "No item fits.");
    page.show("#/items?confirmation=Waiting");
    assert_eq!(browser.count("[data-item]"), 3);
    browser.wait_text("[data-item]", "to be confirmed");
    // By study there is no such filter.
    browser.click("[data-by=study]");
    browser.until(|| browser.count("[data-study]") > 0, "all studies");
    assert!(!browser.url().contains("confirmation"), "{}", browser.url());

    page.show("#/items?confirmation=TimedOut");
    browser.click("[data-item] a");
    browser.wait_for("main[data-view=item]:not([aria-busy])");
    browser.wait_text("main", "Not confirmed in time by archive");
    browser.wait_text(
        "[data-key=problem]",
        "it was acknowledged, and not confirmed in time: ",
    );
    browser.click("[data-action=confirm]");
    page.said("archive is asked for 3 deliveries of the study");
    queue.wait_until(is_over, SOON, "again nothing was confirmed");

    page.show(&format!("#/studies/{study}"));
    let at = |name: &str| format!("[data-key=confirming] [data-destination={name}]");
    browser.wait_text(
        &at("archive"),
        "archive: some of it was not confirmed in time",
    );
    browser.wait_text(&at("slow"), "slow: some of it is to be confirmed");
    assert_eq!(browser.count(&at("plain")), 0);
    assert_eq!(
        browser.count("[data-action=confirm]"),
        1,
        "what waits is being asked for"
    );
    assert_eq!(browser.axe(), Vec::<String>::new());
    // By keys.
    browser.eval("document.querySelector('[data-action=confirm]').focus(); return 0");
    browser.press(key::ENTER);
    page.said("archive is asked for 3 deliveries of the study");
    queue.wait_until(is_over, SOON, "again nothing was confirmed");

    for (name, words) in [
        ("archive", "3 not confirmed in time"),
        ("slow", "3 to be confirmed"),
    ] {
        page.show(&format!("#/destinations/{name}"));
        browser.wait_text(
            &format!(".detail[data-destination={name}] [data-confirmation]"),
            words,
        );
    }
    page.show("#/destinations/plain");
    browser.wait_for(".detail[data-destination=plain]");
    assert_eq!(
        browser.count(".detail[data-destination=plain] [data-confirmation]"),
        0
    );
    // What is refused comes first.
    page.answer_by(
        "/destinations",
        "(real) => real().then((answer) => answer.json()).then((list) => new Response(JSON.stringify(list.map((one) =>
           one.Name === 'archive' ? { ...one, Confirming: { ...one.Confirming, Refused: 2 } } : one))))",
    );
    browser.wait_text(
        "[data-need=NotConfirmed] a:first-of-type",
        "2 not answered for",
    );
    assert_eq!(browser.count("[data-need=NotConfirmed] a"), 2);
    page.is_clean();
}
