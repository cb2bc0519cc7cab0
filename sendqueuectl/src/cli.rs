//! The commands and their options.

mod selection;

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Parser, Subcommand};
use sendqueue_words::item::{Confirmation, Priority, State};

pub use self::selection::{
    Destinations, Filter, Happened, Kept, Operation, Sender, Sent, Waiting, Which,
};
use crate::completions::{destinations, shells};
use crate::route;

/// What all commands take stands behind what one takes.
const COMMON: usize = 1000;

/// The send queue of Orthanc from the command line.
///
/// Without a command: what needs a person, and the figures; exit code 1 if something does.
///
/// Exit codes: 0 done or all well, 1 something needs a person, 2 wrong use, 3 the queue cannot be asked (no answer,
/// wrong login, the queue is off), 4 no such item, destination or study.
///
/// The login is taken from SENDQUEUE_USER and SENDQUEUE_PASSWORD, or from a file (--credentials).
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
pub struct Cli {
    /// Where Orthanc's REST API is (default: http://localhost:8042).
    #[arg(long, global = true, display_order = COMMON, env = "SENDQUEUE_URL", hide_env_values = true)]
    pub url: Option<String>,
    /// File with { "User": …, "Password": …, "Url"?: … }, which nobody else should be able to read.
    #[arg(long, global = true, display_order = COMMON, env = "SENDQUEUE_CREDENTIALS")]
    pub credentials: Option<PathBuf>,
    /// Certificates (PEM) to trust for https, instead of the usual authorities.
    #[arg(long, global = true, display_order = COMMON, env = "SENDQUEUE_CA")]
    pub ca: Option<PathBuf>,
    /// Prints the server's JSON; of an error, { "Error": …, "ExitCode": … } on standard error.
    #[arg(long, global = true, display_order = COMMON)]
    pub json: bool,
    /// Shows and reads times in UTC, instead of the time zone of this machine.
    #[arg(long, global = true, display_order = COMMON)]
    pub utc: bool,
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The queue as a whole and each destination.
    Status {
        /// Exit code 1 if something needs a person: failures, a destination that is unreachable or paused, a silent
        /// source, bad health.
        #[arg(long)]
        check: bool,
    },
    /// Whether all parts work; exit code 1 if not.
    Health,
    /// From which AETs something came, and when last.
    Sources,
    /// What happened, the oldest first: outages, pauses, what people did, starts, failures by the hour.
    Journal(Happened),
    /// What was sent where, for years: a line for each study and destination, the oldest first. What a line counts was
    /// acknowledged by the destination; whether that still has it is another matter.
    Deliveries(Sent),
    /// Which studies are deleted from Orthanc, or would be, and why the others stay.
    Retention(Kept),
    /// How far each serial is; of one of them, which study got which number.
    Serials {
        /// Name of a serial, of which the numbers are shown.
        name: Option<String>,
        /// The number of this study: ID of Orthanc, DICOM UID or accession number.
        #[arg(long, requires = "name")]
        study: Option<String>,
        /// Those above this number.
        #[arg(long, requires = "name", default_value_t = 0)]
        since: u64,
        /// The most lines.
        #[arg(long, requires = "name", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// The error queue by destination, class and status, or item by item.
    Errors {
        #[command(flatten)]
        filter: Filter,
        /// Item by item.
        #[arg(long)]
        list: bool,
        /// The most items.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Items, the newest first.
    Items {
        #[command(flatten)]
        filter: Filter,
        /// One, or several: Scheduled,Pending,Retry.
        #[arg(long, value_delimiter = ',', value_parser = words(State::ALL.map(State::as_str)))]
        state: Vec<String>,
        /// Whether the destination has confirmed that it has what was delivered last; None: it is not asked.
        #[arg(long, value_parser = words(Confirmation::ALL.map(Confirmation::as_str)))]
        confirmation: Option<String>,
        /// The most items.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Studies with an item that fits, the newest first: a line for each destination. Of a study all instances are
    /// counted.
    Studies {
        #[command(flatten)]
        filter: Filter,
        /// One, or several: Scheduled,Pending,Retry.
        #[arg(long, value_delimiter = ',', value_parser = words(State::ALL.map(State::as_str)))]
        state: Vec<String>,
        /// The most studies.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// One item with its attempts.
    Item {
        /// Its number.
        id: u64,
    },
    /// Finds studies by patient (ID or its beginning, part of the name) or accession number, and whatever has an ID of
    /// Orthanc, a DICOM UID or an item's number. Exit code 4 if there is none.
    Search {
        /// What is known.
        text: String,
    },
    /// What of a study went where. ID of Orthanc, DICOM UID or accession number.
    Study {
        /// ID of Orthanc, DICOM UID or accession number.
        id: String,
    },
    /// Sends items of the error queue anew.
    Replay(Operation),
    /// Removes items from the error queue; the instances stay in Orthanc.
    Purge {
        #[command(flatten)]
        operation: Operation,
        /// Does not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Sends items of the error queue to another destination; with --waiting, what waits.
    Redirect {
        #[command(flatten)]
        operation: Operation,
        /// What waits, instead of the error queue.
        #[arg(long, conflicts_with_all = ["class", "status"])]
        waiting: bool,
        #[command(flatten)]
        which: Which,
        /// The other destination.
        #[arg(long, add = destinations())]
        to: String,
        /// Does not ask (with --waiting).
        #[arg(long, requires = "waiting")]
        yes: bool,
    },
    /// Changes the priority of what waits. What becomes Stat waits for no quiet period.
    Priority {
        /// The new one.
        #[arg(value_parser = words(Priority::ALL.map(Priority::as_str)))]
        priority: String,
        #[command(flatten)]
        waiting: Waiting,
    },
    /// Removes what waits from the queue; the instances stay in Orthanc.
    Remove(Waiting),
    /// Holds the items of destinations until resume.
    Pause(Destinations),
    /// Ends a pause; tries at once.
    Resume(Destinations),
    /// C-ECHO; exit code 1 if a destination does not answer.
    Echo(Destinations),
    /// Asks a destination now whether it has what it acknowledged of a study, by its setting Confirm. What comes of it:
    /// items --confirmation.
    Confirm {
        /// Its name.
        #[arg(add = destinations())]
        destination: String,
        /// ID of Orthanc, DICOM UID or accession number.
        study: String,
    },
    /// Sends what waits now, through a closed window too: an item by its number, all of a destination, or what fits.
    /// Exit code 1 if it waits on because its destination is paused.
    SendNow {
        /// Numbers of items, or names of destinations.
        #[arg(value_name = "ITEM|DESTINATION", add = destinations())]
        what: Vec<String>,
        #[command(flatten)]
        waiting: Waiting,
    },
    /// Cancels items, waiting or being sent, by their numbers; or all that waits and fits.
    Cancel {
        /// Numbers of items.
        #[arg(value_name = "ITEM")]
        items: Vec<u64>,
        #[command(flatten)]
        waiting: Waiting,
    },
    /// Queues patients, studies, series or instances: IDs of Orthanc, DICOM UIDs or accession numbers.
    Enqueue {
        /// IDs of Orthanc, DICOM UIDs or accession numbers.
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
        /// For this destination; may be repeated.
        #[arg(long, required = true, add = destinations())]
        to: Vec<String>,
        /// Instead of the destination's; a higher one than what waits already raises that.
        #[arg(long, value_parser = words(Priority::ALL.map(Priority::as_str)))]
        priority: Option<String>,
        /// Sends once so many seconds have passed without a new instance of the group; Stat waits for none.
        #[arg(long)]
        quiet: Option<u64>,
        /// Counts, and changes nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Which rules match, which do not and why, and where it would go. Sends nothing.
    Route {
        /// A DICOM file, or what Orthanc has: ID of Orthanc, DICOM UID or accession number.
        what: String,
        #[command(flatten)]
        sender: Sender,
    },
    /// What would differ from what is stored if an instance were sent to a destination. Sends and decides nothing; exit
    /// code 1 if it would not be sent.
    Preview {
        /// Its name.
        #[arg(add = destinations())]
        destination: String,
        /// ID of Orthanc, DICOM UID or accession number. Of a study or series one instance is taken.
        instance: String,
    },
    /// The DICOM file of an item as it was or would be sent, to the standard output: sendqueuectl sent 4711 > file.dcm
    Sent {
        /// Its number.
        item: u64,
    },
    /// Waits until nothing is left to be sent. Exit code 1 if something failed meanwhile, or of the study lies in the
    /// error queue, or if the time is over; 4 if nothing of the study is queued.
    ///
    /// On a terminal it shows a bar. Elsewhere, and with --json, it writes a line when something has changed, but none
    /// in the ten seconds after another, and the last state in any case.
    Watch {
        /// Only this destination.
        #[arg(long, add = destinations())]
        destination: Option<String>,
        /// Only this study (ID of Orthanc, DICOM UID or accession number).
        #[arg(long)]
        study: Option<String>,
        /// Seconds between two looks.
        #[arg(long, default_value_t = 1.0)]
        every: f64,
        /// Waits no longer than this: seconds, or 90s, 15m, 12h.
        #[arg(long, value_parser = crate::filter::seconds)]
        timeout: Option<u64>,
    },
    /// Takes over the section SendQueue of Orthanc's configuration as it is now, without a restart.
    Reload {
        /// Takes the section out of this file instead.
        #[arg(long, value_name = "FILE")]
        section: Option<PathBuf>,
    },
    /// Validates a configuration without starting Orthanc: a file, or a folder of *.json.
    Check {
        /// A file, or a folder of which all *.json count, as for Orthanc.
        #[arg(default_value = crate::init::FOLDER)]
        path: PathBuf,
    },
    /// Writes the least configuration, sendqueue.json, beside Orthanc's other files; never over another, and never so
    /// that Orthanc would not start. Says what to do next.
    Init {
        /// The folder of Orthanc's configuration.
        #[arg(default_value = crate::init::FOLDER)]
        folder: PathBuf,
        /// Everything that comes goes to this entry of DicomModalities; may be repeated. Without it, nothing goes
        /// anywhere yet.
        #[arg(long, value_name = "DESTINATION")]
        to: Vec<String>,
    },
    /// Prints the completions of a shell.
    Completions {
        /// Which shell.
        #[arg(value_parser = PossibleValuesParser::new(shells()))]
        shell: String,
    },
    /// Writes the pages of the manual into a folder.
    #[command(hide = true)]
    Man {
        /// The folder.
        folder: PathBuf,
    },
}

impl Command {
    /// The study that it is for.
    pub fn study(&mut self) -> Option<&mut String> {
        match self {
            Command::Study { id: study } | Command::Confirm { study, .. } => Some(study),
            Command::Serials { study, .. }
            | Command::Watch { study, .. }
            | Command::Retention(Kept { study, .. }) => study.as_mut(),
            Command::Errors { filter, .. }
            | Command::Items { filter, .. }
            | Command::Studies { filter, .. } => filter.study.as_mut(),
            Command::Replay(operation)
            | Command::Purge { operation, .. }
            | Command::Redirect { operation, .. } => operation.filter.study.as_mut(),
            Command::Remove(waiting)
            | Command::Priority { waiting, .. }
            | Command::SendNow { waiting, .. }
            | Command::Cancel { waiting, .. } => waiting.study.as_mut(),
            _ => None,
        }
    }

    /// What of Orthanc's it is for, of any level.
    pub fn resources(&mut self) -> &mut [String] {
        match self {
            Command::Enqueue { ids, .. } => ids,
            Command::Preview { instance, .. } => std::slice::from_mut(instance),
            Command::Route { what, .. } if !route::is_file(what) => std::slice::from_mut(what),
            _ => &mut [],
        }
    }

    /// The destination that it is for, and that must be known: not what may be over, the journal, deliveries,
    /// items and studies.
    pub fn destination(&self) -> Option<&str> {
        match self {
            Command::Errors { filter, .. } => filter.destination.as_deref(),
            Command::Replay(operation)
            | Command::Purge { operation, .. }
            | Command::Redirect { operation, .. } => operation.filter.destination.as_deref(),
            Command::Remove(waiting)
            | Command::Priority { waiting, .. }
            | Command::SendNow { waiting, .. }
            | Command::Cancel { waiting, .. } => waiting.destination.as_deref(),
            Command::Confirm { destination, .. } => Some(destination),
            Command::Watch { destination, .. } => destination.as_deref(),
            _ => None,
        }
    }
}

/// One of these.
fn words<const N: usize>(words: [&'static str; N]) -> PossibleValuesParser {
    PossibleValuesParser::new(words)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_commands_are_consistent() {
        Cli::command().debug_assert();
    }
}
