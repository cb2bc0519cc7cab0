//! What is deleted from Orthanc, or would be, and why the rest stays.

use sendqueue_testkit::Study;
use sendqueue_testkit::queue::{self, SOON};
use serde_json::json;

use crate::{Page, scp};

#[test]
fn what_would_go_and_why_the_rest_stays_is_shown() {
    let archive = scp("ARCHIVE");
    let retention = json!({ "Safe": ["archive"], "DeleteAfterDays": 0 });
    let config = queue::config_for(&[&archive]).set("/SendQueue/Retention", retention);
    let page = Page::new(config);
    let (queue, browser) = (&page.queue, &page.browser);
    let safe = page.store(&Study::new(1, 3).patient_name("Doe^Jane"));
    queue.wait_for("archive", "Success", 3);
    archive.set_status(0xB000);
    let warned = page.store(&Study::new(1, 1).seed(2));
    queue.wait_for("archive", "Success", 4);

    page.show("#/deliveries");
    browser.click("[data-key=note] a");
    browser.wait_for("main[data-view=retention]:not([aria-busy])");
    assert_eq!(browser.texts("nav [aria-current]"), ["Retention"]);
    browser.wait_text("[data-dry-run]", "DryRun: nothing is deleted.");
    browser.click("[data-action=look-at-studies]");
    page.said("All studies are looked at; nothing is deleted by that");
    let is_over = || {
        let told = queue.ask("/retention");
        told["Running"] == false && told["LastPass"]["Studies"] == 2
    };
    queue.wait_until(is_over, SOON, "all studies were looked at");
    browser.wait_text("[data-key=facts]", "1 study, 3 instances, ");
    browser.wait_text(&format!("tr[data-study='{safe}']"), "Doe, Jane");
    assert_eq!(browser.count("tr[data-study]"), 1);
    assert_eq!(browser.axe(), Vec::<String>::new());
    browser.click("[data-show=stays]");
    browser.wait_text(
        &format!("tr[data-study='{warned}']"),
        "archive acknowledged 1 of 1 with a warning",
    );
    browser.wait_text(
        "[data-why=Warning]",
        "1 study: was acknowledged with a warning (archive)",
    );
    assert_eq!(browser.count("tr[data-study]"), 1);
    assert_eq!(browser.axe(), Vec::<String>::new());
    browser.click("[data-show=deleted]");
    browser.wait_text("[data-key=empty]", "Retention has deleted nothing so far.");
    // As one that deletes would tell it.
    page.answer_by(
        "/deletions",
        "() => Promise.resolve(new Response(JSON.stringify([{ ID: 1, Study: '27f7126f-4f66fb14-03f4081b-f9341db2-53925988', AccessionNumber: '<b>A</b>',
           Begun: '20260312T081502.123456', Instances: 20, Bytes: 1, Deleted: 19, Kept: '1 of 1 arrived again', Emergency: true,
           Safe: [{ Destination: 'archive', Since: '20260212T081502.123456' }] }])))",
    );
    let row = "tr[data-study^='27f7126f']";
    browser.wait_text(row, "19 of 20 instances");
    for words in [
        "the rest stayed: 1 of 1 arrived again",
        "since the disk was full",
        "archive since 2026-02-12",
        "<b>A</b>",
    ] {
        browser.wait_text(row, words);
    }
    assert_eq!(browser.count("main b"), 0);
    page.is_clean();
}
