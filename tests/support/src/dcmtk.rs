//! DCMTK's `storescp` and `storescu`: the receiver and the sender that most sites know.
//!
//! Invariants: the receiver writes into a temporary folder and is killed on drop; that it listens is seen in the
//! kernel's tables, so no association of ours shows in its log. `/usr/bin` is named, because other packages bring
//! programs of the same names.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use tempfile::TempDir;

use crate::Instance;
use crate::net::{free_port, is_listening};
use crate::proc::{Proc, StopReport};
use crate::wait;

const START: Duration = Duration::from_secs(20);

/// How a `storescp` is to be started.
#[derive(Debug, Clone, Default)]
pub struct StoreScpOptions {
    port: Option<u16>,
    association_config: Option<(String, String)>,
    arguments: Vec<OsString>,
    environment: Vec<(String, String)>,
}

impl StoreScpOptions {
    /// A free port, accepts all storage SOP classes in uncompressed transfer syntaxes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Listens here.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// `-xf`: the text of an association configuration file (DCMTK's `asconfig.txt`) and the profile to use.
    #[must_use]
    pub fn association_config(mut self, text: &str, profile: &str) -> Self {
        self.association_config = Some((text.to_owned(), profile.to_owned()));
        self
    }

    /// One more argument, for instance `--accept-all` or `--ignore`.
    #[must_use]
    pub fn arg(mut self, argument: &str) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Sets a variable of its environment, for instance `TCP_NODELAY`.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts it with this AE title; returns when it listens.
    ///
    /// # Errors
    /// When `storescp` is missing or ends; its output is in the message.
    pub fn start(self, aet: &str) -> io::Result<StoreScp> {
        let folder = tempfile::Builder::new()
            .prefix("sendqueue-storescp-")
            .tempdir()?;
        let received = folder.path().join("received");
        fs::create_dir(&received)?;
        let port = self.port.unwrap_or_else(free_port);
        let mut command = Command::new("/usr/bin/storescp");
        command
            .args(["--aetitle", aet, "--output-directory"])
            .arg(&received);
        if let Some((text, profile)) = &self.association_config {
            let path = folder.path().join("associations.cfg");
            fs::write(&path, text)?;
            command.arg("-xf").arg(path).arg(profile);
        }
        command.args(&self.arguments).arg(port.to_string());
        command.envs(self.environment);
        let mut proc = Proc::spawn(&mut command, &folder.path().join("storescp.log"))?;
        let up = wait::poll(|| proc.exit_status().is_some() || is_listening(port), START);
        if !up || proc.exit_status().is_some() {
            return Err(io::Error::other(format!(
                "storescp does not listen: {}",
                proc.log()
            )));
        }
        Ok(StoreScp {
            aet: aet.to_owned(),
            port,
            proc,
            folder,
        })
    }
}

/// A running `storescp`.
#[derive(Debug)]
pub struct StoreScp {
    aet: String,
    port: u16,
    proc: Proc,
    folder: TempDir,
}

impl StoreScp {
    /// On a free port, with the defaults of [`StoreScpOptions::new`].
    ///
    /// # Errors
    /// As [`StoreScpOptions::start`].
    pub fn start(aet: &str) -> io::Result<Self> {
        StoreScpOptions::new().start(aet)
    }

    /// Port on all interfaces of this machine.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its AE title.
    #[must_use]
    pub fn aet(&self) -> &str {
        &self.aet
    }

    /// The files received so far, sorted by name. One that is being written counts too, unless `storescp` was asked
    /// to ignore data sets.
    #[must_use]
    pub fn received_files(&self) -> Vec<PathBuf> {
        files(&self.folder.path().join("received")).unwrap_or_default()
    }

    /// Waits until it has at least `n` files; `false` after `deadline`.
    #[must_use]
    pub fn wait_for_files(&self, n: usize, deadline: Duration) -> bool {
        wait::poll(|| self.received_files().len() >= n, deadline)
    }

    /// What it has printed.
    #[must_use]
    pub fn log(&self) -> String {
        self.proc.log()
    }

    /// The process, for signals (for instance STOP and CONT).
    pub fn proc(&mut self) -> &mut Proc {
        &mut self.proc
    }

    /// Ends it; what it received stays until drop.
    pub fn stop(&mut self) -> StopReport {
        self.proc.stop(Duration::from_secs(10))
    }
}

/// A call of `storescu`.
#[derive(Debug, Clone)]
pub struct StoreScu {
    port: u16,
    calling_aet: String,
    called_aet: String,
    arguments: Vec<OsString>,
    environment: Vec<(String, String)>,
}

impl StoreScu {
    /// To 127.0.0.1:`port`, calling AET `STORESCU`.
    #[must_use]
    pub fn to(called_aet: &str, port: u16) -> Self {
        Self {
            port,
            calling_aet: "STORESCU".to_owned(),
            called_aet: called_aet.to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// Calling AE title.
    #[must_use]
    pub fn calling(mut self, aet: &str) -> Self {
        aet.clone_into(&mut self.calling_aet);
        self
    }

    /// One more argument, for instance `--timeout` or `-xs`.
    #[must_use]
    pub fn arg(mut self, argument: &str) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Sets a variable of its environment, for instance `TCP_NODELAY`.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The command line that sends all files of a folder over one association, for those who want to spawn it.
    #[must_use]
    pub fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new("/usr/bin/storescu");
        command
            .args(["--aetitle", &self.calling_aet, "--call", &self.called_aet])
            .args(&self.arguments)
            .args(["--scan-directories", "127.0.0.1", &self.port.to_string()])
            .arg(folder)
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Sends all files of a folder and waits for the end.
    ///
    /// # Errors
    /// When `storescu` cannot be started. A failed transfer is no error here: look at the output's status.
    pub fn send_folder(&self, folder: &Path) -> io::Result<Output> {
        self.command(folder).output()
    }

    /// Writes the instances into a temporary folder and sends them in this order.
    ///
    /// # Errors
    /// As [`send_folder`](Self::send_folder), or when the folder cannot be written.
    pub fn send(&self, instances: &[Instance]) -> io::Result<Output> {
        let folder = write_folder(instances)?;
        let mut command = Command::new("/usr/bin/storescu");
        command
            .args(["--aetitle", &self.calling_aet, "--call", &self.called_aet])
            .args(&self.arguments)
            .args(["127.0.0.1", &self.port.to_string()])
            .args(files(folder.path())?)
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.output()
    }
}

/// Writes the instances as `00000000.dcm` and so on into a temporary folder.
///
/// # Errors
/// When it cannot be written.
pub fn write_folder(instances: &[Instance]) -> io::Result<TempDir> {
    let folder = tempfile::Builder::new()
        .prefix("sendqueue-study-")
        .tempdir()?;
    for (number, instance) in instances.iter().enumerate() {
        fs::write(
            folder.path().join(format!("{number:08}.dcm")),
            &instance.bytes,
        )?;
    }
    Ok(folder)
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    Ok(paths)
}
