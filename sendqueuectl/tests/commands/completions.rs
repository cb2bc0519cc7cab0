//! What shells are given, in the shells themselves.

use std::path::Path;

use super::odd_servers::{Server, ok};
use super::*;

/// What is typed before a tab, and what stands there after it.
const TYPED: &[(&str, &str)] = &[
    ("pau", "pause"),
    ("pause goo", "pause good"),
    ("pause good clin", "pause good clinic.east"),
    ("pause peer:x", "pause peer:xray"),
    ("errors --destination goo", "errors --destination good"),
    ("errors --destination=goo", "errors --destination=good"),
    ("errors --class NotN", "errors --class NotNegotiated"),
    ("errors --stat", "errors --status"),
    (
        "items --state Scheduled,Ret",
        "items --state Scheduled,Retry",
    ),
    ("priority Sta", "priority Stat"),
    ("enqueue 1.2.3 --to goo", "enqueue 1.2.3 --to good"),
    (
        "enqueue 1.2.3 --priority Hig",
        "enqueue 1.2.3 --priority High",
    ),
    (
        "redirect --all --to peer:x",
        "redirect --all --to peer:xray",
    ),
    ("watch --destination goo", "watch --destination good"),
    ("preview goo", "preview good"),
    ("send-now goo", "send-now good"),
    ("route 1.2.3 --origin Web", "route 1.2.3 --origin WebDav"),
    (
        "journal --since 'yesterday 18:00' --event OutageB",
        "journal --since yesterday 18:00 --event OutageBegan",
    ),
    (
        "deliveries --accession A1 --destination goo",
        "deliveries --accession A1 --destination good",
    ),
    ("completions fis", "completions fish"),
];

fn server() -> Server {
    let names = json!([
        "good",
        "clinic.east",
        "peer:xray",
        "evil;touch x",
        "$(touch x)",
        "-rf"
    ]);
    Server::start(move |asked| match asked.path.as_str() {
        "" => ok(json!({ "Destinations": names })),
        _ => None,
    })
}

/// A shell that finds `sendqueuectl`.
fn shell(ctl: &Ctl, program: &str, folder: &Path) -> Command {
    let mut command = ctl.program(program);
    let ours = Path::new(env!("CARGO_BIN_EXE_sendqueuectl"));
    let path = std::env::var("PATH").unwrap_or_default();
    let ours = ours.parent().expect("a folder").display();
    command
        .env("PATH", format!("{ours}:{path}"))
        .env("TERM", "xterm")
        .env("HOME", folder)
        .env("ZDOTDIR", folder)
        .env("XDG_CONFIG_HOME", folder)
        .current_dir(folder);
    command
}

/// Who completes a line waits for the queue a second: on a slow machine there may be no names the first time.
fn in_the_end(mut attempt: impl FnMut() -> Result<(), String>) {
    let began = std::time::Instant::now();
    while let Err(seen) = attempt() {
        assert!(began.elapsed() < SOON, "{seen}");
    }
}

/// Types each line with a tab and Enter, in a shell where `show` is completed as `sendqueuectl` is.
fn typed_in(shell: &mut Command, begin: &str) {
    let mut child = shell
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("script");
    let mut keys = child.stdin.take().expect("a pipe");
    let mut screen = child.stdout.take().expect("a pipe");
    let mut until = |text: &str| {
        let mut seen = Vec::new();
        let mut byte = [0];
        let began = std::time::Instant::now();
        while !String::from_utf8_lossy(&seen).contains(text) {
            assert!(began.elapsed() < SOON, "{}", String::from_utf8_lossy(&seen));
            let read = screen.read(&mut byte).expect("readable");
            assert_eq!(read, 1, "{text}: {}", String::from_utf8_lossy(&seen));
            seen.push(byte[0]);
        }
        String::from_utf8_lossy(&seen).into_owned()
    };
    // In two parts, so that what is typed is not taken for what is printed.
    writeln!(keys, "{begin}\nprintf 'rea%s\\n' dy").expect("typed");
    until("ready\r\n");
    for (typed, expected) in TYPED {
        in_the_end(|| {
            writeln!(keys, "show {typed}\t").expect("typed");
            let seen = until("|\r\n");
            let is_right = seen.contains(&format!("got|{expected}|"));
            is_right
                .then_some(())
                .ok_or_else(|| format!("{typed:?}: {seen}"))
        });
    }
    drop(keys);
    let _ = child.kill();
    child.wait().expect("an end");
}

fn written(ctl: &Ctl, shell: &str, file: &Path) {
    std::fs::write(file, ctl.ok(&["completions", shell])).expect("written");
}

#[test]
fn bash_knows_words_and_destinations() {
    let server = server();
    let ctl = Ctl::at(server.port);
    let folder = tempfile::tempdir().expect("a folder");
    written(&ctl, "bash", &folder.path().join("completion"));
    let mut bash = shell(&ctl, "timeout", folder.path());
    bash.args([
        "300",
        "script",
        "-qefc",
        "bash --norc --noprofile -i",
        "/dev/null",
    ]);
    typed_in(
        &mut bash,
        ". ./completion; show() { printf 'got|%s|\\n' \"$*\"; }; complete -F _sendqueuectl show",
    );
    // All that fits, and nothing that a shell would take for something else.
    let all = "COMP_WORDS=(sendqueuectl pause ''); COMP_CWORD=2; COMP_LINE='sendqueuectl pause '\n\
               . ./completion; _sendqueuectl sendqueuectl '' pause; printf '%s\\n' \"${COMPREPLY[@]}\"";
    in_the_end(|| {
        let output = shell(&ctl, "bash", folder.path())
            .args(["-c", all])
            .output()
            .expect("bash");
        let text = String::from_utf8(output.stdout).expect("text");
        let offered: Vec<&str> = text.lines().filter(|line| !line.starts_with('-')).collect();
        let is_right = offered == ["good", "clinic.east", "peer:xray"];
        is_right.then_some(()).ok_or(text)
    });
}

/// As a file of `$fpath`, which is loaded at the first tab.
#[test]
fn zsh_knows_words_and_destinations() {
    let server = server();
    let ctl = Ctl::at(server.port);
    let folder = tempfile::tempdir().expect("a folder");
    written(&ctl, "zsh", &folder.path().join("_sendqueuectl"));
    let mut zsh = shell(&ctl, "timeout", folder.path());
    zsh.args(["300", "script", "-qefc", "zsh -f -i", "/dev/null"]);
    typed_in(
        &mut zsh,
        "fpath=($PWD $fpath); autoload -U compinit; compinit -u -D; \
         show() { printf 'got|%s|\\n' \"$*\" }; compdef _sendqueuectl show",
    );
}

#[test]
fn fish_knows_words_and_destinations() {
    let server = server();
    let ctl = Ctl::at(server.port);
    let folder = tempfile::tempdir().expect("a folder");
    written(&ctl, "fish", &folder.path().join("completion"));
    for (typed, expected) in TYPED {
        let line = format!(
            "source completion; complete -C {:?}",
            format!("sendqueuectl {typed}")
        );
        let word = expected.rsplit(' ').next().expect("a word");
        in_the_end(|| {
            let output = shell(&ctl, "fish", folder.path())
                .args(["-N", "-c", &line])
                .output()
                .expect("fish");
            assert!(output.stderr.is_empty(), "{output:?}");
            let text = String::from_utf8_lossy(&output.stdout);
            let mut offered = text.lines().map(|line| line.split('\t').next());
            let is_right = offered.any(|one| one == Some(word));
            is_right
                .then_some(())
                .ok_or_else(|| format!("{typed:?}: {text}"))
        });
    }
}

/// Nobody waits for a queue that does not answer, and no message comes in between.
#[test]
fn who_completes_a_line_is_told_nothing_but_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let login = folder.path().join("login.json");
    std::fs::write(&login, r#"{ "User": "anna", "Password": "top-secret" }"#).expect("written");
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("an address").port();
    for ctl in [Ctl::of_nobody(), Ctl::at(port)] {
        let mut command = ctl.command(&["--", "sendqueuectl", "--credentials"]);
        command.arg(&login).args(["pause", "go"]);
        let output = command
            .env("_SENDQUEUECTL_COMPLETE", "bash")
            .env("_CLAP_COMPLETE_INDEX", "4")
            .output()
            .expect("it runs");
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{output:?}"
        );
        assert!(output.stdout.is_empty(), "{output:?}");
    }
    // The line says which queue.
    let server = server();
    in_the_end(|| {
        let mut command = Ctl::of_nobody().command(&["--", "sendqueuectl", "--url"]);
        command.args([&format!("http://127.0.0.1:{}", server.port), "pause", "go"]);
        let output = command
            .env("_SENDQUEUECTL_COMPLETE", "bash")
            .env("_CLAP_COMPLETE_INDEX", "4")
            .output()
            .expect("it runs");
        let is_right = output.stdout == b"good";
        is_right.then_some(()).ok_or_else(|| format!("{output:?}"))
    });
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = Ctl::of_nobody().ok(&["completions", shell]);
        assert!(script.contains("_SENDQUEUECTL_COMPLETE"), "{script}");
    }
}
