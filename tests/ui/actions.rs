//! What a person does to destinations and items, by keyboard and mouse.

use sendqueue_testkit::browser::key;
use sendqueue_testkit::{Respond, Study};

use crate::{Page, refusing, scp};

#[test]
fn a_destination_is_paused_resumed_and_asked_for_an_echo() {
    let one = scp("ONE");
    let page = Page::with(&[&one]);
    page.show("#/destinations/one");
    let browser = &page.browser;
    browser.click("[data-verb=pause]");
    page.said("one is paused");
    browser.wait_for(".line[data-state=Paused]");
    assert_eq!(page.queue.ask("/destinations/one")["State"], "Paused");
    page.store(&Study::new(1, 2));
    page.queue.wait_for("one", "Pending", 2);
    browser.click("[data-verb=resume]");
    page.said("one is resumed");
    page.queue.wait_for("one", "Success", 2);
    browser.click("[data-verb=echo]");
    browser.wait_text(".echo", "answered C-ECHO in");
    one.stop();
    browser.click("[data-verb=echo]");
    browser.wait_text(".echo.error", "C-ECHO failed");
    page.is_clean();
}

#[test]
fn send_now_ends_the_waiting_of_a_destination() {
    let one = scp("ONE");
    let config =
        sendqueue_testkit::queue::config_for(&[&one]).set("/SendQueue/Defaults/QuietSeconds", 3600);
    let page = Page::new(config);
    let study = page.store(&Study::new(1, 2));
    page.queue.wait_for("one", "Scheduled", 2);
    // Until when it waits is said on the study's page and in the destination's line.
    let until = "2 waiting for their time, the first ";
    page.show(&format!("#/studies/{study}"));
    page.browser.wait_text("[data-count=Scheduled]", until);
    page.show("#/destinations/one");
    page.browser.wait_text(".detail .facts", until);
    page.browser.click("[data-verb=send-now]");
    assert_eq!(page.answer("Send 2 items to one now?", "no"), Some(2));
    assert_eq!(page.queue.count("one", "Scheduled"), 2);
    page.browser.click("[data-verb=send-now]");
    page.answer("Send 2 items to one now?", "yes");
    page.said("one sends now");
    page.queue.wait_for("one", "Success", 2);
    page.is_clean();
}

/// "Send now" would send nothing of what failed: its replay is beside it. What waits, failed and was sent is told as of
/// the same moment.
#[test]
fn failures_are_replayed_where_their_destination_is_looked_at() {
    let bad = refusing("BAD", 0xA900);
    let page = Page::with(&[&bad]);
    page.store(&Study::new(1, 3));
    page.queue.wait_for("bad", "Failure", 3);
    page.show("#/destinations/bad");
    let browser = &page.browser;
    let send_now = ".detail [data-verb=send-now]";
    browser.wait_for(&format!("{send_now}[disabled][title='nothing waits']"));
    // The page may be a moment behind.
    browser.eval(&format!(
        "const one = document.querySelector('{send_now}'); one.disabled = false; one.click(); return 0"
    ));
    page.said("Nothing waits for bad: nothing is sent. 3 items failed: replay them.");
    bad.set_store(Respond::Status(0));
    browser.click(".detail [data-verb=replay]");
    browser.wait_text("dialog", "All failures of bad.");
    assert_eq!(page.answer("Replay 3 items?", "yes"), Some(3));
    page.said("Replayed: 3 items");
    let figures = || {
        browser.eval(
            "return ['state', 'waiting', 'failed', 'sent'].map((name) =>
               document.querySelector(`.line[data-destination=bad] [data-figure=${name}]`).innerText.trim())",
        )
    };
    let expected = serde_json::json!(["Idle", "0", "0", "3"]);
    browser.until(|| figures() == expected, "they are sent, and not lost");
    page.is_clean();
}

/// For longer than a refresh may take: the destination is silent, not Orthanc.
#[test]
fn an_echo_that_takes_its_time_is_waited_for() {
    let one = scp("ONE");
    one.set_echo(Respond::Hang);
    let config =
        sendqueue_testkit::queue::config_for(&[&one]).set("/SendQueue/Defaults/Timeout", 17);
    let page = Page::new(config);
    page.show("#/destinations/one");
    page.browser.click("[data-verb=echo]");
    page.browser.wait_text(".echo.error", "C-ECHO failed");
    page.is_clean();
}

#[test]
fn the_keyboard_reaches_every_action() {
    let one = scp("ONE");
    let page = Page::with(&[&one]);
    page.show("#/destinations/one");
    let browser = &page.browser;
    // From the top of the page by Tab alone, to the button, which is seen to have the focus.
    let label = "return document.activeElement.getAttribute('aria-label') || ''";
    browser.eval("document.body.focus(); return 0");
    let mut seen = Vec::new();
    for _ in 0..40 {
        browser.press(key::TAB);
        seen.push(browser.eval(label).as_str().unwrap_or_default().to_owned());
        if seen.last().is_some_and(|label| label == "Pause one") {
            break;
        }
    }
    assert_eq!(
        seen.last().map(String::as_str),
        Some("Pause one"),
        "{seen:?}"
    );
    let outline = "return getComputedStyle(document.activeElement).outlineStyle";
    assert_eq!(browser.eval(outline), "solid");
    browser.press(key::ENTER);
    page.said("one is paused");
    browser.wait_for("[data-verb=resume]");
    // It is still there for the next key.
    assert_eq!(browser.eval(label), "Resume one");
    browser.press(key::SPACE);
    page.said("one is resumed");
    page.is_clean();
}

#[test]
fn an_item_is_replayed_cancelled_redirected_and_removed() {
    let (one, other) = (refusing("ONE", 0xC000), scp("OTHER"));
    let config = sendqueue_testkit::queue::config(&["one"])
        .modality("one", "ONE", one.port())
        .modality("other", "OTHER", other.port());
    let page = Page::new(config);
    page.store(&Study::new(1, 2));
    page.queue.wait_for("one", "Failure", 2);
    let items = page.queue.items("destination=one");
    let id = |at: usize| items[at]["ID"].as_i64().expect("an ID");
    let browser = &page.browser;

    page.show(&format!("#/items/{}", id(0)));
    browser.wait_text(".problem", "cannot understand");
    assert_eq!(browser.count("[data-attempt]"), 1);
    browser.wait_text("[data-attempt]", "Rejected C000");
    one.set_store(Respond::Status(0));
    browser.click("[data-verb=replay]");
    page.said("is sent anew");
    browser.wait_for("main .state[data-state=Success]");
    assert_eq!(page.queue.item(id(0))["State"], "Success");
    browser.wait_for("[data-attempt='2']");

    page.show(&format!("#/items/{}", id(1)));
    browser.click("[data-verb=redirect]");
    browser.wait_for("dialog select");
    browser.choose("dialog select", "other");
    page.answer("Redirect item", "yes");
    page.said("is redirected");
    page.queue.wait_for("other", "Success", 1);

    page.queue
        .tell("/destinations/one/pause", &serde_json::json!({}));
    page.store(&Study::new(1, 1).seed(7));
    page.queue.wait_for("one", "Pending", 1);
    let waiting = page.queue.items("state=Pending")[0]["ID"]
        .as_i64()
        .expect("an ID");
    page.show(&format!("#/items/{waiting}"));
    browser.click("[data-verb=cancel]");
    page.said("is cancelled");
    browser.wait_for("main .state[data-state=Cancelled]");
    browser.click("[data-verb=remove]");
    page.answer("Remove item", "no");
    assert_eq!(page.queue.item(waiting)["State"], "Cancelled");
    browser.click("[data-verb=remove]");
    page.answer("Remove item", "yes");
    page.said("is removed");
    assert_eq!(
        page.queue
            .get(&format!("/sendqueue/items/{waiting}"))
            .status,
        404
    );
    browser.wait_for("main[data-view=items]");
}
