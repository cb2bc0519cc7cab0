//! What shells are given.

use super::*;

#[test]
fn completions_are_made_for_each_shell() {
    let ctl = Ctl::of_nobody();
    for shell in ["bash", "zsh", "fish"] {
        let text = ctl.ok(&["completions", shell]);
        assert!(
            text.contains("send-now") && text.contains("sendqueuectl"),
            "{shell}"
        );
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("completion");
    std::fs::write(&file, ctl.ok(&["completions", "bash"])).expect("written");
    assert!(
        Command::new("bash")
            .arg("-n")
            .arg(&file)
            .status()
            .expect("bash")
            .success()
    );
}
