//! `sendqueuectl`: what scripts and administrators do with the send queue daily, over its REST API.
//!
//! Invariants:
//! - Every command but `check`, `init`, `completions` and `man` is one or more calls of the REST API: nothing here
//!   knows the database.
//! - What the server sends is data: control characters never reach the terminal ([`show::plain`]).
//! - The password comes from the environment or a file, never from the command line, and is never printed.
//! - What an exit code means stands in [`exit`], for all commands.
#![forbid(unsafe_code)]

mod check;
mod cli;
mod client;
mod commands;
mod completions;
mod exit;
mod filter;
mod held;
mod init;
mod manual;
mod reload;
mod route;
mod show;
mod times;
mod watch;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command};
use crate::exit::End;
use crate::show::say;

fn main() -> ExitCode {
    if completions::answered() {
        return ExitCode::SUCCESS;
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return misused(&error),
    };
    let as_json = cli.json;
    match run(cli) {
        Ok(code) => code,
        Err(error) => show::failed(as_json, &error.to_string(), error.end()),
    }
}

/// In the words of `clap`. To ask for help or the version is no mistake.
fn misused(error: &clap::Error) -> ExitCode {
    let as_json = std::env::args_os().any(|argument| argument == "--json");
    if !as_json || !error.use_stderr() {
        error.exit();
    }
    let text = error.render().to_string();
    let text = text.trim_end();
    show::failed(
        true,
        text.strip_prefix("error: ").unwrap_or(text),
        End::WrongUse,
    )
}

fn run(mut cli: Cli) -> Result<ExitCode, commands::Failed> {
    match cli.command.take() {
        Some(Command::Check { path }) => Ok(check::run(&path, cli.json)),
        Some(Command::Init { folder, to }) => Ok(init::run(&folder, &to, cli.json)),
        Some(Command::Man { folder }) => {
            manual::write(&folder).map_err(commands::Failed::Output)?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Completions { shell }) => {
            let script = completions::script(&shell).map_err(commands::Failed::Output)?;
            say!("{}", String::from_utf8_lossy(&script).trim_end());
            Ok(ExitCode::SUCCESS)
        }
        command => commands::run(&cli, command),
    }
}
