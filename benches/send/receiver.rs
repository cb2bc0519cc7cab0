//! DCMTK's `storescp`, here or in another network namespace, and the count of what it has stored.
//!
//! Invariants: its processes are killed on drop; a file counts when it has a name, so whoever counts must also have
//! heard from the sender that the last one was answered.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use sendqueue_testkit::free_port;
use sendqueue_testkit::proc::Proc;
use sendqueue_testkit::wait::poll;
use tempfile::TempDir;

pub const AET: &str = "SINK";
const START: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, Default)]
pub struct Manner {
    /// `TCP_NODELAY=1` in its environment.
    pub tuned: bool,
    /// `--fork`: several associations at once. As it ships it takes one.
    pub fork: bool,
    /// Network namespace.
    pub namespace: Option<String>,
}

pub struct Receiver {
    proc: Proc,
    folder: TempDir,
    pub port: u16,
}

impl Receiver {
    pub fn start(manner: &Manner) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("sendqueue-bench-")
            .tempdir()
            .expect("a folder");
        let received = folder.path().join("received");
        fs::create_dir(&received).expect("a folder");
        let port = free_port();
        let mut command = in_namespace(manner.namespace.as_deref(), "/usr/bin/storescp");
        command
            .args(["--aetitle", AET, "--output-directory"])
            .arg(&received);
        if manner.fork {
            command.arg("--fork");
        }
        command.arg(port.to_string());
        if manner.tuned {
            command.env("TCP_NODELAY", "1");
        }
        let mut proc =
            Proc::spawn(&mut command, &folder.path().join("storescp.log")).expect("storescp");
        let pid = proc.pid();
        let up = poll(|| proc.exit_status().is_some() || listens(pid, port), START);
        assert!(
            up && proc.exit_status().is_none(),
            "storescp does not listen: {}",
            proc.log()
        );
        Self { proc, folder, port }
    }

    fn received(&self) -> PathBuf {
        self.folder.path().join("received")
    }

    /// How many files it has.
    pub fn count(&self) -> usize {
        fs::read_dir(self.received()).map_or(0, Iterator::count)
    }

    /// Empties its folder.
    pub fn clear(&self) {
        for entry in fs::read_dir(self.received()).expect("its folder") {
            fs::remove_file(entry.expect("an entry").path()).expect("removed");
        }
    }
}

impl Drop for Receiver {
    /// With `--fork`, a child waits for ever for a sender whose end of the link is gone.
    fn drop(&mut self) {
        let pid = self.proc.pid();
        let children =
            fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        if !children.trim().is_empty() {
            // The parent still holds their numbers, also of those that have ended.
            let mut kill = Command::new("sh");
            kill.args(["-c", &format!("kill -KILL {children}")]);
            let _ = kill.status();
        }
    }
}

/// A command that becomes `program` inside the namespace: its process number is the program's.
pub fn in_namespace(namespace: Option<&str>, program: &str) -> Command {
    match namespace {
        None => Command::new(program),
        Some(name) => {
            let mut command = Command::new("ip");
            command.args(["netns", "exec", name, program]);
            command
        }
    }
}

/// Whether somebody listens in the network namespace of this process.
fn listens(pid: u32, port: u16) -> bool {
    let wanted = format!(":{port:04X}");
    ["tcp", "tcp6"].iter().any(|table| {
        fs::read_to_string(format!("/proc/{pid}/net/{table}")).is_ok_and(|text| {
            text.lines().skip(1).any(|line| {
                let fields: Vec<&str> = line.split_whitespace().collect();
                // 0A is TCP_LISTEN.
                matches!(fields[..], [_, local, _, "0A", ..] if local.ends_with(&wanted))
            })
        })
    })
}
