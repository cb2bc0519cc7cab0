//! Which Orthanc, and where it is.
//!
//! Invariant: a path inside a chroot is a path of this machine below the chroot; nothing else is visible in there.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// An Orthanc to test with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrthancVersion {
    /// The one installed on this machine (`Orthanc` on PATH, else `/usr/sbin/Orthanc`).
    Machine,
    /// The one of Debian 13, in the chroot `trixie`.
    Trixie,
    /// The one of the Debian after that, in the chroot `forky`.
    Forky,
}

impl OrthancVersion {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Machine, Self::Trixie, Self::Forky];

    /// The one that `SENDQUEUE_TEST_ORTHANC` names: `machine` (the default), `trixie` or `forky`.
    ///
    /// # Panics
    /// On another name.
    #[must_use]
    pub fn under_test() -> Self {
        match std::env::var("SENDQUEUE_TEST_ORTHANC").as_deref() {
            Err(_) | Ok("" | "machine") => Self::Machine,
            Ok("trixie") => Self::Trixie,
            Ok("forky") => Self::Forky,
            Ok(other) => panic!("SENDQUEUE_TEST_ORTHANC={other}: machine, trixie or forky"),
        }
    }

    /// Those that can be started here.
    #[must_use]
    pub fn available() -> Vec<Self> {
        Self::ALL
            .into_iter()
            .filter(|version| version.is_available())
            .collect()
    }

    /// Whether its executable is there (for a chroot also: whether this process is root).
    #[must_use]
    pub fn is_available(self) -> bool {
        match self.chroot() {
            None => machine_executable().is_some(),
            Some(root) => {
                rustix::process::geteuid().is_root() && root.join("usr/sbin/Orthanc").is_file()
            }
        }
    }

    /// The chroot's folder; `None` for the machine's own.
    #[must_use]
    pub fn chroot(self) -> Option<PathBuf> {
        let name = match self {
            Self::Machine => return None,
            Self::Trixie => "trixie",
            Self::Forky => "forky",
        };
        let base = std::env::var_os("SENDQUEUE_MATRIX_DIR").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/matrix"),
            PathBuf::from,
        );
        Some(base.join(name))
    }

    /// Where its temporary folders are made, as this machine sees it.
    ///
    /// # Errors
    /// When the chroot is missing.
    pub fn temp_base(self) -> Result<PathBuf, String> {
        let Some(root) = self.chroot() else {
            return Ok(std::env::temp_dir());
        };
        let root = root.canonicalize().map_err(|error| {
            format!(
                "{}: {error}; make it with scripts/orthancs.sh, or say with SENDQUEUE_MATRIX_DIR where it is",
                root.display()
            )
        })?;
        Ok(root.join("tmp"))
    }

    /// A temporary folder that it can see, and what it is called there.
    ///
    /// # Panics
    /// When there can be none.
    #[must_use]
    #[track_caller]
    pub fn folder(self) -> (TempDir, PathBuf) {
        let base = self.temp_base().unwrap_or_else(|error| panic!("{error}"));
        let folder = tempfile::tempdir_in(&base).expect("a temporary folder");
        let name = folder.path().file_name().expect("it has a name");
        let inside = match self.chroot() {
            Some(_) => Path::new("/tmp").join(name),
            None => folder.path().to_owned(),
        };
        (folder, inside)
    }

    /// The folder of configuration that its Debian package made, as this machine sees it.
    #[must_use]
    pub fn etc(self) -> PathBuf {
        let root = self.chroot().unwrap_or_else(|| PathBuf::from("/"));
        root.join("etc/orthanc")
    }

    /// The command that becomes Orthanc: its process number is Orthanc's.
    ///
    /// # Errors
    /// When there is none.
    pub fn command(self) -> Result<Command, String> {
        match self.chroot() {
            None => machine_executable()
                .map(Command::new)
                .ok_or_else(|| "no Orthanc on this machine".to_owned()),
            Some(root) => {
                let mut command = Command::new("chroot");
                command.arg(root).arg("/usr/sbin/Orthanc");
                Ok(command)
            }
        }
    }

    /// How this Orthanc itself calls a path of this machine.
    #[must_use]
    pub fn inside(self, path: &Path) -> String {
        let root = self.chroot().and_then(|root| root.canonicalize().ok());
        match root.and_then(|root| path.strip_prefix(root).ok().map(Path::to_owned)) {
            Some(inner) => format!("/{}", inner.display()),
            None => path.display().to_string(),
        }
    }
}

fn machine_executable() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join("Orthanc"))
        .chain([PathBuf::from("/usr/sbin/Orthanc")])
        .find(|candidate| candidate.is_file())
}
