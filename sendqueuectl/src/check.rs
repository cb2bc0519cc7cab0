//! `check`: the configuration is read and judged by the plugin's own code, without Orthanc.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use sendqueue_dicom::dictionary;
use sendqueue_words::config::settings::Settings;
use sendqueue_words::config::{self, Mistakes, files};
use serde_json::{Value, json};

use crate::exit::End;
use crate::show::{failed, plain, say};

pub fn run(path: &Path, as_json: bool) -> ExitCode {
    let configuration = match files::read(path) {
        Ok(configuration) => configuration,
        Err(problem) => return unjudged(&problem, unread(path), as_json),
    };
    if configuration.get("SendQueue").is_none() {
        let problem = format!(
            "{}: there is no section \"SendQueue\" in it: nothing was checked",
            path.display()
        );
        return unjudged(&problem, End::WrongUse, as_json);
    }
    match judged(&configuration, path) {
        Ok(settings) => {
            if as_json {
                let warnings = settings.warnings().collect::<Vec<_>>();
                say!(
                    "{}",
                    json!({ "Valid": true, "Mistakes": [], "Warnings": warnings })
                );
            } else {
                let state = if settings.off.is_none() { "on" } else { "off" };
                say!(
                    "valid: the send queue is {state}, {}, database {}",
                    config::counted(settings.rules.len(), "rule"),
                    settings.database.display()
                );
                for remark in settings.warnings() {
                    say!("warning: {remark}");
                }
            }
            ExitCode::SUCCESS
        }
        Err(mistakes) => {
            if as_json {
                let list: Vec<Value> = mistakes
                    .0
                    .iter()
                    .map(|one| json!({ "Path": one.path, "Found": one.found, "Allowed": one.allowed }))
                    .collect();
                say!("{:#}", json!({ "Valid": false, "Mistakes": list }));
            }
            eprintln!("{mistakes}");
            ExitCode::FAILURE
        }
    }
}

/// What the plugin makes of a configuration that stands at `path`.
///
/// # Errors
/// The mistakes with which Orthanc does not start.
pub fn judged(configuration: &Value, path: &Path) -> Result<Settings, Mistakes> {
    let own = files::own_tags(configuration);
    let lookup = |name: &str| {
        let found = own.iter().find(|(other, _)| other == name);
        found.map(|(_, tag)| *tag).or_else(|| standard(name))
    };
    let base = if path.is_dir() {
        Some(path)
    } else {
        path.parent()
    };
    config::load(configuration, &lookup, base)
}

fn unjudged(problem: &str, end: End, as_json: bool) -> ExitCode {
    if as_json {
        let told = json!({ "Valid": false, "Problem": problem, "Mistakes": [] });
        say!("{}", plain(&told.to_string()));
    }
    failed(as_json, problem, end)
}

/// What follows where no configuration could be read: Orthanc would not start with it, or one may not look.
pub fn unread(path: &Path) -> End {
    match is_readable(path) {
        true => End::NeedsAPerson,
        false => End::WrongUse,
    }
}

/// Whether the system gives the file, or all configurations of the folder, to who asks.
fn is_readable(path: &Path) -> bool {
    if !path.is_dir() {
        return File::open(path).is_ok();
    }
    let is_json = |file: &PathBuf| {
        let extension = file.extension();
        extension.is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
    };
    fs::read_dir(path).is_ok_and(|entries| {
        let mut files = entries.flatten().map(|entry| entry.path());
        files.all(|file| !is_json(&file) || file.is_dir() || File::open(file).is_ok())
    })
}

/// The tag of this name in PS3.6.
fn standard(name: &str) -> Option<(u16, u16)> {
    dictionary::tag(name).map(|tag| (tag.0, tag.1))
}
