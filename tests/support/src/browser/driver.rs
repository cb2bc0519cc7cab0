//! The W3C WebDriver protocol, as far as the tests speak it: JSON over HTTP to a `chromedriver` of its own.
//!
//! Invariants:
//! - Each driver has its own process group, port and profile: nothing is shared with another one or with a person's
//!   browser.
//! - The group is killed on drop, Chromium and its children included.
//! - No asynchronous client library: half of what is needed here are Chromium's own commands, which those do not have.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::proc::Proc;
use crate::{net, wait};

const START: Duration = Duration::from_secs(60);
/// Longest time for one command; the first page of a busy machine is the slowest.
const PATIENCE: Duration = Duration::from_secs(120);

/// A session with one window.
pub struct Driver {
    process: Proc,
    agent: ureq::Agent,
    base: String,
    session: String,
    folder: TempDir,
}

/// An error of the protocol: its code (`no such element`, …) and the driver's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebError {
    pub code: String,
    pub message: String,
}

impl std::fmt::Display for WebError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl Driver {
    /// # Panics
    /// When Chromium or its driver is missing or does not start; the message says what to install.
    #[must_use]
    pub fn start() -> Self {
        let folder = TempDir::with_prefix("sendqueue-browser-").expect("a temporary folder");
        let port = net::free_port();
        let log = folder.path().join("chromedriver.log");
        let program = program(
            "SENDQUEUE_CHROMEDRIVER",
            &["/usr/bin/chromedriver", "/usr/lib/chromium/chromedriver"],
        );
        let mut command = Command::new(&program);
        command
            .arg(format!("--port={port}"))
            .env("HOME", folder.path())
            .env("TMPDIR", folder.path())
            .process_group(0);
        let process = Proc::spawn(&mut command, &log)
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .proxy(None)
            .build()
            .into();
        let mut driver = Self {
            process,
            agent,
            base: format!("http://127.0.0.1:{port}"),
            session: String::new(),
            folder,
        };
        wait::wait_until(
            || driver.ask("GET", "/status", None).is_ok(),
            START,
            "chromedriver answers",
        );
        driver.open_session();
        driver
    }

    fn open_session(&mut self) {
        let chromium = program(
            "SENDQUEUE_CHROMIUM",
            &[
                "/usr/bin/chromium",
                "/usr/bin/chromium-browser",
                "/usr/bin/google-chrome",
            ],
        );
        let profile = format!(
            "--user-data-dir={}",
            self.folder.path().join("profile").display()
        );
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--force-color-profile=srgb",
            // A picture of the whole page would lack its right edge for them.
            "--hide-scrollbars",
            // Whatever a page asks for: nothing leaves this machine. That it was asked for is seen all the same.
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
            &profile,
        ];
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "binary": chromium, "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        } } });
        let answer = self
            .ask("POST", "/session", Some(&wanted))
            .unwrap_or_else(|error| {
                panic!("{}: {error}\n{}", chromium.display(), self.process.log())
            });
        self.session = answer["sessionId"].as_str().expect("a session").to_owned();
    }

    /// A command of this session, such as `POST`, `/url`.
    ///
    /// # Errors
    /// What the driver answers.
    pub fn command(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, WebError> {
        self.ask(method, &format!("/session/{}{path}", self.session), body)
    }

    /// A command of Chromium's own protocol, such as `Emulation.setEmulatedMedia`.
    ///
    /// # Panics
    /// When Chromium refuses it.
    pub fn chromium(&self, command: &str, parameters: &Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        self.command("POST", "/goog/cdp/execute", Some(&body))
            .unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// What was logged since the last call: `browser` or `performance`.
    ///
    /// # Errors
    /// What the driver answers.
    pub fn log(&self, kind: &str) -> Result<Vec<Value>, WebError> {
        match self.command("POST", "/se/log", Some(&json!({ "type": kind })))? {
            Value::Array(entries) => Ok(entries),
            other => Err(WebError {
                code: "no log".to_owned(),
                message: other.to_string(),
            }),
        }
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, WebError> {
        let broken = |error: &dyn std::fmt::Display| WebError {
            code: "no answer".to_owned(),
            message: error.to_string(),
        };
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("Content-Type", "application/json");
        let answer = if method == "POST" {
            let text = body.unwrap_or(&json!({})).to_string();
            self.agent
                .run(request.body(text).map_err(|error| broken(&error))?)
        } else {
            self.agent
                .run(request.body(()).map_err(|error| broken(&error))?)
        };
        let mut answer = answer.map_err(|error| broken(&error))?;
        let text = answer
            .body_mut()
            .with_config()
            .limit(u64::MAX)
            .read_to_string()
            .map_err(|error| broken(&error))?;
        let mut value: Value = serde_json::from_str(&text).map_err(|error| broken(&error))?;
        let value = value["value"].take();
        if answer.status().is_success() {
            return Ok(value);
        }
        Err(WebError {
            code: value["error"].as_str().unwrap_or("unknown").to_owned(),
            message: value["message"].as_str().unwrap_or_default().to_owned(),
        })
    }

    /// A folder that lives as long as the browser.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let group = i32::try_from(self.process.pid())
            .ok()
            .and_then(Pid::from_raw);
        if let Some(group) = group.filter(|_| self.process.exit_status().is_none()) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// The program that the variable names, else the first of these that is there.
fn program(variable: &str, places: &[&str]) -> PathBuf {
    if let Some(named) = std::env::var_os(variable) {
        return PathBuf::from(named);
    }
    let found = places.iter().map(PathBuf::from).find(|path| path.exists());
    found.unwrap_or_else(|| {
        panic!(
            "none of {} is there: install Debian's chromium and chromium-driver, or set {variable} \
             (Ubuntu's are snaps, which cannot use a profile in a temporary folder: take Google's Chrome and the chromedriver of its version)",
            places.join(", ")
        )
    })
}
