//! `init`: what it writes, where it does not, and Debian's own files with it.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use sendqueue_testkit::proc::Proc;
use sendqueue_testkit::{OrthancVersion, free_port, plugin_path, wait_until};

use super::*;

fn init(folder: &Path, more: &[&str]) -> Output {
    let mut command = Ctl::of_nobody().command(&["init"]);
    command.arg(folder).args(more);
    command.output().expect("sendqueuectl runs")
}

/// What it says on standard output, where it has written.
#[track_caller]
fn written(folder: &Path, more: &[&str]) -> String {
    let output = init(folder, more);
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// Why it has written nothing.
#[track_caller]
fn refused(folder: &Path, more: &[&str], code: i32) -> String {
    let names = |folder: &Path| {
        let entries = fs::read_dir(folder).map(|all| all.flatten());
        let entries = entries.into_iter().flatten();
        let mut names: Vec<_> = entries
            .map(|entry| (entry.file_name(), fs::read(entry.path()).ok()))
            .collect();
        names.sort();
        names
    };
    let before = names(folder);
    let output = init(folder, more);
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    assert_eq!(
        names(folder),
        before,
        "nothing is there that was not before"
    );
    let said = String::from_utf8(output.stderr).expect("text");
    assert!(said.contains("nothing was written: "), "{said}");
    said
}

fn put(folder: &Path, name: &str, text: &str, mode: u32) -> PathBuf {
    let file = folder.join(name);
    fs::write(&file, text).expect("written");
    fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("closed");
    file
}

fn is_root() -> bool {
    fs::metadata("/proc/self").expect("this process").uid() == 0
}

#[test]
fn it_writes_where_no_section_is_and_refuses_where_one_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    put(
        folder,
        "orthanc.json",
        "{ \"DicomModalities\": { \"pacs\": [\"PACS\", \"127.0.0.1\", 104] }, \"Plugins\": [] // all\n }",
        0o644,
    );
    let secret = put(
        folder,
        "credentials.json",
        "{ \"RegisteredUsers\": {} }",
        0o640,
    );
    if is_root() {
        chown(&secret, Some(12), Some(34)).expect("given");
    }
    let said = written(folder, &[]);
    let file = folder.join("sendqueue.json");
    for (number, words) in [
        "Destinations that are there: pacs",
        "\"Rules\": [ { \"To\": [ \"pacs\" ] } ]",
        "sendqueuectl check ",
        "systemctl restart orthanc",
    ]
    .iter()
    .enumerate()
    {
        let line = said.lines().nth(number + 1).unwrap_or_default();
        assert!(
            line.starts_with(&format!("{}. ", number + 1)) && line.contains(words),
            "{said}"
        );
    }
    let (like, is) = (
        fs::metadata(&secret).expect("there"),
        fs::metadata(&file).expect("there"),
    );
    assert_eq!(
        (is.uid(), is.gid(), is.mode()),
        (like.uid(), like.gid(), like.mode()),
        "of its neighbours the most closed"
    );
    let check = Ctl::of_nobody().ok(&["check", folder.to_str().expect("a path")]);
    assert!(check.contains("the send queue is on, 0 rules"), "{check}");
    let said = refused(folder, &[], 2);
    assert!(
        said.contains("sendqueue.json has the section SendQueue already"),
        "{said}"
    );
    // Wherever it stands.
    fs::rename(&file, folder.join("zzz.JSON")).expect("renamed");
    assert!(refused(folder, &["--to", "pacs"], 2).contains("zzz.JSON has the section"));
    fs::remove_file(folder.join("zzz.JSON")).expect("removed");
    let said = written(folder, &["--to", "pacs"]);
    assert_eq!(said.lines().count(), 2, "only a restart is left: {said}");
    let check = Ctl::of_nobody().ok(&["check", folder.to_str().expect("a path")]);
    assert!(check.contains("the send queue is on, 1 rule,"), "{check}");
}

#[test]
fn it_writes_nothing_that_orthanc_would_not_start_with() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    // Orthanc would refuse a rule to nobody.
    put(folder, "orthanc.json", "{ \"DicomModalities\": {} }", 0o644);
    let said = refused(folder, &["--to", "pacs"], 2);
    assert!(said.contains("SendQueue.Rules[0].To[0]"), "{said}");
    // A file of this name that has something else in it.
    let own = put(folder, "sendqueue.json", "{ \"Name\": \"ours\" }", 0o644);
    assert!(refused(folder, &[], 2).contains("sendqueue.json"));
    fs::remove_file(&own).expect("removed");
    // With what is there Orthanc does not start already.
    let wrong = put(folder, "wrong.json", "{ oops", 0o644);
    assert!(refused(folder, &[], 1).contains("wrong.json"));
    fs::write(&wrong, "{ \"DicomModalities\": {} }").expect("written");
    assert!(refused(folder, &[], 1).contains("orthanc.json too"));
    fs::remove_file(&wrong).expect("removed");
    let file = folder.join("orthanc.json");
    let said = refused(&file, &["--to", "pacs"], 2);
    assert!(
        said.contains("{\"SendQueue\":{\"Rules\":[{\"To\":[\"pacs\"]}]}}"),
        "{said}"
    );
    assert!(refused(&folder.join("nowhere"), &[], 2).contains("no such folder"));
    let output = init(folder, &["--json", "--to", "pacs"]);
    let told: Value = serde_json::from_slice(&output.stderr).expect("JSON");
    assert_eq!(told["ExitCode"], 2, "{told}");
    let told: Value = serde_json::from_str(&written(folder, &["--json"])).expect("JSON");
    assert!(
        told["Written"]
            .as_str()
            .unwrap()
            .ends_with("sendqueue.json")
    );
    let first = told["Next"][0].as_str().unwrap();
    assert!(first.contains("\"Plugins\""), "{told}");
    let second = told["Next"][1].as_str().unwrap();
    assert!(
        second.contains("right behind \"DicomModalities\" : { in ")
            && second.contains("orthanc.json"),
        "{told}"
    );
}

/// Who cannot give the file to whom Orthanc is, writes none that Orthanc cannot read.
#[test]
fn without_the_right_owner_there_is_no_file() {
    if !is_root() {
        eprintln!("left out: only root can be somebody else");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).expect("opened");
    put(folder.path(), "orthanc.json", "{ \"Name\": \"x\" }", 0o644);
    let output = Ctl::of_nobody()
        .program("setpriv")
        .args(["--reuid=12", "--regid=34", "--clear-groups"])
        .args([env!("CARGO_BIN_EXE_sendqueuectl"), "init"])
        .arg(folder.path())
        .output()
        .expect("setpriv");
    // A program below a folder of root's cannot be run by others.
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("failed to execute") {
        eprintln!("left out: {said}");
        return;
    }
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("do this as root"), "{said}");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

/// Half a file would keep Orthanc from starting. Nothing may be written here (`ulimit -f`), which ends the program.
#[test]
fn the_file_is_there_whole_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    put(folder, "orthanc.json", "{ \"DicomModalities\": {} }", 0o644);
    let line = "ulimit -f 0; exec \"$0\" init \"$1\"";
    let output = Ctl::of_nobody()
        .program("bash")
        .args(["-c", line, env!("CARGO_BIN_EXE_sendqueuectl")])
        .arg(folder)
        .output()
        .expect("bash");
    assert!(!output.status.success(), "{output:?}");
    let read_by_orthanc = |entry: &fs::DirEntry| {
        let path = entry.path();
        path.extension()
            .is_some_and(|kind| kind.eq_ignore_ascii_case("json"))
    };
    let files = fs::read_dir(folder).expect("a folder").flatten();
    assert_eq!(files.filter(read_by_orthanc).count(), 1, "its own alone");
    written(folder, &[]);
}

/// The files of Debian's package, with other ports, folders and plugins.
fn debian(folder: &Path) -> (PathBuf, u16) {
    let etc = folder.join("etc");
    fs::create_dir(&etc).expect("made");
    for entry in fs::read_dir(OrthancVersion::Machine.etc())
        .expect("Debian's files")
        .flatten()
    {
        // Passwords: for root alone, and those whom Orthanc is.
        let Ok(text) = fs::read_to_string(entry.path()) else {
            continue;
        };
        let like = entry.metadata().expect("there");
        let name = entry.file_name();
        let file = put(&etc, name.to_str().expect("a name"), &text, like.mode());
        if is_root() {
            chown(file, Some(like.uid()), Some(like.gid())).expect("given");
        }
    }
    let plugins = folder.join("plugins");
    fs::create_dir(&plugins).expect("made");
    fs::copy(plugin_path(), plugins.join("libOrthancSendQueue.so")).expect("copied");
    let (http, dicom) = (free_port(), free_port());
    let file = etc.join("orthanc.json");
    let mut text = fs::read_to_string(&file).expect("text");
    let database = folder.join("db").display().to_string();
    for (was, shall) in [
        (
            "/usr/share/orthanc/plugins/",
            &*plugins.display().to_string(),
        ),
        ("\"/var/lib/orthanc/db-v6\"", &*format!("{database:?}")),
        ("\"HttpPort\" : 8042", &*format!("\"HttpPort\" : {http}")),
        ("\"DicomPort\" : 4242", &*format!("\"DicomPort\" : {dicom}")),
    ] {
        assert!(text.contains(was), "{was}");
        text = text.replace(was, shall);
    }
    fs::write(&file, text).expect("written");
    (etc, http)
}

/// As Debian's unit does: as the user of Orthanc, who reads what its group may.
fn orthanc(folder: &Path, etc: &Path) -> Proc {
    let file = OrthancVersion::Machine.etc().join("gdcm.json");
    let user = fs::metadata(file).map_or(0, |file| file.uid());
    let mut command = OrthancVersion::Machine.command().expect("Orthanc");
    if is_root() && user != 0 {
        let program = command.get_program().to_owned();
        command = Command::new("setpriv");
        command
            .args(["--reuid=orthanc", "--regid=orthanc", "--init-groups"])
            .arg(program);
    }
    Proc::spawn(command.arg(etc), &folder.join("log")).expect("Orthanc")
}

#[test]
fn orthanc_starts_with_debians_files_and_what_was_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let (etc, http) = debian(folder);
    if is_root() {
        for shared in [folder.to_owned(), folder.join("plugins")] {
            fs::set_permissions(shared, fs::Permissions::from_mode(0o777)).expect("opened");
        }
    }
    let said = written(&etc, &[]);
    assert!(
        said.contains("right behind \"DicomModalities\" : { in ") && said.contains("orthanc.json"),
        "{said}"
    );
    let ctl = Ctl::at(http);
    let answers = |orthanc: &mut Proc| {
        wait_until(
            || {
                let log = orthanc.log();
                assert!(orthanc.exit_status().is_none(), "{log}");
                ctl.run(&["health"]).status.success()
            },
            SOON,
            "the queue answers",
        );
    };
    let mut running = orthanc(folder, &etc);
    answers(&mut running);
    assert_eq!(ctl.json(&["status"])["Queue"]["Enabled"], true);
    running.stop(SOON);
    // What it says is done: a modality beside those of Debian's file, and a rule.
    let scp = FaultScp::start("PACS");
    let file = etc.join("orthanc.json");
    let text = fs::read_to_string(&file).expect("text");
    let entry = format!(
        "\"DicomModalities\" : {{ \"pacs\": [ \"PACS\", \"127.0.0.1\", {} ]",
        scp.port()
    );
    let text = text.replacen("\"DicomModalities\" : {", &entry, 1);
    fs::write(&file, text).expect("written");
    fs::remove_file(etc.join("sendqueue.json")).expect("removed");
    written(&etc, &["--to", "pacs"]);
    let mut running = orthanc(folder, &etc);
    answers(&mut running);
    let instance = &Study::new(1, 1).build()[0];
    let url = format!("http://127.0.0.1:{http}/instances");
    let stored = ureq::post(&url).send(&instance.bytes[..]);
    assert_eq!(stored.expect("an answer").status(), 200);
    let is_sent = || ctl.json(&["items", "--destination", "pacs"])[0]["State"] == "Success";
    wait_until(is_sent, SOON, "it is forwarded");
    running.stop(SOON);
}
