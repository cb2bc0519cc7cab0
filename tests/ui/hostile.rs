//! Text from files, peers and the configuration is text: it runs nothing and becomes no markup.

use sendqueue_testkit::queue;
use sendqueue_testkit::{FaultScp, Respond, Study};
use serde_json::json;

use crate::{Page, refusing};

const MARKUP: &str = "<img src=x onerror=alert(1)>";

#[test]
fn names_and_errors_that_are_markup_appear_as_text() {
    let scp = FaultScp::start("PACS");
    scp.on_store(|_| {
        Respond::status_with(0xC000, Some("<script>window.bad=1</script>\"'&amp;"), &[])
    });
    let page = Page::new(queue::config_for(&[&scp]));
    let study = Study::new(1, 2)
        .patient_name("<b onclick=alert(1)>Doe</b>^Jane")
        .patient_id("\"><script>window.bad=1</script>")
        .study_description(MARKUP);
    let id = page.store(&study);
    page.queue.wait_for("pacs", "Failure", 2);
    let first = page.queue.items("")[0]["ID"].as_i64().expect("an ID");
    let browser = &page.browser;
    let views = [
        ("#/destinations/pacs".to_owned(), ".problem"),
        ("#/errors".to_owned(), ".kind"),
        ("#/errors?class=Rejected&by=item".to_owned(), "[data-item]"),
        ("#/items".to_owned(), "[data-item]"),
        (format!("#/items/{first}"), "[data-attempt]"),
    ];
    for (hash, css) in views {
        page.show(&hash);
        browser.eval(
            "for (const one of document.querySelectorAll('details')) one.open = true; return 0",
        );
        browser.wait_text(css, "<script>window.bad=1</script>\"'&amp;");
    }
    page.show(&format!("#/studies/{id}"));
    browser.wait_text(
        "[data-tag=PatientName]",
        "<b onclick (alert(1)>Doe</b>, Jane)",
    );
    browser.wait_text("[data-tag=StudyDescription]", MARKUP);
    assert_eq!(
        browser.count("main script, main img, main b, main [onclick]"),
        0
    );
    assert_eq!(browser.eval("return window.bad || 0"), 0);
    page.is_clean();
}

#[test]
fn what_is_in_the_url_is_text_too() {
    let scp = refusing("PACS", 0xC000);
    let page = Page::with(&[&scp]);
    page.store(&Study::new(1, 1));
    page.queue.wait_for("pacs", "Failure", 1);
    let browser = &page.browser;
    let encoded = "%3Cimg%20src%3Dx%20onerror%3D%22window.bad%3D1%22%3E";
    for hash in [
        format!("#/errors?class=Rejected&destination={encoded}"),
        format!("#/items?study={encoded}"),
        format!("#/{encoded}"),
        "#/%zz".to_owned(),
        "#/items?%zz=%zz".to_owned(),
    ] {
        page.show(&hash);
        assert_eq!(browser.count("main img"), 0, "{hash}");
    }
    assert_eq!(browser.eval("return window.bad || 0"), 0);
    page.is_clean();
}

#[test]
fn a_destination_may_have_any_name_that_orthanc_allows() {
    let scp = FaultScp::start("PACS");
    // Orthanc takes these in its configuration.
    let names = ["a-b_c", "UPPER", "0"];
    let config = names.iter().fold(queue::config(&names), |config, name| {
        config.modality(name, "PACS", scp.port())
    });
    let page = Page::new(config.set("/SendQueue/Rules", json!([{ "Name": MARKUP, "To": names }])));
    page.store(&Study::new(1, 1));
    page.queue.wait_for_rest(3);
    page.show("");
    assert_eq!(page.browser.count(".line"), 3);
    for name in names {
        page.browser
            .click(&format!(".line[data-destination='{name}'] button"));
        page.browser.click(&format!(
            "button[data-verb=pause][data-destination='{name}']"
        ));
        page.said(&format!("{name} is paused"));
    }
    let first = page.queue.items("")[0]["ID"].as_i64().expect("an ID");
    page.show(&format!("#/items/{first}"));
    page.browser.wait_text(".facts", MARKUP);
    page.is_clean();
}

/// AETs, hosts and what peers say of them, in the errors of an outage.
#[test]
fn aets_and_hosts_that_are_markup_appear_as_text() {
    let entry = |aet: &str, host: &str| json!({ "AET": aet, "Host": host, "Port": 104 });
    let config = queue::config(&["gone"])
        .modality_with("gone", entry("<img src=x>", "<b>no</b>.invalid"))
        .set("DicomAet", "<i>me</i>");
    let page = Page::new(config);
    page.store(&Study::new(1, 1));
    let details = || {
        let found = page.queue.ask("/destinations/gone");
        found["LastError"]["Details"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    page.queue
        .wait_until(|| !details().is_empty(), queue::SOON, "an error");
    assert!(details().contains('<'), "{}", details());
    page.show("#/destinations/gone");
    let browser = &page.browser;
    browser
        .eval("for (const one of document.querySelectorAll('details')) one.open = true; return 0");
    browser.wait_text(".problem", &details());
    browser.click("[data-verb=echo]");
    browser.wait_text(".echo.error", "C-ECHO failed");
    browser.wait_text(".echo.error", "<");
    assert_eq!(
        browser.count("main b, main img, main i, #said b, #said img"),
        0
    );
    page.is_clean();
}
