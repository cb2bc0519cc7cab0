//! Which rules match, and why: asked on the view of a study.

use sendqueue_testkit::{Study, queue};
use serde_json::json;

use crate::{Page, scp};

#[test]
fn the_study_says_which_rules_match_and_why() {
    let (one, two) = (scp("ONE"), scp("TWO"));
    let markup = "<img src=x onerror=window.bad=1>";
    let config = queue::config_for(&[&one, &two]).set(
        "/SendQueue/Rules",
        json!([
            { "Name": "all", "To": ["one"] },
            { "Name": "named", "To": ["two"], "When": { "Tags": { "PatientName": "Doe^Jane" } } },
        ]),
    );
    let page = Page::new(config);
    let study = page.store(&Study::new(1, 3).patient_name(markup));
    page.queue.wait_for("one", "Success", 3);
    let browser = &page.browser;
    page.show(&format!("#/studies/{study}"));
    assert_eq!(browser.count("[data-rules]"), 0);
    browser.click("[data-action=ask-rules]");
    browser.wait_text("[data-rules]", "3 of 3 instances: goes to one");
    browser.wait_text(
        "tr[data-rule=all][data-verdict=Matches]",
        "it takes everything",
    );
    let why = "When.Tags.PatientName is \"<img src=x onerror=window.bad=1>\", the rule asks for \"Doe^Jane\"";
    browser.wait_text("tr[data-rule=named][data-verdict=DoesNotMatch]", why);
    assert_eq!(browser.count("main img"), 0);
    assert_eq!(browser.eval("return window.bad || 0"), 0);
    assert_eq!(browser.axe(), Vec::<String>::new());
    browser.set_size(360, 740);
    let wide = browser.eval("return document.documentElement.scrollWidth");
    assert!(wide.as_u64().is_some_and(|wide| wide <= 360), "{wide}");
    // Each is asked for itself.
    let instance = page.queue.get("/instances").ok().json()[0].clone();
    page.show(&format!(
        "#/instances/{}",
        instance.as_str().expect("an ID")
    ));
    assert_eq!(browser.count("[data-rules]"), 0);
    browser.click("[data-action=ask-rules]");
    browser.wait_text("[data-rules]", "goes to one");
    page.is_clean();
}
