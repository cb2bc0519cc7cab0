//! What shells ask while a line is written. Words come from the commands themselves, destinations from the queue.
//!
//! Invariant: who completes a line is told nothing but words. Where the queue cannot be asked within a second there are
//! no destinations, and no message.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::time::Duration;

use clap::CommandFactory as _;
use clap_complete::CompleteEnv;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::{Bash, EnvCompleter as _, Shells, Zsh};
use serde_json::Value;

use crate::cli::Cli;
use crate::client::Client;

/// Set by the scripts, to the name of the shell.
const VARIABLE: &str = "_SENDQUEUECTL_COMPLETE";
const NAME: &str = "sendqueuectl";
const SHELLS: Shells<'static> = Shells::builtins();
/// Somebody waits for each letter.
const PATIENCE: Duration = Duration::from_secs(1);

/// Answers a shell that asks; whether one did.
pub fn answered() -> bool {
    let asked = CompleteEnv::with_factory(Cli::command)
        .var(VARIABLE)
        .shells(SHELLS)
        .try_complete(std::env::args_os(), std::env::current_dir().ok().as_deref());
    // What is wrong with it, a shell cannot be told.
    asked.unwrap_or(true)
}

/// Names of the shells for which there is a script.
pub fn shells() -> impl Iterator<Item = &'static str> {
    SHELLS.names()
}

/// The script of a shell, which calls `sendqueuectl` while a line is written.
pub fn script(shell: &str) -> io::Result<Vec<u8>> {
    let shell = SHELLS.completer(shell).ok_or(io::ErrorKind::NotFound)?;
    // It has to know where bash cuts words.
    if shell.name() == Bash.name() {
        let script = include_str!("completions.bash");
        let script = script.replace("VAR", VARIABLE).replace("COMPLETER", NAME);
        return Ok(script.into_bytes());
    }
    let mut script = Vec::new();
    shell.write_registration(VARIABLE, NAME, NAME, NAME, &mut script)?;
    if shell.name() == Zsh.name() {
        // As a file of `$fpath` it is taken for the function itself.
        let call = format!("_clap_dynamic_completer_{NAME} \"$@\"");
        writeln!(script, "[[ $funcstack[1] != _{NAME} ]] || {call}")?;
    }
    Ok(script)
}

/// For an argument that is a destination.
pub fn destinations() -> ArgValueCompleter {
    ArgValueCompleter::new(|begun: &OsStr| {
        let begun = begun.to_string_lossy();
        let names = names().unwrap_or_default();
        let names = names.iter().filter(|name| name.starts_with(&*begun));
        names.map(CompletionCandidate::new).collect()
    })
}

/// `None`: the queue cannot be asked.
fn names() -> Option<Vec<String>> {
    // The line may say which queue.
    let mut line = std::env::args_os();
    line.find(|argument| argument == "--")?;
    let command = Cli::command().ignore_errors(true);
    let matches = command.try_get_matches_from(line).ok()?;
    let cli = Cli {
        url: matches.get_one("url").cloned(),
        credentials: matches.get_one("credentials").cloned(),
        ca: matches.get_one("ca").cloned(),
        json: false,
        utc: false,
        command: None,
    };
    let client = Client::with(&cli, PATIENCE).ok()?;
    let queue = client.get("", &[]).ok()?;
    let names = queue["Destinations"].as_array()?.iter();
    let names = names.filter_map(Value::as_str).filter(|name| is_word(name));
    Some(names.map(str::to_owned).collect())
}

/// Whether every shell takes it as it is: it comes from a server, and is put into the line.
fn is_word(name: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || "-_.:@+,/".contains(c);
    name.chars().all(is_plain) && !name.starts_with('-')
}
