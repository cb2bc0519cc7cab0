//! What a receiver has received.
//!
//! Invariant: only files whose meta information is whole are told.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::{Receiver, Running};
use crate::dicom::Part10;

/// One instance as it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedFile {
    /// SOP class of the request.
    pub sop_class_uid: String,
    /// Transfer syntax in which it came.
    pub transfer_syntax: String,
    /// The data set, without meta information.
    pub data_set: Vec<u8>,
}

impl Receiver {
    /// All that it has received, by SOP instance UID. All of it is read into memory: see
    /// [`received_paths`](Self::received_paths) for huge files.
    #[must_use]
    pub fn received(&self) -> BTreeMap<String, ReceivedFile> {
        let files: Vec<Vec<u8>> = match &self.running {
            Some(Running::Orthanc(orthanc)) => {
                let ids = orthanc.get("/instances").ok().json();
                let ids = ids.as_array().into_iter().flatten();
                ids.filter_map(|id| Some(format!("/instances/{}/file", id.as_str()?)))
                    .map(|path| orthanc.get(&path).ok().body)
                    .collect()
            }
            _ => {
                let paths = self.paths().into_iter();
                paths.filter_map(|path| fs::read(path).ok()).collect()
            }
        };
        let read = |mut file: Vec<u8>| {
            let meta = Part10::read(&file)?;
            file.drain(..meta.data_set_offset);
            let received = ReceivedFile {
                sop_class_uid: meta.sop_class_uid,
                transfer_syntax: meta.transfer_syntax,
                data_set: file,
            };
            Some((meta.sop_instance_uid, received))
        };
        files.into_iter().filter_map(read).collect()
    }

    /// The files on disk, by SOP instance UID; none of an Orthanc.
    #[must_use]
    pub fn received_paths(&self) -> BTreeMap<String, PathBuf> {
        let paths = self.paths().into_iter();
        let named = paths.filter_map(|path| {
            let meta = Part10::read_file(&path).ok()?;
            Some((meta.sop_instance_uid, path))
        });
        named.collect()
    }

    fn paths(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.path().join("received"));
        let entries = entries.into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    }

    /// Number of instances and their size, without reading them.
    pub(super) fn count_and_size(&self) -> (usize, u64) {
        if let Some(Running::Orthanc(orthanc)) = &self.running {
            let counts = orthanc.get("/statistics").ok().json();
            let count = counts["CountInstances"].as_u64().unwrap_or(0);
            return (usize::try_from(count).unwrap_or(usize::MAX), 0);
        }
        let paths = self.paths();
        let sizes = paths.iter().filter_map(|path| path.metadata().ok());
        (paths.len(), sizes.map(|file| file.len()).sum())
    }
}
