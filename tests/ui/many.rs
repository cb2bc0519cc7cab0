//! What waits, steered together; what was replayed, followed.

use sendqueue_testkit::{Respond, Study};
use serde_json::json;

use crate::{Page, refusing, scp};

/// The PACS is replaced: it is paused, and what waits goes elsewhere.
#[test]
fn what_waits_for_a_destination_is_redirected() {
    let (old, new) = (scp("OLD"), scp("NEW"));
    let config = sendqueue_testkit::queue::config(&["old"])
        .modality("old", "OLD", old.port())
        .modality("new", "NEW", new.port());
    let page = Page::new(config);
    page.show("#/destinations/old");
    let browser = &page.browser;
    browser.click("[data-verb=pause]");
    page.said("old is paused");
    let study = page.store(&Study::new(1, 4));
    page.queue.wait_for("old", "Pending", 4);
    browser.click(".detail [data-verb=redirect]");
    browser.wait_for("dialog select");
    assert_eq!(browser.count("dialog option[value=old]"), 0);
    // Nothing is chosen before, and nothing is done without a choice; how each is stands beside it.
    let chosen = "return document.querySelector('dialog select').value";
    assert_eq!(browser.eval(chosen), "");
    browser.wait_text(
        "dialog option[value=new]",
        "new: the queue has sent nothing there",
    );
    browser.click("dialog button[value=yes]");
    assert_eq!(browser.count("dialog[open]"), 1);
    assert_eq!(page.answer("Redirect 4 items?", "no"), Some(4));
    assert_eq!(page.queue.count("old", "Pending"), 4, "asked, not done");
    browser.click(".detail [data-verb=redirect]");
    browser.wait_for("dialog select");
    browser.choose("dialog select", "new");
    page.answer("Redirect 4 items?", "yes");
    page.said("Redirected: 4 items");
    browser.eval("location.hash = '#/errors'; return 0");
    browser.wait_text("[data-followed]", "4 items of old to new");
    page.queue.wait_for("new", "Success", 4);
    // The same images once more: eight items, and still four images.
    page.queue.tell(
        "/items",
        &json!({ "Resources": [study], "Destinations": ["old"] }),
    );
    page.queue.wait_for("old", "Pending", 4);
    page.queue.tell(
        "/items/redirect",
        &json!({ "Destination": "old", "To": "new" }),
    );
    page.queue.wait_for("new", "Success", 8);
    page.show(&format!("#/studies/{study}"));
    browser.wait_text("tr[data-destination=new]", "4 of 4");
    page.is_clean();
}

#[test]
fn chosen_and_filtered_items_are_cancelled_and_raised() {
    let (one, two) = (scp("ONE"), scp("TWO"));
    let page = Page::with(&[&one, &two]);
    for name in ["one", "two"] {
        page.queue
            .tell(&format!("/destinations/{name}/pause"), &json!({}));
    }
    let images = Study::new(1, 3).patient_name("Schmidt^Gertrud");
    let study = page.store(&images.study_description("CT Schaedel"));
    page.queue.wait_for("one", "Pending", 3);
    page.queue.wait_for("two", "Pending", 3);
    let browser = &page.browser;
    // Of everything that waits everywhere, nothing is offered.
    page.show("#/items");
    browser.wait_text(
        "[data-key=choose]",
        "Choose a destination, a state or a study",
    );
    assert_eq!(browser.count("[data-key=all]"), 0);
    page.show("#/items?state=Pending");
    browser.wait_text(
        "[data-key=all]",
        "All 6 items that wait and fit, at all destinations:",
    );
    page.show("#/items?destination=one");
    browser.wait_text("[data-key=all]", "All 3 items that wait and fit:");
    browser.click("[data-key=all] [data-verb=priority]");
    browser.wait_for("dialog select");
    browser.choose("dialog select", "Stat");
    assert_eq!(
        page.answer("Change the priority of 3 items", "yes"),
        Some(3)
    );
    page.said("Changed: 3 items");
    assert!(
        page.queue
            .items("destination=one")
            .iter()
            .all(|item| item["Priority"] == "Stat")
    );
    assert!(
        page.queue
            .items("destination=two")
            .iter()
            .all(|item| item["Priority"] == "Medium")
    );
    browser.click("tbody tr:nth-of-type(1) input");
    browser.click("[data-key=ticked] [data-verb=cancel]");
    browser.wait_text(
        "dialog",
        "The chosen ones: Schmidt, Gertrud · CT Schaedel · accession number ACC1.",
    );
    assert_eq!(page.answer("Cancel 1 item?", "yes"), Some(1));
    page.said("Cancelled: 1 item");
    assert_eq!(page.queue.count("one", "Cancelled"), 1);
    // From the study, for one destination.
    page.show(&format!("#/studies/{study}"));
    browser.click("tr[data-destination=two] [data-verb=send-now]");
    browser.wait_text(
        "dialog",
        "of two of the study Schmidt, Gertrud · CT Schaedel · accession number ACC1.",
    );
    assert_eq!(page.answer("Send now 3 items?", "yes"), Some(3));
    page.said("two is paused: it goes when a person resumes");
    browser.wait_text("[data-followed='goes on']", "3 wait until two is resumed");
    // Not for ever: after an hour it is no longer asked about.
    browser.eval("window.real = Date.now; Date.now = () => window.real() + 3600001; return 0");
    browser.wait_text(
        "[data-followed=old]",
        "3 wait until two is resumed; no longer",
    );
    browser.eval("Date.now = window.real; return 0");
    page.queue.tell("/destinations/two/resume", &json!({}));
    browser.wait_text("[data-followed=done]", "3 delivered");
    assert_eq!(browser.axe(), Vec::<String>::new());
    // Removing asks twice.
    page.show("#/items?state=Pending");
    browser.click("[data-key=all] [data-verb=remove]");
    page.answer("Remove 2 items?", "yes");
    page.answer("Really remove 2 items?", "no");
    assert_eq!(page.queue.count("one", "Pending"), 2);
    page.is_clean();
}

#[test]
fn one_is_tried_first_and_the_rest_is_followed() {
    let bad = refusing("BAD", 0xA900);
    let page = Page::with(&[&bad]);
    let study = page.store(&Study::new(1, 3).patient_name("Schmidt^Gertrud"));
    page.queue.wait_for("bad", "Failure", 3);
    page.show("#/errors");
    let browser = &page.browser;
    browser.click("[data-action=try-one]");
    page.said("the others stay");
    browser.wait_text("[data-followed=failed]", "1 failed again");
    browser.click("[data-action=forget]");
    browser.wait_gone("[data-followed]");
    bad.set_store(Respond::Status(0));
    browser.click("[data-action=try-one]");
    browser.wait_text("[data-followed=done]", "1 delivered");
    browser.wait_text("[data-followed=done]", "Schmidt, Gertrud");
    // On another patient's page there is nothing of her.
    let other = page.store(&Study::new(1, 1).seed(3).patient_id("SQ-3"));
    page.queue.wait_for("bad", "Success", 2);
    for (one, lines) in [(&other, 0), (&study, 1)] {
        browser.eval(&format!("location.hash = '#/studies/{one}'; return 0"));
        browser.until(|| browser.text("main").contains(one.as_str()), "the study");
        assert_eq!(browser.count("[data-followed]"), lines);
    }
    browser.eval("location.hash = '#/errors'; return 0");
    assert_eq!(page.queue.count("bad", "Failure"), 2);
    browser.click(".kind [data-verb=replay]");
    page.answer("Replay 2 items?", "yes");
    browser.wait_text("[data-followed=done]", "2 delivered");
    assert_eq!(browser.axe(), Vec::<String>::new());
    page.is_clean();
}

/// "Send this study now", though it waits already.
#[test]
fn an_enqueue_with_a_higher_priority_raises_what_waits() {
    let one = scp("ONE");
    let page = Page::with(&[&one]);
    page.queue.tell("/destinations/one/pause", &json!({}));
    let study = page.store(&Study::new(1, 2));
    page.queue.wait_for("one", "Pending", 2);
    page.show(&format!("#/studies/{study}"));
    let browser = &page.browser;
    browser.click("input[value=one]");
    browser.choose("select[name=priority]", "Stat");
    browser.click("[data-action=enqueue]");
    assert_eq!(page.answer("Raise 2 items to Stat?", "yes"), Some(2));
    page.said("raised to Stat: 2 items");
    page.is_clean();
}

/// A colleague replays failures while the question stands: they wait too now, and were not asked about.
#[test]
fn no_more_is_done_than_was_asked_about() {
    let bad = refusing("BAD", 0xA900);
    let page = Page::with(&[&bad]);
    page.store(&Study::new(1, 2));
    page.queue.wait_for("bad", "Failure", 2);
    page.queue.tell("/destinations/bad/pause", &json!({}));
    page.store(&Study::new(1, 1).seed(2));
    page.queue.wait_for("bad", "Pending", 1);
    page.show("#/items?destination=bad&state=Scheduled,Pending,Retry");
    let browser = &page.browser;
    let cancel = "[data-key=all] [data-verb=cancel]";
    browser.click(cancel);
    browser.wait_text("dialog h2", "Cancel 1 item?");
    page.queue.tell("/errors/replay", &json!({ "All": true }));
    page.queue.wait_for("bad", "Pending", 3);
    page.answer("Cancel 1 item?", "yes");
    page.said("More fit now than the 1 item that you were asked about");
    assert_eq!(page.queue.count("bad", "Pending"), 3);
    browser.click(cancel);
    page.answer("Cancel 3 items?", "yes");
    page.said("Cancelled: 3 items");
    // The browser tells the refusal; nothing else.
    for error in page.browser.console_errors() {
        assert!(error.text.contains("409"), "{error:?}");
    }
}
