//! The configurations of docs/recipes.md, as they stand there, in a real Orthanc: they do what the page says.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sendqueue_testkit::dcmtk::StoreScu;
use sendqueue_testkit::queue::{Queue, SOON};
use sendqueue_testkit::{FaultScp, Instance, OrthancConfig, Study, plugin_path};
use serde_json::{Value, json};

/// The configuration below this heading.
#[track_caller]
fn recipe(heading: &str) -> Value {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/recipes.md");
    let page = fs::read_to_string(page).unwrap();
    let part = page.split(&format!("\n## {heading}\n")).nth(1).unwrap();
    let part = part.split("\n## ").next().unwrap();
    let block = part.split("```json\n").nth(1).unwrap();
    serde_json::from_str(block.split("```").next().unwrap()).unwrap()
}

/// An Orthanc with a recipe, and a receiver in place of each of its modalities, by their names.
struct Site {
    queue: Queue,
    receivers: BTreeMap<String, FaultScp>,
}

impl Site {
    /// `change`: what a test cannot leave as it stands, as pointers and values.
    #[track_caller]
    fn start(heading: &str, change: &[(&str, Value)]) -> Site {
        let recipe = recipe(heading);
        let mut receivers = BTreeMap::new();
        let mut config = OrthancConfig::new()
            .plugin(plugin_path())
            .set("SendQueue", recipe["SendQueue"].clone());
        for (name, entry) in recipe["DicomModalities"].as_object().unwrap() {
            let aet = entry.get("AET").unwrap_or(&entry[0]).as_str().unwrap();
            let scp = FaultScp::start(aet);
            config = config.modality(name, aet, scp.port());
            receivers.insert(name.clone(), scp);
        }
        for (pointer, value) in change {
            config = config.set(pointer, value.clone());
        }
        Site {
            queue: Queue::start(config),
            receivers,
        }
    }

    fn comes_from(&self, aet: &str, instances: &[Instance]) {
        let sent = StoreScu::to("ORTHANC", self.queue.dicom_port())
            .calling(aet)
            .send(instances)
            .unwrap();
        assert!(sent.status.success(), "{sent:?}");
    }

    /// What goes nowhere has been read too.
    fn has_read_all(&self) {
        let last = self.queue.get("/changes?last").json()["Last"].as_u64();
        self.queue.wait_until(
            || self.queue.get("/sendqueue").json()["Cursor"].as_u64() >= last,
            SOON,
            "the log is read",
        );
    }

    /// How many instances each receiver has, by name.
    fn received(&self) -> BTreeMap<&str, usize> {
        let all = self.receivers.iter();
        all.map(|(name, scp)| (name.as_str(), scp.acknowledged_uids().len()))
            .collect()
    }
}

fn study(seed: u64, count: usize) -> Study {
    Study::new(1, count).seed(seed)
}

#[test]
fn several_sites() {
    let site = Site::start("Several sites, three PACS", &[]);
    site.comes_from("CT_N", &study(1, 2).build());
    site.comes_from("US_S12", &study(2, 3).build());
    site.comes_from("ELSEWHERE", &study(3, 4).build());
    for (seed, aet) in (4..).zip(["CT_N", "US_S12", "ELSEWHERE"]) {
        site.comes_from(aet, &study(seed, 1).patient_id("PHANTOM 7").build());
    }
    site.queue.wait_for_rest(2 * 2 + 2 * 3 + 4);
    site.has_read_all();
    let expected = [("central", 9), ("north", 2), ("south", 3)];
    assert_eq!(site.received(), BTreeMap::from(expected));
}

#[test]
fn research() {
    let quiet = ("/SendQueue/Rules/1/QuietSeconds", json!(0));
    let site = Site::start("Research", &[quiet]);
    let chest = study(1, 2).study_description("CT Thorax");
    let report = Study::new(2, 1)
        .seed(1)
        .study_description("CT Thorax")
        .modality("SR");
    // The report comes first, and is no CT.
    site.comes_from("CT", &[report.instance(2, 1)]);
    site.queue.wait_for("pacs", "Success", 1);
    site.comes_from("CT", &chest.build());
    let mr = study(2, 3).modality("MR").build();
    site.comes_from("MR", &mr);
    site.queue.wait_for("compute", "Success", 3);
    site.queue.wait_for("pacs", "Success", 6);

    let mr = &site.queue.by_uid("pacs")[&mr[0].sop_instance_uid]["Study"];
    let anonymize = format!("/studies/{}/anonymize", mr.as_str().unwrap());
    let answer = site.queue.post_json(&anonymize, &json!({}));
    assert_eq!(answer.status, 200, "{}", answer.text());
    site.queue.wait_for("research", "Success", 3);
    site.has_read_all();
    let expected = [("compute", 3), ("pacs", 6), ("research", 3)];
    assert_eq!(site.received(), BTreeMap::from(expected));
}

#[test]
fn cloud_archive() {
    // Never open, whenever the test runs.
    let windows = (
        "/SendQueue/Destinations/cloud/Windows",
        json!(["00:00-00:01"]),
    );
    let site = Site::start("A cloud archive behind a slow line", &[windows]);
    let cloud = &site.receivers["cloud"];
    cloud.set_status(0xC000);
    site.comes_from("CT", &study(1, 3).build());
    site.queue.wait_for("pacs", "Success", 3);
    site.queue.wait_for("cloud", "Scheduled", 3);
    let shown = site.queue.ask("/destinations/cloud");
    assert_eq!(shown["Settings"]["MaxQuietSeconds"], 7200, "{shown:#}");
    let id = site.queue.items("destination=cloud")[0]["ID"].clone();
    site.queue
        .tell(&format!("/items/{id}/send-now"), &json!({}));
    site.queue.wait_for("cloud", "Retry", 1);
    cloud.set_status(0x0000);
    site.queue
        .tell(&format!("/items/{id}/send-now"), &json!({}));
    site.queue.wait_for("cloud", "Success", 1);
}

#[test]
fn cart() {
    let site = Site::start("A cart that leaves files in a folder", &[]);
    site.comes_from("CT", &study(1, 1).build());
    site.queue.store_all(&study(2, 2).build());
    site.queue.wait_for("pacs", "Success", 3);
    let priorities = site.queue.items("destination=pacs");
    let of = |rule: &str| {
        let all = priorities.iter().filter(|item| item["Rule"] == rule);
        all.map(|item| item["Priority"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(of("Cart"), [json!("High"), json!("High")]);
    assert_eq!(of("Others"), [json!("Medium")]);
}

#[test]
fn failover() {
    let site = Site::start("A second PACS that stands in", &[]);
    site.receivers["pacs-1"].stop();
    site.queue.store_all(&study(1, 4).build());
    site.queue.wait_until(
        || site.queue.ask("/destinations/pacs")["State"] == "Unreachable",
        SOON,
        "the first one is down",
    );
    let mut section = recipe("A second PACS that stands in")["SendQueue"].clone();
    section["Destinations"]["pacs"]["Target"] = json!("pacs-2");
    site.queue.tell("/reload", &section);
    site.queue.store_all(&study(2, 2).build());
    site.queue.wait_for("pacs", "Success", 6);
    assert_eq!(site.received()["pacs-2"], 6);
}
