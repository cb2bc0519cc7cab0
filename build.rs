//! What the library says about itself.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=.git/HEAD");
    println!("cargo:rerun-if-env-changed=SENDQUEUE_BUILD");
    let build = std::env::var("SENDQUEUE_BUILD").ok().or_else(commit);
    println!(
        "cargo:rustc-env=SENDQUEUE_BUILD={}",
        build.as_deref().unwrap_or("unknown")
    );
}

/// The commit that is checked out, where this is a checkout.
fn commit() -> Option<String> {
    let output = Command::new("git")
        .args(["rev-parse", "--short=12", "HEAD"])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let commit = text.trim();
    (output.status.success() && !commit.is_empty()).then(|| commit.to_owned())
}
