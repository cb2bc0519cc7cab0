//! The overview: the verdict, and a line for each destination, live.

use sendqueue_testkit::{OrthancConfig, Study};
use serde_json::json;

use crate::{Page, refusing, scp};

fn figure(page: &Page, destination: &str, name: &str) -> String {
    let cell = format!(".line[data-destination=\"{destination}\"] [data-figure={name}]");
    page.browser.text(&cell)
}

#[test]
fn each_destination_has_a_line_that_says_how_it_is() {
    let (well, bad) = (scp("WELL"), refusing("BAD", 0xA900));
    let config = sendqueue_testkit::queue::config_for(&[&well, &bad])
        .modality("gone", "GONE", 1)
        .modality("night", "NIGHT", well.port())
        .set(
            "/SendQueue/Rules",
            json!([{ "To": ["well", "bad", "gone", "night"] }]),
        )
        // Closed for all of a day but a minute that is not now: tests do not run for that long.
        .set(
            "/SendQueue/Destinations/night/Windows",
            json!([another_time()]),
        );
    let page = Page::new(config);
    page.store(&Study::new(1, 3));
    page.queue.wait_for("well", "Success", 3);
    page.queue.wait_for("bad", "Failure", 3);
    page.queue.wait_until(
        || page.queue.ask("/destinations/gone")["State"] == "Unreachable",
        sendqueue_testkit::queue::SOON,
        "gone is unreachable",
    );
    page.show("");
    let browser = &page.browser;
    let state = |name: &str| figure(&page, name, "state");
    assert_eq!(state("well"), "Idle");
    // Whatever else it does: there are failures.
    assert_eq!(state("bad"), "Idle, 3 failed");
    assert!(
        state("gone").starts_with("Unreachable for "),
        "{}",
        state("gone")
    );
    assert!(
        state("night").starts_with("Window opens "),
        "{}",
        state("night")
    );
    assert_eq!(figure(&page, "well", "sent"), "3");
    assert_eq!(figure(&page, "well", "failed"), "0");
    assert_eq!(figure(&page, "bad", "failed"), "3");
    assert_eq!(figure(&page, "gone", "waiting"), "3");
    assert_ne!(figure(&page, "gone", "oldest"), "–");
    assert_eq!(browser.text("#failures"), "3");
    // What needs a person is in front, with the way to it.
    browser.wait_text("[data-need=Failures][data-destination=bad]", "bad refuses");
    browser.wait_text(
        "[data-need=Unreachable][data-destination=gone]",
        "gone cannot be reached",
    );
    browser.wait_text("h1", "2 destinations need you");
    // The sick ones first.
    let order = browser.eval(
        "return [...document.querySelectorAll('.line')].map(line => line.dataset.destination)",
    );
    assert_eq!(order, json!(["bad", "gone", "night", "well"]));
    // The window's title and icon say it to whoever looks at another tab.
    let title = browser.eval("return document.title");
    assert!(
        title
            .as_str()
            .is_some_and(|title| title.starts_with("(3) ")),
        "{title}"
    );
    let icon = browser.attribute("#icon", "href");
    assert!(
        icon.as_ref()
            .is_some_and(|icon| icon.starts_with("ui/icon-3.svg?v=")),
        "{icon:?}"
    );
    // A line opens: the cause in its own words in front, then in plain words; what to do is folded.
    browser.click(".line[data-destination=bad] button");
    browser.wait_text(
        ".detail[data-destination=bad] .problem",
        "does not match its SOP class",
    );
    browser.click(".detail[data-destination=bad] .problem summary");
    browser.wait_text(
        ".detail[data-destination=bad] .problem",
        "have the instance corrected",
    );
    // By a click anywhere on the line.
    browser.click(".line[data-destination=gone] .state");
    browser.wait_text(".detail[data-destination=gone] .own", "127.0.0.1:1");
    browser.wait_text(
        ".detail[data-destination=gone] .facts",
        "3 until it can be reached",
    );
    assert!(!browser.text("main").contains("os error"));
    browser.wait_text(".detail[data-destination=gone] .facts", "GONE");
    browser.click(".detail[data-destination=gone] .settings summary");
    browser.wait_text(".detail[data-destination=gone] .settings", "as stored");
    assert!(
        !browser
            .text(".detail[data-destination=gone]")
            .contains("Orthanc's\n"),
        "the transfer syntax is nobody's"
    );
    // The URL opens it too, for a colleague.
    assert!(
        browser.url().ends_with("#/destinations/gone"),
        "{}",
        browser.url()
    );
    // Why it waits is said wherever one meets it.
    browser.click(".line[data-destination=gone] [data-figure=waiting] a");
    browser.wait_text("[data-study] [data-destination=gone]", "0 of 3");
    let chosen = "return document.querySelector('select[name=state]').selectedOptions[0].text";
    assert_eq!(browser.eval(chosen), "waiting");
    browser.click("[data-by=item]");
    browser.until(|| browser.count("[data-item]") == 3, "what waits for it");
    assert_eq!(browser.eval(chosen), "waiting");
    browser.click("[data-item] a");
    browser.wait_text("[data-key=holds]", "It waits: gone is unreachable for");
    browser.click("dd a[href*=studies]");
    for (name, why) in [("gone", "unreachable"), ("night", "window opens")] {
        let row = format!("tr[data-destination={name}] [data-holds]");
        browser.wait_text(&row, why);
    }
    assert_eq!(browser.count("tr[data-destination=well] [data-holds]"), 0);
    page.show("#/");
    for chart in [
        ".line[data-destination=well] .spark",
        "[data-chart] > .chart",
    ] {
        let words = browser.attribute(chart, "aria-label");
        assert!(
            words.as_ref().is_some_and(|words| words.contains("3 sent")),
            "{chart}: {words:?}"
        );
    }
    page.is_clean();
}

#[test]
fn a_silent_source_is_seen_at_once() {
    let well = scp("WELL");
    let alerts = json!({
        "Url": "http://127.0.0.1:1/",
        "SilentSources": [{ "Aet": "CT1", "Hours": 0.0001 }, { "Aet": "MR1", "Hours": 700 }],
    });
    let config = sendqueue_testkit::queue::config_for(&[&well]).set("/SendQueue/Alerts", alerts);
    let page = Page::new(config);
    page.show("");
    let browser = &page.browser;
    browser.wait_text(
        "[data-need=SourceSilent][data-source=CT1]",
        "CT1 is silent: it has sent nothing yet",
    );
    assert_eq!(browser.count("[data-need=SourceSilent]"), 1);
    browser.click("details.sources summary");
    browser.wait_text("[data-source=CT1]", "too long since");
    browser.wait_text("[data-source=MR1]", "told after 29 d 4 h");
    page.is_clean();
}

/// A window of a minute, twelve hours from now at the least.
fn another_time() -> String {
    let seconds = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    // Whatever the zone is, the window is days away: the weekday after the day after tomorrow.
    let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let day = days[usize::try_from((seconds / 86_400 + 3) % 7).expect("less than 7")];
    format!("{day} 12:00-12:01")
}

#[test]
fn it_lives_without_being_loaded_again_and_stays_where_it_is() {
    let receivers: Vec<_> = (0..12).map(|number| scp(&format!("R{number}"))).collect();
    let page = Page::with(&receivers.iter().collect::<Vec<_>>());
    page.browser.set_size(600, 500);
    page.show("#/destinations/r5");
    let browser = &page.browser;
    browser.wait_for(".detail[data-destination=r5]");
    browser.eval("window.marked = true; scrollTo(0, 300); document.querySelector('[data-destination=r5][data-verb=echo]').focus({ preventScroll: true }); return 0");
    let before = browser.eval("return scrollY");
    browser.eval(
        "document.querySelector('.detail[data-destination=r5] .settings').open = true; return 0",
    );
    let before_open = browser.eval("return scrollY");
    assert_eq!(before, before_open);
    page.store(&Study::new(1, 4));
    browser.until(
        || figure(&page, "r5", "sent") == "4",
        "the line shows what was sent",
    );
    assert_eq!(browser.eval("return window.marked"), true, "loaded again");
    assert_eq!(browser.eval("return scrollY"), before);
    assert_eq!(
        browser.eval("return document.activeElement.getAttribute('aria-label')"),
        "Echo r5"
    );
    assert_eq!(
        browser
            .eval("return document.querySelector('.detail[data-destination=r5] .settings').open"),
        true
    );
    page.is_clean();
}

#[test]
fn without_destinations_it_says_how_to_name_one() {
    let config = OrthancConfig::new()
        .plugin(sendqueue_testkit::plugin_path())
        .set("/SendQueue/Rules", json!([]));
    let page = Page::new(config);
    page.show("");
    page.browser
        .wait_text("main", "There are no destinations yet");
    page.is_clean();
}

/// Over all destinations, by the minute and by the hour, with values under the pointer.
#[test]
fn an_hour_a_day_and_a_week_are_drawn() {
    let one = scp("ONE");
    let page = Page::with(&[&one]);
    page.store(&Study::new(1, 3));
    page.queue.wait_for("one", "Success", 3);
    page.show("#/?range=1h");
    let browser = &page.browser;
    let bars = || browser.count("[data-chart] .touch");
    let told = || {
        let label = browser.attribute("[data-chart] > .chart", "aria-label");
        label.is_some_and(|label| label.contains("3 sent"))
    };
    for (range, size) in [("1h", 60), ("24h", 24), ("7d", 168)] {
        browser.click(&format!("[data-range='{range}']"));
        browser.wait_for(&format!("[data-chart='{range}']"));
        browser.until(|| bars() == size && told(), "its bars");
        let pressed = browser.attribute(&format!("[data-range='{range}']"), "aria-pressed");
        assert_eq!(pressed.as_deref(), Some("true"));
    }
    assert!(browser.url().contains("range=7d"), "{}", browser.url());
    browser.eval(
        "const all = document.querySelectorAll('.touch');
         all[all.length - 1].dispatchEvent(new PointerEvent('pointermove', { bubbles: true })); return 0",
    );
    browser.wait_text("#readout", ": 3 sent");
    // It stays while it is looked at, and goes with the pointer.
    let refreshes = browser.requests().len();
    browser.until(|| browser.requests().len() > refreshes + 4, "two refreshes");
    browser.wait_text("#readout", "–");
    browser.eval(
        "document.body.dispatchEvent(new PointerEvent('pointermove', { bubbles: true })); return 0",
    );
    browser.wait_text("#readout", "3 sent (");
    browser.until(|| !browser.text("#readout").contains('–'), "the sum");
    page.is_clean();
}

#[test]
fn twenty_four_destinations_fit_on_a_screen() {
    let names: Vec<String> = (0..24)
        .map(|number| format!("destination-{number}"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let config = names
        .iter()
        .fold(sendqueue_testkit::queue::config(&names), |config, name| {
            config.modality(name, "GONE", 1)
        });
    let page = Page::new(config);
    page.browser.set_size(1366, 768);
    page.show("");
    assert_eq!(page.browser.count(".line"), 24);
    let end = "return document.querySelector('.destinations').getBoundingClientRect().bottom";
    let end = page.browser.eval(end).as_f64().expect("a place");
    // With room for three things that need a person.
    assert!(end <= 768.0 - 3.0 * 22.0, "{end}");
    page.is_clean();
}

/// The sick ones come first, and yet nothing moves under the mouse of who is about to press something.
#[test]
fn nothing_moves_under_the_mouse() {
    let (one, two, zed) = (scp("ONE"), scp("TWO"), scp("ZED"));
    let page = Page::with(&[&one, &two, &zed]);
    page.queue.tell("/destinations/two/pause", &json!({}));
    page.store(&Study::new(1, 2));
    page.queue.wait_for("two", "Pending", 2);
    page.queue.wait_for("zed", "Success", 2);
    page.browser.set_size(1366, 768);
    page.show("#/destinations/zed");
    let browser = &page.browser;
    let order = || {
        browser.eval(
            "return [...document.querySelectorAll('.line')].map(line => line.dataset.destination)",
        )
    };
    assert_eq!(order(), json!(["two", "one", "zed"]));
    let place = || {
        let top =
            "return document.querySelector('.detail [data-verb=echo]').getBoundingClientRect().top";
        browser.eval(top).as_f64().expect("a place")
    };
    let before = place();
    browser.click(".detail [data-verb=pause]");
    page.said("zed is paused");
    // What is held is seen, also with nothing to be sent: above it comes a sentence, and its line would be the first.
    browser.wait_text(".detail", "Nothing is sent until it is resumed.");
    browser.wait_text("h1", "zed is paused");
    page.queue.tell("/destinations/one/pause", &json!({}));
    browser.wait_for(".line[data-destination=one][data-state=Paused]");
    assert!((place() - before).abs() < 2.0, "{before}, {}", place());
    assert_eq!(order(), json!(["two", "one", "zed"]));
    page.queue.tell("/destinations/one/resume", &json!({}));
    browser.wait_for(".line[data-destination=one][data-state=Ready]");
    // Gone, and for some seconds.
    browser.eval(
        "document.documentElement.dispatchEvent(new PointerEvent('pointerleave'));
         const real = Date.now; Date.now = () => real() + 6000;
         return 0",
    );
    browser.until(
        || order() == json!(["two", "zed", "one"]),
        "the sick ones first",
    );
    page.is_clean();
}

/// Two of a kind are two: none is shown in the other's place.
#[test]
fn everything_that_needs_a_person_is_seen_also_two_of_a_kind() {
    let one = scp("ONE");
    let page = Page::with(&[&one]);
    page.show("");
    let browser = &page.browser;
    browser.eval(
        "window.needs = ['the disk is full', 'arrivals cannot be queued'].map((Sentence) =>
           ({ Severity: 'Critical', Kind: 'Machinery', Destination: null, Source: null, Sentence, Advice: null }));
         return 0",
    );
    page.answer_by(
        "/verdict",
        "() => Promise.resolve(new Response(JSON.stringify(window.needs)))",
    );
    let needs = || browser.texts("[data-need=Machinery] .text");
    browser.until(
        || needs() == ["the disk is full", "arrivals cannot be queued"],
        "both",
    );
    // The next refresh brings each up to date.
    browser.eval("window.needs[0].Sentence = 'the disk is slow'; return 0");
    browser.until(
        || needs() == ["the disk is slow", "arrivals cannot be queued"],
        "both, as they are now",
    );
    browser.wait_text("h1", "2 things need you");
    // The headline has the number of what is told below.
    browser.eval(
        "const need = (Kind, Destination, Severity) => ({ Severity, Kind, Destination, Source: null, Sentence: Kind, Advice: null });
         window.needs = [need('Unreachable', 'a', 'Error'), need('Failures', 'a', 'Error'), need('Failures', 'b', 'Error'),
           need('Paused', 'c', 'Warning')];
         return 0",
    );
    browser.wait_text(
        "h1",
        "3 things at 2 destinations need you; 1 more to keep in mind",
    );
    page.is_clean();
}

/// What has failed is told in each state, and comes first.
#[test]
fn failures_outside_the_window_are_no_calm() {
    let (calm, night) = (scp("CALM"), refusing("NIGHT", 0xA900));
    let config = sendqueue_testkit::queue::config_for(&[&calm, &night])
        .set("DicomScuTimeout", 600)
        .set(
            "/SendQueue/Destinations/night/Windows",
            json!([another_time()]),
        );
    let page = Page::new(config);
    page.store(&Study::new(1, 3));
    page.queue.wait_for("calm", "Success", 3);
    let send_now = || page.queue.tell("/destinations/night/send-now", &json!({}));
    send_now();
    page.queue.wait_for("night", "Failure", 3);
    let study = page.store(&Study::new(1, 1).seed(2));
    page.queue.wait_for("calm", "Success", 4);
    page.show("");
    let browser = &page.browser;
    let state = ".line[data-destination=night] [data-figure=state]";
    browser.wait_text(state, "Window opens ");
    browser.wait_text(state, ", 3 failed");
    browser.wait_for(".line[data-destination=night] .dot.bad");
    let order = browser.eval(
        "return [...document.querySelectorAll('.line')].map(line => line.dataset.destination)",
    );
    assert_eq!(order, json!(["night", "calm"]));
    // Why one study waits has nothing to do with what failed of others.
    page.show(&format!("#/studies/{study}"));
    let holds = "tr[data-destination=night] [data-holds]";
    browser.wait_text(holds, "window opens ");
    assert!(!browser.text(holds).contains("failed"));
    // By a person's wish it sends all the same.
    night.set_store(sendqueue_testkit::Respond::Delay(
        std::time::Duration::from_secs(3600),
        0,
    ));
    send_now();
    page.show("");
    browser.wait_text(state, "Sending, 3 failed");
    night.stop();
    page.is_clean();
}

/// What is delivered while the figures are asked for is not counted twice.
#[test]
fn what_was_sent_today_is_counted_once() {
    let one = scp("ONE");
    let page = Page::with(&[&one]);
    page.store(&Study::new(1, 3));
    page.queue.wait_for("one", "Success", 3);
    page.show("#/journal");
    page.answer_by(
        "/destinations",
        "(real) => { window.asked = (window.asked || 0) + 1; return real(); }",
    );
    page.answer_by(
        "/history",
        "(real) => new Promise((answer) => { window.release = () => answer(real()); })",
    );
    let browser = &page.browser;
    let asked = || {
        let asked = browser.eval("return window.asked || 0");
        asked.as_u64().expect("a number")
    };
    // They are not asked for again because they are old.
    browser.eval("const now = Date.now(); Date.now = () => now; return 0");
    browser.click(".brand a");
    browser.until(
        || browser.eval("return Boolean(window.release)") == true,
        "the figures are asked for",
    );
    page.store(&Study::new(1, 2).seed(2));
    page.queue.wait_for("one", "Success", 5);
    browser.eval("window.release(); return 0");
    browser.wait_for(".line[data-destination=one]");
    // With the destinations as they are after that.
    for _ in 0..2 {
        let before = asked();
        browser.eval("document.dispatchEvent(new Event('visibilitychange')); return 0");
        browser.until(|| asked() > before, "a refresh");
    }
    assert_eq!(figure(&page, "one", "sent"), "5");
    // What comes then is seen at once.
    page.store(&Study::new(1, 1).seed(3));
    browser.until(|| figure(&page, "one", "sent") == "6", "the sixth");
    page.is_clean();
}
