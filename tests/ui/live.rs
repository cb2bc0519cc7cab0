//! Views change while one looks at them, and what a person does in them stays.

use std::time::Duration;

use sendqueue_testkit::{Respond, Study, queue};

use crate::{Page, refusing, scp};

#[test]
fn new_items_come_in_without_moving_what_one_looks_at() {
    let one = scp("ONE");
    let page = Page::with(&[&one]);
    page.store(&Study::new(1, 60));
    page.queue.wait_for("one", "Success", 60);
    let looked_at = page.queue.items("")[30]["ID"].clone();
    page.browser.set_size(900, 500);
    page.show("#/items");
    let browser = &page.browser;
    let row = format!("document.querySelector('[data-item=\"{looked_at}\"]')");
    browser.eval(&format!(
        "window.marked = true; {row}.scrollIntoView({{ block: 'center' }}); {row}.querySelector('a').focus({{ preventScroll: true }}); return 0"
    ));
    let place = || {
        let top = browser.eval(&format!("return {row}.getBoundingClientRect().top"));
        top.as_f64().expect("a place")
    };
    let before = place();
    page.store(&Study::new(1, 5));
    browser.until(|| browser.count("[data-item]") == 65, "the new ones");
    assert!(
        (place() - before).abs() < 3.0,
        "from {before} to {}",
        place()
    );
    let focused = browser.eval("return document.activeElement.closest('tr').dataset.item");
    assert_eq!(focused, looked_at.to_string());
    assert_eq!(browser.eval("return window.marked"), true, "loaded again");
    page.is_clean();
}

#[test]
fn an_item_is_followed_to_its_end() {
    let busy = scp("BUSY");
    busy.set_store(Respond::Status(0xA700));
    let config = queue::config_for(&[&busy]).set("/SendQueue/Defaults/Retry/Delay", 600);
    let page = Page::new(config);
    page.store(&Study::new(1, 1));
    page.queue.wait_for("busy", "Retry", 1);
    let id = page.queue.items("")[0]["ID"].clone();
    page.show(&format!("#/items/{id}"));
    let browser = &page.browser;
    browser.wait_for("main .state[data-state=Retry]");
    browser.wait_text(".problem", "A700");
    assert_eq!(browser.count("[data-attempt]"), 1);
    // Sent now by somebody else's click, and refused again.
    page.queue
        .tell(&format!("/items/{id}/send-now"), &serde_json::json!({}));
    browser.wait_for("[data-attempt='2']");
    // By a click here, and taken.
    busy.set_store(Respond::Status(0));
    browser.click("[data-verb=send-now]");
    page.said("is sent now");
    browser.wait_for("main .state[data-state=Success]");
    browser.wait_for("[data-attempt='3']");
    assert_eq!(browser.count("[data-verb=send-now]"), 0);
    page.is_clean();
}

#[test]
fn groups_of_the_error_queue_grow_and_go_and_a_question_stays() {
    let bad = refusing("BAD", 0xA900);
    let page = Page::with(&[&bad]);
    page.show("#/errors");
    let browser = &page.browser;
    browser.wait_text("main", "The error queue is empty.");
    page.store(&Study::new(1, 2));
    browser.wait_text(".kind[data-status='A900'] .badge", "2");
    browser.wait_text("#failures", "2");
    browser.click(".kind [data-verb=replay]");
    browser.wait_text("dialog h2", "Replay 2 items?");
    page.store(&Study::new(1, 3));
    browser.wait_text(".kind[data-status='A900'] .badge", "5");
    assert_eq!(browser.text("dialog[open] h2"), "Replay 2 items?");
    page.answer("Replay 2 items?", "no");
    bad.set_store(Respond::Status(0));
    page.queue
        .tell("/errors/replay", &serde_json::json!({ "All": true }));
    browser.wait_text("main", "The error queue is empty.");
    browser.wait_for("#failures[hidden]");
    page.is_clean();
}

#[test]
fn a_study_fills_up_and_the_ticks_stay() {
    let slow = scp("SLOW");
    let page = Page::with(&[&slow]);
    page.queue
        .tell("/destinations/slow/pause", &serde_json::json!({}));
    let study = page.store(&Study::new(1, 4));
    page.queue.wait_for("slow", "Pending", 4);
    page.show(&format!("#/studies/{study}"));
    let browser = &page.browser;
    browser.wait_text("tr[data-destination=slow]", "0 of 4");
    browser.click("input[value=slow]");
    page.queue
        .tell("/destinations/slow/resume", &serde_json::json!({}));
    browser.wait_text("tr[data-destination=slow]", "4 of 4");
    assert_eq!(browser.count("[data-item]"), 0);
    browser.click(".instances summary");
    browser.wait_for("[data-item][data-state=Success]");
    assert_eq!(
        browser.eval("return document.querySelector('input[value=slow]').checked"),
        true
    );
    page.is_clean();
}

#[test]
fn what_is_being_sent_is_seen_while_it_is() {
    let slow = scp("SLOW");
    slow.set_store(Respond::Delay(Duration::from_secs(3600), 0));
    let page = Page::new(queue::config_for(&[&slow]).set("DicomScuTimeout", 600));
    page.show("");
    page.store(&Study::new(1, 1));
    page.browser
        .wait_text(".line[data-destination=slow] .state", "Sending");
    page.show("#/items?state=Running");
    page.browser.wait_for("[data-item][data-state=Running]");
    // It cannot be removed now, and is not offered for it.
    page.browser.click("[data-item] a");
    page.browser.wait_for("main .state[data-state=Running]");
    assert_eq!(page.browser.count("[data-verb=remove]"), 0);
    slow.stop();
    page.is_clean();
}

/// A tab among twenty others: its title goes on telling how it is.
#[test]
fn the_title_is_true_while_nobody_looks_at_the_page() {
    let bad = refusing("BAD", 0xA900);
    let page = Page::with(&[&bad]);
    page.show("");
    let browser = &page.browser;
    // As a browser says it of a tab behind others; a minute is shorter here.
    browser.eval(
        "Object.defineProperty(document, 'hidden', { value: true });
         const real = window.setTimeout.bind(window);
         window.setTimeout = (then, wait) => real(then, wait === 60000 ? 50 : wait);
         document.dispatchEvent(new Event('visibilitychange'));
         return 0",
    );
    let before = browser.requests().len();
    browser.until(|| browser.requests().len() > before, "the last refresh");
    page.store(&Study::new(1, 2));
    page.queue.wait_for("bad", "Failure", 2);
    let title = || browser.eval("return document.title");
    browser.until(
        || {
            title()
                .as_str()
                .is_some_and(|title| title.starts_with("(2) "))
        },
        "the title tells it",
    );
    page.is_clean();
}

/// Each refresh asks for what it shows and no more; what changes slowly, and what is folded, only now and then. Nothing
/// but the title is kept true while nobody looks.
#[test]
fn a_refresh_asks_for_little() {
    let slow = scp("SLOW");
    let config = queue::config_for(&[&slow]).set("/SendQueue/Defaults/QuietSeconds", 3600);
    let page = Page::new(config);
    page.store(&Study::new(1, 2));
    page.queue.wait_for("slow", "Scheduled", 2);
    let browser = &page.browser;
    let asked = |part: &str| {
        let requests = browser.requests();
        requests.iter().filter(|url| url.ends_with(part)).count()
    };
    let refreshes = |number: usize| {
        let before = asked("/sendqueue/destinations");
        browser.until(
            || asked("/sendqueue/destinations") >= before + number,
            "refreshes",
        );
    };
    page.show("");
    // While the clock stands still, nothing is asked for because it is old. What was old before is asked for with the
    // first refresh; another one may have begun already.
    browser.eval("const now = Date.now(); Date.now = () => now; return 0");
    refreshes(3);
    let before = browser.requests().len();
    refreshes(4);
    let seen = browser.requests().split_off(before);
    let number = |part: &str| seen.iter().filter(|url| url.ends_with(part)).count();
    let (destinations, verdicts) = (number("/sendqueue/destinations"), number("/verdict"));
    assert_eq!(destinations + verdicts, seen.len(), "{seen:?}");
    assert!(destinations.abs_diff(verdicts) <= 1, "{seen:?}");
    assert_eq!(asked("/sources"), 0, "they are folded");
    browser.click("details.sources summary");
    browser.until(|| asked("/sources") > 0, "they are opened");
    page.show("#/items");
    browser.eval(
        "Object.defineProperty(document, 'hidden', { value: true });
         const real = window.setTimeout.bind(window);
         window.setTimeout = (then, wait) => real(then, wait === 60000 ? 50 : wait);
         document.dispatchEvent(new Event('visibilitychange'));
         return 0",
    );
    refreshes(2);
    let before = browser.requests().len();
    refreshes(3);
    let seen = &browser.requests()[before..];
    assert!(
        seen.iter()
            .all(|url| url.ends_with("/sendqueue/destinations") || url.ends_with("/sendqueue")),
        "{seen:?}"
    );
    page.is_clean();
}
