//! Where the plugin under test is.

use std::path::PathBuf;

/// The library to load into Orthanc: `SENDQUEUE_PLUGIN`, else the one that `cargo test` has built beside the test.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn plugin_path() -> PathBuf {
    const NAME: &str = "libOrthancSendQueue.so";
    if let Some(path) = std::env::var_os("SENDQUEUE_PLUGIN") {
        return path.into();
    }
    let test = std::env::current_exe().expect("the test's own path");
    let found = test
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join(NAME))
        .find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("no {NAME} beside {}", test.display()))
}
