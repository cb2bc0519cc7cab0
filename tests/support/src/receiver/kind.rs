//! Which receivers there are, where they are, and what is known of each.
//!
//! Invariant: what is said here of transfer syntaxes is what the kit's tests have seen them do.

use std::path::{Path, PathBuf};

/// A Storage SCP of another make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReceiverKind {
    /// DCMTK's `storescp` as it ships: a delayed acknowledgement of the sender holds back every response.
    Storescp,
    /// DCMTK's with `TCP_NODELAY=1` in its environment.
    StorescpNoDelay,
    /// pynetdicom.
    Pynetdicom,
    /// dicom-rs's `dicom-storescp`.
    DicomRs,
    /// The Orthanc of this machine.
    Orthanc,
}

impl ReceiverKind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Storescp,
        Self::StorescpNoDelay,
        Self::Pynetdicom,
        Self::DicomRs,
        Self::Orthanc,
    ];

    /// Where it is; whether it runs is not tried.
    ///
    /// # Errors
    /// When it is not there, with what to do about it.
    pub fn available(self) -> Result<(), String> {
        let path = match self {
            Self::Orthanc if crate::OrthancVersion::Machine.is_available() => return Ok(()),
            Self::Orthanc => return Err("no Orthanc on this machine".to_owned()),
            _ => self.program(),
        };
        if path.is_file() {
            return Ok(());
        }
        Err(format!(
            "{} is missing: make it with scripts/receivers.sh {}, or say with SENDQUEUE_TOOLS where it is",
            path.display(),
            tools().display()
        ))
    }

    /// Whether it stores data sets byte for byte; the others decode and write them anew.
    #[must_use]
    pub fn keeps_bytes(self) -> bool {
        matches!(
            self,
            Self::Storescp | Self::StorescpNoDelay | Self::Pynetdicom
        )
    }

    /// Whether it accepts presentation contexts with this transfer syntax, unless told otherwise.
    #[must_use]
    pub fn takes(self, transfer_syntax: &str) -> bool {
        // Of DCMTK 3.6.7, on which that Orthanc builds too; newer ones know more.
        const KNOWN: [&str; 21] = [
            "", ".1", ".1.99", ".2", ".4.50", ".4.51", ".4.70", ".4.80", ".4.81", ".4.90", ".4.91",
            ".4.100", ".4.101", ".4.102", ".4.103", ".4.104", ".4.105", ".4.106", ".4.107",
            ".4.108", ".5",
        ];
        const KNOWN_BUT_NOT_BY_ACCEPT_ALL: [&str; 5] =
            [".4.53", ".4.55", ".4.57", ".4.92", ".4.93"];
        let Some(rest) = transfer_syntax.strip_prefix("1.2.840.10008.1.2") else {
            return self == Self::Pynetdicom;
        };
        match self {
            Self::Pynetdicom => true,
            Self::Storescp | Self::StorescpNoDelay => KNOWN.contains(&rest),
            Self::Orthanc => KNOWN.contains(&rest) || KNOWN_BUT_NOT_BY_ACCEPT_ALL.contains(&rest),
            // It is built without the deflater, and some that are retired it does not know.
            Self::DicomRs => !matches!(rest, ".1.99" | ".4.53" | ".4.55"),
        }
    }

    pub(super) fn program(self) -> PathBuf {
        match self {
            Self::Storescp | Self::StorescpNoDelay => "/usr/bin/storescp".into(),
            Self::Pynetdicom => python(),
            Self::DicomRs => tools().join("bin/dicom-storescp"),
            Self::Orthanc => "Orthanc".into(),
        }
    }
}

/// Where `scripts/receivers.sh` has put things: `SENDQUEUE_TOOLS`, else `target/tools` of the workspace.
#[must_use]
pub fn tools() -> PathBuf {
    std::env::var_os("SENDQUEUE_TOOLS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools"),
        PathBuf::from,
    )
}

/// The Python that has pynetdicom.
#[must_use]
pub(crate) fn python() -> PathBuf {
    tools().join("pynetdicom/bin/python")
}
