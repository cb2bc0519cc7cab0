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
    // As the page itself writes her name.
    page.show("");
    find("Meyer, Anna");
    browser.wait_text("h1", "Meyer, Anna · CT thorax");
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
        "Orthanc has nothing that fits “nobody”, and the queue has no item of this number",
    );
    assert_eq!(browser.count("main b"), 0);
    browser.set_size(360, 740);
    page.show("#/search?q=meyer");
    browser.until(|| browser.count("[data-result]") == 2, "both");
    let wide = browser.eval("return document.documentElement.scrollWidth");
    assert!(wide.as_u64().is_some_and(|wide| wide <= 360), "{wide}");
    // Nor has the table to be pushed sideways.
    let hidden = "const one = document.querySelector('[data-key=results]'); return one.scrollWidth - one.clientWidth";
    assert_eq!(browser.eval(hidden), 0);
    page.is_clean();
    // What cannot be looked for is told beside the box.
    page.show("#/search?q=a%5Cb");
    browser.wait_for("main[data-view=search] [data-key=why]");
}

/// A UID of any level leads to whose it is; a list takes the accession number too.
#[test]
fn an_instance_tells_its_patient_and_study() {
    let one = scp("ONE");
    let page = Page::with(&[&one]);
    let images = Study::new(1, 2)
        .patient_name("Schmidt^Gertrud")
        .patient_id("10482")
        .study_description("CT Schaedel")
        .tag((0x0008, 0x0050), "SH", "RAD26-004713");
    let uid = images.uid_of(1, 1);
    let study = page.store(&images);
    let other = page.store(&Study::new(1, 1).patient_id("RAD26-0047199"));
    page.queue.wait_for("one", "Success", 3);
    page.show("");
    let browser = &page.browser;
    browser.fill("#find input", &uid);
    browser.click("#find button");
    browser.wait_text("h1", "Schmidt, Gertrud · CT Schaedel · instance 1");
    browser.wait_text("[data-tag=AccessionNumber]", "RAD26-004713");
    browser.wait_text(
        "[data-key=study]",
        "Instance of the study Schmidt, Gertrud · CT Schaedel · accession number RAD26-004713",
    );
    assert_eq!(browser.axe(), Vec::<String>::new());
    browser.click("[data-key=study] a");
    browser.until(
        || browser.url().ends_with(&format!("#/studies/{study}")),
        "her study",
    );
    let look_for = |sought: &str| {
        page.show("#/studies");
        browser.until(|| browser.count("tbody[data-study]") >= 2, "both");
        browser.fill("input[name=study]", sought);
        browser.press(sendqueue_testkit::browser::key::ENTER);
    };
    look_for("RAD26-004713");
    browser.until(
        || browser.url().ends_with(&format!("study={study}")),
        "the filter is her study",
    );
    browser.until(|| browser.count("tbody[data-study]") == 1, "hers alone");
    assert_eq!(browser.count(&format!("tbody[data-study='{other}']")), 0);
    look_for(&uid);
    browser.until(
        || browser.url().ends_with(&format!("study={study}")),
        "the study of this instance",
    );
    look_for("nobody");
    page.said("Orthanc has no study that fits “nobody”");
    assert!(browser.url().ends_with("#/studies"), "{}", browser.url());
    // A digit was left out: the other patient's ID begins so, and no accession number is this.
    look_for("RAD26-00471");
    page.said("No study is known to have exactly “RAD26-00471”");
    browser.wait_for(&format!("main[data-view=search] [data-result='{other}']"));
    // A name, too, is for a person to choose by.
    look_for("gertrud");
    browser.wait_for(&format!("main[data-view=search] [data-result='{study}']"));
    page.show("");
    browser.fill("#find input", "RAD26-00471");
    browser.click("#find button");
    browser.wait_for(&format!("main[data-view=search] [data-result='{other}']"));
    // What two patients' studies have is nobody's.
    let same = Study::new(1, 1).seed(7).patient_id("10517");
    page.store(&same.tag((0x0008, 0x0050), "SH", "RAD26-004713"));
    look_for("RAD26-004713");
    page.said("More than one study fits “RAD26-004713”");
    browser.until(|| browser.count("[data-result]") == 2, "both");
    // The UID of what Orthanc does not have goes to the queue as it is.
    look_for("1.2.3.4");
    browser.until(|| browser.url().ends_with("study=1.2.3.4"), "as it is");
    page.is_clean();
}

/// The answer is slow, and the person has gone on: it belongs to what was asked, and opens no other patient.
#[test]
fn a_late_answer_is_for_its_own_question_alone() {
    let one = scp("ONE");
    let page = Page::with(&[&one]);
    let study = |seed, name: &str, id: &str| {
        let study = Study::new(1, 1).seed(seed);
        page.store(&study.patient_name(name).patient_id(id))
    };
    study(1, "Meyer^Anna", "10482");
    let bela = study(2, "Meyerhold^Bela", "10517");
    page.queue.wait_for("one", "Success", 2);
    let browser = &page.browser;
    // The first search is held back until the next one is asked.
    let ask_both = |first: &str, then: &str| {
        page.show("");
        page.answer_by(
            &format!("/search?q={first}"),
            "(real) => new Promise((answer) => { window.release = () => answer(real()); })",
        );
        for sought in [first, then] {
            browser.fill("#find input", sought);
            browser.click("#find button");
            browser.until(
                || browser.eval("return Boolean(window.release)") == true,
                "the first one is asked",
            );
        }
        browser.eval("window.release(); return 0");
    };
    ask_both("10482", "10517");
    browser.wait_text("h1", "Meyerhold, Bela");
    assert!(browser.url().ends_with(&format!("#/studies/{bela}")));
    ask_both("meyer", "nobody");
    browser.wait_text("[data-key=empty]", "“nobody”");
    assert_eq!(browser.count("[data-result]"), 0);
    // Gone to another view: it stays there.
    page.show("");
    page.answer_by(
        "/search",
        "(real) => new Promise((answer) => { window.release = () => answer(real()); })",
    );
    browser.fill("#find input", "10482");
    browser.click("#find button");
    browser.until(
        || browser.eval("return Boolean(window.release)") == true,
        "it is asked",
    );
    browser.click("a[data-nav=journal]");
    browser.eval("window.release(); return 0");
    browser.wait_for("main[data-view=journal]:not([aria-busy])");
    assert!(browser.url().ends_with("#/journal"), "{}", browser.url());
    page.is_clean();
}

/// The same of a filter: an answer is for what one has chosen last, and moves nobody who has gone on.
#[test]
fn a_filters_late_answer_moves_nobody() {
    let one = scp("ONE");
    let page = Page::with(&[&one]);
    let anna = Study::new(1, 1).patient_name("Meyer^Anna");
    let study = page.store(&anna.tag((0x0008, 0x0050), "SH", "RAD26-004713"));
    page.queue.wait_for("one", "Success", 1);
    let browser = &page.browser;
    // Each search is held back until it is released.
    let begin = |sought: &str| {
        page.show("#/studies");
        page.answer_by(
            "/search",
            "(real) => new Promise((answer) => { (window.held = window.held || []).push(answer); }).then(real)",
        );
        browser.fill("input[name=study]", sought);
        browser.press(sendqueue_testkit::browser::key::ENTER);
        browser.until(
            || browser.eval("return (window.held || []).length") == 1,
            "it is asked",
        );
    };
    // Answers, and waits until the page has had it: a question of its own, asked behind it, is answered.
    let release = |at: usize| {
        browser.eval(&format!(
            "window.held[{at}](); return new Promise((done) => setTimeout(done)).then(() => fetch('ui/index.html')).then(() => fetch('../')).then(() => 0)"
        ))
    };
    let held = || browser.eval("return window.held.length");
    // By Enter, which is a change too: once.
    begin("RAD26-004713");
    assert_eq!(held(), 1);
    // The destination is chosen while the first is not answered yet.
    browser.choose("select[name=destination]", "one");
    browser.until(|| held() == 2, "the second is asked");
    let both = format!("destination=one&study={study}");
    release(1);
    browser.until(|| browser.url().ends_with(&both), "both are in the URL");
    release(0);
    browser.wait_for("tbody[data-study]");
    assert!(browser.url().ends_with(&both), "{}", browser.url());
    // Gone to another view: it stays there, and is told nothing.
    for sought in ["RAD26-004713", "nobody"] {
        begin(sought);
        browser.click("a[data-nav=journal]");
        browser.wait_for("main[data-view=journal]:not([aria-busy])");
        release(0);
        assert!(browser.url().ends_with("#/journal"), "{}", browser.url());
        assert_eq!(browser.count("#said p"), 0);
    }
    // Gone, and back again.
    begin("RAD26-004713");
    browser.click("a[data-nav=journal]");
    browser.wait_for("main[data-view=journal]:not([aria-busy])");
    browser.click("a[data-nav=studies]");
    browser.wait_for("main[data-view=studies]:not([aria-busy])");
    release(0);
    assert!(browser.url().ends_with("#/studies"), "{}", browser.url());
    page.is_clean();
}

/// Orthanc has not looked at everything: nothing is not nothing, and one is perhaps not the only one.
#[test]
fn an_answer_that_may_lack_some_says_so() {
    let one = scp("ONE");
    let page = Page::with(&[&one]);
    page.store(&Study::new(1, 1).patient_name("Meyer^Anna"));
    page.queue.wait_for("one", "Success", 1);
    page.show("");
    page.answer_by(
        "/search",
        "async (real) => new Response(await (await real()).text(), { headers: { 'Sendqueue-Complete': 'false' } })",
    );
    let browser = &page.browser;
    let find = |sought: &str| {
        browser.fill("#find input", sought);
        browser.click("#find button");
    };
    find("nobody");
    browser.wait_text("[data-key=empty]", "did not look at everything");
    find("meyer");
    browser.wait_text("[data-key=count]", "1 result, and there may be more");
    assert!(browser.url().ends_with("#/search?q=meyer"));
    // Nor is one with this accession number surely the only one.
    browser.click("a[data-nav=studies]");
    browser.fill("main input[name=study]", "ACC1");
    browser.press(sendqueue_testkit::browser::key::ENTER);
    page.said("More than one study may fit “ACC1”: choose one");
    browser.wait_for("main[data-view=search] [data-result]");
    page.is_clean();
}
