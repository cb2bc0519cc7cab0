//! Logins, and what another site's page can do: nothing.

use sendqueue_testkit::Browser;
use sendqueue_testkit::queue;
use serde_json::json;

use crate::{Page, scp};

#[test]
fn everything_asks_for_the_login_and_every_user_sees_it() {
    let one = scp("ONE");
    let config = queue::config_for(&[&one])
        .set("AuthenticationEnabled", true)
        .set(
            "RegisteredUsers",
            json!({ "anna": "secret", "ben": "other" }),
        );
    let queue = queue::Queue::start(config);
    let base = format!(
        "http://127.0.0.1:{}/sendqueue/ui/#/destinations/one",
        queue.http_port()
    );
    for file in ["", "index.html", "main.js", "page.css", "api.js"] {
        let answer = queue
            .raw("GET", &format!("/sendqueue/ui/{file}"), &[], b"")
            .expect("an answer");
        assert_eq!(answer.status, 401, "{file}");
    }
    for (user, password) in [("anna", "secret"), ("ben", "other")] {
        let browser = Browser::start();
        browser.log_in(user, password);
        browser.open(&base);
        browser.wait_for(".line[data-destination=one]");
        browser.click("[data-verb=echo]");
        browser.wait_text(".echo", "answered C-ECHO");
        assert_eq!(browser.console_errors(), []);
    }
}

#[test]
fn headers_keep_the_page_to_itself() {
    let one = scp("ONE");
    let queue = queue::Queue::start(queue::config_for(&[&one]));
    for file in ["", "main.js", "page.css", "icon.svg"] {
        let answer = queue.get(&format!("/sendqueue/ui/{file}")).ok();
        let policy = answer.header("Content-Security-Policy").expect("a policy");
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "connect-src 'self'",
            "frame-ancestors 'self'",
            "base-uri 'none'",
            "form-action 'none'",
        ] {
            assert!(policy.contains(part), "{file}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"));
    }
    // What the page names is kept, and the page itself is asked for each time.
    let page = queue.get("/sendqueue/ui/").ok();
    assert_eq!(page.header("Cache-Control"), Some("no-cache"));
    let text = page.text();
    let (_, rest) = text.split_once("src=\"ui/main.js?v=").expect("a version");
    let version = rest.split('"').next().expect("its end");
    let kept = |version: &str| {
        let answer = queue
            .get(&format!("/sendqueue/ui/main.js?v={version}"))
            .ok();
        answer.header("Cache-Control").map(str::to_owned)
    };
    let for_ever = "private, max-age=31536000, immutable";
    assert_eq!(kept(version).as_deref(), Some(for_ever));
    assert_eq!(kept("1").as_deref(), Some("no-cache"));
    assert_eq!(queue.get("/sendqueue/ui/nothing.js").status, 404);
    assert_eq!(queue.post("/sendqueue/ui/", "{}").status, 405);
}

#[test]
fn the_policy_holds_against_a_script_that_got_in() {
    let one = scp("ONE");
    let page = Page::with(&[&one]);
    page.show("");
    // As if some text had become markup after all.
    page.browser.eval(
        "const script = document.createElement('script'); script.textContent = 'window.bad = 1'; document.body.append(script);
         const image = document.createElement('img'); image.src = 'http://127.0.0.2:9/steal'; document.body.append(image); return 0",
    );
    page.browser.until(
        || {
            page.browser
                .console_errors()
                .iter()
                .filter(|error| error.text.contains("Content Security Policy"))
                .count()
                >= 2
        },
        "both are refused",
    );
    assert_eq!(page.browser.eval("return window.bad || 0"), 0);
}

#[test]
fn a_form_of_another_site_does_nothing_though_the_browser_knows_the_login() {
    let one = scp("ONE");
    let config = queue::config_for(&[&one])
        .set("AuthenticationEnabled", true)
        .set("RegisteredUsers", json!({ "anna": "secret" }));
    let queue = queue::Queue::start(config);
    // Another site: the same Orthanc under another name, whose page posts a form here with the login.
    let browser = Browser::start();
    browser.log_in("anna", "secret");
    browser.open(&format!(
        "http://localhost:{}/app/explorer.html",
        queue.http_port()
    ));
    let target = format!(
        "http://127.0.0.1:{}/sendqueue/destinations/one/pause",
        queue.http_port()
    );
    browser.eval(&format!(
        "const form = document.createElement('form'); form.method = 'POST'; form.enctype = 'text/plain'; form.action = '{target}';
         document.body.append(form); HTMLFormElement.prototype.submit.call(form); return 0"
    ));
    browser.wait_text("body", "403");
    let login = [("Authorization", "Basic YW5uYTpzZWNyZXQ=")];
    let state = queue
        .raw("GET", "/sendqueue/destinations/one", &login, b"")
        .expect("an answer")
        .json();
    assert_eq!(state["State"], "Ready");
    // The same from the queue's own page works.
    browser.open(&format!(
        "http://127.0.0.1:{}/sendqueue/ui/#/destinations/one",
        queue.http_port()
    ));
    browser.click("[data-verb=pause]");
    browser.wait_for(".line[data-state=Paused]");
}

#[test]
fn no_other_site_shows_it_in_a_frame() {
    let one = scp("ONE");
    let queue = queue::Queue::start(queue::config_for(&[&one]));
    let browser = Browser::start();
    let framed = |host: &str| {
        browser.open(&format!(
            "http://{host}:{}/app/explorer.html",
            queue.http_port()
        ));
        browser.eval(&format!(
            "return new Promise(done => {{
                const frame = document.createElement('iframe');
                frame.onload = () => done(Boolean(frame.contentDocument && frame.contentDocument.querySelector('main')));
                frame.src = 'http://127.0.0.1:{}/sendqueue/ui/';
                document.body.append(frame);
            }})",
            queue.http_port()
        ))
    };
    assert_eq!(framed("127.0.0.1"), true, "its own site does");
    assert_eq!(framed("localhost"), false);
    let refused =
        |error: &sendqueue_testkit::browser::Message| error.text.contains("frame-ancestors");
    browser.until(
        || browser.console_errors().iter().any(refused),
        "the policy forbids it",
    );
}

/// As a person logs in: the browser asks, and sends it along from then on.
#[test]
fn a_login_in_the_address_is_enough_for_everything() {
    let one = scp("ONE");
    let config = queue::config_for(&[&one])
        .set("AuthenticationEnabled", true)
        .set("RegisteredUsers", json!({ "anna": "secret" }));
    let queue = queue::Queue::start(config);
    let browser = Browser::start();
    browser.open(&format!(
        "http://anna:secret@127.0.0.1:{}/sendqueue/ui/#/destinations/one",
        queue.http_port()
    ));
    browser.click("[data-verb=pause]");
    browser.wait_for(".line[data-state=Paused]");
    browser.open(&format!(
        "http://127.0.0.1:{}/sendqueue/ui/#/items",
        queue.http_port()
    ));
    browser.wait_text("main", "Nothing is or was in the queue yet.");
    assert_eq!(browser.console_errors(), []);
}
