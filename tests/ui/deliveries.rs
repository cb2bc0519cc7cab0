//! What was sent, also of what is gone.

use sendqueue_testkit::queue::{self, SOON};
use sendqueue_testkit::{Study, browser::key};
use serde_json::{Value, json};

use crate::{Page, scp};

#[test]
fn what_was_sent_is_found_by_its_number_and_date_when_its_items_are_gone() {
    let (one, two) = (scp("ONE"), scp("TWO"));
    two.set_status(0xB000);
    let page = Page::new(queue::config_for(&[&one, &two]).set("/SendQueue/HistoryDays", 0));
    let made = |seed: u64, count: usize, accession: &str| {
        let study = Study::new(1, count).seed(seed).patient_name("Doe^Jane");
        study.tag((0x0008, 0x0050), "SH", accession)
    };
    let gone = made(1, 3, "A-1");
    let id = page.store(&gone);
    page.store(&made(2, 1, "A-2 <b>"));
    let stores = || one.counters().stores + two.counters().stores;
    let queue = &page.queue;
    let rest = || {
        let counts = queue.ask("")["Counts"].clone();
        stores() == 8 && counts.as_object().unwrap().values().all(|n| *n == 0)
    };
    queue.wait_until(rest, SOON, "nothing is left of what was sent");
    assert_eq!(queue.delete(&format!("/studies/{id}")).status, 200);

    page.show("#/");
    let browser = &page.browser;
    browser.click("a[data-nav=deliveries]");
    browser.until(|| browser.count("[data-delivery]") == 4, "a line for each");
    assert_eq!(browser.axe(), Vec::<String>::new());
    // By keys alone.
    browser.click("input[name=number]");
    browser.type_into("input[name=number]", "A-1");
    browser.press(key::ENTER);
    browser.until(
        || browser.count("[data-delivery]") == 2,
        "those of the study",
    );
    assert!(browser.url().contains("number=A-1"), "{}", browser.url());
    let two_of_it = "[data-delivery][data-destination=two]";
    browser.wait_text(two_of_it, "3, 3 with a remark");
    browser.wait_text(two_of_it, "no longer in Orthanc");
    browser.choose("select[name=destination]", "one");
    browser.until(|| browser.count("[data-delivery]") == 1, "one destination");
    // The same as a table.
    let table = browser.attribute("[data-csv]", "href").expect("a link");
    let table = queue
        .get(&table[table.find("/sendqueue").expect("ours")..])
        .ok()
        .text();
    let rows: Vec<&str> = table.lines().collect();
    assert_eq!(rows.len(), 2, "{table}");
    assert!(
        rows[1].contains(&format!("{id},{},A-1,one,", gone.study_uid())),
        "{table}"
    );

    // Days of this place: today is in it, to its end.
    let today = browser.eval(
        "const now = new Date(), two = (number) => String(number).padStart(2, '0');
         return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`",
    );
    let today = today.as_str().unwrap();
    for (hash, lines) in [
        (format!("#/deliveries?from={today}&to={today}"), 4),
        (format!("#/deliveries?number={}", gone.study_uid()), 2),
        (format!("#/deliveries?number={id}&destination=two"), 1),
        ("#/deliveries?to=2020-12-31".to_owned(), 0),
        ("#/deliveries?number=A-3".to_owned(), 0),
    ] {
        page.show(&hash);
        assert_eq!(browser.count("[data-delivery]"), lines, "{hash}");
        assert_eq!(
            browser.count("[data-csv]"),
            usize::from(lines > 0),
            "{hash}"
        );
    }
    browser.wait_text("[data-key=empty]", "Nothing was sent that fits");
    page.show("#/deliveries?from=2026-02-31");
    browser.wait_text("main h1", "This cannot be shown");
    browser.wait_text("main", "“2026-02-31” is no date");

    // The page of a study of which nothing else is left.
    page.show("#/deliveries?number=A-1&destination=one");
    browser.click("[data-delivery] a");
    browser.wait_for("main[data-view=resource]:not([aria-busy])");
    browser.wait_text("main", "It is no longer in Orthanc.");
    browser.wait_text("main", "Nothing of it is in the queue any more.");
    browser.until(
        || browser.count("li[data-delivery]") == 2,
        "where it was sent",
    );
    browser.wait_text(
        "[data-key=delivered]",
        "two: 3 instances, 3 with a remark, ",
    );
    assert_eq!(browser.axe(), Vec::<String>::new());
    page.show(&format!("#/studies/{}", gone.study_uid()));
    browser.wait_text("[data-key=delivered]", "one: 3 instances, ");
    page.is_clean();
}

#[test]
fn what_was_sent_is_shown_in_pages() {
    let one = scp("ONE");
    let page = Page::with(&[&one]);
    page.show("#/deliveries");
    let browser = &page.browser;
    browser.wait_text("[data-key=empty]", "Nothing was sent that fits");
    page.answer_by(
        "/deliveries?",
        "(real) => real().then(() => {
           const line = (at) => ({ ID: at + 1, Study: '27f7126f-4f66fb14-03f4081b-f9341db2-53925988', Destination: 'one', AccessionNumber: '<b>A</b>',
             FirstDelivery: '20260312T081502.123456', LastDelivery: '20260312T081502.123456', Instances: 1234, Warnings: 0, Bytes: 1, Closed: true });
           return new Response(JSON.stringify([...Array(101).keys()].map(line)));
         })",
    );
    browser.fill("input[name=number]", "A");
    browser.press(key::ENTER);
    browser.until(|| browser.count("[data-delivery]") == 100, "a page");
    browser.wait_text("[data-delivery='1']", "<b>A</b>");
    browser.wait_text("[data-delivery='1']", "1,234");
    assert_eq!(browser.count("main b"), 0);
    let next: Value = browser.attribute("[data-page=next]", "href").into();
    assert_eq!(next, json!("#/deliveries?number=A&after=100"));
    browser.click("[data-page=next]");
    browser.until(|| browser.url().contains("after=100"), "the next page");
    // What its items tell is not said twice.
    let study = page.store(&Study::new(1, 1));
    page.queue.wait_for("one", "Success", 1);
    page.show(&format!("#/studies/{study}"));
    browser.wait_text("tr[data-destination=one]", "1 of 1");
    assert_eq!(browser.count("[data-delivery]"), 0);
    page.is_clean();
}
