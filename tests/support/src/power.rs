//! What a power cut would leave of two files of another process: a SQLite database and its write-ahead log.
//!
//! `strace` tells of each write, truncation and sync of them, in order. What was written and not synced afterwards is
//! lost, or, on request, each piece of it by chance, as a disk with a cache of its own does it.
//!
//! Invariant: a sync keeps only what was written before it began, and only once it has ended.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::proc::Proc;
use crate::wait;

/// A process whose writes to a database are recorded from now on.
#[derive(Debug)]
pub struct PowerCut {
    _strace: Proc,
    database: PathBuf,
    folder: TempDir,
    /// What was there when the recording began: taken for synced.
    before: [Vec<u8>; 2],
}

enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Truncate(usize),
}

/// A file as the disk has it, and what the system has not written to it yet.
struct Recorded {
    synced: Vec<u8>,
    unsynced: Vec<Change>,
}

impl Recorded {
    fn apply(synced: &mut Vec<u8>, change: &Change) {
        match change {
            Change::Truncate(length) => synced.resize(*length, 0),
            Change::Write { at, bytes } => {
                let end = at + bytes.len();
                if synced.len() < end {
                    synced.resize(end, 0);
                }
                synced[*at..end].copy_from_slice(bytes);
            }
        }
    }

    fn sync(&mut self, count: usize) {
        for change in self.unsynced.drain(..count.min(self.unsynced.len())) {
            Self::apply(&mut self.synced, &change);
        }
    }
}

/// The database and its log.
fn files(database: &Path) -> [PathBuf; 2] {
    ["", "-wal"].map(|suffix| format!("{}{suffix}", database.display()).into())
}

impl PowerCut {
    /// Begins to record what the process writes to the database and its log. Nothing should be written at this moment.
    ///
    /// # Panics
    /// When `strace` cannot be started, or may not look into the process.
    #[must_use]
    #[track_caller]
    pub fn record(pid: u32, database: &Path) -> PowerCut {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let [file, log] = files(database);
        let mut command = Command::new("strace");
        command
            .args(["-f", "-y", "-xx", "-s", "1000000", "-e", "signal=none"])
            .args(["-e", "trace=pwrite64,write,fdatasync,fsync,ftruncate"])
            .arg("-P")
            .arg(&file)
            .arg("-P")
            .arg(&log)
            .arg("-o")
            .arg(folder.path().join("trace"))
            .args(["-p", &pid.to_string()]);
        let strace = Proc::spawn(&mut command, &folder.path().join("said"))
            .expect("strace can be started (package strace)");
        let is_traced = |task: fs::DirEntry| {
            let status = fs::read_to_string(task.path().join("status")).unwrap_or_default();
            !status.contains("TracerPid:\t0\n")
        };
        let all_traced = wait::poll(
            || {
                let tasks = fs::read_dir(format!("/proc/{pid}/task"));
                tasks.is_ok_and(|tasks| tasks.flatten().all(is_traced))
            },
            std::time::Duration::from_secs(30),
        );
        assert!(all_traced, "strace: {}", strace.log());
        PowerCut {
            _strace: strace,
            before: files(database).map(|file| fs::read(file).unwrap_or_default()),
            database: database.to_owned(),
            folder,
        }
    }

    /// The database as a power cut in this moment would leave it, in a folder of its own. Of what was not synced
    /// nothing is left, or with a seed each piece by chance.
    ///
    /// # Panics
    /// When the recording cannot be read.
    #[must_use]
    pub fn now(&self, seed: Option<u64>) -> (TempDir, PathBuf) {
        let trace = fs::read_to_string(self.folder.path().join("trace")).expect("a recording");
        let mut files = self.replay(&trace);
        if let Some(seed) = seed {
            let mut chance = fastrand::Rng::with_seed(seed);
            for file in &mut files {
                for change in std::mem::take(&mut file.unsynced) {
                    if chance.bool() {
                        Recorded::apply(&mut file.synced, &change);
                    }
                }
            }
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let name = self.database.file_name().expect("the name of a file");
        let database = folder.path().join(name);
        for (path, file) in self::files(&database).iter().zip(&files) {
            fs::write(path, &file.synced).expect("room for a copy");
        }
        (folder, database)
    }

    fn replay(&self, trace: &str) -> [Recorded; 2] {
        let mut files = self.before.clone().map(|synced| Recorded {
            synced,
            unsynced: Vec::new(),
        });
        // By thread: the sync that is under way, of which file, of how many changes.
        let mut syncing: HashMap<&str, (usize, usize)> = HashMap::new();
        for line in trace.lines() {
            let (thread, call) = line.split_once(' ').expect("a thread and its call");
            let call = call.trim_start();
            if call.starts_with("<...") {
                if let Some((file, count)) = syncing.remove(thread) {
                    files[file].sync(count);
                }
                continue;
            }
            let Some((name, rest)) = call.split_once('(') else {
                continue;
            };
            let Some((path, arguments)) = rest
                .split_once('<')
                .and_then(|(_, rest)| rest.split_once('>'))
            else {
                continue;
            };
            let file = usize::from(unhex(path).ends_with(b"-wal"));
            let number = |text: &str| -> usize {
                let digits = |c: char| !c.is_ascii_digit();
                let text = text.trim_start_matches([',', ' ']);
                text.split(digits)
                    .next()
                    .unwrap_or_default()
                    .parse()
                    .expect("a number")
            };
            match name {
                "pwrite64" => {
                    let (bytes, rest) = arguments
                        .trim_start_matches([',', ' ', '"'])
                        .split_once('"')
                        .expect("what was written");
                    let (_, at) = rest
                        .trim_start_matches([',', ' '])
                        .split_once(", ")
                        .expect("a length and a place");
                    files[file].unsynced.push(Change::Write {
                        at: number(at),
                        bytes: unhex(bytes),
                    });
                }
                "ftruncate" => files[file]
                    .unsynced
                    .push(Change::Truncate(number(arguments))),
                "fsync" | "fdatasync" => {
                    let count = files[file].unsynced.len();
                    if call.ends_with("<unfinished ...>") {
                        syncing.insert(thread, (file, count));
                    } else {
                        files[file].sync(count);
                    }
                }
                other => panic!("{other} is not understood: {line}"),
            }
        }
        files
    }
}

/// `\x2f\x74` as bytes.
fn unhex(text: &str) -> Vec<u8> {
    text.split("\\x")
        .skip(1)
        .map(|pair| u8::from_str_radix(pair, 16).expect("two hexadecimal digits"))
        .collect()
}
