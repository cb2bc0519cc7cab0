//! The pages of the manual, as `man` shows them. That no command and no option is missing, `src/manual.rs` tests.

use super::*;

#[test]
fn each_page_is_shown_without_a_warning() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("man1");
    Ctl::of_nobody().ok(&["man", path.to_str().expect("a path")]);
    let pages: Vec<_> = std::fs::read_dir(&path).expect("pages").collect();
    assert!(pages.len() > 20, "{}", pages.len());
    for page in pages {
        let page = page.expect("a page").path();
        let output = Command::new("groff")
            .args(["-man", "-Kutf8", "-Tutf8", "-ww", "-z"])
            .arg(&page)
            .output()
            .expect("groff");
        assert!(
            output.status.success() && output.stderr.is_empty() && output.stdout.is_empty(),
            "{page:?}: {output:?}"
        );
        let output = Command::new("man")
            .arg("-l")
            .arg(&page)
            .env("MANPAGER", "cat")
            .env("MANWIDTH", "100")
            .env("LC_ALL", "C.UTF-8")
            .output()
            .expect("man");
        let shown = String::from_utf8(output.stdout).expect("text");
        assert!(
            output.stderr.is_empty(),
            "{page:?}: {output:?}",
            output = output.stderr
        );
        let mut sections = ["NAME", "SYNOPSIS", "OPTIONS", "EXIT STATUS"].iter();
        assert!(
            sections.all(|section| shown.lines().any(|line| line == *section)),
            "{shown}"
        );
    }
    let again = folder.path().join("again");
    Ctl::of_nobody().ok(&["man", again.to_str().expect("a path")]);
    let page = |folder: &std::path::Path| std::fs::read(folder.join("sendqueuectl.1")).unwrap();
    assert_eq!(page(&path), page(&again), "two builds are alike");
}
