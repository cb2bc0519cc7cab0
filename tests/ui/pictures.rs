//! Pictures of the main views for the documents: `make screenshots`; else only that they can be taken.
//!
//! A small hospital with invented patients: an archive that is busy, a workstation that refuses some, a research server
//! that is paused, a reading practice that cannot be reached.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sendqueue_testkit::queue::{self, SOON};
use sendqueue_testkit::{FaultScp, Respond, Study};
use serde_json::json;

use crate::Page;

const PATIENTS: [(&str, &str, &str); 5] = [
    ("Meyer^Anna", "10482", "CT thorax"),
    ("Okoye^Ben", "10517", "MR knee left"),
    ("Rossi^Carla", "10533", "CT abdomen"),
    ("Nowak^Dana", "10561", "CT head"),
    ("Silva^Emil", "10570", "MR spine"),
];

/// A day of the hospital: the hours before the test are invented too.
const DAY: &str = "const real = fetch;
    window.fetch = async (path, options) => {
        const answer = await real(path, options);
        if (!String(path).includes('history?hours=24')) return answer;
        const list = await answer.json();
        for (const [number, one] of list.entries()) {
            const end = one.Instances.length - 1;
            for (let at = 0; at < end; at += 1) {
                const hour = (new Date().getHours() + at - end + 48) % 24;
                const busy = hour > 6 && hour < 19 ? 1 : 0.12;
                const away = one.Destination === 'teleradiology' && at > end - 9;
                one.Instances[at] = away ? 0 : Math.round(busy * (90 + 37 * ((at * 7 + number * 3) % 5)) * (number === 0 ? 4 : 1));
                one.Bytes[at] = one.Instances[at] * 526000;
                one.Failed[at] = one.Destination === 'workstation' && at % 5 === 2 ? Math.round(busy * 14) + 1 : 0;
            }
            if (one.Destination === 'teleradiology') one.Outages = [{ Since: new Date(Date.now() - 31500000).toISOString().replace(/[-:]/g, '').replace('Z', '000') }];
        }
        return new Response(JSON.stringify(list), { status: 200 });
    }; return 0";

/// Takes its time, so that it is seen at work.
fn busy() -> FaultScp {
    let archive = FaultScp::start("ARCHIVE");
    archive.set_store(Respond::Delay(Duration::from_millis(250), 0));
    archive
}

fn choosy() -> FaultScp {
    let workstation = FaultScp::start("WORKSTATION");
    let count = AtomicUsize::new(0);
    workstation.on_store(move |_| match count.fetch_add(1, Ordering::SeqCst) % 20 {
        3 => Respond::status_with(0xA900, Some("Rows: not what the SOP class allows"), &[]),
        7 | 13 => Respond::status_with(0xC000, Some("patient ID is unknown here"), &[]),
        _ => Respond::Status(0),
    });
    workstation
}

fn take(page: &Page, folder: &Path, name: &str, whole: bool) {
    let path = folder.join(format!("{name}.png"));
    // The path of a temporary database is of no interest.
    page.browser.eval(
        "const about = document.getElementById('about'); if (about) about.hidden = true; return 0",
    );
    page.browser.screenshot(&path, whole);
    let written = std::fs::metadata(&path).is_ok_and(|file| file.len() > 10_000);
    assert!(written, "{}", path.display());
}

#[test]
fn the_main_views() {
    let (archive, workstation) = (busy(), choosy());
    let research = FaultScp::start("RESEARCH");
    let names = ["archive", "workstation", "research", "teleradiology"];
    let config = queue::config_for(&[&archive, &workstation, &research])
        .modality("teleradiology", "TELE", 1)
        .set("/SendQueue/Rules", json!([{ "Name": "all", "To": names }]));
    let page = Page::new(config);
    let folder = std::env::var_os("SENDQUEUE_SCREENSHOTS").map_or_else(
        || page.queue.data_dir().to_owned(),
        |_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/screenshots"),
    );
    std::fs::create_dir_all(&folder).expect("a folder");
    page.queue.tell("/destinations/research/pause", &json!({}));
    page.browser.set_size(1366, 768);
    page.show("");
    let mut study = String::new();
    for (number, (patient, id, description)) in (1..).zip(PATIENTS) {
        let images = Study::new(2, 40)
            .seed(number)
            .patient_name(patient)
            .patient_id(id)
            .study_description(description)
            .modality(&description[..2]);
        study = page.store(&images);
    }
    // The workstation is done, the archive is not.
    page.queue.wait_until(
        || {
            let counts = page.queue.ask("/destinations/workstation")["Counts"].clone();
            counts["Success"].as_u64().unwrap_or(0) + counts["Failure"].as_u64().unwrap_or(0) == 400
                && page.queue.ask("/destinations/teleradiology")["State"] == "Unreachable"
        },
        SOON,
        "the workstation is done",
    );
    page.show("");
    page.browser.eval(DAY);
    let old = page
        .browser
        .attribute("[data-chart] > .chart", "aria-label");
    page.browser.until(
        || {
            page.browser
                .attribute("[data-chart] > .chart", "aria-label")
                != old
        },
        "the day",
    );
    page.browser
        .wait_text(".line[data-destination=archive] .state", "Sending");
    page.browser.wait_text(
        ".line[data-destination=workstation] [data-figure=failed]",
        "60",
    );
    take(&page, &folder, "overview", false);
    page.browser.set_dark(true);
    take(&page, &folder, "overview-dark", false);
    page.browser.set_dark(false);

    page.browser.set_size(1440, 900);
    archive.set_store(Respond::Status(0));
    let failed = page.queue.items("state=Failure")[0]["ID"].clone();
    for (name, hash) in [
        ("errors", "#/errors".to_owned()),
        ("studies", "#/studies".to_owned()),
        ("item", format!("#/items/{failed}")),
        ("study", format!("#/studies/{study}")),
        ("journal", "#/journal".to_owned()),
    ] {
        page.show(&hash);
        take(&page, &folder, name, false);
    }
    page.browser.set_size(390, 844);
    page.show("");
    page.browser.wait_text("h1", "need you");
    take(&page, &folder, "phone", false);
    page.browser.set_size(1440, 900);
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
    take(&page, &folder, "explorer", false);
    page.is_clean();
}
