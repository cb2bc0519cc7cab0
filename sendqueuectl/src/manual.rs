//! The manual: a page for the whole, and one for each command, made from the commands themselves.

use std::io;
use std::path::Path;

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::Cli;
use crate::exit;

const NAME: &str = "sendqueuectl";

/// What is no option, and counts.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("SENDQUEUE_URL", "Where Orthanc's REST API is; as --url."),
    (
        "SENDQUEUE_USER",
        "User of Orthanc, where it asks for a login.",
    ),
    ("SENDQUEUE_PASSWORD", "The user's password."),
    (
        "SENDQUEUE_CREDENTIALS",
        "File with the login; as --credentials.",
    ),
    (
        "SENDQUEUE_CA",
        "Certificates (PEM) to trust for https; as --ca.",
    ),
    (
        "TZ",
        "Time zone of the times that are shown and read, unless --utc is given.",
    ),
];

const FILES: &[(&str, &str)] = &[
    (
        "/etc/orthanc/*.json",
        "Orthanc's configuration in Debian: check reads it, and init.",
    ),
    (
        "/etc/orthanc/sendqueue.json",
        "The section SendQueue, as init writes it.",
    ),
];

const EXAMPLES: &[(&str, &str)] = &[
    ("sendqueuectl", "What needs a person."),
    (
        "sendqueuectl journal --since \"yesterday 18:00\"",
        "What happened last night.",
    ),
    (
        "sendqueuectl errors --list --limit 10",
        "The newest failures, item by item.",
    ),
    (
        "sendqueuectl replay --destination pacs --status C000 --dry-run",
        "How many items would be sent anew; without --dry-run they are.",
    ),
    (
        "sendqueuectl study A4711",
        "Where the study with this accession number went.",
    ),
    (
        "sendqueuectl deliveries --accession A4711 --since 2026-03-01 --until 2026-04-01",
        "Whether it was sent in March, and where.",
    ),
    (
        "sendqueuectl redirect --waiting --destination pacs --to archive",
        "What waits for pacs goes to archive. It is counted first, and asked about.",
    ),
    (
        "sendqueuectl check /etc/orthanc && systemctl restart orthanc",
        "A new configuration is looked at before Orthanc has to start with it.",
    ),
];

/// Writes all pages into a folder, which is made if it is not there.
pub fn write(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for (name, page) in pages()? {
        std::fs::write(folder.join(name), page)?;
    }
    Ok(())
}

/// Each page and the name of its file.
fn pages() -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut whole = Cli::command().name(NAME).disable_help_subcommand(true);
    // Gives the commands the options that all of them take.
    whole.build();
    let mut pages = vec![(format!("{NAME}.1"), page(&whole, None)?)];
    for command in shown(&whole) {
        let name = format!("{NAME}-{}", command.get_name());
        let page = page(command, Some(name.clone()))?;
        pages.push((format!("{name}.1"), page));
    }
    Ok(pages)
}

fn shown(whole: &Command) -> impl Iterator<Item = &Command> {
    whole
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
}

/// `name`: of a command's page.
fn page(command: &Command, name: Option<String>) -> io::Result<Vec<u8>> {
    let is_whole = name.is_none();
    let command = match name {
        Some(name) => command.clone().display_name(name),
        None => command.clone(),
    };
    let title = command.get_display_name().unwrap_or(NAME).to_uppercase();
    let man = Man::new(command)
        .title(title)
        .section("1")
        // Without a date the next two would stand in its place; with one, no build would be like another.
        .date(" ")
        .source(concat!("sendqueuectl ", env!("CARGO_PKG_VERSION")))
        .manual("Orthanc send queue");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    if is_whole {
        man.render_subcommands_section(&mut page)?;
    }
    man.render_options_section(&mut page)?;
    let mut more = Roff::new();
    if is_whole {
        let codes: Vec<(String, &str)> = exit::MEANINGS
            .iter()
            .map(|(code, meaning)| (code.to_string(), *meaning))
            .collect();
        let codes: Vec<(&str, &str)> = codes
            .iter()
            .map(|(code, meaning)| (code.as_str(), *meaning))
            .collect();
        entries(&mut more, "EXIT STATUS", &codes);
        more.control("PP", []);
        more.text([roman(
            "Where several things are asked for, it is the greatest of theirs.",
        )]);
        entries(&mut more, "ENVIRONMENT", ENVIRONMENT);
        entries(&mut more, "FILES", FILES);
        entries(&mut more, "EXAMPLES", EXAMPLES);
    } else {
        more.control("SH", ["EXIT STATUS"]);
        more.text([roman("As all commands: see "), bold(NAME), roman("(1).")]);
        more.control("SH", ["SEE ALSO"]);
        more.text([bold(NAME), roman("(1)")]);
    }
    more.to_writer(&mut page)?;
    Ok(page)
}

fn entries(page: &mut Roff, heading: &str, entries: &[(&str, &str)]) {
    page.control("SH", [heading]);
    for (name, words) in entries {
        page.control("TP", []);
        page.text([bold(*name)]);
        page.text([roman(*words)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As roff writes it.
    fn dashed(option: &str) -> String {
        option.replace('-', "\\-")
    }

    #[test]
    fn no_command_and_no_option_is_missing() {
        let mut whole = Cli::command().name(NAME);
        whole.build();
        let pages = pages().unwrap();
        let text = |name: &str| {
            let (_, page) = pages.iter().find(|(file, _)| file == name)?;
            Some(String::from_utf8(page.clone()).unwrap())
        };
        let is_complete = |command: &Command, page: &str| {
            for argument in command.get_arguments().filter(|one| !one.is_hide_set()) {
                let option = argument.get_long();
                let what = match option {
                    Some(long) => dashed(&format!("--{long}")),
                    None => argument.get_value_names().unwrap()[0].to_string(),
                };
                assert!(page.contains(&what), "{}: {what}", command.get_name());
                let values = argument.get_possible_values();
                for value in values
                    .iter()
                    .filter(|_| argument.get_num_args().unwrap().takes_values())
                {
                    let value = dashed(value.get_name());
                    assert!(page.contains(&value), "{what}: {value}");
                }
                let help = argument.get_help().map(ToString::to_string);
                let is_said = help.is_some_and(|help| !help.is_empty());
                assert!(is_said, "{} {what}: without a word", command.get_name());
            }
        };
        let first = text("sendqueuectl.1").unwrap();
        is_complete(&whole, &first);
        for command in shown(&whole).filter(|one| one.get_name() != "help") {
            let name = command.get_name();
            let page = text(&format!("sendqueuectl-{name}.1"));
            let page = page.unwrap_or_else(|| panic!("{name} has no page"));
            is_complete(command, &page);
            assert!(
                first.contains(&dashed(&format!("sendqueuectl-{name}(1)"))),
                "{name}"
            );
        }
        assert_eq!(
            pages.len(),
            1 + shown(&whole).filter(|one| one.get_name() != "help").count()
        );
        for section in ["EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES"] {
            assert!(
                first.contains(&format!(".SH {section:?}"))
                    || first.contains(&format!(".SH {section}")),
                "{section}"
            );
        }
    }

    #[test]
    fn all_that_counts_is_named() {
        let whole = Cli::command();
        for variable in whole.get_arguments().filter_map(clap::Arg::get_env) {
            let known = ENVIRONMENT.iter().any(|(name, _)| *name == variable);
            assert!(known, "{variable:?}");
        }
    }
}
