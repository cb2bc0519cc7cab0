//! With the keyboard alone: everything is reached, seen to have the focus, and keeps it.

use sendqueue_testkit::browser::key;
use sendqueue_testkit::{Browser, Respond, Study};
use serde_json::{Value, json};

use crate::{Page, refusing, scp};

/// What the focus is on, in words.
fn focused(browser: &Browser) -> String {
    let script = "const one = document.activeElement; if (!one || one === document.body) return '';
        return one.getAttribute('aria-label') || one.name || one.innerText.trim().slice(0, 60) || one.id || one.nodeName";
    browser.eval(script).as_str().unwrap_or_default().to_owned()
}

/// Tab from the top until the focus is on what is called so.
#[track_caller]
fn tab_to(browser: &Browser, name: &str) {
    let mut seen = Vec::new();
    for _ in 0..200 {
        browser.press(key::TAB);
        let now = focused(browser);
        if now == name {
            return;
        }
        seen.push(now);
    }
    panic!("{name} is not reached: {seen:?}");
}

/// Everything that can be used: reached by Tab alone, with an outline, inside the window.
#[track_caller]
fn walk(page: &Page, hash: &str) {
    let browser = &page.browser;
    let step = "const one = document.activeElement;
        if (!one || one === document.body) return null;
        if (one.reached) return 'again';
        one.reached = true;
        const style = getComputedStyle(one);
        const box = one.getBoundingClientRect();
        const seen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
            && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
        return seen ? '' : one.outerHTML.slice(0, 200)";
    for _ in 0..300 {
        browser.press(key::TAB);
        match browser.eval(step) {
            Value::String(unseen) if unseen.is_empty() => {}
            Value::String(text) if text == "again" => break,
            Value::String(unseen) => panic!("{hash}: the focus is not seen on {unseen}"),
            // Behind the last one comes the window itself.
            _ => break,
        }
    }
    let missed = browser.eval(
        "const all = document.querySelectorAll('a[href], button, input, select, summary, [tabindex=\"0\"]');
         return [...all].filter(one => !one.disabled && one.type !== 'hidden' && one.checkVisibility() && !one.reached)
             .map(one => one.outerHTML.slice(0, 200))",
    );
    assert_eq!(missed, json!([]), "{hash}: not reached");
    let reached = browser.eval(
        "return [...document.querySelectorAll('main a, main button')].filter(one => one.reached).length",
    );
    assert!(
        reached.as_u64().is_some_and(|count| count > 0),
        "{hash}: nothing was there"
    );
}

#[test]
fn everything_in_each_view_is_reached() {
    let (one, bad) = (scp("ONE"), refusing("BAD", 0xA900));
    let page = Page::with(&[&one, &bad]);
    let study = page.store(&Study::new(1, 3));
    page.queue.wait_for("one", "Success", 3);
    page.queue.wait_for("bad", "Failure", 3);
    let failed = page.queue.items("state=Failure")[0]["ID"].clone();
    for hash in [
        "#/".to_owned(),
        "#/errors".to_owned(),
        "#/errors?destination=bad&class=Rejected".to_owned(),
        "#/studies".to_owned(),
        "#/items".to_owned(),
        "#/deliveries".to_owned(),
        format!("#/items/{failed}"),
        format!("#/studies/{study}"),
    ] {
        page.show(&hash);
        walk(&page, &hash);
    }
    page.is_clean();
}

#[test]
fn a_group_is_purged_by_keys_and_escape_changes_nothing() {
    let bad = refusing("BAD", 0xA900);
    let page = Page::with(&[&bad]);
    page.store(&Study::new(1, 3));
    page.queue.wait_for("bad", "Failure", 3);
    page.show("#/errors");
    let browser = &page.browser;
    let button = "Purge… Rejected A900 of bad";
    tab_to(browser, button);
    browser.press(key::ENTER);
    browser.wait_text("dialog[open] h2", "Purge 3 items?");
    let inside = "return document.querySelector('dialog').contains(document.activeElement)";
    assert_eq!(browser.eval(inside), true);
    browser.press(key::ESCAPE);
    browser.wait_gone("dialog[open]");
    browser.until(|| focused(browser) == button, "the focus is where it was");
    assert_eq!(page.queue.count("bad", "Failure"), 3);

    browser.press(key::ENTER);
    browser.wait_text("dialog[open] h2", "Purge 3 items?");
    // Enter without a look is a no.
    assert_eq!(focused(browser), "Back");
    browser.press(key::TAB);
    assert_eq!(focused(browser), "Purge 3 items");
    browser.press(key::ENTER);
    browser.wait_text("dialog[open] h2", "Really purge 3 items?");
    assert_eq!(focused(browser), "Back");
    browser.press(key::TAB);
    assert_eq!(focused(browser), "Purge 3 items for good");
    browser.press(key::ENTER);
    page.said("Purged: 3 items");
    assert_eq!(page.queue.count("bad", "Failure"), 0);
    page.is_clean();
}

#[test]
fn a_filter_keeps_the_focus_while_its_values_are_gone_through() {
    let (one, bad) = (scp("ONE"), refusing("BAD", 0xA900));
    let page = Page::with(&[&one, &bad]);
    page.store(&Study::new(1, 2));
    page.queue.wait_for_rest(4);
    page.show("#/items");
    let browser = &page.browser;
    tab_to(browser, "destination");
    for expected in ["bad", "one"] {
        browser.press(key::DOWN);
        browser.until(
            || browser.url().contains(&format!("destination={expected}")),
            "the filter is in the URL",
        );
        browser.wait_for("main:not([aria-busy])");
        browser.until(|| browser.count("[data-item]") == 2, "those that fit");
        assert_eq!(focused(browser), "destination");
    }
    page.is_clean();
}

#[test]
fn an_item_is_acted_on_by_keys() {
    let bad = refusing("BAD", 0xA900);
    let page = Page::with(&[&bad]);
    page.store(&Study::new(1, 1));
    page.queue.wait_for("bad", "Failure", 1);
    let id = page.queue.items("")[0]["ID"].clone();
    page.show(&format!("#/items/{id}"));
    bad.set_store(Respond::Status(0));
    tab_to(&page.browser, "Replay");
    page.browser.press(key::SPACE);
    page.said("is sent anew");
    page.queue.wait_for("bad", "Success", 1);
    page.browser.wait_for("main .state[data-state=Success]");
    page.is_clean();
}

#[test]
fn the_first_tab_leads_past_the_head() {
    let one = scp("ONE");
    let page = Page::with(&[&one]);
    page.show("");
    let browser = &page.browser;
    browser.press(key::TAB);
    assert_eq!(focused(browser), "Skip to the content");
    browser.press(key::ENTER);
    browser.until(
        || browser.eval("return document.activeElement.id") == "main",
        "the content has the focus",
    );
    browser.wait_for(".line");
    // The next one is the first in the content.
    browser.press(key::TAB);
    let inside = "return document.getElementById('main').contains(document.activeElement)";
    assert_eq!(browser.eval(inside), true);
    page.is_clean();
}
