//! `reload`: the queue takes over other settings.

use std::path::Path;
use std::process::ExitCode;

use sendqueue_words::config::{counted, files};
use serde_json::{Value, json};

use crate::client::{Client, ClientError};
use crate::show::{field, plain, say};

/// `section`: a file with the section, or with a configuration that has one; without it the server reads its own files.
pub fn run(
    client: &Client,
    section: Option<&Path>,
    as_json: bool,
) -> Result<ExitCode, ClientError> {
    let body = section.map_or_else(|| Ok(json!({})), read)?;
    let answer = client.post("/reload", &body)?;
    if as_json {
        say!("{}", plain(&format!("{answer:#}")));
        return Ok(ExitCode::SUCCESS);
    }
    let names = |value: &Value| -> Vec<String> {
        let all = value.as_array().into_iter().flatten();
        all.filter_map(Value::as_str).map(plain).collect()
    };
    let rules = answer["Rules"].as_u64().unwrap_or_default();
    let rules = usize::try_from(rules).unwrap_or(usize::MAX);
    say!("taken over: {}", counted(rules, "rule"));
    let lists = [
        ("changed", &answer["Changed"]),
        ("destinations added", &answer["Destinations"]["Added"]),
        ("destinations changed", &answer["Destinations"]["Changed"]),
        ("destinations removed", &answer["Destinations"]["Removed"]),
        (
            "modalities added to Orthanc",
            &answer["Modalities"]["Added"],
        ),
        (
            "modalities that wait for a restart",
            &answer["Modalities"]["NeedsRestart"],
        ),
    ];
    for (what, list) in lists {
        let names = names(list);
        if !names.is_empty() {
            say!("{what}: {}", names.join(", "));
        }
    }
    for one in answer["NeedsRestart"].as_array().into_iter().flatten() {
        say!(
            "waits for a restart: {}: {} is in force, {} is written",
            field(one, "Key"),
            field(one, "InForce"),
            field(one, "Written")
        );
    }
    for warning in names(&answer["Warnings"]) {
        say!("warning: {warning}");
    }
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> Result<Value, ClientError> {
    let file = files::read(path).map_err(|problem| ClientError::File {
        path: path.display().to_string(),
        problem,
    })?;
    let section = file.get("SendQueue").cloned().unwrap_or(file);
    // What is empty would be taken for a wish to read the files.
    if section.as_object().is_none_or(serde_json::Map::is_empty) {
        return Err(ClientError::File {
            path: path.display().to_string(),
            problem: "the section is empty; { \"Rules\": [] } takes all rules away".to_owned(),
        });
    }
    Ok(section)
}
