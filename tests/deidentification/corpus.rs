//! Real files of many makers, and variants of them, de-identified; judged by pydicom, dicom-anonymizer, dicognito,
//! DCMTK and dciodvfy.
//!
//! `oracle.py` says what is compared. The files: those of pydicom and of pydicom-data, in DIR/corpus of
//! `scripts/receivers.sh`, with variants that have the patient nested, private, in UTF-8, behind the pixels, and in
//! other transfer syntaxes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use OrthancSendQueue::coercion::NotChanged;
use OrthancSendQueue::coercion::deidentify::{Secret, remove_identity};
use OrthancSendQueue::config::deidentify::{Allow, Deidentification};
use OrthancSendQueue::config::load;
use sendqueue_dicom::{DataSet, Piece, Tag};
use sendqueue_testkit::dicom::Part10;
use sendqueue_testkit::receiver;
use serde_json::json;

/// With fewer something went wrong with the installation: in all, and of which all are variants of each fifth file.
const LEAST: usize = 1200;
const LEAST_OF_SOME: usize = 400;

/// What may not be sent unless `Allow` names it, all of it.
const ALL: [&str; 14] = [
    "BURNED IN",
    "SC",
    "US",
    "XA",
    "RF",
    "ES",
    "XC",
    "DOC",
    "SR",
    "PR",
    "SECONDARY",
    "SCREEN SAVE",
    "LABEL",
    "OVERLAY",
];

fn entry(folder: &Path) -> Arc<Deidentification> {
    fs::write(folder.join("trial.key"), "0123456789abcdef").expect("a key");
    let configuration = json!({ "SendQueue": { "Deidentifications": { "trial": {
        "Profile": "Basic", "KeyFile": "trial.key", "Allow": ALL } } } });
    let settings = load(&configuration, &|_| None, Some(folder)).expect("valid");
    settings.deidentifications["trial"].clone()
}

fn run(command: &mut Command) -> Output {
    let output = command.output();
    output.unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// The second opinion, in Python.
fn oracle(arguments: &[&Path]) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/deidentification/oracle.py");
    let python = receiver::tools().join("deidentifiers/bin/python");
    assert!(
        python.exists(),
        "{}: make it with scripts/receivers.sh {} deidentifiers corpus",
        python.display(),
        receiver::tools().display()
    );
    run(Command::new(python).arg(script).args(arguments))
}

fn said(output: &Output) -> String {
    let text =
        [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    text.concat()
}

/// The files of a folder with this ending, in order.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|one| one == ending));
    files.sort();
    files
}

/// The file as it would be sent, or why it would not be.
fn deidentified(entry: &Deidentification, file: &[u8]) -> Result<Vec<u8>, String> {
    let part10 = Part10::read(file).ok_or("no meta information")?;
    let source = &file[part10.data_set_offset..];
    let told = |why: NotChanged| format!("{why:?}");
    let parsed = DataSet::parse(source, &part10.transfer_syntax);
    let mut data = parsed.map_err(|why| why.to_string())?;
    remove_identity(entry, &Secret::new(&entry.key), data.root_mut(), None).map_err(told)?;
    let uid = data.root().get(Tag::SOP_INSTANCE_UID);
    let uid = uid
        .and_then(|one| one.bytes())
        .ok_or("no SOP Instance UID")?;
    let uid = String::from_utf8_lossy(uid)
        .trim_matches(['\0', ' '])
        .to_owned();
    let mut made = meta(&part10.sop_class_uid, &uid, &part10.transfer_syntax);
    for piece in data.encode().map_err(|why| why.to_string())? {
        match piece {
            Piece::Made(bytes) => made.extend(bytes),
            Piece::Kept(range) => made.extend_from_slice(&source[range]),
        }
    }
    Ok(made)
}

fn meta(sop_class: &str, uid: &str, syntax: &str) -> Vec<u8> {
    let mut group = vec![2, 0, 1, 0, b'O', b'B', 0, 0, 2, 0, 0, 0, 0, 1];
    for (element, text) in [(2, sop_class), (3, uid), (0x10, syntax), (0x12, "2.25.1")] {
        let mut value = text.as_bytes().to_vec();
        value.resize(value.len().next_multiple_of(2), 0);
        group.extend([2, 0, element, 0, b'U', b'I']);
        group.extend((value.len() as u16).to_le_bytes());
        group.extend(value);
    }
    let mut file = vec![0; 128];
    file.extend(b"DICM\x02\x00\x00\x00UL\x04\x00");
    file.extend((group.len() as u32).to_le_bytes());
    file.extend(group);
    file
}

/// Runs a tool over each file, some at a time; its output by the file's name.
fn each(paths: &[PathBuf], tool: impl Fn(&Path) -> Output + Sync) -> BTreeMap<String, Output> {
    let name = |path: &Path| {
        path.file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned()
    };
    let work = |part: &[PathBuf]| {
        let run = part.iter().map(|path| (name(path), tool(path)));
        run.collect::<Vec<_>>()
    };
    let work = &work;
    std::thread::scope(|scope| {
        let parts = paths.chunks(paths.len().div_ceil(2).max(1));
        let threads: Vec<_> = parts.map(|part| scope.spawn(move || work(part))).collect();
        let all = threads.into_iter().map(|one| one.join().expect("a tool"));
        all.flatten().collect()
    })
}

/// Errors of dciodvfy that may be new, since something was taken away on purpose.
const MAY_BE_NEW: [&str; 1] = [
    // References go, and a sequence that says of which series they are stays.
    "ReferencedSeriesSequence present but Instance does not reference Instances",
];

fn complaints(output: &Output) -> BTreeSet<String> {
    let text = said(output);
    let errors = text.lines().filter(|line| line.starts_with("Error"));
    // One UID is another now.
    let uid = regex::Regex::new(r"\d+(\.\d+)+|InstanceUID \S+").expect("a pattern");
    errors
        .map(|line| uid.replace_all(line, "UID").into_owned())
        .collect()
}

#[test]
fn nothing_of_the_patient_is_left_in_real_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let corpus = receiver::tools().join("corpus");
    // `make test-corpus` asks for all.
    let is_all = std::env::var_os("SENDQUEUE_CORPUS").is_some_and(|all| all == "all");
    let (every, least) = if is_all {
        ("1", LEAST)
    } else {
        ("5", LEAST_OF_SOME)
    };
    let made = oracle(&[Path::new("make"), &corpus, folder, Path::new(every)]);
    assert!(made.status.success(), "{}", said(&made));
    println!("{}", said(&made));
    let entry = entry(folder);
    let suspicious = Deidentification {
        allow: Allow::default(),
        ..Deidentification::clone(&entry)
    };
    let sources = files(folder, "in");
    assert!(sources.len() >= least, "{} files", sources.len());
    let mut refused: BTreeMap<String, u32> = BTreeMap::new();
    let (mut suspects, mut done) = (0, Vec::new());
    for path in &sources {
        let file = fs::read(path).expect("a file");
        match deidentified(&entry, &file) {
            Ok(clean) => {
                assert_eq!(deidentified(&entry, &file).as_ref(), Ok(&clean), "{path:?}");
                fs::write(path.with_extension("out"), clean).expect("a file");
                done.push(path.clone());
                suspects += u32::from(deidentified(&suspicious, &file).is_err());
            }
            Err(why) => *refused.entry(why).or_default() += 1,
        }
    }
    println!(
        "{} de-identified, {suspects} of them only because Allow says so",
        done.len()
    );
    println!("refused: {refused:#?}");
    // Damaged ones, as their makers tell.
    assert!(refused.values().sum::<u32>() < 40, "{refused:?}");

    let checked = oracle(&[Path::new("check"), folder]);
    println!("{}", said(&checked));
    assert!(checked.status.success(), "see above");

    let dump = |path: &Path| run(Command::new("dcmdump").args(["-q", "+L"]).arg(path));
    let before = each(&done, dump);
    let outs: Vec<PathBuf> = done.iter().map(|path| path.with_extension("out")).collect();
    for (name, after) in each(&outs, dump) {
        let was_well = before[&name].status.success();
        assert!(
            after.status.success() || !was_well,
            "dcmdump, {name}: {}",
            said(&after)
        );
    }

    // It cannot read what is deflated.
    let is_deflated = |path: &PathBuf| path.to_string_lossy().contains(".deflated.");
    done.retain(|path| !is_deflated(path));
    let outs: Vec<PathBuf> = done.iter().map(|path| path.with_extension("out")).collect();
    let verify = |path: &Path| run(Command::new("dciodvfy").arg("-filename").arg(path));
    let before = each(&done, verify);
    let mut new: BTreeMap<String, (u32, String)> = BTreeMap::new();
    for (name, after) in each(&outs, verify) {
        let before = complaints(&before[&name]);
        for one in complaints(&after) {
            let may = MAY_BE_NEW.iter().any(|part| one.contains(part));
            if !may && !before.contains(&one) {
                new.entry(one).or_insert((0, name.clone())).0 += 1;
            }
        }
    }
    assert!(new.is_empty(), "dciodvfy: {new:#?}");
}
