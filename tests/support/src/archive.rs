//! Receivers that can be asked what they have: one that reports on storage commitment as it is told, and DCMTK's
//! `dcmqrscp`.
//!
//! Invariant: both listen when they are started, and are killed on drop with all that they have received.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::net::{free_port, is_listening};
use crate::proc::Proc;
use crate::receiver::python;
use crate::{ReceiverKind, wait};

/// Python takes a while to import pynetdicom on a busy machine.
const START: Duration = Duration::from_secs(60);

const SCRIPT: &str = include_str!("archive/pynetdicom_archive.py");

/// An archive of pynetdicom: acknowledges everything, and says of it what it is told to.
#[derive(Debug)]
pub struct Archive {
    aet: String,
    port: u16,
    _proc: Proc,
    folder: TempDir,
}

impl Archive {
    /// On a free port; without a plan it reports nothing.
    ///
    /// # Panics
    /// When pynetdicom is missing, or does not start.
    #[must_use]
    #[track_caller]
    pub fn start(aet: &str) -> Self {
        let started = ReceiverKind::Pynetdicom
            .available()
            .map_err(io::Error::other)
            .and_then(|()| Self::try_start(aet));
        started.unwrap_or_else(|error| panic!("{error}"))
    }

    fn try_start(aet: &str) -> io::Result<Self> {
        let folder = folder("archive")?;
        let script = folder.path().join("pynetdicom_archive.py");
        fs::write(&script, SCRIPT)?;
        let port = free_port();
        let mut command = Command::new(python());
        command.arg(script).args(["--aet", aet, "--folder"]);
        command
            .arg(folder.path())
            .args(["--port", &port.to_string()]);
        let archive = Self {
            aet: aet.to_owned(),
            port,
            _proc: launch(&mut command, folder.path(), port)?,
            folder,
        };
        archive.plan(("", 0), &json!({}));
        Ok(archive)
    }

    #[must_use]
    pub fn aet(&self) -> &str {
        &self.aet
    }

    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it does from now on when storage commitment is requested: see `pynetdicom_archive.py`. `to`: AET and port
    /// of whom it reports to.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn plan(&self, to: (&str, u16), plan: &Value) {
        let mut plan = plan.clone();
        plan["To"] = json!(to);
        let new = self.folder.path().join("plan.new");
        fs::write(&new, plan.to_string()).expect("a plan");
        fs::rename(new, self.folder.path().join("plan.json")).expect("a plan");
    }

    /// What was requested of it so far: `Transaction`, `Pairs` of SOP class and instance, `Calling`, `Action`.
    #[must_use]
    pub fn requests(&self) -> Vec<Value> {
        self.lines("requests.jsonl")
    }

    /// The reports that it has sent so far, with the `Status` that each was answered with.
    #[must_use]
    pub fn reports(&self) -> Vec<Value> {
        self.lines("reports.jsonl")
    }

    /// The SOP Instance UIDs of what it has acknowledged, as often as it has.
    #[must_use]
    pub fn stored(&self) -> Vec<String> {
        let uids = self.lines("stored.jsonl").into_iter();
        uids.filter_map(|uid| uid.as_str().map(str::to_owned))
            .collect()
    }

    fn lines(&self, name: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        // The last one may not be whole.
        let whole = text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        whole
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }
}

/// DCMTK's archive: takes images, and finds them.
#[derive(Debug)]
pub struct QueryScp {
    aet: String,
    port: u16,
    _proc: Proc,
    folder: TempDir,
}

impl QueryScp {
    /// On a free port, for whoever calls.
    ///
    /// # Errors
    /// When `dcmqrscp` is missing or ends; its output is in the message.
    pub fn start(aet: &str) -> io::Result<Self> {
        let folder = folder("dcmqrscp")?;
        let images = folder.path().join("images");
        fs::create_dir(&images)?;
        let port = free_port();
        let config = folder.path().join("dcmqrscp.cfg");
        let images = images.display();
        fs::write(
            &config,
            format!(
                "MaxPDUSize = 16384\nMaxAssociations = 16\nHostTable BEGIN\nHostTable END\n\
                 VendorTable BEGIN\nVendorTable END\n\
                 AETable BEGIN\n{aet} {images} RW (1000, 1024mb) ANY\nAETable END\n"
            ),
        )?;
        let mut command = Command::new("/usr/bin/dcmqrscp");
        command.args(["--verbose", "--config"]).arg(config);
        command.arg(port.to_string());
        Ok(Self {
            aet: aet.to_owned(),
            port,
            _proc: launch(&mut command, folder.path(), port)?,
            folder,
        })
    }

    #[must_use]
    pub fn aet(&self) -> &str {
        &self.aet
    }

    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Forgets what it has, as after a crash of its database.
    ///
    /// # Errors
    /// When its index cannot be removed.
    pub fn forget(&self) -> io::Result<()> {
        fs::remove_file(self.folder.path().join("images/index.dat"))
    }
}

fn folder(name: &str) -> io::Result<TempDir> {
    let prefix = format!("sendqueue-{name}-");
    tempfile::Builder::new().prefix(&prefix).tempdir()
}

fn launch(command: &mut Command, folder: &Path, port: u16) -> io::Result<Proc> {
    let mut proc = Proc::spawn(command, &folder.join("archive.log"))?;
    let up = wait::poll(|| proc.exit_status().is_some() || is_listening(port), START);
    if up && proc.exit_status().is_none() {
        return Ok(proc);
    }
    let what = format!("{command:?} does not listen: {}", proc.log());
    Err(io::Error::other(what))
}
