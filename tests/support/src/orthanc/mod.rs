//! Runs a real Orthanc: the machine's own, or one of those that `scripts/orthancs.sh` has made.
//!
//! Invariants:
//! - Every Orthanc has its own temporary folder (database, storage, log, copies of the plugins) and its own ports;
//!   the folder lives as long as the [`Orthanc`] value, through restarts and kills.
//! - The process is killed on drop.
//! - [`Orthanc::start`] returns when `GET /system` answers and SIGTERM would stop it in good order (Orthanc answers a
//!   little before it minds the signal), or with the log when the process has ended before.
//!
//! An Orthanc in a chroot needs root. `SENDQUEUE_MATRIX_DIR` says where the chroots `trixie` and `forky` are (default:
//! `target/matrix` of the workspace). With `SENDQUEUE_KEEP_LOGS` set to a folder, the logs of Orthancs that are
//! dropped while a test panics are kept there.

mod config;
mod http;
mod version;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

pub use crate::proc::StopReport;
pub use config::OrthancConfig;
pub use http::HttpAnswer;
pub use version::OrthancVersion;

use crate::proc::Proc;
use crate::wait;

/// How long a start may take; the first one creates the database.
const START: Duration = Duration::from_secs(60);
/// How long a stop may take before the process is killed.
const STOP: Duration = Duration::from_secs(60);

/// Orthanc did not come up: it refused its configuration, or something is missing.
#[derive(Debug)]
pub struct StartError {
    /// What happened, in one line.
    pub reason: String,
    /// Everything that this start of Orthanc has printed.
    pub log: String,
    /// What it ended with; `None` when it did not end by itself.
    pub exit_code: Option<i32>,
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.reason, self.log)
    }
}

impl std::error::Error for StartError {}

/// An Orthanc. See the module for what holds of it.
#[derive(Debug)]
pub struct Orthanc {
    version: OrthancVersion,
    config: OrthancConfig,
    folder: TempDir,
    proc: Option<Proc>,
    http_port: u16,
    dicom_port: u16,
    agent: ureq::Agent,
}

impl Orthanc {
    /// Starts an Orthanc with fresh folders and, where the configuration names none, free ports.
    ///
    /// # Errors
    /// When the executable is missing, or it ends or stays silent before it answers.
    pub fn start(version: OrthancVersion, config: OrthancConfig) -> Result<Self, StartError> {
        let broken = |reason: String| StartError {
            reason,
            log: String::new(),
            exit_code: None,
        };
        let base = version.temp_base().map_err(broken)?;
        let folder = tempfile::Builder::new()
            .prefix("sendqueue-")
            .tempdir_in(&base)
            .map_err(|error| {
                broken(format!(
                    "no temporary folder in {}: {error}",
                    base.display()
                ))
            })?;
        let mut orthanc = Self {
            version,
            http_port: config.port("HttpPort").unwrap_or_else(crate::free_port),
            dicom_port: config.port("DicomPort").unwrap_or_else(crate::free_port),
            config,
            folder,
            proc: None,
            agent: http::agent(),
        };
        orthanc.launch()?;
        Ok(orthanc)
    }

    /// Stops (if it runs) and starts again with the same folders, ports and configuration.
    ///
    /// # Errors
    /// As [`start`](Self::start); it can be tried again.
    pub fn restart(&mut self) -> Result<(), StartError> {
        let _ = self.stop();
        self.launch()
    }

    /// The same with another configuration; ports that it does not name stay.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn restart_with(&mut self, config: OrthancConfig) -> Result<(), StartError> {
        let _ = self.stop();
        self.http_port = config.port("HttpPort").unwrap_or(self.http_port);
        self.dicom_port = config.port("DicomPort").unwrap_or(self.dicom_port);
        self.config = config;
        self.launch()
    }

    fn launch(&mut self) -> Result<(), StartError> {
        let printed_before = self.log().len();
        let failed = |orthanc: &Self, reason: String, exit_code| StartError {
            reason,
            log: orthanc.log().split_off(printed_before),
            exit_code,
        };
        let mut command = match self.prepare() {
            Ok(command) => command,
            Err(reason) => return Err(failed(self, reason, None)),
        };
        match Proc::spawn(&mut command, &self.log_path()) {
            Ok(proc) => self.proc = Some(proc),
            Err(error) => return Err(failed(self, format!("{command:?}: {error}"), None)),
        }
        let mut ended = None;
        let answered = wait::poll(
            || {
                ended = self.proc.as_mut().and_then(Proc::exit_status);
                ended.is_some()
                    || self
                        .try_request("GET", "/system", &[])
                        .is_ok_and(|a| matches!(a.status, 200 | 401))
                        && self.proc.as_ref().is_some_and(Proc::catches_sigterm)
            },
            START,
        );
        if let Some(status) = ended {
            self.proc = None;
            return Err(failed(
                self,
                format!("Orthanc ended with {status}"),
                status.code(),
            ));
        }
        if !answered {
            self.proc = None;
            return Err(failed(
                self,
                format!("Orthanc did not answer within {START:?}"),
                None,
            ));
        }
        Ok(())
    }

    /// Writes another configuration into the file that the running Orthanc has read; ports that it does not name stay.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn rewrite(&mut self, config: OrthancConfig) {
        self.config = config;
        self.write().expect("the configuration is written");
    }

    /// Writes the configuration.
    fn write(&self) -> Result<PathBuf, String> {
        let io = |error: std::io::Error| format!("{}: {error}", self.folder.path().display());
        let mut value = self.config.value().clone();
        for (key, folder) in [("StorageDirectory", "storage"), ("IndexDirectory", "index")] {
            fs::create_dir_all(self.folder.path().join(folder)).map_err(io)?;
            if value.get(key).is_none() {
                value[key] = self.inside(&self.folder.path().join(folder)).into();
            }
        }
        value["HttpPort"] = self.http_port.into();
        value["DicomPort"] = self.dicom_port.into();
        let plugins = self.config.plugins().iter();
        let plugins: Result<Vec<String>, String> = plugins
            .map(|plugin| Ok(self.inside(&self.copy_of(plugin)?)))
            .collect();
        value["Plugins"] = plugins?.into();
        let path = self.folder.path().join("orthanc.json");
        fs::write(&path, format!("{value:#}")).map_err(io)?;
        Ok(path)
    }

    /// Where Orthanc finds a plugin.
    fn copy_of(&self, plugin: &Path) -> Result<PathBuf, String> {
        let name = plugin
            .file_name()
            .ok_or_else(|| format!("{}: not a file", plugin.display()))?;
        Ok(self.folder.path().join(name))
    }

    /// Writes the configuration, copies plugins where Orthanc can see them, and builds the command line.
    fn prepare(&self) -> Result<Command, String> {
        for plugin in self.config.plugins() {
            let copy = self.copy_of(plugin)?;
            // A copy: a build that goes on meanwhile must not change a library that is mapped.
            let _ = fs::remove_file(&copy);
            fs::copy(plugin, &copy).map_err(|error| format!("{}: {error}", plugin.display()))?;
        }
        let path = self.write()?;
        let mut command = self.version.command()?;
        command.envs(self.config.environment());
        if self.config.is_verbose() {
            command.arg("--verbose");
        }
        command.arg(self.inside(&path));
        Ok(command)
    }

    /// How Orthanc itself calls a path of this machine that lies in its folder.
    #[must_use]
    pub fn inside(&self, path: &Path) -> String {
        self.version.inside(path)
    }

    /// SIGTERM, then waits; killed when it still runs after 60 s (an idle Orthanc takes 3.5 s, one with a job that
    /// waits for a silent receiver up to twice the job's timeout). `None` when it does not run (stopped, killed).
    pub fn stop(&mut self) -> Option<StopReport> {
        self.stop_within(STOP)
    }

    /// The same with another deadline. `None` when it does not run (stopped, killed).
    pub fn stop_within(&mut self, deadline: Duration) -> Option<StopReport> {
        self.proc.take().map(|mut proc| proc.stop(deadline))
    }

    /// SIGKILL; returns when the process is gone. Its folders stay: [`restart`](Self::restart) goes on from there.
    pub fn kill9(&mut self) {
        if let Some(mut proc) = self.proc.take() {
            proc.kill();
        }
    }

    /// Whether the process runs.
    pub fn is_running(&mut self) -> bool {
        self.proc
            .as_mut()
            .is_some_and(|proc| proc.exit_status().is_none())
    }

    /// The process, for signals; `None` when stopped or killed.
    pub fn proc(&mut self) -> Option<&mut Proc> {
        self.proc.as_mut()
    }

    /// Number of the process.
    ///
    /// # Panics
    /// When it was stopped or killed.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.proc.as_ref().expect("Orthanc runs").pid()
    }

    /// Resident memory in KiB; 0 when it does not run.
    #[must_use]
    pub fn rss_kb(&self) -> u64 {
        self.proc.as_ref().and_then(Proc::rss_kb).unwrap_or(0)
    }

    /// Which Orthanc this is.
    #[must_use]
    pub fn version(&self) -> OrthancVersion {
        self.version
    }

    /// The configuration it was started with, without ports and folders.
    #[must_use]
    pub fn config(&self) -> &OrthancConfig {
        &self.config
    }

    /// Port of the REST API on 127.0.0.1.
    #[must_use]
    pub fn http_port(&self) -> u16 {
        self.http_port
    }

    /// Port of the DICOM server on 127.0.0.1.
    #[must_use]
    pub fn dicom_port(&self) -> u16 {
        self.dicom_port
    }

    /// Its AE title.
    #[must_use]
    pub fn aet(&self) -> String {
        self.config.value()["DicomAet"]
            .as_str()
            .unwrap_or("ORTHANC")
            .to_owned()
    }

    /// Its folder as this machine sees it: `orthanc.json`, `orthanc.log`, `storage/`, `index/`, copied plugins.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        self.folder.path()
    }

    /// Path of the log.
    #[must_use]
    pub fn log_path(&self) -> PathBuf {
        self.folder.path().join("orthanc.log")
    }

    /// Everything printed since the first start.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log_path()).unwrap_or_default()).into_owned()
    }

    /// The lines of the log that are errors.
    #[must_use]
    pub fn log_errors(&self) -> Vec<String> {
        let is_error = |line: &&str| {
            line.starts_with('E') && line.as_bytes().get(1).is_some_and(u8::is_ascii_digit)
        };
        self.log()
            .lines()
            .filter(is_error)
            .map(str::to_owned)
            .collect()
    }

    /// Waits for a condition; panics with `what` and the end of the log when `deadline` has passed.
    #[track_caller]
    pub fn wait_until(&self, condition: impl FnMut() -> bool, deadline: Duration, what: &str) {
        if !wait::poll(condition, deadline) {
            let log = self.log();
            let lines: Vec<_> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(40)..].join("\n");
            panic!("not within {deadline:?}: {what}\nend of Orthanc's log:\n{tail}");
        }
    }
}

impl Drop for Orthanc {
    fn drop(&mut self) {
        self.kill9();
        if let (true, Some(keep)) = (
            std::thread::panicking(),
            std::env::var_os("SENDQUEUE_KEEP_LOGS"),
        ) {
            let name = self
                .folder
                .path()
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let _ = fs::create_dir_all(&keep);
            let _ = fs::copy(
                self.log_path(),
                Path::new(&keep).join(format!("{name}.log")),
            );
        }
    }
}
