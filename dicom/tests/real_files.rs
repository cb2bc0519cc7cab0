//! Real files of many makers, and files of every kind that the kit makes: a changed one is read by DCMTK, pydicom and
//! dicom-rs as the same file with one other value.
//!
//! The real ones are those of pydicom and of pydicom-data, in DIR/corpus of `scripts/receivers.sh`.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use dicom_core::VR;
use dicom_dictionary_std::tags;
use dicom_object::OpenFileOptions;
use sendqueue_dicom::{DataSet, Elements, Malformed, Tag, Vr};
use sendqueue_testkit::dicom::{Part10, every_object, every_syntax};
use sendqueue_testkit::receiver;
use support::{DEFLATED, bytes_of, inflated};

/// With fewer something went wrong.
const LEAST: usize = 250;
const NEW_ID: &str = "A-1234567";

struct File {
    name: String,
    bytes: Vec<u8>,
}

fn files() -> Vec<File> {
    let files = receiver::corpus().into_iter();
    let mut files: Vec<File> = files
        .filter(|(_, bytes)| bytes.get(128..132) == Some(b"DICM"))
        .map(|(name, bytes)| File { name, bytes })
        .collect();
    for sample in every_object().into_iter().chain(every_syntax()) {
        files.push(File {
            name: sample.name.clone(),
            bytes: sample.file.clone(),
        });
    }
    files
}

/// A file that can be read, changed and not: each in a folder, under the same name.
struct Pair {
    name: String,
    syntax: String,
    before: PathBuf,
    after: PathBuf,
}

/// `None` of what Orthanc does not take: without an instance, or a directory of a medium.
fn meta_of(file: &File) -> Option<Part10> {
    let meta = Part10::read(&file.bytes)?;
    (meta.sop_class_uid != "1.2.840.10008.1.3.10").then_some(meta)
}

fn set_id(data: &mut DataSet<'_>) {
    let id = NEW_ID.as_bytes().to_vec();
    data.root_mut().set(Tag::PATIENT_ID, Vr::LO, id);
}

/// Writes every item anew, without a change.
fn touch(elements: &mut Elements<'_>) -> Result<(), Malformed> {
    for element in elements.iter_mut() {
        for item in element.items_mut()?.into_iter().flatten() {
            touch(item)?;
        }
    }
    Ok(())
}

/// Whether one is the other without its group lengths, each of 12 bytes in every form.
fn only_group_lengths_went(before: &[u8], after: &[u8]) -> bool {
    let (mut before, mut after) = (before, after);
    while let Some(head) = before.first_chunk::<12>() {
        let is_length = head[2..8] == [0, 0, 4, 0, 0, 0]
            || head[2..8] == *b"\0\0UL\x04\0"
            || head[2..8] == *b"\0\0UL\0\x04";
        if is_length && !after.starts_with(head) {
            before = &before[12..];
        } else if after.first() == before.first() {
            (before, after) = (&before[1..], &after[1..]);
        } else {
            return false;
        }
    }
    before == after
}

/// All pairs, in two folders; and what could not be read, with the reason.
fn pairs(folder: &Path) -> (Vec<Pair>, Vec<(File, Malformed)>) {
    let (mut pairs, mut unread) = (Vec::new(), Vec::new());
    for name in ["before", "after"] {
        fs::create_dir(folder.join(name)).expect("a folder");
    }
    for file in files() {
        let Some(meta) = meta_of(&file) else {
            continue;
        };
        let syntax = meta.transfer_syntax;
        let (head, source) = file.bytes.split_at(meta.data_set_offset);
        let mut data = match DataSet::parse(source, &syntax) {
            Ok(data) => data,
            Err(error) => {
                unread.push((file, error));
                continue;
            }
        };
        set_id(&mut data);
        let after = bytes_of(data, source);
        let [before, after] = [("before", source), ("after", &after)].map(|(to, bytes)| {
            let path = folder.join(to).join(format!("{}.dcm", pairs.len()));
            fs::write(&path, [head, bytes].concat()).expect("a file");
            path
        });
        pairs.push(Pair {
            name: file.name,
            syntax,
            before,
            after,
        });
    }
    (pairs, unread)
}

#[test]
fn without_a_change_the_same_bytes_but_for_group_lengths() {
    let (mut same, mut lengths) = (0, 0);
    for file in files() {
        let Some(meta) = meta_of(&file) else {
            continue;
        };
        let source = &file.bytes[meta.data_set_offset..];
        let syntax = &meta.transfer_syntax;
        let Ok(data) = DataSet::parse(source, syntax) else {
            continue;
        };
        let mut touched = data.clone();
        touch(touched.root_mut()).unwrap_or_else(|error| panic!("{}: {error}", file.name));
        for data in [data, touched] {
            let after = inflated(bytes_of(data, source), syntax);
            let before = inflated(source.to_vec(), syntax);
            same += usize::from(after == before);
            lengths += usize::from(after != before);
            // It has one SOP Instance UID twice, of which DCMTK ignores the second too.
            let twice = file.name.ends_with("/winter.dcm") && after.len() == before.len() - 28;
            assert!(
                twice || only_group_lengths_went(&before, &after),
                "{}",
                file.name
            );
        }
    }
    println!("the same: {same}, without group lengths: {lengths}");
    assert!(same > 9 * lengths, "{same} {lengths}");
}

/// What cannot be read cannot be read by DCMTK either, which Orthanc reads it with.
#[test]
fn dcmtk_shows_one_value_that_is_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let (pairs, unread) = pairs(folder.path());
    for (file, error) in unread {
        let path = folder.path().join("unread.dcm");
        fs::write(&path, &file.bytes).expect("a file");
        assert!(dump(&path).is_none(), "{}: {error}", file.name);
    }
    let mut seen = 0;
    for pair in &pairs {
        let (Some(before), after) = (dump(&pair.before), dump(&pair.after)) else {
            continue;
        };
        let after = after.unwrap_or_else(|| panic!("{}: DCMTK cannot read it", pair.name));
        let is_id = |line: &&String| line.starts_with("(0010,0020)");
        let id: Vec<_> = after.iter().filter(is_id).collect();
        assert_eq!(id.len(), 1, "{}", pair.name);
        assert!(
            id[0].contains(&format!("[{NEW_ID}]")),
            "{}: {}",
            pair.name,
            id[0]
        );
        let rest = |lines: &[String]| {
            let lines = lines
                .iter()
                .filter(|line| !is_id(line) && !line.contains(",0000) UL"));
            lines.cloned().collect::<Vec<_>>()
        };
        let (before, after) = (rest(&before), rest(&after));
        assert!(before == after, "{}: {before:#?} {after:#?}", pair.name);
        seen += 1;
    }
    println!("{seen} files by DCMTK, of {}", pairs.len());
    assert!(seen >= LEAST, "{seen}");
}

/// Each element in a line; `None` of what DCMTK cannot read.
fn dump(path: &Path) -> Option<Vec<String>> {
    let mut command = Command::new("/usr/bin/dcmdump");
    let output = command
        .args(["-q", "+L"])
        .arg(path)
        .output()
        .expect("dcmdump");
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().filter(|line| !line.is_empty());
    output
        .status
        .success()
        .then(|| lines.map(str::to_owned).collect())
}

#[test]
fn dicom_rs_sees_one_value_that_is_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let (pairs, _) = pairs(folder.path());
    let mut seen = 0;
    // It takes headers of these for gigabytes, and cannot read them.
    let is_read = |pair: &&Pair| {
        let unread = ["/UN_sequence.dcm", "unknown VR"];
        !unread.iter().any(|name| pair.name.ends_with(name))
    };
    for pair in pairs.iter().filter(is_read) {
        // It does not inflate without a feature of its own.
        let Ok(mut before) = OpenFileOptions::new().open_file(&pair.before) else {
            continue;
        };
        let mut after = OpenFileOptions::new()
            .open_file(&pair.after)
            .unwrap_or_else(|error| panic!("{}: {error:?}", pair.name));
        let id = after.take_element(tags::PATIENT_ID).expect("a patient ID");
        assert_eq!(id.to_str().expect("text"), NEW_ID, "{}", pair.name);
        assert_eq!(id.vr(), VR::LO);
        let _ = before.take_element(tags::PATIENT_ID);
        before.retain(|element| element.header().tag.element() != 0);
        let [before, after] = [before, after].map(|object| object.into_inner());
        let differ = before
            .iter()
            .zip(after.iter())
            .find(|(one, other)| one != other);
        // Numbers that are none are not equal to themselves.
        let differ = differ.filter(|(one, other)| format!("{one:?}") != format!("{other:?}"));
        assert!(differ.is_none(), "{}: {differ:?}", pair.name);
        assert_eq!(before.iter().count(), after.iter().count(), "{}", pair.name);
        seen += 1;
    }
    println!("{seen} files by dicom-rs, of {}", pairs.len());
    assert!(seen >= LEAST, "{seen}");
}

#[test]
fn pydicom_sees_one_value_that_is_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let (pairs, _) = pairs(folder.path());
    let python = receiver::tools().join("corpus/bin/python");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/same.py");
    let mut command = Command::new(&python);
    let output = command.arg(script).arg(folder.path()).arg(NEW_ID).output();
    let output = output.expect("Python with pydicom");
    let [text, errors] =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    let wrong = text.lines().filter_map(|line| line.split_once(' '));
    let wrong: Vec<_> = wrong
        .filter_map(|(number, what)| Some((&pairs.get(number.parse::<usize>().ok()?)?.name, what)))
        .collect();
    assert!(
        output.status.success() && wrong.is_empty(),
        "{wrong:#?} {errors}"
    );
    assert_eq!(text.trim(), format!("same: {}", pairs.len()));
}

/// Debian's dicom3tools judge by the standard: a change brings no error that was not there.
#[test]
fn dciodvfy_finds_no_new_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut pairs, _) = pairs(folder.path());
    // At the end of what is deflated it stumbles, or not.
    pairs.retain(|pair| pair.syntax != DEFLATED);
    let mut seen = 0;
    for pair in &pairs {
        let (before, mut after) = (errors(&pair.before), errors(&pair.after));
        seen += usize::from(!before.is_empty());
        for error in before {
            if let Some(at) = after.iter().position(|other| *other == error) {
                after.swap_remove(at);
            }
        }
        assert!(
            after.is_empty(),
            "{} in {}: {after:#?}",
            pair.name,
            pair.syntax
        );
    }
    println!(
        "{} files by dciodvfy, {seen} of them with errors before",
        pairs.len()
    );
    assert!(seen > 0 && seen < pairs.len(), "it judges nothing: {seen}");
}

/// What it finds wrong; warnings are of the maker's taste.
fn errors(path: &Path) -> Vec<String> {
    let mut command = Command::new("/usr/bin/timeout");
    let command = command.args(["60", "dciodvfy"]).arg(path);
    let output = command.output().expect("dciodvfy of dicom3tools");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let lines = text.lines().filter(|line| line.starts_with("Error"));
    lines.map(str::to_owned).collect()
}
