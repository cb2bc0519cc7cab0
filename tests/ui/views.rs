//! Every view: accessible in light and dark, readable on a phone, right without its slash.

use sendqueue_testkit::Study;

use crate::{Page, refusing, scp};

fn scene() -> (Vec<sendqueue_testkit::FaultScp>, Page, Vec<String>) {
    let (one, bad) = (scp("ONE"), refusing("BAD", 0xA900));
    let config = sendqueue_testkit::queue::config_for(&[&one, &bad])
        .modality("gone", "GONE", 1)
        .set(
            "/SendQueue/Rules",
            serde_json::json!([{ "To": ["one", "bad", "gone"] }]),
        );
    let page = Page::new(config);
    let study = page.store(&Study::new(1, 3).patient_name("Doe^Jane"));
    page.queue.wait_for("one", "Success", 3);
    page.queue.wait_for("bad", "Failure", 3);
    let failed = page.queue.items("state=Failure")[0]["ID"].clone();
    let hashes = vec![
        "#/".to_owned(),
        "#/errors".to_owned(),
        "#/errors?destination=bad&class=Rejected&status=43264".to_owned(),
        "#/errors?destination=bad&class=Rejected&by=item".to_owned(),
        "#/studies".to_owned(),
        "#/deliveries".to_owned(),
        "#/retention".to_owned(),
        "#/items".to_owned(),
        format!("#/items/{failed}"),
        format!("#/studies/{study}"),
        "#/nothing".to_owned(),
    ];
    (vec![one, bad], page, hashes)
}

#[test]
fn every_view_is_accessible() {
    let (_receivers, page, hashes) = scene();
    for dark in [false, true] {
        page.browser.set_dark(dark);
        for hash in &hashes {
            page.show(hash);
            assert_eq!(
                page.browser.axe(),
                Vec::<String>::new(),
                "{hash}, dark: {dark}"
            );
            let title = page.browser.eval("return document.title");
            assert!(
                title
                    .as_str()
                    .is_some_and(|title| title.ends_with("· Send queue")),
                "{title}"
            );
        }
    }
    // A question too.
    page.show("#/errors");
    page.browser.click("[data-verb=purge]");
    page.browser.wait_for("dialog[open]");
    assert_eq!(page.browser.axe(), Vec::<String>::new(), "a question");
    page.browser.press(sendqueue_testkit::browser::key::ESCAPE);
    page.browser.wait_gone("dialog[open]");
    page.is_clean();
}

#[test]
fn every_view_fits_a_phone() {
    let (_receivers, page, hashes) = scene();
    page.browser.set_size(360, 740);
    for hash in &hashes {
        page.show(hash);
        let wide = page
            .browser
            .eval("return document.documentElement.scrollWidth");
        assert!(
            wide.as_u64().is_some_and(|wide| wide <= 360),
            "{hash} is {wide} wide"
        );
        let hidden = page.browser.eval(
            "const places = [...document.querySelectorAll('nav [aria-current]')].map((one) => one.getBoundingClientRect());
             return places.filter(({ left, right }) => left < 0 || right > innerWidth).length",
        );
        assert_eq!(hidden, 0, "{hash}: its entry is out of sight");
    }
    // No column of the overview is cut off either.
    page.show("#/");
    let cut = page.browser.eval(
        "const end = document.querySelector('.destinations').parentElement.getBoundingClientRect().right;
         return [...document.querySelectorAll('.destinations th, .destinations td')]
           .filter((cell) => cell.getBoundingClientRect().right > end).map((cell) => cell.textContent)",
    );
    assert_eq!(cut, serde_json::json!([]));
    // What one came for is seen first: filters are folded, and stay as they are left.
    page.show("#/studies");
    let browser = &page.browser;
    assert_eq!(browser.count("details.fold[open]"), 0);
    browser.click("details.fold summary");
    browser.wait_for("details.fold[open] select[name=state]");
    browser.choose("select[name=destination]", "bad");
    browser.until(|| browser.url().contains("destination=bad"), "the filter");
    browser.wait_text("details.fold[open] summary", "Filter (in use)");
    page.is_clean();
}

#[test]
fn the_study_says_what_went_where_and_takes_uids() {
    let (_receivers, page, _) = scene();
    let study = page.queue.get("/studies?expand").ok().json()[0].clone();
    let uid = study["MainDicomTags"]["StudyInstanceUID"]
        .as_str()
        .expect("a UID");
    page.show(&format!("#/studies/{uid}"));
    let browser = &page.browser;
    browser.wait_text("[data-tag=PatientName]", "Doe, Jane");
    browser.wait_text("tr[data-destination=one]", "3 of 3");
    browser.wait_text(
        "tr[data-destination=bad] [data-count=Failure]",
        "3 refused A900",
    );
    browser.wait_text("tr[data-destination=gone] [data-count=Pending]", "3");
    // What needs a person first, then what is not done.
    let order = "return [...document.querySelectorAll('[data-key=progress] tr[data-destination]')].map(({ dataset }) => dataset.destination)";
    assert_eq!(
        browser.eval(order),
        serde_json::json!(["bad", "gone", "one"])
    );
    browser.click(".instances summary");
    browser.until(|| browser.count("[data-item]") == 9, "its items");
    // What failed is better replayed.
    browser.click("input[value=bad]");
    browser.click("[data-action=enqueue]");
    browser.wait_text(
        "dialog",
        "3 items failed before and stay in the error queue: a replay sends only those.",
    );
    page.answer("Enqueue 3 items?", "no");
    browser.click("input[value=bad]");
    // Sent again from here.
    browser.click("input[value=one]");
    browser.click("[data-action=enqueue]");
    assert_eq!(page.answer("Enqueue 3 items?", "yes"), Some(3));
    page.said("Enqueued: 3 items");
    page.queue.wait_for("one", "Success", 6);
    browser.until(|| browser.count("[data-item]") == 12, "the new items");
    // Instances are counted, though each was sent twice.
    browser.wait_text("tr[data-destination=one]", "3 of 3");
    for level in ["series", "patients", "instances"] {
        let id = page.queue.get(&format!("/{level}")).ok().json()[0]
            .as_str()
            .expect("an ID")
            .to_owned();
        page.show(&format!("#/{level}/{id}"));
        browser.wait_for("tr[data-destination=one]");
    }
    // By the box at the top.
    browser.fill("#find input", uid);
    browser.click("#find button");
    browser.wait_text("h1", "Doe, Jane");
    browser.wait_text("[data-tag=PatientName]", "Doe, Jane");
    page.is_clean();
}

#[test]
fn the_page_works_with_and_without_its_slash() {
    let (_receivers, page, _) = scene();
    for path in [
        "/sendqueue/ui",
        "/sendqueue/ui/",
        "/sendqueue/ui/index.html",
    ] {
        page.browser.open("about:blank");
        page.browser.open(&format!("{}{path}", page.base()));
        page.browser.wait_for(".line");
        assert!(
            page.browser
                .attribute("#explorer", "href")
                .is_some_and(|href| href == format!("{}/app/explorer.html", page.base()))
        );
    }
    page.is_clean();
}

/// Every state of items and of destinations, the messages, and what unfolds.
#[test]
fn every_state_is_accessible_and_fits_a_phone() {
    use sendqueue_testkit::{FaultScp, Respond};
    let busy = refusing("BUSY", 0xA700);
    let held = scp("HELD");
    let quiet = scp("QUIET");
    let silent = FaultScp::start("SILENT");
    silent.set_store(Respond::Hang);
    let long = "a-destination-with-a-name-of-sixty-four-characters-0123456789-01";
    let names = ["busy", "held", "quiet", "silent", long];
    let config = sendqueue_testkit::queue::config_for(&[&busy, &held, &quiet, &silent])
        .modality(long, "LONG", 1)
        .set("DicomScuTimeout", 600)
        .set("/SendQueue/Rules", serde_json::json!([{ "To": names }]))
        .set("/SendQueue/Defaults/Retry/Delay", 600)
        .set("/SendQueue/Destinations/quiet/QuietSeconds", 3600);
    let page = Page::new(config);
    page.queue
        .tell("/destinations/held/pause", &serde_json::json!({}));
    let study = Study::new(1, 2)
        .patient_name("Wolfeschlegelsteinhausenbergerdorff")
        .study_description(&"W".repeat(64));
    let study = page.store(&study);
    page.queue.wait_for("busy", "Retry", 2);
    page.queue.wait_for("quiet", "Scheduled", 2);
    page.queue.wait_for("held", "Pending", 2);
    let cancelled = page.queue.items("destination=held")[0]["ID"].clone();
    page.queue.tell(
        &format!("/items/{cancelled}/cancel"),
        &serde_json::json!({}),
    );
    let browser = &page.browser;
    for (dark, width) in [(false, 1280), (true, 1280), (false, 360), (true, 360)] {
        browser.set_dark(dark);
        browser.set_size(width, 800);
        for hash in ["#/", "#/items", "#/studies", &format!("#/studies/{study}")] {
            page.show(hash);
            browser.eval(
                "for (const one of document.querySelectorAll('details')) one.open = true; return 0",
            );
            if hash == "#/" {
                browser.eval("for (const one of document.querySelectorAll('.line button[aria-expanded=false]')) one.click(); return 0");
                browser.until(|| browser.count(".detail") == 5, "all are open");
                browser.eval("for (const one of document.querySelectorAll('details')) one.open = true; return 0");
                browser.click("[data-destination=held][data-verb=echo]");
                browser.wait_text(".echo", "answered");
                browser.eval(&format!(
                    "document.querySelector('[data-destination={long}][data-verb=echo]').click(); return 0"
                ));
                browser.wait_text("#said .error", "C-ECHO failed");
                browser.wait_gone("[aria-busy]");
            }
            assert_eq!(browser.axe(), Vec::<String>::new(), "{hash}, dark: {dark}");
            let wide = browser.eval("return document.documentElement.scrollWidth");
            assert!(
                wide.as_u64().is_some_and(|wide| wide <= u64::from(width)),
                "{hash} is {wide} wide, not {width}"
            );
        }
    }
    silent.stop();
    page.is_clean();
}
