//! A study is found by what a caller knows.

use sendqueue_testkit::Study;

use crate::{Page, scp};

#[test]
fn none_one_and_many_are_found() {
    let one = scp("ONE");
    let page = Page::with(&[&one]);
    let markup = "<b>Doe</b>^Jane";
    let study = |seed, name: &str, id: &str| {
        page.store(
            &Study::new(1, 1)
                .seed(seed)
                .patient_name(name)
                .patient_id(id)
                .study_description("CT thorax"),
        )
    };
    let anna = study(1, "Meyer^Anna", "10482");
    study(2, "Meyerhold^Bela", "10517");
    study(3, markup, "10533");
    page.queue.wait_for("one", "Success", 3);
    page.show("");
    let browser = &page.browser;
    let find = |sought: &str| {
        browser.fill("#find input", sought);
        browser.click("#find button");
    };
    find("10482");
    browser.wait_text("h1", "Meyer, Anna · CT thorax");
    assert!(browser.url().ends_with(&format!("#/studies/{anna}")));
    find("meyer");
    browser.until(|| browser.count("[data-result]") == 2, "both");
    browser.wait_text("[data-key=results]", "Meyerhold, Bela");
    assert_eq!(browser.axe(), Vec::<String>::new());
    browser.click(&format!("[data-result='{anna}'] a"));
    browser.wait_text("h1", "Meyer, Anna");
    // An item's number, and an instance's identifier.
    let item = page.queue.items("")[0].clone();
    find(&item["ID"].to_string());
    // Patient IDs begin with it too.
    browser.click(&format!("[data-result='{}'] a", item["ID"]));
    browser.wait_text("h1", &format!("Item {}", item["ID"]));
    find(item["Instance"].as_str().expect("an ID"));
    browser.wait_for("main[data-view=resource]");
    browser.until(|| browser.url().contains("#/instances/"), "the instance");
    find("<b>");
    browser.wait_text("h1", "<b>Doe</b>, Jane");
    find("nobody");
    browser.wait_text(
        "[data-key=empty]",
        "Neither Orthanc nor the queue knows “nobody”.",
    );
    assert_eq!(browser.count("main b"), 0);
    browser.set_size(360, 740);
    page.show("#/search?q=meyer");
    browser.until(|| browser.count("[data-result]") == 2, "both");
    let wide = browser.eval("return document.documentElement.scrollWidth");
    assert!(wide.as_u64().is_some_and(|wide| wide <= 360), "{wide}");
    page.is_clean();
    // What cannot be looked for is told beside the box.
    page.show("#/search?q=a%5Cb");
    browser.wait_for("main[data-view=search] [data-key=why]");
}
