//! A data set as text, to compare what was sent with what a receiver has written anew.
//!
//! Invariant: how lengths are told, group lengths and padding make no difference; every value does, to its last byte.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{IMPLICIT_VR_LE, file};

/// One line per element, as DCMTK's `dcmdump` tells it.
///
/// # Panics
/// When `dcmdump` is missing, or does not know the transfer syntax.
#[must_use]
pub fn elements(transfer_syntax: &str, data_set: &[u8]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = write(folder.path(), transfer_syntax, data_set);
    told(&path, transfer_syntax)
}

/// The same after DCMTK's `dcmconv` has given all sequences a defined length in Implicit VR Little Endian: a private
/// one cannot be told from a value there, whoever wrote it.
///
/// # Panics
/// When `dcmconv` is missing, or cannot read the data set.
#[must_use]
pub fn elements_of_defined_length(data_set: &[u8]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let from = write(folder.path(), IMPLICIT_VR_LE, data_set);
    let to = folder.path().join("defined.dcm");
    let mut command = Command::new("/usr/bin/dcmconv");
    let output = command.args(["+ti", "+e"]).args([&from, &to]).output();
    let output = output.expect("dcmconv can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    told(&to, IMPLICIT_VR_LE)
}

fn write(folder: &Path, transfer_syntax: &str, data_set: &[u8]) -> PathBuf {
    let path = folder.join("data.dcm");
    let mut bytes = Vec::new();
    file::write_meta(&mut bytes, "2.25.1", "2.25.2", transfer_syntax);
    bytes.extend_from_slice(data_set);
    fs::write(&path, bytes).expect("a file can be written");
    path
}

fn told(path: &Path, transfer_syntax: &str) -> Vec<String> {
    let mut command = Command::new("/usr/bin/dcmdump");
    let output = command.args(["+L", "+uc", "+Qo"]).arg(path).output();
    let output = output.expect("dcmdump can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{transfer_syntax}: {said}");
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text
        .lines()
        .skip_while(|line| !line.contains("Dicom-Data-Set"));
    // Control characters are quoted: a value is on one line.
    let lines: Vec<String> = lines
        .filter(|line| line.trim_start().starts_with('('))
        .filter(|line| !ignored(line.trim_start()))
        .map(plain)
        .collect();
    assert!(!lines.is_empty(), "{transfer_syntax}: nothing in {text}");
    lines
}

/// Group lengths, delimiters, Data Set Trailing Padding.
fn ignored(line: &str) -> bool {
    line.get(6..10) == Some("0000")
        || ["(fffe,e00d)", "(fffe,e0dd)", "(fffc,fffc)"]
            .iter()
            .any(|tag| line.starts_with(tag))
}

/// Without the length and name at the end.
fn plain(line: &str) -> String {
    let value = line.rsplit_once('#').map_or(line, |(value, _)| value);
    let value = value.trim_end().replace("explicit length", "length");
    value.replace("undefined length", "length")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dicom::{DataSet, EXPLICIT_VR_LE, Lengths, every_syntax};

    #[test]
    fn lengths_make_no_difference_and_values_do() {
        let with = |lengths, text: &str| {
            let item = DataSet::new().text((0x0040, 0xA160), "UT", text);
            let whole = DataSet::new().sequence((0x0040, 0xA730), lengths, &[item]);
            elements(EXPLICIT_VR_LE, &whole.encode())
        };
        let text = with(Lengths::Defined, "a\nb");
        assert_eq!(text.len(), 3, "{text:?}");
        assert_eq!(text, with(Lengths::Undefined, "a\nb"));
        assert_ne!(text, with(Lengths::Defined, "a\nc"));
    }

    #[test]
    fn the_last_byte_of_the_pixels_counts() {
        for sample in every_syntax() {
            let mut data_set = sample.data_set().to_vec();
            let before = elements(&sample.transfer_syntax, &data_set);
            // Behind the last fragment stands a delimiter of 8 bytes, and what is deflated cannot be changed so.
            let last = match sample.transfer_syntax.as_str() {
                "1.2.840.10008.1.2.1.99" => continue,
                "1.2.840.10008.1.2" | EXPLICIT_VR_LE | "1.2.840.10008.1.2.2" => 1,
                _ => 9,
            };
            let at = data_set.len() - last;
            data_set[at] ^= 0x55;
            let after = elements(&sample.transfer_syntax, &data_set);
            assert_ne!(before, after, "{}", sample.name);
        }
    }
}
