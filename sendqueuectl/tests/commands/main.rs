//! Every command, against a real Orthanc where one can be made to answer so; else against `odd_servers`.

mod check;
mod completions;
mod confirm;
mod deliveries;
mod errors;
mod init;
mod look;
mod manual;
mod mistakes;
mod odd_servers;
mod reload;
mod retention;
mod sent;
mod steer;
mod told;
mod verdict;
mod waiting;
mod watching;

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Output, Stdio};

use sendqueue_testkit::queue::{self, Queue, SOON};
use sendqueue_testkit::{FaultScp, Respond, Study};
use serde_json::{Value, json};

struct Ctl {
    url: String,
}

impl Ctl {
    fn of(queue: &Queue) -> Self {
        Self::at(queue.http_port())
    }

    fn at(port: u16) -> Self {
        Self {
            url: format!("http://127.0.0.1:{port}"),
        }
    }

    /// Of a port where nobody listens.
    fn of_nobody() -> Self {
        Self::at(1)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_sendqueuectl"));
        command.args(arguments);
        command
    }

    /// A program that may call `sendqueuectl`.
    fn program(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("SENDQUEUE_URL", &self.url).stdin(Stdio::null());
        for name in [
            "SENDQUEUE_USER",
            "SENDQUEUE_PASSWORD",
            "SENDQUEUE_CREDENTIALS",
            "SENDQUEUE_CA",
        ] {
            command.env_remove(name);
        }
        command
    }

    /// `script` (util-linux) makes one.
    fn on_a_terminal(&self, arguments: &str) -> Child {
        let line = format!("{} {arguments}", env!("CARGO_BIN_EXE_sendqueuectl"));
        let mut command = self.program("script");
        command
            .args(["-qefc", &line, "/dev/null"])
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        command.spawn().expect("script")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("sendqueuectl runs")
    }

    /// What it prints, which must be a success.
    #[track_caller]
    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).expect("text")
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        let text = self.ok(&[&["--json"], arguments].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"))
    }

    /// What it says on standard error, where it ends with this code.
    #[track_caller]
    fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        String::from_utf8(output.stderr).expect("text")
    }
}

/// Four failures at `bad` (two of A900, two of C000), four delivered to `good`.
fn scene() -> (FaultScp, FaultScp, Queue, String) {
    let (bad, good) = (FaultScp::start("BAD"), FaultScp::start("GOOD"));
    let count = std::sync::atomic::AtomicUsize::new(0);
    bad.on_store(move |_| {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Respond::Status(if number % 2 == 0 { 0xA900 } else { 0xC000 })
    });
    let queue = Queue::start(queue::config_for(&[&bad, &good]));
    let ids = queue.store_all(&Study::new(1, 4).build());
    let study = queue
        .get(&format!("/instances/{}/study", ids[0]))
        .ok()
        .json();
    queue.wait_for("bad", "Failure", 4);
    queue.wait_for("good", "Success", 4);
    (
        bad,
        good,
        queue,
        study["ID"].as_str().expect("a study").to_owned(),
    )
}
