//! The section in Orthanc Explorer.

use sendqueue_testkit::{Browser, Study};

use crate::{Page, refusing, scp};

fn open(page: &Page, hash: &str) {
    page.browser.open("about:blank");
    page.browser
        .open(&format!("{}/app/explorer.html{hash}", page.base()));
}

#[test]
fn every_level_shows_its_state_and_enqueues() {
    let (one, bad, held) = (scp("ONE"), refusing("BAD", 0xA900), scp("HELD"));
    let page = Page::with(&[&one, &bad, &held]);
    page.queue
        .tell("/destinations/held/pause", &serde_json::json!({}));
    let study = page.store(&Study::new(1, 2).patient_name("<i>Doe</i>"));
    page.queue.wait_for("one", "Success", 2);
    page.queue.wait_for("bad", "Failure", 2);
    let browser = &page.browser;
    let first = |level: &str| {
        page.queue.get(&format!("/{level}")).ok().json()[0]
            .as_str()
            .expect("an ID")
            .to_owned()
    };
    for (name, id, failed) in [
        ("patient", first("patients"), "2 failed"),
        ("study", study.clone(), "2 failed"),
        ("series", first("series"), "2 failed"),
        ("instance", first("instances"), "1 failed"),
    ] {
        open(&page, &format!("#{name}?uuid={id}"));
        browser.wait_for(&format!("#sendqueue-{name} li[data-destination=one]"));
        browser.wait_text(&format!("#sendqueue-{name} .sendqueue-failures"), failed);
        browser.wait_text(
            &format!("#sendqueue-{name} li[data-destination=one]"),
            if name == "instance" {
                "1 of 1 delivered"
            } else {
                "2 of 2 delivered"
            },
        );
    }
    open(&page, &format!("#study?uuid={study}"));
    browser.wait_text(
        "#sendqueue-study li[data-destination=held]",
        "0 of 2 delivered, 2 waiting: paused",
    );
    browser.wait_for("#sendqueue-enqueue-study");
    browser.eval("document.querySelector('#sendqueue-enqueue-study').click(); return 0");
    browser.wait_for(".sendqueue-choice input[value=one]");
    browser.eval("document.querySelector('.sendqueue-send').click(); return 0");
    browser.wait_text(".sendqueue-choice", "Choose a destination first.");
    browser.eval("document.querySelector('.sendqueue-choice input[value=one]').checked = true; document.querySelector('.sendqueue-send').click(); return 0");
    browser.wait_text(".sendqueue-choice", "2 items enqueued.");
    // Instances are counted, though each was sent twice.
    page.queue.wait_for("one", "Success", 4);
    browser.wait_text(
        "#sendqueue-study li[data-destination=one]",
        "2 of 2 delivered",
    );
    assert_eq!(browser.count("#sendqueue-study i"), 0);
    page.is_clean();
}

#[test]
fn home_and_the_list_of_plugins_lead_to_the_page() {
    let bad = refusing("BAD", 0xA900);
    let page = Page::with(&[&bad]);
    page.store(&Study::new(1, 1));
    page.queue.wait_for("bad", "Failure", 1);
    open(&page, "");
    page.browser.wait_text("#lookup", "Send queue: 1 failed");
    page.browser
        .eval("document.querySelector('#sendqueue-home').click(); return 0");
    page.browser.wait_for("main[data-view=overview] .line");
    let plugin = page.queue.get("/plugins/sendqueue").ok().json();
    let root = plugin["RootUri"].as_str().expect("a root");
    // Explorer opens it relative to /app/.
    let path = format!("/app/{root}");
    let url = format!("{}{path}", page.base());
    page.browser.open(&url);
    page.browser.wait_for("main[data-view=overview] .line");
    page.is_clean();
}

/// With the queue off, Explorer is as it was.
#[test]
fn without_the_queue_nothing_is_shown() {
    let config = sendqueue_testkit::queue::config(&[])
        .set("/SendQueue/Rules", serde_json::json!([]))
        .set("/SendQueue/Enable", false);
    let queue = sendqueue_testkit::Queue::start(config);
    let browser = Browser::start();
    browser.open(&format!(
        "http://127.0.0.1:{}/app/explorer.html",
        queue.http_port()
    ));
    browser.wait_for("#lookup-form");
    assert_eq!(browser.count("#sendqueue-home"), 0);
    assert!(
        !queue
            .get("/plugins/explorer.js")
            .ok()
            .text()
            .contains("sendqueue")
    );
}
