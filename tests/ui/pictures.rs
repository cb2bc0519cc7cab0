//! Pictures of the main views for the README: `SENDQUEUE_SCREENSHOTS=1`, else only that they can be taken.

use std::path::PathBuf;

use sendqueue_testkit::queue::{self, SOON};
use sendqueue_testkit::{FaultScp, Respond, Study};
use serde_json::json;

use crate::Page;

#[test]
fn the_main_views() {
    let archive = FaultScp::start("ARCHIVE");
    archive.set_store(Respond::Status(0));
    let workstation = FaultScp::start("WORKSTATION");
    let count = std::sync::atomic::AtomicUsize::new(0);
    workstation.on_store(move |_| {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Respond::Status(match number % 10 {
            3 => 0xA900,
            7 => 0xC000,
            _ => 0,
        })
    });
    let research = FaultScp::start("RESEARCH");
    let config = queue::config_for(&[&archive, &workstation, &research])
        .modality("teleradiology", "TELE", 1)
        .set("/SendQueue/Rules", json!([{ "Name": "all", "To": ["archive", "workstation", "research", "teleradiology"] }]));
    let page = Page::new(config);
    page.queue.tell("/destinations/research/pause", &json!({}));
    let names = ["Meyer^Anna", "Okoye^Ben", "Rossi^Carla", "Nowak^Dana"];
    let mut study = String::new();
    for (number, name) in (1..).zip(names) {
        let images = Study::new(2, 10)
            .seed(number)
            .patient_name(name)
            .study_description("CT thorax")
            .modality("CT");
        study = page.store(&images);
    }
    page.queue.wait_for("archive", "Success", 80);
    page.queue.wait_until(
        || {
            let counts = page.queue.ask("/destinations/workstation")["Counts"].clone();
            counts["Success"].as_u64().unwrap_or(0) + counts["Failure"].as_u64().unwrap_or(0) == 80
                && page.queue.ask("/destinations/teleradiology")["State"] == "Unreachable"
        },
        SOON,
        "all is at rest",
    );
    let folder = std::env::var_os("SENDQUEUE_SCREENSHOTS").map_or_else(
        || page.queue.data_dir().to_owned(),
        |_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/screenshots"),
    );
    std::fs::create_dir_all(&folder).expect("a folder");
    let failed = page.queue.items("state=Failure")[0]["ID"].clone();
    for (name, hash, dark) in [
        ("overview", "#/".to_owned(), false),
        ("overview-dark", "#/".to_owned(), true),
        ("errors", "#/errors".to_owned(), false),
        ("items", "#/items".to_owned(), false),
        ("item", format!("#/items/{failed}"), false),
        ("study", format!("#/studies/{study}"), false),
    ] {
        page.browser.set_dark(dark);
        page.show(&hash);
        let path = folder.join(format!("{name}.png"));
        page.browser.screenshot(&path, false);
        assert!(
            std::fs::metadata(&path).is_ok_and(|file| file.len() > 10_000),
            "{}",
            path.display()
        );
    }
    page.browser.set_dark(false);
    page.browser.open("about:blank");
    page.browser.open(&format!(
        "{}/app/explorer.html#study?uuid={study}",
        page.base()
    ));
    page.browser
        .wait_for("#sendqueue-study li[data-destination=archive]");
    page.browser.eval(
        "document.querySelector('#sendqueue-study').scrollIntoView({ block: 'center' }); return 0",
    );
    page.browser.screenshot(&folder.join("explorer.png"), false);
    page.is_clean();
}
