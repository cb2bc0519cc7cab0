//! A real Chromium, for what a person sees and does.
//!
//! Invariants:
//! - Everything waits until it is true, for [`SOON`] at most.
//! - When a test fails, whatever the reason, it tells what the page shows, what its console says, and where a picture of it is.
//! - All requests and all messages of the console since the start are kept: a test can tell that nothing went
//!   elsewhere and nothing was complained of.

mod driver;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine as _;
use serde_json::{Value, json};

pub use self::driver::{Driver, WebError};
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

/// What reaches no network; the last one: the empty window that Chromium starts with.
const INSIDE: [&str; 4] = ["data:", "blob:", "about:", "chrome://"];

/// A window.
pub struct Browser {
    driver: Driver,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    console: Vec<Message>,
    requests: Vec<String>,
}

/// What the console showed: an error of a script, a file that could not be loaded, a breach of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// `SEVERE`, `WARNING`, `INFO`, …
    pub level: String,
    pub text: String,
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

    /// The page gets exactly this: the window's own borders do not count. Below 600 it is a phone: scroll bars take no room,
    /// and a page that does not say that it fits (`<meta name="viewport">`) is laid out for a desk and shrunk.
    pub fn set_size(&self, width: u32, height: u32) {
        self.driver.chromium(
            "Emulation.setDeviceMetricsOverride",
            &json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 }),
        );
    }

    pub fn set_dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        self.driver.chromium(
            "Emulation.setEmulatedMedia",
            &json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] }),
        );
    }

    /// What a person would have allowed when asked, such as `clipboardReadWrite` (names of the DevTools protocol); nothing else.
    pub fn grant(&self, permissions: &[&str]) {
        self.driver.chromium(
            "Browser.grantPermissions",
            &json!({ "permissions": permissions }),
        );
    }

    /// Whether the browser has lost its network: each request fails at once.
    pub fn set_offline(&self, offline: bool) {
        self.driver.chromium("Network.enable", &json!({}));
        self.driver.chromium(
            "Network.emulateNetworkConditions",
            &json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 }),
        );
    }

    /// Writes what is seen as PNG; `whole`: the page to its end, not only the window.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn screenshot(&self, path: &Path, whole: bool) {
        let parameters = json!({ "format": "png", "captureBeyondViewport": whole });
        let answer = self.driver.chromium("Page.captureScreenshot", &parameters);
        let data = answer["data"].as_str().expect("a picture");
        let data = base64::engine::general_purpose::STANDARD
            .decode(data)
            .expect("base64");
        std::fs::write(path, data).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Everything the console showed since the start.
    #[must_use]
    pub fn console(&self) -> Vec<Message> {
        self.collect();
        self.lock().console.clone()
    }

    /// What of it is an error.
    #[must_use]
    pub fn console_errors(&self) -> Vec<Message> {
        self.console()
            .into_iter()
            .filter(|message| message.level == "SEVERE")
            .collect()
    }

    /// The URLs of all requests since the start, `data:` and the like left out.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.collect();
        self.lock().requests.clone()
    }

    /// Breaches of accessibility that axe-core finds in what is shown now: `serious` or `critical` ones, each with its rule and
    /// elements.
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

    /// What a person would want to know of a test that failed. Never panics: it is asked for while one is under way.
    fn report(&self) -> String {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let mut report = String::from("the browser when the test failed\n");
        let shown = json!({ "script": "return [location.href, document.body ? document.body.innerText : '']", "args": [] });
        match self.driver.command("POST", "/execute/sync", Some(&shown)) {
            Ok(shown) => {
                let text = |at: usize| shown[at].as_str().unwrap_or_default().to_owned();
                let _ = writeln!(report, "at: {}\npage:\n{}", text(0), text(1));
            }
            Err(error) => {
                let _ = writeln!(report, "page: {error}");
            }
        }
        if let Err(error) = self.try_collect() {
            let _ = writeln!(report, "its logs: {error}");
        }
        for message in &self.lock().console {
            let _ = writeln!(report, "console: {} {}", message.level, message.text);
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("sendqueue-page-{}-{number}.png", std::process::id());
        let path = std::env::temp_dir().join(name);
        let picture = self.driver.command("GET", "/screenshot", None);
        let written = picture
            .ok()
            .and_then(|data| {
                base64::engine::general_purpose::STANDARD
                    .decode(data.as_str()?)
                    .ok()
            })
            .is_some_and(|data| std::fs::write(&path, data).is_ok());
        if written {
            let _ = writeln!(report, "picture: {}", path.display());
        }
        report
    }

    fn collect(&self) {
        self.try_collect()
            .unwrap_or_else(|error| panic!("the logs of the browser: {error}"));
    }

    fn try_collect(&self) -> Result<(), WebError> {
        let mut seen = self.lock();
        for entry in self.driver.log("browser")? {
            seen.console.push(Message {
                level: entry["level"].as_str().unwrap_or_default().to_owned(),
                text: entry["message"].as_str().unwrap_or_default().to_owned(),
            });
        }
        for entry in self.driver.log("performance")? {
            let text = entry["message"].as_str().unwrap_or_default();
            let event: Value = serde_json::from_str(text).unwrap_or_default();
            let (event, parameters) = (&event["message"]["method"], &event["message"]["params"]);
            let url = match event.as_str() {
                Some("Network.requestWillBeSent") => &parameters["request"]["url"],
                Some("Network.webSocketCreated") => &parameters["url"],
                _ => continue,
            };
            let url = url.as_str().unwrap_or_default();
            if !INSIDE.iter().any(|scheme| url.starts_with(scheme)) {
                seen.requests.push(url.to_owned());
            }
        }
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.report());
        }
    }
}
