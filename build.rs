//! What the library says about itself.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=SENDQUEUE_BUILD");
    println!("cargo:rerun-if-changed=build.rs");
    // HEAD names a branch, and its text stays when the branch moves; the log of HEAD grows by a line whatever moves it.
    // In a worktree `.git` is a file: where they are only git knows. A file that is missing would run this each time.
    for file in ["HEAD", "logs/HEAD"] {
        let path = git(&["rev-parse", "--git-path", file]);
        if let Some(path) = path.filter(|path| Path::new(path).exists()) {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    // The commit that is checked out, where this is a checkout.
    let build = std::env::var("SENDQUEUE_BUILD")
        .ok()
        .or_else(|| git(&["rev-parse", "--short=12", "HEAD"]));
    println!(
        "cargo:rustc-env=SENDQUEUE_BUILD={}",
        build.as_deref().unwrap_or("unknown")
    );
}

/// What git answers, if it is there and has an answer.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let answer = text.trim();
    (output.status.success() && !answer.is_empty()).then(|| answer.to_owned())
}
