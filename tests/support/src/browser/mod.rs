//! A real Chromium, for what a person sees and does.
//!
//! Invariants:
//! - Everything waits until it is true, for [`SOON`] at most.
//! - When a test fails, whatever the reason, it tells what the page shows, what its console says, and where a picture
//!   of it is.
//! - All requests and all messages of the console since the start are kept: a test can tell that nothing went
//!   elsewhere and nothing was complained of.

mod driver;
mod seen;
mod setting;

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use base64::Engine as _;
use serde_json::{Value, json};

pub use self::driver::{Driver, WebError};
pub use self::seen::Message;
use self::seen::Seen;
use crate::receiver::tools;
use crate::wait;

/// How long a page may take to show what it should.
pub const SOON: Duration = Duration::from_secs(30);

/// W3C WebDriver, 12: the key of an element's reference.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Keys of W3C WebDriver, 17.4.2.
pub mod key {
    pub const TAB: &str = "\u{E004}";
    pub const ENTER: &str = "\u{E007}";
    pub const ESCAPE: &str = "\u{E00C}";
    pub const SPACE: &str = "\u{E00D}";
    pub const UP: &str = "\u{E013}";
    pub const DOWN: &str = "\u{E015}";
}

/// A window.
pub struct Browser {
    driver: Driver,
    seen: Mutex<Seen>,
}

impl Browser {
    /// 1280 × 900, light.
    ///
    /// # Panics
    /// When there is no Chromium; the message says what to install.
    #[must_use]
    pub fn start() -> Self {
        let browser = Self {
            driver: Driver::start(),
            seen: Mutex::default(),
        };
        browser.set_size(1280, 900);
        browser.set_dark(false);
        browser
    }

    /// Its profile and everything else it writes; gone when it is dropped.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.driver.folder()
    }

    /// Each request from now on carries this login (HTTP Basic), as after a person has typed it.
    pub fn log_in(&self, user: &str, password: &str) {
        let login = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        self.driver.chromium("Network.enable", &json!({}));
        self.driver.chromium(
            "Network.setExtraHTTPHeaders",
            &json!({ "headers": { "Authorization": format!("Basic {login}") } }),
        );
    }

    /// # Panics
    /// When the page cannot be loaded at all.
    #[track_caller]
    pub fn open(&self, url: &str) {
        self.must("POST", "/url", &json!({ "url": url }), url);
    }

    #[track_caller]
    pub fn reload(&self) {
        self.must("POST", "/refresh", &json!({}), "reload");
    }

    #[must_use]
    #[track_caller]
    pub fn url(&self) -> String {
        let url = self.driver.command("GET", "/url", None);
        url.ok()
            .and_then(|url| url.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// Runs the body of a function in the page; what it returns.
    ///
    /// # Panics
    /// When it throws.
    #[track_caller]
    pub fn eval(&self, script: &str) -> Value {
        self.must(
            "POST",
            "/execute/sync",
            &json!({ "script": script, "args": [] }),
            script,
        )
    }

    /// How many elements fit a CSS selector now.
    #[must_use]
    #[track_caller]
    pub fn count(&self, css: &str) -> usize {
        self.elements(css).len()
    }

    /// The visible text of each element that fits.
    #[must_use]
    #[track_caller]
    pub fn texts(&self, css: &str) -> Vec<String> {
        let script =
            "return [...document.querySelectorAll(arguments[0])].map(one => one.innerText)";
        let body = json!({ "script": script, "args": [css] });
        let found = self.must("POST", "/execute/sync", &body, css);
        let texts = found.as_array().into_iter().flatten();
        texts
            .filter_map(|text| text.as_str().map(str::to_owned))
            .collect()
    }

    /// The text of the first element that fits; empty if there is none.
    #[must_use]
    #[track_caller]
    pub fn text(&self, css: &str) -> String {
        self.texts(css).into_iter().next().unwrap_or_default()
    }

    /// An attribute of the first element that fits.
    #[must_use]
    #[track_caller]
    pub fn attribute(&self, css: &str, name: &str) -> Option<String> {
        let script = "const one = document.querySelector(arguments[0]); return one && one.getAttribute(arguments[1])";
        let body = json!({ "script": script, "args": [css, name] });
        self.must("POST", "/execute/sync", &body, css)
            .as_str()
            .map(str::to_owned)
    }

    /// Waits until an element fits.
    #[track_caller]
    pub fn wait_for(&self, css: &str) {
        self.until(|| self.count(css) > 0, &format!("{css} is there"));
    }

    /// Waits until none fits.
    #[track_caller]
    pub fn wait_gone(&self, css: &str) {
        self.until(|| self.count(css) == 0, &format!("{css} is gone"));
    }

    /// Waits until the text of an element that fits contains `text`.
    #[track_caller]
    pub fn wait_text(&self, css: &str, text: &str) {
        let has = || self.texts(css).iter().any(|found| found.contains(text));
        self.until(has, &format!("{css} says {text:?}"));
    }

    /// Waits until `condition` holds.
    ///
    /// # Panics
    /// After [`SOON`], with what the page shows.
    #[track_caller]
    pub fn until(&self, condition: impl FnMut() -> bool, what: &str) {
        if !wait::poll(condition, SOON) {
            self.fail(what);
        }
    }

    /// Clicks the first element that fits, once it is there and can be clicked.
    #[track_caller]
    pub fn click(&self, css: &str) {
        self.act(css, "click", &json!({}));
    }

    /// Types at the end of what is in an element; keys of [`key`] too.
    #[track_caller]
    pub fn type_into(&self, css: &str, text: &str) {
        self.act(css, "value", &json!({ "text": text }));
    }

    /// Replaces what is in a field.
    #[track_caller]
    pub fn fill(&self, css: &str, text: &str) {
        self.act(css, "clear", &json!({}));
        self.type_into(css, text);
    }

    /// Chooses the option of this value, as a person does: by a click.
    #[track_caller]
    pub fn choose(&self, css: &str, value: &str) {
        self.click(&format!("{css} option[value={}]", Value::from(value)));
    }

    /// Presses a key where the focus is.
    #[track_caller]
    pub fn press(&self, key: &str) {
        let actions = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": [
            { "type": "keyDown", "value": key },
            { "type": "keyUp", "value": key },
        ] }] });
        self.must("POST", "/actions", &actions, "a key");
    }

    /// Breaches of accessibility that axe-core finds in what is shown now: `serious` or `critical` ones, each with its
    /// rule and elements.
    ///
    /// # Panics
    /// When axe-core is not there: `scripts/receivers.sh DIR axe` brings it.
    #[must_use]
    #[track_caller]
    pub fn axe(&self) -> Vec<String> {
        let path = tools().join("axe.min.js");
        let source = std::fs::read_to_string(&path).unwrap_or_else(|error| {
            panic!(
                "{}: {error}: scripts/receivers.sh target/tools axe brings it",
                path.display()
            )
        });
        self.eval(&format!("{source}; return true"));
        let script = "const done = arguments[arguments.length - 1];
            axe.run(document, { resultTypes: ['violations'] }).then(
                found => done(found.violations.map(one => [one.impact, one.id + ': ' + one.help + ' '
                    + one.nodes.map(node => node.html.slice(0, 200)).join(' … ')])),
                error => done([['critical', String(error)]]))";
        let body = json!({ "script": script, "args": [] });
        let found = self.must("POST", "/execute/async", &body, "axe");
        let found = found.as_array().cloned().unwrap_or_default();
        found
            .iter()
            .filter(|one| matches!(one[0].as_str(), Some("serious" | "critical")))
            .filter_map(|one| one[1].as_str().map(str::to_owned))
            .collect()
    }

    fn act(&self, css: &str, verb: &str, body: &Value) {
        let mut last = WebError {
            code: "no such element".to_owned(),
            message: css.to_owned(),
        };
        let done = wait::poll(
            || {
                let Some(id) = self.elements(css).into_iter().next() else {
                    return false;
                };
                match self
                    .driver
                    .command("POST", &format!("/element/{id}/{verb}"), Some(body))
                {
                    Ok(_) => true,
                    Err(error) => {
                        last = error;
                        false
                    }
                }
            },
            SOON,
        );
        if !done {
            self.fail(&format!("{verb} {css}: {last}"));
        }
    }

    fn elements(&self, css: &str) -> Vec<String> {
        let body = json!({ "using": "css selector", "value": css });
        let found = self.driver.command("POST", "/elements", Some(&body));
        let found = found.unwrap_or_else(|error| panic!("{css}: {error}"));
        let references = found.as_array().into_iter().flatten();
        references
            .filter_map(|one| one[ELEMENT].as_str().map(str::to_owned))
            .collect()
    }

    #[track_caller]
    fn must(&self, method: &str, path: &str, body: &Value, what: &str) -> Value {
        match self.driver.command(method, path, Some(body)) {
            Ok(value) => value,
            Err(error) => panic!("{what}: {error}"),
        }
    }

    #[track_caller]
    fn fail(&self, what: &str) -> ! {
        // What the page shows is told when the browser is dropped.
        panic!("not within {SOON:?}: {what}");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.report());
        }
    }
}
