//! `sendqueuectl`: what scripts and administrators do with the send queue daily, over its REST API.
//!
//! Invariants:
//! - Every command but `check` and `completions` is one or more calls of the REST API: nothing here knows the database.
//! - What the server sends is data: control characters never reach the terminal ([`show::plain`]).
//! - The password comes from the environment or a file, never from the command line, and is never printed.
//! - What an exit code means stands in [`exit`], for all commands.
#![forbid(unsafe_code)]

mod check;
mod cli;
mod client;
mod commands;
mod exit;
mod filter;
mod reload;
mod route;
mod show;
mod watch;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("sendqueuectl: {}", show::plain(&error.to_string()));
            error.end().into()
        }
    }
}

fn run(mut cli: Cli) -> Result<ExitCode, commands::Failed> {
    match cli.command.take() {
        Some(Command::Check { path }) => Ok(check::run(&path, cli.json)),
        Some(Command::Completions { shell }) => {
            cli::completions(shell);
            Ok(ExitCode::SUCCESS)
        }
        command => commands::run(&cli, command),
    }
}
