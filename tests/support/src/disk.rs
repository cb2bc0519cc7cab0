//! A small disk, for what happens when one is full.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A small disk of its own, given back at the end.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// In this folder, which is made. `None`: whoever runs the test may not mount one.
    ///
    /// # Panics
    /// The folder cannot be made.
    #[must_use]
    pub fn mount(path: &Path, size: &str) -> Option<SmallDisk> {
        std::fs::create_dir(path).expect("a folder for a small disk");
        let options = format!("size={size}");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "sendqueue-test"])
            .arg(path)
            .stderr(Stdio::null())
            .status();
        let is_mounted = mounted.is_ok_and(|status| status.success());
        is_mounted.then(|| SmallDisk(path.to_owned()))
    }

    /// Takes all room that is left; again and again, since the queue gives its log's room back.
    ///
    /// # Panics
    /// Not even an empty file can be made.
    pub fn fill(&self) {
        use std::io::Write;
        let mut file = self.filler();
        while file.write_all(&[0; 65_536]).is_ok() {}
        while file.write_all(&[0; 512]).is_ok() {}
    }

    /// Takes so much more.
    ///
    /// # Panics
    /// There is not so much.
    pub fn take(&self, bytes: usize) {
        use std::io::Write;
        self.filler().write_all(&vec![0; bytes]).expect("room");
    }

    fn filler(&self) -> std::fs::File {
        let mut options = std::fs::OpenOptions::new();
        let file = options.create(true).append(true);
        file.open(self.0.join("filler")).expect("a file")
    }

    /// # Panics
    /// Nothing was taken.
    pub fn free(&self) {
        std::fs::remove_file(self.0.join("filler")).expect("what was taken");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}
