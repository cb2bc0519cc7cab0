//! A section that runs in network namespaces of its own: this program again, inside.
//!
//! Invariant: the namespaces are taken away on drop, and those of killed runs, known by their process number, at the
//! next run.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::options::{Inside, Options, Section};
use crate::report;

/// Of the names, before the process number.
const PREFIX: &str = "sqbench";

fn script() -> Command {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scripts/netns.sh");
    Command::new(path)
}

struct Pair {
    name: String,
}

impl Drop for Pair {
    fn drop(&mut self) {
        let _ = script().args(["down", &self.name]).status();
    }
}

/// Runs the section inside, with this delay each way; says so where that cannot be done.
pub fn run(options: &Options, section: Section, delay_ms: u64) {
    sweep();
    let pair = Pair {
        name: format!("{PREFIX}{}", std::process::id()),
    };
    let delay = delay_ms.to_string();
    let mut up = script();
    up.args(["up", &pair.name, &delay]).stderr(Stdio::inherit());
    let output = up.output().expect("scripts/netns.sh");
    let line = String::from_utf8_lossy(&output.stdout).into_owned();
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [method, ours, peers, here, there] = fields[..] else {
        report::note("Left out: there are no network namespaces here (root? iproute2?).");
        return;
    };
    let inside = Inside {
        peer: Some(peers.to_owned()).filter(|name| name != ours),
        there: there.to_owned(),
        here: here.to_owned(),
        method: method.to_owned(),
        pair: pair.name.clone(),
    };
    let program = std::env::current_exe().expect("this program");
    let status = Command::new("ip")
        .args(["netns", "exec", ours])
        .arg(program)
        .args(options.for_inside(section, &inside))
        .status()
        .expect("ip");
    assert!(status.success(), "the run inside ended with {status}");
}

/// Takes away what runs have left that were killed.
fn sweep() {
    let entries = fs::read_dir("/run/netns").into_iter().flatten().flatten();
    for entry in entries {
        let file = entry.file_name().to_string_lossy().into_owned();
        let Some((name, _side)) = file.split_once('-') else {
            continue;
        };
        if let Some(pid) = name.strip_prefix(PREFIX) {
            if !PathBuf::from("/proc").join(pid).exists() {
                drop(Pair {
                    name: name.to_owned(),
                });
            }
        }
    }
}

/// Whether a side acknowledges at once: `a` is this program's, `b` the peer's.
pub fn quickack(pair: &str, side: &str, on: bool) {
    let word = if on { "on" } else { "off" };
    let status = script().args(["quickack", pair, side, word]).status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "quickack {word} on side {side}"
    );
}
