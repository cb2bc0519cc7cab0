//! Studies: as files for the programs, as bytes for Orthanc.

use std::path::Path;

use sendqueue_testkit::dcmtk::write_folder;
use sendqueue_testkit::{Instance, Kind, Study};
use tempfile::TempDir;

pub struct Data {
    pub instances: Vec<Instance>,
    folder: TempDir,
}

impl Data {
    pub fn new(kind: Kind, count: usize, seed: u64) -> Self {
        Self::studies(kind, 1, count, seed)
    }

    /// So many studies of `count` instances each.
    pub fn studies(kind: Kind, studies: usize, count: usize, seed: u64) -> Self {
        let instances: Vec<Instance> = (0..studies as u64)
            .flat_map(|number| {
                Study::new(1, count)
                    .seed(seed * 1000 + number)
                    .kind(kind)
                    .build()
            })
            .collect();
        Self {
            folder: write_folder(&instances).expect("files"),
            instances,
        }
    }

    pub fn count(&self) -> usize {
        self.instances.len()
    }

    /// The folder with its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}
