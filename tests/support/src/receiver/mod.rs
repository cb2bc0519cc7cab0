//! Storage SCPs of other makes, behind one type: what they have received, data set by data set.
//!
//! Invariants:
//! - A receiver that is missing on this machine is an error that says how to get it, never a test that passes.
//! - It is killed on drop, with the processes that it forked; the folder of what it received goes with it.
//! - What was acknowledged to a sender is whole when it is looked at here. Of what is still under way, all but DCMTK's
//!   and dicom-rs's show nothing; theirs may be cut.

mod corpus;
mod kind;
mod launch;
mod received;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::proc::Proc;
use crate::{Certificates, Orthanc, free_port, wait};

pub use corpus::corpus;
pub(crate) use kind::python;
pub use kind::{ReceiverKind, tools};
pub use received::ReceivedFile;

/// Whether the sender has to show a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientCertificate {
    /// One that the authority has signed.
    Required,
    /// One that the authority has signed, or none.
    Optional,
    /// Whatever is shown is not looked at (Orthanc cannot be told so).
    Ignored,
}

/// How a receiver is to be started.
#[derive(Debug, Clone)]
pub struct ReceiverOptions {
    kind: ReceiverKind,
    port: Option<u16>,
    transfer_syntaxes: Option<Vec<String>>,
    tls: Option<(Certificates, ClientCertificate)>,
    max_pdu: Option<u32>,
    fork: bool,
    arguments: Vec<String>,
}

impl ReceiverOptions {
    /// A free port, every transfer syntax that it knows, every SOP class (dicom-rs: also private ones), no TLS.
    #[must_use]
    pub fn new(kind: ReceiverKind) -> Self {
        Self {
            kind,
            port: None,
            transfer_syntaxes: None,
            tls: None,
            max_pdu: None,
            fork: false,
            arguments: Vec::new(),
        }
    }

    /// Listens here.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Accepts these transfer syntaxes only. DCMTK's then also accepts only the SOP classes that this crate names,
    /// private one included; dicom-rs's can only be held to the two uncompressed little endian ones.
    #[must_use]
    pub fn only(mut self, transfer_syntaxes: &[&str]) -> Self {
        self.transfer_syntaxes = Some(transfer_syntaxes.iter().map(ToString::to_string).collect());
        self
    }

    /// TLS with [`Certificates::server`] as its own identity and [`Certificates::ca`] as the authority it trusts; put
    /// another identity there to see a sender refuse it.
    #[must_use]
    pub fn tls(mut self, certificates: &Certificates, client: ClientCertificate) -> Self {
        self.tls = Some((certificates.clone(), client));
        self
    }

    /// Longest PDU that it wants to receive, in bytes (PS3.8 D.1); DCMTK and Orthanc: 4096 to 131072.
    #[must_use]
    pub fn max_pdu(mut self, bytes: u32) -> Self {
        self.max_pdu = Some(bytes);
        self
    }

    /// A process for each association (DCMTK's `--fork`; dicom-rs's `--non-blocking`; the others serve several
    /// associations anyway). Without it, those two serve one association after the other.
    #[must_use]
    pub fn fork(mut self) -> Self {
        self.fork = true;
        self
    }

    /// One more argument (not for Orthanc).
    #[must_use]
    pub fn arg(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Starts it with this AE title; returns when it listens.
    ///
    /// # Errors
    /// When it is missing, with what to do about it; when it ends, or cannot do what is asked.
    pub fn start(self, aet: &str) -> io::Result<Receiver> {
        self.kind.available().map_err(io::Error::other)?;
        let folder = tempfile::Builder::new()
            .prefix("sendqueue-receiver-")
            .tempdir()?;
        std::fs::create_dir(folder.path().join("received"))?;
        let mut receiver = Receiver {
            aet: aet.to_owned(),
            port: self.port.unwrap_or_else(free_port),
            options: self,
            running: None,
            folder,
        };
        receiver.restart()?;
        Ok(receiver)
    }
}

#[derive(Debug)]
enum Running {
    Proc(Proc),
    Orthanc(Box<Orthanc>),
}

/// A Storage SCP. See the module for what holds of it.
#[derive(Debug)]
pub struct Receiver {
    aet: String,
    port: u16,
    options: ReceiverOptions,
    running: Option<Running>,
    folder: TempDir,
}

impl Receiver {
    /// With the defaults of [`ReceiverOptions::new`].
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    #[track_caller]
    pub fn start(kind: ReceiverKind, aet: &str) -> Self {
        let started = ReceiverOptions::new(kind).start(aet);
        started.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Which one it is.
    #[must_use]
    pub fn kind(&self) -> ReceiverKind {
        self.options.kind
    }

    /// Its AE title.
    #[must_use]
    pub fn aet(&self) -> &str {
        &self.aet
    }

    /// Its port on 127.0.0.1, the same for the whole life.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The Orthanc, if it is one.
    #[must_use]
    pub fn orthanc(&self) -> Option<&Orthanc> {
        match &self.running {
            Some(Running::Orthanc(orthanc)) => Some(orthanc),
            _ => None,
        }
    }

    /// The process, for signals (for instance STOP and CONT); `None` when stopped.
    pub fn proc(&mut self) -> Option<&mut Proc> {
        match &mut self.running {
            Some(Running::Proc(proc)) => Some(proc),
            Some(Running::Orthanc(orthanc)) => orthanc.proc(),
            None => None,
        }
    }

    /// What it has printed; with DCMTK's and pynetdicom's that is every detail.
    #[must_use]
    pub fn log(&self) -> String {
        match &self.running {
            Some(Running::Orthanc(orthanc)) => orthanc.log(),
            _ => {
                String::from_utf8_lossy(&std::fs::read(self.log_path()).unwrap_or_default()).into()
            }
        }
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("receiver.log")
    }

    /// Ends it at once (SIGKILL), connections are cut. What it has received stays.
    pub fn stop(&mut self) {
        match &mut self.running {
            Some(Running::Orthanc(orthanc)) => orthanc.kill9(),
            Some(Running::Proc(proc)) => {
                let children = children(proc.pid());
                proc.kill();
                for child in children {
                    let _ = kill_process(child, Signal::KILL);
                }
                self.running = None;
            }
            None => {}
        }
    }

    /// Starts it again after [`stop`](Self::stop), on the same port; nothing when it runs.
    ///
    /// # Errors
    /// When it does not come up; its output is in the message.
    pub fn restart(&mut self) -> io::Result<()> {
        match &mut self.running {
            Some(Running::Orthanc(orthanc)) => {
                if !orthanc.is_running() {
                    orthanc.restart().map_err(io::Error::other)?;
                }
            }
            Some(Running::Proc(_)) => {}
            None => self.running = Some(launch::launch(self)?),
        }
        Ok(())
    }

    /// Waits until it has received at least `n` instances; `false` after `deadline`.
    #[must_use]
    pub fn wait_for(&self, n: usize, deadline: Duration) -> bool {
        let mut before = None;
        let settled = || {
            let (count, size) = self.count_and_size();
            let settled = count >= n && before == Some((count, size));
            before = Some((count, size));
            settled
        };
        wait::poll(settled, deadline)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The processes that this one has forked and that still run.
fn children(pid: u32) -> Vec<Pid> {
    let path = format!("/proc/{pid}/task/{pid}/children");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let numbers = text.split_whitespace().filter_map(|word| word.parse().ok());
    numbers.filter_map(Pid::from_raw).collect()
}
