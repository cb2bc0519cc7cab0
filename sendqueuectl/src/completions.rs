//! What shells ask while a line is written. Words come from the commands themselves, destinations from the queue.
//!
//! Invariant: who completes a line is told nothing but words. Where the queue cannot be asked within a second there are
//! no destinations, and no message.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use clap::CommandFactory as _;
use clap_complete::CompleteEnv;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::{Bash, Elvish, EnvCompleter, Fish, Powershell, Shells, Zsh};
use serde_json::Value;

use crate::cli::Cli;
use crate::client::Client;

/// Set by the scripts, to the name of the shell.
const VARIABLE: &str = "_SENDQUEUECTL_COMPLETE";
const NAME: &str = "sendqueuectl";
const SHELLS: Shells<'static> = Shells(&[&OwnBash, &Elvish, &Fish, &Powershell, &OwnZsh]);
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
    let mut script = Vec::new();
    let shell = SHELLS.completer(shell).ok_or(io::ErrorKind::NotFound)?;
    shell.write_registration(VARIABLE, NAME, NAME, NAME, &mut script)?;
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

/// With a script that knows where bash cuts words.
#[derive(Debug)]
struct OwnBash;

impl EnvCompleter for OwnBash {
    fn name(&self) -> &'static str {
        Bash.name()
    }

    fn is(&self, name: &str) -> bool {
        Bash.is(name)
    }

    fn write_registration(
        &self,
        variable: &str,
        _name: &str,
        _bin: &str,
        completer: &str,
        to: &mut dyn Write,
    ) -> io::Result<()> {
        let script = include_str!("completions.bash");
        let script = script
            .replace("VAR", variable)
            .replace("COMPLETER", completer);
        to.write_all(script.as_bytes())
    }

    fn write_complete(
        &self,
        command: &mut clap::Command,
        line: Vec<OsString>,
        folder: Option<&Path>,
        to: &mut dyn Write,
    ) -> io::Result<()> {
        Bash.write_complete(command, line, folder, to)
    }
}

/// With a script that also works as a file of `$fpath`, where zsh takes it for the function itself.
#[derive(Debug)]
struct OwnZsh;

impl EnvCompleter for OwnZsh {
    fn name(&self) -> &'static str {
        Zsh.name()
    }

    fn is(&self, name: &str) -> bool {
        Zsh.is(name)
    }

    fn write_registration(
        &self,
        variable: &str,
        name: &str,
        bin: &str,
        completer: &str,
        to: &mut dyn Write,
    ) -> io::Result<()> {
        Zsh.write_registration(variable, name, bin, completer, to)?;
        writeln!(
            to,
            "[[ $funcstack[1] != _{name} ]] || _clap_dynamic_completer_{name} \"$@\""
        )
    }

    fn write_complete(
        &self,
        command: &mut clap::Command,
        line: Vec<OsString>,
        folder: Option<&Path>,
        to: &mut dyn Write,
    ) -> io::Result<()> {
        Zsh.write_complete(command, line, folder, to)
    }
}
