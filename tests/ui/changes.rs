//! What is changed on its way: a destination's recipe, and a preview on the view of a study.

use sendqueue_testkit::{Study, queue};
use serde_json::json;

use crate::{Page, scp};

#[test]
fn the_recipe_and_what_it_would_change_are_shown() {
    let (one, two) = (scp("ONE"), scp("TWO"));
    let markup = "<img src=x onerror=window.bad=1>";
    let config = queue::config_for(&[&one, &two])
        .set(
            "/SendQueue/Coercions",
            json!({
                "sites": [{ "Prefix": { "PatientID": "A-" } }, { "Remove": [ "StudyDescription" ] }],
                "long": [{ "Set": { "AccessionNumber": "{StudyInstanceUID}" } }],
            }),
        )
        .set("/SendQueue/Destinations/one/Coerce", "sites")
        .set(
            "/SendQueue/Destinations/long",
            json!({ "Target": "two", "Coerce": "long" }),
        );
    let page = Page::new(config);
    let study = page.store(
        &Study::new(2, 2)
            .patient_id("MRN7")
            .study_description(markup),
    );
    page.queue.wait_for("one", "Success", 4);
    let browser = &page.browser;

    page.show("#/destinations/two");
    browser.click(".line[data-destination=one] button");
    browser.wait_text("[data-destination=one] [data-recipe]", "Changed by sites");
    browser.wait_for(".detail[data-destination=two]");
    assert_eq!(browser.count("[data-destination=two] [data-recipe]"), 0);
    browser.click("[data-destination=one] [data-recipe] summary");
    browser.wait_text("[data-recipe=sites] pre", "\"PatientID\": \"A-\"");
    assert_eq!(browser.axe(), Vec::<String>::new());

    page.show(&format!("#/studies/{study}"));
    assert_eq!(browser.count("[data-preview]"), 0);
    assert_eq!(browser.count("[data-action=preview]"), 2);
    browser.click("[data-action=preview][data-destination=one]");
    browser.wait_text("[data-preview=one]", "would be sent to one as follows");
    browser.wait_text("[data-preview=one] tr[data-path=PatientID]", "A-MRN7");
    browser.wait_text("[data-preview=one] tr[data-path=StudyDescription]", markup);
    browser.wait_text(
        "[data-preview=one] tr[data-path=StudyDescription]",
        "not there",
    );
    browser.click("[data-action=preview][data-destination=long]");
    browser.wait_text("[data-preview=long]", "would not be sent to long: ");
    assert_eq!(browser.count("main img"), 0);
    assert_eq!(browser.eval("return window.bad || 0"), 0);
    assert_eq!(browser.axe(), Vec::<String>::new());
    browser.set_size(360, 740);
    let wide = browser.eval("return document.documentElement.scrollWidth");
    assert!(wide.as_u64().is_some_and(|wide| wide <= 360), "{wide}");
    page.is_clean();
}
