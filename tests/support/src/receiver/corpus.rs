//! Real files.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::tools;

/// With fewer something went wrong with the installation.
const LEAST: usize = 250;

/// Real files of many makers, each content once: those of pydicom and of pydicom-data, in DIR/corpus of
/// `scripts/receivers.sh`, by name. Some have no preamble, or are no DICOM at all but for their name's ending.
#[must_use]
pub fn corpus() -> Vec<(String, Vec<u8>)> {
    let root = tools().join("corpus");
    let mut paths = Vec::new();
    below(&root, &mut paths);
    paths.sort();
    let mut seen = BTreeSet::new();
    let mut files = Vec::new();
    for path in paths {
        let bytes = fs::read(&path).expect("a file of the corpus");
        let is_dicom = bytes.get(128..132) == Some(b"DICM");
        let is_named = path.extension().is_some_and(|extension| extension == "dcm");
        if (is_dicom || is_named) && seen.insert(bytes.clone()) {
            let name = path.strip_prefix(&root).unwrap_or(&path);
            files.push((name.display().to_string(), bytes));
        }
    }
    assert!(
        files.len() >= LEAST,
        "{} holds {} files: make it with scripts/receivers.sh {} corpus, or say with SENDQUEUE_TOOLS where it is",
        root.display(),
        files.len(),
        tools().display()
    );
    files
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            below(&path, found);
        } else {
            found.push(path);
        }
    }
}
