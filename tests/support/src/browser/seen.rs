//! What the browser has seen: its console, what it asked for, and a report of both for a test that failed.
//!
//! Invariant: the driver's logs are emptied by reading, so they are read in one place, and kept.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use serde_json::{Value, json};

use super::{Browser, WebError};

/// What reaches no network; the last one: the empty window that Chromium starts with.
const INSIDE: [&str; 4] = ["data:", "blob:", "about:", "chrome://"];

#[derive(Default)]
pub(super) struct Seen {
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

    /// What a person would want to know of a test that failed. Never panics: it is asked for while one is under way.
    pub(super) fn report(&self) -> String {
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
