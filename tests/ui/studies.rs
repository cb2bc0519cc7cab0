//! The study is the unit: lists of studies, what can be done to one at one destination, its items once it is opened.

use sendqueue_testkit::{FaultScp, Respond, Study};
use serde_json::json;

use crate::{Page, refusing, scp};

/// Anna's CT and Ben's MR: delivered to `one`, refused by `bad`, waiting for `held`, which is paused.
fn scene() -> (Vec<FaultScp>, Page, String, String) {
    let (one, bad, held) = (scp("ONE"), refusing("BAD", 0xC000), scp("HELD"));
    let page = Page::with(&[&one, &bad, &held]);
    page.queue.tell("/destinations/held/pause", &json!({}));
    let study = |seed, name: &str, description: &str, size| {
        let study = Study::new(1, size).seed(seed).patient_name(name);
        page.store(
            &study
                .study_description(description)
                .modality(&description[..2]),
        )
    };
    let anna = study(1, "Meyer^Anna", "CT thorax", 3);
    let ben = study(2, "Okoye^Ben", "MR knee", 2);
    page.queue.wait_for("one", "Success", 5);
    page.queue.wait_for("bad", "Failure", 5);
    page.queue.wait_for("held", "Pending", 5);
    (vec![one, bad, held], page, anna, ben)
}

fn line(study: &str, destination: &str) -> String {
    format!("tbody[data-study='{study}'] tr[data-destination={destination}]")
}

#[test]
fn a_list_says_whose_they_are_and_how_far_they_are() {
    let (_receivers, page, anna, ben) = scene();
    page.show("#/studies");
    let browser = &page.browser;
    let order =
        "return [...document.querySelectorAll('tbody[data-study]')].map(one => one.dataset.study)";
    assert_eq!(browser.eval(order), json!([ben, anna]), "the newest first");
    let annas = format!("tbody[data-study='{anna}']");
    browser.wait_text(&format!("{annas} .whose"), "Meyer, Anna");
    browser.wait_text(&format!("{annas} .whose"), "CT thorax");
    browser.wait_text(&format!("{annas} .whose"), "2026-01-02 · CT");
    browser.wait_text(&line(&anna, "one"), "3 of 3");
    browser.wait_text(&line(&anna, "bad"), "3 failed");
    browser.wait_text(&line(&anna, "held"), "3 waiting");
    browser.wait_text(&line(&anna, "held"), "paused since ");
    // What needs a person comes first.
    let order = format!(
        "return [...document.querySelectorAll(\"{annas} tr\")].map(one => one.dataset.destination)"
    );
    assert_eq!(browser.eval(&order), json!(["bad", "held", "one"]));
    // A line opens to the items of that study at that destination.
    assert_eq!(browser.count("[data-item]"), 0);
    browser.click(&format!("{} button.plain", line(&anna, "bad")));
    browser.until(|| browser.count("[data-item]") == 3, "its items");
    browser.wait_text("[data-item]", "Rejected C000");
    assert_eq!(browser.axe(), Vec::<String>::new());
    browser.click(&format!("{} button.plain", line(&anna, "bad")));
    browser.until(|| browser.count("[data-item]") == 0, "it is closed");
    // The filter is in the URL, and stays over the switch between studies and items.
    browser.choose("select[name=destination]", "held");
    browser.until(|| browser.count(".name") == 2, "one line for each study");
    browser.choose("select[name=state]", "Scheduled,Pending,Retry");
    browser.until(
        || browser.url().contains("#/studies?state="),
        "both are in the URL",
    );
    browser.click("[data-by=item]");
    browser.until(|| browser.count("[data-item]") == 5, "the same as items");
    assert!(browser.url().contains("destination=held"));
    browser.click("[data-by=study]");
    browser.until(
        || browser.count("tbody[data-study]") == 2,
        "as studies again",
    );
    browser.choose("select[name=state]", "Cancelled");
    browser.wait_text("main", "No study fits.");
    page.is_clean();
}

#[test]
fn one_study_at_one_destination_is_steered() {
    let (receivers, page, anna, ben) = scene();
    page.show("#/studies");
    let browser = &page.browser;
    let press = |destination: &str, verb: &str| {
        browser.click(&format!("{} [data-verb={verb}]", line(&anna, destination)));
    };
    press("held", "priority");
    browser.wait_for("dialog select");
    browser.choose("dialog select", "Stat");
    assert_eq!(
        page.answer("Change the priority of 3 items", "yes"),
        Some(3)
    );
    page.said("Changed: 3 items");
    let of = |study: &str, what: &str| {
        page.queue
            .items(&format!("destination=held&study={study}"))
            .iter()
            .filter(|item| item["Priority"] == what)
            .count()
    };
    assert_eq!((of(&anna, "Stat"), of(&ben, "Stat")), (3, 0));
    press("held", "remove");
    page.answer("Remove 3 items?", "yes");
    browser.wait_text("dialog", "of held of the study Meyer, Anna · CT thorax");
    page.answer("Really remove 3 items?", "yes");
    page.said("Removed: 3 items");
    assert_eq!(page.queue.count("held", "Pending"), 2);
    browser.wait_gone(&line(&anna, "held"));
    receivers[1].set_store(Respond::Status(0));
    press("bad", "replay");
    assert_eq!(page.answer("Replay 3 items?", "yes"), Some(3));
    page.said("Replayed: 3 items");
    browser.wait_text("[data-followed=done]", "3 delivered");
    browser.wait_text(&line(&anna, "bad"), "3 of 3");
    assert_eq!(page.queue.count("bad", "Failure"), 2, "the other study's");
    page.is_clean();
}

#[test]
fn a_kind_of_failure_is_listed_by_study_with_an_example_in_front() {
    let (receivers, page, anna, ben) = scene();
    page.show("#/errors");
    let browser = &page.browser;
    browser.wait_text("[data-example]", "For example Okoye, Ben · MR knee");
    browser.click(".kind a.button");
    browser.until(|| browser.count("tbody[data-study]") == 2, "the studies");
    assert_eq!(browser.count(&line(&anna, "one")), 0, "it has not failed");
    browser.wait_text(&line(&ben, "bad"), "2 failed");
    assert_eq!(browser.axe(), Vec::<String>::new());
    receivers[1].set_store(Respond::Status(0));
    browser.click(&format!("{} [data-verb=replay]", line(&ben, "bad")));
    browser.wait_text("dialog", "Rejected C000 of bad of the study Okoye, Ben");
    assert_eq!(page.answer("Replay 2 items?", "yes"), Some(2));
    page.said("Replayed: 2 items");
    page.queue.wait_for("bad", "Success", 2);
    browser.until(
        || browser.count(&line(&ben, "bad")) == 0,
        "it has left the error queue",
    );
    browser.wait_for(&line(&anna, "bad"));
    page.is_clean();
}

/// Over a filter by class and status in the list of items, and over one rule of what waits.
#[test]
fn all_that_fits_is_steered_as_far_as_it_can_be_told() {
    let (bad, held) = (refusing("BAD", 0xC000), scp("HELD"));
    let config = sendqueue_testkit::queue::config_for(&[&bad, &held]).set(
        "/SendQueue/Rules",
        json!([
            { "Name": "all", "To": ["bad"] },
            { "Name": "thorax", "To": ["held"], "When": { "Tags": { "StudyDescription": "CT thorax" } } },
            { "Name": "knee", "To": ["held"], "When": { "Tags": { "StudyDescription": "MR knee" } } },
        ]),
    );
    let page = Page::new(config);
    page.queue.tell("/destinations/held/pause", &json!({}));
    page.store(&Study::new(1, 3).study_description("CT thorax"));
    page.store(&Study::new(1, 2).seed(2).study_description("MR knee"));
    page.queue.wait_for("bad", "Failure", 5);
    page.queue.wait_for("held", "Pending", 5);
    let browser = &page.browser;
    page.show("#/studies?state=Scheduled,Pending,Retry");
    // How many, is the question's to say: the figures know nothing of rules.
    browser.wait_text(
        "[data-key=all]",
        "All that wait and fit, at all destinations:",
    );
    browser.choose("select[name=rule]", "knee");
    browser.click("[data-key=all] [data-verb=cancel]");
    browser.wait_text("dialog", "made by the rule knee");
    assert_eq!(page.answer("Cancel 2 items?", "yes"), Some(2));
    page.said("Cancelled: 2 items");
    assert_eq!(page.queue.count("held", "Pending"), 3);
    for list in ["items", "studies"] {
        page.show(&format!(
            "#/{list}?state=Failure&class=Rejected&status=C000"
        ));
        browser.click("[data-key=all] [data-verb=replay]");
        browser.wait_text("dialog", "Rejected C000 of every destination.");
        assert_eq!(page.answer("Replay 5 items?", "no"), Some(5));
        // What cannot be told to the call is not offered.
        page.show(&format!("#/{list}?state=Pending&class=Rejected"));
        assert_eq!(browser.count("[data-key=all]"), 0);
        page.show(&format!("#/{list}?state=Failure&older-than=60"));
        assert_eq!(browser.count("[data-key=all]"), 0);
    }
    page.is_clean();
}

/// As people write them: the first group of a name that says something, and the ideographic one beside it.
#[test]
fn names_are_written_as_people_write_them() {
    let one = scp("ONE");
    let page = Page::with(&[&one]);
    let study = page.store(&Study::new(1, 1));
    page.queue.wait_for("one", "Success", 1);
    for (name, written) in [
        ("Meyer^Anna^Maria", "Meyer, Anna Maria"),
        (
            "Yamada^Tarou=山田^太郎=やまだ^たろう",
            "Yamada, Tarou (山田 太郎)",
        ),
        ("=山田^太郎=やまだ^たろう", "山田 太郎"),
        ("==やまだ^たろう", "やまだ たろう"),
        ("Hong^Gildong=洪^吉洞=홍^길동", "Hong, Gildong (洪 吉洞)"),
        ("王^小东", "王 小东"),
        ("Люкceмбypг", "Люкceмбypг"),
        // It would turn round what follows.
        ("Meyer\u{202e}^Anna", "Meyer, Anna"),
        ("<b>Doe</b>^Jane=<i>x</i>", "<b>Doe</b>, Jane (<i>x</i>)"),
    ] {
        page.show("#/journal");
        page.answer_by(
            "/tools/bulk-content",
            &format!(
                "async () => new Response(JSON.stringify([{{ ID: '{study}', ParentStudy: '{study}',
                   MainDicomTags: {{ Modality: 'CT' }}, PatientMainDicomTags: {{ PatientName: '{name}' }} }}]))"
            ),
        );
        page.browser.click("a[data-nav=studies]");
        page.browser.wait_text(".whose", written);
        let found = page.browser.text(".whose a");
        assert_eq!(found, written);
        assert_eq!(page.browser.count("main b, main i"), 0);
    }
    page.is_clean();
}

/// Many destinations do not make a long list of each study; what is not shown is told, if a person is needed.
#[test]
fn of_many_destinations_the_worst_are_shown() {
    let (well, bad) = (scp("WELL"), refusing("BAD", 0xC000));
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let config = names.iter().enumerate().fold(
        sendqueue_testkit::queue::config(&names),
        |config, (number, name)| {
            let port = if number < 5 { bad.port() } else { well.port() };
            config.modality(name, "ANY", port)
        },
    );
    let page = Page::new(config);
    page.store(&Study::new(1, 1));
    page.queue.wait_for_rest(8);
    page.show("#/studies");
    let browser = &page.browser;
    assert_eq!(browser.count("tr[data-worst=Failure]"), 4);
    assert_eq!(browser.count("tr[data-worst=Success]"), 0);
    browser.wait_text(
        "[data-key=rest]",
        "and 4 other destinations: 1 with failures",
    );
    browser.choose("select[name=state]", "Success");
    browser.until(
        || browser.count("tr[data-worst=Success]") == 3,
        "what is asked for comes first",
    );
    browser.click("[data-key=rest] a");
    browser.until(|| browser.count("tr[data-destination]") == 8, "all of them");
    page.is_clean();
}

/// A study that comes in above moves nothing, closes nothing, and takes no focus.
#[test]
fn new_studies_come_in_without_moving_what_one_looks_at() {
    let one = scp("ONE");
    let page = Page::with(&[&one]);
    let studies: Vec<String> = (1..=12)
        .map(|seed| page.store(&Study::new(1, 1).seed(seed)))
        .collect();
    page.queue.wait_for("one", "Success", 12);
    page.browser.set_size(900, 500);
    page.show("#/studies");
    let browser = &page.browser;
    let looked_at = line(&studies[5], "one");
    browser.click(&format!("{looked_at} button.plain"));
    browser.wait_for("[data-item]");
    let row = format!("document.querySelector(\"{looked_at}\")");
    browser.eval(&format!(
        "{row}.scrollIntoView({{ block: 'center' }}); {row}.querySelector('button').focus({{ preventScroll: true }}); return 0"
    ));
    let place = || {
        let top = browser.eval(&format!("return {row}.getBoundingClientRect().top"));
        top.as_f64().expect("a place")
    };
    let before = place();
    page.store(&Study::new(1, 1).seed(99));
    browser.until(|| browser.count("tbody[data-study]") == 13, "the new one");
    assert!(
        (place() - before).abs() < 3.0,
        "from {before} to {}",
        place()
    );
    let focused = "return document.activeElement.closest('tbody').dataset.study";
    assert_eq!(browser.eval(focused), studies[5].as_str());
    assert_eq!(browser.count("[data-item]"), 1);
    page.is_clean();
}
