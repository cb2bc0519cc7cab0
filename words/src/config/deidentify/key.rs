//! `KeyFile`: what identifiers and dates are derived with.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::item::system::words;

/// Fewer bytes can be guessed.
const SHORTEST: usize = 16;
/// No key is as long.
const LONGEST: u64 = 64 * 1024;

/// Bytes that show nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Arc<[u8]>);

impl Key {
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }

    /// Blanks and ends of lines at the end do not count: editors add them.
    pub fn new(bytes: &[u8]) -> Option<Key> {
        let bytes = bytes.trim_ascii_end();
        (bytes.len() >= SHORTEST).then(|| Key(bytes.into()))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// Reads the file; `Err`: what is allowed.
pub(super) fn read(path: &Path) -> Result<Key, String> {
    let wanted = |why: String| {
        format!(
            "the path of a file with a key of {SHORTEST} bytes or more, absolute or relative to the folder of Orthanc's configuration ({}: {why})",
            path.display()
        )
    };
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes));
    read.map_err(|error| wanted(words(&error)))?;
    if bytes.len() as u64 > LONGEST {
        return Err(wanted(format!("it has more than {LONGEST} bytes")));
    }
    Key::new(&bytes).ok_or_else(|| {
        let length = bytes.trim_ascii_end().len();
        wanted(format!("it has {length} bytes"))
    })
}

/// Whether the file's mode lets others than its owner read or write it; where files have none: no.
#[cfg(unix)]
pub(super) fn is_open(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|about| about.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
pub(super) fn is_open(_: &Path) -> bool {
    false
}
