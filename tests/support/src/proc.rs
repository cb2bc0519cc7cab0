//! A child process that does not outlive its owner.
//!
//! Invariants: the child is killed and waited for on drop; its number is only used while it has not been waited for,
//! so a signal never reaches a stranger. Its standard output and error go to a file.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::wait;

/// A running (or ended) child process.
#[derive(Debug)]
pub struct Proc {
    child: Child,
    log: PathBuf,
}

impl Proc {
    /// Starts `command`; what it prints is appended to the file `log`.
    ///
    /// # Errors
    /// When the log cannot be opened or the program cannot be started.
    pub fn spawn(command: &mut Command, log: &Path) -> io::Result<Self> {
        let out = OpenOptions::new().create(true).append(true).open(log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn()?;
        Ok(Self {
            child,
            log: log.to_owned(),
        })
    }

    /// The process number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What was printed so far.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// The exit status, if the process has ended.
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be waited for")
    }

    /// Sends SIGTERM; nothing when it has ended.
    pub fn terminate(&mut self) {
        self.signal(Signal::TERM);
    }

    /// Sends `signal` (for instance `Signal::STOP`); nothing when it has ended.
    pub fn signal(&mut self, signal: Signal) {
        if self.exit_status().is_none() {
            let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
            // It may end between the look and the signal: it is not yet waited for, so the number is still its own.
            let _ = kill_process(pid.expect("a process number"), signal);
        }
    }

    /// Sends SIGKILL and waits for the end.
    pub fn kill(&mut self) -> ExitStatus {
        let _ = self.child.kill();
        self.child.wait().expect("a child can be waited for")
    }

    /// Waits for the end; `None` when it still runs after `deadline`.
    pub fn wait_exit(&mut self, deadline: Duration) -> Option<ExitStatus> {
        let mut status = None;
        let _ = wait::poll(
            || {
                status = self.exit_status();
                status.is_some()
            },
            deadline,
        );
        status
    }

    /// SIGTERM, then waits; SIGKILL when it still runs after `deadline`.
    pub fn stop(&mut self, deadline: Duration) -> StopReport {
        let begin = Instant::now();
        self.terminate();
        let ended = self.wait_exit(deadline);
        StopReport {
            killed: ended.is_none(),
            exit_status: ended.unwrap_or_else(|| self.kill()),
            took: begin.elapsed(),
        }
    }

    /// Whether the process has a handler of its own for SIGTERM (`SigCgt` in `/proc/PID/status`).
    #[must_use]
    pub fn catches_sigterm(&self) -> bool {
        const SIGTERM: u32 = 15;
        std::fs::read_to_string(format!("/proc/{}/status", self.pid()))
            .ok()
            .and_then(|status| {
                let line = status
                    .lines()
                    .find_map(|line| line.strip_prefix("SigCgt:"))?;
                u64::from_str_radix(line.trim(), 16).ok()
            })
            .is_some_and(|caught| caught >> (SIGTERM - 1) & 1 == 1)
    }

    /// Resident memory in KiB; `None` when the process has ended.
    #[must_use]
    pub fn rss_kb(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }
}

impl Drop for Proc {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a process ended after SIGTERM.
#[derive(Debug, Clone, Copy)]
pub struct StopReport {
    /// What the process ended with.
    pub exit_status: ExitStatus,
    /// Time from the signal to the end.
    pub took: Duration,
    /// It did not end in time and was killed.
    pub killed: bool,
}
