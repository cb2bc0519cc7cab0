//! Which items, destinations and entries a command is for: the options that several commands share.

use clap::Args;
use sendqueue_words::config::ORIGINS;
use sendqueue_words::item::{Class, Event, StatusFilter};

use super::words;
use crate::completions::destinations;

/// As if it came so, whatever Orthanc knows.
#[derive(Debug, Args)]
pub struct Sender {
    /// AET of the sender.
    #[arg(long)]
    pub calling_aet: Option<String>,
    /// AET that it called.
    #[arg(long)]
    pub called_aet: Option<String>,
    /// IP address of the sender.
    #[arg(long)]
    pub remote_ip: Option<String>,
    /// How it came.
    #[arg(long, value_parser = words(ORIGINS))]
    pub origin: Option<String>,
}

/// What of the journal.
#[derive(Debug, Args)]
pub struct Happened {
    /// From then on: 18:00 (the last one), "yesterday 18:00", "2026-11-26 18:00", or an age: 12h, 3d.
    #[arg(long, default_value = "1d")]
    pub since: String,
    /// Before then.
    #[arg(long)]
    pub until: Option<String>,
    /// Of this destination, and what concerns all.
    #[arg(long, add = destinations())]
    pub destination: Option<String>,
    /// Of this kind.
    #[arg(long, value_parser = words(Event::ALL.map(Event::as_str)))]
    pub event: Option<String>,
}

/// Which deliveries. All that is given must fit.
#[derive(Debug, Args)]
pub struct Sent {
    /// A line by its number, with each delivery of it.
    #[arg(value_name = "ID", conflicts_with_all = ["study", "accession", "destination", "since", "until", "csv"])]
    pub id: Option<u64>,
    /// Of this study: ID of Orthanc or Study Instance UID. Orthanc need not have it any more.
    #[arg(long)]
    pub study: Option<String>,
    /// Of studies with this accession number.
    #[arg(long)]
    pub accession: Option<String>,
    /// To this destination.
    #[arg(long, add = destinations())]
    pub destination: Option<String>,
    /// Something was delivered then or later: 2026-03-01, "2026-03-01 18:00", "yesterday 18:00", or an age: 12h, 90d.
    #[arg(long)]
    pub since: Option<String>,
    /// Something was delivered before then.
    #[arg(long)]
    pub until: Option<String>,
    /// Writes all of them as a table for spreadsheets (CSV, times in UTC): sendqueuectl deliveries --csv > sent.csv
    #[arg(long)]
    pub csv: bool,
}

/// What of retention.
#[derive(Debug, Args)]
pub struct Kept {
    /// This study, as it is judged now: ID of Orthanc, DICOM UID or accession number.
    #[arg(long)]
    pub study: Option<String>,
    /// Looks at all studies now; with DryRun false, what is proven elsewhere is deleted by that.
    #[arg(long, conflicts_with = "study")]
    pub run: bool,
    /// With --run: counts only, and deletes nothing.
    #[arg(long, requires = "run")]
    pub dry_run: bool,
    /// What was deleted, the newest first.
    #[arg(long, conflicts_with = "run")]
    pub deleted: bool,
    /// Those behind this ID.
    #[arg(long, default_value_t = 0)]
    pub after: u64,
    /// The most studies.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
}

#[derive(Debug, Args)]
pub struct Destinations {
    /// Names of destinations.
    #[arg(value_name = "DESTINATION", required = true, add = destinations())]
    pub names: Vec<String>,
}

/// All that is given must fit.
#[derive(Debug, Default, Args)]
pub struct Filter {
    /// For this destination.
    #[arg(long, add = destinations())]
    pub destination: Option<String>,
    /// What came of the last attempt.
    #[arg(long, value_parser = words(Class::ALL.map(Class::as_str)))]
    pub class: Option<String>,
    /// DIMSE status: C000, 0xC000, or in decimal 49152; four digits are hexadecimal (0122). none: without one.
    #[arg(long, value_parser = crate::filter::status)]
    pub status: Option<StatusFilter>,
    /// Of this study: ID of Orthanc, DICOM UID or accession number.
    #[arg(long)]
    pub study: Option<String>,
    /// For longer than this: seconds, or 90s, 15m, 12h, 7d.
    #[arg(long, value_parser = crate::filter::seconds)]
    pub older_than: Option<u64>,
}

#[derive(Debug, Args)]
pub struct Operation {
    #[command(flatten)]
    pub filter: Filter,
    /// These items of the error queue, by their numbers.
    #[arg(value_name = "ITEM")]
    pub items: Vec<u64>,
    /// The same; may be repeated.
    #[arg(long = "id", value_name = "ITEM")]
    pub ids: Vec<u64>,
    /// The whole error queue.
    #[arg(long)]
    pub all: bool,
    /// Counts, and changes nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// Which of what waits, besides what is asked of the error queue too.
#[derive(Debug, Args)]
pub struct Which {
    /// One, or several: Scheduled,Pending,Retry.
    #[arg(long, value_delimiter = ',', value_parser = ["Scheduled", "Pending", "Retry"])]
    pub state: Vec<String>,
    /// What this rule made.
    #[arg(long)]
    pub rule: Option<String>,
}

/// What waits.
#[derive(Debug, Args)]
pub struct Waiting {
    /// For this destination.
    #[arg(long, add = destinations())]
    pub destination: Option<String>,
    /// Of this study: ID of Orthanc, DICOM UID or accession number.
    #[arg(long)]
    pub study: Option<String>,
    #[command(flatten)]
    pub which: Which,
    /// Made longer ago: seconds, or 90s, 15m, 12h, 7d.
    #[arg(long, value_parser = crate::filter::seconds)]
    pub older_than: Option<u64>,
    /// These items; may be repeated.
    #[arg(long = "id")]
    pub ids: Vec<u64>,
    /// Everything that waits.
    #[arg(long)]
    pub all: bool,
    /// Counts, and changes nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Does not ask.
    #[arg(long)]
    pub yes: bool,
}
