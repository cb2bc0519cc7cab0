//! `check`: the configuration is read and judged by the plugin's own code, without Orthanc.

use std::path::Path;
use std::process::ExitCode;

use sendqueue_dicom::dictionary;
use sendqueue_words::config::{self, files};
use serde_json::{Value, json};

use crate::show::{plain, say};

pub fn run(path: &Path, as_json: bool) -> ExitCode {
    let configuration = match files::read(path) {
        Ok(configuration) => configuration,
        Err(problem) => {
            if as_json {
                say!(
                    "{}",
                    json!({ "Valid": false, "Problem": problem, "Mistakes": [] })
                );
            }
            eprintln!("sendqueuectl: {}", plain(&problem));
            return ExitCode::FAILURE;
        }
    };
    let own = files::own_tags(&configuration);
    let lookup = |name: &str| {
        let found = own.iter().find(|(other, _)| other == name);
        found.map(|(_, tag)| *tag).or_else(|| standard(name))
    };
    let base = if path.is_dir() {
        Some(path.to_owned())
    } else {
        path.parent().map(Path::to_owned)
    };
    match config::load(&configuration, &lookup, base.as_deref()) {
        Ok(settings) => {
            if as_json {
                let warnings = settings.warnings().collect::<Vec<_>>();
                say!(
                    "{}",
                    json!({ "Valid": true, "Mistakes": [], "Warnings": warnings })
                );
            } else {
                let state = if settings.enable { "on" } else { "off" };
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

/// The tag of this name in PS3.6.
fn standard(name: &str) -> Option<(u16, u16)> {
    dictionary::tag(name).map(|tag| (tag.0, tag.1))
}
