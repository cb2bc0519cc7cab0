//! What the rest of Orthanc's configuration says that matters here.
//!
//! Invariants:
//! - No stricter than Orthanc itself where Orthanc reads the same key: what stops Orthanc anyway is
//!   reported here with its path, which Orthanc does not do.
//! - One exception: `JobsHistorySize` 0. Orthanc then forgets each job as it ends, and with it what
//!   became of a transfer.
//!
//! # Paths
//! `OrthancPluginGetConfiguration` answers the merged files with comments removed and environment variables put
//! in, but paths as they were written. Orthanc takes a relative `StorageDirectory` or `IndexDirectory` relative to
//! the folder of its configuration (the file's folder, or the folder itself), and to its working directory
//! if it was started without one. [`base_directory`] finds that folder again.
//!
//! Not so `DicomTlsCertificate`, `DicomTlsPrivateKey` and `DicomTlsTrustedCertificates`: Orthanc opens them as they are
//! written (1.10.1 to 1.13.0), relative to its working directory.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::mistake::Mistakes;
use super::raw::{Node, Object};
use super::remark::{self, aet_in_force};
use super::settings::{HostSettings, TlsSettings};
use super::webhook::peer_of_proxy;

/// The host's settings, and the names of its modalities where they can be known.
pub(super) struct Host {
    pub settings: HostSettings,
    /// Known names of `DicomModalities`; `None`: they cannot be checked.
    pub names: Option<Vec<String>>,
}

pub(super) fn host(root: &Object<'_>, enabled: bool, mistakes: &mut Mistakes) -> Host {
    let mut settings = HostSettings::default();
    let largest = 0x7fff_ffff;
    root.read("ConcurrentJobs", &mut settings.concurrent_jobs, |n| {
        n.integer(0..=largest, mistakes)
    });
    if settings.concurrent_jobs == 0 {
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
        settings.concurrent_jobs = u32::try_from(cores).unwrap_or(u32::MAX);
    }
    root.read("DicomScuTimeout", &mut settings.dicom_scu_timeout, |n| {
        n.integer(0..=largest, mistakes)
    });
    root.read("LimitFindResults", &mut settings.limit_find_results, |n| {
        n.integer(0..=largest, mistakes)
    });
    root.read("JobsHistorySize", &mut settings.jobs_history_size, |n| {
        let size = n.integer(0..=largest, mistakes)?;
        if size == 0 && enabled {
            n.wrong(
                mistakes,
                "1 or more: the send queue reads the outcome of a transfer from its job",
            );
        }
        Some(size)
    });
    root.read(
        "StorageCommitmentReportsSize",
        &mut settings.storage_commitment_reports,
        |n| n.integer(0..=largest, mistakes),
    );
    root.read(
        "MaximumStorageSize",
        &mut settings.maximum_storage_bytes,
        |n| {
            let megabytes: u64 = n.integer(0..=largest, mistakes)?;
            Some(megabytes * 1024 * 1024)
        },
    );
    root.read("MaximumPatientCount", &mut settings.maximum_patients, |n| {
        n.integer(0..=largest, mistakes)
    });
    let mode = root.get("MaximumStorageMode");
    settings.rejects_at_maximum = mode.is_some_and(|n| n.value == "Reject");
    root.read(
        "StrictAetComparison",
        &mut settings.strict_aet_comparison,
        |n| n.boolean(mistakes),
    );
    root.read(
        "OverwriteInstances",
        &mut settings.overwrite_instances,
        |n| match n.value.as_str() {
            // Orthanc itself refuses other words.
            Some(mode) => Some(mode != "Never"),
            None => n.boolean(mistakes),
        },
    );
    root.read(
        "DicomModalitiesInDatabase",
        &mut settings.modalities_in_database,
        |n| n.boolean(mistakes),
    );
    root.read("DicomAet", &mut settings.dicom_aet, |n| {
        n.text("an AET", mistakes).map(str::to_owned)
    });
    let remark = remark::aet("DicomAet", &settings.dicom_aet);
    settings.remarks.extend(remark);
    settings.dicom_aet = aet_in_force(&settings.dicom_aet).to_owned();
    root.read("Name", &mut settings.name, |n| {
        n.text("a text", mistakes).map(str::to_owned)
    });
    // Orthanc reads it, and complains of it.
    let proxy = root.get("HttpProxy").and_then(|n| n.value.as_str());
    settings.http_proxy = proxy.and_then(peer_of_proxy);
    root.read("TranscodeDicomProtocol", &mut settings.transcode, |n| {
        n.boolean(mistakes)
    });
    root.read(
        "DicomScuPreferredTransferSyntax",
        &mut settings.preferred_transfer_syntax,
        |n| {
            // Orthanc knows more names of transfer syntaxes than we do: only a UID is of use here.
            let text = n.text("a transfer syntax", mistakes)?;
            let is_uid = text.starts_with("1.2.");
            Some(is_uid.then(|| text.to_owned()))
        },
    );

    let authenticates = &mut settings.authenticates;
    for key in ["RemoteAccessAllowed", "AuthenticationEnabled"] {
        root.read(key, authenticates, |n| n.boolean(mistakes));
    }

    settings.tls = tls(root, mistakes);

    // Orthanc does not read the file's list when the database has it.
    if settings.modalities_in_database {
        return Host {
            settings,
            names: None,
        };
    }
    let Some(node) = root.get("DicomModalities") else {
        return Host {
            settings,
            names: Some(Vec::new()),
        };
    };
    let allowed = "an object from names to modalities";
    let Some(modalities) = node.object(allowed, mistakes) else {
        return Host {
            settings,
            names: None,
        };
    };
    let mut names = Vec::new();
    for (name, node) in modalities.entries() {
        names.push(name.to_owned());
        if let Some([aet, host, local_aet]) = modality(&node, mistakes) {
            let remarks = remark::modality(name, aet, host, local_aet);
            settings.remarks.extend(remarks);
            let aet = aet_in_force(aet).to_owned();
            settings.modalities.insert(name.to_owned(), aet);
        }
    }
    Host {
        settings,
        names: Some(names),
    }
}

fn tls(root: &Object<'_>, mistakes: &mut Mistakes) -> TlsSettings {
    let mut tls = TlsSettings::default();
    let paths = [
        ("DicomTlsCertificate", &mut tls.certificate),
        ("DicomTlsPrivateKey", &mut tls.private_key),
        ("DicomTlsTrustedCertificates", &mut tls.trusted_certificates),
    ];
    for (key, target) in paths {
        root.read(key, target, |n| {
            let text = n.text("a path", mistakes)?;
            // Orthanc takes an empty one for none.
            Some((!text.is_empty()).then(|| PathBuf::from(text)))
        });
    }
    root.read(
        "DicomTlsRemoteCertificateRequired",
        &mut tls.remote_certificate_required,
        |n| n.boolean(mistakes),
    );
    // Orthanc hands the rest to its SCU only where it sets up TLS for its own SCP (1.12.7 and 1.13.0), and reads it
    // there only.
    let (mut server, mut secure) = (true, false);
    root.read("DicomServerEnabled", &mut server, |n| n.boolean(mistakes));
    if server {
        root.read("DicomTlsEnabled", &mut secure, |n| n.boolean(mistakes));
    }
    if server && secure {
        root.read(
            "DicomTlsMinimumProtocolVersion",
            &mut tls.minimum_protocol_version,
            |n| n.integer(0..=0x7fff_ffff, mistakes),
        );
        root.read("DicomTlsCiphersAccepted", &mut tls.ciphers, |n| {
            let list = n.list("a list of ciphers, in OpenSSL's names", mistakes)?;
            let allowed = "a cipher, in OpenSSL's name";
            let names = list.iter().map(|name| name.text(allowed, mistakes));
            let names: Vec<_> = names.collect();
            names
                .into_iter()
                .map(|name| name.map(str::to_owned))
                .collect()
        });
    }
    tls
}

/// AET, host and `LocalAet` of a modality, `[AET, host, port, …]` or `{ "AET", "Host", "Port", … }`; of the last two
/// what is not there is empty: Orthanc judges that.
fn modality<'a>(node: &Node<'a>, mistakes: &mut Mistakes) -> Option<[&'a str; 3]> {
    let text = |index: usize, key: &str| {
        let value = match node.value {
            serde_json::Value::Array(entries) => entries.get(index),
            serde_json::Value::Object(entries) => entries.get(key),
            _ => None,
        };
        value.and_then(|value| value.as_str())
    };
    let Some(aet) = text(0, "AET") else {
        let allowed = "[AET, host, port, …] or { \"AET\": …, \"Host\": …, \"Port\": …, … }";
        node.wrong(mistakes, allowed);
        return None;
    };
    let host = text(1, "Host").unwrap_or_default();
    // Only an object can have one.
    let local_aet = text(usize::MAX, "LocalAet").unwrap_or_default();
    Some([aet, host, local_aet])
}

/// Where Orthanc has its files, and where its index (`IndexDirectory`, else the same).
pub(super) fn directories(
    root: &Object<'_>,
    base: Option<&Path>,
    mistakes: &mut Mistakes,
) -> (PathBuf, PathBuf) {
    let mut storage = "OrthancStorage".to_owned();
    let mut read = |key: &str, directory: &mut String| {
        root.read(key, directory, |n| {
            n.text("a path", mistakes).map(str::to_owned)
        });
    };
    read("StorageDirectory", &mut storage);
    let mut index = storage.clone();
    read("IndexDirectory", &mut index);
    let base = base.unwrap_or(Path::new(""));
    (base.join(storage), base.join(index))
}

/// The folder that Orthanc takes relative paths of its configuration from; `None`: its working directory.
///
/// `configuration_path` is the answer of `OrthancPluginGetConfigurationPath`, which is ambiguous: the file's path
/// for a file; for a folder, the folder if it was given with a slash at the end, else the folder's *parent*
/// (1.10.1 to 1.13.0). So the process's `arguments` are asked too: the one that is that folder decides.
pub fn base_directory(
    configuration_path: &str,
    arguments: impl IntoIterator<Item = OsString>,
) -> Option<PathBuf> {
    if configuration_path.is_empty() {
        return None;
    }
    let reported = Path::new(configuration_path);
    if !reported.is_dir() {
        return reported.parent().map(Path::to_path_buf);
    }
    let folders = arguments.into_iter().skip(1).filter(|argument| {
        // Orthanc's own options start with a dash; anything else is a configuration.
        !argument.to_string_lossy().starts_with('-') && Path::new(argument).is_dir()
    });
    for folder in folders {
        if let Ok(folder) = std::path::absolute(&folder) {
            if folder == reported || folder.parent() == Some(reported) {
                return Some(folder);
            }
        }
    }
    Some(reported.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_relative_paths_is_found_again() {
        let parent = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = parent.join("src");
        let file = parent.join("Cargo.toml");
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let run = |reported: &str, argument: &Path| {
            let arguments = ["Orthanc", "--verbose"].map(OsString::from);
            let arguments = arguments.into_iter().chain([argument.into()]);
            base_directory(reported, arguments)
        };
        assert_eq!(base_directory("", []), None);
        assert_eq!(run(&text(&file), &file), Some(parent.to_path_buf()));
        // A folder with a slash at the end is reported as it is, without one as its parent.
        assert_eq!(run(&text(&folder), &folder.join("")), Some(folder.clone()));
        assert_eq!(run(&text(parent), &folder), Some(folder.clone()));
        // Arguments that do not tell: believe what was reported.
        assert_eq!(
            run(&text(parent), Path::new("/nowhere")),
            Some(parent.to_path_buf())
        );
    }
}
