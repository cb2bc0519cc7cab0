//! The operator's page and the section in Orthanc Explorer, in a real Chromium with a real Orthanc.
//!
//! Invariant: each test ends with [`Page::is_clean`]: the console complained of nothing, and nothing was asked of
//! another host.

mod access;
mod actions;
mod changes;
mod confirming;
mod deliveries;
mod errors;
mod explorer;
mod hostile;
mod items;
mod journal;
mod keyboard;
mod live;
mod lost;
mod many;
mod overview;
mod pictures;
mod proxy;
mod retention;
mod rules;
mod search;
mod studies;
mod views;
mod words;

use sendqueue_testkit::queue::{self, Queue};
use sendqueue_testkit::{Browser, FaultScp, OrthancConfig, Study};

/// An Orthanc with the queue, and a browser.
pub struct Page {
    pub queue: Queue,
    pub browser: Browser,
}

impl Page {
    pub fn new(config: OrthancConfig) -> Self {
        Self {
            queue: Queue::start(config),
            browser: Browser::start(),
        }
    }

    /// With these receivers, one destination each.
    pub fn with(receivers: &[&FaultScp]) -> Self {
        Self::new(queue::config_for(receivers))
    }

    pub fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.queue.http_port())
    }

    /// Opens a view, such as `#/errors`, and waits until it is shown.
    #[track_caller]
    pub fn show(&self, hash: &str) {
        self.browser.open("about:blank");
        self.browser
            .open(&format!("{}/sendqueue/ui/{hash}", self.base()));
        self.browser.wait_for("main[data-view]:not([aria-busy]) h1");
    }

    /// Stores a study; its Orthanc ID.
    #[track_caller]
    pub fn store(&self, study: &Study) -> String {
        let instances = study.build();
        let ids = self.queue.store_all(&instances);
        let parent = self
            .queue
            .get(&format!("/instances/{}/study", ids[0]))
            .ok()
            .json();
        parent["ID"].as_str().expect("a study").to_owned()
    }

    /// From now on, and until another view is opened by [`Page::show`], a function in JavaScript answers what is asked
    /// of a path that contains `part`. It gets one that asks the server, as the page would have.
    #[track_caller]
    pub fn answer_by(&self, part: &str, function: &str) {
        self.browser.eval(&format!(
            "const real = window.fetch.bind(window), by = {function};
             window.fetch = (path, options) => String(path).includes('{part}') ? by(() => real(path, options)) : real(path, options);
             return 0"
        ));
    }

    /// What the page said it did.
    #[track_caller]
    pub fn said(&self, words: &str) {
        self.browser.wait_text("#said", words);
    }

    /// Answers the question that is asked: `yes` or `no`. The number of items that it is about, if it says one.
    #[track_caller]
    pub fn answer(&self, title: &str, answer: &str) -> Option<u64> {
        self.browser.wait_text("dialog h2", title);
        let number = self.browser.attribute("dialog form", "data-number");
        self.browser
            .click(&format!("dialog button[value={answer}]"));
        number.and_then(|number| number.parse().ok())
    }

    /// The console complained of nothing, and nothing was asked of another host.
    #[track_caller]
    pub fn is_clean(&self) {
        assert_eq!(self.browser.console_errors(), []);
        let base = format!("{}/", self.base());
        let requests = self.browser.requests();
        assert!(!requests.is_empty());
        let strangers: Vec<&String> = requests
            .iter()
            .filter(|url| !url.starts_with(&base))
            .collect();
        assert_eq!(strangers, Vec::<&String>::new());
    }
}

/// A receiver that takes everything.
pub fn scp(aet: &str) -> FaultScp {
    FaultScp::start(aet)
}

/// A receiver that answers each store with this status.
pub fn refusing(aet: &str, status: u16) -> FaultScp {
    let scp = FaultScp::start(aet);
    scp.set_status(status);
    scp
}
